"""Train the GPT of ``model.py`` to add two numbers of two digits, by NumPy and by gradients of its graph.

Nine of ten questions are trained with, the others are asked at the end. Answers are written last digit first.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

os.environ.setdefault(
    "OPENBLAS_NUM_THREADS", "1"
)  # matrices are small: a second thread costs more than it does

import numpy as np
from model import ANSWER, ROWS, addition
from rich.console import Console
from rich.progress import track

import lean_bridge
from lean_bridge import BoundGraph, CompiledProgram

SIZES = {"vocabulary": 12, "d": 48, "heads": 4, "width": 12, "hidden": 192}
PLUS, EQUALS = 10, 11
BATCH, STEPS, RATE = 128, 800, 0.01
LOSS = addition.outputs[0]
Weights: TypeAlias = dict[str, Any]


def written(numbers: Any) -> Any:
    """Return the tokens of questions and answers, ``12+34=640``; the two numbers are one of four digits."""
    a, b = numbers // 100, numbers % 100
    digits = [a // 10, a % 10, np.full_like(a, PLUS), b // 10, b % 10, np.full_like(a, EQUALS)]
    return np.stack([*digits, *((a + b) // 10**place % 10 for place in range(ANSWER))], axis=1)


def program_for(batch: int, package: str | None = None) -> CompiledProgram:
    """Return the graph as it runs on a batch: that of a package which ``certify`` wrote, or as captured."""
    bound: BoundGraph = (
        lean_bridge.open_project(package).graph("additionGraph").bind(batch=batch, **SIZES)
        if package is not None
        else addition.bind(batch=batch, **SIZES)
    )
    return bound.compile(
        c=1 / math.sqrt(SIZES["width"]),
        kappa=lean_bridge.GELU_KAPPA,
        eps=1e-5,
        causal=np.tril(np.ones((ROWS, ROWS), dtype=bool)),
        tokens=np.zeros((batch, ROWS), dtype=np.int64),
        targets=np.zeros((batch, ANSWER), dtype=np.int64),
    )


def first_weights(rng: np.random.Generator) -> Weights:
    """Return weights to begin with: norms of one, biases of nothing, and small random matrices."""
    made = {}
    for entry in program_for(1).context:
        kind = entry.name.partition(".")[0]
        if len(entry.shape) == 1:
            made[entry.name] = np.full(entry.shape, float(kind.endswith("_weight")))
        else:
            scale = 0.1 if kind in ("embeddings", "positions") else 1 / math.sqrt(entry.shape[-1])
            made[entry.name] = scale * rng.standard_normal(entry.shape)
    return made


def batches(rng: np.random.Generator, questions: Any, steps: int) -> Iterator[Any]:
    """Yield the tokens of random questions."""
    for _ in range(steps):
        yield written(rng.choice(questions, size=BATCH))


def step(program: CompiledProgram, weights: Mapping[str, Any], tokens: Any) -> tuple[float, Weights]:
    """Return the loss of a batch, and its gradient in every weight: the reverse pass with the seed 1."""
    asked = program.with_arrays(tokens=tokens[:, :ROWS], targets=tokens[:, -ANSWER:])
    seed = np.ones((), weights["positions"].dtype)
    (loss,), gradients = asked.value_and_vjp(weights, {LOSS: seed}, outputs=[LOSS])
    return float(loss), dict(zip(weights, gradients, strict=True))


class Adam:
    """Kingma and Ba, *Adam: a method for stochastic optimization*, 2014."""

    def __init__(self, weights: Mapping[str, Any]) -> None:
        self.mean = {name: np.zeros_like(each) for name, each in weights.items()}
        self.square = {name: np.zeros_like(each) for name, each in weights.items()}
        self.count = 0

    def update(self, weights: Weights, gradients: Mapping[str, Any], rate: float) -> None:
        """Move the weights against their gradients."""
        self.count += 1
        for name, gradient in gradients.items():
            mean, square = self.mean[name], self.square[name]
            mean += 0.1 * (gradient - mean)
            square += 0.001 * (gradient * gradient - square)
            root = np.sqrt(square / (1 - 0.999**self.count)) + 1e-8
            weights[name] = weights[name] - rate * mean / (1 - 0.9**self.count) / root


def accuracy(weights: Mapping[str, Any], questions: Any) -> float:
    """Return of how many questions the whole answer is right, one digit after the other."""
    program, right = program_for(len(questions)), written(questions)
    tokens = right[:, :ROWS].copy()
    tokens[:, ROWS - ANSWER + 1 :] = 0
    digits = []
    for at in range(ANSWER):
        values = program.with_arrays(tokens=tokens).forward(weights)
        logits = values[[entry.name for entry in program.entries].index("logits")]
        digits.append(logits.reshape(len(questions), ANSWER, -1)[:, at].argmax(axis=-1))
        if at + 1 < ANSWER:
            tokens[:, ROWS - ANSWER + 1 + at] = digits[-1]
    return float((np.stack(digits, axis=1) == right[:, -ANSWER:]).all(axis=1).mean())


def main() -> None:
    """Train, and say how many answers are right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--package", help="the directory of the package that certify wrote")
    parser.add_argument("--steps", type=int, default=STEPS)
    given = parser.parse_args()
    rng = np.random.default_rng(0)
    say, questions = Console(highlight=False).print, rng.permutation(10_000)
    asked, known = questions[:1000], questions[1000:]
    program = program_for(BATCH, given.package)
    say(f"the graph is {program.standing.status}")
    weights = {name: each.astype(np.float32) for name, each in first_weights(rng).items()}
    adam, started = Adam(weights), time.monotonic()
    for count, tokens in enumerate(track(batches(rng, known, given.steps), "training", given.steps)):
        loss, gradients = step(program, weights, tokens)
        warm, cool = min(1.0, (count + 1) / 50), (1 + math.cos(math.pi * count / given.steps)) / 2
        adam.update(weights, gradients, RATE * warm * cool)
    took = time.monotonic() - started
    say(f"loss {loss:.4f} after {given.steps} steps in {took:.0f} s")
    say(f"right answers to {len(asked)} questions that were never seen: {accuracy(weights, asked):.1%}")


if __name__ == "__main__":
    main()
