"""Graphs put together compute what their parts compute, one after the other."""

from __future__ import annotations

import numpy as np
import pytest

from lean_bridge.errors import GraphError
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.rules.program import Program
from lean_bridge.extract.compose import append, feed, needed_by_last, rename, stack, weaken_context
from pybind_models import DGraph, Entry
from tests.unit.executor.graphs import D_MODEL, N, X, encoder, feed_forward, graph, layer_norm, node

SIZES = {"n": 3, "dModel": 4, "numHeads": 2, "headDim": 2, "dFF": 5}
SCALARS = {"c": 0.5, "κ": 0.8, "ε₁": 0.1, "ε₂": 0.2}


def interpreted(model: DGraph) -> Program:
    bound = ExecutableGraph(model).bind(**{name: SIZES[name] for name in model.dims})
    return bound.interpret(**{name: SCALARS[name] for name in model.scalars})


def drawn(program: Program) -> dict[str, Array]:
    rng = np.random.default_rng(1)
    return {entry.name: rng.standard_normal(entry.shape) for entry in program.context}


@pytest.mark.parametrize(
    "model", [encoder(fixed=False), feed_forward(fixed=False)], ids=["encoder", "network"]
)
def test_a_stack_is_its_layers_one_after_the_other(model: DGraph) -> None:
    stacked, layer = interpreted(stack(model, 3)), interpreted(model)
    inputs = drawn(stacked)
    own = [entry.name for entry in model.context][1:]
    layers = [own, *([f"{k}.{name}" for name in own] for k in (2, 3))]
    assert list(inputs) == ["x", *layers[0], *layers[1], *layers[2]]

    points, x = [], inputs["x"]
    for names in layers:
        points.append([x, *(inputs[name] for name in names)])
        x = layer.forward(points[-1])[-1]
    np.testing.assert_array_equal(stacked.forward(inputs)[-1], x)

    seed = np.random.default_rng(2).standard_normal(x.shape)
    found = dict(zip(inputs, stacked.vjp(inputs, {stacked.entries[-1].name: seed}), strict=True))
    pulled = seed
    for names, point in reversed(list(zip(layers, points, strict=True))):
        pulled, *cotangents = layer.vjp(point, {layer.entries[-1].name: pulled})
        for name, cotangent in zip(names, cotangents, strict=True):
            np.testing.assert_array_equal(found[name], cotangent, err_msg=name)
    np.testing.assert_array_equal(found["x"], pulled)


def test_the_result_is_a_well_formed_model() -> None:
    stacked = stack(encoder(fixed=False), 4)
    assert DGraph.model_validate(stacked.model_dump()) == stacked
    assert stacked.nodes[-1].name == "4.norm2"
    assert stack(stacked, 1) == stacked


def test_a_stack_takes_a_layer_and_an_input_of_the_shape_of_its_result() -> None:
    with pytest.raises(GraphError, match="at least one layer, found 0"):
        stack(encoder(), 0)
    square = graph({"x": X}, node("xt", "swap01", (0,), (D_MODEL, N), m=N, n=D_MODEL, s=()))
    with pytest.raises(GraphError, match="input x cannot be read from xt, which has another shape"):
        stack(square, 2)


def test_names_stay_unique() -> None:
    with pytest.raises(GraphError, match="found twice: act"):
        feed(feed_forward(fixed=False), graph({"x": X}, node("act", "add", (0, 0), X, s=X)), "")


def test_only_what_fits_is_appended() -> None:
    with pytest.raises(GraphError, match="expected the entries of Test"):
        append(feed_forward(fixed=False), feed_forward(fixed=False))


def test_more_inputs_change_nothing() -> None:
    model = feed_forward(fixed=False)
    wider = interpreted(weaken_context(model, [Entry(name="more", shape=X)]))
    inputs = drawn(wider)
    values = wider.forward(inputs)
    del values[len(model.context)]
    expected = interpreted(model).forward({name: inputs[name] for name in inputs if name != "more"})
    np.testing.assert_equal(values, expected)


def test_inputs_are_read_where_they_are_put() -> None:
    minus = graph({"a": X, "b": X}, node("difference", "sub", (0, 1), X, s=X))
    context = [Entry(name=name, shape=X) for name in ("p", "q", "r")]
    program = interpreted(rename(minus, context, (2, 0), ""))
    inputs = drawn(program)
    np.testing.assert_array_equal(program.forward(inputs)[-1], inputs["r"] - inputs["p"])


def test_nodes_that_the_last_entry_does_not_read_are_left_out() -> None:
    model = layer_norm()
    short = model.replaced(nodes=(*model.nodes[:2], *model.nodes[10:11]))
    kept = needed_by_last(short)
    assert [each.name for each in kept.nodes] == ["gamma_b"]
    assert kept.context == model.context
    assert needed_by_last(model) == model
