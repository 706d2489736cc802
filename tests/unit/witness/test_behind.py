"""A claim that does not reduce takes no more only where none of what it may be equal to does."""

from __future__ import annotations

import pytest

from lean_bridge.extract.machine import Machine
from lean_bridge.olean.expr import BVar, Constant, Expr, Pi
from lean_bridge.witness.behind import what_hides
from tests.lean_terms import PROP, Table, app, const, lam

TRUE, IMPLIES, UNKNOWN = const("True"), Pi("_", const("False"), const("True"), "default"), const("Unknown")
MOTIVE = lam("n", body=PROP)

INDUCTIVE = ("True", "False", "Nat")
# under the motive and the first case: a number, and what recursion gives for it
SUCC = Pi("n", const("Nat"), Pi("ih", app(BVar(2), BVar(0)), app(BVar(3), BVar(1)), "default"), "default")
RECURSOR = Pi("motive", PROP, Pi("zero", PROP, Pi("succ", SUCC, PROP, "default"), "default"), "default")

TABLE = Table(
    [
        *(Constant(name=name, kind="inductive", level_params=(), type=PROP) for name in INDUCTIVE),
        Constant(name="Unknown", kind="axiom", level_params=(), type=PROP),
        Constant(name="Sealed", kind="opaque", level_params=(), type=PROP),
        Constant(
            name="Nat.rec",
            kind="recursor",
            level_params=(),
            type=RECURSOR,
            num_motives=1,
            num_minors=2,
        ),
        Constant(name="Quot.lift", kind="quot", level_params=(), type=PROP, quot_kind="lift"),
    ]
)


def hidden(claim: Expr) -> str | None:
    machine = Machine(TABLE, held=lambda _: False)
    return what_hides(TABLE, machine, machine.evaluate(claim))


def recursion(zero: Expr, succ: Expr, *more: Expr) -> Expr:
    return app(const("Nat.rec"), MOTIVE, zero, succ, UNKNOWN, *more)


def lift(function: Expr) -> Expr:
    return app(const("Quot.lift"), PROP, PROP, PROP, function, PROP, UNKNOWN)


@pytest.mark.parametrize(
    ("claim", "by"),
    [
        (TRUE, None),
        (UNKNOWN, "Unknown"),
        (const("Sealed"), "Sealed"),
        (recursion(TRUE, lam("n", "ih", body=TRUE)), None),
        (recursion(TRUE, lam("n", "ih", body=BVar(0))), None),  # what recursion gives is such a claim
        (recursion(TRUE, lam("n", "ih", body=BVar(1))), "Unknown"),  # a field is not
        (recursion(TRUE, lam("n", "ih", body=IMPLIES)), "Unknown"),
        (recursion(IMPLIES, lam("n", "ih", body=TRUE)), "Unknown"),
        (recursion(TRUE, lam("n", "ih", body=recursion(TRUE, lam("n", "ih", body=BVar(2))))), None),
        (recursion(TRUE, lam("n", "ih", body=recursion(TRUE, lam("n", "ih", body=IMPLIES)))), "Unknown"),
        # applied to more, what recursion gives may be of other things than these
        (recursion(lam("p", body=BVar(0)), lam("n", "ih", "p", body=TRUE), TRUE), None),
        (recursion(lam("p", body=BVar(0)), lam("n", "ih", "p", body=TRUE), IMPLIES), "Unknown"),
        (recursion(lam("p", body=BVar(0)), lam("n", "ih", "p", body=app(BVar(1), IMPLIES)), TRUE), "Unknown"),
        (lift(lam("a", body=TRUE)), None),
        (lift(lam("a", body=IMPLIES)), "Unknown"),
        (lift(lam("a", body=BVar(0))), "Unknown"),
    ],
)
def test_every_case_of_what_is_stuck_has_to_take_no_more(claim: Expr, by: str | None) -> None:
    assert hidden(claim) == by
