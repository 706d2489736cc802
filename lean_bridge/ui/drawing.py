"""Drawings of a graph: SVG that stands alone, Graphviz and Mermaid text."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Final

from rich.cells import cell_len

from lean_bridge.ui.graph_size import size_text_of
from lean_bridge.ui.layout import Box, Route, lay_out
from lean_bridge.ui.wording import one_line
from pybind_models import NOT_JUDGED, DGraph, GraphStanding, MapParam, Node, ScalarParam, shape_text

_MARGIN: Final = 24.0
_TITLE_HEIGHT: Final = 70.0
_ADVANCE: Final = 0.62
"""The width of a letter of the fixed-width font, in units of its size, with a little to spare."""
_MERMAID_SYNTAX: Final = frozenset('#&<>"`')
_SIZES: Final = {"title": 16, "subtitle": 12, "name": 13, "op": 12, "shape": 12}
_STYLE: Final = """
text { font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #1f2328 }
.title { font-size: 16px; font-weight: 600 }
.subtitle, .op, .shape { font-size: 12px }
.name { font-size: 13px; font-weight: 600 }
.subtitle, .shape, .number { fill: #59636e }
.doubt { fill: #d1242f; font-weight: 600 }
.number { font-size: 9px }
.page { fill: #ffffff }
.box { fill: #f6f8fa; stroke: #818b98; stroke-width: 1 }
.input .box { fill: #ddf4ff; stroke: #54aeff }
.result .box { stroke: #1f2328; stroke-width: 2 }
.edge { fill: none; stroke: #818b98; stroke-width: 1.3 }
.head { fill: #818b98 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .subtitle, .shape, .number { fill: #9198a1 }
  .doubt { fill: #ff7b72 }
  .page { fill: #0d1117 }
  .box { fill: #161b22; stroke: #656c76 }
  .input .box { fill: #10233a; stroke: #388bfd }
  .result .box { stroke: #e6edf3 }
  .edge { stroke: #656c76 }
  .head { fill: #656c76 }
}
"""


def draw_svg(
    graph: DGraph, standing: GraphStanding = NOT_JUDGED, dims: Mapping[str, int] | None = None
) -> str:
    """Return the graph as an SVG image: inputs as round boxes, a box per node below its operands.

    Each box tells name, op, certified shape and position. Arrows enter a box from left to right in the order
    of its operands, numbered from 1 where there are several. Below the title stands what is known of the
    graph's declaration. The file stands alone, and suits light and dark. At dimensions it shows the lengths
    of axes, and how many parameters that makes.
    """
    size = size_text_of(graph, dims)
    graph = graph if dims is None else graph.at(dims)
    labels = [_labels(graph, position) for position in range(len(graph.entries))]
    widths = [
        max(_text_width(kind, text) for kind, text in lines) + (60 if position < len(graph.context) else 44)
        for position, lines in enumerate(labels)
    ]
    layout = lay_out([()] * len(graph.context) + [node.operands for node in graph.nodes], widths)
    title, subtitle, worth = one_line(graph.lean_name), size, one_line(standing.text)
    widest = max(_text_width("title", title), *(_text_width("subtitle", text) for text in (subtitle, worth)))
    across = max(layout.width, widest)
    width, height = across + 2 * _MARGIN, layout.height + _TITLE_HEIGHT + 2 * _MARGIN
    root = ET.Element(
        "svg",
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        width=f"{width:.0f}",
        height=f"{height:.0f}",
        role="img",
    )
    ET.SubElement(root, "title").text = title
    ET.SubElement(root, "style").text = _STYLE
    ET.SubElement(root, "rect", {"class": "page", "width": "100%", "height": "100%"})
    _text(root, "title", _MARGIN, _MARGIN + 14, title, anchor="start")
    _text(root, "subtitle", _MARGIN, _MARGIN + 34, subtitle, anchor="start")
    kind = "subtitle" if standing.status == "accepted" else "subtitle doubt"
    _text(root, kind, _MARGIN, _MARGIN + 52, worth, anchor="start")
    left = _MARGIN + (across - layout.width) / 2
    plane = ET.SubElement(root, "g", transform=f"translate({left:.1f} {_MARGIN + _TITLE_HEIGHT:.1f})")
    for route in layout.routes:
        _draw_edge(plane, route, numbered=len(graph.nodes[route.target - len(graph.context)].operands) > 1)
    for position, (box, lines) in enumerate(zip(layout.boxes, labels, strict=True)):
        _draw_box(plane, graph, position, box, lines)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def draw_dot(graph: DGraph, standing: GraphStanding = NOT_JUDGED) -> str:
    """Return the graph in Graphviz's language; a node's in-edges are in the order of its operands."""
    title = "\n".join(map(one_line, (graph.lean_name, standing.text)))
    lines = ["digraph {", f"  label={_quoted(title)}; labelloc=t; ordering=in;"]
    lines.append('  node [shape=box, fontname="monospace"]; edge [fontname="monospace", fontsize=9];')
    for position in range(len(graph.entries)):
        label = "\n".join(text for _, text in _labels(graph, position))
        style = ', style="rounded,filled", fillcolor="#ddf4ff"' if position < len(graph.context) else ""
        lines.append(f"  e{position} [label={_quoted(label)}{style}];")
    lines += [
        f"  e{source} -> e{target}{label and f' [label={label}]'};" for source, target, label in _edges(graph)
    ]
    return "\n".join([*lines, "}", ""])


def draw_mermaid(graph: DGraph, standing: GraphStanding = NOT_JUDGED) -> str:
    """Return the graph as a Mermaid flowchart."""
    lines = [
        "---",
        f"title: {json.dumps(one_line(graph.lean_name), ensure_ascii=False)}",
        "---",
        "flowchart TD",
        f'  standing>"{_entities(one_line(standing.text))}"]',
    ]
    for position in range(len(graph.entries)):
        label = "<br/>".join(_entities(text) for _, text in _labels(graph, position))
        start, end = ("([", "])") if position < len(graph.context) else ("[", "]")
        lines.append(f'  e{position}{start}"{label}"{end}')
    lines += [f"  e{source} -->{label and f'|{label}|'} e{target}" for source, target, label in _edges(graph)]
    return "\n".join([*lines, ""])


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _entities(text: str) -> str:
    return "".join(f"#{ord(letter)};" if letter in _MERMAID_SYNTAX else letter for letter in text)


def _edges(graph: DGraph) -> list[tuple[int, int, str]]:
    """Return source, target and the operand's number, which is empty where there is only one."""
    return [
        (source, position, str(number) if len(node.operands) > 1 else "")
        for position, node in enumerate(graph.nodes, start=len(graph.context))
        for number, source in enumerate(node.operands, start=1)
    ]


def _labels(graph: DGraph, position: int) -> list[tuple[str, str]]:
    entry = graph.entries[position]
    lines = [("name", one_line(entry.name)), ("shape", one_line(shape_text(entry.shape)))]
    if position >= len(graph.context):
        lines.insert(1, ("op", one_line(_op_text(graph.nodes[position - len(graph.context)]))))
    return lines


def _op_text(node: Node) -> str:
    arguments = [param.name for param in node.params.values() if isinstance(param, ScalarParam | MapParam)]
    return f"{node.op}({', '.join(arguments)})" if arguments else node.op


def _text_width(kind: str, text: str) -> float:
    return cell_len(text) * _SIZES[kind] * _ADVANCE


def _text(parent: ET.Element, kind: str, x: float, y: float, text: str, anchor: str = "middle") -> None:
    attributes = {"class": kind, "x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor}
    ET.SubElement(parent, "text", attributes).text = text


def _draw_box(
    plane: ET.Element, graph: DGraph, position: int, box: Box, lines: list[tuple[str, str]]
) -> None:
    is_input = position < len(graph.context)
    is_result = not is_input and not any(position in node.operands for node in graph.nodes)
    kind = "input" if is_input else "node result" if is_result else "node"
    group = ET.SubElement(plane, "g", {"class": kind, "id": f"e{position}"})
    frame = {
        "class": "box",
        "x": f"{box.x:.1f}",
        "y": f"{box.y:.1f}",
        "rx": f"{box.height / 2 if is_input else 6:.0f}",
    }
    ET.SubElement(group, "rect", {**frame, "width": f"{box.width:.1f}", "height": f"{box.height:.1f}"})
    top = box.y + (box.height - 16 * len(lines)) / 2
    for index, (line, text) in enumerate(lines):
        _text(group, line, box.x + box.width / 2, top + 16 * index + 12, text)
    x, y = (box.x + 14, box.y + box.height / 2 + 3) if is_input else (box.x + 6, box.y + 11)
    _text(group, "number", x, y, str(position), anchor="start")


def _draw_edge(plane: ET.Element, route: Route, *, numbered: bool) -> None:
    path = ""
    for (x0, y0), (x, y) in zip(route.points[::2], route.points[1::2], strict=True):
        bend = (y0 + y) / 2
        path += (
            f"{'L' if path else 'M'}{x0:.1f} {y0:.1f}C{x0:.1f} {bend:.1f} {x:.1f} {bend:.1f} {x:.1f} {y:.1f}"
        )
    ET.SubElement(plane, "path", {"class": "edge", "d": path})
    ET.SubElement(plane, "path", {"class": "head", "d": f"M{x - 4:.1f} {y - 8:.1f}h8l-4 8z"})
    if numbered:  # on the side that the edge does not come from
        side, anchor = (-6, "end") if x0 > x else (6, "start")
        _text(plane, "number", x + side, y - 3, str(route.operand + 1), anchor=anchor)
