"""Fixtures that more than one folder of tests needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from lean_bridge.project import open_project
from lean_bridge.toolchain.find import find_embedded
from lean_bridge.toolchain.provider import Provider
from lean_bridge.verify import extract
from pybind_models import DGraph


@pytest.fixture(scope="session")
def embedded() -> Provider:
    """The embedded Lean of the user's cache, installed there first if need be."""
    return find_embedded(install=True)


@pytest.fixture(scope="session")
def library_graphs(embedded: Provider) -> dict[str, DGraph]:
    """Every graph of the library's catalogue as extracted, by the end of its name."""
    assert embedded.library.is_dir()
    project = open_project(Path(__file__).parents[1])
    environment = project.environment()
    names = [entry.name for entry in project.catalogue.graphs]
    return {name.rpartition(".")[2]: extract(environment, name) for name in names}
