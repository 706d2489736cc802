"""Ops that move coordinates and compute nothing.

Lean: ``reshape``, ``transposeLast2``, ``swap01``, ``splitHeads``. Each is a bijection of coordinates, so its
transpose moves them back.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

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


def _reshape(setting: Setting, primals: Arrays) -> Array:
    return primals[0].reshape(setting.shape)


def _unreshape(_setting: Setting, shapes: Shapes, w: Array) -> Arrays:
    return (w.reshape(shapes[0]),)


def _reshape_shape(shapes: Shapes, out: Shape) -> Shape:
    fit = math.prod(shapes[0]) == math.prod(out)
    check_operands(fit, f"with as many coordinates as {text_of(out)}", shapes)
    return out


def _reshape_sample(rng: np.random.Generator) -> Sample:
    a, b, c = draw_lengths(rng, 3)
    forms = ((a, b, c), (a * b, c), (a, b * c), (b, c, a), (a * b * c,))
    source, target = rng.integers(len(forms), size=2)
    return draw_sample(rng, (forms[source],), forms[target])


def _transpose_last_two(_setting: Setting, primals: Arrays) -> Array:
    return primals[0].swapaxes(1, 2)


def _untranspose_last_two(_setting: Setting, _shapes: Shapes, w: Array) -> Arrays:
    return (w.swapaxes(1, 2),)


def _transpose_last_two_shape(shapes: Shapes, _out: Shape) -> Shape:
    (x,) = shapes
    check_operands(len(x) == 3, "a×b×c", shapes)
    return (x[0], x[2], x[1])


def _transpose_last_two_sample(rng: np.random.Generator) -> Sample:
    a, b, c = draw_lengths(rng, 3)
    return draw_sample(rng, ((a, b, c),), (a, c, b))


def _swap_first_two(_setting: Setting, primals: Arrays) -> Array:
    return primals[0].swapaxes(0, 1)


def _unswap_first_two(_setting: Setting, _shapes: Shapes, w: Array) -> Arrays:
    return (w.swapaxes(0, 1),)


def _swap_first_two_shape(shapes: Shapes, _out: Shape) -> Shape:
    (x,) = shapes
    check_operands(len(x) >= 2, "m×n×rest", shapes)
    return (x[1], x[0], *x[2:])


def _swap_first_two_sample(rng: np.random.Generator) -> Sample:
    m, n, *rest = draw_lengths(rng, int(rng.integers(2, 5)))
    return draw_sample(rng, ((m, n, *rest),), (n, m, *rest))


def _split_heads(setting: Setting, primals: Arrays) -> Array:
    heads, n, width = setting.shape
    return primals[0].reshape((n, heads, width)).swapaxes(0, 1)


def _merge_heads(_setting: Setting, shapes: Shapes, w: Array) -> Arrays:
    return (w.swapaxes(0, 1).reshape(shapes[0]),)


def _split_heads_shape(shapes: Shapes, out: Shape) -> Shape:
    (x,) = shapes
    fit = len(x) == 2 and len(out) == 3 and x == (out[1], out[0] * out[2])
    check_operands(fit, f"n×(H·D) for the output {text_of(out)}", shapes)
    return out


def _split_heads_sample(rng: np.random.Generator) -> Sample:
    n, heads, width = draw_lengths(rng, 3)
    return draw_sample(rng, ((n, heads * width),), (heads, n, width))


RESHAPE: Final = linear(
    "reshape",
    called=Called("torch.reshape", "jax.numpy.reshape"),
    shape_rule=_reshape_shape,
    apply=_reshape,
    transpose=_unreshape,
    sample=_reshape_sample,
)
TRANSPOSE_LAST_2: Final = linear(
    "transposeLast2",
    called=Called("torch.transpose", "jax.numpy.matrix_transpose"),
    shape_rule=_transpose_last_two_shape,
    apply=_transpose_last_two,
    transpose=_untranspose_last_two,
    sample=_transpose_last_two_sample,
)
SWAP_01: Final = linear(
    "swap01",
    called=Called("torch.transpose", "jax.numpy.swapaxes"),
    shape_rule=_swap_first_two_shape,
    apply=_swap_first_two,
    transpose=_unswap_first_two,
    sample=_swap_first_two_sample,
)
SPLIT_HEADS: Final = linear(
    "splitHeads",
    called=Called("torch.reshape, torch.transpose", "jax.numpy.reshape, jax.numpy.swapaxes"),
    shape_rule=_split_heads_shape,
    apply=_split_heads,
    transpose=_merge_heads,
    sample=_split_heads_sample,
)

FAMILY: Final[tuple[Primitive, ...]] = (RESHAPE, TRANSPOSE_LAST_2, SWAP_01, SPLIT_HEADS)
