"""The reals as balls: arrays of enclosures, in which the exact real result lies whatever is rounded.

A ball is a midpoint with a radius: F. Johansson, *Arb: efficient arbitrary-precision midpoint-radius
interval arithmetic*, 2017. The rules of the primitives run on them unchanged. Comparisons hold where they
hold of every number of a ball: ``x > 0`` and ``x <= 0`` may both be false, and then nobody can tell.
"""

from __future__ import annotations

import math
import reprlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from numbers import Rational, Real
from typing import Any, Final

import numpy as np

from lean_bridge.errors import Declined
from lean_bridge.executor.arrays.scalars import Array, less_plain_mean, plain_means

_ONE_AT_A_TIME: Final = threading.RLock()
"""Precision is one for a whole process."""


class BallArray(np.ndarray):
    """An array of balls: NumPy's array of objects, with matrix products and quotients of balls."""

    def __matmul__(self, other: Any) -> Any:
        return _product(self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return _product(other, self)

    def __truediv__(self, other: Any) -> Any:
        return self * _each(_inverse, other)

    def __rtruediv__(self, other: Any) -> Any:
        return other * _each(_inverse, self)


class Balls:
    """The reals as balls of python-flint's ``arb``; Lean: ``ScalarOps`` of ℝ, enclosed.

    Raises: Declined if python-flint is not installed.
    """

    library = "python-flint"

    def __init__(self) -> None:
        _flint()

    def __repr__(self) -> str:
        return "<Balls: enclosures of the reals>"

    def __reduce__(self) -> tuple[Any, ...]:
        return Balls, ()

    def check_array(self, value: object) -> Array:
        """Return an array of balls; of floats, the balls of radius 0 that are exactly these numbers."""
        if isinstance(value, BallArray):
            return value
        if type(value) is not np.ndarray:
            found = type(value).__name__
            raise ValueError(f"expected an array of floats or of balls, found {found}; give a numpy.ndarray")
        if value.dtype not in (np.float64, np.float32):
            raise ValueError(f"expected float64 or float32, found {value.dtype}; convert with .astype(float)")
        return exactly(value)

    def check_scalar(self, value: object) -> Any:
        """Return a caller's number as a ball: a float or a fraction is exactly what it is, a ball itself."""
        if isinstance(value, _flint().arb) and value.is_finite():
            return value
        if isinstance(value, Rational) and not isinstance(value, bool):
            return self.rational(int(value.numerator), int(value.denominator))
        if isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value):
            return self.rational(*float(value).as_integer_ratio())
        raise ValueError(f"expected a finite real number or a ball, found {reprlib.repr(value)}")

    def rational(self, numerator: int, denominator: int = 1) -> Any:
        """Return a quotient of integers; 0 where the denominator is, as in Lean."""
        flint = _flint()
        return flint.arb(flint.fmpq(numerator, denominator) if denominator else 0)

    def inv(self, x: Array) -> Array:
        """Return the inverses; 0 where a number is 0, as in Lean, and unbounded where it may be."""
        return _each(_inverse, x)

    def exp(self, x: Array) -> Array:
        """Return the exponential of each coordinate."""
        return _each(lambda ball: ball.exp(), x)

    def log(self, x: Array) -> Array:
        """Return the logarithms; unbounded where a number may not be positive."""
        return _each(_logarithm, x)

    def slope_of_log(self, x: Array) -> Array:
        """Return the inverse of each coordinate; unbounded where a number may not be positive."""
        return _each(lambda ball: _inverse(ball) if ball > 0 else _anything(), x)

    def step(self, x: Array, at: Any) -> Array:
        """Return 1 where a number is greater than a scalar, 0 where it is not, and both where it may be."""
        return _each(_unit_step, x - at)

    def larger(self, x: Array, at: Any) -> Array:
        """Return the larger of each coordinate and a scalar."""
        shape = np.broadcast_shapes(np.shape(x), np.shape(at))
        both = [_balls(np.broadcast_to(np.asarray(each, object), shape)) for each in (x, at)]
        return _filled([ball.max(other) for ball, other in zip(*both, strict=True)], shape)

    def log1p(self, x: Array) -> Array:
        """Return ``log(1 + x)`` of each coordinate; unbounded where that may be of no positive number."""
        return _each(lambda ball: ball.log1p() if ball > -1 else _anything(), x)

    def softplus(self, x: Array) -> Array:
        """Return ``log(1 + exp x)`` of each coordinate."""
        return _each(_softplus, x)

    def sigmoid(self, x: Array) -> Array:
        """Return the logistic function of each coordinate."""
        return _each(_sigmoid, x)

    def decay(self, x: Array) -> Array:
        """Return ``exp(-|x|)`` of each coordinate."""
        return _each(lambda ball: (-abs(ball)).exp(), x)

    def slope_of_sigmoid(self, x: Array) -> Array:
        """Return the logistic function of each coordinate times that of what is opposite to it."""
        slope: Array = self.sigmoid(x) * self.sigmoid(-x)
        return slope

    def slope_of_softplus(self, x: Array) -> Array:
        """Return the derivative of :meth:`softplus`, which is the logistic function."""
        return self.sigmoid(x)

    def shift_of_rows(self, x: Array, axis: int) -> Array:
        """Return a number of each row's own, about its largest."""
        rows = np.moveaxis(np.asarray(x, object), axis, -1)
        shifts = np.empty((*rows.shape[:-1], 1), object)
        listed = rows.reshape((-1, rows.shape[-1])).tolist() if rows.size else []
        shifts.reshape(-1)[:] = [max(map(_middle, row), key=float) for row in listed] if listed else 0
        return np.moveaxis(shifts, -1, axis).view(BallArray)

    def mean_of_rows(self, x: Array) -> Array:
        """Return the means along the last axis, which is kept."""
        return plain_means(self, x)

    def less_mean(self, x: Array, weights: Array, axis: int) -> Array:
        """Return rows along an axis less their mean by weights."""
        return less_plain_mean(x, weights, axis)

    def sqrt(self, x: Array) -> Array:
        """Return the square roots; 0 where a number is negative, as in Lean."""
        return _each(_root, x)

    def tanh(self, x: Array) -> Array:
        """Return the hyperbolic tangent of each coordinate."""
        return _each(lambda ball: ball.tanh(), x)

    def gelu_kappa(self) -> Any:
        """Return √(2/π), which no float is, at the present precision."""
        arb = _flint().arb
        return (arb(2) / arb.pi()).sqrt()


@contextmanager
def at_precision(bits: int) -> Iterator[None]:
    """Compute with balls of midpoints of so many bits. Other threads wait: precision is a process's."""
    with _ONE_AT_A_TIME, _flint().ctx.workprec(bits):
        yield


def exactly(array: Array) -> Array:
    """Return floats as balls of radius 0."""
    arb = _flint().arb
    return _filled([arb(value) for value in array.astype(float).ravel().tolist()], array.shape)


def largest_size(balls: Array) -> Any:
    """Return a number of any precision that no number of a ball is larger than in absolute value."""
    return _largest(lambda ball: ball.abs_upper(), balls)


def largest_radius(balls: Array) -> Any:
    """Return the largest radius, in any precision."""
    return _largest(lambda ball: ball.rad(), balls)


def _largest(of: Callable[[Any], Any], balls: Array) -> Any:
    found = [of(ball) for ball in _balls(balls)]
    return max(found, default=0) if all(each.is_finite() for each in found) else math.inf


def distances(floats: Array, balls: Array) -> Array:
    """Return floats that are at least how far each float is from every number of its ball; ∞ of no number."""
    return _floats(lambda ball: ball.abs_upper(), exactly(floats) - balls)


def least_distances(floats: Array, balls: Array) -> Array:
    """Return floats that are at most how far each float is from every number of its ball."""
    made = _converted(lambda ball: ball.abs_lower(), exactly(floats) - balls)
    return np.maximum(np.nextafter(made, -np.inf), 0.0)


def ends(balls: Array) -> tuple[Array, Array]:
    """Return the least and the largest numbers of balls, or numbers beyond them, as balls of radius 0."""
    return _each(lambda ball: ball.lower(), balls), _each(lambda ball: ball.upper(), balls)


def overlap(a: Array, b: Array) -> bool:
    """Return whether balls meet, coordinate by coordinate, so that both may enclose the same numbers."""
    return all(x.overlaps(y) for x, y in zip(_balls(a), _balls(b), strict=True))


def _floats(of: Callable[[Any], Any], balls: Array) -> Array:
    made = _converted(of, balls)
    made = np.where(made == 0, made, np.nextafter(made, np.inf))
    return np.where(np.isnan(made), np.inf, made)


def _converted(of: Callable[[Any], Any], balls: Array) -> Array:
    """Return the nearest floats, but the least positive one instead of 0 for what is positive."""
    exact = [of(ball) for ball in _balls(balls)]
    made = [float(each) for each in exact]
    tiny = math.ulp(0.0)
    made = [
        tiny if not value and not each.is_zero() else value for value, each in zip(made, exact, strict=True)
    ]
    return np.array(made, float).reshape(np.shape(balls))


def _balls(balls: Array) -> list[Any]:
    arb = _flint().arb
    return [
        ball if isinstance(ball, arb) else arb(ball) for ball in np.asarray(balls, object).ravel().tolist()
    ]


def _each(function: Callable[[Any], Any], x: Any) -> Array:
    return _filled([function(ball) for ball in _balls(x)], np.shape(x))


def _filled(balls: list[Any], shape: tuple[int, ...]) -> Array:
    made = np.empty(len(balls), object)
    made[:] = balls
    return made.reshape(shape).view(BallArray)


def _inverse(ball: Any) -> Any:
    if ball.is_zero():
        return ball
    return 1 / ball if ball != 0 else _anything()


def _root(ball: Any) -> Any:
    if ball >= 0:
        return ball.sqrt()
    arb = _flint().arb
    if ball <= 0:
        return arb(0)
    if not ball.is_finite():
        return _anything()
    return arb(0).union(arb(ball.upper()).sqrt())


def _logarithm(ball: Any) -> Any:
    return ball.log() if ball > 0 else _anything()


def _unit_step(ball: Any) -> Any:
    arb = _flint().arb
    if ball > 0:
        return arb(1)
    return arb(0) if ball <= 0 else arb(0).union(arb(1))


def _softplus(ball: Any) -> Any:
    return ball + (-ball).exp().log1p() if ball > 0 else ball.exp().log1p()


def _sigmoid(ball: Any) -> Any:
    if ball > 0:
        return 1 / (1 + (-ball).exp())
    if ball < 0:
        decayed = ball.exp()
        return decayed / (1 + decayed)
    return (1 + (ball / 2).tanh()) / 2


def _anything() -> Any:
    arb = _flint().arb
    return arb(0, math.inf)


def _middle(ball: Any) -> Any:
    return ball.mid() if hasattr(ball, "mid") else _flint().arb(ball)


def _product(a: Any, b: Any) -> Array:
    """Return a product of matrices, or of each pair of two stacks of them."""
    a, b = np.asarray(a, object), np.asarray(b, object)
    if a.ndim == 3:
        return (
            np.stack([_product(x, y) for x, y in zip(a, b, strict=True)]).view(BallArray)
            if len(a)
            else (np.zeros((0, a.shape[1], b.shape[2]), object).view(BallArray))
        )
    (m, n), p = a.shape, b.shape[1]
    if not m or not n or not p:
        return np.zeros((m, p), object).view(BallArray)
    matrix = _flint().arb_mat
    return _filled((matrix(m, n, _balls(a)) * matrix(n, p, _balls(b))).entries(), (m, p))


def _flint() -> Any:
    try:
        import flint
    except ImportError:
        raise Declined("python-flint is not installed; pip install 'lean-bridge[rigorous]'") from None
    return flint
