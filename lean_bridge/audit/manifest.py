"""Reads and writes a library's manifest: what its declarations said when somebody last read them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lean_bridge.errors import ProjectNotFound
from lean_bridge.files import check_below, put_at_once, read_below
from lean_bridge.names import canonical

if TYPE_CHECKING:
    from pybind_models.manifest import Manifest

MANIFEST = "certified.toml"

_HEAD = """\
# What this library's theorems and graphs say, pinned. Written by `lean-bridge pin`; read what changed before
# you commit it.
#   statement    the type, written to be read: universes and implicit arguments are left out
#   axioms       what its proof may rest on
#   hash         of the elaborated statement, or of a definition with its body, down through the definitions
#                of this library; binder names and proofs do not count
#   own          what it is made of that is not the tool's vocabulary but the library's own
#   graph        of the graph that was extracted
#   definitions  every declaration of this library that is pinned or stands underneath, each by the hash of
#                what it says itself
#   words        what they say, written to be read; ⟨…⟩ behind a notation is what it stands for, if not Lean's

"""


def read_manifest(root: Path) -> Manifest | None:
    """Return the manifest of the library at ``root``, or ``None`` if it has none.

    Raises: ProjectNotFound if there is one that cannot be read; the message names every fault.
    """
    path = root / MANIFEST
    return parse_manifest(path, read_below(root, path)) if os.path.lexists(path) else None


def parse_manifest(path: Path, content: bytes) -> Manifest:
    """Return the manifest at ``path``, whose content was read. Raises: as :func:`read_manifest`."""
    from lean_bridge.audit.tables import parse_table
    from pybind_models.manifest import Manifest

    return parse_table(path, content, Manifest, rewrite=_with_names_as_written)


def _with_names_as_written(table: dict[str, Any]) -> None:
    """Write the names of a manifest as Lean does: another version may have put other ones in ``«»``.

    Raises: ValueError where two spellings of one name say two things.
    """
    entries = table.get("declaration")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(name := entry.get("name"), str):
            entry["name"] = canonical(name) or name
    for key in ("definitions", "words"):
        if isinstance(named := table.get(key), dict):
            written: dict[str, str] = {}
            for name in named:
                earlier = written.setdefault(canonical(name) or name, name)
                if earlier != name:
                    raise ValueError(
                        f"[{key}] has one name twice, as {earlier!r} and as {name!r}; leave one out"
                    )
            table[key] = {name: named[spelling] for name, spelling in written.items()}


def write_manifest(root: Path, manifest: Manifest) -> None:
    """Write the manifest of the library at ``root``: one block for each declaration, sorted.

    Raises: ProjectNotFound if it cannot be written there.
    """
    import tomli_w

    path = root / MANIFEST
    text = tomli_w.dumps(manifest.model_dump(mode="json", by_alias=True, exclude_none=True))
    check_below(root, path)
    try:
        with put_at_once(path) as whole:
            whole.write_text(_HEAD + text, encoding="utf-8")
    except OSError as error:
        raise ProjectNotFound(f"{path}: cannot be written: {error.strerror}") from error
