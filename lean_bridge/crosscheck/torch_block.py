"""A block or its parts by PyTorch's own modules and differentiation. Imports PyTorch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from lean_bridge.crosscheck.block import WEIGHTS, Block
from lean_bridge.executor.scalars import Array

Tensors: TypeAlias = Mapping[str, Tensor]

_tanh_gelu = partial(functional.gelu, approximate="tanh")


def modules_of(block: Block) -> str:
    """Return what of PyTorch stands for the block."""
    if block.is_whole:
        return "nn.TransformerEncoderLayer"
    names = {
        "attention": "nn.MultiheadAttention",
        "norm1": "nn.LayerNorm",
        "feed-forward": "F.linear and F.gelu (tanh)",
        "norm2": "nn.LayerNorm",
    }
    return ", ".join(dict.fromkeys(names[part] for part in block.parts if part in names))


def run(
    block: Block,
    inputs: Mapping[str, Array],
    weights: Mapping[str, Array],
    seed: Array,
    *,
    heads: int,
    epsilons: Mapping[str, float],
) -> list[Array]:
    """Return the block's output, and the gradient of each input for a seed on it.

    ``weights`` are ``W1, b1, W2, b2`` of a network that has none among its inputs. There is no dropout and
    attention has no biases.
    """
    leaves = {name: torch.from_numpy(array.copy()).requires_grad_() for name, array in inputs.items()}
    tensors = {name: torch.from_numpy(array) for name, array in weights.items()} | leaves
    compute = _layer if block.is_whole else _parts
    output = compute(block, tensors, heads, epsilons)
    gradients = torch.autograd.grad(
        output, list(leaves.values()), torch.from_numpy(seed), allow_unused=True, materialize_grads=True
    )
    return [tensor.detach().numpy() for tensor in (output, *gradients)]


@contextmanager
def one_thread() -> Iterator[None]:
    """Run PyTorch on one thread; give the caller's thread count and random state back."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):  # a module draws initial weights
            yield
    finally:
        torch.set_num_threads(threads)


def _layer(block: Block, at: Tensors, heads: int, epsilons: Mapping[str, float]) -> Tensor:
    """Return the output of ``nn.TransformerEncoderLayer``."""
    (width, d), zeros = at["W1"].shape, torch.zeros_like
    layer = nn.TransformerEncoderLayer(
        d,
        heads,
        width,
        dropout=0.0,
        activation=_tanh_gelu,
        batch_first=True,
        norm_first=False,
        dtype=torch.float64,
    )
    layer.norm1.eps, layer.norm2.eps = epsilons["ε₁"], epsilons["ε₂"]
    projection = torch.cat([at[name].T for name in WEIGHTS[:3]])
    (gamma1, beta1), (gamma2, beta2) = block.norms["norm1"], block.norms["norm2"]
    parameters = {
        "self_attn.in_proj_weight": projection,
        "self_attn.in_proj_bias": zeros(projection[:, 0]),
        "self_attn.out_proj.weight": at["Wo"].T,
        "self_attn.out_proj.bias": zeros(at["b2"]),
        "norm1.weight": at[gamma1],
        "norm1.bias": at[beta1],
        "linear1.weight": at["W1"],
        "linear1.bias": at["b1"],
        "linear2.weight": at["W2"],
        "linear2.bias": at["b2"],
        "norm2.weight": at[gamma2],
        "norm2.bias": at[beta2],
    }
    output: Tensor = functional_call(layer, parameters, (at["x"].unsqueeze(0),), strict=True)
    return output[0]


def _parts(block: Block, at: Tensors, heads: int, epsilons: Mapping[str, float]) -> Tensor:
    """Return the output of the block's parts one after the other."""
    h = at["x"]
    for part in block.parts:
        if part == "attention":
            h = _attention(h, at, heads)
        elif part == "residual":
            h = at["x"] + h
        elif part == "feed-forward":
            hidden = _tanh_gelu(functional.linear(h, at["W1"], at["b1"]))
            h = h + functional.linear(hidden, at["W2"], at["b2"])
        else:
            gamma, beta = block.norms[part]
            norm = nn.LayerNorm(h.shape[-1], eps=epsilons["ε₁" if part == "norm1" else "ε₂"], dtype=h.dtype)
            h = functional_call(norm, {"weight": at[gamma], "bias": at[beta]}, (h,), strict=True)
    return h


def _attention(x: Tensor, at: Tensors, heads: int) -> Tensor:
    layer = nn.MultiheadAttention(x.shape[-1], heads, bias=False, batch_first=True, dtype=torch.float64)
    parameters = {
        "in_proj_weight": torch.cat([at[name].T for name in WEIGHTS[:3]]),
        "out_proj.weight": at["Wo"].T,
    }
    batch = x.unsqueeze(0)
    output: Tensor
    output, _ = functional_call(layer, parameters, (batch,) * 3, {"need_weights": False}, strict=True)
    return output[0]
