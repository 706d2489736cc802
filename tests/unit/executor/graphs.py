"""The attention graphs as they are to be extracted, and small graphs for single ops."""

from __future__ import annotations

from collections.abc import Sequence

from lean_bridge.executor.primitive import OP_NAMESPACE
from pybind_models import DGraph, Dim, DimParam, Entry, Node, Param, ScalarParam, Shape, ShapeParam

DIMS = ("n", "dModel", "numHeads", "headDim")
N, D_MODEL, H, D = map(Dim.variable, DIMS)
WIDTH = H * D


def node(name: str, op: str, operands: Sequence[int], shape: Shape, **params: Dim | Shape | str) -> Node:
    """Return a node; a parameter is a dimension, a shape, or the name of a scalar argument."""
    return Node(
        name=name,
        op=op,
        lean_op=f"{OP_NAMESPACE}.{op}",
        operands=tuple(operands),
        params={binder: _param(value) for binder, value in params.items()},
        shape=shape,
    )


def graph(context: dict[str, Shape], *nodes: Node, scalars: tuple[str, ...] = ()) -> DGraph:
    """Return a graph whose dimensions are those of its shapes."""
    names = sorted({name for shape in context.values() for dim in shape for name in dim.names})
    entries = tuple(Entry(name=name, shape=shape) for name, shape in context.items())
    return DGraph(lean_name="Test.graph", dims=tuple(names), scalars=scalars, context=entries, nodes=nodes)


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


def _param(value: Dim | Shape | str) -> Param:
    if isinstance(value, Dim):
        return DimParam(value=value)
    return ScalarParam(name=value) if isinstance(value, str) else ShapeParam(value=value)
