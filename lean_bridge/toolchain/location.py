"""Where this machine keeps what is worth keeping between runs."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def cache_directory() -> Path:
    """Return the cache directory: ``LEAN_BRIDGE_CACHE`` if set, else the user's cache for this package."""
    chosen = os.environ.get("LEAN_BRIDGE_CACHE")
    return Path(chosen).expanduser().absolute() if chosen else platformdirs.user_cache_path("lean-bridge")
