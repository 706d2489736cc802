"""What errors amount to beside what was allowed, and that a check which allows too much does not pass."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from lean_bridge.codes import Code
from lean_bridge.crosscheck import adjoint, differences
from lean_bridge.crosscheck.judgement import judge
from lean_bridge.crosscheck.rounding import MOST_BINS, histogram, roundings, tells, to_result
from lean_bridge.crosscheck.run import crosscheck
from lean_bridge.executor.rules.program import Program
from lean_bridge.executor.rules.table import PRIMITIVES
from tests.unit.executor.graphs import attention

NAN = float("nan")


@pytest.mark.parametrize(
    ("errors", "tolerances", "outcome", "code", "shown"),
    [
        ([1e-15, 2e-15], [1e-14, 1e-14], "passed", None, (2e-15, 1e-14)),
        ([1e-15, 2e-15], [1e-15, 1e-14], "passed", None, (1e-15, 1e-15)),
        ([1e-15, 2e-14], [1e-14, 1e-14], "failed", None, (2e-14, 1e-14)),
        ([1e-15], [1e-3], "failed", Code.BLIND_CHECK, (1e-15, 1e-3)),
        ([1e-15, 1e-15], [1e-3, 1e-15], "failed", Code.BLIND_CHECK, (1e-15, 1e-15)),
        ([1e-2], [1e-3], "failed", None, (1e-2, 1e-3)),
    ],
)
def test_every_error_is_within_its_tolerance_and_every_tolerance_narrow(
    errors: list[float],
    tolerances: list[float],
    outcome: str,
    code: Code | None,
    shown: tuple[float, float],
) -> None:
    result = to_result("check", errors, tolerances, 1e-9, "compared", told=[False, True])
    assert (result.outcome, result.code, (result.error, result.tolerance)) == (outcome, code, shown)


def test_an_error_that_is_no_number_does_not_pass() -> None:
    result = to_result("check", [NAN, 1e-15], [1e-14, 1e-14], 1e-9, "compared", told=[False])
    assert (result.outcome, result.code) == ("failed", None)


@pytest.mark.parametrize(("errors", "told"), [([], []), ([0.0, 1e-15], [False, False])])
def test_what_compared_no_number_of_a_node_was_not_run(errors: list[float], told: list[bool]) -> None:
    result = to_result("check", errors, [1e-14] * len(errors), 1e-9, "compared", told=told)
    assert (result.outcome, result.error, result.ulps) == ("not run", None, ())
    assert not tells(0.0, 1.0, 1e-14, 1e-9)
    assert not tells(1e-300, 1.0, 1e-14, 1e-9)
    assert tells(1e-3, 1.0, 1e-14, 1e-9)
    assert tells(NAN, 1.0, 1e-14, 1e-9)


@pytest.mark.parametrize("check", [adjoint, differences])
def test_a_tolerance_under_which_a_wrong_rule_would_pass_rejects(
    check: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def far_too_many(program: Program) -> int:
        return 10**12 * roundings(program)

    monkeypatch.setattr(check, "roundings", far_too_many)
    right = PRIMITIVES["matmul"]
    wrong = dataclasses.replace(right, jvp=lambda *rest: 1.0001 * right.jvp(*rest))
    for table in (PRIMITIVES, {**PRIMITIVES, "matmul": wrong}):
        (result,) = (each for each in crosscheck(attention(), primitives=table) if each.name == check.NAME)
        assert result.error is not None
        assert result.tolerance is not None
        assert result.error <= result.tolerance
        assert (result.outcome, result.code) == ("failed", Code.BLIND_CHECK)
        assert judge([result])[::2] == ("rejected", Code.BLIND_CHECK)


def test_a_histogram_counts_by_powers_of_two() -> None:
    found = histogram([np.array([0.0, 0.5, 0.25, 0.51, 1.0, 1.5, -2.0, 2.1, 4.0]), np.array([[0.0]])])
    assert found == (2, 2, 2, 2, 2)
    assert histogram([]) == ()
    bad = histogram([np.array([np.nan, np.inf, 1e300])])
    assert (len(bad), bad[-1]) == (MOST_BINS + 1, 3)
