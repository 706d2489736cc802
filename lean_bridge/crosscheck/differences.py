"""The JVP against central differences of the forward pass, which no rule for derivatives enters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from lean_bridge.codes import Code
from lean_bridge.crosscheck.judgement import DIFFERENCES
from lean_bridge.crosscheck.points import Point, Sizes, counted_sizes, draw_points, small_sizes
from lean_bridge.crosscheck.rounding import EPSILON, largest, roundings, tells, to_result
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.rules.primitive import Primitive
from lean_bridge.executor.rules.program import Program
from pybind_models import CheckResult, DGraph

NAME: Final = DIFFERENCES
STEP: Final[float] = EPSILON ** (1 / 3)
"""Where truncation (h²) and one rounding (ε/h) balance."""
_LEFT: Final = 1e-6
"""What rounding of the values may leave in a quotient."""
COARSEST: Final = EPSILON ** (1 / 3)
"""A quotient that has not a third of the digits right decides nothing, and does not pass."""


def step_for(rounding: float) -> float:
    """Return the step for values with so much rounding in them: a larger one where that would hide all.

    Not the one at which truncation and rounding balance: the fewer kinks of a function lie within it, the
    better.
    """
    return max(STEP, rounding / _LEFT)


def check_differences(
    model: DGraph, primitives: Mapping[str, Primitive], sizes: Sizes | None = None
) -> CheckResult:
    """Return whether tangents agree with differences at random points; else as :func:`differences_at`."""
    sizes = sizes or small_sizes(model)
    points = draw_points(model, primitives, sizes, seeded=False)
    return differences_at(points, f"at {counted_sizes(sizes)}")


def differences_at(points: Iterable[Point], where: str) -> CheckResult:
    """Return whether the tangents of every entry agree with (f(x + h·dx) − f(x − h·dx)) / 2h, at points.

    What is allowed is the quotient's own error, which the JVP has no part in: the quotient at 2h differs
    from the one at h by three times the truncation error, and R roundings of the values leave R·ε/h. Errors
    are relative to the largest tangent.
    """
    errors, tolerances, ulps, told, entries, steps = [], [], [], [], 0, [0.0]
    for point in points:
        program, inputs, tangents = point.program, point.inputs, point.tangents
        entries, values = len(program.entries), program.forward(inputs)
        outside = [step for step in program.steps if not step.is_differentiable(values)]
        if outside:
            detail = f"{outside[0].label}: operands outside {outside[0].primitive.domain.text}"
            return CheckResult(name=NAME, outcome="not run", detail=detail, code=Code.OUTSIDE_HYPOTHESIS)
        pushed = program.jvp(inputs, tangents)
        left = roundings(program) * EPSILON
        step = step_for(left)
        moved, quotient = _flat(pushed), _quotient(program, inputs, tangents, step)
        if not (scale := largest(pushed)):
            continue
        steps.append(step)
        truncation = np.abs(_quotient(program, inputs, tangents, 2 * step) - quotient).max() / scale
        reached = largest(values) + step * scale
        rounding = left * reached / (step * scale)
        deviations = np.abs(moved - quotient) / scale
        errors.append(float(deviations.max()))
        ulps.append(deviations / EPSILON)
        tolerances.append(truncation + rounding)
        told.append(tells(largest(pushed[len(inputs) :]), scale, tolerances[-1], COARSEST))
    detail = f"tangents of all {entries} entries, steps up to {max(steps):.1e}, {where}"
    return to_result(NAME, errors, tolerances, COARSEST, detail, told=told, ulps=ulps)


def _quotient(program: Program, inputs: Sequence[Array], tangents: Sequence[Array], step: float) -> Array:
    ahead = program.forward([x + step * dx for x, dx in zip(inputs, tangents, strict=True)])
    behind = program.forward([x - step * dx for x, dx in zip(inputs, tangents, strict=True)])
    return (_flat(ahead) - _flat(behind)) / (2 * step)


def _flat(arrays: Sequence[Array]) -> Array:
    return np.concatenate([array.ravel() for array in arrays])
