"""A graph as a table: one row per entry of ``Γ ++ ss``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lean_bridge.ui.graph_look import Look, numbers, parameters_text, readers, sublayers
from lean_bridge.ui.wording import counted, one_line
from pybind_models import (
    NOT_JUDGED,
    DGraph,
    DimParam,
    GraphStanding,
    Node,
    Param,
    ShapeParam,
    shape_text,
)
from pybind_models.graph import NAMED

PLAIN: Final = Look()
_WIDE: Final = 110
_PAGE: Final = 80
_WHOLE: Final = 5
"""The part of a console's width up to which the names of ops are not broken."""


def render_graph_table(
    graph: DGraph, console: Console, standing: GraphStanding = NOT_JUDGED, look: Look = PLAIN
) -> None:
    """Write a row per entry: position, name, op, operands as name and position, certified shape, params.

    A look at dimensions has how many numbers an entry is, one at the reverse pass where its cotangent comes
    from; a graph of many nodes is in its sublayers. What is known of the graph's declaration stands above. On
    a narrow console the params stand below the shape.
    """
    console.print(Text(one_line(graph.lean_name), "bold"))
    size = f"{counted(len(graph.context), 'input')}, {counted(len(graph.nodes), 'node')}"
    if look.dims is None:
        arrays = tuple(each.text for each in graph.arrays)
        arguments = (
            ("dims", graph.dims),
            ("scalars", graph.scalars),
            ("maps", graph.maps),
            ("arrays", arrays),
        )
        told = [size, *(f"{label} {', '.join(names)}" for label, names in arguments if names)]
    else:
        at = ", ".join(f"{name}={look.dims[name]}" for name in graph.dims)
        told = [*filter(None, (size, at)), parameters_text(graph, look.dims)]
    console.print(Text(one_line(" · ".join(told)), "dim"))
    graph = look.sized(graph)
    console.print(Text(one_line(standing.text), "dim" if standing.status == "accepted" else "bold red"))
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("", justify="right", style="dim", no_wrap=True)
    table.add_column("name", style="bold", overflow="fold")
    is_wide = console.width >= _WIDE
    longest = max((cell_len(_op_text(node)) for node in graph.nodes), default=0)
    table.add_column("op", overflow="fold", no_wrap=longest <= console.width // _WHOLE)
    for title in ("operands", *(("shape", "params") if is_wide else ("shape and params",))):
        table.add_column(title, overflow="fold")
    if look.dims is not None:
        table.add_column("numbers", justify="right")
    if look.backward:
        table.add_column("cotangent from", overflow="fold")
    read, starts = readers(graph), {part[0]: part for part in sublayers(graph)}

    def more(position: int) -> list[Text]:
        """Return what a look has beside every entry."""
        count = numbers(entries[position].shape, {}) if look.dims is not None else 0
        names = ", ".join(f"{entries[reader].name}·{reader}" for reader in read[position])
        return [Text(f"{count:,}")] * (look.dims is not None) + [
            _cell(names or "seeds alone")
        ] * look.backward

    entries = graph.entries
    for position, entry in enumerate(graph.context):
        table.add_row(
            str(position),
            _cell(entry.name),
            Text("input", "dim"),
            "",
            _cell(shape_text(entry.shape)),
            *[""] * is_wide,
            *more(position),
        )
    for position, node in enumerate(graph.nodes, start=len(graph.context)):
        operands = ", ".join(f"{entries[operand].name}·{operand}" for operand in node.operands)
        shape = _cell(shape_text(node.shape))
        params = _cell(
            ", ".join(f"{binder}={_param_text(param)}" for binder, param in node.params.items()), "dim"
        )
        last = (shape, params) if is_wide else (Text("\n").join(filter(None, (shape, params))),)
        if position in starts:
            part = starts[position]
            table.add_section()
            name = Text(one_line(entries[part[-1]].name), "magenta")
            table.add_row("┌", name, Text(counted(len(part), "node"), "magenta"))
        cells = (str(position), _cell(node.name), _cell(_op_text(node)), _cell(operands))
        table.add_row(*cells, *last, *more(position))
    console.print(table)


def _op_text(node: Node) -> str:
    """Return a node's op, and of one that is only recognised by name what it is taken for."""
    head = (node.recognised or "").removeprefix("Proofs.Autograd.")
    return f"{node.op} ≟ {head}" if head else node.op


def _cell(text: str, style: str = "") -> Text:
    return Text(one_line(text), style)


def _param_text(param: Param) -> str:
    if isinstance(param, ShapeParam):
        return shape_text(param.value)
    return str(param.value) if isinstance(param, DimParam) else param.name


def render_tree(graph: DGraph, standing: GraphStanding = NOT_JUDGED, look: Look = PLAIN) -> str:
    """Return the graph as lines, results first, each node above what it is made of.

    A node that makes one thing of one other stands right above it; where several nodes meet, each has a
    branch. What stands further up already is only named, and what is different in another graph has a sign
    before it. A look at the reverse pass has ``⇠`` before those
    from which a node's cotangent comes.
    """
    size, graph = look.size_text(graph), look.sized(graph)
    entries, inputs, read = graph.entries, len(graph.context), readers(graph)
    ends = {part[-1]: len(part) for part in sublayers(graph)}
    lines = [*map(one_line, (graph.lean_name, size, standing.text)), ""]
    shown: set[int] = set()

    def text(position: int) -> str:
        node = graph.nodes[position - inputs]
        arguments = [entries[operand].name for operand in node.operands]
        given = [each.name for each in node.params.values() if isinstance(each, NAMED)]
        told = f"{node.name} = {node.op}({', '.join(arguments)}{'; ' * bool(given)}{', '.join(given)})"
        told += f"  {shape_text(node.shape)}"
        if look.backward:
            told += f"  ⇠ {', '.join(entries[reader].name for reader in read[position]) or 'seeds alone'}"
        return one_line(look.marked(position, told)) + (
            f"  [{ends[position]} nodes]" if position in ends else ""
        )

    pending = [(position, "", "") for position in reversed(range(inputs, len(entries))) if not read[position]]
    pending.reverse()
    while pending:
        position, first, rest = pending.pop()
        if position in shown:
            lines.append(f"{first}{one_line(entries[position].name)}, above")
            continue
        shown.add(position)
        lines.append(f"{first}{text(position)}")
        operands = dict.fromkeys(graph.nodes[position - inputs].operands)
        below = [each for each in operands if each >= inputs and each not in shown]
        if len(below) == 1:
            pending.append((below[0], rest, rest))
            continue
        branches = [(each, f"{rest}├─ ", f"{rest}│  ") for each in below[:-1]]
        branches += [(each, f"{rest}└─ ", f"{rest}   ") for each in below[-1:]]
        pending += reversed(branches)
    if look.backward:
        lines += [
            one_line(
                look.marked(at, f"{entry.name}  {shape_text(entry.shape)}  ⇠ ")
                + (", ".join(entries[each].name for each in read[at]) or "seeds alone")
            )
            for at, entry in enumerate(graph.context)
        ]
    else:
        told = [
            one_line(look.marked(at, f"{each.name} {shape_text(each.shape)}"))
            for at, each in enumerate(graph.context)
        ]
        lines += ["", *_listed("inputs:", told)]
    return "\n".join([*lines, ""])


def _listed(title: str, items: Sequence[str]) -> list[str]:
    """Return items behind a title, on as many lines as a narrow page has them on, none of them broken."""
    lines = [title]
    for at, item in enumerate(items, start=1):
        text = f" {item}{',' * (at < len(items))}"
        if cell_len(lines[-1] + text) > _PAGE:
            lines.append(f" {text}")
        else:
            lines[-1] += text
    return lines
