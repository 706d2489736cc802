from __future__ import annotations

import pytest

from lean_bridge.ui.graph_view import render_graph_table
from tests.reports import attention_graph, plain_console


def shown(width: int) -> str:
    console, stream = plain_console(width)
    render_graph_table(attention_graph(), console)
    return stream.getvalue()


@pytest.mark.parametrize("width", [80, 100, 140])
def test_every_entry_has_a_row(width: int) -> None:
    text = shown(width)
    assert max(map(len, text.splitlines())) <= width
    rows = [line.split() for line in text.splitlines()]
    found = {int(row[0]): row[1:3] for row in rows if row[0].isdecimal() and len(row) > 2}
    graph = attention_graph()
    expected = [[entry.name, "input"] for entry in graph.context] + [
        [node.name, node.op] for node in graph.nodes
    ]
    assert found == dict(enumerate(expected))


def test_operands_shape_and_params_are_readable() -> None:
    rows = {line.split()[0]: " ".join(line.split()) for line in shown(140).splitlines()}
    assert rows["5"] == "5 Qbig matmul x·0, Wq·1 n×(numHeads*headDim) m=n, n=dModel, p=numHeads*headDim"
    assert rows["13"] == "13 scaled scale scores·12 numHeads×n×n s=numHeads×n×n, c=c"


def test_a_narrow_console_keeps_the_params() -> None:
    text = " ".join(shown(80).split())
    assert "scores·12 numHeads×n×n s=numHeads×n×n, c=c" in text
    assert "dims n, dModel, numHeads, headDim · scalars c" in text
