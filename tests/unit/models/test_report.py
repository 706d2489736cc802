"""A report cannot say more than its rows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from pybind_models import (
    Certification,
    DeclarationReport,
    FieldEvidence,
    GraphReport,
    Pin,
    Toolchain,
    VerifyReport,
)
from tests.reports import (
    ADJOINT,
    ATTENTION,
    BACKPROP,
    BUILT,
    CONFIRMED,
    FIELD,
    PYTORCH_ABSENT,
    PYTORCH_DIFFERS,
    SORRY,
    UNPINNED,
    accepted,
    agreeing_graph,
    build,
    module,
)


def test_a_warranted_report_survives_its_json() -> None:
    report = accepted()
    assert VerifyReport.model_validate_json(report.model_dump_json()) == report


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"declarations": ()}, "nothing was checked"),
        ({"build": None}, "nothing was checked"),
        ({"declarations": (BACKPROP, SORRY)}, f"accepted, though {SORRY.name} is not"),
        ({"build": build(module("Sum", "blocked"))}, "accepted, though Proofs.Sum is not"),
        (
            {"graphs": (GraphReport(name="g", status="no verdict", reason="why", code="LB908"),)},
            "accepted, though g is not",
        ),
    ],
)
def test_acceptance_must_be_warranted(rows: dict[str, Any], message: str) -> None:
    given = {name: getattr(accepted(), name) for name in ("build", "declarations", "graphs")}
    with pytest.raises(ValidationError, match=message):
        VerifyReport(verdict="accepted", **{**given, **rows})


@pytest.mark.parametrize("checks", [(), (PYTORCH_ABSENT,), (ADJOINT, PYTORCH_DIFFERS)])
def test_agreement_must_be_warranted(checks: tuple[Any, ...]) -> None:
    with pytest.raises(ValidationError, match="agreement takes a check that passed"):
        GraphReport(name=ATTENTION.name, status="agrees", checks=checks)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({"certified": False}, "certified takes the certificate"),
        ({"certification": None}, "certified takes the certificate"),
        ({"certified": False, "certification": None}, "agreement takes Lean's word"),
        ({"finite_field": None}, "agreement takes Lean's word"),
    ],
)
def test_agreement_takes_the_word_of_lean(found: dict[str, Any], message: str) -> None:
    given = agreeing_graph(ADJOINT).model_dump()
    with pytest.raises(ValidationError, match=message):
        GraphReport.model_validate({**given, **found})


DRIFTED = Pin(outcome="drifted", hash="cd" * 20, change="it was 1 = 1")
UNSEEN = Pin(outcome="not pinned", hash="cd" * 20, change="it is not in the manifest")
GAVE_UP = CONFIRMED.replaced(outcome="gave up", detail="too deep")
REFUSED = CONFIRMED.replaced(outcome="refused", detail="type mismatch")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"reason": "why", "code": "LB205"}, "what is not accepted has a reason"),
        ({"status": "rejected", "standing": "not accepted"}, "what is not accepted has a reason"),
        ({"status": "rejected", "reason": "why", "code": "LB205"}, "confirmed, though it is rejected"),
        ({"status": "defined"}, "defined, though it is a theorem"),
        ({"standing": "not accepted"}, "though it is not accepted"),
        ({"axiom_path": ("t", "sorryAx")}, "though it is not accepted"),
        ({"kernels": (BUILT, GAVE_UP)}, "though a kernel did not accept it"),
        ({"kernels": (BUILT, REFUSED)}, "though a kernel did not accept it"),
        ({"kernels": (BUILT,)}, "confirmed, though no second kernel accepted it"),
        ({"kernels": ()}, "confirmed, though no second kernel accepted it"),
        ({"pin": DRIFTED}, "though it is not as pinned"),
    ],
)
def test_a_row_cannot_be_changed_to_say_more_than_is_known(changes: dict[str, Any], message: str) -> None:
    for change in (BACKPROP.replaced, lambda **values: BACKPROP.model_copy(update=values)):
        with pytest.raises(ValidationError, match=message):
            change(**changes)
    with pytest.raises(ValidationError, match=message):
        DeclarationReport.model_validate({**dict(BACKPROP), **changes})


@pytest.mark.parametrize("said", [GAVE_UP, REFUSED])
@pytest.mark.parametrize("link", ["certification", "finite_field"])
def test_a_graph_does_not_agree_while_a_kernel_that_was_asked_withholds_its_word(
    said: Any, link: str
) -> None:
    graph = agreeing_graph(ADJOINT)
    changed = getattr(graph, link).replaced(kernels=(said,))
    with pytest.raises(ValidationError, match="no kernel which was asked withholds its word"):
        graph.replaced(**{link: changed})


def test_what_is_not_pinned_is_let_pass_only_where_that_was_asked() -> None:
    rows = (BACKPROP.replaced(pin=UNSEEN), ATTENTION)
    assert accepted().replaced(declarations=rows, unpinned=True).unpinned
    for declarations in (rows, (BACKPROP.replaced(pin=None), ATTENTION)):
        with pytest.raises(ValidationError, match=f"accepted, though {BACKPROP.name} is not"):
            accepted().replaced(declarations=declarations)
    with pytest.raises(ValidationError, match=f"accepted, though {UNPINNED.name} is not"):
        accepted().replaced(declarations=(UNPINNED, ATTENTION), unpinned=True)


def test_confirmation_is_required_of_declarations_and_of_graphs() -> None:
    confirmed = ATTENTION.replaced(kernels=(BUILT, CONFIRMED), standing="confirmed")
    graph = agreeing_graph(ADJOINT)
    assert not graph.is_confirmed
    with pytest.raises(ValidationError, match=f"accepted, though {ATTENTION.name} is not"):
        accepted().replaced(confirmation_required=True, graphs=())
    with pytest.raises(ValidationError, match=f"accepted, though {graph.name} is not"):
        accepted().replaced(confirmation_required=True, declarations=(BACKPROP, confirmed))
    settled = graph.replaced(finite_field=FIELD.replaced(kernels=(CONFIRMED,)))
    assert settled.is_confirmed
    accepted().replaced(confirmation_required=True, declarations=(BACKPROP, confirmed), graphs=(settled,))


@pytest.mark.parametrize("changes", [{"reason": "why"}, {"code": "LB205"}, {"verdict": "no verdict"}])
def test_the_verdict_has_a_reason_exactly_where_it_is_not_acceptance(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="what is not accepted has a reason"):
        accepted().replaced(**changes)


def test_certified_takes_a_theorem_and_points() -> None:
    with pytest.raises(ValidationError, match="takes a module and a theorem"):
        Certification(outcome="certified")
    with pytest.raises(ValidationError, match="takes a point and a bound"):
        FieldEvidence(outcome="certified", prime=7)


def test_bytes_of_a_path_that_are_no_text_are_escapes_in_json() -> None:
    lean = Toolchain(provider="embedded", version="4.28.0", identity="x", location="/a\udcff/é")
    assert json.loads(lean.model_dump_json())["location"] == "/a\udcff/é"
    assert lean.model_dump_json(indent=2).encode().count(b"\\udcff") == 1
    plain = lean.replaced(location="/a/é")
    assert "é" in plain.model_dump_json()
