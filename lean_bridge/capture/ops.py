"""Which functions of arrays are which certified ops: one entry for each name of NumPy and the array API.

Every entry makes the nodes that the function is, of ops that are differentiable everywhere, and no others;
their parameters have the names of Lean's binders. Broadcasting is written down, as nodes of its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from itertools import zip_longest
from numbers import Number
from operator import mul
from typing import Any, Final

from lean_bridge.capture.nearest import none_for
from lean_bridge.capture.trace import Misfit, Scalar, Size, Trace, Value, canonical, told
from lean_bridge.names import did_you_mean
from pybind_models import Dim, Shape

ONE: Final = Dim.constant(1)


def apply(trace: Trace, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Value:
    """Return the value of a function at arguments. Raises: Misfit where it is no certified op."""
    made = FUNCTIONS.get(name)
    if made is None:
        near = did_you_mean(name, FUNCTIONS).removeprefix("; ") or f"one of {', '.join(FUNCTIONS)}"
        raise Misfit(none_for(name, near), _same(args))
    signature = inspect.signature(made)
    try:
        signature.bind(trace, *args, **kwargs)
    except TypeError as error:
        takes = ", ".join(list(signature.parameters)[1:])
        raise Misfit(f"expected the arguments {takes}: {error}", _same(args)) from None
    return made(trace, *args, **kwargs)


def _same(args: Sequence[Any]) -> Shape | None:
    """Return the shape of the one argument, if it is an array: a guess, for what is told after it."""
    return args[0].known if len(args) == 1 and isinstance(args[0], Value) else None


def _array(trace: Trace, given: object) -> Value:
    if isinstance(given, Value) and given.trace is trace:
        return given
    if isinstance(given, Value):
        raise Misfit("expected a value of this function, found one of another capture")
    if isinstance(given, Scalar):
        raise Misfit(f"expected an array, found {given!r}")
    if isinstance(given, Number | Size):
        raise Misfit(
            f"expected an array or a scalar parameter, found {given}; make it a parameter, as in "
            "@graph(c=float)"
        )
    shape = getattr(given, "shape", None)
    found = f"an array of shape {shape} that is no parameter" if shape is not None else type(given).__name__
    raise Misfit(f"expected an array, found {found}; make it a parameter, with its shape")


def _shape_of(value: Value) -> Shape:
    if value.known is None:
        raise Misfit("the shape is not known")
    return value.known


def _matrix(value: Value, what: str = "a matrix") -> Shape:
    shape = _shape_of(value)
    if len(shape) != 2:
        raise Misfit(f"expected {what}, found shape {told(shape)}")
    return shape


def _number_of(shape: Shape) -> Dim:
    return canonical(reduce(mul, shape, ONE))


def _reshaped(trace: Trace, x: Value, shape: Shape) -> Value:
    return x if shape == x.known else trace.add("reshape", [x], shape, **{"s₁": _shape_of(x), "s₂": shape})


def _broadcast(trace: Trace, x: Value, shape: Shape) -> Value:
    """Return a value at a shape that it is broadcast to, by nodes. Raises: Misfit."""
    found = _shape_of(x)
    if found == shape:
        return x
    if len(shape) == 2:
        m, n = shape
        if found in ((n,), (ONE, n)):
            return trace.add("broadcastCol", [_reshaped(trace, x, (n,))], shape, m=m, n=n)
        if found == (m, ONE):
            return trace.add("broadcastRow", [_reshaped(trace, x, (m,))], shape, m=m, n=n)
    padded = (*(None,) * (len(shape) - len(found)), *found)
    value = _reshaped(trace, x, tuple(a for a, b in zip(padded, shape, strict=True) if a == b))
    for axis, (length, wanted) in enumerate(zip(padded, shape, strict=True)):
        if length != wanted:
            o, s = shape[:axis], _shape_of(value)[axis:]
            value = trace.add("expandAxis", [value], (*o, wanted, *s), o=o, n=wanted, s=s)
    return value


def _together(trace: Trace, a: object, b: object) -> tuple[Value, Value, Shape]:
    x, y = _array(trace, a), _array(trace, b)
    backwards = []
    for i, j in zip_longest(reversed(_shape_of(x)), reversed(_shape_of(y)), fillvalue=ONE):
        if ONE not in (i, j) and i != j:
            raise Misfit(
                f"expected shapes that fit, found {told(_shape_of(x))} and {told(_shape_of(y))}: "
                f"{i} is not {j}"
            )
        backwards.append(j if i == ONE else i)
    shape = tuple(reversed(backwards))
    return _broadcast(trace, x, shape), _broadcast(trace, y, shape), shape


def _arithmetic(op: str, by_scalar: str, binder: str) -> Callable[..., Value]:
    """Return an op of two arrays, which is another one of an array and a scalar parameter."""

    def made(trace: Trace, x1: object, x2: object) -> Value:
        scalar, array = (x1, x2) if isinstance(x1, Scalar) else (x2, x1)
        if isinstance(scalar, Scalar):
            x = _array(trace, array)
            return trace.add(by_scalar, [x], _shape_of(x), s=_shape_of(x), **{binder: scalar})
        return _pointwise(trace, op, x1, x2)

    return made


_add: Final = _arithmetic("add", "addConst", "ε")
_multiply: Final = _arithmetic("mul", "scale", "c")


def _subtract(trace: Trace, x1: object, x2: object) -> Value:
    if isinstance(x1, Scalar) or isinstance(x2, Scalar):
        known = next((each.known for each in (x1, x2) if isinstance(each, Value)), None)
        raise Misfit("no certified op; nearest: x + c with a scalar parameter c that is its negative", known)
    return _pointwise(trace, "sub", x1, x2)


def _pointwise(trace: Trace, op: str, a: object, b: object) -> Value:
    try:
        x, y, shape = _together(trace, a, b)
    except Misfit as misfit:
        arrays = [each for each in (a, b) if isinstance(each, Value)]
        if misfit.shape is None and len(arrays) == 1:  # with a number it would have that shape
            misfit.shape = arrays[0].known
        raise
    return trace.add(op, [x, y], shape, s=shape)


def _power(trace: Trace, x1: object, x2: object) -> Value:
    x = _array(trace, x1)
    if isinstance(x2, int | float) and x2 == 2:
        return _square(trace, x)
    if isinstance(x2, int | float) and not isinstance(x2, bool) and x2 >= 0 and float(x2).is_integer():
        return trace.add("powNat", [x], _shape_of(x), s=_shape_of(x), k=Dim.constant(int(x2)))
    raise Misfit("no certified op but powers by natural numbers; nearest: their product or sum", x.known)


def _elementwise(op: str) -> Callable[..., Value]:
    def made(trace: Trace, x: object) -> Value:
        array = _array(trace, x)
        return trace.add(op, [array], _shape_of(array), s=_shape_of(array))

    return made


_square: Final = _elementwise("square")


def _gelu(trace: Trace, x: object, kappa: object) -> Value:
    array = _array(trace, x)
    if not isinstance(kappa, Scalar):
        raise Misfit(
            "expected a scalar parameter as kappa, which is √(2/π), as in @graph(kappa=float)", array.known
        )
    return trace.add("gelu", [array], _shape_of(array), s=_shape_of(array), κ=kappa)


def _matmul(trace: Trace, x1: object, x2: object) -> Value:
    x, y = _array(trace, x1), _array(trace, x2)
    a, b = _shape_of(x), _shape_of(y)
    if len(a) != len(b) or len(a) not in (2, 3):
        raise Misfit(
            f"expected two matrices, or two batches of them, found shapes {told(a)} and {told(b)}; nearest: "
            "reshape a vector to one row or column"
        )
    if a[-1] != b[-2] or a[:-2] != b[:-2]:
        expected = "(m, n) and (n, p)" if len(a) == 2 else "(h, m, n) and (h, n, p)"
        raise Misfit(f"expected shapes {expected}, found {told(a)} and {told(b)}", (*a[:-1], b[-1]))
    if len(a) == 2:
        return trace.add("matmul", [x, y], (a[0], b[1]), m=a[0], n=a[1], p=b[1])
    return trace.add("bmatmul", [x, y], (*a[:2], b[2]), h=a[0], m=a[1], n=a[2], p=b[2])


def _linear(trace: Trace, x: object, weight: object, bias: object) -> Value:
    arrays = [_array(trace, each) for each in (x, weight, bias)]
    a, w, b = map(_shape_of, arrays)
    if len(a) != 2 or len(w) != 2 or a[1] != w[1] or b != w[:1]:
        found = ", ".join(map(told, (a, w, b)))
        raise Misfit(f"expected shapes (n, i), (o, i) and (o,), found {found}")
    return trace.add("dense", arrays, (a[0], w[0]), n=a[0], i=a[1], o=w[0])


def _places(axes: Iterable[object], count: int) -> tuple[int, ...]:
    """Return which of ``count`` axes are meant, without those that are none; a truth value is none."""
    return tuple(
        axis % count
        for axis in axes
        if isinstance(axis, int) and not isinstance(axis, bool) and -count <= axis < count
    )


def _permute(trace: Trace, x: Value, axes: Sequence[object]) -> Value:
    shape = _shape_of(x)
    count = len(shape)
    order = _places(axes, count)
    if sorted(order) != list(range(count)):
        raise Misfit(f"expected an order of the {count} axes, found {tuple(axes)}", shape)
    made = tuple(shape[axis] for axis in order)
    if order == tuple(range(count)):
        return x
    if order[:2] == (1, 0) and order[2:] == tuple(range(2, count)):
        return trace.add("swap01", [x], made, m=shape[0], n=shape[1], s=shape[2:])
    if order == (0, 2, 1):
        return trace.add("transposeLast2", [x], made, a=shape[0], b=shape[1], c=shape[2])
    value, now = x, list(range(count))
    for at, axis in enumerate(order):
        for before in reversed(range(at, now.index(axis))):
            now[before : before + 2] = reversed(now[before : before + 2])
            lengths = _shape_of(value)
            o, (m, n), s = lengths[:before], lengths[before : before + 2], lengths[before + 2 :]
            value = trace.add("swapAxes", [value], (*o, n, m, *s), o=o, m=m, n=n, s=s)
    return value


def _transpose(trace: Trace, x: object, *order: Any, axes: Sequence[int] | None = None) -> Value:
    array = _array(trace, x)
    given = order or (axes,)
    if len(given) == 1 and (given[0] is None or isinstance(given[0], Sequence)):
        backwards = reversed(range(len(_shape_of(array))))
        given = tuple(backwards if given[0] is None else given[0])
    return _permute(trace, array, given)


def _permute_dims(trace: Trace, x: object, axes: Sequence[int]) -> Value:
    return _permute(trace, _array(trace, x), axes)


def _swapaxes(trace: Trace, x: object, axis1: int, axis2: int) -> Value:
    array = _array(trace, x)
    axes = list(range(len(_shape_of(array))))
    if len(_places((axis1, axis2), len(axes))) < 2:
        raise Misfit(f"expected two of the {len(axes)} axes, found {axis1} and {axis2}")
    axes[axis1], axes[axis2] = axes[axis2], axes[axis1]
    return _permute(trace, array, axes)


def _matrix_transpose(trace: Trace, x: object) -> Value:
    array = _array(trace, x)
    if len(_shape_of(array)) < 2:
        raise Misfit(f"expected a matrix, found shape {told(_shape_of(array))}", array.known)
    return _swapaxes(trace, array, -2, -1)


def _reshape(trace: Trace, x: object, *lengths: Any, shape: Any = None) -> Value:
    array = _array(trace, x)
    lengths = lengths if shape is None else (*lengths, shape)
    if len(lengths) == 1 and isinstance(lengths[0], Sequence):
        lengths = tuple(lengths[0])
    if not all(isinstance(each, Size) or (isinstance(each, int) and each >= 0) for each in lengths):
        raise Misfit(f"expected lengths ≥ 0, each given, found {lengths}")
    made = tuple(canonical(each.dim if isinstance(each, Size) else Dim.constant(each)) for each in lengths)
    before, after = _number_of(_shape_of(array)), _number_of(made)
    if before != after:
        raise Misfit(f"expected a shape of {before} coordinates, found {told(made)} of {after}", made)
    return _reshaped(trace, array, made)


def _axes(x: Value, axis: object) -> tuple[int, ...]:
    count = len(_shape_of(x))
    given = axis if isinstance(axis, tuple) else range(count) if axis is None else (axis,)
    found = sorted({*_places(given, count)})
    if len(found) != len(given):
        raise Misfit(f"expected axes of {count}, each once, found axis={axis!r}")
    return tuple(found)


def _kept(x: Value, axes: Sequence[int], keepdims: object) -> Shape:
    shape = _shape_of(x)
    return tuple(ONE if at in axes else dim for at, dim in enumerate(shape) if keepdims or at not in axes)


def _expand_dims(trace: Trace, x: object, axis: object) -> Value:
    array = _array(trace, x)
    shape = _shape_of(array)
    count = len(shape) + 1
    if not isinstance(axis, int) or not -count <= axis < count:
        raise Misfit(f"expected one of {count} places for an axis, found axis={axis}")
    return _reshaped(trace, array, (*shape[: axis % count], ONE, *shape[axis % count :]))


def _squeeze(trace: Trace, x: object, axis: object) -> Value:
    array = _array(trace, x)
    axes = _axes(array, axis)
    if axis is None or any(_shape_of(array)[each] != ONE for each in axes):
        raise Misfit(f"expected axes of length 1, each given, found axis={axis} of {told(_shape_of(array))}")
    return _reshaped(trace, array, _kept(array, axes, keepdims=False))


def _moveaxis(trace: Trace, x: object, source: object, destination: object) -> Value:
    array = _array(trace, x)
    count = len(_shape_of(array))
    for each in (source, destination):
        if not isinstance(each, int) or not -count <= each < count:
            raise Misfit(f"expected one of the {count} axes, found {each}")
    assert isinstance(source, int)
    assert isinstance(destination, int)
    axes = [axis for axis in range(count) if axis != source % count]
    axes.insert(destination % count, source % count)
    return _permute(trace, array, axes)


def _mean(trace: Trace, x: object, axis: object = None, *, keepdims: bool = False) -> Value:
    array = _array(trace, x)
    shape, axes = _shape_of(array), _axes(array, axis)
    made = _kept(array, axes, keepdims)
    if len(axes) == len(shape):
        return _reshaped(trace, trace.add("mean", [array], (), s=shape), made)
    if len(shape) == 2 and len(axes) == 1:
        rows = array if axes == (1,) else _permute(trace, array, (1, 0))
        m, n = _shape_of(rows)
        return _reshaped(trace, trace.add("rowMean", [rows], (m,), m=m, n=n), made)
    return _reshaped(trace, _along(trace, "meanAxis", array, axes), made)


def _along(trace: Trace, op: str, x: Value, axes: Sequence[int]) -> Value:
    """Return what an op makes of a value along some axes, the last first."""
    for axis in reversed(axes):
        shape = _shape_of(x)
        o, n, s = shape[:axis], shape[axis], shape[axis + 1 :]
        x = trace.add(op, [x], (*o, *s), o=o, n=n, s=s)
    return x


def _sum(trace: Trace, x: object, axis: object = None, *, keepdims: bool = False) -> Value:
    array = _array(trace, x)
    axes = _axes(array, axis)
    made = _kept(array, axes, keepdims)
    if len(axes) < len(_shape_of(array)):
        return _reshaped(trace, _along(trace, "sumAxis", array, axes), made)
    return _reshaped(trace, trace.add("sum", [array], (), s=_shape_of(array)), made)


def _softmax(trace: Trace, x: object, axis: object = -1) -> Value:
    array = _array(trace, x)
    shape, at = _shape_of(array), _one_axis(array, axis)
    if at < len(shape) - 1 or len(shape) > 3:
        return _kept_along(trace, "softmaxAxis", array, at)
    h, m, n = (*(ONE,) * (3 - len(shape)), *shape)
    batch = _reshaped(trace, array, (h, m, n))
    return _reshaped(trace, trace.add("softmaxLast", [batch], (h, m, n), h=h, m=m, n=n), shape)


def _log_softmax(trace: Trace, x: object, axis: object = -1) -> Value:
    array = _array(trace, x)
    return _kept_along(trace, "logSoftmaxAxis", array, _one_axis(array, axis))


def _logsumexp(trace: Trace, x: object, axis: object = None, keepdims: bool = False) -> Value:
    array = _array(trace, x)
    axes = _axes(array, axis)
    return _reshaped(trace, _along(trace, "logsumexpAxis", array, axes), _kept(array, axes, keepdims))


def _one_axis(x: Value, axis: object) -> int:
    axes = _axes(x, axis)
    if len(axes) != 1:
        raise Misfit(f"expected one axis, found axis={axis} of {told(_shape_of(x))}", x.known)
    return axes[0]


def _kept_along(trace: Trace, op: str, x: Value, axis: int) -> Value:
    """Return what an op makes of a value along an axis, which it keeps."""
    shape = _shape_of(x)
    return trace.add(op, [x], shape, o=shape[:axis], n=shape[axis], s=shape[axis + 1 :])


FUNCTIONS: Final[Mapping[str, Callable[..., Value]]] = {
    "add": _add,
    "subtract": _subtract,
    "multiply": _multiply,
    "power": _power,
    "pow": _power,
    "square": _square,
    "exp": _elementwise("exp"),
    "tanh": _elementwise("tanh"),
    "sigmoid": _elementwise("sigmoid"),
    "silu": _elementwise("silu"),
    "gelu": _gelu,
    "softplus": _elementwise("softplus"),
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "logsumexp": _logsumexp,
    "matmul": _matmul,
    "linear": _linear,
    "transpose": _transpose,
    "permute_dims": _permute_dims,
    "matrix_transpose": _matrix_transpose,
    "swapaxes": _swapaxes,
    "moveaxis": _moveaxis,
    "reshape": _reshape,
    "expand_dims": _expand_dims,
    "squeeze": _squeeze,
    "mean": _mean,
    "sum": _sum,
}
"""Functions of NumPy, of the array API and of :mod:`lean_bridge.capture.functions`, by their names there."""
