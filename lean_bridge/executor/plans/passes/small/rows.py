"""Sums of small rows, as long as what they are combined with: ``E/Σ E`` is ``E/(E J)`` for J full of ones.

Arithmetic on equal shapes takes half as long as on shapes that have to be broadcast, and J takes on a factor.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lean_bridge.executor.plans.instructions import ELEMENTWISE, VIEWS, Constant, Instruction, Trace
from lean_bridge.executor.plans.rewriter import Rewriter, Target, rewrite
from lean_bridge.executor.plans.sizes import SMALL, WIDEST_ROW


def spread_sums(trace: Trace, target: Target) -> Trace:
    """Return the trace with row sums as products where all that read them broadcast them."""
    return rewrite(trace, target, _Spreading().rule)


class _Spreading:
    def __init__(self) -> None:
        self.matrices: dict[tuple[int, int, Constant | None], int] = {}
        """Matrices full of one number, by shape and number."""

    def rule(self, r: Rewriter, op: str, operands: tuple[int, ...], _static: tuple[Any, ...]) -> int | None:
        if op not in ELEMENTWISE or len(operands) != 2 or _is_centring(r, op, operands):
            return None
        for index, sums in enumerate(operands):
            shape = r.shape(operands[1 - index])
            if r.shape(sums) == (*shape[:-1], 1) != shape and _is_broadcast(r, sums):
                spread = self._spread(r, sums, shape[-1])
                if spread is not None:
                    return r.emit(op, *(spread if each == sums else each for each in operands))
        return None

    def _spread(self, r: Rewriter, position: int, length: int) -> int | None:
        """Return sums of rows, each so many times side by side; None if they are none, or of long rows."""
        sums = r.instructions[position]
        if sums.op != "sum" or sums.static[:2] != (len(sums.shape) - 1, True):
            return None
        (rows,), factor = sums.operands, sums.static.weight
        each = r.instructions[rows]
        width = each.shape[-1]
        if max(width, length) > WIDEST_ROW or each.size > SMALL or each.op in VIEWS:
            return None
        key = (width, length, factor)
        if key not in self.matrices:
            one = r.target.kind.rational(1) if factor is None else factor.value
            self.matrices[key] = r.constant(one * np.ones((width, length), dtype=int))
        if len(each.shape) == 2:
            return r.emit("matmul", rows, self.matrices[key])
        flat = r.emit("reshape", rows, static=((math.prod(each.shape[:-1]), width),))
        made = r.emit("matmul", flat, self.matrices[key])
        return r.emit("reshape", made, static=((*each.shape[:-1], length),))


def _is_centring(r: Rewriter, op: str, operands: tuple[int, ...]) -> bool:
    """Return whether rows lose their mean, which is one product as it is."""
    means = r.instructions[operands[1]]
    return op == "sub" and means.op == "sum" and means.operands == operands[:1]


def _is_broadcast(r: Rewriter, position: int) -> bool:
    """Return whether all that read an array need it longer."""
    shape = r.shape(position)
    return all(_reads_longer(each, shape) for each in r.readers.get(position, ()))


def _reads_longer(each: Instruction, shape: tuple[int, ...]) -> bool:
    return each.op in ELEMENTWISE and each.shape != shape
