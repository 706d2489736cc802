"""What machines read a gate by: no text of an author's ends a command, breaks a file or goes unseen."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

import pytest
from sarif_kit import validation_errors

from lean_bridge.codes import EXPLANATIONS, Code
from lean_bridge.gate.findings import report_in_repository
from lean_bridge.gate.github import render_github
from lean_bridge.gate.junit import render_junit
from lean_bridge.gate.markdown import render_markdown
from lean_bridge.gate.sarif import render_sarif
from lean_bridge.gate.text import render_text
from lean_bridge.ui.wording import named
from pybind_models import Advisory, Diagnostic, Place, VerifyReport
from pybind_models.policy import GateReport
from tests.gates import PLACE, WARNED, gated, of_every_code, unfinished
from tests.reports import (
    ATTENTION,
    BACKPROP,
    UNSOLVED,
    accepted,
    build,
    module,
    rejected,
)

CASES = of_every_code()
FAULT = Advisory(name="lean4#1", title="t", affects="a", fixed_in="4.30", url="u")
FORMS = (render_github, render_junit, render_markdown, render_sarif, render_text)
HOSTILE = "100%\r\n::error file=x::no\x1b[2J\x00\u202e]]></a>&<b>|`*\ud800"


def hostile() -> GateReport:
    """Return a gate over a report whose texts are their author's, and he means no good."""
    said = UNSOLVED.replaced(text=HOSTILE, file="a,line=1::b c%.lean")
    failed = module("Sum", "failed", said).replaced(file="a,line=1::b c%.lean")
    row = BACKPROP.replaced(
        name="A.Gr\u0430ph\u202e",
        group=f"G|{HOSTILE}",
        status="rejected",
        reason=HOSTILE,
        code="LB201",
        standing="not accepted",
    )
    return gated(rejected().replaced(build=build(failed), declarations=(row, ATTENTION), reason=HOSTILE))


def results(gate: GateReport) -> list[dict[str, Any]]:
    log = json.loads(render_sarif(gate))
    assert validation_errors(log) == []
    found: list[dict[str, Any]] = log["runs"][0]["results"]
    return found


def cases(gate: GateReport) -> dict[tuple[str, str, str], str | None]:
    root = ET.fromstring(render_junit(gate).encode())
    for suite in root:
        assert int(suite.attrib["tests"]) == len(suite.findall("testcase"))
    return {
        (suite.attrib["name"], case.attrib["classname"], case.attrib["name"]): next(
            (child.tag for child in case if child.tag != "system-out"), None
        )
        for suite in root
        for case in suite
    }


@pytest.mark.parametrize("code", Code)
@pytest.mark.parametrize("render", FORMS)
def test_every_code_is_in_every_form(render: Callable[[GateReport], str], code: Code) -> None:
    told = render(gated(CASES[code]))
    assert code in told
    assert {"no verdict", "rejected"} & {word for word in ("no verdict", "rejected") if word in told}


@pytest.mark.parametrize("code", Code)
def test_every_code_is_an_annotation_at_its_place(code: Code) -> None:
    lines = render_github(gated(CASES[code])).splitlines()
    if code[:3] not in ("LB5", "LB9"):
        assert re.match(rf"::error file={PLACE}/Proofs/\w+\.lean,line=\d+,col=\d+,title=", lines[0])
    assert lines[-1].startswith("::error title=lean-bridge gate%3A ")


@pytest.mark.parametrize("code", Code)
def test_sarif_has_a_result_of_every_code_s_rule(code: Code) -> None:
    found = results(gated(CASES[code]))
    assert code in {each["ruleId"] for each in found if each["level"] == "error"}
    assert all(each["locations"] for each in found)


@pytest.mark.parametrize("code", Code)
def test_junit_has_a_case_that_did_not_pass_for_every_code(code: Code) -> None:
    gate = gated(CASES[code])
    found = cases(gate)
    assert found["verdict", "gate", "verdict"] == ("failure" if gate.verdict == "rejected" else "error")
    about = [case for case in found if case[1] in (BACKPROP.name, ATTENTION.name)]
    if code[:3] in ("LB2", "LB3", "LB4"):
        assert {found[case] for case in about} & {"failure", "error"}
    if code.startswith("LB1"):
        assert found[f"{PLACE}: modules", f"{PLACE}/Proofs/Sum.lean", "Proofs.Sum"] == "failure"


def test_junit_has_a_case_for_each_theorem_and_link() -> None:
    found = cases(gated(accepted()))
    group = f"{PLACE}: Tape/Algebra/Soundness"
    assert {case[2] for case in found if case[0] == group} == {
        "built",
        "proved",
        "axioms",
        "pinned",
        "second kernel",
    }
    graphs = f"{PLACE}: Tape/Graphs/Transformer"
    assert found[graphs, ATTENTION.name, "certified"] is None
    assert found[graphs, ATTENTION.name, "PyTorch"] == "skipped", "it was not run, and nobody requires it"
    strict = cases(gated(accepted(), links=("PyTorch",)))
    assert strict[graphs, ATTENTION.name, "PyTorch"] == "error"
    assert strict["policy", "policy", "links"] == "error"
    assert found["policy", "policy", "links"] is None


def test_a_link_that_was_not_even_reported_is_an_error_where_it_is_required() -> None:
    found = cases(gated(accepted(), links=("witness",)))
    assert found[f"{PLACE}: Tape/Algebra/Soundness", BACKPROP.name, "witness"] == "error"


def test_sarif_has_a_rule_for_each_code_with_its_help() -> None:
    (run,) = json.loads(render_sarif(gated(accepted())))["runs"]
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert set(rules) == {"message", *Code}
    for code, told in EXPLANATIONS.items():
        assert rules[code]["shortDescription"]["text"] == told.title
        assert all(text in rules[code]["help"]["text"] for text in (told.meaning, told.why, told.mend))
    assert len({rule["name"] for rule in rules.values()}) == len(rules)
    for result in run["results"]:
        assert list(rules)[result["ruleIndex"]] == result["ruleId"]


def test_sarif_of_a_clean_tree_has_no_error_and_of_no_verdict_never_none() -> None:
    assert {each["level"] for each in results(gated(accepted()))} == {"warning"}
    (run,) = json.loads(render_sarif(gated()))["runs"]
    assert run["invocations"][0] == {
        "executionSuccessful": False,
        "exitCode": 2,
        "exitCodeDescription": "no verdict",
    }
    assert [each["level"] for each in run["results"]] == ["error"]


def test_sarif_s_places_are_addresses_below_the_repository() -> None:
    found = results(hostile())
    location = found[0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"] == {
        "uri": "proofs/lean/a%2Cline%3D1%3A%3Ab%20c%25.lean",
        "uriBaseId": "%SRCROOT%",
    }
    assert location["region"] == {"startLine": 42, "startColumn": 8}
    related = results(gated(unfinished()))[0]["relatedLocations"]
    assert [each["physicalLocation"]["region"]["startLine"] for each in related] == [120]


def test_fingerprints_tell_results_apart_and_do_not_depend_on_lines() -> None:
    moved = unfinished()
    (first, *rest) = moved.declarations
    assert first.cause is not None
    cause = first.cause.replaced(place=Place(file="Proofs/Sum.lean", line=99, column=1))
    shifted = moved.replaced(declarations=(first.replaced(cause=cause), *rest))
    prints = [results(gated(each))[0]["partialFingerprints"] for each in (moved, shifted, CASES[Code.SORRY])]
    assert prints[0] == prints[1] != prints[2]
    goals, unknown = (UNSOLVED.replaced(text=text) for text in ("unsolved goals", "unknown identifier"))
    both = _refused_by_lean(goals, unknown)
    found = [each["partialFingerprints"]["leanBridge/v1"] for each in results(gated(both))]
    assert len(set(found)) == len(found), "two messages of one module"
    lower = (each.replaced(line=each.line + 9) for each in (goals, unknown))
    assert [
        each["partialFingerprints"]["leanBridge/v1"] for each in results(gated(_refused_by_lean(*lower)))
    ][:2] == found[:2]


def _refused_by_lean(*said: Diagnostic) -> VerifyReport:
    failed = module("Sum", "failed", said[0]).replaced(diagnostics=said)
    return accepted().replaced(
        verdict="rejected",
        reason="no",
        code=Code.BUILD_FAILED,
        build=build(failed),
        declarations=(),
        graphs=(),
    )


def test_one_error_has_one_place_in_every_form() -> None:
    gate = gated(_refused_by_lean(UNSOLVED))
    file, line, column = f"{PLACE}/{UNSOLVED.file}", UNSOLVED.line, UNSOLVED.column + 1
    assert f"::error file={file},line={line},col={column}," in render_github(gate)
    for render in (render_text, render_junit, render_markdown):
        assert f"{file}:{line}:{column}" in render(gate)
    shown = report_in_repository(gate.libraries[0].report, PLACE)
    assert shown.build is not None
    (said,) = shown.build.modules[0].diagnostics
    assert (said.file, said.line, said.column) == (file, line, column)


def test_what_a_policy_finds_lacking_fails_at_its_link() -> None:
    rows = accepted().declarations
    on_choice = tuple(row.replaced(axioms=("Classical.choice",)) for row in rows if row.kind == "theorem")
    others = tuple(row for row in rows if row.kind != "theorem")
    gate = gated(accepted().replaced(declarations=(*on_choice, *others)), axioms=())
    assert gate.verdict == "rejected"
    found = cases(gate)
    for row in on_choice:
        assert {key[2]: tag for key, tag in found.items() if key[1] == named(row.name)}["axioms"] == "failure"
    known = gated(accepted().replaced(advisories=(FAULT,)), advisories=())
    assert known.verdict == "no verdict"
    lacking = {name for each in known.unmet for name in each.names}
    found = cases(known)
    assert {key[1] for key, tag in found.items() if key[2] == "second kernel" and tag == "error"} >= set(
        map(named, lacking)
    )


def test_no_text_ends_a_workflow_command_or_begins_one() -> None:
    lines = render_github(hostile()).splitlines()
    assert lines[0].startswith("::error file=proofs/lean/a%2Cline=1%3A%3Ab c%25.lean,line=42,col=8,title=")
    assert "::100%25\\r%0A::error file=x::no\\x1b[2J" in lines[0]
    assert all(re.match(r"::(error|warning|notice) ", line) for line in lines)
    warned = accepted().replaced(build=build(module("Tape", "cached", WARNED)))
    assert "a %25 b%0A::error::x" in render_github(gated(warned))


@pytest.mark.parametrize("render", FORMS)
def test_no_letter_misleads_or_is_hidden(render: Callable[[GateReport], str]) -> None:
    told = render(hostile())
    assert not set(told) & set("\u202e\x1b\x00\ud800\u0430")
    told.encode("utf-8")


def test_files_are_what_they_are_whatever_stands_in_them() -> None:
    found = cases(hostile())
    assert found["verdict", "gate", "verdict"] == "failure"
    rows = [line for line in render_markdown(hostile()).splitlines() if line.startswith("|")]
    widths = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
    assert widths <= {3, len(re.findall(r"(?<!\\)\|", rows[0]))}
    assert "<b>" not in re.sub(r"\\<", "", render_markdown(hostile()))


def test_markdown_says_at_a_glance_what_to_look_at() -> None:
    page = render_markdown(gated(unfinished()))
    assert page.startswith("## ✗ lean-bridge: rejected\n\nLB205 ")
    assert f"sha256 `{'ab' * 6}` · in a checkout of `c0dec0dec0de`\n" in page
    assert "| Tape/Algebra/Soundness | ✗ 0 of 2 |" in page
    assert (
        "| `proofs/lean/Proofs/Sum.lean:9:3` | **a proof rests on sorry: Proofs.Autograd.dot\\_add**<br>"
        in page
    )
    assert page.rstrip().splitlines()[-1].startswith("policy by no file, sha256 ")


def test_markdown_is_short_whatever_is_wrong() -> None:
    many = tuple(
        Diagnostic(file="A.lean", line=n, column=0, severity="error", text="x" * 5000) for n in range(1, 400)
    )
    report = rejected().replaced(build=build(module("Sum", "failed", *many)))
    page = render_markdown(gated(report))
    assert len(page) < 100_000
    assert "| | and " in page


@pytest.mark.parametrize("render", FORMS)
def test_what_a_policy_lets_pass_and_its_digest_are_in_every_form(
    render: Callable[[GateReport], str],
) -> None:
    found = gated(accepted().replaced(unpinned=True), unpinned=True)
    told = render(found).replace("\\(", "(").replace("\\)", ")")
    assert found.policy.digest in told
    assert "unpinned (--unpinned): 0 declarations not pinned may pass" in told.replace("\\-", "-")


def test_several_libraries_are_told_apart() -> None:
    gate = gated(accepted(), rejected())
    assert {suite[0].partition(":")[0] for suite in cases(gate)} == {PLACE, "other1", "policy", "verdict"}
    assert "file=other1/Proofs/Sum.lean" in render_github(gate)
    assert str(gate.reason).startswith("other1: ")
