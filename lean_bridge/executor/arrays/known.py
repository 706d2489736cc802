"""Floats that know which rational number they stand for, so that what is folded before a run stays exact."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from lean_bridge.executor.arrays.scalars import Reals


class Known(float):
    """A float with the exact number that it was rounded from; plans made of it are those of the floats."""

    __array_ufunc__ = None  # so that arrays leave arithmetic to the methods below
    exact: Fraction
    """The number that it was rounded from."""

    def __new__(cls, value: float, exact: Fraction | None = None) -> Known:
        """Return the float; without ``exact`` it is what it is."""
        made = super().__new__(cls, value)
        made.exact = Fraction(value) if exact is None else exact
        return made

    def __add__(self, other: Any) -> Any:
        return _folded(self, other, float.__add__, Fraction.__add__)

    def __radd__(self, other: Any) -> Any:
        return _folded(self, other, float.__radd__, Fraction.__radd__)

    def __sub__(self, other: Any) -> Any:
        return _folded(self, other, float.__sub__, Fraction.__sub__)

    def __rsub__(self, other: Any) -> Any:
        return _folded(self, other, float.__rsub__, Fraction.__rsub__)

    def __mul__(self, other: Any) -> Any:
        return _folded(self, other, float.__mul__, Fraction.__mul__)

    def __rmul__(self, other: Any) -> Any:
        return _folded(self, other, float.__rmul__, Fraction.__rmul__)

    def __truediv__(self, other: Any) -> Any:
        return _folded(self, other, float.__truediv__, Fraction.__truediv__)

    def __rtruediv__(self, other: Any) -> Any:
        return _folded(self, other, float.__rtruediv__, Fraction.__rtruediv__)

    def __neg__(self) -> Known:
        return Known(-float(self), -self.exact)


class KnownReals(Reals):
    """The reals as floats whose scalars know what they stand for."""

    def check_scalar(self, value: object) -> Known:
        """Return a caller's float, which is exactly what it is."""
        return Known(super().check_scalar(value))

    def rational(self, numerator: int, denominator: int = 1) -> Known:
        """Return the nearest float, which knows the quotient."""
        value = super().rational(numerator, denominator)
        return Known(value, Fraction(numerator, denominator) if denominator else Fraction(0))


def _folded(a: Known, b: Any, of_floats: Any, of_fractions: Any) -> Any:
    if isinstance(b, np.ndarray):
        each = np.frompyfunc(lambda entry: _folded(a, entry, of_floats, of_fractions), 1, 1)
        return each(b)
    if not isinstance(b, int | float | np.number):
        return NotImplemented
    b = b if isinstance(b, Known) else Known(float(b))
    return Known(of_floats(a, b), of_fractions(a.exact, b.exact))
