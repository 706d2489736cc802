"""Lean terms and declarations, made by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lean_bridge.olean.expr import App, Const, Constant, Expr, Lam, LZero, Pi, Sort

PROP = Sort(LZero())
"""Where the type does not matter."""


def const(name: str) -> Const:
    """Return a constant without universe levels."""
    return Const(name, ())


def app(fn: Expr, *args: Expr) -> Expr:
    """Return a function applied to arguments."""
    for arg in args:
        fn = App(fn, arg)
    return fn


def lam(*binders: str, body: Expr) -> Expr:
    """Return a function of arguments with these names."""
    for name in reversed(binders):
        body = Lam(name, PROP, body, "default")
    return body


def pi(*binders: str, body: Expr) -> Expr:
    """Return the type of functions of arguments with these names."""
    for name in reversed(binders):
        body = Pi(name, PROP, body, "default")
    return body


def arrow(*types: Expr) -> Expr:
    """Return the type of a function that does not depend on what it takes."""
    *taken, result = types
    for type_ in reversed(taken):
        result = Pi("_", type_, result, "default")
    return result


def definition(name: str, value: Expr, type_: Expr = PROP) -> Constant:
    """Return a definition."""
    return Constant(name=name, kind="definition", level_params=(), type=type_, value=value)


class Table:
    """Declarations by name."""

    def __init__(self, constants: Iterable[Constant]) -> None:
        self._constants = {constant.name: constant for constant in constants}

    def __iter__(self) -> Iterator[Constant]:
        return iter(self._constants.values())

    def constant(self, name: str) -> Constant | None:
        return self._constants.get(name)
