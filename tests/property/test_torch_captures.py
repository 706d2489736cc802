"""Modules of PyTorch drawn at random: what is captured of them has PyTorch's values and all its gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from lean_bridge.capture.torch_export import from_torch
from lean_bridge.executor.rules.table import PRIMITIVES

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")

ROWS, WIDTH = 3, 4
"""Of every value: what changes the shape is followed by what changes it back."""
OPS: Final[tuple[Callable[[Tensor, Tensor], Tensor], ...]] = (
    lambda a, _: torch.tanh(a),
    lambda a, _: functional.silu(a),
    lambda a, _: functional.softplus(a),
    lambda a, _: functional.logsigmoid(a),
    lambda a, _: functional.log_softmax(a, 0),
    lambda a, _: functional.softmax(a, -1),
    lambda a, _: a - torch.logsumexp(a, 1, keepdim=True),
    lambda a, _: functional.gelu(a, approximate="tanh"),
    lambda a, _: a[:, 2:] @ a[:, :2].T @ a,
    lambda a, _: torch.cat([-a[:, 2:], a[:, :2]], -1),
    lambda a, b: torch.cat([a, b])[-ROWS:],
    lambda a, b: torch.stack([a, b], 1).sum(1),
    lambda a, b: torch.stack([a, b], -1).flatten(1)[:, 2:6],
    lambda a, _: a[1].expand(ROWS, WIDTH) * 0.5,
    lambda a, b: a[:, :1] * b,
    lambda a, _: torch.mul(*a.chunk(2, -1)).unsqueeze(-1).expand(-1, -1, 2).reshape(ROWS, WIDTH),
    lambda a, _: torch.cat(torch.split(a, [1, 3], 1)[::-1], 1),
    lambda a, b: torch.einsum("nd,nd->n", a, b).unsqueeze(1) + b,
    lambda a, b: a * b,
    lambda a, b: 2.5 - a + b,
    lambda a, _: a.reshape(ROWS, 2, 2).transpose(1, 2).flatten(1),
)


class Drawn(nn.Module):
    """Six random ops, each of values before it, among layers."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.rng = np.random.default_rng(seed)
        self.first, self.last = nn.Linear(2, WIDTH), nn.Linear(WIDTH, WIDTH, bias=bool(seed % 2))
        count = len(OPS)
        self.steps = [[int(self.rng.integers(each)) for each in (count, k, k)] for k in range(1, 7)]

    def forward(self, x: Tensor) -> tuple[Any, ...]:
        made = [self.first(x)]
        for op, a, b in self.steps:
            made.append(OPS[op](made[a], made[b]))
        return self.last(made[-1]), made[-2]


@pytest.mark.parametrize(
    "seed", [*range(4), *(pytest.param(seed, marks=pytest.mark.full) for seed in range(4, 300))]
)
def test_what_is_captured_of_a_random_module_is_the_module(seed: int) -> None:
    captured = from_torch(Drawn(seed), (torch.zeros(ROWS, 2),))
    assert all(not PRIMITIVES[node.op].domain.theorem for node in captured.model.nodes)
