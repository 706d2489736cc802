"""Terms in place of bound variables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from lean_bridge.olean.expr import App, BVar, Expr, Lam, Let, MData, Pi, Proj, parts


def instantiated(body: Expr, arguments: Sequence[Expr]) -> Expr:
    """Return what stands under as many binders as there are arguments, with these in place of the variables.

    The outermost binder takes the first argument. Every node is visited once at each depth.
    """
    count = len(arguments)

    def put(variable: BVar, depth: int) -> Expr:
        at = variable.index - depth
        if at < 0:
            return variable
        return lifted(arguments[count - 1 - at], depth) if at < count else BVar(variable.index - count)

    return _replaced(body, put)


def lifted(expr: Expr, by: int) -> Expr:
    """Return what stands for the same under ``by`` more binders."""

    def lift(variable: BVar, depth: int) -> Expr:
        return variable if variable.index < depth else BVar(variable.index + by)

    return _replaced(expr, lift) if by else expr


def _replaced(root: Expr, put: Callable[[BVar, int], Expr]) -> Expr:
    """Return a term with something else for each variable, of which is said under how many binders it is."""
    done: dict[tuple[int, int], Expr] = {}
    stack = [(root, 0)]
    while stack:
        expr, depth = stack[-1]
        inner = parts(expr)
        deeper = len(inner) - 1 if isinstance(expr, Lam | Pi | Let) else len(inner)
        asked = [(part, depth + (at == deeper)) for at, part in enumerate(inner)]
        missing = [(part, at) for part, at in asked if (id(part), at) not in done]
        if missing:
            stack += missing
            continue
        stack.pop()
        made = [done[id(part), at] for part, at in asked]
        done[id(expr), depth] = put(expr, depth) if isinstance(expr, BVar) else _of_parts(expr, made)
    return done[id(root), 0]


def _of_parts(expr: Expr, made: Sequence[Expr]) -> Expr:
    match expr:
        case App():
            return App(*made)
        case Lam() | Pi():
            return replace(expr, type=made[0], body=made[1])
        case Let():
            return replace(expr, type=made[0], value=made[1], body=made[2])
        case MData() | Proj():
            return replace(expr, expr=made[0])
        case _:
            return expr
