"""Functions drawn at random: what is captured of them has their values and their gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pytest

from lean_bridge import booleans, graph, integers
from lean_bridge.capture.functions import (
    cross_entropy,
    linear,
    log_softmax,
    logsumexp,
    masked_softmax,
    sigmoid,
    silu,
    softmax,
    softplus,
)
from lean_bridge.crosscheck.function import check_function

SHAPES: Final = {"x": ("n", "d"), "y": ("n", "d"), "w": ("h", "d"), "b": ("h",), "t": ("h", "n", "d")}
DATA: Final = {
    "mask": booleans("n", "d"),
    "rows": integers("n", below="n"),
    "places": integers("n", below="d"),
}
CHOICES: Final[tuple[Callable[..., Any], ...]] = (
    lambda a, mask, rows, places: masked_softmax(a, mask) * a[rows],  # noqa: ARG005
    lambda a, mask, rows, places: cross_entropy(a[rows], places),  # noqa: ARG005
    lambda a, mask, rows, places: np.take_along_axis(masked_softmax(a, mask), places[:, None], 1),  # noqa: ARG005
)
"""What whole numbers and truth values choose of an array of n by d."""
LENGTHS: Final = {"n": 2, "d": 3, "h": 5}
Op = tuple[int, Callable[..., Any], Callable[..., bool]]
OPS: Final[tuple[Op, ...]] = (
    (1, lambda a: np.tanh(a), lambda a: True),  # noqa: ARG005
    (1, lambda a: np.tanh(a) ** 2, lambda a: True),  # noqa: ARG005
    (1, lambda a: sigmoid(a), lambda a: a.ndim > 0),
    (1, lambda a: silu(a), lambda a: True),  # noqa: ARG005
    (1, lambda a: softmax(a), lambda a: 1 <= a.ndim <= 3),
    (1, lambda a: softmax(a, axis=0), lambda a: a.ndim > 1),
    (1, lambda a: log_softmax(a, axis=-2), lambda a: a.ndim > 1),
    (1, lambda a: logsumexp(a, axis=0), lambda a: a.ndim > 1),
    (1, lambda a: softplus(a), lambda a: a.ndim > 0),
    (1, lambda a: np.tanh(a) ** 3, lambda a: True),  # noqa: ARG005
    (1, lambda a: a.swapaxes(0, 1), lambda a: a.ndim > 1),
    (1, lambda a: a.mT, lambda a: a.ndim > 1),
    (1, lambda a: a - a.mean(axis=1, keepdims=True), lambda a: a.ndim == 2),
    (1, lambda a: a.mean(axis=0), lambda a: a.ndim == 2),
    (1, lambda a: a.reshape(a.shape[0], a.shape[1] * a.shape[2]), lambda a: a.ndim == 3),
    (2, lambda a, b: np.concatenate([a, b])[a.shape[0] :], lambda a, b: a.shape == b.shape and a.ndim > 0),
    (
        2,
        lambda a, b: np.stack([a, b * b], axis=1).sum(axis=1),
        lambda a, b: a.shape == b.shape and a.ndim > 0,
    ),
    (2, lambda a, b: a + b, lambda a, b: a.shape == b.shape or (a.ndim == 2 and b.shape == a.shape[1:])),
    (2, lambda a, b: b - a, lambda a, b: a.shape == b.shape or (a.ndim == 2 and b.shape == a.shape[1:])),
    (2, lambda a, b: np.tanh(a) * b, lambda a, b: a.shape == b.shape),
    (2, lambda a, b: a @ b, lambda a, b: a.ndim == b.ndim in (2, 3) and np.shape(a)[-1] == np.shape(b)[-2]),
    (3, lambda a, b, c: linear(a, b, c), lambda a, b, c: _is_layer(a.shape, b.shape, c.shape)),
)


def _is_layer(x: tuple[int, ...], weight: tuple[int, ...], bias: tuple[int, ...]) -> bool:
    return len(x) == len(weight) == 2 and x[1] == weight[1] and bias == weight[:1]


def drawn(seed: int) -> Callable[..., Any]:
    """Return a function of ten random ops, each of values that it fits."""
    rng = np.random.default_rng(seed)
    values = [rng.uniform(size=[LENGTHS[each] for each in shape]) for shape in SHAPES.values()]
    steps: list[tuple[Callable[..., Any], list[int]]] = []
    while len(steps) < 10:
        count, op, fits = OPS[int(rng.integers(len(OPS)))]
        chosen = [int(each) for each in rng.integers(len(values), size=count)]
        operands = [values[each] for each in chosen]
        batched = {each.shape[0] for each in operands if each.ndim == 3}
        if fits(*operands) and len(batched) < 2:
            values.append(np.asarray(op(*operands)))
            steps.append((op, chosen))

    rows = [at for at, each in enumerate(values) if each.shape == values[0].shape]
    of, choice = int(rng.choice(rows)), CHOICES[int(rng.integers(len(CHOICES)))]

    def function(x: Any, y: Any, w: Any, b: Any, t: Any, **data: Any) -> Any:
        made = [x, y, w, b, t]
        for op, chosen in steps:
            made.append(op(*(made[each] for each in chosen)))
        return made[-1], made[-2], made[-3], choice(made[of], **data)

    return function


SHORT: Final = {*range(16), 260, 278}
"""Of the last two something is the sum of what was normalised: its gradient is 0, or what rounding leaves."""


@pytest.mark.parametrize(
    "seed", [pytest.param(seed, marks=[] if seed in SHORT else [pytest.mark.full]) for seed in range(300)]
)
def test_what_is_captured_of_a_random_function_is_the_function(seed: int) -> None:
    captured = graph(**SHAPES, **DATA)(drawn(seed))
    values, gradients = check_function(captured, captured.model, captured.outputs)
    assert values.outcome == "passed", values
    assert gradients.outcome != "failed", gradients
