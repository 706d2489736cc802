"""The compiled program against the interpreter: values, tangents and cotangents of every entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from lean_bridge.crosscheck.points import Point, Sizes, counted_sizes, draw_points, small_sizes
from lean_bridge.crosscheck.rounding import EPSILON, largest, roundings, tells, to_result
from lean_bridge.errors import UnsupportedOp
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.compiled import CompiledProgram
from lean_bridge.executor.rules.primitive import Primitive
from lean_bridge.executor.rules.program import Program
from pybind_models import CheckResult, DGraph

NAME: Final = "compiled program"
COARSEST: Final = 1e-12
"""A program that is wrong differs by more than that somewhere."""
ULPS: Final = 8
"""How far the passes may carry a coordinate, in units of the largest one's last place."""


def check_plans(
    model: DGraph, primitives: Mapping[str, Primitive], sizes: Sizes | None = None
) -> CheckResult:
    """Return whether the compiled program gives what the interpreter does, at random points.

    Otherwise as :func:`plans_at`.
    """
    if sizes:
        return plans_at(draw_points(model, primitives, sizes), f"at {counted_sizes(sizes)}")
    sizes = small_sizes(model)[:1]
    return plans_at(draw_points(model, primitives, sizes), f"at {counted_sizes(sizes)}", ulps=ULPS)


def plans_at(points: Iterable[Point], where: str, *, ulps: int | None = None) -> CheckResult:
    """Return whether the compiled program gives what the interpreter does at points, with every pass on.

    Passes change the order of operations and nothing else, so the two agree exactly over a field, and differ
    by rounding here: by ``ulps``, or else by all that sums of this length may. Errors are relative to the
    largest value or derivative.
    """
    errors, tolerances, found_ulps, told, entries, coarsest = [], [], [], [], 0, COARSEST
    for point in points:
        compiled, entries = CompiledProgram(point.program), len(point.program.entries)
        expected = _numbers(point.program, point)
        try:
            found = _numbers(compiled, point)
        except UnsupportedOp as declined:
            return CheckResult(name=NAME, outcome="not run", detail=str(declined))
        epsilon = float(np.finfo(point.inputs[0].dtype).eps) if point.inputs else EPSILON
        if not (scale := largest(expected)):
            continue
        deviations = [np.abs(a - b) / scale for a, b in zip(found, expected, strict=True)]
        errors.append(float(np.max([each.max(initial=0.0) for each in deviations])))
        tolerances.append((ulps or roundings(point.program)) * epsilon)
        coarsest = COARSEST if ulps else epsilon ** (1 / 3)
        inputs = len(point.inputs)
        of_nodes = largest([*expected[inputs:entries], *expected[entries + inputs : 2 * entries]])
        told.append(tells(of_nodes, scale, tolerances[-1], coarsest))
        found_ulps += [each / epsilon for each in deviations]
    detail = f"values, tangents and cotangents of {entries} entries against the interpreter's, {where}"
    return to_result(NAME, errors, tolerances, coarsest, detail, told=told, ulps=found_ulps)


def _numbers(program: Program | CompiledProgram, point: Point) -> list[Array]:
    return [
        *program.forward(point.inputs),
        *program.jvp(point.inputs, point.tangents),
        *program.vjp(point.inputs, point.seeds),
    ]
