"""A graph drawn in characters: a line per entry, and a rail for each value that is still to be used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.table import Table
from rich.text import Text

from lean_bridge.ui.wording import one_line
from pybind_models import DGraph, shape_text

_INPUT, _NODE, _RESULT = "○", "●", "◉"
_COLOURS: Final = ("cyan", "magenta", "green", "yellow", "blue", "red")


def graph_rails(graph: DGraph) -> Table:
    """Return the entries of ``Γ ++ ss`` in order, each at the rails of its operands and of those that pass.

    A rail begins at the entry whose value it is, and ends at the last node that takes it. A node takes the
    values of the rails that its line joins; those that it only passes are drawn through it.
    """
    table = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(4):
        table.add_column(no_wrap=True)
    for position, (rail, entry) in enumerate(zip(rails(graph), graph.entries, strict=True)):
        node = position - len(graph.context)
        told = "input"
        if node >= 0:
            found = graph.nodes[node]
            operands = ", ".join(graph.entries[operand].name for operand in found.operands)
            told = f"{found.op} {operands}"
        table.add_row(
            rail,
            Text(one_line(entry.name), "bold"),
            Text(one_line(told), "" if node >= 0 else "dim"),
            Text(one_line(shape_text(entry.shape)), "dim"),
        )
    return table


def rails(graph: DGraph) -> list[Text]:
    """Return the drawing alone, a line per entry."""
    uses = [node.operands for node in graph.nodes]
    inputs = len(graph.context)
    last_use = {operand: inputs + at for at, operands in enumerate(uses) for operand in operands}
    lanes: list[int | None] = []
    lines = []
    for position in range(len(graph.entries)):
        operands = set(uses[position - inputs]) if position >= inputs else set()
        taken = {lane for lane, value in enumerate(lanes) if value in operands}
        ending = {lane for lane in taken if last_use[_value(lanes, lane)] == position}
        free = [lane for lane, value in enumerate(lanes) if value is None or lane in ending]
        own = min(free, default=len(lanes))
        if own == len(lanes):
            lanes.append(None)
        sign = _INPUT if position < inputs else _NODE if position in last_use else _RESULT
        lines.append(_line(lanes, own, taken, ending, sign))
        for lane in ending:
            lanes[lane] = None
        lanes[own] = position if position in last_use else None
    width = max((line.cell_len for line in lines), default=0)
    for line in lines:
        line.pad_right(width - line.cell_len)
    return lines


def _value(lanes: Sequence[int | None], lane: int) -> int:
    value = lanes[lane]
    assert value is not None
    return value


def _line(lanes: Sequence[int | None], own: int, taken: set[int], ending: set[int], sign: str) -> Text:
    """Return the line of an entry in lane ``own``, that takes values from some lanes, of which some end."""
    left, right = min((own, *taken)), max((own, *taken))
    line = Text()
    for lane, value in enumerate(lanes):
        style = _COLOURS[lane % len(_COLOURS)]
        inside = left <= lane < right
        if lane == own:
            line.append(sign, "bold")
        elif lane in taken:
            if lane in ending:
                mark = "╰" if lane == left else "╯" if lane == right else "┴"
            else:
                mark = "├" if lane == left else "┤" if lane == right else "┼"
            line.append(mark, style)
        elif value is not None:
            line.append("│", style)
        else:
            line.append("─" if left < lane < right else " ", "dim")
        line.append("─" if inside else " ", "dim" if inside else "")
    return line
