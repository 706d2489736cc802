"""What there is: the declarations of a library, and the ops that graphs are made of; bound to ``Op``."""

from __future__ import annotations

from typing import Literal

from pybind_models.base import Model
from pybind_models.subject import DeclarationKind


class ListedDeclaration(Model):
    """One catalogued declaration."""

    name: str
    kind: DeclarationKind
    group: str
    graph: bool
    """Whether it is a graph that can be run."""
    upstream: str | None
    """TorchLean's name of what has this meaning."""


class ListedOp(Model):
    """One op, and what it is called elsewhere: several names where it takes several there."""

    name: str
    """As graphs write it."""
    lean: str
    """Its declaration."""
    operands: int
    parameters: tuple[str, ...]
    """What it takes besides operands and sizes: scalars, axes, whole numbers, masks."""
    linearity: Literal["linear", "multilinear", "affine", "nonlinear"]
    """In its operands."""
    domain: str | None
    """Where its derivative is certified; ``None`` where it is everywhere."""
    torch: tuple[str, ...]
    jax: tuple[str, ...]
    """Empty where JAX has no function for it alone."""
    upstream: tuple[str, ...]
    """TorchLean's nodes that are read as it."""


class Listing(Model):
    """What ``list`` says."""

    declarations: tuple[ListedDeclaration, ...]
    ops: tuple[ListedOp, ...]
