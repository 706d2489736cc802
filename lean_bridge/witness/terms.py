"""Names as Lean reads them, whatever is opened and whatever keywords there are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lean_bridge.audit.proofs import conclusion
from lean_bridge.errors import OutOfFuel, UnsupportedTerm
from lean_bridge.names import split_name
from lean_bridge.olean.expr import BVar, Const, Expr, Lam, Let, Lit, Name, Pi, head_of, parts

UNREAD: Final = (OutOfFuel, UnsupportedTerm, RecursionError)
"""What is raised where something cannot be read, takes too long, or nests too deeply, as a long list does."""

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


def conclusion_word(type_: Expr) -> Name | None:
    """Return the constant at the head of a type, under all its binders."""
    head = head_of(conclusion(type_))
    return head.name if isinstance(head, Const) else None


def is_used(body: Expr, index: int = 0) -> bool:
    """Whether a bound variable occurs in a term."""
    match body:
        case BVar(at):
            return at == index
        case Lam(_, type_, inner) | Pi(_, type_, inner):
            return is_used(type_, index) or is_used(inner, index + 1)
        case Let(_, type_, value, inner):
            return is_used(type_, index) or is_used(value, index) or is_used(inner, index + 1)
        case _:
            return any(is_used(part, index) for part in parts(body))


def literals_in(expr: Expr) -> Iterator[int | str]:
    """Yield the numbers and texts that stand in a term."""
    pending = [expr]
    while pending:
        match at := pending.pop():
            case Lit(value):
                yield value
            case _:
                pending += parts(at)
