"""Numbers that are 0, or may be, within what types are made by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

from lean_bridge.extract.machine import (
    Declarations,
    Machine,
    Thunk,
    Value,
    VLit,
    VProj,
    VStuck,
    describe,
)
from lean_bridge.olean.expr import Name
from lean_bridge.witness.behind import LITERAL, what_blocks
from lean_bridge.witness.empty import WRITTEN, Families, is_written

Place: TypeAlias = tuple[int, ...]
"""Where something stands in a type: in which part, there in which part, and so on."""

ZERO: Final = "0"
"""What is said of a number that is 0; of one that nobody can tell, the constant that hides it is named."""

NO_DIMENSIONS: Final = frozenset({"Fin", "Int"})
"""Types of Lean's own that are made of numbers, and whose 0 is one of many."""


class Zeros:
    """Finds the numbers that are 0, or may be, among data.

    What a variable decides may be anything; where ``are_chosen``, only what is a variable itself.
    Raises: OutOfFuel; UnsupportedTerm.
    """

    def __init__(
        self, environment: Declarations, machine: Machine, families: Families, *, are_chosen: bool
    ) -> None:
        self._environment = environment
        self._machine = machine
        self._families = families
        self._are_chosen = are_chosen

    def within(self, data: Thunk, kind: Value, at: Place) -> Iterator[tuple[Place, Name]]:
        """Look at a number, or at the numbers that something is put together of."""
        type_ = self._families.constant(kind, "inductive")
        if type_ is None or type_.name in NO_DIMENSIONS or not self._families.is_data(kind):
            return
        value = self._machine.force(data)
        if type_.name == "Nat":
            if (why := self._why_zero(value)) is not None:
                yield at, why
        elif (made := self._families.constant(value, "constructor")) and isinstance(value, VStuck):
            kinds, _ = self._families.telescope(made, value.args, value.levels)
            for number, (inner, arg) in enumerate(zip(kinds, value.args, strict=False)):
                if number >= made.num_params:
                    yield from self.within(arg, inner, (*at, number))
        elif (why := self._what_decides(value)) is not None:
            yield at, why

    def _why_zero(self, value: Value) -> Name | None:
        """Return ``ZERO``, or what hides whether a number is 0, if it may be."""
        if is_written(value):
            return WRITTEN
        match value:
            case VLit(number):
                return None if number else ZERO
            case VStuck("Nat.succ"):
                return None
            case VStuck("Nat.add" | "Nat.mul" as head, args) if len(args) == 2:
                both = [self._why_zero(self._machine.force(arg)) for arg in args]
                unclear = sorted((why for why in both if why is not None), key=_clearness)
                if head == "Nat.mul":  # 0 as soon as one of them is
                    return unclear[0] if unclear else None
                return unclear[1] if len(unclear) == len(both) else None
        return self._what_decides(value)

    def _what_decides(self, value: Value) -> Name | None:
        """Return what keeps a value from being known, unless it may be anything."""
        if self._are_chosen and isinstance(value, VStuck | VProj):
            return None if isinstance(value, VStuck) and value.is_variable else describe(value)
        why = what_blocks(self._environment, self._machine, value)
        return why if why == LITERAL or self._environment.constant(why) is not None else None


def _clearness(why: Name) -> int:
    """Return how far it is from being seen by every reader that a number is 0."""
    return {WRITTEN: 0, ZERO: 1}.get(why, 2)
