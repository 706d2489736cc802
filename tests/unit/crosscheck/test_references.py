"""The checks against recorded values and against PyTorch: what they say, and what they leave behind."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from lean_bridge.codes import Code
from lean_bridge.crosscheck.adjoint import check_adjoint
from lean_bridge.crosscheck.differences import check_differences
from lean_bridge.crosscheck.golden import check_golden, golden_input, golden_seed
from lean_bridge.crosscheck.known import find_known
from lean_bridge.crosscheck.pytorch import check_pytorch
from lean_bridge.executor.rules.primitive import Domain, Primitive, Setting
from lean_bridge.executor.rules.table import PRIMITIVES
from pybind_models import DGraph, Dim
from tests.unit.executor.cross_attention import cross_attention
from tests.unit.executor.graphs import (
    attention,
    binary_cross_entropy,
    cross_entropy,
    encoder,
    feed_forward,
    gpt_block,
    huber,
    layer_norm,
    llama_block,
    mean_squared_error,
    one_token,
    perceptron,
    post_norm,
    rms_norm,
)


def with_rules_of(name: str, other: str) -> dict[str, Primitive]:
    """Return the table in which one head split computes the other; what is no head split stays."""

    def rule(kind: str) -> Callable[..., Any]:
        def call(setting: Setting, *arguments: Any) -> Any:
            return getattr(PRIMITIVES[other if len(setting.shape) == 3 else name], kind)(setting, *arguments)

        return call

    rules: dict[str, Any] = {kind: rule(kind) for kind in ("forward", "jvp", "vjp")}
    return {**PRIMITIVES, name: dataclasses.replace(PRIMITIVES[name], **rules)}


def test_golden_inputs_start_as_recorded() -> None:
    np.testing.assert_allclose(golden_input(0, (3, 4)).ravel()[:4], [0.2, -0.2, 0.5, 0.1])


def test_golden_seeds_start_as_recorded() -> None:
    np.testing.assert_array_equal(golden_seed(0, (3, 4)).ravel()[:4], [-0.5, 0.25, -0.75, 0.0])


@pytest.mark.parametrize(
    ("build", "compared"),
    [
        (attention, "attention, residual against 9 recorded values"),
        (lambda **split: post_norm(attention(**split)), "norm1 against 13 recorded values"),
        (encoder, "9 gradients and a tangent, seeds on all entries, against 59 recorded values"),
        (lambda **split: encoder(fixed=False, **split), "against 59 recorded values"),
    ],
    ids=["attention", "post-norm attention", "encoder", "encoder with weights"],
)
@pytest.mark.parametrize("split", ["splitHeads", "reshape"])
def test_golden_values_are_met_to_their_last_decimal(
    split: str, build: Callable[..., DGraph], compared: str
) -> None:
    result = check_golden(build(split=split), PRIMITIVES)
    assert result.outcome == "passed"
    assert result.error is not None
    assert result.error < 6e-11
    assert compared in result.detail


@pytest.mark.parametrize(
    ("build", "compared"),
    [
        (perceptron, "loss, out and 6 gradients of loss against 27 recorded values"),
        (rms_norm, "y and 2 gradients of y against 12 recorded values"),
        (cross_entropy, "loss, log_likelihoods and 1 gradients of loss against 8 recorded values"),
        (mean_squared_error, "loss, squares and 2 gradients of loss against 11 recorded values"),
        (binary_cross_entropy, "loss, losses and 2 gradients of loss against 11 recorded values"),
        (huber, "loss, losses and 2 gradients of loss against 11 recorded values"),
        (
            gpt_block,
            "attnResidual, probs, ffnResidual and 17 gradients of ffnResidual against 84 recorded values",
        ),
        (
            llama_block,
            "attnResidual, probs, gated, ffnResidual and 12 gradients of ffnResidual against 69 recorded "
            "values",
        ),
        (
            cross_attention,
            "probs, attention and 10 gradients of attention against 53 recorded values",
        ),
    ],
)
def test_a_known_graph_meets_its_golden_values_to_their_last_decimal(
    build: Callable[[], DGraph], compared: str
) -> None:
    result = check_golden(build(), PRIMITIVES)
    assert result.outcome == "passed"
    assert result.error is not None
    assert result.error < 6e-11
    assert result.detail == compared


@pytest.mark.parametrize(
    ("build", "compared"),
    [
        (perceptron, "loss and gradients of x, W1, b1, W2, b2, target against F.linear, F.tanh and"),
        (rms_norm, "y and gradients of x, γ against F.rms_norm of torch"),
        (cross_entropy, "loss and gradients of logits against F.cross_entropy of torch"),
        (mean_squared_error, "loss and gradients of y, target against F.mse_loss of torch"),
        (binary_cross_entropy, "logits, target against F.binary_cross_entropy_with_logits of torch"),
        (huber, "loss and gradients of y, target against F.huber_loss of torch"),
        (gpt_block, "W2, b2 against F.layer_norm, F.linear, F.scaled_dot_product_attention and F.gelu"),
        (llama_block, "Wup, Wdown against F.rms_norm, F.scaled_dot_product_attention and F.silu of torch"),
        (cross_attention, "x, memory, Wq, bq, Wk, bk, Wv, bv, Wo, bo against F.linear and F.scaled_dot"),
    ],
)
def test_a_known_graph_is_pytorchs(build: Callable[[], DGraph], compared: str) -> None:
    result = check_pytorch(build(), PRIMITIVES)
    assert result.outcome == "passed"
    assert result.error is not None
    assert result.error < 1e-13
    assert compared in result.detail


@pytest.mark.parametrize("build", [gpt_block, llama_block, cross_attention])
def test_a_graph_of_heads_that_do_not_fill_its_columns_is_not_known(build: Callable[[], DGraph]) -> None:
    model, columns = build(), Dim.variable("columns")

    def other(entry: Any) -> Any:
        return entry.replaced(shape=tuple(columns if len(dim.names) > 1 else dim for dim in entry.shape))

    wider = model.replaced(
        dims=(*model.dims, "columns"),
        context=tuple(map(other, model.context)),
        nodes=tuple(map(other, model.nodes)),
    )
    assert find_known(model) is not None
    assert find_known(wider) is None


@pytest.mark.parametrize(
    ("build", "op"),
    [
        (perceptron, "tanh"),
        (perceptron, "square"),
        (perceptron, "mean"),
        (rms_norm, "square"),
        (rms_norm, "meanAxis"),
        (rms_norm, "inv"),
        (cross_entropy, "logSoftmaxAxis"),
        (cross_entropy, "takeAlong"),
        (cross_entropy, "neg"),
        (mean_squared_error, "mean"),
        (binary_cross_entropy, "softplus"),
        (huber, "huber"),
        (gpt_block, "maskedSoftmax"),
        (gpt_block, "splitHeads"),
        (gpt_block, "dense"),
        (gpt_block, "gelu"),
        (gpt_block, "layerNorm"),
        (llama_block, "rmsNorm"),
        (llama_block, "rotary"),
        (llama_block, "silu"),
        (llama_block, "mul"),
        (cross_attention, "bmatmul"),
    ],
)
def test_a_known_graph_of_ops_that_are_twice_what_they_are_fails_both_references(
    build: Callable[[], DGraph], op: str
) -> None:
    right = PRIMITIVES[op]
    wrong = dataclasses.replace(
        right,
        forward=lambda *given: 2 * right.forward(*given),
        jvp=lambda *given: 2 * right.jvp(*given),
        vjp=lambda *given: tuple(2 * each for each in right.vjp(*given)),
    )
    table = {**PRIMITIVES, op: wrong}
    assert check_adjoint(build(), table).outcome == "passed"
    assert check_golden(build(), table).outcome == "failed"
    assert check_pytorch(build(), table).outcome == "failed"


@pytest.mark.parametrize("build", [perceptron, rms_norm, cross_entropy, huber])
def test_what_is_named_otherwise_is_no_known_graph(build: Callable[[], DGraph]) -> None:
    model = build()
    renamed = model.replaced(nodes=(*model.nodes[:-1], model.nodes[-1].replaced(name="risk")))
    for check in (check_golden, check_pytorch):
        assert check(renamed, PRIMITIVES).outcome == "not run"


def test_golden_inputs_and_seeds_go_by_name() -> None:
    model = encoder(fixed=False)
    order = [*reversed(range(len(model.context))), *range(len(model.context), len(model.entries))]
    nodes = tuple(
        node.replaced(operands=tuple(order[operand] for operand in node.operands)) for node in model.nodes
    )
    reversed_inputs = model.replaced(context=model.context[::-1], nodes=nodes)
    result = check_golden(reversed_inputs, PRIMITIVES)
    assert result.outcome == "passed"
    assert "59 recorded values" in result.detail


@pytest.mark.parametrize("model", [layer_norm(), one_token(), feed_forward(fixed=True)])
def test_nothing_is_recorded_without_attention(model: DGraph) -> None:
    assert check_golden(model, PRIMITIVES).outcome == "not run"


@pytest.mark.parametrize("build", [attention, encoder])
@pytest.mark.parametrize(("split", "other"), [("splitHeads", "reshape"), ("reshape", "splitHeads")])
def test_a_split_that_computes_the_other_fails_both_references(
    split: str, other: str, build: Callable[..., DGraph]
) -> None:
    model, table = build(split=split), with_rules_of(split, other)
    assert check_adjoint(model, table).outcome == "passed"
    assert check_golden(model, table).outcome == "failed"
    assert check_pytorch(model, table).outcome == "failed"


@pytest.mark.parametrize(
    ("model", "compared"),
    [
        (attention(), "x, Wq, Wk, Wv, Wo against nn.MultiheadAttention of"),
        (layer_norm(), "x, γ, β against nn.LayerNorm of"),
        (one_token(), "gradients of x against F.linear and F.gelu (tanh) of"),
        (feed_forward(fixed=True), "gradients of x against F.linear and F.gelu (tanh) of"),
        (feed_forward(fixed=False), "x, W1, b1, W2, b2 against F.linear and F.gelu (tanh) of"),
        (post_norm(attention()), "Wo, γ, β against nn.MultiheadAttention, nn.LayerNorm of"),
        (post_norm(feed_forward(fixed=True)), "x, γ, β against F.linear and F.gelu (tanh), nn.LayerNorm of"),
        (encoder(), "Wo, γ₁, β₁, γ₂, β₂ against nn.TransformerEncoderLayer of"),
        (encoder(fixed=False), "β₂, W1, b1, W2, b2 against nn.TransformerEncoderLayer of"),
    ],
)
def test_a_faithful_graph_is_pytorchs(model: DGraph, compared: str) -> None:
    result = check_pytorch(model, PRIMITIVES)
    assert result.outcome == "passed"
    assert result.error is not None
    assert result.error < 1e-13
    assert compared in result.detail
    has_heads = any(entry.name == "Wq" for entry in model.context)
    assert result.detail.endswith("at H = 1, 2, 4") == has_heads
    assert result.note is None


@pytest.mark.parametrize("model", [attention(split="reshape"), encoder(split="reshape", fixed=False)])
def test_the_bare_reshape_differs_from_pytorch_and_a_note_says_so(model: DGraph) -> None:
    result = check_pytorch(model, PRIMITIVES)
    assert result.outcome == "passed"
    assert result.detail.endswith("at H = 1")
    assert result.note is not None
    assert "bare-reshape head split differs from PyTorch: " in result.note
    assert result.note.count("at H = ") == 2


def test_a_bare_reshape_that_does_not_differ_fails_with_a_note() -> None:
    result = check_pytorch(attention(split="reshape"), with_rules_of("reshape", "splitHeads"))
    assert result.outcome == "failed"
    assert result.note is not None
    assert "should differ from PyTorch" in result.note


def test_without_pytorch_nothing_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    result = check_pytorch(attention(), PRIMITIVES)
    assert result.outcome == "not run"
    assert "PyTorch is not installed" in result.detail


def test_pytorch_keeps_its_threads_and_random_state() -> None:
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    check_pytorch(attention(), PRIMITIVES)
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), state)


def test_differences_decide_nothing_outside_a_domain() -> None:
    nowhere = Domain("nowhere", "x", lambda _setting, primals: primals[0], np.isnan, "Test.nowhere")
    table = {**PRIMITIVES, "add": dataclasses.replace(PRIMITIVES["add"], domain=nowhere)}
    result = check_differences(attention(), table)
    assert (result.outcome, result.code) == ("not run", Code.OUTSIDE_HYPOTHESIS)
    assert "node 19 (residual): operands outside nowhere" in result.detail
