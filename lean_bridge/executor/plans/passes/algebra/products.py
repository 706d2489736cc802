"""Products that are there already: ``1 - t² = (t + 1)·(1 - t)`` and ``a·(p·q) = (a·p)·q``.

So the slope of GELU, which is ``x·(1 + t)/2`` with t a tanh, is computed from its value.
"""

from __future__ import annotations

from typing import Any

from lean_bridge.executor.plans.instructions import Trace
from lean_bridge.executor.plans.rewriter import Rewriter, Target, rewrite


def reuse_products(trace: Trace, target: Target) -> Trace:
    """Return the trace with products made from those that were made before."""
    return rewrite(trace, target, _rule)


def _rule(r: Rewriter, op: str, operands: tuple[int, ...], _static: tuple[Any, ...]) -> int | None:
    if op == "sub":
        return _difference_of_squares(r, *operands)
    if op == "mul":
        a, b = operands
        found = _known_product(r, a, b)
        return _known_product(r, b, a) if found is None else found
    return None


def _difference_of_squares(r: Rewriter, one: int, square: int) -> int | None:
    """Return ``(t + 1)·(1 - t)`` for ``1 - t²`` where ``t + 1`` is there already."""
    each = r.instructions[square]
    if r.scalar(one) != 1 or each.op != "mul" or len(set(each.operands)) != 1:
        return None
    shifted = _known(r, "add", one, each.operands[0])
    return None if shifted is None else r.emit("mul", shifted, r.emit("sub", one, each.operands[0]))


def _known_product(r: Rewriter, a: int, product: int) -> int | None:
    """Return ``(a·p)·q`` for ``a·(p·q)`` where ``a·p`` is there already and p·q is for nobody else."""
    each = r.instructions[product]
    if each.op != "mul" or r.is_shared(product):
        return None
    for p, q in (each.operands, each.operands[::-1]):
        known = _known(r, "mul", a, p)
        if known is not None and known != product:
            return r.plain("mul", known, q)
    return None


def _known(r: Rewriter, op: str, a: int, b: int) -> int | None:
    found = r.find(op, a, b)
    return r.find(op, b, a) if found is None else found
