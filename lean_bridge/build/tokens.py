"""What a library's own tokens may make of a text: where one ends within what reads as something else."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from lean_bridge.build.lexical import SPACES, is_balanced

_ESCAPE: Final = re.compile(rf"\\(?:x([0-9a-fA-F]{{2}})|u([0-9a-fA-F]{{4}})|(\n[{SPACES}]*)|(.))", re.DOTALL)
_LETTERS: Final = {"n": "\n", "t": "\t", "r": "\r"}
_MOST: Final = 100
"""No token is followed for more letters, so that no text takes more than so many looks a letter."""

_LEAN_S: Final = ("<-", "//", "``", "```", "#guard_msgs", "#check_failure")
"""Lean's own behind which what looks like a comment or a quotation is none, or a guard is not seen as one."""

_Trie: TypeAlias = dict[str, "_Trie"]
_END: Final = "end"


def unescaped(content: str) -> str:
    """Return what Lean reads between the quotes of a string."""

    def letter(found: re.Match[str]) -> str:
        code = found[1] or found[2]
        if code:
            return chr(int(code, 16))
        return "" if found[3] else _LETTERS.get(found[4], found[4])

    return _ESCAPE.sub(letter, content)


class Tokens:
    """Tokens that a source may have added to Lean's own, and how far they reach in its text.

    Whoever adds a token makes Lean read text otherwise: behind a token ``%a`` the letters ``%atheorem`` are
    that token and a theorem. Which of them are in force at a place is not asked.
    """

    def __init__(self, known: Iterable[str] = (), *, interpolates: str = "") -> None:
        self._known: _Trie = {}
        self._reached: set[int] = set()
        self.interpolates = interpolates
        """The letters that surely begin a string that is interpolated."""
        self._halves: Counter[str] = Counter()
        """Those that open a bracket which they do not close, or close one, as often as they were found."""
        for each in (*_LEAN_S, *known):
            self._add(each)

    def find(self, text: str) -> None:
        """Add what may be a token: what a string of the source says, without spaces around it."""
        text = text.strip(SPACES)
        if any(space in text for space in SPACES):
            return
        if not is_balanced(text):
            self._halves[text] += 1
        self._add(text)

    def halves(self, symbols: Iterable[str]) -> Iterable[str]:
        """Return what was found that has half a pair of brackets, besides the symbols of known rules."""
        return self._halves - Counter(each.strip(SPACES) for each in symbols)

    def _add(self, text: str) -> None:
        at = self._known
        for letter in text[:_MOST]:
            at = at.setdefault(letter, {})
        at[_END] = {}

    def begin(self, text: str, start: int, *, beyond: int = 0) -> None:
        """Take note of where each token ends that may begin at a place, and ends beyond another."""
        at: _Trie | None = self._known
        here = start
        while at is not None and here < len(text):
            at = at.get(text[here])
            here += 1
            if at is not None and here > beyond and (_END in at or here == start + _MOST):
                self._reached.add(here)

    def ends_within(self, start: int, end: int) -> Sequence[int]:
        """Return where tokens end between two places, and forget what ends at the second or before."""
        if not self._reached:
            return ()
        found = sorted(each for each in self._reached if start < each < end)
        self._reached = {each for each in self._reached if each > end}
        return found
