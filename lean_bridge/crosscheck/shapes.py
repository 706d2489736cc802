"""Certified shapes against the executor's: for all dimensions by rule, at small ones by its arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from lean_bridge.crosscheck.judgement import SHAPES
from lean_bridge.crosscheck.points import SEED, Sizes, counted_sizes, draw_arrays, draw_program, small_sizes
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.rules.primitive import Primitive
from pybind_models import CheckResult, DGraph

NAME: Final = SHAPES


def check_shapes(
    model: DGraph, primitives: Mapping[str, Primitive], sizes: Sizes | None = None
) -> CheckResult:
    """Return whether every op's shape rule and every array made agree with the certified shapes.

    The rules are run at dimensions drawn near 2^40, where two different polynomials with small coefficients
    and of degree d agree with probability below d / 2^40: agreement there is agreement for all dimensions.
    The arrays of all three passes are made at ``sizes``, else at small ones, among them 0 and 1.

    Raises: ShapeError naming the node that disagrees.
    """
    rng = np.random.default_rng(SEED)
    graph = ExecutableGraph(model, primitives)
    graph.bind(**{name: int(rng.integers(2**40, 2**41)) for name in model.dims})
    sizes = sizes or [*small_sizes(model), dict.fromkeys(model.dims, 0)]
    for each in sizes:
        program = draw_program(model, primitives, each, rng)
        inputs = draw_arrays(program.context, rng)
        program.jvp(inputs, draw_arrays(program.context, rng))
        program.vjp(inputs, draw_arrays(program.entries, rng))
    detail = (
        f"shape rules of {len(model.nodes)} nodes give the certified shapes for all dimensions;"
        f" arrays of forward, jvp and vjp have them at {counted_sizes(sizes)}"
    )
    return CheckResult(name=NAME, outcome="passed", detail=detail)
