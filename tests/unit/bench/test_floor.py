"""The floor: exactly the products that a case takes, in the layouts that the interpreter meets."""

from __future__ import annotations

import math
from typing import get_args

import numpy as np
import pytest

from lean_bridge.bench.case import Case, draw_case, find_counterpart
from lean_bridge.bench.floor import record_products, replay
from lean_bridge.executor.rules.linear_map import LinearMap
from lean_bridge.extract.compose import needed_by_last, stack
from pybind_models import DGraph, MapParam
from pybind_models.bench import Mode
from tests.strategies import draw_graph
from tests.unit.executor.graphs import (
    attention,
    encoder,
    feed_forward,
    gpt_block,
    graph,
    layer_norm,
    llama_block,
    node,
    one_token,
)

SIZES = {"n": 3, "dModel": 4, "numHeads": 2, "headDim": 2, "dFF": 5, "m": 2}
SIZES |= {"seqLen": 3, "kvHeads": 2, "groups": 2, "halfDim": 1, "v": 7}
MODES: tuple[Mode, ...] = get_args(Mode)

PER_NODE = {
    "matmul": (1, 2, 2),
    "bmatmul": (1, 2, 2),
    "dense": (1, 2, 2),
    "affine": (1, 1, 1),
    "linear": (1, 1, 1),
}
"""How many products a node takes for its value, its cotangents and its tangent; other ops take none."""


def case_of(model: DGraph, mode: Mode, layers: int = 1) -> Case:
    found = find_counterpart(model)
    sizes = {name: SIZES[name] for name in model.dims}
    known = None if isinstance(found, str) else found
    return draw_case(stack(model, layers), sizes, mode, "float64", counterpart=known, layers=layers)


def expected(case: Case) -> tuple[int, int]:
    """Return the number of products, and their flops, from the ops and the shapes of the nodes."""
    count = flops = 0
    model = needed_by_last(case.model)
    shapes = [tuple(dim.evaluate(case.bound.dims) for dim in entry.shape) for entry in model.entries]
    for position, each in enumerate(model.nodes, start=len(model.context)):
        if each.op not in PER_NODE:
            continue
        value, pulled, moved = PER_NODE[each.op]
        products = value + {"forward": 0, "vjp": pulled, "jvp": moved}[case.mode]
        if each.op == "affine":  # one matrix for each position, or one for the whole vector
            param = each.params["A"]
            assert isinstance(param, MapParam)
            weights = case.arguments[param.name]
            size = (
                weights.positions * weights.weights.size if isinstance(weights, LinearMap) else weights.size
            )
        else:
            size = math.prod(shapes[position]) * shapes[each.operands[0]][-1]
        count += products
        flops += products * 2 * size
    return count, flops


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "model",
    [
        attention(),
        attention(split="reshape"),
        encoder(),
        encoder(fixed=False),
        feed_forward(fixed=True),
        one_token(),
        layer_norm(),
        gpt_block(),
        llama_block(),
    ],
    ids=lambda model: model.lean_name,
)
def test_the_products_are_those_of_the_nodes(model: DGraph, mode: Mode) -> None:
    case = case_of(model, mode)
    products = record_products(case)
    assert (len(products), sum(product.flops for product in products)) == expected(case)


@pytest.mark.parametrize("seed", range(20))
def test_random_graphs_have_the_products_that_their_last_entry_needs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    model = draw_graph(rng, 12)
    mode = MODES[seed % len(MODES)]
    case = draw_case(model, {}, mode, "float64")
    products = record_products(case)
    assert (len(products), sum(product.flops for product in products)) == expected(case)


def test_a_block_has_eight_products_and_twice_as_many_back() -> None:
    counts = {mode: len(record_products(case_of(encoder(fixed=False), mode))) for mode in MODES}
    assert counts == {"forward": 8, "vjp": 24, "jvp": 24}
    assert len(record_products(case_of(encoder(fixed=False), "vjp", layers=3))) == 72
    assert [len(record_products(case_of(build(), "vjp"))) for build in (gpt_block, llama_block)] == [24, 27]


def test_dead_nodes_have_no_products() -> None:
    model = attention(residual=False)
    assert len(record_products(case_of(model.replaced(nodes=model.nodes[:1]), "forward"))) == 1
    dead = model.replaced(nodes=(*model.nodes[:1], model.nodes[2]))
    assert len(record_products(case_of(dead, "forward"))) == 1


@pytest.mark.parametrize("mode", MODES)
def test_replaying_makes_the_interpreters_numbers_in_its_layouts(mode: Mode) -> None:
    case = case_of(attention(), mode)
    products = record_products(case)
    made = [product.out.copy() for product in products]
    for product in products:
        product.out[...] = np.nan
    replay(products)()
    for product, each in zip(products, made, strict=True):
        np.testing.assert_array_equal(product.out, each)
    heads = [product.left for product in products if product.left.ndim == 3]
    assert any(not head.flags.c_contiguous for head in heads)  # views of a split matrix, not copies
    assert {type(array) for product in products for array in (product.left, product.out)} == {np.ndarray}


def test_products_keep_the_precision() -> None:
    case = draw_case(feed_forward(fixed=False), {"n": 2, "dModel": 3, "dFF": 4}, "vjp", "float32")
    assert {product.out.dtype for product in record_products(case)} == {np.dtype(np.float32)}


def test_graphs_without_products_have_no_floor() -> None:
    x = layer_norm().context[0].shape
    case = case_of(graph({"x": x}, node("twice", "add", (0, 0), x, s=x)), "vjp")
    assert record_products(case) == []
