"""A capture that is not the function is refused, by a check that has a name, wherever it went wrong.

Each is the graph of a function beside the one that was meant: as what Lean compiled, it is not what was
captured; as what was captured, it has not the function's numbers.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pytest

from lean_bridge import booleans, graph, integers
from lean_bridge.capture.captured import CapturedGraph
from lean_bridge.capture.functions import cross_entropy, gelu, masked_softmax, silu, softmax
from lean_bridge.certify.same import NAME, check_same, check_written, first_difference
from lean_bridge.codes import Code
from lean_bridge.crosscheck.function import GRADIENTS, VALUES, check_function
from pybind_models import DeclarationReport, VerifyReport
from pybind_models.report import Source

SQUARE: Final = ("n", "n")


def captured(function: Callable[..., Any], **shapes: Any) -> CapturedGraph:
    function.__name__ = "f"
    return graph(**shapes)(function)


LAYER: Final[dict[str, Any]] = {"x": SQUARE, "W": SQUARE, "b": ("n",)}
PAIRS: Final[dict[str, tuple[dict[str, Any], Callable[..., Any], Callable[..., Any]]]] = {
    "transposed weight": (LAYER, lambda x, W, b: x @ W.T + b, lambda x, W, b: x @ W + b),  # noqa: N803
    "dropped bias": (LAYER, lambda x, W, b: x @ W.T + b, lambda x, W, b: x @ W.T),  # noqa: ARG005, N803
    "bias on rows": (
        LAYER,
        lambda x, W, b: x @ W.T + b,  # noqa: N803
        lambda x, W, b: x @ W.T + b.reshape(b.shape[0], 1),  # noqa: N803
    ),
    "wrong axis": ({"x": SQUARE}, lambda x: x.mean(axis=1), lambda x: x.mean(axis=0)),
    "mean for sum": ({"x": SQUARE}, lambda x: np.sum(x), lambda x: np.mean(x)),
    "operands exchanged": ({"x": SQUARE, "y": SQUARE}, lambda x, y: x - y, lambda x, y: y - x),
    "softmax of columns": ({"x": SQUARE}, lambda x: softmax(x), lambda x: softmax(x.T).T),
    "one activation for another": (
        {"x": SQUARE, "c": float},
        lambda x, c: gelu(x, c),
        lambda x, c: silu(c * x),
    ),
    "mask of columns": (
        {"x": SQUARE, "m": booleans("n", "n")},
        lambda x, m: masked_softmax(x, m),
        lambda x, m: masked_softmax(x.T, m).T,
    ),
    "mask left out": (
        {"x": SQUARE, "m": booleans("n", "n")},
        lambda x, m: masked_softmax(x, m),
        lambda x, m: softmax(x),  # noqa: ARG005
    ),
    "targets along rows": (
        {"x": SQUARE, "t": integers("n", below="n")},
        lambda x, t: cross_entropy(x, t),
        lambda x, t: cross_entropy(x.T, t),
    ),
    "tokens for targets": (
        {"x": SQUARE, "i": integers("n", below="n"), "t": integers("n", below="n")},
        lambda x, i, t: cross_entropy(x[i], t),
        lambda x, i, t: cross_entropy(x[t], i),
    ),
    "rectified from the other side": (
        {"x": SQUARE},
        lambda x: np.maximum(x, 0),
        lambda x: -np.maximum(-x, 0),
    ),
    "bounds exchanged": (
        {"x": SQUARE, "low": float, "high": float},
        lambda x, low, high: np.clip(x, low, high),
        lambda x, low, high: np.clip(x, high, low),
    ),
    "a step too much": ({"x": SQUARE}, lambda x: np.tanh(x), lambda x: np.tanh(np.tanh(x))),
}


@pytest.mark.parametrize("case", PAIRS)
def test_a_wrong_capture_is_refused_by_name(case: str) -> None:
    shapes, meant, wrong = PAIRS[case]
    right, planted = captured(meant, **shapes), captured(wrong, **shapes)
    assert check_same(right.model, right.model).outcome == "passed"
    assert [each.outcome for each in check_function(right, right.model, right.outputs)] == ["passed"] * 2
    same = check_same(right.model, planted.model)
    values, gradients = check_function(right, planted.model, planted.outputs)
    assert (same.name, same.outcome, same.code) == (NAME, "failed", Code.NOT_THE_DECLARED_GRAPH)
    assert (values.name, values.outcome, values.code) == (VALUES, "failed", None)
    assert (gradients.name, gradients.outcome) == (GRADIENTS, "failed")


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (("Mine.lean", "theorem t : True"), None),
        (("other/Mine.lean", "theorem t : True"), "was judged as other/Mine.lean has it"),
        (("Mine.lean", "theorem t : 1 = 1"), "was judged as Mine.lean had it by then"),
        (None, "was not found in any file"),
    ],
)
def test_what_was_judged_elsewhere_is_not_what_was_written(
    source: tuple[str, str] | None, told: str | None
) -> None:
    file, text = source or ("", "")
    row = DeclarationReport(
        name="Mine.t",
        group="f",
        upstream=None,
        kind="theorem",
        status="proved",
        source=Source(file=file, line=2, column=1, text=text, uid="") if source else None,
    )
    report = VerifyReport(verdict="no verdict", reason="-", code="LB908", declarations=(row,))
    found = check_written("Mine.lean", "module\ntheorem t : True := trivial\n", report)
    if told is None:
        assert (found.outcome, found.code) == ("passed", None)
    else:
        assert (found.outcome, found.code) == ("not run", Code.NOTHING_CHECKED)
        assert found.detail == f"Mine.t {told}, and not as it was written to Mine.lean"


def test_the_first_row_that_differs_is_named() -> None:
    shapes, meant, wrong = PAIRS["transposed weight"]
    told = first_difference(captured(meant, **shapes).model, captured(wrong, **shapes).model)
    assert told == (
        "node 0 (swap01): captured swap01 : n×n := Proofs.Autograd.Op.swap01(1, m=n, n=n, s=scalar), "
        "extracted matmul : n×n := Proofs.Autograd.Op.matmul(0, 1, m=n, n=n, p=n)"
    )


def test_every_field_of_a_graph_counts() -> None:
    model = captured(lambda x, c: c * np.tanh(x), x=("n", "d"), c=float).model
    (x,), (first, second) = model.context, model.nodes
    others = {
        "dims": model.replaced(dims=("d", "n")),
        "scalars": model.replaced(scalars=("c", "e")),
        "maps": model.replaced(maps=("W",)),
        "input 0": model.replaced(context=(x.replaced(name="z"),)),
        "inputs": model.replaced(context=(x, x.replaced(name="z"))),
        "node 0": model.replaced(nodes=(first.replaced(lean_op="Evil.tanh"), second)),
        "node 1": model.replaced(nodes=(first, second.replaced(operands=(0,)))),
        "nodes": model.replaced(nodes=(first,)),
    }
    for what, other in others.items():
        told = first_difference(model, other)
        assert told is not None, what
        assert told.startswith(what), told
    assert first_difference(model, model.replaced(lean_name="Mine.fDGraph")) is None


def test_a_gradient_is_held_against_the_function_input_by_input() -> None:
    shapes, meant, wrong = PAIRS["dropped bias"]
    planted = captured(wrong, **shapes)
    gradients = check_function(meant, planted.model, planted.outputs)[1]
    assert gradients.detail.endswith("; first at b")


def deep(x: Any, last: Any) -> Any:
    """Return what many layers make of ``x``, each normalised: of a row of one number, nothing."""
    for _ in range(25):
        centred = x - x.mean(axis=1, keepdims=True)
        x = x + np.tanh(centred * last)
    return x.mean()


def test_a_deep_graph_is_compared_where_it_can_be_seen() -> None:
    made = captured(deep, x=("n", "d"), last=("d",))
    gradients = check_function(made, made.model, made.outputs)[1]
    assert gradients.outcome == "passed", gradients

    def wrong(x: Any, last: Any) -> Any:
        return deep(x, last) + (last * last * last).sum() * x.mean()

    assert check_function(wrong, made.model, made.outputs)[1].outcome == "failed"


def test_an_input_that_is_seen_at_no_size_is_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    made = captured(lambda x, y: (x * x).sum() + y.sum(), x=("n",), y=("n",))
    assert check_function(made, made.model, made.outputs)[1].outcome == "passed"
    monkeypatch.setattr("lean_bridge.crosscheck.function.COARSEST", 1e-11)
    unseen = check_function(made, made.model, made.outputs)[1]
    assert (unseen.outcome, unseen.code) == ("not run", Code.BLIND_CHECK), unseen
    assert unseen.detail.endswith("a tolerance of 1e-11 or more decides nothing of x, y")
    failed = check_function(lambda x, y: (x * x).sum() + 2 * y.sum(), made.model, made.outputs)[1]
    assert failed.outcome == "failed"


def test_a_size_at_which_all_is_seen_does_not_speak_for_the_others() -> None:
    def steep(x: Any, y: Any) -> Any:
        w = x - x.mean()
        u = w * w
        for _ in range(40):
            u = u + u
        u = np.tanh(u)
        for _ in range(50):
            u = u + u
        return u + y * y

    made = captured(steep, x=("n",), y=("n",))
    wrong = check_function(
        lambda x, y: steep(x, y) + (y**3 - 3 * y if y.size > 1 else 0), made.model, made.outputs
    )
    assert wrong[1].outcome != "passed", wrong


def test_a_large_output_hides_no_small_one() -> None:
    def both(x: Any, y: Any) -> Any:
        grown = x * x
        for _ in range(6):
            grown = grown + grown
        return np.exp(grown), y * y

    made = captured(both, x=("n",), y=("n",))
    assert [each.outcome for each in check_function(both, made.model, made.outputs)] == ["passed"] * 2
    found = check_function(lambda x, y: (both(x, y)[0], -3.0 * y), made.model, made.outputs)
    assert [each.outcome for each in found] == ["failed"] * 2


@pytest.mark.parametrize(
    ("function", "outcome", "told"),
    [
        (lambda x: x[0], "failed", "expected results of shapes"),
        (lambda x: (x, x), "failed", "expected results of shapes"),
        (lambda x: x.nothing, "not run", "the function raises AttributeError of NumPy's arrays"),
        (lambda x: sys.exit(0) if x.size else x, "not run", "the function raises SystemExit"),
        (lambda x: x * np.nan, "failed", "the output with NumPy's"),
    ],
)
def test_what_cannot_be_compared_does_not_pass(function: Callable[..., Any], outcome: str, told: str) -> None:
    planted = captured(lambda x: np.tanh(x), x=SQUARE)
    for each in check_function(function, planted.model, planted.outputs):
        assert each.outcome == outcome
    assert told in check_function(function, planted.model, planted.outputs)[0].detail


def test_a_function_that_tells_capture_from_numbers_is_found_out() -> None:
    twofaced = captured(lambda x: x - x.mean() if isinstance(x, np.ndarray) else np.tanh(x), x=SQUARE)
    values, _ = check_function(twofaced, twofaced.model, twofaced.outputs)
    assert values.outcome == "failed"


def test_zeros_are_no_comparison() -> None:
    nothing = captured(lambda x: x - x, x=SQUARE)
    assert [each.outcome for each in check_function(nothing, nothing.model, nothing.outputs)] == [
        "not run"
    ] * 2
