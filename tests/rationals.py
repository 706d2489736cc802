"""Exact scalars: arrays of fractions, with rational stand-ins for the transcendental functions."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from lean_bridge.executor.scalars import Array


class Rationals:
    """The field ℚ; identities between rules hold in it exactly or not at all."""

    def check_array(self, value: object) -> Array:
        if not isinstance(value, np.ndarray) or value.dtype != object:
            raise ValueError(f"expected an array of fractions, found {value!r}")
        return value

    def check_scalar(self, value: object) -> Fraction:
        if not isinstance(value, Fraction):
            raise ValueError(f"expected a fraction, found {value!r}")
        return value

    def exp(self, x: Array) -> Array:
        total: Array = x * x + x + 1  # positive everywhere, and neither even nor odd
        return total

    def exp_of_rows(self, x: Array) -> Array:
        return self.exp(x)

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
    array = np.empty(len(flat), dtype=object)
    array[:] = flat
    return array.reshape(shape)


def inner(left: Sequence[Array], right: Sequence[Array]) -> Fraction:
    """Return the inner product of two contexts."""
    return sum((np.asarray(a * b).sum() for a, b in zip(left, right, strict=True)), Fraction(0))
