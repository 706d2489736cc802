"""Whether the hypotheses of a theorem leave nothing but lists that are empty, or numbers that are 0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from lean_bridge.errors import OutOfFuel, UnsupportedTerm
from lean_bridge.extract.machine import Machine, Thunk, Universes, Value, VLit, VPi, VStuck, variable
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import App, BVar, Constant, Expr, Name
from lean_bridge.witness.empty import Families
from lean_bridge.witness.nothing import unwritten
from lean_bridge.witness.search import order_of
from lean_bridge.witness.telescope import Telescope
from lean_bridge.witness.trial import Computing, Trials
from lean_bridge.witness.values import Term
from lean_bridge.witness.zeros import NO_DIMENSIONS

_Part: TypeAlias = tuple[Name, ...]
"""Where something stands in a value: in a field of a constructor, in a list, in what a function gives."""

_SEQUENCE: Final = "has a list in it that is empty"
_EMPTY: Final = "is empty"
_NUMBER: Final = "has a number in it that is 0"

_FUEL: Final = 100_000
_DEEPEST: Final = 6
_MOST_FIELDS: Final = 3
"""Of how many fields together enough values are tried to say that there are no others."""
_MEMBER: Final = "∈"
_GIVEN: Final = "→"


def left_alone(
    environment: Environment,
    constant: Constant,
    telescope: Telescope,
    arguments: Sequence[Expr],
    universes: Universes | None,
    is_open: Sequence[int] = (),
) -> tuple[int, str] | None:
    """Return which binder of a theorem is met by nothing alone, and what is said of all that meets it.

    It is met by such in these ``arguments``, and for all other values that are tried some hypothesis fails,
    by evaluation, that does not say so in its text, as ``l = []`` does. What is open is no matter
    here. Nothing is said where that takes too long.
    """
    machine = Computing(environment, held=lambda _: False, fuel=_FUEL)
    parts = _Parts(environment, machine)
    found: list[tuple[int, _Part, str]] = []
    try:
        type_ = machine.evaluate(constant.type, universes)
        for at, argument in enumerate(arguments):
            if not isinstance(type_, VPi):
                break
            kind, given = machine.force(type_.domain), Thunk(argument, None)
            if at not in is_open:
                found += [(at, part, why) for part, why in parts.nothings(kind, given).items()]
            type_ = machine.instantiate(type_, given)
    except (OutOfFuel, UnsupportedTerm):
        return None
    if not found:
        return None
    statement = unwritten(constant.type, lists=True)
    order = order_of(environment, constant, telescope)
    trials = [each for each in order.trials if each.at not in is_open]
    tried = {each.at for each in trials}
    found = [each for each in found if each[0] in tried]
    known = {at: Thunk(each, None) for at, each in enumerate(arguments) if at not in tried}
    for at, part, why in found:
        allowed = _Others(environment, at, part)
        if Trials(environment, statement, trials, known, order.literals, allowed).is_any() is False:
            return at, why if part else _EMPTY
    return None


class _Others:
    """Which values have something in a part of them, or have no such part."""

    def __init__(self, environment: Environment, at: int, part: _Part) -> None:
        self._parts = _Parts(environment, Computing(environment, held=lambda _: False, fuel=_FUEL))
        self._at = at
        self._part = part

    def __call__(self, at: int, kind: Value, term: Term) -> bool:
        """Whether a value may be given for a binder."""
        if at != self._at:
            return True
        found = self._parts.nothings(kind, term.thunk)
        return not any(self._part[: len(each)] == each for each in found)


class _Parts:
    """Finds what is nothing in values. Raises: OutOfFuel; UnsupportedTerm."""

    def __init__(self, environment: Environment, machine: Machine) -> None:
        self._machine = machine
        self._families = Families(environment, machine)

    def nothings(self, kind: Value, of: Thunk, depth: int = 0) -> Mapping[_Part, str]:
        """Return which parts of a value of a type are empty, in all members of a list."""
        if isinstance(kind, VPi):
            given = variable("given")
            result = Thunk(App(BVar(0), BVar(1)), (of, (given, None)))
            gives = self._within(_GIVEN, self._machine.instantiate(kind, given), result, depth)
            return {part: why for part, why in gives.items() if why != _NUMBER}
        if not isinstance(kind, VStuck) or kind.is_variable or not self._families.is_data(kind):
            return {}
        value = self._machine.force(of)
        if isinstance(value, VLit):
            return {(): _NUMBER if value.value == 0 else _SEQUENCE} if not value.value else {}
        if kind.head in ("List", "Array"):
            return self._of_members(self._machine.force(kind.args[0]), value, depth)
        made = self._families.constant(value, "constructor")
        if made is None or not isinstance(value, VStuck) or made.inductive != kind.head:
            return {}
        if kind.head in NO_DIMENSIONS:
            return {}
        # what it is made for is told by the type: a value that is only tried does not say it
        args = (*kind.args[: made.num_params], *value.args[made.num_params :])
        kinds, _ = self._families.telescope(made, args, kind.levels)
        fields = [*enumerate(zip(kinds, args, strict=False))][made.num_params :]
        data = [(number, type_, each) for number, (type_, each) in fields if self._families.is_data(type_)]
        found: dict[_Part, str] = {}
        for number, type_, each in data if len(data) <= _MOST_FIELDS else ():
            found |= self._within(f"{made.name} {number}", type_, each, depth)
        return found

    def _within(self, place: Name, kind: Value, of: Thunk, depth: int) -> Mapping[_Part, str]:
        if depth == _DEEPEST:
            return {}
        return {(place, *part): why for part, why in self.nothings(kind, of, depth + 1).items()}

    def _of_members(self, kind: Value, several: Value, depth: int) -> Mapping[_Part, str]:
        if isinstance(several, VStuck) and several.head == "Array.mk":
            several = self._machine.force(several.args[1])
        found: list[Mapping[_Part, str]] = []
        while isinstance(several, VStuck) and several.head == "List.cons":
            found.append(self._within(_MEMBER, kind, several.args[1], depth))
            several = self._machine.force(several.args[2])
        if not isinstance(several, VStuck) or several.head != "List.nil":
            return {}
        if not found:
            return {(): _SEQUENCE}
        return {part: why for part, why in found[0].items() if all(part in each for each in found)}
