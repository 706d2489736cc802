"""Attention to another sequence, as it is to be extracted."""

from __future__ import annotations

from pybind_models import ArrayArgument, ArrayParam, DGraph, Dim, Node, Shape
from tests.unit.executor.graphs import graph, node


def cross_attention() -> DGraph:
    """Return attention to another sequence."""
    names = ("seqLen", "memLen", "dModel", "memDim", "numHeads", "headDim")
    n, s, d, k, h, width = map(Dim.variable, names)
    scores, columns = (h, n, s), h * width
    context: dict[str, Shape] = {"x": (n, d), "memory": (s, k)}
    for each, features in (("q", d), ("k", k), ("v", k)):
        context |= {f"W{each}": (columns, features), f"b{each}": (columns,)}
    context |= {"Wo": (d, columns), "bo": (d,)}

    def dense(name: str, source: int, weight: int, rows: Dim, i: Dim, o: Dim) -> Node:
        return node(name, "dense", (source, weight, weight + 1), (rows, o), n=rows, i=i, o=o)

    def split(name: str, source: int, rows: Dim) -> Node:
        return node(name, "splitHeads", (source,), (h, rows, width), n=rows, H=h, D=width)

    mask = ArrayParam(name="mask")
    side_by_side: dict[str, Shape] = {"s₁": (n, h, width), "s₂": (n, columns)}
    return graph(
        context,
        dense("Qbig", 0, 2, n, d, columns),
        split("Qheads", 10, n),
        dense("Kbig", 1, 4, s, k, columns),
        split("Kheads", 12, s),
        dense("Vbig", 1, 6, s, k, columns),
        split("Vheads", 14, s),
        node("Kt", "transposeLast2", (13,), (h, width, s), a=h, b=s, c=width),
        node("scores", "bmatmul", (11, 16), scores, h=h, m=n, n=width, p=s),
        node("scaled", "scale", (17,), scores, s=scores, c="c"),
        node("probs", "maskedSoftmax", (18,), scores, o=(h,), t=(n,), n=s, mask=mask),
        node("headOut", "bmatmul", (19, 15), (h, n, width), h=h, m=n, n=s, p=width),
        node("swapped", "swap01", (20,), (n, h, width), m=h, n=n, s=(width,)),
        node("concat", "reshape", (21,), (n, columns), **side_by_side),
        dense("attention", 22, 8, n, columns, d),
        scalars=("c",),
        arrays=(ArrayArgument(name="mask", shape=(n, s)),),
    )
