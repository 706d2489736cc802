"""Which constants a declaration mentions."""

from __future__ import annotations

from collections.abc import Iterable

from lean_bridge.olean.expr import App, Const, Constant, Expr, Lam, Let, MData, Name, Pi, Proj


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
        if id(expr) in seen:
            continue
        seen.add(id(expr))
        match expr:
            case Const(name, _):
                names.add(name)
            case App(fn, arg):
                pending += (fn, arg)
            case Lam(_, type_, body) | Pi(_, type_, body):
                pending += (type_, body)
            case Let(_, type_, value, body):
                pending += (type_, value, body)
            case MData(inner):
                pending.append(inner)
            case Proj(struct, _, inner):
                names.add(struct)
                pending.append(inner)
            case _:
                pass
    return names
