"""A graph in characters: every entry has its line, and every value its rail for as long as it is used."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from lean_bridge.ui.rails import graph_rails, rails
from pybind_models import DGraph
from tests.reports import attention_graph


def plain(graph: DGraph) -> list[str]:
    return [line.plain.rstrip() for line in rails(graph)]


def test_the_attention_layer() -> None:
    assert plain(attention_graph()) == [
        "○",
        "│ ○",
        "│ │ ○",
        "│ │ │ ○",
        "│ │ │ │ ○",
        "├─● │ │ │",
        "│ ● │ │ │",
        "├─│─● │ │",
        "│ │ ● │ │",
        "│ │ ● │ │",
        "├─│─│─● │",
        "│ │ │ ● │",
        "│ ●─╯ │ │",
        "│ ●   │ │",
        "│ ●   │ │",
        "│ ●───╯ │",
        "│ ●     │",
        "│ ●     │",
        "│ ●─────╯",
        "◉─╯",
    ]


def test_beside_it_stand_names_operands_and_shapes() -> None:
    stream = io.StringIO()
    Console(file=stream, width=120, color_system=None).print(graph_rails(attention_graph()))
    lines = [line.split() for line in stream.getvalue().splitlines()]
    assert lines[0] == ["○", "x", "input", "n×dModel"]
    assert lines[-1][:6] == ["◉─╯", "residual", "add", "x,", "out", "n×dModel"]


@given(st.data())
def test_any_graph_has_a_line_per_entry_and_no_rail_is_lost(data: st.DataObject) -> None:
    model = attention_graph()
    inputs = data.draw(st.integers(0, 5))
    count = data.draw(st.integers(0 if inputs else 1, 8))
    nodes = []
    for at in range(count):
        below = st.integers(0, inputs + at - 1) if inputs + at else st.nothing()
        operands = data.draw(st.lists(below, max_size=3)) if inputs + at else []
        nodes.append(model.nodes[at].model_copy(update={"operands": tuple(operands)}))
    graph = model.model_copy(update={"context": model.context[:inputs], "nodes": tuple(nodes)})
    lines = rails(graph)
    assert len(lines) == inputs + count
    uses = {operand for node in graph.nodes for operand in node.operands}
    for position, line in enumerate(lines):
        signs = [letter for letter in line.plain if letter in "○●◉"]
        assert signs == ["○" if position < inputs else "●" if position in uses else "◉"]
        operands_ = graph.nodes[position - inputs].operands if position >= inputs else ()
        joins = sum(letter in "├┤┼╰╯┴" for letter in line.plain)
        own = line.plain.index(signs[0]) // 2
        assert joins in (len(set(operands_)), len(set(operands_)) - 1), (own, line.plain)


@pytest.mark.parametrize("width", [20, 80])
def test_it_is_never_wrapped(width: int) -> None:
    stream = io.StringIO()
    Console(file=stream, width=width, color_system=None).print(graph_rails(attention_graph()))
    assert len(stream.getvalue().splitlines()) == 20
