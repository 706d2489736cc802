"""A cache that can only be read, as one baked into an image, is read; what is made is kept elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lean_bridge.toolchain.provider import Provider
from tests.tiers import one_in

pytestmark = [pytest.mark.lean, pytest.mark.own_lean]

FIND = """
from lean_bridge.toolchain.find import find_embedded
from lean_bridge.toolchain.location import cache_directory, chosen_directory
found = find_embedded(install=False).directory
print(found.is_relative_to(chosen_directory()), cache_directory())
"""

BUILD = """
import sys
from pathlib import Path
from lean_bridge.build.build import build_library
from lean_bridge.toolchain.embedded import EmbeddedProvider
report, tree = build_library(Path(sys.argv[1]), EmbeddedProvider(Path(sys.argv[2])))
print(*(module.state for module in report.modules), report.lean_processes, tree)
"""


def run_confined(script: str, read_only: Path, *words: str, home: Path, temporary: Path) -> list[str]:
    """Run a program where a directory, the chosen cache, can only be read; skip where that cannot be had."""
    temporary.mkdir(exist_ok=True)
    prepare = (
        f'mount --bind "{read_only}" "{read_only}" && mount -o remount,ro,bind "{read_only}" || exit 77; '
        f'export LEAN_BRIDGE_CACHE="{read_only}" HOME="{home}" TMPDIR="{temporary}"; '
        'unset XDG_CACHE_HOME; exec "$@"'
    )
    command = ["unshare", "-m", "bash", "-c", prepare, "bash", sys.executable, "-c", script, *words]
    found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    if found.returncode != 0 and not found.stdout and "Traceback" not in found.stderr:
        pytest.skip("nothing can be mounted here")
    assert found.returncode == 0, found.stderr
    return found.stdout.split()


@pytest.fixture(params=one_in(2, ["home", "none"]))
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A home directory, or a file where one should be."""
    (tmp_path / "home").mkdir()
    (tmp_path / "none").touch()
    return tmp_path / str(request.param)


def kept_below(home: Path) -> Path:
    return home / ".cache" / "lean-bridge" if home.is_dir() else home.parent / "temporary"


def test_what_can_only_be_read_is_read_and_the_rest_goes_elsewhere(embedded: Provider, home: Path) -> None:
    cache = Path(embedded.info.location).parents[1]
    is_read, place = run_confined(FIND, cache, home=home, temporary=home.parent / "temporary")
    assert is_read == "True"
    assert Path(place).is_relative_to(kept_below(home))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (root / "lakefile.toml").write_text('name = "A"\n[[lean_lib]]\nname = "A"\n')
    (root / "A.lean").write_text("module\npublic def a : Nat := 1\n")
    return root


def test_compiled_modules_that_can_only_be_read_are_not_made_again(
    embedded: Provider, project: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, words = home.parent / "cache", (str(project), embedded.info.location)
    cache.mkdir()
    monkeypatch.setenv("LEAN_BRIDGE_CACHE", str(cache))
    monkeypatch.setenv("XDG_DATA_HOME", str(home.parent / "data"))  # the seal's key
    made = subprocess.run(
        [sys.executable, "-c", BUILD, *words], capture_output=True, text=True, check=True
    ).stdout.split()
    assert made[:2] == ["built", "1"]
    state, processes, tree = run_confined(
        BUILD, cache, *words, home=home, temporary=home.parent / "temporary"
    )
    assert (state, processes) == ("cached", "0")
    assert Path(tree).is_relative_to(kept_below(home))
    assert (Path(tree) / "A.olean").read_bytes() == (Path(made[2]) / "A.olean").read_bytes()
    # what the source says now is not there, and is made where it can be
    (project / "A.lean").write_text("module\npublic def a : Nat := 2\n")
    again = [run_confined(BUILD, cache, *words, home=home, temporary=home.parent / "temporary")[0]]
    again += run_confined(BUILD, cache, *words, home=home, temporary=home.parent / "temporary")[:1]
    assert again == ["built", "cached"]


def test_without_home_and_cache_a_temporary_place_serves(
    embedded: Provider, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LEAN_BRIDGE_CACHE", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "temporary").mkdir()
    (tmp_path / "none").touch()
    monkeypatch.setenv("HOME", str(tmp_path / "none"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    made = subprocess.run(
        [sys.executable, "-c", BUILD, str(project), embedded.info.location],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert made[:2] == ["built", "1"]
    assert Path(made[2]).is_relative_to(tmp_path / "temporary")
    told = subprocess.run(
        [sys.executable, "-m", "lean_bridge", "list", "--shipped"], capture_output=True, text=True, check=True
    )
    (line,) = told.stderr.splitlines()
    assert "nothing can be kept there, nor at home; it is in " in line
    assert line.endswith("until the system clears that; set LEAN_BRIDGE_CACHE")


@pytest.mark.parametrize("cache", [None, "~/cache"])
def test_a_user_whom_nobody_knows_has_a_place_and_leaves_nothing_in_the_working_directory(
    tmp_path: Path, cache: str | None
) -> None:
    (tmp_path / "here").mkdir()
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    for name in ("HOME", "LEAN_BRIDGE_CACHE", "XDG_CACHE_HOME", "XDG_DATA_HOME", "ELAN_HOME"):
        environment.pop(name, None)
    if cache is not None:
        environment["LEAN_BRIDGE_CACHE"] = cache
    found = subprocess.run(
        ["unshare", "-U", "--map-user=54321", sys.executable, "-m", "lean_bridge", "doctor", "--shipped"],
        env=environment,
        cwd=tmp_path / "here",
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    if found.stderr.startswith("unshare: "):
        pytest.skip("there are no namespaces of users here")
    assert found.returncode == 2  # no Lean is there
    assert "Traceback" not in found.stderr
    assert not list((tmp_path / "here").iterdir())
    assert (tmp_path / "lean-bridge-54321").is_dir()
