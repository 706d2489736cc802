"""A graph is written as a module that people read: every op, the same text every time, names that fit."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lean_bridge import booleans, graph, integers
from lean_bridge.capture.functions import cross_entropy, layer_norm, masked_softmax, relu, softmax
from lean_bridge.emit import module
from lean_bridge.emit.forms import FORMS
from lean_bridge.emit.module import render_library_module
from lean_bridge.errors import UnsupportedOp, UnsupportedTerm
from lean_bridge.executor.rules.table import PRIMITIVES
from pybind_models import DGraph

ROOT = Path(__file__).parents[3]
EMITTED = ROOT / "tests" / "data" / "emitted"
GOLDEN = EMITTED / "attention.lean"
HEADS = ("h", "n", "at")


@graph(q=HEADS, k=HEADS, v=HEADS, c=float)
def attention(q: Any, k: Any, v: Any, c: Any) -> Any:
    heads = softmax(c * (q @ k.mT)) @ v
    count, rows, width = heads.shape
    return heads.swapaxes(0, 1).reshape(rows, count * width)


def test_a_graph_is_written_as_the_golden_text() -> None:
    text = render_library_module(attention.model, "Mine", "Captured from `attention`.")
    assert text == GOLDEN.read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) <= module.WIDTH


@graph(
    table=("v", "d"),
    places=("n", "d"),
    c=float,
    tokens=integers("n", below="v"),
    targets=integers("n", below="v"),
    mask=booleans("n", "n"),
)
def next_token(table: Any, places: Any, c: Any, tokens: Any, targets: Any, mask: Any) -> Any:
    x = table[tokens] + places
    y = x + masked_softmax(c * (x @ x.T), mask) @ x
    return cross_entropy(y @ table.T, targets)


def test_whole_numbers_and_truth_values_are_arguments_of_what_is_written() -> None:
    text = render_library_module(next_token.model, "Mine", "Captured from `next_token`.")
    assert text == (EMITTED / "next_token.lean").read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) <= module.WIDTH


def test_a_shape_of_many_axes_is_said_to_be_one() -> None:
    @graph(table=("v", "d"), ids=integers("a", "b", 2, 2, below="v"))
    def chosen(table: Any, ids: Any) -> Any:
        return table[ids]

    text = render_library_module(chosen.model, "Mine", "")
    assert "(ids : (.dim a (cube b 2 2) : Shape).Index → Fin v)" in text


def layers(count: int) -> DGraph:
    def deep(x: Any, W: Any) -> Any:  # noqa: N803
        for _ in range(count):
            x = np.tanh(x @ W)
        return x

    return graph(x=("n", "d"), W=("d", "d"))(deep).model


def test_a_long_graph_is_written_in_parts_that_follow_each_other() -> None:
    text = render_library_module(layers(20), "Mine", "")
    parts = re.findall(r"def deep(?:D?Graph|Certificate)(\d*) .*?(?=\n\n)", text, flags=re.DOTALL)
    assert parts == ["16", "32", "", "16", "32", ""]
    steps = re.findall(r"\|>\.snoc \(ss := (.*)\)\n", text)
    told = ["[]", *(f"(deepSaved n d).take {at}" for at in range(1, 40))]
    assert steps == [*told, *told]


def test_what_is_written_of_a_node_does_not_grow_with_its_graph() -> None:
    short, long = (len(render_library_module(layers(count), "Mine", "")) for count in (20, 100))
    assert long < 5.5 * short


def test_every_op_that_is_differentiable_everywhere_can_be_written() -> None:
    everywhere = {name for name, each in PRIMITIVES.items() if not each.domain.theorem}
    fixed = {
        name
        for name, each in PRIMITIVES.items()
        if any(param.kind == "map" for param in each.params.values())
    }
    asked = {"huber"}  # whose certificate has 0 < δ for a hypothesis, and which has no form yet
    assert {name for name, form in FORMS.items() if not form.condition} == everywhere - fixed - asked


def test_what_a_certificate_asks_for_is_what_the_table_says_of_its_op() -> None:
    asked = {name: form for name, form in FORMS.items() if form.condition}
    for name, form in asked.items():
        path = ROOT / "lean" / Path(*form.module.split(".")).with_suffix(".lean")
        made = form.certificate.rpartition(".")[2]
        text = path.read_text(encoding="utf-8")
        binders = re.split(rf"def (?:TapeNodes\.)?{made} ", text)[1].partition(":=")[0]
        asks = re.sub(r"[{}]|\(.*?\) ", "", form.condition)
        if form.operand is not None:
            asks = "∀ k, " + re.sub(r"\bx\b", "CtxVec.get a x k", asks)
        # the width of Huber's function is asked to be positive wherever it is given
        assert PRIMITIVES[name].domain.theorem or name == "huber", name
        assert re.search(rf"[({{]{form.hypothesis} : {asks}\)", binders), binders


@graph(x=("n", "k", "d"), w=("d",), b=("d",), eps=float, h_eps=float)
def twice_normed(x: Any, w: Any, b: Any, eps: Any, h_eps: Any) -> Any:
    return h_eps * layer_norm(layer_norm(x, w, b, eps), w, b, eps)


def test_what_is_asked_is_a_hypothesis_with_a_name_once() -> None:
    model = twice_normed.model
    assert module.declared_name(model) == "twiceNormedGraph"
    text = render_library_module(model, "Mine", "")
    assert "DGraph R" not in text
    assert "\ndef twiceNormedGraph.names : List String" in text
    assert text.count("(h_eps' : 0 < eps)") == 3  # of the certificate and of two theorems
    assert text.count("(LayerNorm.wholeNodeFDerivCorrect (hε := h_eps') ..)") == 2
    assert "Graph.hasFDerivAt_evalVec (twiceNormedCertificate (R := R) n k d eps h_eps h_eps') xV" in text
    assert "under the hypotheses\n`h_eps'`: the reverse" in text or "hypotheses `h_eps'`: the" in text
    assert max(map(len, text.splitlines())) <= module.WIDTH


@graph(x=("n", "d"), w=("d", "d"), low=float, high=float)
def kinked(x: Any, w: Any, low: Any, high: Any) -> Any:
    return np.tanh(np.clip(relu(x) @ w, low, high))


def test_what_is_asked_of_what_is_computed_is_asked_at_the_point_of_the_theorems() -> None:
    assert module.conditions_at_points(kinked.model) == ("h_relu", "h_clamp")
    assert module.conditions_at_points(twice_normed.model) == ()
    text = render_library_module(kinked.model, "Mine", "")
    words = " ".join(text.split())
    place = ".pos 3 rfl : Idx (kinkedInputs n d ++ (kinkedSaved n d).take 2) (mat n d)"
    value = "((kinkedGraph2 (R := R) n d low high).evalVec xV) k"
    assert (
        words.count(f"(h_clamp : ∀ k, CtxVec.get ({place}) {value} ≠ low ∧") == 3
    )  # of the certificate and of two theorems
    assert "(Graph.nil : Graph R (kinkedInputs n d) []).evalVec xV) k ≠ 0)" in words
    assert "((TapeNodes.matmulFderiv ..).at _)" in text
    assert "(TapeNodes.clampFderivAt (hne := h_clamp) ..)" in text
    assert "Graph.hasFDerivAt_evalVec_at (kinkedCertificate (R := R) n d low high xV h_relu h_clamp)" in words
    assert "at all inputs of which the hypotheses hold" in words
    assert max(map(len, text.splitlines())) <= module.WIDTH


def test_what_a_form_names_is_in_the_module_that_it_names() -> None:
    for form in FORMS.values():
        path = ROOT / "lean" / Path(*form.module.split(".")).with_suffix(".lean")
        name = form.certificate.rpartition(".")[2]
        assert re.search(rf"\bdef (\w+\.)*{name}\b", path.read_text(encoding="utf-8")), form


def test_an_op_without_a_certificate_everywhere_is_not_written() -> None:
    first = attention.model.nodes[0]
    for op in ("inv", "nothing"):
        wrong = first.replaced(op=op, lean_op=f"Proofs.Autograd.Op.{op}")
        model = attention.model.replaced(nodes=(wrong,))
        with pytest.raises(
            UnsupportedOp, match=rf"node transposeLast2: Proofs.Autograd.Op.{op} has no certif"
        ):
            render_library_module(model, "Mine", "")
    other = attention.model.replaced(nodes=(first.replaced(lean_op="Evil.Op.transposeLast2"),))
    with pytest.raises(UnsupportedOp, match=r"Evil\.Op"):
        render_library_module(other, "Mine", "")


@pytest.mark.parametrize(
    "name", ["R", "Nat", "mat", "xV", "Graph", "Bool", "_", "doubleSaved", "doubleGraph16"]
)
def test_a_dimension_may_not_be_called_as_what_the_text_means_otherwise(name: str) -> None:
    @graph(x=(name,))
    def double(x: Any) -> Any:
        return x + x

    with pytest.raises(UnsupportedTerm, match=rf"double: {name} is the name of something else in Lean"):
        render_library_module(double.model, "Mine", "")


def test_what_the_text_means_is_among_the_names_that_are_kept() -> None:
    text = GOLDEN.read_text(encoding="utf-8").partition("namespace")[2]
    code = re.sub(r"/--.*?-/|\"[^\"]*\"", "", text, flags=re.DOTALL)
    heads = set(re.findall(r"(?<![\w.«])([A-Za-z]\w*)", code))
    mine = {name for name in heads if name.startswith("attention")} | {"Mine", *"hncabmpsg"} | {"hg"}
    kept = module._OWN | module._KEYWORDS
    assert heads - mine - kept <= {"s₁", "s₂", "ss"}  # binders


def test_names_and_files_are_told_within_comments_and_strings() -> None:
    """A key of somebody's parameters is any text, and so is the name of a file."""
    asked = graph(x=("n",))(relu).model
    named = asked.context[0].model_copy(update={"name": 'a -/ axiom bad : False\n/- "] \\ /-/'})
    text = render_library_module(
        asked.model_copy(update={"context": (named,)}), "Bad", "From -/ a file /- of somebody."
    )
    inside = re.findall(r"/-[-!](.*?)-/", text, re.DOTALL)
    assert [each for each in inside if "/-" in each] == []
    assert text.count("-/") == len(inside) + 2  # and twice in the string
    assert "From - / a file / - of somebody." in text
    assert '["a -/ axiom bad : False\\u000a/- \\u0022] \\u005c /-/", "relu"]' in text
