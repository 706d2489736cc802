"""Sums of products along rows, without the products: ``Σ a·b`` is one operation.

Where ``b`` is itself a product of matrices, ``Σⱼ aᵢⱼ (P Q)ᵢⱼ = Σₖ (a Qᵀ)ᵢₖ Pᵢₖ``: if ``a Qᵀ`` is there
already, as in the VJP of softmax where it is the attention output, the large product is not read at all
(Dao et al., *FlashAttention*, 2022, section 3.1). Where ``b`` is ``γⱼ wᵢⱼ`` with one γ for all rows, and
``a·w`` is there already, as in the VJP of a normalisation, the sum is its product with γ.
"""

from __future__ import annotations

from typing import Any

from lean_bridge.executor.plans.instructions import Static, Trace
from lean_bridge.executor.plans.rewriter import Rewriter, Target, rewrite


def contract_rows(trace: Trace, target: Target) -> Trace:
    """Return the trace with row sums of products as scalar products of rows."""
    return rewrite(trace, target, _rule)


def _rule(r: Rewriter, op: str, operands: tuple[int, ...], static: Static) -> int | None:
    if op == "sum":
        return _sum(r, operands[0], *static)
    if op == "dot":
        for a, b in (operands, operands[::-1]):
            for through in (_through_product, _through_factor):
                found = through(r, a, b, static)
                if found is not None:
                    return found
    return None


def _sum(r: Rewriter, summed: int, axis: int, keep: bool, weight: Any) -> int | None:
    each = r.instructions[summed]
    same = each.op == "mul" and all(r.shape(operand) == each.shape for operand in each.operands)
    if not same or axis != len(each.shape) - 1 or r.is_shared(summed):
        return None
    rows = r.emit("dot", *each.operands, static=(axis, keep))
    return rows if weight is None else r.emit("mul", rows, r.constant(weight.value))


def _through_product(r: Rewriter, a: int, product: int, static: Static) -> int | None:
    each = r.instructions[product]
    if each.op != "matmul":
        return None
    left, right = each.operands
    known = r.find("matmul", a, r.swapped(right))
    if known is None or r.size(known) > each.size:
        return None
    return r.plain("dot", known, left, static=static)


def _through_factor(r: Rewriter, a: int, product: int, static: Static) -> int | None:
    each = r.instructions[product]
    if each.op != "mul" or len(each.shape) != 2 or not static.keep:
        return None
    for gamma, w in (each.operands, each.operands[::-1]):
        known = r.find("mul", a, w) if r.shape(gamma) == each.shape[1:] else None
        if known is not None and r.shape(known) == each.shape:
            return r.emit("matmul", known, r.emit("reshape", gamma, static=((each.shape[1], 1),)))
    return None
