"""Finds the modules of a Lean library and orders them by their imports."""

from __future__ import annotations

import os
from codecs import BOM_UTF8
from collections import deque
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Final

from lean_bridge.build.declared import Lakefile, LeanLib, Options, Places
from lean_bridge.build.header import Header, parse_header
from lean_bridge.build.lake_manifest import OVERRIDES
from lean_bridge.build.lakefile import Translate, read_lakefile
from lean_bridge.build.packages import Package, SourceText, read_source, required_packages
from lean_bridge.errors import BuildFailed, LeanBridgeError, ProjectNotFound
from lean_bridge.files import check_below
from lean_bridge.names import did_you_mean, module_name, module_path, split_name

_MARKED: Final = "begins with a mark of byte order, which Lean does not take; save it as UTF-8 without one"


@dataclass(frozen=True, slots=True)
class BadImport:
    """An import that leads nowhere, or in a circle, or that Lean does not read: of its module."""

    line: int
    text: str
    is_elsewhere: bool = False
    """Whether it is of a package that is not here, which may well exist."""


@dataclass(frozen=True, slots=True)
class Module:
    """One source file of the library."""

    name: str
    file: str
    """The source, relative to the library's root."""
    content: bytes
    imports: tuple[str, ...]
    """Modules of this library that it imports, sorted; none where they form a circle."""
    options: Options
    """Lean options set in the lakefile."""
    is_module: bool = True
    """Whether it begins with ``module``."""
    places: Places = field(default_factory=dict, compare=False)
    """Where the lakefile sets these options."""
    bad_imports: tuple[BadImport, ...] = ()
    """Why it cannot be compiled, whatever else it says."""
    refused: LeanBridgeError | None = field(default=None, compare=False)
    """Why nothing of it was read."""


@dataclass(frozen=True, slots=True)
class Library:
    """Every module of a library, in an order in which they can be built."""

    modules: tuple[Module, ...]
    built_upon: tuple[Path, ...] = ()
    """Directories of compiled modules that may be imported too, each named by its content."""
    lakefile: Lakefile | None = None
    """What names the sources, if they are files."""
    left_out: int = 0
    """How many modules more its lakefile names."""

    def closure(self, names: Collection[str]) -> Library:
        """Return the part of the library that ``names`` and what they import make up.

        Raises: ProjectNotFound if a name is not a module of the library.
        """
        wanted = self.names_below(names)
        return replace(self, modules=tuple(module for module in self.modules if module.name in wanted))

    def names_below(self, names: Iterable[str]) -> set[str]:
        """Return the names of modules and of all that they import. Raises: as :meth:`closure`."""
        known = {module.name: module for module in self.modules}

        def imports(name: str) -> Iterable[str]:
            if name not in known:
                raise ProjectNotFound(f"{name}: the library has no such module")
            return known[name].imports

        return with_imports(names, imports)

    def names_without(self, refused: Container[str]) -> tuple[str, ...]:
        """Return the modules that neither are refused nor import one that is, by whatever way."""
        found = dict[str, None]()
        for module in self.modules:
            if module.name not in refused and all(imported in found for imported in module.imports):
                found[module.name] = None
        return tuple(found)

    def ordinary_below(self, module: Module) -> tuple[str, ...]:
        """Return the files without ``module`` among those of this library that a module imports, or they."""
        return tuple(each.file for each in self.closure(module.imports).modules if not each.is_module)


@dataclass(frozen=True, slots=True)
class Sources:
    """Every source that a lakefile names, and what they import from packages that it requires."""

    lakefile: Lakefile
    texts: Mapping[str, SourceText]
    """By the names of the modules."""
    own: frozenset[str]
    """The modules of this package itself."""

    def library(self, standard: Path, only: Collection[str] | None = None) -> Library:
        """Return the library that its own sources make up, or ``only`` these modules and what they import.

        ``standard`` is the directory of the standard library's ``.olean`` files, which may be imported too.
        An import that leads nowhere or in a circle is told of its module; of what is left out, nothing.
        """
        modules = _order(self.texts, (standard,), self.own if only is None else only)
        left_out = self.own.difference(module.name for module in modules)
        return Library(modules, lakefile=self.lakefile, left_out=len(left_out))

    def imports(self, module: str) -> list[str]:
        """Return what a module imports of these sources, whether or not they make up a library."""
        return [each.module for each in header_of(self.texts[module]).imports if each.module in self.texts]


def with_imports(names: Iterable[str], imports: Callable[[str], Iterable[str]]) -> set[str]:
    """Return modules, and all that they import."""
    found: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in found:
            pending += imports(name)
            found.add(name)
    return found


def read_sources(root: Path, *, also: Iterable[str] = (), translate: Translate | None = None) -> Sources:
    """Read the lakefile at ``root`` and every source file that it names, and all that they import, each once.

    ``also`` are modules that are read too where this package has them, or one that it requires. A lakefile
    that is a program beyond what it declares is read as ``translate`` writes it, if there is that.
    A source that cannot be read, or is a link, is ``refused``; its imports are not known.
    Raises: ProjectNotFound if there is no library, a directory of it cannot be read, or a part is empty;
    SourceOutside if a directory is not below ``root``; UnsupportedSource if a required package is not to
    be had.
    """
    lakefile = read_lakefile(root, translate)
    this = Package("this", root, PurePosixPath(), lakefile)
    packages = required_packages(root, lakefile, translate)
    found: dict[str, SourceText] = {}
    aside: dict[Path, str] = {}
    for library in lakefile.libraries:
        directory = root / library.directory
        where = f"{root / lakefile.file}:{library.line}: lean_lib {library.name}"
        for glob in library.globs if library.is_default else ():
            sources = list(_matching(root, directory, glob, aside, where))
            if not sources:
                raise ProjectNotFound(
                    f"{where}: no source file matches {glob!r} in {directory}; correct it, or remove it"
                )
            for source in sources:
                name = _module_name(source, directory)
                file = source.relative_to(root).as_posix()
                if name not in found:
                    found[name] = read_source(root, source, file, library)
                elif (found[name].file, found[name].options) != (file, library.options):
                    raise ProjectNotFound(
                        f"{where}: {name} is of another library too, as "
                        f"another file or under other options: {found[name].file}, {file}"
                    )
    own = set(found)

    def imports(name: str) -> Iterable[str]:
        if name not in found:
            text = next(filter(None, (each.text(name) for each in (this, *packages))), None)
            if text is None:
                return ()
            found[name] = text
            if this.source_of(name) is not None:
                own.add(name)
        return [each.module for each in header_of(found[name]).imports]

    with_imports([*found, *also], imports)
    for name in sorted(own):
        if twice := [each for each in packages if each.source_of(name) is not None]:
            raise ProjectNotFound(
                f"{found[name].file}: {name} is a module of {twice[0].name} too, which the {lakefile.file} "
                "requires; rename it"
            )
    for library in (each for each in lakefile.libraries if each.is_default):
        aside |= dict.fromkeys(_unbuilt(root, library, own), "no glob names it, and nothing imports it")
    said = [f"{each.relative_to(root).as_posix()}: {why}" for each, why in sorted(aside.items())]
    said += [
        f"the source of {e.name}: {e.place} in its place, as {OVERRIDES} says"
        for e in packages
        if e.is_override
    ]
    lakefile = replace(lakefile, passed_over=(*lakefile.passed_over, *said))
    return Sources(lakefile, found, frozenset(own))


def _unbuilt(root: Path, library: LeanLib, own: Collection[str]) -> Iterator[Path]:
    """Yield the sources that lie below the roots of a library, and are not built for all that."""
    for name in library.roots:
        place = module_path(name, "")
        stem = root / library.directory / (place or name)
        if place is not None and f"{name}.+" not in library.globs and f"{name}.*" not in library.globs:
            for source in _below(stem, {}) if stem.is_dir() else ():
                if _module_name(source, root / library.directory) not in own:
                    yield source


def header_of(text: SourceText) -> Header:
    """Return what a source begins with."""
    return parse_header(text.content.decode("utf-8", "replace"))


def read_library(root: Path, standard: Path) -> Library:
    """Return the whole library at ``root``. Raises: as :func:`read_sources`."""
    return read_sources(root).library(standard)


def generated_library(sources: Mapping[str, str], built_upon: Sequence[Path], standard: Path) -> Library:
    """Return the library that texts, by the names of their modules, make up; they have no files.

    They may import each other, what is compiled in ``built_upon``, and the standard library. Lean looks for
    all modules of one first component in one directory, so they share none with what they are built upon.
    Raises: BuildFailed, naming module and line, if an import leads nowhere or in a circle, or where the first
    component of a name is taken.
    """
    found: dict[str, SourceText] = {}
    for name, text in sources.items():
        package = _package(name)
        if any((directory / package).exists() for directory in (*built_upon, standard)):
            raise BuildFailed(f"{name}: expected a generated module outside {package}, which is a library's")
        file = module_path(name, ".lean")
        assert file is not None
        found[name] = SourceText(file.as_posix(), text.encode(), (("autoImplicit", "false"),))
    modules = _order(found, (*built_upon, standard))
    for module in modules:
        for bad in module.bad_imports:
            raise BuildFailed(f"{module.file}:{bad.line}: {bad.text}")
    return Library(modules, tuple(built_upon))


def _matching(root: Path, directory: Path, glob: str, aside: dict[Path, str], where: str) -> Iterator[Path]:
    """Yield the files of a Lake glob: ``A`` is one module, ``A.+`` those below it, ``A.*`` both.

    What has a hidden name, as editors give to locks and copies, is not looked at, and goes ``aside``.
    Raises: ProjectNotFound for ``A.*`` without ``A`` itself, which Lake would look for in vain.
    """
    name = glob.removesuffix(".+").removesuffix(".*")
    file, stem = (directory.joinpath(module_path(name, suffix) or name) for suffix in (".lean", ""))
    if not glob.endswith(".+") and os.path.lexists(file):
        yield file
    elif glob.endswith(".*"):
        raise ProjectNotFound(
            f"{where}: {glob!r} is {name} and all below it, and there is no {file}; "
            f"write {name + '.+'!r} for what is below it alone"
        )
    if glob != name and os.path.lexists(stem):
        check_below(root, stem, is_source=True)
        yield from _below(stem, aside)


def _below(directory: Path, aside: dict[Path, str]) -> Iterator[Path]:
    try:
        entries = [(entry, entry.is_dir()) for entry in sorted(directory.iterdir())]
    except OSError as error:
        raise ProjectNotFound(f"{directory}: cannot be read: {error.strerror}") from error
    for entry, is_directory in entries:
        if entry.name.startswith("."):
            if is_directory or entry.suffix == ".lean":
                aside[entry] = "hidden, and not compiled"
        elif is_directory:
            check_below(directory, entry, is_source=True)
            sources = list(_below(entry, aside))
            if entry.suffix == ".lean" and not sources:
                aside[entry] = "a directory, and no source"
            yield from sources
        elif entry.suffix == ".lean":
            yield entry


def _module_name(source: Path, directory: Path) -> str:
    path = source.relative_to(directory)
    name = module_name([*path.parts[:-1], source.name.removesuffix(".lean")])
    if module_path(name, ".lean") is None or "»" in path.as_posix() or not name.isprintable():
        raise ProjectNotFound(f"{source}: expected a path that is the name of a module; rename it")
    return name


def _order(
    found: Mapping[str, SourceText], compiled: Sequence[Path], only: Collection[str] | None = None
) -> tuple[Module, ...]:
    """Return modules, or ``only`` some and what they import, in an order in which they can be built."""
    modules: dict[str, Module] = {}
    lines: dict[str, dict[str, int]] = {}
    pending = list(found if only is None else only)
    while pending:
        name = pending.pop()
        if name in modules:
            continue
        file, content, options, places, refused = found[name]
        own = lines[name] = dict[str, int]()
        bad = [BadImport(1, _MARKED)] if content.startswith(BOM_UTF8) else []
        header = header_of(found[name])
        for imported in header.imports:
            if imported.module in found:
                own.setdefault(imported.module, imported.line)
            else:
                olean = module_path(imported.module, ".olean")
                if olean is None or not any((directory / olean).is_file() for directory in compiled):
                    bad.append(_unknown_import(imported.line, imported.module, found, compiled))
        is_module = header.is_module or refused is not None  # which is as good as unknown
        modules[name] = Module(
            name, file, content, tuple(sorted(own)), options, is_module, places, tuple(bad), refused
        )
        pending += own
    for name, circle in _circles({name: modules[name].imports for name in sorted(modules)}).items():
        steps = (
            f"{modules[importer].file}:{lines[importer][imported]} imports {imported}"
            for importer, imported in pairwise(circle)
        )
        bad_import = BadImport(lines[name][circle[1]], f"imports form a circle: {', '.join(steps)}")
        module = modules[name]
        modules[name] = replace(module, imports=(), bad_imports=(*module.bad_imports, bad_import))
    order = TopologicalSorter({name: modules[name].imports for name in sorted(modules)}).static_order()
    return tuple(modules[name] for name in order)


def _circles(imports: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return, of each module that imports itself by whatever way, the shortest: from itself to itself."""
    importers: dict[str, list[str]] = {name: [] for name in imports}
    for name, imported in imports.items():
        for each in imported:
            importers[each].append(name)
    left = imports.keys() - _free_of_circles(imports) - _free_of_circles(importers)
    ways = {name: _way_back(name, imports, left) for name in sorted(left)}
    return {name: way for name, way in ways.items() if way is not None}


def _free_of_circles(imports: Mapping[str, Sequence[str]]) -> set[str]:
    """Return the modules that neither are on a circle nor import one that is, by whatever way."""
    found: set[str] = set()
    sorter = TopologicalSorter(imports)
    with suppress(CycleError):  # as far as it comes
        sorter.prepare()
    while ready := sorter.get_ready():
        found.update(ready)
        sorter.done(*ready)
    return found


def _way_back(start: str, imports: Mapping[str, Sequence[str]], among: Collection[str]) -> list[str] | None:
    """Return the shortest way of imports ``among`` some modules from one to itself, if there is one."""
    ways = deque([[start]])
    seen: set[str] = set()
    while ways:
        way = ways.popleft()
        for each in imports[way[-1]]:
            if each == start:
                return [*way, start]
            if each in among and each not in seen:
                seen.add(each)
                ways.append([*way, each])
    return None


def _unknown_import(line: int, module: str, found: Collection[str], compiled: Sequence[Path]) -> BadImport:
    """Return what is wrong with an import: a module of a package that is not here may well exist."""
    package = _package(module)
    what = f"imports {module}, which is neither in this library nor in Lean's"
    if package in map(_package, found) or any((directory / package).is_dir() for directory in compiled):
        return BadImport(line, f"{what}{did_you_mean(module, found)}")
    return BadImport(
        line,
        f"{what}: other packages are not fetched here; [[require]] {package} where its sources lie, copy "
        "what is used of it into a library of the lakefile, or do without it",
        is_elsewhere=True,
    )


def _package(module: str) -> str:
    """Return the first part of a module's name, as the directory that its files lie in."""
    return str((split_name(module) or (module,))[0])
