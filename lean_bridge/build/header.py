"""Parses the head of a Lean source file: is it a ``module``, and what does it import."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lean_bridge.build.lexical import PART, SPACES, comment_end
from lean_bridge.names import canonical


@dataclass(frozen=True, slots=True)
class Import:
    """One import."""

    module: str
    """As Lean writes it, whatever the source puts in ``«»``."""
    line: int
    """1-based."""
    start: int = field(default=0, compare=False)
    """The offset of the word ``import``."""
    end: int = field(default=0, compare=False)
    """The offset behind it all."""
    is_all: bool = field(default=False, compare=False)
    """Whether it is an ``import all``."""


@dataclass(frozen=True, slots=True)
class Header:
    """The head of a source file (Lean: ``Lean.Parser.Module.header``)."""

    is_module: bool
    is_prelude: bool
    imports: tuple[Import, ...]


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    line: int
    at: int


_PIECE = re.compile(
    rf"""
      (?P<space> [{SPACES}]+ | --[^\n]* )
    | (?P<comment> /- )
    | (?P<word> {PART} (?: \. {PART} )* )
    """,
    re.VERBOSE,
)
_MODIFIERS = frozenset({"public", "meta"})


def parse_header(text: str) -> Header:
    """Return what the head of ``text`` declares; parsing ends at the first command."""
    tokens = list(_tokens(text, len(text) - len(text.removeprefix("\ufeff"))))
    position = 0

    def take(word: str) -> bool:
        nonlocal position
        if position < len(tokens) and tokens[position].text == word:
            position += 1
            return True
        return False

    is_module = take("module")
    is_prelude = take("prelude")
    imports = []
    while True:
        while position < len(tokens) and tokens[position].text in _MODIFIERS:
            position += 1
        if not take("import"):
            break
        start = tokens[position - 1].at
        is_all = take("all")
        if position == len(tokens):
            break
        module = tokens[position]
        end = module.at + len(module.text)
        imports.append(Import(canonical(module.text) or module.text, module.line, start, end, is_all))
        position += 1
    return Header(is_module, is_prelude, tuple(imports))


def _tokens(text: str, offset: int) -> Iterator[_Token]:
    while (piece := _PIECE.match(text, offset)) is not None:
        if piece["word"] is not None:
            yield _Token(piece["word"], text.count("\n", 0, offset) + 1, offset)
        offset = comment_end(text, offset) if piece["comment"] is not None else piece.end()
