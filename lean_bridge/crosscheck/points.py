"""Where the checks evaluate a graph: small sizes, and arrays and arguments drawn at random."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count, islice
from math import isqrt
from typing import Any, Final

import numpy as np

from lean_bridge.executor.arrays.entries import BoundEntry
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.rules.primitive import Primitive
from lean_bridge.executor.rules.program import Program
from pybind_models import DGraph

SEED: Final = 20260721
"""Every run of a check draws the same numbers."""


def small_sizes(model: DGraph) -> list[dict[str, int]]:
    """Return sizes with all dimensions different, then with each in turn at 1, then with all at 1."""
    distinct = dict(zip(model.dims, islice(filter(_is_prime, count(2)), len(model.dims)), strict=True))
    return [distinct, *({**distinct, name: 1} for name in model.dims), dict.fromkeys(model.dims, 1)]


def draw_program(
    model: DGraph, primitives: Mapping[str, Primitive], sizes: Mapping[str, int], rng: np.random.Generator
) -> Program:
    """Return the graph at the given sizes and at random arguments: scalars between 1/2 and 1, any maps."""
    bound = ExecutableGraph(model, primitives).bind(**sizes)
    arguments: dict[str, Any] = dict.fromkeys((*model.scalars, *model.maps), 1.0)  # for those no node uses
    for use in bound.arguments():
        arguments[use.name] = use.parameter.draw(rng, use.shapes, use.out)
    return bound.interpret(**arguments)


def draw_arrays(entries: Sequence[BoundEntry], rng: np.random.Generator) -> list[Array]:
    """Return arrays of coordinates uniform in [-1, 1], one per entry."""
    return [rng.uniform(-1.0, 1.0, size=entry.shape) for entry in entries]


def _is_prime(number: int) -> bool:
    return all(number % divisor for divisor in range(2, isqrt(number) + 1))
