"""Graphs that are compared as wholes, by PyTorch's functions. Imports PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

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
from lean_bridge.crosscheck.torch_block import Tensors, leaves_of, pulled
from lean_bridge.executor.arrays.scalars import Array


def _perceptron(given: Tensors, _heads: int) -> Tensor:
    hidden = functional.linear(given["x"], given["W1"], given["b1"])
    output = functional.linear(functional.tanh(hidden), given["W2"], given["b2"])
    return functional.mse_loss(output, given["target"])


def _rms_norm(given: Tensors, _heads: int) -> Tensor:
    weight = given["γ"]
    return functional.rms_norm(given["x"], tuple(weight.shape), weight, RMS_NORM.scalars["ε"])


def _cross_entropy(given: Tensors, _heads: int) -> Tensor:
    return functional.cross_entropy(given["logits"], given["targets"])


def _mean_squared_error(given: Tensors, _heads: int) -> Tensor:
    return functional.mse_loss(given["y"], given["target"])


def _binary_cross_entropy(given: Tensors, _heads: int) -> Tensor:
    return functional.binary_cross_entropy_with_logits(given["logits"], given["target"])


def _huber(given: Tensors, _heads: int) -> Tensor:
    return functional.huber_loss(given["y"], given["target"], delta=HUBER.scalars["δ"])


def _attended(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, **options: Any) -> Tensor:
    """Return attention with the batch axis that PyTorch's fused kernels take; it is causal without a mask."""
    q, k, v = (each.unsqueeze(0) for each in (q, k, v))
    options |= {"attn_mask": mask, "is_causal": mask is None}
    return functional.scaled_dot_product_attention(q, k, v, **options)[0]


def _attention(given: Tensors, known: Known, heads: int, x: Tensor, memory: Tensor) -> Tensor:
    """Return the attention of one sequence to another, over what the mask allows."""

    def linear(rows: Tensor, each: str) -> Tensor:
        return functional.linear(rows, given[f"W{each}"], given[f"b{each}"])

    def split(rows: Tensor, each: str) -> Tensor:
        return linear(rows, each).reshape(len(rows), heads, -1).transpose(0, 1)

    q, k, v = split(x, "q"), split(memory, "k"), split(memory, "v")
    attended = _attended(q, k, v, given["mask"], scale=known.scalars["c"])
    return linear(attended.transpose(0, 1).flatten(1), "o")


def _gpt_block(given: Tensors, heads: int) -> Tensor:
    at, x = GPT_BLOCK.scalars, given["x"]
    normal = functional.layer_norm(x, x.shape[-1:], given["γ₁"], given["β₁"], at["ε₁"])
    x = x + _attention(given, GPT_BLOCK, heads, normal, normal)
    normal = functional.layer_norm(x, x.shape[-1:], given["γ₂"], given["β₂"], at["ε₂"])
    hidden = functional.gelu(functional.linear(normal, given["W1"], given["b1"]), approximate="tanh")
    return x + functional.linear(hidden, given["W2"], given["b2"])


def _cross_attention(given: Tensors, heads: int) -> Tensor:
    return _attention(given, CROSS_ATTENTION, heads, given["x"], given["memory"])


def _llama_block(given: Tensors, _heads: int) -> Tensor:
    at, x = LLAMA_BLOCK.scalars, given["x"]
    cos, sin = (torch.cat((given[name], given[name]), dim=1) for name in ("cos", "sin"))
    width = cos.shape[1]

    def normed(rows: Tensor, number: str) -> Tensor:
        return functional.rms_norm(rows, rows.shape[-1:], given[f"γ{number}"], at[f"ε{number}"])

    def split(each: str) -> Tensor:
        return (normal @ given[f"W{each}"]).reshape(len(x), -1, width).transpose(0, 1)

    def turned(each: Tensor) -> Tensor:
        first, second = each.chunk(2, dim=-1)
        return each * cos + torch.cat((-second, first), dim=-1) * sin

    normal = normed(x, "₁")
    q, k, v = turned(split("q")), turned(split("k")), split("v")
    attended = _attended(q, k, v, given["mask"], scale=at["c"], enable_gqa=True)
    x = x + attended.transpose(0, 1).flatten(1) @ given["Wo"]
    normal = normed(x, "₂")
    return x + functional.silu(normal @ given["Wgate"]) * (normal @ given["Wup"]) @ given["Wdown"]


class Theirs(NamedTuple):
    """What a known graph shall compute."""

    functions: str
    """What it is made of, as people call it."""
    output: Callable[[Mapping[str, Any], int], Tensor]
    """From inputs and arguments, and the number of heads; a mask that is ``None`` is the causal one."""


_OF_A_BLOCK: Final = "F.layer_norm, F.linear, F.scaled_dot_product_attention and F.gelu (tanh)"

_THEIRS: Final = (
    (PERCEPTRON, Theirs("F.linear, F.tanh and F.mse_loss", _perceptron)),
    (RMS_NORM, Theirs("F.rms_norm", _rms_norm)),
    (CROSS_ENTROPY, Theirs("F.cross_entropy", _cross_entropy)),
    (MEAN_SQUARED_ERROR, Theirs("F.mse_loss", _mean_squared_error)),
    (BINARY_CROSS_ENTROPY, Theirs("F.binary_cross_entropy_with_logits", _binary_cross_entropy)),
    (HUBER, Theirs("F.huber_loss", _huber)),
    (GPT_BLOCK, Theirs(_OF_A_BLOCK, _gpt_block)),
    (LLAMA_BLOCK, Theirs("F.rms_norm, F.scaled_dot_product_attention and F.silu", _llama_block)),
    (CROSS_ATTENTION, Theirs("F.linear and F.scaled_dot_product_attention", _cross_attention)),
)


def theirs(known: Known) -> Theirs:
    """Return what PyTorch has for a known graph."""
    return next(each for graph, each in _THEIRS if graph is known)


def run(
    known: Known, inputs: Mapping[str, Array], arguments: Mapping[str, Array], seed: Array, *, heads: int
) -> list[Array]:
    """Return the output, and the gradient of each input for a seed on it; arguments have none."""
    leaves = leaves_of(inputs)
    given = {name: torch.from_numpy(array) for name, array in arguments.items()} | leaves
    return pulled(theirs(known).output(given, heads), leaves, seed)
