"""What Lean's own library declares, all of it, whether a judged library imports it or not."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from lean_bridge.olean.expr import Name
from lean_bridge.olean.module import read_module

_BETWEEN = b"\0"
"""What stands in no name, and so between them."""


class LibraryNames:
    """What each module of a library declares and imports, by its file below the library's directory.

    Names are kept as bytes until a module is asked for: of most modules nobody does.
    """

    def __init__(self, names: Mapping[str, bytes], imports: Mapping[str, list[Name]]) -> None:
        self._names = names
        """Of each module, in order, with what stands between."""
        self._imports = imports

    def declared_in(self, file: str) -> list[Name] | None:
        """Return what the module in a file declares, in its order; None if there is no such file."""
        joined = self._names.get(file)
        return None if joined is None else [_decoded(name) for name in _split(joined)]

    def imported_by(self, file: str) -> list[Name] | None:
        """Return which modules the one in a file imports, in order; None if there is no such file."""
        return self._imports.get(file)

    def find(self, names: Iterable[Name]) -> Mapping[Name, tuple[str, ...]]:
        """Return the files that declare each of ``names``; those that none declares are left out."""
        wanted = {_encoded(name) for name in names}
        found: defaultdict[Name, list[str]] = defaultdict(list)
        for file, joined in self._names.items():
            for name in wanted.intersection(_split(joined)):
                found[_decoded(name)].append(file)
        return {name: tuple(files) for name, files in found.items()}

    def to_bytes(self) -> bytes:
        """Return a form that :meth:`from_bytes` reads."""
        head = json.dumps([{file: len(joined) for file, joined in self._names.items()}, self._imports])
        return head.encode() + _BETWEEN + b"".join(self._names.values())

    @classmethod
    def from_bytes(cls, data: bytes) -> LibraryNames:
        """Read what :meth:`to_bytes` wrote. Raises: ValueError for anything else."""
        head, _, joined = data.partition(_BETWEEN)
        sizes: dict[str, int]
        imports: dict[str, list[Name]]
        sizes, imports = json.loads(head)
        if sum(sizes.values()) != len(joined) or sizes.keys() != imports.keys():
            raise ValueError(f"expected {sum(sizes.values())} bytes of names, found {len(joined)}")
        names, at = {}, 0
        for file, size in sizes.items():
            names[file] = joined[at : at + size]
            at += size
        return cls(names, imports)


def _encoded(name: Name) -> bytes:
    return name.encode("utf-8", "surrogatepass")


def _decoded(name: bytes) -> Name:
    return name.decode("utf-8", "surrogatepass")


def _split(joined: bytes) -> list[bytes]:
    return joined.split(_BETWEEN) if joined else []


def read_library_names(directory: Path) -> LibraryNames:
    """Read names and imports out of every compiled module below a directory.

    Raises: OleanError if one cannot be read.
    """
    names: dict[str, bytes] = {}
    imports: dict[str, list[Name]] = {}
    for path in sorted(directory.rglob("*.olean")):
        file, module = path.relative_to(directory).as_posix(), read_module(path, parts="present")
        names[file] = _BETWEEN.join(map(_encoded, module.constant_names))
        imports[file] = [line.module for line in module.imports]
    return LibraryNames(names, imports)
