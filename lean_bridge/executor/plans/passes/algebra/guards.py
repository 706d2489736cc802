"""Guards that cannot act: √ of what is no negative number, inverses of what is not 0.

Over the reals, ``sqrt`` is 0 below 0 and ``inv`` is 0 at 0, as in Lean. A variance is a sum of squares and ε
is added to it, so neither guard of a normalisation can act, and both cost more than what they guard.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np

from lean_bridge.executor.arrays.scalars import Reals
from lean_bridge.executor.plans.instructions import VIEWS, Instruction, Trace
from lean_bridge.executor.plans.rewriter import Rewriter, Target, rewrite


class Sign(IntEnum):
    """What is known of every coordinate that is a number."""

    ANY = 0
    NOT_NEGATIVE = 1
    POSITIVE = 2


def drop_guards(trace: Trace, target: Target) -> Trace:
    """Return the trace with plain roots and reciprocals where the operand's sign allows it."""
    return rewrite(trace, target, _Guards().rule) if isinstance(target.kind, Reals) else trace


class _Guards:
    """The signs of what was written so far."""

    def __init__(self) -> None:
        self.signs: dict[int, Sign] = {}

    def rule(self, r: Rewriter, op: str, operands: tuple[int, ...], _static: tuple[Any, ...]) -> int | None:
        if op == "sqrt" and self.sign(r, operands[0]) >= Sign.NOT_NEGATIVE:
            return r.emit("root", *operands)
        if op == "inv" and self.sign(r, operands[0]) is Sign.POSITIVE:
            return r.emit("reciprocal", *operands)
        return None

    def sign(self, r: Rewriter, position: int) -> Sign:
        """Return what is known, which rounding does not change: products of positive numbers may be 0."""
        if position not in self.signs:
            self.signs[position] = self._derive(r, r.instructions[position])
        return self.signs[position]

    def _derive(self, r: Rewriter, each: Instruction) -> Sign:
        if each.op == "constant":
            value = each.value
            if not isinstance(value, np.ndarray | float | int):
                return Sign.ANY  # an array of another library, which may be anywhere
            value = np.asarray(value, r.target.dtype)
            return Sign.POSITIVE if (value > 0).all() else Sign(bool((value >= 0).all()))
        if each.op in VIEWS or each.op == "root":
            return self.sign(r, each.operands[0])
        if each.op in ("exp", "softplus", "sigmoid", "decay", "step", "sqrt", "zeros"):
            return Sign.NOT_NEGATIVE
        if each.op in ("mul", "dot") and len(set(each.operands)) == 1:
            return Sign.NOT_NEGATIVE
        if each.op == "sum" and each.static.weight is not None and not each.static.weight.value >= 0:
            return Sign.ANY
        if each.op == "larger":
            return max(self.sign(r, operand) for operand in each.operands)
        if each.op in ("add", "mul", "sum", "div", "reciprocal", "concat", "matmul", "dot"):
            signs = [self.sign(r, operand) for operand in each.operands]
            known = min(signs) >= Sign.NOT_NEGATIVE
            return max(signs) if each.op == "add" and known else Sign(known)
        return Sign.ANY
