"""Which functions of arrays are which certified ops: one entry for each name of NumPy and the array API.

Every entry makes the nodes that the function is, of ops that are differentiable everywhere, and no others;
their parameters have the names of Lean's binders. Broadcasting is written down, as nodes of its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final

from lean_bridge.capture.data import (
    cross_entropy,
    expand_dims,
    flatten,
    indexing,
    masked_softmax,
    reshape,
    take,
    take_along_axis,
)
from lean_bridge.capture.moves import (
    ONE,
    axes_of,
    broadcast,
    broadcast_to,
    concat,
    kept_shape,
    matrix_transpose,
    moveaxis,
    number_of,
    one_axis,
    permute,
    permute_dims,
    reshaped,
    shape_of,
    spelled,
    squeeze,
    stack,
    swapaxes,
    transpose,
    value_of,
)
from lean_bridge.capture.nearest import none_for
from lean_bridge.capture.trace import Misfit, Scalar, Trace, Value, told
from lean_bridge.names import did_you_mean
from pybind_models import Dim, Shape


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


def _together(trace: Trace, a: object, b: object) -> tuple[Value, Value, Shape]:
    x, y = value_of(trace, a), value_of(trace, b)
    backwards = []
    for i, j in zip_longest(reversed(shape_of(x)), reversed(shape_of(y)), fillvalue=ONE):
        if ONE not in (i, j) and i != j:
            raise Misfit(
                f"expected shapes that fit, found {told(shape_of(x))} and {told(shape_of(y))}: {i} is not {j}"
            )
        backwards.append(j if i == ONE else i)
    shape = tuple(reversed(backwards))
    return broadcast(trace, x, shape), broadcast(trace, y, shape), shape


def _arithmetic(op: str, by_scalar: str, binder: str) -> Callable[..., Value]:
    """Return an op of two arrays, which is another one of an array and a scalar parameter."""

    def made(trace: Trace, x1: object, x2: object) -> Value:
        scalar, array = (x1, x2) if isinstance(x1, Scalar) else (x2, x1)
        if isinstance(scalar, Scalar):
            x = value_of(trace, array)
            return trace.add(by_scalar, [x], shape_of(x), s=shape_of(x), **{binder: scalar})
        return _pointwise(trace, op, x1, x2)

    return made


_add: Final = _arithmetic("add", "addConst", "ε")
_multiply: Final = _arithmetic("mul", "scale", "c")


def _subtract(trace: Trace, x1: object, x2: object) -> Value:
    if isinstance(x2, Scalar):
        return _negative(trace, _add(trace, _negative(trace, x1), x2))
    if isinstance(x1, Scalar):
        return _add(trace, _negative(trace, x2), x1)
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
    x = value_of(trace, x1)
    if isinstance(x2, int | float) and x2 == 2:
        return _square(trace, x)
    if isinstance(x2, int | float) and not isinstance(x2, bool) and x2 >= 0 and float(x2).is_integer():
        return trace.add("powNat", [x], shape_of(x), s=shape_of(x), k=Dim.constant(int(x2)))
    raise Misfit("no certified op but powers by natural numbers; nearest: their product or sum", x.known)


def _elementwise(op: str) -> Callable[..., Value]:
    def made(trace: Trace, x: object) -> Value:
        array = value_of(trace, x)
        return trace.add(op, [array], shape_of(array), s=shape_of(array))

    return made


_square: Final = _elementwise("square")
_negative: Final = _elementwise("neg")


def _leaky_relu(trace: Trace, x: object, slope: object) -> Value:
    array = value_of(trace, x)
    if not isinstance(slope, Scalar):
        raise Misfit("expected a scalar parameter as slope, as in @graph(slope=float)", array.known)
    return trace.add("leakyRelu", [array], shape_of(array), s=shape_of(array), a=slope)


def _huber(trace: Trace, x: object, delta: object) -> Value:
    array = value_of(trace, x)
    if not isinstance(delta, Scalar):
        raise Misfit("expected a scalar parameter as delta, as in @graph(delta=float)", array.known)
    return trace.add("huber", [array], shape_of(array), s=shape_of(array), δ=delta)


def _bound(op: str) -> Callable[..., Value]:
    """Return the larger, or the smaller, of coordinates and a scalar parameter; ReLU, where that is 0."""

    def made(trace: Trace, x1: object, x2: object) -> Value:
        given, array = (x2, x1) if isinstance(x1, Value) else (x1, x2)
        x = value_of(trace, array)
        if op == "maxConst" and _is_zero(given):
            return _relu(trace, x)
        if not isinstance(given, Scalar):
            raise Misfit("no certified op but with a scalar parameter, as in @graph(c=float)", x.known)
        return trace.add(op, [x], shape_of(x), s=shape_of(x), c=given)

    return made


def _is_zero(given: object) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool) and given == 0


_relu: Final = _elementwise("relu")
_maximum: Final = _bound("maxConst")
_minimum: Final = _bound("minConst")


def _clip(trace: Trace, x: object, min: object = None, max: object = None) -> Value:  # noqa: A002 - its names
    array = value_of(trace, x)
    if max is None:
        return array if min is None else _maximum(trace, array, min)
    if min is None:
        return _minimum(trace, array, max)
    if not isinstance(min, Scalar) or not isinstance(max, Scalar):
        raise Misfit("expected scalar parameters as bounds, as in @graph(low=float, high=float)", array.known)
    return trace.add("clamp", [array], shape_of(array), s=shape_of(array), lo=min, hi=max)


def _gelu(trace: Trace, x: object, kappa: object) -> Value:
    array = value_of(trace, x)
    if not isinstance(kappa, Scalar):
        raise Misfit(
            "expected a scalar parameter as kappa, which is √(2/π), as in @graph(kappa=float)", array.known
        )
    return trace.add("gelu", [array], shape_of(array), s=shape_of(array), κ=kappa)


def _matmul(trace: Trace, x1: object, x2: object) -> Value:
    x, y = value_of(trace, x1), value_of(trace, x2)
    a, b = shape_of(x), shape_of(y)
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
    arrays = [value_of(trace, each) for each in (x, weight, bias)]
    a, w, b = map(shape_of, arrays)
    if len(a) != 2 or len(w) != 2 or a[1] != w[1] or b != w[:1]:
        found = ", ".join(map(told, (a, w, b)))
        raise Misfit(f"expected shapes (n, i), (o, i) and (o,), found {found}")
    return trace.add("dense", arrays, (a[0], w[0]), n=a[0], i=a[1], o=w[0])


def _mean(trace: Trace, x: object, axis: object = None, *, keepdims: bool = False) -> Value:
    array = value_of(trace, x)
    shape, axes = shape_of(array), axes_of(array, axis)
    made = kept_shape(array, axes, keepdims)
    if len(axes) == len(shape):
        return reshaped(trace, trace.add("mean", [array], (), s=shape), made)
    if len(shape) == 2 and len(axes) == 1:
        rows = array if axes == (1,) else permute(trace, array, (1, 0))
        m, n = shape_of(rows)
        return reshaped(trace, trace.add("rowMean", [rows], (m,), m=m, n=n), made)
    return reshaped(trace, _along(trace, "meanAxis", array, axes), made)


def _var(
    trace: Trace,
    x: object,
    axis: object = None,
    *,
    correction: object = 0,
    ddof: object = 0,
    keepdims: bool = False,
) -> Value:
    array = value_of(trace, x)
    if (correction, ddof) != (0, 0):
        raise Misfit(
            "no certified op but of the biased variance; nearest: its product with a scalar parameter",
            array.known,
        )
    centred = _subtract(trace, array, _mean(trace, array, axis, keepdims=True))
    return _mean(trace, _square(trace, centred), axis, keepdims=keepdims)


def _along(trace: Trace, op: str, x: Value, axes: Sequence[int]) -> Value:
    """Return what an op makes of a value along some axes, the last first."""
    for axis in reversed(axes):
        shape = shape_of(x)
        o, n, s = shape[:axis], shape[axis], shape[axis + 1 :]
        x = trace.add(op, [x], (*o, *s), o=o, n=n, s=s)
    return x


def _sum(trace: Trace, x: object, axis: object = None, *, keepdims: bool = False) -> Value:
    array = value_of(trace, x)
    axes = axes_of(array, axis)
    made = kept_shape(array, axes, keepdims)
    if len(axes) < len(shape_of(array)):
        return reshaped(trace, _along(trace, "sumAxis", array, axes), made)
    return reshaped(trace, trace.add("sum", [array], (), s=shape_of(array)), made)


def _softmax(trace: Trace, x: object, axis: object = -1) -> Value:
    array = value_of(trace, x)
    shape, at = shape_of(array), one_axis(array, axis)
    if at < len(shape) - 1:
        return _kept_along(trace, "softmaxAxis", array, at)
    m, n = (ONE, *shape)[-2:]
    h = number_of(shape[:-2])
    batch = reshaped(trace, array, (h, m, n))
    return reshaped(trace, trace.add("softmaxLast", [batch], (h, m, n), h=h, m=m, n=n), shape)


def _log_softmax(trace: Trace, x: object, axis: object = -1) -> Value:
    array = value_of(trace, x)
    return _kept_along(trace, "logSoftmaxAxis", array, one_axis(array, axis))


def _logsumexp(trace: Trace, x: object, axis: object = None, keepdims: bool = False) -> Value:
    array = value_of(trace, x)
    axes = axes_of(array, axis)
    return reshaped(trace, _along(trace, "logsumexpAxis", array, axes), kept_shape(array, axes, keepdims))


def _kept_along(trace: Trace, op: str, x: Value, axis: int) -> Value:
    """Return what an op makes of a value along an axis, which it keeps."""
    shape = shape_of(x)
    return trace.add(op, [x], shape, o=shape[:axis], n=shape[axis], s=shape[axis + 1 :])


def _layer_norm(trace: Trace, x: object, weight: object, bias: object, eps: object) -> Value:
    value, gamma, beta = (value_of(trace, each) for each in (x, weight, bias))
    shape = shape_of(value)
    if not isinstance(eps, Scalar):
        raise Misfit("expected a scalar parameter as eps, as in @graph(eps=float)", value.known)
    if not shape or shape_of(gamma) != shape[-1:] or shape_of(beta) != shape[-1:]:
        found = ", ".join(map(told, (shape, shape_of(gamma), shape_of(beta))))
        raise Misfit(f"expected shapes (…, n), (n,) and (n,), found {found}", value.known)
    m, n = number_of(shape[:-1]), shape[-1]
    rows = reshaped(trace, value, (m, n))
    return reshaped(trace, trace.add("layerNorm", [rows, gamma, beta], (m, n), m=m, n=n, ε=eps), shape)


def _rms_norm(trace: Trace, x: object, weight: object, eps: object) -> Value:
    value, gamma = (value_of(trace, each) for each in (x, weight))
    shape = shape_of(value)
    if not isinstance(eps, Scalar):
        raise Misfit("expected a scalar parameter as eps, as in @graph(eps=float)", value.known)
    if not shape or shape_of(gamma) != shape[-1:]:
        raise Misfit(f"expected shapes (…, n) and (n,), found {told(shape)}, {told(shape_of(gamma))}", shape)
    m, n = number_of(shape[:-1]), shape[-1]
    rows = reshaped(trace, value, (m, n))
    return reshaped(trace, trace.add("rmsNorm", [rows, gamma], (m, n), m=m, n=n, ε=eps), shape)


def _rotary(trace: Trace, x: object, cos: object, sin: object) -> Value:
    value, *tables = (value_of(trace, each) for each in (x, cos, sin))
    shape, table, other = map(shape_of, (value, *tables))
    fits = len(shape) > 1 and table == other and len(table) == 2
    if not fits or shape[-2:] != (table[0], table[1] + table[1]):
        found = ", ".join(map(told, (shape, table, other)))
        raise Misfit(f"expected shapes (…, n, 2*d), (n, d) and (n, d), found {found}", value.known)
    n, d = table
    batch = (number_of(shape[:-2]), *shape[-2:])
    halves = (*batch[:2], d + d)
    heads = spelled(trace, reshaped(trace, value, batch), halves)
    made = trace.add("rotary", [heads, *tables], halves, h=batch[0], n=n, d=d)
    return reshaped(trace, spelled(trace, made, batch), shape)


FUNCTIONS: Final[Mapping[str, Callable[..., Value]]] = {
    "add": _add,
    "subtract": _subtract,
    "negative": _negative,
    "multiply": _multiply,
    "power": _power,
    "pow": _power,
    "square": _square,
    "exp": _elementwise("exp"),
    "tanh": _elementwise("tanh"),
    "sigmoid": _elementwise("sigmoid"),
    "silu": _elementwise("silu"),
    "gelu": _gelu,
    "relu": _relu,
    "leaky_relu": _leaky_relu,
    "huber": _huber,
    "abs": _elementwise("abs"),
    "absolute": _elementwise("abs"),
    "maximum": _maximum,
    "minimum": _minimum,
    "clip": _clip,
    "softplus": _elementwise("softplus"),
    "softmax": _softmax,
    "masked_softmax": masked_softmax,
    "log_softmax": _log_softmax,
    "logsumexp": _logsumexp,
    "cross_entropy": cross_entropy,
    "matmul": _matmul,
    "linear": _linear,
    "layer_norm": _layer_norm,
    "rms_norm": _rms_norm,
    "rotary": _rotary,
    "transpose": transpose,
    "permute_dims": permute_dims,
    "matrix_transpose": matrix_transpose,
    "swapaxes": swapaxes,
    "moveaxis": moveaxis,
    "reshape": reshape,
    "expand_dims": expand_dims,
    "squeeze": squeeze,
    "indexing": indexing,
    "take": take,
    "take_along_axis": take_along_axis,
    "concat": concat,
    "concatenate": concat,
    "stack": stack,
    "broadcast_to": broadcast_to,
    "ravel": flatten,
    "flatten": flatten,
    "mean": _mean,
    "var": _var,
    "sum": _sum,
}
"""Functions of NumPy, of the array API and of :mod:`lean_bridge.capture.functions`, by their names there."""
