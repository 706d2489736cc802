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
    "huberGraph": ({"n": 4, "d": 7}, {"δ": 0.7}, lambda y, target: F.huber_loss(y, target, delta=0.7)),
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


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_small_binary_cross_entropy_keeps_its_digits(
    library_graphs: dict[str, DGraph], dtype: type[np.floating[Any]]
) -> None:
    """Where a target is 0 or 1 and the logit says so: the loss is exp(-|x|), and its gradient as small."""
    ours = ExecutableGraph(library_graphs["binaryCrossEntropyDGraph"], allow_uncertified=True)
    logits = np.array([[30.0, -30.0, 80.0, -12.0]])
    target = np.array([[1.0, 0.0, 1.0, 0.0]])
    program = ours.bind(n=1, d=4).compile()
    inputs = [logits.astype(dtype), target.astype(dtype)]
    (losses,), (gradient, _) = program.value_and_vjp(inputs, {"loss": np.ones((), dtype)}, outputs=["losses"])
    small = np.exp(-np.abs(logits))
    np.testing.assert_allclose(losses, np.log1p(small), rtol=4 * float(np.finfo(dtype).eps))
    expected = np.where(target > 0, -1, 1) * small / (1 + small) / 4
    np.testing.assert_allclose(gradient, expected, rtol=8 * float(np.finfo(dtype).eps))


def test_of_a_small_cross_entropy_few_digits_are_right(library_graphs: dict[str, DGraph]) -> None:
    """As docs/numerics.md says; PyTorch has no more."""
    graph = ExecutableGraph(library_graphs["crossEntropyDGraph"], allow_uncertified=True)
    program = graph.bind(n=1, v=3).compile(targets=np.array([0]))
    true, logits = float(np.log1p(2 * np.exp(-30.0))), np.array([[30.0, 0.0, 0.0]])
    off = {}
    for dtype in (np.float64, np.float32):
        given = logits.astype(dtype)
        theirs = F.cross_entropy(torch.from_numpy(given), torch.tensor([0])).item()
        ours = float(program.forward([given])[-1])
        off[dtype] = abs(ours - true) / true
        assert abs(theirs - true) >= abs(ours - true)
    assert 1e-4 < off[np.float64] < 1e-2
    assert off[np.float32] == 1
