"""Symbolic axis lengths are polynomials that keep the form in which they were declared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybind_models import Dim, shape_text

names = st.sampled_from(["n", "dModel", "numHeads", "x'", "β₁"])
dims = st.recursive(
    st.one_of(names.map(Dim.variable), st.integers(0, 9).map(Dim.constant)),
    lambda inner: st.tuples(inner, inner, st.booleans()).map(lambda t: t[0] + t[1] if t[2] else t[0] * t[1]),
    max_leaves=6,
)
SIZES = {"n": 3, "dModel": 5, "numHeads": 2, "x'": 7, "β₁": 11}


@given(dims)
def test_text_round_trips(dim: Dim) -> None:
    assert Dim.parse(str(dim)) == dim
    assert str(Dim.parse(str(dim))) == str(dim)


@given(dims)
def test_text_means_in_python_what_it_means(dim: Dim) -> None:
    values = {name.replace("'", "_prime").replace("₁", "_1"): size for name, size in SIZES.items()}
    assert eval(str(dim).replace("'", "_prime").replace("₁", "_1"), values) == dim.evaluate(SIZES)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("numHeads*headDim", "numHeads*headDim"),
        ("headDim * numHeads", "headDim*numHeads"),
        ("((a+b))+c", "a + b + c"),
        ("a+(b+c)", "a + (b + c)"),
        ("a*(b*c)", "a*(b*c)"),
        ("(a*b)*c", "a*b*c"),
        ("(a+b)*(2+n)*3", "(a + b)*(2 + n)*3"),
        ("1*n + 0*m", "1*n + 0*m"),
    ],
)
def test_the_declared_form_is_kept(written: str, text: str) -> None:
    assert str(Dim.parse(written)) == text


@given(dims, dims, dims)
def test_equal_polynomials_are_equal(a: Dim, b: Dim, c: Dim) -> None:
    assert a * (b + c) == a * b + c * a
    assert hash(a * (b + c)) == hash(c * a + b * a)


@given(dims, dims)
def test_evaluation_is_a_homomorphism(a: Dim, b: Dim) -> None:
    assert (a + b).evaluate(SIZES) == a.evaluate(SIZES) + b.evaluate(SIZES)
    assert (a * b).evaluate(SIZES) == a.evaluate(SIZES) * b.evaluate(SIZES)


@pytest.mark.parametrize("text", ["", "n-1", "n**2", "2 3", "n^2", "(n", "n)", "()", "+n", "n*", "1.5"])
def test_what_is_no_polynomial_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a polynomial"):
        Dim.parse(text)


def test_nesting_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="fewer parentheses"):
        Dim.parse("(" * 100_000 + "n" + ")" * 100_000)


def test_no_negative_lengths() -> None:
    with pytest.raises(ValueError, match="≥ 0, found -1"):
        Dim.constant(-1)


def test_shapes_read_well() -> None:
    shape = (Dim.variable("n"), Dim.variable("numHeads") * Dim.variable("headDim"))
    assert shape_text(shape) == "n×(numHeads*headDim)"
    assert shape_text(()) == "scalar"
