"""Reads ``lakefile.toml``: which sources make up the library, and under which options Lean compiles them."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, Final, TypeAlias

from lean_bridge.errors import ProjectNotFound, SourceOutside, UnsupportedSource
from lean_bridge.files import decoded, not_toml, read_below, toml_line
from lean_bridge.names import canonical, module_path, suggestion

LAKEFILE: Final = "lakefile.toml"
PROGRAM: Final = "lakefile.lean"
"""What Lake prefers where both are there; it is a program, and is not run."""

Options: TypeAlias = tuple[tuple[str, str], ...]

_FOLLOWED: Final = frozenset({"name", "srcDir", "leanOptions"})
_OF_PACKAGE: Final = _FOLLOWED | {"lean_lib"}
_OF_LIBRARY: Final = _FOLLOWED | {"roots", "globs"}
_WITHOUT_BEARING: Final = frozenset(
    {
        *("version", "versionTags", "description", "keywords", "homepage", "license", "licenseFiles"),
        *("readmeFile", "reservoir", "fixedToolchain", "defaultTargets", "buildDir", "leanLibDir"),
        *("nativeLibDir", "binDir", "irDir", "packagesDir", "manifestFile", "releaseRepo", "buildArchive"),
        *("preferReleaseBuild", "platformIndependent", "libName", "libPrefixOnWindows", "nativeFacets"),
        *("enableArtifactCache", "restoreAllArtifacts", "buildType", "backend", "moreLeancArgs"),
        *("weakLeancArgs", "moreLinkArgs", "weakLinkArgs", "moreLinkObjs", "moreLinkLibs"),
    }
)
"""Keys that say where things lie and what they are called; all that is built here is every library."""
_PASSED_OVER: Final[Mapping[str, str]] = {
    "lean_exe": "programs are not built",
    "input_file": "no target uses it",
    "input_dir": "no target uses it",
    "testDriver": "it is not run",
    "testDriverArgs": "no driver is run",
    "lintDriver": "it is not run",
    "lintDriverArgs": "no driver is run",
    "moreServerOptions": "editors alone use it",
    "moreGlobalServerArgs": "editors alone use it",
}
"""Keys that ask for something which is not done here and changes no declaration; each is said."""
_NOT_FOLLOWED: Final = frozenset(
    {
        *("moreLeanArgs", "weakLeanArgs", "precompileModules", "plugins", "dynlibs", "extraDepTargets"),
        *("needs", "defaultFacets", "bootstrap", "allowImportAll", "extern_lib", "target"),
    }
)
"""Keys that change what Lean is told, or what is made before it runs: they are refused."""


@dataclass(frozen=True, slots=True)
class LeanLib:
    """One ``[[lean_lib]]``."""

    name: str
    line: int
    """Where it begins, from 1."""
    directory: PurePosixPath
    """Where its sources lie, relative to the lakefile."""
    globs: tuple[str, ...]
    """Lake's globs: ``A`` is one module, ``A.+`` those below it, ``A.*`` both."""
    options: Options


@dataclass(frozen=True, slots=True)
class Lakefile:
    """What a lakefile says, as far as it has a bearing here."""

    content: bytes
    name: str | None
    libraries: tuple[LeanLib, ...]
    passed_over: tuple[str, ...]
    """What it asks for and does not get, one line each."""


def read_lakefile(root: Path) -> Lakefile:
    """Return what ``root/lakefile.toml`` says.

    Nothing that it says is ignored in silence: a key that is not known, or not followed here, is refused.
    Raises: ProjectNotFound, naming file, line and key; SourceOutside for a ``srcDir`` that leads out of
    ``root``; UnsupportedSource if it requires other packages.
    """
    path = root / LAKEFILE
    if os.path.lexists(root / PROGRAM):
        raise ProjectNotFound(
            f"{root / PROGRAM}: a program, which is not run here; say the same in {LAKEFILE}, and remove it"
        )
    content = read_below(root, path)
    text = decoded(path, content)
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise not_toml(path, error) from error
    return _Reader(path, text).lakefile(table, content)


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a lakefile: in words, and the keys that lead to it."""

    words: str = ""
    keys: tuple[str | int, ...] = ()

    def at(self, key: str | int) -> _Part:
        """Return what stands in it under a key, called as it is."""
        return _Part(self.words, (*self.keys, key))

    def __str__(self) -> str:
        return f"{self.words}: " if self.words else ""


class _Reader:
    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text_of_file = text
        self._said: list[str] = []

    def lakefile(self, table: dict[str, Any], content: bytes) -> Lakefile:
        whole = _Part()
        required = [str(each.get("name", each)) for each in self._tables(table, "require")]
        if required:
            raise UnsupportedSource(
                f"{self._place(whole.at('require'))}: requires {', '.join(required)}, and other packages "
                "are not fetched here; copy what is used of them into a library of its own, and remove "
                "[[require]]"
            )
        self._check_keys(table, whole, _OF_PACKAGE)
        directory = self._directory(table, whole, PurePosixPath())
        options = self._options(table, whole)
        libraries = tuple(
            self._library(each, _Part(f"lean_lib {number + 1}", ("lean_lib", number)), directory, options)
            for number, each in enumerate(self._tables(table, "lean_lib"))
        )
        name = self._text(table, whole, "name") if "name" in table else None
        if not libraries:
            raise ProjectNotFound(f"{self._path}: expected a [[lean_lib]], found none")
        return Lakefile(content, name, libraries, tuple(self._said))

    def _library(
        self, table: dict[str, Any], part: _Part, directory: PurePosixPath, options: Mapping[str, str]
    ) -> LeanLib:
        if "name" not in table:
            raise self._fault(part, "expected a name, found none")
        name = self._text(table, part, "name")
        part = replace(part, words=f"lean_lib {name}")
        self._check_keys(table, part, _OF_LIBRARY)
        roots = self._texts(table, part, "roots") if "roots" in table else (name,)
        globs = self._texts(table, part, "globs") if "globs" in table else tuple(f"{r}.*" for r in roots)
        at = part.at("globs" if "globs" in table else "roots")
        if not globs:
            raise self._fault(at, "names no module, as its roots or globs are empty")
        roots, globs = (tuple(self._glob(each, at) for each in given) for given in (roots, globs))
        own = self._options(table, part)
        directory = self._directory(table, part, directory)
        line = toml_line(self._text_of_file, part.keys)
        return LeanLib(name, line, directory, globs, tuple(sorted({**options, **own}.items())))

    def _glob(self, text: str, part: _Part) -> str:
        """Return a module or a glob with the module as Lean writes it."""
        name = text.removesuffix(".+").removesuffix(".*")
        module = canonical(name)
        if module is None or "*" in name or module_path(module, ".lean") is None:
            raise self._fault(part, f"expected a module, `A`, `A.+` or `A.*`, found {text!r}")
        return module + text[len(name) :]

    def _check_keys(self, table: Mapping[str, Any], part: _Part, followed: frozenset[str]) -> None:
        for key, value in table.items():
            if key in followed or key in _WITHOUT_BEARING:
                continue
            if key in _PASSED_OVER:
                named = (
                    [str(each.get("name")) for each in value if isinstance(each, dict)]
                    if isinstance(value, list)
                    else []
                )
                what = " ".join(filter(None, (key, ", ".join(named))))
                self._said.append(f"{part}{what}: {_PASSED_OVER[key]}")
            elif key not in _NOT_FOLLOWED:
                known = (*sorted(followed), *sorted(_WITHOUT_BEARING), *_PASSED_OVER)
                raise self._fault(part.at(key), f"the key {key} is not known; {suggestion(key, known)}")
            elif value not in (False, [], {}):
                what = f"{key} changes what Lean does and is not followed here; remove it"
                raise self._fault(part.at(key), what)

    def _directory(self, table: Mapping[str, Any], part: _Part, base: PurePosixPath) -> PurePosixPath:
        if "srcDir" not in table:
            return base
        text = self._text(table, part, "srcDir")
        found = PurePosixPath(text.replace("\\", "/"))
        if found.is_absolute() or ".." in found.parts or ":" in text:
            raise SourceOutside(
                f"{self._place(part.at('srcDir'))}: {part}srcDir leads out of the project, to {text!r}; "
                "expected a directory below the lakefile: move the sources there"
            )
        return base / found

    def _options(self, table: Mapping[str, Any], part: _Part) -> dict[str, str]:
        key = "leanOptions"
        within = f"{part.words}, {key}" if part.words else key
        return self._flat(table.get(key, {}), _Part(within, (*part.keys, key)))

    def _flat(self, table: Any, part: _Part) -> dict[str, str]:
        """Flatten nested tables: TOML reads ``linter.missingDocs = true`` as one."""
        if not isinstance(table, dict):
            raise self._fault(part, f"expected a table of options, found {table!r}")
        options: dict[str, str] = {}
        for name, value in table.items():
            at = part.at(name)
            if isinstance(value, dict):
                nested = self._flat(value, replace(at, words=f"{part.words}.{name}"))
                found = {f"{name}.{inner}": text for inner, text in nested.items()}
            elif isinstance(value, bool):
                found = {name: str(value).lower()}
            elif isinstance(value, int | str):
                found = {name: str(value)}
            else:
                raise self._fault(at, f"expected true, false, a number or a text, found {name} = {value!r}")
            if twice := found.keys() & options.keys():
                raise self._fault(at, f"{min(twice)} is set twice")
            options |= found
        return options

    def _tables(self, table: dict[str, Any], key: str) -> list[dict[str, Any]]:
        value = table.pop(key, [])
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise self._fault(_Part("", (key,)), f"expected tables [[{key}]], found {key} = {value!r}")
        return value

    def _text(self, table: Mapping[str, Any], part: _Part, key: str) -> str:
        value = table[key]
        if not isinstance(value, str) or not value or "\0" in value:
            raise self._fault(part.at(key), f"expected a text, found {key} = {value!r}")
        return value

    def _texts(self, table: Mapping[str, Any], part: _Part, key: str) -> tuple[str, ...]:
        value = table[key]
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self._fault(part.at(key), f"expected a list of texts, found {key} = {value!r}")
        return tuple(value)

    def _fault(self, part: _Part, what: str) -> ProjectNotFound:
        return ProjectNotFound(f"{self._place(part)}: {part}{what}")

    def _place(self, part: _Part) -> str:
        return f"{self._path}:{toml_line(self._text_of_file, part.keys)}"
