"""How Lean reads spaces, comments, brackets and the parts of names, whatever tokens are in force."""

from __future__ import annotations

import re
from typing import Final

from lean_bridge.names import PLAIN

SPACES: Final = " \t\r\n"
"""What is space to Lean; any other letter may be part of a token, looks as it may."""
PART: Final = rf"(?: «[^»]*» | {PLAIN} )"
"""Part of an identifier, as a verbose regular expression; in ``«»`` it may go over lines."""

BRACKET: Final = re.compile(r"[()\[\]{}⟨⟩]")
"""What opens or closes what is counted to find the end of a quotation."""
_PAIR: Final = re.compile(r"\(\)|\[\]|\{\}|⟨⟩")

_SPACE: Final = re.compile(rf"(?:[{SPACES}]|--[^\n]*)+")
_MARK: Final = re.compile(r"/-|-/")


def comment_end(text: str, start: int) -> int:
    """Return the offset after the block comment that opens at ``start``; block comments nest.

    The letter behind ``/-`` is part of no other mark. The ``/--`` and ``/-!`` of a documentation comment are
    tokens, behind which Lean skips spaces and comments before it looks for the end.
    """
    at = start + len("/--")
    if text[at - 1 : at] in ("-", "!"):
        at = _behind_space(text, at)
    depth = 1
    for mark in _MARK.finditer(text, at):
        depth += 1 if mark[0] == "/-" else -1
        if depth == 0:
            return mark.end()
    return len(text)


def _behind_space(text: str, at: int) -> int:
    while True:
        if space := _SPACE.match(text, at):
            at = space.end()
        elif text.startswith("/-", at) and text[at + 2 : at + 3] not in ("-", "!"):
            at = comment_end(text, at)
        else:
            return at


def is_balanced(text: str) -> bool:
    """Return whether a text closes each bracket that it opens, and no other."""
    before, brackets = "", "".join(BRACKET.findall(text))
    while brackets != before:
        before, brackets = brackets, _PAIR.sub("", brackets)
    return not brackets
