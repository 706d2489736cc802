"""A graph of one node for each primitive, with symbolic dimensions, so that each can be certified alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

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


@dataclass(frozen=True)
class Spec:
    """Shapes and arguments of one op, axes separated by spaces."""

    operands: tuple[str, ...]
    out: str
    dims: str = ""
    """The op's binders for dimensions, which the graph has under the same names."""
    shapes: Mapping[str, str] = field(default_factory=dict)
    scalars: str = ""
    maps: str = ""
    lengths: Mapping[str, str] = field(default_factory=dict)
    """The op's other binders for dimensions."""
    arrays: Mapping[str, tuple[str, str | None]] = field(default_factory=dict)
    """Axes by name, and what whole numbers are below; ``None`` of truth values."""


_POINTWISE: Final = {"s": "m n"}

SPECS: Final[Mapping[str, Spec]] = {
    "matmul": Spec(("m n", "n p"), "m p", "m n p"),
    "bmatmul": Spec(("h m n", "h n p"), "h m p", "h m n p"),
    "reshape": Spec(("a b*c",), "a*b c", shapes={"s₁": "a b*c", "s₂": "a*b c"}),
    "transposeLast2": Spec(("a b c",), "a c b", "a b c"),
    "swap01": Spec(("m n a",), "n m a", "m n", {"s": "a"}),
    "splitHeads": Spec(("n H*D",), "H n D", "n H D"),
    "swapAxes": Spec(("a m n b",), "a n m b", "m n", {"o": "a", "s": "b"}),
    "take": Spec(("a m+n b",), "a m b", "m n", {"o": "a", "s": "b"}),
    "drop": Spec(("a m+n b",), "a n b", "m n", {"o": "a", "s": "b"}),
    "concat": Spec(("a m b", "a n b"), "a m+n b", "m n", {"o": "a", "s": "b"}),
    "expandAxis": Spec(("a b",), "a n b", "n", {"o": "a", "s": "b"}),
    "sumAxis": Spec(("a n b",), "a b", "n", {"o": "a", "s": "b"}),
    "meanAxis": Spec(("a n b",), "a b", "n", {"o": "a", "s": "b"}),
    "embedding": Spec(("v w",), "m u w", "v", {"s": "m u", "t": "w"}, arrays={"ids": ("m u", "v")}),
    "takeAlong": Spec(("a n b",), "a b", "n", {"o": "a", "s": "b"}, arrays={"ids": ("a b", "n")}),
    "softmaxLast": Spec(("h m n",), "h m n", "h m n"),
    "maskedSoftmax": Spec(
        ("a m n+1",),
        "a m n+1",
        shapes={"o": "a", "t": "m"},
        lengths={"n": "n+1"},
        arrays={"mask": ("m n+1", None)},
    ),
    "add": Spec(("m n", "m n"), "m n", shapes=_POINTWISE),
    "sub": Spec(("m n", "m n"), "m n", shapes=_POINTWISE),
    "mul": Spec(("m n", "m n"), "m n", shapes=_POINTWISE),
    "scale": Spec(("m n",), "m n", shapes=_POINTWISE, scalars="c"),
    "neg": Spec(("m n",), "m n", shapes=_POINTWISE),
    "addConst": Spec(("m n",), "m n", shapes=_POINTWISE, scalars="ε"),
    "sqrtClamp": Spec(("m n",), "m n", shapes=_POINTWISE),
    "inv": Spec(("m n",), "m n", shapes=_POINTWISE),
    "gelu": Spec(("m n",), "m n", shapes=_POINTWISE, scalars="κ"),
    "exp": Spec(("m n",), "m n", shapes=_POINTWISE),
    "tanh": Spec(("m n",), "m n", shapes=_POINTWISE),
    "sigmoid": Spec(("m n",), "m n", shapes=_POINTWISE),
    "silu": Spec(("m n",), "m n", shapes=_POINTWISE),
    "square": Spec(("m n",), "m n", shapes=_POINTWISE),
    "log": Spec(("m n",), "m n", shapes=_POINTWISE),
    "softplus": Spec(("m n",), "m n", shapes=_POINTWISE),
    "relu": Spec(("m n",), "m n", shapes=_POINTWISE),
    "leakyRelu": Spec(("m n",), "m n", shapes=_POINTWISE, scalars="a"),
    "abs": Spec(("m n",), "m n", shapes=_POINTWISE),
    "maxConst": Spec(("m n",), "m n", shapes=_POINTWISE, scalars="c"),
    "minConst": Spec(("m n",), "m n", shapes=_POINTWISE, scalars="c"),
    "clamp": Spec(("m n",), "m n", shapes=_POINTWISE, scalars="lo hi"),
    "huber": Spec(("m n",), "m n", shapes=_POINTWISE, scalars="δ"),
    "div": Spec(("m n", "m n"), "m n", shapes=_POINTWISE),
    "powNat": Spec(("m n",), "m n", "k", _POINTWISE),
    "softmaxAxis": Spec(("a n b",), "a n b", "n", {"o": "a", "s": "b"}),
    "logsumexpAxis": Spec(("a n b",), "a b", "n", {"o": "a", "s": "b"}),
    "logSoftmaxAxis": Spec(("a n b",), "a n b", "n", {"o": "a", "s": "b"}),
    "rowMean": Spec(("m n",), "m", "m n"),
    "broadcastRow": Spec(("m",), "m n", "m n"),
    "broadcastCol": Spec(("n",), "m n", "m n"),
    "sum": Spec(("m n",), "", shapes=_POINTWISE),
    "mean": Spec(("m n",), "", shapes=_POINTWISE),
    "affine": Spec(("m n",), "a b", shapes={"sIn": "m n", "sOut": "a b"}, maps="A b"),
    "linear": Spec(("i",), "o", "i o", maps="W b"),
    "dense": Spec(("n i", "o i", "o"), "n o", "n i o"),
    "layerNorm": Spec(("m n", "n", "n"), "m n", "m n", scalars="ε"),
    "rmsNorm": Spec(("m n", "n"), "m n", "m n", scalars="ε"),
    "rotary": Spec(("h n d+d", "n d", "n d"), "h n d+d", "h n d"),
}


def single_graph(op: str, *, square: bool = False) -> DGraph:
    """Return the graph whose one node applies an op to the graph's inputs.

    If ``square``, all its dimensions are one, so that no wrong order of axes shows by a shape.
    """

    def shape_of(axes: str) -> Shape:
        return tuple(map(Dim.parse, re.sub(r"\w+", "n", axes).split() if square else axes.split()))

    spec = SPECS[op]
    params: dict[str, Param] = {name: DimParam(value=shape_of(name)[0]) for name in spec.dims.split()}
    params |= {name: DimParam(value=shape_of(axis)[0]) for name, axis in spec.lengths.items()}
    params |= {name: ShapeParam(value=shape_of(axes)) for name, axes in spec.shapes.items()}
    params |= {name: ScalarParam(name=f"{name}_") for name in spec.scalars.split()}
    params |= {name: MapParam(name=f"{name}_") for name in spec.maps.split()}
    params |= {name: ArrayParam(name=f"{name}_") for name in spec.arrays}
    context = tuple(Entry(name=f"x{i}", shape=shape_of(axes)) for i, axes in enumerate(spec.operands))
    out = shape_of(spec.out)
    shapes = (*(entry.shape for entry in context), out)
    arguments = (shape_of(name) for name in spec.dims.split())
    dims = sorted({name for shape in (*shapes, *arguments) for dim in shape for name in dim.names})
    node = Node(
        name="y",
        op=op,
        lean_op=f"{OP_NAMESPACE}.{op}",
        operands=tuple(range(len(context))),
        params=params,
        shape=out,
    )
    return DGraph(
        lean_name=f"{'Square' if square else 'Single'}.{op}",
        dims=tuple(dims),
        scalars=tuple(f"{name}_" for name in spec.scalars.split()),
        maps=tuple(f"{name}_" for name in spec.maps.split()),
        arrays=tuple(
            ArrayArgument(
                name=f"{name}_",
                shape=shape_of(axes),
                below=None if below is None else shape_of(below)[0],
            )
            for name, (axes, below) in spec.arrays.items()
        ),
        context=context,
        nodes=(node,),
    )
