"""A Lean library with its catalogue: find it, build it, judge it, run its graphs."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from lean_bridge.audit.catalogue import CATALOGUE, parse_catalogue
from lean_bridge.audit.manifest import MANIFEST, parse_manifest
from lean_bridge.audit.pins import check_pins, pin_declarations
from lean_bridge.audit.provenance import SourceFile
from lean_bridge.audit.reading import Reading
from lean_bridge.build.build import TIME_LIMIT, build_modules
from lean_bridge.build.header import parse_header
from lean_bridge.build.lakefile import LAKEFILE
from lean_bridge.build.modules import Library, Sources, read_sources
from lean_bridge.build.needed import modules_declaring
from lean_bridge.build.store import placed
from lean_bridge.codes import Code
from lean_bridge.crosscheck.generated import LIBRARY_MODULE
from lean_bridge.discovery import TOOLCHAIN, find_library, repository_of
from lean_bridge.errors import BuildFailed, NotCatalogued, UnsupportedSource
from lean_bridge.extract.symbolic import names_declaration
from lean_bridge.files import decoded, named_directory, read_below, read_file
from lean_bridge.judgement import Judgement, basis_of, forget, keep, recall
from lean_bridge.kernel.replay import project_modules
from lean_bridge.leans_own import library_names
from lean_bridge.names import canonical, ends_with, last_component, listed, suggestion
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.module import read_module
from lean_bridge.olean.outline import KeptOutlines
from lean_bridge.program import program_digest
from lean_bridge.recall import needed_by, places, read_memory, recalled, rests_on
from lean_bridge.scratch import Scratch, elaborate
from lean_bridge.sealed import user_seal
from lean_bridge.standing import Origin, read_graph
from lean_bridge.toolchain.find import check_policy, find_toolchain
from lean_bridge.toolchain.install import Progress
from lean_bridge.toolchain.location import cache_directory, chosen_directory
from lean_bridge.toolchain.provider import Elaboration, Provider
from lean_bridge.uncollected import uncollected
from lean_bridge.verdict.judge import Observer, Subject, extract, judge_library
from lean_bridge.verdict.remembered import ModuleAnswers
from lean_bridge.witness.render import REALS_MODULE
from lean_bridge.witness.witness import want_reals
from pybind_models import BuildReport, DGraph, GraphStanding, LibraryIdentity, Pin, VerifyReport
from pybind_models.catalogue import Catalogue
from pybind_models.manifest import Manifest

if TYPE_CHECKING:
    from lean_bridge.executor.graph import ExecutableGraph


def _ignore(event: object) -> None:
    del event


def open_project(path: Path | str | None = None, *, shipped: bool = False, loose: bool = False) -> Project:
    """Return the Lean library at ``path``: its own directory, or one with a ``lean/`` in it.

    Without a path: the nearest one at or above the working directory. The library that this package ships is
    returned where ``shipped`` asks for it, or where no Lean project stands at or above the working directory
    nor elsewhere in its repository; ``loose`` says that single Lean files there are no project.
    Raises: ProjectNotFound, also for a project that lacks a lakefile or a catalogue.
    """
    found = find_library(named_directory(path) if path is not None else None, shipped=shipped, loose=loose)
    # a link that is turned to another library meanwhile turns nothing here
    return Project(found.root.resolve(), is_shipped=found.is_shipped)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What is to be compiled, and by which Lean."""

    provider: Provider
    sources: Sources
    library: Library
    """Those of the sources that are compiled."""
    names: frozenset[str] | None = None
    """The declarations that more than these sources are not needed for; ``None`` if it is all of them."""
    hints: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The modules whose text declares each of these."""


@dataclass(frozen=True, slots=True)
class _Compiled:
    """What the last build left."""

    chosen: _Chosen
    report: BuildReport
    directory: Path

    @property
    def provider(self) -> Provider:
        return self.chosen.provider

    def declares(self, name: str, module: str) -> bool:
        """Whether a module's compiled file has a declaration, or one that its Lean made private to it."""
        compiled = read_module(placed(self.directory, module, ".olean"), parts="present")
        return name in compiled or f"_private.{module}.0.{name}" in compiled


class Project:
    """A Lean library; ``root`` is the directory of its ``lakefile.toml``."""

    def __init__(self, root: Path, *, is_shipped: bool = False) -> None:
        self.root = root
        self.is_shipped = is_shipped
        self._contents: dict[str, bytes] = {}
        self.catalogue: Catalogue = parse_catalogue(root / CATALOGUE, self._read(CATALOGUE))
        self._compiled: _Compiled | None = None
        self._manifest: Manifest | None = None
        """As it was last read, which is when the sources were."""

    @property
    def required_toolchain(self) -> str:
        """The text of the library's ``lean-toolchain``. Raises: ProjectNotFound if there is none."""
        return decoded(self.root / TOOLCHAIN, self._read(TOOLCHAIN))

    @property
    def place(self) -> str:
        """Where the library lies in its repository; outside of one, where it lies from here."""
        top = repository_of(self.root)
        return Path(os.path.relpath(self.root, None if top == self.root else top)).as_posix()

    @property
    def identity(self) -> LibraryIdentity:
        """Which library this is; its digest is that of the files as they were last built, if they were.

        The digest is what ``sha256sum FILES | sort -k 2 | sha256sum`` prints of the library's lakefile,
        toolchain, catalogue, manifest and sources, by their paths from the root.
        """
        built = self._compiled
        contents = dict(self._contents)
        if built is not None:
            contents |= {each.file: each.content for each in built.chosen.sources.texts.values()}
        lakefile = built.chosen.sources.lakefile if built is not None else None
        if lakefile is not None:
            contents[LAKEFILE] = lakefile.content
        return LibraryIdentity(
            name=lakefile.name if lakefile is not None else None,
            root=str(self.root.resolve()),
            digest=_digest(contents) if lakefile is not None else None,
            is_shipped=self.is_shipped,
            passed_over=lakefile.passed_over if lakefile is not None else (),
        )

    def toolchain(
        self, *, install: bool = True, fresh: bool = False, progress: Progress | None = None
    ) -> Provider:
        """Return the Lean that the library's ``lean-toolchain`` asks for.

        With ``fresh`` the digest of each of its files is taken, whatever is remembered of them.
        Raises: ToolchainNotFound, ToolchainDownloadFailed.
        """
        return find_toolchain(self.required_toolchain, install=install, fresh=fresh, progress=progress)

    def build(
        self,
        *,
        only: Collection[str] | None = None,
        workers: int = 2,
        fresh: bool = False,
        observe: Observer = _ignore,
        progress: Progress | None = None,
    ) -> BuildReport:
        """Compile what has changed, and return what became of every module.

        ``only`` are the full names of declarations: then nothing is built that they do not need. ``fresh``
        reads all of Lean's files, and asks it again about what it refused before.
        Raises: ToolchainError if Lean cannot be run; ProjectNotFound if the sources are no library.
        """
        chosen = self._choose(only, fresh=fresh, progress=progress)
        return self._compile(chosen, workers=workers, fresh=fresh, observe=observe).report

    def _choose(
        self,
        only: Collection[str] | None = None,
        *,
        also: Collection[str] = (),
        upon: _Chosen | None = None,
        fresh: bool = False,
        progress: Progress | None = None,
    ) -> _Chosen:
        """Find out which sources declarations need, beside modules ``also``; read them, or take ``upon``."""
        if upon is None:
            self._read(TOOLCHAIN)
            self._read_manifest()
            provider = self.toolchain(fresh=fresh, progress=progress)
            sources = read_sources(self.root)
        else:
            provider, sources = upon.provider, upon.sources
        hints = modules_declaring(sources, {*only, *map(names_declaration, only)}) if only is not None else {}
        if only is None or not all(hints[name] for name in only):  # a macro's, or nobody's
            return _Chosen(provider, sources, sources.library(provider.library))
        modules = {module for found in hints.values() for module in found}
        modules |= sources.texts.keys() & set(also)
        library = sources.library(provider.library, modules)
        return _Chosen(provider, sources, library, frozenset(only), {name: hints[name] for name in only})

    def _compile(
        self,
        chosen: _Chosen,
        *,
        started: int = 0,
        workers: int = 2,
        fresh: bool = False,
        observe: Observer = _ignore,
    ) -> _Compiled:
        """Compile what was chosen; and all the rest, should a declaration not be where its text stands.

        ``started`` Lean processes were started for it before.
        """
        report, compiled = build_modules(
            chosen.library, chosen.provider, workers=workers, fresh=fresh, observe=observe
        )
        report = report.replaced(lean_processes=started + report.lean_processes)
        built = _Compiled(chosen, report, compiled)
        states = {module.module: module.state for module in report.modules}
        for name, modules in chosen.hints.items():
            is_compiled = all(states[module] in ("built", "cached") for module in modules)
            if is_compiled and not any(built.declares(name, module) for module in modules):
                whole = chosen.sources.library(chosen.provider.library)
                return self._compile(
                    replace(chosen, library=whole, names=None, hints={}),
                    started=report.lean_processes,
                    workers=workers,
                    fresh=fresh,
                    observe=observe,
                )
        self._compiled = built
        return built

    def elaborate(
        self,
        file: Path,
        *,
        time_limit: float = TIME_LIMIT,
        observe: Observer = _ignore,
        progress: Progress | None = None,
    ) -> Elaboration:
        """Elaborate any source file against the compiled library; ``time_limit`` is in seconds.

        ``#print axioms`` is answered where Lean refuses to.
        Raises: ToolchainError if Lean cannot be run, or gives no answer about this file; ProjectNotFound if
        it cannot be read; OleanError if what it was compiled to cannot be.
        """
        source = file.absolute()
        content = read_file(source.resolve())
        imports = [line.module for line in parse_header(content.decode("utf-8", "replace")).imports]
        built = self._compile(self._choose((), also=imports, progress=progress), observe=observe)
        inside = source.is_relative_to(self.root)
        path = source.relative_to(self.root) if inside else Path(source.name)
        scratch = Scratch(name=path.as_posix(), content=content, path=path, compiled=built.directory)
        return elaborate(scratch, built.provider, time_limit=time_limit)

    def environment(self, only: Collection[str] | None = None, *, fresh: bool = False) -> Environment:
        """Return the compiled declarations, or those that some need, building first if that was not done.

        Modules that Lean refused are absent. With ``fresh`` no record of an earlier run is read of them.
        Raises: as :meth:`build`; OleanError.
        """
        return self._environment(self._built(only), fresh=fresh)

    def _environment(self, built: _Compiled, *, fresh: bool = False) -> Environment:
        environment = Environment(
            [built.directory],
            library=built.provider.library,
            library_names=library_names(built.provider, fresh=fresh),
            outlines=KeptOutlines(
                cache_directory() / "outlines",
                user_seal(),
                f"{program_digest()} above {built.provider.info.identity}",
                recalls=not fresh and not built.report.lean_processes,
                given=chosen_directory() / "outlines",
            ),
        )
        modules = (module for module in built.report.modules if module.state in ("built", "cached"))
        with uncollected():
            environment.closure(module.module for module in modules)
        return environment

    def compiled(self, only: Collection[str] | None = None) -> Path:
        """Return the directory of the compiled modules, or of those that some declarations need.

        What was not built is built first. Raises: as :meth:`build`.
        """
        return self._built(only).directory

    def _read(self, name: str) -> bytes:
        self._contents[name] = content = read_below(self.root, self.root / name)
        return content

    def _read_manifest(self) -> Manifest | None:
        """Read the library's manifest, if there is one; what is judged, and shown, is by this reading."""
        if os.path.lexists(self.root / MANIFEST):
            before, content = self._contents.get(MANIFEST), self._read(MANIFEST)
            if self._manifest is None or content != before:
                self._manifest = parse_manifest(self.root / MANIFEST, content)
        else:
            self._contents.pop(MANIFEST, None)
            self._manifest = None
        return self._manifest

    def _built(
        self,
        only: Collection[str] | None = None,
        *,
        observe: Observer = _ignore,
        progress: Progress | None = None,
    ) -> _Compiled:
        """Return what the last build left, building first what declarations need that it did not, or all."""
        built = self._compiled
        if built is not None and not built.directory.is_dir():  # pruned since
            built = None
        known = built.chosen.names if built is not None else frozenset[str]()
        if built is None or (known is not None and (only is None or not known.issuperset(only))):
            wanted = None if only is None or known is None else known.union(only)
            upon = built.chosen if built is not None else None
            return self._compile(self._choose(wanted, upon=upon, progress=progress), observe=observe)
        return built

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
        observe: Observer = _ignore,
        progress: Progress | None = None,
    ) -> tuple[DGraph, GraphStanding]:
        """Return a catalogued graph as data, by its full name or the end of it, and its standing.

        The standing is that of the declaration's audit and pin, looked at now; whether Lean certifies what
        was extracted, and whether a second kernel agrees, is asked by :meth:`verify`. No more is built than
        the graph needs.
        Raises: BuildFailed if Lean refuses a source file; NoStanding where the declaration is not accepted,
        unless ``allow_uncertified``; as :meth:`environment` and ``extract_graph``.
        """
        graphs = {entry.name: entry for entry in self.catalogue.graphs}
        entry = graphs[self._find(name, list(graphs))]
        built = self._built([entry.name], observe=observe, progress=progress)
        _check_compiled(built.report)
        origin = Origin(
            environment=self._environment(built),
            library=built.directory.name,
            toolchain=built.report.toolchain,
            manifest=self._read_manifest(),
            known=[each.name for each in self.catalogue.declarations],
        )
        return read_graph(origin, entry, allow_uncertified=allow_uncertified)

    def select(self, names: Sequence[str]) -> Catalogue:
        """Return the catalogue entries with these names, or all of them where none is given.

        Raises: NotCatalogued if a name is the end of no entry, or of several.
        """
        if isinstance(names, str):
            raise NotCatalogued(f"expected a list of names, found {names!r}; give [{names!r}]")
        if not names:
            return self.catalogue
        known = [entry.name for entry in self.catalogue.declarations]
        wanted = {self._find(name, known) for name in names}
        kept = tuple(entry for entry in self.catalogue.declarations if entry.name in wanted)
        return self.catalogue.replaced(declarations=kept)

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
        alone: bool = False,
        observe: Observer = _ignore,
        progress: Progress | None = None,
    ) -> VerifyReport:
        """Build the library and judge its catalogue, or only the entries named.

        ``fresh`` judges again even where exactly these compiled files were judged before, asks Lean again
        about the sources that it refused, and takes the digest of each of Lean's files: of earlier runs only
        compiled modules are left. With ``require_confirmed`` nothing is accepted that no second
        kernel confirmed; with ``require_isolated`` nothing is built that is not confined, and with
        ``require_known``, which confirmation takes too, by no Lean that this package has no digest for. With
        ``unpinned`` what no manifest pins may be accepted as it is. Of an entry that is named only
        what it needs is built, and nothing else decides about it. ``alone`` says that this process is the
        tool's own, so that a copy of it may read on another core.
        The judgement of a whole library is written down, for ``lean-bridge status``.
        Raises: NotCatalogued for an unknown name; ToolchainError; ProjectNotFound; OleanError.
        """
        try:
            return self._verify(
                names,
                workers=workers,
                fresh=fresh,
                require_confirmed=require_confirmed,
                require_isolated=require_isolated,
                require_known=require_known,
                unpinned=unpinned,
                alone=alone,
                observe=observe,
                progress=progress,
            )
        except Exception:
            if not names:  # the library has no judgement any more
                forget(self.root)
            raise

    def _verify(
        self,
        names: Sequence[str],
        *,
        workers: int,
        fresh: bool,
        require_confirmed: bool,
        require_isolated: bool,
        require_known: bool,
        unpinned: bool,
        alone: bool,
        observe: Observer,
        progress: Progress | None,
    ) -> VerifyReport:
        started = time.monotonic()
        catalogue = self.select(names)
        besides = (LIBRARY_MODULE,) if catalogue.graphs else ()
        needed = needed_by(catalogue) if names else None
        chosen = self._choose(needed, also=besides, fresh=fresh, progress=progress)
        lean = chosen.provider.info
        check_policy(lean, isolated=require_isolated, known=require_known or require_confirmed)
        seal = user_seal()
        # what runs during a build could leave answers: they are read before anything is built
        memory = read_memory(
            seal, chosen.sources, chosen.library, chosen.provider, catalogue, reads=not fresh
        )
        built = self._compile(chosen, workers=workers, fresh=fresh, observe=observe)
        environment = self._environment(built, fresh=fresh)
        has_more = built.chosen.names is not None and REALS_MODULE in chosen.sources.texts
        theorems = [entry.name for entry in catalogue.declarations if entry.kind == "theorem"]
        if has_more and want_reals(environment, theorems):
            # what is to meet them is needed too
            more = self._choose(chosen.names, also=(*besides, REALS_MODULE), upon=chosen)
            ran = built.report.lean_processes
            built = self._compile(more, started=ran, workers=workers, fresh=fresh, observe=observe)
            environment = self._environment(built, fresh=fresh)
        words = self._manifest.words if self._manifest is not None else ()
        reading = Reading(environment)
        with reading.read_ahead(words) if alone else nullcontext():
            memory.settle(environment.digest_of)
            subject = Subject(
                sources={
                    module.name: SourceFile(module.file, module.content, module.is_module)
                    for module in built.chosen.library.modules
                },
                provider=built.provider,
                build=built.report,
                compiled=built.directory,
                reading=reading,
                catalogue=catalogue,
                known=[entry.name for entry in self.catalogue.declarations],
                manifest=self._manifest,
                unpinned=unpinned,
                recalled=recalled(memory, environment, catalogue),
                workers=workers,
            )
            report, answered = judge_library(subject, require_confirmed=require_confirmed, observe=observe)
        for answer in answered:
            declared = (
                [answer.name] if isinstance(answer, ModuleAnswers) else places(environment, answer.name)
            )
            is_confirmed = isinstance(answer, ModuleAnswers) or answer.kernel is not None
            memory.remember(answer, declared, beside=() if is_confirmed else project_modules(environment))
        environment.keep_outlines()
        notes = (*report.notes, seal.note) if seal.note else report.notes
        report = report.replaced(library=self.identity, notes=notes, seconds=time.monotonic() - started)
        why = self._write_down(report, subject, built.chosen, is_whole=not names)
        return report.replaced(notes=(*notes, why)) if why is not None else report

    def _write_down(
        self, report: VerifyReport, subject: Subject, chosen: _Chosen, *, is_whole: bool
    ) -> str | None:
        """Keep a judgement of the whole; one of a part takes back that of the whole which it contradicts.

        Returns why an earlier one, which is none any more, could not be removed.
        """
        about = basis_of(
            chosen.sources,
            chosen.provider.info.identity,
            self._contents,
            self.catalogue,
            subject.manifest,
        )
        if not is_whole:
            earlier = recall(self.root) if report.verdict != "accepted" else None
            return forget(self.root) if earlier is not None and earlier.basis == about else None
        rests = {
            entry.name: modules
            for entry in self.catalogue.declarations
            if (modules := rests_on(subject.environment, self.catalogue, entry)) is not None
        }
        imports = {module.name: module.imports for module in chosen.library.modules}
        judgement = Judgement(at=time.time(), basis=about, imports=imports, places=rests, report=report)
        return keep(self.root, judgement)

    def pin(self, *, observe: Observer = _ignore, progress: Progress | None = None) -> Manifest:
        """Return what the whole catalogue says now, for ``write_manifest`` to keep beside the sources.

        Raises: as :meth:`build` and :meth:`extract`; Rejected for what is not accepted, which is not pinned.
        """
        return self.repin(observe=observe, progress=progress)[1]

    def check_pins(
        self, *, observe: Observer = _ignore, progress: Progress | None = None
    ) -> dict[str, tuple[Pin, Code | None]]:
        """Return of every catalogued or pinned declaration whether it is as the library's manifest has it.

        Raises: as :meth:`build` and :meth:`extract`; ProjectNotFound for a manifest that cannot be read.
        """
        environment, graphs = self._pinnable(observe, progress)
        return check_pins(environment, self.catalogue, self._manifest, graphs)

    def repin(
        self, *, observe: Observer = _ignore, progress: Progress | None = None
    ) -> tuple[dict[str, tuple[Pin, Code | None]], Manifest]:
        """Return what :meth:`check_pins` and :meth:`pin` do, both of one build. Raises: as they do."""
        environment, graphs = self._pinnable(observe, progress)
        checked = check_pins(environment, self.catalogue, self._manifest, graphs)
        return checked, pin_declarations(environment, self.catalogue, graphs)

    def _pinnable(
        self, observe: Observer, progress: Progress | None
    ) -> tuple[Environment, dict[str, DGraph]]:
        self.build(observe=observe, progress=progress)
        self.check_built()
        environment = self.environment()
        return environment, {entry.name: extract(environment, entry.name) for entry in self.catalogue.graphs}

    def check_built(self) -> None:
        """Raise where the last build left a module out: BuildFailed, UnsupportedSource for Lean's limits."""
        _check_compiled((self._compiled or self._built()).report)

    def _find(self, name: str, known: Sequence[str]) -> str:
        if not isinstance(name, str):
            raise NotCatalogued(f"expected a name of {CATALOGUE}, found {name!r}")
        if len(found := _meant(name, known)) == 1:
            return found[0]
        if found:
            raise NotCatalogued(f"{name} is ambiguous: {listed(found)}")
        kinds = {entry.name: entry.kind for entry in self.catalogue.declarations}
        if other := _meant(name, list(kinds)):
            graphs = f"the graphs are {listed(known)}" if known else "this catalogue has no graphs"
            raise NotCatalogued(f"{other[0]} is a {kinds[other[0]]}; {graphs}")
        hint = suggestion(name, [*map(last_component, known), *known])
        all_of_them = "" if hint.endswith("?") else "; `lean-bridge list` has them all"
        raise NotCatalogued(f"{name} is not in {CATALOGUE}; {hint}{all_of_them}")


def _meant(name: str, known: Sequence[str]) -> list[str]:
    """Return the full names that a name may stand for: the one that it is, or those that end in it."""
    found = [full for full in known if ends_with(full, name)]
    exact = [full for full in found if canonical(full) == canonical(name)]
    return exact if len(exact) == 1 else found


def _check_compiled(build: BuildReport) -> None:
    """Raise where a module is not compiled: BuildFailed, or UnsupportedSource for this Lean's limits."""
    if failed := [module.file for module in build.modules if module.state == "failed"]:
        raise BuildFailed(f"Lean refuses {listed(failed)}; run `lean-bridge build` for its messages")
    for module in build.modules:
        if module.limit is not None:
            raise UnsupportedSource(module.limit)


def _digest(contents: Mapping[str, bytes]) -> str:
    lines = (f"{sha256(content).hexdigest()}  {file}\n" for file, content in sorted(contents.items()))
    return sha256("".join(lines).encode()).hexdigest()
