"""Where an installed Lean is asked for, its Lake builds the project, and what it leaves is judged.

There is no Lake here: a stand-in prints, ends and leaves files as Lake does.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from lean_bridge.cli import app
from lean_bridge.doubts import toolchain_doubts
from lean_bridge.errors import LeanBridgeError, ProjectNotFound, ToolchainError
from lean_bridge.project import Project, open_project
from lean_bridge.pytest_plugin import _sources_of
from lean_bridge.toolchain import isolation
from lean_bridge.toolchain.provider import Provider
from lean_bridge.ui.toolchains import toolchain_text
from tests.end_to_end.installed_lean import Machine
from tests.executables import x86_64_linux

pytestmark = [pytest.mark.lean, pytest.mark.own_lean, x86_64_linux]

GOOD = "module\npublic theorem a : 1 + 1 = 2 := rfl\n"
UPON = "module\npublic import Own.A\npublic theorem b : 1 + 1 = 2 := a\n"
BAD = "module\npublic import Own.A\n\npublic theorem b : 1 + 1 = 3 := a\n"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, embedded: Provider) -> Machine:
    machine = Machine(tmp_path, embedded.info.location)
    machine.install("4.28.0")
    machine.install_lake()
    monkeypatch.setenv("PATH", f"{machine.lean.parent}:/usr/bin:/bin")
    monkeypatch.setenv("ELAN_HOME", str(tmp_path / "elan"))
    monkeypatch.setenv("LEAN_BRIDGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("LEAN_BRIDGE_TOOLCHAIN", "installed")
    # this lean starts Node, which no confined Lean could
    monkeypatch.setattr(isolation, "available", lambda: ("none",))
    return machine


def project(root: Path, **sources: str) -> Project:
    (root / "Own").mkdir(parents=True, exist_ok=True)
    (root / "lean-toolchain").write_text("leanprover/lean4:v4.28.0\n")
    (root / "lakefile.toml").write_text('name = "own"\n[[lean_lib]]\nname = "Own"\nglobs = ["Own.+"]\n')
    for name, text in sources.items():
        (root / "Own" / f"{name}.lean").write_text(text)
    return open_project(root)


def lake_calls(machine: Machine) -> list[str]:
    return [call.removeprefix("lake ") for call in machine.calls() if call.startswith("lake ")]


def test_lake_builds_and_what_it_leaves_is_taken_and_what_it_refuses_is_told(
    machine: Machine, tmp_path: Path
) -> None:
    root = tmp_path / "own"
    own = project(root, A=GOOD, B=UPON)
    report = own.build(workers=1)
    assert [(each.module, each.state) for each in report.modules] == [("Own.A", "built"), ("Own.B", "built")]
    assert lake_calls(machine) == ["build +Own.A +Own.B", "env"]
    assert {"a", "b"} <= set(own.environment().own_names)
    (taken,) = (tmp_path / "cache").rglob("trees/*/*/Own/A.olean")
    assert taken.read_bytes() == (root / ".lake/build/lib/lean/Own/A.olean").read_bytes()
    lean = report.toolchain
    assert (lean.provider, lean.isolation, lean.through_lake) == ("installed", "none", True)
    assert "(installed, an unknown Lean, through its Lake, not isolated)" in toolchain_text(lean)
    assert any(each.startswith("Lake built the project") for each in toolchain_doubts(lean))
    assert [each.state for each in project(root).build().modules] == ["cached", "cached"]
    assert len(lake_calls(machine)) == 2, "nothing changed, and nobody is asked"

    report = project(root, B=BAD, C="module\nimport Own.B\n", D="module\n").build(workers=2)
    states = {each.module: each.state for each in report.modules}
    assert states == {"Own.A": "cached", "Own.B": "failed", "Own.C": "blocked", "Own.D": "built"}
    (refused,) = (each for each in report.modules if each.module == "Own.B")
    (error,) = refused.diagnostics
    assert (error.file, error.line, error.column, error.severity) == ("Own/B.lean", 4, 32, "error")
    assert error.text.startswith("Type mismatch")
    assert lake_calls(machine).count("build +Own.D") == 1, "what was not refused is asked of alone"


def test_lake_is_used_where_an_installed_lean_was_asked_for_and_has_one(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = project(tmp_path / "own", A=GOOD)
    assert own.toolchain().info.through_lake is True
    monkeypatch.setenv("LEAN_BRIDGE_TOOLCHAIN", "auto")
    assert own.toolchain().info.through_lake is False
    monkeypatch.setenv("LEAN_BRIDGE_TOOLCHAIN", "installed")
    assert open_project(shipped=True).toolchain().info.through_lake is False, "nothing is written there"
    machine.lean.with_name("lake").unlink()
    assert own.toolchain().info.through_lake is False


def test_isolation_that_is_required_is_not_had_from_lake(machine: Machine, tmp_path: Path) -> None:
    project(tmp_path / "own", A=GOOD)
    done = CliRunner().invoke(app, ["verify", "--project", str(tmp_path / "own"), "--require", "isolated"])
    assert done.exit_code == 2
    assert "what Lake runs is confined by nothing" in " ".join(done.output.split())
    assert not lake_calls(machine)


def test_pytest_collects_what_lake_translates_and_nothing_else_runs_a_lakefile(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(tmp_path / "own", A=GOOD)
    root = tmp_path / "own"
    (root / "lakefile.toml").rename(root / "translated.toml")
    (root / "lakefile.lean").write_text("import Lake open Lake DSL\ndef names := #[`Own]\nlean_lib Own\n")
    assert _sources_of(root).own == {"Own.A"}
    assert [call.split()[0] for call in lake_calls(machine)] == ["translate-config"]
    monkeypatch.setenv("LEAN_BRIDGE_TOOLCHAIN", "embedded")
    for cache in (None, str(tmp_path / "no Lean is there")):
        if cache is not None:
            monkeypatch.setenv("LEAN_BRIDGE_CACHE", cache)
        with pytest.raises(
            ProjectNotFound, match=r"lakefile\.lean:2: def is not read here, where no program"
        ):
            _sources_of(root)
    assert len(lake_calls(machine)) == 1


def test_a_lakefile_that_is_a_program_is_read_as_lake_translates_it_where_lake_was_asked_for(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(tmp_path / "own", A=GOOD)
    root = tmp_path / "own"
    (root / "translated.toml").write_text((root / "lakefile.toml").read_text())
    (root / "lakefile.toml").unlink()
    (root / "lakefile.lean").write_text("import Lake\nopen Lake DSL\ndef names := #[`Own]\nlean_lib Own\n")
    before = {each.name for each in root.iterdir()}
    own = open_project(root)
    monkeypatch.setenv("LEAN_BRIDGE_TOOLCHAIN", "auto")
    with pytest.raises(LeanBridgeError, match=r"lakefile\.lean:3: def is not read here, where no program is"):
        own.build()
    assert not lake_calls(machine)
    monkeypatch.setenv("LEAN_BRIDGE_TOOLCHAIN", "installed")
    provider = own.toolchain()
    sources = own._choose().sources
    assert sources.own == {"Own.A"}
    assert provider.info.through_lake
    assert "lakefile.lean: read as Lake translates it, what it does beside declaring left out" in (
        sources.lakefile.passed_over
    )
    assert {each.name for each in root.iterdir()} == before
    (root / "translated.toml").unlink()
    with pytest.raises(
        ToolchainError, match=r"Lake does not translate its lakefile: \./\./lakefile\.lean: failed"
    ):
        own.build()
