"""Absent seeds and tangents are zero, and what is zero costs nothing."""

from __future__ import annotations

from typing import Any

from lean_bridge.executor.plans.instructions import Trace
from lean_bridge.executor.plans.rewriter import Rewriter, Target, rewrite

_ZERO_IF_ALL = frozenset(("add", "sub", "neg", "sum", "reshape", "transpose", "broadcast", "slice", "concat"))
_ZERO_IF_FIRST = frozenset(("div", "gather", "scatter"))
_ZERO_IF_ANY = frozenset(("mul", "matmul", "dot"))


def drop_zeros(trace: Trace, target: Target) -> Trace:
    """Return the trace without sums and products that have a zero operand."""
    return rewrite(trace, target, _rule)


def _rule(r: Rewriter, op: str, operands: tuple[int, ...], static: tuple[Any, ...]) -> int | None:
    zero = [r.instructions[operand].op == "zeros" for operand in operands]
    if not any(zero):
        return None
    shape = r.result_shape(op, operands, static)
    if op in _ZERO_IF_ANY or (op in _ZERO_IF_ALL and all(zero)) or (op in _ZERO_IF_FIRST and zero[0]):
        return r.emit("zeros", static=(shape,))
    if op == "add" or (op == "sub" and zero[1]):
        return r.fit(operands[zero.index(False)], shape)
    if op == "sub":
        return r.fit(r.emit("neg", operands[1]), shape)
    return None
