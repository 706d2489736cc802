"""Matrix products; Lean: ``matmul`` and ``bmatmul``."""

from __future__ import annotations

from typing import Final

import numpy as np

from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.arrays.shape import Shape, Shapes, check_operands
from lean_bridge.executor.rules.primitive import (
    Arrays,
    Called,
    Primitive,
    Sample,
    Setting,
    draw_lengths,
    draw_sample,
    multilinear,
)


def _product(_setting: Setting, primals: Arrays) -> Array:
    a, b = primals
    return a @ b


def _left(_setting: Setting, primals: Arrays, w: Array) -> Array:
    return w @ primals[1].swapaxes(-1, -2)


def _right(_setting: Setting, primals: Arrays, w: Array) -> Array:
    return primals[0].swapaxes(-1, -2) @ w


def _matmul_shape(shapes: Shapes, _out: Shape) -> Shape:
    a, b = shapes
    check_operands(len(a) == len(b) == 2 and a[1] == b[0], "m×n and n×p", shapes)
    return (a[0], b[1])


def _matmul_sample(rng: np.random.Generator) -> Sample:
    m, n, p = draw_lengths(rng, 3)
    return draw_sample(rng, ((m, n), (n, p)), (m, p))


def _bmatmul_shape(shapes: Shapes, _out: Shape) -> Shape:
    a, b = shapes
    fit = len(a) == len(b) == 3 and a[0] == b[0] and a[2] == b[1]
    check_operands(fit, "h×m×n and h×n×p", shapes)
    return (a[0], a[1], b[2])


def _bmatmul_sample(rng: np.random.Generator) -> Sample:
    h, m, n, p = draw_lengths(rng, 4)
    return draw_sample(rng, ((h, m, n), (h, n, p)), (h, m, p))


MATMUL: Final = multilinear(
    "matmul",
    called=Called("torch.matmul", "jax.numpy.matmul"),
    shape_rule=_matmul_shape,
    apply=_product,
    transposes=(_left, _right),
    sample=_matmul_sample,
)
BMATMUL: Final = multilinear(
    "bmatmul",
    called=Called("torch.bmm", "jax.numpy.matmul"),
    shape_rule=_bmatmul_shape,
    apply=_product,
    transposes=(_left, _right),
    sample=_bmatmul_sample,
)

FAMILY: Final[tuple[Primitive, ...]] = (MATMUL, BMATMUL)
