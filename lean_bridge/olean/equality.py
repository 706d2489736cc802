"""Structural equality of expressions and declarations from different modules."""

from __future__ import annotations

from typing import TypeAlias

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
    RecursorRule,
    Sort,
)

Term: TypeAlias = Expr | Level


def is_same_expr(left: Expr, right: Expr) -> bool:
    """Whether two expressions are equal up to what the kernel ignores: binder names, binder infos, metadata.

    Each pair of shared nodes is compared once.
    """
    compared: set[tuple[int, int]] = set()
    pending: list[tuple[Term, Term]] = [(left, right)]
    while pending:
        a, b = (without_metadata(term) for term in pending.pop())
        if a is b or (id(a), id(b)) in compared:
            continue
        compared.add((id(a), id(b)))
        own_a, children_a = split_term(a)
        own_b, children_b = split_term(b)
        if type(a) is not type(b) or own_a != own_b or len(children_a) != len(children_b):
            return False
        pending.extend(zip(children_a, children_b, strict=True))
    return True


def without_metadata(term: Term) -> Term:
    """Return the term below any metadata."""
    while isinstance(term, MData):
        term = term.expr
    return term


def split_term(term: Term) -> tuple[tuple[object, ...], tuple[Term, ...]]:
    """Return what a node says itself, binder names and infos apart, and its children."""
    match term:
        case LZero():
            return (), ()
        case LSucc(of):
            return (), (of,)
        case LMax(a, b) | LIMax(a, b) | App(a, b) | Lam(_, a, b) | Pi(_, a, b):
            return (), (a, b)
        case LParam(name) | FVar(name):
            return (name,), ()
        case BVar(index):
            return (index,), ()
        case Sort(level):
            return (), (level,)
        case Const(name, levels):
            return (name,), levels
        case Let(_, type_, value, body):
            return (), (type_, value, body)
        case Lit(value):
            return (type(value), value), ()
        case MData(expr):
            return (), (expr,)
        case Proj(struct, index, expr):
            return (struct, index), (expr,)


def is_same_declaration(left: Constant, right: Constant) -> bool:
    """Whether two modules declare the same constant, as Lean accepts it when both are imported.

    A stored body is compared with a stored body, except that two proofs of one statement need not be the same
    proof; a hidden body (stored as an axiom) agrees with any.
    """
    if (left.name, left.level_params) != (right.name, right.level_params):
        return False
    if not is_same_expr(left.type, right.type):
        return False
    if "axiom" in (left.kind, right.kind):
        return True
    if _signature(left) != _signature(right):
        return False
    if left.kind == "theorem" or left.value is None or right.value is None:
        return all(_is_same_rule(a, b) for a, b in zip(left.rules, right.rules, strict=True))
    return is_same_expr(left.value, right.value)


def _is_same_rule(left: RecursorRule, right: RecursorRule) -> bool:
    same = (left.constructor, left.num_fields) == (right.constructor, right.num_fields)
    return same and is_same_expr(left.rhs, right.rhs)


def _signature(constant: Constant) -> tuple[object, ...]:
    """Return every field that is no expression; how far to unfold first is not part of the meaning."""
    apart = {"type", "value", "rules", "hints"}
    return (
        *(getattr(constant, field) for field in Constant.__dataclass_fields__ if field not in apart),
        len(constant.rules),
    )
