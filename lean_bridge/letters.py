"""Letters that mislead: invisible ones, ones that turn the line round, and ones that look like others.

Names and messages are their author's. What is shown of them is shown in letters that a reader can tell apart;
every other one is written as an escape.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Final

_HIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp", "Zs"})
_HIDDEN: Final = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0\ufffc"
    + "".join(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
)
"""Without a shape of their own, whatever their category says: fillers, blanks, variation selectors."""

_GREEK: Final = "αβγδεζηθικλμνξπρςστυφχψωΓΔΘΛΞΠΣΦΨΩϑϕϖϱϵ"
"""Without those that look like Latin letters: most capitals, and omicron."""
_LATIN: Final = "".join(
    letter
    for letter in map(chr, (*range(0xC0, 0x180), 0x219, 0x21B))
    if letter.isalpha() and letter not in "ıĸŀĿŉſ"
)
_SUBSCRIPTS: Final = "".join(map(chr, (*range(0x2080, 0x209D), *range(0x1D62, 0x1D6B), 0x2C7C)))
_SUPERSCRIPTS: Final = "ª²³¹ºʰʲʳʷʸˡˢˣᵀᵃᵇᶜᵈᵉᵍᵏᵐᵒᵖᵗᵘᵛᵢᵣᵤᵥ" + "".join(map(chr, (*range(0x2070, 0x2080),)))
_LETTERLIKE: Final = "ℂℍℓℕ℘ℙℚℝℤℵ∂∇∞∅"
_SCRIPT: Final = "".join(map(chr, range(0x1D49C, 0x1D5A0)))
"""Calligraphic, black-letter and double-struck letters."""
_SYMBOLS: Final = "¬±·×÷†‖…⁄«»⟨⟩⟪⟫⟦⟧⌊⌋⌈⌉✝" + "".join(
    symbol for symbol in map(chr, range(0x2190, 0x2300)) if symbol not in "∕∖∗∘∙∣∶−∼⁎"
)
_EXPECTED: Final = frozenset(
    "".join(map(chr, range(0x20, 0x7F)))
    + _GREEK
    + _LATIN
    + _SUBSCRIPTS
    + _SUPERSCRIPTS
    + _LETTERLIKE
    + _SCRIPT
    + _SYMBOLS
    + "∘∣"
)
"""What names and strings in Lean are written with, and no other thing looks like."""

_LOOKS_LIKE: Final = {
    ord(letter): like
    for like, letters in {
        "l": "Ii1|ι",
        "o": "O0σοº",
        "a": "αª",
        "e": "ε",
        "k": "κ",
        "n": "ηπ",
        "p": "ρ",
        "t": "τ",
        "u": "υμ",
        "v": "ν",
        "w": "ω",
        "x": "χ",
        "y": "γ",
    }.items()
    for letter in letters
}
"""For a letter the one that it is easily taken for, in one fount or another."""


@cache
def is_hidden(letter: str) -> bool:
    """Whether a letter is not seen itself, moves the cursor, or turns the line round; a space is none."""
    if letter == " ":
        return False
    return letter in _HIDDEN or unicodedata.category(letter) in _HIDDEN_CATEGORIES


def shown(text: str, *, keep: str = "") -> str:
    """Return a text with its hidden letters, except those to ``keep``, written as escapes."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(letter) if letter not in keep and is_hidden(letter) else letter for letter in text)


def plain(name: str) -> str:
    """Return a name with every letter that one does not expect in Lean written as an escape.

    So is the letter with which escapes begin: two names are never written alike.
    """
    return plain_literal(name.replace("\\", "\\\\"))


def plain_literal(text: str) -> str:
    """Return a literal, in which escapes are escapes, as :func:`plain` does a name."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(letter if letter in _EXPECTED else _escape(letter) for letter in text)


@cache
def skeleton(text: str) -> str:
    """Return what a text looks like: two texts with one skeleton are easily taken for each other."""
    letters = unicodedata.normalize("NFKD", text)
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return bare.translate(_LOOKS_LIKE).replace("rn", "m").replace("vv", "w")


def _escape(letter: str) -> str:
    return letter.encode("unicode_escape").decode()
