from __future__ import annotations

from dataclasses import replace

import pytest

from lean_bridge.olean.equality import is_same_body, is_same_expr, is_same_statement
from lean_bridge.olean.expr import (
    App,
    BVar,
    Const,
    Constant,
    Expr,
    Lam,
    Let,
    Lit,
    LMax,
    LParam,
    LSucc,
    LZero,
    MData,
    Pi,
    Proj,
    Sort,
)


def prop() -> Expr:
    return Sort(LZero())


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (Lam("x", prop(), BVar(0), "default"), Lam("y", prop(), BVar(0), "implicit"), True),
        (Lam("x", prop(), BVar(0), "default"), Pi("x", prop(), BVar(0), "default"), False),
        (MData(MData(prop())), prop(), True),
        (BVar(0), BVar(1), False),
        (Const("a", (LParam("u"),)), Const("a", (LParam("u"),)), True),
        (Const("a", (LParam("u"),)), Const("a", (LParam("v"),)), False),
        (Const("a", (LZero(),)), Const("a", ()), False),
        (Const("a", ()), Const("b", ()), False),
        (Sort(LSucc(LZero())), Sort(LZero()), False),
        (Sort(LMax(LZero(), LParam("u"))), Sort(LMax(LZero(), LParam("u"))), True),
        (Lit(1), Lit(1), True),
        (Lit(1), Lit("1"), False),
        (Proj("S", 0, prop()), Proj("S", 1, prop()), False),
        (App(prop(), BVar(0)), App(prop(), BVar(0)), True),
        (App(prop(), BVar(0)), App(BVar(0), prop()), False),
        (
            Let("x", prop(), prop(), BVar(0), nondep=True),
            Let("y", prop(), prop(), BVar(0), nondep=False),
            True,
        ),
    ],
)
def test_what_the_kernel_ignores_does_not_count(left: Expr, right: Expr, same: bool) -> None:
    assert is_same_expr(left, right) is same
    assert is_same_expr(right, left) is same


def test_shared_terms_are_compared_once() -> None:
    left, right = prop(), prop()
    for _ in range(5_000):
        left, right = App(left, left), App(right, right)
    assert is_same_expr(left, right)
    assert not is_same_expr(App(left, prop()), App(right, BVar(0)))


def test_a_statement_is_a_name_with_its_type() -> None:
    theorem = Constant(name="t", kind="theorem", level_params=(), type=prop(), value=BVar(0))
    assert is_same_statement(theorem, replace(theorem, value=BVar(1)))
    assert is_same_statement(theorem, replace(theorem, kind="axiom", value=None))
    assert not is_same_statement(theorem, replace(theorem, type=BVar(0)))
    assert not is_same_statement(theorem, replace(theorem, level_params=("u",)))
    assert not is_same_statement(theorem, replace(theorem, name="other"))


def test_a_body_is_of_its_kind() -> None:
    theorem = Constant(name="t", kind="theorem", level_params=(), type=prop(), value=BVar(0))
    definition = replace(theorem, kind="definition")
    assert is_same_body(theorem, replace(theorem, value=MData(BVar(0))))
    assert not is_same_body(theorem, replace(theorem, value=BVar(1)))
    assert not is_same_body(theorem, definition)
    assert not is_same_body(definition, replace(definition, safety="unsafe"))
    assert not is_same_body(replace(theorem, value=None), theorem)
