"""A compiled program is held to the exact results of its graph: what only rounds passes, and nothing else."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from lean_bridge.crosscheck import enclosure
from lean_bridge.crosscheck.enclosure import Enclosed, check_enclosure, enclosure_at
from lean_bridge.crosscheck.points import Point, draw_points
from lean_bridge.executor import planned
from lean_bridge.executor.arrays.known import Known
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.compiled import CompiledProgram
from lean_bridge.executor.passes import PASSES
from lean_bridge.executor.plans import kernels, run
from lean_bridge.executor.plans.instructions import Constant, Instruction, Summed, Trace
from lean_bridge.executor.plans.kernels import Call
from lean_bridge.executor.plans.rewriter import Target
from lean_bridge.executor.rules.table import PRIMITIVES
from pybind_models import DGraph
from tests.unit.executor.graphs import (
    D,
    N,
    attention,
    encoder,
    feed_forward,
    graph,
    layer_norm,
    node,
    one_token,
    post_norm,
)

pytest.importorskip("flint")

MODELS = [
    attention(),
    attention(split="reshape"),
    layer_norm(),
    encoder(),
    encoder(fixed=False),
    feed_forward(fixed=True),
    post_norm(feed_forward(fixed=False)),
    one_token(),
]
LOWER = kernels.lower
PLANTED = 4
"""Units in the last place of the largest number of an array."""


def points(model: DGraph, dtype: Any = float, scale: float = 1.0, size: int = 2) -> list[Point]:
    return [
        Point(
            point.program,
            [(scale * array).astype(dtype) for array in point.inputs],
            [array.astype(dtype) for array in point.tangents],
            [array.astype(dtype) for array in point.seeds],
        )
        for point in draw_points(model, PRIMITIVES, [dict.fromkeys(model.dims, size)])
    ]


@pytest.mark.parametrize("model", MODELS)
def test_what_only_rounds_passes(model: DGraph) -> None:
    found = check_enclosure(model, PRIMITIVES)
    assert found.outcome == "passed", found
    assert found.error is not None
    assert 0 < found.error <= 1
    assert sum(found.ulps) > 0


def test_a_product_of_scalar_arguments_is_made_of_what_they_are() -> None:
    """As PyTorch's attention has it: queries and keys are each multiplied by the root of the scale."""
    model = graph(
        {"q": (N, D), "k": (D, N)},
        node("q_scaled", "scale", (0,), (N, D), s=(N, D), c="c"),
        node("k_scaled", "scale", (1,), (D, N), s=(D, N), c="c"),
        node("scores", "matmul", (2, 3), (N, N), m=N, n=D, p=N),
        scalars=("c",),
    )
    found = check_enclosure(model, PRIMITIVES)
    assert found.outcome == "passed", found


@pytest.mark.parametrize("scale", [1e-30, 1e4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("model", [layer_norm(), encoder(fixed=False)])
def test_what_only_rounds_passes_at_any_scale(model: DGraph, dtype: Any, scale: float) -> None:
    found = enclosure_at(points(model, dtype, scale), "here")
    assert found.outcome == "passed", found


@pytest.mark.parametrize("op", ["matmul", "add", "mul", "decay", "exp", "div", "rsqrt"])
def test_a_kernel_that_is_off_by_four_ulps_in_one_number_is_caught(
    monkeypatch: pytest.MonkeyPatch, op: str
) -> None:
    """One coordinate of one instruction, in the place where the array is largest."""
    planted: list[str] = []

    def off(out: Array) -> None:
        place = np.unravel_index(np.argmax(np.abs(out)), out.shape)
        out[place] *= 1 + PLANTED * np.finfo(out.dtype).eps

    def lowered(each: Instruction, out: Array, operands: tuple[Array, ...]) -> list[Call]:
        calls = list(LOWER(each, out, operands))
        if each.op == op and not planted and out.size:
            planted.append(op)
            calls.append((off, (out,)))
        return calls

    original = run.Run.bind

    def bind(self: run.Run, leaves: Any) -> None:
        planted.clear()
        original(self, leaves)

    monkeypatch.setattr(run, "lower", lowered)
    monkeypatch.setattr(run.Run, "bind", bind)
    found = enclosure_at(points(encoder(fixed=False)), "here")
    assert found.outcome == "failed", found
    assert found.error is not None
    assert found.error > 1


@pytest.mark.parametrize("method", ["forward", "jvp", "vjp"])
def test_a_result_that_is_off_by_four_ulps_in_one_number_is_caught(
    monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    original: Callable[..., list[Array]] = getattr(CompiledProgram, method)

    def off(self: CompiledProgram, *arguments: Any, **options: Any) -> list[Array]:
        made = original(self, *arguments, **options)
        made[-1] = made[-1].copy()
        made[-1].reshape(-1)[0] += PLANTED * np.finfo(made[-1].dtype).eps * np.abs(made[-1]).max()
        return made

    monkeypatch.setattr(CompiledProgram, method, off)
    found = enclosure_at(points(encoder()), "here")
    assert found.outcome == "failed"
    assert "not what the program's instructions make" in found.detail


def test_a_pass_that_is_off_by_less_than_any_float_tells_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Means that are too large by a part in 10³⁰: the same floats, and another function."""

    def nudged(trace: Trace, _target: Target) -> Trace:
        made = []
        for each in trace.instructions:
            weight = each.static.weight if isinstance(each.static, Summed) else None
            if weight is not None and isinstance(weight.value, Known):
                wrong = Known(float(weight.value), weight.value.exact * (1 + Fraction(1, 10**30)))
                each = dataclasses.replace(each, static=each.static._replace(weight=Constant(wrong)))
            made.append(each)
        return Trace(tuple(made), trace.results)

    assert enclosure_at(points(layer_norm(), size=3), "here").outcome == "passed"
    monkeypatch.setattr(planned, "PASSES", {**PASSES, "schedule": nudged})
    found = enclosure_at(points(layer_norm(), size=3), "here")
    assert found.outcome == "failed", found
    assert "compiled to another function than the graph's" in found.detail


def test_the_smallest_fault_that_is_seen_anywhere_is_known() -> None:
    """At small sizes rounding comes to a few ulps: the bound is of the standard model, and far from blind."""
    (point,) = points(encoder(), size=1)
    seen = [each for each in Enclosed(point).roundings() if each.room < 1e3]
    assert max(each.share for each in seen) <= 1
    assert {each.op for each in seen} >= {"matmul", "add", "mul"}


def test_zeros_are_nothing_to_compare() -> None:
    (point,) = points(feed_forward(fixed=False), scale=0.0)
    zeros = [np.zeros_like(array) for array in point.tangents]
    found = enclosure_at([dataclasses.replace(point, tangents=zeros)], "here")
    assert found.outcome == "not run"
    assert "nothing to compare" in found.detail


def test_what_overflows_as_compiled_and_not_node_by_node_is_not_compared() -> None:
    (point,) = draw_points(layer_norm(), PRIMITIVES, [{"m": 2, "n": 32}])
    inputs = [each.astype(np.float32) for each in point.inputs]
    inputs[0] = inputs[0] * np.float32(2e18)
    tangents, seeds = (
        [each.astype(np.float32) for each in arrays] for arrays in (point.tangents, point.seeds)
    )
    found = enclosure_at([Point(point.program, inputs, tangents, seeds)], "here")
    assert (found.outcome, found.error) == ("not run", None)
    assert "float32 overflows on the way as compiled" in found.detail


def test_too_many_numbers_are_not_enclosed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enclosure, "MOST_COORDINATES", 10)
    found = check_enclosure(attention(), PRIMITIVES)
    assert found.outcome == "not run"
    assert "the most in balls; give smaller sizes" in found.detail


def test_a_rule_beyond_balls_is_not_run() -> None:
    odd = dataclasses.replace(
        PRIMITIVES["gelu"],
        forward=lambda _setting, primals: primals[0] if hasattr(primals[0], "emit") else np.cbrt(primals[0]),
    )
    found = check_enclosure(feed_forward(fixed=False), {**PRIMITIVES, "gelu": odd})
    assert found.outcome == "not run"
    assert "a rule does what balls cannot" in found.detail
