"""A cache that can only be read, as one baked into an image, is read; what is made is kept elsewhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lean_bridge.toolchain.provider import Provider

pytestmark = pytest.mark.lean

PROGRAM = """
import os, sys, tempfile
from pathlib import Path
from lean_bridge.toolchain.find import find_embedded
from lean_bridge.toolchain.location import cache_directory, chosen_directory
found = find_embedded(install=False).directory
print(found.is_relative_to(chosen_directory()), cache_directory())
"""


@pytest.mark.parametrize("home", ["home", "none"])
def test_what_can_only_be_read_is_read_and_the_rest_goes_elsewhere(
    embedded: Provider, tmp_path: Path, home: str
) -> None:
    cache = Path(embedded.info.location).parents[1]
    (tmp_path / "home").mkdir()
    (tmp_path / "temporary").mkdir()
    (tmp_path / "none").touch()
    script = (
        f'mount --bind "{cache}" "{cache}" && mount -o remount,ro,bind "{cache}" || exit 77; '
        f'export LEAN_BRIDGE_CACHE="{cache}" HOME="{tmp_path}/{home}" TMPDIR="{tmp_path}/temporary"; '
        f"unset XDG_CACHE_HOME; exec {sys.executable} -c '{PROGRAM}'"
    )
    found = subprocess.run(
        ["unshare", "-m", "bash", "-c", script], capture_output=True, text=True, check=False, timeout=100
    )
    if found.returncode != 0 and not found.stdout and "Traceback" not in found.stderr:
        pytest.skip("nothing can be mounted here")
    written = tmp_path / "home" / ".cache" / "lean-bridge" if home == "home" else tmp_path / "temporary"
    is_read, place = found.stdout.split()
    assert is_read == "True", found.stderr
    assert Path(place).is_relative_to(written)
