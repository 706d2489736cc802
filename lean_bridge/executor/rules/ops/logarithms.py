"""The logarithm and softplus; Lean: ``log``, ``softplus``.

The derivative of softplus is the logistic function, computed as ``exp(x - softplus x)``: nothing overflows in
it, and nothing cancels.
"""

from __future__ import annotations

from typing import Final

from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.rules.primitive import (
    EVERYWHERE,
    Called,
    Domain,
    Primitive,
    Setting,
    draw_one,
    draw_positive,
    elementwise,
    operand,
)


def _log(setting: Setting, x: Array) -> Array:
    return setting.scalars.log(x)


def _log_derivative(setting: Setting, x: Array) -> Array:
    return setting.scalars.slope_of_log(x)


def _softplus(setting: Setting, x: Array) -> Array:
    return setting.scalars.softplus(x)


def _softplus_derivative(setting: Setting, x: Array) -> Array:
    return setting.scalars.slope_of_softplus(x)


LOG: Final = elementwise(
    "log",
    called=Called("torch.log", "jax.numpy.log"),
    f=_log,
    df=_log_derivative,
    domain=Domain("x > 0", "x", operand, lambda x: x > 0, "Proofs.Autograd.TapeNodes.logFderivAt"),
    sample=draw_positive,
)
SOFTPLUS: Final = elementwise(
    "softplus",
    called=Called("torch.nn.functional.softplus", "jax.nn.softplus"),
    f=_softplus,
    df=_softplus_derivative,
    domain=EVERYWHERE,
    sample=draw_one,
)

FAMILY: Final[tuple[Primitive, ...]] = (LOG, SOFTPLUS)
