"""Attention to another sequence is PyTorch's, and looks at nothing that is masked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lean_bridge.executor.graph import ExecutableGraph
from pybind_models import DGraph

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.lean

N, S, D, K = 5, 7, 8, 6


def compiled(graphs: dict[str, DGraph], heads: int, mask: np.ndarray[Any, Any], features: int = K) -> Any:
    graph = ExecutableGraph(graphs["crossAttentionGraph"], allow_uncertified=True)
    sizes = {"dModel": D, "memDim": features, "numHeads": heads, "headDim": D // heads}
    n, s = mask.shape
    return graph.bind(seqLen=n, memLen=s, **sizes).compile(c=(D // heads) ** -0.5, mask=mask)


def theirs(heads: int, given: dict[str, Any], mask: np.ndarray[Any, Any]) -> Any:
    made = torch.nn.MultiheadAttention(D, heads, kdim=K, vdim=K, batch_first=True, dtype=torch.float64)
    parameters = {f"{each}_proj_weight": given[f"W{each}"] for each in "qkv"}
    parameters["in_proj_bias"] = torch.cat([given[f"b{each}"] for each in "qkv"])
    parameters |= {"out_proj.weight": given["Wo"], "out_proj.bias": given["bo"]}
    memory = given["memory"].unsqueeze(0)
    inputs = given["x"].unsqueeze(0), memory, memory
    options = {"attn_mask": torch.tensor(~mask), "need_weights": False}
    return torch.func.functional_call(made, parameters, inputs, options, strict=True)[0][0]


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_it_is_pytorch_s_in_output_and_every_gradient(library_graphs: dict[str, DGraph], heads: int) -> None:
    rng = np.random.default_rng(heads)
    mask = np.eye(N, S, dtype=bool) | (rng.uniform(size=(N, S)) < 0.4)
    program = compiled(library_graphs, heads, mask)
    inputs = {entry.name: rng.normal(size=entry.shape) for entry in program.context}
    seed = rng.normal(size=(N, D))
    values, gradients = program.value_and_vjp(inputs, {"attention": seed})
    leaves = {name: torch.tensor(array, requires_grad=True) for name, array in inputs.items()}
    y = theirs(heads, leaves, mask)
    y.backward(torch.tensor(seed))
    np.testing.assert_allclose(values[-1], y.detach().numpy(), rtol=1e-11, atol=1e-11)
    for found, leaf in zip(gradients, leaves.values(), strict=True):
        np.testing.assert_allclose(found, leaf.grad.numpy(), rtol=1e-11, atol=1e-11)


def test_a_position_has_nothing_of_what_is_masked(library_graphs: dict[str, DGraph]) -> None:
    """As ``crossAttentionGraph_output_congr`` says; and no gradient reaches what is not looked at."""
    rng, program = np.random.default_rng(0), compiled(library_graphs, 2, np.tri(N, S, dtype=bool))
    inputs = {entry.name: rng.normal(size=entry.shape) for entry in program.context}
    memory = inputs["memory"].copy()
    memory[3:] = rng.normal(size=memory[3:].shape)
    before, after = (program.forward(inputs | {"memory": each})[-1] for each in (inputs["memory"], memory))
    np.testing.assert_array_equal(before[:3], after[:3])
    assert np.abs(before[3:] - after[3:]).min() > 0
    seed = np.zeros((N, D))
    seed[2] = 1
    gradient = program.vjp(inputs, {"attention": seed})[1]
    np.testing.assert_array_equal(gradient[3:], 0)
    assert np.abs(gradient[:3]).min() > 0
