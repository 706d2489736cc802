"""No silent number: what is not read, results that are leaves, dropped overflows, arrays written to later."""

from __future__ import annotations

import copy
import gc
import weakref
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import pytest

from lean_bridge.errors import NumericsError
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.compiled import CompiledProgram
from lean_bridge.executor.graph import BoundGraph, ExecutableGraph
from lean_bridge.executor.plans.run import KEPT
from pybind_models import Dim, MapParam
from tests.unit.executor.graphs import attention, graph, layer_norm, node

Arrays: TypeAlias = Mapping[str, Array]
K = Dim.variable("k")
ONES = np.ones(3)
BAD = np.array([1.0, np.nan, 1.0])


def sums() -> CompiledProgram:
    return ExecutableGraph(graph({"x": (K,), "u": (K,)}, node("y", "add", (0, 1), (K,)))).bind(k=3).compile()


def apart() -> CompiledProgram:
    """Return a program of which x reaches y, and u only z."""
    nodes = node("y", "add", (0, 0), (K,)), node("z", "mul", (1, 1), (K,))
    return ExecutableGraph(graph({"x": (K,), "u": (K,)}, *nodes)).bind(k=3).compile()


def affine(weights: Array, bias: Array) -> CompiledProgram:
    params = {"A": MapParam(name="A"), "b": MapParam(name="b")}
    model = graph({"x": (K,)}, node("y", "affine", (0,), (K,), **params), maps=("A", "b"))
    return ExecutableGraph(model).bind(k=3).compile(A=weights, b=bias)


@pytest.mark.parametrize("level", ["finite", "domains", "off"])
def test_a_plan_that_does_not_read_every_input_is_checked_like_any_other(level: str) -> None:
    program = sums().with_checks(level)
    (prepared,) = program.prepare([ONES, ONES], seeds={"y": ONES}, wrt=["x"])()
    np.testing.assert_array_equal(prepared, ONES)
    batch = np.ones((2, 3))
    (batched,) = program.batched(["x"]).vjp([batch, ONES], {"y": batch}, ["x"])
    np.testing.assert_array_equal(batched, batch)


@pytest.mark.parametrize("level", ["finite", "domains"])
def test_a_bad_seed_of_a_pruned_plan_is_named(level: str) -> None:
    program = sums().with_checks(level)
    said = r"seed 2 \(y\) is not a number"
    with pytest.raises(NumericsError, match=said):
        program.prepare([ONES, ONES], seeds={"y": BAD}, wrt=["x"])()
    with pytest.raises(NumericsError, match=said):
        program.batched(["x"]).vjp([np.ones((2, 3)), ONES], {"y": np.stack([ONES, BAD])}, ["x"])


@pytest.mark.parametrize("values", [["u", "y"], ["x", "y"], ["u"], ["x"]])
def test_a_result_that_is_an_input_is_looked_at_too(values: list[str]) -> None:
    arrays = {"x": ONES.copy(), "u": ONES.copy()}
    run = apart().prepare(arrays, values=values)
    run()
    arrays[values[0]][1] = np.nan
    with pytest.raises(NumericsError, match=f"{values[0]}.* is not a number"):
        run()


def test_what_is_the_same_in_every_call_cannot_be_written_to() -> None:
    run = apart().prepare([ONES, ONES], seeds={"y": ONES}, wrt=["x", "u"])
    with pytest.raises(ValueError, match="read-only"):
        run()[1][0] = 5.0
    np.testing.assert_array_equal(run()[1], np.zeros(3))


def made_by(way: str, program: CompiledProgram, x: Arrays, dx: Arrays, s: Arrays) -> list[Array]:
    """Return every result that a way of asking has."""
    match way.split():
        case ["interpreted", "forward"]:
            return program.program.forward(x)
        case ["interpreted", "jvp"]:
            return program.program.jvp(x, dx)
        case ["interpreted", "vjp"]:
            return program.program.vjp(x, s)
        case ["prepare"]:
            return program.prepare(x, tangents=dx, seeds=s, values=None, moved=None, wrt=None)()
        case ["linearize"]:
            return program.linearize(x)(dx)
        case ["pullback"]:
            return program.pullback(x)(s)
        case ["batched"]:
            return program.batched(["x"]).forward({**x, "x": x["x"][None]})
        case _:
            values, pulled = program.value_and_vjp(x, s)
            return [*values, *pulled, *program.jvp(x, dx)]


WAYS = ["compiled", "prepare", "linearize", "pullback", "batched"]
WAYS += [f"interpreted {each}" for each in ("forward", "jvp", "vjp")]


@pytest.mark.parametrize("level", ["off", "finite", "domains"])
@pytest.mark.parametrize("way", WAYS)
def test_nobody_writes_to_what_was_given_through_a_result(way: str, level: str) -> None:
    cases: list[tuple[BoundGraph, dict[str, Any]]] = [
        (ExecutableGraph(attention()).bind(n=3, dModel=4, numHeads=2, headDim=2), {"c": 0.5}),
        (ExecutableGraph(graph({"x": (K,), "u": (K,)}, node("y", "add", (0, 1), (K,)))).bind(k=3), {}),
    ]
    for bound, arguments in cases:
        rng = np.random.default_rng(0)
        compiled = bound.compile(**arguments).with_checks(level)
        x, dx = ({each.name: rng.normal(size=each.shape) for each in compiled.context} for _ in range(2))
        s = {each.name: rng.normal(size=each.shape) for each in compiled.entries}
        before = copy.deepcopy((x, dx, s))
        for result in made_by(way, compiled, x, dx, s):
            if result.flags.writeable:
                result[...] = 7.0
        np.testing.assert_equal((x, dx, s), before)


@pytest.mark.parametrize(("dtype", "scale"), [(np.float32, 2e18), (np.float64, 1e153)])
@pytest.mark.parametrize("way", ["forward", "prepare", "batched", "value_and_vjp"])
def test_an_overflow_of_compiled_code_alone_is_not_dropped(dtype: type, scale: float, way: str) -> None:
    bound = ExecutableGraph(layer_norm()).bind(m=4, n=32)
    x: Array = (np.random.default_rng(0).standard_normal((4, 32)) * scale).astype(dtype)
    inputs = [x, np.ones(32, dtype), np.zeros(32, dtype)]
    program, last = bound.compile(ε=1e-5), bound.entries[-1].name
    expected = bound.interpret(ε=1e-5).forward(inputs)[-1]
    assert np.abs(expected).max() > 1
    if way == "forward":
        (found,) = program.forward(inputs, [last])
    elif way == "prepare":
        (found,) = program.prepare(inputs, values=[last])()
    elif way == "batched":
        (found,) = (each[0] for each in program.batched(["x"]).forward([x[None], *inputs[1:]], [last]))
    else:
        (found,), _ = program.value_and_vjp(inputs, {last: np.ones_like(x)}, ["x"], [last])
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("n", [2, 3, 24, 32, 33, 768])
@pytest.mark.parametrize("value", [1e6, 12345.678, -3.3, 100.0, 1.1, 1e-30, "1 least", "7 least", "1 normal"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nothing_is_left_of_a_constant_row(n: int, value: float | str, dtype: type) -> None:
    if isinstance(value, str):  # what has no digits to lose
        count, unit = value.split()
        limits = np.finfo(dtype)
        value = int(count) * float(limits.smallest_subnormal if unit == "least" else limits.smallest_normal)
    whole = ExecutableGraph(layer_norm()).bind(m=2, n=n)
    inputs: list[Array] = [np.full((2, n), value, dtype), np.ones(n, dtype), np.zeros(n, dtype)]
    for program in (whole.compile(ε=1e-5), whole.interpret(ε=1e-5)):
        np.testing.assert_array_equal(program.forward(inputs)[-1], np.zeros((2, n)))
    (alone,) = whole.compile(ε=1e-5).forward(inputs, [whole.entries[-1].name])  # its mean is no result
    np.testing.assert_array_equal(alone, np.zeros((2, n)))


@pytest.mark.parametrize("n", [3, 32, 33, 768])
@pytest.mark.parametrize(("mean", "spread"), [(0.0, 1.0), (1e3, 1.0), (1e6, 1e2), (0.0, 1e-20)])
def test_rows_with_large_means_keep_the_digits_that_they_have(n: int, mean: float, spread: float) -> None:
    bound = ExecutableGraph(layer_norm()).bind(m=8, n=n)
    x = (mean + spread * np.random.default_rng(n).standard_normal((8, n))).astype(np.float32)
    exact = x.astype(np.longdouble)
    exact -= exact.mean(axis=1, keepdims=True)
    exact /= np.sqrt((exact * exact).mean(axis=1, keepdims=True) + np.longdouble(1e-5))
    rounding = 8 * np.finfo(np.float32).eps * (np.sqrt(n) + mean / spread)  # a mean has to be rounded
    for program in (bound.compile(ε=1e-5), bound.interpret(ε=1e-5)):
        made = program.forward([x, np.ones(n, np.float32), np.zeros(n, np.float32)])[-1]
        assert np.abs(made - exact).max() <= rounding


def test_weights_are_those_that_were_given() -> None:
    weights, bias = np.eye(3), np.zeros(3)
    program = affine(weights, bias)
    singles = ONES.astype(np.float32)
    before = [program.forward([x])[-1] for x in (ONES, singles)]
    weights *= 2
    bias += 10
    for x, expected in zip((ONES, singles), before, strict=True):
        np.testing.assert_array_equal(program.forward([x])[-1], expected)
        np.testing.assert_array_equal(program.program.forward([x])[-1], expected)
        np.testing.assert_array_equal(program.vjp([x], {"y": x})[0], x)


@pytest.mark.parametrize("way", ["pullback", "linearize"])
def test_a_linear_map_stays_at_its_point(way: str) -> None:
    program, x, u = apart(), np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0])
    made = program.pullback([x, u], ["z"]) if way == "pullback" else program.linearize([x, u], ["u"], ["z"])
    u *= 0.5
    np.testing.assert_array_equal(made([ONES])[-1], [8.0, 10.0, 12.0])


def test_linear_maps_of_one_kind_are_planned_once(monkeypatch: pytest.MonkeyPatch) -> None:
    program = apart()
    program.pullback([ONES, ONES], ["z"])
    monkeypatch.setattr("lean_bridge.executor.planned.split_stages", None)
    (cotangent,) = program.pullback([ONES, 2 * ONES], ["z"])([ONES])[1:]
    np.testing.assert_array_equal(cotangent, 4 * ONES)


def test_only_the_last_call_keeps_its_arrays_and_few_keep_their_buffers() -> None:
    program = apart()
    kept = []
    for outputs in (["y"], ["z"], ["y", "z"], ["z", "y"]):
        x, u = ONES.copy(), ONES.copy()
        kept.append(weakref.ref(x))
        program.forward([x, u], outputs)
    del x, u
    gc.collect()
    assert [each() is not None for each in kept] == [False, False, False, True]
    for order in range(3 * KEPT):
        program.forward([ONES, ONES], ["y"] * (order + 1))
    assert len(program._plans._idle._runs) == KEPT
