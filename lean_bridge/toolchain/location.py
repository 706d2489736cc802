"""Where this machine keeps what is worth keeping between runs."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from lean_bridge.files import user_directory


def cache_directory() -> Path:
    """Return the directory to keep things in: the chosen one, or another where nothing can be written there.

    That is the user's own, or else one of this user's in the system's temporary directory.
    """
    chosen, own = chosen_directory(), user_directory("cache")
    if _can_be_written(chosen) or (_is_named() and not _above(chosen).is_dir()):  # a mistake, to be said
        return chosen
    return own if _can_be_written(own) else private_directory(_temporary()) or chosen


def chosen_directory() -> Path:
    """Return the directory to read first: ``LEAN_BRIDGE_CACHE`` if set, else the user's for this package."""
    if _is_named():
        named = Path(os.path.expanduser(os.environ["LEAN_BRIDGE_CACHE"]))  # noqa: PTH111 - never raises
        return named if named.parts[0].startswith("~") else named.absolute()
    return user_directory("cache")


def where_kept(*parts: str) -> Path:
    """Return where to read something: the place to keep it, or the chosen directory if it is only there."""
    kept, given = cache_directory().joinpath(*parts), chosen_directory().joinpath(*parts)
    return given if not os.path.lexists(kept) and os.path.lexists(given) else kept


def is_temporary() -> bool:
    """Whether things are kept where the system may remove them at any time, for want of another place."""
    return cache_directory() != chosen_directory() and cache_directory() == _temporary()


def _is_named() -> bool:
    return bool(os.environ.get("LEAN_BRIDGE_CACHE"))


def _can_be_written(directory: Path) -> bool:
    """Whether a directory can be written, or be made; one below a home that nobody knows cannot."""
    above = _above(directory)
    return directory.is_absolute() and above.is_dir() and os.access(above, os.W_OK | os.X_OK)


def _above(directory: Path) -> Path:
    """Return the directory, or what there is of the way to it."""
    way = (directory, *directory.parents)
    return next((path for path in way if os.path.lexists(path)), way[-1])


def _temporary() -> Path:
    return Path(tempfile.gettempdir()) / f"lean-bridge-{os.getuid()}"


def private_directory(directory: Path) -> Path | None:
    """Return a directory, made if it is not there, if it is this user's alone."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = directory.lstat()
    except OSError:
        return None
    is_own = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
    return directory if is_own else None
