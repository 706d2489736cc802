"""Structural equality of expressions and declarations from different modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from lean_bridge.olean.expr import (
    App,
    BVar,
    Const,
    Constant,
    Expr,
    FVar,
    Lam,
    Let,
    Level,
    LIMax,
    Lit,
    LMax,
    LParam,
    LSucc,
    LZero,
    MData,
    Pi,
    Proj,
    Sort,
    bare,
)

Term: TypeAlias = Expr | Level


def is_same_expr(left: Expr, right: Expr) -> bool:
    """Whether two expressions are equal up to what the kernel ignores: binder names, binder infos, metadata.

    Each pair of shared nodes is compared once.
    """
    compared: set[tuple[int, int]] = set()
    pending: list[tuple[Term, Term]] = [(left, right)]
    while pending:
        a, b = (bare(term) for term in pending.pop())
        if a is b or (id(a), id(b)) in compared:
            continue
        compared.add((id(a), id(b)))
        own_a, children_a = split_term(a)
        own_b, children_b = split_term(b)
        if type(a) is not type(b) or own_a != own_b or len(children_a) != len(children_b):
            return False
        pending.extend(zip(children_a, children_b, strict=True))
    return True


def split_term(term: Term) -> tuple[tuple[object, ...], tuple[Term, ...]]:
    """Return what a node says itself, binder names and infos apart, and its children."""
    return _SPLIT[type(term)](term)


_SPLIT: dict[type, Callable[[Any], tuple[tuple[object, ...], tuple[Term, ...]]]] = {
    LZero: lambda _: ((), ()),
    LSucc: lambda term: ((), (term.of,)),
    LMax: lambda term: ((), (term.left, term.right)),
    LIMax: lambda term: ((), (term.left, term.right)),
    LParam: lambda term: ((term.name,), ()),
    FVar: lambda term: ((term.name,), ()),
    BVar: lambda term: ((term.index,), ()),
    Sort: lambda term: ((), (term.level,)),
    Const: lambda term: ((term.name,), term.levels),
    App: lambda term: ((), (term.fn, term.arg)),
    Lam: lambda term: ((), (term.type, term.body)),
    Pi: lambda term: ((), (term.type, term.body)),
    Let: lambda term: ((), (term.type, term.value, term.body)),
    Lit: lambda term: ((type(term.value), term.value), ()),
    MData: lambda term: ((), (term.expr,)),
    Proj: lambda term: ((term.struct, term.index), (term.expr,)),
}
"""A table, not a match, which would try one class after the other on every node of a library."""


def is_same_statement(left: Constant, right: Constant) -> bool:
    """Whether two constants have one name, the same universe parameters, and the same type."""
    if (left.name, left.level_params) != (right.name, right.level_params):
        return False
    return is_same_expr(left.type, right.type)


def is_same_body(left: Constant, right: Constant) -> bool:
    """Whether two constants are of one kind and the same body, or without one the same to the letter."""
    if left.kind != right.kind or left.value is None or right.value is None:
        return left == right
    return left.safety == right.safety and is_same_expr(left.value, right.value)
