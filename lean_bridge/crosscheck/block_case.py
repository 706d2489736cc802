"""A block at given sizes and random numbers, with the parameters in the layouts of other libraries."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from lean_bridge.crosscheck.block import Block
from lean_bridge.crosscheck.points import draw_arrays
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.rules.ops.elementwise import GELU_KAPPA
from lean_bridge.executor.rules.program import Program

EPSILONS: Final = {"ε₁": 1e-5, "ε₂": 1e-3}


@dataclass(frozen=True)
class BlockCase:
    """A program with everything that a library needs to compute the same block."""

    block: Block
    program: Program
    inputs: Mapping[str, Array]
    weights: Mapping[str, Array]
    """``W1, b1, W2, b2`` of a network that has none among its inputs."""
    scalars: Mapping[str, float]
    """By role: c, κ, ε₁ and ε₂."""
    heads: int
    seed: Array
    """Of the last entry."""


def draw_case(
    graph: ExecutableGraph,
    block: Block,
    sizes: Mapping[str, int],
    rng: np.random.Generator,
    dtype: Any = float,
) -> BlockCase:
    """Return the block at sizes by role, at numbers uniform in [-1, 1].

    Raises: as :meth:`ExecutableGraph.bind`.
    """
    d, width = sizes["d"], sizes["F"]
    scalars = {"c": 1 / math.sqrt(sizes["D"]), "κ": GELU_KAPPA, **EPSILONS}
    shapes = {"W1": (width, d), "b1": (width,), "W2": (d, width), "b2": (d,)}
    weights = {name: rng.uniform(-1.0, 1.0, size=shape).astype(dtype) for name, shape in shapes.items()}
    bound = graph.bind(**block.sizes(sizes))
    program = bound.interpret(**block.arguments(scalars, weights, sizes["n"]))
    arrays = draw_arrays(program.context, rng)
    inputs = {entry.name: array.astype(dtype) for entry, array in zip(program.context, arrays, strict=True)}
    (seed,) = draw_arrays(program.entries[-1:], rng)
    return BlockCase(block, program, inputs, weights, scalars, sizes["H"], seed.astype(dtype))
