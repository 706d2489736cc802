"""Softmax, its logarithm and logarithms of sums of exponentials along any axis.

Lean: ``softmaxAxis``, ``logsumexpAxis``, ``logSoftmaxAxis``. The axis is the first behind those of the op's
argument ``o``. Rows are shifted by their largest number where exponentials overflow, which changes nothing
that is exact.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.arrays.shape import same_shape
from lean_bridge.executor.rules.ops.axes import axis_of, draw_axes, spread, sum_sample, sum_shape, total
from lean_bridge.executor.rules.primitive import (
    EVERYWHERE,
    NO_PARAMS,
    Arrays,
    Called,
    Linearity,
    Primitive,
    Sample,
    Setting,
    draw_sample,
)


def _sums(setting: Setting, x: Array) -> Array:
    """Return the sums along the axis, which is kept."""
    sums: Array = x.sum(axis=axis_of(setting), keepdims=True)
    return sums


def _shifted(setting: Setting, x: Array) -> tuple[Array, Array]:
    """Return the rows shifted so that no exponential overflows, and what was subtracted."""
    shift = setting.scalars.shift_of_rows(x, axis_of(setting))
    return x - shift, shift


def _softmax(setting: Setting, primals: Arrays) -> Array:
    shifted, _ = _shifted(setting, primals[0])
    e = setting.scalars.exp(shifted)
    y: Array = e / _sums(setting, e)
    return y


def _along(setting: Setting, y: Array, v: Array) -> Array:
    """Return ``(diag(y) - y yᵀ) v`` for each row: the derivative, and by symmetry its adjoint."""
    moved: Array = y * setting.scalars.less_mean(v, y, axis_of(setting))
    return moved


def _softmax_jvp(setting: Setting, _primals: Arrays, output: Array, tangents: Arrays) -> Array:
    return _along(setting, output, tangents[0])


def _softmax_vjp(setting: Setting, _primals: Arrays, output: Array, w: Array) -> Arrays:
    return (_along(setting, output, w),)


def _log_softmax(setting: Setting, primals: Arrays) -> Array:
    shifted, _ = _shifted(setting, primals[0])
    y: Array = shifted - setting.scalars.log(_sums(setting, setting.scalars.exp(shifted)))
    return y


def _log_softmax_jvp(setting: Setting, _primals: Arrays, output: Array, tangents: Arrays) -> Array:
    weights = setting.scalars.exp(output)
    moved: Array = tangents[0] - _sums(setting, weights * tangents[0])
    return moved


def _log_softmax_vjp(setting: Setting, _primals: Arrays, output: Array, w: Array) -> Arrays:
    weights = setting.scalars.exp(output)
    pulled: Array = w - weights * _sums(setting, w)
    return (pulled,)


def _logsumexp(setting: Setting, primals: Arrays) -> Array:
    shifted, shift = _shifted(setting, primals[0])
    kept: Array = shift + setting.scalars.log(_sums(setting, setting.scalars.exp(shifted)))
    return kept.reshape(setting.shape)


def _weights(setting: Setting, primals: Arrays) -> Array:
    """Return the derivative of the logarithm of the sum in each of its exponents: their softmax."""
    return setting.scalars.exp(_log_softmax(setting, primals))


def _logsumexp_jvp(setting: Setting, primals: Arrays, _output: Array, tangents: Arrays) -> Array:
    return total(_weights(setting, primals) * tangents[0], axis_of(setting))


def _logsumexp_vjp(setting: Setting, primals: Arrays, _output: Array, w: Array) -> Arrays:
    pulled: Array = _weights(setting, primals) * spread(w, axis_of(setting), primals[0].shape)
    return (pulled,)


def _sample(rng: np.random.Generator) -> Sample:
    lengths = draw_axes(rng, "n")
    o, n, s = lengths.values()
    return draw_sample(rng, ((*o, *n, *s),), (*o, *n, *s), lengths=lengths)


SOFTMAX_AXIS: Final = Primitive(
    name="softmaxAxis",
    arity=1,
    params=NO_PARAMS,
    linearity=Linearity.NONLINEAR,
    shape_rule=same_shape,
    forward=_softmax,
    jvp=_softmax_jvp,
    vjp=_softmax_vjp,
    domain=EVERYWHERE,
    sample=_sample,
    called=Called("torch.softmax", "jax.nn.softmax"),
)
LOGSUMEXP_AXIS: Final = Primitive(
    name="logsumexpAxis",
    arity=1,
    params=NO_PARAMS,
    linearity=Linearity.NONLINEAR,
    shape_rule=sum_shape,
    forward=_logsumexp,
    jvp=_logsumexp_jvp,
    vjp=_logsumexp_vjp,
    domain=EVERYWHERE,
    sample=sum_sample,
    called=Called("torch.logsumexp", "jax.nn.logsumexp"),
)
LOG_SOFTMAX_AXIS: Final = Primitive(
    name="logSoftmaxAxis",
    arity=1,
    params=NO_PARAMS,
    linearity=Linearity.NONLINEAR,
    shape_rule=same_shape,
    forward=_log_softmax,
    jvp=_log_softmax_jvp,
    vjp=_log_softmax_vjp,
    domain=EVERYWHERE,
    sample=_sample,
    called=Called("torch.log_softmax", "jax.nn.log_softmax"),
)

FAMILY: Final[tuple[Primitive, ...]] = (SOFTMAX_AXIS, LOGSUMEXP_AXIS, LOG_SOFTMAX_AXIS)
