"""What a function of JAX makes of numbers is what JAX makes of them, in the dtypes in which it does."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest
from jax import lax, nn
from jax import numpy as jnp

from lean_bridge.capture.jax_trace import from_jax
from lean_bridge.capture.jaxpr_terms import _folded, keeps_below
from lean_bridge.errors import LeanBridgeError, NotCaptured

TABLE, X, W = np.ones((6, 3), np.float32), np.ones((5, 3), np.float32), np.ones(3, np.float32)
IDS = np.zeros(4, np.int32)
ROWS = {"x": {0: "n"}}


def hidden(allowed: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return what has a mask of the first position, and of those that are allowed."""

    def function(x: Any) -> Any:
        is_first = jnp.arange(x.shape[0]) == 0
        return nn.softmax(jnp.where(allowed(x) | is_first, x @ x.T, -jnp.inf))

    return function


@pytest.mark.parametrize(
    ("function", "what"),
    [
        pytest.param(
            hidden(lambda _: jax.random.bernoulli(jax.random.key(0), 0.7, (5, 5))),
            "mask",
            marks=pytest.mark.full,
        ),
        (hidden(lambda _: jnp.arange(5) * 100000 * 100000 >= 0), "mask"),
        (hidden(lambda x: jnp.arange(5) < x.dtype.itemsize - 2), "mask"),
        pytest.param(
            lambda x: x[jax.random.randint(jax.random.key(0), (4,), 0, 5)] * 2,
            "index",
            marks=pytest.mark.full,
        ),
    ],
)
def test_what_the_code_makes_is_one_in_both_precisions(function: Callable[..., Any], what: str) -> None:
    told = rf"^f: expected one {what} in float32 and float64, found another; nearest: an argument"
    with pytest.raises(NotCaptured, match=told):
        from_jax(function, X, name="f")


def test_what_is_another_at_lengths_that_are_not_compared_is_told_where_it_is_asked_for() -> None:
    positive = hidden(lambda x: jnp.arange(x.shape[0]) * 300_000_000 >= 0)
    captured = from_jax(positive, X, dynamic=ROWS, name="f")
    assert captured.data(n=3)["mask"].all()
    with pytest.raises(NotCaptured, match="expected one mask in float32 and float64, found another, n = 12"):
        captured.data(n=12)


@pytest.mark.parametrize(
    ("primitive", "numbers", "dtype", "expected"),
    [
        ("add", (200, 100), "uint8", 44),
        ("mul", (20, 13), "uint8", 4),
        ("add", (100, 100), "int8", -56),
        ("sub", (3, 5), "uint32", 2**32 - 2),
        ("neg", (-128,), "int8", -128),
        ("convert_element_type", (300,), "uint8", 44),
        ("convert_element_type", (-2.7,), "int32", -2),
        ("convert_element_type", (1e10,), "int32", None),
        ("convert_element_type", (257,), "bfloat16", 256.0),
        ("mul", (1e5, 1.0), "float16", math.inf),
        ("div", (1.0, 3.0), "float32", float(np.float32(1 / 3))),
        ("pow", (2, 8), "uint8", None),
    ],
)
def test_numbers_of_the_code_are_those_of_their_dtypes(
    primitive: str, numbers: tuple[Any, ...], dtype: str, expected: Any
) -> None:
    assert _folded(primitive, numbers, {}, dtype) == expected


@pytest.mark.full
def test_a_mask_is_of_numbers_that_go_around() -> None:
    few = hidden(lambda x: jnp.arange(x.shape[0]) < jnp.uint8(200) + jnp.uint8(100))
    captured = from_jax(few, X, dynamic=ROWS, name="f")
    np.testing.assert_array_equal(captured.data(n=50)["mask"], np.arange(50) < 44)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16"])
def test_whole_numbers_that_a_dtype_has_not_all_of_are_no_argument(dtype: str) -> None:
    def chosen(table: Any, ids: Any) -> Any:
        return table[ids.astype(dtype)] * 2

    with pytest.raises(NotCaptured, match=r"gather: expected whole numbers that are an argument, found"):
        from_jax(chosen, TABLE, IDS, dynamic={"table": {0: "v"}})
    assert [each.name for each in from_jax(chosen, TABLE, IDS).model.arrays] == ["ids"]
    ones = np.ones((300, 2), np.float32)
    with pytest.raises(NotCaptured) if dtype != "int16" else jax.enable_x64(False):
        from_jax(chosen, ones, IDS)


def test_dtypes_have_the_whole_numbers_that_they_have() -> None:
    (n,) = jax.export.symbolic_shape("n")
    assert [each for each in ("int32", "int64", "uint32", "float32", "float64") if keeps_below(each, n)] == [
        "int32",
        "int64",
        "uint32",
        "float64",
    ]
    for dtype, most in (("int8", 128), ("uint8", 256), ("bfloat16", 257), ("float16", 2049), ("bool", 2)):
        assert keeps_below(dtype, most)
        assert not keeps_below(dtype, most + 1)


def ones(x: Any, i: Any) -> Any:
    """Ones at places in a dtype that has not all of them."""
    at = jnp.arange(x.shape[0], dtype=jnp.uint8)
    return (i.astype(jnp.uint8)[:, None] == at).astype(x.dtype) @ x


def test_places_that_begin_again_are_no_choice() -> None:
    with pytest.raises(NotCaptured, match="convert_element_type: no certified op: whole numbers choose"):
        from_jax(ones, TABLE, IDS, dynamic=ROWS)
    assert [node.op for node in from_jax(ones, TABLE, IDS).model.nodes] == ["embedding"]


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint32", "bfloat16", "float16", "bool"])
def test_a_length_in_a_dtype_that_has_not_all_is_none(dtype: str) -> None:
    def mean(x: Any) -> Any:
        return x.sum(0) / jnp.asarray(x.shape[0]).astype(dtype)

    with pytest.raises(NotCaptured, match="div: expected a number, found numbers that the code makes itself"):
        from_jax(mean, X, dynamic=ROWS)


def test_a_root_of_a_square_is_no_factor() -> None:
    def rms(x: Any, w: Any) -> Any:
        return x * jnp.sqrt(w * w) / jnp.sqrt(jnp.mean(x * x, -1, keepdims=True) + 1e-5)

    def layer(x: Any, w: Any, b: Any) -> Any:
        spread = jnp.var(x, -1, keepdims=True) + 1e-5
        return (x - x.mean(-1, keepdims=True)) / jnp.sqrt(spread) * jnp.sqrt(jnp.square(w)) + b

    for function, given in ((rms, (X[:1], W)), (layer, (X[:1], W, W))):
        with pytest.raises(NotCaptured, match="sqrt: no op that is certified everywhere"):
            from_jax(function, *given)
    for shape in ((1,), (0, 3)):  # of which no random number tells it
        with pytest.raises(NotCaptured, match="sqrt: no op that is certified everywhere"):
            from_jax(lambda x: jnp.sqrt(x * x) * nn.sigmoid(x), np.ones(shape, np.float32), name="f")


def ruled(rule: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    made = jax.custom_vjp(jnp.tanh)
    made.defvjp(lambda x: (jnp.tanh(x), x), lambda x, g: (g * (1 - jnp.tanh(x) ** 2) * rule(x, g),))
    return made


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (lambda x, _: 2 if x.shape[0] > 16 else 1, r"JAX cannot trace it: InconclusiveDimensionOperation"),
        (lambda x, _: 2 if x.shape[0] == 7 else 1, "asks whether n is 7;"),
        (lambda x, _: 1 if x.shape[0] % 4 else 2, r"asks whether mod\(n, 4\) is 0;"),
    ],
)
def test_a_rule_for_derivatives_asks_no_length(rule: Callable[[Any, Any], Any], said: str) -> None:
    with pytest.raises(NotCaptured, match=rf"test_jax_dtypes.py:\d+: {said}"):
        from_jax(ruled(rule), X, dynamic=ROWS, name="f")


def test_gradients_are_compared_by_their_own_size() -> None:
    none = ruled(lambda *_: 0)
    with pytest.raises(NotCaptured, match=r"^f: the gradient of x is not JAX's own, by .* of it"):
        from_jax(lambda x: 1e-10 * none(x), X, name="f")
    with pytest.raises(NotCaptured, match=r"^f: the gradient of w is not JAX's own, by .* of it"):
        from_jax(lambda x, w: jnp.tanh(x) + 1e-7 * none(w).mean(), X, W, name="f")


@pytest.mark.parametrize(
    "function",
    [
        lambda x, _: jnp.select([x < 0, x > 1], [x, 2 * x], 3 * x),
        lambda x, _: lax.select_n(jnp.int32(1) * (x > 0), x, 2 * x),
        lambda x, i: x[lax.select_n(i, i, i, i)] * 2,
    ],
)
def test_a_choice_by_whole_numbers_is_no_choice_by_a_truth_value(function: Callable[..., Any]) -> None:
    with pytest.raises(NotCaptured, match="select_n by whole numbers: no certified op"):
        from_jax(function, X, IDS, name="f")


def test_what_is_large_or_made_of_itself_is_told_soon() -> None:
    with jax.enable_x64(True), pytest.raises(LeanBridgeError):
        from_jax(lambda x, w: jnp.square(1e200 * x) * w, X.astype(float), X.astype(float), name="f")

    def doubled(x: Any, i: Any) -> Any:
        for _ in range(40):
            i = i + i
        return x * i

    with pytest.raises(NotCaptured, match="convert_element_type: no certified op: whole numbers choose"):
        from_jax(doubled, TABLE[:4, 0], IDS)
