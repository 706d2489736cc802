"""Whether propositions hold, as far as evaluation tells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from lean_bridge.extract.machine import Machine, Thunk, Value, VLit, VPi, VStuck, variable
from lean_bridge.olean.expr import Name
from lean_bridge.witness.empty import Families
from lean_bridge.witness.value import Term, natural
from lean_bridge.witness.values import Values

SAMPLES: Final = (6, 5, 3, 2)
"""Of how many values it is asked whether a claim holds for all, by how many of these it stands under."""
_MOST_NOTED: Final = 8
"""Of how many numbers that stand in given values it is asked besides."""

_MEMBER: Final = "member"
"""The variable that stands for what a claim is about, where hypotheses say what that is."""


class Claims:
    """Whether propositions hold: yes, no, or not known; what is claimed of all is asked of some."""

    def __init__(
        self,
        machine: Machine,
        families: Families,
        literals: Iterable[int | str],
        is_there: Callable[[Value], bool] = lambda _: False,
        samples: Sequence[int] = SAMPLES,
    ) -> None:
        self._machine = machine
        self._families = families
        self._samples = samples
        self.noted: Sequence[int] = ()
        """Numbers in values that were given, of which what is claimed of all is asked as well."""
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
        """Return all that a claim is about, if hypotheses say that: it stands in a list, or is something."""
        subject = variable(_MEMBER)
        inner = self._machine.instantiate(claim, subject)
        while isinstance(inner, VPi):
            taken = self._machine.force(inner.domain)
            found = None if self._families.is_data(taken) else self._told_by(taken)
            if found is not None or self._families.is_data(taken):
                return found
            inner = self._machine.instantiate(inner, variable("proof"))
        return None

    def _told_by(self, claim: Value) -> list[Thunk] | None:
        """Return all that a claim may be about."""
        match claim:
            case VStuck("List.Mem", (_, of, several)) if _is_subject(self._machine.force(of)):
                return self._list(several)
            case VStuck("Eq", (_, left, right)):
                one, other = self._machine.force(left), self._machine.force(right)
                found = self._matched(one, other)
                return self._matched(other, one) if found is None else found
            case VStuck():
                told = map(self._told_by, self._taken_by(claim))
                return next((found for found in told if found is not None), None)
        return None

    def _taken_by(self, claim: VStuck) -> Iterator[Value]:
        """Yield what has to hold besides where a claim does, if that is made in one way, as ``∧`` is."""
        family = self._families.constant(claim, "inductive")
        if family is None or family.num_indices or family.is_recursive or len(family.constructors) != 1:
            return
        made = self._families.declaration(family.constructors[0])
        type_ = None if made is None else self._machine.type_of(made, claim.levels)
        for at in range(family.num_params + (made.num_fields if made is not None else 0)):
            if not isinstance(type_, VPi):
                return
            taken = self._machine.force(type_.domain)
            if at >= family.num_params and not self._families.is_data(taken):
                yield taken
            given = claim.args[at] if at < family.num_params else variable("field")
            type_ = self._machine.instantiate(type_, given)

    def _matched(self, pattern: Value, value: Value) -> list[Thunk] | None:
        """Return what the subject is where a pattern of it is a value; nothing, where it cannot be that."""
        if _is_subject(pattern):
            written = self.values.written(value)
            return None if written is None else [written.thunk]
        made, by = (self._families.constant(each, "constructor") for each in (pattern, value))
        if made is None or by is None or self._families.is_proof(value):
            return None
        assert isinstance(pattern, VStuck)
        assert isinstance(value, VStuck)
        if pattern.head != value.head:
            return []
        found: list[Thunk] | None = None
        for one, other in zip(pattern.args[made.num_params :], value.args[made.num_params :], strict=False):
            told = self._matched(self._machine.force(one), self._machine.force(other))
            if told == []:
                return []
            found = told if found is None else found
        return found

    def _each(self, type_: Value, asked: Callable[[Thunk], bool | None]) -> Iterator[bool | None]:
        """Yield what is said of some values of a type, as far as there are such."""
        number = self._samples[min(self._under, len(self._samples) - 1)]
        samples = [*islice(self.values.of(type_, 1), number)]
        if isinstance(type_, VStuck) and type_.head == "Nat":
            samples = [*map(natural, self.noted[:_MOST_NOTED]), *samples]
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
    """Return a natural number, if a value is one on its face."""
    return value.value if isinstance(value, VLit) and isinstance(value.value, int) else None


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


def _is_subject(value: Value) -> bool:
    return isinstance(value, VStuck) and value.is_variable and value.head == _MEMBER and not value.args
