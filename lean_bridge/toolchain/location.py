"""Where this machine keeps what is worth keeping between runs."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import platformdirs


def cache_directory() -> Path:
    """Return the directory to keep things in: the chosen one, or another where that can only be read."""
    chosen = chosen_directory()
    if not chosen.is_dir() or os.access(chosen, os.W_OK):
        return chosen
    own = platformdirs.user_cache_path("lean-bridge")
    above = next(path for path in (own, *own.parents) if path.exists())
    if not own.is_relative_to(chosen) and above.is_dir() and os.access(above, os.W_OK):
        return own
    return _private(Path(tempfile.gettempdir()) / f"lean-bridge-{os.getuid()}") or chosen


def chosen_directory() -> Path:
    """Return the directory to read first: ``LEAN_BRIDGE_CACHE`` if set, else the user's for this package."""
    chosen = os.environ.get("LEAN_BRIDGE_CACHE")
    return Path(chosen).expanduser().absolute() if chosen else platformdirs.user_cache_path("lean-bridge")


def _private(directory: Path) -> Path | None:
    """Return a directory, made if it is not there, if it is this user's alone."""
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        found = directory.lstat()
    except OSError:
        return None
    is_own = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
    return directory if is_own else None
