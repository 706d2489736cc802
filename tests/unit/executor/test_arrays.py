"""Whole numbers and truth values that a graph takes: what is refused, and PyTorch's numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lean_bridge.crosscheck.finite_field import FIELD
from lean_bridge.errors import BindingError, Declined, GraphError
from lean_bridge.executor.arrays.scalars import REALS
from lean_bridge.executor.backends import jax_reals, torch_reals
from lean_bridge.executor.graph import BoundGraph, ExecutableGraph
from pybind_models import ArrayArgument, DGraph, Dim
from tests.single_ops import single_graph

TABLE = ExecutableGraph(single_graph("embedding")).bind(v=4, w=3, m=2, u=5)
LOGITS = ExecutableGraph(single_graph("takeAlong")).bind(a=3, n=4, b=2)
SCORES = ExecutableGraph(single_graph("maskedSoftmax")).bind(a=2, m=3, n=4)
IDS = np.array([[0, 3, 1, 3, 3], [2, 0, 0, 1, 3]])
MASK = np.tri(3, 5, 1, dtype=bool)


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (IDS.tolist(), r"expected an array of whole numbers, found list; convert with numpy.asarray"),
        (IDS.astype(float), r"expected whole numbers, found an array of float64; convert with .astype"),
        (IDS == 0, "expected whole numbers, found an array of bool"),
        (np.ma.masked_equal(IDS, 3), "expected an array of whole numbers, found one with a mask of its own"),
        (IDS.T, "expected whole numbers of shape 2×5, found 5×2"),
        (IDS + 1, "expected whole numbers from 0 to 3, found 4 at 0, 1"),
        (IDS - 1, "expected whole numbers from 0 to 3, found -1 at 0, 0"),
    ],
)
def test_whole_numbers_are_of_their_shape_and_in_their_range(ids: Any, expected: str) -> None:
    with pytest.raises(BindingError, match=f"^Single.embedding: array ids_: {expected}") as caught:
        TABLE.compile(ids_=ids)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        (MASK.astype(int), "expected truth values, found an array of int64"),
        (MASK[0], "expected truth values of shape 3×5, found 5"),
        (
            MASK & (np.arange(3) != 1)[:, None],
            "expected something allowed in every row .*; row 1 allows nothing",
        ),
    ],
)
def test_a_mask_allows_something_in_every_row(mask: Any, expected: str) -> None:
    with pytest.raises(BindingError, match=f"^Single.maskedSoftmax: array mask_: {expected}"):
        SCORES.interpret(mask_=mask)


def test_an_array_that_no_node_uses_is_held_to_its_type() -> None:
    (array,) = TABLE.graph.model.arrays
    unused = ArrayArgument(name="more", shape=(Dim.parse("m"),), below=Dim.constant(0))
    model = TABLE.graph.model.replaced(arrays=(array, unused))
    bound = ExecutableGraph(model).bind(v=4, w=3, m=1, u=1)
    with pytest.raises(
        BindingError,
        match="array more: expected whole numbers below 0, of which there are none, found 0 at 0",
    ):
        bound.compile(ids_=np.zeros((1, 1), int), more=np.zeros(1, int))
    with pytest.raises(Declined, match="there are no whole numbers below 0"):
        bound.draw_arrays(np.random.default_rng(0))


@pytest.mark.parametrize(
    ("below", "shape", "expected"),
    [("v + 1", "m u", "expected whole numbers"), ("v", "u m", "of shape 2×5, found 5×2")],
)
def test_a_declared_range_that_is_not_the_ops_is_refused(below: str, shape: str, expected: str) -> None:
    (array,) = TABLE.graph.model.arrays
    other = array.replaced(below=Dim.parse(below), shape=tuple(map(Dim.parse, shape.split())))
    bound = ExecutableGraph(TABLE.graph.model.replaced(arrays=(other,))).bind(v=4, w=3, m=2, u=5)
    ids = np.full((5, 2) if shape == "u m" else (2, 5), 4 if below == "v + 1" else 0)
    with pytest.raises(BindingError, match=expected):
        bound.interpret(ids_=ids)


def test_an_array_that_a_graph_does_not_take_is_named() -> None:
    with pytest.raises(GraphError, match="parameter ids is ids_, which is no array argument of the graph"):
        ExecutableGraph(TABLE.graph.model.replaced(arrays=()))


def test_a_graph_without_arrays_is_written_as_before() -> None:
    assert "arrays" not in single_graph("add").model_dump()
    model = TABLE.graph.model
    assert DGraph.model_validate_json(model.model_dump_json()) == model
    assert model.at({"v": 4, "w": 3, "m": 2, "u": 5}).arrays[0].text == "ids_: 2×5 whole numbers below 4"


def numbers(bound: BoundGraph, kind: Any, arrays: list[Any], **arguments: Any) -> list[Any]:
    """Return value, tangent and cotangent of a graph of one op, by the interpreter and by a plan."""
    x, w = arrays
    found = []
    for program in (bound.interpret(kind, **arguments), bound.compile(kind, **arguments)):
        found += [program.forward([x])[1], program.jvp([x], [x * x])[1], *program.vjp([x], {"y": w})]
    return found


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("op", ["embedding", "takeAlong", "maskedSoftmax"])
def test_other_libraries_have_the_same_numbers(op: str, dtype: Any) -> None:
    bound = {"embedding": TABLE, "takeAlong": LOGITS, "maskedSoftmax": SCORES}[op]
    rng = np.random.default_rng(0)
    arguments = bound.draw_arrays(rng)
    arrays = [rng.standard_normal(entry.shape).astype(dtype) for entry in bound.entries]
    right = numbers(bound, REALS, arrays, **arguments)
    for kind in (torch_reals(), jax_reals()):
        if dtype is np.float64 and "jax" in repr(kind):
            continue  # switched off where nobody asks for it
        there = [kind.namespace.asarray(array) for array in arrays]
        for found, each in zip(numbers(bound, kind, there, **arguments), right, strict=True):
            np.testing.assert_allclose(kind.as_numpy(found), each, rtol=0, atol=8 * np.finfo(dtype).eps * 4)


def test_embedding_is_pytorch_s_and_counts_repeated_numbers() -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    table, w = rng.standard_normal((4, 3)), rng.standard_normal((2, 5, 3))
    there = torch.tensor(table, requires_grad=True)
    y = torch.nn.functional.embedding(torch.tensor(IDS), there)
    y.backward(torch.tensor(w))
    program = TABLE.compile(ids_=IDS)
    np.testing.assert_array_equal(program.forward([table])[1], y.detach())
    np.testing.assert_allclose(program.vjp([table], {"y": w})[0], there.grad, rtol=0, atol=1e-15)


def test_take_along_is_pytorch_s_gather() -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(2)
    x, w, ids = rng.standard_normal((3, 4, 2)), rng.standard_normal((3, 2)), rng.integers(4, size=(3, 2))
    there = torch.tensor(x, requires_grad=True)
    y = torch.gather(there, 1, torch.tensor(ids)[:, None, :])[:, 0]
    y.backward(torch.tensor(w))
    program = LOGITS.compile(ids_=ids)
    np.testing.assert_array_equal(program.forward([x])[1], y.detach())
    np.testing.assert_array_equal(program.vjp([x], {"y": w})[0], there.grad)


def test_masked_softmax_is_pytorch_s_and_what_is_left_out_has_no_part() -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(3)
    x, w = rng.standard_normal((2, 3, 5)), rng.standard_normal((2, 3, 5))
    there = torch.tensor(x, requires_grad=True)
    y = torch.softmax(there.masked_fill(torch.tensor(~MASK), -torch.inf), -1)
    y.backward(torch.tensor(w))
    for program in (SCORES.compile(mask_=MASK), SCORES.interpret(mask_=MASK)):
        value, pulled = program.forward([x])[1], program.vjp([x], {"y": w})[0]
        np.testing.assert_allclose(value, y.detach(), rtol=0, atol=1e-15)
        np.testing.assert_allclose(pulled, there.grad, rtol=0, atol=1e-15)
        assert not value[:, ~MASK].any()
        assert not pulled[:, ~MASK].any()
        other = np.where(MASK, x, 1e300)  # by which an exponential would be shifted to 0
        np.testing.assert_array_equal(program.forward([other])[1], value)


def test_rows_of_large_numbers_do_not_overflow() -> None:
    x = np.where(MASK, 1e4, -1e4) + np.zeros((2, 3, 5))
    value = SCORES.compile(mask_=MASK).forward([x])[1]
    np.testing.assert_allclose(value.sum(axis=-1), 1.0, rtol=1e-15)


def test_arrays_are_kept_as_they_were() -> None:
    ids, table = IDS.copy(), np.arange(12.0).reshape(4, 3)
    program = TABLE.compile(ids_=ids)
    before = program.forward([table])[1]
    ids[:] = 0
    np.testing.assert_array_equal(program.forward([table])[1], before)


def test_the_field_adds_up_what_goes_to_one_row() -> None:
    table, w = FIELD.array(np.arange(12).reshape(4, 3)), FIELD.array(np.ones((2, 5, 3), int))
    (pulled,) = TABLE.interpret(FIELD, ids_=IDS).vjp([table], {"y": w})
    assert pulled[:, 0].tolist() == np.bincount(IDS.ravel()).tolist()
