"""What the executor knows about a primitive: one record, every rule present.

Rules get a :class:`Setting` (what is fixed at a node), arrays, and nothing else. ``primals`` are the
operands' values, ``output`` is the node's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import numpy as np

from lean_bridge.executor.arrays.namespaces import indicator
from lean_bridge.executor.arrays.scalars import REALS, Array, Scalars
from lean_bridge.executor.arrays.shape import Shape, Shapes, same_shape
from lean_bridge.executor.rules.parameters import Parameter, Site, kept

Arrays: TypeAlias = tuple[Array, ...]

OP_NAMESPACE: Final = "Proofs.Autograd.Op"


@dataclass(frozen=True)
class Setting:
    """What is fixed at a node before any array is seen."""

    shape: Shape
    """The certified shape of the output."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """The op's arguments that are no sizes, by the names of its Lean binders."""
    scalars: Scalars = REALS
    lengths: Mapping[str, Shape] = field(default_factory=dict)
    """The op's shape arguments by the names of its Lean binders, and its dimension arguments as one axis."""

    def whole_numbers(self, make: Callable[[Setting], Array], below: int) -> Array:
        """Return whole numbers less than a bound, which ``make`` makes of arguments alone, along one axis.

        ``make`` is a function of a module; the shape of what it returns follows from sizes.
        """
        del below
        return make(self)

    def indicator(self, make: Callable[[Setting], Array], like: Array) -> Array:
        """Return 1 where truth values are true, and 0 elsewhere, to compute with beside an array like that.

        ``make`` makes the truth values, as in :meth:`whole_numbers`.
        """
        one, zero = (self.scalars.rational(number) for number in (1, 0))
        return indicator(make(self), like, one=one, zero=zero)

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Take what a copy was made of: arrays that nobody else can write to, as they were before."""
        params = {name: kept(value) for name, value in state["params"].items()}
        self.__dict__.update({**state, "params": params})


@dataclass(frozen=True)
class Sample:
    """Operands in a primitive's domain, and the setting they fit."""

    operands: Arrays
    setting: Setting


@dataclass(frozen=True)
class Domain:
    """Where a primitive's JVP is the derivative of its forward map: where some quantity has a property."""

    text: str
    quantity: str
    """What it is about, as in ``text``."""
    measure: Callable[[Setting, Arrays], Array]
    """The quantity, from the primals."""
    holds: Callable[[Array], Array]
    """Whether each coordinate of the quantity has the property; the numbers without it are one interval."""
    theorem: str
    """The Lean declaration that has the property as its hypothesis."""

    def contains(self, setting: Setting, primals: Arrays) -> bool:
        """Return whether the operands are inside."""
        return bool(self.holds(self.measure(setting, primals)).all())


EVERYWHERE: Final = Domain("everywhere", "0", lambda _setting, _primals: np.zeros(()), np.isfinite, "")


NO_PARAMS: Final[Mapping[str, Parameter]] = MappingProxyType({})

NO_LENGTHS: Final[Mapping[str, Shape]] = MappingProxyType({})


class Linearity(StrEnum):
    """How a primitive depends on its operands."""

    LINEAR = "linear"
    """Linear in all operands together."""
    MULTILINEAR = "multilinear"
    """Linear in each operand while the others are held."""
    AFFINE = "affine"
    """Linear plus constant in each operand while the others are held."""
    NONLINEAR = "nonlinear"


@dataclass(frozen=True)
class Called:
    """What a primitive is called elsewhere, by full names; several where it takes several there."""

    torch: str
    jax: str = ""
    """Empty where JAX has it spelled out alone."""


@dataclass(frozen=True)
class Primitive:
    """One op of the graphs; Lean: the declaration ``lean_name``, of type ``Proofs.Autograd.Op``."""

    name: str
    """The last component of the Lean name, which is also how graphs write it."""
    arity: int
    params: Mapping[str, Parameter]
    """Its arguments that are no sizes by the names of its Lean binders, in their order."""
    linearity: Linearity
    shape_rule: Callable[[Shapes, Shape], Shape]
    """From operand shapes and the certified output shape to the actual one; ShapeError if they clash."""
    forward: Callable[[Setting, Arrays], Array]
    """From primals to the output."""
    jvp: Callable[[Setting, Arrays, Array, Arrays], Array]
    """From primals, output and one tangent per operand to the output's tangent."""
    vjp: Callable[[Setting, Arrays, Array, Array], Arrays]
    """From primals, output and the output's cotangent to one cotangent per operand."""
    domain: Domain
    sample: Callable[[np.random.Generator], Sample]
    called: Called

    @property
    def lean_name(self) -> str:
        """The Lean declaration of the op."""
        return f"{OP_NAMESPACE}.{self.name}"


def linear(
    name: str,
    *,
    arity: int = 1,
    params: Mapping[str, Parameter] = NO_PARAMS,
    shape_rule: Callable[[Shapes, Shape], Shape],
    apply: Callable[[Setting, Arrays], Array],
    transpose: Callable[[Setting, Shapes, Array], Arrays],
    sample: Callable[[np.random.Generator], Sample],
    called: Called,
) -> Primitive:
    """Return a primitive linear in all operands together: its JVP is itself, its VJP its transpose.

    ``transpose`` gets the operands' shapes and the output's cotangent, and returns one cotangent per operand.
    """

    def jvp(setting: Setting, _primals: Arrays, _output: Array, tangents: Arrays) -> Array:
        return apply(setting, tangents)

    def vjp(setting: Setting, primals: Arrays, _output: Array, cotangent: Array) -> Arrays:
        return transpose(setting, tuple(primal.shape for primal in primals), cotangent)

    return Primitive(
        name, arity, params, Linearity.LINEAR, shape_rule, apply, jvp, vjp, EVERYWHERE, sample, called
    )


def multilinear(
    name: str,
    *,
    params: Mapping[str, Parameter] = NO_PARAMS,
    shape_rule: Callable[[Shapes, Shape], Shape],
    apply: Callable[[Setting, Arrays], Array],
    transposes: tuple[Callable[[Setting, Arrays, Array], Array], ...],
    sample: Callable[[np.random.Generator], Sample],
    called: Called,
) -> Primitive:
    """Return a primitive linear in each operand: its JVP is the sum of itself at one tangent each.

    ``transposes`` has one function per operand, from the primals and the output's cotangent to that operand's
    cotangent.
    """

    def jvp(setting: Setting, primals: Arrays, _output: Array, tangents: Arrays) -> Array:
        first, *others = (
            apply(setting, (*primals[:i], tangent, *primals[i + 1 :])) for i, tangent in enumerate(tangents)
        )
        for other in others:
            first = first + other
        return first

    def vjp(setting: Setting, primals: Arrays, _output: Array, cotangent: Array) -> Arrays:
        return tuple(transpose(setting, primals, cotangent) for transpose in transposes)

    arity = len(transposes)
    return Primitive(
        name, arity, params, Linearity.MULTILINEAR, shape_rule, apply, jvp, vjp, EVERYWHERE, sample, called
    )


def affine(
    name: str,
    *,
    params: Mapping[str, Parameter],
    shape_rule: Callable[[Shapes, Shape], Shape],
    apply: Callable[[Setting, Array], Array],
    shift: Callable[[Setting, Array], Array],
    transpose: Callable[[Setting, Shape, Array], Array],
    sample: Callable[[np.random.Generator], Sample],
    called: Called,
) -> Primitive:
    """Return a primitive that shifts a linear function of its one operand: its JVP is that function.

    ``shift`` gets the operand for its precision only. ``transpose`` gets the operand's shape and the output's
    cotangent, and returns the operand's.
    """

    def forward(setting: Setting, primals: Arrays) -> Array:
        shifted: Array = apply(setting, primals[0]) + shift(setting, primals[0])
        return shifted

    def jvp(setting: Setting, _primals: Arrays, _output: Array, tangents: Arrays) -> Array:
        return apply(setting, tangents[0])

    def vjp(setting: Setting, primals: Arrays, _output: Array, cotangent: Array) -> Arrays:
        return (transpose(setting, primals[0].shape, cotangent),)

    return Primitive(
        name, 1, params, Linearity.AFFINE, shape_rule, forward, jvp, vjp, EVERYWHERE, sample, called
    )


def elementwise(
    name: str,
    *,
    params: Mapping[str, Parameter] = NO_PARAMS,
    f: Callable[[Setting, Array], Array],
    df: Callable[[Setting, Array], Array],
    domain: Domain,
    sample: Callable[[np.random.Generator], Sample],
    called: Called,
) -> Primitive:
    """Return a primitive that applies a scalar function to each coordinate.

    ``df`` is the derivative of ``f`` on ``domain``. Lean: ``TapeNodes.elemwise``.
    """

    def forward(setting: Setting, primals: Arrays) -> Array:
        return f(setting, primals[0])

    def jvp(setting: Setting, primals: Arrays, _output: Array, tangents: Arrays) -> Array:
        return tangents[0] * df(setting, primals[0])

    def vjp(setting: Setting, primals: Arrays, _output: Array, cotangent: Array) -> Arrays:
        return (cotangent * df(setting, primals[0]),)

    return Primitive(
        name, 1, params, Linearity.NONLINEAR, same_shape, forward, jvp, vjp, domain, sample, called
    )


def draw_lengths(rng: np.random.Generator, count: int) -> Shape:
    """Return axis lengths from 1 to 3: small enough that shapes of different draws often meet."""
    return tuple(int(length) for length in rng.integers(1, 4, size=count))


def draw_sample(
    rng: np.random.Generator,
    shapes: Shapes,
    out: Shape,
    params: Mapping[str, Parameter] = NO_PARAMS,
    lengths: Mapping[str, Shape] = NO_LENGTHS,
) -> Sample:
    """Return standard normal operands of the given shapes, for ops whose domain is everywhere."""
    site = Site(shapes, out, lengths)
    drawn = {binder: parameter.draw(rng, site) for binder, parameter in params.items()}
    setting = Setting(out, drawn, lengths=lengths)
    return Sample(tuple(rng.standard_normal(each) for each in shapes), setting)


def draw_one(rng: np.random.Generator, params: Mapping[str, Parameter] = NO_PARAMS) -> Sample:
    """Return one standard normal operand of any shape, and room for a result of the same."""
    shape = draw_lengths(rng, int(rng.integers(4)))
    return draw_sample(rng, (shape,), shape, params)


def draw_positive(rng: np.random.Generator) -> Sample:
    """Return one operand of any shape with coordinates from ½ to 2, for functions of positive numbers."""
    sample = draw_one(rng)
    return replace(sample, operands=(rng.uniform(0.5, 2.0, size=sample.setting.shape),))


def draw_nonzero(rng: np.random.Generator, params: Mapping[str, Parameter] = NO_PARAMS) -> Sample:
    """Return one operand of any shape with coordinates from 1 to 2 in absolute value."""
    sample = draw_one(rng, params)
    shape = sample.setting.shape
    nonzero = rng.uniform(1.0, 2.0, size=shape) * rng.choice([-1.0, 1.0], size=shape)
    return replace(sample, operands=(nonzero,))


def operand(_setting: Setting, primals: Arrays) -> Array:
    """Return the one operand, where that is what a domain is about."""
    return primals[0]
