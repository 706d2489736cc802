"""What the cache holds, and how it is kept from growing without end."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lean_bridge.build.store import RECENT, Store
from lean_bridge.errors import NoVerdict
from lean_bridge.toolchain.install import clear_killed
from lean_bridge.toolchain.location import cache_directory, chosen_directory

LIMIT: Final = "LEAN_BRIDGE_CACHE_LIMIT"
"""The environment variable that says how many bytes may be kept."""
_MOST_BYTES: Final = 4 << 30
_SIZE: Final = re.compile(r"(\d+)\s*([KMGT]?)B?", re.IGNORECASE)
_UNITS: Final = {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}
_RECORDS: Final = ("answers", "installed", "names", "outlines")
"""Folders of records, a file each, that only save time."""


@dataclass(frozen=True, slots=True)
class Holding:
    """A folder of the cache."""

    path: Path
    files: int
    size: int
    """In bytes; a file that has several names counts once."""
    is_pruned: bool
    """Whether it is kept below the limit, and cleared; an installed Lean is not."""


def build_store() -> Store:
    """Return the store of compiled modules in the user's cache."""
    kept, given = cache_directory() / "build", chosen_directory() / "build"
    return Store(kept, given=given if given != kept else None)


def size_limit() -> int:
    """Return how many bytes may be kept: as ``LEAN_BRIDGE_CACHE_LIMIT`` says, such as ``500M``, else 4 GB.

    Raises: NoVerdict if that is no size.
    """
    said = os.environ.get(LIMIT)
    if not said:
        return _MOST_BYTES
    found = _SIZE.fullmatch(said.strip())
    if found is None:
        raise NoVerdict(
            f"{LIMIT}: expected a size such as 500M or 4G, found {said!r}; correct it or unset it"
        )
    return int(found[1]) << _UNITS[found[2].upper()]


def tidy(max_bytes: int) -> None:
    """Prune the cache, unless that was done within the hour, in which nothing that is used goes."""
    mark = cache_directory() / "build" / "pruned"
    with suppress(OSError):
        if not mark.exists() or not 0 <= time.time() - mark.stat().st_mtime < RECENT:
            mark.touch()
            prune(max_bytes)


def prune(max_bytes: int) -> int:
    """Delete what was used longest ago until at most ``max_bytes`` are kept, and return the bytes freed.

    What was used within the last hour stays, and every installed Lean.
    """
    clear_killed()
    records = (each for name in _RECORDS for each in (cache_directory() / name).glob("*"))
    return build_store().prune(max_bytes, records)


def clear() -> int:
    """Delete all that is kept but an installed Lean, and return the bytes freed.

    A build that is under way begins again, or ends without a verdict.
    """
    clear_killed()
    freed = sum(holding.size for holding in holdings() if holding.is_pruned)
    for name in ("build", *_RECORDS):
        shutil.rmtree(cache_directory() / name, ignore_errors=True)
    return freed


def holdings() -> Iterator[Holding]:
    """Yield what lies in the cache, folder by folder."""
    root = cache_directory()
    for folder in sorted(root.iterdir()) if root.is_dir() else ():
        if folder.is_symlink() or not folder.is_dir():
            continue
        sizes: dict[tuple[int, int], int] = {}
        for path in folder.rglob("*"):
            with suppress(OSError):
                found = path.lstat()
                if not path.is_dir():
                    sizes[found.st_dev, found.st_ino] = found.st_size
        is_pruned = folder.name in ("build", *_RECORDS)
        yield Holding(folder, len(sizes), sum(sizes.values()), is_pruned)
