"""What a pipe is told: a line for everything that changed, and nothing twice."""

from __future__ import annotations

from collections.abc import Sequence

from lean_bridge.dash.model import Event
from lean_bridge.dash.plain import Told
from tests.boards import ACCEPTED, ACCEPTED_AGAIN, BROKEN, EDITED, ELABORATING, MENDED, REJECTED, board

SUM, BACKPROP, GRAPH = (
    "Proofs.Autograd.sum_comm",
    "Proofs.Autograd.Graph.backprop_correct",
    "Proofs.Autograd.Transformer.mhaResidualDGraph",
)


def heads(told: Told, events: Sequence[Event]) -> list[tuple[str, ...]]:
    """Return the first two fields of every line that is told."""
    return [tuple(line.rstrip("\n").split("\t")[:2]) for line in told.lines(board(*events))]


def test_from_accepted_over_rejected_to_accepted() -> None:
    told = Told(lambda status: status)
    assert heads(told, ACCEPTED) == [
        ("green", SUM),
        ("green", BACKPROP),
        ("green", GRAPH),
        ("verdict", "accepted"),
    ]
    assert heads(told, EDITED) == [
        ("log", "Proofs/Sum.lean changed"),
        ("stale", SUM),
        ("stale", BACKPROP),
        ("verdict", "no verdict"),
    ]
    assert heads(told, ELABORATING) == [("log", "judging"), ("elaborating", SUM), ("elaborating", BACKPROP)]
    assert heads(told, BROKEN) == [
        ("lean", "Proofs/Sum.lean:4:2: error: unsolved goals x y : R ⊢ x + y = x - y"),
        ("refused", SUM),
        ("refused", BACKPROP),
    ]
    assert heads(told, REJECTED) == [
        ("log", "rejected: LB101 Lean refuses Proofs/Sum.lean"),
        ("open", SUM),
        ("open", BACKPROP),
        ("open", GRAPH),
        ("verdict", "rejected"),
    ]
    assert [head for head in heads(told, MENDED) if head[0] == "judging"] == [
        ("judging", SUM),
        ("judging", BACKPROP),
        ("judging", GRAPH),
    ]
    assert heads(told, ACCEPTED_AGAIN)[-4:] == heads(Told(lambda status: status), ACCEPTED)


def test_the_same_board_is_told_once() -> None:
    told, shown = Told(lambda status: status), board(*REJECTED)
    assert list(told.lines(shown))
    assert list(told.lines(shown)) == []


def test_only_the_rows_that_were_asked_for() -> None:
    told = Told(lambda status: status.only([row for row in status.rows if row.name == SUM]))
    assert heads(told, ACCEPTED) == [("green", SUM), ("verdict", "accepted")]
    assert ("elaborating", BACKPROP) not in heads(told, ELABORATING)
