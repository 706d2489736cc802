"""Ops that work coordinate by coordinate; Lean: ``add`` and ``scale``."""

from __future__ import annotations

from typing import Final

import numpy as np

from lean_bridge.executor.primitive import (
    Arrays,
    Primitive,
    Sample,
    Setting,
    Shapes,
    draw_lengths,
    draw_sample,
    linear,
    same_shape,
)
from lean_bridge.executor.scalars import Array


def _add(_setting: Setting, primals: Arrays) -> Array:
    a, b = primals
    total: Array = a + b
    return total


def _to_both(_setting: Setting, _shapes: Shapes, w: Array) -> Arrays:
    return (w, w)


def _add_sample(rng: np.random.Generator) -> Sample:
    shape = draw_lengths(rng, int(rng.integers(4)))
    return draw_sample(rng, (shape, shape), shape)


def _scale(setting: Setting, primals: Arrays) -> Array:
    scaled: Array = primals[0] * setting.params["c"]
    return scaled


def _scale_back(setting: Setting, _shapes: Shapes, w: Array) -> Arrays:
    return (w * setting.params["c"],)


def _scale_sample(rng: np.random.Generator) -> Sample:
    shape = draw_lengths(rng, int(rng.integers(4)))
    return draw_sample(rng, (shape,), shape, c=float(rng.standard_normal()))


ADD: Final = linear("add", arity=2, shape_rule=same_shape, apply=_add, transpose=_to_both, sample=_add_sample)
SCALE: Final = linear(
    "scale", params=("c",), shape_rule=same_shape, apply=_scale, transpose=_scale_back, sample=_scale_sample
)

FAMILY: Final[tuple[Primitive, ...]] = (ADD, SCALE)
