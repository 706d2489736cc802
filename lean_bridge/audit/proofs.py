"""Which constants make proofs: two proofs of one statement are the same."""

from __future__ import annotations

from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import Const, Expr, LZero, Name, Pi, Sort, bare, head_of, written_binders


def is_proof(name: Name, environment: Environment) -> bool:
    """Whether everything headed by a constant is a proof, as far as the constant's type tells."""
    if environment.original_kind(name) == "theorem":
        return True
    type_ = environment.type_of(name)
    if type_ is None:
        return False
    return _is_proposition(type_, environment)


def is_claim(name: Name, environment: Environment) -> bool:
    """Whether a constant says that something holds: it is a proof, or a structure of nothing but proofs."""
    if is_proof(name, environment):
        return True
    type_ = environment.type_of(name)
    head = head_of(conclusion(type_)) if type_ is not None else None
    family = environment.constant(head.name) if isinstance(head, Const) else None
    if family is None or len(family.constructors) != 1:
        return False
    fields = written_binders(environment.type_of(family.constructors[0]) or family.type)[family.num_params :]
    return bool(fields) and all(_is_proposition(each.type, environment) for each in fields)


def _is_proposition(type_: Expr, environment: Environment) -> bool:
    head = head_of(conclusion(type_))
    return isinstance(head, Const) and _makes_propositions(head.name, environment)


def _makes_propositions(name: Name, environment: Environment) -> bool:
    family = environment.type_of(name)
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
