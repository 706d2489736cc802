"""A block of Llama as people write it is captured: root mean squares, heads that share keys, and SiLU."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from lean_bridge.capture.torch_export import CapturedModule, from_torch
from lean_bridge.crosscheck.function import check_function
from lean_bridge.errors import NotCaptured
from tests.tiers import one_in

# PyTorch's own, where it traces
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")

VARY = {"x": {0: "b", 1: "n"}, "cos": {0: "n"}, "sin": {0: "n"}}
HEADS = {"q": {0: "b", 2: "n"}, "k": {0: "b", 2: "m"}, "v": {0: "b", 2: "m"}}


def is_itself(captured: CapturedModule) -> None:
    """Hold a graph to what it was captured from."""
    for result in check_function(
        captured.function, captured.model, captured.outputs, captured.constants, data=captured.data
    ):
        assert result.outcome == "passed", result


class Block(nn.Module):
    """Four heads, two of keys and values."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.RMSNorm(8, eps=1e-5), nn.RMSNorm(8, eps=1e-6)
        self.q, self.k, self.v = (nn.Linear(8, each, bias=False) for each in (8, 4, 4))
        self.out, self.down = nn.Linear(8, 8, bias=False), nn.Linear(12, 8, bias=False)
        self.gate, self.up = (nn.Linear(8, 12, bias=False) for _ in range(2))

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        def turned(each: Tensor) -> Tensor:
            first, second = each.chunk(2, dim=-1)
            return each * cos + torch.cat((-second, first), dim=-1) * sin

        y = self.norm1(x)
        q, k, v = (each.unflatten(-1, (-1, 2)).transpose(1, 2) for each in (self.q(y), self.k(y), self.v(y)))
        mixed = functional.scaled_dot_product_attention(
            turned(q), turned(k), v, is_causal=True, enable_gqa=True
        )
        x = x + self.out(mixed.transpose(1, 2).flatten(2))
        y = self.norm2(x)
        made: Tensor = x + self.down(functional.silu(self.gate(y)) * self.up(y))
        return made


def test_a_block_of_llama_is_captured_for_all_lengths() -> None:
    captured = from_torch(Block().eval(), (torch.randn(2, 5, 8), torch.randn(5, 2), torch.randn(5, 2)), VARY)
    assert captured.model.dims == ("b", "n")
    assert {"eps": 1e-5, "eps2": 1e-6}.items() <= captured.constants.items()
    ops = Counter(node.op for node in captured.model.nodes)
    assert (ops["rmsNorm"], ops["silu"], ops["maskedSoftmax"], ops["bmatmul"]) == (2, 1, 1, 2)
    is_itself(captured)


def attention(**how: Any) -> Callable[..., Tensor]:
    return lambda q, k, v: functional.scaled_dot_product_attention(q, k, v, enable_gqa=True, **how)


@pytest.mark.parametrize("few", one_in(3, [2, 1, 4]))
def test_heads_share_keys_and_values_and_nothing_is_repeated(few: int) -> None:
    arrays = torch.randn(2, 4, 5, 3), torch.randn(2, few, 6, 3), torch.randn(2, few, 6, 2)
    captured = from_torch(attention(), arrays, HEADS, name="g")
    assert "expandAxis" not in {node.op for node in captured.model.nodes}
    is_itself(captured)


def test_any_number_of_heads_shares_one() -> None:
    arrays = torch.randn(4, 5, 3), torch.randn(1, 6, 3), torch.randn(1, 6, 2)
    captured = from_torch(attention(), arrays, {"q": {0: "h"}}, name="g")
    assert captured.model.dims == ("h",)
    is_itself(captured)


class Normed(nn.Module):
    """Root mean squares along two axes, and along one of them."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.last = nn.RMSNorm((2, 3), eps=1e-3), nn.RMSNorm(3, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.last(torch.tanh(self.norm(x)))
        return made


def test_root_mean_squares_are_an_op_with_their_epsilon_as_a_scalar() -> None:
    captured = from_torch(Normed(), (torch.randn(4, 2, 3),), {"x": {0: "n"}})
    assert captured.constants == {"eps": 1e-3, "eps2": 1e-6}
    norms = [node for node in captured.model.nodes if node.op == "rmsNorm"]
    assert [tuple(map(str, node.shape)) for node in norms] == [("n", "6"), ("2*n", "3")]
    is_itself(captured)


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (lambda: nn.RMSNorm(3), "rms_norm: no certified op but with weight and eps; nearest: nn.RMSNorm"),
        (lambda: nn.RMSNorm(3, eps=0.0), "rms_norm: no certified op but with eps > 0, found 0.0"),
        (
            lambda: nn.RMSNorm(3, eps=1e-5, elementwise_affine=False),
            "rms_norm: no certified op but with weight and eps",
        ),
    ],
)
def test_root_mean_squares_without_what_the_theorem_needs_are_refused(
    made: Callable[[], nn.Module], told: str
) -> None:
    with pytest.raises(NotCaptured, match=f"^RMSNorm: {told}"):
        from_torch(made(), (torch.ones(4, 3),), {"x": {0: "n"}})
