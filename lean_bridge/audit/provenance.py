"""Where declarations stand in the sources, read through LeanDojo."""

from __future__ import annotations

import hashlib
import os
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lean_bridge.errors import NoVerdict
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import Name
from lean_bridge.olean.module import DeclarationRange
from pybind_models.report import Source

# LeanDojo reads these once, while it is imported: with them it fetches nothing and logs in nowhere
_OFFLINE = {"DISABLE_REMOTE_CACHE": "1", "GITHUB_ACCESS_TOKEN": ""}


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
    is_module: bool = True
    """Whether it begins with ``module``."""


def read_sources(
    environment: Environment, files: Mapping[Name, SourceFile], names: Iterable[Name]
) -> Mapping[Name, Source]:
    """Return file, position and text of declarations, given the sources of the modules by name.

    A declaration is left out where its compiled module has no position for it or its source is not there.
    Importing LeanDojo takes about a second; nothing is imported where there is nothing to read.

    Raises: NoVerdict if LeanDojo cannot be imported, for want of git for example.
    """
    wanted: list[tuple[Name, SourceFile, DeclarationRange]] = []
    for name in names:
        module = environment.module_of(name)
        if module is None or environment.is_library(module):
            continue
        found = environment.module(module).declaration_ranges.get(name)
        if found and module in files:
            wanted.append((name, files[module], found))
    return _read(wanted) if wanted else {}


def _read(wanted: Iterable[tuple[Name, SourceFile, DeclarationRange]]) -> dict[Name, Source]:
    sources: dict[Name, Source] = {}
    with _quiet_and_offline(), tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        try:
            from lean_dojo import LeanFile, Pos, Theorem
            from loguru import logger
        except Exception as error:  # importing it runs git and more
            raise NoVerdict(
                f"lean-dojo cannot be imported: {error}; `lean-bridge doctor` says why"
            ) from error
        logger.disable("lean_dojo")
        files: dict[Path, LeanFile] = {}
        for name, source, found in wanted:
            path = Path(source.file)
            if path not in files:
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                # Lean reads both ends of a line as one, and LeanDojo refuses the other
                (root / path).write_bytes(source.content.replace(b"\r\n", b"\n"))
                files[path] = LeanFile(root, path)
            # LeanDojo counts columns from 1, Lean from 0
            start, end = Pos(found.line, found.column + 1), Pos(found.end_line, found.end_column + 1)
            text = files[path][start:end]
            theorem = Theorem(_Snapshot.of(source.content), path, name)
            sources[name] = Source(
                file=path.as_posix(), line=start.line_nb, column=start.column_nb, text=text, uid=theorem.uid
            )
    return sources


@contextmanager
def _quiet_and_offline() -> Iterator[None]:
    """Keep LeanDojo from the network, from the user's token, and from changing the environment variables."""
    saved = dict(os.environ)
    os.environ.update(_OFFLINE)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        os.environ.clear()
        os.environ.update(saved)
