"""A multilayer perceptron with its mean squared error, by PyTorch's functions. Imports PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from torch.nn import functional

from lean_bridge.crosscheck.torch_block import leaves_of, pulled
from lean_bridge.executor.arrays.scalars import Array

FUNCTIONS: Final = "F.linear, F.tanh and F.mse_loss"


def run(inputs: Mapping[str, Array], seed: Array) -> list[Array]:
    """Return the loss, and the gradient of each input for a seed on it."""
    leaves = leaves_of(inputs)
    hidden = functional.linear(leaves["x"], leaves["W1"], leaves["b1"])
    output = functional.linear(functional.tanh(hidden), leaves["W2"], leaves["b2"])
    return pulled(functional.mse_loss(output, leaves["target"]), leaves, seed)
