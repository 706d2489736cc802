"""The reals as floats with radii that run along, within which the exact results lie: a few times the cost.

By the standard model of floating-point arithmetic, N. J. Higham, *Accuracy and stability of numerical
algorithms*, 2002: ``fl(x ∘ y) = (x ∘ y)(1 + δ) + η`` with ``|δ| ≤ u``, and ``γₙ = n·u/(1 − n·u)`` for sums of
n products in any order, as a BLAS takes them. Of ``exp``, ``tanh`` and logarithms, of which the model says
nothing, it is taken that they are within :data:`LIBRARY_ULPS`, or :data:`COARSE_ULPS`; radii hold as long as
they are.

Midpoints are computed in float64. Made for a ``unit``, the radii have room for every evaluation in a
precision of that unit roundoff besides; for 0 they enclose the real results alone. Comparisons hold where
they hold of every number within a radius.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np

from lean_bridge.executor.arrays.scalars import Array, Reals, less_plain_mean
from lean_bridge.executor.arrays.shape import Shape

LIBRARY_ULPS: Final = 2
"""How many units in the last place ``exp`` and ``tanh`` of a library may be off in float64."""

COARSE_ULPS: Final = 3
"""How many they may be off in float32, whose ``exp`` is faster than exact."""

UNIT: Final = 2.0**-53
"""The unit roundoff of float64, in which midpoints and radii are computed."""

_ROOM: Final = 1 + 2.0**-46
"""What a radius is multiplied by, for it is rounded too: more than a hundred roundings upwards."""

_LEAST: Final = 2.0**-1070
"""What is added where something may have been too small for a float64."""


class RunningArray:
    """Midpoints with radii, and what rules and plans do with arrays."""

    __array_ufunc__ = None  # so that arrays and NumPy's scalars leave arithmetic to the methods below
    __slots__ = ("mid", "model", "rad")
    dtype = np.dtype(object)

    def __init__(self, mid: Array, rad: Array, model: Running) -> None:
        self.mid, self.rad, self.model = mid, rad, model

    @property
    def shape(self) -> Shape:
        """Axis lengths."""
        return self.mid.shape

    @property
    def device(self) -> Running:
        """What arrays of the same kind are made by."""
        return self.model

    def __array_namespace__(self, **_: Any) -> type[RunningArray]:
        return RunningArray

    @staticmethod
    def zeros(shape: Shape, *, dtype: object, device: Running) -> Any:
        """Return zeros, which are exact."""
        del dtype
        return device.of(np.zeros(shape))

    def __add__(self, other: Any) -> Any:
        b = self.model.of(other)
        return self._made(self.mid + b.mid, self.rad + b.rad, rounds=1)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        b = self.model.of(other)
        return self._made(self.mid - b.mid, self.rad + b.rad, rounds=1)

    def __rsub__(self, other: Any) -> Any:
        return self.model.of(other) - self

    def __neg__(self) -> Any:
        return RunningArray(-self.mid, self.rad, self.model)

    def __mul__(self, other: Any) -> Any:
        b = self.model.of(other)
        reach = np.abs(self.mid) * b.rad + self.rad * (np.abs(b.mid) + b.rad)
        some = ((self.mid != 0) | (self.rad != 0)) & ((b.mid != 0) | (b.rad != 0))
        return self._made(self.mid * b.mid, reach, rounds=1, least=some)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        return self * self.model.inv(self.model.of(other))

    def __rtruediv__(self, other: Any) -> Any:
        return self.model.of(other) * self.model.inv(self)

    def __matmul__(self, other: Any) -> Any:
        b, n = self.model.of(other), self.shape[-1]
        large, other_large = np.abs(self.mid) + self.rad, np.abs(b.mid) + b.rad
        each = gamma(n, self.model.own) + gamma(n, self.model.unit)
        rounded = each * (large @ other_large)  # not of a product that is too small for a float
        rounded = np.where(np.isfinite(rounded), rounded, large @ (each * other_large))
        reach = large @ b.rad + rounded + self.rad @ np.abs(b.mid)
        reach = reach * (1 + 4 * gamma(n + 4, UNIT)) + n * self.model.least
        return self.model.within(self.mid @ b.mid, reach * _ROOM)

    def __rmatmul__(self, other: Any) -> Any:
        return self.model.of(other) @ self

    def __lt__(self, other: Any) -> Any:
        return other - self > 0

    def __gt__(self, other: Any) -> Any:
        apart = self if isinstance(other, int) and other == 0 else self - other
        return apart.mid > apart.rad

    def __ne__(self, other: object) -> Any:
        apart = self if isinstance(other, int) and other == 0 else self - other
        return np.abs(apart.mid) > apart.rad

    def __eq__(self, other: object) -> Any:
        return (self.mid == other) & (self.rad == 0)

    __hash__ = None  # type: ignore[assignment]

    def __getitem__(self, index: Any) -> Any:
        return RunningArray(self.mid[index], self.rad[index], self.model)

    def sum(self, axis: int, *, keepdims: bool = False) -> Any:
        """Return the sums along one axis."""
        n = self.shape[axis]
        large = (np.abs(self.mid) + self.rad).sum(axis=axis, keepdims=keepdims)
        reach = self.rad.sum(axis=axis, keepdims=keepdims)
        reach = reach + (gamma(n - 1, self.model.own) + gamma(n - 1, self.model.unit)) * large
        reach = reach * (1 + 4 * gamma(n + 4, UNIT)) + np.where(large > 0, n * self.model.least, 0.0)
        return self.model.within(self.mid.sum(axis=axis, keepdims=keepdims), reach * _ROOM)

    def max(self, axis: int, *, keepdims: bool = False) -> Any:
        """Return the largest along one axis, which is not empty."""
        reach = self.rad.max(axis=axis, keepdims=keepdims)
        return RunningArray(self.mid.max(axis=axis, keepdims=keepdims), reach, self.model)

    def ends(self) -> tuple[RunningArray, RunningArray]:
        """Return numbers that none within a radius is below, and that none is above, with radii of 0."""
        low, high = self.mid - self.rad, self.mid + self.rad
        exact = self.rad == 0
        low = np.where(exact, low, np.nextafter(low, -np.inf))
        high = np.where(exact, high, np.nextafter(high, np.inf))
        return self.model.of(low), self.model.of(high)

    def reshape(self, shape: Shape) -> Any:
        """Return the coordinates in row-major order in another shape."""
        return RunningArray(self.mid.reshape(shape), self.rad.reshape(shape), self.model)

    def swapaxes(self, first: int, second: int) -> Any:
        """Return the array with two axes exchanged."""
        return RunningArray(self.mid.swapaxes(first, second), self.rad.swapaxes(first, second), self.model)

    def broadcast_to(self, shape: Shape) -> Any:
        """Return the array broadcast to a shape."""
        mid, rad = np.broadcast_to(self.mid, shape), np.broadcast_to(self.rad, shape)
        return RunningArray(mid, rad, self.model)

    def permute_dims(self, axes: Sequence[int]) -> Any:
        """Return the array with its axes in another order."""
        return RunningArray(self.mid.transpose(axes), self.rad.transpose(axes), self.model)

    def gathered(self, indices: Array) -> Any:
        """Return the parts at some positions of the first axis."""
        return self[indices]

    def scattered(self, indices: Array, length: int) -> Any:
        """Return the sums of the parts that go to each position of a first axis."""
        most = int(np.bincount(indices, minlength=1).max())
        mid, large, reach = (np.zeros((length, *self.shape[1:])) for _ in range(3))
        np.add.at(mid, indices, self.mid)
        np.add.at(large, indices, np.abs(self.mid) + self.rad)
        np.add.at(reach, indices, self.rad)
        reach = reach + (gamma(most - 1, self.model.own) + gamma(most - 1, self.model.unit)) * large
        reach = reach * (1 + 4 * gamma(most + 4, UNIT)) + np.where(large > 0, most * self.model.least, 0.0)
        return self.model.within(mid, reach * _ROOM)

    @staticmethod
    def concat(arrays: Sequence[RunningArray], *, axis: int) -> Any:
        """Return arrays joined along an axis."""
        mids, rads = (np.concatenate([getattr(x, part) for x in arrays], axis) for part in ("mid", "rad"))
        return RunningArray(mids, rads, arrays[0].model)

    def _made(self, mid: Array, reach: Array, *, rounds: float, least: Any = False) -> Any:
        """Return what an operation makes that is rounded so often, of operands that reach so far."""
        unit = self.model.unit
        rounded = rounds * ((self.model.own + unit) * np.abs(mid) + unit * reach)
        rad = (reach + rounded) * _ROOM
        return self.model.within(mid, np.where(least, rad + self.model.least, rad))


_Made: TypeAlias = Any
"""A :class:`RunningArray`, which rules take for an array."""


class Running(Reals):
    """The reals as midpoints and radii of float64."""

    def __init__(self, unit: float = 0.0, tiny: float = 0.0, *, own: float = UNIT) -> None:
        self.spread = 2 * (LIBRARY_ULPS if unit <= UNIT else COARSE_ULPS)
        """How often ``exp`` and ``tanh`` count as rounded."""
        self.unit = unit
        """The unit roundoff of the evaluations that there is room for."""
        self.own = own
        """That of the midpoints; 0 for radii about the exact results, which hold the evaluations alone."""
        self.least = _LEAST + tiny
        """What may be lost where a result is too small for a float: ``tiny`` is the least positive one."""

    def of(self, value: Any) -> _Made:
        """Return an array or a scalar with a radius: 0 of floats, which are what they are."""
        if isinstance(value, RunningArray):
            return value
        mid = np.asarray(value, float)
        return RunningArray(mid, np.zeros_like(mid), self)

    def within(self, mid: Array, rad: Array) -> RunningArray:
        """Return what lies within radii; nobody can tell where a midpoint is no number of ours."""
        return RunningArray(mid, np.where(np.isfinite(mid), rad, np.inf), self)

    def check_array(self, value: object) -> _Made:
        """Return an array with radii; of floats as :class:`Reals` takes them."""
        return value if isinstance(value, RunningArray) else self.of(super().check_array(value))

    def rational(self, numerator: int, denominator: int = 1) -> _Made:
        """Return a quotient of integers; 0 where the denominator is, as in Lean."""
        value = super().rational(numerator, denominator)
        top, bottom = value.as_integer_ratio()
        exact = not denominator or top * denominator == numerator * bottom
        unit = 0.0 if exact and self.unit <= UNIT else UNIT + self.unit
        return RunningArray(np.asarray(value), np.asarray(unit * abs(value) * _ROOM), self)

    def inv(self, x: _Made) -> _Made:
        """Return the inverses; 0 where a number is 0, as in Lean, and unbounded where it may be."""
        x = self.of(x)
        zero, size = (x.mid == 0) & (x.rad == 0), np.abs(x.mid)
        inner = size - x.rad
        mid = np.where(zero, 0.0, 1 / np.where(x.mid == 0, 1.0, x.mid))
        reach = np.where(inner > 0, x.rad / size / np.where(inner > 0, inner * (1 - 2 * UNIT), 1.0), np.inf)
        made: RunningArray = x._made(mid, np.where(zero, 0.0, reach), rounds=1, least=~zero)
        return made

    def exp(self, x: _Made) -> _Made:
        """Return the exponential of each coordinate."""
        mid, room = np.exp(x.mid), 1 + 4 * LIBRARY_ULPS * UNIT
        most = np.exp(np.nextafter(x.mid + x.rad, np.inf)) * room  # a bound too, where expm1 overflows
        reach = np.where(x.rad > 1, most, mid * room * np.expm1(np.minimum(x.rad, 1)) * room)
        return x._made(mid, np.where(x.rad == 0, 0.0, reach), rounds=self.spread, least=True)

    def log(self, x: _Made) -> _Made:
        """Return the logarithm of each coordinate; unbounded where a number may not be positive."""
        inner = x.mid - x.rad
        known = inner > 0
        mid = np.log(np.where(known, x.mid, 1.0))
        reach = np.where(known, x.rad / np.where(known, inner * (1 - 2 * UNIT), 1.0), np.inf)
        return x._made(mid, reach, rounds=self.spread, least=x.rad != 0)

    def log1p(self, x: _Made) -> _Made:
        """Return ``log(1 + x)`` of each coordinate; unbounded where that may be of no positive number."""
        inner = (1 + (x.mid - x.rad)) * (1 - 4 * UNIT)
        known = inner > 0
        reach = np.where(known, x.rad / np.where(known, inner, 1.0), np.inf)
        return x._made(np.log1p(np.where(known, x.mid, 0.0)), reach, rounds=self.spread, least=True)

    def step(self, x: _Made, at: Any) -> _Made:
        """Return 1 where a number is greater than a scalar, 0 where it is not, and both where it may be."""
        apart = self.of(x) - self.of(at)
        known = (apart.mid > apart.rad) | (apart.mid <= -apart.rad)
        return RunningArray(np.where(apart.mid > 0, 1.0, 0.0), np.where(known, 0.0, 1.0), self)

    def larger(self, x: _Made, at: Any) -> _Made:
        """Return the larger of each coordinate and a scalar."""
        x, at = self.of(x), self.of(at)
        reach = np.where(x > at, x.rad, np.where(at > x, at.rad, np.maximum(x.rad, at.rad)))
        return RunningArray(np.maximum(x.mid, at.mid), reach, self)

    def softplus(self, x: _Made) -> _Made:
        """Return ``log(1 + exp x)`` of each coordinate, of which no slope is steeper than 1."""
        mid = np.logaddexp(x.mid, 0.0)
        slope = np.minimum(np.exp(x.mid + x.rad) * (1 + 8 * LIBRARY_ULPS * UNIT), 1.0)
        return x._made(mid, x.rad * slope, rounds=2 * self.spread + 1, least=True)

    def decay(self, x: _Made) -> _Made:
        """Return ``exp(-|x|)`` of each coordinate."""
        return self.exp(RunningArray(-np.abs(x.mid), x.rad, self))

    def sigmoid(self, x: _Made) -> _Made:
        """Return the logistic function of each coordinate."""
        decayed = np.exp(-np.maximum(np.abs(x.mid) - x.rad, 0) * (1 - 4 * UNIT))
        slope = np.minimum(decayed * (1 + 8 * LIBRARY_ULPS * UNIT), 0.25)
        reach = np.minimum(x.rad * slope, 1.0)
        return x._made(Reals().sigmoid(x.mid), reach, rounds=self.spread + 3, least=True)

    def shift_of_rows(self, x: _Made, axis: int) -> _Made:
        """Return the largest of each row."""
        if not x.shape[axis]:
            return self.of(np.zeros((*x.shape[: axis % x.mid.ndim], 1, *x.shape[axis % x.mid.ndim + 1 :])))
        shift = x.max(axis=axis, keepdims=True)
        return shift if self.unit else self.of(shift.mid)  # any number of a row's own: one that is known

    def mean_of_rows(self, x: _Made) -> _Made:
        """Return the means along the last axis, which is kept."""
        made: RunningArray = x.sum(axis=-1, keepdims=True) * self.rational(1, x.shape[-1])
        return made

    def less_mean(self, x: _Made, weights: _Made, axis: int) -> _Made:
        """Return rows along an axis less their mean by weights, once: radii grow with every step."""
        return less_plain_mean(x, weights, axis)

    def sqrt(self, x: _Made) -> _Made:
        """Return the square roots; 0 where a number is negative, as in Lean."""
        low, mid = np.maximum(x.mid - x.rad, 0) * (1 - 4 * UNIT), np.sqrt(np.maximum(x.mid, 0))
        both = mid + np.sqrt(low)
        reach = np.where(
            low > 0, x.rad / np.where(both > 0, both, 1.0), np.sqrt(np.maximum(x.mid, 0) + x.rad)
        )
        reach = np.where(x.mid + x.rad <= 0, 0.0, np.where(x.rad == 0, 0.0, reach * (1 + 8 * UNIT)))
        return x._made(mid, reach, rounds=1, least=x.rad != 0)

    def tanh(self, x: _Made) -> _Made:
        """Return the hyperbolic tangent of each coordinate."""
        mid = np.tanh(x.mid)
        inner = np.exp(-2 * np.maximum(np.abs(x.mid) - x.rad, 0) * (1 - 4 * UNIT))
        slope = np.minimum(4 * inner * (1 + 32 * UNIT), 1.0)  # sech² x ≤ 4 exp(-2|x|)
        is_zero = (x.mid == 0) & (x.rad == 0)
        return x._made(mid, np.minimum(x.rad * slope, 2.0), rounds=self.spread, least=~is_zero)


def gamma(n: int, unit: float) -> float:
    """Return γₙ: what n roundings may come to, relative to what is rounded."""
    n = max(n, 0)
    return n * unit / (1 - n * unit) if n * unit < 1 else math.inf
