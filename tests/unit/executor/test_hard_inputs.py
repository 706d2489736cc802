"""Where floats lose digits it is said how many are left, and no more are lost than have to be."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from tests.hard_inputs import HARD, measured, table

pytest.importorskip("flint")

PAGE: Final = Path(__file__).parents[3] / "docs" / "numerics.md"
WHOLE: Final = {"float64": 14, "float32": 6}
"""How many digits are right where nothing has to be lost."""
LOST: Final = {
    "normalisation of subnormal numbers": "a derivative is subnormal too, and has no more digits",
    "GELU of numbers about −4 alone": "1 + tanh cancels",
    "softmax pulled back along seeds that are nearly equal": "their mean is rounded, and taken off",
    "softmax of logits of 1e4": "so it is where one number is nearly 1, and nothing else is left",
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


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("hard", [each for each in HARD if each.what not in LOST], ids=lambda each: each.what)
def test_nothing_is_lost_that_need_not_be(hard: object, dtype: type[np.floating]) -> None:
    """By means in one pass, and by exp of logits that are not shifted, it is."""
    assert min(hard.digits(dtype)) > WHOLE[np.dtype(dtype).name]  # type: ignore[attr-defined]
