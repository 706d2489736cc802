"""Hypothesis strategies: random generators, and random well-typed graphs over the table of primitives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from hypothesis import strategies as st

from lean_bridge.executor.arrays.shape import Shape
from lean_bridge.executor.rules.primitive import Primitive, Sample, Setting
from lean_bridge.executor.rules.table import PRIMITIVES
from pybind_models import (
    ArrayArgument,
    ArrayParam,
    DGraph,
    Dim,
    Entry,
    MapParam,
    Node,
    Param,
    ScalarParam,
    ShapeParam,
)

_PARAMS: Final = {"scalar": ScalarParam, "map": MapParam, "array": ArrayParam}


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
    """Return a graph of at least ``size`` nodes, each with the shapes of a primitive's sample.

    An operand that must not be 0 is squared first, and a positive scalar added; of what is exponentiated the
    hyperbolic tangent is taken, lest it grow beyond all floats.
    """
    inputs: list[Shape] = []
    drawn: list[tuple[Primitive, list[Place], Setting]] = []
    made: dict[Shape, list[Place]] = {}
    given: dict[Shape, list[Place]] = {}
    table = list(PRIMITIVES.values())

    def append(primitive: Primitive, operands: list[Place], setting: Setting) -> Place:
        drawn.append((primitive, operands, setting))
        return Place(True, len(drawn) - 1)

    for _ in range(size):
        primitive = table[rng.integers(len(table))]
        samples = [primitive.sample(rng) for _ in range(20)]
        sample = max(samples, key=lambda each: sum(operand.shape in made for operand in each.operands))
        operands = []
        for shape in (operand.shape for operand in sample.operands):
            places = (made if shape in made and rng.random() < 0.8 else given).setdefault(shape, [])
            if not places:
                places.append(Place(False, len(inputs)))
                inputs.append(shape)
            place = places[rng.integers(len(places))]
            if excludes_zero(primitive, sample):
                square = append(PRIMITIVES["mul"], [place, place], Setting(shape))
                place = append(PRIMITIVES["addConst"], [square], Setting(shape))
            if primitive is PRIMITIVES["exp"]:
                place = append(PRIMITIVES["tanh"], [place], Setting(shape))
            operands.append(place)
        made.setdefault(sample.setting.shape, []).append(append(primitive, operands, sample.setting))
    nodes = [
        applied(
            primitive,
            f"v{index}",
            [len(inputs) * place.is_node + place.number for place in operands],
            setting,
        )
        for index, (primitive, operands, setting) in enumerate(drawn)
    ]
    arrays = [
        array
        for node, (primitive, _, setting) in zip(nodes, drawn, strict=True)
        for array in arrays_of(node, primitive, setting)
    ]
    return concrete("Random.graph", inputs, nodes, arrays)


def excludes_zero(primitive: Primitive, sample: Sample) -> bool:
    """Return whether a primitive's domain leaves out operands of zeros."""
    zeros = tuple(np.zeros_like(operand) for operand in sample.operands)
    return not primitive.domain.contains(sample.setting, zeros)


def applied(primitive: Primitive, name: str, operands: Sequence[int], setting: Setting) -> Node:
    """Return a node with arguments of its own, such as ``c_v0`` for the binder ``c`` of node ``v0``."""
    params: dict[str, Param] = {
        binder: ShapeParam(value=constant(shape)) for binder, shape in setting.lengths.items()
    }
    params |= {
        binder: _PARAMS[parameter.kind](name=f"{binder}_{name}")
        for binder, parameter in primitive.params.items()
    }
    return Node(
        name=name,
        op=primitive.name,
        lean_op=primitive.lean_name,
        operands=tuple(operands),
        params=params,
        shape=constant(setting.shape),
    )


def arrays_of(node: Node, primitive: Primitive, setting: Setting) -> Iterator[ArrayArgument]:
    """Yield the arrays that a node takes, with room for those that its sample has."""
    for binder, parameter in primitive.params.items():
        if parameter.kind == "array":
            value = setting.params[binder]
            below = None if value.dtype == bool else Dim.constant(length_along(primitive, setting))
            yield ArrayArgument(name=f"{binder}_{node.name}", shape=constant(value.shape), below=below)


def length_along(primitive: Primitive, setting: Setting) -> int:
    """Return the length of the axis along which an op takes whole numbers."""
    return setting.lengths[{"embedding": "v", "takeAlong": "n"}[primitive.name]][0]


def concrete(
    name: str, inputs: Sequence[Shape], nodes: Sequence[Node], arrays: Iterable[ArrayArgument] = ()
) -> DGraph:
    """Return a graph without dimensions, over inputs ``x0, x1, …``, with the arguments of its nodes."""
    params = [param for node in nodes for param in node.params.values()]
    return DGraph(
        lean_name=name,
        dims=(),
        scalars=tuple(param.name for param in params if isinstance(param, ScalarParam)),
        maps=tuple(param.name for param in params if isinstance(param, MapParam)),
        arrays=tuple(arrays),
        context=tuple(Entry(name=f"x{i}", shape=constant(shape)) for i, shape in enumerate(inputs)),
        nodes=tuple(nodes),
    )


def constant(shape: Shape) -> tuple[Dim, ...]:
    """Return concrete axis lengths as a symbolic shape."""
    return tuple(Dim.constant(length) for length in shape)
