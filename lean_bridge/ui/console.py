"""Where output goes: a terminal in colour, or plain text; and what stands for letters that a stream lacks."""

from __future__ import annotations

import codecs
import io
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TextIO, TypeAlias

if TYPE_CHECKING:
    from rich.console import Console

Form: TypeAlias = Literal["text", "escaped", "xml"]
"""What becomes of a letter that the stream has not: a stand-in for people, or an escape for programs."""

NARROWEST: Final = 40
"""Columns: what is narrower would cut names; its lines are left to the terminal to wrap."""

WIDEST: Final = 10_000
"""Columns: what is wider is no terminal, and lines would be filled up to there."""

_STAND_INS: Final = {ord(letter): stand_in for letter, stand_in in zip("✓✗…·×–—→", "+x~-x-->", strict=True)}
"""One letter each, so that columns stay where they are; the marks of a verdict stay three different ones."""


def _escapes(text: str) -> str:
    """Return letters as JSON escapes them."""
    words = text.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{words[at]:02x}{words[at + 1]:02x}" for at in range(0, len(words), 2))


def _handler(stand_ins: dict[int, str]) -> Callable[[UnicodeError], tuple[str, int]]:
    def handle(error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeEncodeError):
            raise error
        lacking = error.object[error.start : error.end]
        return "".join(stand_ins.get(ord(letter)) or _escapes(letter) for letter in lacking), error.end

    return handle


_ERRORS: Final[dict[Form, str]] = {
    "text": "lean_bridge.text",
    "escaped": "lean_bridge.escaped",
    "xml": "xmlcharrefreplace",
}
codecs.register_error(_ERRORS["text"], _handler(_STAND_INS))
codecs.register_error(_ERRORS["escaped"], _handler({}))


def refuse_no_letter(stream: TextIO) -> None:
    """Have a stream write something in place of every letter that its encoding lacks."""
    if isinstance(stream, io.TextIOWrapper):
        try:
            "✓".encode(stream.encoding, _ERRORS["text"])
        except UnicodeError:  # of those encodings that replace nothing, as that of host names
            stream.reconfigure(encoding="utf-8")
        stream.reconfigure(errors=_ERRORS["text"])


def open_console(stream: TextIO) -> Console:
    """Return a console on ``stream`` that writes no escape codes off a terminal or where ``NO_COLOR`` is set.

    Only a terminal is interactive, whatever asks for colours elsewhere. Letters that the stream's encoding
    lacks are replaced rather than refused.
    """
    from rich.console import Console

    refuse_no_letter(stream)
    console = Console(
        file=stream,
        color_system=None if os.environ.get("NO_COLOR") else "auto",
        force_interactive=None if stream.isatty() else False,
        highlight=False,
        markup=False,
        emoji=False,
    )
    if console.width < NARROWEST:
        console.width, console.is_interactive = NARROWEST, False
    console.width = min(console.width, WIDEST)
    return console


def from_here(text: str) -> str:
    """Return a message with the paths below the working directory as a person types them there."""
    try:
        here = str(Path.cwd())
    except OSError:
        return text
    return re.sub(rf"(?<![\w/.-]){re.escape(here.rstrip('/'))}/(?=[^\s/])", "", text) if here != "/" else text


def tell(text: str, form: Form = "text", *, end: str = "\n") -> None:
    """Write a text to standard output as it is; but as text, every letter is there, or is an escape."""
    stream = sys.stdout
    refuse_no_letter(stream)
    encoding = stream.encoding or "utf-8"
    # a document says itself that it is UTF-8, of which ASCII is a part
    asked = "ascii" if form == "xml" and codecs.lookup(encoding).name != "utf-8" else encoding
    lossless = (text + end).encode(asked, _ERRORS[form]).decode(asked)
    stream.write(lossless)
    stream.flush()
