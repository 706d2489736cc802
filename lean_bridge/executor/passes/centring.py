"""Rows less their means, so that nothing is left of a constant row, as it is over a field.

The mean of a row of 1e6 is off by the rounding of its sum, and a normalisation magnifies what is left of the
row by ``1/√ε``. A short row is taken relative to its first coordinate, which leaves the product that centres
it (see :mod:`.small`) nothing to round; the mean of a long one is corrected by the mean of what is left.
"""

from __future__ import annotations

from typing import Any

from lean_bridge.executor.instructions import Trace
from lean_bridge.executor.passes.rewriter import Rewriter, Target, rewrite
from lean_bridge.executor.passes.small import WIDEST_ROW


def center_rows(trace: Trace, target: Target) -> Trace:
    """Return the trace with ``x - mean x`` computed so that rounding is relative to what is left."""
    return rewrite(trace, target, _rule)


def _rule(r: Rewriter, op: str, operands: tuple[int, ...], _static: tuple[Any, ...]) -> int | None:
    if op != "sub":
        return None
    rows, means = operands
    each, shape = r.instructions[means], r.shape(rows)
    axis = len(shape) - 1
    if each.op != "sum" or each.operands != (rows,) or each.static[:2] != (axis, True) or not shape[axis]:
        return None
    weight = each.static[2]
    if weight is None or weight.value != r.target.kind.rational(1, shape[axis]):
        return None
    if shape[axis] <= WIDEST_ROW and not r.is_shared(means):
        spread = r.plain("sub", rows, r.emit("slice", rows, static=(axis, 0, 1)))
        return r.plain("sub", spread, r.plain("sum", spread, static=each.static))
    left = r.plain("sub", rows, means)
    return r.plain("sub", rows, r.plain("add", means, r.plain("sum", left, static=each.static)))
