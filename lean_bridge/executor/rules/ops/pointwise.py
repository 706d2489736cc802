"""Ops of the field, coordinate by coordinate; Lean: ``add``, ``sub``, ``scale``, ``neg``, ``mul``."""

from __future__ import annotations

from typing import Final

import numpy as np

from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.arrays.shape import Shapes, same_shape
from lean_bridge.executor.rules.parameters import SCALAR
from lean_bridge.executor.rules.primitive import (
    Arrays,
    Called,
    Primitive,
    Sample,
    Setting,
    draw_lengths,
    draw_sample,
    linear,
    multilinear,
)


def _pair_sample(rng: np.random.Generator) -> Sample:
    shape = draw_lengths(rng, int(rng.integers(4)))
    return draw_sample(rng, (shape, shape), shape)


def _add(_setting: Setting, primals: Arrays) -> Array:
    a, b = primals
    total: Array = a + b
    return total


def _to_both(_setting: Setting, _shapes: Shapes, w: Array) -> Arrays:
    return (w, w)


def _sub(_setting: Setting, primals: Arrays) -> Array:
    a, b = primals
    difference: Array = a - b
    return difference


def _to_both_signed(_setting: Setting, _shapes: Shapes, w: Array) -> Arrays:
    return (w, -w)


_SCALE_PARAMS: Final = {"c": SCALAR}


def _scale(setting: Setting, primals: Arrays) -> Array:
    scaled: Array = primals[0] * setting.params["c"]
    return scaled


def _scale_back(setting: Setting, _shapes: Shapes, w: Array) -> Arrays:
    return (w * setting.params["c"],)


def _scale_sample(rng: np.random.Generator) -> Sample:
    shape = draw_lengths(rng, int(rng.integers(4)))
    return draw_sample(rng, (shape,), shape, _SCALE_PARAMS)


def _neg(_setting: Setting, primals: Arrays) -> Array:
    negative: Array = -primals[0]
    return negative


def _neg_back(_setting: Setting, _shapes: Shapes, w: Array) -> Arrays:
    return (-w,)


def _neg_sample(rng: np.random.Generator) -> Sample:
    shape = draw_lengths(rng, int(rng.integers(4)))
    return draw_sample(rng, (shape,), shape)


def _mul(_setting: Setting, primals: Arrays) -> Array:
    a, b = primals
    product: Array = a * b
    return product


def _mul_left(_setting: Setting, primals: Arrays, w: Array) -> Array:
    cotangent: Array = w * primals[1]
    return cotangent


def _mul_right(_setting: Setting, primals: Arrays, w: Array) -> Array:
    cotangent: Array = w * primals[0]
    return cotangent


ADD: Final = linear(
    "add",
    called=Called("torch.add", "jax.numpy.add"),
    arity=2,
    shape_rule=same_shape,
    apply=_add,
    transpose=_to_both,
    sample=_pair_sample,
)
SUB: Final = linear(
    "sub",
    called=Called("torch.sub", "jax.numpy.subtract"),
    arity=2,
    shape_rule=same_shape,
    apply=_sub,
    transpose=_to_both_signed,
    sample=_pair_sample,
)
SCALE: Final = linear(
    "scale",
    called=Called("torch.mul", "jax.numpy.multiply"),
    params=_SCALE_PARAMS,
    shape_rule=same_shape,
    apply=_scale,
    transpose=_scale_back,
    sample=_scale_sample,
)
NEG: Final = linear(
    "neg",
    called=Called("torch.neg", "jax.numpy.negative"),
    shape_rule=same_shape,
    apply=_neg,
    transpose=_neg_back,
    sample=_neg_sample,
)
MUL: Final = multilinear(
    "mul",
    called=Called("torch.mul", "jax.numpy.multiply"),
    shape_rule=same_shape,
    apply=_mul,
    transposes=(_mul_left, _mul_right),
    sample=_pair_sample,
)

FAMILY: Final[tuple[Primitive, ...]] = (ADD, SUB, SCALE, NEG, MUL)
