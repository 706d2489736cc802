"""Lean's infix, prefix and postfix notations, as a table: what a statement is written with."""

from __future__ import annotations

from dataclasses import dataclass

from lean_bridge.olean.expr import Name

ATOM = 1024
"""The precedence of what never needs parentheses, and of arguments."""
ARROW = 25


@dataclass(frozen=True, slots=True)
class Infix:
    """A binary notation with the precedence of the whole and of its two sides."""

    symbol: str
    precedence: int
    left: int
    right: int


def _left(symbol: str, precedence: int) -> Infix:
    return Infix(symbol, precedence, precedence, precedence + 1)


def _right(symbol: str, precedence: int) -> Infix:
    return Infix(symbol, precedence, precedence + 1, precedence)


def _relation(symbol: str) -> Infix:
    return Infix(symbol, 50, 51, 51)


INFIX: dict[Name, Infix] = {
    "HAdd.hAdd": _left("+", 65),
    "HSub.hSub": _left("-", 65),
    "HMul.hMul": _left("*", 70),
    "HDiv.hDiv": _left("/", 70),
    "HMod.hMod": _left("%", 70),
    "HPow.hPow": _right("^", 75),
    "HSMul.hSMul": _right("•", 73),
    "HAppend.hAppend": _left("++", 65),
    "List.cons": _right("::", 67),
    "Function.comp": _right("∘", 90),
    "Prod": _right("×", 35),
    "Eq": _relation("="),
    "HEq": _relation("≍"),
    "Ne": _relation("≠"),
    "LE.le": _relation("≤"),
    "LT.lt": _relation("<"),
    "GE.ge": _relation("≥"),
    "GT.gt": _relation(">"),
    "Dvd.dvd": _relation("∣"),
    "Iff": Infix("↔", 20, 21, 21),
    "And": _right("∧", 35),
    "Or": _right("∨", 30),
}
"""By the constant that the notation stands for; its last two explicit arguments are the sides."""

PREFIX: dict[Name, tuple[str, int]] = {"Not": ("¬", 40), "Neg.neg": ("-", 75), "Nat.cast": ("↑", ATOM)}
"""Symbol, and precedence of the whole and of the operand."""

POSTFIX: dict[Name, str] = {"Inv.inv": "⁻¹"}
