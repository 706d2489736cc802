"""Reads a library's catalogue: the declarations to be judged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lean_bridge.audit.tables import parse_table
from lean_bridge.files import read_below
from lean_bridge.names import canonical
from pybind_models.catalogue import Catalogue

CATALOGUE = "catalogue.toml"


def read_catalogue(root: Path) -> Catalogue:
    """Return the catalogue of the library at ``root``.

    Raises: ProjectNotFound if there is none, or if it is not one; the message names every fault.
    """
    return parse_catalogue(root / CATALOGUE, read_below(root, root / CATALOGUE))


def parse_catalogue(path: Path, content: bytes) -> Catalogue:
    """Return the catalogue at ``path``, whose content was read. Raises: as :func:`read_catalogue`."""
    return parse_table(path, content, Catalogue, rewrite=_with_names_as_written)


def _with_names_as_written(table: dict[str, Any]) -> None:
    """Write the names of a catalogue as Lean does. Raises: ValueError for what is no name."""
    entries = table.get("declaration")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(name := entry.get("name"), str) and name:
            entry["name"] = canonical(name)
            if entry["name"] is None:
                raise ValueError(f"expected the full name of a declaration, found {name!r}")
