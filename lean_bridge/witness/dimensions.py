"""What types range over: where there is nothing, or a number that is 0, a theorem about it says nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from lean_bridge.audit.proofs import conclusion
from lean_bridge.extract.machine import (
    Declarations,
    Machine,
    Thunk,
    Universes,
    Value,
    VLit,
    VPi,
    VProj,
    VSort,
    VStuck,
    describe,
    variable,
)
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import (
    App,
    BVar,
    Const,
    Constant,
    Expr,
    FVar,
    Lam,
    Let,
    Lit,
    Name,
    Pi,
    Proj,
    bare,
    head_of,
    written_binders,
)
from lean_bridge.olean.mentions import constants_in
from lean_bridge.witness.behind import LITERAL, what_blocks
from lean_bridge.witness.empty import EMPTY, INHABITED, WRITTEN, Families, is_prop, is_written
from lean_bridge.witness.inhabited import Declared, Inhabitants
from lean_bridge.witness.terms import is_used, literals_in

Place: TypeAlias = tuple[int, ...]
"""Where something stands in a type: in which part, there in which part, and so on."""

Asked: TypeAlias = Literal["data", "members", "all"]
"""Which functions have to be of something: those that give data; besides, of what is said for all, what does
not fail for each; or all of it."""

ZERO: Final = "0"
"""What is said of a number that is 0; of one that nobody can tell, the constant that hides it is named."""

_WRITTEN: Final = frozenset({"Nat.zero", "Empty", "PEmpty", "False"})
"""Names of Lean's own that say to every reader that there is nothing."""

_NO_DIMENSIONS: Final = frozenset({"Fin", "Int"})
"""Types of Lean's own that are made of numbers, and whose 0 is one of many."""

UNSHOWN: Final = "?"
"""What is said of a type of which nothing was found, before its name."""

_MOST_TRIES: Final = 600
"""How many values are given, in all, for what functions take, before only the first of each is."""

_MOST_UNDERNEATH: Final = 200
"""In how many declarations underneath a statement numbers are looked for."""

_DEEPEST: Final = 12
"""How far into what a value is made of it is looked, each step of it two in a place."""


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

    def nothings(said: Expr, given: Sequence[Thunk]) -> dict[Place, Name]:
        machine = Machine(environment, held=lambda _: False)
        inhabitants = Inhabitants(environment, declared, models, lambda: _literals(environment, statement))
        evaluated = machine.evaluate(said, universes)
        return _nothings(Dimensions(environment, machine, inhabitants), machine, evaluated, given)

    if found := nothings(statement, [Thunk(each, None) for each in arguments]):
        symbols = [variable(f"b{at}") for at in range(len(arguments))]
        always = nothings(statement, symbols)
        hidden = nothings(_unwritten(statement), symbols)
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
    hidden = dict(dimensions.vanishing(machine.evaluate(_unwritten(statement)), asked="all"))
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
    dimensions: Dimensions, machine: Machine, type_: Value, arguments: Sequence[Thunk]
) -> dict[Place, Name]:
    """Return where there is nothing, for these arguments."""
    found = dict[Place, Name]()
    is_list_empty = any(_is_empty_list(machine, machine.force(argument)) for argument in arguments)
    asked: Asked = "members" if is_list_empty else "data"
    for at, argument in enumerate(arguments):
        if not isinstance(type_, VPi):
            return found
        kind = machine.force(type_.domain)
        found |= dimensions.within(argument, kind, (at,))
        found |= dimensions.vanishing(kind, (at,), asked)
        type_ = machine.instantiate(type_, argument)
    return found | dict(dimensions.vanishing(type_, (len(arguments),), asked="all"))


def _is_empty_list(machine: Machine, value: Value) -> bool:
    if isinstance(value, VStuck) and value.head == "Array.mk" and len(value.args) > 1:
        value = machine.force(value.args[1])
    return isinstance(value, VStuck) and value.head == "List.nil"


def _unwritten(expr: Expr) -> Expr:
    """Return a term with variables for what says on its face that there is nothing."""
    match expr := bare(expr):
        case Lit(0):
            return FVar(WRITTEN)
        case Const(name) if name in _WRITTEN:
            return FVar(WRITTEN)
        case App(function, argument):
            return App(_unwritten(function), _unwritten(argument))
        case Lam(name, type_, body, info):
            return Lam(name, _unwritten(type_), _unwritten(body), info)
        case Pi(name, type_, body, info):
            return Pi(name, _unwritten(type_), _unwritten(body), info)
        case Let(name, type_, value, body, nondep):
            return Let(name, _unwritten(type_), _unwritten(value), _unwritten(body), nondep)
        case Proj(struct, index, of):
            return Proj(struct, index, _unwritten(of))
    return expr


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
        self._are_chosen = inhabitants is None
        self._tries = _MOST_TRIES
        self._made: list[Value] = []
        """The types of what values are made of, of which there is something therefore."""

    def vanishing(
        self, type_: Value, at: Place = (), asked: Asked = "data", function: _Function | None = None
    ) -> Iterator[tuple[Place, Name]]:
        """Yield where in a type a number is 0, or which constant hides whether it is; or a type is empty."""
        match type_:
            case VPi():
                yield from self._in_function(type_, at, asked, function)
            case VStuck(_, args, False, levels):
                family = self._families.constant(type_, "inductive")
                kinds: list[Value] = []
                sort: Value = type_
                if family is not None:
                    kinds, sort = self._families.telescope(family, args, levels)
                for number, (kind, arg) in enumerate(zip(kinds, args, strict=False)):
                    place = (*at, number)
                    if isinstance(kind, VSort | VPi):
                        is_there = is_prop(sort) or (family is not None and self._gives(family, number))
                        yield from self._in_family(self._machine.force(arg), kind, place, is_there)
                    elif not is_prop(sort):
                        yield from self._in_data(arg, kind, place)
                if family is not None and asked != "data" and is_prop(sort):
                    yield from self._in_claim(family, type_, at, asked)
                if any(isinstance(kind, VStuck) and kind.head in _NO_DIMENSIONS for kind in kinds):
                    # what such a type is made of tells whether its number is one
                    yield from self.within(variable(f"of {at}"), type_, at)

    def _in_function(
        self, type_: VPi, at: Place, asked: Asked, function: _Function | None
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
            yield from self.vanishing(result, (*at, 1), asked, function)
            return
        inner = replace(function, takes_data=True)
        if self._inhabitants is None:
            why = self._why_nothing(taken)
            yield from [] if why is None else [((*function.at, 2), why)]
            yield from self.vanishing(result, (*at, 1), asked, inner)
            return
        why = None if asked == "members" and not function.is_data else self._why_none(taken)
        several: Sequence[Thunk] = [symbol]
        if is_used(type_.body) and (found := self._inhabitants.some(type_, taken)):
            several = found if self._tries > 0 else found[:1]
        first: list[tuple[Place, Name]] | None = None
        for each in several:
            self._tries -= 1
            rest = self._machine.instantiate(type_, each)
            nothings = [*self.vanishing(rest, (*at, 1), asked, inner)]
            if first is None or not nothings:
                first = nothings
            if not nothings:
                break
        yield from first or []
        yield from [] if why is None else [((*function.at, 2), why)]

    def _in_claim(
        self, family: Constant, type_: VStuck, at: Place, asked: Asked
    ) -> Iterator[tuple[Place, Name]]:
        """Look into what a claim is put together of, as ``∧`` and ``∃`` are."""
        is_structure = len(family.constructors) == 1 and not family.num_indices
        if family.is_recursive or not (is_structure or family.name == "Or") or len(at) > _DEEPEST:
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

    def within(self, value: Thunk, kind: Value, at: Place) -> Iterator[tuple[Place, Name]]:
        """Look into the types of what a value is made of, where its own numbers are dimensions.

        What it takes of its own type says nothing: in the end there is nothing of that.
        """
        family = self._families.constant(kind, "inductive")
        if family is None or not isinstance(kind, VStuck) or len(at) > _DEEPEST:
            return
        if not self._families.is_data(kind):
            return
        made, found = self._families.constant(self._machine.force(value), "constructor"), value.value
        if made is not None and isinstance(found, VStuck):
            fields = found.args[made.num_params :]
        elif len(family.constructors) == 1 and isinstance(found, VStuck | VProj):
            made = self._environment.constant(family.constructors[0])
            number = made.num_fields if made is not None else 0
            fields = tuple(Thunk(None, None, VProj(family.name, field, found, ())) for field in range(number))
        if made is None:
            return
        kinds, _ = self._families.telescope(made, (*kind.args[: made.num_params], *fields), kind.levels)
        self._made += kinds[made.num_params :]
        for number, (inner, field) in enumerate(zip(kinds[made.num_params :], fields, strict=False)):
            if self._families.is_data(inner) and not self._is_of(family, made, number):
                place = (*at, -1, number)
                yield from self.within(field, inner, place)
                yield from self.vanishing(inner, place)

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

    def _is_of(self, family: Constant, made: Constant, field: int) -> bool:
        """Whether a field of a constructor is of the type that it makes, or a function to it."""
        head = head_of(conclusion(written_binders(made.type)[made.num_params + field].type))
        return isinstance(head, Const) and head.name == family.name

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
        result = taken
        while isinstance(result, VPi):
            result = self._machine.instantiate(result, variable("given"))
        is_chosen = isinstance(result, VSort) or (isinstance(result, VStuck) and result.is_variable)
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

    def _in_data(self, data: Thunk, kind: Value, at: Place) -> Iterator[tuple[Place, Name]]:
        """Look at a number, or at the numbers that something is put together of."""
        type_ = self._families.constant(kind, "inductive")
        if type_ is None or type_.name in _NO_DIMENSIONS or not self._families.is_data(kind):
            return
        value = self._machine.force(data)
        if type_.name == "Nat":
            if (why := self._why_zero(value)) is not None:
                yield at, why
        elif (made := self._families.constant(value, "constructor")) and isinstance(value, VStuck):
            kinds, _ = self._families.telescope(made, value.args, value.levels)
            for number, (inner, arg) in enumerate(zip(kinds, value.args, strict=False)):
                if number >= made.num_params:
                    yield from self._in_data(arg, inner, (*at, number))
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
