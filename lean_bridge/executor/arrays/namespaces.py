"""What each array library does in its own way; the rest is operators and methods that all of them have.

The operations are those of the Python array API, found by the arrays themselves. NumPy's own are called where
they keep subclasses, which are fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device

from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.arrays.shape import Shape


def broadcast(x: Array, shape: Shape) -> Array:
    """Return an array broadcast to a shape; it may be a view."""
    if isinstance(x, np.ndarray):
        return np.broadcast_to(x, shape, subok=True)
    made: Array = array_namespace(x).broadcast_to(x, shape)
    return made


def permute(x: Array, axes: Sequence[int]) -> Array:
    """Return an array with its axes in another order."""
    made: Array = _namespace(x).permute_dims(x, tuple(axes))
    return made


def concat(arrays: Sequence[Array], axis: int) -> Array:
    """Return arrays joined along an axis."""
    made: Array = _namespace(arrays[0]).concat(tuple(arrays), axis=axis)
    return made


def part(x: Array, axis: int, start: int, stop: int) -> Array:
    """Return the positions from ``start`` to before ``stop`` along an axis."""
    made: Array = x[(slice(None),) * axis + (slice(start, stop),)]
    return made


def padded(x: Array, axis: int, before: int, after: int, *, zero: Any) -> Array:
    """Return an array between zeros along an axis; ``zero`` is what its field calls so."""

    def around(length: int) -> Array:
        shape = (*x.shape[:axis], length, *x.shape[axis + 1 :])
        return np.full_like(x, zero, shape=shape) if isinstance(x, np.ndarray) else zeros(x, shape)

    ends = [around(length) if length else None for length in (before, after)]
    return concat([each for each in (ends[0], x, ends[1]) if each is not None], axis)


def gathered(x: Array, indices: Array) -> Array:
    """Return the parts at some positions of the first axis; ``indices`` are NumPy's, along one axis."""
    if isinstance(x, np.ndarray):
        return x[indices]
    if hasattr(x, "gathered"):
        return x.gathered(indices)
    namespace = array_namespace(x)
    return namespace.take(x, _indices(indices, x), axis=0)


def scattered(x: Array, indices: Array, length: int, *, zero: Any) -> Array:
    """Return a first axis of a length, to each position of which the parts are added that go there.

    ``indices`` say where each goes, as in :func:`gathered`; ``zero`` is what the arrays' field calls so.
    """
    shape = (length, *x.shape[1:])
    if isinstance(x, np.ndarray):
        total = np.full_like(x, zero, shape=shape)
        if type(x) is np.ndarray and not x.dtype.hasobject:
            np.add.at(total, indices, x)
        else:  # fields add in their own way
            for at, part_ in zip(indices, x, strict=True):
                total[at] = total[at] + part_
        return total
    if hasattr(x, "scattered"):
        return x.scattered(indices, length)
    total, places = zeros(x, shape), _indices(indices, x)
    if hasattr(total, "index_add"):
        return total.index_add(0, places, x)
    made: Array = total.at[places].add(x)
    return made


def indicator(mask: Array, like: Array, *, one: Any, zero: Any) -> Array:
    """Return what a field calls one where a mask is true, and zero elsewhere, as an array to compute with."""
    if isinstance(like, np.ndarray):
        made = np.full_like(like, zero, shape=mask.shape)
        made[mask] = one
        return made
    return mask.astype(float) if hasattr(like, "gathered") else constant(mask.astype(precision(like)), like)


def _indices(indices: Array, like: Array) -> Array:
    made: Array = array_namespace(like).asarray(np.array(indices), device=device(like))
    return made


def largest(x: Array, axis: int, *, keep: bool) -> Array:
    """Return the largest along an axis; -∞ where it is empty."""
    if x.shape[axis]:
        made: Array = _namespace(x).max(x, axis=axis, keepdims=keep)
        return made
    axis %= len(x.shape)
    return zeros(x, (*x.shape[:axis], *(1,) * keep, *x.shape[axis + 1 :])) - np.inf


def owned(x: Array) -> Array:
    """Return an array that nobody else can write to: a copy, unless its library has no other arrays."""
    if isinstance(x, np.ndarray):
        copied = x.copy()
        copied.flags.writeable = False
        return copied
    made: Array = x.clone() if hasattr(x, "clone") else x
    return made


def zeros(like: Array, shape: Shape) -> Array:
    """Return zeros of the library, precision and device of an array."""
    if isinstance(like, np.ndarray):
        return np.zeros_like(like, shape=shape)
    made: Array = array_namespace(like).zeros(shape, dtype=like.dtype, device=device(like))
    return made


def constant(value: Any, like: Array) -> Any:
    """Return what a plan holds fixed for arrays like this one: NumPy's arrays become those of its library."""
    if not isinstance(value, np.ndarray) or isinstance(like, np.ndarray):
        return value
    return array_namespace(like).asarray(value, dtype=like.dtype, device=device(like))


def moved(x: Array, like: Array) -> Array:
    """Return an array of NumPy as the library of another has it, where that is, in its own precision."""
    made: Array = x if isinstance(like, np.ndarray) else array_namespace(like).asarray(x, device=device(like))
    return made


def cast(x: Array, like: Array) -> Array:
    """Return an array in the precision of another."""
    dtype = precision(like)
    if precision(x) == dtype:
        return x
    if isinstance(x, np.ndarray):
        return x.astype(dtype)
    namespace = array_namespace(x)
    made: Array = namespace.astype(x, getattr(namespace, dtype.name))
    return made


def precision(x: Array) -> np.dtype[Any]:
    """Return an array's precision by NumPy's name for it, which all libraries use."""
    return x.dtype if isinstance(x.dtype, np.dtype) else np.dtype(str(x.dtype).rpartition(".")[2])


def conversion(like: Array) -> str:
    """Return how people convert an array to the precision of another of its library."""
    return f".astype({like.dtype.name!r})" if isinstance(like.dtype, np.dtype) else f".to({like.dtype})"


def is_elsewhere(x: Array, like: Array) -> bool:
    """Return whether two arrays are known to be on different devices."""
    if isinstance(x, np.ndarray):
        return False
    places = device(x), device(like)
    return None not in places and places[0] != places[1]


def _namespace(x: Array) -> Any:
    return np if isinstance(x, np.ndarray) else array_namespace(x)
