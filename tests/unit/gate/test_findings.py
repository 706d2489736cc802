"""What is pointed at: roots at their places, once, and what follows of them as one."""

from __future__ import annotations

from pathlib import Path

import pytest

from lean_bridge.codes import Code
from lean_bridge.errors import ProjectNotFound
from lean_bridge.gate.findings import anchors_of, findings_of
from lean_bridge.ui.formats import render_github
from lean_bridge.ui.wording import apart
from lean_bridge.verdict.refusal import refused
from pybind_models import Cause, Diagnostic, Pin, Place, VerifyReport
from pybind_models.policy import Finding
from tests.gates import PLACE, of_every_code, unfinished
from tests.reports import (
    ATTENTION,
    BACKPROP,
    MISSING,
    NOT_BUILT,
    UNPINNED,
    accepted,
    build,
    module,
    rejected,
)

CASES = of_every_code()


def errors(report: VerifyReport, **how: object) -> list[Finding]:
    found = findings_of(report, PLACE, **how)  # type: ignore[arg-type]
    assert [each.level for each in found[-1:]] == ["notice" if report.verdict == "accepted" else "error"]
    return [each for each in found[:-1] if each.level == "error"]


def at(finding: Finding) -> str:
    place = finding.place
    return f"{place.file}:{place.line}:{place.column}" if place is not None else ""


@pytest.mark.parametrize("code", Code)
def test_every_code_is_pointed_at(code: Code) -> None:
    report = CASES[code]
    found = findings_of(report, PLACE, root=Path("/sums/lean"))
    first = next(each for each in found if each.level == "error")
    assert first.code == code
    assert first.place is not None
    assert first.place.file.startswith(f"{PLACE}/")
    assert first.place.line is not None
    if code[:3] in ("LB2", "LB4"):
        assert at(first) == f"{PLACE}/Proofs/Tape.lean:120:3"
    if code.startswith("LB3"):
        assert at(first) == f"{PLACE}/Proofs/Attention.lean:60:1", "a graph is at its definition"
    assert code in first.message or code.startswith("LB1")


def test_a_root_is_told_once_with_all_that_rests_on_it() -> None:
    (found,) = errors(unfinished())
    assert at(found) == f"{PLACE}/Proofs/Sum.lean:9:3"
    assert found.title == "a proof rests on sorry: Proofs.Autograd.dot_add"
    assert "2 declarations not accepted for it: Proofs.Autograd.Graph.backprop_correct, " in found.message
    assert [place.file for place in found.related] == [f"{PLACE}/Proofs/Tape.lean"] * 2


def test_a_definition_that_changed_is_told_once() -> None:
    pin = Pin(outcome="drifted", hash="ab" * 20, change="A.f changed, below it: x", underneath="A.f")
    cause = Cause(name="A.f", place=Place(file="Proofs/F.lean", line=2, column=1))
    rows = tuple(
        BACKPROP.replaced(
            name=f"A.t{number}",
            status="rejected",
            reason="A.f changed",
            code=Code.DEFINITION_DRIFT,
            standing="not accepted",
            pin=pin,
            cause=cause,
        )
        for number in range(30)
    )
    report = accepted().replaced(verdict="rejected", reason="no", code="LB211", declarations=rows, graphs=())
    (found,) = errors(report)
    assert at(found) == f"{PLACE}/Proofs/F.lean:2:1"
    assert "30 declarations not accepted for it: A.t0, " in found.message
    assert found.message.endswith("and 22 more")


def test_lean_s_errors_come_first_and_what_was_not_built_for_them_last() -> None:
    found = errors(rejected())
    assert [each.title.partition(":")[0] for each in found] == [
        "Lean refuses a source file",
        "rejected",
        "missing",
        "1 declaration not built",
        "rejected",
        "no verdict",
    ]
    assert at(found[0]) == f"{PLACE}/Proofs/Sum.lean:42:8"
    assert "PyTorch: failed" in found[4].message


def test_a_graph_that_is_not_accepted_as_its_declaration_is_not_is_told_once() -> None:
    report = unfinished()
    row = ATTENTION.replaced(status="rejected", reason="r", code="LB201", standing="not accepted")
    graph = report.graphs[0].replaced(status="rejected", reason="r", code="LB201")
    both = report.replaced(declarations=(row,), graphs=(graph,))
    assert len(errors(both)) == 1
    assert len(errors(both.replaced(graphs=(graph.replaced(reason="another"),)))) == 2


def test_what_no_source_has_is_pointed_at_in_the_catalogue() -> None:
    report = accepted().replaced(
        verdict="rejected", reason="no", code="LB202", declarations=(MISSING,), graphs=()
    )
    (found,) = errors(report, anchors={MISSING.name: Place(file="catalogue.toml", line=12)})
    assert at(found) == f"{PLACE}/catalogue.toml:12:None"
    assert at(errors(report)[0]) == ""


def test_a_manifest_that_is_gone_is_one_thing() -> None:
    rows = (UNPINNED, UNPINNED.replaced(name="A.b"))
    report = accepted().replaced(
        verdict="no verdict", reason="no", code="LB209", declarations=rows, graphs=()
    )
    (found,) = errors(report)
    assert found.title == "2 declarations not pinned"
    assert at(found) == f"{PLACE}/catalogue.toml:1:None"
    single = tuple(row.replaced(reason="not pinned: it is not in the manifest") for row in rows)
    assert len(errors(report.replaced(declarations=single))) == 2, "each at its declaration"


def test_what_was_not_reached_is_one_thing() -> None:
    rows = tuple(
        NOT_BUILT.replaced(name=f"A.t{number}", status="no verdict", code=Code.NOT_REACHED)
        for number in range(9)
    )
    report = accepted().replaced(
        verdict="no verdict", reason="no", code="LB404", declarations=rows, graphs=()
    )
    (found,) = errors(report)
    assert found.title == "9 declarations no verdict"


def test_a_module_without_a_message_and_a_limit_are_pointed_at() -> None:
    limited = module("Vec", "blocked").replaced(
        state="unsupported", limit="Proofs/Vec.lean:3: no Mathlib here"
    )
    report = rejected().replaced(build=build(module("Sum", "failed"), limited), declarations=(), graphs=())
    silent, limit = errors(report)
    assert (at(silent), at(limit)) == (
        f"{PLACE}/Proofs/Sum.lean:None:None",
        f"{PLACE}/Proofs/Vec.lean:3:None",
    )
    assert limit.code == "LB911"


def test_every_error_of_a_module_that_met_a_limit_is_pointed_at() -> None:
    said = [(3, 4, "Type mismatch\n  rfl"), (3, 9, "unsolved goals"), (7, 0, "Unknown identifier `x`")]
    limited = module("Vec", "blocked").replaced(
        state="unsupported",
        limit="Proofs/Vec.lean:3:5: Vec.lean has no `module`; Lean says: Type mismatch; mend that",
        diagnostics=tuple(
            Diagnostic(file="Proofs/Vec.lean", line=line, column=column, severity="error", text=text)
            for line, column, text in said
        ),
    )
    report = rejected().replaced(build=build(limited), declarations=(), graphs=())
    found = errors(report)
    assert [at(each) for each in found] == [f"{PLACE}/Proofs/Vec.lean:{at}" for at in ("3:5", "3:10", "7:1")]
    assert {each.code for each in found} == {"LB911"}
    assert found[0].message.endswith("mend that\nType mismatch\n  rfl"), "the limit, and what it is about"
    assert [each.message for each in found[1:]] == ["unsolved goals", "Unknown identifier `x`"]
    lines = render_github(report, root=PLACE).splitlines()[:3]
    where = [line.partition("::error ")[2].partition("::")[0] for line in lines]
    assert where == [f"file={PLACE}/Proofs/Vec.lean,line={at}" for at in ("3,col=5", "3,col=10", "7,col=1")]


def test_a_library_at_the_top_has_no_directory_before_its_files() -> None:
    (first, *_) = findings_of(rejected(), ".")
    assert first.place is not None
    assert first.place.file == "Proofs/Sum.lean"


@pytest.mark.parametrize(
    ("message", "place"),
    [
        ("/l/catalogue.toml:3: no", Place(file="catalogue.toml", line=3)),
        ("/l/a/lakefile.toml:3:4: not TOML", Place(file="a/lakefile.toml", line=3, column=4)),
        ("A/B.lean:7: no", Place(file="A/B.lean", line=7)),
        ("/other/catalogue.toml:3: no", None),
        ("../catalogue.toml:3: no", None),
        ("no place at all: 3: x", None),
        ("A:0: x", None),
    ],
)
def test_a_message_may_begin_with_its_place(message: str, place: Place | None) -> None:
    rest = message if place is None else message.split(": ", 1)[1]
    assert apart(message, Path("/l")) == (place, rest)


@pytest.mark.parametrize("path", ["/l/catalogue.toml:3:4", "catalogue.toml:3:4"])
def test_a_place_is_told_once(path: str) -> None:
    report = refused(ProjectNotFound(f"{path}: not TOML"))
    (verdict,) = findings_of(report, "proofs", root=Path("/l"))
    assert verdict.place == Place(file="proofs/catalogue.toml", line=3, column=4)
    assert verdict.message.startswith("LB902 not TOML")
    row = BACKPROP.replaced(
        status="rejected", code=Code.AXIOM, reason="A/B.lean:7: an axiom", standing="not accepted"
    )
    found = findings_of(
        accepted().replaced(verdict="rejected", reason="no", code="LB204", declarations=(row,)), "."
    )
    first = next(each for each in found if each.level == "error")
    assert (first.place, first.message) == (
        Place(file="A/B.lean", line=7),
        f"{BACKPROP.name}: LB204 an axiom",
    )


def test_where_catalogue_and_manifest_name_declarations(tmp_path: Path) -> None:
    assert anchors_of(tmp_path) == {}
    entry = '# first\n\n[[declaration]]\nkind = "theorem"\nname = "A.{}"\ngroup = "G"\n'
    (tmp_path / "catalogue.toml").write_text(entry.format("a") + entry.format("«b»"))
    assert anchors_of(tmp_path) == {
        "A.a": Place(file="catalogue.toml", line=5),
        "A.b": Place(file="catalogue.toml", line=11),
    }
    (tmp_path / "catalogue.toml").write_text("[[declaration")
    assert anchors_of(tmp_path) == {}
