"""Where a number within a type is 0, and where nobody can tell."""

from __future__ import annotations

import pytest

from lean_bridge.extract.machine import Machine
from lean_bridge.olean.expr import BVar, Constant, Expr, Lit, LSucc, LZero, Pi, Sort
from lean_bridge.witness.dimensions import Dimensions
from lean_bridge.witness.empty import EMPTY
from lean_bridge.witness.zeros import ZERO
from tests.lean_terms import PROP, Table, app, arrow, const, lam

TYPE = Sort(LSucc(LZero()))
NAT, UNKNOWN = const("Nat"), const("Unknown")


def listed(type_: Expr) -> Expr:
    return app(const("List"), type_)


def inductive(
    name: str, type_: Expr = TYPE, made: tuple[str, ...] = ("made",), parameters: int = 0
) -> Constant:
    return Constant(
        name=name,
        kind="inductive",
        level_params=(),
        type=type_,
        num_params=parameters,
        constructors=tuple(f"{name}.{each}" for each in made),
    )


def constructor(name: str, type_: Expr, of: str, parameters: int = 0) -> Constant:
    return Constant(
        name=name, kind="constructor", level_params=(), type=type_, inductive=of, num_params=parameters
    )


def fin(size: Expr) -> Expr:
    return app(const("Fin"), size)


def nat(name: str, *args: Expr) -> Expr:
    return app(const(f"Nat.{name}"), *args)


def below(number: Expr) -> Expr:
    """Return that some natural number is below one."""
    return app(const("Nat.le"), nat("add", UNKNOWN, Lit(1)), number)


TABLE = Table(
    [
        inductive("Nat"),
        inductive("True", PROP),
        inductive("Fin", arrow(NAT, TYPE)),
        inductive("Even", arrow(NAT, PROP)),
        inductive("List", arrow(TYPE, TYPE)),
        inductive("Tensor", arrow(listed(NAT), TYPE)),
        inductive("At", arrow(app(const("Fin"), NAT), TYPE)),
        inductive("Eq", Pi("α", TYPE, arrow(BVar(0), BVar(1), PROP), "implicit")),
        inductive("Subtype", Pi("α", TYPE, arrow(arrow(BVar(0), PROP), TYPE), "implicit")),
        constructor("List.nil", Pi("α", TYPE, listed(BVar(0)), "implicit"), "List", 1),
        constructor(
            "List.cons",
            Pi(
                "α",
                TYPE,
                arrow(BVar(0), listed(BVar(1)), listed(BVar(2))),
                "implicit",
            ),
            "List",
            1,
        ),
        inductive("Never", made=()),
        inductive("Nat.le", arrow(NAT, NAT, PROP), parameters=1),
        inductive("Later", arrow(NAT, TYPE)),
        constructor(
            "Later.made", Pi("n", NAT, app(const("Later"), nat("succ", BVar(0))), "default"), "Later"
        ),
        inductive("Bounded", arrow(NAT, TYPE), parameters=1),
        constructor(
            "Bounded.made",
            Pi("n", NAT, Pi("_", below(BVar(0)), app(const("Bounded"), BVar(1)), "default"), "default"),
            "Bounded",
            1,
        ),
        inductive("Itself"),
        constructor("Itself.made", arrow(const("Itself"), const("Itself")), "Itself"),
        Constant(name="Unknown", kind="axiom", level_params=(), type=NAT),
        Constant(name="Nat.succ", kind="constructor", level_params=(), type=arrow(NAT, NAT), inductive="Nat"),
        *(
            Constant(name=f"Nat.{name}", kind="definition", level_params=(), type=arrow(NAT, NAT, NAT))
            for name in ("add", "sub", "mul")
        ),
    ]
)


def tensor(*sizes: Expr) -> Expr:
    shape: Expr = app(const("List.nil"), NAT)
    for size in reversed(sizes):
        shape = app(const("List.cons"), NAT, size, shape)
    return app(const("Tensor"), shape)


@pytest.mark.parametrize(
    ("type_", "found"),
    [
        (NAT, []),
        (fin(Lit(2)), []),
        (fin(Lit(0)), [ZERO]),
        (arrow(fin(Lit(0)), NAT), [ZERO]),
        (arrow(NAT, fin(Lit(1)), fin(Lit(0))), [ZERO]),
        (app(const("List"), fin(Lit(0))), [ZERO]),
        (app(const("Eq"), arrow(fin(Lit(0)), NAT), UNKNOWN, UNKNOWN), [ZERO]),
        (app(const("Eq"), NAT, Lit(0), Lit(0)), []),  # numbers that are spoken of are no dimensions
        (app(const("Even"), Lit(0)), []),
        (app(const("At"), Lit(0)), []),  # nor is an index
        (app(const("Subtype"), NAT, lam("n", body=app(const("Eq"), fin(Lit(0)), BVar(0), BVar(0)))), [ZERO]),
        (tensor(Lit(2), Lit(3)), []),
        (tensor(), []),
        (tensor(Lit(2), Lit(0), Lit(0)), [ZERO, ZERO]),
        (tensor(Lit(2), UNKNOWN), ["Unknown"]),
        (app(const("Tensor"), UNKNOWN), ["Unknown"]),
        (fin(UNKNOWN), ["Unknown"]),
        (fin(nat("sub", Lit(2), Lit(2))), [ZERO]),
        (fin(nat("sub", Lit(2), UNKNOWN)), ["Nat.sub applied to 2 arguments"]),
        (fin(nat("add", UNKNOWN, Lit(1))), []),
        (fin(nat("succ", UNKNOWN)), []),
        (fin(nat("add", UNKNOWN, Lit(0))), ["Unknown"]),
        (fin(nat("mul", UNKNOWN, Lit(2))), ["Unknown"]),
        (Pi("n", NAT, arrow(fin(BVar(0)), NAT), "default"), []),  # a variable may be anything
        (Pi("n", NAT, fin(nat("add", BVar(0), Lit(1))), "default"), []),
    ],
)
def test_a_number_within_a_type_is_found(type_: Expr, found: list[str]) -> None:
    machine = Machine(TABLE, held=lambda _: False)
    seen = [why for _, why in Dimensions(TABLE, machine).vanishing(machine.evaluate(type_))]
    assert [why for why in seen if why != EMPTY] == found


@pytest.mark.parametrize(
    ("type_", "is_found"),
    [
        (const("Never"), True),
        (below(Lit(0)), True),
        (below(Lit(1)), False),
        (below(UNKNOWN), False),
        (app(const("Nat.le"), Lit(3), Lit(2)), True),
        (app(const("Later"), Lit(0)), True),
        (app(const("Later"), Lit(1)), False),
        (app(const("Later"), UNKNOWN), False),
        (app(const("Bounded"), Lit(0)), True),
        (app(const("Bounded"), Lit(2)), False),
        (const("Itself"), True),
        (NAT, False),
    ],
)
def test_what_is_empty_is_found_where_a_function_takes_it(type_: Expr, is_found: bool) -> None:
    machine = Machine(TABLE, held=lambda _: False)

    def found(of: Expr) -> list[str]:
        return [why for _, why in Dimensions(TABLE, machine).vanishing(machine.evaluate(of)) if why == EMPTY]

    assert found(arrow(type_, NAT)) == found(arrow(NAT, type_, NAT)) == [EMPTY] * is_found
    assert found(arrow(type_, app(const("Even"), Lit(2)))) == []  # a hypothesis may be false within another
    assert found(type_) == []
