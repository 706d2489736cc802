"""The table of primitives, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from lean_bridge.executor.ops import (
    affine,
    elementwise,
    layernorm,
    matmul,
    pointwise,
    reduce,
    reindex,
    softmax,
)
from lean_bridge.executor.primitive import Primitive

FAMILIES: Final = (
    matmul.FAMILY,
    reindex.FAMILY,
    softmax.FAMILY,
    pointwise.FAMILY,
    elementwise.FAMILY,
    reduce.FAMILY,
    affine.FAMILY,
    layernorm.FAMILY,
)

PRIMITIVES: Final[Mapping[str, Primitive]] = MappingProxyType(
    {primitive.name: primitive for family in FAMILIES for primitive in family}
)
"""Every primitive the executor can run."""
