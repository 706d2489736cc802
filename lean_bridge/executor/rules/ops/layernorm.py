"""Layer normalisation of the rows of a matrix; Lean: ``layerNorm``.

The variance is biased, and ε is added to it under the root: Ba, Kiros and Hinton, *Layer normalization*,
2016, as PyTorch's ``nn.LayerNorm`` does it.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from lean_bridge.executor.arrays.scalars import Array, plain_means
from lean_bridge.executor.arrays.shape import Shape, Shapes, check_operands
from lean_bridge.executor.rules.parameters import EPSILON
from lean_bridge.executor.rules.primitive import (
    Arrays,
    Called,
    Domain,
    Linearity,
    Primitive,
    Sample,
    Setting,
    draw_lengths,
    draw_sample,
)

_PARAMS: Final = {"ε": EPSILON}


def _centered(setting: Setting, x: Array) -> Array:
    centered: Array = x - setting.scalars.mean_of_rows(x)
    return centered


def _shifted_variance(setting: Setting, centered: Array) -> Array:
    variance: Array = plain_means(setting.scalars, centered * centered) + setting.params["ε"]
    return variance


def _normalized(setting: Setting, x: Array) -> tuple[Array, Array]:
    """Return the inverse standard deviations r and the normalised rows z."""
    centered = _centered(setting, x)
    r = setting.scalars.inv(setting.scalars.sqrt(_shifted_variance(setting, centered)))
    return r, centered * r


def _derivative(setting: Setting, r: Array, z: Array, v: Array) -> Array:
    """Return ``r ⊙ (v − mean v − z ⊙ mean (z ⊙ v))``, the derivative of z; it is its own adjoint."""
    means, products = plain_means(setting.scalars, v), plain_means(setting.scalars, z * v)
    moved: Array = r * (v - means - z * products)
    return moved


def _layer_norm(setting: Setting, primals: Arrays) -> Array:
    x, gamma, beta = primals
    _, z = _normalized(setting, x)
    normed: Array = z * gamma + beta
    return normed


def _layer_norm_jvp(setting: Setting, primals: Arrays, _output: Array, tangents: Arrays) -> Array:
    (x, gamma, _), (dx, dgamma, dbeta) = primals, tangents
    r, z = _normalized(setting, x)
    moved: Array = gamma * _derivative(setting, r, z, dx) + z * dgamma + dbeta
    return moved


def _layer_norm_vjp(setting: Setting, primals: Arrays, _output: Array, w: Array) -> Arrays:
    x, gamma, _ = primals
    r, z = _normalized(setting, x)
    weighted = z * w  # first: the derivative sums it along rows, with γ as weights
    return (_derivative(setting, r, z, gamma * w), weighted.sum(axis=0), w.sum(axis=0))


def _shifted_variances(setting: Setting, primals: Arrays) -> Array:
    variances = _shifted_variance(setting, _centered(setting, primals[0]))
    return variances.reshape(variances.shape[0])


def _layer_norm_shape(shapes: Shapes, _out: Shape) -> Shape:
    x, gamma, beta = shapes
    check_operands(len(x) == 2 and gamma == beta == x[1:], "m×n, n and n", shapes)
    return x


def _layer_norm_sample(rng: np.random.Generator) -> Sample:
    m, n = draw_lengths(rng, 2)
    return draw_sample(rng, ((m, n), (n,), (n,)), (m, n), _PARAMS)


LAYER_NORM: Final = Primitive(
    name="layerNorm",
    arity=3,
    params=_PARAMS,
    linearity=Linearity.NONLINEAR,
    shape_rule=_layer_norm_shape,
    forward=_layer_norm,
    jvp=_layer_norm_jvp,
    vjp=_layer_norm_vjp,
    domain=Domain(
        text="var + ε > 0",
        quantity="var + ε",
        measure=_shifted_variances,
        holds=lambda variances: variances > 0,
        theorem="Proofs.Autograd.Op.layerNorm_fderivCorrectOn",
    ),
    sample=_layer_norm_sample,
    called=Called("torch.nn.functional.layer_norm"),
)

FAMILY: Final[tuple[Primitive, ...]] = (LAYER_NORM,)
