"""What is tried for the binders of a theorem, as read from what it says."""

from __future__ import annotations

from typing import cast

import pytest

from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import BVar, Expr, Lit, Pi
from lean_bridge.witness.search import plan_of
from lean_bridge.witness.telescope import read_telescope
from tests.lean_terms import app, arrow, const
from tests.unit.witness.test_only import MORE, NAT, at_most, declared, equal, for_all

GIVEN, SAID = app(BVar(1), BVar(0)), app(const("Nat.add"), BVar(0), Lit(7))


def defined(hypothesis: Expr) -> dict[int, tuple[int, str]]:
    """Return what a hypothesis says of a function of numbers."""
    type_ = Pi("f", arrow(NAT, NAT), arrow(hypothesis, const("True")), "default")
    constant = declared("theorem", "claim", type_)
    choices = plan_of(cast("Environment", MORE), constant, read_telescope(MORE, type_)).choices
    return next((dict(each.defined) for each in choices if each.defined), {})


@pytest.mark.parametrize("sides", [(GIVEN, SAID), (SAID, GIVEN)])
def test_a_function_is_what_an_equation_says(sides: tuple[Expr, Expr]) -> None:
    assert defined(for_all(NAT, equal(NAT, *sides))) == {0: (1, "(fun _ => rfl)")}


@pytest.mark.parametrize(
    "says",
    [
        for_all(NAT, at_most(GIVEN, SAID)),
        for_all(NAT, equal(NAT, GIVEN, app(BVar(1), SAID))),
        for_all(NAT, equal(NAT, app(BVar(1), SAID), BVar(0))),
        equal(NAT, app(BVar(0), Lit(1)), Lit(2)),
    ],
)
def test_what_says_less_or_of_itself_says_not_what_it_is(says: Expr) -> None:
    assert defined(says) == {}
