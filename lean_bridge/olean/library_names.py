"""The names that Lean's own library declares, all of them, whether a judged library imports them or not."""

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
    """What each module of a library declares, by its file below the library's directory."""

    def __init__(self, modules: Mapping[str, int], names: list[Name]) -> None:
        self._modules = modules
        """How many names each has, in order."""
        self._names = names

    def declared_in(self, file: str) -> list[Name] | None:
        """Return what the module in a file declares, in its order; None if there is no such file."""
        place = self._places.get(file)
        return None if place is None else self._names[place]

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
        return _BETWEEN.join([json.dumps(self._modules), *self._names]).encode("utf-8", "surrogatepass")

    @classmethod
    def from_bytes(cls, data: bytes) -> LibraryNames:
        """Read what :meth:`to_bytes` wrote. Raises: ValueError for anything else."""
        modules, *names = data.decode("utf-8", "surrogatepass").split(_BETWEEN)
        counts: dict[str, int] = json.loads(modules)
        if sum(counts.values()) != len(names):
            raise ValueError(f"expected {sum(counts.values())} names, found {len(names)}")
        return cls(counts, names)


def read_library_names(directory: Path) -> LibraryNames:
    """Read the names out of every compiled module below a directory.

    Raises: OleanError if one cannot be read.
    """
    names = {
        path.relative_to(directory).as_posix(): read_module(path, parts="present").constant_names
        for path in sorted(directory.rglob("*.olean"))
    }
    every = [name for declared in names.values() for name in declared]
    return LibraryNames({file: len(declared) for file, declared in names.items()}, every)
