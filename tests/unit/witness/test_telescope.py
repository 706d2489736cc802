"""What a theorem takes is read through definitions, and is evident only where nothing could be missing."""

from __future__ import annotations

from lean_bridge.olean.expr import BVar, Constant, Expr, Lit, LSucc, LZero, Pi, Sort
from lean_bridge.witness.telescope import Telescope, read_telescope
from tests.lean_terms import PROP, Table, app, const, definition

TYPE = Sort(LSucc(LZero()))
NAT, FALSE = const("Nat"), const("False")


def inductive(name: str, type_: Expr = PROP) -> Constant:
    made = () if name == "False" else (f"{name}.made",)
    return Constant(name=name, kind="inductive", level_params=(), type=type_, constructors=made)


TABLE = Table(
    [
        *map(inductive, ("False", "Eq", "List", "Order")),
        inductive("Nat", TYPE),
        inductive("Fin", Pi("n", NAT, TYPE, "default")),
        *(definition(f"Nat.{name}", NAT) for name in ("add", "mul", "sub")),
        definition("Harmless", const("Deeper")),
        definition("Deeper", FALSE),
        definition("Claim", Pi("hidden", const("Deeper"), app(const("Eq"), NAT), "default")),
        definition("Stuck", BVar(0)),
        Constant(name="Nat.rec", kind="recursor", level_params=(), type=PROP),
    ]
)


def takes(*types: Expr, claims: Expr | None = None) -> Telescope:
    statement = claims if claims is not None else app(const("Eq"), NAT)
    for at, type_ in reversed([*enumerate(types)]):
        statement = Pi(f"x{at}", type_, statement, "default")
    return read_telescope(TABLE, statement)


def test_numbers_types_and_what_is_of_them_are_evident() -> None:
    arrow = Pi("_", NAT, PROP, "default")
    assert takes().is_evident
    assert takes(NAT, app(const("List"), const("Fin"))).is_evident
    assert takes(TYPE, BVar(0), Pi("_", NAT, BVar(2), "default")).is_evident
    assert takes(arrow, NAT, app(BVar(1), BVar(0))).is_evident  # h : p n, as p may be true of all


def test_hypotheses_classes_and_structures_are_not() -> None:
    for type_ in (FALSE, app(const("Eq"), NAT), app(const("Fin"), NAT), const("Order"), const("Harmless")):
        assert not takes(NAT, type_).is_evident
    assert not takes(NAT, Pi("_", NAT, FALSE, "default")).is_evident
    # a function out of every type into it: what it gives is chosen by nobody
    assert not takes(Pi("α", TYPE, BVar(0), "default")).is_evident


def test_nor_is_a_dimension_that_may_be_0_whatever_is_chosen() -> None:
    def tensor(size: Expr) -> Telescope:
        return takes(NAT, Pi("i", app(const("Fin"), size), NAT, "default"))

    def of(name: str, *args: Expr) -> Expr:
        return app(const(f"Nat.{name}"), *args)

    for size in (BVar(0), Lit(2), Lit(0), of("mul", BVar(0), Lit(2)), of("add", BVar(0), BVar(0))):
        assert tensor(size).is_evident
    for size in (of("sub", BVar(0), BVar(0)), app(const("Nat.rec"), BVar(0))):
        assert not tensor(size).is_evident


def test_what_stands_behind_a_definition_is_taken_too() -> None:
    found = takes(NAT, claims=const("Claim"))
    assert [binder.name for binder in found.binders] == ["x0", "hidden"]
    assert found.binders[1].head == "False"
    assert not found.is_evident


def test_a_claim_that_cannot_be_seen_to_the_end_is_not_evident() -> None:
    assert not takes(NAT, claims=app(const("Nat.rec"), NAT)).is_evident


def test_what_is_refuted_needs_not_be_met() -> None:
    found = takes(NAT, app(const("Eq"), NAT), claims=FALSE)
    assert [binder.name for binder in found.binders] == ["x0"]
    assert found.refutes is not None
    assert found.refutes.name == "x1"
    # only the last one: a second hypothesis that nothing meets stays one
    assert [each.head for each in takes(FALSE, app(const("Eq"), NAT), claims=FALSE).binders] == ["False"]
