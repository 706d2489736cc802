"""Names of arguments that Python and shells can spell."""

from __future__ import annotations

import keyword
from typing import Any
from unicodedata import decomposition

import numpy as np
import pytest

from lean_bridge.errors import ArrayError, BindingError
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.rules.ops.elementwise import GELU_KAPPA
from lean_bridge.spelling import in_ascii, meant_by, spelled, why_not
from pybind_models import Dim
from tests.unit.executor.graphs import encoder, graph, node

N = Dim.variable("n")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("κ", "kappa"),
        ("ε", "eps"),
        ("ε₁", "eps1"),
        ("ε1", "eps1"),
        ("Γ", "Gamma"),
        ("λ", "lambda_"),
        ("in", "in_"),
        ("x'", "x_prime"),
        ("dModel", "dModel"),
        ("é", "e"),
        ("𝒜", "A"),
        ("xᵢ", "xi"),
        ("ℓ", "l"),
        ("«my name»", None),
        ("☃", None),
        ("", None),
    ],
)
def test_a_name_has_one_spelling_in_ascii(name: str, expected: str | None) -> None:
    assert in_ascii(name) == expected


def test_every_greek_letter_of_lean_has_one_that_python_takes() -> None:
    letters = [each for each in map(chr, range(0x391, 0x3CA)) if each.isalpha() and not decomposition(each)]
    for letter in letters:
        spelling = in_ascii(letter)
        assert spelling is not None, letter
        assert spelling.isascii()
        assert spelling.isidentifier()
        assert not keyword.iskeyword(spelling)
    different = {in_ascii(letter) for letter in letters}
    assert len(different) == len(letters) - 1  # both forms of sigma


def test_a_name_itself_stands_for_nothing_else() -> None:
    assert meant_by("eps", ["eps", "ε"]) == ["eps"]
    assert meant_by("ε", ["eps", "ε"]) == ["ε"]
    assert meant_by("lambda", ["λ"]) == meant_by("lambda_", ["λ"]) == ["λ"]
    assert meant_by("kapa", ["κ"]) == meant_by(3, ["3"]) == []


def test_what_may_be_two_is_said_to_be() -> None:
    assert meant_by("sigma", ["σ", "ς"]) == ["σ", "ς"]
    assert why_not("sigma", ["σ", "ς"]) == "is ambiguous: it may be σ or ς"
    assert why_not("kapa", ["κ"]) == "is unknown (did you mean kappa?)"
    assert spelled("κ") == "κ (kappa)"
    assert spelled("dModel") == "dModel"


ENCODER = ExecutableGraph(encoder(fixed=False)).bind(n=2, dModel=2, numHeads=1, headDim=2, dFF=3)


def test_arguments_may_be_given_in_ascii() -> None:
    plain = ENCODER.compile(c=0.5, kappa=GELU_KAPPA, eps1=1e-5, eps2=1e-3)
    greek = ENCODER.compile(c=0.5, κ=GELU_KAPPA, ε1=1e-5, ε2=1e-3)
    rng = np.random.default_rng(0)
    inputs = {entry.name: rng.normal(size=entry.shape) for entry in plain.context}
    ascii_names = {in_ascii(name) or name: array for name, array in inputs.items()}
    assert ascii_names.keys() != inputs.keys()
    for left, right in zip(plain.forward(ascii_names), greek.forward(inputs), strict=True):
        np.testing.assert_array_equal(left, right)
    (gamma,) = plain.vjp(ascii_names, {plain.entries[-1].name: np.ones((2, 2))}, ["gamma1"])
    np.testing.assert_array_equal(
        gamma, greek.vjp(inputs, {plain.entries[-1].name: np.ones((2, 2))}, ["γ₁"])[0]
    )


def test_an_array_of_a_batch_may_be_given_in_ascii() -> None:
    program = ENCODER.compile(c=0.5, kappa=GELU_KAPPA, eps1=1e-5, eps2=1e-3)
    rng = np.random.default_rng(0)
    inputs = {in_ascii(entry.name) or "": rng.normal(size=entry.shape) for entry in program.context}
    inputs["gamma1"] = np.stack([inputs["gamma1"]] * 3)
    made = program.batched(["gamma1"]).forward(inputs)
    assert made[-1].shape == (3, 2, 2)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"kappa": 1.0, "κ": 1.0}, r"argument κ is given twice"),
        ({"kapa": 1.0}, r"argument kapa is unknown \(did you mean kappa\?\); it takes c, ε₁ \(eps1\)"),
        ({}, "scalar κ is missing"),
    ],
)
def test_two_spellings_of_one_argument_are_refused(given: dict[str, Any], expected: str) -> None:
    with pytest.raises(BindingError, match=expected):
        ENCODER.compile(**{"c": 0.5, "eps1": 1e-5, "eps2": 1e-5, **given})


def test_two_spellings_of_one_array_are_refused() -> None:
    program = ENCODER.compile(c=0.5, kappa=GELU_KAPPA, eps1=1e-5, eps2=1e-3)
    with pytest.raises(ArrayError, match=r"input 'γ₁': given twice, in two spellings"):
        program.forward({"γ₁": np.ones(2), "gamma1": np.ones(2)})
    with pytest.raises(ArrayError, match=r"no such entry; expected one of .* γ₁ \(gamma1\)"):
        program.forward({"gama1": np.ones(2)})


def test_an_ambiguous_spelling_is_refused_wherever_it_is_given() -> None:
    model = graph(
        {"σ": (N,), "ς": (N,)},
        node("y", "add", (0, 1), (N,), s=(N,)),
    )
    program = ExecutableGraph(model.replaced(dims=("n",))).bind(n=2).interpret()
    with pytest.raises(ArrayError, match="input 'sigma': may be σ or ς"):
        program.forward({"sigma": np.ones(2)})
    twins = model.replaced(dims=("n", "σ", "ς"))
    with pytest.raises(BindingError, match="dimension sigma is ambiguous: it may be σ or ς"):
        ExecutableGraph(twins).bind(n=2, sigma=3)
