"""Programs over leading batch axes are loops over the elements, in every number."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch

from lean_bridge.errors import ArrayError, BindingError, NumericsError
from lean_bridge.executor.arrays.backends import torch_reals
from lean_bridge.executor.arrays.scalars import REALS, Array, Scalars
from lean_bridge.executor.batched import BatchedProgram
from lean_bridge.executor.compiled import CompiledProgram
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.rules.ops.elementwise import GELU_KAPPA
from pybind_models import Dim
from tests.unit.executor.graphs import feed_forward, graph, node

SIZES = {"n": 3, "dModel": 4, "dFF": 2}
BATCHES = [(4,), (2, 3), (), (0,), (2, 0)]
OVER = ("x", "b1")
K = Dim.variable("k")


def network(kind: Scalars = REALS) -> CompiledProgram:
    return ExecutableGraph(feed_forward(fixed=False)).bind(**SIZES).compile(kind, κ=GELU_KAPPA)


class Point:
    """Inputs, tangents of two of them and seeds of three entries, at each element of a batch."""

    def __init__(self, batch: tuple[int, ...], precision: type = np.float64) -> None:
        self.program, self.batch, self.rng = network(), batch, np.random.default_rng(3)
        self.precision = precision
        names = [entry.name for entry in self.program.context]
        self.inputs = self.draw(*names)
        self.tangents = self.draw("x", "W1")
        self.seeds = {
            entry.name: self.normal(batch + entry.shape)
            for entry in self.program.entries
            if entry.name in ("W2", "pre", "residual")
        }

    def normal(self, shape: tuple[int, ...]) -> Array:
        return self.rng.standard_normal(shape).astype(self.precision)

    def draw(self, *names: str) -> dict[str, Array]:
        return {
            entry.name: self.normal(self.batch * (entry.name in OVER) + entry.shape)
            for entry in self.program.context
            if entry.name in names
        }

    def at(
        self, index: tuple[int, ...], arrays: dict[str, Array], *, all_carry: bool = False
    ) -> dict[str, Array]:
        return {name: array[index] if all_carry or name in OVER else array for name, array in arrays.items()}

    def each(self, ask: Callable[[dict[str, Array], tuple[int, ...]], list[Array]]) -> list[list[Array]]:
        """Return the results of one call per element."""
        return [ask(self.at(index, self.inputs), index) for index in np.ndindex(self.batch)]

    def stacked(self, results: list[list[Array]], shapes: list[tuple[int, ...]]) -> list[Array]:
        return [
            np.array([made[i] for made in results], self.precision).reshape(self.batch + shape)
            for i, shape in enumerate(shapes)
        ]


def assert_same(found: list[Array], expected: list[Array]) -> None:
    assert len(found) == len(expected)
    for left, right in zip(found, expected, strict=True):
        assert left.dtype == right.dtype
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("precision", [np.float64, np.float32])
@pytest.mark.parametrize("batch", BATCHES, ids=str)
def test_a_batch_is_a_loop_over_its_elements(batch: tuple[int, ...], precision: type) -> None:
    point = Point(batch, precision)
    program, batched = point.program, point.program.batched(OVER)
    shapes = [entry.shape for entry in program.entries]
    values = point.stacked(point.each(lambda inputs, _: program.forward(inputs)), shapes)
    assert_same(batched.forward(point.inputs), values)
    moved = point.each(lambda inputs, index: program.jvp(inputs, point.at(index, point.tangents)))
    assert_same(batched.jvp(point.inputs, point.tangents), point.stacked(moved, shapes))
    pulled = point.each(
        lambda inputs, index: program.vjp(inputs, point.at(index, point.seeds, all_carry=True))
    )
    expected: list[Array] = []
    for position, entry in enumerate(program.context):
        total: Array = np.zeros(entry.shape, precision)
        each = [made[position] for made in pulled]
        if entry.name in OVER:
            expected.append(np.array(each, precision).reshape(batch + entry.shape))
        else:
            for cotangent in each:
                total = total + cotangent
            expected.append(total)
    assert_same(batched.vjp(point.inputs, point.seeds), expected)
    both = batched.value_and_vjp(point.inputs, point.seeds, ["W2", "x"], ["act", "b1", "W1"])
    assert_same(both[0], [values[6], values[2], values[1]])
    assert_same(both[1], [expected[3], expected[0]])


def test_sharing_is_adjoint_to_summing() -> None:
    point = Point((2, 3))
    batched = point.program.batched(OVER)
    moved = batched.jvp(point.inputs, point.tangents, ["W2", "pre", "residual"])
    pulled = batched.vjp(point.inputs, point.seeds, ["x", "W1"])
    forwards = sum(float((a * b).sum()) for a, b in zip(moved, point.seeds.values(), strict=True))
    backwards = sum(float((a * b).sum()) for a, b in zip(point.tangents.values(), pulled, strict=True))
    assert forwards == pytest.approx(backwards, rel=1e-12)
    assert abs(forwards) > 1


def test_arrays_with_gaps_and_in_order_are_taken_and_none_is_written_to() -> None:
    point = Point((4,))
    expected = point.program.batched(OVER).vjp(point.inputs, point.seeds)
    gaps = [np.asfortranarray(array) for array in point.inputs.values()]
    for array in gaps:
        array.flags.writeable = False
    assert_same(point.program.batched(OVER).vjp(gaps, point.seeds), expected)


def test_threads_may_share_it() -> None:
    points = [Point((2,)), Point((3,)), Point((4,))]
    batched = points[0].program.batched(OVER)
    alone = [batched.vjp(point.inputs, point.seeds) for point in points]
    with ThreadPoolExecutor(3) as threads:
        for _ in range(5):
            found = threads.map(lambda point: batched.vjp(point.inputs, point.seeds), points)
            for left, right in zip(found, alone, strict=True):
                assert_same(left, right)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"b1": np.zeros((3, 2))}, r"input 2 \(b1\): expected shape 4×2, found 3×2"),
        ({"x": np.zeros((4, 3, 3))}, r"input 0 \(x\): expected shape 4×3×4, found 4×3×3"),
        ({"x": np.zeros(4)}, r"input 0 \(x\): expected shape 3×4, found 4"),
        ({"W1": np.zeros((4, 2, 4))}, r"input 1 \(W1\): expected shape 2×4, found 4×2×4"),
        (
            {"b1": np.zeros((4, 2), np.float32)},
            r"input 2 \(b1\): expected float64 like input 0, found float32",
        ),
        ({"x": [1.0]}, r"input 0 \(x\): expected a numpy.ndarray, found list"),
    ],
)
def test_inputs_that_carry_other_axes_are_named(change: dict[str, Any], expected: str) -> None:
    point = Point((4,))
    with pytest.raises(ArrayError, match=expected):
        point.program.batched(OVER).forward(point.inputs | change)


def test_tangents_and_seeds_that_carry_other_axes_are_named() -> None:
    point = Point((4,))
    batched = point.program.batched(OVER)
    with pytest.raises(ArrayError, match=r"seed 5 \(pre\): expected shape 4×3×2, found 3×2"):
        batched.vjp(point.inputs, {"pre": np.zeros((3, 2))})
    with pytest.raises(ArrayError, match=r"tangent 1 \(W1\): expected shape 2×4, found 4×2×4"):
        batched.jvp(point.inputs, {"W1": np.zeros((4, 2, 4))})
    with pytest.raises(ArrayError, match=r"inputs: expected 5 arrays .*, found 0"):
        batched.forward([])


def test_what_carries_the_batch_is_named_among_the_inputs() -> None:
    with pytest.raises(BindingError, match=r"expected inputs that carry batch axes, some of x, W1, .*none"):
        network().batched(())
    with pytest.raises(ArrayError, match=r"input 'pre': no such entry"):
        network().batched(["pre"])
    with pytest.raises(TypeError, match=r"expected a program in NumPy's floating point, found ArrayAPIReals"):
        network(torch_reals()).batched(["x"])


def test_a_bad_number_is_reported_with_its_element() -> None:
    model = graph({"x": (K,)}, node("y", "mul", (0, 0), (K,), s=(K,)))
    batched = BatchedProgram(ExecutableGraph(model).bind(k=1).compile(), ["x"])
    with pytest.raises(NumericsError, match=r"^batch element \(1, 0\): .*\(y\)") as reported:
        batched.forward([np.array([[[1.0]], [[1e200]]])])
    assert reported.value.entry == "y"


def test_a_sum_over_the_batch_that_overflows_is_reported_and_warns_of_nothing() -> None:
    model = graph({"x": (K,), "w": (K,)}, node("y", "mul", (0, 1), (K,), s=(K,)))
    program = ExecutableGraph(model).bind(k=1).compile()
    inputs, seeds = {"x": np.full((3, 1), 1e154), "w": np.ones(1)}, {"y": np.full((3, 1), 9e153)}
    with pytest.raises(NumericsError, match=r"^input 1 \(w\): its cotangent, summed over the batch, is inf"):
        program.batched(["x"]).vjp(inputs, seeds, ["x", "w"])
    dx, dw = program.with_checks("off").batched(["x"]).vjp(inputs, seeds, ["x", "w"])
    np.testing.assert_array_equal(dx, seeds["y"])
    assert np.isinf(dw)


def test_torch_maps_a_program_itself() -> None:
    point, there = Point((4,)), network(torch_reals())
    x, *rest = (torch.asarray(array) for array in point.draw("x", "W1", "W2", "b2").values())
    b1 = torch.zeros(2, dtype=torch.float64)
    mapped = torch.vmap(lambda x: there.forward([x, rest[0], b1, *rest[1:]], ["residual"])[0])(x)
    alone = there.forward([x[2], rest[0], b1, *rest[1:]], ["residual"])[0]
    torch.testing.assert_close(mapped[2], alone, rtol=1e-13, atol=1e-13)
