"""Softmax along the last axis; Lean: ``softmaxLast``."""

from __future__ import annotations

from typing import Final

import numpy as np

from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.arrays.shape import Shape, Shapes, check_operands
from lean_bridge.executor.rules.primitive import (
    EVERYWHERE,
    NO_PARAMS,
    Arrays,
    Linearity,
    Primitive,
    Sample,
    Setting,
    draw_lengths,
    draw_sample,
)


def _softmax(setting: Setting, primals: Arrays) -> Array:
    (x,) = primals
    e = setting.scalars.exp(x - setting.scalars.shift_of_rows(x, axis=-1))
    y: Array = e / e.sum(axis=-1, keepdims=True)
    return y


def _along(y: Array, v: Array) -> Array:
    """Return ``(diag(y) - y yᵀ) v`` for each row: the derivative, and by symmetry its adjoint."""
    moved: Array = y * (v - (y * v).sum(axis=-1, keepdims=True))
    return moved


def _softmax_jvp(_setting: Setting, _primals: Arrays, output: Array, tangents: Arrays) -> Array:
    return _along(output, tangents[0])


def _softmax_vjp(_setting: Setting, _primals: Arrays, output: Array, cotangent: Array) -> Arrays:
    return (_along(output, cotangent),)


def _softmax_shape(shapes: Shapes, _out: Shape) -> Shape:
    check_operands(len(shapes[0]) == 3, "h×m×n", shapes)
    return shapes[0]


def _softmax_sample(rng: np.random.Generator) -> Sample:
    shape = draw_lengths(rng, 3)
    return draw_sample(rng, (shape,), shape)


SOFTMAX_LAST: Final = Primitive(
    name="softmaxLast",
    arity=1,
    params=NO_PARAMS,
    linearity=Linearity.NONLINEAR,
    shape_rule=_softmax_shape,
    forward=_softmax,
    jvp=_softmax_jvp,
    vjp=_softmax_vjp,
    domain=EVERYWHERE,
    sample=_softmax_sample,
)

FAMILY: Final[tuple[Primitive, ...]] = (SOFTMAX_LAST,)
