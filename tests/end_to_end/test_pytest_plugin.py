"""A library's catalogue under pytest, as people run it: chosen by name, by mark, by what failed last."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.repositories import build, edit

pytestmark = [pytest.mark.lean, pytest.mark.usefixtures("embedded")]

ROOT = Path(__file__).parents[2]
PLUGIN = ("-p", "lean_bridge.pytest_plugin", "-p", "no:cacheprovider")
LINKS = {"built", "proved", "axioms", "words", "pinned", "witness", "second kernel"}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with tests in Python too, and strict about marks."""
    top = tmp_path / "repository"
    top.mkdir()
    build(top)
    (top / "pytest.ini").write_text(
        "[pytest]\naddopts = --strict-markers --strict-config\nfilterwarnings = error\n"
    )
    (top / "test_other.py").write_text("def test_python():\n    pass\n")
    return top


def run(top: Path, *words: str, keep: bool = False) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *(PLUGIN[:2] if keep else PLUGIN), "-rA", *words],
        cwd=top,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
            "PYTHONPATH": str(ROOT),
            "LEAN_BRIDGE_TOOLCHAIN": "embedded",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def outcomes(text: str) -> dict[str, str]:
    """Return what became of each test of the catalogue, by its name in it."""
    found = re.findall(
        r"^(PASSED|FAILED|ERROR|SKIPPED) \S*catalogue\.toml::(.*?)(?: - .*)?$", text, re.MULTILINE
    )
    return {name: outcome for outcome, name in found}


@pytest.mark.full
def test_from_green_over_a_broken_proof_to_what_failed_last(repository: Path) -> None:
    assert "1 passed" in run(repository)[1], "nobody asked for a catalogue"

    (repository / "lean-bridge.toml").write_text("pytest = true\n")
    status, text = run(repository, "-n", "2", "--junitxml=report.xml")
    assert status == 0, text
    rows = {f"{name}::{link}" for name in ("Line.top", "Line.third") for link in LINKS}
    suite = ET.parse(repository / "report.xml").getroot()[0]
    assert {
        f"{case.attrib['classname'].rpartition('toml.')[2]}::{case.attrib['name']}" for case in suite
    } == {
        *rows,
        "proofs.lean.catalogue.toml::verdict",
        "test_other::test_python",
    }
    assert (suite.attrib["failures"], suite.attrib["errors"]) == ("0", "0")

    edit(repository, "Line/A.lean", "exact Nat.add_comm a b", "rfl")
    status, text = run(repository, "proofs/lean", "-m", "lean_theorem", "-k", "third", "-x", keep=True)
    assert status == 1
    assert outcomes(text) == {"Line.third::built": "FAILED"}, "-x stops at the first"
    assert re.search(r"^proofs/lean/Line/A.lean:8:3: error: Tactic `rfl` failed", text, re.MULTILINE)
    edit(repository, "Line/A.lean", "rfl", "exact Nat.add_comm a b")
    status, text = run(repository, "proofs/lean", "--lf", keep=True)
    assert (status, outcomes(text)) == (0, {"Line.third::built": "PASSED"})


@pytest.mark.full
def test_a_library_that_is_gone_is_not_green(repository: Path) -> None:
    lean = repository / "proofs" / "lean"
    (lean / "lakefile.toml").rename(repository / "lakefile.toml.bak")
    status, text = run(repository, "--lean-bridge")
    assert status == 2
    assert "LB902" in text
    (lean / "catalogue.toml").unlink()
    for words in (("--lean-bridge",), ("-o", "lean_bridge=true"), ("--lean-bridge", "-n", "2")):
        status, text = run(repository, *words)
        assert status == 1, text
        assert f"LB902 {lean}/catalogue.toml: there is no such file" in text
    (lean / "certified.toml").unlink()
    assert "no catalogue.toml is among what is collected" in run(repository, "--lean-bridge")[1]
    (repository / "lean-bridge.toml").write_text("pytest = maybe\n")
    assert run(repository)[0] != 0


@pytest.mark.full
def test_a_library_without_a_catalogue_is_a_test_for_each_module(tmp_path: Path) -> None:
    top = tmp_path / "plain"
    other = top / "other"
    for root, name in ((top, "Plain"), (other, "Other")):
        (root / name).mkdir(parents=True)
        (root / "lakefile.toml").write_text(
            f'name = "{name}"\n\n[[lean_lib]]\nname = "{name}"\nglobs = ["{name}.+"]\n'
        )
        (root / "lean-toolchain").write_text("leanprover/lean4:v4.28.0\n")
        (root / name / "Good.lean").write_text("theorem good : 1 = 1 := rfl\n")
    (top / "Plain" / "Bad.lean").write_text(
        "import Plain.Good\ntheorem fine : 1 = 1 := good\ntheorem bad : 1 = 2 := by sorry\n"
    )
    (top / "Plain" / "None.lean").write_text("import Plain.Good\n")

    def became(text: str) -> set[tuple[str, str]]:
        return set(re.findall(r"^(PASSED|FAILED) \S*lakefile\.toml::(\S+)", text, re.MULTILINE))

    (top / "lean-bridge.toml").write_text("pytest = true\nunpinned = true\n")
    status, text = run(top)
    assert status == 1
    assert became(text) == {("PASSED", "Plain.Good"), ("FAILED", "Plain.Bad"), ("FAILED", "verdict")}, (
        "what merely lies below is not asked for"
    )
    assert "Plain/Bad.lean:3:27: error: " in text
    assert "Plain.None declares nothing" in text

    (top / "Plain" / "Bad.lean").unlink()
    assert run(top)[0] == 0
    assert "other/lakefile.toml::Other.Good" in run(top, "other", "--collect-only", "-q")[1]

    (top / "lean-bridge.toml").write_text("pytest = true\n")
    status, text = run(top)
    assert (status, became(text)) == (1, set()), "a catalogue that is not there may be one that is gone"
    assert "by `unpinned = true` of its policy" in text


def test_it_loads_nothing_until_it_is_asked() -> None:
    program = (
        "import sys, lean_bridge.pytest_plugin\n"
        "print([m for m in ('numpy', 'pydantic', 'lean_dojo', 'lean_bridge.project') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
