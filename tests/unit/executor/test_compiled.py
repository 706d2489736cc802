"""Compiled programs: what may be asked, and what a call costs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from lean_bridge.errors import ArrayError, UnsupportedOp
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.compiled import CompiledProgram
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.plans.arena import ALIGNMENT
from lean_bridge.executor.plans.trace import Request
from lean_bridge.executor.rules.ops.elementwise import GELU_KAPPA
from lean_bridge.executor.rules.table import PRIMITIVES
from pybind_models import Dim, MapParam, Node
from tests.allocations import allocated
from tests.rationals import Rationals
from tests.single_ops import single_graph
from tests.unit.executor.graphs import encoder, feed_forward, graph, node

SIZES = {"n": 5, "dModel": 6, "numHeads": 2, "headDim": 3, "dFF": 7}
LARGER = {"n": 64, "dModel": 96, "numHeads": 3, "headDim": 32, "dFF": 128}
ARGUMENTS = {"c": 0.5, "κ": GELU_KAPPA, "ε1": 1e-5, "ε2": 1e-5}
K = Dim.variable("k")


def block(dims: Mapping[str, int] = SIZES) -> CompiledProgram:
    return ExecutableGraph(encoder(fixed=False)).bind(**dims).compile(**ARGUMENTS)


def draw(program: CompiledProgram, seed: int = 0) -> dict[str, Array]:
    rng = np.random.default_rng(seed)
    return {entry.name: rng.standard_normal(entry.shape) for entry in program.context}


def seed_of(program: CompiledProgram) -> dict[str, Array]:
    last = program.entries[-1]
    return {last.name: np.random.default_rng(9).standard_normal(last.shape)}


def assert_close(found: list[Array], expected: list[Array]) -> None:
    assert len(found) == len(expected)
    for left, right in zip(found, expected, strict=True):
        np.testing.assert_allclose(left, right, rtol=0, atol=1e-13 * max(1.0, float(np.abs(right).max())))


def test_results_come_in_the_order_of_the_names_that_are_asked_for() -> None:
    program, inputs = block(), draw(block())
    seeds = seed_of(program)
    positions = {entry.name: i for i, entry in enumerate(program.entries)}
    values, pulled = program.value_and_vjp(inputs, seeds, ["W2", "x"], ["out", "x", "probs"])
    forward, vjp = program.program.forward(inputs), program.program.vjp(inputs, seeds)
    assert_close(values, [forward[positions[name]] for name in ("out", "x", "probs")])
    assert_close(pulled, [vjp[positions[name]] for name in ("W2", "x")])
    assert np.shares_memory(values[1], inputs["x"])


@pytest.mark.parametrize(
    ("ask", "expected"),
    [
        (lambda program, x: program.forward(x, ["nothing"]), "output 'nothing': no such entry"),
        (lambda program, x: program.vjp(x, {}, ["out"]), "input 'out': no such entry; expected one of x"),
        (lambda program, x: program.jvp(x, {"out": x["x"]}), "tangent 'out': no such entry"),
        (lambda program, x: program.linearize(x, ["x"])([]), r"tangents: expected 1 arrays \(x\), found 0"),
        (
            lambda program, x: program.pullback(x, ["out"])({}),
            r"seed 0 \(out\): expected an array, found none",
        ),
        (
            lambda program, x: program.linearize(x, ["x"])([x["x"].astype(np.float32)]),
            r"tangent 0 \(x\): expected float64 like input 0, found float32",
        ),
    ],
)
def test_what_is_no_entry_is_named(ask: object, expected: str) -> None:
    assert callable(ask)
    program = block()
    with pytest.raises(ArrayError, match=expected):
        ask(program, draw(program))


def test_no_pass_has_another_name() -> None:
    with pytest.raises(ValueError, match=r"no pass magic; expected some of zeros, "):
        block().with_passes(["zeros", "magic"])


def test_absent_seeds_and_tangents_cost_nothing() -> None:
    program, every = block(), tuple(range(13))
    nothing = program.plan(Request(np.dtype(float), wrt=every, moved=every))
    assert {each.op for each in nothing.trace.instructions} == {"zeros"}
    one = program.plan(Request(np.dtype(float), seeds=(20,), wrt=(1,)))
    assert program.entries[20].name == "scores"
    assert "tanh" not in {each.op for each in one.trace.instructions}


def test_fewer_seeds_and_fewer_inputs_are_fewer_calls() -> None:
    program, inputs = block(), draw(block())
    both = dict.fromkeys(("norm1", "norm2"), inputs["x"])
    calls = [
        len(program.prepare(inputs, seeds=seeds, wrt=wrt).calls)
        for seeds, wrt in ((both, None), ({"norm1": both["norm1"]}, None), (both, ["β₂"]), ({}, None))
    ]
    assert calls[0] > calls[1] > 0
    assert calls[0] > calls[2] > calls[3] == 0


@pytest.mark.parametrize("dims", [SIZES, LARGER], ids=["small", "larger"])
def test_steady_calls_allocate_nothing(dims: dict[str, int]) -> None:
    program = block(dims)
    run = program.prepare(draw(program), seeds=seed_of(program), values=["norm2"], wrt=None)
    kept, peak = allocated(run)
    assert kept < 1000
    assert peak < 5000  # one iterator of NumPy's with three buffers of 1 kB, which it frees at once


def test_buffers_are_aligned_and_one_object_each() -> None:
    program = block()
    run = program.prepare(draw(program), seeds=seed_of(program), values=["norm2"], wrt=None)
    assert run.floats.ctypes.data % ALIGNMENT == 0
    known: dict[object, Array] = {}
    for _, arguments in run.calls:
        for each in arguments:
            if isinstance(each, np.ndarray) and each.ndim and np.shares_memory(each, run.floats):
                view = (each.ctypes.data, each.shape, each.strides)
                assert known.setdefault(view, each) is each
    assert len(known) > 10


def test_a_prepared_run_reads_what_its_arrays_hold_and_copies_what_has_gaps() -> None:
    program = block()
    inputs = draw(program)
    inputs["W1"] = np.asfortranarray(inputs["W1"])
    run = program.prepare(inputs, tangents={"x": inputs["x"]}, moved=["norm2"])
    before = run()[0].copy()
    inputs["W1"][0, 0] += 1.0
    again = run()[0].copy()
    assert np.abs(before - again).max() > 1e-6
    assert_close([again], program.program.jvp(inputs, {"x": inputs["x"]})[-1:])


def test_a_prepared_run_is_for_floating_point() -> None:
    model = graph({"x": (K,)}, node("y", "add", (0, 0), (K,)))
    program = ExecutableGraph(model).bind(k=0).compile(Rationals())
    with pytest.raises(TypeError, match="expected a program in NumPy's floating point, found Rationals"):
        program.prepare([np.empty(0, object)])


def test_four_threads_may_share_a_program() -> None:
    program = block()
    points, seeds = [draw(program, seed) for seed in range(8)], seed_of(program)
    alone = [program.vjp(point, seeds) for point in points]
    with ThreadPoolExecutor(4) as threads:
        for _ in range(5):
            for found, expected in zip(
                threads.map(lambda point: program.vjp(point, seeds), points), alone, strict=True
            ):
                for left, right in zip(found, expected, strict=True):
                    np.testing.assert_array_equal(left, right)


def test_results_stay_when_the_program_is_called_again() -> None:
    program = block()
    first = program.vjp(draw(program, 1), seed_of(program))
    kept = [array.copy() for array in first]
    program.vjp(draw(program, 2), seed_of(program))
    assert_close(first, kept)


def test_linear_maps_at_a_point_are_made_once() -> None:
    program = block()
    inputs, seeds = draw(program), seed_of(program)
    linear, pullback = (
        program.linearize(inputs, ["x", "γ₁"], ["norm2", "out"]),
        program.pullback(inputs, seeds),
    )
    for seed in (3, 4):
        tangents = {name: array for name, array in draw(program, seed).items() if name in ("x", "γ₁")}
        expected = program.program.jvp(inputs, tangents)
        assert_close(linear(tangents), [expected[-1], expected[26]])
        scaled = {name: seed * array for name, array in seeds.items()}
        assert_close(pullback(scaled), program.program.vjp(inputs, scaled))


@pytest.mark.parametrize("of", ["y", "x"])
def test_the_jacobian_is_the_matrix_of_the_derivative(of: str) -> None:
    model = feed_forward(fixed=False)
    program = ExecutableGraph(model).bind(n=2, dModel=3, dFF=1).compile(κ=GELU_KAPPA)
    inputs, last = draw(program), program.entries[-1].name
    entry = last if of == "y" else "pre"  # six coordinates, or two
    jacobian = program.jacobian(inputs, entry, "x")
    tangent = np.random.default_rng(1).standard_normal((2, 3))
    position = [each.name for each in program.entries].index(entry)
    expected = program.program.jvp(inputs, {"x": tangent})[position]
    assert jacobian.shape == (*expected.shape, 2, 3)
    np.testing.assert_allclose(np.tensordot(jacobian, tangent, 2), expected, rtol=1e-12, atol=1e-13)


def test_a_rule_that_does_more_than_arrays_are_said_to_is_declined_by_name() -> None:
    add = PRIMITIVES["add"]
    odd = dataclasses.replace(add, forward=lambda _setting, primals: np.cumsum(primals[0]))
    model = graph({"x": (K,)}, node("y", "add", (0, 0), (K,)))
    bound = ExecutableGraph(model, {"add": odd}).bind(k=3)
    assert bound.interpret().forward([np.ones(3)])[1][2] == 3.0
    with pytest.raises(UnsupportedOp, match=r"node 1 \(y\): rules of add do what no plan can .*interpret"):
        bound.compile().forward([np.ones(3)])


def test_constants_that_print_alike_are_not_alike() -> None:
    def shifted(name: str, by: str) -> Node:
        maps = {"A": MapParam(name="W"), "b": MapParam(name=by)}
        return node(name, "affine", (0,), (), sIn=(), sOut=(), **maps)

    model = graph({"x": ()}, shifted("y", "a"), shifted("z", "b"), maps=("W", "a", "b"))
    a, b = np.array(1.1), np.array(1.1 + 1e-12)
    assert repr(a) == repr(b)
    program = ExecutableGraph(model).bind().compile(W=np.ones((1, 1)), a=a, b=b)
    _, y, z = program.forward([np.array(0.0)])
    assert (float(y), float(z)) == (float(a), float(b))


def test_a_plan_can_be_read() -> None:
    program = block()
    request = Request(np.dtype(np.float32), seeds=(33,), wrt=(0,))
    lines = str(program.plan(request)).splitlines()
    assert lines[0].startswith("plan in float32: ")
    assert lines[1].startswith("passes: zeros, views, ")
    assert any("= leaf(input, 0, 5×6): 5×6 in leaf" in line for line in lines)
    assert any(" view transpose(%" in line for line in lines)
    assert sum(line.startswith("→") for line in lines) == 1
    assert len(lines) == 2 + len(program.plan(request).trace.instructions)


def test_what_a_plan_makes_of_an_array_is_named_in_it() -> None:
    bound = ExecutableGraph(single_graph("embedding")).bind(m=3, u=4, v=2, w=5)
    program = bound.compile(ids_=np.zeros((3, 4), int))
    assert "leaf(derived, rows of node 0, 12)" in str(program.plan(Request(np.dtype(float), values=(1,))))
