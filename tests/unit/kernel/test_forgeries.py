"""Real declarations with one thing changed: each is refused, and for that."""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from lean_bridge.kernel.session import SecondKernel, find_second_kernel
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import App, BVar, Const, Constant, Expr, Lam, Let, Lit, LZero, Name, Proj
from lean_bridge.olean.module import read_module
from tests.olean_constants import write_constants
from tests.unit.kernel.declarations import (
    NAT,
    NUM,
    PROP,
    TYPE,
    ZERO,
    arrow,
    environment_of,
    equation,
    native,
    outcomes,
    reflexivity,
    theorem,
)

Constants: TypeAlias = Mapping[Name, Constant]


def rule_of(constants: Constants, recursor: Name, index: int, **changes: Any) -> Constant:
    rules = list(constants[recursor].rules)
    rules[index] = dataclasses.replace(rules[index], **changes)
    return replace(constants[recursor], rules=tuple(rules))


FORGERIES: dict[str, tuple[Callable[[Constants], Constant], str]] = {
    "a body of another type": (lambda c: replace(c["edge"], value=PROP), "another type"),
    "another theorem's proof": (
        lambda c: replace(c["swap_swap"], value=c["rests_on_assumed"].value, level_params=("u", "v")),
        "another type",
    ),
    "a proof of something else": (
        lambda c: replace(c["rests_on_assumed"], value=reflexivity(ZERO)),
        "another type",
    ),
    "an argument of another type": (
        lambda c: replace(c["big"], value=App(Const("Nat.succ", ()), NAT)),
        "an argument has another type",
    ),
    "no function": (lambda c: replace(c["big"], value=App(ZERO, ZERO)), "a function is expected"),
    "no type": (lambda c: replace(c["big"], type=ZERO), "a type is expected"),
    "a constant at too many levels": (
        lambda c: replace(c["big"], value=Const("Nat.zero", (LZero(),))),
        "incorrect number of universe levels",
    ),
    "a universe parameter that is not declared": (
        lambda c: replace(c["swap"], level_params=("u",)),
        "undefined universe level parameter 'v'",
    ),
    "a universe parameter declared twice": (
        lambda c: replace(c["swap"], level_params=("u", "v", "v")),
        "duplicate universe level parameter: 'v'",
    ),
    "a sort in itself": (lambda c: replace(c["big"], type=TYPE, value=TYPE), "another type"),
    "a loose variable": (lambda c: replace(c["big"], value=BVar(3)), "loose bound variables"),
    "a field that is not there": (
        lambda c: replace(c["swap"], value=without_first(c["swap"].value, lambda p: Proj("Pair", 2, p))),
        "an impossible projection",
    ),
    "a projection out of another structure": (
        lambda c: replace(c["swap"], value=without_first(c["swap"].value, lambda p: Proj("OfNat", 0, p))),
        "an impossible projection",
    ),
    "a local definition of another type": (
        lambda c: replace(c["big"], value=Let("m", NAT, PROP, ZERO, nondep=False)),
        "a local definition",
    ),
    "a theorem whose statement is no proposition": (
        lambda c: replace(c["big"], kind="theorem", value=ZERO),
        "no proposition",
    ),
    "another recursor type": (
        lambda c: replace(c["Num.rec"], type=c["Pair.rec"].type, level_params=c["Num.rec"].level_params),
        "the kernel gives Num.rec the type",
    ),
    "other universe parameters of a recursor": (
        lambda c: replace(c["Num.rec"], level_params=("w",)),
        "other universe parameters",
    ),
    "a recursor's rule exchanged": (
        lambda c: rule_of(c, "Num.rec", 1, rhs=c["Num.rec"].rules[0].rhs),
        "another rule for Num.succ",
    ),
    "a recursor's rule for another constructor": (
        lambda c: rule_of(c, "Num.rec", 1, constructor="Num.zero"),
        "another rule for Num.succ",
    ),
    "a recursor's rule with more fields": (
        lambda c: rule_of(c, "Num.rec", 1, num_fields=2),
        "another rule for Num.succ",
    ),
    "a recursor's rule dropped": (
        lambda c: replace(c["Num.rec"], rules=c["Num.rec"].rules[:1]),
        "2 rules, not 1",
    ),
    "K for a type that has none": (lambda c: replace(c["Num.rec"], k=True), "k False, not True"),
    "no K for equality": (lambda c: replace(c["Eq.rec"], k=False), "k True, not False"),
    "a recursor with more minor premises": (
        lambda c: replace(c["Num.rec"], num_minors=3),
        "minors 2, not 3",
    ),
    "a type that is not recursive": (
        lambda c: replace(c["Num"], is_recursive=False),
        "recursive True, not False",
    ),
    "a type with more indices": (lambda c: replace(c["Eq"], num_indices=2), "indices 1, not 2"),
    "a constructor with more fields": (
        lambda c: replace(c["Num.succ"], num_fields=2),
        "fields 1, not 2",
    ),
    "a constructor in another place": (
        lambda c: replace(c["Num.succ"], constructor_index=0),
        "index 1, not 0",
    ),
    "an occurrence that is not positive": (
        lambda c: replace(c["Num.succ"], type=arrow(arrow(NUM, NUM), NUM)),
        "arg #1 of 'Num.succ' has a non positive occurrence",
    ),
    "a constructor of another type": (
        lambda c: replace(c["Num.succ"], type=arrow(NUM, TYPE)),
        "invalid return type for 'Num.succ'",
    ),
    "a type in a universe too small": (
        lambda c: replace(c["Num.succ"], type=arrow(TYPE, NUM)),
        "universe level of type_of(arg #1) of 'Num.succ' is too big",
    ),
    "a type that is no type": (lambda c: replace(c["Num"], type=NUM), "unknown constant: Num"),
}


def without_first(value: Expr | None, change: Callable[[Expr], Expr]) -> Expr:
    """Return a function's value with its body's first argument's variable projected otherwise."""
    assert isinstance(value, Lam)
    if isinstance(value.body, Lam):
        return replace(value, body=without_first(value.body, change))
    return replace(value, body=change(BVar(0)))


@pytest.fixture(name="kernel", scope="module")
def _kernel() -> SecondKernel:
    return find_second_kernel()


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forgery_is_refused_for_its_own_reason(forgery: str, kernel: SecondKernel, tmp_path: Path) -> None:
    change, reason = FORGERIES[forgery]
    real = native()
    forged = change(real)
    found = outcomes(environment_of(tmp_path, {**real, forged.name: forged}.values()), kernel)
    unit = {"Num.rec": "Num", "Num.succ": "Num", "Eq.rec": "Eq"}.get(forged.name, forged.name)
    state = found[unit]
    assert state.state == "refused"
    assert reason in (state.detail or "")
    for outcome in found.values():
        assert outcome.state != "refused" or outcome == state
        if outcome.state == "not reached":
            assert (outcome.detail or "").startswith(f"it rests on {unit}, which the kernel refuses: ")


def test_an_edited_file_is_refused(kernel: SecondKernel, tmp_path: Path) -> None:
    sides = [Lit(0x1234567) for _ in range(3)]
    proved = theorem("same", equation(sides[0], sides[1]), reflexivity(sides[2]))
    other = theorem("other", equation(ZERO, ZERO), reflexivity(ZERO))
    path = write_constants(tmp_path / "Edited.olean", [*native().values(), other, proved])
    honest, module = path.read_bytes(), read_module(path, parts="all")
    boxed = struct.pack("<Q", 0x1234567 << 1 | 1)
    assert honest.count(boxed) == 3
    numeral = honest.replace(boxed, struct.pack("<Q", 0x1234568 << 1 | 1), 1)
    values = {name: module.constant(name).value for name in ("same", "other")}
    at = {id(expr): address for address, expr in module.decoder.expressions.items()}
    proofs = {name: struct.pack("<Q", at[id(value)]) for name, value in values.items()}
    exchanged = honest.replace(proofs["same"], proofs["other"])
    assert exchanged != honest
    for data, state in ((honest, "accepted"), (numeral, "refused"), (exchanged, "refused")):
        path.write_bytes(data)
        environment = Environment([tmp_path])
        environment.load("Edited")
        assert outcomes(environment, kernel)["same"].state == state
