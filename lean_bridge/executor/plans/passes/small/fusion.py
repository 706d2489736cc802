"""What makes small arrays faster: fewer calls, where a call costs more than what it computes.

Rows are centred by one product with a constant matrix P, which can have a factor: ``k·Σ a·(x P)`` is
``Σ a·(x kP)``, and both products are one where they are merged. An inverse root is one power; where
``σ = √(k Σ (x P)² + ε)`` it is ``k/σ``, so that means in the derivative need no factor:
``(v P - z k s)/σ = (v (P/k) - z s)·(k/σ)``.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from lean_bridge.executor.plans.instructions import Constant, Trace
from lean_bridge.executor.plans.rewriter import Rewriter, Target, rewrite
from lean_bridge.executor.plans.sizes import WIDEST_ROW

MOST_POWERS: Final = 512
"""A power takes some 20 ns; a call takes 200."""


def fuse_small(trace: Trace, target: Target) -> Trace:
    """Return the trace with fewer, larger operations on small arrays."""
    return rewrite(trace, target, _Fusion().rule)


class _Fusion:
    def __init__(self) -> None:
        self.projections: dict[tuple[int, Constant], int] = {}
        self.multiples: dict[tuple[int, Constant], int] = {}
        """The products of projections and scalars."""

    def rule(self, r: Rewriter, op: str, operands: tuple[int, ...], _static: tuple[Any, ...]) -> int | None:
        if op == "sub":
            return self._centred(r, *operands)
        if op == "mul":
            found = self._scaled_rows(r, *operands)
            return self._times_root(r, *operands) if found is None else found
        inner = r.instructions[operands[0]] if operands else None
        if op == "reciprocal" and inner is not None and inner.op == "root" and inner.size <= MOST_POWERS:
            found = self._scaled_root(r, *inner.operands)
            return r.emit("rsqrt", *inner.operands) if found is None else found
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

    def _scaled_rows(self, r: Rewriter, rows: int, factor: int) -> int | None:
        """Return ``Σ a·(x kP)`` for ``k·Σ a·(x P)``."""
        each = r.instructions[rows]
        if r.scalar(factor) is None or each.op != "dot" or r.is_shared(rows):
            return None
        for a, b in (each.operands, each.operands[::-1]):
            projection = self._projection(r, b)
            if projection is not None:
                source = r.instructions[b].operands[0]
                scaled = r.emit("matmul", source, self._multiple(r, projection, factor))
                return r.plain("dot", a, scaled, static=each.static)
        return None

    def _scaled_root(self, r: Rewriter, variance: int) -> int | None:
        """Return ``(Σ (x P/k)·(x P) + ε/k²)^-½ / k`` for ``(Σ (x P)·(x kP) + ε)^-½``."""
        each = r.instructions[variance]
        epsilon = r.scalar(each.operands[1]) if each.op == "add" else None
        rows = r.instructions[each.operands[0]]
        if epsilon is None or rows.op != "dot":
            return None
        a, b = (r.instructions[operand] for operand in rows.operands)
        if a.op != "matmul" or b.op != "matmul" or a.operands[0] != b.operands[0]:
            return None
        for (projection, factor), multiple in self.multiples.items():
            if factor.value and (a.operands[1], b.operands[1]) == (projection, multiple):  # 0 for empty rows
                inverse = r.constant(r.target.kind.rational(1) / factor.value)
                wide = r.emit("matmul", a.operands[0], self._multiple(r, projection, inverse))
                squares = r.plain("dot", wide, rows.operands[0], static=rows.static)
                shifted = r.plain("add", squares, r.constant(epsilon * r.scalar(inverse) * r.scalar(inverse)))
                return r.plain("mul", r.plain("rsqrt", shifted), inverse)
        return None

    def _times_root(self, r: Rewriter, a: int, b: int) -> int | None:
        """Return the product of an inverse root and an array that takes on the root's factor."""
        for root, array in ((a, b), (b, a)):
            each = r.instructions[root]
            if each.op == "mul" and r.instructions[each.operands[0]].op == "rsqrt":
                taken = self._taken(r, array, each.operands[1])
                if taken is not None:
                    return r.plain("mul", taken, each.operands[0])
        return None

    def _taken(self, r: Rewriter, position: int, factor: int) -> int | None:
        """Return an array times a constant, where that costs nothing."""
        each, value = r.instructions[position], r.scalar(factor)
        if value is None:
            return None
        if each.op == "matmul" and self._projection(r, position) is not None:
            multiple = self._multiple(r, each.operands[1], factor)
            if r.is_shared(position) and r.find("matmul", each.operands[0], multiple) is None:
                return None
            return r.emit("matmul", each.operands[0], multiple)
        if r.is_shared(position):
            return None
        if each.op == "sub":
            first, second = (self._taken(r, operand, factor) for operand in each.operands)
            return None if first is None or second is None else r.plain("sub", first, second)
        if each.op == "mul":
            for array, numbers in (each.operands, each.operands[::-1]):
                scaled = r.instructions[numbers]
                if scaled.op == "mul" and (further := r.scalar(scaled.operands[1])) is not None:
                    total, inner = further * value, scaled.operands[0]
                    scale = inner if total == 1 else r.plain("mul", inner, r.constant(total))
                    return r.plain("mul", array, scale)
        return None

    def _projection(self, r: Rewriter, position: int) -> int | None:
        """Return the projection that an array was multiplied by, if it was."""
        each = r.instructions[position]
        known = each.op == "matmul" and each.operands[1] in self.projections.values()
        return each.operands[1] if known else None

    def _multiple(self, r: Rewriter, projection: int, factor: int) -> int:
        wrapped = r.wrap(r.scalar(factor))
        if (projection, wrapped) not in self.multiples:
            value = r.instructions[projection].value * wrapped.value
            self.multiples[projection, wrapped] = r.constant(value)
        return self.multiples[projection, wrapped]
