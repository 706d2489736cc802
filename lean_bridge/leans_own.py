"""What the library that comes with a Lean declares, read out of its compiled files once per Lean."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from lean_bridge.olean.library_names import LibraryNames, read_library_names
from lean_bridge.sealed import user_seal
from lean_bridge.toolchain.location import cache_directory
from lean_bridge.toolchain.provider import Provider


def library_names(provider: Provider) -> LibraryNames:
    """Return the names of Lean's own library; kept under the user's seal, as reading them takes a second.

    Raises: OleanError if one of its modules cannot be read.
    """
    identity = provider.info.identity
    context = f"what the modules of Lean's own library declare, {identity}"
    path = cache_directory() / "names" / identity
    seal = user_seal()
    try:
        kept = seal.open(path.read_bytes(), context)
    except OSError:
        kept = None
    if kept is not None:
        with suppress(ValueError):
            return LibraryNames.from_bytes(kept)
    names = read_library_names(provider.library)
    record = seal.close(names.to_bytes(), context)
    if record is not None:
        _keep(path, record)
    return names


def _keep(path: Path, record: bytes) -> None:
    """Write a record; readers see it whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, scratch = tempfile.mkstemp(dir=path.parent, prefix=".names-")
    with os.fdopen(descriptor, "wb") as file:
        file.write(record)
    Path(scratch).replace(path)
