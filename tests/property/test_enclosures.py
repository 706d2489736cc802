"""Where exact real results are said to lie, they are: beside another arithmetic, of hundreds of digits."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Final

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings

from lean_bridge.crosscheck.enclosure import enclosure_at
from lean_bridge.crosscheck.points import Point, draw_points, small_sizes
from lean_bridge.errors import NumericsError
from lean_bridge.executor.arrays.balls import BallArray, Balls, at_precision
from lean_bridge.executor.arrays.running import Running
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.compiled import Bounds, CompiledProgram
from lean_bridge.executor.enclosures import Bounded, enclose, over
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.rules.program import Program
from lean_bridge.executor.rules.table import PRIMITIVES
from pybind_models import DGraph, Dim
from tests.many_digits import DIGITS, ManyDigits, largest_excess
from tests.strategies import draw_graph, generators
from tests.unit.executor.graphs import attention, encoder, feed_forward, graph, layer_norm, node

pytest.importorskip("flint")

MODELS: Final = {
    "attention": attention(),
    "attention by reshape": attention(split="reshape"),
    "layer norm": layer_norm(),
    "encoder": encoder(),
    "encoder with its weights": encoder(fixed=False),
    "feed-forward": feed_forward(fixed=False),
}
SIZES: Final = {"n": 3, "dModel": 4, "numHeads": 2, "headDim": 2, "dFF": 3, "m": 2}
BOUNDS: Final[tuple[Bounds, ...]] = (True, "running")
DRAWS: Final = 3
"""At scales from 1 to 1e±30; the long tier has twenty."""


class Case:
    """A program at a point: compiled, and to hundreds of digits."""

    def __init__(
        self, model: DGraph, rng: np.random.Generator, dtype: Any = float, exponent: int = 0
    ) -> None:
        bound = ExecutableGraph(model).bind(**{name: SIZES[name] for name in model.dims})
        arguments: dict[str, Any] = dict.fromkeys((*model.scalars, *model.maps), 1.0)
        for use in bound.arguments():
            arguments[use.name] = use.draw(rng)
        self.program: Program = bound.interpret(**arguments)
        self.compiled = CompiledProgram(self.program)

        def drawn(entries: Sequence[Any]) -> list[Array]:
            scales = 10.0 ** rng.integers(-abs(exponent), abs(exponent) + 1, len(entries))
            return [
                np.asarray(rng.uniform(-1, 1, entry.shape) * scale).astype(dtype)
                for entry, scale in zip(entries, scales, strict=True)
            ]

        self.inputs, self.tangents = drawn(self.program.context), drawn(self.program.context)
        self.seeds = drawn(self.program.entries)

    def bounded(self, bounds: Any) -> Iterator[Bounded]:
        yield self.compiled.forward(self.inputs, bounds=bounds)
        yield self.compiled.jvp(self.inputs, self.tangents, bounds=bounds)
        yield self.compiled.vjp(self.inputs, self.seeds, bounds=bounds)

    def truth(self) -> Iterator[list[Array]]:
        many = ManyDigits()
        program = over(self.program, many)
        values = program.primals([many.check_array(each) for each in self.inputs])
        yield values
        yield program.tangents(values, [many.check_array(each) for each in self.tangents])
        yield program.cotangents(values, [many.check_array(each) for each in self.seeds])

    def check(self) -> None:
        """Fail where a true error is above its radius, or a coarse radius below what is true."""
        with mpmath.workdps(DIGITS):
            truth = list(self.truth())
            for bounds in BOUNDS:
                for made, exact in zip(self.bounded(bounds), truth, strict=True):
                    for result, radius, expected in zip(*made, exact, strict=True):
                        assert radius.shape == result.shape
                        assert largest_excess(result, expected, radius) <= 0, bounds


@pytest.mark.parametrize("draws", [DRAWS, pytest.param(20, marks=pytest.mark.full)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", MODELS)
def test_radii_reach_the_exact_results_at_any_scale(name: str, dtype: Any, draws: int) -> None:
    rng = np.random.default_rng(17)
    most = 30 if dtype is np.float64 else 8
    held = 0
    for draw in range(draws):
        try:
            Case(MODELS[name], rng, dtype, exponent=most * draw // (draws - 1)).check()
            held += 1
        except NumericsError:  # a float of this precision cannot hold what is on the way
            continue
    assert held >= draws // 2


@given(rng=generators())
@settings(max_examples=25, derandomize=True, deadline=None)
def test_radii_reach_the_exact_results_of_any_graph(rng: np.random.Generator) -> None:
    model = draw_graph(rng, int(rng.integers(1, 9)))
    try:
        Case(model, rng).check()
    except NumericsError:
        return


@pytest.mark.parametrize("name", ["encoder", "attention"])
def test_balls_are_tight_and_running_radii_are_of_use(name: str) -> None:
    case = Case(MODELS[name], np.random.default_rng(3))
    found = enclose(case.program, case.inputs, case.tangents, case.seeds)
    assert found.is_tight
    for exactly, coarsely in zip(case.bounded(True), case.bounded("running"), strict=True):
        largest = max(float(np.abs(result).max()) for result in exactly.results)
        assert max(float(each.max()) for each in exactly.radii) < 1e-14 * largest
        assert max(float(each.max()) for each in coarsely.radii) < 1e-6 * largest


def test_precision_is_raised_until_what_cancels_is_seen() -> None:
    """1e30 + 1e-60 less 1e30: at 128 bits nothing is left of it."""
    shape = (Dim.constant(1),)
    model = graph(
        {"a": shape, "b": shape}, node("sum", "add", (0, 1), shape), node("left", "sub", (2, 0), shape)
    )
    program = ExecutableGraph(model).bind().interpret()
    found = enclose(program, [np.array([1e30]), np.array([1e-60])])
    with at_precision(found.bits):
        assert float(found.values[-1][0]) == 1e-60
    assert found.bits > 128


def test_nobody_can_tell_is_said() -> None:
    """(√2)² − 2 is 0, and its inverse in Lean is 0; a ball about it has every number within."""
    shape = (Dim.constant(1),)
    model = graph(
        {"x": shape},
        node("root", "sqrtClamp", (0,), shape),
        node("square", "mul", (1, 1), shape),
        node("zero", "sub", (2, 0), shape),
        node("inverse", "inv", (3,), shape),
    )
    program = ExecutableGraph(model).bind().compile()
    for bounds in BOUNDS:
        assert program.forward([np.array([2.0])], bounds=bounds).radii[-1] == math.inf
        assert program.forward([np.array([4.0])], bounds=bounds).radii[-1] in (0.0, math.inf)


def test_gelu_and_its_derivative_with_the_real_kappa() -> None:
    """κ = √(2/π) is no float: as a ball it is in the result, and the formula is written anew here."""
    shape = (Dim.constant(3),)
    model = graph({"x": shape}, node("y", "gelu", (0,), shape, κ="κ"), scalars=("κ",))
    x = np.array([-3.0, 1e-9, 0.7])
    with at_precision(200), mpmath.workdps(60):
        balls = Balls()
        program = ExecutableGraph(model).bind().interpret(balls, κ=balls.gelu_kappa())
        one = balls.check_array(np.ones(3))
        found = (program.forward([balls.check_array(x)])[-1], program.vjp([x], [one * 0, one])[0])

        def gelu(v: Any) -> Any:
            inner = mpmath.sqrt(2 / mpmath.pi) * (v + mpmath.mpf("0.044715") * v**3)
            return v * (1 + mpmath.tanh(inner)) / 2

        for index, value in enumerate(x.tolist()):
            truths = (gelu(mpmath.mpf(value)), mpmath.diff(gelu, mpmath.mpf(value)))
            for balls_of, truth, digits in zip(found, truths, (50, 15), strict=True):
                assert mpmath.almosteq(
                    mpmath.mpf(balls_of[index].str(70, radius=False)), truth, 10.0**-digits
                )


def test_comparisons_hold_of_every_number_or_not_at_all() -> None:
    with at_precision(64):
        root = Balls().sqrt(Balls().check_array(np.array([2.0, 4.0])))
        zero = root * root - np.array([2.0, 4.0])
        assert (zero > 0).tolist() == (zero < 0).tolist() == [False, False]
        assert not (zero != 0).any()
        assert isinstance(zero, BallArray)
    kind = Running()
    seen = kind.sqrt(kind.of(np.array([2.0, 9.0])))
    assert not (seen * seen - np.array([2.0, 9.0]) != 0).any()
    assert (seen > 0).all()
    assert (0 - seen < 0).all()


def test_other_bounds_than_there_are_are_refused() -> None:
    program = Case(MODELS["layer norm"], np.random.default_rng(0)).compiled
    inputs = [np.ones(entry.shape) for entry in program.context]
    with pytest.raises(ValueError, match="bounds: expected True or 'running', found 'all'"):
        program.forward(inputs, bounds="all")  # type: ignore[call-overload]


@pytest.mark.lean
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("draws", [1, pytest.param(20, marks=pytest.mark.full)])
def test_every_catalogued_graph_is_held_at_any_scale(
    library_graphs: dict[str, DGraph], dtype: Any, draws: int
) -> None:
    """At three sizes, each array by a power of ten of its own: what leaves the range of floats says so."""
    rng, held, tried = np.random.default_rng(30), 0, 0
    for model in library_graphs.values():
        sizes = [*small_sizes(model)[:1], dict.fromkeys(model.dims, 2), dict.fromkeys(model.dims, 1)]
        for size in sizes if draws > 1 else sizes[1:2]:
            for draw in range(draws):
                point = scaled(model, size, rng, dtype, 30 * (draw + 1) // draws)
                tried += 1
                try:
                    found = enclosure_at([point], "here")
                except NumericsError:
                    continue
                assert found.outcome != "failed", (model.lean_name, size, found)
                held += found.outcome == "passed"
    assert held >= tried / 5  # of large graphs in float32 at 1e30 most leave its range


def scaled(model: DGraph, sizes: dict[str, int], rng: np.random.Generator, dtype: Any, most: int) -> Point:
    (point,) = draw_points(model, PRIMITIVES, [sizes])

    def at_scales(arrays: Sequence[Array]) -> list[Array]:
        scales = 10.0 ** rng.integers(-most, most + 1, len(arrays))
        return [
            (rng.uniform(-1, 1, each.shape) * scale).astype(dtype)
            for each, scale in zip(arrays, scales, strict=True)
        ]

    return Point(point.program, at_scales(point.inputs), at_scales(point.tangents), at_scales(point.seeds))
