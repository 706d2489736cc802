from __future__ import annotations

from lean_bridge.olean.equality import is_same_expr
from lean_bridge.olean.expr import BVar, Expr, Lam, Let, MData, Pi, Proj
from lean_bridge.olean.instantiate import instantiated, lifted
from tests.lean_terms import PROP, app, const


def test_the_outermost_binder_takes_the_first_argument() -> None:
    body = app(const("f"), BVar(1), BVar(0), BVar(2))
    assert is_same_expr(
        instantiated(body, [const("a"), const("b")]), app(const("f"), const("a"), const("b"), BVar(0))
    )


def test_what_stands_under_more_binders_is_lifted() -> None:
    def under(inner: Expr, outer: Expr) -> Expr:
        let = Let("z", inner, inner, Proj("S", 0, MData(outer)), nondep=False)
        return Pi("x", inner, Lam("y", PROP, let, "default"), "default")

    # three binders stand above the innermost place, one above the other two
    term = Pi("x", BVar(0), Lam("y", PROP, app(BVar(2), BVar(1), BVar(0)), "default"), "default")
    made = instantiated(term, [app(const("g"), BVar(0))])
    wanted = Pi(
        "x",
        app(const("g"), BVar(0)),
        Lam("y", PROP, app(const("g"), BVar(2), BVar(1), BVar(0)), "default"),
        "default",
    )
    assert is_same_expr(made, wanted)
    assert is_same_expr(lifted(under(const("a"), BVar(3)), 2), under(const("a"), BVar(5)))
    assert is_same_expr(lifted(under(const("a"), BVar(2)), 2), under(const("a"), BVar(2)))


def test_a_deep_and_shared_term_takes_no_time() -> None:
    term: Expr = BVar(0)
    for _ in range(5_000):
        term = app(term, term)
    assert instantiated(term, [const("a")]) is not term
