"""How likely different functions agree at a random point: degrees of what a program computes.

Lean's graph and the executor's program are compositions of field operations, so over GF(p) every coordinate
of their saved tensors, tangents and cotangents is a rational function ``P/Q`` of the inputs, arguments,
tangents and seeds. Let Lean's be ``P/Q`` and the executor's ``P'/Q'``, and let A be the product of
everything that either side inverts on its way. If the two functions differ, then ``(P Q' - P' Q) A`` is a
polynomial that is not 0, and wherever the two numbers agree it vanishes: either nothing inverted is 0, so
that the numbers are the quotients and ``P Q' = P' Q``; or A is 0, where Lean's convention ``0⁻¹ = 0`` may
make numbers agree by accident. At a point uniform in GF(p)ᴺ a nonzero polynomial of degree d vanishes with
probability at most d/p (J. T. Schwartz, *Fast probabilistic algorithms for verification of polynomial
identities*, 1980; R. Zippel, *Probabilistic algorithms for sparse polynomials*, 1979). Points drawn
independently at the same dimensions multiply. Points at different dimensions are about different functions,
so of those bounds the largest holds: whichever function is wrong, it was tested with at least that
certainty.

The degrees are found by running the program itself on :class:`Degree` in the place of numbers. They bound
the executor's side as it is; Lean's formulas are taken to have no larger ones, which is so for the rules of
the table that are right. The stand-ins are part of the functions: two formulas that differ as formulas in
exp, but not for this exp, are one function here. So are the whole numbers and truth values that a graph
takes: a bound is about the function at those which were drawn, and they are others at every point.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lean_bridge.crosscheck.finite_field import PRIME
from lean_bridge.executor.arrays.scalars import Array, Unrounded
from lean_bridge.executor.arrays.shape import Shape
from lean_bridge.executor.graph import Argument, BoundGraph
from lean_bridge.executor.rules.linear_map import LinearMap
from lean_bridge.executor.rules.program import Program


@dataclass(frozen=True, eq=False)
class Inverted:
    """A polynomial that was inverted, by what is known of it."""

    degree: int


class Degree:
    """A rational function by bounds: its numerator's degree, and the factors of its denominator."""

    def __init__(self, numerator: int, factors: Mapping[Inverted, int], ledger: list[Inverted]) -> None:
        self.numerator = numerator
        self.factors = factors
        """What was inverted, each with its power in the denominator."""
        self.denominator = sum(factor.degree * power for factor, power in factors.items())
        self._ledger = ledger
        """Everything inverted in one run."""

    def __mul__(self, other: Degree) -> Degree:
        if not isinstance(other, Degree):
            return NotImplemented  # an array, which multiplies each coordinate
        powers = self._powers(other, lambda mine, others: mine + others)
        return Degree(self.numerator + other.numerator, powers, self._ledger)

    def __add__(self, other: Degree) -> Degree:
        """Return the sum, over the least common denominator."""
        if not isinstance(other, Degree):
            return NotImplemented
        total = Degree(0, self._powers(other, max), self._ledger)
        total.numerator = max(each.numerator + total.denominator - each.denominator for each in (self, other))
        return total

    __sub__ = __add__

    def __neg__(self) -> Degree:
        return self

    def __truediv__(self, other: Degree) -> Degree:
        return self * other.inverse if isinstance(other, Degree) else NotImplemented

    @cached_property
    def inverse(self) -> Degree:
        """The denominator over the numerator, which is a new factor."""
        numerator = Inverted(self.numerator)
        self._ledger.append(numerator)
        return Degree(self.denominator, {numerator: 1}, self._ledger)

    def _powers(self, other: Degree, join: Callable[[int, int], int]) -> dict[Inverted, int]:
        powers = dict(self.factors)
        for factor, power in other.factors.items():
            powers[factor] = join(powers.get(factor, 0), power)
        return powers


class Degrees(Unrounded):
    """Degrees as scalars of the executor, in arrays of objects; the inverted polynomials of one run."""

    def __init__(self) -> None:
        self.inverted: list[Inverted] = []

    def variables(self, shape: Shape) -> Array:
        """Return an array of variables."""
        array = np.empty(shape, dtype=object)
        for index in np.ndindex(shape):
            array[index] = self.variable()
        return array

    def variable(self) -> Degree:
        """Return the degree of a variable."""
        return Degree(1, {}, self.inverted)

    def check_array(self, value: object) -> Array:
        """Return the array; only one of objects."""
        array = np.asarray(value)
        if array.dtype != object:
            raise ValueError(f"expected an array of degrees, found {value!r}")
        return array

    def check_scalar(self, value: object) -> Degree:
        """Return the degree."""
        if not isinstance(value, Degree):
            raise ValueError(f"expected a degree, found {value!r}")
        return value

    def rational(self, _numerator: int, _denominator: int = 1) -> Degree:
        """Return the degree of a constant."""
        return Degree(0, {}, self.inverted)

    def inv(self, x: Array) -> Array:
        """Return the degree of each coordinate's inverse."""
        inverses: Array = np.empty(np.shape(x), dtype=object)
        for index, degree in np.ndenumerate(x):
            inverses[index] = degree.inverse
        return inverses

    def exp(self, x: Array) -> Array:
        """Return the degree of a polynomial of degree 2 in each coordinate."""
        return np.asarray(x * x + x)

    def step(self, x: Array, at: Any) -> Array:
        """Return the degree of a polynomial of degree 2 in how far each coordinate is from a scalar."""
        return self.exp(x - at)

    log = sqrt = tanh = exp


def bound_degree(bound: BoundGraph) -> int:
    """Return d such that different functions agree at a random point with probability at most d/p.

    The largest such d of the three passes, which each compute everything that they need.
    """
    return max(
        _degree(bound, lambda program, inputs, _seeds: program.forward(inputs)),
        _degree(bound, lambda program, inputs, _seeds: program.jvp(inputs, inputs)),
        _degree(bound, lambda program, inputs, seeds: program.vjp(inputs, seeds)),
    )


def error_bound(degrees: Sequence[tuple[Mapping[str, int], int]]) -> float:
    """Return the chance that a wrong function passes at points of these dimensions and degrees."""
    chances: dict[tuple[int, ...], float] = {}
    for dims, degree in degrees:
        key = tuple(dims.values())
        chances[key] = chances.get(key, 1.0) * min(1.0, degree / PRIME)
    return max(chances.values(), default=1.0)


def _degree(bound: BoundGraph, run: Callable[[Program, list[Array], list[Array]], list[Array]]) -> int:
    kind = Degrees()
    model = bound.graph.model
    arguments: dict[str, Any] = {name: kind.variable() for name in (*model.scalars, *model.maps)}
    for use in bound.arguments():
        if use.parameter.kind == "map":
            arguments[use.name] = kind.variables(shape_of_map(use))
    arguments |= bound.draw_arrays(np.random.default_rng(0))  # on which of them no degree depends
    program = bound.interpret(kind, **arguments)
    inputs = [kind.variables(entry.shape) for entry in program.context]
    seeds = [kind.variables(entry.shape) for entry in program.entries]
    results = [degree for array in run(program, inputs, seeds) for degree in array.ravel()]
    cross = max((degree.numerator + degree.denominator for degree in results), default=0)
    return cross + 2 * sum(each.degree for each in kind.inverted)


def shape_of_map(use: Argument) -> Shape:
    """Return the shape of the array that a map argument takes: a matrix (outputs, inputs), or a bias."""
    drawn = use.draw(np.random.default_rng(0))
    weights: Array = drawn.weights if isinstance(drawn, LinearMap) else drawn
    return weights.shape
