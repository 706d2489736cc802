"""Notices that a library was edited: by what the system says, and by looking itself every few seconds."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from lean_bridge.audit.catalogue import CATALOGUE
from lean_bridge.audit.manifest import MANIFEST
from lean_bridge.build.declared import LAKEFILE, PROGRAM
from lean_bridge.build.lake_manifest import LAKE_MANIFEST, OVERRIDES
from lean_bridge.build.lakefile import read_lakefile
from lean_bridge.build.packages import SHIPPED, required_packages
from lean_bridge.errors import LeanBridgeError
from lean_bridge.files import read_file
from lean_bridge.library.discovery import TOOLCHAIN

_FILES: Final = (LAKEFILE, PROGRAM, TOOLCHAIN, CATALOGUE, MANIFEST, LAKE_MANIFEST, Path(OVERRIDES).name)
_SOURCE: Final = ".lean"
_LOOKS_EVERY: Final = 2.0
"""Seconds, where the system tells of changes; not all file systems do, nor for a folder put back."""
_POLLS_EVERY: Final = 0.5
"""Seconds, where it does not."""
_SETTLED: Final = 200
"""Milliseconds without a change after which one is told: an editor writes a file in several steps."""


def watch(root: Path, stop: threading.Event, is_other: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Yield once, then each time that something may have changed which a judgement rests on.

    Packages that the library requires from a path are watched with it; not those that Lake fetched.
    That is where the system tells of a change, whatever the file looks like from outside, and where a look
    finds another stamp; whether there is another content is for the caller to see. Whether something
    ``is_other`` beside the library is asked now and then.
    """
    before, places = _stamps(root), _places(root)
    yield
    for is_told in _wakes(root, places, stop):
        now = _stamps(root)
        if is_told or now != before or is_other():
            before = now
            yield


def fingerprint(root: Path) -> str:
    """Return a digest of all that a judgement of the library may rest on, as far as it can be read."""
    digest = hashlib.sha256()
    for path in _watched(root):
        digest.update(os.fsencode(path))
        with suppress(LeanBridgeError):
            digest.update(hashlib.sha256(read_file(path, follows_links=True)).digest())
    return digest.hexdigest()


def _wakes(root: Path, places: tuple[Path, ...], stop: threading.Event) -> Iterator[bool]:
    """Yield soon after each change in ``places``, and now and then besides, until it is to ``stop``.

    What is yielded is whether the system told of a change.
    """
    while not stop.is_set():
        with suppress(OSError, RuntimeError, ImportError):  # no folder, no room for watches, no such package
            from watchfiles import watch as changes

            for told in changes(
                *places,
                watch_filter=lambda _, path: _matters(Path(path)),
                stop_event=stop,
                debounce=4 * _SETTLED,
                step=_SETTLED,
                rust_timeout=int(1000 * _LOOKS_EVERY),
                yield_on_timeout=True,
                raise_interrupt=False,
                ignore_permission_denied=True,
            ):
                yield bool(told)
                if not root.is_dir() or (told and _places(root) != places):
                    break  # and watch the one that is put in its place, and what is required now
        places = _places(root)
        if not stop.wait(_POLLS_EVERY):
            yield False


def _matters(path: Path) -> bool:
    return path.suffix == _SOURCE or path.name in _FILES


def _places(root: Path) -> tuple[Path, ...]:
    """Return the directories that hold a library and the packages that it requires from a path."""
    try:
        packages = required_packages(root, read_lakefile(root))
    except LeanBridgeError:
        return (root,)
    beside = {each.root for each in packages if each.root.is_dir() and each.root not in SHIPPED}
    return (root, *sorted(each for each in beside if not each.is_relative_to(root)))


def _watched(root: Path) -> Iterator[Path]:
    for place in _places(root):
        for folder, folders, files in os.walk(place):
            folders[:] = sorted(each for each in folders if not each.startswith("."))
            yield from (path for name in sorted(files) if _matters(path := Path(folder, name)))
    if os.path.lexists(root / OVERRIDES):
        yield root / OVERRIDES


def stamp(path: Path) -> tuple[int, int, int, int] | None:
    """Return what of a file is other once it was written; nothing of one that is not there.

    Its mode and its links change the last of the numbers too: nobody can set that.
    """
    try:
        at = path.stat()
    except OSError:
        return None
    return at.st_mtime_ns, at.st_size, at.st_ino, at.st_ctime_ns


def _stamps(root: Path) -> dict[Path, tuple[int, int, int, int] | None]:
    return {path: stamp(path) for path in _watched(root)}
