"""The graph of a function of JAX is for all lengths, or the function is told to be another at some."""

from __future__ import annotations

from collections import UserList
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import jax
import numpy as np
import pytest
from jax import lax, nn
from jax import numpy as jnp

from lean_bridge.capture import jax_lengths
from lean_bridge.capture.jax_trace import from_jax
from lean_bridge.capture.jaxpr_terms import is_users
from lean_bridge.errors import NotCaptured

X, Y, SQUARE = (np.ones(shape, np.float32) for shape in ((5, 3), (4, 3), (4, 4)))
ALL = np.ones((4, 4), bool)
PAIR = {"x": {0: "n"}, "y": {0: "m"}}
BOTH = {0: "n", 1: "n"}
STRUCT: Any = jax.ShapeDtypeStruct
HERE = r"test_jax_lengths.py:\d+"


def either(is_other: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def function(x: Any, y: Any) -> Any:
        scores = x @ y.T
        return jnp.tanh(scores) if is_other(x.shape[0], y.shape[0]) else nn.softmax(scores)

    return function


def shapes(n: Any, m: Any) -> bool:
    return ((n, 3), 2) == ((m, 3), 2)


def goes_on(n: Any, _: Any) -> bool:
    try:
        return bool(n > 8)
    except Exception:  # noqa: BLE001 - whatever JAX says
        return False


@dataclass(frozen=True)
class Rows:
    count: Any


def test_who_compares_is_who_had_it_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dataclass, or Python's library, compares for the code that it is asked by, or for JAX."""
    for is_other in (lambda n, m: Rows(n) == Rows(m), lambda n, m: UserList([n]) == [m]):
        with pytest.raises(NotCaptured, match=rf"^tests/.*{HERE}: asks whether n is m;"):
            from_jax(either(is_other), X, Y, dynamic=PAIR, name="f")

    def asking(x: Any) -> Any:
        assert Rows(x.shape[0]) != Rows(9)
        return jnp.tanh(x)

    monkeypatch.setattr(jax_lengths, "is_users", lambda file: file != __file__ and is_users(file))
    assert from_jax(asking, X, dynamic={"x": {0: "n"}}).model.dims == ("n",)


@pytest.mark.parametrize(
    ("is_other", "said"),
    [
        (lambda n, m: n == m, "asks whether n is m; expected one function for all lengths"),
        (lambda n, m: n != m, "asks whether n is m;"),
        (shapes, "asks whether n is m;"),
        (lambda n, m: n + 1 == m, r"asks whether n \+ 1 is m;"),
        (lambda n, m: n * m == 12, r"asks whether m\*n is 12;"),
        (lambda n, _: n == 1, "asks whether n is 1;"),
        (lambda n, _: n in (2, 60), "asks whether n is 60;"),
        (lambda n, _: n % 2 == 0, r"asks whether mod\(n, 2\) is 0;"),
        (lambda n, m: n + 2 < m, "JAX cannot trace it: InconclusiveDimensionOperation: Symbolic dimension"),
        (lambda n, m: max(n, m) == 5, "JAX cannot trace it: InconclusiveDimensionOperation"),
        (lambda n, _: n // 2 > 1, "JAX cannot trace it: InconclusiveDimensionOperation"),
        (lambda n, _: range(n), "JAX cannot trace it: TypeError"),
        (lambda n, _: n % 2, r"asks whether mod\(n, 2\) is 0;"),
        (lambda n, m: not m - 2 * n, r"asks whether - 2\*n \+ m is 0;"),
        (lambda n, _: any([n % 8]), r"asks whether mod\(n, 8\) is 0;"),
        (lambda n, _: n == np.int64(7), "asks whether n is 7;"),
        (lambda n, _: np.uint8(7) != n, "asks whether n is 7;"),
        (lambda n, _: n in np.array([7, 9]), r"asks whether n is \[7 9\];"),
        (lambda n, _: n == Fraction(7), "asks whether n is 7;"),
        (lambda n, _: (n, 3) == tuple(np.array([7, 3])), "asks whether n is 7;"),
        (lambda n, _: np.array_equal((n, 3), (7, 3)), "asks whether n is 7;"),
        (lambda n, _: n in {7}, "asks what is kept under n;"),
        (
            lambda n, _: STRUCT((n,), int) == STRUCT((7,), int),
            "asks whether n is 7",
        ),
        (goes_on, "asks for gt of n, 8, which depends on the lengths;"),
    ],
)
def test_a_branch_on_lengths_is_told(is_other: Callable[[Any, Any], Any], said: str) -> None:
    for _ in range(2):  # what JAX keeps of what it traced before is of other lengths
        with pytest.raises(NotCaptured, match=rf"{HERE}: {said}"):
            from_jax(jax.jit(either(is_other)), X, Y, dynamic=PAIR, name="f")


def test_what_is_so_of_all_lengths_or_of_none_is_no_branch() -> None:
    def is_other(n: Any, m: Any) -> bool:
        never = [n == 0, n == -1, n == m + n, n + 1 == n, n == "n", n < 1, n == 2.5, n == None, not n]  # noqa: E711
        return any(never) or n * m != m * n or not n >= 1

    captured = from_jax(either(is_other), X, Y, dynamic=PAIR, name="f")
    assert "tanh" not in [node.op for node in captured.model.nodes]


@pytest.mark.parametrize(
    ("is_other", "said"),
    [
        (lambda n, _: isinstance(n, int), "n = 5, m = 4"),
        (lambda n, _: isinstance(n, int) and n == 1, "n = 1, m = 4"),
        (lambda n, m: {3: m}.get(n) == 3, "n = 3, m = 3"),
    ],
)
def test_what_asks_in_another_way_is_compared_at_some_lengths(
    is_other: Callable[[Any, Any], Any], said: str
) -> None:
    with pytest.raises(NotCaptured, match=rf"of \w+ is not JAX's own, by .* of it, {said}"):
        from_jax(either(is_other), X, Y, dynamic=PAIR, name="f")


def test_it_is_compared_at_lengths_of_1_though_nobody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So it would be where JAX had lengths that it is not known how to ask."""
    monkeypatch.setattr(jax_lengths, "may_be", lambda *_: False)
    with pytest.raises(NotCaptured, match=r"of tanh is not JAX's own, .*, n = 1, m = 4|n = 1"):
        from_jax(either(lambda n, _: n == 1), X, Y, dynamic=PAIR, name="f")
    with pytest.raises(NotCaptured, match=r"scale is of shape \[1, 3\], and not \[3\] as JAX's, n = 1"):
        from_jax(lambda x: (x[0] if x.shape[0] == 1 else x) * 2, X, dynamic={"x": {0: "n"}}, name="f")


def test_lengths_that_the_function_refuses_are_not_compared() -> None:
    def two(x: Any, y: Any) -> Any:
        if isinstance(y.shape[0], int) and y.shape[0] < 2:
            raise ValueError("two at least")
        return nn.softmax(x @ y.T)

    assert from_jax(two, X, Y, dynamic=PAIR).model.dims == ("n", "m")

    def none(x: Any) -> Any:
        if isinstance(x.shape[0], int):
            raise ValueError("none at all")
        return x * 2

    with pytest.raises(NotCaptured, match=r"^none: JAX has no gradient of its own: ValueError: none at all"):
        from_jax(none, X, dynamic={"x": {0: "n"}})


def far(x: Any, mask: Any) -> Any:
    fill = jnp.where(jnp.arange(x.shape[0]) < 1000, -jnp.inf, 0.0)
    return nn.softmax(jnp.where(mask, x, fill))


def scored(x: Any, mask: Any) -> Any:
    return nn.softmax(jnp.where(mask, x - jnp.arange(x.shape[0]) // 1000, -jnp.inf))


def near(x: Any) -> Any:
    at = jnp.arange(x.shape[0])
    return nn.softmax(x - nn.relu(jnp.abs(at[:, None] - at) - 60.0))


def scaled(x: Any) -> Any:
    return x / jnp.sqrt(x.shape[0])


def longest(x: Any) -> Any:
    return x * jnp.where(x.shape[0] > 1000, 2.0, 1.0)


def doubled(x: Any) -> Any:
    return x * (2.0 * x.shape[0] + 1)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (far, "select_n: no certified op"),
        (scored, "found numbers that the code makes itself"),
        (near, "found numbers that the code makes itself"),
        (scaled, "found numbers that the code makes itself"),
        (longest, "JAX cannot trace it: InconclusiveDimension|found numbers that the code makes itself"),
        (doubled, "found a length as a number|found numbers that the code makes itself"),
    ],
)
def test_a_number_of_the_code_is_one_whatever_the_lengths(function: Callable[..., Any], said: str) -> None:
    given = {"x": SQUARE, "mask": ALL} if function in (far, scored) else {"x": SQUARE}
    with pytest.raises(NotCaptured, match=rf"{HERE}: .*({said})"):
        from_jax(function, *given.values(), dynamic=dict.fromkeys(given, BOTH), name="f")


FIXED = jnp.ones((4, 3))


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda x: x * FIXED, r"JAX cannot trace it: TypeError: mul got incompatible shapes"),
        (
            lambda x: x[1:] * 2,
            r"gather: expected lengths that are polynomials in .* n - 1; nearest: an argument of that length",
        ),
        (lambda x: x[:2] * 2, r"gather: expected lengths that are polynomials in .* found min\(n, 2\)"),
        (lambda x: x[-1] * 2, "dynamic_slice: expected lengths that are polynomials in .* found n - 1"),
        (lambda x: x[0] * 2, "dynamic_slice: expected a p.* that an axis of length n has whatever"),
        (lambda x: x.reshape(-1, 2) * 2, "JAX cannot trace it: InconclusiveDimensionOperation"),
        (
            lambda x: jnp.squeeze(x) * 2,
            "JAX cannot trace it: ValueError: jnp.squeeze with axis=None is not",
        ),
        (lambda x: lax.dynamic_slice(x, (2, -1), (1, 3)) * 2, "dynamic_slice: "),
    ],
)
def test_a_part_that_is_not_there_at_all_lengths_is_told(function: Callable[..., Any], said: str) -> None:
    with pytest.raises(NotCaptured, match=rf"{HERE}: {said}"):
        from_jax(function, X, dynamic={"x": {0: "n"}}, name="f")


def test_means_and_spreads_are_of_as_many_as_there_are() -> None:
    captured = from_jax(
        lambda x, y: (x.mean(axis=0), x.var(axis=0, keepdims=True), (x @ y.T).mean()),
        X,
        Y,
        dynamic=PAIR,
        name="f",
    )
    assert not captured.constants
    with pytest.raises(NotCaptured, match=r"div: (no op|no certified op|expected|a length)"):
        from_jax(lambda x, y: x.sum(axis=0) / y.shape[0], X, Y, dynamic=PAIR, name="f")
    with pytest.raises(NotCaptured, match=r"div: "):
        from_jax(lambda x: x.var(axis=0, ddof=1), X, dynamic={"x": {0: "n"}}, name="f")


def test_an_argument_that_is_asked_for_its_length_alone_is_no_input() -> None:
    def repeated(x: Any, y: Any) -> Any:
        return jnp.repeat(x.sum(0)[None], y.shape[0], axis=0)

    with pytest.raises(
        NotCaptured, match=rf"^tests/.*{HERE}: expected lengths of arrays that it reads, found m of"
    ):
        from_jax(repeated, X, Y, dynamic=PAIR)
    captured = from_jax(lambda x, y: x * len(y.shape), X, Y, dynamic=PAIR, name="f")
    assert [entry.name for entry in captured.model.context] == ["x"]
    assert captured.model.dims == ("n",)
