"""Declarations to give the second kernel: those of a real module, and small ones put together here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from lean_bridge.kernel.replay import Outcome, project_declarations, replay
from lean_bridge.kernel.session import SecondKernel
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import (
    App,
    Const,
    Constant,
    Expr,
    Lam,
    Level,
    LSucc,
    LZero,
    MData,
    Name,
    Pi,
    RecursorRule,
    Sort,
    parts,
)
from lean_bridge.olean.module import read_module
from tests.olean_constants import write_constants

DATA: Final = Path(__file__).parents[2] / "data" / "olean"

NAT: Final = Const("Nat", ())
NUM: Final = Const("Num", ())
ZERO: Final = Const("Nat.zero", ())
PROP: Final = Sort(LZero())
TYPE: Final = Sort(LSucc(LZero()))
_ONE: Final[Level] = LSucc(LZero())


def native() -> dict[Name, Constant]:
    """Return the constants of a module that imports nothing, with a copy ``Num`` of its numbers.

    ``Nat.add`` is there by that other name only: under its own a kernel takes it for Lean's.
    """
    module = read_module(DATA / "Native.olean", parts="all")
    constants = {name: module.constant(name) for name in module.constant_names}
    numbers = ("Nat", "Nat.zero", "Nat.succ", "Nat.rec", "Nat.add")
    new = {name: name.replace("Nat", "Num") for name in numbers}
    copies = {new[name]: _renamed(constants[name], new) for name in numbers}
    kept = {name: constant for name, constant in constants.items() if name not in ("Nat.add", "viaLet")}
    return {**kept, **copies}


def _renamed(constant: Constant, new: Mapping[Name, Name]) -> Constant:
    def name(old: Name) -> Name:
        return new.get(old, old)

    def expr(old: Expr) -> Expr:
        match old:
            case Const():
                return replace(old, name=name(old.name))
            case App():
                return App(expr(old.fn), expr(old.arg))
            case Lam() | Pi():
                return replace(old, type=expr(old.type), body=expr(old.body))
            case MData():
                return expr(old.expr)
            case _:
                assert not parts(old)
                return old

    return replace(
        constant,
        name=name(constant.name),
        type=expr(constant.type),
        value=None if constant.value is None else expr(constant.value),
        all=tuple(map(name, constant.all)),
        constructors=tuple(map(name, constant.constructors)),
        inductive=name(constant.inductive),
        rules=tuple(
            RecursorRule(name(rule.constructor), rule.num_fields, expr(rule.rhs)) for rule in constant.rules
        ),
    )


def arrow(left: Expr, right: Expr) -> Pi:
    return Pi("x", left, right, "default")


def apply(function: Expr, *arguments: Expr) -> Expr:
    for argument in arguments:
        function = App(function, argument)
    return function


def equation(left: Expr, right: Expr) -> Expr:
    """Return the proposition that two numbers are equal."""
    return apply(Const("Eq", (_ONE,)), NAT, left, right)


def reflexivity(number: Expr) -> Expr:
    return apply(Const("Eq.refl", (_ONE,)), NAT, number)


def definition(name: Name, type_: Expr, value: Expr) -> Constant:
    return Constant(name=name, kind="definition", level_params=(), type=type_, value=value, all=(name,))


def theorem(name: Name, type_: Expr, value: Expr) -> Constant:
    return replace(definition(name, type_, value), kind="theorem")


def environment_of(directory: Path, constants: Iterable[Constant]) -> Environment:
    """Write a module of these constants, and return an environment that has loaded it."""
    write_constants(directory / "Forged.olean", constants)
    environment = Environment([directory])
    environment.load("Forged")
    return environment


def outcomes(environment: Environment, kernel: SecondKernel) -> Mapping[Name, Outcome]:
    """Return what the kernel says of every declaration of an environment."""
    return replay(environment, project_declarations(environment), kernel=kernel).outcomes
