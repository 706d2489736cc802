from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from lean_bridge.ui.drawing import draw_dot, draw_mermaid, draw_svg
from pybind_models import DGraph, Entry, Node
from tests.reports import attention_graph

SVG = "{http://www.w3.org/2000/svg}"


def awkward_graph() -> DGraph:
    nodes = (
        Node(name='say "<&>"', op="add", lean_op="Op.add", operands=(0, 0), params={}, shape=()),
        Node(name="a\\b#1;", op="add", lean_op="Op.add", operands=(1, 0), params={}, shape=()),
    )
    context = (Entry(name="x\n", shape=()), Entry(name="unread", shape=()))
    return DGraph(lean_name='Odd."name"', dims=(), scalars=(), context=context, nodes=nodes)


def test_svg_stands_alone_and_shows_every_entry() -> None:
    graph = attention_graph()
    root = ET.fromstring(draw_svg(graph))
    boxes = {
        group.attrib["id"]: [text.text for text in group.iter(f"{SVG}text")]
        for group in root.iter(f"{SVG}g")
        if "id" in group.attrib
    }
    assert boxes["e0"] == ["x", "n×dModel", "0"]
    assert boxes["e13"] == ["scaled", "scale(c)", "numHeads×n×n", "13"]
    assert [boxes[f"e{position}"][0] for position in range(20)] == [entry.name for entry in graph.entries]
    assert root.findtext(f"{SVG}title") == graph.lean_name
    assert "http" not in draw_svg(graph).replace("http://www.w3.org/2000/svg", "")


def test_svg_has_an_arrow_per_operand() -> None:
    graph = attention_graph()
    paths = [path.attrib["class"] for path in ET.fromstring(draw_svg(graph)).iter(f"{SVG}path")]
    operands = sum(len(node.operands) for node in graph.nodes)
    assert paths.count("edge") == paths.count("head") == operands


def test_svg_marks_inputs_and_results() -> None:
    groups = {
        group.attrib["id"]: group.attrib["class"]
        for group in ET.fromstring(draw_svg(attention_graph())).iter(f"{SVG}g")
        if "id" in group.attrib
    }
    assert groups["e0"] == "input"
    assert groups["e18"] == "node"
    assert groups["e19"] == "node result"


def test_svg_text_fits_the_page() -> None:
    root = ET.fromstring(draw_svg(attention_graph()))
    width = float(root.attrib["width"])
    plane = root.find(f"{SVG}g")
    assert plane is not None
    shift = float(re.findall(r"[\d.]+", plane.attrib["transform"])[0])
    for box in plane.iter(f"{SVG}rect"):
        assert shift + float(box.attrib["x"]) >= 0
        assert shift + float(box.attrib["x"]) + float(box.attrib["width"]) <= width


def test_dot_has_every_entry_and_edge_in_operand_order() -> None:
    text = draw_dot(attention_graph())
    assert text.count(' [label="') == 20
    assert re.findall(r"(e\d+) -> e5 \[label=(\d)\]", text) == [("e0", "1"), ("e1", "2")]
    assert "  e5 -> e6;\n" in text


def test_mermaid_has_every_entry_and_edge_in_operand_order() -> None:
    text = draw_mermaid(attention_graph())
    assert '  e0(["x<br/>n×dModel"])\n' in text
    assert '  e13["scaled<br/>scale(c)<br/>numHeads×n×n"]\n' in text
    assert re.findall(r"(e\d+) -->\|(\d)\| e19", text) == [("e0", "1"), ("e18", "2")]
    assert "  e5 --> e6\n" in text


def test_awkward_names_stay_names() -> None:
    graph = awkward_graph()
    texts = [text.text for text in ET.fromstring(draw_svg(graph)).iter(f"{SVG}text")]
    assert 'say "<&>"' in texts
    assert 'e2 [label="say \\"<&>\\"\\nadd\\nscalar"]' in draw_dot(graph)
    assert 'e3 [label="a\\\\b#1;\\nadd\\nscalar"]' in draw_dot(graph)
    assert 'e2["say #34;#60;#38;#62;#34;<br/>add<br/>scalar"]' in draw_mermaid(graph)
    assert 'title: "Odd.\\"name\\""' in draw_mermaid(graph)


def test_a_graph_without_nodes_can_be_drawn() -> None:
    empty = DGraph(lean_name="Empty", dims=(), scalars=(), context=(), nodes=())
    assert ET.fromstring(draw_svg(empty)).findtext(f"{SVG}title") == "Empty"
