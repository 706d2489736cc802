"""Reads a library's catalogue: the declarations to be judged."""

from __future__ import annotations

from pathlib import Path

from lean_bridge.audit.tables import read_table
from pybind_models.catalogue import Catalogue

CATALOGUE = "catalogue.toml"


def read_catalogue(root: Path) -> Catalogue:
    """Return the catalogue of the library at ``root``.

    Raises: ProjectNotFound if there is none, or if it is not one; the message names every fault.
    """
    return read_table(root / CATALOGUE, Catalogue)
