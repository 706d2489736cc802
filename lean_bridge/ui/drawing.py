"""Drawings of a graph: SVG that stands alone, Graphviz and Mermaid text."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from typing import Final

from rich.cells import cell_len

from lean_bridge.ui.graph_look import Look, readers, sublayers
from lean_bridge.ui.layout import Box, Route, lay_out
from lean_bridge.ui.wording import one_line
from pybind_models import (
    NOT_JUDGED,
    DGraph,
    GraphStanding,
    Node,
    shape_text,
)
from pybind_models.diff import Mark
from pybind_models.graph import NAMED

PLAIN: Final = Look()
_FILLS: Final[Mapping[Mark, str]] = {"changed": "#fff8c5", "removed": "#ffebe9", "added": "#dafbe1"}
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
.back { fill: none; stroke: #bc4c00; stroke-width: 1.1; stroke-dasharray: 4 3 }
.backhead { fill: #bc4c00 }
.part { fill: none; stroke: #8250df; stroke-width: 1; stroke-dasharray: 7 4 }
.partname { font-size: 11px; fill: #8250df }
.changed .box { fill: #fff8c5; stroke: #9a6700; stroke-width: 2 }
.removed .box { fill: #ffebe9; stroke: #d1242f; stroke-width: 2; stroke-dasharray: 5 3 }
.added .box { fill: #dafbe1; stroke: #1a7f37; stroke-width: 2 }
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
  .back { stroke: #f0883e }
  .backhead { fill: #f0883e }
  .part { stroke: #a371f7 }
  .partname { fill: #a371f7 }
  .changed .box { fill: #3a2d00; stroke: #d29922 }
  .removed .box { fill: #3c1214; stroke: #f85149 }
  .added .box { fill: #0f2d17; stroke: #3fb950 }
}
"""


def draw_svg(graph: DGraph, standing: GraphStanding = NOT_JUDGED, look: Look = PLAIN) -> str:
    """Return the graph as an SVG image: inputs as round boxes, a box per node below its operands.

    Each box tells name, op, certified shape and position. Arrows enter a box from left to right in the order
    of its operands, numbered from 1 where there are several. Below the title stands what is known of the
    graph's declaration. The file stands alone, and suits light and dark. A graph of many nodes has a frame
    around each of its sublayers.
    """
    size, graph = look.size_text(graph), look.sized(graph)
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
    for part in sublayers(graph):
        _draw_part(plane, graph, part, layout.boxes)
    for route in layout.routes:
        _draw_edge(plane, route, numbered=len(graph.nodes[route.target - len(graph.context)].operands) > 1)
        if look.backward:
            _draw_back(plane, route)
    for position, (box, lines) in enumerate(zip(layout.boxes, labels, strict=True)):
        _draw_box(plane, graph, position, box, lines, look.marks.get(position, "same"))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def draw_dot(graph: DGraph, standing: GraphStanding = NOT_JUDGED, look: Look = PLAIN) -> str:
    """Return the graph in Graphviz's language; a node's in-edges are in the order of its operands."""
    told = [graph.lean_name, *([] if look == PLAIN else [look.size_text(graph)]), standing.text]
    title, graph = "\n".join(map(one_line, told)), look.sized(graph)
    lines = ["digraph {", f"  label={_quoted(title)}; labelloc=t; ordering=in;"]
    lines.append('  node [shape=box, fontname="monospace"]; edge [fontname="monospace", fontsize=9];')
    for position in range(len(graph.entries)):
        label = "\n".join(text for _, text in _labels(graph, position))
        style = ', style="rounded,filled", fillcolor="#ddf4ff"' if position < len(graph.context) else ""
        if (mark := look.marks.get(position, "same")) != "same":
            style = f', style=filled, fillcolor="{_FILLS[mark]}"'
        lines.append(f"  e{position} [label={_quoted(label)}{style}];")
    for part in sublayers(graph):
        inside = "; ".join(f"e{position}" for position in part)
        name = _quoted(one_line(graph.entries[part[-1]].name))
        lines.append(f"  subgraph cluster_{part[-1]} {{ label={name}; style=dashed; {inside} }}")
    lines += [
        f"  e{source} -> e{target}{label and f' [label={label}]'};" for source, target, label in _edges(graph)
    ]
    if look.backward:
        back = 'style=dashed, color="#bc4c00", constraint=false'
        lines += [f"  e{target} -> e{source} [{back}];" for source, target, _ in _edges(graph)]
    return "\n".join([*lines, "}", ""])


def draw_mermaid(graph: DGraph, standing: GraphStanding = NOT_JUDGED, look: Look = PLAIN) -> str:
    """Return the graph as a Mermaid flowchart."""
    size, graph = look.size_text(graph), look.sized(graph)
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
    if look != PLAIN:
        lines.append(f'  size>"{_entities(size)}"]')
    for part in sublayers(graph):
        name = _entities(one_line(graph.entries[part[-1]].name))
        inside = [f"    e{position}" for position in part]
        lines += [f'  subgraph part{part[-1]}["{name}"]', *inside, "  end"]
    if look.backward:
        lines += [f"  e{target} -.-> e{source}" for source, target, _ in _edges(graph)]
    lines += [
        f"  style e{position} fill:{_FILLS[mark]}"
        for position, mark in sorted(look.marks.items())
        if mark != "same"
    ]
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
    arguments = [param.name for param in node.params.values() if isinstance(param, NAMED)]
    return f"{node.op}({', '.join(arguments)})" if arguments else node.op


def _text_width(kind: str, text: str) -> float:
    return cell_len(text) * _SIZES[kind] * _ADVANCE


def _text(parent: ET.Element, kind: str, x: float, y: float, text: str, anchor: str = "middle") -> None:
    attributes = {"class": kind, "x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor}
    ET.SubElement(parent, "text", attributes).text = text


def _draw_part(plane: ET.Element, graph: DGraph, part: Sequence[int], boxes: Sequence[Box]) -> None:
    """Draw a frame around the nodes of a part, unless something else stands among them."""
    inside, read = [boxes[position] for position in part], readers(graph)
    top_node = min(box.y for box in inside)
    inside += [
        boxes[at] for at in range(len(graph.context)) if {*read[at]} <= {*part} and boxes[at].y >= top_node
    ]
    left, top = min(box.x for box in inside) - 10, min(box.y for box in inside) - 20
    right = max(box.x + box.width for box in inside) + 10
    bottom = max(box.y + box.height for box in inside) + 10
    nodes = range(len(graph.context), len(boxes))
    others = [boxes[position] for position in nodes if position not in part]
    if any(
        box.x < right and left < box.x + box.width and box.y < bottom and top < box.y + box.height
        for box in others
    ):
        return
    frame = {"x": f"{left:.1f}", "y": f"{top:.1f}", "width": f"{right - left:.1f}", "rx": "8"}
    ET.SubElement(plane, "rect", {"class": "part", **frame, "height": f"{bottom - top:.1f}"})
    _text(plane, "partname", left + 8, top + 13, one_line(graph.entries[part[-1]].name), anchor="start")


def _draw_box(
    plane: ET.Element,
    graph: DGraph,
    position: int,
    box: Box,
    lines: list[tuple[str, str]],
    mark: Mark = "same",
) -> None:
    is_input = position < len(graph.context)
    is_result = not is_input and not any(position in node.operands for node in graph.nodes)
    kind = "input" if is_input else "node result" if is_result else "node"
    kind += f" {mark}" if mark != "same" else ""
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


def _draw_back(plane: ET.Element, route: Route) -> None:
    """Draw where the cotangent of an operand comes from, beside the edge."""
    path, shift = "", 5.0
    for (x0, y0), (x, y) in zip(route.points[::2], route.points[1::2], strict=True):
        bend = (y0 + y) / 2
        path += f"{'L' if path else 'M'}{x0 + shift:.1f} {y0:.1f}C{x0 + shift:.1f} {bend:.1f} "
        path += f"{x + shift:.1f} {bend:.1f} {x + shift:.1f} {y:.1f}"
    x, y = route.points[0]
    ET.SubElement(plane, "path", {"class": "back", "d": path})
    ET.SubElement(plane, "path", {"class": "backhead", "d": f"M{x + shift - 3.5:.1f} {y + 7:.1f}h7l-3.5 -7z"})
