"""A GPT that adds: from the digits of a question to the loss at its answer, as one graph."""

from __future__ import annotations

from typing import Any

import lean_bridge
from lean_bridge.capture.functions import cross_entropy, gelu, layer_norm, masked_softmax

BLOCKS = 1
ROWS = 8
"""Tokens that are read: ``12+34=`` and all of the answer but its last digit."""
ANSWER = 3
"""Digits of the answer, which are the last ones that are written."""

BLOCK = {
    "ln1_weight": ("d",),
    "ln1_bias": ("d",),
    "wq": ("heads", "width", "d"),
    "bq": ("heads*width",),
    "wk": ("heads", "width", "d"),
    "bk": ("heads*width",),
    "wv": ("heads", "width", "d"),
    "bv": ("heads*width",),
    "wo": ("d", "heads*width"),
    "bo": ("d",),
    "ln2_weight": ("d",),
    "ln2_bias": ("d",),
    "w1": ("hidden", "d"),
    "b1": ("hidden",),
    "w2": ("d", "hidden"),
    "b2": ("d",),
}
SHAPES: dict[str, tuple[str | int, ...]] = {
    "embeddings": ("vocabulary", "d"),
    "positions": (ROWS, "d"),
    **{f"{name}.{at}": shape for at in range(BLOCKS) for name, shape in BLOCK.items()},
    "ln_weight": ("d",),
    "ln_bias": ("d",),
}
"""The weights. Those of the output are the embeddings again."""


@lean_bridge.graph(
    tokens=lean_bridge.integers("batch", ROWS, below="vocabulary"),
    targets=lean_bridge.integers("batch", ANSWER, below="vocabulary"),
    causal=lean_bridge.booleans(ROWS, ROWS),
    c=float,
    kappa=float,
    eps=float,
    **SHAPES,
)
def addition(tokens: Any, targets: Any, causal: Any, c: Any, kappa: Any, eps: Any, **weights: Any) -> Any:
    """Return the cross-entropy of the answers. ``c`` is meant to be 1/√width, ``kappa`` √(2/π)."""
    x = weights["embeddings"][tokens] + weights["positions"]
    for at in range(BLOCKS):
        w = {name: weights[f"{name}.{at}"] for name in BLOCK}
        x = x + attention(layer_norm(x, w["ln1_weight"], w["ln1_bias"], eps), causal, c, w)
        hidden = gelu(affine(layer_norm(x, w["ln2_weight"], w["ln2_bias"], eps), w["w1"], w["b1"]), kappa)
        x = x + affine(hidden, w["w2"], w["b2"])
    x = layer_norm(x, weights["ln_weight"], weights["ln_bias"], eps)[:, -ANSWER:]
    logits = rows(x) @ weights["embeddings"].T
    return cross_entropy(logits, targets.ravel())


def rows(x: Any) -> Any:
    """Return the rows of a batch, one after another."""
    batch, length, d = x.shape
    return x.reshape(batch * length, d)


def affine(x: Any, weight: Any, bias: Any) -> Any:
    """Return ``x @ weight.T + bias`` of every row."""
    batch, length, _ = x.shape
    return (rows(x) @ weight.T + bias).reshape(batch, length, weight.shape[0])


def attention(x: Any, causal: Any, c: Any, w: Any) -> Any:
    """Return what every position takes from itself and from those before it, by all heads."""
    batch, length, d = x.shape
    heads, width, _ = w["wq"].shape

    def split(name: str) -> Any:
        made = affine(x, w[f"w{name}"].reshape(heads * width, d), w[f"b{name}"])
        return made.reshape(batch, length, heads, width).swapaxes(1, 2).reshape(batch * heads, length, width)

    attended = masked_softmax(c * (split("q") @ split("k").mT), causal) @ split("v")
    merged = (
        attended.reshape(batch, heads, length, width).swapaxes(1, 2).reshape(batch, length, heads * width)
    )
    return affine(merged, w["wo"], w["bo"])
