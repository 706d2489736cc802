"""How far rounding may carry two floating-point results apart, and what an error beside that amounts to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from lean_bridge.codes import Code
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.rules.linear_map import LinearMap
from lean_bridge.executor.rules.parameters import is_data
from lean_bridge.executor.rules.program import Program, Step
from pybind_models import CheckResult

EPSILON: Final = float(np.finfo(np.float64).eps)
MOST_BINS: Final = 64
"""Of a histogram: the last one before the end is for 2^61 units, of which 2^52 are as much as the number."""


def roundings(program: Program) -> int:
    """Return how many roundings a coordinate can collect on its way through the program, at most.

    A node adds one per term of its sums, and a few of its own. No rule sums more than four times one after
    the other (layer normalisation does), and 16 covers the products around them and those of GELU.
    """
    return sum(16 + 4 * _longest_sum(program, step) for step in program.steps)


def _longest_sum(program: Program, step: Step) -> int:
    """Return how many numbers a node may sum: along an operand's axis, by a linear map or whole numbers."""
    shapes = [program.entries[operand].shape for operand in step.operands]
    shapes += [param.weights.shape for param in step.setting.params.values() if isinstance(param, LinearMap)]
    shapes += [(param.size,) for param in step.setting.params.values() if is_data(param)]
    return max((length for shape in shapes for length in shape), default=1)


def histogram(ulps: Iterable[Array]) -> tuple[int, ...]:
    """Return how many deviations, in units in the last place, are 0, at most 1/2, 1, 2, 4, and so on.

    The last of all is for those that are no number.
    """
    sizes = np.concatenate([np.abs(each, dtype=float).ravel() for each in ulps] or [np.zeros(0)])
    with np.errstate(divide="ignore"):
        exponents = np.ceil(np.log2(sizes))
    bins = np.where(sizes == 0, 0, np.clip(exponents + 2, 1, MOST_BINS))
    bins[~np.isfinite(sizes)] = MOST_BINS
    return tuple(np.bincount(bins.astype(int)).tolist()) if sizes.size else ()


def largest(arrays: Iterable[Array]) -> float:
    """Return the largest absolute value; 0 where there are no numbers, NaN where one is."""
    return float(np.max([np.abs(each).max(initial=0.0) for each in arrays], initial=0.0))


def tells(of_nodes: float, of_all: float, tolerance: float, coarsest: float) -> bool:
    """Whether numbers that nodes made were compared, and could have been seen to be wrong.

    Inputs are entries too, and always agree with themselves: beside them the largest number of a node must be
    more than what is allowed, which is ``tolerance`` of the largest of all. NaN is something to see.
    """
    return bool(of_nodes) and not tolerance * of_all >= coarsest * of_nodes


def to_result(
    name: str,
    errors: Sequence[float],
    tolerances: Sequence[float],
    coarsest: float,
    detail: str,
    *,
    told: Sequence[bool],
    ulps: Iterable[Array] = (),
) -> CheckResult:
    """Return whether every error is within its tolerance, and every tolerance below ``coarsest``.

    Where at none of the points anything was ``told``, as :func:`tells` has it, the check was not made.

    A comparison that allows more could not have failed where it ought to, and so has not passed. Shown is the
    error that is largest for its tolerance; NaN if any error is. ``ulps`` are single deviations, in units in
    the last place.
    """
    if not errors:
        return _nothing_compared(name, detail)
    index = int(np.argmax(np.divide(errors, tolerances)))
    error, tolerance = float(errors[index]), float(tolerances[index])
    agrees, sees = error <= tolerance, bool(np.max(tolerances) < coarsest)
    blind = agrees and not sees
    if agrees and sees and not any(told):
        return _nothing_compared(name, detail)
    return CheckResult(
        name=name,
        outcome="passed" if agrees and sees else "failed",
        detail=f"{detail}; a tolerance of {coarsest:.1g} or more decides nothing" if blind else detail,
        error=error,
        tolerance=tolerance,
        code=Code.BLIND_CHECK if blind else None,
        ulps=histogram(ulps),
    )


def _nothing_compared(name: str, detail: str) -> CheckResult:
    why = "nothing to compare: every number of a node is 0, or too small to be seen beside the inputs"
    return CheckResult(name=name, outcome="not run", detail=f"{why}; {detail}")
