"""Rectifiers; Lean: ``relu``, ``leakyRelu``, ``abs``, ``maxConst``, ``minConst``, ``clamp``, ``huber``.

Each but ``huber`` has kinks, where the theorems say nothing; the derivative taken there is PyTorch's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np

from lean_bridge.executor.arrays.namespaces import concat
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.rules.parameters import SCALAR, Site, positive
from lean_bridge.executor.rules.primitive import (
    EVERYWHERE,
    Arrays,
    Called,
    Domain,
    Primitive,
    Sample,
    Setting,
    draw_nonzero,
    draw_one,
    elementwise,
    operand,
)


def _away_from_0(theorem: str) -> Domain:
    return Domain("x ≠ 0", "x", operand, lambda x: x != 0, f"Proofs.Autograd.TapeNodes.{theorem}")


def _zero(setting: Setting) -> Any:
    return setting.scalars.rational(0)


def _positive_part(setting: Setting, x: Array) -> Array:
    return setting.scalars.larger(x, _zero(setting))


def _is_positive(setting: Setting, x: Array) -> Array:
    return setting.scalars.step(x, _zero(setting))


_SLOPE: Final = {"a": SCALAR}


def _leaky(setting: Setting, x: Array) -> Array:
    value: Array = _positive_part(setting, x) - setting.params["a"] * _positive_part(setting, -x)
    return value


def _leaky_derivative(setting: Setting, x: Array) -> Array:
    positive = _is_positive(setting, x)
    slope: Array = positive + setting.params["a"] * (setting.scalars.rational(1) - positive)
    return slope


def _leaky_sample(rng: np.random.Generator) -> Sample:
    return draw_nonzero(rng, _SLOPE)


def _abs(setting: Setting, x: Array) -> Array:
    size: Array = _positive_part(setting, x) + _positive_part(setting, -x)
    return size


def _sign(setting: Setting, x: Array) -> Array:
    sign: Array = _is_positive(setting, x) - _is_positive(setting, -x)
    return sign


def _at_least(setting: Setting, bound: Any, x: Array) -> Array:
    return setting.scalars.larger(x, bound)


def _at_most(setting: Setting, bound: Any, x: Array) -> Array:
    return -setting.scalars.larger(-x, -bound)


def _is_not_below(setting: Setting, bound: Any, x: Array) -> Array:
    """Return 1 where coordinates are no smaller than a bound, 0 for the others."""
    inside: Array = setting.scalars.rational(1) - setting.scalars.step(-x, -bound)
    return inside


def _is_not_above(setting: Setting, bound: Any, x: Array) -> Array:
    inside: Array = setting.scalars.rational(1) - setting.scalars.step(x, bound)
    return inside


_BOUND: Final = {"c": SCALAR}


def _from_bound(setting: Setting, primals: Arrays) -> Array:
    distance: Array = primals[0] - setting.params["c"]
    return distance


def _away_from_c(theorem: str) -> Domain:
    return Domain("x ≠ c", "x - c", _from_bound, lambda x: x != 0, f"Proofs.Autograd.TapeNodes.{theorem}")


def _bound_sample(rng: np.random.Generator) -> Sample:
    return draw_nonzero(rng, _BOUND)


def _draw_below_0(rng: np.random.Generator, _site: Site) -> float:
    return -float(rng.uniform(0.5, 1.0))  # so that there are numbers between the bounds


_BOUNDS: Final = {"lo": replace(SCALAR, draw=_draw_below_0), "hi": SCALAR}


def _clamp(setting: Setting, x: Array) -> Array:
    low, high = setting.params["lo"], setting.params["hi"]
    return _at_most(setting, high, _at_least(setting, low, x))


def _clamp_derivative(setting: Setting, x: Array) -> Array:
    low, high = setting.params["lo"], setting.params["hi"]
    inside: Array = _is_not_below(setting, low, x) * _is_not_above(setting, high, x)
    return inside


def _from_bounds(setting: Setting, primals: Arrays) -> Array:
    """Return how far coordinates are from either bound, along a last axis: their product may be too small."""
    x, bounds = primals[0], (setting.params["lo"], setting.params["hi"])
    return concat([(x - bound).reshape((*x.shape, 1)) for bound in bounds], len(x.shape))


def _clamp_sample(rng: np.random.Generator) -> Sample:
    return draw_one(rng, _BOUNDS)


_WIDTH: Final = {"δ": positive("the hypothesis hδ of the theorems")}


def _between(setting: Setting, x: Array) -> Array:
    """Return coordinates, but the nearer of ±δ for those outside: the derivative of Huber's function."""
    width = setting.params["δ"]
    return _at_most(setting, width, _at_least(setting, -width, x))


def _huber(setting: Setting, x: Array) -> Array:
    slope = _between(setting, x)
    value: Array = slope * (x - slope * setting.scalars.rational(1, 2))
    return value


def _huber_sample(rng: np.random.Generator) -> Sample:
    return draw_one(rng, _WIDTH)


RELU: Final = elementwise(
    "relu",
    called=Called("torch.relu", "jax.nn.relu"),
    f=_positive_part,
    df=_is_positive,
    domain=_away_from_0("reluFderivAt"),
    sample=draw_nonzero,
)
LEAKY_RELU: Final = elementwise(
    "leakyRelu",
    called=Called("torch.nn.functional.leaky_relu", "jax.nn.leaky_relu"),
    params=_SLOPE,
    f=_leaky,
    df=_leaky_derivative,
    domain=_away_from_0("leakyReluFderivAt"),
    sample=_leaky_sample,
)
ABS: Final = elementwise(
    "abs",
    called=Called("torch.abs", "jax.numpy.abs"),
    f=_abs,
    df=_sign,
    domain=_away_from_0("absFderivAt"),
    sample=draw_nonzero,
)
MAX_CONST: Final = elementwise(
    "maxConst",
    called=Called("torch.maximum", "jax.numpy.maximum"),
    params=_BOUND,
    f=lambda setting, x: _at_least(setting, setting.params["c"], x),
    df=lambda setting, x: _is_not_below(setting, setting.params["c"], x),
    domain=_away_from_c("maxConstFderivAt"),
    sample=_bound_sample,
)
MIN_CONST: Final = elementwise(
    "minConst",
    called=Called("torch.minimum", "jax.numpy.minimum"),
    params=_BOUND,
    f=lambda setting, x: _at_most(setting, setting.params["c"], x),
    df=lambda setting, x: _is_not_above(setting, setting.params["c"], x),
    domain=_away_from_c("minConstFderivAt"),
    sample=_bound_sample,
)
CLAMP: Final = elementwise(
    "clamp",
    called=Called("torch.clamp", "jax.numpy.clip"),
    params=_BOUNDS,
    f=_clamp,
    df=_clamp_derivative,
    domain=Domain(
        "x ≠ lo and x ≠ hi",
        "x - lo and x - hi, side by side,",
        _from_bounds,
        lambda x: x != 0,
        "Proofs.Autograd.TapeNodes.clampFderivAt",
    ),
    sample=_clamp_sample,
)

HUBER: Final = elementwise(
    "huber",
    called=Called("torch.nn.functional.huber_loss"),
    params=_WIDTH,
    f=_huber,
    df=_between,
    domain=EVERYWHERE,
    sample=_huber_sample,
)

FAMILY: Final[tuple[Primitive, ...]] = (RELU, LEAKY_RELU, ABS, MAX_CONST, MIN_CONST, CLAMP, HUBER)
