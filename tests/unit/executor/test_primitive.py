"""The rules that the constructors derive."""

from __future__ import annotations

import numpy as np
import pytest

from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.arrays.shape import same_shape
from lean_bridge.executor.rules.primitive import (
    Arrays,
    Called,
    Domain,
    Linearity,
    Primitive,
    Sample,
    Setting,
    draw_sample,
    elementwise,
    linear,
    multilinear,
)


def _sample(rng: np.random.Generator) -> Sample:
    return draw_sample(rng, ((3,), (3,)), (3,))


def _tanh() -> Primitive:
    return elementwise(
        "tanh",
        f=lambda setting, x: setting.scalars.tanh(x),
        df=lambda setting, x: 1 - setting.scalars.tanh(x) ** 2,
        domain=Domain("x > -1", "x", lambda _setting, primals: primals[0], lambda x: x > -1, "Test.atX"),
        sample=_sample,
        called=Called(""),
    )


def _product(_setting: Setting, primals: Arrays) -> Array:
    result: Array = primals[0] * primals[1]
    return result


X, Y, W = np.array([0.5, -0.25, 2.0]), np.array([3.0, 1.0, -1.0]), np.array([1.0, 10.0, 100.0])
HERE = Setting((3,))


def test_elementwise_derives_both_directions_from_the_derivative() -> None:
    tanh = _tanh()
    output = tanh.forward(HERE, (X,))
    np.testing.assert_array_equal(output, np.tanh(X))
    np.testing.assert_allclose(tanh.jvp(HERE, (X,), output, (Y,)), Y / np.cosh(X) ** 2, rtol=1e-14)
    np.testing.assert_allclose(tanh.vjp(HERE, (X,), output, W)[0], W / np.cosh(X) ** 2, rtol=1e-14)
    assert tanh.linearity is Linearity.NONLINEAR


@pytest.mark.parametrize(("x", "inside"), [(0.0, True), (-2.0, False)])
def test_a_domain_tells_where_the_derivative_is_one(x: float, inside: bool) -> None:
    assert _tanh().domain.contains(HERE, (np.full(3, x),)) is inside


def test_linear_is_its_own_jvp_and_its_transpose_gets_the_operand_shapes() -> None:
    total = linear(
        "total",
        shape_rule=same_shape,
        apply=lambda _setting, primals: primals[0].sum(axis=0, keepdims=True),
        transpose=lambda _setting, shapes, w: (w * np.ones(shapes[0]),),
        sample=_sample,
        called=Called(""),
    )
    np.testing.assert_array_equal(total.jvp(HERE, (X,), X, (Y,)), [3.0])
    np.testing.assert_array_equal(total.vjp(HERE, (X,), X, np.array([2.0]))[0], [2.0, 2.0, 2.0])
    assert total.linearity is Linearity.LINEAR


def test_multilinear_varies_one_operand_at_a_time() -> None:
    mul = multilinear(
        "mul",
        shape_rule=same_shape,
        apply=_product,
        transposes=(lambda _setting, primals, w: w * primals[1], lambda _setting, primals, w: w * primals[0]),
        sample=_sample,
        called=Called(""),
    )
    output = mul.forward(HERE, (X, Y))
    np.testing.assert_array_equal(mul.jvp(HERE, (X, Y), output, (W, X)), W * Y + X * X)
    left, right = mul.vjp(HERE, (X, Y), output, W)
    np.testing.assert_array_equal(left, W * Y)
    np.testing.assert_array_equal(right, W * X)
    assert (mul.linearity, mul.arity) == (Linearity.MULTILINEAR, 2)
