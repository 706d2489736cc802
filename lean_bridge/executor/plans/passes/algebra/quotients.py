"""Divisions of rows, after or before the products that make the rows short.

Softmax is ``E/σ`` with one σ for each row of scores: ``(E/σ) V = (E V)/σ`` divides the narrow result, and in
the VJP ``(E/σ)·(G - ρ) = E·(G/σ - ρ/σ)`` where G is itself a product divides its narrow factor. A small array
is divided where it is: one call for all its readers.
"""

from __future__ import annotations

from lean_bridge.executor.plans.instructions import BIJECTIONS, Instruction, Static, Trace
from lean_bridge.executor.plans.rewriter import Rewriter, Target, rewrite
from lean_bridge.executor.plans.sizes import SMALL


def move_quotients(trace: Trace, target: Target) -> Trace:
    """Return the trace with rows divided where they are shortest."""
    return rewrite(trace, target, _rule)


def _rule(r: Rewriter, op: str, operands: tuple[int, ...], static: Static) -> int | None:
    if op == "matmul":
        return _matmul(r, *operands)
    if op == "mul":
        a, b = operands
        found = _mul(r, a, b)
        return _mul(r, b, a) if found is None else found
    if op == "dot" and static.keep:
        a, b = operands
        for quotient, other in ((a, b), (b, a)):
            rows = _rows(r, quotient)
            if rows is not None and not r.is_shared(quotient):
                return r.emit("div", r.emit("dot", rows[0], other, static=static), rows[1])
    return None


def _matmul(r: Rewriter, a: int, b: int) -> int | None:
    rows = _rows(r, a)
    if rows is not None:
        product = r.emit("matmul", rows[0], b)
        return r.emit("div", product, rows[1]) if r.size(product) <= r.size(a) else None
    each = r.instructions[a]
    if each.op not in BIJECTIONS or r.size(b) > each.size:
        return None
    rows = _rows(r, each.operands[0])
    if rows is None or r.swapped(each.operands[0]) != a:
        return None
    return r.emit("matmul", r.swapped(rows[0]), r.emit("div", b, rows[1]))


def _mul(r: Rewriter, quotient: int, other: int) -> int | None:
    rows = _rows(r, quotient)
    if rows is None or r.shape(other) != r.shape(quotient):
        return None
    numerator, divisor = rows
    divided = _divided(r, other, divisor)
    if divided is not None:
        return r.emit("mul", numerator, divided)
    return None


def _rows(r: Rewriter, position: int) -> tuple[int, int] | None:
    """Return numerator and divisor of a quotient with one divisor for each row."""
    each = r.instructions[position]
    if (
        each.op != "div"
        or each.size <= SMALL
        or len(each.shape) < 2
        or each.shape[-1] == 1
        or r.shape(each.operands[0]) != each.shape
    ):
        return None
    numerator, divisor = each.operands
    return (numerator, divisor) if r.shape(divisor) == (*each.shape[:-1], 1) else None


def _divided(r: Rewriter, position: int, divisor: int) -> int | None:
    """Return an array with its rows divided, if only narrower arrays have to be divided for that."""
    each = r.instructions[position]
    if each.op == "dot" and each.static.keep and not r.is_shared(position):
        for a, b in (each.operands, each.operands[::-1]):
            known = r.find("div", b, divisor)
            if known is not None:
                return r.plain("dot", a, known, static=each.static)
    if each.shape == r.shape(divisor):
        return r.emit("div", position, divisor)
    if each.op == "matmul" and not r.is_shared(position) and r.size(each.operands[0]) <= each.size:
        return r.plain("matmul", r.emit("div", each.operands[0], divisor), each.operands[1])
    if each.op in ("add", "sub") and not r.is_shared(position):
        return _divided_sum(r, each, divisor)
    return None


def _divided_sum(r: Rewriter, each: Instruction, divisor: int) -> int | None:
    terms = [_divided(r, operand, divisor) for operand in each.operands]
    first, second = terms
    return None if first is None or second is None else r.emit(each.op, first, second)
