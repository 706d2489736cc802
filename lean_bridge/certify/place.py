"""Where a captured function's package is written: where nothing is, or over what was written there before."""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Final

from lean_bridge.audit.catalogue import CATALOGUE
from lean_bridge.audit.manifest import MANIFEST
from lean_bridge.errors import ProjectNotFound
from lean_bridge.files import decoded, put_at_once, read_below
from lean_bridge.library.scaffold import ORIGIN, needed_texts, write_package

CAPTURED: Final = "Captured from "
"""How the second paragraph of a module begins that was written from a captured function."""


def put_package(
    directory: Path, package: str, files: Mapping[str, str], *, origin: str = ORIGIN, force: bool = False
) -> bool:
    """Write a package, and return whether what it says has to be pinned: not if it stood there as it is.

    ``files`` are what it has of its own, by path: its module, its catalogue, and what nobody judges. Over
    another captured function they are written with ``force`` only, and nothing else in the directory is
    touched but the pins, which go. What a run that was cut short did not come to is written.
    Raises: ProjectNotFound where something else is in the directory, or another function's module without
    ``force``.
    """
    module = f"{package}.lean"
    standing = _text(directory, module)
    if standing is None or f"\n\n{CAPTURED}" not in standing:
        write_package(directory, package, origin, files)
        return True
    whole_package = {**needed_texts(directory, package), **files}
    found = {file: _text(directory, file) for file in whole_package}
    judged = {file: text for file in (module, CATALOGUE) if (text := found[file]) is not None}
    changed = {file: text for file, text in judged.items() if text != files[file]}
    if changed and not force:
        told = "; ".join(f"{file} {_first_change(text, files[file])}" for file, text in changed.items())
        raise ProjectNotFound(
            f"{directory}: expected what this function is written as, found otherwise: {told}; --force "
            f"writes {', '.join(files)} anew and pins what they say, or name another directory"
        )
    pinned = os.path.lexists(directory / MANIFEST)
    try:
        if force:
            (directory / MANIFEST).unlink(missing_ok=True)
        for file, text in whole_package.items():
            if (force and file in files) or found[file] is None:
                with put_at_once(directory / file) as whole:
                    whole.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ProjectNotFound(f"{directory}: cannot be written to: {error.strerror}") from error
    return force or not pinned


def _text(directory: Path, file: str) -> str | None:
    """Return what a file of a package says, if it is there. Raises: ProjectNotFound where it has no text."""
    path = directory / file
    return decoded(path, read_below(directory, path)) if os.path.lexists(path) else None


def _first_change(before: str, now: str) -> str:
    for number, (old, new) in enumerate(zip_longest(before.splitlines(), now.splitlines()), start=1):
        if old != new:
            return f"has {_line(old)} in line {number}, which would be {_line(new)}"
    return "ends otherwise"


def _line(text: str | None) -> str:
    return "nothing" if text is None else repr(text.strip()[:80])
