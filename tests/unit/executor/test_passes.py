"""What the passes make of the encoder block, and that they leave alone what they must."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lean_bridge.executor.compiled import CompiledProgram
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.passes import SWITCHES
from lean_bridge.executor.plans.arena import Block, live_peak
from lean_bridge.executor.plans.instructions import ELEMENTWISE, VIEWS, Instruction
from lean_bridge.executor.plans.plan import Plan
from lean_bridge.executor.plans.run import Run
from lean_bridge.executor.plans.trace import Request
from pybind_models import Dim
from tests.unit.executor.graphs import encoder, graph, layer_norm, llama_block, node

NAMES = ("n", "dModel", "numHeads", "headDim", "dFF")
TINY, SMALL = (8, 16, 2, 8, 32), (64, 128, 4, 32, 512)
K = Dim.variable("k")


def plan(dims: tuple[int, ...], *, without: str = "", dtype: type = float) -> Plan:
    """Return the plan for the value and every gradient of the encoder block."""
    program = compiled(dims)
    switched = program.with_passes(name for name in SWITCHES if name != without)
    return switched.plan(Request(np.dtype(dtype), seeds=(33,), values=(33,), wrt=tuple(range(13))))


def compiled(dims: tuple[int, ...]) -> CompiledProgram:
    bound = ExecutableGraph(encoder(fixed=False)).bind(**dict(zip(NAMES, dims, strict=True)))
    return bound.compile(c=0.5, κ=0.8, ε1=1e-5, ε2=1e-5)


def made(found: Plan) -> list[Instruction]:
    return [each for each in found.trace.instructions if each.op not in VIEWS]


def count(found: Plan, op: str, shape: tuple[int, ...]) -> int:
    return sum(each.op == op and each.shape == shape for each in found.trace.instructions)


def test_heads_are_split_and_merged_without_copies() -> None:
    for dims in (TINY, SMALL):
        assert not plan(dims).layout.copied


def test_scores_are_neither_scaled_nor_divided() -> None:
    scores = (4, 64, 64)
    found = plan(SMALL)
    assert count(found, "div", scores) == 0 < count(plan(SMALL, without="quotients"), "div", scores)
    assert count(found, "mul", scores) < count(plan(SMALL, without="scalars"), "mul", scores)


def test_guards_stay_where_the_sign_is_not_known() -> None:
    ops = {each.op for each in made(plan(SMALL))}
    assert ops.isdisjoint({"sqrt", "inv"})
    bare = graph({"x": (K,)}, node("y", "sqrtClamp", (0,), (K,)), node("z", "inv", (1,), (K,)))
    program = ExecutableGraph(bare).bind(k=4).compile().with_checks("off")
    np.testing.assert_array_equal(program.forward([np.array([-1.0, 0.0, 4.0, np.inf])])[2], [0, 0, 0.5, 0])


def test_an_epsilon_that_single_precision_rounds_to_zero_is_guarded() -> None:
    bound = ExecutableGraph(layer_norm()).bind(m=1, n=2)
    program = bound.compile(ε=1e-60).with_checks("off")
    values = program.forward([np.ones((1, 2), np.float32), *np.ones((2, 2), np.float32)])
    np.testing.assert_array_equal(values[-1], [[1.0, 1.0]])


def test_small_products_are_merged_and_large_ones_are_not() -> None:
    assert {each.op for each in made(plan(TINY))} >= {"concat", "rsqrt"}
    assert "concat" not in {each.op for each in made(plan(SMALL))}

    def products(dims: tuple[int, ...], without: str = "") -> int:
        return sum(each.op == "matmul" for each in made(plan(dims, without=without)))

    assert products(TINY) < products(TINY, without="merges")
    assert products(SMALL) == products(SMALL, without="merges")


def test_two_weights_are_not_copied_for_one_sum() -> None:
    tangents = compiled(TINY).plan(Request(np.dtype(float), tangents=tuple(range(13)), moved=(33,)))
    given = [i for i, each in enumerate(tangents.trace.instructions) if each.op == "leaf"]
    copied = [each for each in made(tangents) if each.op == "concat" and {*each.operands}.issubset(given)]
    assert [len(each.operands) for each in copied] == [3]  # those of the projections share an operand


def test_tiny_blocks_take_few_calls() -> None:
    program = compiled(TINY)
    assert calls(program) <= 88 < calls(program.with_passes([]))


@pytest.mark.parametrize("name", ["affine", "columns"])
def test_passes_for_small_arrays_save_calls_there_and_nowhere_else(name: str) -> None:
    programs = {dims: compiled(dims) for dims in (TINY, SMALL)}
    saved = {
        dims: calls(program.with_passes(each for each in SWITCHES if each != name)) - calls(program)
        for dims, program in programs.items()
    }
    assert saved[TINY] > saved[SMALL] == 0


def test_sums_of_small_rows_are_as_long_as_what_they_are_combined_with() -> None:
    sums = (2, 8, 1)  # of softmax
    assert count(plan(TINY), "sum", sums) == 0 < count(plan(TINY, without="rows"), "sum", sums)
    assert str(plan(SMALL).trace) == str(plan(SMALL, without="rows").trace)


def test_a_sum_along_rows_reads_the_product_that_the_gradient_of_its_weights_takes() -> None:
    def sums(found: Plan) -> int:
        return sum(each.op == "dot" and each.shape == (64, 1) for each in made(found))

    assert sums(plan(SMALL)) == 2  # the variances
    assert sum(each.op == "matmul" and each.shape == (64, 1) for each in made(plan(SMALL))) == 2


def test_means_of_centred_rows_are_no_products_of_their_own() -> None:
    assert count(plan(TINY), "mul", (8, 1)) == 0 < count(plan(SMALL), "mul", (64, 1))


def test_the_slope_of_an_activation_does_not_wait_for_its_cotangent() -> None:
    def hidden(found: Plan) -> list[int]:
        wide = {pos for pos, each in enumerate(found.trace.instructions) if each.shape == (64, 512)}
        output = found.trace.results[0]
        return [pos for pos in wide if pos > output]

    assert len(hidden(plan(SMALL))) == 2  # the cotangents of the activation and of what it is applied to
    assert len(hidden(plan(SMALL, without="schedule"))) > 2


def test_gradients_larger_than_what_they_are_made_of_come_last() -> None:
    def after(found: Plan) -> set[str]:
        """Return what is made after the gradient of a weight, of those that are as large."""
        shapes = [(512, 128), (128, 512)]
        ops = [each for each in made(found) if each.op not in ("leaf", "constant")]
        first = min(i for i, each in enumerate(ops) if each.shape in shapes)
        return {each.op for each in ops[first:]}

    assert after(plan(SMALL)) == {"matmul", "sum"}  # the sum is of the seed, which takes no room
    assert after(plan(SMALL, without="schedule")) > {"matmul", "sum"}


def test_the_order_needs_a_fifth_less_memory_than_the_rules_wrote() -> None:
    assert plan(SMALL).live_peak < 0.81 * plan(SMALL, without="schedule").live_peak
    results = sum(each.size for each in gradients(plan(SMALL))) * 8
    assert plan(SMALL).arena < 1.2 * results


def test_weights_side_by_side_are_copied_again_rather_than_kept() -> None:
    kept, again = plan(TINY, without="copies"), plan(TINY)
    assert count(kept, "concat", (16, 48)) == 1
    assert count(again, "concat", (16, 48)) == 2
    assert again.arena < 0.85 * kept.arena


def test_scores_of_many_heads_are_differentiated_a_few_at_a_time() -> None:
    large = (256, 64, 16, 4, 64)
    scores = (16, 256, 256)
    assert count(plan(large), "mul", scores) == 0 < count(plan(large, without="tiles"), "mul", scores)
    assert plan(large).arena < 0.7 * plan(large, without="tiles").arena
    assert str(plan(SMALL).trace) == str(plan(SMALL, without="tiles").trace)


@pytest.mark.parametrize(("op", "length"), [("broadcastRow", "m"), ("broadcastCol", "n")])
@pytest.mark.parametrize("width", [3, 40])
@pytest.mark.parametrize("value", [12345.678, 9.86e11])
def test_nothing_is_left_of_constant_rows_that_were_broadcast(
    op: str, length: str, width: int, value: float
) -> None:
    m, n = Dim.variable("m"), Dim.variable("n")
    model = graph(
        {"x": (Dim.variable(length),), "γ": (n,), "β": (n,)},
        node("rows", op, (0,), (m, n), m=m, n=n),
        node("norm", "layerNorm", (3, 1, 2), (m, n), m=m, n=n, ε="ε"),
        scalars=("ε",),
    )
    program = ExecutableGraph(model).bind(m=2, n=width).compile(ε=1e-5)
    for dtype in (np.float32, np.float64):
        x = np.full(2 if length == "m" else width, value, dtype)
        β = (np.arange(width) / 8).astype(dtype)
        (found,) = program.forward([x, np.full(width, 1e9, dtype), β], ["norm"])
        np.testing.assert_array_equal(found, np.stack([β, β]))


def test_large_activations_are_made_a_few_rows_at_a_time() -> None:
    large = (512, 128, 2, 64, 2**12)
    hidden, rows = (512, 2**12), (8, 2**12)
    whole, parts = plan(large, without="tiles"), plan(large)
    assert [count(each, "decay", hidden) for each in (whole, parts)] == [1, 0]
    assert [count(each, "decay", rows) for each in (whole, parts)] == [0, 64]
    assert count(parts, "mul", hidden) == 1  # of the slope, which is kept, and the cotangent
    assert forward_peak(parts) < forward_peak(whole) - 8 * math.prod(hidden) / 3


def test_what_reads_the_same_large_array_is_made_with_it_a_few_rows_at_a_time() -> None:
    bound = ExecutableGraph(llama_block()).bind(
        seqLen=64, dModel=16, kvHeads=1, groups=1, halfDim=8, dFF=2**12
    )
    program = bound.compile(c=0.5, ε1=1e-5, ε2=1e-5, mask=np.tri(64, dtype=bool))
    inputs = len(program.context)
    last = len(program.entries) - 1
    request = Request(np.dtype(float), seeds=(last,), values=(last,), wrt=tuple(range(inputs)))
    found = program.plan(request)
    hidden, rows = (64, 2**12), (8, 2**12)
    assert [count(found, "step", shape) for shape in (hidden, rows)] == [0, 8]  # beside its decay
    assert (
        sum(each.op in ELEMENTWISE and each.shape == hidden for each in made(found)) == 4
    )  # of two products


def forward_peak(found: Plan) -> int:
    """Return the bytes that are needed until the value is there."""
    end = found.trace.results[0]
    return live_peak(
        [Block(b.first, min(b.last, end), b.size) for b in found.blocks.values() if b.first <= end]
    )


def gradients(found: Plan) -> list[Instruction]:
    return [found.trace.instructions[result] for result in found.trace.results]


def calls(program: CompiledProgram) -> int:
    inputs = {entry.name: np.zeros(entry.shape) for entry in program.context}
    seeds = {"norm2": np.zeros(program.entries[-1].shape)}
    run: Run = program.prepare(inputs, seeds=seeds, values=["norm2"], wrt=None)
    return len(run.calls)


def test_layer_norm_spelled_out_is_as_short_as_the_op() -> None:
    bound = ExecutableGraph(layer_norm()).bind(m=40, n=50)
    program = bound.compile(ε=1e-5)
    request = Request(np.dtype(float), values=(len(program.entries) - 1,))
    ops = [each.op for each in made(program.plan(request)) if each.op not in ("leaf", "constant")]
    assert len(ops) <= 12
