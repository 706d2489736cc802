"""Token ids and targets of PyTorch's modules choose, as arguments of the graph; what else they do is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from lean_bridge.capture.torch_export import from_torch
from lean_bridge.crosscheck.function import check_function
from lean_bridge.errors import NotCaptured

# PyTorch's own, where it traces
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


class NextToken(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.tokens = nn.Embedding(7, 4)
        self.positions = nn.Parameter(torch.randn(5, 4))
        self.head = nn.Linear(4, 7, bias=False)

    def forward(self, ids: Tensor, targets: Tensor) -> Tensor:
        x = self.tokens(ids) + self.positions[: ids.shape[0]]
        return functional.cross_entropy(self.head(torch.tanh(x)), targets)


def nll(x: Tensor, t: Tensor) -> Tensor:
    return functional.nll_loss(functional.log_softmax(x, -1), t)


def gathered(x: Tensor, t: Tensor) -> Tensor:
    return -x.log_softmax(-1).gather(1, t.unsqueeze(1)).mean()


def spelled(x: Tensor, t: Tensor) -> Tensor:
    return x.gather(1, t[:, None]).sum() * x[t[:, None]]


def flattened(x: Tensor, c: Tensor) -> Tensor:
    return 3.0 * functional.cross_entropy(x.reshape(-1, 4), c.reshape(-1))


def rows(x: Tensor, t: Tensor) -> Tensor:
    return x[t] * x[t.view(-1)].sum()


ROWS = {"x": {0: "n"}, "t": {0: "n"}}
BATCH = {"x": {0: "b", 1: "n"}, "c": {0: "b", 1: "n"}}
LIKE: Mapping[str, tuple[Any, Any, tuple[int, ...], tuple[int, ...], tuple[str, ...]]] = {
    "next token": (
        NextToken,
        {},
        (),
        (5,),
        ("ids: 5 whole numbers below 7", "targets: 5 whole numbers below 7"),
    ),
    "nll_loss": (nll, ROWS, (3, 4), (3,), ("t: n whole numbers below 4",)),
    "gather": (gathered, ROWS, (3, 4), (3,), ("t: n whole numbers below 4",)),
    "other spellings": (spelled, {}, (4, 4), (4,), ("t: 4 whole numbers below 4",)),
    "cross_entropy of a batch": (flattened, BATCH, (2, 3, 4), (2, 3), ("c: b×n whole numbers below 4",)),
    "cross_entropy of one": (
        functional.cross_entropy,
        {},
        (4,),
        (),
        ("target: scalar whole numbers below 4",),
    ),
    "rows": (rows, {"t": {0: "n"}, "x": {1: "d"}}, (3, 4), (2, 6), ("t: n×6 whole numbers below 3",)),
}


@pytest.mark.parametrize("case", LIKE)
def test_whole_numbers_are_arguments_below_what_they_choose_from(case: str) -> None:
    made, dynamic, shape, at, told = LIKE[case]
    torch.manual_seed(0)
    ids = torch.zeros(at, dtype=torch.int64)
    module, args = (made(), (ids, ids)) if isinstance(made, type) else (made, (torch.randn(shape), ids))
    captured = from_torch(module, args, dynamic, name="f")
    assert tuple(each.text for each in captured.model.arrays) == told
    for result in check_function(captured, captured.model, captured.outputs, captured.constants):
        assert result.outcome == "passed", result


def test_a_gradient_that_is_kept_sparse_is_the_same() -> None:
    captured = from_torch(nn.Embedding(7, 3, sparse=True), (torch.tensor([1, 2]),))
    assert [each.op for each in captured.model.nodes] == ["embedding"]


X, T = torch.randn(3, 3), torch.zeros(3, dtype=torch.int64)
LOSS = functional.cross_entropy
ONE_MEAN = "cross_entropy_loss: no certified op but with reduction='mean', without weight"
NONE: Mapping[str, tuple[Callable[..., Any], tuple[Tensor, ...]]] = {
    ONE_MEAN: (lambda x, t: LOSS(x, t, reduction="sum"), (X, T)),
    f"{ONE_MEAN}, and with an ignore_index below 0": (lambda x, t: LOSS(x, t, ignore_index=2), (X, T)),
    f"{ONE_MEAN},": (lambda x, t: LOSS(x, t, x[0]), (X, T)),
    "nll_loss_nd: no certified op but with reduction='mean'": (
        lambda x, t: functional.nll_loss(x, t, ignore_index=1),
        (X, T),
    ),
    "cross_entropy_loss: no certified op with label_smoothing": (
        lambda x, t: LOSS(x, t, label_smoothing=0.1),
        (X, T),
    ),
    "cross_entropy_loss: no certified op of 3 axes": (LOSS, (torch.randn(3, 4, 5), T[:, None].expand(3, 5))),
    "cross_entropy_loss: expected whole numbers below 3 that are a parameter": (LOSS, (X, torch.rand(3, 3))),
    "t: expected whole numbers that choose along axes of one length, .*, found none": (
        lambda x, t: x * t,
        (X, T),
    ),
    "t: expected whole numbers that .*, found 3 and 2": (
        lambda x, t: x[t].sum() + x[:, :2].T[t].sum(),
        (X, T),
    ),
    "index: no certified op but of one index, found 2": (lambda x, t: x[t] + x[:, t], (X, T)),
    "embedding: no certified op with padding_idx or scale_grad_by_freq": (
        lambda x, t: functional.embedding(t, x, padding_idx=1),
        (X, T),
    ),
    "writes to": (lambda x, t: functional.embedding(t, x, max_norm=1.0), (X, T)),
    "index: expected lengths that are polynomials": (lambda x, t: x[t], (X, T > 0)),
    r"gather: expected whole numbers of shape \(3, 1\), found \(3, 3\)": (
        lambda x, t: x.gather(1, t),
        (X, torch.zeros(3, 3, dtype=torch.int64)),
    ),
}


@pytest.mark.parametrize("told", NONE)
def test_what_whole_numbers_do_besides_is_told(told: str) -> None:
    function, args = NONE[told]
    with pytest.raises(NotCaptured, match=told):
        from_torch(function, args, name="f")
