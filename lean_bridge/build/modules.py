"""Finds the modules of a Lean library and orders them by their imports."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path
from typing import Any

from lean_bridge.build.header import parse_header
from lean_bridge.errors import BuildFailed, ProjectNotFound

_Options = tuple[tuple[str, str], ...]
_Found = tuple[Path, Path, _Options]
"""A module's source, the directory its name counts from, and its options."""


@dataclass(frozen=True, slots=True)
class Module:
    """One source file of the library."""

    name: str
    source: Path
    file: str
    """The source, relative to the library's root."""
    root: Path
    """The directory from which the module's name is read off its path."""
    content: bytes
    imports: tuple[str, ...]
    """Modules of this library that it imports, sorted."""
    options: _Options
    """Lean options set in the lakefile."""


@dataclass(frozen=True, slots=True)
class Library:
    """Every module of a library, in an order in which they can be built."""

    modules: tuple[Module, ...]

    def closure(self, names: Collection[str]) -> Library:
        """Return the part of the library that ``names`` and what they import make up.

        Raises: ProjectNotFound if a name is not a module of the library.
        """
        known = {module.name: module for module in self.modules}
        wanted: set[str] = set()
        pending = list(names)
        while pending:
            name = pending.pop()
            if name not in known:
                raise ProjectNotFound(f"{name}: the library has no such module")
            if name not in wanted:
                wanted.add(name)
                pending += known[name].imports
        return Library(tuple(module for module in self.modules if module.name in wanted))


def read_library(root: Path, standard: Path) -> Library:
    """Read ``root/lakefile.toml`` and every source file that it names.

    ``standard`` is the directory of the standard library's ``.olean`` files, which may be imported too.
    Raises: ProjectNotFound if there is no library; BuildFailed, naming file and line, if an import leads
    nowhere or in a circle.
    """
    lakefile = _read_lakefile(root)
    found: dict[str, _Found] = {}
    for library in lakefile.get("lean_lib", []):
        sources = root / lakefile.get("srcDir", ".") / library.get("srcDir", ".")
        options = _options({**lakefile.get("leanOptions", {}), **library.get("leanOptions", {})})
        for glob in library.get("globs") or [f"{name}.*" for name in library.get("roots", [library["name"]])]:
            for source in _matching(sources, glob):
                name = ".".join(source.relative_to(sources).with_suffix("").parts)
                found.setdefault(name, (source, sources, options))
    if not found:
        raise ProjectNotFound(f"{root / 'lakefile.toml'}: none of its libraries has a source file")
    return _order(root, standard, found)


def _read_lakefile(root: Path) -> dict[str, Any]:
    path = root / "lakefile.toml"
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ProjectNotFound(f"{root}: expected a lakefile.toml here, found none") from error
    except (OSError, ValueError) as error:
        raise ProjectNotFound(f"{path}: cannot be read: {error}") from error


def _options(table: dict[str, Any]) -> _Options:
    """Flatten nested tables: TOML reads ``linter.missingDocs = true`` as one."""
    options: list[tuple[str, str]] = []
    for name, value in table.items():
        if isinstance(value, dict):
            options += [(f"{name}.{inner}", text) for inner, text in _options(value)]
        else:
            options.append((name, str(value).lower() if isinstance(value, bool) else str(value)))
    return tuple(sorted(options))


def _matching(sources: Path, glob: str) -> Iterator[Path]:
    """Yield the files of a Lake glob: ``A`` is one module, ``A.+`` those below it, ``A.*`` both."""
    name = glob.removesuffix(".+").removesuffix(".*")
    stem = sources.joinpath(*name.split("."))
    if not glob.endswith(".+") and stem.with_suffix(".lean").is_file():
        yield stem.with_suffix(".lean")
    if glob != name:
        yield from sorted(stem.rglob("*.lean"))


def _order(root: Path, standard: Path, found: dict[str, _Found]) -> Library:
    modules: dict[str, Module] = {}
    lines: dict[tuple[str, str], int] = {}
    for name, (source, sources, options) in found.items():
        file = source.relative_to(root).as_posix()
        content = source.read_bytes()
        own: set[str] = set()
        for imported in parse_header(content.decode("utf-8", "replace")).imports:
            if imported.module in found:
                own.add(imported.module)
                lines[name, imported.module] = imported.line
            elif not standard.joinpath(*imported.module.split(".")).with_suffix(".olean").is_file():
                raise BuildFailed(
                    f"{file}:{imported.line}: imports {imported.module}, "
                    "which is neither in this library nor in Lean's"
                )
        modules[name] = Module(name, source, file, sources, content, tuple(sorted(own)), options)
    imports = {name: modules[name].imports for name in sorted(modules)}
    try:
        order = list(TopologicalSorter(imports).static_order())
    except CycleError as error:
        circle: list[str] = error.args[1]
        steps = (
            f"{modules[importer].file}:{lines[importer, imported]} imports {imported}"
            for imported, importer in pairwise(circle)
        )
        raise BuildFailed(f"imports form a circle: {', '.join(steps)}") from error
    return Library(tuple(modules[name] for name in order))
