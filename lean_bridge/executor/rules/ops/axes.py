"""Ops along an axis of any array.

Lean: ``swapAxes``, ``take``, ``drop``, ``concat``, ``expandAxis``, ``sumAxis``, ``meanAxis``. The axis is the
first behind those of the op's argument ``o``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from lean_bridge.executor.arrays.namespaces import broadcast, concat, padded, part
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


def axis_of(setting: Setting) -> int:
    """Return the axis that an op is about: the first behind those of its argument ``o``."""
    return len(setting.lengths["o"])


def without(shape: Shape, axis: int) -> Shape:
    """Return a shape without one of its axes."""
    return (*shape[:axis], *shape[axis + 1 :])


def _differs_only_there(shape: Shape, other: Shape) -> Callable[[int], bool]:
    """Return whether two shapes are the same but for an axis."""
    return lambda axis: len(shape) == len(other) and without(shape, axis) == without(other, axis)


def draw_axes(rng: np.random.Generator, names: str) -> dict[str, Shape]:
    """Return lengths for dimension arguments, and few axes outside of theirs and inside."""
    sizes = zip(names.split(), draw_lengths(rng, len(names.split())), strict=True)
    outer, inner = (draw_lengths(rng, int(rng.integers(3))) for _ in range(2))
    return {"o": outer, **{name: (length,) for name, length in sizes}, "s": inner}


def _swap(setting: Setting, primals: Arrays) -> Array:
    axis = axis_of(setting)
    return primals[0].swapaxes(axis, axis + 1)


def _swap_back(setting: Setting, _shapes: Shapes, w: Array) -> Arrays:
    return (_swap(setting, (w,)),)


def _swap_shape(shapes: Shapes, out: Shape) -> Shape:
    (x,) = shapes
    swapped = [(*x[:axis], x[axis + 1], x[axis], *x[axis + 2 :]) for axis in range(len(x) - 1)]
    check_operands(out in swapped, f"with two neighbouring axes of {text_of(out)} exchanged", shapes)
    return out


def _swap_sample(rng: np.random.Generator) -> Sample:
    lengths = draw_axes(rng, "m n")
    o, m, n, s = lengths.values()
    return draw_sample(rng, ((*o, *m, *n, *s),), (*o, *n, *m, *s), lengths=lengths)


def _take(setting: Setting, primals: Arrays) -> Array:
    axis = axis_of(setting)
    return part(primals[0], axis, 0, setting.shape[axis])


def _take_back(setting: Setting, shapes: Shapes, w: Array) -> Arrays:
    axis = axis_of(setting)
    rest = shapes[0][axis] - w.shape[axis]
    return (padded(w, axis, 0, rest, zero=setting.scalars.rational(0)),)


def _drop(setting: Setting, primals: Arrays) -> Array:
    axis = axis_of(setting)
    length = primals[0].shape[axis]
    return part(primals[0], axis, length - setting.shape[axis], length)


def _drop_back(setting: Setting, shapes: Shapes, w: Array) -> Arrays:
    axis = axis_of(setting)
    rest = shapes[0][axis] - w.shape[axis]
    return (padded(w, axis, rest, 0, zero=setting.scalars.rational(0)),)


def _part_shape(shapes: Shapes, out: Shape) -> Shape:
    (x,) = shapes
    is_same = _differs_only_there(x, out)
    fit = any(is_same(axis) and length >= out[axis] for axis, length in enumerate(x))
    check_operands(fit, f"of which {text_of(out)} is a part along an axis", shapes)
    return out


def _part_sample(rng: np.random.Generator, kept: str) -> Sample:
    lengths = draw_axes(rng, "m n")
    o, m, n, s = lengths.values()
    return draw_sample(rng, ((*o, m[0] + n[0], *s),), (*o, *lengths[kept], *s), lengths=lengths)


def _concat(setting: Setting, primals: Arrays) -> Array:
    return concat(primals, axis_of(setting))


def _concat_back(setting: Setting, shapes: Shapes, w: Array) -> Arrays:
    axis = axis_of(setting)
    middle = shapes[0][axis]
    return (part(w, axis, 0, middle), part(w, axis, middle, w.shape[axis]))


def _concat_shape(shapes: Shapes, out: Shape) -> Shape:
    a, b = shapes
    same = _differs_only_there(a, out), _differs_only_there(b, out)
    fit = any(all(each(axis) for each in same) and a[axis] + b[axis] == out[axis] for axis in range(len(out)))
    check_operands(fit, f"that make {text_of(out)} one after the other along an axis", shapes)
    return out


def _concat_sample(rng: np.random.Generator) -> Sample:
    lengths = draw_axes(rng, "m n")
    o, m, n, s = lengths.values()
    return draw_sample(rng, ((*o, *m, *s), (*o, *n, *s)), (*o, m[0] + n[0], *s), lengths=lengths)


def spread(x: Array, axis: int, shape: Shape) -> Array:
    """Return an array of a shape without an axis along that axis, where nothing changes."""
    return broadcast(x.reshape((*shape[:axis], 1, *shape[axis + 1 :])), shape)


def total(x: Array, axis: int) -> Array:
    """Return the sums along an axis, which is not kept."""
    kept: Array = x.sum(axis=axis, keepdims=True)  # what has no axes is no array to some fields
    return kept.reshape(without(x.shape, axis))


def _expand(setting: Setting, primals: Arrays) -> Array:
    return spread(primals[0], axis_of(setting), setting.shape)


def _expand_back(setting: Setting, _shapes: Shapes, w: Array) -> Arrays:
    return (total(w, axis_of(setting)),)


def _expand_shape(shapes: Shapes, out: Shape) -> Shape:
    fit = any(without(out, axis) == shapes[0] for axis in range(len(out)))
    check_operands(fit, f"with the axes of {text_of(out)} but one", shapes)
    return out


def _expand_sample(rng: np.random.Generator) -> Sample:
    lengths = draw_axes(rng, "n")
    o, n, s = lengths.values()
    return draw_sample(rng, ((*o, *s),), (*o, *n, *s), lengths=lengths)


def _sum(setting: Setting, primals: Arrays) -> Array:
    return total(primals[0], axis_of(setting))


def _sum_back(setting: Setting, shapes: Shapes, w: Array) -> Arrays:
    return (spread(w, axis_of(setting), shapes[0]),)


def _share(setting: Setting, shape: Shape) -> Any:
    return setting.scalars.rational(1, shape[axis_of(setting)])


def _mean(setting: Setting, primals: Arrays) -> Array:
    (x,) = primals
    mean: Array = x.sum(axis=axis_of(setting), keepdims=True) * _share(setting, x.shape)
    return mean.reshape(setting.shape)


def _mean_back(setting: Setting, shapes: Shapes, w: Array) -> Arrays:
    kept = w.reshape((*shapes[0][: (axis := axis_of(setting))], 1, *shapes[0][axis + 1 :]))
    return (broadcast(kept * _share(setting, shapes[0]), shapes[0]),)


def sum_shape(shapes: Shapes, out: Shape) -> Shape:
    """Return the shape of an operand without an axis. Raises: ShapeError if it has no such axis."""
    (x,) = shapes
    fit = any(without(x, axis) == out for axis in range(len(x)))
    check_operands(fit, f"with one axis more than {text_of(out)}", shapes)
    return out


def sum_sample(rng: np.random.Generator) -> Sample:
    """Return an operand, and room for a result without one of its axes."""
    lengths = draw_axes(rng, "n")
    o, n, s = lengths.values()
    return draw_sample(rng, ((*o, *n, *s),), (*o, *s), lengths=lengths)


SWAP_AXES: Final = linear(
    "swapAxes",
    called=Called("torch.transpose", "jax.numpy.swapaxes"),
    shape_rule=_swap_shape,
    apply=_swap,
    transpose=_swap_back,
    sample=_swap_sample,
)
TAKE: Final = linear(
    "take",
    called=Called("torch.narrow", "jax.lax.slice_in_dim"),
    shape_rule=_part_shape,
    apply=_take,
    transpose=_take_back,
    sample=lambda rng: _part_sample(rng, "m"),
)
DROP: Final = linear(
    "drop",
    called=Called("torch.narrow", "jax.lax.slice_in_dim"),
    shape_rule=_part_shape,
    apply=_drop,
    transpose=_drop_back,
    sample=lambda rng: _part_sample(rng, "n"),
)
CONCAT: Final = linear(
    "concat",
    called=Called("torch.cat", "jax.numpy.concatenate"),
    arity=2,
    shape_rule=_concat_shape,
    apply=_concat,
    transpose=_concat_back,
    sample=_concat_sample,
)
EXPAND_AXIS: Final = linear(
    "expandAxis",
    called=Called("torch.unsqueeze, torch.broadcast_to", "jax.numpy.expand_dims, jax.numpy.broadcast_to"),
    shape_rule=_expand_shape,
    apply=_expand,
    transpose=_expand_back,
    sample=_expand_sample,
)
SUM_AXIS: Final = linear(
    "sumAxis",
    called=Called("torch.sum", "jax.numpy.sum"),
    shape_rule=sum_shape,
    apply=_sum,
    transpose=_sum_back,
    sample=sum_sample,
)
MEAN_AXIS: Final = linear(
    "meanAxis",
    called=Called("torch.mean", "jax.numpy.mean"),
    shape_rule=sum_shape,
    apply=_mean,
    transpose=_mean_back,
    sample=sum_sample,
)

FAMILY: Final[tuple[Primitive, ...]] = (SWAP_AXES, TAKE, DROP, CONCAT, EXPAND_AXIS, SUM_AXIS, MEAN_AXIS)
