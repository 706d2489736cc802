"""Rows less their mean by weights that sum to 1, so that nothing is left of a constant row.

A softmax pulls ``w`` back to ``y·(w - Σ y·w)``. The sum is rounded as large numbers are, also where little is
left of ``w``; and where one weight is nearly 1, what is left of its own coordinate is that rounding alone.
The mean of what is left is taken off again: over a field it is 0. Only where ``w`` is what was given: a
product of matrices is rounded itself, and would have to be read once more.
"""

from __future__ import annotations

from typing import Any, Final

from lean_bridge.executor.plans.instructions import VIEWS, Static, Trace
from lean_bridge.executor.plans.rewriter import Rewriter, Target, rewrite

_MOVES: Final = VIEWS | {"concat"}


def center_by_weights(trace: Trace, target: Target) -> Trace:
    """Return the trace with ``w - Σ y·w``, where y are quotients of rows by their sums, less its own mean."""
    return rewrite(trace, target, _rule)


def _rule(r: Rewriter, op: str, operands: tuple[int, ...], _static: tuple[Any, ...]) -> int | None:
    if op != "sub":
        return None
    rows, mean = operands
    if not _is_given(r, rows):
        return None
    each = r.instructions[mean]
    if each.op != "sum" or not each.static.keep or each.static.weight is not None:
        return None
    product = r.instructions[each.operands[0]]
    if product.op != "mul" or rows not in product.operands or product.shape != r.shape(rows):
        return None
    (weights,) = [operand for operand in product.operands if operand != rows] or [rows]
    if not _sum_to_one(r, weights, each.static):
        return None
    left = r.plain("sub", rows, mean)
    rest = r.plain("sum", r.plain("mul", weights, left), static=each.static)
    return r.plain("sub", left, rest)


def _sum_to_one(r: Rewriter, weights: int, static: Static) -> bool:
    """Return whether an array is another over its sums along that axis."""
    each = r.instructions[weights]
    if each.op != "div":
        return False
    numerator, divisor = each.operands
    sums = r.instructions[divisor]
    return sums.op == "sum" and sums.operands == (numerator,) and sums.static == static


def _is_given(r: Rewriter, position: int) -> bool:
    """Return whether an array has coordinates of arrays that are given, and no others."""
    each = r.instructions[position]
    if each.op in _MOVES:
        return all(_is_given(r, operand) for operand in each.operands)
    return each.op == "leaf"
