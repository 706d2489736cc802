"""What the text of a statement says on its face of what there is nothing of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

from lean_bridge.olean.expr import (
    App,
    BVar,
    Const,
    Expr,
    FVar,
    Lam,
    Let,
    Lit,
    Name,
    Pi,
    Proj,
    bare,
    head_of,
    parts,
    spine,
)
from lean_bridge.witness.empty import WRITTEN


@dataclass(frozen=True, slots=True)
class Words:
    """What says to every reader that there is nothing, besides the number 0."""

    names: frozenset[Name]
    """Names of Lean's own."""
    denied: frozenset[Name] = frozenset()
    """Names of Lean's own that say so where something is said to be none of these, or not to be so."""
    has_texts: bool = False
    """Whether the empty text says so."""
    has_predicates: bool = False
    """Whether it says so that something is not as one of the predicates has it that a statement takes."""


DIMENSIONS: Final = Words(frozenset({"Nat.zero", "Empty", "PEmpty", "False"}))
"""What says so of a number, or of a type."""

DATA: Final = Words(
    DIMENSIONS.names
    | {"List.nil", "Array.empty", "List.isEmpty", "Array.isEmpty", "String.isEmpty"}
    | {"Option.none", "Option.isNone"},
    frozenset({"List.cons", "Option.some", "Option.isSome"}),
    has_texts=True,
)
"""What says so of a list, a text or an option, and not of a dimension."""

MASKS: Final = Words(
    DATA.names | {"Bool.false", "Bool.not"}, DATA.denied | {"Bool.true"}, has_texts=True, has_predicates=True
)
"""What says so of what is true of nothing."""


_CONDITIONS: Final = frozenset({"And", "Eq", "GE.ge", "GT.gt", "Iff", "LE.le", "LT.lt", "Ne", "Not", "Or"})
"""Words of Lean's own that make propositions, and nothing else."""


def unsaid(statement: Expr, at: int, words: Words, of: int | None = None) -> Expr:
    """Return a statement with variables for what may say of its binder ``at`` that there is nothing.

    What the binder is applied to says nothing of it, nor does a condition in a hypothesis that does not speak
    of it, as ``0 ≤ i`` in ``∀ i, 0 ≤ i → f i < 1``. ``of`` is the binder's index, once that is passed.
    """
    if not isinstance(expr := bare(statement), Pi):
        return unwritten(expr, words, of)
    after = 0 if at == 0 else _above(of)
    return Pi(expr.name, unwritten(expr.type, words, of), unsaid(expr.body, at - 1, words, after), expr.info)


def unwritten(expr: Expr, words: Words = DIMENSIONS, of: int | None = None) -> Expr:
    """Return a term with variables for what says on its face that there is nothing: see :func:`unsaid`."""
    again = partial(unwritten, words=words, of=of)
    under = partial(unwritten, words=words, of=_above(of))
    match expr := bare(expr):
        case Lit(0):
            return FVar(WRITTEN)
        case Lit("") if words.has_texts:
            return FVar(WRITTEN)
        case Const(name) if name in words.names:
            return FVar(WRITTEN)
        case App() if _denies(expr, words):
            return FVar(WRITTEN)
        case App() if of is not None and _is_variable(head_of(expr), of):
            return expr
        case App(function, argument):
            return App(again(function), again(argument))
        case Lam(name, type_, body, info):
            return Lam(name, again(type_), under(body), info)
        case Pi(name, type_, body, info):
            is_apart = of is not None and _is_condition(type_) and not _speaks_of(type_, of)
            return Pi(name, type_ if is_apart else again(type_), under(body), info)
        case Let(name, type_, value, body, nondep):
            return Let(name, again(type_), again(value), under(body), nondep)
        case Proj(struct, index, subject):
            return Proj(struct, index, again(subject))
    return expr


def _above(of: int | None) -> int | None:
    return None if of is None else of + 1


def _is_variable(expr: Expr, of: int) -> bool:
    return isinstance(expr, BVar) and expr.index == of


def _is_condition(type_: Expr) -> bool:
    head = head_of(bare(type_))
    return isinstance(head, Const) and head.name in _CONDITIONS


def _speaks_of(expr: Expr, of: int) -> bool:
    """Whether a bound variable stands in a term."""
    match expr := bare(expr):
        case Lam(_, type_, body) | Pi(_, type_, body):
            return _speaks_of(type_, of) or _speaks_of(body, of + 1)
        case Let(_, type_, value, body):
            return _speaks_of(type_, of) or _speaks_of(value, of) or _speaks_of(body, of + 1)
    return _is_variable(expr, of) or any(_speaks_of(each, of) for each in parts(expr))


def _denies(expr: Expr, words: Words) -> bool:
    """Whether a term says of something that it is not so."""
    head, arguments = spine(expr)
    match head, arguments:
        case Const("Not"), (said,):
            inner, of = spine(bare(said))
            if isinstance(inner, Const) and inner.name == "Eq":
                return _is_any(of, words)
            return words.has_predicates and isinstance(inner, BVar) and bool(of)
        case Const("Ne"), (_, _, _):
            return _is_any(arguments, words)
        case Const("Eq"), (_, one, other):
            heads = [spine(bare(each))[0] for each in (one, other)]
            is_false = any(isinstance(each, Const) and each.name == "Bool.false" for each in heads)
            return is_false and _is_any(arguments, words)
    return False


def _is_any(equated: list[Expr], words: Words) -> bool:
    """Whether one of the two that are equated, of a type, is made by what is denied."""
    heads = (spine(bare(each))[0] for each in equated[1:])
    return any(isinstance(each, Const) and each.name in words.denied for each in heads)
