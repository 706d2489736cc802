"""The reals to hundreds of digits, by mpmath: another arithmetic than the balls', and another's code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import mpmath
import numpy as np

from lean_bridge.executor.arrays.scalars import Array, Unrounded

DIGITS: Final = 250
"""What is lost where numbers of 1e±90 meet leaves more than a hundred."""


class ManyDigits(Unrounded):
    """Arrays of mpmath's numbers; give it inside ``mpmath.workdps(DIGITS)``."""

    def check_array(self, value: object) -> Array:
        assert isinstance(value, np.ndarray)
        return each(mpmath.mpf, value)

    def check_scalar(self, value: object) -> Any:
        return mpmath.mpf(value)

    def rational(self, numerator: int, denominator: int = 1) -> Any:
        return mpmath.mpf(numerator) / denominator if denominator else mpmath.mpf(0)

    def inv(self, x: Array) -> Array:
        return each(lambda value: 1 / value if value else value, x)

    def exp(self, x: Array) -> Array:
        return each(mpmath.exp, x)

    def log(self, x: Array) -> Array:
        return each(mpmath.log, x)

    def step(self, x: Array, at: Any) -> Array:
        return each(lambda value: mpmath.mpf(value > 0), x - at)

    def shift_of_rows(self, x: Array, axis: int) -> Array:
        return np.asarray(x.max(axis=axis, keepdims=True))

    def sqrt(self, x: Array) -> Array:
        return each(lambda value: mpmath.sqrt(value) if value > 0 else mpmath.mpf(0), x)

    def tanh(self, x: Array) -> Array:
        return each(mpmath.tanh, x)

    def sigmoid(self, x: Array) -> Array:
        """Return the logistic function, which as ``1 + tanh`` has no digits left below ``-DIGITS``."""
        return each(lambda value: 1 / (1 + mpmath.exp(-value)), x)

    def slope_of_sigmoid(self, x: Array) -> Array:
        return self.sigmoid(x) * self.sigmoid(-x)


def each(function: Callable[[Any], Any], x: Array) -> Array:
    x = np.asarray(x)
    made = np.empty(x.shape, object)
    made.reshape(-1)[:] = [function(value) for value in x.ravel().tolist()]
    return made


def largest_excess(floats: Array, exact: Array, radii: Array) -> Any:
    """Return by how much floats are farther from what is exact than radii say; positive where one is."""
    gaps = [
        abs(mpmath.mpf(value) - truth)
        - (mpmath.mpf(radius) if np.isfinite(radius) else abs(truth) + abs(value))
        for value, truth, radius in zip(
            floats.astype(float).ravel().tolist(), exact.ravel().tolist(), radii.ravel().tolist(), strict=True
        )
    ]
    return max(gaps, default=mpmath.mpf(0))
