from __future__ import annotations

import xml.etree.ElementTree as ET
from math import prod

import pytest

from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.once import arrays_wanted
from lean_bridge.ui.drawing import draw_dot, draw_mermaid, draw_svg
from lean_bridge.ui.graph_look import Look, sublayers
from lean_bridge.ui.graph_view import render_graph_table, render_tree
from pybind_models import NOT_JUDGED, DGraph, shape_text
from tests.reports import attention_graph, plain_console
from tests.unit.executor.graphs import encoder, graph, node

SIZES = {"n": 3, "dModel": 4, "numHeads": 2, "headDim": 2, "dFF": 5}


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


@pytest.mark.parametrize("look", [Look(), Look(dims=SIZES, backward=True)], ids=["plain", "all"])
def test_names_of_ops_are_not_broken_at_80_columns(look: Look) -> None:
    graph = attention_graph()
    console, stream = plain_console(80)
    render_graph_table(graph, console, NOT_JUDGED, look)
    assert {node.op for node in graph.nodes} <= set(stream.getvalue().split())


def test_a_narrow_console_keeps_the_params() -> None:
    text = " ".join(shown(80).split())
    assert "scores·12 numHeads×n×n s=numHeads×n×n, c=c" in text
    assert "dims n, dModel, numHeads, headDim · scalars c" in text


WHOLE = encoder(fixed=False)


def looked(graph: DGraph, look: Look, width: int = 160) -> list[list[str]]:
    console, stream = plain_console(width)
    render_graph_table(graph, console, NOT_JUDGED, look)
    return [line.split() for line in stream.getvalue().splitlines()]


def test_at_dimensions_there_are_lengths_numbers_and_parameters() -> None:
    rows = looked(WHOLE, Look(dims=SIZES))
    told = " ".join(rows[1])
    parameters = 4 * 16 + 4 * 4 + 5 * 4 + 5 + 4 * 5 + 4
    assert f"dFF=5, dModel=4, headDim=2, n=3, numHeads=2 · {parameters} parameters beside 12 of x" in told
    assert ["1", "Wq", "input", "4×4", "16"] in rows
    (probs,) = (row for row in rows if row[1:2] == ["probs"])
    assert "2×3×3" in probs
    assert probs[-1] == "18"


def test_linear_maps_and_biases_are_parameters() -> None:
    model = encoder()
    told = " ".join(looked(model, Look(dims=SIZES))[1])
    parameters = 4 * 16 + 4 * 4 + 5 * 4 + 5 + 4 * 5 + 4
    assert f"{parameters} parameters beside 12 of x" in told
    assert f"{parameters} parameters" in draw_svg(model, NOT_JUDGED, Look(dims=SIZES))
    wanted = arrays_wanted(ExecutableGraph(model).bind(**SIZES))
    assert parameters == sum(prod(shapes[-1]) for name, shapes in wanted.items() if name != "x")


def test_the_reverse_pass_says_where_cotangents_come_from() -> None:
    rows = looked(attention_graph(), Look(backward=True), width=200)
    x, last = (next(row for row in rows if row[1:2] == [name]) for name in ("x", "residual"))
    assert " ".join(x).endswith("Qbig·5, Kbig·7, Vbig·10, residual·19")
    assert " ".join(last).endswith("seeds alone")


def test_a_graph_of_many_nodes_is_shown_in_its_sublayers() -> None:
    parts = [[WHOLE.entries[at].name for at in part] for part in sublayers(WHOLE)]
    assert [(part[0], part[-1], len(part)) for part in parts] == [
        ("Qbig", "residual", 15),
        ("pre", "ffnResidual", 4),
    ]
    rows = looked(WHOLE, Look())
    assert [row for row in rows if row[:1] == ["┌"]] == [
        ["┌", "residual", "15", "nodes"],
        ["┌", "ffnResidual", "4", "nodes"],
    ]
    frames = [
        rect
        for rect in ET.fromstring(draw_svg(WHOLE)).iter("{http://www.w3.org/2000/svg}rect")
        if rect.attrib["class"] == "part"
    ]
    assert len(frames) == 2
    assert draw_dot(WHOLE).count("subgraph cluster_") == draw_mermaid(WHOLE).count("subgraph part") == 2
    assert sublayers(attention_graph()) == []


def test_a_chain_is_one_part_however_long() -> None:
    shape = WHOLE.context[0].shape
    chain = graph({"x": shape}, *(node(f"v{at}", "tanh", (at,), shape, s=shape) for at in range(30)))
    assert sublayers(chain) == []


def test_backward_edges_go_from_every_node_to_each_operand() -> None:
    model, look = attention_graph(), Look(backward=True)
    operands = sum(len(each.operands) for each in model.nodes)
    paths = [
        path.attrib["class"]
        for path in ET.fromstring(draw_svg(model, NOT_JUDGED, look)).iter("{http://www.w3.org/2000/svg}path")
    ]
    assert paths.count("back") == paths.count("backhead") == paths.count("edge") == operands
    assert draw_dot(model, NOT_JUDGED, look).count("style=dashed") == operands
    assert draw_mermaid(model, NOT_JUDGED, look).count("-.->") == operands


@pytest.mark.parametrize("look", [Look(), Look(backward=True), Look(dims=SIZES)])
def test_a_tree_has_every_node_once(look: Look) -> None:
    lines = render_tree(WHOLE, NOT_JUDGED, look).splitlines()
    heads = [line.strip("│├└─ ").split(" = ")[0] for line in lines if " = " in line]
    assert sorted(heads) == sorted(each.name for each in WHOLE.nodes)
    assert heads[0] == "norm2"
    assert lines[2] == NOT_JUDGED.text
    assert any(("2×3×3" in line) == (look.dims is not None) for line in lines if "probs =" in line)
    assert any("⇠ Qbig, Kbig, Vbig, residual" in line for line in lines) == look.backward


@pytest.mark.parametrize("model", [attention_graph(), WHOLE])
def test_a_tree_breaks_no_input(model: DGraph) -> None:
    lines = render_tree(model).splitlines()
    first = next(at for at, line in enumerate(lines) if line.startswith("inputs: "))
    assert max(map(len, lines[first:])) <= 80
    told = [each for line in lines[first:] for each in line.removeprefix("inputs:").strip().split(", ")]
    assert [each.strip(",") for each in told] == [
        f"{each.name} {shape_text(each.shape)}" for each in model.context
    ]


def test_a_tree_names_what_stands_above() -> None:
    shape = WHOLE.context[0].shape
    made = graph(
        {"x": shape},
        node("a", "tanh", (0,), shape, s=shape),
        node("b", "tanh", (1,), shape, s=shape),
        node("c", "tanh", (1,), shape, s=shape),
        node("d", "add", (2, 3), shape, s=shape),
    )
    assert render_tree(made).splitlines()[4:9] == [
        "d = add(b, c) n×dModel",
        "├─ b = tanh(a) n×dModel",
        "│  a = tanh(x) n×dModel",
        "└─ c = tanh(a) n×dModel",
        "",
    ]
