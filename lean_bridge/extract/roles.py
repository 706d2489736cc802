"""What the entries of attention and of encoder blocks are called, where no declaration names them.

Names are labels: nothing rests on them but which of PyTorch's modules a graph is compared with.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pybind_models import DGraph, Entry

_ATTENTION: Final = (
    ("Qbig", "matmul", (0, 1)),
    ("Qheads", "reshape", (5,)),
    ("Kbig", "matmul", (0, 2)),
    ("Kheads", "reshape", (7,)),
    ("Kt", "transposeLast2", (8,)),
    ("Vbig", "matmul", (0, 3)),
    ("Vheads", "reshape", (10,)),
    ("scores", "bmatmul", (6, 9)),
    ("scaled", "scale", (12,)),
    ("probs", "softmaxLast", (13,)),
    ("headOut", "bmatmul", (14, 11)),
    ("swapped", "swap01", (15,)),
    ("concat", "reshape", (16,)),
    ("out", "matmul", (17, 4)),
    ("residual", "add", (0, 18)),
)
_INPUTS: Final = ("x", "Wq", "Wk", "Wv", "Wo")
_NORMS: Final = ("γ₁", "β₁", "γ₂", "β₂")
_AFTER: Final = (
    ("norm1", "layerNorm", (23, 5, 6)),
    ("pre", "affine", (24,)),
    ("act", "gelu", (25,)),
    ("proj", "affine", (26,)),
    ("ffnResidual", "add", (24, 27)),
    ("norm2", "layerNorm", (28, 7, 8)),
)
_ENCODER: Final = (
    *(
        (name, op, tuple(at + 4 * (at >= len(_INPUTS)) for at in operands))
        for name, op, operands in _ATTENTION
    ),
    *_AFTER,
)
_KNOWN: Final[Mapping[tuple[str, ...], tuple[tuple[str, str, tuple[int, ...]], ...]]] = MappingProxyType(
    {_INPUTS: _ATTENTION, (*_INPUTS, *_NORMS): _ENCODER}
)
_RESULTS: Final = frozenset({"out", "residual", "norm1", "ffnResidual", "norm2"})
"""At which a graph may end that is so called."""


def roles_of(graph: DGraph) -> DGraph:
    """Return the graph with the names that its entries have by their ops and operands, if these are known."""
    for inputs, rows in _KNOWN.items():
        known = rows[: len(graph.nodes)]
        found = tuple((node.op, node.operands) for node in graph.nodes)
        if len(inputs) != len(graph.context) or found != tuple(row[1:] for row in known):
            continue
        if known and known[-1][0] in _RESULTS:
            return graph.replaced(
                context=tuple(
                    Entry(name=name, shape=entry.shape)
                    for name, entry in zip(inputs, graph.context, strict=True)
                ),
                nodes=tuple(
                    node.replaced(name=name) for node, (name, _, _) in zip(graph.nodes, known, strict=True)
                ),
            )
    return graph
