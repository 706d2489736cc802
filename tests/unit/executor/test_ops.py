"""Each op against its coordinate formula, and its shape rule against operands that do not fit."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

from lean_bridge.errors import ShapeError
from lean_bridge.executor.primitive import Setting, Shape, Shapes
from lean_bridge.executor.scalars import Array
from lean_bridge.executor.table import PRIMITIVES


def forward(op: str, shape: Shape, *operands: Array, **params: float) -> Array:
    result = PRIMITIVES[op].forward(Setting(shape, params), operands)
    assert result.shape == shape
    return result


def by_coordinate(shape: Shape, formula: Callable[..., Any]) -> Array:
    result = np.empty(shape)
    for index in product(*map(range, shape)):
        result[index] = formula(*index)
    return result


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_matmul(rng: np.random.Generator) -> None:
    a, b = rng.standard_normal((2, 3)), rng.standard_normal((3, 4))
    expected = by_coordinate((2, 4), lambda i, k: sum(a[i, j] * b[j, k] for j in range(3)))
    np.testing.assert_allclose(forward("matmul", (2, 4), a, b), expected, rtol=1e-14)


def test_bmatmul(rng: np.random.Generator) -> None:
    a, b = rng.standard_normal((2, 3, 4)), rng.standard_normal((2, 4, 5))
    expected = by_coordinate((2, 3, 5), lambda g, i, k: sum(a[g, i, j] * b[g, j, k] for j in range(4)))
    np.testing.assert_allclose(forward("bmatmul", (2, 3, 5), a, b), expected, rtol=1e-14)


def test_reshape_keeps_row_major_order_of_any_memory_layout(rng: np.random.Generator) -> None:
    x = rng.standard_normal((4, 3)).T
    expected = by_coordinate((2, 6), lambda i, j: x[divmod(i * 6 + j, 4)])
    np.testing.assert_array_equal(forward("reshape", (2, 6), x), expected)


def test_transpose_last_2(rng: np.random.Generator) -> None:
    x = rng.standard_normal((2, 3, 4))
    expected = by_coordinate((2, 4, 3), lambda g, j, i: x[g, i, j])
    np.testing.assert_array_equal(forward("transposeLast2", (2, 4, 3), x), expected)


def test_swap_01(rng: np.random.Generator) -> None:
    x = rng.standard_normal((2, 3, 4))
    expected = by_coordinate((3, 2, 4), lambda j, i, k: x[i, j, k])
    np.testing.assert_array_equal(forward("swap01", (3, 2, 4), x), expected)


def test_split_heads_gives_each_head_its_block_of_columns(rng: np.random.Generator) -> None:
    x = rng.standard_normal((5, 6))
    expected = by_coordinate((3, 5, 2), lambda h, i, k: x[i, h * 2 + k])
    np.testing.assert_array_equal(forward("splitHeads", (3, 5, 2), x), expected)


def test_split_heads_is_not_the_bare_reshape(rng: np.random.Generator) -> None:
    x = rng.standard_normal((5, 6))
    assert np.abs(forward("splitHeads", (3, 5, 2), x) - forward("reshape", (3, 5, 2), x)).max() > 0.1


def test_softmax_last(rng: np.random.Generator) -> None:
    x = rng.standard_normal((2, 3, 4))
    expected = by_coordinate((2, 3, 4), lambda g, i, j: np.exp(x[g, i, j]) / np.exp(x[g, i]).sum())
    np.testing.assert_allclose(forward("softmaxLast", (2, 3, 4), x), expected, rtol=1e-14)


def test_softmax_of_large_scores_does_not_overflow() -> None:
    x = np.array([[[1e4, 1e4, -1e4]]])
    np.testing.assert_array_equal(forward("softmaxLast", (1, 1, 3), x), [[[0.5, 0.5, 0.0]]])


def test_softmax_of_empty_rows_is_empty() -> None:
    assert forward("softmaxLast", (2, 0, 0), np.zeros((2, 0, 0))).size == 0


def test_add(rng: np.random.Generator) -> None:
    a, b = rng.standard_normal((2, 3)), rng.standard_normal((2, 3))
    np.testing.assert_array_equal(
        forward("add", (2, 3), a, b), by_coordinate((2, 3), lambda i, j: a[i, j] + b[i, j])
    )


def test_scale(rng: np.random.Generator) -> None:
    x = rng.standard_normal((2, 3))
    np.testing.assert_array_equal(
        forward("scale", (2, 3), x, c=-0.5), by_coordinate((2, 3), lambda i, j: -x[i, j] / 2)
    )


@pytest.mark.parametrize(
    ("op", "shapes", "out", "expected"),
    [
        ("matmul", ((2, 3), (4, 5)), (2, 5), "m×n and n×p, found 2×3, 4×5"),
        ("matmul", ((2, 3), (3,)), (2,), "m×n and n×p, found 2×3, 3"),
        ("bmatmul", ((2, 3, 4), (1, 4, 5)), (2, 3, 5), "h×m×n and h×n×p"),
        ("bmatmul", ((2, 3, 4), (2, 3, 4)), (2, 3, 4), "h×m×n and h×n×p"),
        ("reshape", ((2, 3),), (7,), "as many coordinates as 7, found 2×3"),
        ("reshape", ((2,),), (), "as many coordinates as scalar"),
        ("transposeLast2", ((2, 3),), (3, 2), "a×b×c"),
        ("swap01", ((2,),), (2,), "m×n×rest"),
        ("splitHeads", ((5, 6),), (3, 2, 5), "n×(H·D) for the output 3×2×5, found 5×6"),
        ("splitHeads", ((5, 6),), (5, 6), "n×(H·D)"),
        ("softmaxLast", ((2, 3),), (2, 3), "h×m×n"),
        ("add", ((2, 3), (3, 2)), (2, 3), "of one shape"),
    ],
)
def test_a_shape_rule_refuses_operands_that_do_not_fit(
    op: str, shapes: Shapes, out: Shape, expected: str
) -> None:
    with pytest.raises(ShapeError) as caught:
        PRIMITIVES[op].shape_rule(shapes, out)
    assert expected in str(caught.value)
