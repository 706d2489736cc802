"""Sums and means over all axes, which losses end in; Lean: ``sum``, ``mean``."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from lean_bridge.executor.arrays.namespaces import broadcast
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.arrays.shape import Shape, Shapes
from lean_bridge.executor.rules.primitive import (
    Arrays,
    Called,
    Primitive,
    Sample,
    Setting,
    draw_lengths,
    draw_sample,
    linear,
)


def _total(x: Array) -> Array:
    """Return the sum along the one axis that is left, kept: what has no axes is no array to some fields."""
    total: Array = x.reshape((math.prod(x.shape),)).sum(axis=0, keepdims=True)
    return total


def _filled(shape: Shape, one: Array) -> Array:
    return broadcast(one.reshape((1,) * len(shape)), shape)


def _share(setting: Setting, shape: Shape) -> Any:
    return setting.scalars.rational(1, math.prod(shape))


def _sum(_setting: Setting, primals: Arrays) -> Array:
    return _total(primals[0]).reshape(())


def _sum_back(_setting: Setting, shapes: Shapes, w: Array) -> Arrays:
    return (_filled(shapes[0], w),)


def _mean(setting: Setting, primals: Arrays) -> Array:
    mean: Array = _total(primals[0]) * _share(setting, primals[0].shape)
    return mean.reshape(())


def _mean_back(setting: Setting, shapes: Shapes, w: Array) -> Arrays:
    return (_filled(shapes[0], w.reshape((1,)) * _share(setting, shapes[0])),)


def _to_scalar(_shapes: Shapes, _out: Shape) -> Shape:
    return ()


def _sample(rng: np.random.Generator) -> Sample:
    return draw_sample(rng, (draw_lengths(rng, int(rng.integers(4))),), ())


SUM: Final = linear(
    "sum",
    called=Called("torch.sum", "jax.numpy.sum"),
    shape_rule=_to_scalar,
    apply=_sum,
    transpose=_sum_back,
    sample=_sample,
)
MEAN: Final = linear(
    "mean",
    called=Called("torch.mean", "jax.numpy.mean"),
    shape_rule=_to_scalar,
    apply=_mean,
    transpose=_mean_back,
    sample=_sample,
)

FAMILY: Final[tuple[Primitive, ...]] = (SUM, MEAN)
