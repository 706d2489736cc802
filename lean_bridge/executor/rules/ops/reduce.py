"""Row means and broadcasts; Lean: ``rowMean``, ``broadcastRow``, ``broadcastCol``."""

from __future__ import annotations

from typing import Final

import numpy as np

from lean_bridge.executor.arrays.namespaces import broadcast
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.arrays.shape import Shape, Shapes, check_operands, text_of
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


def _row_mean(setting: Setting, primals: Arrays) -> Array:
    (x,) = primals
    return setting.scalars.mean_of_rows(x).reshape((x.shape[0],))


def _row_mean_back(setting: Setting, shapes: Shapes, w: Array) -> Arrays:
    m, n = shapes[0]
    return (broadcast((w * setting.scalars.rational(1, n)).reshape((m, 1)), (m, n)),)


def _row_mean_shape(shapes: Shapes, _out: Shape) -> Shape:
    check_operands(len(shapes[0]) == 2, "m×n", shapes)
    return shapes[0][:1]


def _row_mean_sample(rng: np.random.Generator) -> Sample:
    m, n = draw_lengths(rng, 2)
    return draw_sample(rng, ((m, n),), (m,))


def _broadcast_row(setting: Setting, primals: Arrays) -> Array:
    m, n = setting.shape
    return broadcast(primals[0].reshape((m, 1)), (m, n))


def _broadcast_row_back(_setting: Setting, _shapes: Shapes, w: Array) -> Arrays:
    return (w.sum(axis=1),)


def _broadcast_row_shape(shapes: Shapes, out: Shape) -> Shape:
    fit = len(out) == 2 and shapes[0] == out[:1]
    check_operands(fit, f"m for the output {text_of(out)}", shapes)
    return out


def _broadcast_row_sample(rng: np.random.Generator) -> Sample:
    m, n = draw_lengths(rng, 2)
    return draw_sample(rng, ((m,),), (m, n))


def _broadcast_col(setting: Setting, primals: Arrays) -> Array:
    m, n = setting.shape
    return broadcast(primals[0].reshape((1, n)), (m, n))


def _broadcast_col_back(_setting: Setting, _shapes: Shapes, w: Array) -> Arrays:
    return (w.sum(axis=0),)


def _broadcast_col_shape(shapes: Shapes, out: Shape) -> Shape:
    fit = len(out) == 2 and shapes[0] == out[1:]
    check_operands(fit, f"n for the output {text_of(out)}", shapes)
    return out


def _broadcast_col_sample(rng: np.random.Generator) -> Sample:
    m, n = draw_lengths(rng, 2)
    return draw_sample(rng, ((n,),), (m, n))


ROW_MEAN: Final = linear(
    "rowMean",
    called=Called("torch.mean", "jax.numpy.mean"),
    shape_rule=_row_mean_shape,
    apply=_row_mean,
    transpose=_row_mean_back,
    sample=_row_mean_sample,
)
BROADCAST_ROW: Final = linear(
    "broadcastRow",
    called=Called("torch.broadcast_to", "jax.numpy.broadcast_to"),
    shape_rule=_broadcast_row_shape,
    apply=_broadcast_row,
    transpose=_broadcast_row_back,
    sample=_broadcast_row_sample,
)
BROADCAST_COL: Final = linear(
    "broadcastCol",
    called=Called("torch.broadcast_to", "jax.numpy.broadcast_to"),
    shape_rule=_broadcast_col_shape,
    apply=_broadcast_col,
    transpose=_broadcast_col_back,
    sample=_broadcast_col_sample,
)

FAMILY: Final[tuple[Primitive, ...]] = (ROW_MEAN, BROADCAST_ROW, BROADCAST_COL)
