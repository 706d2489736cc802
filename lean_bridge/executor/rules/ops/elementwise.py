"""Functions of one variable at every coordinate; Lean: ``addConst``, ``sqrtClamp``, ``inv``, ``gelu``.

GELU is the tanh form of Hendrycks and Gimpel, *Gaussian error linear units*, 2016.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.arrays.shape import Shape, same_shape
from lean_bridge.executor.rules.parameters import EPSILON, SCALAR
from lean_bridge.executor.rules.primitive import (
    EVERYWHERE,
    Called,
    Domain,
    Primitive,
    Sample,
    Setting,
    affine,
    draw_nonzero,
    draw_one,
    draw_positive,
    elementwise,
    operand,
)

GELU_KAPPA: Final = math.sqrt(2 / math.pi)
"""The κ that makes the op GELU; a field need not contain it, so it is an argument."""


_ADD_CONST_PARAMS: Final = {"ε": EPSILON}


def _unchanged(_setting: Setting, x: Array) -> Array:
    return x


def _epsilon(setting: Setting, _x: Array) -> Any:
    return setting.params["ε"]


def _unchanged_back(_setting: Setting, _shape: Shape, w: Array) -> Array:
    return w


def _add_const_sample(rng: np.random.Generator) -> Sample:
    return draw_one(rng, _ADD_CONST_PARAMS)


def _sqrt(setting: Setting, x: Array) -> Array:
    return setting.scalars.sqrt(x)


def _sqrt_derivative(setting: Setting, x: Array) -> Array:
    return setting.scalars.inv(setting.scalars.rational(2) * setting.scalars.sqrt(x))


def _inv(setting: Setting, x: Array) -> Array:
    return setting.scalars.inv(x)


def _inv_derivative(setting: Setting, x: Array) -> Array:
    inverse = setting.scalars.inv(x)
    return -(inverse * inverse)  # (x²)⁻¹, which for tiny x would be 0 if x² were rounded first


_GELU_PARAMS: Final = {"κ": SCALAR}


def _gelu_argument(setting: Setting, x: Array) -> Array:
    """Return ``2·κ·(x + 0.044715·x³)``."""
    scalars = setting.scalars
    twice = setting.params["κ"] * scalars.rational(2)
    argument: Array = twice * (x + scalars.rational(44715, 1000000) * (x * x * x))
    return argument


def _gelu(setting: Setting, x: Array) -> Array:
    """Return ``x·(1 + tanh u)/2``, as x times the logistic function of ``2·u``: below 0 the sum cancels."""
    value: Array = x * setting.scalars.sigmoid(_gelu_argument(setting, x))
    return value


def _gelu_derivative(setting: Setting, x: Array) -> Array:
    scalars, argument = setting.scalars, _gelu_argument(setting, x)
    twice = setting.params["κ"] * scalars.rational(2)
    inner = twice * (scalars.rational(1) + scalars.rational(3 * 44715, 1000000) * (x * x))
    slope: Array = scalars.sigmoid(argument) + x * scalars.slope_of_sigmoid(argument) * inner
    return slope


def _gelu_sample(rng: np.random.Generator) -> Sample:
    return draw_one(rng, _GELU_PARAMS)


ADD_CONST: Final = affine(
    "addConst",
    called=Called("torch.add", "jax.numpy.add"),
    params=_ADD_CONST_PARAMS,
    shape_rule=same_shape,
    apply=_unchanged,
    shift=_epsilon,
    transpose=_unchanged_back,
    sample=_add_const_sample,
)
SQRT_CLAMP: Final = elementwise(
    "sqrtClamp",
    called=Called("torch.sqrt", "jax.numpy.sqrt"),
    f=_sqrt,
    df=_sqrt_derivative,
    domain=Domain("x > 0", "x", operand, lambda x: x > 0, "Proofs.Autograd.TapeNodes.sqrtClampFderivAt"),
    sample=draw_positive,
)
INV: Final = elementwise(
    "inv",
    called=Called("torch.reciprocal", "jax.numpy.reciprocal"),
    f=_inv,
    df=_inv_derivative,
    domain=Domain("x ≠ 0", "x", operand, lambda x: x != 0, "Proofs.Autograd.TapeNodes.invFderivAt"),
    sample=draw_nonzero,
)
GELU: Final = elementwise(
    "gelu",
    called=Called("torch.nn.functional.gelu", "jax.nn.gelu"),
    params=_GELU_PARAMS,
    f=_gelu,
    df=_gelu_derivative,
    domain=EVERYWHERE,
    sample=_gelu_sample,
)

FAMILY: Final[tuple[Primitive, ...]] = (ADD_CONST, SQRT_CLAMP, INV, GELU)
