"""How far rounding alone may carry two floating-point results apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from lean_bridge.executor.linear_map import LinearMap
from lean_bridge.executor.program import Program, Step

EPSILON: Final = float(np.finfo(np.float64).eps)


def roundings(program: Program) -> int:
    """Return how many roundings a coordinate can collect on its way through the program, at most.

    A node adds one per term of its sums, and a few of its own. No rule sums more than four times one after
    the other (layer normalisation does), and 16 covers the products around them and those of GELU.
    """
    return sum(16 + 4 * _longest_sum(program, step) for step in program.steps)


def _longest_sum(program: Program, step: Step) -> int:
    """Return the longest axis that a node may sum over: of an operand, or of a fixed linear map."""
    shapes = [program.entries[operand].shape for operand in step.operands]
    shapes += [param.weights.shape for param in step.setting.params.values() if isinstance(param, LinearMap)]
    return max((length for shape in shapes for length in shape), default=1)


def worst(errors: Sequence[float], tolerances: Sequence[float]) -> tuple[float, float]:
    """Return the error that is largest for its tolerance, with that tolerance; NaN if any error is."""
    index = int(np.argmax(np.divide(errors, tolerances)))
    return float(errors[index]), float(tolerances[index])
