"""Attention with a mask and the embedding of tokens are PyTorch's, in values and in every gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lean_bridge.executor.graph import ExecutableGraph
from pybind_models import DGraph

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.lean


def leaf(array: np.ndarray[Any, Any]) -> Any:
    return torch.tensor(array, requires_grad=True)


def close(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected.detach().numpy(), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("is_causal", [True, False])
@pytest.mark.parametrize("heads", [1, 2, 4])
def test_attention_is_pytorch_s_scaled_dot_product_attention(
    library_graphs: dict[str, DGraph], heads: int, is_causal: bool
) -> None:
    rng = np.random.default_rng(heads)
    m, n, d, p = (5, 5, 3, 4) if is_causal else (3, 5, 2, 4)
    mask = np.tri(n, dtype=bool) if is_causal else rng.uniform(size=(m, n)) < 0.5
    mask[:, 0] = True
    graph = ExecutableGraph(library_graphs["maskedAttentionGraph"], allow_uncertified=True)
    program = graph.bind(h=heads, m=m, n=n, d=d, p=p).compile(c=d**-0.5, mask=mask)
    inputs = [rng.normal(size=shape) for shape in ((heads, m, d), (heads, n, d), (heads, n, p))]
    seed = rng.normal(size=(heads, m, p))
    values = program.forward(inputs)
    seeds = [*(np.zeros_like(each) for each in values[:-1]), seed]
    q, k, v = map(leaf, inputs)
    given = {"is_causal": True} if is_causal else {"attn_mask": torch.tensor(mask)}
    y = torch.nn.functional.scaled_dot_product_attention(q, k, v, **given)
    y.backward(torch.tensor(seed))
    close(values[-1], y)
    for found, tensor in zip(program.vjp(inputs, seeds), (q, k, v), strict=True):
        close(found, tensor.grad)


def test_embedding_counts_a_token_as_often_as_it_stands_there(library_graphs: dict[str, DGraph]) -> None:
    rng, ids = np.random.default_rng(0), np.array([3, 0, 3, 3, 6])
    graph = ExecutableGraph(library_graphs["embeddingDGraph"], allow_uncertified=True)
    program = graph.bind(v=7, n=5, d=4).compile(ids=ids)
    inputs = [rng.normal(size=shape) for shape in ((7, 4), (5, 4))]
    seed = rng.normal(size=(5, 4))
    values = program.forward(inputs)
    tokens, positions = map(leaf, inputs)
    y = torch.nn.functional.embedding(torch.tensor(ids), tokens) + positions
    y.backward(torch.tensor(seed))
    close(values[-1], y)
    found = program.vjp(inputs, [*(np.zeros_like(each) for each in values[:-1]), seed])
    for each, tensor in zip(found, (tokens, positions), strict=True):
        close(each, tensor.grad)
