"""A report cannot say more than its rows."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from pybind_models import Certification, FieldEvidence, GraphReport, VerifyReport
from tests.reports import (
    ADJOINT,
    ATTENTION,
    BACKPROP,
    PYTORCH_ABSENT,
    PYTORCH_DIFFERS,
    SORRY,
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
        ({"graphs": (GraphReport(name="g", status="no verdict"),)}, "accepted, though g is not"),
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


def test_certified_takes_a_theorem_and_points() -> None:
    with pytest.raises(ValidationError, match="takes a module and a theorem"):
        Certification(outcome="certified")
    with pytest.raises(ValidationError, match="takes a point and a bound"):
        FieldEvidence(outcome="certified", prime=7)
