"""Where the exact real results of a program lie, for exactly the floats that it is given."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

import numpy as np

from lean_bridge.executor.arrays.balls import (
    Balls,
    at_precision,
    distances,
    ends,
    largest_radius,
    largest_size,
)
from lean_bridge.executor.arrays.entries import BoundEntry
from lean_bridge.executor.arrays.running import Running, RunningArray
from lean_bridge.executor.arrays.scalars import Array, Scalars
from lean_bridge.executor.plans.trace import Leaves, Request, Role
from lean_bridge.executor.rules.primitive import EVERYWHERE
from lean_bridge.executor.rules.program import Program, steps_over
from pybind_models.run import BoundsMethod, DomainReport

FIRST_BITS: Final = 128
"""The precision that is tried first."""
MOST_BITS: Final = 4096
"""The precision after which enclosures are given as they are."""
ZERO_BITS: Final = 512
"""The precision at which an array that is not told from 0 is taken for what may be 0."""
SPARE_BITS: Final = 72
"""How much smaller than the largest number of an array the radii of tight balls are, in bits."""


class Bounded(NamedTuple):
    """Floats, and how far the exact real results are from them at most."""

    results: list[Array]
    radii: list[Array]


@dataclass(frozen=True)
class Enclosure:
    """Balls that contain the exact real results, entry by entry; empty lists of what was not asked for."""

    values: list[Array]
    tangents: list[Array]
    cotangents: list[Array]
    bits: int
    """The precision that was needed."""
    is_tight: bool
    """Whether every radius is small beside its array; the balls are right in any case."""

    @property
    def arrays(self) -> list[Array]:
        """Everything that is there."""
        return [*self.values, *self.tangents, *self.cotangents]


def over(program: Program, scalars: Scalars) -> Program:
    """Return the program over other scalars, its arguments being exactly the floats that they are."""
    steps = steps_over(program, scalars, scalars.check_array)
    return Program(program.entries, steps, scalars, standing=program.standing)


def enclose(
    program: Program,
    inputs: Sequence[Array],
    tangents: Sequence[Array] | None = None,
    seeds: Sequence[Array] | None = None,
    *,
    bits: int = FIRST_BITS,
) -> Enclosure:
    """Return balls with the exact values of all entries, and their tangents, and the inputs' cotangents.

    Arrays are floats that fit, one per entry. Precision is doubled until the balls are tight.
    Raises: Declined if python-flint is not installed.
    """
    balls = Balls()
    while True:
        with at_precision(bits):
            exact = over(program, balls)

            def given(arrays: Sequence[Array]) -> list[Array]:
                return [balls.check_array(array) for array in arrays]

            values = exact.primals(given(inputs))
            moved = [] if tangents is None else exact.tangents(values, given(tangents))
            pulled = [] if seeds is None else exact.cotangents(values, given(seeds))
            tight = _are_tight([*values, *moved, *pulled], bits)
        if tight or bits >= MOST_BITS:
            return Enclosure(values, moved, pulled, bits, tight)
        bits *= 2


@dataclass(frozen=True)
class Asked:
    """Of which entries bounds are asked for, and along what."""

    values: Sequence[int] = ()
    moved: Sequence[int] = ()
    wrt: Sequence[int] = ()
    tangents: Sequence[Array] | None = None
    seeds: Sequence[Array] | None = None


class Reached(NamedTuple):
    """How far results are from the exact ones at most, and where derivatives are proved to be ones."""

    radii: list[Array]
    domains: tuple[DomainReport, ...]
    """Of each node whose op has a hypothesis, where derivatives were asked for."""


def bounded(
    program: Program, request: Request, leaves: Leaves, results: Sequence[Array], method: BoundsMethod
) -> Bounded:
    """Return results with how far each is from the exact real one at most. Raises: as :func:`reach`."""

    def whole(role: Role, entries: Sequence[BoundEntry]) -> list[Array]:
        return [
            leaves.get((role, position), np.zeros(entry.shape, request.dtype))
            for position, entry in enumerate(entries)
        ]

    inputs = [leaves["input", position] for position in range(len(program.context))]
    asked = Asked(
        values=request.values,
        moved=request.moved,
        wrt=request.wrt,
        tangents=whole("tangent", program.context) if request.moved else None,
        seeds=whole("seed", program.entries) if request.wrt else None,
    )
    return Bounded(list(results), reach(program, inputs, asked, results, method).radii)


def reach(
    program: Program, inputs: Sequence[Array], asked: Asked, results: Sequence[Array], method: BoundsMethod
) -> Reached:
    """Return how far each result is from the exact real one at most, at exactly these numbers.

    A radius is ∞ where nobody can tell. Raises: Declined if python-flint is not installed, for ``exact``.
    """
    derives = bool(asked.moved or asked.wrt)
    if method == "running":
        made = running(program, inputs, asked.tangents, asked.seeds)
        with np.errstate(all="ignore"):
            domains = decided(over(program, Running()), made[0]) if derives else ()
        return Reached(running_radii(results, _picked(made, asked)), domains)
    found = enclose(program, inputs, asked.tangents, asked.seeds)
    balls = _picked((found.values, found.tangents, found.cotangents), asked)
    with at_precision(found.bits):
        domains = decided(over(program, Balls()), found.values) if derives else ()
    return Reached(ball_radii(results, balls, found.bits), domains)


def decided(program: Program, values: Sequence[Any]) -> tuple[DomainReport, ...]:
    """Return of each node whose op has a hypothesis whether it holds, of values within bounds.

    The program is over what the values are.
    """
    made = []
    for step in program.steps:
        domain = step.primitive.domain
        if domain is EVERYWHERE:
            continue
        measured = domain.measure(step.setting, step.operand_values(values))
        low, high = _ends(measured)
        at_ends = [np.asarray(domain.holds(each), bool) for each in (low, high)]
        unbounded = ~_is_bounded(low, high)
        outcome: Literal["holds", "fails", "cannot tell"] = "cannot tell"
        if np.asarray(domain.holds(measured), bool).all():
            outcome = "holds"
        elif (~unbounded & ~at_ends[0] & ~at_ends[1]).any():
            outcome = "fails"
        made.append(
            DomainReport(
                entry=step.entry,
                op=step.primitive.name,
                hypothesis=domain.text,
                theorem=domain.theorem,
                outcome=outcome,
            )
        )
    return tuple(made)


def _ends(measured: Any) -> tuple[Any, Any]:
    """Return the least and the largest that numbers may be, which are floats where they are known."""
    if isinstance(measured, RunningArray):
        return measured.ends()
    return ends(measured) if measured.dtype == object else (measured, measured)


def _is_bounded(low: Any, high: Any) -> Array:
    floats = [np.asarray(each.mid if isinstance(each, RunningArray) else each, float) for each in (low, high)]
    bounded: Array = np.isfinite(floats[0]) & np.isfinite(floats[1])
    return bounded


def _picked(made: tuple[list[Any], list[Any], list[Any]], asked: Asked) -> list[Any]:
    places = (asked.values, asked.moved, asked.wrt)
    return [arrays[place] for arrays, chosen in zip(made, places, strict=True) for place in chosen]


def ball_radii(results: Sequence[Array], balls: Sequence[Array], bits: int) -> list[Array]:
    """Return how far floats are at most from what balls enclose."""
    with at_precision(2 * bits):
        return [distances(result, each) for result, each in zip(results, balls, strict=True)]


def running(
    program: Program,
    inputs: Sequence[Array],
    tangents: Sequence[Array] | None = None,
    seeds: Sequence[Array] | None = None,
) -> tuple[list[Any], list[Any], list[Any]]:
    """Return values, tangents and cotangents as floats whose radii reach the exact real results."""
    kind = Running()
    along = over(program, kind)
    with np.errstate(all="ignore"):
        values = along.primals([kind.check_array(each) for each in inputs])
        moved = [] if tangents is None else along.tangents(values, [kind.of(each) for each in tangents])
        pulled = [] if seeds is None else along.cotangents(values, [kind.of(each) for each in seeds])
    return values, moved, pulled


def running_radii(results: Sequence[Array], reached: Sequence[RunningArray]) -> list[Array]:
    """Return how far floats are at most from what radii reach."""
    made = []
    for result, each in zip(results, reached, strict=True):
        with np.errstate(all="ignore"):
            gap = np.nextafter(np.abs(result.astype(float) - each.mid), np.inf)
            gap = np.where(result == each.mid, 0.0, gap)
            total = np.where(gap == 0, each.rad, np.nextafter(gap + each.rad, np.inf))
        made.append(np.where(np.isnan(total), np.inf, total))
    return made


def in_ulps(radii: Array, results: Array) -> Array:
    """Return radii in units in the last place of the largest number of an array; as they are if that is 0."""
    scale, kind = float(np.abs(results).max(initial=0.0)), np.finfo(results.dtype)
    return radii / (max(scale * float(kind.eps), float(kind.smallest_subnormal)) if scale else 1.0)


def digits_right(radii: Array, results: Array) -> float:
    """Return how many decimal digits are right of an array's largest number, at most those that it has.

    There are such numbers, and every radius is one.
    """
    share = float(radii.max()) / float(np.abs(results).max())
    return 0.0 - math.log10(min(max(share, float(np.finfo(results.dtype).eps) / 2), 1.0))


def check_method(method: BoundsMethod | None) -> None:
    """Raise Declined if what bounds are made with is not installed."""
    if method == "exact":
        Balls()


def _are_tight(arrays: Sequence[Array], bits: int) -> bool:
    """Return whether radii are small beside their arrays, or beside all where nothing but 0 is seen."""
    sizes, reaches = [*map(largest_size, arrays)], [*map(largest_radius, arrays)]
    largest = max(sizes, default=0) if bits >= ZERO_BITS else 0
    return all(
        reach * 2**SPARE_BITS <= (size if size > 2 * reach else largest)
        for size, reach in zip(sizes, reaches, strict=True)
    )


def are_told_from_zero(balls: Array) -> bool:
    """Return whether balls are known to be of what is not 0 everywhere."""
    return bool(largest_size(balls) > 2 * largest_radius(balls))
