"""Declarations to give the second kernel: those of a real module, and small ones put together here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from lean_bridge.kernel.replay import Outcome, project_declarations, replay
from lean_bridge.kernel.session import SecondKernel
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import App, Const, Constant, Expr, Level, LSucc, LZero, Name, Pi, Sort
from lean_bridge.olean.module import read_module
from tests.olean_constants import write_constants

DATA: Final = Path(__file__).parents[2] / "data" / "olean"

NAT: Final = Const("Nat", ())
ZERO: Final = Const("Nat.zero", ())
PROP: Final = Sort(LZero())
TYPE: Final = Sort(LSucc(LZero()))
_ONE: Final[Level] = LSucc(LZero())


def native() -> dict[Name, Constant]:
    """Return the constants of a module that imports nothing."""
    module = read_module(DATA / "Native.olean", parts="all")
    return {name: module.constant(name) for name in module.constant_names}


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
