"""Ops by whole numbers; Lean: ``embedding``, ``takeAlong``."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import Final

import numpy as np

from lean_bridge.executor.arrays.namespaces import gathered, scattered
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.arrays.shape import Shape, Shapes, check_operands, text_of
from lean_bridge.executor.rules.parameters import Site, integers
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


def _check_sizes(fit: bool, site: Site) -> None:
    if not fit:
        sizes = ", ".join(f"{name}={text_of(length)}" for name, length in site.lengths.items())
        shapes = " and ".join(map(text_of, (*site.shapes, site.out)))
        raise ValueError(f"expected sizes of the op that make {shapes}, found {sizes}")


def _ids(site: Site) -> tuple[Shape, int]:
    v, s, t = (site.lengths[name] for name in ("v", "s", "t"))
    _check_sizes(site.shapes[0] == (*v, *t) and site.out == (*s, *t), site)
    return s, v[0]


def _rows(setting: Setting) -> Array:
    rows: Array = setting.params["ids"].reshape(-1)
    return rows


def _embedding(setting: Setting, primals: Arrays) -> Array:
    (x,) = primals
    return gathered(x, setting.whole_numbers(_rows, x.shape[0])).reshape(setting.shape)


def _embedding_back(setting: Setting, shapes: Shapes, w: Array) -> Arrays:
    length = shapes[0][0]
    rows = setting.whole_numbers(_rows, length)
    parts = w.reshape((*rows.shape, *shapes[0][1:]))
    return (scattered(parts, rows, length, zero=setting.scalars.rational(0)),)


def _embedding_shape(shapes: Shapes, out: Shape) -> Shape:
    (x,) = shapes
    fit = bool(x) and len(out) >= len(x) - 1 and out[len(out) - len(x) + 1 :] == x[1:]
    check_operands(fit, f"with rows of which {text_of(out)} is made", shapes)
    return out


def _embedding_sample(rng: np.random.Generator) -> Sample:
    (v,), (s, t) = draw_lengths(rng, 1), (draw_lengths(rng, int(rng.integers(3))) for _ in range(2))
    return draw_sample(rng, ((v, *t),), (*s, *t), EMBEDDING.params, {"v": (v,), "s": s, "t": t})


def _targets(site: Site) -> tuple[Shape, int]:
    o, n, s = (site.lengths[name] for name in ("o", "n", "s"))
    _check_sizes(site.shapes[0] == (*o, *n, *s) and site.out == (*o, *s), site)
    return site.out, n[0]


def _places(setting: Setting) -> Array:
    """Return where the coordinates that are taken stand in the operand, in row-major order."""
    outer, length, inner = (math.prod(setting.lengths[name]) for name in ("o", "n", "s"))
    rows = np.arange(outer).reshape((outer, 1)) * length
    places: Array = (rows + setting.params["ids"].reshape((outer, inner))) * inner + np.arange(inner)
    return places.reshape(-1)


def _take(setting: Setting, primals: Arrays) -> Array:
    (x,) = primals
    count = math.prod(x.shape)
    return gathered(x.reshape((count,)), setting.whole_numbers(_places, count)).reshape(setting.shape)


def _take_back(setting: Setting, shapes: Shapes, w: Array) -> Arrays:
    (x,) = shapes
    count = math.prod(x)
    places = setting.whole_numbers(_places, count)
    flat = w.reshape(places.shape)
    return (scattered(flat, places, count, zero=setting.scalars.rational(0)).reshape(x),)


def _take_shape(shapes: Shapes, out: Shape) -> Shape:
    (x,) = shapes
    fit = any((*x[:axis], *x[axis + 1 :]) == out for axis in range(len(x)))
    check_operands(fit, f"with one axis more than {text_of(out)}", shapes)
    return out


def _take_sample(rng: np.random.Generator) -> Sample:
    (n,), (o, s) = draw_lengths(rng, 1), (draw_lengths(rng, int(rng.integers(3))) for _ in range(2))
    return draw_sample(rng, ((*o, n, *s),), (*o, *s), TAKE_ALONG.params, {"o": o, "n": (n,), "s": s})


EMBEDDING: Final = linear(
    "embedding",
    called=Called("torch.nn.functional.embedding", "jax.numpy.take"),
    params=MappingProxyType({"ids": integers(_ids)}),
    shape_rule=_embedding_shape,
    apply=_embedding,
    transpose=_embedding_back,
    sample=_embedding_sample,
)
TAKE_ALONG: Final = linear(
    "takeAlong",
    called=Called("torch.gather", "jax.numpy.take_along_axis"),
    params=MappingProxyType({"ids": integers(_targets)}),
    shape_rule=_take_shape,
    apply=_take,
    transpose=_take_back,
    sample=_take_sample,
)

FAMILY: Final[tuple[Primitive, ...]] = (EMBEDDING, TAKE_ALONG)
