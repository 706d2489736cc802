"""What evidence amounts to: one link that refuses rejects, one that is missing leaves a graph undecided."""

from __future__ import annotations

from typing import Any

import pytest

from lean_bridge.codes import Code
from lean_bridge.errors import ShapeError, UnsupportedOp
from lean_bridge.verdict.conclude import conclude
from lean_bridge.verdict.rows import GraphEvidence, declaration_row, dropped_row, graph_row
from lean_bridge.verdict.second_opinion import SecondOpinion
from pybind_models import Advisory, Certification, CheckResult, KernelVerdict, Pin, Witness, Words
from tests.reports import ATTENTION, BACKPROP, CERTIFIED, FIELD, PINNED, SORRY, attention_graph, build, module

NATIVE = "Lean 4.35.0, native"
ADVISORY = Advisory(
    name="lean4#1", title="a fault", affects="everything", fixed_in="4.32.1", url="https://example.org/1"
)
NEEDED = tuple(
    CheckResult(name=name, outcome="passed", detail="compared", error=0.0, tolerance=1e-12)
    for name in ("shapes", "adjoint identity", "differences")
)


def opinion(outcome: Any = "accepted", *names: str, detail: str | None = None) -> SecondOpinion:
    verdict = KernelVerdict(kernel=NATIVE, outcome=outcome, detail=detail)
    return SecondOpinion(NATIVE, dict.fromkeys(names, verdict), dict.fromkeys(names, verdict))


ABSENT = SecondOpinion("second kernel", why_not="it is not installed", is_asked=False)
ALL = (ATTENTION.name, BACKPROP.name, CERTIFIED.theorem or "", *FIELD.points[0].theorems)


ACCEPTED = declaration_row(BACKPROP, (PINNED, None), NATIVE, opinion("accepted", *ALL), [])
UNPINNED = Pin(outcome="not pinned", hash="cd" * 20, change="not pinned: nobody did")


def evidence(**found: Any) -> GraphEvidence:
    from lean_bridge.crosscheck.judgement import NEEDED as NAMES

    checks = tuple(check.replaced(name=name) for check, name in zip(NEEDED, NAMES, strict=True))
    given = {"graph": attention_graph(), "certification": CERTIFIED, "finite_field": FIELD, "checks": checks}
    return GraphEvidence(**{**given, **found})


def test_a_declaration_with_everything_is_confirmed() -> None:
    row = declaration_row(BACKPROP, (PINNED, None), "Lean 4.28.0", opinion("accepted", *ALL), [ADVISORY])
    assert (row.status, row.standing, row.code) == ("proved", "confirmed", None)
    assert [kernel.outcome for kernel in row.kernels] == ["accepted", "accepted"]


def test_without_a_second_kernel_the_advisories_stand() -> None:
    row = declaration_row(BACKPROP, (PINNED, None), "Lean 4.28.0", ABSENT, [ADVISORY])
    assert (row.status, row.standing) == ("proved", "proved, advisories")
    assert row.kernels[1].outcome == "not asked"
    assert row.kernels[1].detail == "it is not installed"


def test_words_of_another_meaning_reject_a_declaration_and_its_graph() -> None:
    words = Words(known=3, changed=("Proofs.Autograd.fderiv",))
    theorem = BACKPROP.model_copy(update={"words": words})
    row = declaration_row(theorem, (PINNED, None), "Lean", opinion("accepted", *ALL), [])
    assert (row.status, row.code) == ("rejected", Code.OWN_VOCABULARY)
    assert "Proofs.Autograd.fderiv is not the tool's" in (row.reason or "")
    refused = FIELD.model_copy(update={"outcome": "refused", "detail": "GF", "code": Code.OWN_VOCABULARY})
    graph = graph_row(evidence(finite_field=refused), ATTENTION, opinion("accepted", *ALL))
    assert (graph.status, graph.code) == ("rejected", Code.OWN_VOCABULARY)


def test_drift_and_a_kernel_that_refuses_reject() -> None:
    drifted = Pin(outcome="drifted", hash="cd" * 20, change="the statement was: 1 = 1 -- and is: True")
    row = declaration_row(BACKPROP, (drifted, Code.STATEMENT_DRIFT), "Lean", opinion("accepted", *ALL), [])
    assert (row.status, row.code, row.reason) == ("rejected", Code.STATEMENT_DRIFT, drifted.change)
    refusing = opinion("refused", *ALL, detail="type mismatch")
    row = declaration_row(BACKPROP, (PINNED, None), "Lean", refusing, [])
    assert (row.status, row.standing, row.code) == ("rejected", "not accepted", Code.KERNEL_REFUSES)
    assert row.reason == f"{NATIVE} refuses it: type mismatch"


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        ("gave up", Code.KERNEL_GAVE_UP),
        ("hidden body", Code.BODY_HIDDEN),
        ("not reached", Code.NOT_REACHED),
    ],
)
def test_what_was_asked_and_is_not_accepted_is_no_verdict(outcome: str, code: Code) -> None:
    undecided = opinion(outcome, *ALL, detail="why")
    row = graph_row(evidence(), ATTENTION, undecided)
    assert (row.status, row.code) == ("no verdict", code)
    built = build(module("Tape", "built"))
    declared = declaration_row(BACKPROP, (PINNED, None), "Lean", undecided, [])
    assert declared.standing != "confirmed"
    verdict, reason, found = conclude(built, [declared], [], unsettled=undecided.unsettled)
    assert (verdict, found) == ("no verdict", code)
    assert reason == f"{BACKPROP.name}: {NATIVE}, {outcome}: why"
    assert (declared.status, declared.code, declared.standing) == ("no verdict", code, "not accepted")
    unlisted = conclude(built, [ACCEPTED], [], unsettled=undecided.unsettled)
    assert unlisted[1:] == (f"the second kernel did not accept {ATTENTION.name}, {outcome}: why", code)


def test_a_kernel_that_was_asked_and_is_silent_is_not_one_that_is_absent() -> None:
    asked = SecondOpinion(NATIVE, why_not="it ended")
    assert (asked.of("any").outcome, ABSENT.of("any").outcome) == ("not reached", "not asked")
    assert asked.of_all([]).outcome == "not reached"
    mixed = SecondOpinion(
        NATIVE,
        {
            "a": KernelVerdict(kernel=NATIVE, outcome="accepted"),
            "b": KernelVerdict(kernel=NATIVE, outcome="gave up"),
            "c": KernelVerdict(kernel=NATIVE, outcome="refused"),
        },
    )
    assert mixed.of_all(["a", "b"]).outcome == "gave up"
    assert mixed.of_all(["a", "b", "c"]).outcome == "refused"
    assert list(mixed.unsettled) == ["b"]


def test_what_the_audit_found_stays_the_reason() -> None:
    drifted = Pin(outcome="drifted", hash="cd" * 20, change="changed")
    row = declaration_row(SORRY, (drifted, Code.STATEMENT_DRIFT), "Lean", ABSENT, [])
    assert (row.code, row.reason) == (SORRY.code, SORRY.reason)


def test_what_a_manifest_lacks_is_rejected_and_without_one_nothing_is_decided() -> None:
    pin = UNPINNED, Code.NOT_PINNED
    row = declaration_row(BACKPROP, pin, "Lean", opinion("accepted", *ALL), [])
    assert (row.status, row.reason, row.code) == ("rejected", UNPINNED.change, Code.NOT_PINNED)
    row = declaration_row(BACKPROP, pin, "Lean", opinion("accepted", *ALL), [], has_manifest=False)
    assert (row.status, row.reason, row.code) == ("no verdict", UNPINNED.change, Code.NOT_PINNED)
    built = build(module("Tape", "built"))
    verdict, reason, code = conclude(built, [row], [])
    assert (verdict, code) == ("no verdict", Code.NOT_PINNED)
    assert reason is not None
    assert "lean-bridge pin" in reason
    waived = declaration_row(BACKPROP, (UNPINNED, None), "Lean", opinion("accepted", *ALL), [])
    assert (waived.status, waived.pin) == ("proved", UNPINNED)


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        ("accepted", ("no verdict", Code.NOT_PINNED)),
        ("gave up", ("no verdict", Code.KERNEL_GAVE_UP)),
        ("refused", ("rejected", Code.KERNEL_REFUSES)),
    ],
)
def test_what_a_kernel_found_comes_before_what_nobody_pinned(outcome: str, expected: object) -> None:
    said = opinion(outcome, *ALL, detail="why")
    pin = UNPINNED, Code.NOT_PINNED
    row = declaration_row(BACKPROP, pin, "Lean", said, [], has_manifest=False)
    assert (row.status, row.code) == expected
    declared = declaration_row(ATTENTION, pin, "Lean", said, [], has_manifest=False)
    graph = graph_row(evidence(), declared, said)
    assert (graph.status, graph.code) == expected
    conclusion = conclude(build(module("Tape", "built")), [row, declared], [graph], unsettled=said.unsettled)
    assert conclusion[::2] == expected


def test_numbers_that_disagree_reject_a_graph_that_is_not_pinned_too() -> None:
    pin = UNPINNED, Code.NOT_PINNED
    declared = declaration_row(ATTENTION, pin, "Lean", ABSENT, [], has_manifest=False)
    refused = {"finite_field": FIELD.replaced(outcome="refused", detail="row 3")}
    row = graph_row(evidence(**refused), declared, ABSENT)
    assert (row.status, row.code) == ("rejected", Code.FIELD_DISAGREES)


def test_confirmation_is_required_of_graphs_too() -> None:
    everything = [CERTIFIED.theorem or "", ATTENTION.name, BACKPROP.name]
    declared = declaration_row(ATTENTION, (PINNED, None), NATIVE, opinion("accepted", *everything), [])
    confirmed = graph_row(evidence(), ATTENTION, opinion("accepted", *ALL))
    unasked = graph_row(evidence(), ATTENTION, ABSENT)
    built = build(module("Tape", "built"))
    assert conclude(built, [declared], [confirmed], require_confirmed=True)[0] == "accepted"
    assert conclude(built, [declared], [unasked])[0] == "accepted"
    verdict, reason, code = conclude(built, [declared], [unasked], require_confirmed=True)
    assert (verdict, code) == ("no verdict", Code.NOT_CONFIRMED)
    assert reason is not None
    assert "it is not installed" in reason


def test_a_pinned_declaration_that_is_gone_has_a_row() -> None:
    row = dropped_row("Proofs.gone", (Pin(outcome="drifted", hash="0" * 40, change="gone"), Code.MISSING))
    assert (row.name, row.status, row.code) == ("Proofs.gone", "missing", Code.MISSING)


def test_a_graph_agrees_only_with_every_link() -> None:
    row = graph_row(evidence(), ATTENTION, opinion("accepted", *ALL))
    assert (row.status, row.certified) == ("agrees", True)
    assert row.certification is not None
    assert [kernel.outcome for kernel in row.certification.kernels] == ["accepted", "accepted"]


@pytest.mark.parametrize(
    ("found", "status", "code"),
    [
        ({"graph": None, "fault": ShapeError("no")}, "rejected", ShapeError.code),
        ({"graph": None, "fault": UnsupportedOp("f", "no")}, "no verdict", UnsupportedOp.code),
        (
            {"certification": Certification(outcome="refused", detail="type mismatch")},
            "rejected",
            Code.NOT_THE_DECLARED_GRAPH,
        ),
        (
            {"finite_field": FIELD.replaced(outcome="refused", detail="row 3")},
            "rejected",
            Code.FIELD_DISAGREES,
        ),
        ({"certification": None}, "no verdict", Code.NOTHING_CHECKED),
        (
            {"finite_field": FIELD.replaced(outcome="not run", points=())},
            "no verdict",
            Code.NOTHING_CHECKED,
        ),
        ({"checks": ()}, "no verdict", Code.NOTHING_CHECKED),
    ],
)
def test_a_link_that_is_refused_or_missing_decides(found: Any, status: str, code: str) -> None:
    row = graph_row(evidence(**found), ATTENTION, opinion("accepted", *ALL))
    assert (row.status, row.code) == (status, code)


def test_a_certificate_that_the_second_kernel_refuses_rejects() -> None:
    row = graph_row(evidence(), ATTENTION, opinion("refused", *ALL, detail="not equal"))
    assert (row.status, row.code) == ("rejected", Code.KERNEL_REFUSES)


def test_the_gate_can_require_confirmation() -> None:
    row = declaration_row(BACKPROP, (PINNED, None), "Lean", ABSENT, [ADVISORY])
    built = build(module("Tape", "built"))
    assert conclude(built, [row], [])[0] == "accepted"
    verdict, reason, code = conclude(built, [row], [], require_confirmed=True)
    assert (verdict, code) == ("no verdict", Code.NOT_CONFIRMED)
    assert reason is not None
    assert "it is not installed" in reason
    assert conclude(built, [row], [], refused=["Proofs.step"])[2] == Code.KERNEL_REFUSES


def test_a_theorem_that_nobody_met_is_no_verdict() -> None:
    lacking = Witness(outcome="not met", detail="nothing was found to meet h")
    row = declaration_row(BACKPROP, (PINNED, None), NATIVE, opinion("accepted", *ALL), [], witness=lacking)
    assert (row.status, row.code, row.reason) == ("no verdict", Code.NOT_WITNESSED, lacking.detail)
    assert (row.witnessed, row.standing) == (False, "not accepted")
    met = Witness(outcome="met")
    row = declaration_row(BACKPROP, (PINNED, None), NATIVE, opinion("accepted", *ALL), [], witness=met)
    assert (row.status, row.witnessed, row.witness) == ("proved", True, met)
    told = Witness(outcome="open", open={"h": "it is shown elsewhere"})
    row = declaration_row(BACKPROP, (PINNED, None), NATIVE, opinion("accepted", *ALL), [], witness=told)
    assert (row.status, row.witnessed) == ("proved", False)


def test_a_row_cannot_hold_without_its_witness() -> None:
    lacking = Witness(outcome="not met", detail="nothing was found to meet h")
    with pytest.raises(ValueError, match="though it is not met"):
        ACCEPTED.replaced(witness=lacking, witnessed=False)
    with pytest.raises(ValueError, match="witnessed takes a witness"):
        ACCEPTED.replaced(witnessed=True)
