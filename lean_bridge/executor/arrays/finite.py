"""Whether floats are numbers, and what to say of those that are not."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import Context, copy_context
from typing import Any, Final

import numpy as np

from lean_bridge.executor.arrays.scalars import Array

BUFFER: Final = 1024
"""Bytes of an operand with gaps that NumPy copies at a time; its own default is 64 times as many."""


def is_finite(array: Array) -> bool:
    """Return whether no coordinate is infinite or NaN.

    Both survive in the sum of squares, which allocates nothing; where that overflows, NumPy may warn of it.
    """
    if array.flags.forc:
        flat = array.ravel(order="K")
        if math.isfinite(flat.dot(flat)):
            return True
    return bool(np.isfinite(array).all())


def note_bad(array: Array, noted: list[Array], overflows: list[str]) -> None:
    """Add an array to a list unless it is finite; what overflows by looking is none of what was noted."""
    before = len(overflows)
    if not is_finite(array):
        noted.append(array)
    del overflows[before:]


@contextmanager
def noting_overflow() -> Iterator[list[str]]:
    """Give a list to which NumPy adds what overflows: it looks at every call anyway, so that costs nothing.

    BLAS in other threads is not seen. Nobody is warned of anything meanwhile, and NumPy copies what has gaps
    in buffers of 1 kB.
    """
    noted: list[str] = []
    with np.errstate(all="ignore", over="call", call=lambda kind, _flag: noted.append(kind)):
        np.setbufsize(BUFFER // 8)  # until the context is left
        yield noted


def overflow_context(dtype: np.dtype[Any]) -> tuple[Context, list[str]]:
    """Return a context in which NumPy does as in :func:`noting_overflow`: entering it takes no time."""
    noted: list[str] = []
    context = copy_context()
    context.run(np.seterr, all="ignore", over="call")
    context.run(np.seterrcall, lambda kind, _flag: noted.append(kind))
    context.run(np.setbufsize, BUFFER // dtype.itemsize)
    return context, noted


def describe(array: Array, operands: Sequence[Array] = ()) -> str:
    """Return what is wrong with an array that is not finite, where, and how large its operands are."""
    bad = ~np.isfinite(array)
    where = first(bad)
    value = array[where]
    found = "is not a number: NaN" if np.isnan(value) else f"is infinite: {value}"
    count = int(bad.sum())
    text = f"{found}{at(where)}" + f" and at {count - 1} more" * (count > 1)
    return text + magnitudes(operands)


def magnitudes(operands: Sequence[Array]) -> str:
    """Return how large operands are, and how large they could be."""
    if not operands:
        return ""
    sizes = ", ".join(f"{np.abs(operand).max(initial=0):.3g}" for operand in operands)
    dtype = operands[0].dtype
    return f"; |operands| up to {sizes}, where {dtype} ends at {np.finfo(dtype).max:.3g}"


def first(mask: Array) -> tuple[int, ...]:
    """Return the index of the first coordinate that is true."""
    return tuple(int(index[0]) for index in np.nonzero(np.atleast_1d(mask)))[: mask.ndim]


def at(index: tuple[int, ...]) -> str:
    """Return an index as people read it; nothing for a scalar's."""
    return f" at [{', '.join(map(str, index))}]" if index else ""
