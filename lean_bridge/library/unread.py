"""The Lean sources of a project that nothing of it compiles: easily taken for judged, and never looked at."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from lean_bridge.audit.stumbles import Unread
from lean_bridge.build.declared import LAKEFILE, PROGRAM, Lakefile
from lean_bridge.build.scan import name_components, scan_declarations

_MOST: Final = 10_000
"""Directories that are looked through."""


def unread_sources(root: Path, lakefile: Lakefile, read: Collection[str]) -> Unread:
    """Return the sources below ``root``, where a lakefile lies, that are not among those ``read``.

    What is hidden, and what is of another project below, is passed over.
    """
    files = tuple(sorted(each for each in _below(root) if each not in read))

    def declaring(name: str) -> list[str]:
        wanted = name_components(name)
        return [file for file in files if _declares(root / file, wanted)]

    owned = {file: why for file in files if (why := _why_not_built(PurePosixPath(file), lakefile))}
    return Unread(files, declaring, owned)


def _why_not_built(file: PurePosixPath, lakefile: Lakefile) -> str | None:
    """Return why a library of the lakefile that could have a source does not, if one could."""
    for library in lakefile.libraries_with(file):
        if not library.is_default:
            return (
                f"it is of lean_lib {library.name}, which is no default target; name {library.name} in "
                "`defaultTargets`, or import it from one that is"
            )
        return (
            f"no glob of lean_lib {library.name} names it, and nothing imports it; name it in its "
            "`globs`, or import it"
        )
    return None


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
