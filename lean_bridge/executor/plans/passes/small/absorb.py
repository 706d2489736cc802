"""Constant factors of small arrays, where an affine function takes them on: ``c·(t + 1) = c·t + c``.

So the ½ of GELU is in its 1 + tanh, which value and slope share, and neither is scaled.
"""

from __future__ import annotations

from typing import Any, Final

from lean_bridge.executor.plans.instructions import Instruction, Trace
from lean_bridge.executor.plans.rewriter import Rewriter, Target, rewrite
from lean_bridge.executor.plans.sizes import SMALL

DEEPEST: Final = 6
"""How many sums and products a factor passes to reach an affine function."""


def absorb_factors(trace: Trace, target: Target) -> Trace:
    """Return the trace with constant factors inside affine functions of what others read too."""
    return rewrite(trace, target, _rule)


def _rule(r: Rewriter, op: str, operands: tuple[int, ...], _static: tuple[Any, ...]) -> int | None:
    if op != "mul":
        return None
    for array, scalar in (operands, operands[::-1]):
        factor = r.scalar(scalar)
        if factor is not None and r.scalar(array) is None and r.size(array) <= SMALL:
            return _scaled(r, array, factor, DEEPEST)
    return None


def _scaled(r: Rewriter, position: int, factor: Any, depth: int) -> int | None:
    """Return an array times a constant, by as many operations as the array took; None if that cannot be."""
    each = r.instructions[position]
    if not depth or each.op not in ("add", "mul"):
        return None
    affine = _affine(r, each)
    if affine is not None:
        inner, shift = affine
        product = r.plain("mul", inner, r.constant(factor))
        return r.plain("add", product, r.constant(shift * factor))
    a, b = each.operands
    first = _scaled(r, a, factor, depth - 1)
    if each.op == "mul":
        if first is not None:
            return r.plain("mul", first, b)
        second = _scaled(r, b, factor, depth - 1)
        return None if second is None else r.plain("mul", a, second)
    second = None if first is None else _scaled(r, b, factor, depth - 1)
    return None if first is None or second is None else r.plain("add", first, second)


def _affine(r: Rewriter, each: Instruction) -> tuple[int, Any] | None:
    """Return t and c of ``t + c``, if something else reads t."""
    if each.op == "add":
        for inner, scalar in (each.operands, each.operands[::-1]):
            shift = r.scalar(scalar)
            if shift is not None and r.is_shared(inner):
                return inner, shift
    return None
