"""Quotients of arrays and powers by a natural number; Lean: ``div``, ``powNat``."""

from __future__ import annotations

import dataclasses
import math
from typing import Final

import numpy as np

from lean_bridge.executor.arrays.namespaces import zeros
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.arrays.shape import same_shape
from lean_bridge.executor.rules.primitive import (
    EVERYWHERE,
    NO_PARAMS,
    Arrays,
    Called,
    Domain,
    Linearity,
    Primitive,
    Sample,
    Setting,
    draw_nonzero,
    draw_one,
    elementwise,
)


def _div(_setting: Setting, primals: Arrays) -> Array:
    numerator, denominator = primals
    quotient: Array = numerator / denominator
    return quotient


def _div_jvp(_setting: Setting, primals: Arrays, output: Array, tangents: Arrays) -> Array:
    (_, denominator), (dnumerator, ddenominator) = primals, tangents
    moved: Array = (dnumerator - output * ddenominator) / denominator
    return moved


def _div_vjp(_setting: Setting, primals: Arrays, output: Array, w: Array) -> Arrays:
    pulled: Array = w / primals[1]
    return (pulled, -(output * pulled))


def _denominator(_setting: Setting, primals: Arrays) -> Array:
    return primals[1]


def _div_sample(rng: np.random.Generator) -> Sample:
    sample = draw_nonzero(rng)
    numerator = rng.standard_normal(sample.setting.shape)
    return dataclasses.replace(sample, operands=(numerator, *sample.operands))


def _exponent(setting: Setting) -> int:
    return math.prod(setting.lengths["k"])


def _power(setting: Setting, x: Array, exponent: int) -> Array:
    """Return a power by as many products as its exponent has digits in base 2, twice at most."""
    if not exponent:
        ones: Array = zeros(x, x.shape) + setting.scalars.rational(1)
        return ones
    made, square = None, x
    while exponent:
        if exponent % 2:
            made = square if made is None else made * square
        exponent //= 2
        if exponent:
            square = square * square
    assert made is not None
    return made


def _pow(setting: Setting, x: Array) -> Array:
    return _power(setting, x, _exponent(setting))


def _pow_derivative(setting: Setting, x: Array) -> Array:
    k = _exponent(setting)
    slope: Array = _power(setting, x, max(k - 1, 0)) * setting.scalars.rational(k)
    return slope


def _pow_sample(rng: np.random.Generator) -> Sample:
    sample = draw_one(rng)
    lengths = {"k": (int(rng.integers(2, 4)),)}
    return dataclasses.replace(sample, setting=dataclasses.replace(sample.setting, lengths=lengths))


DIV: Final = Primitive(
    name="div",
    arity=2,
    params=NO_PARAMS,
    linearity=Linearity.NONLINEAR,
    shape_rule=same_shape,
    forward=_div,
    jvp=_div_jvp,
    vjp=_div_vjp,
    domain=Domain(
        "denominator ≠ 0",
        "denominator",
        _denominator,
        lambda x: x != 0,
        "Proofs.Autograd.TapeNodes.divFderivAt",
    ),
    sample=_div_sample,
    called=Called("torch.div", "jax.numpy.divide"),
)
POW_NAT: Final = elementwise(
    "powNat",
    called=Called("torch.pow", "jax.numpy.power"),
    f=_pow,
    df=_pow_derivative,
    domain=EVERYWHERE,
    sample=_pow_sample,
)

FAMILY: Final[tuple[Primitive, ...]] = (DIV, POW_NAT)
