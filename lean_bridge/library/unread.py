"""The Lean sources of a project that nothing of it compiles: easily taken for judged, and never looked at."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from lean_bridge.audit.stumbles import Unread
from lean_bridge.build.lakefile import LAKEFILE, PROGRAM
from lean_bridge.build.scan import name_components, scan_declarations

_MOST: Final = 10_000
"""Directories that are looked through."""


def unread_sources(root: Path, read: Collection[str]) -> Unread:
    """Return the sources below ``root`` that are not among those ``read``.

    What is hidden, and what is of another project below, is passed over.
    """
    files = tuple(sorted(each for each in _below(root) if each not in read))

    def declaring(name: str) -> list[str]:
        wanted = name_components(name)
        return [file for file in files if _declares(root / file, wanted)]

    return Unread(files, declaring)


def _below(root: Path) -> Iterator[str]:
    for number, (directory, below, names) in enumerate(os.walk(root)):
        is_other = Path(directory) != root and (LAKEFILE in names or PROGRAM in names)
        below[:] = [] if is_other or number >= _MOST else [each for each in below if not each.startswith(".")]
        for name in names if not is_other else ():
            if name.endswith(".lean") and not name.startswith(".") and name != PROGRAM:
                yield Path(directory, name).relative_to(root).as_posix()


def _declares(path: Path, wanted: tuple[str, ...]) -> bool:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False
    return bool(wanted) and any(
        each.name[-len(wanted) :] == wanted for each in scan_declarations(text).declared
    )
