"""The table of primitives, by name."""

from __future__ import annotations

import copyreg
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from lean_bridge.executor.rules.ops import (
    activations,
    affine,
    axes,
    axis_softmax,
    elementwise,
    gather,
    layernorm,
    logarithms,
    matmul,
    pointwise,
    quotients,
    rectifiers,
    reduce,
    reindex,
    rmsnorm,
    rotary,
    softmax,
    total,
)
from lean_bridge.executor.rules.primitive import Primitive

FAMILIES: Final = (
    matmul.FAMILY,
    reindex.FAMILY,
    axes.FAMILY,
    gather.FAMILY,
    softmax.FAMILY,
    axis_softmax.FAMILY,
    pointwise.FAMILY,
    elementwise.FAMILY,
    activations.FAMILY,
    logarithms.FAMILY,
    rectifiers.FAMILY,
    quotients.FAMILY,
    reduce.FAMILY,
    total.FAMILY,
    affine.FAMILY,
    layernorm.FAMILY,
    rmsnorm.FAMILY,
    rotary.FAMILY,
)

PRIMITIVES: Final[Mapping[str, Primitive]] = MappingProxyType(
    {primitive.name: primitive for family in FAMILIES for primitive in family}
)
"""Every primitive the executor can run."""


def _named(name: str) -> Primitive:
    return PRIMITIVES[name]


def _reduced(primitive: Primitive) -> tuple[Any, ...]:
    """Return what a copy of a primitive is: the table's own are the same everywhere, and known by name."""
    if PRIMITIVES.get(primitive.name) is primitive:
        return _named, (primitive.name,)
    return Primitive, tuple(
        dict(value) if isinstance(value, Mapping) else value for value in vars(primitive).values()
    )


copyreg.pickle(Primitive, _reduced)
