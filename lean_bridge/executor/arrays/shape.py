"""Concrete shapes, and what shape rules say of them."""

from __future__ import annotations

from numbers import Integral
from typing import TypeAlias

from lean_bridge.errors import ShapeError

Shape: TypeAlias = tuple[int, ...]
Shapes: TypeAlias = tuple[Shape, ...]


def text_of(shape: Shape) -> str:
    """Return concrete axis lengths as people write them, ``3×4``; a scalar is ``scalar``."""
    return "×".join(map(str, shape)) or "scalar"


def is_size(value: object) -> bool:
    """Return whether a caller's value is a natural number, which ``True`` is not meant to be."""
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= 0


def check_operands(fit: bool, expected: str, shapes: Shapes) -> None:
    """Raise ShapeError saying what the op expects of its operands, unless they fit."""
    if not fit:
        raise ShapeError(f"expected operands {expected}, found {', '.join(map(text_of, shapes))}")


def same_shape(shapes: Shapes, _out: Shape) -> Shape:
    """Return the common shape of the operands.

    Raises: ShapeError if the operands' shapes differ.
    """
    check_operands(len(set(shapes)) == 1, "of one shape", shapes)
    return shapes[0]
