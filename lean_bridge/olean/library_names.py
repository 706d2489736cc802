"""The names that Lean's own library declares, all of them, whether a judged library imports them or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lean_bridge.olean.expr import Name
from lean_bridge.olean.module import read_module

_DIGEST = 8
_ENTRY = np.dtype([("digest", "<u8"), ("module", "<u4")])


@dataclass(frozen=True, slots=True)
class LibraryNames:
    """Which modules of a library declare a name, by its digest; whoever asks looks into the module itself.

    A name that is declared is always found; one that is not might be too, by an accident of digests.
    """

    modules: tuple[str, ...]
    """The files, as paths below the library's directory."""
    entries: npt.NDArray[np.void]
    """Digests of names in order, each with the place of its module."""

    def find(self, names: Iterable[Name]) -> Mapping[Name, tuple[str, ...]]:
        """Return the files that may declare each of ``names``; those that none declares are left out."""
        known = list(names)
        digests = _digests(known)
        held = self.entries["digest"]
        first, last = np.searchsorted(held, digests, "left"), np.searchsorted(held, digests, "right")
        return {
            known[index]: tuple(self.modules[at] for at in self.entries["module"][first[index] : last[index]])
            for index in np.flatnonzero(last > first)
        }

    def to_bytes(self) -> bytes:
        """Return a form that :meth:`from_bytes` reads."""
        return "\n".join(self.modules).encode() + b"\0" + self.entries.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> LibraryNames:
        """Read what :meth:`to_bytes` wrote. Raises: ValueError for anything else."""
        modules, _, entries = data.partition(b"\0")
        return cls(tuple(modules.decode().split("\n")), np.frombuffer(entries, _ENTRY))


def read_library_names(directory: Path) -> LibraryNames:
    """Read the names out of every compiled module below a directory.

    Raises: OleanError if one cannot be read.
    """
    paths = sorted(path for path in directory.rglob("*.olean"))
    digests = [_digests(read_module(path, parts="present").constant_names) for path in paths]
    entries = np.empty(sum(map(len, digests)), _ENTRY)
    if digests:
        entries["digest"] = np.concatenate(digests)
        entries["module"] = np.repeat(np.arange(len(digests)), [len(each) for each in digests])
    entries.sort(order=["digest", "module"])
    return LibraryNames(tuple(path.relative_to(directory).as_posix() for path in paths), entries)


def _digests(names: Iterable[Name]) -> npt.NDArray[np.uint64]:
    found = b"".join(
        blake2b(name.encode("utf-8", "surrogatepass"), digest_size=_DIGEST).digest() for name in names
    )
    return np.frombuffer(found, "<u8").astype(np.uint64)
