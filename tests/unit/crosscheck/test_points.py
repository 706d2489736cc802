"""Graphs without numbers, and with too many: nothing compared is no agreement, and no limit is a fault."""

from __future__ import annotations

import warnings

import pytest

from lean_bridge.codes import Code
from lean_bridge.crosscheck import field_points, points
from lean_bridge.crosscheck.field_points import numbers_at_points, to_words
from lean_bridge.crosscheck.finite_field import FIELD
from lean_bridge.crosscheck.judgement import judge
from lean_bridge.crosscheck.run import crosscheck
from lean_bridge.errors import BindingError, Declined
from lean_bridge.executor.graph import MOST_AXES
from pybind_models import DGraph, Dim, MapParam, Shape
from tests.unit.executor.graphs import graph, node

K = Dim.variable("k")
NONE, ONE = Dim.constant(0), Dim.constant(1)


def difference(shape: Shape, **others: Shape) -> DGraph:
    """Return the difference of two inputs of a shape, beside inputs that nothing uses."""
    return graph({"a": shape, "b": shape, **others}, node("y", "sub", (0, 1), shape, s=shape))


def product(length: Dim, **others: Shape) -> DGraph:
    """Return the product of two matrices that share an axis of a length."""
    inputs: dict[str, Shape] = {"a": (K, length), "b": (length, K)}
    return graph(inputs | others, node("y", "matmul", (0, 1), (K, K), m=K, n=length, p=K))


@pytest.mark.parametrize(
    ("model", "what"),
    [
        (difference((NONE,)), "node"),
        (difference((K * NONE,)), "node"),
        (difference((K, NONE)), "node"),
        (difference((NONE,), c=(K,)), "node"),
        (product(NONE), "input"),
        (product(K * NONE), "input"),
    ],
)
def test_nothing_compared_is_neither_agreement_nor_failure(model: DGraph, what: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shapes, *rest = found = crosscheck(model)
    reason = f"nothing to compare: no {what} of Test.graph has numbers"
    assert shapes.outcome == "passed"
    assert {(result.outcome, result.detail) for result in rest} == {("not run", reason)}
    assert judge(found) == ("no verdict", f"adjoint identity: {reason}", Code.NOTHING_CHECKED)
    with pytest.raises(Declined, match=reason):
        next(numbers_at_points(model))


def test_a_wrong_shape_without_numbers_is_still_rejected() -> None:
    shape, swapped = (K, NONE), (NONE, K)
    model = graph({"a": shape}, node("y", "scale", (0,), swapped, s=shape, c="c"), scalars=("c",))
    assert judge(crosscheck(model))[::2] == ("rejected", Code.ILL_FORMED_GRAPH)


def test_numbers_beside_nothing_are_compared_and_nodes_that_are_only_0_are_not() -> None:
    assert judge(crosscheck(difference((K,), c=(NONE,)))) == ("agrees", None, None)
    assert judge(crosscheck(product(NONE, c=(K,))))[::2] == ("no verdict", Code.NOTHING_CHECKED)


@pytest.mark.parametrize("op", ["rowMean", "broadcastRow"])
def test_sums_over_nothing_are_declined_over_the_field(op: str) -> None:
    inputs: dict[str, Shape] = {"a": (K, NONE), "b": (K,)}
    operand, shape = (0, (K,)) if op == "rowMean" else (1, (K, NONE))
    pair = node("y", op, (operand,), shape, m=K, n=NONE), node("z", "sub", (1, 1), (K,), s=(K,))
    model = graph(inputs, *pair)
    assert judge(crosscheck(model))[::2] == ("no verdict", Code.NOTHING_CHECKED)
    with pytest.raises(Declined, match="entry a has no numbers"):
        next(numbers_at_points(model))


@pytest.mark.parametrize("length", [20_000_000_000, 2**62, 10**40])
def test_more_numbers_than_there_is_memory_for_are_declined(length: int) -> None:
    model = difference((Dim.constant(length),))
    for compare in (crosscheck, lambda graph: next(numbers_at_points(graph))):
        with pytest.raises(Declined, match=r"Test\.graph: its arrays have more than [0-9,]+ coordinates"):
            compare(model)


def test_the_matrix_of_a_fixed_map_counts() -> None:
    length = 10**5
    assert length < field_points.MOST_COORDINATES < points.MOST_COORDINATES < length**2
    shape = (Dim.constant(length),)
    maps = {"A": MapParam(name="A"), "b": MapParam(name="b")}
    affine = node("y", "affine", (0,), shape, sIn=shape, sOut=shape, **maps)
    model = graph({"a": shape}, affine, maps=("A", "b"))
    for compare in (crosscheck, lambda graph: next(numbers_at_points(graph))):
        with pytest.raises(Declined, match="more than"):
            compare(model)


def test_as_many_axes_as_arrays_have_are_compared_and_more_do_not_bind() -> None:
    most = difference((K,) + (ONE,) * (MOST_AXES - 1))
    assert judge(crosscheck(most)) == ("agrees", None, None)
    assert len(list(numbers_at_points(most))) == 2
    for axes in (MOST_AXES + 1, 70):
        more = difference((K,) + (ONE,) * (axes - 1))
        for compare in (crosscheck, lambda graph: next(numbers_at_points(graph))):
            with pytest.raises(BindingError, match=f"entry a has {axes} axes, expected at most {MOST_AXES}"):
                compare(more)


def test_no_coordinates_are_the_word_0() -> None:
    assert to_words(FIELD.array([])) == 0
    assert to_words(FIELD.array(-1)) == 2**31 - 2
