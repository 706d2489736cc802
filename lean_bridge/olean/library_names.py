"""What Lean's own library declares, all of it, whether a judged library imports it or not."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path

from lean_bridge.olean.expr import Name
from lean_bridge.olean.module import read_module

_BETWEEN = "\0"
"""What stands in no name, and so between them."""


class LibraryNames:
    """What each module of a library declares and imports, by its file below the library's directory."""

    def __init__(
        self, modules: Mapping[str, int], names: list[Name], imports: Mapping[str, list[Name]]
    ) -> None:
        self._modules = modules
        """How many names each has, in order."""
        self._names = names
        self._imports = imports

    def declared_in(self, file: str) -> list[Name] | None:
        """Return what the module in a file declares, in its order; None if there is no such file."""
        place = self._places.get(file)
        return None if place is None else self._names[place]

    def imported_by(self, file: str) -> list[Name] | None:
        """Return which modules the one in a file imports, in order; None if there is no such file."""
        return self._imports.get(file)

    def find(self, names: Iterable[Name]) -> Mapping[Name, tuple[str, ...]]:
        """Return the files that declare each of ``names``; those that none declares are left out."""
        wanted = self._every.intersection(names)
        found: defaultdict[Name, list[str]] = defaultdict(list)
        if wanted:
            for file, place in self._places.items():
                for name in wanted.intersection(self._names[place]):
                    found[name].append(file)
        return {name: tuple(files) for name, files in found.items()}

    @cached_property
    def _places(self) -> dict[str, slice]:
        places, start = {}, 0
        for file, count in self._modules.items():
            places[file] = slice(start, start + count)
            start += count
        return places

    @cached_property
    def _every(self) -> frozenset[Name]:
        return frozenset(self._names)

    def to_bytes(self) -> bytes:
        """Return a form that :meth:`from_bytes` reads."""
        head = json.dumps([self._modules, self._imports])
        return _BETWEEN.join([head, *self._names]).encode("utf-8", "surrogatepass")

    @classmethod
    def from_bytes(cls, data: bytes) -> LibraryNames:
        """Read what :meth:`to_bytes` wrote. Raises: ValueError for anything else."""
        head, *names = data.decode("utf-8", "surrogatepass").split(_BETWEEN)
        counts: dict[str, int]
        imports: dict[str, list[Name]]
        counts, imports = json.loads(head)
        if sum(counts.values()) != len(names) or counts.keys() != imports.keys():
            raise ValueError(f"expected {sum(counts.values())} names, found {len(names)}")
        return cls(counts, names, imports)


def read_library_names(directory: Path) -> LibraryNames:
    """Read names and imports out of every compiled module below a directory.

    Raises: OleanError if one cannot be read.
    """
    counts: dict[str, int] = {}
    imports: dict[str, list[Name]] = {}
    every: list[Name] = []
    for path in sorted(directory.rglob("*.olean")):
        file, module = path.relative_to(directory).as_posix(), read_module(path, parts="present")
        counts[file] = len(module.constant_names)
        imports[file] = [line.module for line in module.imports]
        every += module.constant_names
    return LibraryNames(counts, every, imports)
