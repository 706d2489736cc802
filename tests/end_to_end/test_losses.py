"""Losses are PyTorch's, in values and in every gradient, also of logits at which an exponential overflows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lean_bridge.executor.graph import ExecutableGraph
from pybind_models import DGraph

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.lean

F = torch.nn.functional
TARGETS = np.array([3, 0, 3, 6])

LOSSES: dict[str, tuple[dict[str, int], dict[str, Any], Callable[..., Any]]] = {
    "crossEntropyDGraph": (
        {"n": 4, "v": 7},
        {"targets": TARGETS},
        lambda x: F.cross_entropy(x, torch.tensor(TARGETS)),
    ),
    "mseDGraph": ({"n": 4, "d": 7}, {}, F.mse_loss),
    "binaryCrossEntropyDGraph": ({"n": 4, "d": 7}, {}, F.binary_cross_entropy_with_logits),
}


def program(graphs: dict[str, DGraph], name: str) -> Any:
    sizes, arguments, _ = LOSSES[name]
    return ExecutableGraph(graphs[name], allow_uncertified=True).bind(**sizes).compile(**arguments)


@pytest.mark.parametrize("size", [1.0, 1e3])
@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_pytorchs(library_graphs: dict[str, DGraph], name: str, size: float) -> None:
    ours, rng = program(library_graphs, name), np.random.default_rng(0)
    inputs = [rng.normal(size=entry.shape) for entry in ours.context]
    inputs[0] *= size
    value, gradients = ours.value_and_vjp(inputs, {"loss": np.ones(())})
    leaves = [torch.tensor(each, requires_grad=True) for each in inputs]
    theirs = LOSSES[name][2](*leaves)
    theirs.backward()
    np.testing.assert_allclose(value[-1], theirs.item(), rtol=1e-14)
    for found, leaf in zip(gradients, leaves, strict=True):
        np.testing.assert_allclose(found, leaf.grad.numpy(), rtol=1e-12, atol=1e-15)
