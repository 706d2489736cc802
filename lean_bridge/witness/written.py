"""What the text of a statement says on its face of what there is nothing of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

from lean_bridge.olean.expr import App, BVar, Const, Expr, FVar, Lam, Let, Lit, Name, Pi, Proj, bare, spine
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


def unwritten(expr: Expr, words: Words = DIMENSIONS) -> Expr:
    """Return a term with variables for what says on its face that there is nothing."""
    again = partial(unwritten, words=words)
    match expr := bare(expr):
        case Lit(0):
            return FVar(WRITTEN)
        case Lit("") if words.has_texts:
            return FVar(WRITTEN)
        case Const(name) if name in words.names:
            return FVar(WRITTEN)
        case App() if _denies(expr, words):
            return FVar(WRITTEN)
        case App(function, argument):
            return App(again(function), again(argument))
        case Lam(name, type_, body, info):
            return Lam(name, again(type_), again(body), info)
        case Pi(name, type_, body, info):
            return Pi(name, again(type_), again(body), info)
        case Let(name, type_, value, body, nondep):
            return Let(name, again(type_), again(value), again(body), nondep)
        case Proj(struct, index, of):
            return Proj(struct, index, again(of))
    return expr


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
