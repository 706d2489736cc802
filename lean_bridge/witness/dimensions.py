"""What types range over: where there is nothing, or a number that is 0, a theorem about it says nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from lean_bridge.extract.machine import (
    Declarations,
    Machine,
    Thunk,
    Value,
    VLam,
    VLit,
    VPi,
    VProj,
    VSort,
    VStuck,
    describe,
    variable,
)
from lean_bridge.olean.expr import (
    App,
    BVar,
    Constant,
    Name,
    bare,
    written_binders,
)
from lean_bridge.witness.behind import what_blocks
from lean_bridge.witness.empty import EMPTY, INHABITED, WRITTEN, Families, is_prop
from lean_bridge.witness.inhabited import Inhabitants
from lean_bridge.witness.terms import is_used
from lean_bridge.witness.zeros import NO_DIMENSIONS, ZERO, Place, Zeros

Asked: TypeAlias = Literal["data", "members", "all"]
"""Which functions have to be of something: those that give data; besides, of what is said for all, what does
not fail for each; or all of it."""

UNSHOWN: Final = "?"
"""What is said of a type of which nothing was found, before its name."""

_MOST_TRIES: Final = 600
"""How many values are given, in all, for what functions take, before only the first of each is."""

_DEEPEST: Final = 48
"""How far into what types are made of it is looked, each step of it one or two in a place."""

DEEP: Final = "…"
"""What is said of a type that is made of more than is looked into."""

_MOST_PARTS: Final = 200
"""In how many parts of a type it is looked for what is said of it."""

_SEQUENCES: Final = frozenset({"List", "Array", "String"})
"""Types of Lean's own that are as long as anybody likes."""


def _is_sequence(type_: Value) -> bool:
    return isinstance(type_, VStuck) and type_.head in _SEQUENCES


def _given(function: Thunk | None, argument: Thunk) -> Thunk | None:
    """Return what a function gives, when it is asked for."""
    return Thunk(App(BVar(0), BVar(1)), (function, (argument, None))) if function is not None else None


def is_empty_list(machine: Machine, value: Value) -> bool:
    """Whether a value is a list, or an array, of nothing."""
    if isinstance(value, VStuck) and value.head == "Array.mk" and len(value.args) > 1:
        value = machine.force(value.args[1])
    return isinstance(value, VStuck) and value.head == "List.nil"


@dataclass(frozen=True, slots=True)
class _Function:
    """What a type is the result of, after all that is taken before."""

    at: Place
    is_data: bool
    """Whether more than a proof is given in the end."""
    takes_data: bool = False
    """Whether more than proofs was taken."""


class Dimensions:
    """Finds the numbers within types that are 0, or may be, and what ranges over types that are empty.

    The numbers within a type are those that an inductive type takes, if it is no proposition, on their own or
    within lists, pairs and other data; they are looked for in everything that is a type in turn: what
    functions take and give, what types are made of, what a claim says for all. What a variable decides may
    be anything. Where ``inhabitants`` show what there is of types, what a function takes is looked for among
    these, for all that it takes at once; where they do not, only what is a variable, or a value of one, may
    be anything.

    Raises: OutOfFuel; UnsupportedTerm.
    """

    def __init__(
        self, environment: Declarations, machine: Machine, inhabitants: Inhabitants | None = None
    ) -> None:
        self._environment = environment
        self._machine = machine
        self._families = Families(environment, machine)
        self._inhabitants = inhabitants
        self._zeros = Zeros(environment, machine, self._families, are_chosen=inhabitants is None)
        self._tries = _MOST_TRIES
        self._made: list[Value] = []
        """The types of what values are made of, of which there is something therefore."""
        self._leaves = False
        self._seen: frozenset[str] = frozenset()
        """The types that are made of nothing empty, as far as those that are being looked into are."""

    def vanishing(
        self,
        type_: Value,
        at: Place = (),
        asked: Asked = "data",
        function: _Function | None = None,
        value: Thunk | None = None,
    ) -> Iterator[tuple[Place, Name]]:
        """Yield where in a type a number is 0, or which constant hides whether it is; or a type is empty.

        What a type is made of is looked into as well: of ``value``, where that is known to be of it.
        """
        match type_:
            case VPi():
                yield from self._in_function(type_, at, asked, function, value)
            case VStuck("Quot", args, False) if args:
                yield from self.vanishing(self._machine.force(args[0]), (*at, 0))
            case VStuck(_, args, False, levels) if (
                family := self._families.constant(type_, "inductive")
            ) is not None:
                kinds, sort = self._families.telescope(family, args, levels)
                for number, (kind, arg) in enumerate(zip(kinds, args, strict=False)):
                    place = (*at, number)
                    if isinstance(kind, VSort | VPi):
                        is_there = is_prop(sort) or self._gives(family, number)
                        is_all = family.name in INHABITED
                        with self._looking(is_all):
                            found = [*self._in_family(self._machine.force(arg), kind, place, is_there)]
                        yield from found
                    elif not is_prop(sort):
                        yield from self._zeros.within(arg, kind, place)
                if not is_prop(sort):
                    yield from self._in_value(family, type_, at, value)
                elif asked != "data":
                    yield from self._in_claim(family, type_, at, asked)

    def _in_function(
        self, type_: VPi, at: Place, asked: Asked, function: _Function | None, value: Thunk | None
    ) -> Iterator[tuple[Place, Name]]:
        """Look into what a function takes and gives, for what there is of the former."""
        taken = self._machine.force(type_.domain)
        yield from self.vanishing(taken, (*at, 0))
        symbol = variable(f"of {at}")
        result = self._machine.instantiate(type_, symbol)
        function = function or _Function(at, self._families.is_data(result))
        if not function.is_data and asked == "data":
            yield from self.vanishing(result, (*at, 1), asked, function)
            return
        if not self._families.is_data(taken):
            is_refuted = isinstance(result, VStuck) and result.head == "False" and not result.is_variable
            is_met = not function.is_data and (is_refuted or not function.takes_data)
            why = None if is_met else self._why_false(taken, function)
            yield from [] if why is None else [((*function.at, 2), why)]
            yield from self.vanishing(result, (*at, 1), asked, function, _given(value, symbol))
            return
        inner = replace(function, takes_data=True)
        if self._inhabitants is None:
            why = self._why_nothing(taken)
            yield from [] if why is None else [((*function.at, 2), why)]
            yield from self.vanishing(result, (*at, 1), asked, inner)
            return
        why = None if asked == "members" and not function.is_data else self._why_none(taken)
        several: Sequence[Thunk] = [symbol]
        is_told = is_used(type_.body) or (value is not None and self._is_made(result))
        if is_told and (found := self._inhabitants.some(type_, taken)):
            several = found if self._tries > 0 else found[:1]
        first: list[tuple[Place, Name]] | None = None
        for each in several:
            self._tries -= 1
            rest = self._machine.instantiate(type_, each)
            nothings = [*self.vanishing(rest, (*at, 1), asked, inner, _given(value, each))]
            if first is None or not nothings:
                first = nothings
            if not nothings:
                break
        yield from first or []
        yield from [] if why is None else [((*function.at, 2), why)]

    @contextmanager
    def _looking(self, is_all: bool) -> Iterator[None]:
        """Look into all that types are made of, or leave it to the fields of what is made by them."""
        before = self._leaves
        self._leaves = before or not is_all
        try:
            yield
        finally:
            self._leaves = before

    def _is_made(self, type_: Value) -> bool:
        """Whether it is to be looked into what a type, or what functions give in the end, is made of."""
        while isinstance(type_, VPi):
            type_ = self._machine.instantiate(type_, variable("given"))
        family = self._families.constant(type_, "inductive")
        return family is not None and family.name not in INHABITED

    def _in_claim(
        self, family: Constant, type_: VStuck, at: Place, asked: Asked
    ) -> Iterator[tuple[Place, Name]]:
        """Look into what a claim is put together of, as ``∧``, ``∨`` and ``∃`` are."""
        if family.is_recursive or family.num_indices or len(at) > _DEEPEST:
            return
        for number, name in enumerate(family.constructors):
            constructor = self._environment.constant(name)
            kind = self._machine.type_of(constructor, type_.levels) if constructor is not None else None
            for given in type_.args[: family.num_params]:
                kind = self._machine.instantiate(kind, given) if isinstance(kind, VPi) else kind
            field = 0
            while isinstance(kind, VPi):
                said, place = self._machine.force(kind.domain), (*at, -2 - number, field)
                if not self._families.is_data(said):
                    yield from self.vanishing(said, place, asked)
                kind, field = self._machine.instantiate(kind, variable(f"of {place}")), field + 1

    def _in_value(
        self, family: Constant, type_: VStuck, at: Place, value: Thunk | None
    ) -> Iterator[tuple[Place, Name]]:
        """Look into what a value is made of; where it is not known, into what any value may be made of."""
        if self._leaves:
            yield from self._in_fields_of_any(family, type_, at) if self._has_numbers(family, type_) else ()
            return
        found = None if value is None else self._machine.force(value)
        made = self._families.constant(found, "constructor") if found is not None else None
        if isinstance(found, VLit):
            return
        if made is not None and isinstance(found, VStuck):
            yield from self._in_fields(family, made, type_, at, found.args[made.num_params :])
        elif isinstance(found, VStuck | VProj) and len(family.constructors) == 1 and self._hides(found):
            made = self._environment.constant(family.constructors[0])
            number = made.num_fields if made is not None else 0
            fields = [Thunk(None, None, VProj(family.name, each, found, ())) for each in range(number)]
            yield from () if made is None else self._in_fields(family, made, type_, at, fields)
        elif self._inhabitants is not None:
            yield from self._in_any(family, type_, at, self._inhabitants)
        elif self._has_numbers(family, type_):
            yield from self._in_fields_of_any(family, type_, at)

    def _in_fields_of_any(self, family: Constant, type_: VStuck, at: Place) -> Iterator[tuple[Place, Name]]:
        """Look into what a type is made of: that tells whether a number it is made by is a dimension."""
        for each in map(self._environment.constant, family.constructors):
            yield from () if each is None else self._in_fields(family, each, type_, at)

    def _has_numbers(self, family: Constant, type_: VStuck) -> bool:
        """Whether a type is made by numbers whose 0 is one of many."""
        kinds, _ = self._families.telescope(family, type_.args, type_.levels)
        return any(isinstance(each, VStuck) and each.head in NO_DIMENSIONS for each in kinds)

    def _hides(self, value: Value) -> bool:
        """Whether it is a constant that keeps a value from being known."""
        why = what_blocks(self._environment, self._machine, value)
        return self._environment.constant(why) is not None

    def _in_any(
        self, family: Constant, type_: VStuck, at: Place, inhabitants: Inhabitants
    ) -> Iterator[tuple[Place, Name]]:
        """Look into what each constructor of a type takes, for the best of the values that it makes.

        What a type takes of itself says nothing: in the end there is nothing of that.
        """
        key = inhabitants.key(type_)
        called = key or (family.name if family.is_recursive else "")
        if family.name in INHABITED or called in self._seen or called in inhabitants.whole:
            return
        if len(at) > _DEEPEST:
            yield at, DEEP
            return
        before = self._seen
        self._seen = before | ({called} if called else set())
        nothings: list[tuple[Place, Name]] = []
        for made in map(self._environment.constant, family.constructors):
            nothings += () if made is None else self._in_best(family, made, type_, at, inhabitants)
        if nothings:
            self._seen = before
        elif key is None:
            self._seen -= {called}
        if not before:  # then nothing that is still being looked into was taken for granted
            inhabitants.whole.update(self._seen)
            self._seen = frozenset()
        yield from nothings

    def _in_best(
        self, family: Constant, made: Constant, type_: VStuck, at: Place, inhabitants: Inhabitants
    ) -> Sequence[tuple[Place, Name]]:
        """Look into what a constructor takes, for the best of what it makes where it matters what that is."""
        first: Sequence[tuple[Place, Name]] | None = None
        for sample in inhabitants.samples(type_) if self._are_related(made, type_) else ():
            each = self._machine.force(sample) if sample is not None else None
            if each is None:
                return [*(first or ()), (at, DEEP)]
            if isinstance(each, VStuck) and each.head == made.name:
                found = [*self._in_fields(family, made, type_, at, each.args[made.num_params :])]
                first = found if first is None or not found else first
                if not found:
                    break
        return first if first is not None else [*self._in_fields(family, made, type_, at)]

    def _are_related(self, made: Constant, type_: VStuck) -> bool:
        """Whether the types of what a constructor takes, or what these are made of, depend on one another."""
        kind, is_restrained, names = self._machine.type_of(made, type_.levels), False, set[Name]()
        for at in range(made.num_params + made.num_fields):
            assert isinstance(kind, VPi)
            taken = self._machine.force(kind.domain)
            given = type_.args[at] if at < made.num_params else variable(f"field {at}")
            if at >= made.num_params and self._families.is_data(taken):
                if self._mentions(taken, names):
                    return True
                names.add(f"field {at}")
                is_restrained = is_restrained or self._is_made(taken) or _is_sequence(taken)
            elif at >= made.num_params and is_restrained:
                return True
            kind = self._machine.instantiate(kind, given)
        return False

    def _in_fields(
        self,
        family: Constant,
        made: Constant,
        type_: VStuck,
        at: Place,
        fields: Sequence[Thunk] | None = None,
    ) -> Iterator[tuple[Place, Name]]:
        """Look into the types of what a constructor takes: for fields that are given, or for any."""
        at = (*at, -2 - family.constructors.index(made.name))
        given = fields or [variable(f"of {(*at, each)}") for each in range(made.num_fields)]
        kinds, made_of = self._families.telescope(
            made, (*type_.args[: made.num_params], *given), type_.levels
        )
        kinds = kinds[made.num_params :]
        if fields is not None:
            self._made += kinds
        elif isinstance(made_of, VStuck) and self._families.are_apart(made_of.args, type_.args):
            return  # it makes none of these
        for number, (kind, field) in enumerate(zip(kinds, given, strict=False)):
            place = (*at, number)
            if not self._families.is_data(kind) or self._is_itself(family, kind, type_):
                continue
            if fields is None:
                why = self._why_untaken(kind)
                yield from [] if why is None else [((*place, 2), why)]
                if _is_sequence(kind) and self._mentions(type_, {WRITTEN}):
                    yield place, WRITTEN
            elif (why := self._why_no_elements(made, type_, number, kind, field)) is not None:
                yield place, why
            yield from self.vanishing(kind, place, value=field if fields is not None else None)

    def _is_itself(self, family: Constant, kind: Value, type_: VStuck) -> bool:
        """Whether a field is of the type that it is a field of, or a function to it."""
        while isinstance(kind, VPi):
            kind = self._machine.instantiate(kind, variable("given"))
        if not family.is_recursive or not isinstance(kind, VStuck) or kind.head != type_.head:
            return False
        if self._inhabitants is None or self._families.are_same(kind, type_):
            return True
        key = self._inhabitants.key(kind)
        return key is not None and key == self._inhabitants.key(type_)

    def _why_untaken(self, kind: Value) -> Name | None:
        """Return why a constructor cannot be given what it takes, whatever it was given before."""
        is_closed = self._inhabitants is not None and self._inhabitants.key(kind) is not None
        return self._why_none(kind) if is_closed else self._families.why_empty(kind)

    def _why_no_elements(
        self, made: Constant, type_: VStuck, number: int, kind: Value, field: Thunk
    ) -> Name | None:
        """Return why a list among what values are made of has nothing in it, as it has in none of them."""
        if self._inhabitants is None or not _is_sequence(kind) or not self._is_without(field):
            return None
        if not self._is_restrained(made, type_, number):
            return None
        for sample in self._inhabitants.samples(type_):
            each = self._machine.force(sample) if sample is not None else None
            if each is None:
                return DEEP
            if (
                isinstance(each, VStuck)
                and each.head == made.name
                and not self._is_without(each.args[made.num_params + number])
            ):
                return None
        return ZERO

    def _is_restrained(self, made: Constant, type_: VStuck, number: int) -> bool:
        """Whether a constructor takes a proof after one of its fields."""
        given = (*type_.args[: made.num_params], *(variable("given") for _ in range(made.num_fields)))
        kinds, _ = self._families.telescope(made, given, type_.levels)
        return not all(map(self._families.is_data, kinds[made.num_params + number + 1 :]))

    def _mentions(self, type_: Value, names: Collection[Name]) -> bool:
        """Whether variables stand in a type, or in the functions that it takes; in a large one they may."""
        pending, looked = [type_], 0
        while pending:
            value, looked = pending.pop(), looked + 1
            if looked > _MOST_PARTS:
                return True
            if isinstance(value, VPi):
                pending.append(self._machine.force(value.domain))
                pending.append(self._machine.instantiate(value, variable("given")))
            elif isinstance(value, VLam):
                pending.append(self._machine.apply(value, (variable("given"),)))
            elif isinstance(value, VProj):
                pending += (value.of, *map(self._machine.force, value.args))
            elif isinstance(value, VStuck):
                if value.is_variable and value.head in names:
                    return True
                pending += map(self._machine.force, value.args)
        return False

    def _is_without(self, several: Thunk) -> bool:
        value = self._machine.force(several)
        return is_empty_list(self._machine, value) or (isinstance(value, VLit) and value.value == "")

    def _gives(self, family: Constant, parameter: int) -> bool:
        """Whether whatever a family is of has something of one of its parameters, as pairs have."""
        made = [*map(self._environment.constant, family.constructors)]
        if len(made) != 1 or made[0] is None:
            return False
        fields = [*enumerate(bare(each.type) for each in written_binders(made[0].type))]
        return any(
            isinstance(type_, BVar) and type_.index == at - 1 - parameter
            for at, type_ in fields[made[0].num_params :]
        )

    def _in_family(
        self, family: Value, kind: Value, at: Place, is_there: bool
    ) -> Iterator[tuple[Place, Name]]:
        """Look into a type, of which something may be known to be there, or into what a function gives."""
        sort = kind
        while isinstance(sort, VPi):
            given = variable(f"of {at}")
            family, sort = self._machine.apply(family, (given,)), self._machine.instantiate(sort, given)
        if isinstance(sort, VSort):
            yield from self.vanishing(family, at)
            if sort is kind and self._families.is_data(family):
                look = self._why_nothing if self._inhabitants is None else self._why_none
                why = self._families.why_empty(family) if is_there else look(family)
                yield from [] if why is None else [((*at, 2), why)]

    def _why_nothing(self, taken: Value) -> Name | None:
        """Return why there is nothing that a function takes, or what hides whether there is."""
        why = self._families.why_empty(taken)
        if why is not None:
            return why
        result, given = taken, set[Name]()
        while isinstance(result, VPi):
            given.add(f"given {len(given)}")
            result = self._machine.instantiate(result, variable(f"given {len(given) - 1}"))
        is_free = isinstance(result, VStuck) and result.is_variable and result.head not in given
        is_chosen = isinstance(result, VSort) or is_free
        is_plain = isinstance(result, VStuck) and (result.head in INHABITED or result.head == "Fin")
        return None if is_chosen or is_plain else describe(result)

    def _why_none(self, type_: Value) -> Name | None:
        """Return why there is nothing of a type: as its constructors show, or as nothing is found."""
        assert self._inhabitants is not None
        while isinstance(type_, VStuck) and type_.head == "Quot" and type_.args:
            type_ = self._machine.force(type_.args[0])
        if any(type_ is each for each in self._made):
            return None
        why = self._families.why_empty(type_)
        if why is not None or self._inhabitants.are_there(type_):
            return why
        is_made = self._families.constant(type_, "inductive") is not None
        if is_made and not self._inhabitants.are_tried(type_):
            return EMPTY
        return f"{UNSHOWN}{type_.head if isinstance(type_, VStuck) else describe(type_)}"

    def _why_false(self, taken: Value, function: _Function) -> Name | None:
        """Return why there is no proof that a function takes.

        A function that gives data has to have one. Within what is said of all, what does not fail may hold.
        """
        why = self._families.why_empty(taken)
        if self._inhabitants is None:
            return why or self._why_nothing(taken)
        holds = None if why is not None else self._inhabitants.truth(taken)
        if holds is None and why is None and function.is_data:
            return f"{UNSHOWN}{taken.head if isinstance(taken, VStuck) else describe(taken)}"
        return EMPTY if holds is False else why
