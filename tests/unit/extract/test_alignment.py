"""Two graphs beside one another: what differs is marked, and nothing else."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from lean_bridge.extract.alignment import compare, renamed
from lean_bridge.ui.diff_view import difference_text, render_diff, united
from lean_bridge.ui.drawing import draw_dot, draw_mermaid, draw_svg
from lean_bridge.ui.graph_look import Look
from pybind_models import NOT_JUDGED, DGraph, Dim
from pybind_models.diff import GraphDiff
from tests.reports import plain_console
from tests.strategies import draw_graph
from tests.unit.executor.graphs import attention, encoder, graph, node

N = Dim.variable("n")


def told(diff: GraphDiff, left: DGraph, right: DGraph) -> dict[str, tuple[str, ...]]:
    found = {}
    for row in diff.differing:
        entry = left.entries[row.left] if row.left is not None else right.entries[row.right or 0]
        found[f"{row.mark} {entry.name}"] = row.changes
    return found


def test_the_faithful_and_the_bare_split_differ_in_the_split_alone() -> None:
    left, right = attention(), attention(split="reshape")
    split = ("op: splitHeads, there reshape",)
    diff = compare(left, right)
    assert told(diff, left, right) == {f"changed {name}": split for name in ("Qheads", "Kheads", "Vheads")}
    assert difference_text(diff) == "17 entries the same, 3 changed"


@pytest.mark.parametrize("seed", range(20))
def test_a_graph_does_not_differ_from_itself(seed: int) -> None:
    model = draw_graph(np.random.default_rng(seed), 12)
    diff = compare(model, model)
    assert not diff.differing
    assert [(row.left, row.right) for row in diff.rows] == [(at, at) for at in range(len(model.entries))]


@pytest.mark.parametrize("seed", range(20))
def test_any_two_graphs_have_every_entry_in_one_row(seed: int) -> None:
    rng = np.random.default_rng(seed)
    left, right = draw_graph(rng, 8), draw_graph(rng, 8)
    diff = compare(left, right)
    assert sorted(row.left for row in diff.rows if row.left is not None) == list(range(len(left.entries)))
    assert sorted(row.right for row in diff.rows if row.right is not None) == list(range(len(right.entries)))
    model, marks = united(diff, left, right)
    assert len(marks) == len(model.entries)
    ET.fromstring(draw_svg(model, NOT_JUDGED, Look(marks=marks)))


def reordered(model: DGraph) -> DGraph:
    """Return the graph with its key before its query, which computes the same."""
    order = [0, 1, 2, 3, 4, *sorted(range(5, 20), key=lambda at: (model.entries[at].name[0] != "K", at))]
    place = {old: new for new, old in enumerate(order)}
    nodes = [model.nodes[old - 5] for old in order[5:]]
    moved = [each.replaced(operands=tuple(place[at] for at in each.operands)) for each in nodes]
    return model.replaced(nodes=tuple(moved))


def test_another_order_or_other_names_of_dimensions_are_no_difference() -> None:
    model = attention()
    other = reordered(model)
    assert [node.name for node in other.nodes] != [node.name for node in model.nodes]
    assert not compare(model, other).differing
    text = re.sub(r'"n"(?!:)', '"seqLen"', model.model_dump_json())  # but for the names of binders
    renamed = DGraph.model_validate_json(text)
    diff = compare(model, renamed)
    assert (diff.dims, diff.differing) == ({"n": "seqLen"}, ())
    assert difference_text(diff).endswith("n is seqLen there")


def test_names_operands_arguments_and_shapes_are_differences() -> None:
    left = graph(
        {"x": (N,), "y": (N,)}, node("a", "sub", (0, 1), (N,), s=(N,)), node("b", "add", (2, 2), (N,), s=(N,))
    )
    right = graph(
        {"x": (N,), "y": (N,)}, node("a", "sub", (1, 0), (N,), s=(N,)), node("c", "add", (2, 2), (N,), s=(N,))
    )
    diff = compare(left, right)
    assert told(diff, left, right) == {
        "changed a": ("operands: x, y, there y, x",),
        "changed b": ("name: b, there c",),
    }


def test_what_one_graph_has_more_is_removed_or_added() -> None:
    left, right = encoder(fixed=False), attention()
    there = told(compare(left, right), left, right)
    assert {"removed norm1", "removed W1", "removed norm2"} <= there.keys()
    assert not [each for each in there if each.startswith(("added", "changed"))]
    back = compare(right, left)
    assert {mark.split()[0] for mark in told(back, right, left)} == {"added"}
    model, marks = united(back, right, left)
    assert len(model.nodes) == len(left.nodes)
    assert sorted(marks.values()).count("added") == len(back.differing)


def test_inputs_in_another_order_are_a_difference() -> None:
    left = attention()
    context, swap = list(left.context), {1: 2, 2: 1}
    context[1], context[2] = context[2], context[1]
    nodes = [
        each.replaced(operands=tuple(swap.get(operand, operand) for operand in each.operands))
        for each in left.nodes
    ]
    right = left.replaced(context=tuple(context), nodes=tuple(nodes))
    assert told(compare(left, right), left, right) == {
        "changed Wq": ("place: input 1, there input 2",),
        "changed Wk": ("place: input 2, there input 1",),
    }
    assert difference_text(compare(left, right)) == "18 entries the same, 2 changed"


def test_an_argument_that_one_graph_has_is_a_difference() -> None:
    left = attention()
    for kind, label in (("dims", "dimensions"), ("scalars", "scalars"), ("maps", "maps")):
        has = getattr(left, kind)
        diff = compare(left, left.replaced(**{kind: (*has, "more")}))
        line = f"{label}: {', '.join(has) or 'none'}, there {', '.join((*has, 'more'))}"
        assert diff.arguments == (line,)
        assert difference_text(diff) == f"20 entries the same; {line}"
    moved = compare(left, left.replaced(dims=tuple(reversed(left.dims))))
    assert moved.arguments == (
        "dimensions: n, dModel, numHeads, headDim, there headDim, numHeads, dModel, n",
    )


def test_a_long_chain_of_sums_takes_no_time() -> None:
    """What it makes of itself twice, sixty times over, has 2^60 paths."""
    nodes = [node(f"v{at}", "add", (at, at), (N,), s=(N,)) for at in range(60)]
    model = graph({"x": (N,)}, *nodes)
    assert not compare(model, model).differing


@pytest.mark.parametrize("width", [80, 140])
def test_a_difference_is_a_sign_before_a_row(width: int) -> None:
    left, right = attention(), attention(split="reshape")
    console, stream = plain_console(width)
    render_diff(compare(left, right), (left, right), (NOT_JUDGED, NOT_JUDGED), console)
    lines = stream.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert [line.split()[1] for line in lines if line.startswith("~")] == ["Qheads", "Kheads", "Vheads"]
    assert sum("not judged" in line for line in lines) == 2


def test_drawings_mark_what_differs() -> None:
    left, right = attention(), attention(split="reshape")
    model, marks = united(compare(left, right), left, right)
    look = Look(marks=marks)
    groups = ET.fromstring(draw_svg(model, NOT_JUDGED, look)).iter("{http://www.w3.org/2000/svg}g")
    changed = [group for group in groups if "changed" in group.attrib.get("class", "")]
    texts = [text.text for group in changed for text in group.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count("splitHeads | reshape") == len(changed) == 3
    assert draw_dot(model, NOT_JUDGED, look).count("#fff8c5") == 3
    assert draw_mermaid(model, NOT_JUDGED, look).count("fill:#fff8c5") == 3


def test_dimensions_go_over_by_name_or_else_by_their_order() -> None:
    here = graph({"x": (N,)}, node("y", "add", (0, 0), (N,), s=N))
    m = Dim.variable("m")
    there = graph({"x": (m,)}, node("y", "add", (0, 0), (m,), s=m))
    assert renamed({"n": 5}, here, there) == {"m": 5}
    assert renamed({"n": 5}, here, here) == {"n": 5}
