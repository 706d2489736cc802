"""What types range over: where there is nothing, or a number that is 0, a theorem about it says nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from lean_bridge.audit.proofs import conclusion
from lean_bridge.errors import OutOfFuel, UnsupportedTerm
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
from lean_bridge.olean.expr import (
    App,
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
from lean_bridge.witness.terms import literals_in
from lean_bridge.witness.trial import Claims

Place: TypeAlias = tuple[int, ...]
"""Where something stands in a type: in which part, there in which part, and so on."""

ZERO: Final = "0"
"""What is said of a number that is 0; of one that nobody can tell, the constant that hides it is named."""

_WRITTEN: Final = frozenset({"Nat.zero", "Empty", "PEmpty", "False"})
"""Names of Lean's own that say to every reader that there is nothing."""

_NO_DIMENSIONS: Final = frozenset({"Fin", "Int"})
"""Types of Lean's own that are made of numbers, and whose 0 is one of many."""

_NUMBERS: Final = (2, 1, 3, 0, 1000, 5, 4, 7)
"""Natural numbers that stand for all where something is asked of each."""

_SAMPLES: Final = 5 * len(_NUMBERS)
"""How often it is asked before something is said of all."""

_MOST_UNDERNEATH: Final = 200
"""In how many declarations underneath a statement numbers are looked for."""

_DEEPEST: Final = 12
"""How far into what a value is made of it is looked, each step of it two in a place."""


def only_here_nothing(
    environment: Declarations, statement: Expr, arguments: Sequence[Expr]
) -> Iterator[tuple[int, Name]]:
    """Yield for which of its binders a statement ranges over nothing, or may, for these arguments.

    Each by its number, the claim by the next one, with why: :data:`ZERO`, for a dimension; :data:`EMPTY`; or
    a constant that hides what a number is. What the text of the statement says for all arguments, by a
    literal 0 or one of Lean's own empty types, is none of these; what a definition makes of its text is.
    Of a statement that takes more arguments there is nothing to say.

    Raises: OutOfFuel; UnsupportedTerm.
    """
    given = [Thunk(each, None) for each in arguments]
    if found := _nothings(environment, statement, given):
        symbols = [variable(f"b{at}") for at in range(len(arguments))]
        always = _nothings(environment, statement, symbols)
        hidden = _nothings(environment, _unwritten(statement), symbols)
        for place, why in found.items():
            if always.get(place) not in (ZERO, EMPTY) or hidden.get(place) != WRITTEN:
                yield place[0], why


def may_vanish(environment: Declarations, machine: Machine, statement: Expr) -> Name | None:
    """Return what in a statement decides whether it ranges over nothing, whatever is chosen for it.

    ``None`` where each number within a type is made by ``+`` and ``*`` of numerals and of what may be chosen,
    and 0 only as it is written; and where no type is empty that is not written so.
    Raises: OutOfFuel; UnsupportedTerm.
    """
    dimensions = Dimensions(environment, machine, are_chosen=True)
    found = dict(dimensions.vanishing(machine.evaluate(statement)))
    if not found:
        return None
    hidden = dict(dimensions.vanishing(machine.evaluate(_unwritten(statement))))
    said = ((why, hidden.get(at)) for at, why in found.items())
    return next((why for why, how in said if why not in (ZERO, EMPTY) or how != WRITTEN), None)


def _nothings(environment: Declarations, statement: Expr, arguments: Sequence[Thunk]) -> dict[Place, Name]:
    """Return where there is nothing: whatever the variables within are, or at all that is tried for them."""
    machine = Machine(environment, held=lambda _: False)
    found = _nothings_of(Dimensions(environment, machine), machine, statement, arguments)
    tried = Machine(environment, held=lambda _: False)
    claims = Claims(tried, Families(environment, tried), _literals(environment, statement))
    everywhere: dict[Place, Name] | None = None
    for number in range(_SAMPLES):
        sample = Sample(claims, number)
        try:
            here = _nothings_of(Dimensions(environment, tried, sample=sample), tried, statement, arguments)
        except (OutOfFuel, UnsupportedTerm):
            return found
        left = here if everywhere is None else everywhere
        everywhere = {
            at: why if why == here[at] else EMPTY
            for at, why in left.items()
            if at not in found and here.get(at) in (ZERO, EMPTY, WRITTEN)
        }
        if not everywhere or not sample.is_one_of_many:
            break
    return found | (everywhere or {})


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


def _nothings_of(
    dimensions: Dimensions, machine: Machine, statement: Expr, arguments: Sequence[Thunk]
) -> dict[Place, Name]:
    found, type_ = dict[Place, Name](), machine.evaluate(statement)
    for at, argument in enumerate(arguments):
        if not isinstance(type_, VPi):
            return found
        kind = machine.force(type_.domain)
        found |= dimensions.vanishing(kind, (at,))
        found |= dimensions.within(argument, kind, (at,))
        type_ = machine.instantiate(type_, argument)
    return found | dict(dimensions.vanishing(type_, (len(arguments),)))


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


class Sample:
    """Values for what functions take, others for each sample."""

    def __init__(self, claims: Claims, number: int) -> None:
        self.claims = claims
        self._number = number
        self.is_one_of_many = False
        """Whether anything was given a value."""

    def value(self, kind: Value, taken: int) -> Thunk | None:
        """Return a value of a type for what is taken after so much else, if one is known."""
        number, width = self._number, len(_NUMBERS)
        mixed = number * (2 * taken + 1) + number // (taken + 1)
        place = (number, number // width, mixed)[min(taken, 2)] % width
        if isinstance(kind, VStuck) and kind.head == "Nat" and not kind.is_variable:
            self.is_one_of_many = True
            return Thunk(Lit(_NUMBERS[place]), None)
        several = self.claims.values.first(kind)
        self.is_one_of_many |= len(several) > 1
        return several[place % len(several)].thunk if several else None


class Dimensions:
    """Finds the numbers within types that are 0, or may be, and what ranges over types that are empty.

    The numbers within a type are those that an inductive type takes, if it is no proposition, on their own or
    within lists, pairs and other data; they are looked for in everything that is a type in turn: what
    functions take and give, what types are made of. What a variable decides may be anything;
    with ``are_chosen`` only what is a variable, or a value of one, may be. With a ``sample`` what functions
    take is given a value where there are such, and what of it is empty is said of a function as a whole: of
    two arguments that exclude one another each is there alone.

    Raises: OutOfFuel; UnsupportedTerm.
    """

    def __init__(
        self,
        environment: Declarations,
        machine: Machine,
        *,
        are_chosen: bool = False,
        sample: Sample | None = None,
    ) -> None:
        self._environment = environment
        self._machine = machine
        self._families = Families(environment, machine)
        self._are_chosen = are_chosen
        self._sample = sample

    def vanishing(
        self, type_: Value, at: Place = (), taken: int = 0, function: Place | None = None
    ) -> Iterator[tuple[Place, Name]]:
        """Yield where in a type a number is 0, or which constant hides whether it is; or a type is empty."""
        match type_:
            case VPi(_, domain):
                kind = self._machine.force(domain)
                yield from self.vanishing(kind, (*at, 0), taken)
                result = self._machine.instantiate(type_, self._given(kind, at, taken))
                outermost = at if function is None or self._sample is None else function
                yield from self.vanishing(result, (*at, 1), taken + self._families.is_data(kind), outermost)
                if self._families.is_data(result) and (why := self._why_nothing(kind)) is not None:
                    yield (*outermost, 2), why
            case VStuck(_, args, False):
                family = self._families.constant(type_, "inductive")
                kinds, sort = self._families.telescope(family, args) if family is not None else ([], type_)
                for number, (kind, arg) in enumerate(zip(kinds, args, strict=False)):
                    place = (*at, number)
                    if isinstance(kind, VSort | VPi):
                        yield from self._in_family(self._machine.force(arg), kind, place, taken)
                    elif not is_prop(sort):
                        yield from self._in_data(arg, kind, place)
                if any(isinstance(kind, VStuck) and kind.head in _NO_DIMENSIONS for kind in kinds):
                    # what such a type is made of tells whether its number is one
                    yield from self.within(variable(f"of {at}"), type_, at)

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
        kinds, _ = self._families.telescope(made, (*kind.args[: made.num_params], *fields))
        for number, (inner, field) in enumerate(zip(kinds[made.num_params :], fields, strict=False)):
            if self._families.is_data(inner) and not self._is_of(family, made, number):
                place = (*at, -1, number)
                yield from self.vanishing(inner, place)
                yield from self.within(field, inner, place)

    def _is_of(self, family: Constant, made: Constant, field: int) -> bool:
        """Whether a field of a constructor is of the type that it makes, or a function to it."""
        head = head_of(conclusion(written_binders(made.type)[made.num_params + field].type))
        return isinstance(head, Const) and head.name == family.name

    def _given(self, kind: Value, at: Place, taken: int) -> Thunk:
        """Return what a function takes, after so much else: a variable, or a value of the sample."""
        if self._sample is None or not self._families.is_data(kind):
            return variable(f"of {at}")
        return self._sample.value(kind, taken) or variable(f"of {at}")

    def _in_family(self, family: Value, kind: Value, at: Place, taken: int) -> Iterator[tuple[Place, Name]]:
        """Look into a type, or into what a function to types gives."""
        sort = kind
        while isinstance(sort, VPi):
            given = variable(f"of {at}")
            family, sort = self._machine.apply(family, (given,)), self._machine.instantiate(sort, given)
        if isinstance(sort, VSort):
            yield from self.vanishing(family, at, taken)
            is_taken = sort is kind and self._families.is_data(family)
            why = self._why_empty(family) if is_taken else None
            if why is not None:
                yield (*at, 2), why

    def _why_nothing(self, taken: Value) -> Name | None:
        """Return why there is nothing that a function takes, or what hides whether there is."""
        why = self._why_empty(taken)
        if why is not None or not self._are_chosen:
            return why
        result = taken
        while isinstance(result, VPi):
            result = self._machine.instantiate(result, variable("given"))
        is_chosen = isinstance(result, VSort) or (isinstance(result, VStuck) and result.is_variable)
        is_plain = isinstance(result, VStuck) and (result.head in INHABITED or result.head == "Fin")
        return None if is_chosen or is_plain else describe(result)

    def _why_empty(self, type_: Value) -> Name | None:
        """Return why there is nothing of a type: as its constructors show, or as nothing that is tried is."""
        while isinstance(type_, VStuck) and type_.head == "Quot" and type_.args:
            type_ = self._machine.force(type_.args[0])
        why = self._families.why_empty(type_)
        if why is not None or self._sample is None:
            return why
        if not self._families.is_data(type_):
            return EMPTY if self._sample.claims.truth(type_) is False else None
        is_made = self._families.constant(type_, "inductive") is not None
        return EMPTY if is_made and not self._sample.claims.values.first(type_) else None

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
            kinds, _ = self._families.telescope(made, value.args)
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
        return why if why == LITERAL or self._environment.constant(why) is not None else None
