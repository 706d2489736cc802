"""What is told of a graph whose needed checks were not all made."""

from __future__ import annotations

from lean_bridge.codes import Code
from lean_bridge.crosscheck.judgement import (
    ADJOINT,
    DIFFERENCES,
    SHAPES,
    Conclusion,
    by_standing,
    judge,
    judge_run,
)
from pybind_models import NOT_JUDGED, CheckResult, GraphStanding
from pybind_models.run import ArraySummary, RunReport


def test_a_cause_with_a_code_is_told_before_that_nothing_was_compared() -> None:
    shapes = CheckResult(name=SHAPES, outcome="passed", detail="")
    adjoint = CheckResult(name=ADJOINT, outcome="not run", detail="nothing to compare")
    differences = CheckResult(
        name=DIFFERENCES, outcome="not run", detail="operands outside x ≠ 0", code=Code.OUTSIDE_HYPOTHESIS
    )
    told = judge([shapes, adjoint, differences])
    assert told == ("no verdict", f"{DIFFERENCES}: operands outside x ≠ 0", Code.OUTSIDE_HYPOTHESIS)
    assert judge([shapes, adjoint]) == (
        "no verdict",
        f"{ADJOINT}: nothing to compare",
        Code.NOTHING_CHECKED,
    )


def run_of(*outcomes: str, non_finite: int = 0) -> RunReport:
    array = ArraySummary(
        name="y",
        role="value",
        shape=(2,),
        dtype="float64",
        least=0,
        largest=1,
        mean=0,
        norm=1,
        non_finite=non_finite,
    )
    return RunReport(
        graph="A.b",
        standing=NOT_JUDGED,
        dims={},
        scalars={},
        dtype="float64",
        arrays=(array,),
        planning_seconds=0,
        seconds=0,
        arena=0,
        live_peak=0,
        checks=tuple(
            CheckResult.model_validate({"name": f"check {at}", "outcome": each, "detail": "told"})
            for at, each in enumerate(outcomes)
        ),
    )


def test_a_run_agrees_where_all_is_finite_and_every_check_passed() -> None:
    assert judge_run(run_of())[0] == judge_run(run_of("passed", "passed"))[0] == "agrees"
    assert judge_run(run_of("passed", "failed", non_finite=1))[0] == "rejected"
    status, reason, code = judge_run(run_of("not run", non_finite=1))
    assert (status, code) == ("no verdict", Code.NUMERICS)
    assert reason == "1 array with numbers that are not finite: y"
    assert judge_run(run_of("passed", "not run"))[::2] == ("no verdict", Code.NOTHING_CHECKED)


def test_of_a_graph_that_is_not_accepted_no_number_is_a_verdict() -> None:
    agrees: Conclusion = ("agrees", None, None)
    rejected = GraphStanding(status="rejected", declaration="A.b", reason="sorry", code="LB205")
    assert by_standing(agrees, rejected) == ("no verdict", "uncertified: sorry", "LB205")
    assert by_standing(agrees, NOT_JUDGED)[0] == "no verdict"
    against: Conclusion = ("rejected", "adjoint identity: no", "LB304")
    assert by_standing(against, rejected) == against
    accepted = GraphStanding(
        status="accepted", declaration="A.b", graph="g", library="l", toolchain="Lean", axioms=()
    )
    assert by_standing(agrees, accepted) == agrees
