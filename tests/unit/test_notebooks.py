"""What notebooks show, and what ``repr`` says of everything that a user holds."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

import lean_bridge.project  # noqa: F401 - it teaches the models how they are drawn
from lean_bridge.executor.arrays.backends import jax_reals, torch_reals
from lean_bridge.executor.arrays.scalars import REALS
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.plans.trace import Request
from lean_bridge.executor.rules.linear_map import LinearMap
from lean_bridge.extract.alignment import compare
from lean_bridge.verdict.chain import status_of
from pybind_models import DGraph, GraphStanding
from tests.reports import accepted, attention_graph, rejected
from tests.unit.executor.graphs import attention

MODEL = attention()
REJECTED = GraphStanding(
    status="rejected", declaration="A.<b>", reason="it has a <script>", code="LB205", graph=MODEL.digest
)
GRAPH = ExecutableGraph(MODEL, standing=REJECTED, allow_uncertified=True)
BOUND = GRAPH.bind(n=3, dModel=4, numHeads=2, headDim=2)
PROGRAM = BOUND.compile(c=0.5)
INPUTS = [np.ones(entry.shape) for entry in PROGRAM.context]


class _Cells(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.mark.parametrize("made", [GRAPH, BOUND, MODEL], ids=lambda made: type(made).__name__)
def test_graphs_are_drawn(made: Any) -> None:
    drawn = made._repr_svg_()
    root = ET.fromstring(drawn)
    assert root.findtext("{http://www.w3.org/2000/svg}title") == MODEL.lean_name
    assert ("uncertified: it has a" in drawn) == (made is not MODEL)
    assert ("2×3×3" in drawn) == (made is BOUND)
    assert ("at n=3, dModel=4" in drawn) == (made is BOUND)


@pytest.mark.parametrize("made", [PROGRAM, BOUND.interpret(c=0.5), PROGRAM.batched(["x"])])
def test_programs_are_a_table_of_their_entries(made: Any) -> None:
    cells = _Cells()
    cells.feed(made._repr_html_())
    assert cells.tags.count("tr") == 1 + len(PROGRAM.entries)
    assert {"uncertified: it has a <script> (LB205)", "probs", "2×3×3", "matmul"} <= set(cells.texts)
    assert "script" not in cells.tags


@pytest.mark.parametrize("report", [accepted(), rejected(), status_of(accepted(), notes=())])
def test_reports_are_a_page_with_their_verdict(report: Any) -> None:
    page = report._repr_markdown_()
    assert f"Verdict: **{report.verdict}**" in page
    assert "| group |" in page


def test_a_graph_at_dimensions_has_the_lengths_that_a_bound_one_has() -> None:
    model: DGraph = attention_graph()
    sizes = dict(zip(model.dims, (3, 4, 2, 2), strict=True))
    at = model.at(sizes)
    assert at.dims == ()
    expected = [entry.shape for entry in ExecutableGraph(model).bind(**sizes).entries]
    assert [tuple(dim.evaluate({}) for dim in entry.shape) for entry in at.entries] == expected
    with pytest.raises(KeyError):
        model.at({"n": 1})


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (MODEL, "<DGraph Test.mhaResidual: 5 inputs, 15 nodes>"),
        (GRAPH, "<ExecutableGraph Test.mhaResidual: uncertified: it has a <script> (LB205)>"),
        (PROGRAM, "<CompiledProgram of A.<b>: uncertified: it has a <script> (LB205)>"),
        (PROGRAM.plan(Request(np.dtype(float), values=(6,))), "<Plan: "),
        (REALS, "<Reals: float64 and float32 arrays of numpy>"),
        (torch_reals(), "<ArrayAPIReals: float64 and float32 arrays of torch>"),
        (jax_reals(), "<JaxReals: float64 and float32 arrays of jax.numpy>"),
        (LinearMap(np.ones((2, 3))), "<LinearMap by a matrix 2×3 of float64>"),
        (LinearMap(np.ones((2, 3)), 4), "<LinearMap by a matrix 2×3 of float64, at each of 4 positions>"),
        (accepted(), "<VerifyReport: accepted; "),
        (rejected(), "<VerifyReport: rejected (LB"),
        (status_of(accepted(), notes=()), "<StatusReport: accepted; "),
        (PROGRAM.linearize(INPUTS), "<Linearized of A.<b>: "),
        (PROGRAM.prepare(INPUTS), "<CheckedRun of A.<b>: "),
    ],
    ids=lambda made: type(made).__name__,
)
def test_repr_says_in_one_line_what_it_is(made: object, expected: str) -> None:
    told = repr(made)
    assert told.startswith(expected)
    assert "\n" not in told
    assert len(told) < 200


def test_a_name_of_several_lines_is_shown_on_one() -> None:
    name = "A.«b\n\x1b[2Jc»"
    model = MODEL.replaced(lean_name=name)
    graph = ExecutableGraph(
        model, standing=REJECTED.replaced(graph=model.digest, declaration=name), allow_uncertified=True
    )
    bound = graph.bind(n=3, dModel=4, numHeads=2, headDim=2)
    for made in (model, graph, bound, bound.compile(c=0.5), compare(model, model)):
        assert repr(made).isprintable(), repr(made)
