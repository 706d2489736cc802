"""Bounds hold at the ends of what floats can hold: where products are too small for one, or too large."""

from __future__ import annotations

import sys
from typing import Any

import mpmath
import numpy as np
import pytest

from lean_bridge.crosscheck.enclosure import enclosure_at
from lean_bridge.crosscheck.points import Point
from lean_bridge.executor.compiled import CompiledProgram
from lean_bridge.executor.enclosures import digits_right, enclose, over
from lean_bridge.executor.graph import ExecutableGraph
from tests.many_digits import ManyDigits, largest_excess
from tests.single_ops import single_graph

pytest.importorskip("flint")


def program_of(op: str, **dims: int) -> CompiledProgram:
    bound = ExecutableGraph(single_graph(op)).bind(**dims)
    return bound.compile(**{each.name: each.draw(np.random.default_rng(0)) for each in bound.arguments()})


def point(program: CompiledProgram, inputs: list[Any]) -> Point:
    seeds = [np.zeros(entry.shape) for entry in program.entries[:-1]]
    seeds.append(np.full(program.entries[-1].shape, inputs[0].flat[0]))
    return Point(program.program, inputs, inputs, seeds)


@pytest.mark.parametrize("method", [True, "running"])
@pytest.mark.parametrize(
    ("left", "right"), [(1e200, 1e-310), (1e-310, 1e200), (1e-200, 1e-200), (1e150, 1e150)]
)
def test_products_of_numbers_far_apart_are_within_their_radii(left: float, right: float, method: Any) -> None:
    program, rng = program_of("matmul", m=2, n=3, p=2), np.random.default_rng(1)
    inputs = [rng.uniform(1, 2, (2, 3)) * left, rng.uniform(1, 2, (3, 2)) * right]
    found = program.forward(inputs, bounds=method)
    with mpmath.workdps(900):
        many = ManyDigits()
        exact = over(program.program, many).primals([many.check_array(each) for each in inputs])
        for result, radius, truth in zip(found.results, found.radii, exact, strict=True):
            assert largest_excess(result, truth, radius) <= 0
    assert np.isfinite(found.radii[-1]).all()


def test_the_enclosure_of_products_of_numbers_far_apart_is_met() -> None:
    program, rng = program_of("matmul", m=2, n=3, p=2), np.random.default_rng(1)
    inputs = [rng.uniform(1, 2, (2, 3)) * 1e200, rng.uniform(1, 2, (3, 2)) * 1e-310]
    still = Point(
        program.program, inputs, [0 * inputs[0], inputs[1]], [0 * inputs[0], 0 * inputs[1], np.zeros((2, 2))]
    )
    found = enclosure_at([still], "here")
    assert found.outcome == "passed", found


@pytest.mark.parametrize("x", [1e-320, 5e-324, -1e-310])
def test_a_radius_of_0_is_of_what_is_exact(x: float) -> None:
    """As of no tanh but that of 0."""
    program = program_of("tanh", m=1, n=2)
    radius = program.forward([np.array([[x, 0.0]])], bounds="running").radii[-1]
    assert 0 < radius[0, 0] < 1e-310
    assert radius[0, 1] == 0


@pytest.mark.parametrize(("op", "x"), [("gelu", -21.2), ("gelu", 1e-320), ("tanh", 1e-320), ("exp", -730.0)])
def test_what_is_smaller_than_floats_tell_apart_is_told_all_the_same(op: str, x: float) -> None:
    program = program_of(op, m=1, n=2)
    inputs = [np.full((1, 2), x)]
    assert enclose(program.program, inputs).is_tight
    found = enclosure_at([point(program, inputs)], "here")
    assert found.outcome == "passed", found


@pytest.mark.parametrize("method", [True, "running"])
def test_nobody_can_tell_how_far_a_number_is_that_is_not_finite(method: Any) -> None:
    program = program_of("matmul", m=1, n=2, p=1).with_checks("off")
    with np.errstate(all="ignore"):
        found = program.forward([np.array([[1e308, 1e308]]), np.ones((2, 1))], bounds=method)
    assert np.isinf(found.results[-1]).all()
    assert np.isinf(found.radii[-1]).all()


def test_running_bounds_of_a_mask_take_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its hypothesis is of truth values, which are known."""
    program = program_of("maskedSoftmax", **dict.fromkeys(single_graph("maskedSoftmax").dims, 2))
    x = np.ones(program.entries[0].shape)
    monkeypatch.setitem(sys.modules, "flint", None)
    radii = program.vjp([x], {"y": x}, bounds="running").radii
    assert np.isfinite(radii[0]).all()


def test_no_digit_is_said_to_be_right_without_a_sign() -> None:
    assert str(digits_right(np.array([2.0]), np.array([1.0]))) == "0.0"
