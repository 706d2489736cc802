"""Types that there is nothing of, as far as their constructors show."""

from __future__ import annotations

from collections.abc import Sequence
from operator import is_
from typing import Final

from lean_bridge.extract.machine import (
    Declarations,
    Machine,
    Thunk,
    Value,
    VLit,
    VPi,
    VSort,
    VStuck,
    variable,
)
from lean_bridge.olean.expr import Constant, ConstantKind, Level, Name
from lean_bridge.olean.levels import ZERO

EMPTY: Final = "∅"
"""What is said of a type that there is nothing of."""

WRITTEN: Final = "written"
"""The variable that stands for a 0, or an empty type of Lean's own, in the text of a statement.

It is also what is said of that, and of what is empty because of it.
"""

INHABITED: Final = frozenset(
    {"Bool", "Char", "Float", "Int", "List", "Nat", "Option", "PUnit", "Rat", "String", "Unit"}
)
"""Types of Lean's own that have a value whatever their arguments are."""


_AGAIN: Final = "again"
"""What is said of a type that takes itself, of which there is nothing unless it is made otherwise."""

_OF_A_QUOTIENT: Final = 2
"""Which argument of ``Quot.lift`` tells what it gives."""


class Families:
    """What an environment says of the families of types that evaluated types are made by.

    Raises: OutOfFuel; UnsupportedTerm.
    """

    def __init__(self, environment: Declarations, machine: Machine) -> None:
        self._environment = environment
        self._machine = machine
        self._propositions: dict[tuple[Name, tuple[Level, ...]], bool] = {}

    def declaration(self, name: Name) -> Constant | None:
        """Return a constant by its name."""
        return self._environment.constant(name)

    def constant(self, value: Value, kind: ConstantKind) -> Constant | None:
        """Return the constant that is applied to something, if it is of a kind."""
        if not isinstance(value, VStuck) or value.is_variable:
            return None
        constant = self._environment.constant(value.head)
        return constant if constant is not None and constant.kind == kind else None

    def telescope(
        self, constant: Constant, args: Sequence[Thunk], levels: tuple[Level, ...] = ()
    ) -> tuple[list[Value], Value]:
        """Return what each argument of a constant is of, and what it is of when it is applied to all."""
        type_, kinds = self._machine.type_of(constant, levels), list[Value]()
        for arg in args:
            if not isinstance(type_, VPi):
                break
            kinds.append(self._machine.force(type_.domain))
            type_ = self._machine.instantiate(type_, arg)
        return kinds, type_

    def is_data(self, type_: Value) -> bool:
        """Whether something of a type is more than a proof, or gives more; a family may be of anything."""
        while isinstance(type_, VPi):
            type_ = self._machine.instantiate(type_, variable("given"))
        family = self.constant(type_, "inductive")
        if family is None or not isinstance(type_, VStuck):
            return not self._is_stuck_proposition(type_)
        return not self._is_proposition(family, type_.levels)

    def is_proof(self, value: Value) -> bool:
        """Whether a constructor of a proposition makes a value, which then is any other proof of that."""
        made = self.constant(value, "constructor")
        if made is None or not isinstance(value, VStuck):
            return False
        family = self._environment.constant(made.inductive)
        return family is not None and self._is_proposition(family, value.levels)

    def _is_proposition(self, family: Constant, levels: tuple[Level, ...]) -> bool:
        key = family.name, levels
        if key not in self._propositions:
            sort = self._machine.type_of(family, levels)
            while isinstance(sort, VPi):
                sort = self._machine.instantiate(sort, variable("given"))
            self._propositions[key] = is_prop(sort)
        return self._propositions[key]

    def _is_stuck_proposition(self, type_: Value) -> bool:
        """Whether recursion, or a function of a quotient, would give a proposition."""
        if not isinstance(type_, VStuck):
            return False
        sort: Value | None = None
        if self.constant(type_, "quot") is not None and len(type_.args) > _OF_A_QUOTIENT:
            sort = self._machine.force(type_.args[_OF_A_QUOTIENT])
        recursor = self.constant(type_, "recursor")
        if recursor is not None and recursor.num_motives == 1 and len(type_.args) > recursor.num_params:
            sort = self._machine.force(type_.args[recursor.num_params])
            given = (variable(f"given {at}") for at in range(recursor.num_indices + 1))
            sort = self._machine.apply(sort, tuple(given))
        return sort is not None and is_prop(sort)

    def why_empty(self, type_: Value, within: tuple[VStuck, ...] = ()) -> Name | None:
        """Return why no constructor makes anything of a type: of its indices, or of what it takes itself.

        So ``Fin 0``, ``i < 0`` and a family that begins at 1 are empty at 0. It is as the text has it only if
        it is so of each constructor. Of functions, of what may be
        chosen, and of what a family takes of itself for other arguments nothing is said.
        """
        if is_written(type_):
            return WRITTEN
        family = self.constant(type_, "inductive")
        if family is None or not isinstance(type_, VStuck):
            return None
        if around := [each for each in within if each.head == family.name]:
            if not any(self.are_same(each, type_) for each in around):
                return None
            return _AGAIN if around[-1] is within[-1] else EMPTY  # it is not made yet
        if family.name == "Nat.le" and len(type_.args) == 2:
            least, most = (self._machine.force(arg) for arg in type_.args)
            return self._why_below(most, self._least(least))
        inner = (*within, type_)
        reasons = {self._why_unmade(name, family, type_, inner) for name in family.constructors}
        if None in reasons:
            return None
        return WRITTEN if reasons - {_AGAIN} == {WRITTEN} else EMPTY

    def are_same(self, one: VStuck, other: VStuck) -> bool:
        """Whether types of one family are at the same levels, and made of the same values."""
        ones, others = ([self._machine.force(arg) for arg in each.args] for each in (one, other))
        return one.levels == other.levels and len(ones) == len(others) and all(map(is_, ones, others))

    def _why_unmade(
        self, name: Name, family: Constant, of: VStuck, within: tuple[VStuck, ...]
    ) -> Name | None:
        """Return why a constructor makes nothing of a type of a family, if so."""
        constructor = self._environment.constant(name)
        if constructor is None:
            return None
        type_ = self._machine.type_of(constructor, of.levels)
        given, taken = of.args[: family.num_params], 0
        while isinstance(type_, VPi):
            if taken < len(given):
                argument = given[taken]
            elif (why := self.why_empty(self._machine.force(type_.domain), within)) is not None:
                return why
            else:
                argument = variable(f"taken {len(within)} {taken}")
            type_, taken = self._machine.instantiate(type_, argument), taken + 1
        made = type_.args[family.num_params :] if isinstance(type_, VStuck) else ()
        return self._why_differ(made, of.args[family.num_params :])

    def _why_differ(self, some: Sequence[Thunk], others: Sequence[Thunk]) -> Name | None:
        """Return why values cannot be the same as others, whatever is chosen within them, if so."""
        for one, other in zip(some, others, strict=False):
            left, right = self._machine.force(one), self._machine.force(other)
            if (why := self._why_two(left, right)) is not None:
                return why
        return None

    def are_apart(self, some: Sequence[Thunk], others: Sequence[Thunk]) -> bool:
        """Whether values cannot be the same as others, whatever is chosen within them."""
        return self._why_differ(some, others) is not None

    def _why_two(self, left: Value, right: Value) -> Name | None:
        if isinstance(left, VLit) and isinstance(right, VLit):
            return EMPTY if left.value != right.value else None
        if (why := self._why_below(left, self._least(right))) is not None:
            return why
        if (why := self._why_below(right, self._least(left))) is not None:
            return why
        if self.constant(left, "constructor") is None or self.constant(right, "constructor") is None:
            return None
        if self.is_proof(left):
            return None
        assert isinstance(left, VStuck)
        assert isinstance(right, VStuck)
        return EMPTY if left.head != right.head else self._why_differ(left.args, right.args)

    def _why_below(self, number: Value, least: int) -> Name | None:
        """Return why a number is less than another that is at least so much, if it is."""
        if is_written(number):
            return WRITTEN if least else None
        return EMPTY if isinstance(number, VLit) and _number(number) < least else None

    def _least(self, number: Value) -> int:
        """Return what a natural number is at least."""
        match number:
            case VLit():
                return _number(number)
            case VStuck("Nat.succ", (before,)):
                return 1 + self._least(self._machine.force(before))
            case VStuck("Nat.add", (one, other)):
                return self._least(self._machine.force(one)) + self._least(self._machine.force(other))
        return 0


def is_written(value: Value) -> bool:
    """Whether a value is nothing that a statement's text has."""
    return isinstance(value, VStuck) and value.is_variable and value.head == WRITTEN


def is_prop(sort: Value) -> bool:
    """Whether a universe is that of the propositions."""
    return isinstance(sort, VSort) and sort.level is ZERO


def _number(literal: VLit) -> int:
    return literal.value if isinstance(literal.value, int) else 0
