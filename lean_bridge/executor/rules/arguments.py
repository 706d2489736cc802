"""What a graph takes besides inputs, by name; of it whole numbers and truth values may be exchanged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from lean_bridge.errors import BindingError
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.arrays.shape import Shape
from lean_bridge.executor.rules.parameters import (
    check_booleans,
    check_integers,
    draw_booleans,
    draw_integers,
)
from lean_bridge.spelling import meant_by, spelled, why_not


@dataclass(frozen=True)
class BoundArray:
    """An argument of a declaration that is an array, at concrete dimensions."""

    graph: str
    """The declaration."""
    name: str
    shape: Shape
    below: int | None
    """What each of its whole numbers is less than; ``None`` of truth values."""
    uses: tuple[tuple[int, str], ...] = ()
    """The nodes that take it, by number, and as which argument of their ops."""

    def check(self, value: object) -> Array:
        """Return a caller's array. Raises: ValueError unless it is of the kind, the shape and the range."""
        if self.below is None:
            return check_booleans(value, self.shape)
        return check_integers(value, self.shape, self.below)

    def draw(self, rng: np.random.Generator) -> Array:
        """Return a random array. Raises: Declined if there is none."""
        if self.below is None:
            return draw_booleans(rng, self.shape)
        return draw_integers(rng, self.shape, self.below)


@contextmanager
def labelled(label: str) -> Iterator[None]:
    """Put the label before what is wrong with a value."""
    try:
        yield
    except (ValueError, BindingError) as error:
        raise BindingError(f"{label}: {error}") from None


def by_name(
    graph: str, kinds: Mapping[str, str], kind: str, given: Mapping[str, Any], *, partial: bool = False
) -> dict[str, Any]:
    """Return what was given by the names in ``kinds``, which says what each is; ``kind`` says it of them all.

    A name may be spelled in any way of :mod:`lean_bridge.spelling`.
    Raises: BindingError unless exactly these names are given, or with ``partial`` some of them, once each.
    """
    takes = f"it takes {', '.join(map(spelled, kinds))}" if kinds else "it takes none"
    found: dict[str, Any] = {}
    for spelling, value in given.items():
        meant = meant_by(spelling, kinds)
        if len(meant) != 1 or meant[0] in found:
            wrong = "is given twice" if len(meant) == 1 else why_not(spelling, kinds)
            raise BindingError(f"{graph}: {kind} {spelling} {wrong}; {takes}")
        found[meant[0]] = value
    if not partial and (missing := [name for name in kinds if name not in found]):
        these = f"{kinds[missing[0]]} {missing[0]} is" if len(missing) == 1 else f"{', '.join(missing)} are"
        raise BindingError(f"{graph}: {these} missing; {takes}")
    return found
