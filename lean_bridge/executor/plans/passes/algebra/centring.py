"""Rows less their means, so that nothing is left of a constant row, as it is over a field.

The mean of a row of 1e6 is off by the rounding of its sum, and a normalisation magnifies what is left of the
row by ``1/√ε``. A short row is taken relative to its first coordinate, which leaves the product that centres
it (see :mod:`..small.fusion`) nothing to round; of a long one the mean is taken off, and then that of what is
left.
"""

from __future__ import annotations

from typing import Any

from lean_bridge.executor.plans.instructions import Trace
from lean_bridge.executor.plans.rewriter import Rewriter, Target, rewrite
from lean_bridge.executor.plans.sizes import WIDEST_ROW


def center_rows(trace: Trace, target: Target) -> Trace:
    """Return the trace with ``x - mean x`` computed so that rounding is relative to what is left."""
    return rewrite(trace, target, _rule)


def _rule(r: Rewriter, op: str, operands: tuple[int, ...], _static: tuple[Any, ...]) -> int | None:
    if op != "sub":
        return None
    rows, means = operands
    each = r.instructions[means]
    if each.op != "sum":
        return None
    (summed,) = each.operands
    shape, axis = r.shape(summed), len(r.shape(summed)) - 1
    if each.static[:2] != (axis, True) or not shape[axis]:
        return None
    if summed != rows:  # an operand is taken as it was before it was broadcast
        source = r.instructions[summed]
        if source.op != "broadcast" or source.operands != (rows,):
            return None
        if r.shape(rows)[-1:] in ((), (1,)) and shape[axis] > 1:
            return r.emit("zeros", static=(r.result_shape(op, operands, ()),))
        rows = summed
    weight = each.static.weight
    if weight is None or weight.value != r.target.kind.rational(1, shape[axis]):
        return None
    if shape[axis] <= WIDEST_ROW and not r.is_shared(means):
        spread = r.plain("sub", rows, r.emit("slice", rows, static=(axis, 0, 1)))
        return r.plain("sub", spread, r.plain("sum", spread, static=each.static))
    left = r.plain("sub", rows, means)
    total = r.plain("sum", left, static=each.static._replace(weight=None))
    mean = r.plain("mul", total, r.constant(weight.value))  # of the sum: n-ths of the least floats are 0
    return r.plain("sub", left, mean)
