"""What is told of functions that no graph is made of is true of the table of ops, and told once."""

from __future__ import annotations

from lean_bridge.capture import aten
from lean_bridge.capture.nearest import AT_POINTS, INSTEAD, none_for
from lean_bridge.capture.ops import FUNCTIONS
from lean_bridge.emit.forms import FORMS
from lean_bridge.executor.rules.table import PRIMITIVES

WRITTEN_ONLY_SOMETIMES = {"div"}
"""By a number with an exact inverse, and by no other."""


def test_an_op_that_is_certified_at_points_is_said_to_be() -> None:
    for name, (op, _) in AT_POINTS.items():
        assert PRIMITIVES[op].domain.theorem, name
        assert op not in FORMS, name
    assert none_for("reciprocal") == (
        "no op that is certified everywhere, for inv is where x ≠ 0; nearest: none, in a capture"
    )
    assert none_for("where").startswith("no certified op; nearest: masked_softmax, or multiplication by")
    assert none_for("kron") == "no certified op; nearest: none that is known"
    assert none_for("kron", "matmul") == "no certified op; nearest: matmul"


def test_every_op_that_is_certified_at_points_is_told_of() -> None:
    at_points = {name for name, each in PRIMITIVES.items() if each.domain.theorem} - {*FORMS}
    assert {op for op, _ in AT_POINTS.values()} == at_points


def test_nothing_is_said_of_what_is_captured_nor_twice() -> None:
    told = {*AT_POINTS, *INSTEAD}
    assert len(told) == len(AT_POINTS) + len(INSTEAD)
    assert not told & {*FUNCTIONS}
    written = {each.removeprefix("_write_") for each in vars(aten.Writer)} - WRITTEN_ONLY_SOMETIMES
    assert not told & {*written, *aten._ALONE, *aten._SAME, *aten._MOVES}
