"""What holds by evaluation, what does not, and what nobody can tell."""

from __future__ import annotations

import pytest

from lean_bridge.extract.machine import VStuck, variable
from lean_bridge.olean.expr import BVar, Constant, Expr, FVar, Lit, LSucc, LZero, Pi, Proj, Sort
from lean_bridge.witness.claims import Claims
from lean_bridge.witness.empty import EMPTY, WRITTEN, Families
from lean_bridge.witness.nothing import may_vanish
from lean_bridge.witness.trial import Computing
from lean_bridge.witness.zeros import ZERO
from tests.lean_terms import PROP, Table, app, arrow, const, definition, lam

TYPE = Sort(LSucc(LZero()))
NAT = const("Nat")


def inductive(name: str, type_: Expr, *made: str, parameters: int = 0) -> Constant:
    return Constant(
        name=name,
        kind="inductive",
        level_params=(),
        type=type_,
        num_params=parameters,
        constructors=tuple(f"{name}.{each}" for each in made),
    )


def constructor(name: str, type_: Expr, parameters: int = 0, fields: int = 0) -> Constant:
    return Constant(
        name=name,
        kind="constructor",
        level_params=(),
        type=type_,
        inductive=name.rpartition(".")[0],
        num_params=parameters,
        num_fields=fields,
    )


def divides(relation: Expr) -> Expr:
    return app(const("Dvd.mk"), NAT, relation)


OWN = lam("m", "n", body=const("False"))
TABLE = Table(
    [
        inductive("Nat", TYPE, "zero", "succ"),
        inductive("True", PROP, "intro"),
        inductive("False", PROP),
        inductive("Never", TYPE),
        inductive("Eq", Pi("α", TYPE, arrow(BVar(0), BVar(1), PROP), "implicit"), parameters=2),
        *(
            each
            for name, sort in (("Ways", PROP), ("Sides", TYPE))
            for each in (
                inductive(name, sort, "left", "right"),
                constructor(f"{name}.left", arrow(NAT, const(name)), fields=1),
                constructor(f"{name}.right", arrow(NAT, const(name)), fields=1),
            )
        ),
        inductive("Choice", arrow(TYPE, TYPE), "given", "hidden", parameters=1),
        constructor(
            "Choice.given", Pi("α", TYPE, arrow(BVar(0), app(const("Choice"), BVar(1))), "default"), 1
        ),
        constructor(
            "Choice.hidden", Pi("α", TYPE, arrow(const("Never"), app(const("Choice"), BVar(1))), "default"), 1
        ),
        inductive("Chain", arrow(TYPE, TYPE), "base", "more", parameters=1),
        constructor("Chain.base", Pi("α", TYPE, arrow(BVar(0), app(const("Chain"), BVar(1))), "default"), 1),
        constructor(
            "Chain.more",
            Pi("α", TYPE, arrow(app(const("Chain"), BVar(0)), app(const("Chain"), BVar(1))), "default"),
            1,
        ),
        inductive("Dvd", arrow(TYPE, TYPE), "mk", parameters=1),
        constructor("Dvd.mk", PROP, 1, 1),
        definition("Dvd.dvd", lam("α", "self", body=Proj("Dvd", 0, BVar(0)))),
        definition("Nat.instDvd", divides(lam("m", "n", body=app(const("Eq"), NAT, BVar(1), BVar(0))))),
        definition("alias", const("Nat.instDvd")),
        definition("own", divides(OWN)),
        inductive("Fin", arrow(NAT, TYPE), "mk"),
        definition("Nat.add", PROP, arrow(NAT, NAT, NAT)),
        definition("Nat.mul", PROP, arrow(NAT, NAT, NAT)),
        definition("width", lam("n", body=app(const("Nat.mul"), BVar(0), Lit(0))), arrow(NAT, NAT)),
    ]
)


def truth(claim: Expr) -> bool | None:
    machine = Computing(TABLE, held=lambda _: False)
    return Claims(machine, Families(TABLE, machine), ()).truth(machine.evaluate(claim))


def equal(type_: str, one: str, other: str, number: int = 1) -> Expr:
    sides = (app(const(f"{type_}.{one}"), Lit(1)), app(const(f"{type_}.{other}"), Lit(number)))
    return app(const("Eq"), const(type_), *sides)


@pytest.mark.parametrize(("one", "other", "number"), [("left", "right", 1), ("left", "left", 2)])
def test_values_differ_by_their_constructors_and_proofs_do_not(one: str, other: str, number: int) -> None:
    assert truth(equal("Sides", one, other, number)) is False
    assert truth(equal("Ways", one, other, number)) is True


def test_any_two_proofs_are_one() -> None:
    machine = Computing(TABLE, held=lambda _: False)
    claims = Claims(machine, Families(TABLE, machine), ())
    claim = machine.evaluate(app(const("Eq"), const("Ways"), FVar("h"), FVar("k")))
    assert claims.truth(claim) is True
    made = machine.evaluate(app(const("Eq"), const("Sides"), FVar("h"), FVar("k")))
    assert claims.truth(made) is None


@pytest.mark.parametrize("instance", ["Nat.instDvd", "alias"])
@pytest.mark.parametrize(("number", "says"), [(4, "True"), (5, "False")])
def test_divisibility_is_computed_where_it_is_leans_own(instance: str, number: int, says: str) -> None:
    claim = app(const("Dvd.dvd"), NAT, const(instance), Lit(2), Lit(number))
    found = Computing(TABLE, held=lambda _: False).evaluate(claim)
    assert isinstance(found, VStuck)
    assert found.head == says


@pytest.mark.parametrize("instance", [const("own"), divides(OWN)])
def test_divisibility_of_ones_own_is_what_it_says(instance: Expr) -> None:
    claim = app(const("Dvd.dvd"), NAT, instance, Lit(2), Lit(4))
    found = Computing(TABLE, held=lambda _: False).evaluate(claim)
    assert isinstance(found, VStuck)
    assert found.head == "False"


@pytest.mark.parametrize(("family", "why"), [("Choice", EMPTY), ("Chain", WRITTEN)])
def test_nothing_is_there_as_the_text_has_it_where_no_constructor_has_another_reason(
    family: str, why: str
) -> None:
    machine = Computing(TABLE, held=lambda _: False)
    families = Families(TABLE, machine)
    type_ = machine.evaluate(app(const(family), FVar(WRITTEN)))
    assert families.why_empty(type_) == why
    assert families.why_empty(machine.apply(machine.evaluate(const(family)), (variable("α"),))) is None


@pytest.mark.parametrize(
    ("size", "why"),
    [
        (app(const("Nat.add"), Lit(0), app(const("Nat.mul"), BVar(0), Lit(0))), None),
        (app(const("Nat.add"), Lit(0), app(const("width"), BVar(0))), ZERO),
        (app(const("Nat.add"), app(const("width"), BVar(0)), Lit(0)), ZERO),
        (app(const("Nat.mul"), app(const("width"), BVar(0)), Lit(0)), None),
        (app(const("Nat.add"), BVar(0), app(const("width"), BVar(0))), None),
    ],
)
def test_a_sum_is_0_as_it_is_written_where_each_part_is(size: Expr, why: str | None) -> None:
    statement = Pi("n", NAT, Pi("v", app(const("Fin"), size), const("True"), "default"), "default")
    assert may_vanish(TABLE, Computing(TABLE, held=lambda _: False), statement) == why
