"""What is told of a graph whose needed checks were not all made."""

from __future__ import annotations

from lean_bridge.codes import Code
from lean_bridge.crosscheck.judgement import ADJOINT, DIFFERENCES, SHAPES, judge
from pybind_models import CheckResult


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
