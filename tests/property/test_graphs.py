"""Random well-typed graphs over the whole table obey the theorems that hold of every graph."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings

from lean_bridge.crosscheck.adjoint import check_adjoint
from lean_bridge.crosscheck.differences import check_differences
from lean_bridge.crosscheck.points import draw_points, small_sizes
from lean_bridge.crosscheck.shapes import check_shapes
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.rules.table import PRIMITIVES
from pybind_models import DGraph
from tests.rationals import Rationals, draw_arguments, draw_rationals, inner
from tests.strategies import draw_graph, generators, graphs

some = settings(max_examples=60, derandomize=True)


@given(model=graphs())
@some
def test_general_checks_pass(model: DGraph) -> None:
    assert check_shapes(model, PRIMITIVES).outcome == "passed"
    points = draw_points(model, PRIMITIVES, small_sizes(model))
    moves = [
        tangent.any() for at in points for tangent in at.program.jvp(at.inputs, at.tangents)[len(at.inputs) :]
    ]
    for check in (check_adjoint, check_differences):
        result = check(model, PRIMITIVES)
        assert result.outcome == ("passed" if any(moves) else "not run"), result  # x - x tells nothing


@given(model=graphs(max_nodes=4), rng=generators())
@some
def test_backprop_is_the_adjoint_of_jvp_exactly(model: DGraph, rng: np.random.Generator) -> None:
    bound = ExecutableGraph(model).bind()
    real = {use.name: use.draw(rng) for use in bound.arguments()}
    program = bound.compile(Rationals(), **draw_arguments(rng, real))
    inputs, tangents, seeds = (
        [draw_rationals(rng, entry.shape) for entry in entries]
        for entries in (program.context, program.context, program.entries)
    )
    assert inner(program.jvp(inputs, tangents), seeds) == inner(tangents, program.vjp(inputs, seeds))


@given(model=graphs())
@some
def test_a_graph_survives_its_json(model: DGraph) -> None:
    assert DGraph.model_validate_json(model.model_dump_json()) == model


def test_random_graphs_cover_the_table_and_chain_their_nodes() -> None:
    drawn = [draw_graph(np.random.default_rng(seed), 8) for seed in range(80)]
    assert {node.op for model in drawn for node in model.nodes} == set(PRIMITIVES)
    reads = [
        operand >= len(model.context) for model in drawn for node in model.nodes for operand in node.operands
    ]
    assert sum(reads) > len(reads) / 4
