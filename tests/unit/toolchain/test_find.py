from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lean_bridge.codes import Code
from lean_bridge.errors import ToolchainError, ToolchainNotFound
from lean_bridge.toolchain import health
from lean_bridge.toolchain.find import base_version, check_policy, find_toolchain, toolchain_choice
from lean_bridge.toolchain.installed import installed_binaries
from pybind_models import Isolation, Toolchain

REQUIRED = "leanprover/lean4:v4.28.0\n"


@pytest.fixture(autouse=True)
def _bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAN_BRIDGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("ELAN_HOME", str(tmp_path / "elan"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("LEAN_BRIDGE_TOOLCHAIN", raising=False)


def executable(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\nexit 3\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    "text", ["leanprover/lean4:v4.28.0\n", "v4.28.0", "4.28.0", "4.28.0-pre", "leanprover/lean4:v4.28.0-rc1"]
)
def test_a_release_is_known_by_its_base_version(text: str) -> None:
    assert base_version(text) == "4.28.0"


@pytest.mark.parametrize(
    "text", ["", "nightly", "leanprover/lean4:nightly-2026-01-01", "4.28", "4.28.0 or so", "x" * 9999]
)
def test_what_names_no_release_is_refused(text: str) -> None:
    with pytest.raises(ToolchainNotFound, match=r"^lean-toolchain: expected a Lean release") as no:
        base_version(text)
    assert len(str(no.value)) < 200


def test_nothing_is_installed_without_leave() -> None:
    with pytest.raises(
        ToolchainNotFound, match="embedded Lean is absent; run `lean-bridge toolchain install`"
    ):
        find_toolchain(REQUIRED, install=False)


def test_the_embedded_lean_does_not_stand_in_for_another_version() -> None:
    with pytest.raises(ToolchainNotFound, match=r"no Lean 4\.29\.1: the embedded one is 4\.28\.0-pre"):
        find_toolchain("leanprover/lean4:v4.29.1", install=True)


def test_an_installed_lean_can_be_insisted_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAN_BRIDGE_TOOLCHAIN", "installed")
    with pytest.raises(ToolchainNotFound, match=r"no installed Lean 4\.28\.0: there is no `lean`"):
        find_toolchain(REQUIRED, install=True)


def test_a_script_is_no_lean_and_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lean = executable(tmp_path / "bin" / "lean")
    monkeypatch.setenv("LEAN_BRIDGE_TOOLCHAIN", "installed")
    with pytest.raises(ToolchainNotFound, match=rf"{lean}: is a script, beginning '#!/bin/sh'"):
        find_toolchain(REQUIRED, install=True)


def test_a_program_that_is_not_lean_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lean = executable(tmp_path / "bin" / "lean")
    shutil.copy("/bin/false", lean)
    (tmp_path / "lib" / "lean").mkdir(parents=True)
    (tmp_path / "lib" / "lean" / "Init.olean").write_bytes(b"olean")
    monkeypatch.setenv("LEAN_BRIDGE_TOOLCHAIN", "installed")
    with pytest.raises(
        ToolchainNotFound, match=rf"{lean}: expected an answer to --version, found exit status"
    ):
        find_toolchain(REQUIRED, install=True)


def test_an_unknown_choice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAN_BRIDGE_TOOLCHAIN", "native")
    with pytest.raises(ToolchainNotFound, match="expected one of auto, installed, embedded, found 'native'"):
        toolchain_choice()


def test_elan_keeps_toolchains_under_their_names(tmp_path: Path) -> None:
    kept = executable(tmp_path / "elan" / "toolchains" / "leanprover--lean4---v4.28.0" / "bin" / "lean")
    on_path = executable(tmp_path / "bin" / "lean")
    assert installed_binaries(REQUIRED.strip()) == (kept, on_path)


def test_the_lean_of_elan_itself_is_passed_over(tmp_path: Path) -> None:
    executable(tmp_path / "bin" / "elan")
    executable(tmp_path / "bin" / "lean")
    assert installed_binaries(REQUIRED.strip()) == ()


LEAN = Toolchain(provider="installed", version="4.28.0", identity="one", location="/opt/lean")


def test_a_lean_is_as_good_as_is_required_of_it() -> None:
    confined = LEAN.replaced(isolation="landlock", known=True)
    check_policy(confined, isolated=True, known=True)
    check_policy(LEAN)
    with pytest.raises(ToolchainError, match="nothing confines a build here") as caught:
        check_policy(LEAN.replaced(known=True), isolated=True, known=True)
    assert caught.value.code is Code.NOT_ISOLATED
    with pytest.raises(ToolchainError, match="/opt/lean: a known Lean is required") as caught:
        check_policy(LEAN.replaced(isolation="bwrap"), isolated=True, known=True)
    assert caught.value.code is Code.NOT_AUTHENTIC


@pytest.mark.parametrize(
    ("required", "choice", "told"),
    [
        ("leanprover/lean4:v4.28.0\n", "auto", []),
        ("leanprover/lean4:v4.28.0\n", "embedded", []),
        ("leanprover/lean4:v4.28.0\n", "installed", ["asks for Lean 4.28.0"]),
        ("leanprover/lean4:v4.27.0\n", "auto", ["asks for Lean 4.27.0"]),
        ("leanprover/lean4:v4.27.0\n", "embedded", ["asks for Lean 4.27.0"]),
    ],
)
def test_the_doctor_says_where_no_lean_is_the_one_that_is_asked_for(
    required: str, choice: str, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEAN_BRIDGE_TOOLCHAIN", choice)
    items = [item for item in health.check_health(required) if item.name == "lean-toolchain"]
    assert [item.detail.partition(":")[0] for item in items] == told
    assert all(item.state == "broken" and item.required for item in items)


@pytest.mark.parametrize(("found", "state"), [("landlock", "ok"), ("none", "missing")])
def test_the_doctor_says_what_confines_a_build(
    found: Isolation, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "available", lambda: (found,))
    (item,) = [item for item in health.check_health(REQUIRED) if item.name == "isolation"]
    assert (item.state, item.required) == (state, False)
