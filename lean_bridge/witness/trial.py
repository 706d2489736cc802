"""What values do to hypotheses, as far as evaluation tells: most are ruled out before Lean is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import gcd
from typing import Final

from lean_bridge.errors import OutOfFuel, UnsupportedTerm
from lean_bridge.extract.machine import Declarations, Machine, Thunk, Value, VLam, VLit, VPi, VStuck, variable
from lean_bridge.olean.expr import App, Const, Expr, FVar, Level, Lit, Name
from lean_bridge.witness.empty import Families
from lean_bridge.witness.values import ANY, Term, Values

FUEL: Final = 400_000
"""Steps of reduction for all that is tried of one statement."""
_WIDTHS: Final = (6, 16, 48, 256)
"""How many values of each binder are tried, in turn."""
_TOLD: Final = 48
"""After how many values of each binder it may be said that there are none."""
_SAMPLES: Final = (6, 5, 3, 2)
"""Of how many values it is asked whether a claim holds for all, by how many of these it stands under."""
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
    others only such values are tried as ``allowed`` lets pass, which is asked with their binders and types.
    """

    def __init__(
        self,
        environment: Declarations,
        statement: Expr,
        trials: Sequence[Trial],
        given: Mapping[int, Thunk],
        literals: Iterable[int | str],
        allowed: Callable[[int, Value, Term], bool] = lambda *_: True,
    ) -> None:
        self._machine = Computing(environment, held=lambda _: False, fuel=FUEL)
        self._families = Families(environment, self._machine)
        self._claims = Claims(self._machine, self._families, literals)
        self._statement = statement
        self._trials = trials
        self._given = given
        self._allowed = allowed
        self._known: dict[str, list[Term]] = {}
        self._nearest: tuple[int, Mapping[int, str]] = (-1, {})

    def found(self) -> tuple[Mapping[int, str], ...]:
        """Return values for the binders, by all of which no hypothesis is known to fail, the best first."""
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
        except (OutOfFuel, UnsupportedTerm):
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
                told = False if width >= _TOLD else None
        except (OutOfFuel, UnsupportedTerm):
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
            yield unknown, dict(values)
            return
        trial = self._trials[at]
        asked = self._taken(statement, trial.at, values)
        if asked is None:
            yield from self._search(statement, at + 1, values, width, unknown)
        elif trial.is_value:
            for term in (
                *self._said(statement, at, values, asked),
                *self._values(trial.at, asked, 1 if trial.is_free else width),
            ):
                values[trial.at] = term
                yield from self._search(statement, at + 1, values, width, unknown)
                del values[trial.at]
        else:
            is_met = self._claims.truth(asked)
            if is_met is not False:
                yield from self._search(statement, at + 1, values, width, unknown + (is_met is None))

    def _said(self, statement: Value, at: int, values: Mapping[int, Term], asked: Value) -> Iterator[Term]:
        """Yield what a binder is to be equal to, by hypotheses that speak of nothing else without a value."""
        place = self._trials[at].at
        for trial in self._trials[at + 1 :]:
            if trial.is_value:
                return
            claim = self._taken(statement, trial.at, values)
            said = () if claim is None else self._claims.solutions(claim, f"b{place}")
            yield from (each for each in said if self._allowed(place, asked, each))

    def _values(self, place: int, asked: Value, width: int) -> Sequence[Term]:
        key = self._claims.values.key(asked)
        values: Iterable[Term] | None = self._known.get(key) if key is not None else None
        if values is None:
            values = islice(self._claims.values.of(asked), _WIDTHS[-1])
            if key is not None:
                values = self._known[key] = [*values]
        is_any, found = False, list[Term]()
        for each in values:
            is_any = True
            found += (each,) if self._allowed(place, asked, each) else ()
            if len(found) == width:
                break
        is_there = is_any or self._families.why_empty(asked) is not None
        return found if is_there else [ANY]

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


class Claims:
    """Whether propositions hold: yes, no, or not known; what is claimed of all is asked of some."""

    def __init__(
        self,
        machine: Machine,
        families: Families,
        literals: Iterable[int | str],
        is_there: Callable[[Value], bool] = lambda _: False,
    ) -> None:
        self._machine = machine
        self._families = families
        self.values = Values(machine, families, literals, self.truth, self.same, is_there)
        self._under = 0

    def truth(self, claim: Value) -> bool | None:
        """Return whether a claim holds, or ``None`` if that is not known.

        Raises: OutOfFuel; UnsupportedTerm.
        """
        match claim:
            case VPi():
                return self._for_all(claim)
            case VStuck("Eq", (of, left, right)):
                return not self._families.is_data(self._machine.force(of)) or self.same(left, right)
            case VStuck("Nat.le", (left, right)):
                least, most = _number(self._machine.force(left)), _number(self._machine.force(right))
                if least is not None and most is not None:
                    return least <= most
            case VStuck("Int.NonNeg", (of,)):
                number = self._integer(self._machine.force(of))
                return None if number is None else number >= 0
            case VStuck("List.Mem", (_, one, several)):
                among = self._list(several)
                return None if among is None else _either(self.same(one, each) for each in among)
            case VStuck("List.Pairwise", (_, relation, several)):
                among = self._list(several)
                if among is None:
                    return None
                related = self._machine.force(relation)
                return _both(
                    self.truth(self._machine.apply(related, (one, other)))
                    for at, one in enumerate(among)
                    for other in among[at + 1 :]
                )
            case VStuck(_, _, False):
                return self._made(claim)
        return None

    def same(self, left: Thunk, right: Thunk) -> bool | None:
        """Return whether two values are the same, as :meth:`truth`."""
        one, other = self._machine.force(left), self._machine.force(right)
        if one is other:
            return True
        numbers = self._integer(one), self._integer(other)
        if numbers[0] is not None and numbers[1] is not None:
            return numbers[0] == numbers[1]
        match one, other:
            case VLit(some), VLit(others):
                return some == others
            case VStuck(head, args, is_variable, levels), VStuck(word, others, others_variable, at):
                made = self._families.constant(one, "constructor")
                if made is not None and self._families.constant(other, "constructor") is not None:
                    if self._families.is_proof(one):
                        return True
                    if head != word:
                        return False
                    kinds, _ = self._families.telescope(made, args, levels)
                    fields = zip(kinds, args, others, strict=False)
                    return _both(
                        self.same(a, b)
                        for kind, a, b in islice(fields, made.num_params, None)
                        if self._families.is_data(kind)
                    )
                if (head, is_variable, levels) == (word, others_variable, at) and len(args) == len(others):
                    return True if all(map(self.same, args, others)) else None
        return None

    def solutions(self, claim: Value, name: Name) -> Iterator[Term]:
        """Yield what a claim says a variable is."""
        match claim:
            case VStuck("And", parts):
                for part in parts:
                    yield from self.solutions(self._machine.force(part), name)
            case VStuck("Eq", (_, left, right)):
                for one, other in ((left, right), (right, left)):
                    subject = self._machine.force(one)
                    if isinstance(subject, VStuck) and subject.is_variable and subject.head == name:
                        found = None if subject.args else self.values.written(self._machine.force(other))
                        yield from () if found is None else (found,)

    def _for_all(self, claim: VPi) -> bool | None:
        taken = self._machine.force(claim.domain)
        if not self._families.is_data(taken):
            is_given = self.truth(taken)
            if is_given is False:
                return True
            is_met = self.truth(self._machine.instantiate(claim, variable("proof")))
            return is_met if is_given or is_met else None
        among = self.members(claim)
        if among is not None:
            return _both(self.truth(self._machine.instantiate(claim, each)) for each in among)
        if _both(self._each(taken, lambda each: self.truth(self._machine.instantiate(claim, each)))) is False:
            return False
        self._under += 1
        try:
            return self.truth(self._machine.instantiate(claim, variable(f"any {self._under}"))) or None
        finally:
            self._under -= 1

    def members(self, claim: VPi) -> list[Thunk] | None:
        """Return all that a claim is about, if that is what stands in a list."""
        subject = variable("member")
        inner = self._machine.instantiate(claim, subject)
        taken = self._machine.force(inner.domain) if isinstance(inner, VPi) else None
        match taken:
            case VStuck("List.Mem", (_, one, several)) if one is subject:
                return self._list(several)
        return None

    def _each(self, type_: Value, asked: Callable[[Thunk], bool | None]) -> Iterator[bool | None]:
        """Yield what is said of some values of a type, as far as there are such."""
        number = _SAMPLES[min(self._under, len(_SAMPLES) - 1)]
        samples = [*islice(self.values.of(type_, 1), number)]
        self._under += 1
        try:
            for each in samples:
                said = asked(each.thunk)
                yield None if said is not None and not each.is_sure else said
            if not samples:
                yield None
        finally:
            self._under -= 1

    def _made(self, claim: VStuck) -> bool | None:
        """Return whether a constructor makes a proof of a claim."""
        family = self._families.constant(claim, "inductive")
        if family is None or self._families.is_data(claim):
            return None
        if self._families.why_empty(claim) is not None:
            return False
        if family.num_indices or family.is_recursive:
            return None
        return _either(self._made_by(name, claim) for name in family.constructors)

    def _made_by(self, name: Name, claim: VStuck) -> bool | None:
        constructor = self._families.declaration(name)
        if constructor is None:
            return None
        type_ = self._machine.type_of(constructor, claim.levels)
        for param in claim.args:
            assert isinstance(type_, VPi)
            type_ = self._machine.instantiate(type_, param)
        return self._fields(type_)

    def _fields(self, type_: Value) -> bool | None:
        """Return whether there is all that a constructor still takes."""
        if not isinstance(type_, VPi):
            return True
        taken = self._machine.force(type_.domain)
        if self._families.is_data(taken):
            found = self._each(taken, lambda each: self._fields(self._machine.instantiate(type_, each)))
            return _either(found) or None
        first = self.truth(taken)
        if first is False:
            return False
        return _both((first, self._fields(self._machine.instantiate(type_, variable("proof")))))

    def _list(self, of: Thunk) -> list[Thunk] | None:
        found: list[Thunk] = []
        value = self._machine.force(of)
        while isinstance(value, VStuck) and value.head == "List.cons":
            found.append(value.args[1])
            value = self._machine.force(value.args[2])
        return found if isinstance(value, VStuck) and value.head == "List.nil" else None

    def _integer(self, value: Value) -> int | None:
        match value:
            case VStuck("Int.ofNat", (of,)):
                return _number(self._machine.force(of))
            case VStuck("Int.negSucc", (of,)):
                before = _number(self._machine.force(of))
                return None if before is None else -1 - before
        return None


def _number(value: Value) -> int | None:
    return value.value if isinstance(value, VLit) and isinstance(value.value, int) else None


class Computing(Machine):
    """Computes besides with what the kernel unfolds, and with texts."""

    def spend_at_most(self, fuel: int) -> Callable[[], int]:
        """Take as many steps at most from now on, and return what tells how many were taken."""
        self._fuel = fuel
        return lambda: fuel - self._fuel

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


def _both(several: Iterable[bool | None]) -> bool | None:
    """Return whether all hold; what comes after one that does not is not looked at."""
    is_met: bool | None = True
    for each in several:
        if each is False:
            return False
        is_met = is_met and each
    return is_met


def _either(several: Iterable[bool | None]) -> bool | None:
    """Return whether one holds."""
    is_met: bool | None = False
    for each in several:
        if each:
            return True
        if each is None:
            is_met = None
    return is_met
