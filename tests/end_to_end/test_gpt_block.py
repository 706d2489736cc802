"""The block of GPT-2 is PyTorch's pre-norm layer with a mask, and looks at nothing that it does not allow."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from lean_bridge import GELU_KAPPA
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.extract.compose import stack
from pybind_models import DGraph

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.lean

N, D, F = 5, 8, 16
EPSILONS = {"ε₁": 1e-5, "ε₂": 1e-3}
CAUSAL = np.tri(N, dtype=bool)


def block(graphs: dict[str, DGraph], heads: int, mask: np.ndarray[Any, Any], layers: int = 1) -> Any:
    graph = ExecutableGraph(stack(graphs["gptBlockGraph"], layers), allow_uncertified=True)
    bound = graph.bind(seqLen=N, dModel=D, numHeads=heads, headDim=D // heads, dFF=F)
    return bound.compile(κ=GELU_KAPPA, c=(D // heads) ** -0.5, mask=mask, **EPSILONS)


def layer(heads: int, given: dict[str, Any], mask: np.ndarray[Any, Any]) -> Any:
    gelu = partial(torch.nn.functional.gelu, approximate="tanh")
    made = torch.nn.TransformerEncoderLayer(
        D, heads, F, dropout=0.0, activation=gelu, batch_first=True, norm_first=True, dtype=torch.float64
    )
    made.norm1.eps, made.norm2.eps = EPSILONS.values()
    parameters = {
        "self_attn.in_proj_weight": torch.cat([given["Wq"], given["Wk"], given["Wv"]]),
        "self_attn.in_proj_bias": torch.cat([given["bq"], given["bk"], given["bv"]]),
        "self_attn.out_proj": ("Wo", "bo"),
        "norm1": ("γ₁", "β₁"),
        "norm2": ("γ₂", "β₂"),
        "linear1": ("W1", "b1"),
        "linear2": ("W2", "b2"),
    }
    for name in [name for name, value in parameters.items() if isinstance(value, tuple)]:
        weight, bias = parameters.pop(name)
        parameters |= {f"{name}.weight": given[weight], f"{name}.bias": given[bias]}
    options = {"src_mask": torch.tensor(~mask)}
    return torch.func.functional_call(made, parameters, given["x"].unsqueeze(0), options, strict=True)[0]


def agree(program: Any, seed_on: str, theirs: Callable[[dict[str, Any]], Any]) -> None:
    """Hold the last value and every gradient against PyTorch's, for a seed on it."""
    rng = np.random.default_rng(0)
    inputs = {entry.name: rng.normal(size=entry.shape) for entry in program.context}
    seed = rng.normal(size=(N, D))
    values, gradients = program.value_and_vjp(inputs, {seed_on: seed})
    leaves = {name: torch.tensor(array, requires_grad=True) for name, array in inputs.items()}
    y = theirs(leaves)
    y.backward(torch.tensor(seed))
    np.testing.assert_allclose(values[-1], y.detach().numpy(), rtol=1e-11, atol=1e-11)
    for found, leaf in zip(gradients, leaves.values(), strict=True):
        np.testing.assert_allclose(found, leaf.grad.numpy(), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("is_causal", [True, False])
@pytest.mark.parametrize("heads", [1, 2, 4])
def test_the_block_is_pytorch_s_pre_norm_layer(
    library_graphs: dict[str, DGraph], heads: int, is_causal: bool
) -> None:
    some = np.eye(N, dtype=bool) | (np.random.default_rng(heads).uniform(size=(N, N)) < 0.4)
    mask = CAUSAL if is_causal else some
    agree(block(library_graphs, heads, mask), "ffnResidual", lambda given: layer(heads, given, mask))


def test_blocks_on_top_of_one_another_are_pytorch_s_layers(library_graphs: dict[str, DGraph]) -> None:
    def theirs(given: dict[str, Any]) -> Any:
        upper = {name.removeprefix("2."): each for name, each in given.items() if name.startswith("2.")}
        return layer(2, upper | {"x": layer(2, given, CAUSAL)}, CAUSAL)

    agree(block(library_graphs, 2, CAUSAL, layers=2), "2.ffnResidual", theirs)


@pytest.mark.parametrize("heads", [1, 2])
def test_a_position_has_nothing_of_those_after_it(library_graphs: dict[str, DGraph], heads: int) -> None:
    """As ``gptBlockGraph_causal`` says; and no gradient reaches what is not looked at."""
    rng, program = np.random.default_rng(0), block(library_graphs, heads, CAUSAL)
    inputs = {entry.name: rng.normal(size=entry.shape) for entry in program.context}
    before = program.forward(inputs)[-1]
    later = inputs["x"].copy()
    later[3:] = rng.normal(size=later[3:].shape)
    after = program.forward(inputs | {"x": later})[-1]
    np.testing.assert_array_equal(before[:3], after[:3])
    assert np.abs(before[3:] - after[3:]).min() > 0
    seed = np.zeros((N, D))
    seed[2] = 1
    gradient = program.vjp(inputs, {"ffnResidual": seed})[0]
    np.testing.assert_array_equal(gradient[3:], 0)
    assert np.abs(gradient[:3]).min() > 0
