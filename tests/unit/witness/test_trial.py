"""What holds by evaluation, what does not, and what nobody can tell."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import suppress

import pytest

from lean_bridge.errors import OutOfFuel
from lean_bridge.extract.machine import VStuck, variable
from lean_bridge.olean.expr import BVar, Constant, Expr, FVar, Lit, LSucc, LZero, Pi, Proj, Sort
from lean_bridge.witness.claims import Claims
from lean_bridge.witness.empty import EMPTY, WRITTEN, Families
from lean_bridge.witness.nothing import may_vanish
from lean_bridge.witness.trial import Computing, Trial, Trials
from lean_bridge.witness.value import Term, natural
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
        inductive("Nat.le", arrow(NAT, NAT, PROP), parameters=1),
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


def at_least(number: int) -> Expr:
    """Return a statement that takes a number and that it is at least another."""
    large = app(const("Nat.le"), Lit(number), BVar(0))
    return Pi("n", NAT, Pi("h", large, const("True"), "default"), "default")


TRIED = (Trial(0, is_value=True, is_free=False), Trial(1, is_value=False, is_free=False))


@pytest.mark.parametrize(("first", "is_any"), [(7, True), (3, None)])
def test_what_takes_too_long_to_make_is_asked_for_where_nothing_before_it_will_do(
    first: int, is_any: bool | None
) -> None:
    def near(*_: object) -> Iterator[Term]:
        yield natural(first)
        raise OutOfFuel("it does not evaluate")

    assert Trials(TABLE, at_least(7), TRIED, {}, (), near=near).is_any() is is_any


@pytest.mark.parametrize(("number", "is_any"), [(250, True), (99_000, False)])
def test_of_no_value_is_it_said_that_it_will_not_do_before_all_are_made(number: int, is_any: bool) -> None:
    """The values of a type that is called by a name are the same for all binders: each is made once."""
    said = range(240, 260)
    assert Trials(TABLE, at_least(number), TRIED, {}, said).is_any() is is_any


def test_what_took_too_long_takes_all_steps_that_are_left_unless_these_are_more() -> None:
    machine, known = Computing(TABLE, held=lambda _: False), dict[Hashable, int]()

    def spent(fuel: int, takes: int) -> int:
        """Return how many steps are taken for something, of so many."""
        told = machine.spend_at_most(fuel)
        with suppress(OutOfFuel), machine.unless_in_vain(known, ["it"]):
            for _ in range(takes):
                machine.evaluate(NAT)
        return told()

    assert spent(0, 0) == 0  # nothing is known: it may take none
    enough = spent(1000, 3)
    assert not known
    assert spent(enough - 1, 3) == enough
    assert known == {"it": enough - 1}
    assert spent(enough - 1, 0) == enough  # not even begun
    assert spent(1, 0) == 2
    assert spent(enough, 3) == enough  # more than it was tried with
    known["it"] = 1000
    assert spent(1010, 0) == 1011
    assert spent(1011, 0) == 0
