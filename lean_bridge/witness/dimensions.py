"""The numbers within types, as the dimensions of tensors are: of a type with a 0 there may be nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from lean_bridge.extract.machine import (
    Declarations,
    Machine,
    Thunk,
    Value,
    VLit,
    VPi,
    VProj,
    VSort,
    VStuck,
    describe,
    variable,
)
from lean_bridge.olean.expr import Constant, ConstantKind, Expr, LZero, Name
from lean_bridge.witness.behind import what_blocks

Place: TypeAlias = tuple[int, ...]
"""Where something stands in a type: in which part, there in which part, and so on."""

ZERO: Final = "0"
"""What is said of a number that is 0; of one that nobody can tell, the constant that hides it is named."""

_NO_DIMENSIONS: Final = frozenset({"Fin", "Int"})
"""Types of Lean's own that are made of numbers, and whose 0 is one of many."""


def only_here_zero(
    environment: Declarations, statement: Expr, arguments: Sequence[Expr]
) -> Iterator[tuple[int, Name]]:
    """Yield which of its binders give a statement dimensions that are 0, or may be, for these arguments.

    Each by its number, the claim by the next one, with why: :data:`ZERO`, or a constant that hides what the
    number is. A 0 that is one for all arguments is written in the statement, and is none of these. Of a
    statement that takes more arguments there is nothing to say.

    Raises: OutOfFuel; UnsupportedTerm.
    """
    machine = Machine(environment, held=lambda _: False)
    if found := _zeros(environment, machine, statement, [Thunk(argument, None) for argument in arguments]):
        symbols = [variable(f"b{at}") for at in range(len(arguments))]
        written = _zeros(environment, machine, statement, symbols)
        yield from ((place[0], why) for place, why in found.items() if written.get(place) != ZERO)


def may_vanish(environment: Declarations, machine: Machine, type_: Value) -> Name | None:
    """Return what in a statement decides whether a number within a type is 0, whatever is chosen for it.

    ``None`` where each such number is made by ``+`` and ``*`` of numerals and of what may be chosen; a 0 that
    is written is one. Raises: OutOfFuel; UnsupportedTerm.
    """
    found = Dimensions(environment, machine, are_chosen=True).vanishing(type_)
    return next((why for _, why in found if why != ZERO), None)


def _zeros(
    environment: Declarations, machine: Machine, statement: Expr, arguments: Sequence[Thunk]
) -> dict[Place, Name]:
    dimensions, found = Dimensions(environment, machine), dict[Place, Name]()
    type_ = machine.evaluate(statement)
    for at, argument in enumerate(arguments):
        if not isinstance(type_, VPi):
            return found
        found |= dimensions.vanishing(machine.force(type_.domain), (at,))
        type_ = machine.instantiate(type_, argument)
    return found | dict(dimensions.vanishing(type_, (len(arguments),)))


class Dimensions:
    """Finds the numbers within types that are 0, or may be.

    The numbers within a type are those that an inductive type takes, if it is no proposition, on their own or
    within lists, pairs and other data; they are looked for in everything that is a type in turn: what
    functions take and give, what types are made of. What a variable decides may be anything;
    with ``are_chosen`` only what is a variable, or a value of one, may be.

    Raises: OutOfFuel; UnsupportedTerm.
    """

    def __init__(self, environment: Declarations, machine: Machine, *, are_chosen: bool = False) -> None:
        self._environment = environment
        self._machine = machine
        self._are_chosen = are_chosen

    def vanishing(self, type_: Value, at: Place = ()) -> Iterator[tuple[Place, Name]]:
        """Yield where in a type a number is 0, or which constant hides whether it is."""
        match type_:
            case VPi(_, domain):
                yield from self.vanishing(self._machine.force(domain), (*at, 0))
                result = self._machine.instantiate(type_, variable(f"of {at}"))
                yield from self.vanishing(result, (*at, 1))
            case VStuck(_, args, False) if (family := self._constant(type_, "inductive")) is not None:
                kinds, sort = self._telescope(family, args)
                for number, (kind, arg) in enumerate(zip(kinds, args, strict=False)):
                    place = (*at, number)
                    if isinstance(kind, VSort | VPi):
                        yield from self._in_family(self._machine.force(arg), kind, place)
                    elif not _is_prop(sort):
                        yield from self._in_data(arg, kind, place)

    def _in_family(self, family: Value, kind: Value, at: Place) -> Iterator[tuple[Place, Name]]:
        """Look into a type, or into what a function to types gives."""
        while isinstance(kind, VPi):
            given = variable(f"of {at}")
            family, kind = self._machine.apply(family, (given,)), self._machine.instantiate(kind, given)
        if isinstance(kind, VSort):
            yield from self.vanishing(family, at)

    def _in_data(self, data: Thunk, kind: Value, at: Place) -> Iterator[tuple[Place, Name]]:
        """Look at a number, or at the numbers that something is put together of."""
        type_ = self._constant(kind, "inductive")
        if type_ is None or type_.name in _NO_DIMENSIONS or self._is_proposition(kind, type_):
            return
        value = self._machine.force(data)
        if type_.name == "Nat":
            if (why := self._why_zero(value)) is not None:
                yield at, why
        elif (made := self._constant(value, "constructor")) is not None and isinstance(value, VStuck):
            kinds, _ = self._telescope(made, value.args)
            for number, (inner, arg) in enumerate(zip(kinds, value.args, strict=False)):
                if number >= made.num_params:
                    yield from self._in_data(arg, inner, (*at, number))
        elif (why := self._what_decides(value)) is not None:
            yield at, why

    def _why_zero(self, value: Value) -> Name | None:
        """Return ``ZERO``, or what hides whether a number is 0, if it may be."""
        match value:
            case VLit(number):
                return None if number else ZERO
            case VStuck("Nat.succ"):
                return None
            case VStuck("Nat.add" | "Nat.mul" as head, args) if len(args) == 2:
                both = [self._why_zero(self._machine.force(arg)) for arg in args]
                unclear = [why for why in both if why is not None]
                if len(unclear) < (2 if head == "Nat.add" else 1):
                    return None
                return next((why for why in unclear if why != ZERO), ZERO)
        return self._what_decides(value)

    def _what_decides(self, value: Value) -> Name | None:
        """Return what keeps a value from being known, unless it may be anything."""
        if self._are_chosen and isinstance(value, VStuck | VProj):
            return None if isinstance(value, VStuck) and value.is_variable else describe(value)
        why = what_blocks(self._environment, self._machine, value)
        return why if self._environment.constant(why) is not None else None

    def _constant(self, value: Value, kind: ConstantKind) -> Constant | None:
        """Return the constant that is applied to something, if it is of a kind."""
        if not isinstance(value, VStuck) or value.is_variable:
            return None
        constant = self._environment.constant(value.head)
        return constant if constant is not None and constant.kind == kind else None

    def _is_proposition(self, kind: Value, type_: Constant) -> bool:
        return isinstance(kind, VStuck) and _is_prop(self._telescope(type_, kind.args)[1])

    def _telescope(self, constant: Constant, args: Sequence[Thunk]) -> tuple[list[Value], Value]:
        """Return what each argument of a constant is of, and what it is of when it is applied to all."""
        type_, kinds = self._machine.evaluate(constant.type), list[Value]()
        for arg in args:
            if not isinstance(type_, VPi):
                break
            kinds.append(self._machine.force(type_.domain))
            type_ = self._machine.instantiate(type_, arg)
        return kinds, type_


def _is_prop(sort: Value) -> bool:
    return isinstance(sort, VSort) and isinstance(sort.expr.level, LZero)
