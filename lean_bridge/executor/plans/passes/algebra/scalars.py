"""Constant factors: collected, and applied where the array is smallest.

``c·(Q Kᵀ) = (c·Q) Kᵀ``, so scores are never scaled; a factor of an activation waits until a product has made
it smaller; a factor of a sum is part of the sum.
"""

from __future__ import annotations

from typing import Any

from lean_bridge.executor.plans.instructions import BIJECTIONS, Instruction, Trace
from lean_bridge.executor.plans.rewriter import Rewriter, Target, rewrite


def move_scalars(trace: Trace, target: Target) -> Trace:
    """Return the trace with every constant factor where it costs least."""
    return rewrite(trace, target, _rule)


def _rule(r: Rewriter, op: str, operands: tuple[int, ...], static: tuple[Any, ...]) -> int | None:
    if op in ("add", "sub", "mul"):
        a, b = operands
        return {"add": _add, "sub": _sub, "mul": _mul}[op](r, a, b)
    if op == "neg":
        return _neg(r, operands[0])
    if op == "matmul":
        return _matmul(r, *operands)
    if op == "sum":
        inner, factor = split(r, operands[0])
        if factor is not None and not r.is_shared(operands[0]):
            return scaled(r, r.emit("sum", inner, static=static), factor)
    return None


def _add(r: Rewriter, a: int, b: int) -> int | None:
    left, right = r.scalar(a), r.scalar(b)
    if left is not None:
        return r.constant(left + right) if right is not None else r.emit("add", b, a)
    inner = r.instructions[a]
    if right is not None and inner.op == "add":
        further = r.scalar(inner.operands[1])
        if further is not None:
            return r.emit("add", inner.operands[0], r.constant(further + right))
    if inner.op == "neg" and right is None:
        return r.emit("sub", b, inner.operands[0])
    if r.instructions[b].op == "neg":
        return r.emit("sub", a, r.instructions[b].operands[0])
    return None


def _sub(r: Rewriter, a: int, b: int) -> int | None:
    left, right = r.scalar(a), r.scalar(b)
    if right is not None:
        return r.constant(left - right) if left is not None else r.emit("add", a, r.constant(-right))
    if r.instructions[b].op == "neg":
        return r.emit("add", a, r.instructions[b].operands[0])
    return None


def _neg(r: Rewriter, a: int) -> int | None:
    each, value = r.instructions[a], r.scalar(a)
    if value is not None:
        return r.constant(-value)
    if each.op == "neg":
        return each.operands[0]
    if each.op == "sub" and not r.is_shared(a) and r.shape(each.operands[1]) == each.shape:
        return r.emit("sub", *reversed(each.operands))
    inner, factor = split(r, a)
    return None if factor is None else scaled(r, inner, -factor)


def _mul(r: Rewriter, a: int, b: int) -> int | None:
    left, right = r.scalar(a), r.scalar(b)
    if left is not None:
        return r.constant(left * right) if right is not None else r.emit("mul", b, a)
    if right is not None:
        return scaled(r, a, right)
    (x, c), (y, d) = split(r, a), split(r, b)
    if c is not None and not r.is_shared(a):
        return scaled(r, r.emit("mul", x, b), c)
    if d is not None and not r.is_shared(b):
        return scaled(r, r.emit("mul", a, y), d)
    return None


def _matmul(r: Rewriter, a: int, b: int) -> int | None:
    """Scale the product or the other factor, if that is smaller or is scaled already."""
    (x, c), (y, d) = split(r, a), split(r, b)
    if c is None and d is None:
        return None
    factor = c if d is None else d if c is None else c * d
    size = r.shape(a)[-2] * r.shape(b)[-1]
    for dim in r.shape(a)[:-2]:
        size *= dim
    costs = (_cost(r, x, a, factor), size, _cost(r, y, b, factor))
    cheapest = min(range(3), key=lambda place: (costs[place], place != 1))
    if (c is None or d is None) and costs[cheapest] >= costs[0 if d is None else 2]:
        return None
    if cheapest == 1:
        return scaled(r, r.emit("matmul", x, y), factor)
    if cheapest == 0:
        return r.plain("matmul", scaled(r, x, factor), y)
    return r.plain("matmul", x, scaled(r, y, factor))


def split(r: Rewriter, position: int) -> tuple[int, Any]:
    """Return an array and the constant factor that it was multiplied by, if it was."""
    each = r.instructions[position]
    if each.op == "mul" and (factor := r.scalar(each.operands[1])) is not None:
        return each.operands[0], factor
    if each.op in BIJECTIONS:
        inner, factor = split(r, each.operands[0])
        if factor is not None:
            return r.emit(each.op, inner, static=each.static), factor
    return position, None


def scaled(r: Rewriter, position: int, factor: Any) -> int:
    """Return an array times a constant, which another operation takes on if it can."""
    inner, further = split(r, position)
    if further is not None:
        position, factor = inner, further * factor
    if factor == 1:
        return position
    each, known = r.instructions[position], _known(r, position, factor)
    if known is not None:
        return known
    taken = None if r.is_shared(position) else _taken(r, each, factor)
    if taken is not None:
        return taken
    if each.op in BIJECTIONS:
        return r.emit(each.op, scaled(r, each.operands[0], factor), static=each.static)
    return r.plain("mul", position, r.constant(factor))


def _taken(r: Rewriter, each: Instruction, factor: Any) -> int | None:
    """Return an instruction's result times a constant where that costs no operation of that size."""
    if each.op == "sum":
        axis, keep, weight = each.static
        total = factor if weight is None else weight.value * factor
        return r.plain("sum", *each.operands, static=(axis, keep, r.wrap(total)))
    if each.op == "matmul":
        a, b = each.operands
        if min(r.size(a), r.size(b)) >= each.size:
            return None
        if r.size(a) <= r.size(b):
            return r.plain("matmul", scaled(r, a, factor), b)
        return r.plain("matmul", a, scaled(r, b, factor))
    if each.op == "add" and (shift := r.scalar(each.operands[1])) is not None:
        inner, further = split(r, each.operands[0])
        if further is not None:
            return r.plain("add", scaled(r, inner, further * factor), r.constant(shift * factor))
    if each.op == "mul":
        for index, operand in enumerate(each.operands):
            other = each.operands[1 - index]
            taken = None if r.is_shared(operand) else _taken(r, r.instructions[operand], factor)
            if taken is not None:
                return r.plain("mul", taken, other)
    return None


def _cost(r: Rewriter, position: int, given: int, factor: Any) -> int:
    """Return what it costs to scale an operand: nothing if it is scaled already, for another reader."""
    known = position == given and _known(r, r.base(position), factor) is not None
    return 0 if known else r.size(position)


def _known(r: Rewriter, position: int, factor: Any) -> int | None:
    return r.find("mul", position, r.constant(factor))
