"""A graph as a table: one row per entry of ``Γ ++ ss``."""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lean_bridge.ui.wording import counted, one_line
from pybind_models import NOT_JUDGED, DGraph, DimParam, GraphStanding, Param, ShapeParam, shape_text

_WIDE: Final = 110


def render_graph_table(graph: DGraph, console: Console, standing: GraphStanding = NOT_JUDGED) -> None:
    """Write a row per entry: position, name, op, operands as name and position, certified shape, params.

    What is known of the graph's declaration stands above. On a narrow console the params stand below the
    shape.
    """
    console.print(Text(one_line(graph.lean_name), "bold"))
    size = f"{counted(len(graph.context), 'input')}, {counted(len(graph.nodes), 'node')}"
    arguments = (("dims", graph.dims), ("scalars", graph.scalars), ("maps", graph.maps))
    told = [size, *(f"{label} {', '.join(names)}" for label, names in arguments if names)]
    console.print(Text(one_line(" · ".join(told)), "dim"))
    console.print(Text(one_line(standing.text), "dim" if standing.status == "accepted" else "bold red"))
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("", justify="right", style="dim", no_wrap=True)
    table.add_column("name", style="bold", overflow="fold")
    is_wide = console.width >= _WIDE
    for title in ("op", "operands", *(("shape", "params") if is_wide else ("shape and params",))):
        table.add_column(title, overflow="fold")
    for position, entry in enumerate(graph.context):
        table.add_row(
            str(position), _cell(entry.name), Text("input", "dim"), "", _cell(shape_text(entry.shape))
        )
    entries = graph.entries
    for position, node in enumerate(graph.nodes, start=len(graph.context)):
        operands = ", ".join(f"{entries[operand].name}·{operand}" for operand in node.operands)
        shape = _cell(shape_text(node.shape))
        params = _cell(
            ", ".join(f"{binder}={_param_text(param)}" for binder, param in node.params.items()), "dim"
        )
        last = (shape, params) if is_wide else (Text("\n").join(filter(None, (shape, params))),)
        table.add_row(str(position), _cell(node.name), _cell(node.op), _cell(operands), *last)
    console.print(table)


def _cell(text: str, style: str = "") -> Text:
    return Text(one_line(text), style)


def _param_text(param: Param) -> str:
    if isinstance(param, ShapeParam):
        return shape_text(param.value)
    return str(param.value) if isinstance(param, DimParam) else param.name
