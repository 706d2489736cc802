"""Binding: what is refused, and with which words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lean_bridge.errors import BindingError, GraphError, ShapeError, UnsupportedOp
from lean_bridge.executor.graph import ExecutableGraph
from pybind_models import Dim, MapParam, Node
from tests.unit.executor.graphs import attention, graph, node

SIZES = {"n": 5, "dModel": 8, "numHeads": 2, "headDim": 4}
VECTOR = (Dim.variable("k"),)


def test_a_bound_graph_has_concrete_shapes() -> None:
    bound = ExecutableGraph(attention()).bind(**SIZES)
    shapes = {entry.name: entry.shape for entry in bound.entries}
    assert list(shapes) == [entry.name for entry in attention().entries]
    assert (shapes["Wq"], shapes["Kt"], shapes["probs"], shapes["residual"]) == (
        (8, 8),
        (2, 4, 5),
        (2, 5, 5),
        (5, 8),
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"headDim": None}, "dimension headDim is missing; it takes n, dModel, numHeads, headDim"),
        ({"depth": 3}, "dimension depth is unknown; it takes n, dModel, numHeads, headDim"),
        ({"n": -1}, "dimension n: expected an integer ≥ 0, found -1"),
        ({"n": 2.0}, "dimension n: expected an integer ≥ 0, found 2.0"),
    ],
)
def test_dimensions_that_do_not_fit_are_named(change: dict[str, Any], expected: str) -> None:
    sizes = {name: value for name, value in (SIZES | change).items() if value is not None}
    with pytest.raises(BindingError, match=expected):
        ExecutableGraph(attention()).bind(**sizes)


def test_numpy_integers_are_dimensions() -> None:
    sizes: dict[str, Any] = {name: np.int32(value) for name, value in SIZES.items()}
    bound = ExecutableGraph(attention()).bind(**sizes)
    assert bound.dims == SIZES


@pytest.mark.parametrize(
    ("scalars", "expected"),
    [
        ({}, "scalar c is missing; it takes c"),
        ({"c": 0.5, "eps": 1e-5}, "scalar eps is unknown; it takes c"),
        ({"c": float("nan")}, "scalar c: expected a finite real number, found nan"),
        ({"c": "0.5"}, "scalar c: expected a finite real number, found '0.5'"),
    ],
)
def test_scalars_that_do_not_fit_are_named(scalars: dict[str, Any], expected: str) -> None:
    with pytest.raises(BindingError, match=expected):
        ExecutableGraph(attention()).bind(**SIZES).compile(**scalars)


def test_an_unknown_op_is_named_with_its_node() -> None:
    model = graph({"x": VECTOR}, node("y", "gelu", (0,), VECTOR))
    with pytest.raises(
        UnsupportedOp, match=r"node 1 \(y\): no primitive for op Proofs.Autograd.Op.gelu"
    ) as caught:
        ExecutableGraph(model)
    assert caught.value.op == "gelu"


def test_an_op_of_the_same_last_name_elsewhere_is_unknown() -> None:
    stranger = node("y", "add", (0, 0), VECTOR).model_copy(update={"lean_op": "Evil.Op.add"})
    with pytest.raises(UnsupportedOp, match=r"Evil\.Op\.add"):
        ExecutableGraph(graph({"x": VECTOR}, stranger))


def test_the_number_of_operands_is_checked() -> None:
    with pytest.raises(GraphError, match="add takes 2 operands, found 1"):
        ExecutableGraph(graph({"x": VECTOR}, node("y", "add", (0,), VECTOR)))


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (node("y", "scale", (0,), VECTOR), "scale takes the parameters c, found none"),
        (node("y", "add", (0, 0), VECTOR, c="c"), "add takes the parameters none, found c"),
        (node("y", "scale", (0,), VECTOR, c="eps"), "parameter c is eps, which is no scalar argument"),
        (
            node("y", "scale", (0,), VECTOR).model_copy(update={"params": {"c": MapParam(name="f")}}),
            "parameter c is f, which is no scalar argument",
        ),
    ],
)
def test_parameters_must_be_those_of_the_op(wrong: Node, expected: str) -> None:
    with pytest.raises(GraphError, match=expected):
        ExecutableGraph(graph({"x": VECTOR}, wrong, scalars=("c",)))


def test_a_certified_shape_that_the_rule_denies_is_refused() -> None:
    model = graph(
        {"x": (Dim.variable("k"), Dim.variable("l"))}, node("y", "swap01", (0,), (Dim.variable("k"),) * 2)
    )
    ExecutableGraph(model).bind(k=3, l=3)
    with pytest.raises(ShapeError, match=r"node 1 \(y\): swap01 makes shape 4×3, certified is 3×3"):
        ExecutableGraph(model).bind(k=3, l=4)


def test_operands_that_the_rule_denies_are_refused() -> None:
    model = graph({"x": VECTOR}, node("y", "softmaxLast", (0,), VECTOR))
    with pytest.raises(ShapeError, match=r"node 1 \(y\): softmaxLast: expected operands h×m×n, found 3"):
        ExecutableGraph(model).bind(k=3)


def test_dimensions_and_scalars_may_have_any_name() -> None:
    length = (Dim.variable("self"),)
    model = graph({"x": length}, node("y", "scale", (0,), length, c="kind"), scalars=("kind",))
    sizes, scalars = {"self": 2}, {"kind": 3.0}
    program = ExecutableGraph(model).bind(**sizes).compile(**scalars)
    np.testing.assert_array_equal(program.forward([np.ones(2)])[1], [3.0, 3.0])
