"""Types that there is something of: by a value that is shown, or by what a library declares."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from itertools import islice
from typing import Final, TypeVar

from lean_bridge.audit.proofs import conclusion
from lean_bridge.extract.machine import Thunk, Value, VPi, VSort, VStuck, describe, variable
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import (
    Const,
    Constant,
    Lam,
    Level,
    LParam,
    Name,
    Sort,
    head_of,
    written_binders,
)
from lean_bridge.olean.levels import ZERO
from lean_bridge.witness.claims import Claims
from lean_bridge.witness.empty import INHABITED, Families, is_prop
from lean_bridge.witness.terms import UNREAD, conclusion_word
from lean_bridge.witness.trial import FUEL, Computing
from lean_bridge.witness.value import built

_MOST_VALUES: Final = 24
"""How many values of a type are looked at for one that is shown."""

_MOST_STEPS: Final = 60_000
"""Steps of reduction for one question."""

_MOST_GIVEN: Final = 12
"""How many values of a type are given to what takes one."""

_Answer = TypeVar("_Answer")

_MOST_DECLARED: Final = 8
"""How many declarations of a type are looked at."""


class Declared:
    """What a library declares of its own types: in the modules of these, or named by the catalogue.

    ``is_founded`` says of a declaration whether it rests on Lean's axioms alone.
    """

    def __init__(self, environment: Environment, is_founded: Callable[[Name], bool]) -> None:
        self._environment = environment
        self._is_founded = is_founded
        self._by_module: dict[Name, Mapping[Name, list[Constant]]] = {}
        self.known: set[str] = set()
        """What types are called by of which it was shown that there is something."""
        self.whole: set[str] = set()
        """What types are called by that were looked into, with all that they are made of."""
        self.in_vain: dict[Hashable, int] = {}
        """Of how many steps it was seen that they are too few, by what they were spent on."""

    def of(self, family: Name, models: Iterable[Name]) -> Sequence[Constant]:
        """Return declarations of a family of types, those that take least first."""
        module = self._environment.module_of(family)
        named = map(self._environment.constant, models)
        found = [each for each in named if each is not None and conclusion_word(each.type) == family]
        if module is not None and not self._environment.is_library(module):
            found += self._in_module(module).get(family, [])
        return [each for each in found if self._is_founded(each.name)][:_MOST_DECLARED]

    def _in_module(self, module: Name) -> Mapping[Name, list[Constant]]:
        found = self._by_module.get(module)
        if found is None:
            found = self._by_module[module] = {}
            for name in self._environment.module(module).constant_names:
                constant = self._environment.constant(name)
                if constant is None or constant.kind not in ("definition", "opaque"):
                    continue
                word = conclusion_word(constant.type)
                if word is not None:
                    found.setdefault(word, []).append(constant)
            for several in found.values():
                several.sort(key=lambda each: len(written_binders(each.type)))
        return found


class Inhabitants:
    """Shows that there is something of a type, for one statement.

    There is, if constructors make a value of which every proof is known to hold, or if a declaration is one.
    What cannot be shown is not said to be empty. ``models`` are declarations that the catalogue names;
    ``literals`` are the numbers and texts of the statement, asked for when they are needed.
    """

    def __init__(
        self,
        environment: Environment,
        declared: Declared,
        models: Iterable[Name],
        literals: Callable[[], Iterable[int | str]],
    ) -> None:
        self._machine = Computing(environment, held=lambda _: False, fuel=FUEL)
        self._families = Families(environment, self._machine)
        self._declared = declared
        self._models = tuple(models)
        named = filter(None, map(environment.constant, self._models))
        self._words = {conclusion_word(each.type) for each in named}
        self._literals = literals
        self._said: frozenset[int | str] = frozenset()
        self._known: Claims | None = None
        self._under: set[Name] = set()
        """Of which families a declaration is being applied."""
        self._within: set[str] = set()
        """What is being shown."""
        self._sampled: dict[str, Sequence[Thunk]] = {}
        self._given = 0
        self._fuel = FUEL

    @property
    def whole(self) -> set[str]:
        """What types are called by that were looked into, with all that they are made of."""
        return self._declared.whole

    @property
    def claims(self) -> Claims:
        """What is asked whether something holds."""
        if self._known is None:
            literals = [*self._literals()]
            self._said = frozenset(literals)
            self._known = Claims(self._machine, self._families, literals, self._are_there)
        return self._known

    def truth(self, claim: Value) -> bool | None:
        """Return whether a claim holds, or ``None`` if that is not known."""
        return self._asked(lambda: self.claims.truth(claim), None)

    def are_there(self, type_: Value) -> bool:
        """Whether it is shown that there is something of a type."""
        if isinstance(type_, VStuck) and not type_.is_variable and type_.head in INHABITED:
            return True
        return self._asked(lambda: self._are_there(type_), False)

    def some(self, function: VPi, taken: Value) -> Sequence[Thunk]:
        """Return some things that a function takes, of a type, each shown to be there, or else a variable.

        Where what stands in a list is spoken of, these are it.
        """
        return self._asked(lambda: self.claims.members(function) or self._some(taken), [])

    def samples(self, type_: Value) -> Iterator[Thunk | None]:
        """Yield some things of a type, each shown to be there: what is declared first, then values.

        ``None`` if it takes too long to find any more.
        """
        declared = self._asked(lambda: self._declared_of(type_), None)
        yield from () if declared is None else (declared,)
        values: Sequence[Thunk] | None = self._asked(lambda: self._samples(type_), None)
        yield from (None,) if values is None else values

    def key(self, type_: Value) -> str | None:
        """Return what a type is called by, if it is the same wherever it is called so."""
        self._machine.spend_at_most(_MOST_STEPS)
        return self.claims.values.key(type_)

    def are_tried(self, type_: Value) -> bool:
        """Whether there are values of a type that are not shown to be of it."""
        return self._asked(lambda: bool(self.claims.values.first(type_)), True)

    def _asked(self, question: Callable[[], _Answer], unknown: _Answer) -> _Answer:
        """Return the answer to a question that takes not too long, as all of them together do not."""
        spent = self._machine.spend_at_most(min(self._fuel, _MOST_STEPS))
        try:
            return question()
        except UNREAD:
            return unknown
        finally:
            self._fuel -= spent()

    def _some(self, type_: Value) -> Sequence[Thunk]:
        if (chosen := self._chosen(type_)) is not None:
            return [chosen]
        found = self._samples(type_)[:_MOST_GIVEN]
        return found or ([self._fresh()] if self._are_there(type_) else [])

    def _samples(self, type_: Value) -> Sequence[Thunk]:
        if isinstance(type_, VStuck) and type_.head == "Quot" and type_.args:
            return [_class_of(each) for each in self._samples(self._machine.force(type_.args[0]))]
        key = self.claims.values.key(type_)
        found = self._sampled.get(key) if key is not None else None
        if found is None:
            is_first = key is not None and not self._under and not self._within
            with self._unless_in_vain(key) if is_first else nullcontext():
                values = islice(self.claims.values.of(type_), _MOST_VALUES)
                declared = self._declared_of(type_)
                found = [
                    *(each.thunk for each in values if each.is_sure),
                    *([] if declared is None else [declared]),
                ]
            if key is not None:
                self._sampled[key] = found
        else:
            self.claims.values.are_of_statement = True
        return found

    @contextmanager
    def _unless_in_vain(self, key: str | None) -> Iterator[None]:
        """Spend all steps at once on what took longer before: for a statement like this, or for any other.

        It is alike for all where neither their text nor what is named for them has been looked at.
        """
        values = self.claims.values
        before, values.are_of_statement = values.are_of_statement, False
        here = (key, self._said, self._models)
        names: list[Hashable] = [key, here]
        try:
            with self._machine.unless_in_vain(self._declared.in_vain, names):
                try:
                    yield
                finally:
                    names[0] = here if values.are_of_statement else key
        finally:
            values.are_of_statement = before or values.are_of_statement

    def _fresh(self) -> Thunk:
        self._given += 1
        return variable(f"given {self._given}")

    def _chosen(self, type_: Value) -> Thunk | None:
        """Return a type, a proposition, or a function to these that is always the same."""
        depth = 0
        while isinstance(type_, VPi):
            type_, depth = self._machine.instantiate(type_, self._fresh()), depth + 1
        if not isinstance(type_, VSort):
            return None
        chosen: Const | Lam = Const("True" if is_prop(type_) else "Nat", ())
        for _ in range(depth):
            chosen = Lam("_", Sort(type_.level), chosen, "default")
        return Thunk(chosen, None)

    def _are_there(self, type_: Value) -> bool:
        while isinstance(type_, VStuck) and type_.head == "Quot" and type_.args:
            type_ = self._machine.force(type_.args[0])
        match type_:
            case VSort():
                return True
            case VStuck(head, _, False) if head in INHABITED:
                return True
            case VPi():
                return self._are_functions(type_)
            case VStuck(head, _, is_variable) if is_variable or head in self._under:
                return False  # nothing is of it that takes it
        if not self._families.is_data(type_):
            return self.claims.truth(type_) is True
        key = self.claims.values.key(type_)
        if key is not None and key in self._declared.known:
            return True
        asked = key or describe(type_)
        if asked in self._within:
            return False  # it is not made yet
        self._within.add(asked)
        try:
            is_there = self._declared_of(type_) is not None or self._are_made(type_)
        finally:
            self._within.remove(asked)
        if is_there and key is not None:
            self._declared.known.add(key)
        return is_there

    def _are_functions(self, type_: VPi) -> bool:
        """Whether there is a function: with a value for whatever it takes, or as there is nothing to take."""
        if self._are_there(self._machine.instantiate(type_, self._fresh())):
            return True
        taken = self._machine.force(type_.domain)
        if self._families.is_data(taken):
            return self._families.why_empty(taken) is not None or self._are_made(type_)
        return self.claims.truth(taken) is False

    def _are_made(self, type_: Value) -> bool:
        return any(each.is_sure for each in islice(self.claims.values.of(type_), _MOST_VALUES))

    def _declared_of(self, type_: Value) -> Thunk | None:
        """Return a declaration that is of a type, applied to what it takes."""
        if not isinstance(type_, VStuck) or type_.is_variable or type_.head in self._under:
            return None
        self._under.add(type_.head)
        if type_.head in self._words:
            self.claims.values.are_of_statement = True
        try:
            for each in self._declared.of(type_.head, self._models):
                if (found := self._applied(each, type_)) is not None:
                    return found
        finally:
            self._under.remove(type_.head)
        return None

    def _applied(self, constant: Constant, wanted: VStuck) -> Thunk | None:
        """Return a declaration, applied to what it takes, if it is of a type then."""
        levels = _levels_of(constant, wanted)
        type_, given = self._machine.type_of(constant, levels), list[Thunk]()
        while isinstance(type_, VPi):
            taken = self._machine.force(type_.domain)
            if not self._are_there(taken):
                return None
            given.append(next(iter(self._some(taken)), None) or self._fresh())
            type_ = self._machine.instantiate(type_, given[-1])
        if not isinstance(type_, VStuck) or (type_.head, type_.levels) != (wanted.head, wanted.levels):
            return None
        if len(type_.args) != len(wanted.args):
            return None
        if not all(self.claims.same(*each) is True for each in zip(type_.args, wanted.args, strict=True)):
            return None
        return built(Const(constant.name, levels), given).thunk


def _class_of(representative: Thunk) -> Thunk:
    """Return the class of something, in whichever quotient."""
    nothing = variable("type")
    return built(Const("Quot.mk", ()), [nothing, nothing, representative]).thunk


def _levels_of(constant: Constant, wanted: VStuck) -> tuple[Level, ...]:
    """Return the levels at which a declaration of a family may be of a type of it."""
    head = head_of(conclusion(constant.type))
    written = head.levels if isinstance(head, Const) else ()
    found = {
        each.name: level
        for each, level in zip(written, wanted.levels, strict=False)
        if isinstance(each, LParam)
    }
    return tuple(found.get(name, ZERO) for name in constant.level_params)
