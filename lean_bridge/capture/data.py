"""Functions of whole numbers and truth values, which are parameters: what they choose, and from what."""

from __future__ import annotations

from typing import Any

from lean_bridge.capture import moves
from lean_bridge.capture.moves import ONE, one_axis, reshaped, shape_of, value_of
from lean_bridge.capture.trace import Data, Misfit, Trace, Value, told
from pybind_models import Dim, Shape


def integers_of(trace: Trace, given: object, below: Dim, known: Shape | None = None) -> Data:
    """Return whole numbers that are a parameter, below a length. Raises: Misfit for anything else."""
    if not isinstance(given, Data) or given.declared.below is None:
        raise Misfit(f"expected whole numbers below {below} that are a parameter, found {_told(given)}")
    if _ours(trace, given).declared.below != below:
        raise Misfit(f"expected whole numbers below {below}, found {given!r}")
    if known is not None and given.known != known:
        raise Misfit(f"expected whole numbers of shape {told(known)}, found {told(given.known)}")
    return given


def _ours(trace: Trace, given: Data) -> Data:
    if given.trace is not trace:
        raise Misfit(f"expected a parameter of this function, found {given!r} of another capture")
    return given


def _told(given: object) -> str:
    return repr(given) if isinstance(given, Data | Value) else type(given).__name__


def indexing(trace: Trace, x: object, key: object) -> Any:
    """Return ``x[key]``: parts of it, or the rows that whole numbers say. Raises: Misfit.

    Of whole numbers and truth values themselves: these with axes of length 1 put in, as by ``ids[:, None]``.
    """
    first, *others = key if isinstance(key, tuple) and key else (key,)
    if isinstance(first, Data) and all(each is Ellipsis or _is_all(each) for each in others):
        return take(trace, x, first, axis=0)
    if not isinstance(x, Data):
        return moves.indexing(trace, x, key)
    keys, lengths = moves.every_axis(key, len(x.known)), iter(x.known)
    if not all(each is None or _is_all(each) for each in keys):
        raise Misfit(f"expected : and None alone in an index of {x!r}; make its parts parameters")
    return Data(trace, x.declared, tuple(ONE if each is None else next(lengths) for each in keys))


def expand_dims(trace: Trace, x: object, axis: object) -> Any:
    """Return ``expand_dims``, also of whole numbers. Raises: Misfit."""
    if not isinstance(x, Data):
        return moves.expand_dims(trace, x, axis)
    return Data(trace, x.declared, moves.with_axis(x.known, axis))


def reshape(trace: Trace, x: object, *lengths: Any, shape: Any = None) -> Any:
    """Return ``reshape``, also of whole numbers, which stay the parameter that they are. Raises: Misfit."""
    if not isinstance(x, Data):
        return moves.reshape(trace, x, *lengths, shape=shape)
    return Data(trace, x.declared, moves.shape_for(x.known, lengths if shape is None else (*lengths, shape)))


def flatten(trace: Trace, x: object) -> Any:
    """Return ``ravel``, also of whole numbers. Raises: Misfit."""
    if not isinstance(x, Data):
        return moves.flatten(trace, x)
    return Data(trace, x.declared, (moves.number_of(x.known),))


def _is_all(key: object) -> bool:
    """Return whether an index is ``:``."""
    return isinstance(key, slice) and key.start is key.stop is key.step is None


def take(trace: Trace, x: object, indices: object, axis: object = None) -> Value:
    """Return NumPy's ``take`` along the first axis: the rows that whole numbers say. Raises: Misfit."""
    table = value_of(trace, x)
    shape = shape_of(table)
    if not shape or axis is None or one_axis(table, axis) != 0:
        raise Misfit(
            f"expected to take along axis 0, found axis={axis} of {told(shape)}; nearest: moveaxis before it"
        )
    ids = integers_of(trace, indices, shape[0])
    s, t = ids.declared.shape, shape[1:]
    made = trace.add("embedding", [table], (*s, *t), v=shape[0], s=s, t=t, ids=ids)
    return reshaped(trace, made, (*ids.known, *t))


def take_along_axis(trace: Trace, arr: object, indices: object, axis: object = -1) -> Value:
    """Return ``take_along_axis`` of one position along an axis, for each outside of it. Raises: Misfit."""
    value = value_of(trace, arr)
    at, shape = one_axis(value, axis), shape_of(value)
    o, n, s = shape[:at], shape[at], shape[at + 1 :]
    ids = integers_of(trace, indices, n, (*o, ONE, *s))
    declared = ids.declared.shape
    if not s:
        o, value = declared, reshaped(trace, value, (*declared, n))
    elif declared != (*o, *s):
        raise Misfit(f"expected whole numbers declared of shape {told((*o, *s))}, found {ids!r}")
    return reshaped(trace, trace.add("takeAlong", [value], (*o, *s), o=o, n=n, s=s, ids=ids), ids.known)


def masked_softmax(trace: Trace, x: object, mask: object) -> Value:
    """Return the softmax along the last axis over what truth values allow. Raises: Misfit."""
    value = value_of(trace, x)
    shape = shape_of(value)
    if not isinstance(mask, Data) or mask.declared.below is not None:
        raise Misfit(f"expected truth values that are a parameter, found {_told(mask)}", shape)
    allowed = _ours(trace, mask).known
    if allowed != mask.declared.shape or not allowed or shape[max(len(shape) - len(allowed), 0) :] != allowed:
        found = f"{told(allowed)}, of {mask!r}"
        raise Misfit(
            f"expected truth values of the last axes of {told(shape)}, as they were declared, found {found}",
            shape,
        )
    o, t, n = shape[: len(shape) - len(allowed)], allowed[:-1], allowed[-1]
    return trace.add("maskedSoftmax", [value], shape, o=o, t=t, n=n, mask=mask)


def cross_entropy(trace: Trace, logits: object, targets: object) -> Value:
    """Return the mean of ``-log_softmax(logits)`` along the last axis, at the targets. Raises: Misfit."""
    value = value_of(trace, logits)
    shape = shape_of(value)
    if not shape:
        raise Misfit("expected logits with a last axis of classes, found shape ()", ())
    ids = integers_of(trace, targets, shape[-1], shape[:-1])
    o, n = ids.declared.shape, shape[-1]
    rows = reshaped(trace, value, (*o, n))
    logs = trace.add("logSoftmaxAxis", [rows], (*o, n), o=o, n=n, s=())
    chosen = trace.add("takeAlong", [logs], o, o=o, n=n, s=(), ids=ids)
    return trace.add("neg", [trace.add("mean", [chosen], (), s=o)], (), s=())
