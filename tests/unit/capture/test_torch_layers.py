"""Attention and encoder layers of PyTorch are captured for all lengths, as few ops."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from lean_bridge.capture.torch_export import from_torch
from lean_bridge.crosscheck.function import check_function

# PyTorch's own, where it traces
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")

VARY = {"src": {1: "n"}}


def encoder(**how: Any) -> nn.Module:
    """Return PyTorch's own encoder layer."""
    gelu = nn.GELU(approximate="tanh")
    return nn.TransformerEncoderLayer(4, 2, 3, activation=gelu, batch_first=True, **how).eval()


LAYERS: dict[str, tuple[Callable[[], Any], Sequence[Tensor], Mapping[str, Mapping[int, str]]]] = {
    "as it is": (
        lambda: nn.TransformerEncoderLayer(4, 2, 3, batch_first=True).eval(),
        (torch.ones(1, 5, 4),),
        VARY,
    ),
    "post-norm": (encoder, (torch.ones(1, 5, 4),), VARY),
    "pre-norm": (lambda: encoder(norm_first=True), (torch.ones(2, 5, 4),), VARY),
    "attention": (
        lambda: nn.MultiheadAttention(4, 2, batch_first=True),
        (torch.ones(2, 5, 4), torch.ones(2, 3, 4), torch.ones(2, 3, 4)),
        {"query": {1: "n"}, "key": {1: "m"}, "value": {1: "m"}},
    ),
    "of functions": (
        lambda: lambda q, k, v: functional.scaled_dot_product_attention(q, k, v),
        (torch.ones(2, 5, 4), torch.ones(2, 3, 4), torch.ones(2, 3, 4)),
        {"q": {1: "n"}, "k": {1: "m"}, "v": {1: "m"}},
    ),
}


@pytest.mark.parametrize(
    "case", [pytest.param(each, marks=[] if each == "of functions" else pytest.mark.full) for each in LAYERS]
)
def test_attention_and_layers_of_pytorch_are_captured_for_all_lengths(case: str) -> None:
    made, args, dynamic = LAYERS[case]
    captured = from_torch(made(), args, dynamic, name="g")
    assert set(captured.model.dims) == {name for axes in dynamic.values() for name in axes.values()}
    values, _ = check_function(captured.function, captured.model, captured.outputs, captured.constants)
    assert values.outcome == "passed"
    assert len(captured.model.nodes) <= MOST_OPS[case]


MOST_OPS = {"as it is": 43, "post-norm": 43, "pre-norm": 60, "attention": 47, "of functions": 12}
"""Lean has to check every one: what PyTorch moves there and back is none."""
