"""Arrays that write down what is done to them: how the rules of the primitives become instructions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from lean_bridge.executor.arrays.scalars import (
    Array,
    Scalars,
    Unrounded,
    less_plain_mean,
    plain_means,
    sigmoid_by_decay,
    slope_by_decay,
    slope_where_positive,
    softplus_by_decay,
)
from lean_bridge.executor.arrays.shape import Shape
from lean_bridge.executor.plans.recorder import Recorder


class Tracer:
    """An array that exists only as an instruction; it has the operations that rules may use, and no others.

    See :mod:`~lean_bridge.executor.arrays.scalars` for which these are.
    """

    __array_ufunc__ = None  # so that arrays and NumPy's scalars leave arithmetic to the methods below
    __slots__ = ("dtype", "position", "recorder")

    def __init__(self, recorder: Recorder, position: int, dtype: np.dtype[Any]) -> None:
        self.recorder, self.position, self.dtype = recorder, position, dtype

    def __array__(self, *_: Any, **__: Any) -> Array:
        raise TypeError("what is being planned has no coordinates yet")

    @property
    def shape(self) -> Shape:
        """Axis lengths."""
        return self.recorder.shape(self.position)

    @property
    def device(self) -> Recorder:
        """Return where its coordinates will be: with all others that are written down there."""
        return self.recorder

    def __array_namespace__(self, **_: Any) -> type[Tracer]:
        """Return where the functions of the Python array API are that rules may use."""
        return Tracer

    def emit(self, op: str, *operands: Any, static: tuple[Any, ...] = ()) -> Array:
        """Return the result of an instruction on tracers, arrays or scalars."""
        positions = (
            each.position if isinstance(each, Tracer) else self.recorder.constant(each) for each in operands
        )
        return as_array(self.recorder, self.recorder.emit(op, *positions, static=static), self.dtype)

    def __add__(self, other: Any) -> Array:
        return self.emit("add", self, other)

    def __radd__(self, other: Any) -> Array:
        return self.emit("add", other, self)

    def __sub__(self, other: Any) -> Array:
        return self.emit("sub", self, other)

    def __rsub__(self, other: Any) -> Array:
        return self.emit("sub", other, self)

    def __mul__(self, other: Any) -> Array:
        return self.emit("mul", self, other)

    def __rmul__(self, other: Any) -> Array:
        return self.emit("mul", other, self)

    def __truediv__(self, other: Any) -> Array:
        return self.emit("div", self, other)

    def __rtruediv__(self, other: Any) -> Array:
        return self.emit("div", other, self)

    def __matmul__(self, other: Any) -> Array:
        return self.emit("matmul", self, other)

    def __rmatmul__(self, other: Any) -> Array:
        return self.emit("matmul", other, self)

    def __neg__(self) -> Array:
        return self.emit("neg", self)

    def sum(self, axis: int, *, keepdims: bool = False) -> Array:
        """Return the sums along one axis."""
        return self.emit("sum", self, static=(axis % len(self.shape), keepdims, None))

    def max(self, axis: int, *, keepdims: bool = False) -> Array:
        """Return the largest along one axis; -∞ where it is empty."""
        return self.emit("max", self, static=(axis % len(self.shape), keepdims))

    def reshape(self, shape: Shape) -> Array:
        """Return the coordinates in row-major order in another shape."""
        if math.prod(shape) != math.prod(self.shape):
            raise ValueError(f"cannot reshape {self.shape} to {shape}")
        return self.emit("reshape", self, static=(tuple(shape),))

    def swapaxes(self, first: int, second: int) -> Array:
        """Return the array with two axes exchanged."""
        axes = list(range(len(self.shape)))
        axes[first], axes[second] = axes[second], axes[first]
        return self.emit("transpose", self, static=tuple(axes))

    def broadcast_to(self, shape: Shape) -> Array:
        """Return the array broadcast to a shape."""
        return self.emit("broadcast", self, static=(shape,))

    def __getitem__(self, index: tuple[slice, ...]) -> Array:
        """Return a part of one axis, which is the last that is indexed."""
        *_, taken = index
        return self.emit("slice", self, static=(len(index) - 1, taken.start, taken.stop))

    def gathered(self, indices: Array) -> Array:
        """Return the parts at some positions of the first axis."""
        return self.emit("gather", self, _given(indices))

    def scattered(self, indices: Array, length: int) -> Array:
        """Return the sums of the parts that go to each position of a first axis."""
        return self.emit("scatter", self, _given(indices), static=(length,))

    @staticmethod
    def concat(arrays: Sequence[Tracer], *, axis: int) -> Array:
        """Return arrays joined along an axis."""
        return arrays[0].emit("concat", *arrays, static=(axis,))

    @staticmethod
    def zeros(shape: Shape, *, dtype: np.dtype[Any], device: Recorder) -> Array:
        """Return zeros."""
        return as_array(device, device.emit("zeros", static=(shape,)), dtype)


def as_array(recorder: Recorder, position: int, dtype: np.dtype[Any]) -> Array:
    """Return an instruction's result as what rules take it for."""
    return cast(Array, Tracer(recorder, position, dtype))


def _given(indices: Array) -> Array:
    """Return positions that are leaves. Raises: TypeError for an array, which no plan could exchange."""
    if not isinstance(indices, Tracer):
        raise TypeError("positions are none of Setting.whole_numbers")
    return cast(Array, indices)


def position_of(array: Array) -> int:
    """Return the instruction whose result rules take for an array."""
    return cast(Tracer, array).position


class TracingScalars:
    """A field whose functions are written down where they are applied to tracers."""

    def __init__(self, kind: Scalars) -> None:
        self.kind = kind

    def check_array(self, value: object) -> Array:
        """Return a caller's array as the field does."""
        return self.kind.check_array(value)

    def check_scalar(self, value: object) -> Any:
        """Return a caller's scalar as the field does."""
        return self.kind.check_scalar(value)

    def rational(self, numerator: int, denominator: int = 1) -> Any:
        """Return a quotient of integers as the field does."""
        return self.kind.rational(numerator, denominator)

    def inv(self, x: Array) -> Array:
        """Write down the inverse of each coordinate."""
        return cast(Tracer, x).emit("inv", x)

    def exp(self, x: Array) -> Array:
        """Write down the exponential of each coordinate."""
        return cast(Tracer, x).emit("exp", x)

    def log(self, x: Array) -> Array:
        """Write down the logarithm of each coordinate."""
        return cast(Tracer, x).emit("log", x)

    def slope_of_log(self, x: Array) -> Array:
        """Write down the inverse of each coordinate; of reals, no number where it is not positive."""
        return self.inv(x) if isinstance(self.kind, Unrounded) else slope_where_positive(self, x)

    def step(self, x: Array, at: Any) -> Array:
        """Write down whether each coordinate is greater than a scalar."""
        return cast(Tracer, x).emit("step", x, at)

    def larger(self, x: Array, at: Any) -> Array:
        """Write down the larger of each coordinate and a scalar."""
        return cast(Tracer, x).emit("larger", x, at)

    def softplus(self, x: Array) -> Array:
        """Write down ``log(1 + exp x)`` of each coordinate: of reals by what its slope is made of, too."""
        if isinstance(self.kind, Unrounded):
            return cast(Tracer, x).emit("softplus", x)
        return softplus_by_decay(self, x)

    def log1p(self, x: Array) -> Array:
        """Write down ``log(1 + x)`` of each coordinate."""
        return cast(Tracer, x).emit("log1p", x)

    def sigmoid(self, x: Array) -> Array:
        """Write down the logistic function of each coordinate: of reals by what its slope is made of, too."""
        if isinstance(self.kind, Unrounded):
            return cast(Tracer, x).emit("sigmoid", x)
        return sigmoid_by_decay(self, x)

    def slope_of_sigmoid(self, x: Array) -> Array:
        """Write down the logistic function of each coordinate times what it leaves of 1."""
        if isinstance(self.kind, Unrounded):
            value = self.sigmoid(x)
            slope: Array = value * (self.rational(1) - value)
            return slope
        return slope_by_decay(self, x)

    def decay(self, x: Array) -> Array:
        """Write down ``exp(-|x|)`` of each coordinate, which is that of ``-x``."""
        tracer = cast(Tracer, x)
        each = tracer.recorder.instructions[tracer.position]
        if each.op == "neg":
            (position,) = each.operands
            x = as_array(tracer.recorder, position, tracer.dtype)
        return tracer.emit("decay", x)

    def slope_of_softplus(self, x: Array) -> Array:
        """Write down the derivative of ``log(1 + exp x)``: of reals the logistic function."""
        if isinstance(self.kind, Unrounded):
            return self.exp(x - self.softplus(x))
        return self.sigmoid(x)

    def shift_of_rows(self, x: Array, axis: int) -> Array:
        """Write down what rows are shifted by: their largest, or 0 where nothing is lost without."""
        if isinstance(self.kind, Unrounded):
            return cast(Array, self.kind.shift_of_rows(x, axis))
        return cast(Tracer, x).max(axis=axis, keepdims=True)

    def mean_of_rows(self, x: Array) -> Array:
        """Write down the means along the last axis; the pass ``centring`` knows how rows lose them safely."""
        return plain_means(self, x)

    def less_mean(self, x: Array, weights: Array, axis: int) -> Array:
        """Write down rows less their mean by weights; the pass ``weights`` knows how they lose it safely."""
        return less_plain_mean(x, weights, axis)

    def sqrt(self, x: Array) -> Array:
        """Write down the square root of each coordinate."""
        return cast(Tracer, x).emit("sqrt", x)

    def tanh(self, x: Array) -> Array:
        """Write down the hyperbolic tangent of each coordinate."""
        return cast(Tracer, x).emit("tanh", x)
