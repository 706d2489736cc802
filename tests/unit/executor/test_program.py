"""The interpreter on small graphs with answers written out, and on attention against the textbook formula."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pytest

from lean_bridge.errors import ArrayError, ShapeError
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.compiled import CompiledProgram
from lean_bridge.executor.graph import BoundGraph, ExecutableGraph
from lean_bridge.executor.rules.program import Program
from lean_bridge.executor.rules.table import PRIMITIVES
from pybind_models import Dim
from tests.unit.executor.graphs import attention, graph, node

K = Dim.variable("k")
X, DX, W = np.array([1.0, 2.0]), np.array([0.5, -1.0]), np.array([10.0, 100.0])


Either: TypeAlias = Program | CompiledProgram
Build: TypeAlias = Callable[..., Either]


@pytest.fixture(params=["interpret", "compile"])
def build(request: pytest.FixtureRequest) -> Build:
    """Both ways to run a graph."""
    return lambda bound, **arguments: getattr(bound, request.param)(**arguments)


def doubled_then_scaled(build: Build = BoundGraph.interpret) -> Either:
    """``y = x + x``, ``z = c·y`` with c = 3."""
    model = graph(
        {"x": (K,)}, node("y", "add", (0, 0), (K,)), node("z", "scale", (1,), (K,), c="c"), scalars=("c",)
    )
    return build(ExecutableGraph(model).bind(k=2), c=3)


def attention_program(build: Build) -> Either:
    return build(ExecutableGraph(attention()).bind(n=5, dModel=6, numHeads=3, headDim=4), c=0.5)


def draw(program: Either, seed: int) -> list[Array]:
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(entry.shape) for entry in program.context]


def assert_arrays(actual: list[Array], *expected: Any) -> None:
    assert len(actual) == len(expected)
    for left, right in zip(actual, expected, strict=True):
        np.testing.assert_array_equal(left, right)


def test_forward_lists_inputs_then_saved_tensors(build: Build) -> None:
    assert_arrays(doubled_then_scaled(build).forward([X]), X, 2 * X, 6 * X)


def test_jvp_lists_tangents_of_inputs_then_saved_tensors(build: Build) -> None:
    assert_arrays(doubled_then_scaled(build).jvp([X], [DX]), DX, 2 * DX, 6 * DX)


def test_vjp_adds_the_seed_of_every_entry_and_both_uses_of_an_operand(build: Build) -> None:
    assert_arrays(doubled_then_scaled(build).vjp([X], [W, DX, X]), W + 2 * DX + 6 * X)


def test_names_do_for_positions_and_absent_seeds_and_tangents_are_zero(build: Build) -> None:
    program = doubled_then_scaled(build)
    assert_arrays(program.vjp({"x": X}, {"z": W}), 6 * W)
    assert_arrays(program.vjp({"x": X}, {}), 0 * X)
    assert_arrays(program.jvp({"x": X}, {}), 0 * X, 0 * X, 0 * X)


@pytest.mark.parametrize("heads", [1, 2, 3])
def test_attention_is_the_textbook_formula(build: Build, heads: int) -> None:
    width, c = 4, 0.5
    bound = ExecutableGraph(attention()).bind(n=5, dModel=6, numHeads=heads, headDim=width)
    program = build(bound, c=c)
    x, wq, wk, wv, wo = draw(program, 0)
    expected = x.copy()
    for h in range(heads):
        block = slice(h * width, (h + 1) * width)
        scores = np.exp(c * (x @ wq[:, block]) @ (x @ wk[:, block]).T)
        expected += scores / scores.sum(axis=1, keepdims=True) @ (x @ wv[:, block]) @ wo[block]
    np.testing.assert_allclose(program.forward([x, wq, wk, wv, wo])[-1], expected, rtol=1e-12)


def test_inputs_of_any_memory_layout_give_the_same_and_stay_as_they_were(build: Build) -> None:
    program = attention_program(build)
    plain = draw(program, 1)
    seeds = [np.ones(entry.shape) for entry in program.entries]
    strided = [np.asfortranarray(array)[::-1][::-1] for array in plain]
    copies = [array.copy() for array in plain]
    for array in (*plain, *strided, *seeds):
        array.setflags(write=False)
    for left, right in zip(program.vjp(plain, seeds), program.vjp(strided, seeds), strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-12)
    program.jvp(strided, plain)
    assert_arrays(plain, *copies)


def test_float32_stays_float32(build: Build) -> None:
    program = attention_program(build)
    inputs = [array.astype(np.float32) for array in draw(program, 2)]
    made = [*program.jvp(inputs, inputs), *program.vjp(inputs, {"out": np.ones((5, 6), np.float32)})]
    assert {array.dtype for array in made} == {np.dtype(np.float32)}
    double = [array.astype(float) for array in inputs]
    np.testing.assert_allclose(program.forward(inputs)[-1], program.forward(double)[-1], rtol=1e-4, atol=1e-5)


def test_scalar_entries_stay_arrays(build: Build) -> None:
    program = build(ExecutableGraph(graph({"x": ()}, node("y", "add", (0, 0), ()))).bind())
    values = program.forward([np.array(math.pi)])
    assert [type(value) for value in values] == [np.ndarray, np.ndarray]
    assert_arrays(program.vjp(values[:1], values), 5 * np.array(math.pi))
    assert type(program.vjp(values[:1], values)[0]) is np.ndarray
    assert_arrays(program.forward([values[0] / 2]), values[0] / 2, values[0])


@pytest.mark.parametrize(
    ("inputs", "entry", "expected"),
    [
        ([], "x", r"inputs: expected 1 arrays \(x\), found 0"),
        ([X, X], "x", r"inputs: expected 1 arrays \(x\), found 2"),
        ([np.zeros(3)], "x", r"input 0 \(x\): expected shape 2, found 3"),
        ([np.zeros((2, 1))], "x", r"input 0 \(x\): expected shape 2, found 2×1"),
        ([np.array([1, 2])], "x", r"expected float64 or float32, found int64; convert with .astype\(float\)"),
        ([[1.0, 2.0]], "x", "expected a numpy.ndarray, found list; convert with numpy.asarray"),
        ([np.ma.masked_array(X)], "x", "expected a numpy.ndarray, found MaskedArray"),
        ([None], "x", "expected a numpy.ndarray, found NoneType"),
        ({}, "x", r"input 0 \(x\): expected an array, found none"),
        ({"x": X, "t": X}, "t", "input 't': no such entry; expected one of x"),
        ({"y": X}, "y", "input 'y': no such entry; expected one of x"),
    ],
)
def test_inputs_that_do_not_fit_are_named(build: Build, inputs: Any, entry: str, expected: str) -> None:
    with pytest.raises(ArrayError, match=expected) as caught:
        doubled_then_scaled(build).forward(inputs)
    assert caught.value.entry == entry


def test_tangents_and_seeds_that_do_not_fit_are_named(build: Build) -> None:
    program = doubled_then_scaled(build)
    with pytest.raises(ArrayError, match=r"tangent 0 \(x\): expected float64 like input 0, found float32"):
        program.jvp([X], [DX.astype(np.float32)])
    with pytest.raises(ArrayError, match=r"seeds: expected 3 arrays \(x, y, z\), found 1") as caught:
        program.vjp([X], [W])
    assert caught.value.entry == "y"
    with pytest.raises(ArrayError, match=r"seed 2 \(z\): expected shape 2, found scalar"):
        program.vjp([X], {"z": np.array(1.0)})


def test_inputs_of_two_precisions_are_refused(build: Build) -> None:
    program = attention_program(build)
    inputs = draw(program, 3)
    inputs[2] = inputs[2].astype(np.float32)
    with pytest.raises(
        ArrayError, match=r"input 2 \(Wk\): expected float64 like input 0, found float32"
    ) as caught:
        program.forward(inputs)
    assert caught.value.entry == "Wk"


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("forward", r"node 2 \(z\): its value has shape 2×1, certified is 2"),
        ("jvp", r"node 2 \(z\): its tangent has shape 2×1, certified is 2"),
        ("vjp", r"node 2 \(z\): its cotangent for entry 1 has shape 2×1, certified is 2"),
    ],
)
def test_a_rule_that_leaves_its_certified_shape_is_caught_where_it_does(rule: str, expected: str) -> None:
    scale = PRIMITIVES["scale"]

    def grown(*arguments: Any) -> Any:
        made = getattr(scale, rule)(*arguments)
        return (made[0][:, None],) if rule == "vjp" else made[:, None]

    program = doubled_then_scaled()
    rules: dict[str, Any] = {rule: grown}
    last = dataclasses.replace(program.steps[1], primitive=dataclasses.replace(scale, **rules))
    broken = Program(program.entries, (program.steps[0], last), program.scalars)
    run = broken.vjp if rule == "vjp" else broken.jvp
    with pytest.raises(ShapeError, match=expected):
        run([X], {})
