"""Fixtures that more than one folder of tests needs."""

from __future__ import annotations

import pytest

from lean_bridge.toolchain.find import find_embedded
from lean_bridge.toolchain.provider import Provider


@pytest.fixture(scope="session")
def embedded() -> Provider:
    """The embedded Lean of the user's cache, installed there first if need be."""
    return find_embedded(install=True)
