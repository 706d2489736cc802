"""Binding: what is refused, and with which words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lean_bridge.errors import BindingError, GraphError, ShapeError, UnsupportedOp
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.rules.linear_map import LinearMap
from lean_bridge.executor.rules.ops.elementwise import GELU_KAPPA
from pybind_models import DGraph, Dim, MapParam, Node
from tests.unit.executor.graphs import attention, encoder, feed_forward, graph, layer_norm, node

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
        ({"c": 0.5, "eps": 1e-5}, "argument eps is unknown; it takes c"),
        ({"c": float("nan")}, "scalar c: expected a finite real number, found nan"),
        ({"c": "0.5"}, "scalar c: expected a finite real number, found '0.5'"),
    ],
)
def test_scalars_that_do_not_fit_are_named(scalars: dict[str, Any], expected: str) -> None:
    with pytest.raises(BindingError, match=expected):
        ExecutableGraph(attention()).bind(**SIZES).compile(**scalars)


def test_an_unknown_op_is_named_with_its_node() -> None:
    model = graph({"x": VECTOR}, node("y", "elemwise", (0,), VECTOR))
    with pytest.raises(
        UnsupportedOp, match=r"node 1 \(y\): no primitive for op Proofs.Autograd.Op.elemwise"
    ) as caught:
        ExecutableGraph(model)
    assert caught.value.op == "elemwise"


def test_an_op_of_the_same_last_name_elsewhere_is_unknown() -> None:
    stranger = node("y", "add", (0, 0), VECTOR).replaced(lean_op="Evil.Op.add")
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
            node("y", "scale", (0,), VECTOR).replaced(params={"c": MapParam(name="f")}),
            "parameter c is f, which is no scalar argument",
        ),
        (
            node("y", "affine", (0,), VECTOR, A=MapParam(name="g"), b=MapParam(name="f")),
            "parameter A is g, which is no map argument",
        ),
        (
            node("y", "affine", (0,), VECTOR, A=MapParam(name="f"), b="c"),
            "parameter b is c, which is no map argument",
        ),
    ],
)
def test_parameters_must_be_those_of_the_op(wrong: Node, expected: str) -> None:
    with pytest.raises(GraphError, match=expected):
        ExecutableGraph(graph({"x": VECTOR}, wrong, scalars=("c",), maps=("f",)))


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


NETWORK_SIZES = {"n": 2, "dModel": 3, "dFF": 4}


def network_arguments(**changes: Any) -> dict[str, Any]:
    """Return arguments that fit a network of fixed maps at ``NETWORK_SIZES``, with changes."""
    arguments = {
        "κ": GELU_KAPPA,
        "fc1": LinearMap.positionwise(np.ones((4, 3)), 2),
        "b1": np.zeros(8),
        "fc2": np.ones((6, 8)),
        "b2": np.zeros((2, 3)),
    }
    return {name: value for name, value in (arguments | changes).items() if value is not None}


def test_maps_are_matrices_or_linear_maps_and_biases_flat_or_shaped() -> None:
    bound = ExecutableGraph(feed_forward(fixed=True)).bind(**NETWORK_SIZES)
    x = np.arange(6.0).reshape(2, 3)
    matrix = np.kron(np.eye(2), np.ones((4, 3)))
    program = bound.compile(**network_arguments())
    as_matrix = bound.compile(**network_arguments(fc1=matrix, b1=np.zeros((2, 4))))
    np.testing.assert_array_equal(program.forward([x])[1], x.sum(axis=1, keepdims=True) * np.ones(4))
    (left,), (right,) = (each.vjp([x], {"residual": x}) for each in (program, as_matrix))
    np.testing.assert_allclose(left, right, rtol=1e-14)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"fc1": None}, "map fc1 is missing; it takes κ \\(kappa\\), fc1, b1, fc2, b2"),
        ({"W1": np.ones((8, 6))}, "argument W1 is unknown"),
        (
            {"fc1": np.ones((4, 3))},
            r"map fc1: expected a linear map with matrix 8×6, found 4×3; .* LinearMap.positionwise\(",
        ),
        ({"fc1": LinearMap.positionwise(np.ones((4, 3)), 3)}, "map fc1: expected .* 8×6, found 12×9"),
        (
            {"fc1": np.ones(48)},
            "map fc1: linear map: expected a matrix with one row per output, found shape 48",
        ),
        ({"fc1": [[1.0]]}, "map fc1: expected a numpy.ndarray, found list"),
        ({"fc1": LinearMap.from_matrix(np.ones((8, 6), int))}, "map fc1: expected float64 or float32"),
        (
            {"b1": np.zeros(4)},
            r"map b1: expected shape 2×4, or 8 in row-major order, found 4; .*broadcast_to",
        ),
        ({"b2": 0.0}, "map b2: expected a numpy.ndarray, found float"),
        ({"κ": "tanh"}, "scalar κ: expected a finite real number"),
    ],
)
def test_maps_that_do_not_fit_are_named(change: dict[str, Any], expected: str) -> None:
    bound = ExecutableGraph(feed_forward(fixed=True)).bind(**NETWORK_SIZES)
    with pytest.raises(BindingError, match=expected):
        bound.compile(**network_arguments(**change))


def test_float32_stays_float32_whatever_the_maps_are() -> None:
    program = ExecutableGraph(feed_forward(fixed=True)).bind(**NETWORK_SIZES).compile(**network_arguments())
    x = np.ones((2, 3), np.float32)
    made = [*program.jvp([x], [x]), *program.vjp([x], {"residual": x})]
    assert {array.dtype for array in made} == {np.dtype(np.float32)}


@pytest.mark.parametrize("epsilon", [0.0, -1e-5])
@pytest.mark.parametrize(("model", "name"), [(layer_norm(), "ε"), (encoder(fixed=False), "ε₂")])
def test_an_epsilon_outside_the_theorem_is_refused(model: DGraph, name: str, epsilon: float) -> None:
    bound = ExecutableGraph(model).bind(**dict.fromkeys(model.dims, 2))
    scalars = {**dict.fromkeys(model.scalars, 0.5), name: epsilon}
    with pytest.raises(
        BindingError, match=rf"scalar {name}: expected a number > 0, so that 0 < var \+ ε, the"
    ):
        bound.compile(**scalars)


def test_names_that_python_cannot_spell_have_a_plain_form() -> None:
    bound = ExecutableGraph(encoder(fixed=False)).bind(n=2, dModel=2, numHeads=1, headDim=2, dFF=3)
    bound.compile(c=0.5, κ=GELU_KAPPA, ε1=1e-5, ε2=1e-5)
    with pytest.raises(BindingError, match="argument ε1 is given twice"):
        bound.compile(**{"ε₁": 1e-5, "ε1": 1e-5, "ε2": 1e-5, "c": 0.5, "κ": 0.5})
