"""The block of Llama is PyTorch's functions put together, and looks at nothing that is masked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.extract.compose import stack
from pybind_models import DGraph

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.lean

N, D, F = 5, 8, 12
EPSILONS = {"ε₁": 1e-5, "ε₂": 1e-3}
CAUSAL = np.tri(N, dtype=bool)


def block(graphs: dict[str, DGraph], kv_heads: int, groups: int, mask: np.ndarray[Any, Any]) -> Any:
    graph = ExecutableGraph(graphs["llamaBlockGraph"], allow_uncertified=True)
    half = D // (2 * kv_heads * groups)
    sizes = {"kvHeads": kv_heads, "groups": groups, "halfDim": half}
    bound = graph.bind(seqLen=N, dModel=D, dFF=F, **sizes)
    return bound.compile(c=(2 * half) ** -0.5, mask=mask, **EPSILONS)


def draw(program: Any) -> dict[str, Any]:
    """Return random inputs, of which the tables are those of Llama: base 10,000, and angles by positions."""
    rng = np.random.default_rng(0)
    inputs = {entry.name: rng.normal(size=entry.shape) for entry in program.context}
    half = inputs["cos"].shape[1]
    angles = np.outer(np.arange(N), 10_000.0 ** (-np.arange(half) / half))
    return inputs | {"cos": np.cos(angles), "sin": np.sin(angles)}


def rotate_half(x: Any) -> Any:
    first, second = x.chunk(2, dim=-1)
    return torch.cat((-second, first), dim=-1)


def theirs(given: dict[str, Any], groups: int, mask: np.ndarray[Any, Any]) -> Any:
    """Return the block as Hugging Face's decoder layer has it: keys and values are repeated."""
    functional = torch.nn.functional
    width = 2 * given["cos"].shape[1]
    cos, sin = (torch.cat((given[name], given[name]), dim=-1) for name in ("cos", "sin"))

    def split(each: str) -> Any:
        return functional.linear(normal, given[each].T).view(N, -1, width).transpose(0, 1)

    x = given["x"]
    normal = functional.rms_norm(x, (D,), given["γ₁"], EPSILONS["ε₁"])
    q, k, v = (split(each) for each in ("Wq", "Wk", "Wv"))
    q, k = (each * cos + rotate_half(each) * sin for each in (q, k))
    k, v = (each.repeat_interleave(groups, dim=0) for each in (k, v))
    scores = (q @ k.transpose(1, 2) * width**-0.5).masked_fill(torch.tensor(~mask), -torch.inf)
    attended = (scores.softmax(dim=-1) @ v).transpose(0, 1).reshape(N, -1)
    x = x + functional.linear(attended, given["Wo"].T)
    normal = functional.rms_norm(x, (D,), given["γ₂"], EPSILONS["ε₂"])
    gate, up = (functional.linear(normal, given[each].T) for each in ("Wgate", "Wup"))
    return x + functional.linear(functional.silu(gate) * up, given["Wdown"].T)


@pytest.mark.parametrize("is_causal", [True, False])
@pytest.mark.parametrize(("kv_heads", "groups"), [(1, 1), (1, 2), (2, 1), (2, 2), (1, 4)])
def test_the_block_is_llama_s_in_output_and_every_gradient(
    library_graphs: dict[str, DGraph], kv_heads: int, groups: int, is_causal: bool
) -> None:
    some = np.eye(N, dtype=bool) | (np.random.default_rng(groups).uniform(size=(N, N)) < 0.4)
    mask = CAUSAL if is_causal else some
    program = block(library_graphs, kv_heads, groups, mask)
    inputs = draw(program)
    seed = np.random.default_rng(1).normal(size=(N, D))
    values, gradients = program.value_and_vjp(inputs, {"ffnResidual": seed})
    leaves = {name: torch.tensor(array, requires_grad=True) for name, array in inputs.items()}
    y = theirs(leaves, groups, mask)
    y.backward(torch.tensor(seed))
    np.testing.assert_allclose(values[-1], y.detach().numpy(), rtol=1e-11, atol=1e-11)
    for found, leaf in zip(gradients, leaves.values(), strict=True):
        np.testing.assert_allclose(found, leaf.grad.numpy(), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("groups", [1, 2])
def test_a_position_has_nothing_of_those_after_it(library_graphs: dict[str, DGraph], groups: int) -> None:
    """As ``llamaBlockGraph_causal`` says; and no gradient reaches what is not looked at."""
    program = block(library_graphs, 2, groups, CAUSAL)
    inputs = draw(program)
    before = program.forward(inputs)[-1]
    later = inputs["x"].copy()
    later[3:] = np.random.default_rng(2).normal(size=later[3:].shape)
    after = program.forward(inputs | {"x": later})[-1]
    np.testing.assert_array_equal(before[:3], after[:3])
    assert np.abs(before[3:] - after[3:]).min() > 0
    seed = np.zeros((N, D))
    seed[2] = 1
    gradient = program.vjp(inputs, {"ffnResidual": seed})[0]
    np.testing.assert_array_equal(gradient[3:], 0)
    assert np.abs(gradient[:3]).min() > 0


def test_scores_are_the_same_at_positions_as_far_from_one_another(library_graphs: dict[str, DGraph]) -> None:
    """As ``score_rotate_congr`` says of tables by angles that are multiples of positions."""
    program = block(library_graphs, 1, 2, CAUSAL)
    inputs = draw(program)
    inputs["x"] = np.tile(inputs["x"][:1], (N, 1))
    at = [entry.name for entry in program.entries].index("scores")
    scores = program.forward(inputs)[at].reshape(2, N, N)
    for far in range(1 - N, N):
        diagonal = np.diagonal(scores, far, axis1=1, axis2=2)
        np.testing.assert_allclose(diagonal, diagonal[:, :1].repeat(N - abs(far), axis=1), rtol=1e-12)
    assert np.ptp(scores[0, :, 0]) > 1e-3


def test_blocks_on_top_of_one_another_are_llama_s(library_graphs: dict[str, DGraph]) -> None:
    graph = ExecutableGraph(stack(library_graphs["llamaBlockGraph"], 2), allow_uncertified=True)
    bound = graph.bind(seqLen=N, dModel=D, dFF=F, kvHeads=1, groups=2, halfDim=2)
    program = bound.compile(c=0.5, mask=CAUSAL, **EPSILONS)
    rng = np.random.default_rng(0)
    inputs = {entry.name: rng.normal(size=entry.shape) for entry in program.context}
    given = {name: torch.tensor(array) for name, array in inputs.items()}
    upper = {name.removeprefix("2."): each for name, each in given.items() if name.startswith("2.")}
    expected = theirs(upper | {"x": theirs(given, 2, CAUSAL)}, 2, CAUSAL)
    np.testing.assert_allclose(program.forward(inputs)[-1], expected.numpy(), rtol=1e-11, atol=1e-11)
