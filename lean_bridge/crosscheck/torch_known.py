"""Graphs that are compared as wholes, by PyTorch's functions. Imports PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from torch import Tensor
from torch.nn import functional

from lean_bridge.crosscheck.known import PERCEPTRON, RMS_NORM, Known
from lean_bridge.crosscheck.torch_block import Tensors, leaves_of, pulled
from lean_bridge.executor.arrays.scalars import Array


def _perceptron(given: Tensors) -> Tensor:
    hidden = functional.linear(given["x"], given["W1"], given["b1"])
    output = functional.linear(functional.tanh(hidden), given["W2"], given["b2"])
    return functional.mse_loss(output, given["target"])


def _rms_norm(given: Tensors) -> Tensor:
    weight = given["γ"]
    return functional.rms_norm(given["x"], tuple(weight.shape), weight, RMS_NORM.scalars["ε"])


class Theirs(NamedTuple):
    """What a known graph shall compute."""

    functions: str
    """What it is made of, as people call it."""
    output: Callable[[Tensors], Tensor]


_THEIRS: Final = (
    (PERCEPTRON, Theirs("F.linear, F.tanh and F.mse_loss", _perceptron)),
    (RMS_NORM, Theirs("F.rms_norm", _rms_norm)),
)


def theirs(known: Known) -> Theirs:
    """Return what PyTorch has for a known graph."""
    return next(each for graph, each in _THEIRS if graph is known)


def run(known: Known, inputs: Mapping[str, Array], seed: Array) -> list[Array]:
    """Return the output, and the gradient of each input for a seed on it."""
    leaves = leaves_of(inputs)
    return pulled(theirs(known).output(leaves), leaves, seed)
