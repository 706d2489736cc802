"""Hypothesis strategies: random generators, and random well-typed graphs over the table of primitives."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from lean_bridge.executor.primitive import Primitive, Sample, Shape
from lean_bridge.executor.table import PRIMITIVES
from pybind_models import DGraph, Dim, Entry, Node, ScalarParam


class Place(NamedTuple):
    """Where an operand comes from: the node or the input of this number."""

    is_node: bool
    number: int


def generators() -> st.SearchStrategy[np.random.Generator]:
    """Return generators that differ by their seed."""
    return st.integers(0, 2**32 - 1).map(np.random.default_rng)


def graphs(max_nodes: int = 8) -> st.SearchStrategy[DGraph]:
    """Return graphs over any primitives, whose nodes read inputs and, where shapes meet, each other."""
    return st.builds(draw_graph, generators(), st.integers(1, max_nodes))


def draw_graph(rng: np.random.Generator, size: int) -> DGraph:
    """Return a graph of ``size`` nodes, each with the shapes of a primitive's sample."""
    inputs: list[Shape] = []
    drawn: list[tuple[Primitive, list[Place], Sample]] = []
    made: dict[Shape, list[Place]] = {}
    given: dict[Shape, list[Place]] = {}
    table = list(PRIMITIVES.values())
    for index in range(size):
        primitive = table[rng.integers(len(table))]
        samples = [primitive.sample(rng) for _ in range(20)]
        sample = max(samples, key=lambda each: sum(operand.shape in made for operand in each.operands))
        operands = []
        for shape in (operand.shape for operand in sample.operands):
            places = (made if shape in made and rng.random() < 0.8 else given).setdefault(shape, [])
            if not places:
                places.append(Place(False, len(inputs)))
                inputs.append(shape)
            operands.append(places[rng.integers(len(places))])
        drawn.append((primitive, operands, sample))
        made.setdefault(sample.setting.shape, []).append(Place(True, index))
    nodes = [
        Node(
            name=f"v{index}",
            op=primitive.name,
            lean_op=primitive.lean_name,
            operands=tuple(len(inputs) * place.is_node + place.number for place in operands),
            params={binder: ScalarParam(name=f"{binder}{index}") for binder in primitive.params},
            shape=constant(sample.setting.shape),
        )
        for index, (primitive, operands, sample) in enumerate(drawn)
    ]
    return DGraph(
        lean_name="Random.graph",
        dims=(),
        scalars=tuple(
            param.name for node in nodes for param in node.params.values() if isinstance(param, ScalarParam)
        ),
        context=tuple(Entry(name=f"x{index}", shape=constant(shape)) for index, shape in enumerate(inputs)),
        nodes=tuple(nodes),
    )


def constant(shape: Shape) -> tuple[Dim, ...]:
    """Return concrete axis lengths as a symbolic shape."""
    return tuple(Dim.constant(length) for length in shape)
