"""Whether hypotheses leave nothing but lists that are empty, or numbers that are 0."""

from __future__ import annotations

from typing import cast

import pytest

from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import BVar, Constant, Expr, Lit, LSucc, LZero, Pi, Proj, Sort
from lean_bridge.witness.only import left_alone
from lean_bridge.witness.telescope import read_telescope
from lean_bridge.witness.written import DATA, unwritten
from tests.lean_terms import PROP, Table, app, arrow, const, definition, lam

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


def inductive(name: str, type_: Expr, *made: str, parameters: int = 0) -> Constant:
    return declared(
        "inductive", name, type_, constructors=tuple(f"{name}.{each}" for each in made), num_params=parameters
    )


def constructor(name: str, type_: Expr, parameters: int = 0, fields: int = 0) -> Constant:
    of = name.rpartition(".")[0]
    return declared("constructor", name, type_, inductive=of, num_params=parameters, num_fields=fields)


def for_all(type_: Expr, body: Expr) -> Expr:
    return Pi("each", type_, body, "default")


OPTION, MASK, TABLE = app(const("Option"), NAT), arrow(NAT, const("Bool")), arrow(NAT, NAT)
MORE = Library(
    [
        *LIBRARY,
        inductive("False", PROP),
        definition("LE.le", const("Nat.le"), arrow(NAT, NAT, PROP)),
        inductive("Bool", TYPE, "false", "true"),
        constructor("Bool.false", const("Bool")),
        constructor("Bool.true", const("Bool")),
        definition("never", const("Bool.false"), const("Bool")),
        definition("Not", lam("p", body=arrow(BVar(0), const("False"))), arrow(PROP, PROP)),
        definition(
            "Ne",
            lam("α", "a", "b", body=arrow(app(const("Eq"), BVar(2), BVar(1), BVar(0)), const("False"))),
            Pi("α", TYPE, arrow(BVar(0), BVar(1), PROP), "implicit"),
        ),
        inductive("Option", arrow(TYPE, TYPE), "none", "some", parameters=1),
        constructor("Option.none", Pi("α", TYPE, app(const("Option"), BVar(0)), "implicit"), 1),
        constructor(
            "Option.some", Pi("α", TYPE, arrow(BVar(0), app(const("Option"), BVar(1))), "implicit"), 1, 1
        ),
        inductive("Eq", Pi("α", TYPE, arrow(BVar(0), BVar(1), PROP), "implicit"), parameters=2),
        inductive("Config", TYPE, "mk"),
        constructor("Config.mk", arrow(NAT, NAT, NAT, NAT, NAT, const("Config")), fields=5),
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


def left(kind: Expr, value: Expr, hypothesis: Expr) -> tuple[int, str] | None:
    """Ask about a value of a type, of which something is assumed."""
    constant = declared("theorem", "claim", Pi("s", kind, arrow(hypothesis, const("True")), "default"))
    telescope = read_telescope(MORE, constant.type)
    return left_alone(cast("Environment", MORE), constant, telescope, [value, const("shown")], None)


def below(number: Expr, most: int) -> Expr:
    return at_most(app(const("Nat.add"), number, Lit(1)), Lit(most))


@pytest.mark.parametrize("most", [1, 2])
def test_a_function_that_gives_0_alone_is_not_met_where_all_others_fail(most: int) -> None:
    found = left(TABLE, lam("i", body=Lit(0)), for_all(NAT, below(app(BVar(1), BVar(0)), most)))
    assert found == ((0, "gives 0 alone") if most == 1 else None)


@pytest.mark.parametrize(
    ("says", "is_said"),
    [
        (arrow(app(const("LE.le"), Lit(0), BVar(0)), below(app(BVar(2), BVar(1)), 1)), False),
        (below(app(BVar(1), app(const("Nat.add"), BVar(0), Lit(0))), 1), False),
        (arrow(app(const("LE.le"), Lit(0), BVar(0)), at_most(app(BVar(2), BVar(1)), Lit(0))), True),
        (arrow(app(const("LE.le"), Lit(0), app(BVar(1), BVar(0))), below(app(BVar(2), BVar(1)), 1)), True),
    ],
)
def test_a_0_that_is_said_of_something_else_excuses_nothing(says: Expr, *, is_said: bool) -> None:
    found = left(TABLE, lam("i", body=Lit(0)), for_all(NAT, says))
    assert found == (None if is_said else (0, "gives 0 alone"))


@pytest.mark.parametrize("most", [1, 2])
def test_a_field_of_many_is_asked_about_with_what_is_known_of_the_others(most: int) -> None:
    value = app(const("Config.mk"), Lit(2), Lit(2), Lit(2), Lit(2), Lit(0))
    found = left(const("Config"), value, below(Proj("Config", 4, BVar(0)), most))
    assert found == ((0, "has a number in it that is 0") if most == 1 else None)


def some(number: Expr) -> Expr:
    return app(const("Option.some"), NAT, number)


def equal(type_: Expr, one: Expr, other: Expr) -> Expr:
    return app(const("Eq"), type_, one, other)


@pytest.mark.parametrize("most", [1, 2])
@pytest.mark.parametrize(
    ("value", "said"),
    [(app(const("Option.none"), NAT), "is none"), (some(Lit(0)), "has a number in it that is 0")],
)
def test_an_option_that_has_0_alone_has_nothing(value: Expr, said: str, most: int) -> None:
    has = arrow(equal(OPTION, BVar(1), some(BVar(0))), below(BVar(1), most))
    found = left(OPTION, value, for_all(NAT, has))
    assert found == ((0, said) if most == 1 else None)


@pytest.mark.parametrize(
    "says",
    [
        equal(OPTION, BVar(0), app(const("Option.none"), NAT)),
        for_all(NAT, app(const("Not"), equal(OPTION, BVar(1), some(BVar(0))))),
        for_all(NAT, app(const("Ne"), OPTION, BVar(1), some(BVar(0)))),
    ],
)
def test_an_option_that_is_said_to_be_none_is_believed(says: Expr) -> None:
    assert left(OPTION, app(const("Option.none"), NAT), says) is None


@pytest.mark.parametrize("says", ["never", "Bool.false"])
def test_a_mask_that_is_false_everywhere_is_believed_where_the_text_says_so(says: str) -> None:
    found = left(
        MASK,
        lam("i", body=const("Bool.false")),
        for_all(NAT, equal(const("Bool"), app(BVar(1), BVar(0)), const(says))),
    )
    assert found == ((0, "is false everywhere") if says == "never" else None)


def test_a_switch_that_is_off_is_one_of_two() -> None:
    off = equal(const("Bool"), BVar(0), const("never"))
    assert left(const("Bool"), const("Bool.false"), off) is None


def test_what_nests_too_deeply_for_python_is_left_open() -> None:
    deep: Expr = BVar(0)
    for _ in range(2_000):
        deep = app(const("Nat.succ"), deep)
    assert left(NAT, Lit(0), at_most(deep, Lit(2_000))) is None


@pytest.mark.parametrize("written", [const("List.nil"), const("List.isEmpty"), Lit("")])
def test_what_says_so_of_a_list_says_it_of_no_dimension(written: Expr) -> None:
    assert unwritten(written) is written
    assert unwritten(written, DATA) is not written
