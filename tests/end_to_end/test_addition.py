"""The GPT of ``examples/addition`` learns what it is shown, and as PyTorch's own gradients have it learn."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

RATE = 1e-3
"""At a larger one Adam soon makes something of what is rounded differently."""
EXAMPLE = Path(__file__).parents[2] / "examples" / "addition"


@pytest.fixture(scope="module", name="train")
def _train() -> Iterator[ModuleType]:
    """Return the example as whoever runs it has it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(EXAMPLE))
        import train  # type: ignore[import-not-found]

        yield train
        for name in ("train", "model"):
            del sys.modules[name]


def loss_of(weights: dict[str, Tensor], tokens: Tensor, targets: Tensor, heads: int, blocks: int) -> Tensor:
    """Return the loss by PyTorch's own functions."""
    x = functional.embedding(tokens, weights["embeddings"]) + weights["positions"]
    batch, rows, d = x.shape
    for at in range(blocks):
        w = {name.partition(".")[0]: each for name, each in weights.items() if name.endswith(f".{at}")}
        normed = functional.layer_norm(x, (d,), w["ln1_weight"], w["ln1_bias"])
        q, k, v = (
            functional.linear(normed, w[f"w{each}"].reshape(-1, d), w[f"b{each}"])
            .reshape(batch, rows, heads, -1)
            .transpose(1, 2)
            for each in "qkv"
        )
        attended = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + functional.linear(attended.transpose(1, 2).reshape(batch, rows, -1), w["wo"], w["bo"])
        normed = functional.layer_norm(x, (d,), w["ln2_weight"], w["ln2_bias"])
        hidden = functional.gelu(functional.linear(normed, w["w1"], w["b1"]), approximate="tanh")
        x = x + functional.linear(hidden, w["w2"], w["b2"])
    x = functional.layer_norm(x, (d,), weights["ln_weight"], weights["ln_bias"])[:, -targets.shape[1] :]
    return functional.cross_entropy((x @ weights["embeddings"].T).flatten(0, 1), targets.flatten())


def test_what_is_told_of_the_model_is_so(train: ModuleType) -> None:
    told = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    assert f"{len(train.addition.model.nodes)} ops" in told
    assert f"{train.STEPS} steps of {train.BATCH} questions" in told


@pytest.mark.parametrize("steps", [12, pytest.param(200, marks=pytest.mark.full)])
def test_the_losses_are_those_of_pytorch_from_the_same_weights(train: ModuleType, steps: int) -> None:
    rng = np.random.default_rng(1)
    weights: dict[str, Any] = train.first_weights(rng)
    theirs = {name: torch.tensor(each, requires_grad=True) for name, each in weights.items()}
    program, adam, other = train.program_for(train.BATCH), train.Adam(weights), train.Adam(weights)
    for tokens in train.batches(rng, np.arange(10_000), steps):
        loss, gradients = train.step(program, weights, tokens)
        adam.update(weights, gradients, RATE)
        ids, (heads, blocks) = torch.tensor(tokens), (train.SIZES["heads"], 1)
        expected = loss_of(theirs, ids[:, : train.ROWS], ids[:, -train.ANSWER :], heads, blocks)
        found = torch.autograd.grad(expected, list(theirs.values()))
        moved = {name: each.detach().numpy() for name, each in theirs.items()}
        other.update(moved, {name: each.numpy() for name, each in zip(theirs, found, strict=True)}, RATE)
        theirs = {name: torch.tensor(each, requires_grad=True) for name, each in moved.items()}
        assert math.isclose(loss, expected.item(), abs_tol=1e-9)


@pytest.mark.parametrize("steps", [20, pytest.param(800, marks=pytest.mark.full)])
def test_it_learns(steps: int) -> None:
    command = [sys.executable, "train.py", "--steps", str(steps)]
    done = subprocess.run(command, cwd=EXAMPLE, capture_output=True, text=True, timeout=600, check=True)
    loss = float(re.findall(r"loss (\S+) after", done.stdout)[0])
    right = float(re.findall(r"never seen: (\S+)%", done.stdout)[0])
    assert loss < math.log(12)
    if steps == 800:
        assert right >= 99.0
