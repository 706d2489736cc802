from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest

from lean_bridge.ui.dashboard import render_report
from lean_bridge.ui.formats import render_github, render_json, render_junit, render_text
from lean_bridge.ui.markdown import render_markdown
from pybind_models import Cause, Place, VerifyReport, Words
from tests.reports import (
    ATTENTION,
    BACKPROP,
    NOT_BUILT,
    SORRY,
    UNPINNED,
    UNSOLVED,
    accepted,
    build,
    module,
    plain_console,
    rejected,
)


def as_dashboard(report: VerifyReport) -> str:
    console, stream = plain_console(240)
    render_report(report, console)
    return stream.getvalue()


def cases(report: VerifyReport) -> dict[tuple[str, str], str | None]:
    root = ET.fromstring(render_junit(report).encode())
    found = {}
    for case in root.iter("testcase"):
        told = [child.tag for child in case if child.tag != "system-out"]
        found[case.attrib["classname"], case.attrib["name"]] = told[0] if told else None
    return found


@pytest.mark.parametrize("report", [accepted(), rejected()], ids=["accepted", "rejected"])
def test_json_is_the_model(report: VerifyReport) -> None:
    text = render_json(report)
    assert text.endswith("}\n")
    assert VerifyReport.model_validate_json(text) == report
    assert list(json.loads(text)) == list(VerifyReport.model_fields)


def test_no_format_shows_a_name_with_letters_that_mislead() -> None:
    evil = BACKPROP.model_copy(
        update={
            "name": "A.Gr\u0430ph\u202e",
            "status": "rejected",
            "reason": "no\u200b",
            "code": "LB201",
            "standing": "not accepted",
        }
    )
    report = rejected().model_copy(update={"declarations": (evil,)})
    console, stream = plain_console(200)
    render_report(report, console)
    texts = [stream.getvalue(), *(render(report) for render in (render_text, render_github, render_junit))]
    for text in (*texts, render_markdown(report)):
        assert "Gr\\u0430ph\\u202e" in text
        assert not set(text) & set("\u0430\u202e\u200b")


def test_json_shows_what_one_does_not_see() -> None:
    evil = BACKPROP.model_copy(update={"statement": "a\u202eb\u200bc\U000e0041"})
    report = rejected().model_copy(update={"declarations": (evil,)})
    text = render_json(report)
    assert '"a\\u202eb\\u200bc\\udb40\\udc41"' in text
    assert VerifyReport.model_validate_json(text) == report


def test_text_has_a_line_per_row() -> None:
    lines = render_text(rejected()).splitlines()
    assert [line.split("\t")[:2] for line in lines] == [
        ["library", "own"],
        ["passed over", "lean_exe x: said"],
        ["module", "built"],
        ["module", "failed"],
        ["message", "error"],
        ["module", "blocked"],
        ["declaration", "rejected"],
        ["declaration", "not built"],
        ["declaration", "missing"],
        ["declaration", "defined"],
        ["graph", "rejected"],
        ["check", "certified"],
        ["check", "certified"],
        ["check", "passed"],
        ["check", "failed"],
        ["graph", "no verdict"],
        ["note", "1 row not confirmed: it is not installed"],
        ["verdict", "rejected"],
    ]
    assert lines[4].split("\t")[3:] == ["Proofs/Sum.lean:42:7", "unsolved goals x y : R ⊢ x + y = x - y"]


def test_text_rows_cannot_be_forged() -> None:
    evil = BACKPROP.replaced(statement="a\nverdict\taccepted\x1b[2J")
    lines = render_text(rejected().replaced(declarations=(evil,))).splitlines()
    assert sum(line.startswith("verdict\t") for line in lines) == 1
    assert not any("\x1b" in line for line in lines)


def test_annotations_point_at_the_source() -> None:
    lines = render_github(rejected(), root="lean").splitlines()
    assert lines[0] == (
        "::error file=lean/Proofs/Sum.lean,line=42,col=8::unsolved goals%0Ax y : R%0A⊢ x + y = x - y"
    )
    assert lines[1].startswith("::error file=lean/Proofs/Tape.lean,line=120,col=3,title=rejected%3A Proofs")
    assert "Proofs.Autograd.dot_add → sorryAx" in lines[1]
    assert lines[-1] == (
        "::error title=lean-bridge%3A rejected::LB101 Lean refuses Proofs/Sum.lean; "
        f"library /sums/lean, sha256 {'ab' * 32}, in a checkout of {'c0de' * 10}, "
        "Lean 4.28.0-pre (embedded, isolated by landlock)"
    )
    assert len(lines) == 1 + 3 + 2 + 1 + 1 + 1


def test_an_annotation_is_at_the_root_where_that_is_known() -> None:
    cause = Cause(name="Proofs.Autograd.dot_add", place=Place(file="Proofs/Sum.lean", line=9, column=3))
    report = rejected().replaced(declarations=(SORRY.replaced(cause=cause),), graphs=())
    assert "::error file=lean/Proofs/Sum.lean,line=9,col=3,title=rejected" in render_github(
        report, root="lean"
    )


def test_what_was_not_built_is_one_annotation() -> None:
    (unbuilt,) = (each for each in rejected().declarations if each.status == "not built")
    many = tuple(unbuilt.replaced(name=f"Proofs.lemma_{number}") for number in range(74))
    report = rejected().replaced(declarations=many, graphs=())
    about = [line for line in render_github(report).splitlines() if "lemma_" in line]
    assert len(about) == 1
    assert "74 declarations not built: Proofs.lemma_0, " in about[0]
    assert about[0].endswith("Proofs.lemma_7 and 66 more")


def test_annotations_escape_what_would_end_them() -> None:
    evil = UNSOLVED.replaced(file="a,line=1::b.lean", text="100%\n::error::no")
    report = rejected().replaced(build=build(module("Sum", "failed", evil)), declarations=(), graphs=())
    assert render_github(report).splitlines()[0] == (
        "::error file=a%2Cline=1%3A%3Ab.lean,line=42,col=8::100%25%0A::error::no"
    )


def test_annotations_of_an_accepted_report_are_warnings_and_a_notice() -> None:
    warning, doubt, passed_over, verdict = render_github(accepted()).splitlines()
    assert doubt == "::warning title=lean-bridge::2 rows not confirmed: it is not installed"
    assert passed_over == "::notice::passed over: lean_exe x: said"
    assert warning == "::warning file=Proofs/Tape.lean,line=3,col=1::unused variable `h`"
    assert verdict.startswith("::notice title=lean-bridge%3A accepted::1 proved, 1 defined of 2 declarations")


def test_junit_has_a_case_per_row() -> None:
    assert cases(rejected()) == {
        ("Proofs/Tape.lean", "Proofs.Tape"): None,
        ("Proofs/Sum.lean", "Proofs.Sum"): "failure",
        ("Proofs/Vec.lean", "Proofs.Vec"): "error",
        ("Tape/Algebra/Soundness", "Proofs.Autograd.Graph.backprop_correct"): "failure",
        ("Tape/Algebra/Soundness", "Proofs.Autograd.Graph.later"): "error",
        ("Tape/Algebra/Soundness", "Proofs.Autograd.Graph.gone"): "failure",
        ("Tape/Graphs/Transformer", "Proofs.Autograd.Transformer.mhaResidualDGraph"): None,
        ("Proofs.Autograd.Transformer.mhaResidualDGraph", "agreement"): "failure",
        ("Proofs.Autograd.Transformer.mhaResidualDGraph", "certificate"): None,
        ("Proofs.Autograd.Transformer.mhaResidualDGraph", "finite field"): None,
        ("Proofs.Autograd.Transformer.mhaResidualDGraph", "adjoint identity"): None,
        ("Proofs.Autograd.Transformer.mhaResidualDGraph", "PyTorch"): "failure",
        ("Proofs.Autograd.Transformer.encoderDGraph", "agreement"): "error",
        ("lean-bridge", "verdict"): "failure",
    }


def test_junit_names_the_root_cause_first_where_a_module_or_a_declaration_was_not_built() -> None:
    reason = "not compiled: Proofs.Sum (Proofs/Sum.lean:3:1: unknown)"
    unbuilt = NOT_BUILT.replaced(reason=reason)
    root = ET.fromstring(render_junit(rejected().replaced(declarations=(unbuilt,))).encode())
    said = [case.attrib["message"] for case in root.findall(".//testcase/error")]
    assert said[0] == "Proofs.Sum not compiled, and with it what imports it: blocked"
    assert said[1] == f"LB101 {reason}"


def test_junit_counts_what_it_holds() -> None:
    root = ET.fromstring(render_junit(accepted()).encode())
    for suite in root:
        assert int(suite.attrib["tests"]) == len(suite.findall("testcase"))
    graphs = root.find("testsuite[@name='graphs']")
    assert graphs is not None
    assert (graphs.attrib["failures"], graphs.attrib["errors"], graphs.attrib["skipped"]) == ("0", "0", "1")


def test_no_format_is_green_where_nothing_was_checked() -> None:
    report = VerifyReport(verdict="no verdict", reason="no Lean", code="LB901")
    assert cases(report)["lean-bridge", "verdict"] == "error"
    assert render_github(report).splitlines()[-1] == "::error title=lean-bridge%3A no verdict::LB901 no Lean"
    assert render_text(report).splitlines()[-1].startswith("verdict\tno verdict\t")


def test_every_format_says_that_a_declaration_is_not_pinned() -> None:
    waived = BACKPROP.replaced(pin=UNPINNED.pin)
    report = accepted().replaced(declarations=(waived, ATTENTION), unpinned=True)
    texts = [render(report) for render in (render_json, render_text, render_github, render_junit)]
    for text in (*texts, render_markdown(report)):
        assert "not pinned" in text.lower()
    for render in (render_github, render_junit):
        assert "1 row is not pinned" in render(report)


def test_a_row_without_a_verdict_is_green_in_no_format() -> None:
    report = accepted().replaced(
        verdict="no verdict", reason="why", code="LB209", declarations=(UNPINNED, ATTENTION)
    )
    assert cases(report)[UNPINNED.group, UNPINNED.name] == "error"
    assert "::error file=Proofs/Tape.lean,line=120,col=3,title=no verdict%3A" in render_github(report)
    assert f"declaration\tno verdict\t{UNPINNED.name}\t" in render_text(report)
    assert "| no verdict |" in render_markdown(report)


def test_junit_survives_letters_that_xml_lacks() -> None:
    evil = UNSOLVED.replaced(text="\x00\x1b]]>\ud800<&")
    report = rejected().replaced(build=build(module("Sum", "failed", evil)))
    failure = ET.fromstring(render_junit(report).encode()).find(".//failure")
    assert failure is not None
    assert failure.text is not None
    assert failure.text.endswith("\ufffd\ufffd]]>\ufffd<&")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            Words(known=2, own=("Own.f", "Own.g")),
            ("1 statement in words of the library's own", "own words: Own.f"),
        ),
        (Words(known=2, changed=("Proofs.fderiv",)), ("NOT THE TOOL'S, under its names: Proofs.fderiv",) * 2),
    ],
    ids=["own", "changed"],
)
def test_every_format_says_whose_the_words_are(words: Words, told: tuple[str, str]) -> None:
    report = accepted()
    named = BACKPROP.model_copy(update={"words": words})
    report = report.model_copy(update={"declarations": (named, *report.declarations[1:])})
    console, stream = plain_console(400)
    render_report(report, console)
    shown = stream.getvalue()
    header, row = told
    for text in (shown, render_text(report), render_github(report)):
        assert header in text
    assert row.split(": ")[-1] in render_markdown(report)
    assert row in shown
    assert row in render_text(report)


def test_every_format_shows_the_codes_of_what_is_not_good() -> None:
    report = rejected()
    console, stream = plain_console(200)
    render_report(report, console)
    written = {
        "table": stream.getvalue(),
        "json": render_json(report),
        "text": render_text(report),
        "github": render_github(report),
        "junit": render_junit(report),
    }
    found = [report.code, *(row.code for row in report.declarations), *(row.code for row in report.graphs)]
    codes = {code for code in found if code is not None}
    assert len(codes) == 5
    assert [(name, code) for name, text in written.items() for code in codes if code not in text] == []


@pytest.mark.parametrize(
    "render", [render_text, render_json, render_github, render_junit, render_markdown, as_dashboard]
)
@pytest.mark.parametrize("report", [accepted(), rejected()], ids=["accepted", "rejected"])
def test_every_form_names_the_library_its_digest_and_its_lean(
    render: Callable[[VerifyReport], str], report: VerifyReport
) -> None:
    shown = " ".join(render(report).split())
    place = "`lean/`" if render is render_markdown else "/sums/lean"
    for told in (place, "ab" * 32, "4.28.0-pre", "lean_exe x: said"):
        assert told in shown


@pytest.mark.parametrize("render", [render_text, render_json, render_github, render_junit, as_dashboard])
@pytest.mark.parametrize("report", [accepted(), rejected()], ids=["accepted", "rejected"])
def test_every_form_but_a_page_to_be_committed_names_the_commit(
    render: Callable[[VerifyReport], str], report: VerifyReport
) -> None:
    assert report.library is not None
    shown = " ".join(render(report).split())
    without = " ".join(render(report.replaced(library=report.library.replaced(commit=None))).split())
    assert ("c0de" * 10 in shown, "c0de" in without) == (True, False)
    assert "c0de" not in render_markdown(report)  # it would be another one as soon as it is


@pytest.mark.parametrize("render", [render_text, render_json, render_github, render_junit, render_markdown])
@pytest.mark.parametrize("report", [accepted(), rejected()], ids=["accepted", "rejected"])
def test_every_form_says_that_a_lean_is_unknown_and_what_was_not_isolated(
    render: Callable[[VerifyReport], str], report: VerifyReport
) -> None:
    assert report.build is not None
    lean = report.build.toolchain.replaced(
        provider="installed", known=False, isolation="none", passed_over=("/opt/lean: is a script",)
    )
    doubtful = report.replaced(build=report.build.replaced(toolchain=lean))
    if render is render_json:
        assert VerifyReport.model_validate_json(render(doubtful)).build == doubtful.build
        return
    shown = " ".join(render(doubtful).split())
    ran, passed_over = "code of the sources ran with the rights of the user", "/opt/lean: is a script"
    for told in ("an unknown Lean", "not isolated", ran, passed_over):
        assert told in shown
        assert told not in " ".join(render(report).split())


@pytest.mark.parametrize(
    "render", [as_dashboard, render_text, render_github, render_junit, render_json, render_markdown]
)
def test_every_format_shows_a_note(render: Callable[[VerifyReport], str]) -> None:
    note = "LB205: not catalogued and not judged: opened: sorry"
    shown = " ".join(render(accepted().replaced(notes=(note,))).split())
    assert note in shown.replace("│ ", "")
    assert note not in render(accepted())
