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
from lean_bridge.crosscheck.block_case import BlockCase
from lean_bridge.executor.arrays.scalars import Array

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


def run(case: BlockCase) -> list[Array]:
    """Return the block's output, and the gradient of each input for the seed on it.

    There is no dropout and attention has no biases.
    """
    leaves = leaves_of(case.inputs)
    tensors = {name: torch.from_numpy(array) for name, array in case.weights.items()} | leaves
    module = build_module(case.block, tensors, heads=case.heads, epsilons=case.scalars)
    output = functional_call(module, parameters_of(case.block, tensors), (leaves["x"],), strict=True)
    return pulled(output, leaves, case.seed)


def leaves_of(inputs: Mapping[str, Array]) -> dict[str, Tensor]:
    """Return copies of arrays as what is differentiated by."""
    return {name: torch.from_numpy(array.copy()).requires_grad_() for name, array in inputs.items()}


def pulled(output: Tensor, leaves: Tensors, seed: Array) -> list[Array]:
    """Return an output, and the gradient of each leaf for a seed on it."""
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


def build_module(block: Block, at: Tensors, *, heads: int, epsilons: Mapping[str, float]) -> nn.Module:
    """Return a module that computes the block from ``x``, with the sizes and the dtype of ``at``.

    Its parameters, still to be set, are those of :func:`parameters_of`.
    """
    return (_Layer if block.is_whole else _Parts)(block, at, heads, epsilons)


def parameters_of(block: Block, at: Tensors) -> dict[str, Tensor]:
    """Return the parameters of :func:`build_module` by name: linear functions of the graph's inputs."""
    parameters: dict[str, Tensor] = {}
    if "attention" in block.parts:
        projection = torch.cat([at[name].T for name in WEIGHTS[:3]])
        parameters |= {"attention.in_proj_weight": projection, "attention.out_proj.weight": at["Wo"].T}
    if "feed-forward" in block.parts:
        parameters |= {"linear1.weight": at["W1"], "linear1.bias": at["b1"]}
        parameters |= {"linear2.weight": at["W2"], "linear2.bias": at["b2"]}
    for part, (gamma, beta) in block.norms.items():
        parameters |= {f"{part}.weight": at[gamma], f"{part}.bias": at[beta]}
    if not block.is_whole:
        return parameters
    no_bias = {
        "attention.in_proj_bias": torch.zeros_like(projection[:, 0]),
        "attention.out_proj.bias": torch.zeros_like(at["b2"]),
    }
    renamed = (parameters | no_bias).items()
    return {f"layer.{name.replace('attention', 'self_attn')}": tensor for name, tensor in renamed}


class _Layer(nn.Module):
    """``nn.TransformerEncoderLayer``."""

    def __init__(self, block: Block, at: Tensors, heads: int, epsilons: Mapping[str, float]) -> None:
        del block
        super().__init__()
        width, d = at["W1"].shape
        self.layer = nn.TransformerEncoderLayer(
            d,
            heads,
            width,
            dropout=0.0,
            activation=_tanh_gelu,
            batch_first=True,
            norm_first=False,
            dtype=at["W1"].dtype,
        )
        self.layer.norm1.eps, self.layer.norm2.eps = epsilons["ε₁"], epsilons["ε₂"]

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.layer(x.unsqueeze(0))
        return output[0]


class _Parts(nn.Module):
    """The block's parts one after the other."""

    def __init__(self, block: Block, at: Tensors, heads: int, epsilons: Mapping[str, float]) -> None:
        super().__init__()
        self.parts = tuple(block.parts)
        d, dtype = at["x"].shape[-1], at["x"].dtype
        if "attention" in self.parts:
            self.attention = nn.MultiheadAttention(d, heads, bias=False, batch_first=True, dtype=dtype)
        if "feed-forward" in self.parts:
            width = at["W1"].shape[0]
            self.linear1 = nn.Linear(d, width, dtype=dtype)
            self.linear2 = nn.Linear(width, d, dtype=dtype)
        for part in block.norms:
            epsilon = epsilons["ε₁" if part == "norm1" else "ε₂"]
            self.add_module(part, nn.LayerNorm(d, eps=epsilon, dtype=dtype))

    def forward(self, x: Tensor) -> Tensor:
        h = x
        for part in self.parts:
            if part == "attention":
                h = self.attention(*(h.unsqueeze(0),) * 3, need_weights=False)[0][0]
            elif part == "residual":
                h = x + h
            elif part == "feed-forward":
                h = h + self.linear2(_tanh_gelu(self.linear1(h)))
            else:
                h = self.get_submodule(part)(h)
        return h
