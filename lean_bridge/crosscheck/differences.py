"""The JVP against central differences of the forward pass, which no rule for derivatives enters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from lean_bridge.codes import Code
from lean_bridge.crosscheck.judgement import DIFFERENCES
from lean_bridge.crosscheck.points import SEED, draw_arrays, draw_program, small_sizes
from lean_bridge.crosscheck.rounding import EPSILON, roundings, to_result
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.rules.primitive import Primitive
from lean_bridge.executor.rules.program import Program
from pybind_models import CheckResult, DGraph

NAME: Final = DIFFERENCES
STEP: Final = EPSILON ** (1 / 3)
"""Where truncation (h²) and rounding (ε/h) balance."""
COARSEST: Final = EPSILON ** (1 / 3)
"""A quotient that has not a third of the digits right decides nothing, and does not pass."""


def check_differences(model: DGraph, primitives: Mapping[str, Primitive]) -> CheckResult:
    """Return whether the tangents of every entry agree with (f(x + h·dx) − f(x − h·dx)) / 2h.

    What is allowed is the quotient's own error, which the JVP has no part in: the quotient at 2h differs
    from the one at h by three times the truncation error, and R roundings of the values leave R·ε/h. Errors
    are relative to the largest tangent.
    """
    rng = np.random.default_rng(SEED)
    errors, tolerances = [], []
    sizes = small_sizes(model)
    for each in sizes:
        program = draw_program(model, primitives, each, rng)
        inputs, tangents = draw_arrays(program.context, rng), draw_arrays(program.context, rng)
        values = program.forward(inputs)
        outside = [step for step in program.steps if not step.is_differentiable(values)]
        if outside:
            detail = f"{outside[0].label}: operands outside {outside[0].primitive.domain.text}"
            return CheckResult(name=NAME, outcome="not run", detail=detail, code=Code.OUTSIDE_HYPOTHESIS)
        moved = _flat(program.jvp(inputs, tangents))
        quotient = _quotient(program, inputs, tangents, STEP)
        scale = np.abs(moved).max()
        truncation = np.abs(_quotient(program, inputs, tangents, 2 * STEP) - quotient).max() / scale
        rounding = roundings(program) * EPSILON * np.abs(_flat(values)).max() / (STEP * scale)
        errors.append(np.abs(moved - quotient).max() / scale)
        tolerances.append(truncation + rounding)
    detail = f"tangents of all {len(model.entries)} entries, step {STEP:.1e}, at {len(sizes)} sizes"
    return to_result(NAME, errors, tolerances, COARSEST, detail)


def _quotient(program: Program, inputs: Sequence[Array], tangents: Sequence[Array], step: float) -> Array:
    ahead = program.forward([x + step * dx for x, dx in zip(inputs, tangents, strict=True)])
    behind = program.forward([x - step * dx for x, dx in zip(inputs, tangents, strict=True)])
    return (_flat(ahead) - _flat(behind)) / (2 * step)


def _flat(arrays: Sequence[Array]) -> Array:
    return np.concatenate([array.ravel() for array in arrays])
