"""Where declarations stand in the sources, read through LeanDojo."""

from __future__ import annotations

import hashlib
import os
import tempfile
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import Name
from lean_bridge.olean.module import DeclarationRange, Module
from pybind_models.report import Source

# LeanDojo reads these once, while it is imported: with them it fetches nothing and logs in nowhere
_OFFLINE = {"DISABLE_REMOTE_CACHE": "1", "GITHUB_ACCESS_TOKEN": ""}
_ASKED = (*_OFFLINE, "CACHE_DIR")


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """A source file as it was compiled, in the place of LeanDojo's repository, which would be a clone."""

    url: str
    commit: str

    @classmethod
    def of(cls, content: bytes) -> _Snapshot:
        return cls("lean-bridge", hashlib.sha256(content).hexdigest())


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A source as it was compiled, whatever has become of the file since."""

    file: str
    """Relative to the library's root."""
    content: bytes
    moved: tuple[int, int] = (1, 0)
    """A line, and how much further to the right its declarations stood in the text that Lean was handed."""

    def place(self, found: DeclarationRange) -> DeclarationRange:
        """Return where in the source a declaration stands, given where in that text it does."""
        line, columns = self.moved
        return replace(
            found,
            column=found.column - columns * (found.line == line),
            end_column=found.end_column - columns * (found.end_line == line),
        )


def prepare() -> None:
    """Import LeanDojo, if it can be, for :func:`read_sources`, while something else is waited for."""
    _lean_dojo()


def read_sources(
    environment: Environment, files: Mapping[Name, SourceFile], names: Iterable[Name]
) -> Mapping[Name, Source]:
    """Return file, position and text of declarations, given the sources of the modules by name.

    A declaration is left out where its compiled module has no position for it or its source is not there.
    Importing LeanDojo takes about a second; nothing is imported where there is nothing to read. Where it
    cannot be imported (there is none for Python 3.13, and it wants git) the same is read without it.
    """
    wanted: list[tuple[Name, SourceFile, DeclarationRange]] = []
    for name in names:
        module = environment.module_of(name)
        if module is None or environment.is_library(module):
            continue
        found = environment.module(module).declaration_ranges.get(name)
        if found and module in files:
            wanted.append((name, files[module], files[module].place(found)))
    return _read(wanted) if wanted else {}


def place_of(environment: Environment, files: Mapping[Name, str], name: Name) -> str | None:
    """Return ``file:line`` of a declaration, given the files of modules by name, if it has one."""
    module = environment.module_of(name)
    if module is None or module not in files:
        return None
    found = environment.module(module).declaration_ranges.get(name)
    return f"{files[module]}:{found.line}" if found else None


def _read(wanted: Sequence[tuple[Name, SourceFile, DeclarationRange]]) -> dict[Name, Source]:
    lean_dojo = _lean_dojo()
    return _read_without(wanted) if lean_dojo is None else _read_with(lean_dojo, wanted)


def _read_with(
    lean_dojo: Any, wanted: Iterable[tuple[Name, SourceFile, DeclarationRange]]
) -> dict[Name, Source]:
    sources: dict[Name, Source] = {}
    with tempfile.TemporaryDirectory() as directory, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it leaves the files open
        root = Path(directory)
        files: dict[Path, Any] = {}
        for name, source, found in wanted:
            path = Path(source.file)
            if path not in files:
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_bytes(_with_plain_lines(source.content))
                files[path] = lean_dojo.LeanFile(root, path)
            # LeanDojo counts columns from 1, Lean from 0
            start = lean_dojo.Pos(found.line, found.column + 1)
            end = lean_dojo.Pos(found.end_line, found.end_column + 1)
            text = files[path][start:end]
            theorem = lean_dojo.Theorem(_Snapshot.of(source.content), path, name)
            sources[name] = Source(
                file=path.as_posix(), line=start.line_nb, column=start.column_nb, text=text, uid=theorem.uid
            )
    return sources


def _read_without(wanted: Iterable[tuple[Name, SourceFile, DeclarationRange]]) -> dict[Name, Source]:
    """Return what LeanDojo would have told."""
    texts: dict[str, _Text] = {}
    sources: dict[Name, Source] = {}
    for name, source, found in wanted:
        if source.file not in texts:
            texts[source.file] = _Text.of(source)
        sources[name] = texts[source.file].source(name, found)
    return sources


def read_module_sources(module: Module, source: SourceFile, names: Iterable[Name]) -> dict[Name, Source]:
    """Return where declarations of one module stand, those of which its compiled file has the place."""
    text, places = _Text.of(source), module.declaration_ranges
    return {name: text.source(name, source.place(places[name])) for name in names if name in places}


@dataclass(frozen=True, slots=True)
class _Text:
    """A source file by its lines."""

    file: str
    lines: Sequence[str]
    snapshot: _Snapshot

    @classmethod
    def of(cls, source: SourceFile) -> _Text:
        lines = _with_plain_lines(source.content).decode().split("\n")
        return cls(source.file, lines, _Snapshot.of(source.content))

    def source(self, name: Name, found: DeclarationRange) -> Source:
        lines = list(self.lines[found.line - 1 : found.end_line])
        lines[-1] = lines[-1][: found.end_column]
        lines[0] = lines[0][found.column :]
        parts = (self.snapshot.url, self.snapshot.commit, self.file, name)
        url, *others = (part.replace("/", "_").replace(":", "_") for part in parts)
        return Source(
            file=self.file,
            line=found.line,
            column=found.column + 1,
            text="\n".join(lines),
            uid=f"{url}@{':'.join(others)}",
        )


def _with_plain_lines(content: bytes) -> bytes:
    """Return a source whose lines end in one way: Lean reads both as one, and LeanDojo refuses the other."""
    return content.replace(b"\r\n", b"\n")


@cache
def _lean_dojo() -> Any | None:
    """Import LeanDojo, or return ``None`` where that fails: importing it runs git and more.

    It reads a ``.env``, makes a directory in the user's home and asks who the user is: it is told not to, and
    what it adds to the environment variables is taken away. The others are not touched.
    """
    before = dict(os.environ)
    with tempfile.TemporaryDirectory() as directory, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        os.environ.update(_OFFLINE, CACHE_DIR=directory)
        try:
            import lean_dojo
            from loguru import logger

            logger.disable("lean_dojo")
        except (Exception, SystemExit):  # noqa: BLE001 - whatever keeps it from loading costs no verdict
            return None
        finally:
            for name in os.environ.keys() - before.keys():
                del os.environ[name]
            os.environ.update({name: before[name] for name in _ASKED if name in before})
    return lean_dojo
