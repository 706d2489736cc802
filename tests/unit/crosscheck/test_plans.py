"""A pass that changes what is computed is caught; a rule that no plan can follow is no failure."""

from __future__ import annotations

import dataclasses

import pytest

from lean_bridge.crosscheck.plans import check_plans
from lean_bridge.executor import planned
from lean_bridge.executor.passes import PASSES
from lean_bridge.executor.plans.instructions import Trace
from lean_bridge.executor.plans.rewriter import Target
from lean_bridge.executor.rules.table import PRIMITIVES
from tests.unit.executor.graphs import encoder


def test_right_passes_pass() -> None:
    assert check_plans(encoder(), PRIMITIVES).outcome == "passed"


@pytest.mark.parametrize(("op", "wrong"), [("decay", "tanh"), ("rsqrt", "tanh"), ("sub", "add")])
def test_a_wrong_pass_fails(monkeypatch: pytest.MonkeyPatch, op: str, wrong: str) -> None:
    def replaced(trace: Trace, _target: Target) -> Trace:
        changed = tuple(
            dataclasses.replace(each, op=wrong) if each.op == op else each for each in trace.instructions
        )
        assert changed != trace.instructions
        return Trace(changed, trace.results)

    monkeypatch.setattr(planned, "PASSES", {**PASSES, "merges": replaced})
    result = check_plans(encoder(), PRIMITIVES)
    assert result.outcome == "failed"
    assert result.error is not None
    assert result.error > 1e-6


def test_a_rule_beyond_plans_is_not_run() -> None:
    odd = dataclasses.replace(PRIMITIVES["gelu"], forward=lambda _setting, primals: primals[0].copy())
    result = check_plans(encoder(), {**PRIMITIVES, "gelu": odd})
    assert result.outcome == "not run"
    assert "rules of gelu do what no plan can" in result.detail
