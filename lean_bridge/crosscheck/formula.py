"""A block or its parts as a formula, for any library that has NumPy's functions: JAX, HIPS autograd."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lean_bridge.crosscheck.block import WEIGHTS, Block

COEFFICIENT = 0.044715
"""Of the cube in GELU's tanh form: Hendrycks and Gimpel, *Gaussian error linear units*, 2016."""


def compute_block(
    xp: Any, block: Block, x: Any, at: Mapping[str, Any], scalars: Mapping[str, float], heads: int
) -> Any:
    """Return the block's result at ``x``, an array of shape (n, d), or (d,) where it only feeds forward.

    ``xp`` is the library's counterpart of ``numpy``; ``at`` holds the parameters by the names of the graph's
    inputs, and W1, b1, W2, b2 where these are none; ``scalars`` are c, κ, ε₁ and ε₂.
    """
    h = x
    for part in block.parts:
        if part == "attention":
            h = _attention(xp, block, h, at, scalars["c"], heads)
        elif part == "residual":
            h = x + h
        elif part == "feed-forward":
            inner = h @ at["W1"].T + at["b1"]
            bent = xp.tanh(scalars["κ"] * (inner + COEFFICIENT * (inner * inner * inner)))
            h = h + (0.5 * inner * (1.0 + bent)) @ at["W2"].T + at["b2"]
        else:
            gamma, beta = block.norms[part]
            centered = h - xp.mean(h, axis=-1, keepdims=True)
            variance = xp.mean(centered * centered, axis=-1, keepdims=True)
            epsilon = scalars["ε₁" if part == "norm1" else "ε₂"]
            h = centered / xp.sqrt(variance + epsilon) * at[gamma] + at[beta]
    return h


def _attention(xp: Any, block: Block, x: Any, at: Mapping[str, Any], c: float, heads: int) -> Any:
    n = x.shape[0]

    def split(projected: Any) -> Any:
        if block.split == "bare reshape":
            return projected.reshape((heads, n, -1))
        return projected.reshape((n, heads, -1)).swapaxes(0, 1)

    q, k, v = (split(x @ at[name]) for name in WEIGHTS[:3])
    scores = c * (q @ k.swapaxes(1, 2))
    weights = xp.exp(scores - xp.max(scores, axis=-1, keepdims=True))
    mixed = (weights / xp.sum(weights, axis=-1, keepdims=True)) @ v
    return mixed.swapaxes(0, 1).reshape((n, -1)) @ at["Wo"]
