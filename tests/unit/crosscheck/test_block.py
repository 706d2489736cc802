from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lean_bridge.crosscheck.block import Block, Part, find_block
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.rules.linear_map import LinearMap
from pybind_models import DGraph, Dim, Entry, Node
from tests.unchecked import unchecked
from tests.unit.executor.graphs import (
    attention,
    encoder,
    feed_forward,
    graph,
    layer_norm,
    node,
    one_token,
    post_norm,
)

K = Dim.variable("k")
RESIDUAL = node("residual", "add", (0, 2), (K,))
ATTENTION_DIMS = {"n": "n", "d": "dModel", "H": "numHeads", "D": "headDim"}


def altered(target: str, **changes: Any) -> DGraph:
    """Return the attention graph with one node changed."""
    model = attention()
    nodes: tuple[Node, ...] = tuple(
        node.replaced(**changes) if node.name == target else node for node in model.nodes
    )
    return unchecked(model, nodes=nodes)


def found(model: DGraph) -> Block:
    block = find_block(model)
    assert isinstance(block, Block), block
    return block


@pytest.mark.parametrize(("op", "split"), [("splitHeads", "permuting"), ("reshape", "bare reshape")])
@pytest.mark.parametrize("residual", [True, False])
def test_attention_is_read_off_the_graph(op: str, split: Any, residual: bool) -> None:
    parts: dict[Part, int] = {"attention": 18, "residual": 19} if residual else {"attention": 18}
    assert found(attention(split=op, residual=residual)) == Block(
        parts=parts, dims=ATTENTION_DIMS, scalars={"c": "c"}, norms={}, maps=(), split=split
    )


@pytest.mark.parametrize("fixed", [True, False])
def test_the_encoder_block_is_read_off_the_graph(fixed: bool) -> None:
    block = found(encoder(fixed=fixed))
    assert block.is_whole
    assert list(block.parts) == ["attention", "residual", "norm1", "feed-forward", "norm2"]
    assert list(block.parts.values()) == ([22, 23, 24, 28, 29] if fixed else [26, 27, 28, 32, 33])
    assert block.dims == {**ATTENTION_DIMS, "F": "dFF"}
    assert block.scalars == {"c": "c", "ε₁": "ε₁", "κ": "κ", "ε₂": "ε₂"}
    assert block.norms == {"norm1": ("γ₁", "β₁"), "norm2": ("γ₂", "β₂")}
    assert block.maps == (("fc1", "b1", "fc2", "b2") if fixed else ())


@pytest.mark.parametrize(
    ("model", "parts", "scalars"),
    [
        (layer_norm(), {"norm1": 16}, {"ε₁": "ε"}),
        (one_token(), {"feed-forward": 4}, {"κ": "κ"}),
        (feed_forward(fixed=True), {"feed-forward": 4}, {"κ": "κ"}),
        (feed_forward(fixed=False), {"feed-forward": 8}, {"κ": "κ"}),
        (post_norm(attention()), {"attention": 20, "residual": 21, "norm1": 22}, {"c": "c", "ε₁": "ε"}),
        (post_norm(feed_forward(fixed=True)), {"feed-forward": 6, "norm2": 7}, {"κ": "κ", "ε₂": "ε"}),
    ],
)
def test_parts_are_read_off_the_graph(model: DGraph, parts: Any, scalars: Any) -> None:
    block = found(model)
    assert (block.parts, block.scalars) == (parts, scalars)
    assert not block.is_whole


def test_dimensions_may_have_other_names() -> None:
    text = attention().model_dump_json().replace("numHeads", "heads").replace('"n"', '"seqLen"')
    block = found(DGraph.model_validate_json(text.replace('"n*n"', '"seqLen*seqLen"')))
    assert (block.dims["n"], block.dims["H"]) == ("seqLen", "heads")


@pytest.mark.parametrize(("model", "positions"), [(feed_forward(fixed=True), 5), (one_token(), 1)])
def test_fixed_weights_are_applied_at_each_position(model: DGraph, positions: int) -> None:
    block = found(model)
    shapes = {"W1": (3, 4), "b1": (3,), "W2": (4, 3), "b2": (4,)}
    weights = {name: np.arange(1.0, 1 + np.prod(shape)).reshape(shape) for name, shape in shapes.items()}
    arguments = block.arguments({"κ": 0.5}, weights, 5)
    linear_map = arguments[block.maps[0]]
    assert isinstance(linear_map, LinearMap)
    assert (linear_map.weights is weights["W1"], linear_map.positions) == (True, positions)
    np.testing.assert_array_equal(arguments["b2"], np.tile(weights["b2"], positions))
    bound = ExecutableGraph(model).bind(**block.sizes({"n": 5, "d": 4, "F": 3}))
    bound.compile(**arguments)


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (unchecked(attention(), context=attention().context[:4]), "no entry is named Wo"),
        (altered("out", name="y"), "no entry is named out"),
        (altered("Kheads", op="reshape"), "heads are split by reshape, splitHeads"),
        (altered("Vheads", shape=(Dim.variable("n"),) * 3), "unexpected dimensions of Vheads"),
        (altered("Qheads", shape=(Dim.variable("n"),) * 2), "unexpected ranks of x, Qheads or pre"),
        (altered("scaled", params={}), "expected the scalars c"),
        (
            unchecked(attention(), dims=("n", "dModel", "numHeads")),
            "unexpected dimensions of its entries",
        ),
        (
            unchecked(
                attention(), context=(*attention().context, Entry(name="mask", shape=(Dim.variable("n"),)))
            ),
            "unexpected dimensions of mask",
        ),
        (
            unchecked(encoder(), nodes=encoder().nodes[:-2]),
            "no entry is named ffnResidual",
        ),
        (
            unchecked(layer_norm(), nodes=layer_norm().nodes[:-1]),
            "the last entry, beta_b, is the result of no part",
        ),
        (
            unchecked(
                feed_forward(fixed=True),
                nodes=(*feed_forward(fixed=False).nodes[:1], *feed_forward(fixed=True).nodes[1:]),
            ),
            "unexpected fixed maps fc2, b2",
        ),
        (
            graph({"x": (K,)}, node("pre", "add", (0, 0), ()), node("proj", "add", (0, 0), (K,)), RESIDUAL),
            "unexpected ranks of x, Qheads or pre",
        ),
        (
            graph({"x": (K,)}, node("y", "addConst", (0,), (K,), ε="c"), scalars=("c",)),
            "no input is named γ, β",
        ),
        (
            unchecked(feed_forward(fixed=False), context=feed_forward(fixed=False).context[:-1]),
            "no input is named b2",
        ),
    ],
)
def test_what_is_no_block_is_said_to_be_none(model: DGraph, reason: str) -> None:
    refused = find_block(model)
    assert isinstance(refused, str)
    assert reason in refused
