"""What of a value is nothing: a number that is 0, what is empty or none, what is false of everything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, TypeAlias

from lean_bridge.extract.machine import Machine, Thunk, Value, VLit, VPi, VSort, VStuck, variable
from lean_bridge.olean.expr import App, BVar, Constant, Name
from lean_bridge.witness.claims import Claims
from lean_bridge.witness.empty import Families, is_prop
from lean_bridge.witness.written import DATA, MASKS, Words
from lean_bridge.witness.zeros import NO_DIMENSIONS

Part: TypeAlias = tuple[Name, ...]
"""Where something stands in a value: in a field of a constructor, in a list, in what a function gives."""

MEMBER: Final = "∈"
GIVEN: Final = "→"

_DEEPEST: Final = 6
_MOST_FIELDS: Final = 3
"""Of how many fields together enough values are tried where no values near to a given one are."""
SAMPLES: Final = (24, 8, 4, 2)
"""Of how many values it is asked what a function gives, by how many of these it takes besides."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """A way in which there may be nothing."""

    alone: str
    """What is said of a value that is so."""
    within: str
    """What is said of a value that has such a part."""
    given: str
    """What is said of a function that gives nothing else."""
    words: Words = DATA
    """What says so in the text of a statement."""

    def said(self, part: Part) -> str:
        """Return what is said of a value in which such a part was found."""
        if not part:
            return self.alone
        return self.given if set(part) == {GIVEN} else self.within


_SEQUENCE: Final = Nothing("is empty", "has a list in it that is empty", "gives what is empty alone")
_OPTION: Final = Nothing("is none", "has an option in it that is none", "gives none alone")
_NUMBER: Final = Nothing("is 0", "has a number in it that is 0", "gives 0 alone")
_MASK: Final = Nothing("is false", "has false alone in it", "is false everywhere", MASKS)


class Parts:
    """Finds what is nothing in values. Raises: OutOfFuel; UnsupportedTerm."""

    def __init__(self, machine: Machine, families: Families, claims: Claims) -> None:
        self._machine = machine
        self._families = families
        self._claims = claims

    def nothings(self, kind: Value, of: Thunk, part: Part = ()) -> Mapping[Part, Nothing] | None:
        """Return which parts of a value of a type are nothing: in all of a list, and for all that is given.

        ``None`` if a function is given nothing anywhere.
        """
        if len(part) > _DEEPEST:
            return {}
        if isinstance(kind, VPi):
            return self._of_function(kind, of, part)
        is_of_many = bool({MEMBER, GIVEN} & {*part})
        if isinstance(kind, VSort) and is_prop(kind) and is_of_many:
            return {part: _MASK} if self._claims.truth(self._machine.force(of)) is False else {}
        if not isinstance(kind, VStuck) or kind.is_variable or not self._families.is_data(kind):
            return {}
        value = self._machine.force(of)
        if isinstance(value, VLit):
            return {} if value.value else {part: _NUMBER if value.value == 0 else _SEQUENCE}
        if kind.head in ("List", "Array"):
            return self._of_members(self._machine.force(kind.args[0]), value, part)
        if kind.head == "Bool" and is_of_many and isinstance(value, VStuck) and value.head == "Bool.false":
            return {part: _MASK}
        made = self._families.constant(value, "constructor")
        if made is None or not isinstance(value, VStuck) or made.inductive != kind.head:
            return {}
        if kind.head in NO_DIMENSIONS:
            return {}
        return {part: _OPTION} if made.name == "Option.none" else self._of_fields(made, kind, value, part)

    def fields(self, made: Constant, kind: VStuck, value: VStuck) -> tuple[Sequence[Value], Sequence[Thunk]]:
        """Return of what each argument of a constructor is that makes a value of a type, and these."""
        # what it is made for is told by the type: a value that is only tried does not say it
        args = (*kind.args[: made.num_params], *value.args[made.num_params :])
        return self._families.telescope(made, args, kind.levels)[0], args

    def _of_fields(self, made: Constant, kind: VStuck, value: VStuck, part: Part) -> Mapping[Part, Nothing]:
        kinds, args = self.fields(made, kind, value)
        fields = [*enumerate(zip(kinds, args, strict=False))][made.num_params :]
        data = [(number, type_, each) for number, (type_, each) in fields if self._families.is_data(type_)]
        if len(data) > _MOST_FIELDS and {MEMBER, GIVEN} & {*part}:
            return {}
        found: dict[Part, Nothing] = {}
        for number, type_, each in data:
            found |= self.nothings(type_, each, (*part, field_name(made.name, number))) or {}
        return found

    def _of_function(self, kind: VPi, of: Thunk, part: Part) -> Mapping[Part, Nothing] | None:
        """Look into what a function gives for anything, or else for some things."""
        taken = self._machine.force(kind.domain)
        if not self._families.is_data(taken):
            is_given = self._claims.truth(taken) is not False
            return self._of_given(kind, of, variable("proof"), part) if is_given else None
        for_any = self._of_given(kind, of, variable("given"), part)
        depth = min(part.count(GIVEN), len(SAMPLES) - 1)
        samples = islice(self._claims.values.of(taken, 1), SAMPLES[depth])
        return for_any or _common(self._of_given(kind, of, each.thunk, part) for each in samples)

    def _of_given(self, kind: VPi, of: Thunk, given: Thunk, part: Part) -> Mapping[Part, Nothing] | None:
        result = Thunk(App(BVar(0), BVar(1)), (of, (given, None)))
        return self.nothings(self._machine.instantiate(kind, given), result, (*part, GIVEN))

    def _of_members(self, kind: Value, several: Value, part: Part) -> Mapping[Part, Nothing]:
        if isinstance(several, VStuck) and several.head == "Array.mk":
            several = self._machine.force(several.args[1])
        if isinstance(several, VStuck) and several.head == "List.nil":
            return {part: _SEQUENCE}
        members = self._members(several)
        return _common(self.nothings(kind, each, (*part, MEMBER)) for each in members) or {}

    def _members(self, several: Value) -> Iterator[Thunk]:
        while isinstance(several, VStuck) and several.head == "List.cons":
            yield several.args[1]
            several = self._machine.force(several.args[2])


def field_name(made: Name, number: int) -> Name:
    """Return what a place in a constructor is called in a part."""
    return f"{made} {number}"


def _common(several: Iterable[Mapping[Part, Nothing] | None]) -> Mapping[Part, Nothing] | None:
    """Return what is nothing in all of several, as far as there is something in them."""
    found: Mapping[Part, Nothing] | None = None
    for each in several:
        if each is None:
            continue
        found = each if found is None else {part: why for part, why in found.items() if part in each}
        if not found:
            break
    return found
