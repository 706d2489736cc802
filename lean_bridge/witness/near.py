"""Values that differ from a given one in a part of it, and in at most one other field besides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice, product
from typing import Final

from lean_bridge.extract.machine import Machine, Thunk, Value, VStuck
from lean_bridge.olean.expr import Const, Constant
from lean_bridge.witness.claims import Claims
from lean_bridge.witness.empty import Families
from lean_bridge.witness.parts import Part, Parts, field_name
from lean_bridge.witness.value import Term, built

_MOST: Final = 24
"""How many values the part is given on its own."""
_TOGETHER: Final = 8
"""How many values the part is given, and how many the other field."""


class Near:
    """Finds values near a given one. Raises: OutOfFuel; UnsupportedTerm."""

    def __init__(self, machine: Machine, families: Families, claims: Claims, parts: Parts) -> None:
        self._machine = machine
        self._families = families
        self._claims = claims
        self._parts = parts

    def values(self, kind: Value, of: Thunk, part: Part) -> Iterator[Term]:
        """Yield values of a type, one field away from what is known or two, with something else in a part."""
        value = self._machine.force(of)
        made = self._families.constant(value, "constructor")
        if made is None or not isinstance(value, VStuck) or not isinstance(kind, VStuck) or not part:
            return
        kinds, args = self._parts.fields(made, kind, value)
        places = {field_name(made.name, at): at for at in range(made.num_params, len(args))}
        if part[0] not in places:
            return
        at = places[part[0]]
        changed = [*islice(self._other(kinds[at], args[at], part[1:]), _MOST)]
        for each in changed:
            yield from self._with(made, kind, args, {at: each.thunk})
        for other in places.values():
            if other != at and self._families.is_data(kinds[other]):
                others = [*islice(self._claims.values.of(kinds[other], 1), _TOGETHER)]
                for one, two in product(changed[:_TOGETHER], others):
                    yield from self._with(made, kind, args, {at: one.thunk, other: two.thunk})

    def _other(self, kind: Value, of: Thunk, part: Part) -> Iterator[Term]:
        return chain(self.values(kind, of, part), self._claims.values.of(kind, 1))

    def _with(
        self, made: Constant, kind: VStuck, args: Sequence[Thunk], changed: Mapping[int, Thunk]
    ) -> Iterator[Term]:
        """Yield what a constructor makes with some of its arguments changed, if its proofs may hold then."""
        given = [changed.get(at, each) for at, each in enumerate(args)]
        kinds, _ = self._families.telescope(made, given, kind.levels)
        proofs = [each for each in kinds[made.num_params :] if not self._families.is_data(each)]
        if all(self._claims.truth(each) is not False for each in proofs):
            yield built(Const(made.name, kind.levels), given)
