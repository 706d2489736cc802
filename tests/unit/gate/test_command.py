"""The command line of the gate: what cannot be written is refused before anything is judged."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from sarif_kit import validation_errors
from typer.testing import CliRunner, Result

from lean_bridge.cli import app
from lean_bridge.library.discovery import top_around

FORMS = ("github", "json", "junit", "markdown", "sarif", "text")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory of nobody's, without a library."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)


def gate(*words: str) -> Result:
    return CliRunner().invoke(app, ["gate", *words])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-o", "junit="), "expected a file behind ="),
        (("-o", "junti=x.xml"), "expected one of text, github, json, junit, sarif, markdown"),
        (("-o", "junit=."), "is a directory"),
        (("-o", "junit=gone/x.xml"), "there is no directory gone"),
        (("-o", "junit=A.lean"), "would be written over"),
        (("-o", "junit=lean-bridge.toml"), "would be written over"),
        (("-o", "junit=x", "-o", "sarif=./x"), "both go to"),
        (("-o", "github", "-o", "text"), "both go to standard output"),
        (("--axiom", "propext", "--no-axioms"), "contradicts --axiom"),
        (("--advisory", "x", "--no-advisories"), "contradicts --advisory"),
        (("--shipped", "--project", "."), "names another library"),
    ],
)
def test_what_cannot_be_done_is_refused_before_the_run(words: tuple[str, ...], message: str) -> None:
    before = sorted(Path.cwd().iterdir())
    found = gate(*words)
    assert found.exit_code == 2
    told = " ".join(found.output.replace("│", " ").split())
    assert message in told
    assert sorted(Path.cwd().iterdir()) == before


@pytest.mark.parametrize("name", ["lean-toolchain", "Lake-manifest.json", "A.lean", "certified.toml"])
def test_what_a_judgement_reads_is_not_written_over_under_another_name(name: str) -> None:
    Path(name).write_text("kept")
    Path("report.xml").symlink_to(name)
    for target in ("report.xml", name):
        found = gate("-o", f"junit={target}")
        assert (found.exit_code, Path(name).read_text()) == (2, "kept")
        assert "would be written over" in " ".join(found.output.replace("│", " ").split())


def test_two_links_to_one_file_are_one_file() -> None:
    Path("a.xml").touch()
    Path("b.xml").symlink_to("a.xml")
    assert "both go to" in " ".join(gate("-o", "junit=a.xml", "-o", "sarif=b.xml").output.split())


@pytest.mark.parametrize(
    ("policy", "code"),
    [(None, "LB902"), ("lnks = []\n", "LB915"), ('paths = ["gone"]\n', "LB902"), ("[[a\n", "LB915")],
    ids=["no library", "misspelt", "a library that is gone", "not TOML"],
)
def test_without_a_library_or_a_policy_every_form_says_that_there_is_no_verdict(
    policy: str | None, code: str
) -> None:
    if policy is not None:
        Path("lean-bridge.toml").write_text(policy)
    Path("junit.out").write_text("<testsuites/>")  # green, of an earlier run
    outputs = [word for form in FORMS for word in ("-o", f"{form}={form}.out")]
    found = gate(*outputs)
    assert found.exit_code == 2
    for form in FORMS:
        text = Path(f"{form}.out").read_text(encoding="utf-8")
        assert code in text
        assert "no verdict" in text
    assert ET.parse("junit.out").getroot().find(".//testcase[@name='verdict']/error") is not None
    assert validation_errors(json.loads(Path("sarif.out").read_text(encoding="utf-8"))) == []
    assert found.output.rstrip().splitlines()[-1].startswith("? gate: no verdict: ")


def test_a_policy_that_is_misspelt_is_pointed_at() -> None:
    Path("lean-bridge.toml").write_text("\nlnks = []\n")
    found = gate("-o", "github")
    assert found.exit_code == 2
    assert found.output.startswith("::error file=lean-bridge.toml,line=2,title=")


@pytest.mark.parametrize("what", ["two", "a directory", "not UTF-8", "no library"])
def test_what_is_wrong_with_a_policy_is_pointed_at_and_told_without_the_machine_s_paths(
    tmp_path: Path, what: str
) -> None:
    file = Path("lean-bridge.toml")
    if what == "two":
        file.touch()
        Path("pyproject.toml").write_text("[tool.lean-bridge]\n")
    elif what == "a directory":
        file.mkdir()
    elif what == "not UTF-8":
        file.write_bytes(b'paths = ["\xff"]')
    first, *_ = gate("-o", "github", "-o", "sarif=report.sarif").output.splitlines()
    assert first.startswith(
        "::error title=" if what == "no library" else "::error file=lean-bridge.toml,title="
    )
    assert str(tmp_path) not in first
    (run,) = json.loads(Path("report.sarif").read_text(encoding="utf-8"))["runs"]
    assert str(tmp_path) not in run["results"][0]["message"]["text"]


def test_a_library_that_may_be_meant_is_named_as_a_shell_takes_it() -> None:
    root = Path("math & proofs")
    root.mkdir()
    (root / "lakefile.toml").touch()
    assert "did you mean --project 'math & proofs'?" in gate("-o", "github").output


def test_a_refusal_is_told_from_the_top_of_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    root = Path("proofs/lean")
    root.mkdir(parents=True)
    for name in ("catalogue.toml", "lakefile.toml"):
        (root / name).touch()
    Path("lean-bridge.toml").write_text("\n\nlinks = ['flots']\n")
    monkeypatch.chdir(root)
    for place in ("lean-bridge.toml", "proofs/lean/lean-bridge.toml"):
        found = gate("-o", "github", "-o", "sarif=report.sarif")
        assert f"::error file={place},line=3,title=" in found.output
        assert f"policy: none was in force; {place} cannot be read" in found.output, (
            "and no digest of another"
        )
        (run,) = json.loads(Path("report.sarif").read_text(encoding="utf-8"))["runs"]
        files = [
            each["physicalLocation"]["artifactLocation"]["uri"]
            for result in run["results"]
            for each in result["locations"]
        ]
        assert files == [place]
        if place == "lean-bridge.toml":
            Path("../../lean-bridge.toml").replace("lean-bridge.toml")


def test_sarif_points_at_no_file_that_is_not_there_and_has_no_result_without_a_location() -> None:
    gate("-o", "sarif=report.sarif")
    gate("-o", "sarif=other.sarif", "--policy", "gone.toml")
    for name in ("report.sarif", "other.sarif"):
        log = json.loads(Path(name).read_text(encoding="utf-8"))
        assert validation_errors(log) == []
        (result,) = log["runs"][0]["results"]
        (location,) = result["locations"]
        assert location["physicalLocation"] == {
            "artifactLocation": {"uri": "./", "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": 1},
        }


def test_a_repository_within_another_is_a_part_of_it() -> None:
    root = Path("vendor/part/lean")
    root.mkdir(parents=True)
    (root.parent / ".git").write_text("gitdir: ../../.git/modules/part")
    for name in ("catalogue.toml", "lakefile.toml"):
        (root / name).touch()
    Path("lean-bridge.toml").write_text("budget = 7\n")
    assert "# lean-bridge.toml:1" in gate("--print-policy", "--project", str(root)).output
    Path("lean-bridge.toml").write_text('paths = ["vendor/part/lean"]\n')
    (root / "lean-bridge.toml").write_text("links = ['floats']\n")
    found = gate()
    assert found.exit_code == 2
    assert "vendor/part/lean has a policy of its own, vendor/part/lean/lean-bridge.toml" in found.output
    assert (
        "# passed over, further up: vendor" in gate("--print-policy", "--policy", "lean-bridge.toml").output
    )


def test_places_are_told_from_the_repository_s_top_wherever_one_stands(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    place = tmp_path_factory.mktemp("of no repository")
    top = place / "clone"
    root = top / "proofs" / "lean"
    root.mkdir(parents=True)
    assert top_around(root, place) == place, "the one place that there is"
    (top / ".git").mkdir()
    assert top_around(root, place) == top
    (place / "lean-bridge.toml").touch()
    assert top_around(root, place) == place, "what may be in force is not passed over"


def test_a_file_that_cannot_be_replaced_whole_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(Path("summary.md").absolute()))
    Path("summary.md").write_text("# of the step before\n")
    gate("-o", "markdown=summary.md")
    gate("-o", "markdown=summary.md")
    text = Path("summary.md").read_text(encoding="utf-8")
    assert text.startswith("# of the step before\n## ? lean-bridge: no verdict")
    assert text.count("## ? lean-bridge") == 2, "it is added to"
    gate("-o", "markdown=other.md")
    gate("-o", "markdown=other.md")
    assert Path("other.md").read_text(encoding="utf-8").count("## ? lean-bridge") == 1, "it is replaced"
    assert not [path for path in Path.cwd().iterdir() if path.name.startswith(".other")]


def test_the_policy_is_shown_with_where_each_value_is_from() -> None:
    Path("lean-bridge.toml").write_text('links = ["pinned"]\npaths = ["lean"]\n')
    found = gate("--print-policy", "--require", "confirmed")
    assert found.exit_code == 0, found.output
    lines = {line.partition(" ")[0]: line for line in found.output.splitlines()}
    assert lines["links"].endswith("# lean-bridge.toml:1")
    assert lines["require"].endswith("# --require")
    assert lines["unpinned"].endswith("# default")
    assert gate("--print-policy", "--link", "pined").exit_code != 0


def test_help_says_what_a_ci_types() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lean_bridge", "gate", "--help"],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    told = " ".join(done.stdout.split())
    assert "lean-bridge gate -o github -o junit=report.xml" in told
    assert "1 rejected, 2 no verdict" in told
