"""Common factors: ``x + x·y = x·(y + 1)``, so that constant factors meet in ``y + 1``."""

from __future__ import annotations

from typing import Any

from lean_bridge.executor.plans.instructions import Trace
from lean_bridge.executor.plans.rewriter import Rewriter, Target, rewrite


def share_factors(trace: Trace, target: Target) -> Trace:
    """Return the trace with sums of products as products of sums where one factor is shared."""
    return rewrite(trace, target, _rule)


def _rule(r: Rewriter, op: str, operands: tuple[int, ...], _static: tuple[Any, ...]) -> int | None:
    if op != "add" or r.scalar(operands[1]) is not None:
        return None
    return _common(r, *operands)


def _common(r: Rewriter, x: int, product: int) -> int | None:
    """Return ``x·(y + 1)`` for ``x + x·y``, whose product nobody else reads."""
    cofactor = _without(r, product, x)
    if cofactor is None or r.shape(cofactor) != r.shape(x):
        return None
    one = r.constant(r.target.kind.rational(1))
    return r.emit("mul", x, r.emit("add", cofactor, one))


def _without(r: Rewriter, product: int, factor: int) -> int | None:
    """Return a product without one of its factors."""
    each = r.instructions[product]
    if each.op != "mul" or r.is_shared(product):
        return None
    a, b = each.operands
    if factor in (a, b):
        other = b if factor == a else a
        return other if r.scalar(other) is None else None
    for inner, other in ((a, b), (b, a)):
        rest = _without(r, inner, factor)
        if rest is not None:
            return r.emit("mul", rest, other)
    return None
