"""Sums of products along rows, without the products: ``Σ a·b`` is one operation.

Where ``b`` is itself a product of matrices, ``Σⱼ aᵢⱼ (P Q)ᵢⱼ = Σₖ (a Qᵀ)ᵢₖ Pᵢₖ``: if ``a Qᵀ`` is there
already, as in the VJP of softmax where it is the attention output, the large product is not read at all
(Dao et al., *FlashAttention*, 2022, section 3.1).
"""

from __future__ import annotations

from typing import Any

from lean_bridge.executor.instructions import Trace
from lean_bridge.executor.passes.rewriter import Rewriter, Target, rewrite


def contract_rows(trace: Trace, target: Target) -> Trace:
    """Return the trace with row sums of products as scalar products of rows."""
    return rewrite(trace, target, _rule)


def _rule(r: Rewriter, op: str, operands: tuple[int, ...], static: tuple[Any, ...]) -> int | None:
    if op == "sum":
        return _sum(r, operands[0], *static)
    if op == "dot":
        a, b = operands
        found = _through_product(r, a, b, static)
        return _through_product(r, b, a, static) if found is None else found
    return None


def _sum(r: Rewriter, summed: int, axis: int, keep: bool, weight: Any) -> int | None:
    each = r.instructions[summed]
    same = each.op == "mul" and all(r.shape(operand) == each.shape for operand in each.operands)
    if not same or axis != len(each.shape) - 1 or r.is_shared(summed):
        return None
    rows = r.emit("dot", *each.operands, static=(axis, keep))
    return rows if weight is None else r.emit("mul", rows, r.constant(weight.value))


def _through_product(r: Rewriter, a: int, product: int, static: tuple[Any, ...]) -> int | None:
    each = r.instructions[product]
    if each.op != "matmul":
        return None
    left, right = each.operands
    known = r.find("matmul", a, r.swapped(right))
    if known is None or r.size(known) > each.size:
        return None
    return r.plain("dot", known, left, static=static)
