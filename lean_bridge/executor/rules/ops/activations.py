"""Activations; Lean: ``exp``, ``tanh``, ``sigmoid``, ``silu``, ``square``.

The slope of the logistic function is not computed from what that leaves of 1 as a difference, of which few
digits are right where the function is nearly 1.
"""

from __future__ import annotations

from typing import Final

from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.rules.primitive import (
    EVERYWHERE,
    Called,
    Primitive,
    Setting,
    draw_one,
    elementwise,
)


def _exp(setting: Setting, x: Array) -> Array:
    return setting.scalars.exp(x)


def _tanh(setting: Setting, x: Array) -> Array:
    return setting.scalars.tanh(x)


def _tanh_derivative(setting: Setting, x: Array) -> Array:
    """Return ``1 - tanh² x``, as the slope of ``(1 + tanh x)/2`` in ``2·x``."""
    two, four = setting.scalars.rational(2), setting.scalars.rational(4)
    slope: Array = setting.scalars.slope_of_sigmoid(x * two) * four
    return slope


def _sigmoid(setting: Setting, x: Array) -> Array:
    return setting.scalars.sigmoid(x)


def _sigmoid_derivative(setting: Setting, x: Array) -> Array:
    return setting.scalars.slope_of_sigmoid(x)


def _silu(setting: Setting, x: Array) -> Array:
    value: Array = x * setting.scalars.sigmoid(x)
    return value


def _silu_derivative(setting: Setting, x: Array) -> Array:
    one, y = setting.scalars.rational(1), setting.scalars.sigmoid(x)
    slope: Array = y * (one + x * (one - y))
    return slope


def _square(_setting: Setting, x: Array) -> Array:
    value: Array = x * x
    return value


def _square_derivative(setting: Setting, x: Array) -> Array:
    slope: Array = x * setting.scalars.rational(2)
    return slope


EXP: Final = elementwise(
    "exp", called=Called("torch.exp", "jax.numpy.exp"), f=_exp, df=_exp, domain=EVERYWHERE, sample=draw_one
)
TANH: Final = elementwise(
    "tanh",
    called=Called("torch.tanh", "jax.numpy.tanh"),
    f=_tanh,
    df=_tanh_derivative,
    domain=EVERYWHERE,
    sample=draw_one,
)
SIGMOID: Final = elementwise(
    "sigmoid",
    called=Called("torch.sigmoid", "jax.nn.sigmoid"),
    f=_sigmoid,
    df=_sigmoid_derivative,
    domain=EVERYWHERE,
    sample=draw_one,
)
SILU: Final = elementwise(
    "silu",
    called=Called("torch.nn.functional.silu", "jax.nn.silu"),
    f=_silu,
    df=_silu_derivative,
    domain=EVERYWHERE,
    sample=draw_one,
)
SQUARE: Final = elementwise(
    "square",
    called=Called("torch.square", "jax.numpy.square"),
    f=_square,
    df=_square_derivative,
    domain=EVERYWHERE,
    sample=draw_one,
)

FAMILY: Final[tuple[Primitive, ...]] = (EXP, TANH, SIGMOID, SILU, SQUARE)
