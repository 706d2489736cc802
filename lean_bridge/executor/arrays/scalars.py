"""The scalars a program computes with.

Rules use ``+ - * /``, ``@`` in two and three dimensions, ``sum`` over one axis, ``reshape`` and ``swapaxes``
of the arrays themselves, ``broadcast`` and ``cast`` of :mod:`.namespaces`, and get everything else from a
:class:`Scalars`, constants included. So one set of rules runs over the reals in arrays of several libraries
(see :mod:`.backends`) and over any field that brings its own stand-ins for the transcendental functions, and
can be written down as instructions (see :mod:`..plans.tracer`).
"""

from __future__ import annotations

import math
import reprlib
from collections.abc import Iterable
from numbers import Real
from typing import Any, Final, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]


class Scalars(Protocol):
    """A field with functions that stand for exp, log, sqrt, tanh and the unit step. Lean: ``ScalarOps``."""

    def check_array(self, value: object) -> Array:
        """Return a caller's array, or raise ValueError saying what was expected, found, and the mend."""
        ...

    def check_scalar(self, value: object) -> Any:
        """Return a caller's scalar as one that keeps the arrays' type, or raise ValueError likewise."""
        ...

    def rational(self, numerator: int, denominator: int = 1) -> Any:
        """Return a quotient of integers as a scalar; 0 where the denominator is, as in Lean."""
        ...

    def inv(self, x: Array) -> Array:
        """Return the inverse of each coordinate; 0 where it is 0, as in Lean."""
        ...

    def exp(self, x: Array) -> Array:
        """Return the exponential of each coordinate."""
        ...

    def log(self, x: Array) -> Array:
        """Return the logarithm of each coordinate."""
        ...

    def slope_of_log(self, x: Array) -> Array:
        """Return the inverse of each coordinate; where there is no logarithm it may be no number."""
        ...

    def step(self, x: Array, at: Any) -> Array:
        """Return 1 for each coordinate that is greater than a scalar, and 0 for the others."""
        ...

    def larger(self, x: Array, at: Any) -> Array:
        """Return the larger of each coordinate and a scalar: ``at + (x - at)·step(x - at)``."""
        ...

    def softplus(self, x: Array) -> Array:
        """Return ``log(1 + exp x)`` of each coordinate."""
        ...

    def sigmoid(self, x: Array) -> Array:
        """Return the logistic function of each coordinate: ``(1 + tanh(x/2))/2``."""
        ...

    def slope_of_sigmoid(self, x: Array) -> Array:
        """Return the logistic function of each coordinate times what it leaves of 1."""
        ...

    def slope_of_softplus(self, x: Array) -> Array:
        """Return the derivative of :meth:`softplus` at each coordinate: ``exp(x - softplus x)``."""
        ...

    def shift_of_rows(self, x: Array, axis: int) -> Array:
        """Return a number for each row along an axis, which is kept: what has it subtracted has small exp.

        Rules are right whatever it is.
        """
        ...

    def mean_of_rows(self, x: Array) -> Array:
        """Return the means along the last axis, which is kept."""
        ...

    def less_mean(self, x: Array, weights: Array, axis: int) -> Array:
        """Return rows along an axis less their mean by weights that sum to 1."""
        ...

    def sqrt(self, x: Array) -> Array:
        """Return the square root of each coordinate."""
        ...

    def tanh(self, x: Array) -> Array:
        """Return the hyperbolic tangent of each coordinate."""
        ...


class Unrounded(Scalars):
    """Scalars of which nothing is lost: what floats need care for is what it says."""

    def slope_of_log(self, x: Array) -> Array:
        """Return the inverse of each coordinate; 0 where it is 0, as in Lean."""
        return self.inv(x)

    def larger(self, x: Array, at: Any) -> Array:
        """Return ``at + (x - at)·step(x - at)``."""
        larger: Array = at + (x - at) * self.step(x, at)
        return larger

    def softplus(self, x: Array) -> Array:
        """Return ``log(1 + exp x)`` of each coordinate."""
        return self.log(self.rational(1) + self.exp(x))

    def sigmoid(self, x: Array) -> Array:
        """Return the logistic function of each coordinate: ``(1 + tanh(x/2))/2``."""
        half = self.rational(1, 2)
        value: Array = (self.rational(1) + self.tanh(x * half)) * half
        return value

    def slope_of_sigmoid(self, x: Array) -> Array:
        """Return the logistic function of each coordinate times what it leaves of 1."""
        value = self.sigmoid(x)
        slope: Array = value * (self.rational(1) - value)
        return slope

    def slope_of_softplus(self, x: Array) -> Array:
        """Return ``exp(x - softplus x)`` of each coordinate."""
        return self.exp(x - self.softplus(x))

    def shift_of_rows(self, x: Array, axis: int) -> Any:
        """Return 0 for all rows, as nothing can overflow."""
        del x, axis
        return self.rational(0)

    def mean_of_rows(self, x: Array) -> Array:
        """Return the means along the last axis, which is kept."""
        return plain_means(self, x)

    def less_mean(self, x: Array, weights: Array, axis: int) -> Array:
        """Return rows along an axis less their mean by weights that sum to 1."""
        return less_plain_mean(x, weights, axis)


class Reals:
    """The reals as IEEE floating point, float64 or float32."""

    library = "numpy"
    """What people call it whose arrays these are, as a module."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: float64 and float32 arrays of {self.library}>"

    def check_array(self, value: object) -> Array:
        """Return the array; only ``numpy.ndarray`` itself, as subclasses redefine ``*`` or carry masks.

        NumPy's own arithmetic turns zero-dimensional arrays into scalars; those are taken back.
        """
        if isinstance(value, np.floating):
            value = np.asarray(value)
        if type(value) is not np.ndarray:
            found = type(value).__name__
            raise ValueError(
                f"expected a numpy.ndarray, found {found}; convert with numpy.asarray(…, dtype=float)"
            )
        if value.dtype not in (np.float64, np.float32):
            raise ValueError(f"expected float64 or float32, found {value.dtype}; convert with .astype(float)")
        return value

    def check_scalar(self, value: object) -> float:
        """Return a Python float, which takes on the precision of the arrays it meets."""
        try:
            if isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value):
                return float(value)
        except OverflowError:  # an integer or a fraction beyond all floats
            pass
        raise ValueError(f"expected a finite real number, found {reprlib.repr(value)}")

    def rational(self, numerator: int, denominator: int = 1) -> float:
        """Return the nearest float; 0 where the denominator is, as in Lean."""
        return numerator / denominator if denominator else 0.0

    def inv(self, x: Array) -> Array:
        """Return the inverse of each coordinate; 0 where it is 0, as in Lean."""
        x = np.asarray(x)
        return np.divide(1, x, out=np.zeros_like(x), where=x != 0)

    def exp(self, x: Array) -> Array:
        """Return the exponential of each coordinate."""
        return np.asanyarray(np.exp(x))

    def log(self, x: Array) -> Array:
        """Return the logarithm of each coordinate; no number where it is not positive, unlike in Lean."""
        return np.asanyarray(np.log(x))

    def slope_of_log(self, x: Array) -> Array:
        """Return the inverse of each coordinate; no number where it is not positive, as :meth:`log`."""
        return slope_where_positive(self, x)

    def step(self, x: Array, at: Any) -> Array:
        """Return 1 for each coordinate that is greater than a scalar, and 0 for the others."""
        return np.asanyarray(np.greater(x, at), np.asarray(x).dtype)

    def larger(self, x: Array, at: Any) -> Array:
        """Return the larger of each coordinate and a scalar."""
        return np.asanyarray(np.maximum(x, at))

    def softplus(self, x: Array) -> Array:
        """Return ``log(1 + exp x)`` of each coordinate, with nothing that overflows."""
        return softplus_by_decay(self, x)

    def log1p(self, x: Array) -> Array:
        """Return ``log(1 + x)`` of each coordinate, of which no digit is lost where it is nearly 0."""
        return np.asanyarray(np.log1p(x))

    def decay(self, x: Array) -> Array:
        """Return ``exp(-|x|)`` of each coordinate."""
        return np.asanyarray(np.exp(-np.abs(x)))

    def sigmoid(self, x: Array) -> Array:
        """Return the logistic function of each coordinate, of which no digit is lost where it is nearly 0."""
        return sigmoid_by_decay(self, x)

    def slope_of_sigmoid(self, x: Array) -> Array:
        """Return the logistic function times that of ``-x``, of which no digit is lost at either end."""
        return slope_by_decay(self, x)

    def slope_of_softplus(self, x: Array) -> Array:
        """Return the logistic function, which that is: a rounded difference would be magnified by ``exp``."""
        return self.sigmoid(x)

    def shift_of_rows(self, x: Array, axis: int) -> Array:
        """Return the largest of each row: what has it subtracted has exponentials of at most 1."""
        largest: Array = x.max(axis=axis, keepdims=True, initial=-np.inf)
        return largest

    def mean_of_rows(self, x: Array) -> Array:
        """Return the means along the last axis, corrected by those of what is left of the rows.

        The mean of a row of 1e6 is off by the rounding of its sum, and a normalisation magnifies what is left
        of such a row by ``1/√ε``.
        """
        means = plain_means(self, x)
        return means + plain_means(self, x - means)

    def less_mean(self, x: Array, weights: Array, axis: int) -> Array:
        """Return rows less their mean by weights, and less that of what is left: the mean was rounded."""
        return less_plain_mean(less_plain_mean(x, weights, axis), weights, axis)

    def sqrt(self, x: Array) -> Array:
        """Return the square root of each coordinate; 0 where it is negative, as in Lean."""
        return np.asanyarray(np.sqrt(np.maximum(x, 0)))

    def tanh(self, x: Array) -> Array:
        """Return the hyperbolic tangent of each coordinate."""
        return np.asanyarray(np.tanh(x))


def read_only(array: Array) -> Array:
    """Return a view of an array through which nobody can write."""
    view = array.view()
    view.flags.writeable = False
    return view


def guarded(arrays: Iterable[Array]) -> list[Array]:
    """Return arrays so that nobody can write to them through what is made of them, where NumPy has them."""
    return [read_only(each) if isinstance(each, np.ndarray) else each for each in arrays]


def slope_where_positive(scalars: Scalars, x: Array) -> Array:
    """Return the inverse of each coordinate that is positive, and what is not finite for the others."""
    slope: Array = scalars.inv(x) / scalars.step(x, scalars.rational(0))
    return slope


def softplus_by_decay(scalars: Any, x: Array) -> Array:
    """Return ``log(1 + exp x)``, of floats: the larger of ``x`` and 0, and ``log(1 + d)``."""
    value: Array = scalars.larger(x, scalars.rational(0)) + scalars.log1p(scalars.decay(x))
    return value


def sigmoid_by_decay(scalars: Any, x: Array) -> Array:
    """Return the logistic function, of floats: ``1/(1 + d)`` for positive numbers, else ``d/(1 + d)``."""
    decayed = scalars.decay(x)
    top = scalars.larger(decayed, scalars.step(x, scalars.rational(0)))
    value: Array = top / (decayed + scalars.rational(1))
    return value


def slope_by_decay(scalars: Any, x: Array) -> Array:
    """Return the slope of the logistic function, of floats: ``d/(1 + d)²``, an even function."""
    decayed = scalars.decay(x)
    bottom = decayed + scalars.rational(1)
    slope: Array = decayed / (bottom * bottom)
    return slope


def less_plain_mean(x: Array, weights: Array, axis: int) -> Array:
    """Return rows along an axis less their mean by weights, exact in a field that is."""
    left: Array = x - (weights * x).sum(axis=axis, keepdims=True)
    return left


def plain_means(scalars: Scalars, x: Array) -> Array:
    """Return sums along the last axis over its length, exact in a field that is."""
    means: Array = x.sum(axis=-1, keepdims=True) * scalars.rational(1, x.shape[-1])
    return means


REALS: Final[Scalars] = Reals()
