"""Root mean square normalisation of the rows of a matrix; Lean: ``rmsNorm``.

ε is added to the mean square under the root: Zhang and Sennrich, *Root mean square layer normalization*,
2019, as PyTorch's ``nn.RMSNorm`` does it.
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


def _shifted_mean_square(setting: Setting, x: Array) -> Array:
    mean_square: Array = plain_means(setting.scalars, x * x) + setting.params["ε"]
    return mean_square


def _normalized(setting: Setting, x: Array) -> tuple[Array, Array]:
    """Return the inverse root mean squares r and the normalised rows z."""
    r = setting.scalars.inv(setting.scalars.sqrt(_shifted_mean_square(setting, x)))
    return r, x * r


def _derivative(setting: Setting, r: Array, z: Array, v: Array) -> Array:
    """Return ``r ⊙ (v − z ⊙ mean (z ⊙ v))``, the derivative of z; it is its own adjoint."""
    moved: Array = r * (v - z * plain_means(setting.scalars, z * v))
    return moved


def _rms_norm(setting: Setting, primals: Arrays) -> Array:
    x, gamma = primals
    _, z = _normalized(setting, x)
    normed: Array = z * gamma
    return normed


def _rms_norm_jvp(setting: Setting, primals: Arrays, _output: Array, tangents: Arrays) -> Array:
    (x, gamma), (dx, dgamma) = primals, tangents
    r, z = _normalized(setting, x)
    moved: Array = gamma * _derivative(setting, r, z, dx) + z * dgamma
    return moved


def _rms_norm_vjp(setting: Setting, primals: Arrays, _output: Array, w: Array) -> Arrays:
    x, gamma = primals
    r, z = _normalized(setting, x)
    weighted = z * w  # first: the derivative sums it along rows, with γ as weights
    return (_derivative(setting, r, z, gamma * w), weighted.sum(axis=0))


def _shifted_mean_squares(setting: Setting, primals: Arrays) -> Array:
    mean_squares = _shifted_mean_square(setting, primals[0])
    return mean_squares.reshape(mean_squares.shape[0])


def _rms_norm_shape(shapes: Shapes, _out: Shape) -> Shape:
    x, gamma = shapes
    check_operands(len(x) == 2 and gamma == x[1:], "m×n and n", shapes)
    return x


def _rms_norm_sample(rng: np.random.Generator) -> Sample:
    m, n = draw_lengths(rng, 2)
    return draw_sample(rng, ((m, n), (n,)), (m, n), _PARAMS)


RMS_NORM: Final = Primitive(
    name="rmsNorm",
    arity=2,
    params=_PARAMS,
    linearity=Linearity.NONLINEAR,
    shape_rule=_rms_norm_shape,
    forward=_rms_norm,
    jvp=_rms_norm_jvp,
    vjp=_rms_norm_vjp,
    domain=Domain(
        text="mean square + ε > 0",
        quantity="mean square + ε",
        measure=_shifted_mean_squares,
        holds=lambda mean_squares: mean_squares > 0,
        theorem="Proofs.Autograd.Op.rmsNorm_fderivCorrectOn",
    ),
    sample=_rms_norm_sample,
    called=Called("torch.nn.functional.rms_norm"),
)

FAMILY: Final[tuple[Primitive, ...]] = (RMS_NORM,)
