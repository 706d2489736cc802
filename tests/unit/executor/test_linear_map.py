from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lean_bridge.errors import ArrayError, BindingError
from lean_bridge.executor.rules.linear_map import LinearMap

WEIGHTS = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


def test_a_matrix_multiplies_the_whole_vector() -> None:
    linear = LinearMap.from_matrix(WEIGHTS)
    assert (linear.inputs, linear.outputs) == (3, 2)
    np.testing.assert_array_equal(linear.apply(np.array([1.0, 0.0, -1.0])), [-2.0, -2.0])
    np.testing.assert_array_equal(linear.transpose(np.array([1.0, -1.0])), [-3.0, -3.0, -3.0])


@pytest.mark.parametrize("n", [0, 1, 4])
def test_the_positionwise_map_is_the_kronecker_product_with_the_identity(n: int) -> None:
    linear, matrix = LinearMap.positionwise(WEIGHTS, n), np.kron(np.eye(n), WEIGHTS)
    x, w = np.arange(3.0 * n), np.arange(2.0 * n)
    assert (linear.outputs, linear.inputs) == matrix.shape
    np.testing.assert_array_equal(linear.apply(x), matrix @ x)
    np.testing.assert_array_equal(linear.transpose(w), matrix.T @ w)


def test_weights_take_on_the_precision_of_the_vector() -> None:
    linear = LinearMap.from_matrix(WEIGHTS)
    assert linear.apply(np.ones(3, np.float32)).dtype == np.float32
    assert linear.transpose(np.ones(2, np.float32)).dtype == np.float32


@pytest.mark.parametrize(
    ("weights", "positions", "expected"),
    [
        ([[1.0]], 1, "expected a matrix with one row per output, found list"),
        (np.ones(3), 1, "expected a matrix with one row per output, found shape 3"),
        (np.ones((2, 3, 4)), 1, "found shape 2×3×4"),
        (WEIGHTS, -1, "expected a number of positions ≥ 0, found -1"),
        (WEIGHTS, 2.0, "expected a number of positions ≥ 0, found 2.0"),
    ],
)
def test_what_is_no_linear_map_is_refused(weights: Any, positions: Any, expected: str) -> None:
    with pytest.raises(BindingError, match=expected):
        LinearMap(weights, positions)


@pytest.mark.parametrize("x", [np.ones(4), np.ones((3, 1)), np.ones(())])
def test_vectors_of_another_shape_are_refused(x: Any) -> None:
    with pytest.raises(ArrayError, match="expected a vector of shape 3, found"):
        LinearMap.from_matrix(WEIGHTS).apply(x)
