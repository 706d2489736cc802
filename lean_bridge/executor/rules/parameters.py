"""What ops take besides operands, fixed when a graph is compiled: scalars, linear maps, biases and arrays.

Arrays are of whole numbers below a bound, or of truth values; they are NumPy's whatever library runs.
"""

from __future__ import annotations

import math
import reprlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import numpy as np

from lean_bridge.errors import Declined
from lean_bridge.executor.arrays.namespaces import owned
from lean_bridge.executor.arrays.scalars import Array, Scalars
from lean_bridge.executor.arrays.shape import Shape, Shapes, text_of
from lean_bridge.executor.rules.linear_map import LinearMap

_MOST_DRAWN: Final = 2**62
"""Whole numbers are drawn below this, where more are allowed."""

Kind: TypeAlias = Literal["scalar", "map", "array"]
"""What an argument is in Lean: a scalar, a function to scalars, as linear maps and tensors are, or to whole
numbers or truth values."""


class Site(NamedTuple):
    """Where an op takes an argument: what is known of its node before any array is."""

    shapes: Shapes
    """Those of the operands."""
    out: Shape
    """That of the result."""
    lengths: Mapping[str, Shape]
    """The op's shape and dimension arguments, as in :class:`.primitive.Setting`."""


@dataclass(frozen=True)
class Parameter:
    """What an op takes for one of its arguments."""

    kind: Kind
    check: Callable[[object, Site, Scalars], Any]
    """From a caller's value and the field to what the rules get.

    Raises ValueError or BindingError saying what was expected, found, and the mend.
    """
    draw: Callable[[np.random.Generator, Site], Any]
    """A random value."""


def _check_scalar(value: object, _site: Site, scalars: Scalars) -> Any:
    return scalars.check_scalar(value)


def positive(reason: str) -> Parameter:
    """Return a positive scalar, where the field has an order, for a reason that is told who gives another."""

    def check(value: object, _site: Site, scalars: Scalars) -> Any:
        scalar = scalars.check_scalar(value)
        if isinstance(scalar, Real) and scalar <= 0:  # fields without order have no positive elements
            raise ValueError(f"expected a number > 0, {reason}; found {reprlib.repr(value)}")
        return scalar

    return Parameter("scalar", check, _draw_scalar)


def _draw_scalar(rng: np.random.Generator, _site: Site) -> float:
    return float(rng.uniform(0.5, 1.0))


def _check_linear_map(value: object, site: Site, scalars: Scalars) -> LinearMap:
    linear = value if isinstance(value, LinearMap) else LinearMap.from_matrix(scalars.check_array(value))
    scalars.check_array(linear.weights)
    expected, found = (math.prod(site.out), math.prod(site.shapes[0])), (linear.outputs, linear.inputs)
    if found != expected:
        mend = "; the same weights at each of n positions are LinearMap.positionwise(weights, n)"
        message = f"expected a linear map with matrix {text_of(expected)}, found {text_of(found)}"
        raise ValueError(message + mend * (len(site.out) > 1))
    return linear


def _draw_linear_map(rng: np.random.Generator, site: Site) -> LinearMap:
    size = math.prod(site.out), math.prod(site.shapes[0])
    return LinearMap.from_matrix(rng.uniform(-1.0, 1.0, size=size))


def _check_bias(value: object, site: Site, scalars: Scalars) -> Array:
    out = site.out
    bias, flat = scalars.check_array(value), (math.prod(out),)
    if bias.shape not in (out, flat):
        expected = text_of(out) if out == flat else f"{text_of(out)}, or {text_of(flat)} in row-major order"
        mend = f"; the same bias at every position is numpy.broadcast_to(bias, {out})"
        raise ValueError(f"expected shape {expected}, found {text_of(bias.shape)}" + mend * (len(out) > 1))
    return bias.reshape(out)


def _draw_bias(rng: np.random.Generator, site: Site) -> Array:
    return rng.uniform(-1.0, 1.0, size=site.out)


def check_integers(value: object, shape: Shape, below: int) -> Array:
    """Return whole numbers from 0 to less than a bound, as int64. Raises: ValueError for anything else."""
    numbers = _of_kind(value, "iu", "whole numbers", "int64", shape)
    if (wrong := np.argwhere((numbers < 0) | (numbers >= below))).size:
        at = tuple(map(int, wrong[0]))
        where = f" at {', '.join(map(str, at))}" * bool(at)
        wanted = f"from 0 to {below - 1}" if below else "below 0, of which there are none"
        raise ValueError(f"expected whole numbers {wanted}, found {numbers[at]}{where}")
    return owned(numbers.astype(np.int64))


def check_booleans(value: object, shape: Shape) -> Array:
    """Return truth values of a shape. Raises: ValueError for anything else."""
    return owned(_of_kind(value, "b", "truth values", "bool", shape))


def _of_kind(value: object, kinds: str, what: str, dtype: str, shape: Shape) -> Array:
    """Return an array of some kinds of dtype, as NumPy's."""
    if not hasattr(value, "dtype") or not hasattr(value, "shape"):
        found = type(value).__name__
        raise ValueError(
            f"expected an array of {what}, found {found}; convert with numpy.asarray(…, {dtype!r})"
        )
    if isinstance(value, np.ma.MaskedArray):
        raise ValueError(f"expected an array of {what}, found one with a mask of its own; give .filled(…)")
    try:
        away: Any = value
        is_here = str(getattr(value, "device", "cpu")) == "cpu" or not hasattr(value, "cpu")
        array = np.asarray(value if is_here else away.cpu())
    except Exception:  # noqa: BLE001 - whatever another library raises that does not know the values yet
        if getattr(value.dtype, "is_floating_point", False):
            raise ValueError(f"expected {what}, found an array of {value.dtype}") from None
        raise ValueError(f"expected an array of {what} whose values are known, found one without") from None
    if array.dtype.kind not in kinds:
        mend = f"; convert with .astype({dtype!r})"
        raise ValueError(f"expected {what}, found an array of {array.dtype}{mend}")
    if array.shape != shape:
        raise ValueError(f"expected {what} of shape {text_of(shape)}, found {text_of(array.shape)}")
    return array


def draw_integers(rng: np.random.Generator, shape: Shape, below: int) -> Array:
    """Return random whole numbers below a bound: of many the last is the first again, and the second is not.

    Raises: Declined if there are none.
    """
    if not below and 0 not in shape:
        raise Declined(f"there are no whole numbers below {below} to draw; give a larger dimension")
    numbers = rng.integers(min(max(below, 1), _MOST_DRAWN), size=shape)
    if numbers.size > 1:
        numbers.flat[-1] = numbers.flat[0]
    if numbers.size > 2 and numbers.flat[1] == numbers.flat[0]:
        numbers.flat[1] = (numbers.flat[0] + 1) % below
    return numbers


def draw_booleans(rng: np.random.Generator, shape: Shape) -> Array:
    """Return random truth values, of which every row along the last axis has one that is true.

    A row of three or more has two that are true and one that is not; every other row of two has both true.
    """
    values = np.asarray(rng.random(shape) < 0.5)
    if shape and values.size:
        rows, length = values.reshape((-1, shape[-1])), shape[-1]
        every, at = np.arange(len(rows)), rng.integers(length, size=len(rows))
        rows[every, (at + 1) % length] = (every % 2 == 0) | (length > 2)
        rows[every, (at + 2) % length] &= length < 3
        rows[every, at] = True
    return values


def integers(wanted: Callable[[Site], tuple[Shape, int]]) -> Parameter:
    """Return the parameter that is whole numbers of a shape below a bound, both of which ``wanted`` says.

    It raises ValueError where the op's sizes are not those of its operands.
    """
    return Parameter(
        "array",
        lambda value, site, _scalars: check_integers(value, *wanted(site)),
        lambda rng, site: draw_integers(rng, *wanted(site)),
    )


def booleans(wanted: Callable[[Site], Shape]) -> Parameter:
    """Return the parameter that is truth values of a shape, which ``wanted`` says as in :func:`integers`."""
    return Parameter(
        "array",
        lambda value, site, _scalars: check_booleans(value, wanted(site)),
        lambda rng, site: draw_booleans(rng, wanted(site)),
    )


def is_data(value: object) -> bool:
    """Return whether a value is whole numbers or truth values, which are the same over any scalars.

    Arrays of a finite field, which are of whole numbers too, have a class of their own.
    """
    return type(value) is np.ndarray and value.dtype.kind in "ib"


def kept(value: object) -> object:
    """Return a linear map or an array as a program keeps it: as it is now; anything else as it is."""
    if isinstance(value, LinearMap):
        return LinearMap(owned(value.weights), value.positions)
    return owned(value) if hasattr(value, "shape") else value  # type: ignore[arg-type]


SCALAR: Final = Parameter("scalar", _check_scalar, _draw_scalar)
"""Any scalar."""

EPSILON: Final = positive(
    "so that 0 < var + ε, the hypothesis hVarEpsPos of the theorems, holds for every input"
)
"""What a normalisation adds to variances: a positive scalar, where the field has an order."""

LINEAR_MAP: Final = Parameter("map", _check_linear_map, _draw_linear_map)
"""A linear map from the operand's coordinates to the output's: a LinearMap, or a matrix (outputs, inputs)."""

BIAS: Final = Parameter("map", _check_bias, _draw_bias)
"""A tensor of the output's shape, or its coordinates in row-major order."""
