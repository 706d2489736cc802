"""What makes small arrays faster: fewer calls, where a call costs more than what it computes.

Rows are centred by one product with a constant matrix, and an inverse root is one power.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from lean_bridge.executor.instructions import Constant, Trace
from lean_bridge.executor.passes.rewriter import Rewriter, Target, rewrite

WIDEST_ROW: Final = 32
"""Up to here a row times a matrix of its length costs less than another call."""

MOST_POWERS: Final = 512
"""A power takes some 20 ns; a call takes 200."""


def fuse_small(trace: Trace, target: Target) -> Trace:
    """Return the trace with fewer, larger operations on small arrays."""
    return rewrite(trace, target, _Fusion().rule)


class _Fusion:
    def __init__(self) -> None:
        self.projections: dict[tuple[int, Constant], int] = {}

    def rule(self, r: Rewriter, op: str, operands: tuple[int, ...], _static: tuple[Any, ...]) -> int | None:
        if op == "sub":
            return self._centred(r, *operands)
        inner = r.instructions[operands[0]] if operands else None
        if op == "reciprocal" and inner is not None and inner.op == "root" and inner.size <= MOST_POWERS:
            return r.emit("rsqrt", *inner.operands)
        return None

    def _centred(self, r: Rewriter, rows: int, means: int) -> int | None:
        """Return ``x (1 - w 1 1ᵀ)`` for ``x - w Σ x``."""
        each, shape = r.instructions[means], r.shape(rows)
        if each.op != "sum" or each.operands != (rows,) or len(shape) != 2 or r.is_shared(means):
            return None
        axis, keep, weight = each.static
        if axis != 1 or not keep or weight is None or shape[1] > WIDEST_ROW:
            return None
        if (shape[1], weight) not in self.projections:
            one = r.target.kind.rational(1)
            matrix = one * np.eye(shape[1], dtype=int) - weight.value * np.ones((shape[1],) * 2, dtype=int)
            self.projections[shape[1], weight] = r.constant(matrix)
        return r.emit("matmul", rows, self.projections[shape[1], weight])
