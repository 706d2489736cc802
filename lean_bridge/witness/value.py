"""One value, as Lean is to read it and as it is evaluated here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import gcd
from typing import Final

from lean_bridge.extract.machine import Env, Thunk
from lean_bridge.olean.expr import App, BVar, Const, Expr, FVar, Lit, Name, Proj, parts
from lean_bridge.witness.terms import character, root

UNSURE: Final = FVar("unsure")
"""What stands in a value for a proof of something that is not known to hold."""


@dataclass(frozen=True, slots=True)
class Term:
    """A value."""

    text: str
    expr: Expr

    @property
    def is_sure(self) -> bool:
        """Whether everything that it is made of is there, each proof of something that holds."""
        pending: list[Expr] = [self.expr]
        while pending:
            at = pending.pop()
            if at is UNSURE or at is ANY.expr:
                return False
            pending += parts(at)
        return True

    @property
    def thunk(self) -> Thunk:
        """It, as an argument."""
        return Thunk(self.expr, None)


@dataclass(frozen=True, slots=True)
class Built(Term):
    """A value that is put together of what is known by its values: nobody writes it."""

    env: Env = None

    @property
    def thunk(self) -> Thunk:
        """It, as an argument."""
        return Thunk(self.expr, self.env)


ANY: Final = Term("by meet 2", FVar("any"))
"""What Lean finds, and nobody knows here."""


SOME: Final = Term("(by meet 2)", FVar("some"))
"""What Lean finds, and is known to be there."""


ANYTHING: Final[Expr] = FVar("type")
"""What stands for a type that nobody asks for."""

ARITHMETIC: Final = {
    name: ((f"{name}.add", "+"), (f"{name}.mul", "*"), (f"{name}.sub", "-")) for name in ("Nat", "Int")
}


def integer(number: int) -> Term:
    """Return an integer."""
    if number < 0:
        return Term(f"({number})", applied("Int.negSucc", Lit(-number - 1)))
    return Term(str(number), applied("Int.ofNat", Lit(number)))


def natural(number: int) -> Term:
    """Return a natural number."""
    return Term(str(number), Lit(number))


def fraction(above: int, below: int) -> Term:
    """Return a fraction."""
    divisor = gcd(above, below)
    above, below = above // divisor, below // divisor
    expr = applied("Rat.mk'", integer(above).expr, Lit(below), FVar("proof"), FVar("proof"))
    return Term(f"({above})" if below == 1 else f"({above} / {below})", expr)


def letter(said: str) -> Term:
    """Return a character."""
    return Term(character(said), applied("Char.ofNat", Lit(ord(said))))


def constant(name: Name) -> Term:
    """Return a constant."""
    return Term(root(name), Const(name, ()))


def listed(values: Sequence[Term]) -> Term:
    """Return a list."""
    expr: Expr = applied("List.nil", FVar("type"))
    for each in reversed(values):
        expr = applied("List.cons", FVar("type"), each.expr, expr)
    return Term(f"[{', '.join(each.text for each in values)}]", expr)


def applied(name: Name, *arguments: Expr) -> Expr:
    """Return a constant applied to arguments."""
    expr: Expr = Const(name, ())
    for each in arguments:
        expr = App(expr, each)
    return expr


def binary(name: Name, shown: str, one: Term, other: Term) -> Term:
    """Return a function of two, written as it is shown with both in it."""
    return Term(shown.format(one.text, other.text), applied(name, one.expr, other.expr))


def operation(name: Name, sign: str) -> Callable[[Term, Term], Term]:
    """Return what applies an operation, written with its sign."""
    return lambda one, other: binary(name, f"({{}} {sign} {{}})", one, other)


def related(relation: str, type_: Name | None, one: Term, other: Term) -> Term | None:
    """Return that values of a type are related, if such are."""
    if relation in "≥>":
        return related({"≥": "≤", ">": "<"}[relation], type_, other, one)
    text = f"{one.text} {relation} {other.text}"
    if relation in "=≠":
        name = "Eq" if relation == "=" else "Ne"
        return Term(text, applied(name, FVar("type"), one.expr, other.expr))
    if type_ not in ARITHMETIC:
        return None
    return Term(text, applied(f"{type_}.{'le' if relation == '≤' else 'lt'}", one.expr, other.expr))


def place_of(of: Term) -> Term:
    """Return the number that something of ``Fin n`` is."""
    return Term(f"{of.text}.val", Proj("Fin", 0, of.expr))


def built(function: Expr, arguments: Sequence[Thunk]) -> Built:
    """Return a function applied to arguments."""
    env: Env = None
    for argument in reversed(arguments):
        env = (argument, env)
    for at in range(len(arguments)):
        function = App(function, BVar(at))
    return Built("", function, env)
