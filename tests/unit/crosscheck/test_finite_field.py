"""GF(p) in arrays: exact, closed, and with Lean's conventions; degrees of what is computed in it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from lean_bridge.crosscheck.degree import Degrees, bound_degree, error_bound
from lean_bridge.crosscheck.field_points import to_words, tuples_of_dims
from lean_bridge.crosscheck.finite_field import FIELD, PRIME
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.graph import ExecutableGraph
from tests.single_ops import SPECS, single_graph

RNG_SEED = 20260721


def integers(array: Array) -> list[int]:
    return [int(value) for value in array.ravel()]


def _log(x: int) -> int:
    return 5 * x**2 + 17 * x + 19


@pytest.mark.parametrize(
    ("compute", "expected"),
    [
        (lambda a, b: a + b, lambda x, y: x + y),
        (lambda a, b: a - b, lambda x, y: x - y),
        (lambda a, b: a * b, lambda x, y: x * y),
        (lambda a, b: a / b, lambda x, y: x * pow(y, PRIME - 2, PRIME)),
        (lambda a, _b: FIELD.inv(a), lambda x, _y: pow(x, PRIME - 2, PRIME)),
        (lambda a, _b: FIELD.exp(a), lambda x, _y: x**2 + 3 * x + 7),
        (lambda a, _b: FIELD.sqrt(a), lambda x, _y: 2 * x**2 + 5 * x + 11),
        (lambda a, _b: FIELD.tanh(a), lambda x, _y: 3 * x**2 + 13 * x + 17),
        (lambda a, _b: FIELD.log(a), lambda x, _y: 5 * x**2 + 17 * x + 19),
        (lambda a, b: FIELD.step(a, b), lambda x, y: 7 * (x - y) ** 2 + 23 * (x - y) + 29),
        (
            lambda a, b: FIELD.larger(a, b),
            lambda x, y: y + (x - y) * (7 * (x - y) ** 2 + 23 * (x - y) + 29),
        ),
        (lambda a, _b: FIELD.softplus(a), lambda x, _y: _log(x**2 + 3 * x + 8)),
    ],
)
def test_operations_are_those_of_the_integers_modulo_p(
    compute: Callable[[Array, Array], Array], expected: Callable[[int, int], int]
) -> None:
    rng = np.random.default_rng(RNG_SEED)
    a, b = FIELD.draw(rng, (2, 3, 2)), FIELD.draw(rng, (2, 3, 2))
    result = FIELD.check_array(compute(a, b))
    pairs = zip(integers(a), integers(b), strict=True)
    assert integers(result) == [expected(x, y) % PRIME for x, y in pairs]
    assert result.shape == a.shape
    assert result.dtype == np.int64


def test_products_and_sums_stay_in_the_field() -> None:
    rng = np.random.default_rng(RNG_SEED)
    a, b = FIELD.draw(rng, (2, 3, 4)), FIELD.draw(rng, (2, 4, 3))
    whole_a, whole_b = (each.view(np.ndarray).astype(object) for each in (a, b))
    assert integers(FIELD.check_array(a @ b)) == [int(value) % PRIME for value in (whole_a @ whole_b).ravel()]
    assert integers(FIELD.check_array(a.sum(axis=1))) == [
        int(value) % PRIME for value in whole_a.sum(axis=1).ravel()
    ]


def test_zero_has_inverse_zero() -> None:
    assert integers(FIELD.inv(FIELD.array([0, 2]))) == [0, (PRIME + 1) // 2]
    assert int(FIELD.rational(1, 0)) == 0
    assert int(FIELD.rational(-3, 2) * FIELD.rational(2)) == PRIME - 3


@pytest.mark.parametrize("value", [np.zeros(2), [1, 2], 3])
def test_arrays_of_other_scalars_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match="expected an array of GF"):
        FIELD.check_array(value)


def test_an_array_with_axes_is_no_scalar() -> None:
    with pytest.raises(ValueError, match="expected a scalar"):
        FIELD.check_scalar(FIELD.array([1]))


def test_words_are_in_row_major_order_the_first_on_top() -> None:
    assert to_words(FIELD.array([[1, 2], [3, 4]])) == 0x1_00000002_00000003_00000004


@pytest.mark.parametrize("op", SPECS)
def test_any_two_dimensions_differ_somewhere_and_none_is_always_one(op: str) -> None:
    graph = single_graph(op)
    tuples = tuples_of_dims(graph)
    assert len(tuples) == 2
    assert all(max(dims[name] for dims in tuples) >= 2 for name in graph.dims)
    assert min(value for dims in tuples for value in dims.values()) >= 1
    columns = [tuple(dims[name] for dims in tuples) for name in graph.dims]
    assert len(set(columns)) == len(columns)


def test_degrees_of_sums_have_the_least_common_denominator() -> None:
    x, y = (Degrees().variable() for _ in range(2))
    over_x, over_y = x / x, (x * y) / y
    assert (over_x.numerator, over_x.denominator) == (1, 1)
    assert ((over_x + over_x).numerator, (over_x + over_x).denominator) == (1, 1)
    assert ((over_x + over_y).numerator, (over_x + over_y).denominator) == (3, 2)
    assert ((over_x * over_x).numerator, (over_x * over_x).denominator) == (2, 2)


@pytest.mark.parametrize(
    ("op", "degree", "inverted"),
    [
        ("add", 1, 0),
        ("mul", 2, 0),
        ("matmul", 2, 0),
        ("inv", 3 + 2, 1),  # a seed on x and -δ/x²: (seed·x² - δ)/x²
        ("sqrtClamp", 3 + 2, 2),  # (seed·2√x + δ)/2√x, with a root of degree 2
    ],
)
def test_degrees_of_single_ops(op: str, degree: int, inverted: int) -> None:
    graph = single_graph(op)
    (dims, *_) = tuples_of_dims(graph)
    each_side = inverted * dims["m"] * dims["n"]
    assert bound_degree(ExecutableGraph(graph).bind(**dims)) == degree + 2 * each_side


def test_points_at_the_same_dimensions_multiply_and_the_worst_dimensions_count() -> None:
    single = 10 / PRIME
    assert error_bound([({"n": 2}, 10)]) == single
    assert error_bound([({"n": 2}, 10), ({"n": 2}, 10)]) == single**2
    assert error_bound([({"n": 2}, 10), ({"n": 2}, 10), ({"n": 3}, 10)]) == single
    assert error_bound([]) == 1.0
