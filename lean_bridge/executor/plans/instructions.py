"""What plans are made of: instructions on arrays, few and closed, in the order in which they run.

The rules of the primitives are the only source of them (see :mod:`.tracer`). A pass rewrites instructions and
knows no primitive; a backend runs them and knows neither.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias, cast

import numpy as np

from lean_bridge.executor.arrays.namespaces import (
    broadcast,
    concat,
    gathered,
    largest,
    permute,
    scattered,
)
from lean_bridge.executor.arrays.scalars import Array, Reals, Scalars
from lean_bridge.executor.arrays.shape import Shape, Shapes
from lean_bridge.executor.plans.uses import Uses

Static: TypeAlias = Any
"""What is known before any array is: the named tuple of the op, or the axes of a transpose."""


@dataclass(frozen=True, eq=False)
class Constant:
    """A scalar of the field or an array, fixed when the graph was compiled; compared by identity."""

    value: Any


class Given(NamedTuple):
    """An array of the caller's: of an entry, by number, or what is derived of one that is an argument."""

    role: str
    entry: Any
    shape: Shape


class Fixed(NamedTuple):
    """A constant."""

    constant: Constant


class Shaped(NamedTuple):
    """What has a shape of its own."""

    shape: Shape


class Summed(NamedTuple):
    """Along which axis, whether that is kept with length 1, and a constant factor."""

    axis: int
    keep: bool
    weight: Constant | None


class Reduced(NamedTuple):
    """Along which axis, and whether that is kept with length 1."""

    axis: int
    keep: bool


class Part(NamedTuple):
    """A part of an axis."""

    axis: int
    start: int
    stop: int


class Joined(NamedTuple):
    """Along which axis."""

    axis: int


class Put(NamedTuple):
    """The length of a first axis."""

    length: int


class Nothing(NamedTuple):
    """Of operands alone."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One array made from earlier ones."""

    op: str
    operands: tuple[int, ...]
    """Positions of earlier instructions."""
    static: Static
    """What is known before any array is: axes, shapes, constants, as :data:`OPS` has them."""
    shape: Shape

    @property
    def size(self) -> int:
        """How many coordinates it makes."""
        return math.prod(self.shape)

    @property
    def value(self) -> Any:
        """What a constant is."""
        return self.static.constant.value

    @property
    def is_given(self) -> bool:
        """Whether nothing makes it: an array of the caller's, a constant or zeros."""
        return self.op in GIVEN

    @property
    def is_view(self) -> bool:
        """Whether it has the coordinates of its operand."""
        return self.op in VIEWS


@dataclass(frozen=True)
class Trace:
    """Straight-line code: instructions, and the positions of those that are asked for."""

    instructions: tuple[Instruction, ...]
    results: tuple[int, ...]

    @cached_property
    def uses(self) -> Uses:
        """Who reads what."""
        return Uses([each.operands for each in self.instructions], self.results)

    @cached_property
    def derived(self) -> tuple[Any, ...]:
        """What it reads that is made of arguments, each once; see :mod:`.derived`."""
        leaves = (each.static for each in self.instructions if each.op == "leaf")
        return tuple(each.entry for each in leaves if each.role == "derived")


@dataclass(frozen=True)
class Op:
    """A kind of instruction."""

    arity: int | None
    """How many operands it has; None for one or more."""
    shape: Callable[[Shapes, Static], Shape]
    """From operand shapes and static arguments to the shape of the result; see :func:`shape_of`."""
    evaluate: Callable[[Scalars, tuple[Array, ...], Static], Array]
    """The reference semantics, by operators of arrays over any field."""
    static: Callable[..., Static] = Nothing
    """What names its static arguments."""


def _broadcast(shapes: Shapes, _static: Static) -> Shape:
    return np.broadcast_shapes(*shapes)


def _own(_shapes: Shapes, static: Static) -> Shape:
    shape: Shape = static.shape
    return shape


def _reshaped(shapes: Shapes, static: Static) -> Shape:
    shape: Shape = static.shape
    if math.prod(shape) != math.prod(shapes[0]):
        raise ValueError(f"cannot reshape {shapes[0]} to {shape}")
    return shape


def _spread(shapes: Shapes, static: Static) -> Shape:
    shape: Shape = static.shape
    if np.broadcast_shapes(shapes[0], shape) != shape:
        raise ValueError(f"cannot broadcast {shapes[0]} to {shape}")
    return shape


def _constant_shape(_shapes: Shapes, static: Static) -> Shape:
    constant: Constant = static.constant
    return np.shape(constant.value)


def _product_shape(shapes: Shapes, _static: Static) -> Shape:
    a, b = shapes
    fit = len(a) == len(b) in (2, 3) and a[:-2] == b[:-2] and a[-1] == b[-2]
    if not fit:
        raise ValueError(f"no matrix product of shapes {a} and {b}")
    return (*a[:-1], b[-1])


def reduced(shape: Shape, axis: int, *, keep: bool) -> Shape:
    """Return a shape without one of its axes, or with length 1 there."""
    return (*shape[:axis], *(1,) * keep, *shape[axis + 1 :])


def _reduced(shapes: Shapes, static: Static) -> Shape:
    axis, keep = static.axis, static.keep
    shape = np.broadcast_shapes(*shapes)
    _check_axis(shape, axis)
    return reduced(shape, axis, keep=keep)


def _check_axis(shape: Shape, axis: int) -> None:
    if not 0 <= axis < len(shape):
        raise ValueError(f"shape {shape} has no axis {axis}")


def _transposed(shapes: Shapes, static: Static) -> Shape:
    if sorted(static) != list(range(len(shapes[0]))):
        raise ValueError(f"cannot order the axes of {shapes[0]} by {static}")
    return tuple(shapes[0][axis] for axis in static)


def _joined(shapes: Shapes, static: Static) -> Shape:
    (axis,) = static
    first = shapes[0]
    _check_axis(first, axis)
    if len({(*shape[:axis], *shape[axis + 1 :]) for shape in shapes}) > 1:
        raise ValueError(f"cannot join {shapes} along axis {axis}")
    return (*first[:axis], sum(shape[axis] for shape in shapes), *first[axis + 1 :])


def _sliced(shapes: Shapes, static: Static) -> Shape:
    axis, start, stop = static
    _check_axis(shapes[0], axis)
    if not 0 <= start <= stop <= shapes[0][axis]:
        raise ValueError(f"axis {axis} of {shapes[0]} has no part {start}:{stop}")
    return (*shapes[0][:axis], stop - start, *shapes[0][axis + 1 :])


def _taken(shapes: Shapes, _static: Static) -> Shape:
    x, indices = shapes
    if len(indices) != 1 or not x:
        raise ValueError(f"expected positions along one axis of {x}, found {indices}")
    return (*indices, *x[1:])


def _put(shapes: Shapes, static: Static) -> Shape:
    x, indices = shapes
    if not x or indices != x[:1]:
        raise ValueError(f"expected a position for each of {x}, found {indices}")
    return (static.length, *x[1:])


def _no_value(_scalars: Scalars, _arrays: tuple[Array, ...], _static: Static) -> Array:
    raise AssertionError("leaves and constants are given, not evaluated")


def _sum(_scalars: Scalars, arrays: tuple[Array, ...], static: Static) -> Array:
    axis, keep, weight = static
    total: Array = arrays[0].sum(axis=axis, keepdims=keep)
    return total if weight is None else total * weight.value


def _dot(_scalars: Scalars, arrays: tuple[Array, ...], static: Static) -> Array:
    axis, keep = static
    total: Array = (arrays[0] * arrays[1]).sum(axis=axis, keepdims=keep)
    return total


def _slice(_scalars: Scalars, arrays: tuple[Array, ...], static: Static) -> Array:
    axis, start, stop = static
    part: Array = arrays[0][(slice(None),) * axis + (slice(start, stop),)]
    return part


def _scatter(scalars: Scalars, arrays: tuple[Array, ...], static: Static) -> Array:
    x, indices = arrays
    return scattered(x, indices, static.length, zero=scalars.rational(0))


def _axes(*axes: int) -> tuple[int, ...]:
    return axes


ELEMENTWISE: Final = frozenset(
    ("add", "sub", "mul", "div", "neg", "exp", "log", "softplus", "sigmoid", "tanh", "step", "larger")
) | {"sqrt", "root", "inv", "reciprocal", "rsqrt", "decay", "log1p"}
"""Coordinate by coordinate, operands broadcast."""

BIJECTIONS: Final = frozenset(("reshape", "transpose"))
"""The same coordinates at other places."""

VIEWS: Final = BIJECTIONS | {"broadcast", "slice"}

GIVEN: Final = frozenset(("leaf", "constant", "zeros"))
"""What no instruction makes."""

FREE: Final = VIEWS | GIVEN
"""What takes neither room nor time."""

OPS: Final[Mapping[str, Op]] = MappingProxyType(
    {
        "leaf": Op(0, _own, _no_value, Given),
        "constant": Op(0, _constant_shape, _no_value, Fixed),
        "zeros": Op(0, _own, _no_value, Shaped),
        "add": Op(2, _broadcast, lambda _k, x, _s: x[0] + x[1]),
        "sub": Op(2, _broadcast, lambda _k, x, _s: x[0] - x[1]),
        "mul": Op(2, _broadcast, lambda _k, x, _s: x[0] * x[1]),
        "div": Op(2, _broadcast, lambda _k, x, _s: x[0] / x[1]),
        "neg": Op(1, _broadcast, lambda _k, x, _s: -x[0]),
        "exp": Op(1, _broadcast, lambda k, x, _s: k.exp(x[0])),
        "log": Op(1, _broadcast, lambda k, x, _s: k.log(x[0])),
        "softplus": Op(1, _broadcast, lambda k, x, _s: k.softplus(x[0])),  # of what is not rounded
        "sigmoid": Op(1, _broadcast, lambda k, x, _s: k.sigmoid(x[0])),  # of what is not rounded
        "decay": Op(1, _broadcast, lambda k, x, _s: cast(Reals, k).decay(x[0])),  # of floats, as log1p
        "log1p": Op(1, _broadcast, lambda k, x, _s: cast(Reals, k).log1p(x[0])),
        "tanh": Op(1, _broadcast, lambda k, x, _s: k.tanh(x[0])),
        "step": Op(2, _broadcast, lambda k, x, _s: k.step(x[0], x[1])),
        "larger": Op(2, _broadcast, lambda k, x, _s: k.larger(x[0], x[1])),
        "sqrt": Op(1, _broadcast, lambda k, x, _s: k.sqrt(x[0])),
        "root": Op(1, _broadcast, lambda k, x, _s: k.sqrt(x[0])),  # of what is known not to be negative
        "inv": Op(1, _broadcast, lambda k, x, _s: k.inv(x[0])),
        "reciprocal": Op(1, _broadcast, lambda k, x, _s: k.inv(x[0])),  # of what is known not to be 0
        "rsqrt": Op(1, _broadcast, lambda k, x, _s: k.inv(k.sqrt(x[0]))),  # of what is known to be positive
        "matmul": Op(2, _product_shape, lambda _k, x, _s: x[0] @ x[1]),
        "sum": Op(1, _reduced, _sum, Summed),
        "max": Op(1, _reduced, lambda _k, x, s: largest(x[0], s.axis, keep=s.keep), Reduced),
        "dot": Op(2, _reduced, _dot, Reduced),  # sums of products
        "reshape": Op(1, _reshaped, lambda _k, x, s: x[0].reshape(s.shape), Shaped),
        "transpose": Op(1, _transposed, lambda _k, x, s: permute(x[0], s), _axes),
        "broadcast": Op(1, _spread, lambda _k, x, s: broadcast(x[0], s.shape), Shaped),
        "slice": Op(1, _sliced, _slice, Part),
        "gather": Op(2, _taken, lambda _k, x, _s: gathered(x[0], x[1])),  # at whole numbers
        "scatter": Op(2, _put, _scatter, Put),
        "concat": Op(None, _joined, lambda _k, x, s: concat(x, s.axis), Joined),
    }
)


def shape_of(op: str, shapes: Shapes, static: Static) -> Shape:
    """Return the shape that an op makes of operands. Raises: ValueError if they do not fit."""
    arity = OPS[op].arity
    if (not shapes) if arity is None else (len(shapes) != arity):
        raise ValueError(f"{op} takes {arity or 'one or more'} operands, found {len(shapes)}")
    return OPS[op].shape(shapes, static)


def named(op: str, static: Static) -> Static:
    """Return the static arguments of an op by their names. Raises: TypeError if it has others."""
    return OPS[op].static(*static)
