"""A Lean library with its catalogue: find it, build it, judge it, run its graphs."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from lean_bridge.answers import answers_key, recall, remember
from lean_bridge.audit.catalogue import CATALOGUE, parse_catalogue
from lean_bridge.audit.manifest import MANIFEST, parse_manifest
from lean_bridge.audit.pins import check_pins, pin_declarations
from lean_bridge.audit.provenance import SourceFile
from lean_bridge.build.build import TIME_LIMIT, build_modules
from lean_bridge.build.lakefile import LAKEFILE
from lean_bridge.build.modules import Library, read_library
from lean_bridge.codes import Code
from lean_bridge.discovery import TOOLCHAIN, find_library
from lean_bridge.errors import BuildFailed, NotCatalogued, UnsupportedSource
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.files import decoded, read_below, read_file
from lean_bridge.leans_own import library_names
from lean_bridge.names import canonical, ends_with, last_component, listed, suggestion
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.outline import KeptOutlines
from lean_bridge.program import program_digest
from lean_bridge.scratch import Scratch, elaborate
from lean_bridge.sealed import user_seal
from lean_bridge.standing import Origin, read_graph
from lean_bridge.toolchain.find import check_policy, find_toolchain
from lean_bridge.toolchain.install import Progress
from lean_bridge.toolchain.location import cache_directory
from lean_bridge.toolchain.provider import Elaboration, Provider
from lean_bridge.verify import Observer, Subject, extract, judge_library, uncollected
from pybind_models import BuildReport, DGraph, GraphStanding, LibraryIdentity, Pin, VerifyReport
from pybind_models.catalogue import Catalogue
from pybind_models.manifest import Manifest


def _ignore(event: object) -> None:
    del event


def open_project(path: Path | str | None = None, *, shipped: bool = False, loose: bool = False) -> Project:
    """Return the Lean library at ``path``: its own directory, or one with a ``lean/`` in it.

    Without a path: the nearest one at or above the working directory. The library that this package ships is
    returned where ``shipped`` asks for it, or where no Lean project stands at or above the working directory
    nor elsewhere in its repository; ``loose`` says that single Lean files there are no project.
    Raises: ProjectNotFound, also for a project that lacks a lakefile or a catalogue.
    """
    found = find_library(Path(path) if path is not None else None, shipped=shipped, loose=loose)
    return Project(found.root, is_shipped=found.is_shipped)


@dataclass(frozen=True, slots=True)
class _Compiled:
    """What the last build left."""

    provider: Provider
    report: BuildReport
    directory: Path
    library: Library
    """The sources that were compiled."""


class Project:
    """A Lean library; ``root`` is the directory of its ``lakefile.toml``."""

    def __init__(self, root: Path, *, is_shipped: bool = False) -> None:
        self.root = root
        self.is_shipped = is_shipped
        self._contents: dict[str, bytes] = {}
        self.catalogue: Catalogue = parse_catalogue(root / CATALOGUE, self._read(CATALOGUE))
        self._compiled: _Compiled | None = None

    @property
    def required_toolchain(self) -> str:
        """The text of the library's ``lean-toolchain``. Raises: ProjectNotFound if there is none."""
        return decoded(self.root / TOOLCHAIN, self._read(TOOLCHAIN))

    @property
    def identity(self) -> LibraryIdentity:
        """Which library this is; its digest is that of the files as they were last built, if they were.

        The digest is what ``sha256sum FILES | sort -k 2 | sha256sum`` prints of the library's lakefile,
        toolchain, catalogue, manifest and sources, by their paths from the root.
        """
        built = self._compiled
        contents = dict(self._contents)
        if built is not None:
            contents |= {module.file: module.content for module in built.library.modules}
        lakefile = built.library.lakefile if built is not None else None
        if lakefile is not None:
            contents[LAKEFILE] = lakefile.content
        return LibraryIdentity(
            name=lakefile.name if lakefile is not None else None,
            root=str(self.root.resolve()),
            digest=_digest(contents) if lakefile is not None else None,
            is_shipped=self.is_shipped,
            passed_over=lakefile.passed_over if lakefile is not None else (),
        )

    def toolchain(self, *, install: bool = True, progress: Progress | None = None) -> Provider:
        """Return the Lean that the library's ``lean-toolchain`` asks for.

        Raises: ToolchainNotFound, ToolchainDownloadFailed.
        """
        return find_toolchain(self.required_toolchain, install=install, progress=progress)

    def build(
        self, *, workers: int = 2, observe: Observer = _ignore, progress: Progress | None = None
    ) -> BuildReport:
        """Compile what has changed, and return what became of every module.

        Raises: ToolchainError if Lean cannot be run; ProjectNotFound if the sources are no library.
        """
        self._read(TOOLCHAIN)
        self._manifest()
        provider = self.toolchain(progress=progress)
        library = read_library(self.root, provider.library)
        report, compiled = build_modules(library, provider, workers=workers, observe=observe)
        self._compiled = _Compiled(provider, report, compiled, library)
        return report

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
        self.build(observe=observe, progress=progress)
        inside = source.is_relative_to(self.root)
        path = source.relative_to(self.root) if inside else Path(source.name)
        scratch = Scratch(name=path.as_posix(), content=content, path=path, compiled=self.compiled())
        return elaborate(scratch, self._built().provider, time_limit=time_limit)

    def environment(self, *, fresh: bool = False) -> Environment:
        """Return the compiled declarations, building first if that was not done.

        Modules that Lean refused are absent. With ``fresh`` no record of an earlier run is read of them.
        Raises: as :meth:`build`; OleanError.
        """
        built = self._built()
        environment = Environment(
            [built.directory],
            library=built.provider.library,
            library_names=library_names(built.provider),
            outlines=KeptOutlines(
                cache_directory() / "outlines",
                user_seal(),
                program_digest(),
                recalls=not fresh and not built.report.lean_processes,
            ),
        )
        modules = (module for module in built.report.modules if module.state in ("built", "cached"))
        with uncollected():
            environment.closure(module.module for module in modules)
        return environment

    def compiled(self) -> Path:
        """Return the directory of the compiled modules, building first if that was not done.

        Raises: as :meth:`build`.
        """
        return self._built().directory

    def _read(self, name: str) -> bytes:
        self._contents[name] = content = read_below(self.root, self.root / name)
        return content

    def _manifest(self) -> Manifest | None:
        """Read the library's manifest, if there is one."""
        if os.path.lexists(self.root / MANIFEST):
            return parse_manifest(self.root / MANIFEST, self._read(MANIFEST))
        self._contents.pop(MANIFEST, None)
        return None

    def _built(self) -> _Compiled:
        if self._compiled is None:
            self.build()
        assert self._compiled is not None
        return self._compiled

    def extract(self, name: str, *, allow_uncertified: bool = False) -> DGraph:
        """Return a catalogued graph as bare data, by its full name or the end of it.

        Raises: as :meth:`read_graph`.
        """
        return self.read_graph(name, allow_uncertified=allow_uncertified)[0]

    def graph(self, name: str, *, allow_uncertified: bool = False) -> ExecutableGraph:
        """Return a catalogued graph, ready to bind and run, which knows its standing.

        Raises: as :meth:`read_graph`.
        """
        model, standing = self.read_graph(name, allow_uncertified=allow_uncertified)
        return ExecutableGraph(model, standing=standing, allow_uncertified=allow_uncertified)

    def read_graph(self, name: str, *, allow_uncertified: bool = False) -> tuple[DGraph, GraphStanding]:
        """Return a catalogued graph as data, by its full name or the end of it, and its standing.

        The standing is that of the declaration's audit and pin, looked at now; whether Lean certifies what
        was extracted, and whether a second kernel agrees, is asked by :meth:`verify`.
        Raises: BuildFailed if Lean refuses a source file; NoStanding where the declaration is not accepted,
        unless ``allow_uncertified``; as :meth:`environment` and ``extract_graph``.
        """
        graphs = {entry.name: entry for entry in self.catalogue.graphs}
        entry = graphs[self._find(name, list(graphs))]
        self.check_built()
        built = self._built()
        origin = Origin(
            environment=self.environment(),
            library=built.directory.name,
            toolchain=built.report.toolchain,
            manifest=self._manifest(),
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
        observe: Observer = _ignore,
        progress: Progress | None = None,
    ) -> VerifyReport:
        """Build the library and judge its catalogue, or only the entries named.

        ``fresh`` judges again even where exactly these compiled files were judged before. With
        ``require_confirmed`` nothing is accepted that no second kernel confirmed; with ``require_isolated``
        nothing is built that is not confined, and with ``require_known``, which confirmation takes too, by
        no Lean whose library this package has no digest for. With ``unpinned`` what no manifest pins may be
        accepted as it is.
        Raises: NotCatalogued for an unknown name; ToolchainError; ProjectNotFound; OleanError.
        """
        started = time.monotonic()
        catalogue = self.select(names)
        manifest = self._manifest()
        if require_isolated or require_known or require_confirmed:
            lean = self.toolchain(progress=progress).info
            check_policy(lean, isolated=require_isolated, known=require_known or require_confirmed)
        build = self.build(workers=workers, observe=observe, progress=progress)
        # what runs during a build could leave answers: they are read only where nothing was built
        seal, key = user_seal(), answers_key(build, self.compiled())
        answers = None if fresh or build.lean_processes else recall(key, seal)
        environment = self.environment(fresh=fresh)
        subject = Subject(
            sources={
                module.name: SourceFile(module.file, module.content, module.is_module)
                for module in self._built().library.modules
            },
            provider=self._built().provider,
            build=build,
            compiled=self.compiled(),
            environment=environment,
            catalogue=catalogue,
            known=[entry.name for entry in self.catalogue.declarations],
            manifest=manifest,
            unpinned=unpinned,
            answers=answers,
            workers=workers,
        )
        report, answered = judge_library(subject, require_confirmed=require_confirmed, observe=observe)
        if answered is not None:
            remember(key, answered, seal)
        environment.keep_outlines()
        notes = (*report.notes, seal.note) if seal.note else report.notes
        return report.replaced(library=self.identity, notes=notes, seconds=time.monotonic() - started)

    def pin(self, *, observe: Observer = _ignore, progress: Progress | None = None) -> Manifest:
        """Return what the whole catalogue says now, for ``write_manifest`` to keep beside the sources.

        Raises: as :meth:`build` and :meth:`extract`; Rejected for what is not accepted, which is not pinned.
        """
        environment, graphs = self._pinnable(observe, progress)
        return pin_declarations(environment, self.catalogue, graphs)

    def check_pins(
        self, *, observe: Observer = _ignore, progress: Progress | None = None
    ) -> dict[str, tuple[Pin, Code | None]]:
        """Return of every catalogued or pinned declaration whether it is as the library's manifest has it.

        Raises: as :meth:`build` and :meth:`extract`; ProjectNotFound for a manifest that cannot be read.
        """
        manifest = self._manifest()
        environment, graphs = self._pinnable(observe, progress)
        return check_pins(environment, self.catalogue, manifest, graphs)

    def _pinnable(
        self, observe: Observer, progress: Progress | None
    ) -> tuple[Environment, dict[str, DGraph]]:
        self.build(observe=observe, progress=progress)
        self.check_built()
        environment = self.environment()
        return environment, {entry.name: extract(environment, entry.name) for entry in self.catalogue.graphs}

    def check_built(self) -> None:
        """Raise where a module is not compiled: BuildFailed, or UnsupportedSource for this Lean's limits."""
        modules = self._built().report.modules
        if failed := [module.file for module in modules if module.state == "failed"]:
            raise BuildFailed(f"Lean refuses {', '.join(failed)}; run `lean-bridge build` for its messages")
        for module in modules:
            if module.limit is not None:
                raise UnsupportedSource(module.limit)

    def _find(self, name: str, known: Sequence[str]) -> str:
        if not isinstance(name, str):
            raise NotCatalogued(f"expected a name of {CATALOGUE}, found {name!r}")
        found = [full for full in known if ends_with(full, name)]
        exact = [full for full in found if canonical(full) == canonical(name)]
        if len(found) == 1 or len(exact) == 1:
            return (exact or found)[0]
        if found:
            raise NotCatalogued(f"{name} is ambiguous: {listed(found)}")
        hint = suggestion(name, [*map(last_component, known), *known])
        all_of_them = "" if hint.endswith("?") else "; `lean-bridge list` has them all"
        raise NotCatalogued(f"{name} is not in {CATALOGUE}; {hint}{all_of_them}")


def _digest(contents: Mapping[str, bytes]) -> str:
    lines = (f"{sha256(content).hexdigest()}  {file}\n" for file, content in sorted(contents.items()))
    return sha256("".join(lines).encode()).hexdigest()
