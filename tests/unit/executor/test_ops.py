"""Each op against its coordinate formula, and its shape rule against operands that do not fit."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch

from lean_bridge.errors import ShapeError
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.arrays.shape import Shape, Shapes
from lean_bridge.executor.rules.linear_map import LinearMap
from lean_bridge.executor.rules.ops.elementwise import GELU_KAPPA
from lean_bridge.executor.rules.primitive import Setting
from lean_bridge.executor.rules.table import PRIMITIVES


def forward(op: str, shape: Shape, *operands: Array, **params: Any) -> Array:
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


def test_sub_and_mul(rng: np.random.Generator) -> None:
    a, b = rng.standard_normal((2, 3)), rng.standard_normal((2, 3))
    np.testing.assert_array_equal(
        forward("sub", (2, 3), a, b), by_coordinate((2, 3), lambda i, j: a[i, j] - b[i, j])
    )
    np.testing.assert_array_equal(
        forward("mul", (2, 3), a, b), by_coordinate((2, 3), lambda i, j: a[i, j] * b[i, j])
    )


def test_add_const_sqrt_and_inv() -> None:
    x = np.array([4.0, 0.25, 1.0])
    np.testing.assert_array_equal(forward("addConst", (3,), x, ε=0.5), [4.5, 0.75, 1.5])
    np.testing.assert_array_equal(forward("sqrtClamp", (3,), x), [2.0, 0.5, 1.0])
    np.testing.assert_array_equal(forward("inv", (3,), x), [0.25, 4.0, 1.0])


def test_outside_their_domains_sqrt_and_inv_are_what_they_are_in_lean() -> None:
    np.testing.assert_array_equal(forward("sqrtClamp", (2,), np.array([-1.0, 0.0])), [0.0, 0.0])
    np.testing.assert_array_equal(forward("inv", (2,), np.array([0.0, -2.0])), [0.0, -0.5])


@pytest.mark.parametrize(
    ("x", "value", "slope"),
    [
        (-1.0, -0.158808009392, -0.082964083846),
        (0.5, 0.345714009825, 0.867369903535),
        (2.0, 1.954597694088, 1.086099256624),
    ],
)
def test_gelu_is_the_tanh_form(x: float, value: float, slope: float) -> None:
    point, setting = np.array([x]), Setting((1,), {"κ": GELU_KAPPA})
    np.testing.assert_allclose(forward("gelu", (1,), point, κ=GELU_KAPPA), [value], rtol=0, atol=6e-13)
    moved = PRIMITIVES["gelu"].jvp(setting, (point,), point, (np.ones(1),))
    np.testing.assert_allclose(moved, [slope], rtol=0, atol=6e-13)


@pytest.mark.parametrize(
    ("op", "of_torch"),
    [
        ("exp", torch.exp),
        ("tanh", torch.tanh),
        ("sigmoid", torch.sigmoid),
        ("silu", torch.nn.functional.silu),
        ("square", torch.square),
        ("sum", torch.sum),
        ("mean", torch.mean),
    ],
)
def test_activations_and_totals_are_pytorchs_and_so_are_their_slopes(
    op: str, of_torch: Callable[[torch.Tensor], torch.Tensor], rng: np.random.Generator
) -> None:
    point = 3 * rng.standard_normal((4, 5))
    leaf = torch.from_numpy(point).requires_grad_()
    expected = of_torch(leaf)
    seed = rng.standard_normal(tuple(expected.shape))
    (slope,) = torch.autograd.grad(expected, leaf, torch.from_numpy(np.asarray(seed)))
    setting = Setting(tuple(expected.shape))
    found = PRIMITIVES[op].forward(setting, (point,))
    np.testing.assert_allclose(found, expected.detach().numpy(), rtol=1e-14, atol=1e-15)
    (pulled,) = PRIMITIVES[op].vjp(setting, (point,), found, np.asarray(seed))
    np.testing.assert_allclose(pulled, slope.numpy(), rtol=1e-14, atol=2e-14)


@pytest.mark.parametrize(
    ("op", "outer", "shapes", "of_torch"),
    [
        ("swapAxes", (2,), [(2, 3, 4, 5)], lambda x: x.transpose(1, 2)),
        ("take", (2,), [(2, 5, 3)], lambda x: x[:, :2]),
        ("drop", (2,), [(2, 5, 3)], lambda x: x[:, 2:]),
        ("drop", (), [(5,)], lambda x: x[5:]),
        ("concat", (2,), [(2, 3, 4), (2, 1, 4)], lambda *x: torch.cat(x, 1)),
        ("concat", (), [(3,), (0,)], lambda *x: torch.cat(x)),
        ("expandAxis", (2, 3), [(2, 3)], lambda x: x[..., None].expand(2, 3, 4)),
        ("expandAxis", (), [(2, 3)], lambda x: x.expand(4, 2, 3)),
        ("sumAxis", (2,), [(2, 3, 4)], lambda x: x.sum(1)),
        ("sumAxis", (), [(3,)], torch.sum),
        ("meanAxis", (2,), [(2, 3, 4)], lambda x: x.mean(1)),
        ("meanAxis", (2, 3), [(2, 3, 4)], lambda x: x.mean(-1)),
    ],
)
def test_ops_along_an_axis_are_pytorchs_and_so_are_their_slopes(
    op: str,
    outer: Shape,
    shapes: list[Shape],
    of_torch: Callable[..., torch.Tensor],
    rng: np.random.Generator,
) -> None:
    operands = tuple(rng.standard_normal(shape) for shape in shapes)
    leaves = [torch.from_numpy(operand).requires_grad_() for operand in operands]
    expected = of_torch(*leaves)
    out = tuple(expected.shape)
    seed = np.asarray(rng.standard_normal(out))
    slopes = torch.autograd.grad(expected, leaves, torch.from_numpy(seed))
    setting = Setting(out, lengths={"o": outer})
    assert PRIMITIVES[op].shape_rule(tuple(shapes), out) == out
    found = PRIMITIVES[op].forward(setting, operands)
    np.testing.assert_allclose(found, expected.detach().numpy(), rtol=1e-15, atol=1e-15)
    for pulled, slope in zip(PRIMITIVES[op].vjp(setting, operands, found, seed), slopes, strict=True):
        np.testing.assert_allclose(pulled, slope.numpy(), rtol=1e-15)


def test_the_mean_along_an_empty_axis_is_zero() -> None:
    setting = Setting((2, 3), lengths={"o": (2,)})
    np.testing.assert_array_equal(PRIMITIVES["meanAxis"].forward(setting, (np.zeros((2, 0, 3)),)), 0)


def test_the_logistic_function_does_not_overflow() -> None:
    far = np.array([-1e300, -800.0, 800.0, 1e300])
    with np.errstate(all="raise", under="ignore"):
        np.testing.assert_array_equal(forward("sigmoid", (4,), far), [0.0, 0.0, 1.0, 1.0])
        np.testing.assert_array_equal(forward("silu", (4,), far), [0.0, 0.0, 800.0, 1e300])


def test_totals_of_one_number_and_of_none() -> None:
    for op in ("sum", "mean"):
        assert forward(op, (), np.array(2.5)) == 2.5
        assert forward(op, (), np.zeros((0, 3))) == 0.0  # in Lean 0⁻¹ is 0


def test_row_mean_and_broadcasts(rng: np.random.Generator) -> None:
    x, column, row = rng.standard_normal((3, 4)), rng.standard_normal(3), rng.standard_normal(4)
    expected = by_coordinate((3,), lambda i: sum(x[i]) / 4)
    np.testing.assert_allclose(forward("rowMean", (3,), x), expected, rtol=1e-13)
    rows, columns = forward("broadcastRow", (3, 4), column), forward("broadcastCol", (3, 4), row)
    np.testing.assert_array_equal(rows, by_coordinate((3, 4), lambda i, _: column[i]))
    np.testing.assert_array_equal(columns, by_coordinate((3, 4), lambda _, j: row[j]))


def test_the_mean_of_empty_rows_is_zero() -> None:
    np.testing.assert_array_equal(forward("rowMean", (2,), np.zeros((2, 0))), [0.0, 0.0])


def test_affine_maps_row_major_coordinates(rng: np.random.Generator) -> None:
    x, matrix, bias = rng.standard_normal((2, 3)), rng.standard_normal((4, 6)), rng.standard_normal((2, 2))
    expected = (sum(matrix[:, 3 * i + j] * x[i, j] for i, j in product(range(2), range(3)))).reshape(2, 2)
    made = forward("affine", (2, 2), x, A=LinearMap.from_matrix(matrix), b=bias)
    np.testing.assert_allclose(made, expected + bias, rtol=1e-13)


def test_linear(rng: np.random.Generator) -> None:
    x, weights, bias = rng.standard_normal(3), rng.standard_normal((2, 3)), rng.standard_normal(2)
    expected = by_coordinate((2,), lambda k: sum(weights[k, j] * x[j] for j in range(3)) + bias[k])
    made = forward("linear", (2,), x, W=LinearMap.from_matrix(weights), b=bias)
    np.testing.assert_allclose(made, expected, rtol=1e-13)


def test_dense(rng: np.random.Generator) -> None:
    x, weights, bias = rng.standard_normal((4, 3)), rng.standard_normal((2, 3)), rng.standard_normal(2)
    expected = by_coordinate((4, 2), lambda t, k: sum(x[t, j] * weights[k, j] for j in range(3)) + bias[k])
    np.testing.assert_allclose(forward("dense", (4, 2), x, weights, bias), expected, rtol=1e-13)


def test_layer_norm(rng: np.random.Generator) -> None:
    x, gamma, beta = rng.standard_normal((3, 4)), rng.standard_normal(4), rng.standard_normal(4)
    deviations = np.sqrt(x.var(axis=1) + 0.1)  # NumPy's variance is the biased one
    expected = by_coordinate(
        (3, 4), lambda i, j: (x[i, j] - x[i].mean()) / deviations[i] * gamma[j] + beta[j]
    )
    np.testing.assert_allclose(forward("layerNorm", (3, 4), x, gamma, beta, ε=0.1), expected, rtol=1e-12)


def test_rms_norm(rng: np.random.Generator) -> None:
    x, gamma = rng.standard_normal((3, 4)), rng.standard_normal(4)
    roots = [math.sqrt(sum(each**2 for each in row) / 4 + 0.1) for row in x]
    expected = by_coordinate((3, 4), lambda i, j: x[i, j] / roots[i] * gamma[j])
    np.testing.assert_allclose(forward("rmsNorm", (3, 4), x, gamma, ε=0.1), expected, rtol=1e-12)


def test_rotary(rng: np.random.Generator) -> None:
    x, angles = rng.standard_normal((2, 3, 4)), rng.standard_normal((3, 2))
    points = (x[:, :, :2] + 1j * x[:, :, 2:]) * np.exp(1j * angles)
    expected = np.concatenate((points.real, points.imag), axis=2)
    np.testing.assert_allclose(
        forward("rotary", (2, 3, 4), x, np.cos(angles), np.sin(angles)), expected, rtol=1e-13
    )


@pytest.mark.parametrize(
    ("op", "inside", "outside"),
    [("sqrtClamp", [1.0, 2.0], [1.0, 0.0]), ("inv", [1.0, -2.0], [1.0, 0.0])],
)
def test_domains(op: str, inside: list[float], outside: list[float]) -> None:
    domain = PRIMITIVES[op].domain
    assert domain.contains(Setting((2,)), (np.array(inside),))
    assert not domain.contains(Setting((2,)), (np.array(outside),))


@pytest.mark.parametrize(("epsilon", "inside"), [(1e-5, True), (0.0, False)])
def test_the_domain_of_layer_norm_is_where_its_theorem_is(epsilon: float, inside: bool) -> None:
    constant_row = np.array([[1.0, 1.0], [0.0, 1.0]])
    setting = Setting((2, 2), {"ε": epsilon})
    assert PRIMITIVES["layerNorm"].domain.contains(setting, (constant_row, np.ones(2), np.ones(2))) is inside


@pytest.mark.parametrize(("epsilon", "inside"), [(1e-5, True), (0.0, False)])
def test_the_domain_of_rms_norm_is_where_its_theorem_is(epsilon: float, inside: bool) -> None:
    with_a_row_of_zeros = np.array([[0.0, 0.0], [0.0, 1.0]])
    setting = Setting((2, 2), {"ε": epsilon})
    assert PRIMITIVES["rmsNorm"].domain.contains(setting, (with_a_row_of_zeros, np.ones(2))) is inside


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
        ("swapAxes", ((2, 3, 4),), (4, 3, 2), "with two neighbouring axes of 4×3×2 exchanged, found 2×3×4"),
        ("swapAxes", ((2,),), (2,), "with two neighbouring axes of 2 exchanged"),
        ("take", ((2, 3),), (2, 4), "of which 2×4 is a part along an axis, found 2×3"),
        ("take", ((2, 3),), (1, 2), "of which 1×2 is a part along an axis"),
        ("drop", ((3,),), (), "of which scalar is a part along an axis"),
        ("concat", ((2, 3), (2, 4)), (2, 6), "that make 2×6 one after the other along an axis"),
        ("concat", ((2, 3), (3, 3)), (5, 4), "that make 5×4 one after the other along an axis"),
        ("expandAxis", ((2, 3),), (3, 2, 4), "with the axes of 3×2×4 but one, found 2×3"),
        ("sumAxis", ((2, 3),), (4,), "with one axis more than 4, found 2×3"),
        ("meanAxis", ((),), (), "with one axis more than scalar"),
        ("softmaxLast", ((2, 3),), (2, 3), "h×m×n"),
        ("add", ((2, 3), (3, 2)), (2, 3), "of one shape"),
        ("sub", ((2, 3), (3,)), (2, 3), "of one shape"),
        ("mul", ((2, 3), (3,)), (2, 3), "of one shape"),
        ("rowMean", ((2,),), (), "m×n"),
        ("broadcastRow", ((3,),), (2, 3), "m for the output 2×3, found 3"),
        ("broadcastRow", ((3,),), (3,), "m for the output 3"),
        ("broadcastCol", ((2,),), (2, 3), "n for the output 2×3, found 2"),
        ("linear", ((2, 3),), (4,), "of one axis"),
        ("linear", ((3,),), (2, 2), "of one axis"),
        ("dense", ((5, 3), (3, 4), (4,)), (5, 4), "n×i, o×i and o, found 5×3, 3×4, 4"),
        ("dense", ((5, 3), (4, 3), (3,)), (5, 4), "n×i, o×i and o"),
        ("layerNorm", ((5, 3), (3,), (5,)), (5, 3), "m×n, n and n, found 5×3, 3, 5"),
        ("layerNorm", ((3,), (), ()), (3,), "m×n, n and n"),
        ("rmsNorm", ((5, 3), (5,)), (5, 3), "m×n and n, found 5×3, 5"),
        ("rotary", ((2, 3, 5), (3, 2), (3, 2)), (2, 3, 5), "h×n×2d, n×d and n×d, found 2×3×5, 3×2, 3×2"),
        ("rotary", ((2, 3, 4), (3, 2), (2, 2)), (2, 3, 4), "h×n×2d, n×d and n×d"),
    ],
)
def test_a_shape_rule_refuses_operands_that_do_not_fit(
    op: str, shapes: Shapes, out: Shape, expected: str
) -> None:
    with pytest.raises(ShapeError) as caught:
        PRIMITIVES[op].shape_rule(shapes, out)
    assert expected in str(caught.value)
