"""The field GF(p), p = 2³¹ − 1, as scalars of the executor: exact, and small enough for Lean's kernel."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final

import numpy as np

from lean_bridge.executor.arrays.scalars import Array, Unrounded

PRIME: Final = 2**31 - 1

_GENERATOR: Final = 7
"""Of the multiplicative group; galois would search for one."""


class FiniteField(Unrounded):
    """GF(p) in arrays of galois, with polynomials in the place of exp, log, sqrt, tanh and the unit step.

    The stand-ins are those of Lean's ``ScalarOps GF``, in ``Proofs.Autograd.FiniteField.Field``: neither even
    nor odd, all different, and none another's derivative. Nothing is assumed of the functions when a graph
    runs, so for the comparison any will do that both sides share.
    """

    @cached_property
    def arrays(self) -> Any:
        """The class of the field's arrays, all int64; importing galois takes seconds."""
        import galois

        return galois.GF(PRIME, primitive_element=_GENERATOR, verify=False, compile="python-calculate")

    def array(self, values: object) -> Array:
        """Return integers as an array of the field."""
        array: Array = self.arrays(np.asarray(values, dtype=np.int64) % PRIME, dtype=np.int64)
        return array

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...] = ()) -> Array:
        """Return an array of independent coordinates, uniform in the field."""
        return self.array(rng.integers(PRIME, size=shape))

    def check_array(self, value: object) -> Array:
        """Return the array; only one of this field."""
        if not isinstance(value, self.arrays):
            raise ValueError(f"expected an array of GF({PRIME}), found {type(value).__name__}")
        array: Array = value
        return array

    def check_scalar(self, value: object) -> Array:
        """Return the element of the field as an array without axes."""
        array = self.check_array(value)
        if array.shape != ():
            raise ValueError(f"expected a scalar of GF({PRIME}), found shape {array.shape}")
        return array

    def rational(self, numerator: int, denominator: int = 1) -> Array:
        """Return the quotient of the residues of two integers; 0 where the denominator is, as in Lean."""
        return self.array(numerator % PRIME * pow(denominator, PRIME - 2, PRIME))

    def inv(self, x: Array) -> Array:
        """Return the inverse of each coordinate; 0 where it is 0, as in Lean."""
        zero = np.asarray(x == 0)
        inverse: Array = np.reciprocal(x + self.array(zero))  # galois has no inverse of 0
        return inverse - self.array(zero)

    def exp(self, x: Array) -> Array:
        """Return ``x² + 3x + 7``."""
        return self._quadratic(x, 1, 3, 7)

    def log(self, x: Array) -> Array:
        """Return ``5x² + 17x + 19``."""
        return self._quadratic(x, 5, 17, 19)

    def sqrt(self, x: Array) -> Array:
        """Return ``2x² + 5x + 11``."""
        return self._quadratic(x, 2, 5, 11)

    def tanh(self, x: Array) -> Array:
        """Return ``3x² + 13x + 17``."""
        return self._quadratic(x, 3, 13, 17)

    def step(self, x: Array, at: Array) -> Array:
        """Return ``7y² + 23y + 29`` for ``y = x - at``."""
        return self._quadratic(x - at, 7, 23, 29)

    def _quadratic(self, x: Array, a: int, b: int, c: int) -> Array:
        value: Array = self.array(a) * (x * x) + self.array(b) * x + self.array(c)
        return value


FIELD: Final = FiniteField()
