"""Values of types, as Lean is to read them, and which types there is something of: without any Lean."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice

import pytest

from lean_bridge.extract.machine import Value
from lean_bridge.olean.expr import Constant, ConstantKind, Expr, LSucc, LZero, Pi, Sort
from lean_bridge.witness.inhabited import Declared, Inhabitants
from lean_bridge.witness.value import Term
from lean_bridge.witness.values import Values
from tests.lean_terms import PROP, Table, app, const

TYPE = Sort(LSucc(LZero()))
NAT, INT, TEXT, BOOL, COLOUR = map(const, ("Nat", "Int", "String", "Bool", "Colour"))


def made(name: str, kind: ConstantKind, type_: Expr, *constructors: str, fields: int = 0) -> Constant:
    inductive = name.rpartition(".")[0] if kind == "constructor" else ""
    return Constant(
        name=name, kind=kind, level_params=(), type=type_, constructors=constructors, inductive=inductive,
        num_fields=fields,
    )  # fmt: skip


def to(taken: Expr, result: Expr) -> Expr:
    return Pi("_", taken, result, "default")


class Whole(Table):
    """A table of which no module is asked for."""

    def module_of(self, _: str) -> None:
        return None


TABLE = Whole(
    [
        made("Nat", "inductive", TYPE, "Nat.zero", "Nat.succ"),
        *(made(name, "inductive", TYPE) for name in ("Int", "String", "Bool")),
        made("List", "inductive", to(TYPE, TYPE)),
        made("Colour", "inductive", TYPE, "Colour.red", "Colour.green"),
        made("Colour.red", "constructor", COLOUR),
        made("Colour.green", "constructor", COLOUR),
        made("Never", "inductive", TYPE),
        made("Wrapped", "inductive", TYPE, "Wrapped.mk"),
        made("Wrapped.mk", "constructor", to(NAT, const("Wrapped")), fields=1),
        made("Barred", "inductive", TYPE, "Barred.mk"),
        made("Barred.mk", "constructor", to(const("Never"), const("Barred")), fields=1),
        made("False", "inductive", PROP),
        made("Proved", "inductive", TYPE, "Proved.mk"),
        made("Proved.mk", "constructor", to(const("False"), const("Proved")), fields=1),
        made("Hidden", "axiom", TYPE),
        made("hidden", "definition", const("Hidden")),
    ]
)


def inhabitants(*literals: int | str, models: tuple[str, ...] = ()) -> Inhabitants:
    return Inhabitants(TABLE, Declared(TABLE, lambda _: True), models, lambda: literals)  # type: ignore[arg-type]


def evaluated(shown: Inhabitants, type_: Expr) -> Value:
    return shown._machine.evaluate(type_)


def first(type_: Expr, *literals: int | str, number: int = 5) -> list[str]:
    shown = inhabitants(*literals)
    return [each.text for each in islice(shown.claims.values.of(evaluated(shown, type_)), number)]


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        (NAT, ["2", "1"]),
        (INT, ["2", "(-2)"]),
        (TEXT, ['"a"', '"ab"']),
        (COLOUR, ["(@_root_.«Colour».«red»)", "(@_root_.«Colour».«green»)"]),
        (const("Wrapped"), ["(@_root_.«Wrapped».«mk» 1)", "(@_root_.«Wrapped».«mk» 2)"]),
        (const("Never"), []),
        (const("Barred"), []),
        (const("Proved"), []),
        (const("Hidden"), []),
    ],
)
def test_small_values_come_first_and_of_what_is_not_known_there_are_none(
    type_: Expr, values: list[str]
) -> None:
    assert first(type_, number=2) == values


def test_what_a_statement_says_is_near_the_first() -> None:
    assert {"41", "42", "43"} <= set(first(NAT, 42, number=8))
    assert '"said"' in first(TEXT, "said", number=2)


def test_functions_are_shown_and_begin_with_what_they_take() -> None:
    assert first(to(NAT, NAT), number=2) == ["(fun x1 => x1)", "(fun x1 => (x1 + 1))"]
    assert first(to(NAT, PROP), number=1) == ["(fun x1 => _root_.«True»)"]


@pytest.mark.parametrize(
    ("type_", "is_there"),
    [
        (NAT, True),
        (BOOL, True),
        (COLOUR, True),
        (const("Wrapped"), True),
        (to(NAT, COLOUR), True),
        (to(const("Never"), const("Never")), True),
        (const("Never"), False),
        (const("Barred"), False),
        (const("Proved"), False),
        (to(NAT, const("Never")), False),
        (app(const("List"), const("Never")), True),
        (const("Hidden"), False),
    ],
)
def test_of_what_it_is_shown_that_there_is_something(type_: Expr, is_there: bool) -> None:
    shown = inhabitants()
    assert shown.are_there(evaluated(shown, type_)) is is_there


def test_a_declaration_that_the_catalogue_names_shows_what_no_constructor_does() -> None:
    shown = inhabitants(models=("hidden",))
    assert shown.are_there(evaluated(shown, const("Hidden")))
    assert not shown.are_there(evaluated(shown, const("Never")))


def test_a_type_is_called_the_same_wherever_it_is_the_same() -> None:
    shown = inhabitants()
    assert shown.key(evaluated(shown, app(const("List"), NAT))) == "(List (Nat))"
    assert shown.key(evaluated(shown, to(NAT, NAT))) is None


@pytest.mark.parametrize(("steps", "is_begun"), [(10, False), (30, True)])
def test_what_takes_too_long_whatever_a_statement_says_is_not_begun_for_another(
    steps: int, is_begun: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first six numbers are the same for all statements: what is not done with these never is."""
    monkeypatch.setattr("lean_bridge.witness.inhabited._MOST_STEPS", steps)
    declared, begun = Declared(TABLE, lambda _: True), list[Value]()  # type: ignore[arg-type]
    values_of = Values.of

    def counted(self: Values, type_: Value, depth: int = 0) -> Iterator[Term]:
        begun.append(type_)
        return values_of(self, type_, depth)

    monkeypatch.setattr(Values, "of", counted)
    for said, is_new in ((41, True), (43, is_begun), (43, False)):
        shown = Inhabitants(TABLE, declared, (), partial(list, [said]))  # type: ignore[arg-type]
        begun.clear()
        assert [*shown.samples(evaluated(shown, const("Wrapped")))] == [None]
        assert bool(begun) is is_new
