"""What ops take besides operands, fixed when a graph is compiled: scalars, linear maps and biases."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import Any, Final

import numpy as np

from lean_bridge.executor.arrays.namespaces import owned
from lean_bridge.executor.arrays.scalars import Array, Scalars
from lean_bridge.executor.arrays.shape import Shape, Shapes, text_of
from lean_bridge.executor.rules.linear_map import LinearMap


@dataclass(frozen=True)
class Parameter:
    """What an op takes for one of its arguments."""

    is_map: bool
    """Whether the argument is a function in Lean, as linear maps and tensors are, or a scalar."""
    check: Callable[[object, Shapes, Shape, Scalars], Any]
    """From a caller's value, the shapes of operands and output and the field to what the rules get.

    Raises ValueError or BindingError saying what was expected, found, and the mend.
    """
    draw: Callable[[np.random.Generator, Shapes, Shape], Any]
    """A random value for operands and output of these shapes."""


def _check_scalar(value: object, _shapes: Shapes, _out: Shape, scalars: Scalars) -> Any:
    return scalars.check_scalar(value)


def _check_epsilon(value: object, _shapes: Shapes, _out: Shape, scalars: Scalars) -> Any:
    scalar = scalars.check_scalar(value)
    if isinstance(scalar, Real) and scalar <= 0:  # fields without order have no positive elements
        reason = "so that 0 < var + ε, the hypothesis hVarEpsPos of the theorems, holds for every input"
        raise ValueError(f"expected a number > 0, {reason}; found {reprlib.repr(value)}")
    return scalar


def _draw_scalar(rng: np.random.Generator, _shapes: Shapes, _out: Shape) -> float:
    return float(rng.uniform(0.5, 1.0))


def _check_linear_map(value: object, shapes: Shapes, out: Shape, scalars: Scalars) -> LinearMap:
    linear = value if isinstance(value, LinearMap) else LinearMap.from_matrix(scalars.check_array(value))
    scalars.check_array(linear.weights)
    expected, found = (math.prod(out), math.prod(shapes[0])), (linear.outputs, linear.inputs)
    if found != expected:
        mend = "; the same weights at each of n positions are LinearMap.positionwise(weights, n)"
        message = f"expected a linear map with matrix {text_of(expected)}, found {text_of(found)}"
        raise ValueError(message + mend * (len(out) > 1))
    return linear


def _draw_linear_map(rng: np.random.Generator, shapes: Shapes, out: Shape) -> LinearMap:
    return LinearMap.from_matrix(rng.uniform(-1.0, 1.0, size=(math.prod(out), math.prod(shapes[0]))))


def _check_bias(value: object, _shapes: Shapes, out: Shape, scalars: Scalars) -> Array:
    bias, flat = scalars.check_array(value), (math.prod(out),)
    if bias.shape not in (out, flat):
        expected = text_of(out) if out == flat else f"{text_of(out)}, or {text_of(flat)} in row-major order"
        mend = f"; the same bias at every position is numpy.broadcast_to(bias, {out})"
        raise ValueError(f"expected shape {expected}, found {text_of(bias.shape)}" + mend * (len(out) > 1))
    return bias.reshape(out)


def _draw_bias(rng: np.random.Generator, _shapes: Shapes, out: Shape) -> Array:
    return rng.uniform(-1.0, 1.0, size=out)


def kept(value: object) -> object:
    """Return a linear map or an array as a program keeps it: as it is now; anything else as it is."""
    if isinstance(value, LinearMap):
        return LinearMap(owned(value.weights), value.positions)
    return owned(value) if hasattr(value, "shape") else value  # type: ignore[arg-type]


SCALAR: Final = Parameter(is_map=False, check=_check_scalar, draw=_draw_scalar)
"""Any scalar."""

EPSILON: Final = Parameter(is_map=False, check=_check_epsilon, draw=_draw_scalar)
"""What a normalisation adds to variances: a positive scalar, where the field has an order."""

LINEAR_MAP: Final = Parameter(is_map=True, check=_check_linear_map, draw=_draw_linear_map)
"""A linear map from the operand's coordinates to the output's: a LinearMap, or a matrix (outputs, inputs)."""

BIAS: Final = Parameter(is_map=True, check=_check_bias, draw=_draw_bias)
"""A tensor of the output's shape, or its coordinates in row-major order."""
