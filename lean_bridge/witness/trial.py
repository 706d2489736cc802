"""What values do to hypotheses, as far as evaluation tells: most are ruled out before Lean is asked."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice, tee
from math import gcd
from typing import Final

from lean_bridge.errors import OutOfFuel
from lean_bridge.extract.machine import Declarations, Machine, Thunk, Value, VLam, VLit, VPi, VStuck, variable
from lean_bridge.olean.expr import App, Const, Expr, FVar, Level, Lit, Name
from lean_bridge.witness.claims import SAMPLES, Claims
from lean_bridge.witness.empty import Families
from lean_bridge.witness.parts import Parts
from lean_bridge.witness.terms import UNREAD, literals_in
from lean_bridge.witness.value import ANY, Term

FUEL: Final = 400_000
"""Steps of reduction for all that is tried of one statement."""
_WIDTHS: Final = (6, 16, 48, 256)
"""How many values of each binder are tried, in turn."""
_TOLD: Final = 48
"""After how many values of each binder it may be said that there are none."""
_MOST_FOUND: Final = 400
_MOST_OF_ONE: Final = 4
_ENOUGH: Final = 2

_NUMBERS: Final[Mapping[Name, Callable[[int, int], int]]] = {
    "Nat.gcd": gcd,
    "Nat.land": int.__and__,
    "Nat.lor": int.__or__,
    "Nat.xor": int.__xor__,
}
_LARGEST_POWER: Final = 4096
_ABOUT: Final = 100
"""What part of some steps is no matter, where so many were too few."""
_DIVISIBILITY: Final = "Nat.instDvd"


@dataclass(frozen=True, slots=True)
class Trial:
    """A binder that is given a value, or else is met by proof."""

    at: int
    is_value: bool
    is_free: bool
    """Whether nothing is asked of the value."""


class Trials:
    """What may be given for the binders of a statement.

    ``given`` is what the binders are that are not tried, types and instances, as far as that is known; of the
    others only such values are tried as ``allowed`` lets pass, which is asked with their binders and types,
    and before all others those that ``near`` gives. ``samples`` is of how many values it is asked whether a
    hypothesis holds for all.
    """

    def __init__(
        self,
        environment: Declarations,
        statement: Expr,
        trials: Sequence[Trial],
        given: Mapping[int, Thunk],
        literals: Iterable[int | str],
        allowed: Callable[[int, Value, Term], bool] = lambda *_: True,
        near: Callable[[int, Value], Iterable[Term]] = lambda *_: (),
        samples: Sequence[int] = SAMPLES,
    ) -> None:
        self._machine = Computing(environment, held=lambda _: False, fuel=FUEL)
        self._families = Families(environment, self._machine)
        self._claims = Claims(self._machine, self._families, literals, samples=samples)
        self._statement = statement
        self._trials = trials
        self._given = given
        self._allowed = allowed
        self._near = near
        self._parts = Parts(self._machine, self._families, self._claims)
        self._kinds: dict[int, Value] = {}
        """What the binders are of that are given values."""
        self._known: dict[str, Iterator[Term]] = {}
        self._nearest: tuple[int, Mapping[int, str]] = (-1, {})

    def found(self) -> tuple[Mapping[int, str], ...]:
        """Return values for the binders, by all of which no hypothesis is known to fail, the best first.

        Those are the best of which all is known to hold, and that have something in all of their parts.
        """
        best: dict[tuple[tuple[int, str], ...], int] = {}
        try:
            statement = self._machine.evaluate(self._statement)
            for width in _WIDTHS:
                several = islice(self._search(statement, 0, {}, width, 0), _MOST_FOUND)
                of_width: list[tuple[int, Mapping[int, Term]]] = []
                for unknown, values in several:
                    of_width.append((unknown, values))
                    if sum(not each for each, _ in of_width) >= _ENOUGH:
                        break
                least = min((each for each, _ in of_width), default=0)
                kept = [values for each, values in of_width if each == least]
                for values in kept[:: -(-len(kept) // _MOST_OF_ONE)] if kept else ():
                    best.setdefault(tuple((at, term.text) for at, term in values.items()), least)
                if kept and not least:
                    break
        except UNREAD:
            pass
        return tuple(dict(each) for each in sorted(best, key=lambda each: best[each]))

    def is_any(self) -> bool | None:
        """Whether there are values by all of which no hypothesis is known to fail.

        ``None`` if it takes too long to try more than a few.
        """
        told: bool | None = None
        try:
            statement = self._machine.evaluate(self._statement)
            for width in _WIDTHS:
                if next(self._search(statement, 0, {}, width, 0), None) is not None:
                    return True
                if width >= _TOLD:
                    self._make_all()
                    told = False
        except UNREAD:
            pass
        return told

    @property
    def nearest(self) -> Mapping[int, str]:
        """Values by which the most is met, as far as is known, where nothing meets all."""
        return self._nearest[1]

    def _search(
        self, statement: Value, at: int, values: dict[int, Term], width: int, unknown: int
    ) -> Iterator[tuple[int, Mapping[int, Term]]]:
        if at > self._nearest[0]:
            self._nearest = (at, {place: term.text for place, term in values.items()})
        if at == len(self._trials):
            yield unknown + self._without(values), dict(values)
            return
        trial = self._trials[at]
        asked = self._taken(statement, trial.at, values)
        if asked is None:
            yield from self._search(statement, at + 1, values, width, unknown)
        elif trial.is_value:
            self._kinds[trial.at] = asked
            for term in self._terms(statement, at, values, asked, width):
                values[trial.at] = term
                yield from self._search(statement, at + 1, values, width, unknown)
                del values[trial.at]
        else:
            self._claims.noted = [*_numbers_in(values.values())]
            is_met = self._claims.truth(asked)
            if is_met is not False:
                yield from self._search(statement, at + 1, values, width, unknown + (is_met is None))

    def _terms(
        self, statement: Value, at: int, values: Mapping[int, Term], asked: Value, width: int
    ) -> Iterator[Term]:
        """Yield what is tried for a binder, each where nothing before it will do: some take long to make."""
        trial = self._trials[at]
        yield from [*self._said(statement, at, values, asked)]
        yield from (each for each in self._near(trial.at, asked) if self._allowed(trial.at, asked, each))
        yield from self._values(trial.at, asked, 1 if trial.is_free else width)

    def _without(self, values: Mapping[int, Term]) -> int:
        """Return of how many values something is nothing, which are not the first to be chosen."""
        found = (self._parts.nothings(self._kinds[at], term.thunk) for at, term in values.items())
        return sum(map(bool, found))

    def _said(self, statement: Value, at: int, values: Mapping[int, Term], asked: Value) -> Iterator[Term]:
        """Yield what a binder is to be equal to, by hypotheses that speak of nothing else without a value."""
        place = self._trials[at].at
        for trial in self._trials[at + 1 :]:
            if trial.is_value:
                return
            claim = self._taken(statement, trial.at, values)
            said = () if claim is None else self._claims.solutions(claim, f"b{place}")
            yield from (each for each in said if self._allowed(place, asked, each))

    def _values(self, place: int, asked: Value, width: int) -> Iterator[Term]:
        """Yield as many values of a type as are asked for, each where nothing before it will do."""
        key = self._claims.values.key(asked)
        values: Iterator[Term] | None = self._known.get(key) if key is not None else None
        if values is None:
            values = islice(self._claims.values.of(asked), _WIDTHS[-1])
        if key is not None:
            self._known[key], values = tee(values)
        is_any, found = False, 0
        for each in values:
            is_any = True
            if self._allowed(place, asked, each):
                found += 1
                yield each
            if found == width:
                return
        if not is_any and self._families.why_empty(asked) is None:
            yield ANY

    def _make_all(self) -> None:
        """Make all values of the types that are the same wherever they are called so.

        Before that nothing is said of them: not where it takes too long.
        """
        for key, values in self._known.items():
            self._known[key], rest = tee(values)
            deque(rest, 0)

    def _taken(self, statement: Value, at: int, values: Mapping[int, Term]) -> Value | None:
        """Return what a binder is of where these values are given for the ones before it."""
        for before in range(at):
            if not isinstance(statement, VPi):
                return None
            if before in values:
                argument = values[before].thunk
            else:
                argument = self._given.get(before) or variable(f"b{before}")
            statement = self._machine.instantiate(statement, argument)
        return self._machine.force(statement.domain) if isinstance(statement, VPi) else None


def _numbers_in(values: Iterable[Term]) -> Iterable[int]:
    """Return the numbers of which values are made."""
    found = (literal for each in values for literal in literals_in(each.expr))
    return dict.fromkeys(each for each in found if isinstance(each, int))


class Computing(Machine):
    """Computes besides with what the kernel unfolds, and with texts."""

    def spend_at_most(self, fuel: int) -> Callable[[], int]:
        """Take as many steps at most from now on, and return what tells how many were taken."""
        self._fuel = fuel
        return lambda: fuel - self._fuel

    @contextmanager
    def unless_in_vain(self, known: dict[Hashable, int], what: Sequence[Hashable]) -> Iterator[None]:
        """Spend all steps that are left at once on what took more than about as many before, as is ``known``.

        It is known by any of the names in ``what``, and afterwards by the one that is the first then.
        Raises: OutOfFuel.
        """
        left, before = self._fuel, max(known.get(each, 0) for each in what)
        if before and left <= before + before // _ABOUT:
            self._fuel = -1
            raise OutOfFuel(f"it did not evaluate within {before:,} steps")
        try:
            yield
        except OutOfFuel:
            if self._fuel < 0:
                known[what[0]] = left
            raise

    def _step(
        self, name: Name, levels: tuple[Level, ...], args: tuple[Thunk, ...]
    ) -> tuple[Value, tuple[Thunk, ...]] | None:
        return self._computed(name, args) or super()._step(name, levels, args)

    def _computed(self, name: Name, args: tuple[Thunk, ...]) -> tuple[Value, tuple[Thunk, ...]] | None:
        if name in _NUMBERS and len(args) == 2:
            one, other = self._literal(args[0]), self._literal(args[1])
            if isinstance(one, int) and isinstance(other, int):
                return VLit(_NUMBERS[name](one, other)), ()
        if name == "Nat.pow" and len(args) == 2:
            one, other = self._literal(args[0]), self._literal(args[1])
            if isinstance(one, int) and isinstance(other, int) and other < _LARGEST_POWER:
                return VLit(one**other), ()
        if name == "Dvd.dvd" and len(args) == 4 and self._is_leans(args[1], _DIVISIBILITY):
            one, other = self._literal(args[2]), self._literal(args[3])
            if isinstance(one, int) and isinstance(other, int):
                return VStuck("False" if (other % one if one else other) else "True", ()), ()
        if name == "String.append" and len(args) == 2:
            one, other = self._literal(args[0]), self._literal(args[1])
            if isinstance(one, str) and isinstance(other, str):
                return VLit(one + other), ()
        if name in ("String.length", "String.toList", "String.isEmpty") and len(args) == 1:
            text = self._literal(args[0])
            if isinstance(text, str):
                return self._of_text(name, text), ()
        return None

    def _is_leans(self, instance: Thunk, name: Name) -> bool:
        """Whether an instance is one of Lean's own, by whatever name: of its operation, word for word."""
        leans = self._environment.constant(name)
        if leans is None:
            return False
        match self.force(instance), self._unfold(leans, ()):
            case VStuck(_, (_, operation)), VStuck(_, (_, own)):
                one, other = self.force(operation), self.force(own)
                return isinstance(one, VLam) and isinstance(other, VLam) and one.body is other.body
        return False

    def _literal(self, of: Thunk) -> int | str | None:
        value = self.force(of)
        return value.value if isinstance(value, VLit) else None

    def _of_text(self, name: Name, text: str) -> Value:
        if name == "String.length":
            return VLit(len(text))
        if name == "String.isEmpty":
            return VStuck("Bool.false" if text else "Bool.true", ())
        expr: Expr = App(Const("List.nil", ()), FVar("type"))
        for letter in reversed(text):
            one = App(Const("Char.ofNat", ()), Lit(ord(letter)))
            expr = App(App(App(Const("List.cons", ()), FVar("type")), one), expr)
        return self.evaluate(expr)
