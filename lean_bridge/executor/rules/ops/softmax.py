"""Softmax along the last axis; Lean: ``softmaxLast``, ``maskedSoftmax``."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from lean_bridge.executor.arrays.namespaces import gathered
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.arrays.shape import Shape, Shapes, check_operands, same_shape, text_of
from lean_bridge.executor.rules.parameters import Parameter, Site, booleans
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
    draw_lengths,
    draw_sample,
)


def _softmax(setting: Setting, primals: Arrays) -> Array:
    (x,) = primals
    e = setting.scalars.exp(x - setting.scalars.shift_of_rows(x, axis=-1))
    y: Array = e / e.sum(axis=-1, keepdims=True)
    return y


def _along(setting: Setting, y: Array, v: Array) -> Array:
    """Return ``(diag(y) - y yᵀ) v`` for each row: the derivative, and by symmetry its adjoint."""
    moved: Array = y * setting.scalars.less_mean(v, y, -1)
    return moved


def _softmax_jvp(setting: Setting, _primals: Arrays, output: Array, tangents: Arrays) -> Array:
    return _along(setting, output, tangents[0])


def _softmax_vjp(setting: Setting, _primals: Arrays, output: Array, cotangent: Array) -> Arrays:
    return (_along(setting, output, cotangent),)


def _softmax_shape(shapes: Shapes, _out: Shape) -> Shape:
    check_operands(len(shapes[0]) == 3, "h×m×n", shapes)
    return shapes[0]


def _softmax_sample(rng: np.random.Generator) -> Sample:
    shape = draw_lengths(rng, 3)
    return draw_sample(rng, (shape,), shape)


SOFTMAX_LAST: Final = Primitive(
    name="softmaxLast",
    arity=1,
    params=NO_PARAMS,
    linearity=Linearity.NONLINEAR,
    shape_rule=_softmax_shape,
    forward=_softmax,
    jvp=_softmax_jvp,
    vjp=_softmax_vjp,
    domain=EVERYWHERE,
    sample=_softmax_sample,
    called=Called("torch.softmax", "jax.nn.softmax"),
)


def _masked_softmax(setting: Setting, primals: Arrays) -> Array:
    """Return the quotients of exponentials, of which none is of a coordinate that is not allowed.

    The row's first allowed coordinate stands in its place, so that no row is shifted by what it leaves out.
    """
    (x,), count = primals, math.prod(setting.shape)
    if not count:
        return x
    allowed, left_out = (setting.indicator(which, x) for which in (_is_allowed, _is_left_out))
    first = gathered(x.reshape((count,)), setting.whole_numbers(_firsts, count))
    z = x * allowed + first.reshape((*x.shape[:-1], 1)) * left_out
    e = setting.scalars.exp(z - setting.scalars.shift_of_rows(z, axis=-1)) * allowed
    y: Array = e / e.sum(axis=-1, keepdims=True)
    return y


def _is_allowed(setting: Setting) -> Array:
    mask: Array = setting.params["mask"]
    return mask


def _is_left_out(setting: Setting) -> Array:
    return ~_is_allowed(setting)


def _firsts(setting: Setting) -> Array:
    """Return where the first coordinate that each row allows stands in the operand, in row-major order."""
    firsts = np.broadcast_to(_is_allowed(setting), setting.shape).argmax(axis=-1).reshape(-1)
    places: Array = np.arange(len(firsts)) * setting.shape[-1] + firsts
    return places


def _rows(site: Site) -> Shape:
    o, t, n = (site.lengths[name] for name in ("o", "t", "n"))
    if site.out != (*o, *t, *n):
        sizes = ", ".join(f"{name}={text_of(length)}" for name, length in site.lengths.items())
        raise ValueError(f"expected sizes of the op that make {text_of(site.out)}, found {sizes}")
    return (*t, *n)


def _check_mask(value: object, site: Site, scalars: Any) -> Array:
    mask: Array = _TRUTH_VALUES.check(value, site, scalars)
    if len(nothing := np.argwhere(~mask.any(axis=-1))):
        where = f" {', '.join(map(str, nothing[0]))}" if len(mask.shape) > 1 else ""
        reason = "the hypothesis AllowsSome of the theorems"
        expected = f"expected something allowed in every row along the last axis, {reason}"
        raise ValueError(f"{expected}; row{where} allows nothing")
    return mask


def _allowed(setting: Setting, _primals: Arrays) -> Array:
    counts: Array = np.asarray(setting.params["mask"].sum(axis=-1), float)
    return counts


def _masked_sample(rng: np.random.Generator) -> Sample:
    (n,), (o, t) = draw_lengths(rng, 1), (draw_lengths(rng, int(rng.integers(3))) for _ in range(2))
    shape = (*o, *t, n)
    return draw_sample(rng, (shape,), shape, MASKED_SOFTMAX.params, {"o": o, "t": t, "n": (n,)})


_TRUTH_VALUES: Final = booleans(_rows)

MASKED_SOFTMAX: Final = Primitive(
    name="maskedSoftmax",
    arity=1,
    params=MappingProxyType({"mask": Parameter("array", _check_mask, _TRUTH_VALUES.draw)}),
    linearity=Linearity.NONLINEAR,
    shape_rule=same_shape,
    forward=_masked_softmax,
    jvp=_softmax_jvp,
    vjp=_softmax_vjp,
    domain=Domain(
        text="every row allows something",
        quantity="how many a row allows",
        measure=_allowed,
        holds=lambda counts: counts > 0,
        theorem="Proofs.Autograd.Op.maskedSoftmax_fderivCorrectOn",
    ),
    sample=_masked_sample,
    called=Called("torch.masked_fill, torch.softmax", "jax.nn.softmax"),
)

FAMILY: Final[tuple[Primitive, ...]] = (SOFTMAX_LAST, MASKED_SOFTMAX)
