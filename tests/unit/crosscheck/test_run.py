"""What checks amount to, and that nothing checked is never agreement."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Literal

import pytest

from lean_bridge.codes import Code
from lean_bridge.crosscheck import adjoint, differences, enclosure, golden, plans, pytorch, shapes
from lean_bridge.crosscheck.judgement import judge
from lean_bridge.crosscheck.run import CHECKS, crosscheck
from lean_bridge.errors import UnsupportedOp
from lean_bridge.executor.rules.table import PRIMITIVES
from pybind_models import CheckResult, DGraph, Dim
from tests.unit.executor.graphs import (
    attention,
    encoder,
    feed_forward,
    graph,
    layer_norm,
    node,
    one_token,
    post_norm,
)

K = Dim.variable("k")
NOTHING = Code.NOTHING_CHECKED
Outcome = Literal["passed", "failed", "not run"]
MODULES = {
    "shapes": shapes,
    "adjoint": adjoint,
    "differences": differences,
    "plans": plans,
    "enclosure": enclosure,
    "golden": golden,
    "pytorch": pytorch,
}


def results(**outcomes: Outcome) -> list[CheckResult]:
    """Return one result per check, by name, passed unless stated otherwise."""
    return [
        CheckResult(name=module.NAME, outcome=outcomes.get(name, "passed"), detail="why")
        for name, module in MODULES.items()
    ]


@pytest.mark.parametrize("split", ["splitHeads", "reshape"])
@pytest.mark.parametrize(
    "build", [attention, encoder, partial(attention, residual=False), partial(encoder, fixed=False)]
)
def test_every_check_passes_where_attention_is_and_is_observed(
    split: str, build: Callable[..., DGraph]
) -> None:
    seen: list[CheckResult] = []
    found = crosscheck(build(split=split), observe=seen.append)
    assert [result.name for result in found] == list(CHECKS)
    assert [result.outcome for result in found] == ["passed"] * len(CHECKS), found
    assert tuple(seen) == found
    assert judge(found) == ("agrees", None, None)


@pytest.mark.parametrize(
    "model",
    [
        layer_norm(),
        one_token(),
        feed_forward(fixed=True),
        feed_forward(fixed=False),
        post_norm(feed_forward(fixed=True)),
    ],
)
def test_without_attention_only_nothing_is_recorded(model: DGraph) -> None:
    found = crosscheck(model)
    assert [result.outcome for result in found] == ["passed"] * 5 + ["not run", "passed"], found


def test_a_graph_that_is_no_block_agrees_by_the_general_checks() -> None:
    found = crosscheck(graph({"x": (K,)}, node("y", "add", (0, 0), (K,))))
    assert [result.outcome for result in found] == ["passed"] * 5 + ["not run"] * 2
    assert judge(found) == ("agrees", None, None)


def test_a_graph_without_nodes_has_no_verdict() -> None:
    found = crosscheck(graph({"x": (K,)}))
    assert {result.outcome for result in found} == {"not run"}
    assert judge(found) == ("no verdict", "certified shapes: Test.graph has no nodes to check", NOTHING)


def test_no_results_are_no_verdict() -> None:
    assert judge([]) == ("no verdict", "certified shapes: not run", NOTHING)


@pytest.mark.parametrize("name", ["shapes", "adjoint", "differences"])
def test_every_general_check_is_needed(name: str) -> None:
    idle: dict[str, Outcome] = {name: "not run"}
    assert judge(results(**idle)) == ("no verdict", f"{MODULES[name].NAME}: why", NOTHING)
    absent = [result for result in results() if result.name != MODULES[name].NAME]
    assert judge(absent) == ("no verdict", f"{MODULES[name].NAME}: not run", NOTHING)


@pytest.mark.parametrize("name", MODULES)
def test_one_failure_rejects(name: str) -> None:
    failed: dict[str, Outcome] = {name: "failed"}
    expected = "rejected", f"{MODULES[name].NAME}: why", Code.NUMBERS_DISAGREE
    assert judge(results(**failed)) == expected


@pytest.mark.parametrize("name", ["plans", "golden", "pytorch"])
def test_special_checks_may_be_missing(name: str) -> None:
    idle: dict[str, Outcome] = {name: "not run"}
    assert judge(results(**idle)) == ("agrees", None, None)


def test_a_wrong_certified_shape_fails_with_the_node_named() -> None:
    model = graph({"x": (K, Dim.variable("l"))}, node("y", "swap01", (0,), (K, Dim.variable("l"))))
    found = crosscheck(model)
    assert found[0].outcome == "failed"
    assert "node 1 (y): swap01 makes shape" in found[0].detail
    assert judge(found)[::2] == ("rejected", Code.ILL_FORMED_GRAPH)


def test_numbers_that_are_none_are_no_numbers_that_agree() -> None:
    infinite = dataclasses.replace(PRIMITIVES["add"], forward=lambda _setting, primals: primals[0] / 0)
    model = graph({"x": (K,)}, node("y", "add", (0, 0), (K,)))
    found = crosscheck(model, primitives={**PRIMITIVES, "add": infinite})
    assert {result.outcome for result in found if "node 1 (y): add: its value is" in result.detail} == {
        "failed"
    }
    assert judge(found)[::2] == ("rejected", Code.NUMBERS_DISAGREE)


def test_an_unknown_op_is_raised_not_passed_over() -> None:
    known = {name: primitive for name, primitive in PRIMITIVES.items() if name != "scale"}
    with pytest.raises(UnsupportedOp, match="scale"):
        crosscheck(attention(), primitives=known)
