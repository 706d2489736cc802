"""What the codes mean, for ``lean-bridge explain``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lean_bridge.codes import EXPLANATIONS, Code


def render_explanation(code: Code, console: Console) -> None:
    """Write all that there is to know of one code."""
    told = EXPLANATIONS[code]
    console.print(Text.assemble((code.value, "bold"), " ", told.title))
    for heading, text in (
        ("What was found", told.meaning),
        ("Why it matters", told.why),
        ("What to do", told.mend),
    ):
        console.print()
        console.print(Text(heading, "bold"))
        console.print(Padding(Text(text), (0, 0, 0, 2)))


def render_explanations(codes: Sequence[Code], console: Console) -> None:
    """Write one line per code."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for code in codes:
        table.add_row(Text(code.value, "bold"), Text(EXPLANATIONS[code].title))
    console.print(table)


def render_explanations_json(codes: Sequence[Code]) -> str:
    """Return a JSON list with an object per code: its code, its name, and every part of its explanation."""
    rows = [{"code": code.value, "name": code.name, **asdict(EXPLANATIONS[code])} for code in codes]
    return json.dumps(rows, ensure_ascii=False, indent=2) + "\n"
