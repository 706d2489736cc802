"""Views of views are one view, and what is done to every coordinate is done before coordinates move."""

from __future__ import annotations

from lean_bridge.executor.plans.instructions import BIJECTIONS, ELEMENTWISE, Static, Trace
from lean_bridge.executor.plans.rewriter import Rewriter, Target, rewrite


def merge_views(trace: Trace, target: Target) -> Trace:
    """Return the trace with as few views as it takes, after the arithmetic on them where that is possible."""
    return rewrite(trace, target, _rule)


def _rule(r: Rewriter, op: str, operands: tuple[int, ...], static: Static) -> int | None:
    if op in ("reshape", "transpose", "broadcast"):
        return _view(r, op, operands[0], static)
    if op in ELEMENTWISE:
        return _unbroadcast(r, op, operands) or _before_view(r, op, operands)
    return None


def _view(r: Rewriter, op: str, operand: int, static: Static) -> int | None:
    """Drop a view that changes nothing, and join it to one of the same kind."""
    if op == "transpose" and static == tuple(range(len(static))):
        return operand
    if op != "transpose" and static.shape == r.shape(operand):
        return operand
    inner = r.instructions[operand]
    if inner.op != op:
        return None
    joined = tuple(inner.static[axis] for axis in static) if op == "transpose" else static
    return r.emit(op, inner.operands[0], static=joined)


def _unbroadcast(r: Rewriter, op: str, operands: tuple[int, ...]) -> int | None:
    """Take operands as they were before they were broadcast: the operation does that itself."""
    shape = r.result_shape(op, operands, ())
    for index, operand in enumerate(operands):
        each = r.instructions[operand]
        if each.op == "broadcast":
            narrow = (*operands[:index], each.operands[0], *operands[index + 1 :])
            return r.fit(r.emit(op, *narrow), shape)
    return None


def _before_view(r: Rewriter, op: str, operands: tuple[int, ...]) -> int | None:
    """Apply a function of one array to what its operand is a view of."""
    arrays = [operand for operand in operands if r.scalar(operand) is None]
    if len(arrays) != 1 or r.instructions[arrays[0]].op not in BIJECTIONS:
        return None
    view = r.instructions[arrays[0]]
    inner = (view.operands[0] if operand == arrays[0] else operand for operand in operands)
    return r.emit(view.op, r.emit(op, *inner), static=view.static)
