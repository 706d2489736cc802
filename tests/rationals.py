"""Exact scalars: arrays of fractions, with rational stand-ins for the transcendental functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from lean_bridge.executor.arrays.scalars import Array, Unrounded
from lean_bridge.executor.rules.linear_map import LinearMap


class Rationals(Unrounded):
    """The field ℚ; identities between rules hold in it exactly or not at all."""

    def check_array(self, value: object) -> Array:
        if not isinstance(value, np.ndarray) or value.dtype != object:
            raise ValueError(f"expected an array of fractions, found {value!r}")
        return value

    def check_scalar(self, value: object) -> Fraction:
        if not isinstance(value, Fraction):
            raise ValueError(f"expected a fraction, found {value!r}")
        return value

    def rational(self, numerator: int, denominator: int = 1) -> Fraction:
        return Fraction(numerator, denominator) if denominator else Fraction(0)

    def inv(self, x: Array) -> Array:
        x = np.asarray(x)  # arithmetic makes bare fractions of zero-dimensional arrays
        return filled([1 / value if value else value for value in x.ravel()], x.shape)

    def exp(self, x: Array) -> Array:
        total: Array = x * x + x + 1  # positive everywhere, and neither even nor odd
        return total

    def log(self, x: Array) -> Array:
        return self.exp(x)

    def step(self, x: Array, at: Any) -> Array:
        return self.exp(x - at)

    def sqrt(self, x: Array) -> Array:
        return self.exp(x)

    def tanh(self, x: Array) -> Array:
        return self.exp(x)


def draw_rationals(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Return small fractions; numerators and denominators stay short in products."""
    flat = [
        Fraction(int(rng.integers(-4, 5)), int(rng.integers(1, 4)))
        for _ in range(int(np.prod(shape, dtype=int)))
    ]
    return filled(flat, shape)


def filled(values: Sequence[Fraction], shape: tuple[int, ...]) -> Array:
    """Return the array of these coordinates, in row-major order."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array.reshape(shape)


def draw_arguments(rng: np.random.Generator, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return rational arguments of an op or a graph where it has real ones; scalars are positive."""
    return {name: _like(rng, value) for name, value in arguments.items()}


def _like(rng: np.random.Generator, value: Any) -> Any:
    if isinstance(value, LinearMap):
        return LinearMap(draw_rationals(rng, value.weights.shape), value.positions)
    if isinstance(value, np.ndarray) and value.dtype.kind in "iub":
        return value
    if isinstance(value, np.ndarray):
        return draw_rationals(rng, value.shape)
    return Fraction(int(rng.integers(1, 7)), 3)


def inner(left: Sequence[Array], right: Sequence[Array]) -> Fraction:
    """Return the inner product of two contexts."""
    return sum((np.asarray(a * b).sum() for a, b in zip(left, right, strict=True)), Fraction(0))
