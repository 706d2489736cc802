"""Recognises self-attention in a graph: by its entries' names and shapes, and the op that splits heads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from pybind_models import DGraph

WEIGHTS: Final = ("Wq", "Wk", "Wv", "Wo")
HEADS: Final = ("Qheads", "Kheads", "Vheads")
SPLITS: Final[dict[str, Literal["permuting", "bare reshape"]]] = {
    "splitHeads": "permuting",
    "reshape": "bare reshape",
}


@dataclass(frozen=True)
class Attention:
    """The roles that a graph's arguments play in multi-head self-attention."""

    n: str
    """The dimension that is the sequence length."""
    d_model: str
    heads: str
    head_dim: str
    scale: str
    """The scalar that multiplies the scores."""
    split: Literal["permuting", "bare reshape"]
    """``permuting`` is PyTorch's; ``bare reshape`` mixes tokens and heads unless one of both is single."""
    output: int
    """The position of the attention output."""
    residual: int | None
    """The position of the attention output plus ``x``, in graphs that have it."""

    def sizes(self, *, n: int, d_model: int, heads: int, head_dim: int) -> dict[str, int]:
        """Return the graph's dimension arguments for the given sizes."""
        return {self.n: n, self.d_model: d_model, self.heads: heads, self.head_dim: head_dim}


def find_attention(model: DGraph) -> Attention | str:
    """Return the roles, or why the graph is not taken for self-attention.

    A graph is taken for it when its context is ``x, Wq, Wk, Wv, Wo``, it has ``out`` and all of ``Qheads,
    Kheads, Vheads``, the shapes of these are those of attention in four different dimensions, and one op
    splits all heads. The ops in between are not looked at: whether they compute attention is what the checks
    are for.
    """
    shapes = {entry.name: entry.shape for entry in model.entries}
    if tuple(entry.name for entry in model.context) != ("x", *WEIGHTS):
        return "no self-attention: the context is not x, Wq, Wk, Wv, Wo"
    missing = [name for name in (*HEADS, "out") if name not in shapes]
    if missing:
        return f"no self-attention: no entry is named {', '.join(missing)}"
    if len(shapes["x"]) != 2 or len(shapes["Qheads"]) != 3 or len(model.scalars) != 1:
        return "no self-attention: expected x of rank 2, Qheads of rank 3, and one scalar"
    (n, d), (heads, _, head_dim) = shapes["x"], shapes["Qheads"]
    width = heads * head_dim
    expected = dict.fromkeys(WEIGHTS[:3], (d, width)) | dict.fromkeys(HEADS, (heads, n, head_dim))
    expected |= {"Wo": (width, d), "out": (n, d), "residual": (n, d)}
    wrong = [name for name, shape in expected.items() if name in shapes and shapes[name] != shape]
    dims = (str(n), str(d), str(heads), str(head_dim))
    if wrong or sorted(dims) != sorted(model.dims):
        return f"no self-attention: unexpected dimensions of {', '.join(wrong) or 'x and Qheads'}"
    ops = {node.op for node in model.nodes if node.name in HEADS}
    if len(ops) != 1 or not ops <= SPLITS.keys():
        return f"no self-attention: heads are split by {', '.join(sorted(ops))}"
    positions = {entry.name: position for position, entry in enumerate(model.entries)}
    return Attention(*dims, model.scalars[0], SPLITS[ops.pop()], positions["out"], positions.get("residual"))
