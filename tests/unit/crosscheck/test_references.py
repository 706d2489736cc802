"""The checks against recorded values and against PyTorch: what they say, and what they leave behind."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from lean_bridge.crosscheck.adjoint import check_adjoint
from lean_bridge.crosscheck.differences import check_differences
from lean_bridge.crosscheck.golden import check_golden, golden_input
from lean_bridge.crosscheck.pytorch import check_pytorch
from lean_bridge.executor.primitive import Domain, Primitive, Setting
from lean_bridge.executor.table import PRIMITIVES
from tests.unit.executor.graphs import attention


def with_rules_of(name: str, other: str) -> dict[str, Primitive]:
    """Return the table in which one head split computes the other; what is no head split stays."""

    def rule(kind: str) -> Callable[..., Any]:
        def call(setting: Setting, *arguments: Any) -> Any:
            return getattr(PRIMITIVES[other if len(setting.shape) == 3 else name], kind)(setting, *arguments)

        return call

    rules: dict[str, Any] = {kind: rule(kind) for kind in ("forward", "jvp", "vjp")}
    return {**PRIMITIVES, name: dataclasses.replace(PRIMITIVES[name], **rules)}


def test_golden_inputs_start_as_recorded() -> None:
    np.testing.assert_allclose(golden_input(0, (3, 4)).ravel()[:4], [0.2, -0.2, 0.5, 0.1])


@pytest.mark.parametrize("split", ["splitHeads", "reshape"])
def test_golden_values_are_met_to_their_last_decimal(split: str) -> None:
    result = check_golden(attention(split=split), PRIMITIVES)
    assert result.outcome == "passed"
    assert result.error is not None
    assert result.error < 6e-11
    assert "9 recorded values" in result.detail


@pytest.mark.parametrize(("split", "other"), [("splitHeads", "reshape"), ("reshape", "splitHeads")])
def test_a_split_that_computes_the_other_fails_both_references(split: str, other: str) -> None:
    model, table = attention(split=split), with_rules_of(split, other)
    assert check_adjoint(model, table).outcome == "passed"
    assert check_golden(model, table).outcome == "failed"
    assert check_pytorch(model, table).outcome == "failed"


def test_the_permuting_split_is_pytorchs() -> None:
    result = check_pytorch(attention(), PRIMITIVES)
    assert result.outcome == "passed"
    assert result.error is not None
    assert result.error < 1e-13
    assert "at H = 1, 2, 4" in result.detail
    assert "differs" not in result.detail


def test_the_bare_reshape_differs_from_pytorch_and_the_report_says_so() -> None:
    result = check_pytorch(attention(split="reshape"), PRIMITIVES)
    assert result.outcome == "passed"
    assert "at H = 1;" in result.detail
    assert "bare-reshape split differs from PyTorch" in result.detail


def test_without_pytorch_nothing_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    result = check_pytorch(attention(), PRIMITIVES)
    assert result.outcome == "not run"
    assert "PyTorch is not installed" in result.detail


def test_pytorch_keeps_its_threads_and_random_state() -> None:
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    check_pytorch(attention(), PRIMITIVES)
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), state)


def test_differences_decide_nothing_outside_a_domain() -> None:
    nowhere = Domain("nowhere", lambda _setting, _primals: False)
    table = {**PRIMITIVES, "add": dataclasses.replace(PRIMITIVES["add"], domain=nowhere)}
    result = check_differences(attention(), table)
    assert result.outcome == "not run"
    assert "node 19 (residual): operands outside nowhere" in result.detail
