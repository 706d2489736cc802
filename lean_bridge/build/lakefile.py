"""Reads a lakefile: which sources make up the library, and under which options Lean compiles them."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, Final, TypeAlias

from lean_bridge.build.declared import LAKEFILE, PROGRAM, Lakefile, LeanLib, Places, Requirement
from lean_bridge.build.lean_options import misfit
from lean_bridge.errors import ProjectNotFound, SourceOutside
from lean_bridge.files import PlaceInToml, decoded, not_toml, read_below, toml_lines
from lean_bridge.names import canonical, module_path, quoted, suggestion

Translate: TypeAlias = Callable[[Path], str]
"""What writes the lakefile of the package in a directory as TOML, and may run it for that."""

_ARGUMENTS: Final = ("moreLeanArgs", "weakLeanArgs")
_FOLLOWED: Final = frozenset({"name", "srcDir", "leanOptions", *_ARGUMENTS})
_OF_PACKAGE: Final = _FOLLOWED | {"lean_lib", "version", "defaultTargets", "require"}
_OF_LIBRARY: Final = _FOLLOWED | {"roots", "globs"}
_OF_REQUIREMENT: Final = ("name", "scope", "version", "rev", "path", "git", "subDir", "source", "options")
_OF_SOURCE: Final = {"git": ("url",), "source": ("type", "dir", "url", "rev", "subDir")}
"""Keys of a requirement's source, where that is a table."""
_WITHOUT_BEARING: Final = frozenset(
    {
        *("versionTags", "description", "keywords", "homepage", "license", "licenseFiles"),
        *("readmeFile", "reservoir", "fixedToolchain", "buildDir", "leanLibDir"),
        *("nativeLibDir", "binDir", "irDir", "packagesDir", "manifestFile", "releaseRepo", "buildArchive"),
        *("preferReleaseBuild", "platformIndependent", "libName", "libPrefixOnWindows", "nativeFacets"),
        *("enableArtifactCache", "restoreAllArtifacts", "buildType", "backend", "moreLeancArgs"),
        *("weakLeancArgs", "moreLinkArgs", "weakLinkArgs", "moreLinkObjs", "moreLinkLibs"),
    }
)
"""Keys that say where things lie and what they are called; all that is built here are libraries."""
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
        *("precompileModules", "plugins", "dynlibs", "extraDepTargets"),
        *("needs", "defaultFacets", "bootstrap", "allowImportAll", "extern_lib", "target"),
    }
)
"""Keys that change what Lean is told, or what is made before it runs: they are refused."""


def read_lakefile(root: Path, translate: Translate | None = None) -> Lakefile:
    """Return what ``root/lakefile.toml`` says, or what ``root/lakefile.lean`` declares.

    Nothing that it says is ignored in silence: a key that is not known, or not followed here, is refused. A
    program that does more than declare is read as ``translate`` writes it, where there is that.
    Raises: ProjectNotFound, naming file, line and key, also where there are both; SourceOutside for a
    ``srcDir`` that leads out of ``root``.
    """
    path = root / lakefile_in(root)
    content = read_below(root, path)
    text = decoded(path, content)
    if path.name != PROGRAM:
        table = _toml(path, text)
        return _Reader(path, toml_lines(text)).lakefile(table, content)
    from lean_bridge.build.lakefile_lean import parse_program

    try:
        table, lines = parse_program(path, text)
    except ProjectNotFound:
        if translate is None:
            raise
        found = _Reader(path, {(): 1}).lakefile(_toml(path, translate(root)), content)
        said = f"{PROGRAM}: read as Lake translates it, what it does beside declaring left out"
        return replace(found, passed_over=(*found.passed_over, said))
    return _Reader(path, lines).lakefile(table, content)


def _toml(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise not_toml(path, error) from error


def lakefile_in(root: Path) -> str:
    """Return what the lakefile of a project is called. Raises: ProjectNotFound where there are two."""
    is_there = {name: os.path.lexists(root / name) for name in (LAKEFILE, PROGRAM)}
    if all(is_there.values()):
        raise ProjectNotFound(
            f"{root / PROGRAM}: stands beside {LAKEFILE}, and Lake reads it alone; remove one of the two"
        )
    return PROGRAM if is_there[PROGRAM] else LAKEFILE


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
    def __init__(self, path: Path, lines: Mapping[PlaceInToml, int]) -> None:
        self._path = path
        self._lines = lines
        self._said: list[str] = []

    def lakefile(self, table: dict[str, Any], content: bytes) -> Lakefile:
        whole = _Part()
        self._check_keys(table, whole, _OF_PACKAGE)
        if "name" not in table:
            self._said.append("a name: there is none, and Lake builds no package without one")
        directory = self._directory(table, whole, PurePosixPath())
        options, places = self._options(table, whole)
        libraries = tuple(
            self._library(
                each, _Part(f"lean_lib {number + 1}", ("lean_lib", number)), directory, options, places
            )
            for number, each in enumerate(self._tables(table, "lean_lib"))
        )
        if not libraries:
            raise ProjectNotFound(
                f"{self._path}: expected a [[lean_lib]], found none; add one whose roots are to be judged"
            )
        return Lakefile(
            content=content,
            name=self._text(table, whole, "name") if "name" in table else None,
            libraries=self._by_default(table, whole, libraries),
            passed_over=tuple(self._said),
            requires=self._requires(table),
            version=self._text(table, whole, "version") if "version" in table else None,
            file=self._path.name,
            options=tuple(sorted(options.items())),
        )

    def _library(
        self,
        table: dict[str, Any],
        part: _Part,
        directory: PurePosixPath,
        inherited: Mapping[str, str],
        inherited_places: Places,
    ) -> LeanLib:
        name = self._name(table, part)
        part = replace(part, words=f"lean_lib {name}")
        self._check_keys(table, part, _OF_LIBRARY)
        roots = self._texts(table, part, "roots") if "roots" in table else (canonical(name) or quoted(name),)
        if isinstance(table.get("globs"), str):  # Lake takes one for a list of it
            table = {**table, "globs": [table["globs"]]}
        globs = self._texts(table, part, "globs") if "globs" in table else roots
        at = part.at("globs" if "globs" in table else "roots")
        if not globs:
            raise self._fault(at, "names no module, as its roots or globs are empty")
        options, places = self._options(table, part)
        return LeanLib(
            name=name,
            line=self._line(part),
            directory=self._directory(table, part, directory),
            roots=tuple(self._module(each, part.at("roots")) for each in roots),
            globs=tuple(self._glob(each, at) for each in globs),
            options=tuple(sorted({**inherited, **options}.items())),
            places={**inherited_places, **places},
        )

    def _by_default(
        self, table: Mapping[str, Any], part: _Part, libraries: tuple[LeanLib, ...]
    ) -> tuple[LeanLib, ...]:
        """Return the libraries, and say which of them Lake does not build unless it is asked to."""
        named = self._texts(table, part, "defaultTargets") if "defaultTargets" in table else ()
        targets: list[str] = []
        for kind in ("lean_lib", "lean_exe", "input_file", "input_dir"):
            for number, each in enumerate(self._tables(table, kind)):
                target = str(each.get("name"))
                if target in targets:
                    part = _Part(f"{kind} {target}", (kind, number))
                    raise self._fault(part, "a target of this name is there")
                targets.append(target)
        for wanted in named:
            if wanted not in targets:
                what = f"defaultTargets names {wanted!r}, which is no target; {suggestion(wanted, targets)}"
                raise self._fault(part.at("defaultTargets"), what)
        if not any(each.name in named for each in libraries):
            return libraries
        left = [each.name for each in libraries if each.name not in named]
        self._said += [f"lean_lib {name}: not among the defaultTargets" for name in left]
        return tuple(replace(each, is_default=each.name in named) for each in libraries)

    def _requires(self, table: Mapping[str, Any]) -> tuple[Requirement, ...]:
        """Return what is required, each package once."""
        found: dict[str, Requirement] = {}
        for number, each in enumerate(self._tables(table, "require")):
            part = _Part(f"require {number + 1}", ("require", number))
            asked = self._requirement(each, part)
            first = found.setdefault(asked.name, asked)
            if replace(asked, line=first.line) != first:
                what = (
                    f"it is required from elsewhere at line {first.line}, and Lake takes the last; keep one"
                )
                raise self._fault(replace(part, words=f"require {asked.name}"), what)
        return tuple(found.values())

    def _requirement(self, table: dict[str, Any], part: _Part) -> Requirement:
        name = self._name(table, part)
        part = replace(part, words=f"require {name}")
        self._check_known(table, part, _OF_REQUIREMENT)
        if table.get("options"):
            what = "options are for a lakefile that is a program, and are not followed here; remove them"
            raise self._fault(part.at("options"), what)
        sources = [key for key in ("path", "git", "source") if key in table]
        if len(sources) > 1:
            what = f"{' and '.join(sources)} name a source each, and Lake takes the first; keep that"
            raise self._fault(part.at(sources[1]), what)
        given = dict(table)
        for key in ("git", "source"):
            if isinstance(table.get(key), dict):
                within = replace(part.at(key), words=f"{part.words}, {key}")
                self._check_known(table[key], within, _OF_SOURCE[key])
                given |= {inner: table[key][inner] for inner in table[key]}
        if isinstance(table.get("source"), dict):
            kinds = {"path": ("dir", "path"), "git": ("url", "git")}
            if (kind := given.get("type")) not in kinds:
                raise self._fault(part.at("source"), f"expected type path or git, found type = {kind!r}")
            wanted, key = kinds[kind]
            given[key] = given.get(wanted, "")
        elif isinstance(table.get("git"), dict):
            given["git"] = given.get("url", "")
        elif "source" in table:
            raise self._fault(part.at("source"), f"expected a table, found source = {table['source']!r}")
        found: dict[str, str | None] = {}
        for key in ("path", "git", "rev", "version", "scope", "subDir"):
            value = found[key] = given.get(key)
            if value is not None and (not isinstance(value, str) or not value or "\0" in value):
                raise self._fault(part.at(key), f"expected a text, found {key} = {value!r}")
        if found["path"] is not None:
            for key in ("rev", "subDir"):
                if found[key] is not None:
                    what = f"{key} is of a repository, and a path is required; remove it"
                    raise self._fault(part.at(key), what)
        if found["subDir"] is not None and found["git"] is None:
            what = "subDir is of a repository, and none is named; add git, or remove it"
            raise self._fault(part.at("subDir"), what)
        return Requirement(
            name,
            self._line(part),
            path=found["path"],
            git=found["git"],
            revision=found["rev"],
            version=found["version"],
            scope=found["scope"],
            sub_directory=found["subDir"],
        )

    def _check_known(self, table: Mapping[str, Any], part: _Part, known: Iterable[str]) -> None:
        """Raise for a key that is none of these, which may be missing for that."""
        for key in table:
            if key not in known:
                raise self._fault(part.at(key), f"the key {key} is not known; {suggestion(key, known)}")

    def _name(self, table: Mapping[str, Any], part: _Part) -> str:
        if "name" in table:
            return self._text(table, part, "name")
        near = [key for key in table if suggestion(key, ["name"]).startswith("did you mean")]
        what = f"; write name for {near[0]}" if near else ""
        raise self._fault(part.at(near[0]) if near else part, f"expected a name, found none{what}")

    def _module(self, text: str, part: _Part) -> str:
        """Return a module as Lean writes it."""
        module = canonical(text)
        if module is None or "*" in text or module_path(module, ".lean") is None:
            raise self._fault(part, f"expected a module, found {text!r}")
        return module

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
                "expected a directory below the lakefile: move the sources there, or make them a package and "
                "[[require]] it"
            )
        return base / found

    def _options(self, table: Mapping[str, Any], part: _Part) -> tuple[dict[str, str], dict[str, str]]:
        """Return the options that Lean is given, be it as such or among its arguments, and where each is set.

        Raises: ProjectNotFound for a value that an option of Lean's own does not take.
        """
        given = table.get("leanOptions", {})
        within = _Part(
            f"{part.words}, leanOptions" if part.words else "leanOptions", (*part.keys, "leanOptions")
        )
        flat = self._flat(self._pairs(given, within) if isinstance(given, list) else given, within)
        options = {name: value for name, (value, _) in flat.items()}
        parts = {name: at for name, (_, at) in flat.items()}
        for key in _ARGUMENTS:
            for name, value in self._arguments(table, part.at(key), key):
                if options.setdefault(name, value) != value:
                    what = f"{key} sets {name} to {value}, which is set to {options[name]} besides"
                    raise self._fault(part.at(key), what)
                parts.setdefault(name, replace(part.at(key), words=f"{part}{key}"))
        for name, value in options.items():
            if (takes := misfit(name, value)) is not None:
                raise self._fault(parts[name], f"{name} takes {takes}, found {value!r}")
        return options, {name: f"{self._place(at)}: {at}".removesuffix(": ") for name, at in parts.items()}

    def _pairs(self, given: list[Any], part: _Part) -> dict[str, Any]:
        """Return options that are written one by one, as a name and a value each."""
        options: dict[str, Any] = {}
        for each in given:
            pair = [each.get("name"), each.get("value")] if isinstance(each, dict) else each
            name, value = pair if isinstance(pair, list) and len(pair) == 2 else (None, None)
            if not isinstance(name, str) or not name or isinstance(value, dict):
                raise self._fault(part, f"expected a name and a value, found {each!r}")
            if name in options:
                raise self._fault(part, f"{name} is set twice")
            options[name] = value
        return options

    def _arguments(self, table: Mapping[str, Any], part: _Part, key: str) -> Iterator[tuple[str, str]]:
        """Yield the options among Lean's arguments; nothing else that may stand there is followed."""
        given = list(self._texts(table, part, key)) if key in table else []
        while given:
            argument = given.pop(0)
            option = given.pop(0) if argument == "-D" and given else argument.removeprefix("-D")
            name, equals, value = option.partition("=")
            if not argument.startswith("-D") or not equals or not name:
                what = (
                    f"{key} gives Lean {argument!r}, and only options, -Dname=value, are passed on; remove it"
                )
                raise self._fault(part, what)
            yield name, value

    def _flat(self, table: Any, part: _Part) -> dict[str, tuple[str, _Part]]:
        """Flatten nested tables, as TOML reads ``linter.all = true``; each option with where it is set."""
        if not isinstance(table, dict):
            raise self._fault(part, f"expected a table of options, found {table!r}")
        options: dict[str, tuple[str, _Part]] = {}
        for name, value in table.items():
            at = part.at(name)
            if isinstance(value, dict):
                nested = self._flat(value, replace(at, words=f"{part.words}.{name}"))
                found = {
                    f"{name}.{inner}": (text, replace(place, words=part.words))
                    for inner, (text, place) in nested.items()
                }
            elif isinstance(value, bool):
                found = {name: (str(value).lower(), at)}
            elif isinstance(value, str) or (isinstance(value, int) and value >= 0):
                found = {name: (str(value), at)}
            else:
                raise self._fault(at, f"expected true, false, a number or a text, found {name} = {value!r}")
            if twice := found.keys() & options.keys():
                raise self._fault(at, f"{min(twice)} is set twice")
            options |= found
        return options

    def _tables(self, table: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
        value = table.get(key, [])
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
        return f"{self._path}:{self._line(part)}"

    def _line(self, part: _Part) -> int:
        """Return the line of a part, or of the nearest around it."""
        return next(
            self._lines[part.keys[:length]]
            for length in range(len(part.keys), -1, -1)
            if part.keys[:length] in self._lines
        )
