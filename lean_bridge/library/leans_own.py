"""What the library that comes with a Lean declares and imports, read out of its files once per Lean."""

from __future__ import annotations

from contextlib import suppress

from lean_bridge.olean.library_names import LibraryNames, read_library_names
from lean_bridge.sealed import user_seal
from lean_bridge.toolchain.location import cache_directory, where_kept
from lean_bridge.toolchain.provider import Provider


def library_names(provider: Provider, *, fresh: bool = False) -> LibraryNames:
    """Return what Lean's own library declares and imports; kept under the user's seal: reading it takes long.

    With ``fresh`` what is kept is not read.
    Raises: OleanError if one of its modules cannot be read.
    """
    identity = provider.info.identity
    context = f"what the modules of Lean's own library declare and import, {identity}"
    seal = user_seal()
    kept = None if fresh else seal.kept(where_kept("names", identity), context)
    if kept is not None:
        with suppress(ValueError):
            return LibraryNames.from_bytes(kept)
    names = read_library_names(provider.library)
    seal.keep(cache_directory() / "names" / identity, context, names.to_bytes())
    return names
