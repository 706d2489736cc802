"""Whether the hypotheses of a theorem leave nothing but what is empty, none, false or 0."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import tee
from typing import Final

from lean_bridge.extract.machine import Thunk, Universes, Value, VPi
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import Constant, Expr
from lean_bridge.witness.claims import Claims
from lean_bridge.witness.empty import Families
from lean_bridge.witness.near import Near
from lean_bridge.witness.parts import SAMPLES, Nothing, Part, Parts
from lean_bridge.witness.search import order_of
from lean_bridge.witness.telescope import Telescope
from lean_bridge.witness.terms import UNREAD
from lean_bridge.witness.trial import Computing, Trials
from lean_bridge.witness.value import Term
from lean_bridge.witness.written import unsaid

_FUEL: Final = 200_000


def left_alone(
    environment: Environment,
    constant: Constant,
    telescope: Telescope,
    arguments: Sequence[Expr],
    universes: Universes | None,
    is_open: Sequence[int] = (),
) -> tuple[int, str] | None:
    """Return which binder of a theorem is met by nothing alone, and what is said of all that meets it.

    It is met by such in these ``arguments``, and for all other values that are tried some hypothesis fails,
    by evaluation, that does not say so of it in its text, as ``l = []`` does. What is open is no matter
    here. Nothing is said where that takes too long.
    """
    try:
        return _left_alone(environment, constant, telescope, arguments, universes, is_open)
    except UNREAD:
        return None


def _left_alone(
    environment: Environment,
    constant: Constant,
    telescope: Telescope,
    arguments: Sequence[Expr],
    universes: Universes | None,
    is_open: Sequence[int],
) -> tuple[int, str] | None:
    order = order_of(environment, constant, telescope)
    trials = [each for each in order.trials if each.at not in is_open]
    tried = {each.at for each in trials}
    looked = _Looked(environment, order.literals)
    found: list[tuple[int, Value, Part, Nothing]] = []
    type_ = looked.machine.evaluate(constant.type, universes)
    for at, argument in enumerate(arguments):
        if not isinstance(type_, VPi):
            break
        kind, given = looked.machine.force(type_.domain), Thunk(argument, None)
        if at in tried:
            nothings = looked.parts.nothings(kind, given) or {}
            found += [(at, kind, part, why) for part, why in nothings.items()]
        type_ = looked.machine.instantiate(type_, given)
    known = {at: Thunk(each, None) for at, each in enumerate(arguments) if at not in tried}
    for at, kind, part, why in found:
        others = _Others(_Looked(environment, order.literals), at, part, kind, Thunk(arguments[at], None))
        statement = unsaid(constant.type, at, why.words)
        tries = Trials(
            environment, statement, trials, known, order.literals, others.are_allowed, others.near, SAMPLES
        )
        if tries.is_any() is False:
            return at, why.said(part)
    return None


class _Looked:
    """What values are looked into with."""

    def __init__(self, environment: Environment, literals: Iterable[int | str]) -> None:
        self.machine = Computing(environment, held=lambda _: False, fuel=_FUEL)
        families = Families(environment, self.machine)
        claims = Claims(self.machine, families, literals)
        self.key = claims.values.key
        self.parts = Parts(self.machine, families, claims)
        self.near = Near(self.machine, families, claims, self.parts)


class _Others:
    """Which values have something in a part of them, or have no such part."""

    def __init__(self, looked: _Looked, at: int, part: Part, kind: Value, given: Thunk) -> None:
        self._looked = looked
        self._at = at
        self._part = part
        self._kind = kind
        self._given = given
        self._near: Iterator[Term] | None = None

    def are_allowed(self, at: int, kind: Value, term: Term) -> bool:
        """Whether a value may be given for a binder: there is something in the part, and in all within it."""
        if at != self._at:
            return True
        found = self._looked.parts.nothings(kind, term.thunk) or {}
        return not any(self._part[: len(each)] == each[: len(self._part)] for each in found)

    def near(self, at: int, kind: Value) -> Iterable[Term]:
        """Return values near the given one, for its own binder and where that is of the same type.

        Each is made once, when it is asked for.
        """
        if at != self._at or self._looked.key(kind) != self._looked.key(self._kind):
            return ()
        self._near, again = tee(self._near or self._looked.near.values(self._kind, self._given, self._part))
        return again
