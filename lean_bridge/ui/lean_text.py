"""Lean as people read it: statements broken at their binders, and colours for the parts of speech."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from rich.cells import cell_len
from rich.text import Text

from lean_bridge.ui.wording import visible

_KEYWORDS: Final = (
    "theorem|lemma|def|abbrev|instance|structure|class|inductive|example|where|by|fun|have|show|let|"
    "in|if|then|else|match|with|do|at|open|end|namespace|section|variable|public|private|"
    "noncomputable|module|import|deriving|extends|termination_by|decreasing_by|calc|from|rw|simp|"
    "exact|intro|apply|sorry"
)
_PARTS: Final = re.compile(
    r"(?P<comment>--[^\n]*|/-.*?(?:-/|\Z))"
    r"|(?P<string>\"(?:\\.|[^\"\\])*\")"
    rf"|(?P<keyword>(?<![\w.])(?:{_KEYWORDS})(?![\w.'])|#\w+)"
    r"|(?P<sort>(?<![\w.])(?:Type|Prop|Sort)(?![\w.'])\*?)"
    r"|(?P<number>(?<![\w.])\d[\w.]*)"
    r"|(?P<symbol>[∀∃λΣΠ→↔←↦∧∨¬=≠≤≥<>≈∈∉⊆∣⊢×∘+•·]|:=)",
    re.DOTALL,
)
_STYLES: Final = {
    "comment": "dim",
    "string": "green",
    "keyword": "magenta",
    "sort": "cyan",
    "number": "cyan",
    "symbol": "yellow",
}
_OPENING, _CLOSING = "({[⦃⟨", ")}]⦄⟩"
_INDENT: Final = "  "


def lean_text(source: str) -> Text:
    """Return Lean source or a statement, in colours."""
    text = Text(visible(source))
    for found in _PARTS.finditer(text.plain):
        if found.lastgroup is not None:
            text.stylize(_STYLES[found.lastgroup], *found.span())
    return text


def statement_text(statement: str, width: int) -> Text:
    """Return a statement with as many of its binders to a line as fit, and what it says of them below."""
    binders, claim = _parts(" ".join(statement.split()))
    lines = list(_filled(binders, width))
    return lean_text("\n".join([*lines, claim]))


def _parts(statement: str) -> tuple[Sequence[str], str]:
    """Return the binders that a statement begins with, and the rest."""
    binders: list[str] = []
    depth, began = 0, 0
    for at, letter in enumerate(statement):
        if letter in _OPENING:
            depth += 1
        elif letter in _CLOSING:
            depth -= 1
            if depth < 0:
                return (), statement
            if depth == 0:
                binders.append(statement[began : at + 1].strip())
                began = at + 1
        elif depth == 0 and letter == ":":
            return binders, statement[at:].strip()
        elif depth == 0 and letter != " ":
            return (), statement
    rest = statement[began:].strip()  # where it was cut short, what it says is not there
    return (binders, rest) if rest else ((), statement)


def _filled(words: Sequence[str], width: int) -> Iterator[str]:
    line = ""
    for word in words:
        if line and cell_len(line) + 1 + cell_len(word) > width:
            yield line
            line = _INDENT + word
        else:
            line = f"{line} {word}".strip() if not line else f"{line} {word}"
    if line:
        yield line
