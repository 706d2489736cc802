"""Names as Lean reads them, whatever is opened and whatever keywords there are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lean_bridge.names import split_name
from lean_bridge.olean.expr import Expr, Lit, Name, parts

REALS: Final = "Proofs.Autograd.Real"
"""The real numbers of the tool's own library."""


def quoted(name: Name) -> str:
    """Return a name with all its components in ``«»``, as some of them may be keywords."""
    return ".".join(f"«{part}»" if isinstance(part, str) else str(part) for part in split_name(name) or ())


def root(name: Name) -> str:
    """Return a name that means the same in every namespace."""
    return f"_root_.{quoted(name)}"


def quotation(text: str) -> str:
    """Return a text as Lean's source has it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def character(letter: str) -> str:
    """Return a character, by its number where it is none that is written as it is."""
    is_plain = letter.isascii() and letter.isprintable() and letter not in "\\'"
    return f"'{letter}'" if is_plain else f"(Char.ofNat {ord(letter)})"


def literals_in(expr: Expr) -> Iterator[int | str]:
    """Yield the numbers and texts that stand in a term."""
    pending = [expr]
    while pending:
        match at := pending.pop():
            case Lit(value):
                yield value
            case _:
                pending += parts(at)
