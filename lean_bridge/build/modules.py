"""Finds the modules of a Lean library and orders them by their imports."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path
from typing import Any

from lean_bridge.build.header import parse_header
from lean_bridge.errors import BuildFailed, ProjectNotFound

_Options = tuple[tuple[str, str], ...]
_Found = tuple[str, bytes, _Options]
"""A module's file as reports name it, its content and its options."""


@dataclass(frozen=True, slots=True)
class Module:
    """One source file of the library."""

    name: str
    file: str
    """The source, relative to the library's root."""
    content: bytes
    imports: tuple[str, ...]
    """Modules of this library that it imports, sorted."""
    options: _Options
    """Lean options set in the lakefile."""


@dataclass(frozen=True, slots=True)
class Library:
    """Every module of a library, in an order in which they can be built."""

    modules: tuple[Module, ...]
    built_upon: tuple[Path, ...] = ()
    """Directories of compiled modules that may be imported too, each named by its content."""

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
        return replace(self, modules=tuple(module for module in self.modules if module.name in wanted))


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
                if name not in found:
                    found[name] = source.relative_to(root).as_posix(), source.read_bytes(), options
    if not found:
        raise ProjectNotFound(f"{root / 'lakefile.toml'}: none of its libraries has a source file")
    return Library(_order(found, (standard,)))


def generated_library(sources: Mapping[str, str], built_upon: Sequence[Path], standard: Path) -> Library:
    """Return the library that texts, by the names of their modules, make up; they have no files.

    They may import each other, what is compiled in ``built_upon``, and the standard library. Lean looks for
    all modules of one first component in one directory, so they share none with what they are built upon.
    Raises: BuildFailed, naming module and line, if an import leads nowhere or in a circle, or where the first
    component of a name is taken.
    """
    found: dict[str, _Found] = {}
    for name, text in sources.items():
        package = name.partition(".")[0]
        if any((directory / package).exists() for directory in (*built_upon, standard)):
            raise BuildFailed(f"{name}: expected a generated module outside {package}, which is a library's")
        found[name] = f"{name.replace('.', '/')}.lean", text.encode(), (("autoImplicit", "false"),)
    return Library(_order(found, (*built_upon, standard)), tuple(built_upon))


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


def _order(found: Mapping[str, _Found], compiled: Sequence[Path]) -> tuple[Module, ...]:
    modules: dict[str, Module] = {}
    lines: dict[tuple[str, str], int] = {}
    for name, (file, content, options) in found.items():
        own: set[str] = set()
        for imported in parse_header(content.decode("utf-8", "replace")).imports:
            if imported.module in found:
                own.add(imported.module)
                lines[name, imported.module] = imported.line
            else:
                olean = Path(*imported.module.split(".")).with_suffix(".olean")
                if not any((directory / olean).is_file() for directory in compiled):
                    raise BuildFailed(
                        f"{file}:{imported.line}: imports {imported.module}, "
                        "which is neither in this library nor in Lean's"
                    )
        modules[name] = Module(name, file, content, tuple(sorted(own)), options)
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
    return tuple(modules[name] for name in order)
