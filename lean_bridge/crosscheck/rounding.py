"""How far rounding alone may carry two floating-point results apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from lean_bridge.executor.program import Program

EPSILON: Final = float(np.finfo(np.float64).eps)


def roundings(program: Program) -> int:
    """Return how many roundings a coordinate can collect on its way through the program, at most.

    A node adds one per term of its longest sum, which is no longer than the operands' longest axis, and a few
    of its own: 8 covers an exponential, a division and the products around them.
    """
    return sum(
        8 + max((n for i in step.operands for n in program.entries[i].shape), default=1)
        for step in program.steps
    )


def worst(errors: Sequence[float], tolerances: Sequence[float]) -> tuple[float, float]:
    """Return the error that is largest for its tolerance, with that tolerance; NaN if any error is."""
    index = int(np.argmax(np.divide(errors, tolerances)))
    return float(errors[index]), float(tolerances[index])
