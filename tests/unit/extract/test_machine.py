"""The machine reduces as the kernel does, on small hand-made declarations."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from lean_bridge.errors import OutOfFuel, UnsupportedTerm
from lean_bridge.extract.machine import Machine, Thunk, VLam, VLit, VProj, VSort, VStuck, variable
from lean_bridge.olean.expr import (
    BVar,
    Const,
    Constant,
    Expr,
    Let,
    Level,
    Lit,
    LParam,
    LSucc,
    LZero,
    MData,
    Proj,
    RecursorRule,
    Sort,
)
from lean_bridge.olean.levels import normal
from tests.lean_terms import PROP, Table, app, const, definition, lam, pi


def constructor(
    name: str, inductive: str, index: int, *, params: int = 0, fields: int = 0, type_: Expr = PROP
) -> Constant:
    return Constant(
        name=name,
        kind="constructor",
        level_params=(),
        type=type_,
        inductive=inductive,
        constructor_index=index,
        num_params=params,
        num_fields=fields,
    )


NAT = [
    Constant(
        name="Nat",
        kind="inductive",
        level_params=(),
        type=PROP,
        constructors=("Nat.zero", "Nat.succ"),
        is_recursive=True,
    ),
    constructor("Nat.zero", "Nat", 0),
    constructor("Nat.succ", "Nat", 1, fields=1),
    Constant(
        name="Nat.rec",
        kind="recursor",
        level_params=(),
        type=PROP,
        num_motives=1,
        num_minors=2,
        rules=(
            RecursorRule("Nat.zero", 0, lam("motive", "z", "s", body=BVar(1))),
            RecursorRule(
                "Nat.succ",
                1,
                lam(
                    "motive",
                    "z",
                    "s",
                    "n",
                    body=app(BVar(1), BVar(0), app(const("Nat.rec"), BVar(3), BVar(2), BVar(1), BVar(0))),
                ),
            ),
        ),
    ),
    definition("Nat.add", PROP),
    definition("Nat.mul", PROP),
]
PAIR = [
    Constant(name="Pair", kind="inductive", level_params=(), type=PROP, constructors=("Pair.mk",)),
    constructor("Pair.mk", "Pair", 0, fields=2),
    Constant(
        name="Pair.rec",
        kind="recursor",
        level_params=(),
        type=PROP,
        num_motives=1,
        num_minors=1,
        rules=(
            RecursorRule("Pair.mk", 2, lam("motive", "f", "a", "b", body=app(BVar(2), BVar(1), BVar(0)))),
        ),
    ),
]
EQ = [
    Constant(
        name="Eq",
        kind="inductive",
        level_params=(),
        type=PROP,
        num_params=2,
        num_indices=1,
        constructors=("Eq.refl",),
    ),
    constructor(
        "Eq.refl", "Eq", 0, params=2, type_=pi("α", "a", body=app(const("Eq"), BVar(1), BVar(0), BVar(0)))
    ),
    Constant(
        name="Eq.rec",
        kind="recursor",
        level_params=(),
        type=PROP,
        num_params=2,
        num_motives=1,
        num_minors=1,
        num_indices=1,
        k=True,
        rules=(RecursorRule("Eq.refl", 0, lam("α", "a", "motive", "m", body=BVar(0))),),
    ),
]


def machine(*constants: Constant, fuel: int = 10_000, held: frozenset[str] = frozenset()) -> Machine:
    return Machine(Table([*NAT, *PAIR, *EQ, *constants]), held=lambda c: c.name in held, fuel=fuel)


def nat(value: int) -> Expr:
    return Lit(value)


def test_beta_through_metadata_and_let() -> None:
    term = Let("y", PROP, nat(7), app(MData(lam("x", "z", body=BVar(1))), BVar(0), nat(1)), nondep=False)
    value = machine().evaluate(term)
    assert isinstance(value, VLit)
    assert value.value == 7


def test_recursion_on_a_literal_takes_its_constructor_form() -> None:
    double = definition(
        "double",
        lam(
            "n",
            body=app(
                const("Nat.rec"),
                PROP,
                nat(0),
                lam("k", "ih", body=app(const("Nat.add"), BVar(0), nat(2))),
                BVar(0),
            ),
        ),
    )
    value = machine(double).evaluate(app(const("double"), nat(5)))
    assert isinstance(value, VLit)
    assert value.value == 10


def test_symbolic_arithmetic_stays_readable() -> None:
    value = machine().apply(
        machine().evaluate(lam("n", body=app(const("Nat.mul"), BVar(0), nat(3)))), (variable("n"),)
    )
    assert isinstance(value, VStuck)
    assert value.head == "Nat.mul"


def test_projection_of_a_constructor_and_of_a_variable() -> None:
    pair = app(const("Pair.mk"), nat(1), nat(2))
    first = machine().evaluate(Proj("Pair", 0, pair))
    assert isinstance(first, VLit)
    assert first.value == 1
    stuck = machine().apply(machine().evaluate(lam("p", body=Proj("Pair", 1, BVar(0)))), (variable("p"),))
    assert isinstance(stuck, VProj)
    assert stuck.index == 1


def test_a_recursor_sees_a_structure_through_eta() -> None:
    swap = lam("p", body=app(const("Pair.rec"), PROP, lam("a", "b", body=BVar(0)), BVar(0)))
    value = machine().apply(machine().evaluate(swap), (variable("p"),))
    assert isinstance(value, VProj)
    assert value.index == 1


@pytest.mark.parametrize(("right", "reduces"), [(4, True), (5, False)])
def test_a_cast_vanishes_exactly_where_both_sides_agree(right: int, reduces: bool) -> None:
    cast = lam("h", body=app(const("Eq.rec"), const("Nat"), nat(4), PROP, nat(9), nat(right), BVar(0)))
    value = machine().apply(machine().evaluate(cast), (variable("h"),))
    assert isinstance(value, VLit) is reduces


def test_held_definitions_do_not_unfold() -> None:
    op = definition("op", lam("n", body=nat(0)))
    value = machine(op, held=frozenset({"op"})).evaluate(app(const("op"), nat(3)))
    assert isinstance(value, VStuck)
    assert (value.head, len(value.args)) == ("op", 1)
    unfolded = machine(op).evaluate(app(const("op"), nat(3)))
    assert isinstance(unfolded, VLit)


def test_arguments_are_evaluated_when_needed_and_once() -> None:
    unused = Thunk(const("nowhere"), None)
    value = machine().apply(machine().evaluate(lam("x", body=nat(1))), (unused,))
    assert isinstance(value, VLit)
    assert unused.value is None


def test_a_function_stays_a_function() -> None:
    assert isinstance(machine().evaluate(lam("x", body=BVar(0))), VLam)


def test_endless_recursion_runs_out_of_fuel() -> None:
    loop = definition("loop", lam("x", body=app(const("loop"), BVar(0))))
    with pytest.raises(OutOfFuel, match="does not evaluate within"):
        machine(loop).evaluate(app(const("loop"), nat(0)))


def test_an_undefined_constant_is_named() -> None:
    with pytest.raises(UnsupportedTerm, match=r"nowhere\.at\.all"):
        machine().evaluate(const("nowhere.at.all"))


def test_a_literal_is_no_function() -> None:
    with pytest.raises(UnsupportedTerm, match="expected a function, found 3"):
        machine().evaluate(app(nat(3), nat(4)))


def test_a_constant_is_at_the_levels_that_its_declaration_is_at() -> None:
    """So ``All.{1}`` is no ``All.{0}``, whatever unfolds to it, and a universe is the one that is meant."""
    inner = Constant(name="All", kind="inductive", level_params=("u",), type=Sort(LParam("u")))
    outer = replace(
        definition("outer", Const("All", (LSucc(LParam("v")),))), level_params=("v",), type=Sort(LParam("v"))
    )
    reducing = machine(inner, outer)
    zero, one = (reducing.evaluate(Const("outer", (level,))) for level in (LZero(), LSucc(LZero())))
    again = reducing.evaluate(Const("All", (LSucc(LZero()),)))
    assert isinstance(zero, VStuck)
    assert isinstance(one, VStuck)
    assert isinstance(again, VStuck)
    assert zero.levels == again.levels != one.levels
    sort = reducing.type_of(inner, zero.levels)
    assert isinstance(sort, VSort)
    assert sort.level is normal(LSucc(LZero()))


@pytest.mark.parametrize(("level", "reduces"), [(LZero(), True), (LSucc(LZero()), False)])
def test_a_cast_between_levels_stays(level: Level, reduces: bool) -> None:
    types = Constant(name="All", kind="inductive", level_params=("u",), type=PROP)
    sides = Const("All", (LZero(),)), Const("All", (level,))
    cast = lam("h", body=app(const("Eq.rec"), PROP, sides[0], PROP, nat(9), sides[1], BVar(0)))
    reducing = machine(types)
    assert isinstance(reducing.apply(reducing.evaluate(cast), (variable("h"),)), VLit) is reduces


def on_a_small_stack(evaluate: Callable[[], object]) -> object:
    found, usual = list[object](), threading.stack_size(1 << 18)
    try:
        thread = threading.Thread(target=lambda: found.append(evaluate()))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(usual)
    return found[0]


def test_deep_nesting_takes_no_room_on_the_stack_and_leaves_pythons_limit_as_it_was() -> None:
    before = sys.getrecursionlimit()
    expr: Expr = const("Nat.zero")
    for _ in range(5_000):
        expr = app(const("Nat.succ"), expr)
    value = on_a_small_stack(lambda: machine(fuel=100_000).evaluate(expr))
    assert isinstance(value, VLit)
    assert value.value == 5_000
    assert sys.getrecursionlimit() == before


def test_nor_does_comparing_what_is_deep() -> None:
    sides = nat(0), nat(0)
    for _ in range(5_000):
        sides = app(const("S"), sides[0]), app(const("S"), sides[1])
    successor = Constant(name="S", kind="axiom", level_params=(), type=PROP)
    cast = lam("h", body=app(const("Eq.rec"), PROP, sides[0], PROP, nat(9), sides[1], BVar(0)))

    def evaluate() -> object:
        reducing = machine(successor, fuel=1_000_000)
        return reducing.evaluate(app(cast, const("S")))

    assert isinstance(on_a_small_stack(evaluate), VLit)


def test_what_nests_too_deeply_is_told_with_the_mend() -> None:
    before = sys.getrecursionlimit()
    expr: Expr = const("Nat.zero")
    for _ in range(40_000):
        expr = Proj("Pair", 0, expr)
    with pytest.raises(OutOfFuel, match="nests too deeply: make the numbers and lists smaller"):
        machine(fuel=1_000_000).evaluate(expr)
    assert sys.getrecursionlimit() == before
