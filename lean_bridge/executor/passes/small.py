"""What makes small arrays faster: fewer calls, where a call costs more than what it computes.

Rows are centred by one product with a constant matrix P, which can have a factor: ``k·Σ a·(x P)`` is
``Σ a·(x kP)``, and both products are one where they are merged. As P is a symmetric projection, ``Σ a·y`` is
``Σ a·(y P)`` for centred rows a. An inverse root is one power.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from lean_bridge.executor.instructions import Constant, Trace
from lean_bridge.executor.passes.rewriter import Rewriter, Target, rewrite

SMALL: Final = 1024
"""Coordinates in an array whose arithmetic costs no more than a call."""

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
        self.multiples: dict[tuple[int, Constant], int] = {}
        """The products of projections and scalars."""

    def rule(self, r: Rewriter, op: str, operands: tuple[int, ...], _static: tuple[Any, ...]) -> int | None:
        if op == "sub":
            return self._centred(r, *operands)
        if op == "mul":
            return self._scaled_rows(r, *operands)
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

    def _scaled_rows(self, r: Rewriter, rows: int, factor: int) -> int | None:
        """Return ``Σ a·(x kP)`` for ``k·Σ a·b`` where b is ``x P``, or a is centred and ``b P`` is known."""
        each = r.instructions[rows]
        if r.scalar(factor) is None or each.op != "dot" or r.is_shared(rows):
            return None
        for a, b in (each.operands, each.operands[::-1]):
            projection = self._projection(r, b)
            source = b if projection is None else r.instructions[b].operands[0]
            if projection is None:
                projection = self._projection(r, self._unscaled(r, a))
            if projection is not None and r.find("matmul", source, projection) is not None:
                scaled = r.emit("matmul", source, self._multiple(r, projection, factor))
                return r.plain("dot", a, scaled, static=each.static)
        return None

    def _projection(self, r: Rewriter, position: int) -> int | None:
        """Return the projection that an array was multiplied by, if it was."""
        each = r.instructions[position]
        known = each.op == "matmul" and each.operands[1] in self.projections.values()
        return each.operands[1] if known else None

    def _unscaled(self, r: Rewriter, position: int) -> int:
        """Return the rows that were multiplied by one number each, if they were."""
        each = r.instructions[position]
        if each.op == "mul":
            for rows, numbers in (each.operands, each.operands[::-1]):
                if r.shape(rows) == each.shape and r.shape(numbers) == (*each.shape[:-1], 1):
                    return rows
        return position

    def _multiple(self, r: Rewriter, projection: int, factor: int) -> int:
        wrapped = r.wrap(r.scalar(factor))
        if (projection, wrapped) not in self.multiples:
            value = r.instructions[projection].static[0].value * wrapped.value
            self.multiples[projection, wrapped] = r.constant(value)
        return self.multiples[projection, wrapped]
