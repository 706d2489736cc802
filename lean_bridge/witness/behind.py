"""What stands in the way of seeing whether a claim takes more: a value that does not reduce any further."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from lean_bridge.extract.machine import Declarations, Machine, Thunk, Value, VLit, VProj, VStuck, variable
from lean_bridge.olean.expr import BVar, Constant, Expr, Name, Pi, bare, spine, written_binders

LITERAL: Final = "a literal"
_LIFTED: Final = 6
"""The arguments of ``Quot.lift``: type, relation, result, function, that it respects that, a class."""


def what_hides(
    environment: Declarations, machine: Machine, claim: Value, families: Collection[Name] = ()
) -> Name | None:
    """Return what hides whether a claim takes more; ``None`` if it can be seen that it does not.

    It takes no more if it is an application of an inductive type, or of one of the ``families``, which may be
    chosen. A recursor that is stuck is equal to one of its cases, whatever it is of, and ``Quot.lift`` to its
    function of something: then none of these may take more, where what recursion gives takes no more, by
    induction. Anything else may be equal to whatever its author chose.

    Raises: OutOfFuel; UnsupportedTerm.
    """
    match claim:
        case VStuck(head, _, True) if head in families:
            return None
        case VStuck(head, args, False) if (constant := environment.constant(head)) is not None:
            if constant.kind == "inductive":
                return None
            cases = [*_cases(machine, constant, args)]
            hidden = (what_hides(environment, machine, case, {*families, *more}) for case, more in cases)
            if cases and not any(hidden):
                return None
    return what_blocks(environment, machine, claim)


def what_blocks(environment: Declarations, machine: Machine, value: Value) -> Name:
    """Return the constant, or the variable, at which a value is stuck.

    That is :data:`LITERAL` for a text into which nobody looks, and ``∀`` for a function type.
    """
    while True:
        match value:
            case VProj(_, _, of):
                value = of
            case VStuck(head, args):
                constant = None if value.is_variable else environment.constant(head)
                inner = [machine.force(arg) for arg in _decisive(constant, args)]
                if not inner:
                    return head
                value = next((each for each in inner if not isinstance(each, VLit)), inner[0])
            case VLit():
                return LITERAL
            case _:
                return "∀"


def _decisive(constant: Constant | None, args: tuple[Thunk, ...]) -> tuple[Thunk, ...]:
    """Return the arguments that have to reduce before an application of a constant does."""
    if constant is not None and constant.kind == "definition":  # else unfolded: it computes with numbers
        return args
    at = _major(constant) if constant is not None else None
    return args[at : at + 1] if at is not None else ()


def _major(constant: Constant) -> int | None:
    """Return which argument a recursor is of, or ``Quot.lift``."""
    if constant.kind == "recursor":
        return constant.num_params + constant.num_motives + constant.num_minors + constant.num_indices
    return _LIFTED - 1 if constant.quot_kind == "lift" else None


def _cases(
    machine: Machine, constant: Constant, args: tuple[Thunk, ...]
) -> Iterator[tuple[Value, Collection[Name]]]:
    """Yield what a stuck application may be equal to, and the variables that stand for such claims there."""
    if constant.quot_kind == "lift" and len(args) >= _LIFTED:
        yield machine.apply(machine.force(args[3]), (variable("given"), *args[_LIFTED:])), ()
    if constant.kind != "recursor" or len(args) <= (_major(constant) or 0):
        return
    first = constant.num_params + constant.num_motives
    rest = args[first + constant.num_minors + constant.num_indices + 1 :]
    # of other arguments, or of another motive, a claim that was met in recursion would say something else
    motives = {constant.num_params} if constant.num_motives == 1 and not rest else set[int]()
    for at, minor in enumerate(written_binders(constant.type)[first : first + constant.num_minors], first):
        names = [
            f"recursion {at}" if _variable_above(each.type, at + inner) in motives else f"given {at} {inner}"
            for inner, each in enumerate(written_binders(minor.type))
        ]
        case = machine.apply(machine.force(args[at]), (*map(variable, names), *rest))
        yield case, {name for name in names if name.startswith("recursion")}


def _variable_above(type_: Expr, depth: int) -> int | None:
    """Return which variable, counted from the outermost, a type under ``depth`` of them ends in."""
    while isinstance(type_ := bare(type_), Pi):
        type_, depth = type_.body, depth + 1
    head, _ = spine(type_)
    return depth - 1 - head.index if isinstance(head, BVar) else None
