"""What is measured: a graph at fixed sizes, with everything drawn that a call takes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np

from lean_bridge.crosscheck.block import Block, find_block
from lean_bridge.crosscheck.known import Found, find_known
from lean_bridge.executor.arrays.entries import BoundEntry
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.arrays.shape import Shape
from lean_bridge.executor.graph import BoundGraph, ExecutableGraph
from lean_bridge.executor.once import check_room
from lean_bridge.executor.rules.ops.elementwise import GELU_KAPPA
from pybind_models import DGraph
from pybind_models.bench import DType, Mode

EPSILON: Final = 1e-5
"""PyTorch's own, in every normalisation."""

SEED: Final = 20260721
"""Every run draws the same numbers."""

Counterpart: TypeAlias = Block | Found
"""What other frameworks have, and the roles that a graph's names play there."""


def find_counterpart(model: DGraph) -> Counterpart | str:
    """Return what other frameworks have for a graph, or why nothing of theirs is known for it."""
    return find_known(model) or find_block(model)


@dataclass(frozen=True)
class Case:
    """A graph at fixed sizes, its arguments, a point, and what is pushed or pulled there.

    The result is the graph's last entry. ``forward`` asks for its value, ``vjp`` for its value and the
    cotangent of every input for one seed on it, ``jvp`` for its tangent along one of every input.
    """

    bound: BoundGraph
    arguments: Mapping[str, Any]
    """Scalars and maps of the declaration, by name."""
    mode: Mode
    dtype: DType
    inputs: Mapping[str, Array]
    moved: Mapping[str, Array]
    """The seed by the name of the last entry, or the tangents by those of the inputs."""
    counterpart: Counterpart | None
    """Of one layer."""
    layers: int
    """How many copies of the graph stand on one another."""

    @property
    def model(self) -> DGraph:
        """The graph."""
        return self.bound.graph.model

    @property
    def result(self) -> BoundEntry:
        """The last entry."""
        return self.bound.entries[-1]


def draw_case(
    model: DGraph,
    sizes: Mapping[str, int],
    mode: Mode,
    dtype: DType,
    *,
    counterpart: Counterpart | None = None,
    layers: int = 1,
) -> Case:
    """Return the case at these sizes, with random arrays whose products stay of order 1.

    Raises: as ``ExecutableGraph.bind``; Declined if the memory of this machine is less than the entries take.
    """
    rng = np.random.default_rng(SEED)
    bound = ExecutableGraph(model).bind(**sizes)
    check_room(bound, dtype)
    entries = {entry.name: entry.shape for entry in bound.entries}
    context = [entry.name for entry in model.context]
    moved = {"forward": [], "vjp": [model.entries[-1].name], "jvp": context}[mode]
    return Case(
        bound=bound,
        arguments=_arguments(bound, counterpart, rng, dtype),
        mode=mode,
        dtype=dtype,
        inputs={name: _draw(rng, entries[name], dtype) for name in context},
        moved={name: _draw(rng, entries[name], dtype) for name in moved},
        counterpart=counterpart,
        layers=layers,
    )


def _draw(rng: np.random.Generator, shape: Shape, dtype: DType) -> Array:
    fan_in = shape[0] if len(shape) > 1 else 1
    return np.asarray(rng.standard_normal(shape) / math.sqrt(fan_in or 1), dtype)


def _arguments(
    bound: BoundGraph, counterpart: Counterpart | None, rng: np.random.Generator, dtype: DType
) -> dict[str, Any]:
    """Return the declaration's arguments: those of what is known as others have them, else at random."""
    if isinstance(counterpart, Block):
        return _arguments_of_block(bound, counterpart, dtype)
    arguments: dict[str, Any] = dict.fromkeys(bound.graph.model.scalars, 1.0)  # for those no node uses
    arguments |= {use.name: use.draw(rng) for use in bound.arguments()}
    if counterpart is None:
        return arguments
    masks = (each for each in bound.arrays if each.below is None)
    causal = {each.name: np.tri(*each.shape, dtype=np.bool_) for each in masks}
    return {**arguments, **counterpart.known.scalars, **causal}


def _arguments_of_block(bound: BoundGraph, block: Block, dtype: DType) -> dict[str, Any]:
    sizes = {role: bound.dims[name] for role, name in block.dims.items()}
    scalars = {"c": 1 / math.sqrt(sizes.get("D", 1) or 1), "κ": GELU_KAPPA, "ε₁": EPSILON, "ε₂": EPSILON}
    return block.arguments(scalars, network_weights(block, sizes, dtype), sizes.get("n", 1))


def network_weights(block: Block, sizes: Mapping[str, int], dtype: DType) -> dict[str, Array]:
    """Return ``W1, b1, W2, b2`` of a block that has them fixed, for sizes by role; the same at every call."""
    if not block.maps:
        return {}
    width, d = sizes["F"], sizes["d"]
    rng = np.random.default_rng(SEED + 1)
    shapes = {"W1": (width, d), "b1": (width,), "W2": (d, width), "b2": (d,)}
    return {name: _draw(rng, shape, dtype) for name, shape in shapes.items()}
