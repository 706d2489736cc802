"""Token ids, targets and masks of JAX's functions choose and allow; what else they do is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import jax
import numpy as np
import pytest
from jax import nn
from jax import numpy as jnp

from lean_bridge.capture import jaxpr
from lean_bridge.capture.jax_trace import from_jax
from lean_bridge.capture.jaxpr_forms import Form, form_of
from lean_bridge.capture.jaxpr_terms import Term
from lean_bridge.crosscheck.function import check_function
from lean_bridge.errors import LeanBridgeError, NotCaptured
from tests.tiers import one_in

TABLE, X, CUBE = (np.ones(shape, np.float32) for shape in ((7, 3), (5, 3), (2, 4, 4)))
IDS, PAIRS = np.zeros(5, np.int32), np.zeros((5, 2), np.int32)
ALL = np.ones((4, 4), bool)
NONE = -jnp.inf


def is_itself(captured: Any) -> None:
    """Hold a graph to what it was captured from."""
    for result in check_function(
        captured, captured.model, captured.outputs, captured.constants, data=captured.data
    ):
        assert result.outcome == "passed", result


def gpt(params: Any, ids: Any, targets: Any) -> Any:
    """A language model as people write it, with a tied head."""

    def norm(x: Any, at: Any) -> Any:
        mean = jnp.mean(x, -1, keepdims=True)
        spread = jnp.var(x, -1, keepdims=True)
        return (x - mean) / jnp.sqrt(spread + 1e-5) * at["g"] + at["b"]

    n = ids.shape[0]
    x = params["wte"][ids] + params["wpe"][jnp.arange(n)]
    for layer in params["layers"]:
        q, k, v = jnp.moveaxis((norm(x, layer["ln1"]) @ layer["qkv"]).reshape(n, 3, 2, 2), 1, 0)
        scores = jnp.einsum("nhd,mhd->hnm", q, k) / np.sqrt(2)
        scores = jnp.where(jnp.tril(jnp.ones((n, n), bool)), scores, NONE)
        mixed = jnp.einsum("hnm,mhd->nhd", nn.softmax(scores, axis=-1), v).reshape(n, -1)
        x = x + mixed @ layer["out"]
        x = x + nn.gelu(norm(x, layer["ln2"]) @ layer["up"]) @ layer["down"]
    logits = x @ params["wte"].T
    return -jnp.mean(jnp.take_along_axis(nn.log_softmax(logits), targets[:, None], axis=1)), logits


def weights(layers: int) -> Any:
    one, four = np.ones(4, np.float32), np.ones((4, 4), np.float32)
    norm = {"g": one, "b": one}
    layer = {
        "ln1": norm,
        "qkv": np.ones((4, 12), np.float32),
        "out": four,
        "ln2": norm,
        "up": four,
        "down": four,
    }
    return {
        "wte": np.ones((7, 4), np.float32),
        "wpe": np.ones((6, 4), np.float32),
        "layers": [layer] * layers,
    }


@pytest.mark.full
@pytest.mark.parametrize("layers", [1, 2])
def test_a_gpt_written_by_hand_is_captured(layers: int) -> None:
    varies = {each: {0: "n"} for each in ("ids", "targets")}
    captured = from_jax(gpt, weights(layers), IDS, IDS, dynamic=varies)
    assert [each.text for each in captured.model.arrays] == [
        "ids: n whole numbers below 7",
        "targets: n whole numbers below 7",
        "index: n whole numbers below 6",
        "mask: n×n truth values",
    ]
    ops = [node.op for node in captured.model.nodes]
    assert [ops.count(each) for each in ("layerNorm", "maskedSoftmax", "gelu")] == [
        2 * layers,
        layers,
        layers,
    ]
    data = captured.data(n=3)
    np.testing.assert_array_equal(data["index"], np.arange(3))
    np.testing.assert_array_equal(data["mask"], np.tri(3, dtype=bool))
    with pytest.raises(LeanBridgeError, match="index"):  # there are no more positions
        captured.bind(n=7).compile(**captured.constants, **captured.data(n=7))
    if layers > 1:
        is_itself(captured)


CHOSEN: Mapping[str, tuple[Callable[..., Any], Any, Any, tuple[str, ...]]] = {
    "rows": (lambda x, i: x[i] * 2, TABLE, IDS, ("i: n whole numbers below 7",)),
    "take": (lambda x, i: jnp.take(x, i, axis=0), TABLE, PAIRS, ("i: n×2 whole numbers below 7",)),
    "columns": (lambda x, i: x[:, i] * 2, TABLE, IDS, ("i: n whole numbers below 3",)),
    "between": (lambda x, i: jnp.take(x, i, axis=1), CUBE, PAIRS, ("i: n×2 whole numbers below 4",)),
    "one of each": (
        lambda x, i: jnp.take_along_axis(nn.log_softmax(x), i[:, None], axis=-1).mean(),
        X,
        IDS,
        ("i: n whole numbers below 3",),
    ),
    "one of each row": (
        lambda x, i: nn.log_softmax(x)[jnp.arange(x.shape[0]), i].mean(),
        X,
        IDS,
        ("i: n whole numbers below 3",),
    ),
    "one of each of a batch": (
        lambda x, i: jnp.take_along_axis(jnp.stack([x, 2 * x], 1), i[..., None], axis=2),
        X,
        PAIRS,
        ("i: n×2 whole numbers below 3",),
    ),
    "twice": (lambda x, i: x[i] + x[i.reshape(-1)].sum(0), TABLE, IDS, ("i: n whole numbers below 7",)),
    "positions": (lambda x, i: x[jnp.arange(i.shape[0])] * x[i], TABLE, IDS, ("i: n w", "index: n w")),
    "as ones at their places": (
        lambda x, i: -(nn.one_hot(i, 3) * nn.log_softmax(x)).sum(axis=-1).mean(),
        X,
        IDS,
        ("i: n whole numbers below 3",),
    ),
    "a product with such ones": (
        lambda x, i: nn.one_hot(i, 7) @ x,
        TABLE,
        PAIRS,
        ("i: n×2 whole numbers below 7",),
    ),
    "the code's own": (
        lambda x, i: x[jnp.array([2, 0, 2])].sum(0) * x[i],
        TABLE,
        IDS,
        ("i: n whole numbers below 7", "index: 3 whole numbers below 7"),
    ),
}


@pytest.mark.parametrize("case", one_in(4, CHOSEN))
def test_whole_numbers_are_arguments_below_what_they_choose_from(case: str) -> None:
    function, x, ids, told = CHOSEN[case]
    dynamic = {"i": {0: "n"}} | ({"x": {0: "n"}} if x is X else {})
    captured = from_jax(function, x, ids, dynamic=dynamic, name="f")
    texts = [each.text for each in captured.model.arrays]
    assert len(texts) == len(told)
    assert all(text.startswith(each) for text, each in zip(texts, told, strict=True))
    is_itself(captured)


def positions(x: Any) -> Any:
    return jnp.arange(x.shape[-1])


MADE: Mapping[str, Callable[[Any], Any]] = {
    "tril": lambda x: jnp.where(jnp.tril(jnp.ones(x.shape[1:], bool)), x, NONE),
    "positions": lambda x: jnp.where(positions(x)[:, None] >= positions(x), x, NONE),
    "what is above": lambda x: jnp.where(jnp.triu(jnp.ones(x.shape[1:]), 1) > 0, NONE, x),
    "the other way round": lambda x: jnp.where(~jnp.tri(x.shape[1], dtype=bool), NONE, x),
    "added": lambda x: x + jnp.where(jnp.tri(x.shape[1], dtype=bool), 0.0, NONE),
    "added above": lambda x: jnp.triu(jnp.full(x.shape[1:], NONE), 1) + x,
    "of all axes": lambda x: jnp.where(jnp.broadcast_to(jnp.tri(x.shape[1], dtype=bool), x.shape), x, NONE),
}


@pytest.mark.parametrize("case", one_in(5, MADE))
def test_a_mask_that_the_code_makes_is_a_parameter_of_which_it_is_known_what_it_is(case: str) -> None:
    captured = from_jax(lambda x: nn.softmax(MADE[case](x)), CUBE, dynamic={"x": {1: "n", 2: "n"}}, name="f")
    assert captured.made == ("mask",)
    assert [node.op for node in captured.model.nodes] == ["maskedSoftmax"]
    np.testing.assert_array_equal(captured.data(n=3)["mask"], np.tri(3, dtype=bool))


def test_a_mask_may_be_told_to_the_softmax_and_be_one_for_several() -> None:
    def twice(x: Any) -> Any:
        mask = jnp.tri(x.shape[-1], dtype=bool)
        return nn.softmax(x, where=mask) + nn.softmax(jnp.where(mask, 2 * x, NONE))

    captured = from_jax(twice, CUBE)
    assert [node.op for node in captured.model.nodes] == ["maskedSoftmax", "scale", "maskedSoftmax", "add"]
    assert captured.made == ("mask",)
    is_itself(captured)


ARGUMENTS: tuple[Callable[..., Any], ...] = (
    lambda x, m: nn.softmax(jnp.where(~m, NONE, x)) * 2,
    lambda x, m: nn.softmax(jnp.where(m, x, NONE)),
    lambda x, m: nn.softmax(x, where=m),
)


@pytest.mark.parametrize("function", one_in(3, ARGUMENTS))
def test_a_mask_that_is_an_argument_is_one_of_the_graph(function: Callable[..., Any]) -> None:
    captured = from_jax(function, CUBE, ALL, name="f")
    assert [each.text for each in captured.model.arrays] == ["m: 4×4 truth values"]
    assert captured.made == ()


TOLD: Mapping[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "div: no certified op of a mask that forbids where it is true, found the other way round of m: 4×4": (
        lambda x, m: nn.softmax(jnp.where(m, NONE, x)),
        (CUBE, ALL),
    ),
    "select_n: no certified op; nearest: masked_softmax, .*; softmax of what has -inf": (
        lambda x, m: nn.softmax(jnp.where(m, x, -1e9)),
        (CUBE, ALL),
    ),
    "div: no certified op with a mask but along the last axis": (
        lambda x, m: nn.softmax(jnp.where(m, x, NONE), axis=1),
        (CUBE, ALL),
    ),
    "div: expected truth values of the last axes": (
        lambda x, m: nn.softmax(jnp.where(m.T, x, NONE)),
        (CUBE, ALL),
    ),
    "div: expected truth values that are an argument, or that the code makes": (
        lambda x, m: nn.softmax(jnp.where(m & jnp.tri(4, dtype=bool), x, NONE)),
        (CUBE, ALL),
    ),
    "select_n: no certified op": (lambda x, m: jnp.exp(jnp.where(m, x, NONE)), (CUBE, ALL)),
    "is_finite|select_n: no certified op": (
        lambda x, m: jnp.where(jnp.isfinite(jnp.where(m, x, NONE)), x, 0.0),
        (CUBE, ALL),
    ),
    "convert_element_type: no certified op: whole numbers choose, and truth values allow": (
        lambda x, m: x * m,
        (CUBE, ALL),
    ),
    "m: expected whole numbers that choose along axes of one length, .*, found 3 and 7": (
        lambda x, m: x[m].sum() + x[:, m].sum(),
        (TABLE, IDS),
    ),
    "dot_general: expected an array|convert_element_type: no certified op: whole numbers choose": (
        lambda x, m: nn.one_hot(m, 9)[:, :7] @ x,
        (TABLE, IDS),
    ),
    "convert_element_type: no certified op: whole numbers choose, and truth": (
        lambda x, m: nn.one_hot(m, 7, axis=0).T @ x,
        (TABLE, IDS),
    ),
    "gather: expected one position along axis 1 for each": (
        lambda x, m: jnp.take_along_axis(x, m, axis=1),
        (X, PAIRS),
    ),
    "gather: expected whole numbers in their order, each once": (
        lambda x, m: x[jnp.broadcast_to(m, (2, 5))],
        (TABLE, IDS),
    ),
    "gather: no certified op but of whole numbers that choose along one axis": (
        lambda x, m: x[m, m],
        (X, IDS),
    ),
    "gather: expected whole numbers that are an argument, found": (lambda x, m: x[m + 1], (TABLE, IDS)),
    "expected to return arrays of floats alone": (lambda x, m: (x * 2, m), (CUBE, ALL)),
}


@pytest.mark.parametrize("told", TOLD)
def test_what_else_is_done_with_whole_numbers_and_truth_values_is_told(told: str) -> None:
    function, args = TOLD[told]
    with pytest.raises(NotCaptured, match=told):
        from_jax(function, *args, name="f")


def test_names_of_whole_numbers_are_names_in_lean() -> None:
    with pytest.raises(NotCaptured, match=r"b.ids: expected a name that Lean has too, and no dimension"):
        from_jax(lambda x, b: x[b["ids"]], TABLE, {"ids": IDS}, name="f")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            lambda form: replace(form, mask=replace(form.mask, is_turned=True)),
            "a program is|mask|not JAX's own",
        ),
        (lambda form: replace(form, function="softmax", mask=None, options={"axis": 2}), "not JAX's own"),
    ],
)
def test_a_mask_that_is_taken_for_another_is_told(
    wrong: Callable[[Form], Form], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(term: Term) -> Form | None:
        form = form_of(term)
        return wrong(form) if form is not None and form.mask is not None else form

    monkeypatch.setattr(jaxpr, "form_of", taken)
    with pytest.raises(LeanBridgeError, match=said):
        from_jax(lambda x: nn.softmax(MADE["tril"](x)), CUBE, name="f")


def test_what_the_code_makes_by_a_call_out_of_jax_is_no_parameter() -> None:
    def noisy(x: Any) -> Any:
        mask = jax.pure_callback(lambda: ALL, jnp.zeros((4, 4), bool))
        return nn.softmax(jnp.where(mask, x, NONE))

    with pytest.raises(
        NotCaptured, match=r"div: expected truth values that are an argument, or that the code"
    ):
        from_jax(noisy, CUBE)
