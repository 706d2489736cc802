"""Linear maps with a bias; Lean: ``affine`` and ``linear``, where they are fixed, and ``dense``."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from lean_bridge.executor.arrays.namespaces import cast
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.arrays.shape import Shape, Shapes, check_operands
from lean_bridge.executor.rules.parameters import BIAS, LINEAR_MAP, Parameter
from lean_bridge.executor.rules.primitive import (
    EVERYWHERE,
    NO_PARAMS,
    Arrays,
    Called,
    Linearity,
    Primitive,
    Sample,
    Setting,
    affine,
    draw_lengths,
    draw_sample,
)

_AFFINE_PARAMS: Final = {"A": LINEAR_MAP, "b": BIAS}
_LINEAR_PARAMS: Final = {"W": LINEAR_MAP, "b": BIAS}


def _fixed(
    name: str,
    params: Mapping[str, Parameter],
    shape_rule: Callable[[Shapes, Shape], Shape],
    sample: Callable[[np.random.Generator], Sample],
) -> Primitive:
    """Return the primitive that applies the linear map which is its first argument and adds its second."""
    linear_map, bias = params

    def apply(setting: Setting, x: Array) -> Array:
        image: Array = setting.params[linear_map].apply(x.reshape((math.prod(x.shape),)))
        return image.reshape(setting.shape)

    def shift(setting: Setting, x: Array) -> Array:
        return cast(setting.params[bias], x)

    def transpose(setting: Setting, shape: Shape, w: Array) -> Array:
        image: Array = setting.params[linear_map].transpose(w.reshape((math.prod(w.shape),)))
        return image.reshape(shape)

    return affine(
        name,
        called=Called("torch.nn.functional.linear"),
        params=params,
        shape_rule=shape_rule,
        apply=apply,
        shift=shift,
        transpose=transpose,
        sample=sample,
    )


def _affine_shape(_shapes: Shapes, out: Shape) -> Shape:
    return out


def _affine_sample(rng: np.random.Generator) -> Sample:
    lengths_in, lengths_out = (draw_lengths(rng, int(rng.integers(4))) for _ in range(2))
    return draw_sample(rng, (lengths_in,), lengths_out, _AFFINE_PARAMS)


def _linear_shape(shapes: Shapes, out: Shape) -> Shape:
    check_operands(len(shapes[0]) == len(out) == 1, "of one axis, and such an output", shapes)
    return out


def _linear_sample(rng: np.random.Generator) -> Sample:
    i, o = draw_lengths(rng, 2)
    return draw_sample(rng, ((i,),), (o,), _LINEAR_PARAMS)


def _dense(_setting: Setting, primals: Arrays) -> Array:
    x, weights, bias = primals
    made: Array = x @ weights.swapaxes(0, 1) + bias
    return made


def _dense_jvp(_setting: Setting, primals: Arrays, _output: Array, tangents: Arrays) -> Array:
    (x, weights, _), (dx, dweights, dbias) = primals, tangents
    moved: Array = dx @ weights.swapaxes(0, 1) + x @ dweights.swapaxes(0, 1) + dbias
    return moved


def _dense_vjp(_setting: Setting, primals: Arrays, _output: Array, w: Array) -> Arrays:
    x, weights, _ = primals
    return (w @ weights, w.swapaxes(0, 1) @ x, w.sum(axis=0))


def _dense_shape(shapes: Shapes, _out: Shape) -> Shape:
    x, weights, bias = shapes
    fit = len(x) == len(weights) == 2 and x[1] == weights[1] and bias == weights[:1]
    check_operands(fit, "n×i, o×i and o", shapes)
    return (x[0], weights[0])


def _dense_sample(rng: np.random.Generator) -> Sample:
    n, i, o = draw_lengths(rng, 3)
    return draw_sample(rng, ((n, i), (o, i), (o,)), (n, o))


AFFINE: Final = _fixed("affine", _AFFINE_PARAMS, _affine_shape, _affine_sample)
LINEAR: Final = _fixed("linear", _LINEAR_PARAMS, _linear_shape, _linear_sample)
DENSE: Final = Primitive(
    name="dense",
    arity=3,
    params=NO_PARAMS,
    linearity=Linearity.AFFINE,
    shape_rule=_dense_shape,
    forward=_dense,
    jvp=_dense_jvp,
    vjp=_dense_vjp,
    domain=EVERYWHERE,
    sample=_dense_sample,
    called=Called("torch.nn.functional.linear"),
)

FAMILY: Final[tuple[Primitive, ...]] = (AFFINE, LINEAR, DENSE)
