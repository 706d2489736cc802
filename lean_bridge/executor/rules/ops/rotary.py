"""Rotary position embedding; Lean: ``rotary``.

Feature j of the first half of a head and feature j of the second are a point in a plane, which is turned by
the angle of its position: Su et al., *RoFormer*, 2021, with features paired across the halves, as Hugging
Face's ``rotate_half`` pairs them.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from lean_bridge.executor.arrays.namespaces import concat, part
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.arrays.shape import Shape, Shapes, check_operands
from lean_bridge.executor.rules.primitive import (
    EVERYWHERE,
    NO_PARAMS,
    Arrays,
    Called,
    Linearity,
    Primitive,
    Sample,
    Setting,
    draw_lengths,
    draw_sample,
)


def _halves(x: Array) -> tuple[Array, Array]:
    width = x.shape[2]
    return part(x, 2, 0, width // 2), part(x, 2, width // 2, width)


def _turned(x: Array, cos: Array, sin: Array) -> Array:
    first, second = _halves(x)
    return concat((first * cos - second * sin, second * cos + first * sin), 2)


def _turned_back(x: Array, cos: Array, sin: Array) -> Array:
    first, second = _halves(x)
    return concat((first * cos + second * sin, second * cos - first * sin), 2)


def _rotary(_setting: Setting, primals: Arrays) -> Array:
    return _turned(*primals)


def _rotary_jvp(_setting: Setting, primals: Arrays, _output: Array, tangents: Arrays) -> Array:
    (x, cos, sin), (dx, dcos, dsin) = primals, tangents
    moved: Array = _turned(dx, cos, sin) + _turned(x, dcos, dsin)
    return moved


def _rotary_vjp(_setting: Setting, primals: Arrays, _output: Array, w: Array) -> Arrays:
    x, cos, sin = primals
    (first, second), (w_first, w_second) = _halves(x), _halves(w)
    along = first * w_first + second * w_second
    across = first * w_second - second * w_first
    return (_turned_back(w, cos, sin), along.sum(axis=0), across.sum(axis=0))


def _rotary_shape(shapes: Shapes, _out: Shape) -> Shape:
    x, cos, sin = shapes
    fit = len(x) == 3 and len(cos) == 2 and cos == sin and x[1:] == (cos[0], 2 * cos[1])
    check_operands(fit, "h×n×2d, n×d and n×d", shapes)
    return x


def _rotary_sample(rng: np.random.Generator) -> Sample:
    h, n, d = draw_lengths(rng, 3)
    return draw_sample(rng, ((h, n, 2 * d), (n, d), (n, d)), (h, n, 2 * d))


ROTARY: Final = Primitive(
    name="rotary",
    arity=3,
    params=NO_PARAMS,
    linearity=Linearity.AFFINE,
    shape_rule=_rotary_shape,
    forward=_rotary,
    jvp=_rotary_jvp,
    vjp=_rotary_vjp,
    domain=EVERYWHERE,
    sample=_rotary_sample,
    called=Called(
        "torch.chunk, torch.mul, torch.cat", "jax.numpy.split, jax.numpy.multiply, jax.numpy.concatenate"
    ),
)

FAMILY: Final[tuple[Primitive, ...]] = (ROTARY,)
