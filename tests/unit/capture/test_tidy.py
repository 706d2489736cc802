"""Moves that follow each other are one, and those that come to nothing none; what a variable holds stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lean_bridge import graph
from lean_bridge.crosscheck.function import check_function


def held(x: Any) -> Any:
    rows = x.reshape(2 * x.shape[0], 3)
    return np.tanh(rows.reshape(x.shape[0], 3, 2))


def returned(x: Any) -> Any:
    flat = np.ravel(np.tanh(x))
    return flat, flat.reshape(x.shape[0], 2, 3)


CASES: dict[str, tuple[Callable[[Any], Any], list[str]]] = {
    "reshapes": (
        lambda x: np.tanh(x.reshape(3 * x.shape[0], 2).reshape(x.shape[0], 3, 2)),
        ["reshape", "tanh"],
    ),
    "back again": (lambda x: np.tanh(np.ravel(x).reshape(*x.shape)), ["tanh"]),
    "swapped back": (lambda x: np.tanh(x.swapaxes(0, 1).swapaxes(0, 1)), ["tanh"]),
    "transposed back": (lambda x: np.tanh(x.swapaxes(1, 2).swapaxes(-1, -2)), ["tanh"]),
    "another way back": (
        lambda x: np.tanh(x.swapaxes(0, 1).swapaxes(1, 2)),
        ["swap01", "transposeLast2", "tanh"],
    ),
    "past axes of length 1": (lambda x: np.tanh(x[None].swapaxes(0, 1)), ["reshape", "tanh"]),
    "an order of the others": (lambda x: np.transpose(x[:, None], (2, 1, 0, 3)), ["swap01", "reshape"]),
    "by a variable": (held, ["reshape", "reshape", "tanh"]),
    "returned": (returned, ["tanh", "reshape", "reshape"]),
}


@pytest.mark.parametrize("case", CASES)
def test_moves_are_as_few_as_they_can_be(case: str) -> None:
    function, ops = CASES[case]
    captured = graph(x=("n", 2, 3))(named(function))
    assert [node.op for node in captured.model.nodes] == ops
    checks = check_function(captured.function, captured.model, captured.outputs)
    assert [each.outcome for each in checks] == ["passed"] * 2


def named(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def f(x: Any) -> Any:
        return function(x)

    return f


def test_a_length_that_is_spelled_otherwise_is_another_one_to_lean() -> None:
    def f(x: Any, y: Any) -> Any:
        return np.concatenate([x[:, 0], y[:, 0]])

    captured = graph(x=("n", 1), y=("m", 1))(f)
    (last,) = (node for node in captured.model.nodes if node.name == captured.outputs[0])
    assert [*map(str, last.shape)] == ["m + n"]
    checks = check_function(captured.function, captured.model, captured.outputs)
    assert [each.outcome for each in checks] == ["passed"] * 2
