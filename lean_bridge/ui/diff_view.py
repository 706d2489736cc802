"""Two graphs beside one another: on a terminal, and as one graph in which what differs is marked."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lean_bridge.ui.graph_look import SIGNS
from lean_bridge.ui.wording import counted, one_line
from pybind_models import DGraph, GraphStanding, Node, shape_text
from pybind_models.diff import GraphDiff, Mark


def render_diff(
    diff: GraphDiff,
    graphs: tuple[DGraph, DGraph],
    standings: tuple[GraphStanding, GraphStanding],
    console: Console,
) -> None:
    """Write a row per pair of entries, a sign before what differs, and how it does."""
    for sign, graph, standing in zip("-+", graphs, standings, strict=True):
        console.print(Text(one_line(f"{sign} {graph.lean_name}"), "bold"))
        style = "dim" if standing.status == "accepted" else "bold red"
        console.print(Text(one_line(f"  {standing.text}"), style))
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False, pad_edge=False)
    for ratio in (None, None, None, 1):
        table.add_column(overflow="fold", ratio=ratio)
    for row in diff.rows:
        sign, style = SIGNS[row.mark]
        graph, at = (graphs[0], row.left) if row.left is not None else (graphs[1], row.right)
        assert at is not None
        entry = graph.entries[at]
        op = graph.nodes[at - len(graph.context)].op if at >= len(graph.context) else "input"
        told = "; ".join(row.changes) or shape_text(entry.shape)
        cells = (sign, one_line(entry.name), one_line(op), one_line(told))
        table.add_row(*(Text(cell, style) for cell in cells))
    console.print(table)
    console.print(Text(one_line(difference_text(diff)), "bold"))


def difference_text(diff: GraphDiff) -> str:
    """Return how many entries are the same, and how many are not."""
    counts = {mark: sum(row.mark == mark for row in diff.rows) for mark in SIGNS}
    told = [f"{count:,} {mark}" for mark, count in counts.items() if count and mark != "same"]
    same = f"{counted(counts['same'], 'entry', 'entries')} the same"
    dims = [f"{here} is {there} there" for here, there in diff.dims.items()]
    others = [*dims, *diff.arguments]
    is_same = not told and not diff.arguments
    first = f"no difference in {same.removesuffix(' the same')}" if is_same else ", ".join([same, *told])
    return "; ".join([first, *others])


def united(diff: GraphDiff, left: DGraph, right: DGraph) -> tuple[DGraph, dict[int, Mark]]:
    """Return one graph with the entries of both, and which of them differ.

    What is changed stands once, as in the first graph, with the other op behind its own. What only the second
    has is left out where it cannot stand below what it reads.
    """
    rows = list(diff.rows)
    place = {row.right: at for at, row in enumerate(rows) if row.right is not None}
    first = {row.left: at for at, row in enumerate(rows) if row.left is not None}

    def operands(at: int) -> list[int]:
        row = rows[at]
        if row.left is not None:
            return [first[each] for each in _operands(left, row.left)]
        return [place[each] for each in _operands(right, row.right or 0)]

    try:
        order = list(TopologicalSorter({at: operands(at) for at in range(len(rows))}).static_order())
    except CycleError:
        return left, {row.left: row.mark for row in rows if row.left is not None}
    rank = {at: number for number, at in enumerate(order)}
    order.sort(key=lambda at: (not _is_input(rows[at].left, rows[at].right, left, right), rank[at]))
    new = {at: number for number, at in enumerate(order)}
    taken: set[str] = set()

    def unique(name: str) -> str:
        while name in taken:
            name += "′"
        taken.add(name)
        return name

    context, nodes = [], []
    for at in order:
        row = rows[at]
        graph, position = (left, row.left) if row.left is not None else (right, row.right or 0)
        entry = graph.entries[position]
        name = unique(entry.name)
        if position < len(graph.context):
            context.append(graph.context[position].replaced(name=name))
            continue
        node = graph.nodes[position - len(graph.context)]
        op = node.op
        if row.mark == "changed" and (there := right.nodes[(row.right or 0) - len(right.context)].op) != op:
            op = f"{op} | {there}"
        nodes.append(
            Node(
                name=name,
                op=op,
                lean_op=node.lean_op,
                operands=tuple(new[each] for each in operands(at)),
                params=node.params,
                shape=entry.shape,
            )
        )
    model = DGraph(
        lean_name=f"{left.lean_name} | {right.lean_name}",
        dims=tuple(dict.fromkeys((*left.dims, *right.dims))),
        scalars=tuple(dict.fromkeys((*left.scalars, *right.scalars))),
        maps=tuple(dict.fromkeys((*left.maps, *right.maps))),
        arrays=tuple({each.name: each for each in (*right.arrays, *left.arrays)}.values()),
        context=tuple(context),
        nodes=tuple(nodes),
    )
    return model, {new[at]: rows[at].mark for at in order}


def _operands(graph: DGraph, position: int) -> Iterator[int]:
    if position >= len(graph.context):
        yield from graph.nodes[position - len(graph.context)].operands


def _is_input(here: int | None, there: int | None, left: DGraph, right: DGraph) -> bool:
    return here < len(left.context) if here is not None else (there or 0) < len(right.context)
