"""The package root offers what it says, and loads nothing heavy until it is asked to."""

from __future__ import annotations

import subprocess
import sys

import pytest

import lean_bridge


@pytest.mark.parametrize("name", lean_bridge.__all__)
def test_every_exported_name_exists(name: str) -> None:
    assert getattr(lean_bridge, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = lean_bridge.nothing


def test_the_command_line_starts_light() -> None:
    program = (
        "import sys, lean_bridge.cli; print([m for m in ('numpy', 'torch', 'lean_dojo') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
