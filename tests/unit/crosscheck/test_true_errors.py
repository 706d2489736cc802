"""What is said of everybody's errors is so: beside hundreds of digits, and where somebody is wrong."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from typing import Any, Final

import mpmath
import numpy as np
import pytest

from lean_bridge.crosscheck.known import KNOWN, find_known
from lean_bridge.crosscheck.true_errors import Compared, compared, default_sizes, errors_of, true_errors
from lean_bridge.errors import Declined
from lean_bridge.executor.enclosures import over
from lean_bridge.executor.graph import ExecutableGraph
from pybind_models import DGraph
from pybind_models.run import TrueErrors
from tests.many_digits import DIGITS, ManyDigits
from tests.tiers import one_in
from tests.unit.executor.cross_attention import cross_attention
from tests.unit.executor.graphs import (
    attention,
    binary_cross_entropy,
    cross_entropy,
    encoder,
    feed_forward,
    gpt_block,
    graph,
    huber,
    layer_norm,
    llama_block,
    mean_squared_error,
    node,
    perceptron,
    rms_norm,
)

pytest.importorskip("flint")


def case_of(model: DGraph, dtype: Any = float) -> Compared:
    return compared(ExecutableGraph(model), default_sizes(model), dtype)


def library(found: TrueErrors) -> str:
    return found.library.partition(" ")[0]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_errors_are_those_beside_hundreds_of_digits(dtype: Any) -> None:
    case, many = case_of(attention(), dtype), ManyDigits()
    with mpmath.workdps(DIGITS):
        program = over(case.program, many)
        values = program.primals([many.check_array(each) for each in case.inputs.values()])
        seeds = [many.check_array(np.zeros(entry.shape)) for entry in case.program.entries[:-1]]
        exact = [values[-1], *program.cotangents(values, [*seeds, many.check_array(case.seed)])]
        found = {library(each): each for each in errors_of(case, {})}
        assert list(found) == ["lean-bridge", "torch", "jax"]
        for name, way in {"lean-bridge": case.ours, **case.theirs}.items():
            told = found[name.partition(" ")[0]].ulps
            for (what, ulps), result, truth in zip(told.items(), way(), exact, strict=True):
                off = max(abs(mpmath.mpf(float(a)) - b) for a, b in zip(result.flat, truth.flat, strict=True))
                unit = float(np.abs(result).max()) * float(np.finfo(dtype).eps)
                assert ulps == pytest.approx(float(off) / unit, rel=1e-6), what


def test_nobody_is_far_off_and_each_is_measured_in_both_precisions() -> None:
    found = true_errors(encoder(fixed=False))
    assert [(library(each), each.dtype) for each in found] == [
        (name, dtype) for dtype in ("float64", "float32") for name in ("lean-bridge", "torch", "jax")
    ]
    for each in found:
        assert each.worst is not None
        assert 0 < each.worst < 16
        assert each.beside_condition is not None
        assert each.beside_condition <= each.worst
        assert len(each.ulps) == 14
        assert each.ulps.keys() == each.conditions.keys()


def test_whoever_computes_something_else_is_seen_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """GELU's coefficient, off by a part in 10¹²."""
    from lean_bridge.crosscheck import formula

    monkeypatch.setattr(formula, "COEFFICIENT", 0.044715 * (1 + 1e-12))
    worst = {library(each): each.worst for each in errors_of(case_of(feed_forward(fixed=False)), {})}
    assert worst["jax"] is not None
    assert worst["jax"] > 100
    for other in ("lean-bridge", "torch"):
        assert (worst[other] or 0.0) < 8


def test_an_error_that_is_no_number_is_none() -> None:
    case = case_of(feed_forward(fixed=False))

    def broken() -> list[Any]:
        return [np.full_like(each, np.nan) for each in case.ours()]

    with_another = dataclasses.replace(case, theirs={"torch": broken})
    found = {library(each): each for each in errors_of(with_another, {})}
    assert set(found["torch"].ulps.values()) == {None}
    assert found["torch"].worst is found["torch"].beside_condition is None
    assert TrueErrors.model_validate_json(found["torch"].model_dump_json()) == found["torch"]


def test_how_much_results_move_is_seen() -> None:
    """A mean that is large beside what is normalised: rounding the inputs alone takes its digits."""
    case = case_of(layer_norm())
    moved = dataclasses.replace(case, inputs={**case.inputs, "x": case.inputs["x"] + 1e4})
    still, magnified = (next(errors_of(each, {})) for each in (case, moved))
    assert still.conditions["y"] < 10
    assert magnified.conditions["y"] > 1e3
    assert still.worst is not None
    assert magnified.beside_condition is not None
    assert magnified.beside_condition < 1


@pytest.mark.full
def test_only_what_computes_the_same_is_held_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [library(each) for each in true_errors(attention(split="reshape"))] == ["lean-bridge", "jax"] * 2
    (sizes,) = [{"n": 2, "dModel": 6, "numHeads": 1, "headDim": 6}]
    found = true_errors(attention(split="reshape"), sizes=[sizes])
    assert [library(each) for each in found] == ["lean-bridge", "torch", "jax"] * 2
    assert all(each.dims == sizes for each in found)
    odd = true_errors(attention(), sizes=[{**sizes, "headDim": 4}])
    assert [library(each) for each in odd] == ["lean-bridge", "jax"] * 2
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "jax", None)
    assert [library(each) for each in true_errors(attention())] == ["lean-bridge"] * 2


def test_why_nothing_is_measured_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    shape = attention().entries[0].shape
    with pytest.raises(Declined, match="no transformer block"):
        true_errors(graph({"x": shape}, node("y", "add", (0, 0), shape, s=shape)))
    large = {"n": 1000, "dModel": 64, "numHeads": 1, "headDim": 64}
    with pytest.raises(Declined, match="the most in balls; give smaller sizes"):
        true_errors(attention(), sizes=[large])
    monkeypatch.setitem(sys.modules, "flint", None)
    with pytest.raises(Declined, match="python-flint is not installed"):
        true_errors(attention())


KNOWN_GRAPHS: Final = (
    perceptron,
    rms_norm,
    cross_entropy,
    mean_squared_error,
    binary_cross_entropy,
    huber,
    gpt_block,
    llama_block,
    cross_attention,
)


def test_every_known_graph_is_among_these() -> None:
    found = [find_known(build()) for build in KNOWN_GRAPHS]
    assert [each.known for each in found if each] == list(KNOWN)


@pytest.mark.parametrize("build", one_in(9, KNOWN_GRAPHS))
def test_everybody_computes_the_known_graphs(build: Callable[[], DGraph]) -> None:
    found = true_errors(build())
    assert [(library(each), each.dtype) for each in found] == [
        (name, dtype) for dtype in ("float64", "float32") for name in ("lean-bridge", "torch", "jax")
    ]
    assert all(each.worst is not None and each.worst < 16 for each in found)
