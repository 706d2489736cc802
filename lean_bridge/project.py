"""A Lean library with its catalogue: find it, build it, judge it, run its graphs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import lean_bridge.notebooks  # noqa: F401 - reports draw themselves
from lean_bridge.audit.catalogue import find_graph, with_names
from lean_bridge.audit.manifest import write_manifest
from lean_bridge.audit.pins import check_pins, pin_declarations
from lean_bridge.audit.provenance import SourceFile
from lean_bridge.audit.reading import Reading
from lean_bridge.build.as_module import handed
from lean_bridge.build.build import TIME_LIMIT
from lean_bridge.codes import Code
from lean_bridge.crosscheck.generated import LIBRARY_MODULE
from lean_bridge.events import Observer, spending
from lean_bridge.files import named_directory
from lean_bridge.library.compilation import Chosen, choose
from lean_bridge.library.discovery import find_library
from lean_bridge.library.judgement import Judgement, unless_judged, write_down
from lean_bridge.library.opened import Library
from lean_bridge.library.recall import (
    lacking,
    needed_by,
    read_memory,
    recalled,
    recalled_modules,
    remember,
    rests_on,
)
from lean_bridge.library.standing import Origin, read_graph
from lean_bridge.library.status import basis_of
from lean_bridge.olean.environment import Environment
from lean_bridge.sealed import user_seal
from lean_bridge.toolchain.find import check_policy
from lean_bridge.toolchain.install import Progress
from lean_bridge.toolchain.provider import Provider
from lean_bridge.toolchain.resident import Use
from lean_bridge.toolchain.warm import keep_warm
from lean_bridge.verdict.judge import Subject, extract, judge_library, uncompiled
from lean_bridge.verdict.remembered import Recalled
from lean_bridge.verdict.whole import Choice, Whole, judge_whole
from lean_bridge.witness.render import REALS_MODULE
from lean_bridge.witness.witness import want_reals
from pybind_models import DGraph, GraphStanding, Pin, VerifyReport
from pybind_models.catalogue import Catalogue
from pybind_models.manifest import Manifest

if TYPE_CHECKING:
    from lean_bridge.executor.graph import ExecutableGraph


def open_project(
    path: Path | str | None = None, *, shipped: bool = False, loose: bool = False, residents: Use = "no"
) -> Project:
    """Return the Lean library at ``path``: its own directory, or one with a ``lean/`` in it.

    Without a path: the nearest one at or above the working directory. The library that this package ships is
    returned where ``shipped`` asks for it, or where no Lean project stands at or above the working directory
    nor elsewhere in its repository; ``loose`` says that single Lean files there are no project. ``residents``
    says whether Leans that stay between commands are used where there are some, or are started.
    Raises: ProjectNotFound, also for a project that lacks a lakefile or a catalogue.
    """
    found = find_library(named_directory(path) if path is not None else None, shipped=shipped, loose=loose)
    # a link that is turned to another library meanwhile turns nothing here
    return Project(found.root.resolve(), is_shipped=found.is_shipped, residents=residents)


class Project(Library):
    """A Lean library, to be judged, and its graphs, to be run."""

    def __repr__(self) -> str:
        if self._catalogue is None:
            return f"<Project at {self.root}: no catalogue>"
        count = len(self._catalogue.declarations)
        return f"<Project at {self.root}: {count} declarations in its catalogue>"

    def extract(self, name: str, *, allow_uncertified: bool = False) -> DGraph:
        """Return a catalogued graph as bare data, by its full name or the end of it.

        Raises: as :meth:`read_graph`.
        """
        return self.read_graph(name, allow_uncertified=allow_uncertified)[0]

    def graph(self, name: str, *, allow_uncertified: bool = False) -> ExecutableGraph:
        """Return a catalogued graph, ready to bind and run, which knows its standing.

        Raises: as :meth:`read_graph`.
        """
        from lean_bridge.executor.graph import ExecutableGraph  # NumPy: only who runs graphs needs it

        model, standing = self.read_graph(name, allow_uncertified=allow_uncertified)
        return ExecutableGraph(model, standing=standing, allow_uncertified=allow_uncertified)

    def read_graph(
        self,
        name: str,
        *,
        allow_uncertified: bool = False,
        observe: Observer = lambda _: None,
        progress: Progress | None = None,
    ) -> tuple[DGraph, GraphStanding]:
        """Return a catalogued graph as data, by its full name or the end of it, and its standing.

        The standing is that of the declaration's audit and pin, looked at now; whether Lean certifies what
        was extracted, and whether a second kernel agrees, is asked by :meth:`verify`. No more is built than
        the graph needs.
        Raises: BuildFailed if Lean refuses a source file; NoStanding where the declaration is not accepted,
        unless ``allow_uncertified``; as :meth:`environment` and ``extract_graph``.
        """
        entry = find_graph(self.catalogue, name)
        built = self._built([entry.name], observe=observe, progress=progress)
        built.check()
        origin = Origin(
            environment=built.environment(),
            library=built.directory.name,
            toolchain=built.report.toolchain,
            manifest=self._read_manifest(),
            known=[each.name for each in self.catalogue.declarations],
            files={module.name: module.file for module in built.chosen.library.modules},
            unread=lambda: self._unread(built.chosen),
        )
        return read_graph(origin, entry, allow_uncertified=allow_uncertified)

    def select(self, names: Sequence[str]) -> Catalogue:
        """Return the catalogue entries with these names, or all of them where none is given.

        Raises: NotCatalogued if a name is the end of no entry, or of several.
        """
        return with_names(self.catalogue, names)

    def verify(
        self,
        names: Sequence[str] = (),
        *,
        workers: int = 2,
        fresh: bool = False,
        require_confirmed: bool = False,
        require_isolated: bool = False,
        require_known: bool = False,
        unpinned: bool = False,
        pins_first: bool = False,
        choice: Choice | None = None,
        alone: bool = False,
        through: Callable[[Provider], Provider] = lambda lean: lean,
        observe: Observer = lambda _: None,
        progress: Progress | None = None,
    ) -> VerifyReport:
        """Build the library and judge its catalogue, or only the entries named.

        Without a catalogue, and with a ``choice``, everything that its modules declare is judged, or what is
        chosen of that; then nothing is asked that only a catalogue names.

        ``fresh`` judges again even where exactly these compiled files were judged before, asks Lean again
        about the sources that it refused, and takes the digest of each of Lean's files: of earlier runs only
        compiled modules are left. With ``require_confirmed`` nothing is accepted that no second
        kernel confirmed; with ``require_isolated`` nothing is built that is not confined, and with
        ``require_known``, which confirmation takes too, by no Lean that this package has no digest for. With
        ``unpinned`` what no manifest pins may be accepted as it is; with ``pins_first`` a library that has no
        manifest is pinned as it was built, and judged by that. Of an entry that is named only
        what it needs is built, and nothing else decides about it. ``alone`` says that this process is the
        tool's own, so that a copy of it may read on another core. ``through`` gives a Lean by which files are
        elaborated in place of the one found here, as :func:`lean_bridge.cluster.remote.elsewhere` does.
        The judgement of a whole library is written down, for ``lean-bridge status``.
        Raises: NotCatalogued for an unknown name; ToolchainError; ProjectNotFound; OleanError; as :meth:`pin`
        where that comes first.
        """
        if choice is not None or not self.has_catalogue:
            return self._verify_whole(
                replace(choice or Choice(), names=tuple(names)),
                workers=workers,
                fresh=fresh,
                requires=(require_confirmed, require_isolated, require_known),
                through=through,
                observe=observe,
                progress=progress,
            )
        with unless_judged(self.root, is_whole=not names), ExitStack() as until_judged:
            started = time.monotonic()
            catalogue = self.select(names)
            besides: tuple[str, ...] = (LIBRARY_MODULE,) if catalogue.graphs else ()
            if pins_first:  # all that is judged is new, and what is to meet it is needed too
                besides += (REALS_MODULE,)
            needed = needed_by(catalogue) if names else None
            with spending(observe, "find Lean and sources"):
                chosen = self._choose(needed, also=besides, fresh=fresh, progress=progress)
            lean = chosen.provider.info
            check_policy(lean, isolated=require_isolated, known=require_known or require_confirmed)
            seal = user_seal()
            # what runs during a build could leave answers: they are read before anything is built
            memory = read_memory(seal, chosen.sources, chosen.provider, catalogue, reads=not fresh)
            # a pool of Lake's is of one build
            warm = (
                nullcontext(through(chosen.provider))
                if lean.through_lake
                else keep_warm(through(chosen.provider), workers, time_limit=TIME_LIMIT)
            )
            provider = until_judged.enter_context(warm)
            built = self._compile(chosen, provider, workers=workers, fresh=fresh, observe=observe)
            with spending(observe, "read what is compiled"):
                environment = built.environment(fresh=fresh)
            has_reals = any(each.module == REALS_MODULE for each in built.report.modules)
            has_more = not has_reals and REALS_MODULE in chosen.sources.texts
            theorems = [entry.name for entry in catalogue.declarations if entry.kind == "theorem"]
            if has_more and want_reals(environment, theorems):
                # what is to meet them is needed too
                more = chosen.extended((), also=(*besides, REALS_MODULE))
                ran = built.report.lean_processes
                built = self._compile(
                    more, provider, started=ran, workers=workers, fresh=fresh, observe=observe
                )
                environment = built.environment(fresh=fresh)
            reading = Reading(environment)
            if pins_first and self._manifest is None:
                built.check()
                with spending(observe, "pin"):
                    write_manifest(self.root, self._pinned(reading, built.chosen))
                self._read_manifest()
            words = self._manifest.words if self._manifest is not None else ()
            with reading.read_ahead(words) if alone else nullcontext():
                memory.settle(environment.digest_of, uncompiled(built.report))
                subject = Subject(
                    sources=_source_files(built.chosen),
                    provider=provider,
                    build=built.report,
                    compiled=built.directory,
                    reading=reading,
                    catalogue=catalogue,
                    known=[entry.name for entry in self.catalogue.declarations],
                    manifest=self._manifest,
                    unpinned=unpinned,
                    recalled=recalled(memory, environment, catalogue),
                    lacking=lacking(environment, built.chosen.sources, catalogue, uncompiled(built.report)),
                    unread=self._unread(built.chosen),
                    workers=workers,
                )
                report, answered = judge_library(
                    subject, require_confirmed=require_confirmed, observe=observe
                )
            with spending(observe, "remember"):
                remember(memory, environment, answered, ran=[each.module for each in built.report.modules])
                environment.keep_outlines()
            notes = (*report.notes, seal.note) if seal.note else report.notes
            report = report.replaced(library=self.identity, notes=notes, seconds=time.monotonic() - started)
            judgement = self._judgement(report, built.chosen, environment)
            why = write_down(self.root, judgement, is_whole=not names)
            return report.replaced(notes=(*notes, why)) if why is not None else report

    def _verify_whole(
        self,
        choice: Choice,
        *,
        workers: int,
        fresh: bool,
        requires: tuple[bool, bool, bool],
        through: Callable[[Provider], Provider],
        observe: Observer,
        progress: Progress | None,
    ) -> VerifyReport:
        """Build the library, or the modules chosen, and judge all that these declare; see :meth:`verify`.

        The judgement is written down where it is of a library without a catalogue, and nothing is left out.
        """
        is_confirmed, is_isolated, is_known = requires
        is_kept = not self.has_catalogue and choice.is_everything
        with unless_judged(self.root, is_whole=is_kept):
            started = time.monotonic()
            chosen = self._choose(fresh=fresh, progress=progress)
            sources = chosen.sources
            own = [each for each in sources.texts if each in sources.own]
            modules = choice.of_modules(own, partial(self._unread, chosen))
            if choice.modules:
                chosen = choose(chosen.provider, sources, (), also=modules)
            check_policy(chosen.provider.info, isolated=is_isolated, known=is_known or is_confirmed)
            seal = user_seal()
            memory = read_memory(seal, chosen.sources, chosen.provider, None, reads=not fresh)
            provider = through(chosen.provider)
            built = self._compile(chosen, provider, workers=workers, fresh=fresh, observe=observe)
            environment = built.environment(fresh=fresh)
            memory.settle(environment.digest_of, uncompiled(built.report))
            whole = Whole(
                choice=choice,
                modules=modules,
                sources=_source_files(built.chosen),
                build=built.report,
                reading=Reading(environment),
                unread=self._unread(built.chosen),
                recalled=Recalled(modules=recalled_modules(memory, environment)),
            )
            report, answered = judge_whole(whole, require_confirmed=is_confirmed, observe=observe)
            remember(memory, environment, answered, ran=[each.module for each in built.report.modules])
            environment.keep_outlines()
            notes = (*report.notes, seal.note) if seal.note else report.notes
            report = report.replaced(library=self.identity, notes=notes, seconds=time.monotonic() - started)
            if not is_kept:
                return report
            judgement = self._judgement(report, built.chosen, environment)
            why = write_down(self.root, judgement, is_whole=True)
            return report.replaced(notes=(*notes, why)) if why is not None else report

    def _judgement(self, report: VerifyReport, chosen: Chosen, environment: Environment) -> Judgement:
        """Return a report with what it is about, and what of that its rows rest on."""
        lean = chosen.provider.info.identity
        rests: dict[str, tuple[str, ...]]
        if report.whole is not None:
            rests = {}
            for each in report.declarations:  # a name may be declared in more modules than one
                rests[each.name] = (*rests.get(each.name, ()), each.group)
        else:
            rests = {
                entry.name: modules
                for entry in self.catalogue.declarations
                if (modules := rests_on(environment, self.catalogue, entry)) is not None
            }
        return Judgement(
            at=time.time(),
            basis=basis_of(chosen.sources, lean, self._contents, self._catalogue, self._manifest),
            imports={module.name: module.imports for module in chosen.library.modules},
            places=rests,
            report=report,
        )

    def pin(self, *, observe: Observer = lambda _: None, progress: Progress | None = None) -> Manifest:
        """Return what the whole catalogue says now, for ``write_manifest`` to keep beside the sources.

        Raises: as :meth:`build` and :meth:`extract`; Rejected for what is not accepted, which is not pinned.
        """
        return self.repin(observe=observe, progress=progress)[1]

    def check_pins(
        self, *, observe: Observer = lambda _: None, progress: Progress | None = None
    ) -> dict[str, tuple[Pin, Code | None]]:
        """Return of every catalogued or pinned declaration whether it is as the library's manifest has it.

        Raises: as :meth:`build` and :meth:`extract`; ProjectNotFound for a manifest that cannot be read.
        """
        environment, graphs = self._pinnable(observe, progress)
        return check_pins(environment, self.catalogue, self._manifest, graphs)

    def repin(
        self, *, observe: Observer = lambda _: None, progress: Progress | None = None
    ) -> tuple[dict[str, tuple[Pin, Code | None]], Manifest]:
        """Return what :meth:`check_pins` and :meth:`pin` do, both of one build. Raises: as they do."""
        environment, graphs = self._pinnable(observe, progress)
        checked = check_pins(environment, self.catalogue, self._manifest, graphs)
        return checked, self._pinned(Reading(environment), self._built().chosen, graphs)

    def _pinned(
        self, reading: Reading, chosen: Chosen, graphs: Mapping[str, DGraph] | None = None
    ) -> Manifest:
        """Return what the whole catalogue says. Raises: as :func:`pin_declarations`."""
        environment = reading.environment
        known = self._graphs_in(environment) if graphs is None else graphs
        return pin_declarations(environment, self.catalogue, known, self._unread(chosen), reading=reading)

    def _graphs_in(self, environment: Environment) -> dict[str, DGraph]:
        there = [entry.name for entry in self.catalogue.graphs if entry.name in environment]
        return {name: extract(environment, name) for name in there}

    def _pinnable(
        self, observe: Observer, progress: Progress | None
    ) -> tuple[Environment, dict[str, DGraph]]:
        self.build(observe=observe, progress=progress)
        self.check_built()
        environment = self.environment()
        return environment, self._graphs_in(environment)


def _source_files(chosen: Chosen) -> dict[str, SourceFile]:
    return {
        module.name: SourceFile(module.file, module.content, (text.line, text.columns))
        for module in chosen.library.modules
        for text in (handed(module, chosen.provider.info),)
    }
