"""A program as a table for notebooks: one row per entry of ``Γ ++ ss``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from lean_bridge.ui.wording import one_line
from pybind_models import GraphStanding


def render_program_html(
    title: str,
    standing: GraphStanding,
    entries: Sequence[tuple[str, tuple[int, ...]]],
    ops: Sequence[str],
) -> str:
    """Return what runs, what is known of its declaration, and name, op and shape of every entry.

    The last entries are what ``ops`` make, in order; those before are inputs.
    """
    inputs = ["input"] * (len(entries) - len(ops))
    rows = [
        (str(position), name, op, "×".join(map(str, shape)) or "scalar")
        for position, ((name, shape), op) in enumerate(zip(entries, [*inputs, *ops], strict=True))
    ]
    head = _row("th", ("", "entry", "op", "shape"))
    body = "".join(_row("td", row) for row in rows)
    caption = f"<b>{_cell(title)}</b><br>{_cell(standing.text)}"
    return f"<table><caption>{caption}</caption><thead>{head}</thead><tbody>{body}</tbody></table>"


def _row(kind: str, cells: Iterable[str]) -> str:
    return f"<tr>{''.join(f'<{kind}>{_cell(cell)}</{kind}>' for cell in cells)}</tr>"


def _cell(text: str) -> str:
    return escape(one_line(text))
