"""Whole numbers and truth values are parameters that choose; what else is done with them is one error."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from lean_bridge import booleans, graph, integers
from lean_bridge.capture.functions import cross_entropy, masked_softmax, softmax
from lean_bridge.errors import NotCaptured

X = ("n", "d")
DATA: dict[str, Callable[[Any], Any]] = {
    "add: expected an array of real numbers, found i: n whole numbers below d, w": lambda a: a.x + a.i,
    r"multiply: expected an array of real numbers, found m: n×d truth values, which masked_softmax ": (
        lambda a: a.x * a.m
    ),
    "bitwise_invert: no certified op": lambda a: masked_softmax(a.x, ~a.m),
    "bitwise_and: no certified op": lambda a: masked_softmax(a.x, a.m & a.m),
    "indexing: expected whole numbers below n, found i: n whole numbers below d": lambda a: a.x[a.i],
    "indexing: expected whole numbers below n that are a parameter, found m": lambda a: a.x[a.m],
    "indexing: expected i: n whole numbers below d as the only index; near": lambda a: a.x[:, a.i],
    "indexing: expected : and None alone in an index of i: n whole": lambda a: a.x.T[a.i[1:]],
    "take: expected to take along axis 0, found axis=None": lambda a: np.take(a.x, a.i),
    "take: expected to take along axis 0, found axis=1": lambda a: np.take(a.x, a.i, axis=1),
    r"take_along_axis: expected whole numbers of shape \(n, 1\), found \(n,\)": (
        lambda a: np.take_along_axis(a.x, a.i, axis=1)
    ),
    "masked_softmax: expected truth values that are a parameter": lambda a: masked_softmax(a.x, a.x),
    r"masked_softmax: expected truth values of the last axes of \(d, n\), as they .*, of m": (
        lambda a: masked_softmax(a.x.T, a.m)
    ),
    r"masked_softmax: expected truth values of the last .*, found \(1, n, d\)": (
        lambda a: masked_softmax(a.x[None], a.m[None])
    ),
    r"take_along_axis: expected whole numbers declared of shape \(n, 1\), found i: n": (
        lambda a: np.take_along_axis(a.x.T[:, :, None], a.i[None, :, None], axis=0)
    ),
    "reshape: expected a shape of n coordinates, found": lambda a: a.x[a.i.reshape(2)],
    "cross_entropy: expected whole numbers below n, found i: n whole": lambda a: cross_entropy(a.x.T, a.i),
    "cross_entropy: expected whole numbers below d that are a param": lambda a: cross_entropy(a.x, [0]),
    "i: n whole numbers below d: Python iterates over it": lambda a: sum(a.x[:, j] for j in a.i),
    "assignment to an element: arrays of a graph are never written to": lambda a: a.m.__setitem__(0, True),
    "m: n×d truth values: Python branches on it": lambda a: a.x if a.m else -a.x,
    "astype: no certified op": lambda a: a.x * a.m.astype(float),
    "where: no certified op": lambda a: softmax(np.where(a.m, a.x, -np.inf)),
    "expected to return values, found i: n whole numbers below d": lambda a: (a.x + a.x, a.i),
}


@pytest.mark.parametrize("told", DATA)
def test_whole_numbers_and_truth_values_choose_and_are_no_arrays_of_numbers(told: str) -> None:
    def of_all(**given: Any) -> Any:
        return DATA[told](SimpleNamespace(**given))

    with pytest.raises(NotCaptured, match=told) as raised:
        graph(x=X, i=integers("n", below="d"), m=booleans("n", "d"))(of_all).model  # noqa: B018
    assert __file__.rpartition("/")[2] in str(raised.value)


def test_data_of_another_capture_is_none_of_this() -> None:
    kept = []

    @graph(x=X, i=integers("n", below="d"), m=booleans("n", "d"))
    def first(x: Any, i: Any, m: Any) -> Any:
        kept.append((i, m))
        return cross_entropy(masked_softmax(x, m), i)

    @graph(x=X)
    def second(x: Any) -> Any:
        return masked_softmax(x, kept[0][1]) + cross_entropy(x, kept[0][0])

    assert len(first.model.arrays) == 2
    with pytest.raises(NotCaptured) as raised:
        second.model  # noqa: B018
    assert [each.rpartition(": expected ")[2] for each in raised.value.problems] == [
        "a parameter of this function, found m: n×d truth values of another capture",
        "a parameter of this function, found i: n whole numbers below d of another capture",
    ]


def test_data_has_the_shape_that_it_is_declared_with() -> None:
    seen = []

    @graph(x=X, i=integers("n", below="d"))
    def looks(x: Any, i: Any) -> Any:
        seen.append((i.shape == x.shape[:1], i.ndim, i[None, :, None].ndim, repr(i), str(i.size)))
        return cross_entropy(x, i)

    assert looks.model.arrays[0].text == "i: n whole numbers below d"
    assert seen == [(True, 1, 3, "i: n whole numbers below d", "n")]
