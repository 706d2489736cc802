"""Where a statement ranges over nothing, for some arguments alone, or whatever is chosen."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from lean_bridge.extract.machine import (
    Declarations,
    Machine,
    Thunk,
    Universes,
    Value,
    VPi,
    variable,
)
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import Expr, Name
from lean_bridge.olean.mentions import constants_in
from lean_bridge.witness.dimensions import Asked, Dimensions, is_empty_list
from lean_bridge.witness.empty import EMPTY, WRITTEN
from lean_bridge.witness.inhabited import Declared, Inhabitants
from lean_bridge.witness.terms import literals_in
from lean_bridge.witness.written import unwritten
from lean_bridge.witness.zeros import ZERO, Place

_MOST_UNDERNEATH: Final = 200
"""In how many declarations underneath a statement numbers are looked for."""


def only_here_nothing(
    environment: Environment,
    statement: Expr,
    arguments: Sequence[Expr],
    declared: Declared,
    models: Collection[Name] = (),
    universes: Universes | None = None,
) -> Iterator[tuple[int, Name]]:
    """Yield for which of its binders a statement ranges over nothing, or may, for these arguments.

    Each by its number, the claim by the next one, with why: :data:`ZERO`, for a dimension; :data:`EMPTY`; a
    type of which nothing was found, after :data:`UNSHOWN`; or a constant that hides what a number is. What
    the text of the statement says for all arguments, by a literal 0 or one of Lean's own empty types, is none
    of these; what a definition makes of its text is. Of a statement that takes more arguments there is
    nothing to say. ``universes`` are those at which the statement is applied.

    Raises: OutOfFuel; UnsupportedTerm.
    """

    def nothings(said: Expr, given: Sequence[Thunk], asked_of: Collection[int]) -> dict[Place, Name]:
        machine = Machine(environment, held=lambda _: False)
        inhabitants = Inhabitants(environment, declared, models, lambda: _literals(environment, statement))
        evaluated = machine.evaluate(said, universes)
        return _nothings(Dimensions(environment, machine, inhabitants), machine, evaluated, given, asked_of)

    every = range(len(arguments) + 1)
    if found := nothings(statement, [Thunk(each, None) for each in arguments], every):
        symbols = [variable(f"b{at}") for at in range(len(arguments))]
        there = {place[0] for place in found}
        always = nothings(statement, symbols, there)
        hidden = nothings(unwritten(statement), symbols, there)
        for place, why in found.items():
            if always.get(place) not in (ZERO, EMPTY) or hidden.get(place) != WRITTEN:
                yield place[0], why


def may_vanish(environment: Declarations, machine: Machine, statement: Expr) -> Name | None:
    """Return what in a statement decides whether it ranges over nothing, whatever is chosen for it.

    ``None`` where each number within a type is made by ``+`` and ``*`` of numerals and of what may be chosen,
    and 0 only as it is written; and where no type is empty that is not written so.
    Raises: OutOfFuel; UnsupportedTerm.
    """
    dimensions = Dimensions(environment, machine)
    found = dict(dimensions.vanishing(machine.evaluate(statement), asked="all"))
    if not found:
        return None
    hidden = dict(dimensions.vanishing(machine.evaluate(unwritten(statement)), asked="all"))
    said = ((why, hidden.get(at)) for at, why in found.items())
    return next((why for why, how in said if why not in (ZERO, EMPTY) or how != WRITTEN), None)


def _literals(environment: Declarations, statement: Expr) -> list[int | str]:
    """Return the numbers and texts of a statement, and of what is underneath it."""
    found, seen, pending = dict[int | str, None](), set[Name](), [statement]
    while pending:
        expr = pending.pop(0)
        found |= dict.fromkeys(literals_in(expr))
        for name in sorted(constants_in([expr]) - seen):
            constant = environment.constant(name)
            seen.add(name)
            if constant is not None and len(seen) < _MOST_UNDERNEATH:
                if constant.kind == "definition" and constant.value is not None:
                    pending.append(constant.value)
                made = map(environment.constant, constant.constructors)
                pending += [each.type for each in made if each is not None]
    return [*found]


def _nothings(
    dimensions: Dimensions,
    machine: Machine,
    type_: Value,
    arguments: Sequence[Thunk],
    asked_of: Collection[int],
) -> dict[Place, Name]:
    """Return where there is nothing, for these arguments, in the types of some of them."""
    found = dict[Place, Name]()
    is_list_empty = any(is_empty_list(machine, machine.force(argument)) for argument in arguments)
    asked: Asked = "members" if is_list_empty else "data"
    for at, argument in enumerate(arguments):
        if not isinstance(type_, VPi):
            return found
        kind = machine.force(type_.domain)
        found |= dimensions.vanishing(kind, (at,), asked, value=argument) if at in asked_of else ()
        type_ = machine.instantiate(type_, argument)
    claimed = len(arguments)
    return found | dict(dimensions.vanishing(type_, (claimed,), "all") if claimed in asked_of else ())
