"""Which constants make proofs: two proofs of one statement are the same."""

from __future__ import annotations

from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import Const, Expr, LZero, Name, Pi, Sort, bare, head_of


def is_proof(name: Name, environment: Environment) -> bool:
    """Whether everything headed by a constant is a proof, as far as the constant's type tells."""
    if environment.original_kind(name) == "theorem":
        return True
    type_ = environment.type_of(name)
    head = head_of(conclusion(type_)) if type_ is not None else None
    family = environment.type_of(head.name) if isinstance(head, Const) else None
    sort = conclusion(family) if family is not None else None
    return isinstance(sort, Sort) and isinstance(sort.level, LZero)


def conclusion(type_: Expr) -> Expr:
    """Return what a type concludes, behind everything that it takes."""
    return taken_and_concluded(type_)[1]


def taken_and_concluded(type_: Expr) -> tuple[int, Expr]:
    """Return how much a type takes, and what it concludes behind that."""
    taken = 0
    while isinstance(type_ := bare(type_), Pi):
        type_, taken = type_.body, taken + 1
    return taken, type_
