"""Where floats lose digits it is said how many are left, and no more are lost than have to be."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from lean_bridge.executor.backends import torch_reals
from lean_bridge.executor.graph import ExecutableGraph
from tests.hard_inputs import HARD, measured, table
from tests.single_ops import single_graph

pytest.importorskip("flint")

PAGE: Final = Path(__file__).parents[3] / "docs" / "numerics.md"
WHOLE: Final = {"float64": 14, "float32": 6}
"""How many digits are right where nothing has to be lost."""
LOST: Final = {
    "normalisation of subnormal numbers": "a derivative is subnormal too, and has no more digits",
    "GELU of numbers about −4 alone": "what is rounded before an exp is magnified by it",
    "softmax of which one number is all but 1, pulled back": "its gradients are small",
    "a residual sum (x + f) − x with x a thousand times as large": "digits of f are lost in the first sum",
    "attention with scores of 1e3": "scores are rounded, and exp magnifies that",
    "an encoder block on tokens with a large common part": "what is normalised is rounded before",
}
"""Where some are lost, and why."""


def test_as_many_digits_are_right_as_the_page_says() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", text, re.MULTILINE)
    told = [(what, tuple(map(int, digits))) for what, *digits in rows]
    assert table(told) in text
    found = measured()
    assert [what for what, _ in told] == [what for what, _ in found]
    for (what, said), (_, digits) in zip(told, found, strict=True):
        for least, seen in zip(said, digits, strict=True):
            assert least <= seen < least + 2, what


@pytest.mark.parametrize("method", [True, "running"])
@pytest.mark.parametrize("op", ["softplus", "sigmoid", "silu", "tanh"])
def test_bounds_of_activations_are_finite_however_large_the_numbers_are(op: str, method: Any) -> None:
    bound = ExecutableGraph(single_graph(op)).bind(m=1, n=6)
    for dtype in (np.float64, np.float32):
        x = np.array([[1.0, -1.0, 1e30, -1e30, 80.0, -80.0]], dtype)
        if dtype is np.float64:
            x[0, :2] = 1e300, -1e300
        program, seed = bound.compile(), {"y": np.ones((1, 6), dtype)}
        for _, radii in (program.forward([x], bounds=method), program.vjp([x], seed, bounds=method)):
            assert all(np.isfinite(radius).all() for radius in radii)


@pytest.mark.parametrize("op", ["softmaxLast", "softmaxAxis", "maskedSoftmax"])
def test_a_softmax_pulls_a_large_common_part_back_to_nothing(op: str) -> None:
    """By the plan, also by that for other libraries, and by the interpreter."""
    bound = ExecutableGraph(single_graph(op)).bind(**dict.fromkeys(single_graph(op).dims, 3))
    rng = np.random.default_rng(0)
    arrays = bound.draw_arrays(rng)
    x, w = (rng.standard_normal(entry.shape) for entry in bound.entries)
    plain = bound.interpret(**arrays)
    expected, (moved,) = plain.vjp([x], {"y": w})[0], plain.jvp([x], [w])[1:]
    torch, there = torch_reals(), torch_reals().namespace.asarray
    for program in (plain, bound.compile(**arrays)):
        np.testing.assert_allclose(program.vjp([x], {"y": w + 2.0**30})[0], expected, rtol=0, atol=1e-7)
        np.testing.assert_allclose(program.vjp([x], {"y": 0 * w + 1e8})[0], 0, atol=1e-23)
        np.testing.assert_allclose(program.jvp([x], [w + 2.0**30])[1], moved, rtol=0, atol=1e-7)
    theirs = bound.compile(torch, **arrays).vjp([there(x)], {"y": there(0 * w + 1e8)})[0]
    np.testing.assert_allclose(torch.as_numpy(theirs), 0, atol=1e-23)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("hard", [each for each in HARD if each.what not in LOST], ids=lambda each: each.what)
def test_nothing_is_lost_that_need_not_be(hard: object, dtype: type[np.floating]) -> None:
    """By means in one pass, and by exp of logits that are not shifted, it is."""
    assert min(hard.digits(dtype)) > WHOLE[np.dtype(dtype).name]  # type: ignore[attr-defined]
