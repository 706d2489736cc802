"""The gate on a repository whose library lies in a directory of its own: green, and each kind of failure."""

from __future__ import annotations

import json
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from urllib.parse import unquote

import pytest

from pybind_models.policy import GateReport
from tests.repositories import build, command, edit

pytestmark = [pytest.mark.lean, pytest.mark.usefixtures("embedded")]


@pytest.fixture(scope="module")
def pinned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a library in proofs/lean, pinned as it is."""
    top = tmp_path_factory.mktemp("repository")
    build(top)
    return top


@pytest.fixture
def repository(pinned: Path, tmp_path: Path) -> Path:
    """A copy to change."""
    top = tmp_path / "repository"
    subprocess.run(["cp", "-r", str(pinned), str(top)], check=True)
    return top


def gate(top: Path, *words: str) -> tuple[int, list[str], GateReport]:
    """Return exit status, annotations and report; every result of SARIF stands at what is there."""
    outputs = ("-o", "github", "-o", "json=report.json", "-o", "sarif=report.sarif")
    found = command(top, "gate", "--project", "proofs/lean", *outputs, *words)
    (run,) = json.loads((top / "report.sarif").read_text(encoding="utf-8"))["runs"]
    for result in run["results"]:
        (location,) = result["locations"]
        assert (top / unquote(location["physicalLocation"]["artifactLocation"]["uri"])).exists()
    assert (top / "report.json").is_file(), found.stderr
    report = GateReport.model_validate_json((top / "report.json").read_text(encoding="utf-8"))
    return found.returncode, found.stdout.splitlines(), report


def test_a_clean_tree_passes_in_every_form(repository: Path) -> None:
    (repository / "pyproject.toml").write_text(
        '[tool.lean-bridge]\npaths = ["proofs/lean"]\njudged = ["Row"]\nlinks = ["pinned", "axioms"]\n'
    )
    summary = repository / "summary.md"
    summary.write_text("# before\n")
    found = command(
        repository,
        *("gate", "--output", "github", "--output", "junit=report.xml", "--output", "sarif=report.sarif"),
        *("--output", "json=report.json", "--output", "markdown=summary.md"),
        GITHUB_STEP_SUMMARY=str(summary),
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert found.stdout.splitlines()[-1].startswith("::notice title=lean-bridge gate%3A accepted::")
    assert "::error" not in found.stdout
    suites = ET.parse(repository / "report.xml").getroot()
    assert {suite.attrib["failures"] + suite.attrib["errors"] for suite in suites} == {"00"}
    assert suites.find("testsuite[@name='proofs/lean: Row']/testcase[@name='proved']") is not None
    log = json.loads((repository / "report.sarif").read_text(encoding="utf-8"))
    assert [each["level"] for each in log["runs"][0]["results"] if each["level"] == "error"] == []
    assert summary.read_text(encoding="utf-8").startswith("# before\n## ✓ lean-bridge: accepted")
    assert GateReport.model_validate_json((repository / "report.json").read_text()).verdict == "accepted"


def test_a_broken_proof_is_pointed_at_in_the_repository(repository: Path) -> None:
    edit(repository, "Line/B.lean", "base a b", "rfl")
    status, lines, report = gate(repository)
    assert (status, report.verdict, report.code) == (1, "rejected", "LB101")
    assert lines[0].startswith("::error file=proofs/lean/Line/B.lean,line=7,col=")
    errors = [line for line in lines if line.startswith("::error")]
    (unbuilt,) = [line for line in errors if "declarations not built" in line]
    assert errors[errors.index(unbuilt) + 1].startswith("::error title=lean-bridge%3A rejected::"), "the rest"


def test_a_sorry_three_files_below_is_pointed_at_itself(repository: Path) -> None:
    edit(repository, "Line/A.lean", "exact Nat.add_comm a b", "have := 1 /- sorry -/\n  sorry")
    status, lines, report = gate(repository)
    assert (status, report.verdict, report.code) == (1, "rejected", "LB205")
    assert lines[0].startswith(
        "::error file=proofs/lean/Line/A.lean,line=9,col=3,title=a proof rests on sorry"
    )
    assert "Line.top → Line.third → Line.second → Line.base → sorryAx" in lines[0]
    assert "2 declarations not accepted for it: Line.top, Line.third" in lines[0]
    assert sum(line.startswith("::error") and "LB205" in line for line in lines) == 3, (
        "the verdicts, and one root"
    )


def test_a_forbidden_axiom_is_pointed_at_itself(repository: Path) -> None:
    edit(
        repository,
        "Line/A.lean",
        "theorem base (a b : Nat) : a + b = b + a := by\n  exact Nat.add_comm a b",
        "axiom base (a b : Nat) : a + b = b + a",
    )
    status, lines, report = gate(repository)
    assert (status, report.code) == (1, "LB204")
    assert lines[0].startswith("::error file=proofs/lean/Line/A.lean,line=7,col=1,title=")


def test_a_drifted_pin_is_pointed_at_its_declaration(repository: Path) -> None:
    edit(repository, "Line/D.lean", "a + b = b + a ∧ True", "a + b = b + a ∧ ¬False")
    edit(repository, "Line/D.lean", "trivial", "id")
    status, lines, report = gate(repository)
    assert (status, report.code) == (1, "LB201")
    assert lines[0].startswith("::error file=proofs/lean/Line/D.lean,line=7,col=1,title=rejected%3A Line.top")


def test_a_manifest_that_is_gone_is_rejected(repository: Path) -> None:
    (repository / "proofs" / "lean" / "certified.toml").unlink()
    status, lines, report = gate(repository)
    assert (status, report.verdict, report.code) == (1, "rejected", "LB209")
    assert lines[0].startswith(
        "::error file=proofs/lean/catalogue.toml,line=1,title=2 declarations not pinned"
    )
    status, lines, report = gate(repository, "--unpinned")
    assert (status, report.verdict) == (0, "accepted")
    assert any("the policy lets pass" in line and "2 declarations not pinned" in line for line in lines)


def test_what_is_not_judged_is_never_green(repository: Path) -> None:
    catalogue = repository / "proofs" / "lean" / "catalogue.toml"
    status, _, report = gate(repository, "--budget", "0.001")
    assert (status, report.verdict, report.code) == (2, "no verdict", "LB916")
    catalogue.write_text("declaration = []\n")
    status, lines, report = gate(repository)
    assert (status, report.verdict, report.code) == (2, "no verdict", "LB902")
    assert lines[0].startswith("::error file=proofs/lean/catalogue.toml,line=1,")
    catalogue.unlink()
    assert gate(repository)[0] == 2
    status = command(repository, "gate", "-o", "json=report.json").returncode
    assert status == 2, "no library is named, and the one of the package is not taken in its place"


def test_a_library_that_is_not_there_is_pointed_at_where_the_policy_names_it(repository: Path) -> None:
    (repository / "lean-bridge.toml").write_text('pytest = false\npaths = ["proofs/laen"]\n')
    found = command(repository, "gate", "-o", "github")
    lines = found.stdout.splitlines()
    assert found.returncode == 2
    assert lines[0].startswith("::error file=lean-bridge.toml,line=2,title=lean-bridge%3A no verdict::LB902 ")
    assert lines[-1].endswith("found none; did you mean proofs/lean?")


def test_a_policy_takes_away_what_verify_accepts(repository: Path) -> None:
    status, _, report = gate(repository, "--no-axioms", "--judged", "Row", "--judged", "top")
    assert (status, report.code) == (2, "LB501"), "what Lean's own theorems rest on is not seen"
    assert report.libraries[0].report.verdict == "accepted"
    status, lines, report = gate(repository, "--judged", "Gone")
    assert (status, report.code) == (1, "LB501")
    assert lines[0].startswith("::error title=policy%3A judged::LB501 ")
