"""Functions that move numbers and change none: shapes, orders of axes, broadcasting, parts, joining.

Every node is an op that is differentiable everywhere, with parameters by the names of Lean's binders.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from numbers import Number
from operator import mul
from typing import Any, Final

from lean_bridge.capture.trace import Data, Misfit, Scalar, Size, Trace, Value, canonical, told
from pybind_models import Dim, Shape

ONE: Final = Dim.constant(1)
NONE: Final = Dim.constant(0)
_TAKERS: Final = "an index, as in table[ids], take_along_axis and cross_entropy take"


def value_of(trace: Trace, given: object) -> Value:
    """Return an array of a trace. Raises: Misfit for whatever else is given."""
    if isinstance(given, Value) and given.trace is trace:
        return given
    if isinstance(given, Value):
        raise Misfit("expected a value of this function, found one of another capture")
    if isinstance(given, Scalar):
        raise Misfit(f"expected an array, found {given!r}")
    if isinstance(given, Data):
        takers = "masked_softmax takes" if given.declared.below is None else _TAKERS
        raise Misfit(f"expected an array of real numbers, found {given!r}, which {takers}")
    if isinstance(given, Number | Size):
        raise Misfit(
            f"expected an array or a scalar parameter, found {given}; make it a parameter, as in "
            "@graph(c=float)"
        )
    shape = getattr(given, "shape", None)
    found = f"an array of shape {shape} that is no parameter" if shape is not None else type(given).__name__
    raise Misfit(f"expected an array, found {found}; make it a parameter, with its shape")


def shape_of(value: Value) -> Shape:
    """Return the shape of a value. Raises: Misfit where it is not known."""
    if value.known is None:
        raise Misfit("the shape is not known")
    return value.known


def number_of(shape: Shape) -> Dim:
    """Return how many coordinates a shape has."""
    return canonical(reduce(mul, shape, ONE))


def reshaped(trace: Trace, x: Value, shape: Shape) -> Value:
    """Return a value's numbers, in their order, at a shape of as many coordinates."""
    return x if shape == x.known else trace.add("reshape", [x], shape, **{"s₁": shape_of(x), "s₂": shape})


def broadcast(trace: Trace, x: Value, shape: Shape) -> Value:
    """Return a value at a shape that it is broadcast to, by nodes. Raises: Misfit."""
    found = shape_of(x)
    if found == shape:
        return x
    if len(shape) == 2:
        m, n = shape
        if found in ((n,), (ONE, n)):
            return trace.add("broadcastCol", [reshaped(trace, x, (n,))], shape, m=m, n=n)
        if found == (m, ONE):
            return trace.add("broadcastRow", [reshaped(trace, x, (m,))], shape, m=m, n=n)
    padded = (*(None,) * (len(shape) - len(found)), *found)
    value = reshaped(trace, x, tuple(a for a, b in zip(padded, shape, strict=True) if a == b))
    for axis, (length, wanted) in enumerate(zip(padded, shape, strict=True)):
        if length != wanted:
            o, s = shape[:axis], shape_of(value)[axis:]
            value = trace.add("expandAxis", [value], (*o, wanted, *s), o=o, n=wanted, s=s)
    return value


def axes_of(x: Value, axis: object) -> tuple[int, ...]:
    """Return which axes of a value are meant, in order; all by ``None``. Raises: Misfit."""
    count = len(shape_of(x))
    given = axis if isinstance(axis, tuple) else range(count) if axis is None else (axis,)
    found = sorted({*places_of(given, count)})
    if len(found) != len(given):
        raise Misfit(f"expected axes of {count}, each once, found axis={axis!r}")
    return tuple(found)


def kept_shape(x: Value, axes: Sequence[int], keepdims: object) -> Shape:
    """Return the shape of a value that is reduced along some axes."""
    shape = shape_of(x)
    return tuple(ONE if at in axes else dim for at, dim in enumerate(shape) if keepdims or at not in axes)


def one_axis(x: Value, axis: object) -> int:
    """Return the one axis of a value that is meant. Raises: Misfit."""
    axes = axes_of(x, axis)
    if len(axes) != 1:
        raise Misfit(f"expected one axis, found axis={axis} of {told(shape_of(x))}", x.known)
    return axes[0]


def places_of(axes: Iterable[object], count: int) -> tuple[int, ...]:
    """Return which of ``count`` axes are meant, without those that are none; a truth value is none."""
    return tuple(
        axis % count
        for axis in axes
        if isinstance(axis, int) and not isinstance(axis, bool) and -count <= axis < count
    )


def permute(trace: Trace, x: Value, axes: Sequence[object]) -> Value:
    """Return a value with its axes in another order. Raises: Misfit."""
    shape = shape_of(x)
    count = len(shape)
    order = places_of(axes, count)
    if sorted(order) != list(range(count)):
        raise Misfit(f"expected an order of the {count} axes, found {tuple(axes)}", shape)
    made = tuple(shape[axis] for axis in order)
    if order == tuple(range(count)):
        return x
    long = [axis for axis in range(count) if shape[axis] != ONE]
    if len(long) < count:  # where an axis of length 1 stands, its numbers do not say
        value = reshaped(trace, x, tuple(shape[axis] for axis in long))
        value = permute(trace, value, [long.index(axis) for axis in order if axis in long])
        return reshaped(trace, value, made)
    if order[:2] == (1, 0) and order[2:] == tuple(range(2, count)):
        return trace.add("swap01", [x], made, m=shape[0], n=shape[1], s=shape[2:])
    if order == (0, 2, 1):
        return trace.add("transposeLast2", [x], made, a=shape[0], b=shape[1], c=shape[2])
    value, now = x, list(range(count))
    for at, axis in enumerate(order):
        for before in reversed(range(at, now.index(axis))):
            now[before : before + 2] = reversed(now[before : before + 2])
            lengths = shape_of(value)
            o, (m, n), s = lengths[:before], lengths[before : before + 2], lengths[before + 2 :]
            value = trace.add("swapAxes", [value], (*o, n, m, *s), o=o, m=m, n=n, s=s)
    return value


def transpose(trace: Trace, x: object, *order: Any, axes: Sequence[int] | None = None) -> Value:
    """Return NumPy's ``transpose``. Raises: Misfit."""
    array = value_of(trace, x)
    given = order or (axes,)
    if len(given) == 1 and (given[0] is None or isinstance(given[0], Sequence)):
        backwards = reversed(range(len(shape_of(array))))
        given = tuple(backwards if given[0] is None else given[0])
    return permute(trace, array, given)


def permute_dims(trace: Trace, x: object, axes: Sequence[int]) -> Value:
    """Return the array API's ``permute_dims``. Raises: Misfit."""
    return permute(trace, value_of(trace, x), axes)


def swapaxes(trace: Trace, x: object, axis1: int, axis2: int) -> Value:
    """Return NumPy's ``swapaxes``. Raises: Misfit."""
    array = value_of(trace, x)
    axes = list(range(len(shape_of(array))))
    if len(places_of((axis1, axis2), len(axes))) < 2:
        raise Misfit(f"expected two of the {len(axes)} axes, found {axis1} and {axis2}")
    axes[axis1], axes[axis2] = axes[axis2], axes[axis1]
    return permute(trace, array, axes)


def matrix_transpose(trace: Trace, x: object) -> Value:
    """Return the array API's ``matrix_transpose``. Raises: Misfit."""
    array = value_of(trace, x)
    if len(shape_of(array)) < 2:
        raise Misfit(f"expected a matrix, found shape {told(shape_of(array))}", array.known)
    return swapaxes(trace, array, -2, -1)


def lengths_of(lengths: Sequence[Any]) -> Shape:
    """Return a shape that is given by its lengths, or as one sequence of them. Raises: Misfit."""
    if len(lengths) == 1 and isinstance(lengths[0], Sequence):
        lengths = tuple(lengths[0])
    if not all(isinstance(each, Size) or (isinstance(each, int) and each >= 0) for each in lengths):
        raise Misfit(f"expected lengths ≥ 0, each given, found {lengths}")
    return tuple(canonical(each.dim if isinstance(each, Size) else Dim.constant(each)) for each in lengths)


def shape_for(before: Shape, lengths: Sequence[Any]) -> Shape:
    """Return the shape that is given by lengths, for coordinates at another one. Raises: Misfit."""
    made = lengths_of(lengths)
    count, found = number_of(before), number_of(made)
    if count != found:
        raise Misfit(f"expected a shape of {count} coordinates, found {told(made)} of {found}", made)
    return made


def reshape(trace: Trace, x: object, *lengths: Any, shape: Any = None) -> Value:
    """Return ``reshape`` to lengths that are all given. Raises: Misfit."""
    array = value_of(trace, x)
    made = shape_for(shape_of(array), lengths if shape is None else (*lengths, shape))
    return reshaped(trace, array, made)


def with_axis(shape: Shape, axis: object) -> Shape:
    """Return a shape with an axis of length 1 put in. Raises: Misfit."""
    count = len(shape) + 1
    if not isinstance(axis, int) or not -count <= axis < count:
        raise Misfit(f"expected one of {count} places for an axis, found axis={axis}")
    return (*shape[: axis % count], ONE, *shape[axis % count :])


def expand_dims(trace: Trace, x: object, axis: object) -> Value:
    """Return the array API's ``expand_dims``. Raises: Misfit."""
    array = value_of(trace, x)
    return reshaped(trace, array, with_axis(shape_of(array), axis))


def squeeze(trace: Trace, x: object, axis: object) -> Value:
    """Return ``squeeze`` of axes that are given. Raises: Misfit."""
    array = value_of(trace, x)
    axes = axes_of(array, axis)
    if axis is None or any(shape_of(array)[each] != ONE for each in axes):
        raise Misfit(f"expected axes of length 1, each given, found axis={axis} of {told(shape_of(array))}")
    return reshaped(trace, array, kept_shape(array, axes, keepdims=False))


def moveaxis(trace: Trace, x: object, source: object, destination: object) -> Value:
    """Return NumPy's ``moveaxis``, of one axis. Raises: Misfit."""
    array = value_of(trace, x)
    count = len(shape_of(array))
    for each in (source, destination):
        if not isinstance(each, int) or not -count <= each < count:
            raise Misfit(f"expected one of the {count} axes, found {each}")
    assert isinstance(source, int)
    assert isinstance(destination, int)
    axes = [axis for axis in range(count) if axis != source % count]
    axes.insert(destination % count, source % count)
    return permute(trace, array, axes)


def flatten(trace: Trace, x: object) -> Value:
    """Return ``ravel``: one axis of all coordinates. Raises: Misfit."""
    value = value_of(trace, x)
    return reshaped(trace, value, (number_of(shape_of(value)),))


def broadcast_to(trace: Trace, x: object, shape: object) -> Value:
    """Return ``broadcast_to``. Raises: Misfit."""
    value = value_of(trace, x)
    made = lengths_of(shape if isinstance(shape, Sequence) else (shape,))
    found = shape_of(value)
    behind = made[len(made) - len(found) :]
    if len(made) < len(found) or any(a not in (ONE, b) for a, b in zip(found, behind, strict=True)):
        raise Misfit(f"expected a shape that {told(found)} is broadcast to, found {told(made)}", made)
    return broadcast(trace, value, made)


def less(whole: Dim, part: Dim) -> Dim | None:
    """Return what is left of a length, where it is one whatever the dimensions are, and else ``None``."""
    counts = dict(whole.terms)
    for monomial, count in part.terms:
        counts[monomial] = counts.get(monomial, 0) - count
    return canonical(Dim(counts, "", 0)) if all(count >= 0 for count in counts.values()) else None


def spelled(trace: Trace, x: Value, shape: Shape) -> Value:
    """Return a value at the same shape written as another polynomial: Lean tells ``1 + n`` from ``n + 1``."""
    before = shape_of(x)
    if all(str(a) == str(b) or not a.names for a, b in zip(before, shape, strict=True)):
        return x
    return trace.add("reshape", [x], shape, **{"s₁": before, "s₂": shape})


def part(trace: Trace, x: Value, axis: int, start: Dim, stop: Dim) -> Value:
    """Return positions from ``start`` to before ``stop`` along an axis. Raises: Misfit."""
    for op, first, end in (("take", stop, None), ("drop", start, stop)):
        shape = shape_of(x)
        o, length, s = shape[:axis], shape[axis], shape[axis + 1 :]
        rest = less(length if end is None else end, first)
        if rest is None:
            raise Misfit(f"expected a part that an axis of length {length} has whatever the dimensions are")
        if length == (first if op == "take" else rest):
            continue
        x = spelled(trace, x, (*o, first + rest, *s))
        made = (*o, first if op == "take" else rest, *s)
        x = trace.add(op, [x], made, o=o, m=first, n=rest, s=s)
    return x


def _bound(given: object, length: Dim, default: Dim) -> Dim:
    """Return where a slice starts or ends, as Python counts. Raises: Misfit."""
    if given is None:
        return default
    if isinstance(given, Size):
        return given.dim
    if not isinstance(given, int) or isinstance(given, bool):
        raise Misfit(f"expected whole numbers in an index, found {given!r}")
    if not length.names:
        count = length.evaluate({})
        return Dim.constant(min(max(given + count * (given < 0), 0), count))
    found = Dim.constant(given) if given >= 0 else less(length, Dim.constant(-given))
    if found is None or less(length, found) is None:
        raise Misfit(f"expected a place that an axis of length {length} has whatever the dimensions are")
    return found


def sliced(trace: Trace, x: Value, axis: int, key: slice) -> Value:
    """Return a slice along an axis, without leaving any out between. Raises: Misfit."""
    if key.step not in (None, 1):
        raise Misfit("no certified op of a slice that leaves some out; nearest: slices of step 1, and concat")
    length = shape_of(x)[axis]
    start, stop = _bound(key.start, length, NONE), _bound(key.stop, length, length)
    if less(stop, start) is None and not (start.names or stop.names):
        stop = start  # of nothing, as Python has it
    return part(trace, x, axis, start, stop)


def _single(trace: Trace, x: Value, axis: int, key: int) -> Value:
    """Return what is at one position along an axis, which is not kept. Raises: Misfit."""
    length = shape_of(x)[axis]
    if not length.names and not -length.evaluate({}) <= key < length.evaluate({}):
        raise Misfit(f"expected one of {length} positions, found {key}")
    start = _bound(key, length, NONE)
    x = part(trace, x, axis, start, canonical(start + ONE))
    shape = shape_of(x)
    return reshaped(trace, x, (*shape[:axis], *shape[axis + 1 :]))


def every_axis(key: object, count: int) -> list[object]:
    """Return an index of ``count`` axes with one of each, and the ``None`` between. Raises: Misfit."""
    keys = list(key) if isinstance(key, tuple) else [key]
    dots = sum(each is Ellipsis for each in keys)
    left = count - sum(each is not None and each is not Ellipsis for each in keys)
    if dots > 1 or left < 0:
        raise Misfit(f"expected an index of {count} axes, found {len(keys) - dots}")
    at = next((place for place, each in enumerate(keys) if each is Ellipsis), len(keys))
    keys[at : at + 1] = [slice(None)] * left
    return keys


def indexing(trace: Trace, x: object, key: object) -> Value:
    """Return ``x[key]``, by whole numbers, slices of step 1, ``...`` and ``None``. Raises: Misfit."""
    value = value_of(trace, x)
    keys = every_axis(key, len(shape_of(value)))
    axis = 0
    for each in keys:
        if each is None:
            value = expand_dims(trace, value, axis)
        elif isinstance(each, slice):
            value = sliced(trace, value, axis, each)
        elif isinstance(each, int) and not isinstance(each, bool):
            value = _single(trace, value, axis, each)
            continue
        else:
            if isinstance(each, Data):
                raise Misfit(f"expected {each!r} as the only index; nearest: moveaxis before it")
            raise Misfit(
                f"no certified op of an index that is {type(each).__name__}; nearest: slices of step 1"
            )
        axis += 1
    return value


def concat(trace: Trace, arrays: object, axis: object = 0) -> Value:
    """Return arrays one after another along an axis; flat ones by ``None``. Raises: Misfit."""
    if not isinstance(arrays, Sequence) or not arrays:
        raise Misfit(f"expected at least one array in a list, found {type(arrays).__name__}")
    values = [value_of(trace, each) for each in arrays]
    if axis is None:
        values, axis = [flatten(trace, each) for each in values], 0
    at = one_axis(values[0], axis)
    made, *others = values
    for each in others:
        a, b = shape_of(made), shape_of(each)
        o, s = a[:at], a[at + 1 :]
        if len(a) != len(b) or (b[:at], b[at + 1 :]) != (o, s):
            raise Misfit(f"expected shapes that differ along axis {at} alone, found {told(a)} and {told(b)}")
        m, n = a[at], b[at]
        total = canonical(m + n)
        shape = (*o, m + n if total.names else total, *s)
        made = trace.add("concat", [made, each], shape, o=o, m=m, n=n, s=s)
        made = spelled(trace, made, (*o, total, *s))
    return made


def stack(trace: Trace, arrays: object, axis: object = 0) -> Value:
    """Return arrays one after another along a new axis. Raises: Misfit."""
    if not isinstance(arrays, Sequence):
        raise Misfit(f"expected a list of arrays, found {type(arrays).__name__}")
    return concat(trace, [expand_dims(trace, each, axis) for each in arrays], axis)
