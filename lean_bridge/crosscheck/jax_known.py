"""Graphs that are compared as wholes, by JAX's functions. Imports JAX."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import jax
from jax import nn
from jax import numpy as jnp

from lean_bridge.crosscheck.known import (
    BINARY_CROSS_ENTROPY,
    CROSS_ATTENTION,
    CROSS_ENTROPY,
    GPT_BLOCK,
    HUBER,
    LLAMA_BLOCK,
    MEAN_SQUARED_ERROR,
    PERCEPTRON,
    RMS_NORM,
    Known,
)

Given: TypeAlias = Mapping[str, Any]
"""Inputs and arguments."""


def _linear(x: Any, weight: Any, bias: Any) -> Any:
    return x @ weight.T + bias


def _perceptron(given: Given, _heads: int) -> Any:
    hidden = jnp.tanh(_linear(given["x"], given["W1"], given["b1"]))
    return jnp.mean((_linear(hidden, given["W2"], given["b2"]) - given["target"]) ** 2)


def _normed(x: Any, weight: Any, epsilon: float) -> Any:
    return x * jax.lax.rsqrt(jnp.mean(x * x, axis=-1, keepdims=True) + epsilon) * weight


def _rms_norm(given: Given, _heads: int) -> Any:
    return _normed(given["x"], given["γ"], RMS_NORM.scalars["ε"])


def _cross_entropy(given: Given, _heads: int) -> Any:
    log_probs = nn.log_softmax(given["logits"])
    return -jnp.mean(jnp.take_along_axis(log_probs, given["targets"][:, None], axis=1))


def _mean_squared_error(given: Given, _heads: int) -> Any:
    return jnp.mean((given["y"] - given["target"]) ** 2)


def _binary_cross_entropy(given: Given, _heads: int) -> Any:
    logits, target = given["logits"], given["target"]
    return -jnp.mean(target * nn.log_sigmoid(logits) + (1 - target) * nn.log_sigmoid(-logits))


def _huber(given: Given, _heads: int) -> Any:
    size, at = jnp.abs(given["y"] - given["target"]), HUBER.scalars["δ"]
    return jnp.mean(jnp.where(size < at, 0.5 * size * size, at * (size - 0.5 * at)))


def _attention(given: Given, known: Known, heads: int, x: Any, memory: Any) -> Any:
    """Return the attention of one sequence to another, over what the mask allows."""

    def linear(rows: Any, each: str) -> Any:
        return _linear(rows, given[f"W{each}"], given[f"b{each}"])

    def split(rows: Any, each: str) -> Any:
        return linear(rows, each).reshape(len(rows), heads, -1).swapaxes(0, 1)

    scores = known.scalars["c"] * (split(x, "q") @ split(memory, "k").swapaxes(1, 2))
    attended = nn.softmax(scores, where=given["mask"]) @ split(memory, "v")
    return linear(attended.swapaxes(0, 1).reshape(len(x), -1), "o")


def _layer_norm(x: Any, weight: Any, bias: Any, epsilon: float) -> Any:
    centred = x - jnp.mean(x, axis=-1, keepdims=True)
    variance = jnp.mean(centred * centred, axis=-1, keepdims=True)
    return centred * jax.lax.rsqrt(variance + epsilon) * weight + bias


def _gpt_block(given: Given, heads: int) -> Any:
    at, x = GPT_BLOCK.scalars, given["x"]
    normal = _layer_norm(x, given["γ₁"], given["β₁"], at["ε₁"])
    x = x + _attention(given, GPT_BLOCK, heads, normal, normal)
    normal = _layer_norm(x, given["γ₂"], given["β₂"], at["ε₂"])
    return x + _linear(nn.gelu(_linear(normal, given["W1"], given["b1"])), given["W2"], given["b2"])


def _cross_attention(given: Given, heads: int) -> Any:
    return _attention(given, CROSS_ATTENTION, heads, given["x"], given["memory"])


def _llama_block(given: Given, _heads: int) -> Any:
    at, x = LLAMA_BLOCK.scalars, given["x"]
    n, half = given["cos"].shape

    def split(each: str) -> Any:
        return (normal @ given[f"W{each}"]).reshape(n, -1, 2 * half).swapaxes(0, 1)

    def turned(each: str) -> Any:
        first, second = jnp.split(split(each), 2, axis=-1)
        cos, sin = given["cos"], given["sin"]
        return jnp.concatenate((first * cos - second * sin, second * cos + first * sin), axis=-1)

    normal = _normed(x, given["γ₁"], at["ε₁"])
    q, k, v = turned("q"), turned("k"), split("v")
    k, v = (jnp.repeat(each, len(q) // len(k), axis=0) for each in (k, v))
    attended = nn.softmax(at["c"] * (q @ k.swapaxes(1, 2)), where=given["mask"]) @ v
    x = x + attended.swapaxes(0, 1).reshape(n, -1) @ given["Wo"]
    normal = _normed(x, given["γ₂"], at["ε₂"])
    return x + nn.silu(normal @ given["Wgate"]) * (normal @ given["Wup"]) @ given["Wdown"]


_THEIRS: Final[tuple[tuple[Known, Callable[[Given, int], Any]], ...]] = (
    (PERCEPTRON, _perceptron),
    (RMS_NORM, _rms_norm),
    (CROSS_ENTROPY, _cross_entropy),
    (MEAN_SQUARED_ERROR, _mean_squared_error),
    (BINARY_CROSS_ENTROPY, _binary_cross_entropy),
    (HUBER, _huber),
    (GPT_BLOCK, _gpt_block),
    (LLAMA_BLOCK, _llama_block),
    (CROSS_ATTENTION, _cross_attention),
)


def output(known: Known, given: Given, heads: int) -> Any:
    """Return what JAX has for a known graph's last entry, from inputs and arguments."""
    return next(compute for graph, compute in _THEIRS if graph is known)(given, heads)
