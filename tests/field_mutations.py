"""Wrong rules, planted in each primitive, which the numbers certified over GF(p) must tell from right ones.

``python -m tests.field_mutations`` prints the table.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Final

import numpy as np

from lean_bridge.crosscheck.field_points import numbers_at_points
from lean_bridge.errors import ArrayError, GraphError
from lean_bridge.executor.arrays.namespaces import indicator
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.rules.primitive import Arrays, Primitive, Setting
from lean_bridge.executor.rules.table import PRIMITIVES
from pybind_models import DGraph
from tests.single_ops import single_graph
from tests.wrong_rules import (
    anywhere,
    backwards,
    bias_in_tangent,
    crossed,
    elsewhere,
    epsilon_forgotten,
    term,
    untransposed,
    with_forward,
    with_function,
    with_jvp,
    with_param,
    with_vjp,
    without_bias,
)


def _split_bare(op: str) -> Primitive:
    bare = PRIMITIVES["reshape"]
    return dataclasses.replace(PRIMITIVES[op], forward=bare.forward, jvp=bare.jvp)


def _rolled(array: Array) -> Array:
    return np.roll(array, 1, axis=1)


def _shifted(op: str, length: str) -> Primitive:
    """Return an op by whole numbers with each the next one, and the last the first."""
    return elsewhere(
        op,
        lambda setting: dataclasses.replace(
            setting, params={"ids": (setting.params["ids"] + 1) % setting.lengths[length][0]}
        ),
    )


def _first(setting: Setting) -> Setting:
    return dataclasses.replace(setting, params={"ids": 0 * setting.params["ids"]})


def _in_turn(setting: Setting, length: str) -> Setting:
    ids = setting.params["ids"]
    turn = np.arange(ids.size).reshape(ids.shape) % setting.lengths[length][0]
    return dataclasses.replace(setting, params={"ids": turn})


def _once(setting: Setting, primals: Arrays, _output: Array, w: Array) -> Arrays:
    """Return the cotangent of a table of which each row has that of one place where it was taken."""
    (table,), ids = primals, setting.params["ids"].reshape(-1)
    total = 0 * table
    for at, row in zip(ids, w.reshape((len(ids), *table.shape[1:])), strict=True):
        total[at] = row
    return (total,)


def _allowed(setting: Setting, primals: Arrays) -> Array:
    one, zero = (setting.scalars.rational(number) for number in (1, 0))
    return indicator(setting.params["mask"], primals[0], one=one, zero=zero)


def _along(y: Array, v: Array) -> Array:
    moved: Array = y * (v - (y * v).sum(axis=-1, keepdims=True))
    return moved


def _mean_of(setting: Setting, _primals: Arrays, _output: Array, w: Array) -> Array:
    share: Array = w.sum(axis=1) * setting.scalars.rational(1, w.shape[1])
    return share


def _by_neighbours(x: Array, cos: Array, sin: Array) -> Array:
    even, odd = x[:, :, ::2], x[:, :, 1::2]
    turned: Array = np.stack((even * cos - odd * sin, odd * cos + even * sin), axis=3)
    return turned.reshape(x.shape)


def _one_axis_further(setting: Setting) -> Setting:
    lengths = {**setting.lengths, "o": (*setting.lengths["o"], 1)}
    return dataclasses.replace(setting, lengths=lengths)


BY_HAND: Final[Mapping[str, Primitive]] = {
    "matmul: left operand transposed": with_forward("matmul", lambda _s, x: x[0].swapaxes(0, 1) @ x[1]),
    "matmul: right operand transposed": with_forward("matmul", lambda _s, x: x[0] @ x[1].swapaxes(0, 1)),
    "matmul: operands swapped": with_forward("matmul", lambda _s, x: x[1] @ x[0]),
    "matmul: cotangents swapped": crossed("matmul"),
    "matmul: factor of a cotangent not transposed": with_vjp(
        "matmul", lambda _s, x, _y, w: (w @ x[1], x[0].swapaxes(0, 1) @ w)
    ),
    "matmul: one term of the tangent forgotten": with_jvp("matmul", lambda _s, x, _y, dx: dx[0] @ x[1]),
    "bmatmul: right operand transposed": with_forward("bmatmul", lambda _s, x: x[0] @ x[1].swapaxes(1, 2)),
    "bmatmul: cotangents swapped": crossed("bmatmul"),
    "bmatmul: factor of a cotangent not transposed": with_vjp(
        "bmatmul", lambda _s, x, _y, w: (w @ x[1].swapaxes(1, 2), x[0] @ w)
    ),
    "bmatmul: one term of the tangent forgotten": with_jvp("bmatmul", lambda _s, x, _y, dx: x[0] @ dx[1]),
    "bmatmul: batch in reverse order": with_forward("bmatmul", lambda _s, x: (x[0] @ x[1])[::-1]),
    "reshape: column-major": with_forward("reshape", lambda s, x: x[0].swapaxes(0, 1).reshape(s.shape)),
    "transposeLast2: reshaped instead": with_forward("transposeLast2", lambda s, x: x[0].reshape(s.shape)),
    "transposeLast2: cotangent reshaped instead": with_vjp(
        "transposeLast2", lambda _s, x, _y, w: (w.reshape(x[0].shape),)
    ),
    "swap01: reshaped instead": with_forward("swap01", lambda s, x: x[0].reshape(s.shape)),
    "swap01: wrong axes": with_forward("swap01", lambda _s, x: x[0].swapaxes(1, 2)),
    "splitHeads: bare reshape": _split_bare("splitHeads"),
    "splitHeads: merged by a bare reshape": with_vjp(
        "splitHeads", lambda _s, x, _y, w: (w.reshape(x[0].shape),)
    ),
    "splitHeads: heads innermost": with_forward(
        "splitHeads",
        lambda s, x: x[0].reshape((s.shape[1], s.shape[2], s.shape[0])).swapaxes(1, 2).swapaxes(0, 1),
    ),
    "swapAxes: reshaped instead": with_forward("swapAxes", lambda s, x: x[0].reshape(s.shape)),
    "swapAxes: the axes before": with_forward("swapAxes", lambda _s, x: x[0].swapaxes(0, 1)),
    "swapAxes: cotangent reshaped instead": with_vjp(
        "swapAxes", lambda _s, x, _y, w: (w.reshape(x[0].shape),)
    ),
    "take: the last positions": with_forward("take", lambda s, x: x[0][:, -s.shape[1] :]),
    "take: every other position": with_forward("take", lambda _s, x: x[0][:, ::2]),
    "take: zeros before the cotangent": with_vjp(
        "take", lambda *given: (_rolled(PRIMITIVES["take"].vjp(*given)[0]),)
    ),
    "drop: the first positions": with_forward("drop", lambda s, x: x[0][:, : s.shape[1]]),
    "drop: zeros behind the cotangent": with_vjp(
        "drop", lambda *given: (_rolled(PRIMITIVES["drop"].vjp(*given)[0]),)
    ),
    "concat: operands swapped": with_forward("concat", lambda s, x: PRIMITIVES["concat"].forward(s, x[::-1])),
    "concat: position by position in turn": with_forward(
        "concat", lambda s, x: np.stack(x, axis=2).reshape(s.shape)
    ),
    "concat: tangent of one operand": with_jvp(
        "concat", lambda s, _x, _y, dx: PRIMITIVES["concat"].forward(s, (dx[0], 0 * dx[1]))
    ),
    "concat: cotangents swapped": crossed("concat"),
    "expandAxis: along the axis before": with_forward(
        "expandAxis", lambda s, x: x[0].reshape((1, *x[0].shape)).repeat(s.shape[1], axis=0)
    ),
    "expandAxis: mean for sum": with_vjp("expandAxis", lambda *given: (_mean_of(*given),)),
    "expandAxis: cotangent summed over the wrong axis": with_vjp(
        "expandAxis", lambda _s, _x, _y, w: (w.sum(axis=0),)
    ),
    "sumAxis: wrong axis": with_forward("sumAxis", lambda _s, x: x[0].sum(axis=0)),
    "sumAxis: mean": with_forward("sumAxis", lambda s, x: PRIMITIVES["meanAxis"].forward(s, x)),
    "sumAxis: mean in the cotangent": with_vjp("sumAxis", lambda *given: PRIMITIVES["meanAxis"].vjp(*given)),
    "meanAxis: sum": with_forward("meanAxis", lambda s, x: PRIMITIVES["sumAxis"].forward(s, x)),
    "meanAxis: divided by the other length": with_forward(
        "meanAxis", lambda s, x: x[0].sum(axis=1) * s.scalars.rational(1, x[0].shape[2])
    ),
    "meanAxis: length forgotten in the cotangent": with_vjp(
        "meanAxis", lambda *given: PRIMITIVES["sumAxis"].vjp(*given)
    ),
    "embedding: number off by one": _shifted("embedding", "v"),
    "embedding: numbers in reverse order": with_param("embedding", "ids", backwards),
    "embedding: numbers column-major": with_param("embedding", "ids", lambda ids: ids.T.reshape(ids.shape)),
    "embedding: rows of one number counted once": with_vjp("embedding", _once),
    "embedding: cotangents of the first rows": with_vjp(
        "embedding", lambda s, x, _y, w: PRIMITIVES["embedding"].vjp(_in_turn(s, "v"), x, _y, w)
    ),
    "takeAlong: number off by one": _shifted("takeAlong", "n"),
    "takeAlong: numbers in reverse order": with_param("takeAlong", "ids", backwards),
    "takeAlong: numbers column-major": with_param("takeAlong", "ids", lambda ids: ids.T.reshape(ids.shape)),
    "takeAlong: the first coordinates": with_forward(
        "takeAlong", lambda s, x: PRIMITIVES["takeAlong"].forward(_first(s), x)
    ),
    "takeAlong: cotangent at every coordinate": with_vjp(
        "takeAlong", lambda _s, x, _y, w: (w.reshape((w.shape[0], 1, *w.shape[1:])).repeat(x[0].shape[1], 1),)
    ),
    "takeAlong: cotangent at the first coordinates": with_vjp(
        "takeAlong", lambda s, *given: PRIMITIVES["takeAlong"].vjp(_first(s), *given)
    ),
    "softmaxLast: wrong axis": with_forward(
        "softmaxLast", lambda s, x: s.scalars.exp(x[0]) / s.scalars.exp(x[0]).sum(axis=1, keepdims=True)
    ),
    "softmaxLast: not normalised": with_forward("softmaxLast", lambda s, x: s.scalars.exp(x[0])),
    "softmaxLast: subtrahend forgotten": term("softmaxLast", lambda _s, _x, y, v: y * v),
    "softmaxLast: subtrahend along the wrong axis": term(
        "softmaxLast", lambda _s, _x, y, v: y * (v - (y * v).sum(axis=1, keepdims=True))
    ),
    "softmaxLast: plus for minus": term(
        "softmaxLast", lambda _s, _x, y, v: y * (v + (y * v).sum(axis=-1, keepdims=True))
    ),
    "softmaxLast: factor y forgotten": term(
        "softmaxLast", lambda _s, _x, y, v: v - (y * v).sum(axis=-1, keepdims=True)
    ),
    "softmaxLast: tanh for exp": with_function("softmaxLast", "exp", "tanh"),
    "maskedSoftmax: mask inverted": with_param("maskedSoftmax", "mask", np.logical_not),
    "maskedSoftmax: mask forgotten": with_param("maskedSoftmax", "mask", np.ones_like),
    "maskedSoftmax: mask in reverse order": with_param("maskedSoftmax", "mask", backwards),
    "maskedSoftmax: not normalised": with_forward(
        "maskedSoftmax", lambda s, x: s.scalars.exp(x[0]) * _allowed(s, x)
    ),
    "maskedSoftmax: normalised over all": with_forward(
        "maskedSoftmax", lambda s, x: PRIMITIVES["softmaxLast"].forward(s, x) * _allowed(s, x)
    ),
    "maskedSoftmax: what is left out counts as exp 0": with_forward(
        "maskedSoftmax", lambda s, x: PRIMITIVES["softmaxLast"].forward(s, (x[0] * _allowed(s, x),))
    ),
    "maskedSoftmax: subtrahend forgotten": term("maskedSoftmax", lambda _s, _x, y, v: y * v),
    "maskedSoftmax: derivative of the softmax over all": term(
        "maskedSoftmax", lambda s, x, _y, v: _along(PRIMITIVES["softmaxLast"].forward(s, x), v)
    ),
    "maskedSoftmax: mask forgotten in the derivative": term(
        "maskedSoftmax", lambda s, x, y, v: _along(y + (x[0] - x[0] * _allowed(s, x)), v)
    ),
    "maskedSoftmax: tanh for exp": with_function("maskedSoftmax", "exp", "tanh"),
    "add: difference": with_forward("add", lambda _s, x: x[0] - x[1]),
    "sub: operands swapped": with_forward("sub", lambda _s, x: x[1] - x[0]),
    "sub: cotangents swapped": crossed("sub"),
    "sub: both cotangents positive": with_vjp("sub", lambda _s, _x, _y, w: (w, w)),
    "mul: cotangents swapped": crossed("mul"),
    "mul: one term of the tangent forgotten": with_jvp("mul", lambda _s, x, _y, dx: x[0] * dx[1]),
    "mul: square of an operand": with_forward("mul", lambda _s, x: x[0] * x[0]),
    "scale: c forgotten": with_param("scale", "c", lambda c: c / c),
    "scale: c² in the cotangent": with_vjp(
        "scale", lambda s, _x, _y, w: (w * s.params["c"] * s.params["c"],)
    ),
    "scale: c forgotten in the tangent": with_jvp("scale", lambda _s, _x, _y, dx: dx[0]),
    "addConst: ε forgotten": epsilon_forgotten("addConst"),
    "addConst: ε in the tangent": bias_in_tangent("addConst", "ε"),
    "sqrtClamp: exp for the root": with_function("sqrtClamp", "sqrt", "exp"),
    "sqrtClamp: factor 1/2 forgotten": term(
        "sqrtClamp", lambda s, x, _y, v: v * s.scalars.inv(s.scalars.sqrt(x[0]))
    ),
    "sqrtClamp: divided by x": term(
        "sqrtClamp", lambda s, x, _y, v: v * s.scalars.inv(s.scalars.rational(2) * x[0])
    ),
    "inv: not squared": term("inv", lambda s, x, _y, v: -v * s.scalars.inv(x[0])),
    "inv: cubed": term("inv", lambda _s, _x, y, v: -v * y * y * y),
    "gelu: κ forgotten": with_param("gelu", "κ", lambda kappa: kappa / kappa),
    "gelu: exp for σ": with_function("gelu", "sigmoid", "exp"),
    "gelu: derivative of tanh forgotten": term("gelu", lambda s, x, y, v: v * y * s.scalars.inv(x[0])),
    "gelu: half forgotten": with_forward("gelu", lambda s, x: 2 * PRIMITIVES["gelu"].forward(s, x)),
    "exp: tanh for exp": with_function("exp", "exp", "tanh"),
    "exp: derivative forgotten": term("exp", lambda _s, _x, _y, v: v),
    "exp: derivative of a power": term("exp", lambda _s, x, y, v: v * x[0] * y),
    "tanh: exp for tanh": with_function("tanh", "tanh", "exp"),
    "tanh: derivative not squared": term("tanh", lambda s, _x, y, v: v * (s.scalars.rational(1) - y)),
    "tanh: plus for minus": term("tanh", lambda s, _x, y, v: v * (s.scalars.rational(1) + y * y)),
    "sigmoid: tanh for σ": with_function("sigmoid", "sigmoid", "tanh"),
    "sigmoid: argument not halved": with_forward(
        "sigmoid", lambda s, x: (s.scalars.rational(1) + s.scalars.tanh(x[0])) * s.scalars.rational(1, 2)
    ),
    "sigmoid: factor 1 − σ forgotten": term("sigmoid", lambda _s, _x, y, v: v * y),
    "sigmoid: derivative of tanh": term("sigmoid", lambda s, _x, y, v: v * (s.scalars.rational(1) - y * y)),
    "silu: σ alone": with_forward("silu", lambda s, x: PRIMITIVES["sigmoid"].forward(s, x)),
    "silu: derivative of σ forgotten": term(
        "silu", lambda s, x, _y, v: v * PRIMITIVES["sigmoid"].forward(s, x)
    ),
    "silu: value for σ in the derivative": term(
        "silu", lambda s, x, y, v: v * y * (s.scalars.rational(1) + x[0] * (s.scalars.rational(1) - y))
    ),
    "square: cube": with_forward("square", lambda _s, x: x[0] * x[0] * x[0]),
    "square: factor 2 forgotten": term("square", lambda _s, x, _y, v: v * x[0]),
    "log: exp for log": with_function("log", "log", "exp"),
    "log: derivative of a square": term("log", lambda _s, x, _y, v: v * x[0]),
    "log: divided by the value": term("log", lambda s, _x, y, v: v * s.scalars.inv(y)),
    "softplus: log of exp": with_forward("softplus", lambda s, x: s.scalars.log(s.scalars.exp(x[0]))),
    "softplus: of the negative": with_forward("softplus", lambda s, x: s.scalars.softplus(-x[0])),
    "softplus: value for its derivative": term("softplus", lambda _s, _x, y, v: v * y),
    "softplus: derivative of log forgotten": term("softplus", lambda s, x, _y, v: v * s.scalars.exp(x[0])),
    "relu: step alone": with_forward("relu", lambda s, x: s.scalars.step(x[0], s.scalars.rational(0))),
    "relu: of the negative": with_forward(
        "relu", lambda s, x: s.scalars.larger(-x[0], s.scalars.rational(0))
    ),
    "relu: value for its derivative": term("relu", lambda _s, _x, y, v: v * y),
    "relu: derivative at the other side": term(
        "relu", lambda s, x, _y, v: v * s.scalars.step(-x[0], s.scalars.rational(0))
    ),
    "relu: derivative everywhere": term("relu", lambda _s, _x, _y, v: v),
    "leakyRelu: a forgotten": with_param("leakyRelu", "a", lambda a: a / a),
    "leakyRelu: a²": with_param("leakyRelu", "a", lambda a: a * a),
    "leakyRelu: not leaky": with_forward("leakyRelu", lambda s, x: PRIMITIVES["relu"].forward(s, x)),
    "leakyRelu: derivative not leaky": term(
        "leakyRelu", lambda s, x, _y, v: v * s.scalars.step(x[0], s.scalars.rational(0))
    ),
    "leakyRelu: slopes exchanged": term(
        "leakyRelu",
        lambda s, x, _y, v: (
            v * s.scalars.step(-x[0], s.scalars.rational(0))
            + v * s.params["a"] * s.scalars.step(x[0], s.scalars.rational(0))
        ),
    ),
    "abs: positive part": with_forward("abs", lambda s, x: PRIMITIVES["relu"].forward(s, x)),
    "abs: derivative not signed": term(
        "abs",
        lambda s, x, _y, v: (
            v * s.scalars.step(x[0], s.scalars.rational(0)) + v * s.scalars.step(-x[0], s.scalars.rational(0))
        ),
    ),
    "abs: derivative of relu": term(
        "abs", lambda s, x, _y, v: v * s.scalars.step(x[0], s.scalars.rational(0))
    ),
    "maxConst: minimum": with_forward("maxConst", lambda s, x: PRIMITIVES["minConst"].forward(s, x)),
    "maxConst: c forgotten": with_param("maxConst", "c", lambda c: 0 * c),
    "maxConst: derivative of the minimum": term(
        "maxConst", lambda s, x, y, v: PRIMITIVES["minConst"].jvp(s, x, y, (v,))
    ),
    "maxConst: derivative with a kink at 0": term(
        "maxConst", lambda s, x, _y, v: v * s.scalars.step(x[0], s.scalars.rational(0))
    ),
    "minConst: maximum": with_forward("minConst", lambda s, x: PRIMITIVES["maxConst"].forward(s, x)),
    "minConst: c forgotten": with_param("minConst", "c", lambda c: 0 * c),
    "minConst: derivative of the maximum": term(
        "minConst", lambda s, x, y, v: PRIMITIVES["maxConst"].jvp(s, x, y, (v,))
    ),
    "clamp: lo forgotten": with_param("clamp", "lo", lambda lo: 0 * lo),
    "clamp: hi forgotten": with_param("clamp", "hi", lambda hi: 0 * hi),
    "clamp: bounds exchanged": elsewhere(
        "clamp",
        lambda s: dataclasses.replace(s, params={"lo": s.params["hi"], "hi": s.params["lo"]}),
    ),
    "clamp: derivative of the lower bound alone": term(
        "clamp",
        lambda s, x, _y, v: v * (s.scalars.rational(1) - s.scalars.step(-x[0], -s.params["lo"])),
    ),
    "huber: half forgotten": with_forward(
        "huber", lambda s, x: x[0] * PRIMITIVES["huber"].jvp(s, x, x[0], (x[0] / x[0],))
    ),
    "huber: square alone": with_forward("huber", lambda s, x: x[0] * x[0] * s.scalars.rational(1, 2)),
    "huber: δ forgotten": with_param("huber", "δ", lambda width: 0 * width),
    "huber: δ²": with_param("huber", "δ", lambda width: width * width),
    "huber: derivative of the square": term("huber", lambda _s, x, _y, v: x[0] * v),
    "huber: sign for its derivative": term(
        "huber", lambda s, x, y, v: s.params["δ"] * PRIMITIVES["abs"].jvp(s, x, y, (v,))
    ),
    "div: product": with_forward("div", lambda _s, x: x[0] * x[1]),
    "div: operands swapped": with_forward("div", lambda _s, x: x[1] / x[0]),
    "div: cotangents swapped": crossed("div"),
    "div: denominator not squared": with_vjp(
        "div",
        lambda _s, x, y, w: (w / x[1], -(w * y)),
    ),
    "div: numerator's term alone": with_jvp("div", lambda _s, x, _y, dx: dx[0] / x[1]),
    "div: plus for minus": with_jvp("div", lambda _s, x, y, dx: (dx[0] + y * dx[1]) / x[1]),
    "powNat: one product fewer": with_forward(
        "powNat", lambda s, x: PRIMITIVES["powNat"].forward(s, x) / x[0]
    ),
    "powNat: always the square": with_forward("powNat", lambda _s, x: x[0] * x[0]),
    "powNat: factor k forgotten": term("powNat", lambda _s, x, y, v: v * y / x[0]),
    "powNat: exponent not lowered": term(
        "powNat", lambda s, _x, y, v: v * y * s.scalars.rational(s.lengths["k"][0])
    ),
    "softmaxAxis: wrong axis": elsewhere("softmaxAxis", _one_axis_further),
    "softmaxAxis: subtrahend forgotten": term("softmaxAxis", lambda _s, _x, y, v: y * v),
    "softmaxAxis: tanh for exp": with_function("softmaxAxis", "exp", "tanh"),
    "logsumexpAxis: logarithm forgotten": with_forward(
        "logsumexpAxis", lambda s, x: s.scalars.exp(x[0]).sum(axis=1)
    ),
    "logsumexpAxis: sum of logarithms": with_forward(
        "logsumexpAxis", lambda s, x: s.scalars.log(s.scalars.exp(x[0])).sum(axis=1)
    ),
    "logsumexpAxis: wrong axis": with_forward(
        "logsumexpAxis",
        lambda s, x: s.scalars.log(s.scalars.exp(x[0]).sum(axis=0)).reshape(s.shape),
    ),
    "logsumexpAxis: weights forgotten": with_vjp(
        "logsumexpAxis", lambda *given: PRIMITIVES["sumAxis"].vjp(*given)
    ),
    "logsumexpAxis: weights of the sum": with_jvp(
        "logsumexpAxis", lambda s, x, _y, dx: (s.scalars.exp(x[0]) * dx[0]).sum(axis=1)
    ),
    "logSoftmaxAxis: wrong axis": elsewhere("logSoftmaxAxis", _one_axis_further),
    "logSoftmaxAxis: softmax": with_forward(
        "logSoftmaxAxis", lambda s, x: PRIMITIVES["softmaxAxis"].forward(s, x)
    ),
    "logSoftmaxAxis: cotangent as the tangent": with_vjp(
        "logSoftmaxAxis", lambda s, x, y, w: (PRIMITIVES["logSoftmaxAxis"].jvp(s, x, y, (w,)),)
    ),
    "logSoftmaxAxis: output for weights": with_jvp(
        "logSoftmaxAxis", lambda _s, _x, y, dx: dx[0] - (y * dx[0]).sum(axis=1, keepdims=True)
    ),
    "sum: mean": with_forward("sum", lambda s, x: PRIMITIVES["mean"].forward(s, x)),
    "sum: mean in the cotangent": with_vjp("sum", lambda *given: PRIMITIVES["mean"].vjp(*given)),
    "mean: sum": with_forward("mean", lambda s, x: PRIMITIVES["sum"].forward(s, x)),
    "mean: length forgotten in the cotangent": with_vjp("mean", lambda *given: PRIMITIVES["sum"].vjp(*given)),
    "mean: divided by the first length": with_forward(
        "mean", lambda s, x: PRIMITIVES["sum"].forward(s, x) * s.scalars.rational(1, x[0].shape[0])
    ),
    "rowMean: sum": with_forward("rowMean", lambda _s, x: x[0].sum(axis=1)),
    "rowMean: wrong axis": with_forward(
        "rowMean", lambda s, x: x[0].sum(axis=0) * s.scalars.rational(1, x[0].shape[0])
    ),
    "rowMean: divided by the other length": with_forward(
        "rowMean", lambda s, x: x[0].sum(axis=1) * s.scalars.rational(1, x[0].shape[0])
    ),
    "rowMean: length forgotten in the cotangent": with_vjp(
        "rowMean", lambda _s, x, _y, w: (w.reshape((w.size, 1)).repeat(x[0].shape[1], axis=1),)
    ),
    "broadcastRow: along the other axis": with_forward(
        "broadcastRow", lambda s, x: x[0].repeat(s.shape[1]).reshape(s.shape[::-1]).swapaxes(0, 1)
    ),
    "broadcastRow: cotangent summed over the wrong axis": with_vjp(
        "broadcastRow", lambda _s, _x, _y, w: (w.sum(axis=0),)
    ),
    "broadcastRow: mean for sum": with_vjp(
        "broadcastRow", lambda s, _x, _y, w: (w.sum(axis=1) * s.scalars.rational(1, w.shape[1]),)
    ),
    "broadcastCol: along the other axis": with_forward(
        "broadcastCol", lambda s, x: x[0].repeat(s.shape[0]).reshape(s.shape)
    ),
    "broadcastCol: cotangent summed over the wrong axis": with_vjp(
        "broadcastCol", lambda _s, _x, _y, w: (w.sum(axis=1),)
    ),
    "affine: bias forgotten": without_bias("affine", "b"),
    "affine: bias in the tangent": bias_in_tangent("affine", "b"),
    "affine: map not transposed": untransposed("affine", "A"),
    "linear: bias forgotten": without_bias("linear", "b"),
    "linear: bias in the tangent": bias_in_tangent("linear", "b"),
    "linear: map not transposed": untransposed("linear", "W"),
    "dense: weights not transposed": with_forward("dense", lambda _s, x: x[0] @ x[1] + x[2]),
    "dense: bias forgotten": with_forward("dense", lambda _s, x: x[0] @ x[1].swapaxes(0, 1)),
    "dense: term of the weights' tangent forgotten": with_jvp(
        "dense", lambda _s, x, _y, dx: dx[0] @ x[1].swapaxes(0, 1) + dx[2]
    ),
    "dense: weights' cotangent transposed": with_vjp(
        "dense", lambda _s, x, _y, w: (w @ x[1], (x[0].swapaxes(0, 1) @ w).reshape(x[1].shape), w.sum(axis=0))
    ),
    "dense: bias's cotangent of one position": with_vjp(
        "dense", lambda _s, x, _y, w: (w @ x[1], w.swapaxes(0, 1) @ x[0], w[0])
    ),
    "layerNorm: ε forgotten": epsilon_forgotten("layerNorm"),
    "layerNorm: ε twice": with_param("layerNorm", "ε", lambda epsilon: epsilon + epsilon),
    "layerNorm: no root": with_function("layerNorm", "sqrt", "inv"),
    "layerNorm: γ forgotten in the cotangent": with_vjp(
        "layerNorm",
        lambda s, x, y, w: (
            PRIMITIVES["layerNorm"].vjp(s, (x[0], x[1] / x[1], x[2]), y, w)[0],
            *PRIMITIVES["layerNorm"].vjp(s, x, y, w)[1:],
        ),
    ),
    "layerNorm: row statistics held constant": with_jvp(
        "layerNorm",
        lambda s, x, y, dx: (
            PRIMITIVES["layerNorm"].jvp(s, x, y, (0 * dx[0], dx[1], dx[2])) + (y - x[2]) / x[0] * dx[0]
        ),
    ),
    "layerNorm: cotangents of γ and β swapped": with_vjp(
        "layerNorm",
        lambda *given: tuple(PRIMITIVES["layerNorm"].vjp(*given)[i] for i in (0, 2, 1)),
    ),
    "layerNorm: γ added and β multiplied": with_forward(
        "layerNorm", lambda s, x: PRIMITIVES["layerNorm"].forward(s, (x[0], x[2], x[1]))
    ),
    "rmsNorm: ε forgotten": epsilon_forgotten("rmsNorm"),
    "rmsNorm: no root": with_function("rmsNorm", "sqrt", "inv"),
    "rmsNorm: rows centred": with_forward(
        "rmsNorm", lambda s, x: PRIMITIVES["layerNorm"].forward(s, (*x, 0 * x[1]))
    ),
    "rmsNorm: γ forgotten in the cotangent": with_vjp(
        "rmsNorm",
        lambda s, x, y, w: (
            PRIMITIVES["rmsNorm"].vjp(s, (x[0], x[1] / x[1]), y, w)[0],
            PRIMITIVES["rmsNorm"].vjp(s, x, y, w)[1],
        ),
    ),
    "rmsNorm: root mean squares held constant": with_jvp(
        "rmsNorm",
        lambda s, x, y, dx: PRIMITIVES["rmsNorm"].jvp(s, x, y, (0 * dx[0], dx[1])) + y / x[0] * dx[0],
    ),
    "rotary: turned back": with_forward(
        "rotary", lambda s, x: PRIMITIVES["rotary"].forward(s, (x[0], x[1], -x[2]))
    ),
    "rotary: sines and cosines exchanged": with_forward(
        "rotary", lambda s, x: PRIMITIVES["rotary"].forward(s, (x[0], x[2], x[1]))
    ),
    "rotary: each feature with its neighbour": with_forward("rotary", lambda _s, x: _by_neighbours(*x)),
    "rotary: cotangent turned, not back": with_vjp(
        "rotary",
        lambda s, x, y, w: (
            PRIMITIVES["rotary"].forward(s, (w, x[1], x[2])),
            *PRIMITIVES["rotary"].vjp(s, x, y, w)[1:],
        ),
    ),
    "rotary: tables held constant": with_jvp(
        "rotary", lambda s, x, _y, dx: PRIMITIVES["rotary"].forward(s, (dx[0], x[1], x[2]))
    ),
    "rotary: tables' cotangents of one head": with_vjp(
        "rotary",
        lambda s, x, y, w: (
            PRIMITIVES["rotary"].vjp(s, x, y, w)[0],
            *PRIMITIVES["rotary"].vjp(s, (x[0][:1], *x[1:]), y, w[:1])[1:],
        ),
    ),
    "rotary: cotangents of the tables swapped": with_vjp(
        "rotary", lambda *given: tuple(PRIMITIVES["rotary"].vjp(*given)[i] for i in (0, 2, 1))
    ),
}
"""Errors that people make."""

MUTATIONS: Final[Mapping[str, Primitive]] = {**dict(anywhere()), **BY_HAND}
"""By what is wrong, which begins with the op: the op with a wrong rule."""


def killed_by(wrong: Primitive) -> str | None:
    """Return which certified numbers a wrong rule changes, or ``None`` if it survives.

    The right rules' numbers are those that Lean's kernel certifies of the op's own graph, or, where a shape
    gives the wrong rule away, of the op at equal lengths.
    """
    try:
        return _difference(single_graph(wrong.name), wrong)
    except (GraphError, ArrayError, ValueError):
        return _difference(single_graph(wrong.name, square=True), wrong)


def _difference(graph: DGraph, wrong: Primitive) -> str | None:
    mutant = numbers_at_points(graph, {**PRIMITIVES, wrong.name: wrong})
    for given, right in zip(mutant, numbers_at_points(graph), strict=True):
        for name in ("values", "tangents", "cotangents"):
            if getattr(given, name) != getattr(right, name):
                return f"{graph.lean_name}: {name}"
    return None
