"""The graphs as they are to be extracted, and small graphs for single ops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lean_bridge.executor.rules.primitive import OP_NAMESPACE
from pybind_models import (
    ArrayArgument,
    ArrayParam,
    DGraph,
    Dim,
    DimParam,
    Entry,
    MapParam,
    Node,
    Param,
    ScalarParam,
    Shape,
    ShapeParam,
)

DIMS = ("n", "dModel", "numHeads", "headDim")
N, D_MODEL, H, D = map(Dim.variable, DIMS)
WIDTH = H * D
F = Dim.variable("dFF")
X, HIDDEN = (N, D_MODEL), (N, F)
FFN_WEIGHTS: dict[str, Shape] = {"W1": (F, D_MODEL), "b1": (F,), "W2": (D_MODEL, F), "b2": (D_MODEL,)}
MAPS = ("fc1", "b1", "fc2", "b2")


def node(
    name: str,
    op: str,
    operands: Sequence[int],
    shape: Shape,
    **params: Dim | Shape | str | MapParam | ArrayParam,
) -> Node:
    """Return a node; a parameter is a dimension, a shape, the name of a scalar, a map or an array."""
    return Node(
        name=name,
        op=op,
        lean_op=f"{OP_NAMESPACE}.{op}",
        operands=tuple(operands),
        params={binder: _param(value) for binder, value in params.items()},
        shape=shape,
    )


def graph(
    context: dict[str, Shape],
    *nodes: Node,
    scalars: tuple[str, ...] = (),
    maps: tuple[str, ...] = (),
    arrays: tuple[ArrayArgument, ...] = (),
) -> DGraph:
    """Return a graph whose dimensions are those of its shapes."""
    shapes = (*context.values(), *(node.shape for node in nodes))
    names = sorted({name for shape in shapes for dim in shape for name in dim.names})
    return DGraph(
        lean_name="Test.graph",
        dims=tuple(names),
        scalars=scalars,
        maps=maps,
        arrays=arrays,
        context=tuple(Entry(name=name, shape=shape) for name, shape in context.items()),
        nodes=nodes,
    )


def attention(*, split: str = "splitHeads", residual: bool = True) -> DGraph:
    """Return multi-head self-attention, with ``splitHeads`` or the bare ``reshape`` as the head split."""
    x, big, heads, scores = (N, D_MODEL), (N, WIDTH), (H, N, D), (H, N, N)

    def project(name: str, weight: int) -> Node:
        return node(name, "matmul", (0, weight), big, m=N, n=D_MODEL, p=WIDTH)

    def split_heads(name: str, source: int) -> Node:
        if split == "splitHeads":
            return node(name, split, (source,), heads, n=N, H=H, D=D)
        return node(name, split, (source,), heads, **{"s₁": big, "s₂": heads})

    concat: dict[str, Shape] = {"s₁": (N, H, D), "s₂": big}
    nodes = [
        project("Qbig", 1),
        split_heads("Qheads", 5),
        project("Kbig", 2),
        split_heads("Kheads", 7),
        node("Kt", "transposeLast2", (8,), (H, D, N), a=H, b=N, c=D),
        project("Vbig", 3),
        split_heads("Vheads", 10),
        node("scores", "bmatmul", (6, 9), scores, h=H, m=N, n=D, p=N),
        node("scaled", "scale", (12,), scores, s=scores, c="c"),
        node("probs", "softmaxLast", (13,), scores, h=H, m=N, n=N),
        node("headOut", "bmatmul", (14, 11), heads, h=H, m=N, n=N, p=D),
        node("swapped", "swap01", (15,), (N, H, D), m=H, n=N, s=(D,)),
        node("concat", "reshape", (16,), big, **concat),
        node("out", "matmul", (17, 4), x, m=N, n=WIDTH, p=D_MODEL),
    ]
    if residual:
        nodes.append(node("residual", "add", (0, 18), x, s=x))
    weights = {"Wq": (D_MODEL, WIDTH), "Wk": (D_MODEL, WIDTH), "Wv": (D_MODEL, WIDTH), "Wo": (WIDTH, D_MODEL)}
    context = {"x": x, **weights}
    return DGraph(
        lean_name="Test.mhaResidual" if residual else "Test.mha",
        dims=DIMS,
        scalars=("c",),
        context=tuple(Entry(name=name, shape=shape) for name, shape in context.items()),
        nodes=tuple(nodes),
    )


def layer_norm() -> DGraph:
    """Return layer normalisation of the rows of ``x`` with every intermediate value saved."""
    m, n = Dim.variable("m"), Dim.variable("n")
    matrix, column, row = (m, n), (m,), (n,)
    return graph(
        {"x": matrix, "γ": row, "β": row},
        node("mean", "rowMean", (0,), column, m=m, n=n),
        node("mean_b", "broadcastRow", (3,), matrix, m=m, n=n),
        node("centered", "sub", (0, 4), matrix, s=matrix),
        node("centered_sq", "mul", (5, 5), matrix, s=matrix),
        node("var", "rowMean", (6,), column, m=m, n=n),
        node("var_eps", "addConst", (7,), column, s=column, ε="ε"),
        node("std", "sqrtClamp", (8,), column, s=column),
        node("inv_std", "inv", (9,), column, s=column),
        node("inv_std_b", "broadcastRow", (10,), matrix, m=m, n=n),
        node("normalized", "mul", (5, 11), matrix, s=matrix),
        node("gamma_b", "broadcastCol", (1,), matrix, m=m, n=n),
        node("scaled", "mul", (12, 13), matrix, s=matrix),
        node("beta_b", "broadcastCol", (2,), matrix, m=m, n=n),
        node("y", "add", (14, 15), matrix, s=matrix),
        scalars=("ε",),
    )


def one_token() -> DGraph:
    """Return the feed-forward network of one token, with fixed weights, and its residual sum."""
    token, hidden = (D_MODEL,), (F,)
    w1, b1, w2, b2 = (MapParam(name=name) for name in FFN_WEIGHTS)
    return graph(
        {"x": token},
        node("pre", "linear", (0,), hidden, i=D_MODEL, o=F, W=w1, b=b1),
        node("act", "gelu", (1,), hidden, s=hidden, κ="κ"),
        node("proj", "linear", (2,), token, i=F, o=D_MODEL, W=w2, b=b2),
        node("residual", "add", (0, 3), token, s=token),
        scalars=("κ",),
        maps=tuple(FFN_WEIGHTS),
    )


def feed_forward(*, fixed: bool) -> DGraph:
    """Return the network of a sequence and its residual sum, with fixed maps or with weights as inputs."""
    model = graph({"x": X} if fixed else {"x": X, **FFN_WEIGHTS})
    return _with_network(model, 0, "residual", weights=None if fixed else 1)


def perceptron() -> DGraph:
    """Return two dense layers with a hyperbolic tangent between them, and their mean squared error."""
    n, i, h, o = map(Dim.variable, ("n", "dIn", "dHidden", "dOut"))
    hidden, out = (n, h), (n, o)
    return graph(
        {"x": (n, i), "W1": (h, i), "b1": (h,), "W2": (o, h), "b2": (o,), "target": out},
        node("pre", "dense", (0, 1, 2), hidden, n=n, i=i, o=h),
        node("act", "tanh", (6,), hidden, s=hidden),
        node("out", "dense", (7, 3, 4), out, n=n, i=h, o=o),
        node("error", "sub", (8, 5), out, s=out),
        node("squares", "square", (9,), out, s=out),
        node("loss", "mean", (10,), (), s=out),
    )


def rms_norm() -> DGraph:
    """Return root mean square normalisation."""
    m, n = map(Dim.variable, ("m", "n"))
    rows, columns, matrix = (m,), (n,), (m, n)
    return graph(
        {"x": matrix, "γ": columns},
        node("squares", "square", (0,), matrix, s=matrix),
        node("mean_square", "meanAxis", (2,), rows, o=rows, n=n, s=()),
        node("mean_square_eps", "addConst", (3,), rows, s=rows, ε="ε"),
        node("rms", "sqrtClamp", (4,), rows, s=rows),
        node("inv_rms", "inv", (5,), rows, s=rows),
        node("inv_rms_b", "expandAxis", (6,), matrix, o=rows, n=n, s=()),
        node("normalized", "mul", (0, 7), matrix, s=matrix),
        node("gamma_b", "expandAxis", (1,), matrix, o=(), n=m, s=columns),
        node("y", "mul", (8, 9), matrix, s=matrix),
        scalars=("ε",),
    )


def cross_entropy() -> DGraph:
    """Return cross-entropy of logits."""
    n, v = map(Dim.variable, ("n", "v"))
    logits = (n, v)
    return graph(
        {"logits": logits},
        node("log_probs", "logSoftmaxAxis", (0,), logits, o=(n,), n=v, s=()),
        node("log_likelihoods", "takeAlong", (1,), (n,), o=(n,), n=v, s=(), ids=ArrayParam(name="targets")),
        node("log_likelihood", "mean", (2,), (), s=(n,)),
        node("loss", "neg", (3,), (), s=()),
        arrays=(ArrayArgument(name="targets", shape=(n,), below=v),),
    )


def mean_squared_error() -> DGraph:
    """Return the mean squared error."""
    made = Dim.variable("n"), Dim.variable("d")
    return graph(
        {"y": made, "target": made},
        node("error", "sub", (0, 1), made, s=made),
        node("squares", "square", (2,), made, s=made),
        node("loss", "mean", (3,), (), s=made),
    )


def binary_cross_entropy() -> DGraph:
    """Return binary cross-entropy of logits."""
    made = Dim.variable("n"), Dim.variable("d")
    return graph(
        {"logits": made, "target": made},
        node("negative", "neg", (0,), made, s=made),
        node("if_one", "softplus", (2,), made, s=made),
        node("if_zero", "softplus", (0,), made, s=made),
        node("one_part", "mul", (1, 3), made, s=made),
        node("zero_less", "mul", (1, 4), made, s=made),
        node("zero_part", "sub", (4, 6), made, s=made),
        node("losses", "add", (5, 7), made, s=made),
        node("loss", "mean", (8,), (), s=made),
    )


def huber() -> DGraph:
    """Return the loss of Huber."""
    made = Dim.variable("n"), Dim.variable("d")
    return graph(
        {"y": made, "target": made},
        node("error", "sub", (0, 1), made, s=made),
        node("losses", "huber", (2,), made, s=made, δ="δ"),
        node("loss", "mean", (3,), (), s=made),
        scalars=("δ",),
    )


def gpt_block() -> DGraph:
    """Return the block of GPT-2."""
    n, d, h, width, f = map(Dim.variable, ("seqLen", "dModel", "numHeads", "headDim", "dFF"))
    x, big, heads, scores, hidden = (n, d), (n, h * width), (h, n, width), (h, n, n), (n, f)
    context: dict[str, Shape] = {"x": x, "γ₁": (d,), "β₁": (d,)}
    for each in "qkv":
        context |= {f"W{each}": (h * width, d), f"b{each}": (h * width,)}
    context |= {"Wo": (d, h * width), "bo": (d,), "γ₂": (d,), "β₂": (d,)}
    context |= {"W1": (f, d), "b1": (f,), "W2": (d, f), "b2": (d,)}

    def dense(name: str, source: int, weight: int, i: Dim, o: Dim) -> Node:
        return node(name, "dense", (source, weight, weight + 1), (n, o), n=n, i=i, o=o)

    def split(name: str, source: int) -> Node:
        return node(name, "splitHeads", (source,), heads, n=n, H=h, D=width)

    mask = ArrayParam(name="mask")
    side_by_side: dict[str, Shape] = {"s₁": (n, h, width), "s₂": big}
    return graph(
        context,
        node("norm1", "layerNorm", (0, 1, 2), x, m=n, n=d, ε="ε₁"),
        dense("Qbig", 17, 3, d, h * width),
        split("Qheads", 18),
        dense("Kbig", 17, 5, d, h * width),
        split("Kheads", 20),
        node("Kt", "transposeLast2", (21,), (h, width, n), a=h, b=n, c=width),
        dense("Vbig", 17, 7, d, h * width),
        split("Vheads", 23),
        node("scores", "bmatmul", (19, 22), scores, h=h, m=n, n=width, p=n),
        node("scaled", "scale", (25,), scores, s=scores, c="c"),
        node("probs", "maskedSoftmax", (26,), scores, o=(h,), t=(n,), n=n, mask=mask),
        node("headOut", "bmatmul", (27, 24), heads, h=h, m=n, n=n, p=width),
        node("swapped", "swap01", (28,), (n, h, width), m=h, n=n, s=(width,)),
        node("concat", "reshape", (29,), big, **side_by_side),
        dense("attention", 30, 9, h * width, d),
        node("attnResidual", "add", (0, 31), x, s=x),
        node("norm2", "layerNorm", (32, 11, 12), x, m=n, n=d, ε="ε₂"),
        dense("pre", 33, 13, d, f),
        node("act", "gelu", (34,), hidden, s=hidden, κ="κ"),
        dense("proj", 35, 15, f, d),
        node("ffnResidual", "add", (32, 36), x, s=x),
        scalars=("κ", "c", "ε₁", "ε₂"),
        arrays=(ArrayArgument(name="mask", shape=(n, n)),),
    )


def llama_block() -> DGraph:
    """Return the block of Llama."""
    n, d, k, g, e, f = map(Dim.variable, ("seqLen", "dModel", "kvHeads", "groups", "halfDim", "dFF"))
    h, width, rows = k * g, e + e, g * n
    x, big, few, hidden, table = (n, d), (n, h * width), (n, k * width), (n, f), (n, e)
    heads, below, swapped = (h, n, width), (k, rows, width), (n, h, width)
    flat_scores, scores = (k, rows, n), (k, g, n, n)
    context: dict[str, Shape] = {"x": x, "γ₁": (d,), "Wq": (d, h * width)}
    context |= {"Wk": (d, k * width), "Wv": (d, k * width), "cos": table, "sin": table}
    context |= {"Wo": (h * width, d), "γ₂": (d,), "Wgate": (d, f), "Wup": (d, f), "Wdown": (f, d)}

    def product(name: str, left: int, right: int, inner: Dim, out: Shape) -> Node:
        return node(name, "matmul", (left, right), out, m=n, n=inner, p=out[1])

    def split(name: str, source: int, count: Dim) -> Node:
        return node(name, "splitHeads", (source,), (count, n, width), n=n, H=count, D=width)

    def turn(name: str, source: int, count: Dim) -> Node:
        return node(name, "rotary", (source, 5, 6), (count, n, width), h=count, n=n, d=e)

    def again(name: str, source: int, before: Shape, after: Shape) -> Node:
        return node(name, "reshape", (source,), after, **{"s₁": before, "s₂": after})

    return graph(
        context,
        node("norm1", "rmsNorm", (0, 1), x, m=n, n=d, ε="ε₁"),
        product("Qbig", 12, 2, d, big),
        split("Qheads", 13, h),
        turn("Qturned", 14, h),
        product("Kbig", 12, 3, d, few),
        split("Kheads", 16, k),
        turn("Kturned", 17, k),
        node("Kt", "transposeLast2", (18,), (k, width, n), a=k, b=n, c=width),
        product("Vbig", 12, 4, d, few),
        split("Vheads", 20, k),
        again("Qgroups", 15, heads, below),
        node("scores", "bmatmul", (22, 19), flat_scores, h=k, m=rows, n=width, p=n),
        node("scaled", "scale", (23,), flat_scores, s=flat_scores, c="c"),
        again("scaledHeads", 24, flat_scores, scores),
        node("probs", "maskedSoftmax", (25,), scores, o=(k, g), t=(n,), n=n, mask=ArrayParam(name="mask")),
        again("probsGroups", 26, scores, flat_scores),
        node("groupOut", "bmatmul", (27, 21), below, h=k, m=rows, n=n, p=width),
        again("headOut", 28, below, heads),
        node("swapped", "swap01", (29,), swapped, m=h, n=n, s=(width,)),
        again("concat", 30, swapped, big),
        product("attention", 31, 7, h * width, x),
        node("attnResidual", "add", (0, 32), x, s=x),
        node("norm2", "rmsNorm", (33, 8), x, m=n, n=d, ε="ε₂"),
        product("gate", 34, 9, d, hidden),
        node("act", "silu", (35,), hidden, s=hidden),
        product("up", 34, 10, d, hidden),
        node("gated", "mul", (36, 37), hidden, s=hidden),
        product("down", 38, 11, f, x),
        node("ffnResidual", "add", (33, 39), x, s=x),
        scalars=("c", "ε₁", "ε₂"),
        arrays=(ArrayArgument(name="mask", shape=(n, n)),),
    )


def post_norm(model: DGraph) -> DGraph:
    """Return a graph with normalisation of its last entry appended, with parameters ``γ`` and ``β``."""
    inputs = len(model.context)
    wider = weakened(model, {"γ": (D_MODEL,), "β": (D_MODEL,)})
    return _with_norm(wider, "norm", inputs, "ε")


def encoder(*, split: str = "splitHeads", fixed: bool = True) -> DGraph:
    """Return the encoder block, its network with fixed maps or with weights as inputs."""
    extra: dict[str, Shape] = dict.fromkeys(("γ₁", "β₁", "γ₂", "β₂"), (D_MODEL,))
    model = weakened(attention(split=split), extra if fixed else extra | FFN_WEIGHTS)
    model = _with_norm(model, "norm1", 5, "ε₁")
    model = _with_network(model, len(model.entries) - 1, "ffnResidual", weights=None if fixed else 9)
    return _with_norm(model, "norm2", 7, "ε₂").replaced(lean_name="Test.encoder")


def weakened(model: DGraph, extra: dict[str, Shape]) -> DGraph:
    """Return the graph with more inputs; Lean: ``Graph.weakenContext``."""
    inputs = len(model.context)
    nodes = tuple(
        node.replaced(operands=tuple(i if i < inputs else i + len(extra) for i in node.operands))
        for node in model.nodes
    )
    added = tuple(Entry(name=name, shape=shape) for name, shape in extra.items())
    return _completed(model, context=model.context + added, nodes=nodes)


def _with_norm(model: DGraph, name: str, gamma: int, epsilon: str) -> DGraph:
    last = len(model.entries) - 1
    norm = node(name, "layerNorm", (last, gamma, gamma + 1), X, m=N, n=D_MODEL, ε=epsilon)
    return _completed(model, nodes=(*model.nodes, norm), scalars=(*model.scalars, epsilon))


def _with_network(model: DGraph, x: int, total: str, *, weights: int | None) -> DGraph:
    """Return the graph with a network on entry ``x``; ``weights`` is the position of W1 among the inputs."""
    at = len(model.entries)

    def layer(name: str, operand: int, source: Shape, target: Shape, first: int) -> Node:
        if weights is not None:
            operands = (operand, weights + first, weights + first + 1)
            return node(name, "dense", operands, target, n=N, i=source[1], o=target[1])
        linear_map, bias = (MapParam(name=each) for each in MAPS[first : first + 2])
        return node(name, "affine", (operand,), target, sIn=source, sOut=target, A=linear_map, b=bias)

    network = (
        layer("pre", x, X, HIDDEN, 0),
        node("act", "gelu", (at,), HIDDEN, s=HIDDEN, κ="κ"),
        layer("proj", at + 1, HIDDEN, X, 2),
        node(total, "add", (x, at + 2), X, s=X),
    )
    maps = MAPS if weights is None else ()
    return _completed(model, nodes=(*model.nodes, *network), scalars=(*model.scalars, "κ"), maps=maps)


def _completed(model: DGraph, **changes: Any) -> DGraph:
    """Return a changed graph with the dimensions of all its shapes."""
    entries = (*changes.get("context", model.context), *changes.get("nodes", model.nodes))
    used = sorted({name for entry in entries for dim in entry.shape for name in dim.names})
    return model.replaced(**changes, dims=tuple(used))


def _param(value: Dim | Shape | str | MapParam | ArrayParam) -> Param:
    if isinstance(value, MapParam | ArrayParam):
        return value
    if isinstance(value, Dim):
        return DimParam(value=value)
    return ScalarParam(name=value) if isinstance(value, str) else ShapeParam(value=value)
