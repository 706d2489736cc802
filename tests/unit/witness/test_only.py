"""Whether hypotheses leave nothing but lists that are empty, or numbers that are 0."""

from __future__ import annotations

from typing import cast

import pytest

from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import BVar, Constant, Expr, Lit, LSucc, LZero, Pi, Proj, Sort
from lean_bridge.witness.nothing import unwritten
from lean_bridge.witness.only import left_alone
from lean_bridge.witness.telescope import read_telescope
from tests.lean_terms import PROP, Table, app, arrow, const, definition

TYPE = Sort(LSucc(LZero()))
NAT = const("Nat")


def declared(kind: str, name: str, type_: Expr, **more: object) -> Constant:
    return Constant(name=name, kind=kind, level_params=(), type=type_, **more)  # type: ignore[arg-type]


class Library(Table):
    """Declarations of which none are of a library's own."""

    def is_own(self, _: str) -> bool:
        return False


PAIR = app(const("Pair"), NAT)
LIBRARY = Library(
    [
        declared("inductive", "Nat", TYPE, constructors=("Nat.zero", "Nat.succ")),
        declared("inductive", "True", PROP, constructors=("True.intro",)),
        declared("constructor", "True.intro", const("True"), inductive="True"),
        declared("inductive", "Nat.le", arrow(NAT, NAT, PROP), num_params=1),
        definition("Nat.add", PROP, arrow(NAT, NAT, NAT)),
        declared("inductive", "Pair", arrow(TYPE, TYPE), constructors=("Pair.mk",), num_params=1),
        declared(
            "constructor",
            "Pair.mk",
            Pi("α", TYPE, arrow(BVar(0), BVar(1), app(const("Pair"), BVar(2))), "implicit"),
            inductive="Pair",
            num_params=1,
            num_fields=2,
        ),
    ]
)


def at_most(one: Expr, other: Expr) -> Expr:
    return app(const("Nat.le"), one, other)


def alone(first: int, second: int, hypothesis: Expr) -> tuple[int, str] | None:
    """Ask about a pair, applied to these numbers, of which something is assumed."""
    constant = declared("theorem", "claim", Pi("s", PAIR, arrow(hypothesis, const("True")), "default"))
    environment = cast("Environment", LIBRARY)
    given = [app(const("Pair.mk"), NAT, Lit(first), Lit(second)), const("shown")]
    return left_alone(environment, constant, read_telescope(LIBRARY, constant.type), given, None)


FIRST, SECOND = Proj("Pair", 0, BVar(0)), Proj("Pair", 1, BVar(0))


@pytest.mark.parametrize("below", [1, 2])
def test_a_part_that_is_0_is_not_met_where_all_others_fail(below: int) -> None:
    found = alone(0, 2, at_most(app(const("Nat.add"), FIRST, Lit(1)), Lit(below)))
    assert found == ((0, "has a number in it that is 0") if below == 1 else None)


def test_a_0_that_the_text_has_is_believed() -> None:
    assert alone(0, 2, at_most(FIRST, Lit(0))) is None


def test_a_part_that_is_not_0_is_not_asked_about() -> None:
    assert alone(1, 2, at_most(FIRST, Lit(1))) is None


def test_nothing_is_said_where_nobody_can_tell() -> None:
    assert alone(0, 2, at_most(FIRST, const("hidden"))) is None


def test_parts_are_0_each_for_itself() -> None:
    assert alone(0, 0, at_most(app(const("Nat.add"), SECOND, Lit(1)), Lit(1))) is not None
    assert alone(0, 1, at_most(app(const("Nat.add"), FIRST, SECOND), Lit(1))) is None


@pytest.mark.parametrize("written", [const("List.nil"), const("List.isEmpty"), Lit("")])
def test_what_says_so_of_a_list_says_it_of_no_dimension(written: Expr) -> None:
    assert unwritten(written) is written
    assert unwritten(written, lists=True) is not written
