"""What CI systems are told to run, run as they would: the action's steps, the hooks, GitLab's script."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from pybind_models.policy import Policy
from tests.repositories import build, edit

pytestmark = [pytest.mark.lean, pytest.mark.usefixtures("embedded")]

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
BROKEN = ("Line/A.lean", "exact Nat.add_comm a b", "sorry")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository under git, with its policy, and the command on the path beside it."""
    top = tmp_path_factory.mktemp("ci") / "repository"
    top.mkdir()
    build(top)
    (top / "lean-bridge.toml").write_text('paths = ["proofs/lean"]\n')
    (top / ".git").rmdir()
    subprocess.run(["git", "init", "--quiet", str(top)], check=True)
    binaries = top.parent / "bin"
    binaries.mkdir()
    command = binaries / "lean-bridge"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m lean_bridge "$@"\n')
    command.chmod(0o755)
    (binaries / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (binaries / "python").chmod(0o755)
    return top


@pytest.fixture
def repository(built: Path, tmp_path: Path) -> Path:
    top = tmp_path / "repository"
    subprocess.run(["cp", "-r", str(built), str(top)], check=True)
    return top


def shell(script: str, top: Path, built: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a script as runners do: ``bash -eo pipefail``."""
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=top,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PATH": f"{built.parent / 'bin'}:{os.environ['PATH']}",
            "LEAN_BRIDGE_TOOLCHAIN": "embedded",
            **env,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def run_action(top: Path, built: Path, **inputs: str) -> tuple[int, str, dict[str, str]]:
    """Run the steps of action.yml, but those of other actions and the install, which every CI run does."""
    action: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    assert action["runs"]["using"] == "composite"
    temp = top.parent / "temp"
    temp.mkdir()
    values = {
        **{f"inputs.{name}": inputs.get(name, each["default"]) for name, each in action["inputs"].items()},
        "runner.temp": str(temp),
        "github.action_path": str(ROOT),
    }
    files = {name: str(temp / name) for name in ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for file in files.values():
        Path(file).touch()
    status, told = 0, ""
    for step in action["runs"]["steps"]:
        if "run" not in step or "pip install" in step["run"]:
            continue
        assert step["shell"] == "bash"
        assert "${{" not in step["run"], "what others write must not become part of a script"
        set_ = dict(line.split("=", 1) for line in Path(files["GITHUB_ENV"]).read_text().splitlines())
        own = {
            name: re.sub(r"\$\{\{ (\S+) \}\}", lambda found: values[found[1]], text)
            for name, text in step["env"].items()
        }
        cache = (
            {}
            if "LEAN_BRIDGE_CACHE" not in set_
            else {"LEAN_BRIDGE_CACHE": os.environ.get("LEAN_BRIDGE_CACHE", "")}
        )
        kept = {name: value for name, value in cache.items() if value}  # a Lean is there already
        done = shell(step["run"], top, built, {**files, **set_, **kept, **own})
        status, told = done.returncode, told + done.stdout + done.stderr
        if status:
            break
    outputs = dict(line.split("=", 1) for line in Path(files["GITHUB_OUTPUT"]).read_text().splitlines())
    assert set(outputs) == set(action["outputs"])
    return status, told, {**outputs, "summary": files["GITHUB_STEP_SUMMARY"]}


@pytest.mark.full
def test_the_action_passes_what_is_clean(repository: Path, built: Path) -> None:
    status, told, files = run_action(repository, built, arguments="--link pinned")
    assert status == 0, told
    assert "::notice title=lean-bridge gate%3A accepted::" in told
    assert ET.parse(files["junit"]).getroot().find(".//testcase/failure") is None
    assert Path(files["sarif"]).read_text(encoding="utf-8").startswith("{")
    assert "lean-bridge: accepted" in Path(files["summary"]).read_text(encoding="utf-8")


@pytest.mark.full
def test_the_action_refuses_what_is_not(repository: Path, built: Path) -> None:
    edit(repository, *BROKEN)
    status, told, files = run_action(repository, built)
    assert status == 1, told
    assert "::error file=proofs/lean/Line/A.lean,line=8,col=3,title=a proof rests on sorry" in told
    assert ET.parse(files["junit"]).getroot().find(".//testcase/failure") is not None


@pytest.mark.full
def test_the_hooks_refuse_what_is_not(repository: Path, built: Path) -> None:
    edit(repository, *BROKEN)
    hooks: list[dict[str, Any]] = yaml.safe_load(
        (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    )
    assert all(hook["always_run"] and not hook["pass_filenames"] for hook in hooks)
    env = {"XDG_DATA_HOME": str(repository.parent / "data")}
    statuses = {
        hook["id"]: shell(
            hook["entry"], repository if "gate" in hook["id"] else repository / "proofs", built, env
        )
        for hook in hooks
    }
    assert {name: done.returncode for name, done in statuses.items()} == {
        "lean-bridge-gate": 1,
        "lean-bridge-pin": 1,
    }


@pytest.mark.full
def test_gitlab_s_script(repository: Path, built: Path) -> None:
    (job,) = (each["lean"] for each in map(yaml.safe_load, blocks("yaml")) if "lean" in each)
    data = {"XDG_DATA_HOME": str(repository / ".cache" / "data")}
    done = shell("\n".join(job["script"]), repository, built, data)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.rstrip().endswith("gate: accepted")
    assert (repository / job["artifacts"]["reports"]["junit"]).is_file()


def test_the_page_s_policy_is_one_and_has_every_key() -> None:
    (policy,) = blocks("toml")
    table = tomllib.loads(policy)
    assert set(table) == set(Policy.model_fields)
    assert [block for block in blocks("yaml") if not isinstance(yaml.safe_load(block), dict)] == []
