"""A function that is captured is the graph of what it does: the same numbers, op by op, or one error."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lean_bridge import booleans, graph, integers
from lean_bridge.capture.captured import CapturedGraph
from lean_bridge.capture.functions import (
    cross_entropy,
    gelu,
    huber,
    layer_norm,
    linear,
    log_softmax,
    logsumexp,
    masked_softmax,
    rms_norm,
    rotary,
    sigmoid,
    silu,
    softmax,
    softplus,
)
from lean_bridge.capture.ops import FUNCTIONS
from lean_bridge.emit.forms import FORMS
from lean_bridge.errors import BindingError, NotCaptured
from lean_bridge.executor.rules.table import PRIMITIVES
from tests.kinks import KINKS

SIZES = {"n": 3, "d": 2, "h": 4, "k": 5}


@graph(x=("n", "d"), W1=("h", "d"), b1=("h",), W2=("k", "h"), b2=("k",), target=("n", "k"))
def mlp_loss(x: Any, W1: Any, b1: Any, W2: Any, b2: Any, target: Any) -> Any:  # noqa: N803
    hidden = np.tanh(x @ W1.T + b1)
    out = hidden @ W2.T + b2
    return np.mean((out - target) ** 2)


def agrees(captured: CapturedGraph) -> bool:
    """Whether the executor's numbers are the function's, at random ones, with no gradient left out."""
    rng = np.random.default_rng(7)
    bound = captured.bind(**{name: SIZES[name] for name in captured.model.dims})
    scalars: dict[str, Any] = {name: float(rng.uniform(0.5, 1.0)) for name in captured.scalars}
    scalars |= bound.draw_arrays(rng)
    program = bound.interpret(**scalars)
    inputs = [rng.standard_normal(entry.shape) for entry in program.context]
    values = dict(zip([each.name for each in program.entries], program.forward(inputs), strict=True))
    names = [entry.name for entry in program.context]
    found = captured(**dict(zip(names, inputs, strict=True)), **scalars)
    found = found if isinstance(found, tuple) else (found,)
    assert len(found) == len(captured.outputs)
    return all(
        np.shape(each) == values[name].shape and np.allclose(each, values[name], rtol=1e-12, atol=1e-12)
        for each, name in zip(found, captured.outputs, strict=True)
    )


X = ("n", "d")
CUBE = ("h", "n", "d")
ONE_OP: dict[str, tuple[dict[str, Any], Callable[..., Any]]] = {
    "add": ({"x": X, "b": ("d",)}, lambda x, b: x + b),
    "add one row": ({"x": X, "b": (1, "d")}, lambda x, b: b + x),
    "add one column": ({"x": X, "b": ("n", 1)}, lambda x, b: np.add(x, b)),
    "add outer": ({"b": ("d",), "x": ("n", 1)}, lambda b, x: b + x),
    "add a scalar": ({"x": X, "c": float}, lambda x, c: c + x),
    "subtract": ({"x": X, "y": X}, lambda x, y: x - y),
    "negative": ({"x": X}, lambda x: -x + np.negative(x * x)),
    "subtract a scalar": ({"x": X, "c": float}, lambda x, c: x - c),
    "subtract from a scalar": ({"x": X, "c": float}, lambda x, c: np.subtract(c, x)),
    "subtract from a row": ({"x": X, "y": ("d",)}, lambda x, y: y - x),
    "multiply": ({"x": X, "y": X}, lambda x, y: x * y),
    "multiply by a scalar": ({"x": X, "c": float}, lambda x, c: np.multiply(x, c)),
    "power": ({"x": X}, lambda x: x**2),
    "pow": ({"x": X}, lambda x: np.pow(x, 2)),
    "cube": ({"x": X}, lambda x: x**3),
    "zeroth power": ({"x": X}, lambda x: np.power(x, 0)),
    "square": ({"x": X}, lambda x: np.square(x)),
    "exp": ({"x": CUBE}, lambda x: np.exp(x)),
    "tanh": ({"x": ()}, lambda x: np.tanh(x)),
    "sigmoid": ({"x": X}, sigmoid),
    "silu": ({"x": X}, silu),
    "huber": ({"x": X, "delta": float}, huber),
    "var": ({"x": CUBE}, lambda x: x.var(axis=-1, keepdims=True) * np.var(x)),
    "gelu": ({"x": X, "kappa": float}, gelu),
    **KINKS,
    "softmax": ({"x": CUBE}, lambda x: softmax(x)),
    "softmax of rows": ({"x": X}, lambda x: softmax(x, axis=1)),
    "softmax of a vector": ({"x": ("n",)}, lambda x: softmax(x)),
    "softmax along the first axis": ({"x": CUBE}, lambda x: softmax(x, axis=0)),
    "softmax of four axes": ({"x": ("k", *CUBE)}, lambda x: softmax(x)),
    "softplus": ({"x": X}, softplus),
    "log_softmax": ({"x": CUBE}, lambda x: log_softmax(x, axis=1)),
    "logsumexp": ({"x": CUBE}, lambda x: logsumexp(x, axis=-2)),
    "logsumexp along two axes": ({"x": CUBE}, lambda x: logsumexp(x, axis=(0, 2), keepdims=True)),
    "logsumexp of all": ({"x": X}, lambda x: logsumexp(x)),
    "matmul": ({"x": X, "y": ("d", "h")}, lambda x, y: np.matmul(x, y)),
    "matmul of batches": ({"x": CUBE, "y": ("h", "d", "k")}, lambda x, y: x @ y),
    "linear": ({"x": X, "W": ("h", "d"), "b": ("h",)}, lambda x, W, b: linear(x, W, b)),  # noqa: N803
    "layer_norm": ({"x": CUBE, "weight": ("d",), "bias": ("d",), "eps": float}, layer_norm),
    "rms_norm": ({"x": CUBE, "weight": ("d",), "eps": float}, rms_norm),
    "rotary": ({"x": ("h", "n", "2*d"), "cos": X, "sin": X}, rotary),
    "rotary of one head of known width": ({"x": ("n", 6), "cos": ("n", 3), "sin": ("n", 3)}, rotary),
    "rotary of four axes": ({"x": ("k", "h", "n", "d + d"), "cos": X, "sin": X}, rotary),
    "transpose": ({"x": X}, lambda x: x.T),
    "transpose back": ({"x": X}, lambda x: np.transpose(x).transpose(1, 0) * x),
    "permute_dims": ({"x": CUBE}, lambda x: np.permute_dims(x, (1, 0, 2))),
    "matrix_transpose": ({"x": CUBE}, lambda x: x.mT),
    "swapaxes": ({"x": CUBE}, lambda x: np.swapaxes(x, 0, 1)),
    "reshape": ({"x": CUBE}, lambda x: x.reshape(x.shape[0], x.shape[1] * x.shape[2])),
    "reshape by a tuple": ({"x": ("n*d", 2)}, lambda x: np.reshape(x, (2, x.shape[0]))),
    "expand_dims": ({"x": X, "y": ("n",)}, lambda x, y: x * np.expand_dims(y, -1)),
    "squeeze": ({"x": CUBE, "y": ("n", 1, 1)}, lambda x, y: x.sum(axis=(0, 2)) - np.squeeze(y, (1, 2))),
    "moveaxis": ({"x": ("n", "d", "h", "k")}, lambda x: np.moveaxis(x, 0, -2)),
    "mean": ({"x": CUBE}, lambda x: x.mean()),
    "mean of rows": ({"x": X}, lambda x: np.mean(x, axis=-1)),
    "mean of columns": ({"x": X}, lambda x: x.mean(axis=0, keepdims=True)),
    "mean of a middle axis": ({"x": CUBE}, lambda x: x.mean(axis=1)),
    "mean of two axes": ({"x": CUBE}, lambda x: np.mean(x, axis=(0, -1), keepdims=True)),
    "sum": ({"x": CUBE}, lambda x: np.sum(x)),
    "sum of rows": ({"x": X}, lambda x: np.sum(x, axis=1)),
    "sum of two axes": ({"x": ("n", "d", "h", "k")}, lambda x: x.sum(axis=(1, 2), keepdims=True)),
    "any order of axes": ({"x": ("n", "d", "h", "k")}, lambda x: np.transpose(x, (2, 0, 3, 1))),
    "transpose of a cube": ({"x": CUBE}, lambda x: x.T),
    "an order of axes by its name": ({"x": CUBE}, lambda x: np.transpose(x, axes=(2, 0, 1))),
    "a shape by its name": ({"x": X}, lambda x: np.reshape(x, shape=(x.size,))),
    "broadcast": ({"x": CUBE, "y": ("n", 1), "z": ()}, lambda x, y, z: x * y + z),
    "broadcast to what neither has": ({"x": ("n", 1, 2), "y": ("d", 1)}, lambda x, y: x - y),
    "centred": ({"x": X}, lambda x: x - x.mean(axis=1, keepdims=True)),
    "of the array API": ({"x": X}, lambda x: x.__array_namespace__().tanh(x)),
    "indexing": ({"x": CUBE}, lambda x: x[..., None, :] * x[:, :, None, :]),
    "indexing by numbers": ({"x": ("n + 2", 4)}, lambda x: x[-1] * x[1, 2] + x[0, -1]),
    "slices": ({"x": ("n + 2", 4), "y": ("n", 2)}, lambda x, y: x[1:-1, 1:3] - y + x[2:, -2:] * x[:-2, :2]),
    "a slice of nothing": ({"x": ("n", 4)}, lambda x: x[:, 3:1].sum() + x[:, 9:].sum() + x[:, -9:].sum()),
    "a slice by a length": ({"x": ("n + d", 2), "y": ("n", 2)}, lambda x, y: x[: y.shape[0]] * y),
    "concat": ({"x": ("n", 4), "y": (1, 4)}, lambda x, y: np.concat([y, x, x, y])),
    "concatenate": ({"x": CUBE, "y": ("h", 3, "d")}, lambda x, y: np.concatenate((x, y), axis=1)),
    "concatenate flat": ({"x": CUBE, "y": X}, lambda x, y: np.concatenate((x, y), axis=None)),
    "stack": ({"x": X}, lambda x: np.stack([x, x * x], axis=-1)),
    "broadcast_to": ({"x": ("n", 1)}, lambda x: np.broadcast_to(x, (2, x.shape[0], 3))),
    "ravel": ({"x": CUBE}, lambda x: np.ravel(x)),
    "flatten": ({"x": CUBE}, lambda x: x.flatten()),
    "rows by whole numbers": ({"x": X, "i": integers("h", "k", below="n")}, lambda x, i: x[i]),
    "rows of more axes": ({"x": CUBE, "i": integers("k", below="h")}, lambda x, i: x[i[:, None]]),
    "rows of all else": (
        {"x": CUBE, "i": integers("k", below="h")},
        lambda x, i: x[i, :] + x[i, ...] + x[np.expand_dims(i, -1)][:, 0],
    ),
    "coordinates by whole numbers": ({"x": ("n",), "i": integers(below="n")}, lambda x, i: x[i] * x),
    "take": ({"x": X, "i": integers("k", below="n")}, lambda x, i: np.take(x, i, axis=0) + x[i]),
    "take_along_axis": (
        {"x": CUBE, "i": integers("h", "d", below="n")},
        lambda x, i: np.take_along_axis(x, i[:, None, :], axis=1),
    ),
    "take_along_axis of numbers at another shape": (
        {"x": CUBE, "i": integers("n", "h", below="d")},
        lambda x, i: np.take_along_axis(x, i.reshape(x.shape[0], x.shape[1], 1), axis=-1),
    ),
    "rows by numbers at another shape": (
        {"x": X, "i": integers("h", "k", below="n")},
        lambda x, i: x[i.ravel()] @ x[i.flatten()].T,
    ),
    "cross_entropy at a row": (
        {"x": X, "t": integers(1, "n", below="d")},
        lambda x, t: cross_entropy(x, t.reshape((x.shape[0],))),
    ),
    "masked_softmax": ({"x": CUBE, "m": booleans("n", "d")}, lambda x, m: masked_softmax(x, m)),
    "masked_softmax of rows": ({"x": CUBE, "m": booleans("d")}, lambda x, m: masked_softmax(x, m)),
    "masked_softmax of all": ({"x": X, "m": booleans("n", "d")}, lambda x, m: masked_softmax(x, m)),
    "cross_entropy": ({"x": X, "t": integers("n", below="d")}, lambda x, t: cross_entropy(x, t)),
    "cross_entropy of one": ({"x": ("n",), "t": integers(below="n")}, lambda x, t: cross_entropy(x, t)),
    "cross_entropy of a batch": (
        {"x": CUBE, "t": integers("h", "n", below="d")},
        lambda x, t: cross_entropy(x, t),
    ),
    "two results": ({"x": X}, lambda x: (np.tanh(x), x, x.sum())),
}


@pytest.mark.parametrize("case", ONE_OP)
def test_what_is_captured_computes_what_the_function_does(case: str) -> None:
    shapes, function = ONE_OP[case]
    assert agrees(graph(**shapes)(named(function)))


def named(function: Callable[..., Any]) -> Callable[..., Any]:
    if function.__name__ == "<lambda>":
        function.__name__ = "f"
    return function


def test_every_function_is_tried() -> None:
    assert set(FUNCTIONS) <= set(ONE_OP)


def test_no_op_is_made_that_the_executor_lacks_or_that_has_no_certificate_to_be_written() -> None:
    made = {
        node.op: node
        for shapes, function in ONE_OP.values()
        for node in graph(**shapes)(named(function)).model.nodes
    }
    for op, node in made.items():
        assert PRIMITIVES[op].lean_name == node.lean_op
        assert op in FORMS


def test_a_model_is_captured_with_the_names_of_its_variables() -> None:
    model = mlp_loss.model
    assert (model.lean_name, model.dims, mlp_loss.outputs) == ("mlpLoss", ("n", "d", "h", "k"), ("mean",))
    assert [entry.name for entry in model.entries] == [
        *("x", "W1", "b1", "W2", "b2", "target"),
        *("swap01", "matmul", "broadcastCol", "add", "hidden"),
        *("swap01_2", "matmul_2", "broadcastCol_2", "out", "sub", "square", "mean"),
    ]
    assert agrees(mlp_loss)


def test_a_captured_graph_runs_backwards_as_any_other() -> None:
    program = mlp_loss.bind(**SIZES).compile()
    rng = np.random.default_rng(3)
    inputs = {entry.name: rng.standard_normal(entry.shape) for entry in program.context}
    gradient = program.vjp(inputs, {"mean": np.ones(())})
    step = 1e-6
    for position, name in enumerate(inputs):
        direction = rng.standard_normal(inputs[name].shape)
        ahead, behind = (mlp_loss(**inputs | {name: inputs[name] + s * direction}) for s in (step, -step))
        assert np.isclose((ahead - behind) / (2 * step), (gradient[position] * direction).sum(), rtol=1e-6)


def test_a_mean_of_nothing_is_leans_and_not_numpys() -> None:
    mean = graph(x=X)(named(lambda x: x.mean(axis=0)))
    nothing = np.ones((0, 2))
    assert (mean.bind(n=0, d=2).interpret().forward([nothing])[-1] == 0).all()
    with pytest.warns(RuntimeWarning):
        assert np.isnan(mean(nothing)).all()


def test_a_captured_graph_is_not_judged() -> None:
    assert mlp_loss.bind(**SIZES).standing.status == "not judged"
    assert repr(mlp_loss).endswith(": not judged>")


def test_one_way_to_write_a_length_is_kept() -> None:
    @graph(x=("a*b", "n"), y=("n", "b*a"))
    def product(x: Any, y: Any) -> Any:
        return y @ x

    assert [str(dim) for entry in product.model.context for dim in entry.shape] == ["a*b", "n", "n", "a*b"]


def test_everything_that_is_not_certified_is_told_at_once_with_its_line() -> None:
    @graph(x=X, b=("h",))
    def wrong(x: Any, b: Any) -> Any:
        y = np.sqrt(x)
        z = np.max(y)
        w = x + 2.0
        u = w @ w
        v = x + np.ones(2)
        t = x + b
        return u + z + w / v + t - x[0]

    first = wrong.function.__code__.co_firstlineno
    with pytest.raises(NotCaptured) as raised:
        wrong.model  # noqa: B018
    problems = raised.value.problems
    lines, told = zip(*(each.removeprefix(__file__).split(": ", 1) for each in problems), strict=True)
    assert [int(line.rpartition(":")[2]) - first for line in lines] == [2, 3, 4, 5, 6, 7, 8, 8]
    assert told[0] == (
        "sqrt: no op that is certified everywhere, for sqrtClamp is where x > 0; nearest: none, in a capture"
    )
    assert told[2] == (
        "add: expected an array or a scalar parameter, found 2.0; make it a parameter, as in @graph(c=float)"
    )
    assert told[3] == "matmul: expected shapes (m, n) and (n, p), found (n, d) and (n, d)"
    assert "an array of shape (2,) that is no parameter; make it a parameter, with its shape" in told[4]
    assert told[5] == "add: expected shapes that fit, found (n, d) and (h,): d is not h"
    assert told[6].startswith(
        "divide: no op that is certified everywhere, for div is where denominator ≠ 0; "
    )
    assert told[7] == ("indexing: expected a part that an axis of length n has whatever the dimensions are")
    assert str(raised.value).startswith("8 places: ")
    assert "\n" not in str(raised.value)


NEEDS_NUMBERS: dict[str, Callable[[Any], Any]] = {
    "Python branches on it": lambda x: x if x.sum() else -x,
    "it is compared": lambda x: x if x.sum() > 0 else -x,
    "Python iterates over it": lambda x: sum(x),
    "Python asks for its length": lambda x: x * len(x),
    "a Python number is made of it": lambda x: x * float(x.sum()),
    "an array of numbers is made of it": lambda x: np.asarray(x),
    "the length n is no number": lambda x: next(x for _ in range(x.shape[0])),
    "whether the length n is 3 is not known while": lambda x: x if x.shape[0] == 3 else -x,
    "dtype is not known": lambda x: np.zeros(3, x.dtype) + x,
    "raises ZeroDivisionError while it is captured": lambda x: x + 1 // 0,
    "raises SystemExit while it is captured": lambda x: sys.exit(0) if x is not None else x,
    "expected at least one op, found none": lambda x: x.mean(axis=()).sum(axis=()),
    "squeeze: expected axes of length 1, each given, found axis=1": lambda x: np.squeeze(x, axis=1),
    "squeeze: expected axes of length 1, each given, found axis=None": lambda x: x.squeeze(axis=None),
    "expand_dims: expected one of 3 places for an axis, found axis=3": lambda x: np.expand_dims(x, axis=3),
    "moveaxis: expected one of the 2 axes, found 2": lambda x: np.moveaxis(x, 0, 2),
    r"transpose: expected an order of the 2 axes, found \(1, 2\)": lambda x: x.transpose(1, 2),
    r"transpose: expected an order of the 2 axes, found \(\)": lambda x: x.transpose(()),
    "sum: expected the arguments x, axis, keepdims: too many": lambda x: x - np.sum(x, 1, float),
    "mean: expected the arguments x, axis, keepdims: too many": lambda x: x.mean(0, np.float64),
    r"sum: expected axes of 2, each once, found axis=\(0, 0\)": lambda x: x.sum(axis=(0, 0)),
    "mean: expected axes of 2, each once, found axis=True": lambda x: x.mean(axis=True),
    "floor_divide: no certified op": lambda x: x // x,
    "indexing: expected an index of 2 axes, found 3": lambda x: x[:, :, 0],
    "indexing: expected a place that an axis of length n has whatever": lambda x: x[1:],
    "indexing: no certified op of a slice that leaves some out; nearest: ": lambda x: x[:, ::2],
    "indexing: no certified op of an index that is list; nearest: ": lambda x: x[:, [0, 1]],
    "indexing: no certified op of an index that is bool; nearest: ": lambda x: x[True],
    "concatenate: expected shapes that differ along axis 0 alone, found": lambda x: np.concat([x, x.T]),
    "concat: expected at least one array in a list, found Value": lambda x: x.concat(),
    r"broadcast_to: expected a shape that \(n, d\) is broadcast to, found \(2,\)": lambda x: np.broadcast_to(
        x, 2
    ),
    "layer_norm: expected a scalar parameter as eps": lambda x: layer_norm(x, x, x, 1e-5),
    "rms_norm: expected a scalar parameter as eps": lambda x: rms_norm(x, x, 1e-5),
    r"rotary: expected shapes \(…, n, 2\*d\), \(n, d\) and \(n, d\), found": lambda x: rotary(x, x, x),
    "expected to return values, found NoneType": lambda x: None if x is not None else x,
    "expected at least one op": lambda x: x,
    "expected to return values, found float": lambda x: 2.0 if x is not None else 1.0,
}


@pytest.mark.parametrize("told", NEEDS_NUMBERS)
def test_what_needs_numbers_ends_the_capture(told: str) -> None:
    with pytest.raises(NotCaptured, match=told) as raised:
        graph(x=X)(named(NEEDS_NUMBERS[told])).model  # noqa: B018
    assert __file__.rpartition("/")[2] in str(raised.value)


def test_what_is_declared_besides_goes_to_weights() -> None:
    layers = {f"W{at}": ("d", "d") for at in range(3)}

    @graph(c=float, **layers, x=X)
    def deep(x: Any, **weights: Any) -> Any:
        for each in layers:
            x = np.tanh(weights["c"] * (x @ weights[each]))
        return x

    assert [entry.name for entry in deep.model.context] == ["x", *layers]
    assert agrees(deep)


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        (integers("n", below="-1"), "i: "),
        (integers("n", below=None), "i: expected a length as a text or a number, found None"),  # type: ignore[arg-type]
        (integers("n", below=1.5), "i: expected a length as a text or a number, found 1.5"),  # type: ignore[arg-type]
        (booleans("n", None), "i: expected a length as a text or a number, found None"),  # type: ignore[arg-type]
        (int, r"i: expected lengths such as \(\"n\", \"d\"\), float, integers or booleans, found <class"),
        (integers("i", below="n"), "i: a dimension and a parameter; give one another name"),
    ],
)
def test_what_is_declared_is_looked_at(declared: Any, told: str) -> None:
    with pytest.raises(NotCaptured, match=told):
        graph(x=X, i=declared)(lambda x, i: x + i)


def test_nothing_is_written_to_that_may_have_another_name() -> None:
    @graph(x=X, b=("d",))
    def aliased(x: Any, b: Any) -> Any:
        h = np.tanh(x)
        view, same = h.T, h
        h += b
        h *= b
        view -= np.exp(view)
        return view, same

    first = aliased.function.__code__.co_firstlineno
    with pytest.raises(NotCaptured) as raised:
        aliased.model  # noqa: B018
    told = [each.rpartition("/")[2].split(": ", 1) for each in raised.value.problems]
    assert [int(place.rpartition(":")[2]) - first for place, _ in told] == [4, 5, 6]
    assert told[0][1] == "+=: arrays of a graph are never written to; make a new one, as in x = x + y"


def test_an_error_is_told_where_the_function_came_to_it() -> None:
    @graph(x=X)
    def fails(x: Any) -> Any:
        y = np.tanh(x)
        return y.trace()

    line = fails.function.__code__.co_firstlineno + 3
    with pytest.raises(NotCaptured, match=f":{line}: raises TypeError while it is captured"):
        fails.model  # noqa: B018


def test_what_was_caught_is_told_still() -> None:
    @graph(x=X)
    def caught(x: Any) -> Any:
        try:
            return x if x.sum() > 0 else np.tanh(x)
        except Exception:  # noqa: BLE001
            return np.tanh(x)

    with pytest.raises(NotCaptured, match="it is compared"):
        caught.model  # noqa: B018


@pytest.mark.parametrize(
    ("shapes", "told"),
    [
        ({}, "expected a shape, or float, of every parameter, found none of x"),
        ({"x": X, "y": X}, "expected shapes of parameters alone; y is none"),
        ({"x": "n"}, r"x: expected lengths such as \(\"n\", \"d\"\), float, integers or booleans, found 'n'"),
        ({"x": ("n-1",)}, "x: expected a polynomial such as"),
        ({"x": (1.5,)}, "x: expected a length as a text or a number, found 1.5"),
        ({"x": (-1,)}, "x: expected a dimension ≥ 0, found -1"),
    ],
)
def test_a_declaration_that_does_not_fit_is_one_error(shapes: dict[str, Any], told: str) -> None:
    with pytest.raises(NotCaptured, match=told):
        graph(**shapes)(lambda x: x)


def test_values_of_two_captures_do_not_meet() -> None:
    kept: list[Any] = []

    @graph(x=X)
    def keeps(x: Any) -> Any:
        kept.append(x)
        return np.tanh(x)

    @graph(x=X)
    def takes(x: Any) -> Any:
        return x + kept[0]

    assert agrees(keeps)
    kept[:] = kept[:1]
    with pytest.raises(NotCaptured, match="found one of another capture"):
        takes.model  # noqa: B018


def test_a_scalar_that_is_added_is_positive() -> None:
    @graph(x=("n",), c=float)
    def taken(x: Any, c: Any) -> Any:
        return x - c

    with pytest.raises(BindingError, match="expected a number > 0"):
        taken.bind(n=2).compile(c=-1.0)
