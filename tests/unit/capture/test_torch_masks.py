"""Masks of PyTorch's attention are truth values of the graph, and never numbers that are −∞."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
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

N = 4
NONE = -math.inf


class Gpt(nn.Module):
    """A language model as people write it: one matrix for queries, keys and values, a buffer for the mask."""

    def __init__(
        self, layers: int = 1, tokens: int = 7, width: int = 4, heads: int = 2, most: int = 16
    ) -> None:
        super().__init__()
        self.wte, self.wpe = nn.Embedding(tokens, width), nn.Embedding(most, width)
        self.h = nn.ModuleList(Block(width, heads, most) for _ in range(layers))
        self.ln_f = nn.LayerNorm(width)
        self.lm_head = nn.Linear(width, tokens, bias=False)
        self.wte.weight = self.lm_head.weight

    def forward(self, ids: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        _, n = ids.size()
        x = self.wte(ids) + self.wpe(torch.arange(0, n, dtype=torch.long))
        for block in self.h:
            x = block(x)
        logits = self.lm_head(self.ln_f(x))
        loss = functional.cross_entropy(logits.view(-1, logits.size(-1)), targets.view(-1), ignore_index=-1)
        return logits, loss


class Block(nn.Module):
    def __init__(self, width: int, heads: int, most: int) -> None:
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.c_attn, self.c_proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.c_fc, self.c_out = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.dropout = nn.Dropout(0.1)
        self.register_buffer("bias", torch.tril(torch.ones(most, most)).view(1, 1, most, most))

    def attention(self, x: Tensor) -> Tensor:
        b, n, c = x.size()
        q, k, v = (
            each.view(b, n, self.heads, c // self.heads).transpose(1, 2)
            for each in self.c_attn(x).split(c, dim=2)
        )
        scores = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
        bias = self.get_buffer("bias")
        scores = scores.masked_fill(bias[:, :, :n, :n] == 0, float("-inf"))
        mixed = self.dropout(functional.softmax(scores, dim=-1)) @ v
        done: Tensor = self.c_proj(mixed.transpose(1, 2).contiguous().view(b, n, c))
        return done

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.ln_1(x))
        gelu = functional.gelu(self.c_fc(self.ln_2(x)), approximate="tanh")
        done: Tensor = x + self.dropout(self.c_out(gelu))
        return done


def is_itself(captured: CapturedModule) -> None:
    """Hold a graph to what it was captured from."""
    for result in check_function(
        captured, captured.model, captured.outputs, captured.constants, data=captured.data
    ):
        assert result.outcome == "passed", result


IDS = torch.zeros(1, N, dtype=torch.int64)
ALL_LENGTHS = {each: {1: "n"} for each in ("ids", "targets")}


@pytest.mark.parametrize(
    ("dynamic", "layers"),
    [
        pytest.param({}, 2, id="of one length", marks=pytest.mark.full),
        pytest.param(ALL_LENGTHS, 1, id="of all lengths"),
        pytest.param(ALL_LENGTHS, 2, id="two layers of all lengths", marks=pytest.mark.full),
    ],
)
def test_a_gpt_written_by_hand_is_captured(dynamic: Mapping[str, Mapping[int, str]], layers: int) -> None:
    torch.manual_seed(0)
    captured = from_torch(Gpt(layers=layers).eval(), (IDS, IDS), dynamic)
    n = "n" if dynamic else str(N)
    assert [each.text for each in captured.model.arrays] == [
        f"ids: 1×{n} whole numbers below 7",
        f"targets: 1×{n} whole numbers below 7",
        f"index: {n} whole numbers below 16",
        f"mask: {n}×{n} truth values",
    ]
    assert captured.made == ("index", "mask")
    data = captured.data(**({"n": 3} if dynamic else {}))
    count = 3 if dynamic else N
    np.testing.assert_array_equal(data["index"], np.arange(count))
    np.testing.assert_array_equal(data["mask"], np.tri(count, dtype=bool))
    # the buffer of the mask is no input
    assert not {entry.name for entry in captured.model.context} & {"h.0.bias", "h.1.bias"}
    is_itself(captured)


def attend(**how: Any) -> Callable[[Tensor], Tensor]:
    return lambda x: functional.scaled_dot_product_attention(x, x, x, **how)


def filled(mask: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Return a softmax of products where -∞ stands for what a mask forbids."""
    return lambda x: (x @ x.mT).masked_fill(mask(x), NONE).softmax(-1)


class Buffered(nn.Module):
    """Attention with a buffer as its mask, of truth values or of what is added."""

    def __init__(self, mask: Tensor) -> None:
        super().__init__()
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        n = x.shape[-2]
        return functional.scaled_dot_product_attention(x, x, x, attn_mask=self.get_buffer("mask")[:n, :n])


def layer() -> nn.Module:
    return nn.TransformerEncoderLayer(4, 2, 3, batch_first=True, activation=nn.SiLU()).eval()


class Encoder(nn.Module):
    """PyTorch's layer with the mask that it makes itself, and with the one that is told to be causal."""

    def __init__(self, is_causal: bool | None = None) -> None:
        super().__init__()
        self.layer, self.is_causal = layer(), is_causal

    def forward(self, src: Tensor) -> Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(src.shape[1], dtype=src.dtype)
        done: Tensor = self.layer(src, src_mask=mask, is_causal=bool(self.is_causal))
        return done


BEFORE = torch.ones(9, 9).tril().bool()
X = torch.randn(2, N, 4)
MADE: Mapping[str, Any] = {
    "is_causal": attend(is_causal=True),
    "is_causal and a scale": attend(is_causal=True, scale=0.3),
    "a buffer of truth values": Buffered(BEFORE),
    "a buffer that is added": Buffered(torch.zeros(9, 9).masked_fill(~BEFORE, NONE)),
    "what is above the diagonal": filled(lambda x: torch.ones(x.shape[1], x.shape[1]).triu(1).bool()),
    "comparison of positions": filled(
        lambda x: torch.arange(x.shape[1])[:, None] < torch.arange(x.shape[1])[None, :]
    ),
    "the other way round": filled(
        lambda x: ~torch.tril(torch.ones(x.shape[1], x.shape[1], dtype=torch.bool))
    ),
    "where": lambda x: torch.where(
        torch.ones(x.shape[1], x.shape[1]).tril() > 0, x @ x.mT, torch.tensor(NONE)
    ).softmax(-1),
    "a causal encoder": Encoder(is_causal=True),
    "added": lambda x: (x @ x.mT + torch.full((x.shape[1], x.shape[1]), NONE).triu(1)).softmax(-1),
    "an encoder": Encoder(),
}


@pytest.mark.parametrize(("case", "varies"), one_in(3, [(each, at) for at in (True, False) for each in MADE]))
def test_a_mask_that_the_code_makes_is_a_parameter_of_which_it_is_known_what_it_is(
    case: str, varies: bool
) -> None:
    made = MADE[case]
    argument = "src" if "encoder" in case else "x"
    captured = from_torch(made, (X,), {argument: {1: "n"}} if varies else {}, name="f")
    assert captured.made == ("mask",)
    assert [each.below for each in captured.model.arrays] == [None]
    assert [node.op for node in captured.model.nodes].count("maskedSoftmax") == 1
    assert not set(captured.constants.values()) & {NONE}
    sizes = {"n": 3} if varies else {}
    np.testing.assert_array_equal(captured.data(**sizes)["mask"], np.tri(3 if varies else N, dtype=bool))
    is_itself(captured)


def either(x: Tensor, m: Tensor) -> Tensor:
    return functional.scaled_dot_product_attention(x, x, x, attn_mask=m)


GIVEN: Mapping[str, Any] = {
    "attn_mask": either,
    "masked_fill of the rest": lambda x, m: (x @ x.mT).masked_fill(~m, NONE).softmax(-1),
    "masked_fill where it is 0": lambda x, m: (x @ x.mT).masked_fill(m == 0, NONE).softmax(-1),
    "where": lambda x, m: torch.where(m[None], x @ x.mT, NONE).softmax(-1),
}


class Masked(nn.Module):
    """PyTorch's layer, whose masks are true where nothing is allowed, with one that allows."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = layer()

    def forward(self, x: Tensor, m: Tensor) -> Tensor:
        done: Tensor = self.layer(x, src_mask=~m)
        return done


@pytest.mark.parametrize("case", [*GIVEN, pytest.param("an encoder", marks=pytest.mark.full)])
def test_a_mask_that_is_an_argument_is_one_of_the_graph(case: str) -> None:
    made = GIVEN.get(case) or Masked()
    mask = torch.ones(N, N, dtype=torch.bool)
    captured = from_torch(made, (X, mask), {"x": {1: "n"}, "m": {0: "n", 1: "n"}}, name="f")
    assert [each.text for each in captured.model.arrays] == ["m: n×n truth values"]
    assert captured.made == ()
    is_itself(captured)


def test_a_mask_of_real_numbers_that_is_an_argument_is_added_as_they_are() -> None:
    captured = from_torch(either, (X, torch.randn(N, N)), {}, name="f")
    assert [entry.name for entry in captured.model.context] == ["x", "m"]
    is_itself(captured)


M = torch.ones(N, N, dtype=torch.bool)
TOLD: Mapping[str, tuple[Callable[..., Any], tuple[Tensor, ...]]] = {
    "softmax: no certified op of a mask that forbids where it is true, found .*m: 4×4 truth values": (
        lambda x, m: (x @ x.mT).masked_fill(m, NONE).softmax(-1),
        (X, M),
    ),
    "where: no certified op": (lambda x, m: (x @ x.mT).masked_fill(~m, -1e9).softmax(-1), (X, M)),
    "exp: expected an array, found numbers of which some are -inf": (
        lambda x, m: (x @ x.mT).masked_fill(~m, NONE).exp(),
        (X, M),
    ),
    "softmax: no certified op with a mask but along the last axis": (
        lambda x, m: (x @ x.mT).masked_fill(~m, NONE).softmax(-2),
        (X, M),
    ),
    "scaled_dot_product_attention: no certified op with dropout_p": (
        lambda x, m: functional.scaled_dot_product_attention(x, x, x, attn_mask=m, dropout_p=0.5),
        (X, M),
    ),
    "mul: expected an array, found numbers that the code makes itself": (
        lambda x: x * torch.ones(4),
        (X,),
    ),
    "expected to return tensors of floats alone": (
        lambda x, m: (x @ x.mT).masked_fill(~m, NONE),
        (X, M),
    ),
}


@pytest.mark.parametrize("told", TOLD)
def test_what_else_is_done_with_masks_is_told(told: str) -> None:
    function, args = TOLD[told]
    with pytest.raises(NotCaptured, match=told):
        from_torch(function, args, name="f")


def test_a_mask_that_is_another_at_every_call_is_none() -> None:
    def noisy(x: Tensor) -> Tensor:
        return (x @ x.mT).masked_fill(torch.rand(N, N) > 0.5, NONE).softmax(-1)

    with pytest.raises(NotCaptured, match="rand: no certified op"):
        from_torch(noisy, (X,))


def test_a_length_beyond_a_buffer_has_to_be_refused_by_the_module() -> None:
    class Grows(Buffered):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x) if x.shape[-2] <= len(BEFORE) else x

    with pytest.raises(NotCaptured, match="for n up to 9 alone, and it takes more"):
        from_torch(Grows(BEFORE), (X,), {"x": {1: "n"}})
