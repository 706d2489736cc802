"""Which constants a declaration mentions."""

from __future__ import annotations

from collections.abc import Iterable

from lean_bridge.olean.expr import Const, Constant, Expr, Name, Proj, parts


def mentioned_constants(constant: Constant) -> tuple[Name, ...]:
    """Return the constants that a declaration mentions anywhere, sorted.

    An inductive type mentions its constructors and the types declared with it.
    """
    names: set[Name] = {*constant.constructors}
    if constant.kind == "inductive":
        names.update(constant.all)
    if constant.inductive:
        names.add(constant.inductive)
    names.update(rule.constructor for rule in constant.rules)
    terms = [constant.type, *(rule.rhs for rule in constant.rules)]
    if constant.value is not None:
        terms.append(constant.value)
    names |= constants_in(terms)
    names.discard(constant.name)
    return tuple(sorted(names))


def constants_in(terms: Iterable[Expr]) -> set[Name]:
    """Return the constants that expressions mention, the structures of projections among them."""
    names: set[Name] = set()
    pending = list(terms)
    seen: set[int] = set()
    while pending:
        expr = pending.pop()
        if type(expr) is Const:  # half of all, and quicker seen twice than known
            names.add(expr.name)
            continue
        if id(expr) in seen:
            continue
        seen.add(id(expr))
        if type(expr) is Proj:
            names.add(expr.struct)
        pending += parts(expr)
    return names
