"""Lean's kernel computes the numbers of every primitive over GF(p), and refuses those of wrong rules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lean_bridge.build.build import TIME_LIMIT, build_generated
from lean_bridge.crosscheck.certify_numbers import certify_numbers
from lean_bridge.crosscheck.field_theorems import PASSES
from lean_bridge.executor.graph import MOST_AXES
from lean_bridge.executor.rules.table import PRIMITIVES
from lean_bridge.extract.render import extracted_name, render_definition
from lean_bridge.project import Project, open_project
from lean_bridge.toolchain.provider import Provider
from lean_bridge.toolchain.warm import keep_warm
from pybind_models import Certification, DGraph, Dim
from tests.field_mutations import MUTATIONS
from tests.single_ops import SPECS, single_graph

pytestmark = pytest.mark.lean

MODULE = "LeanBridge.SingleOps"

PLANTED = (
    "matmul: cotangents swapped",
    "softmaxLast: subtrahend forgotten",
    "sub: cotangent 1: wrong sign",
    "layerNorm: cotangent 2: dropped",
    "gelu: value: last coordinate dropped",
)


@pytest.fixture(scope="module")
def project(embedded: Provider) -> Project:
    assert embedded.library.is_dir()
    return open_project(Path(__file__).parents[2])


@pytest.fixture(scope="module")
def lean(project: Project) -> Iterator[Provider]:
    with keep_warm(project.toolchain(), 2, time_limit=TIME_LIMIT) as warm:
        yield warm


@pytest.fixture(scope="module")
def graphs() -> dict[str, DGraph]:
    both = [single_graph(op, square=square) for op in SPECS for square in (False, True)]
    return {graph.lean_name: graph for graph in both}


@pytest.fixture(scope="module")
def defined(project: Project, graphs: dict[str, DGraph], lean: Provider) -> Path:
    """The directory of a compiled module that defines the graphs, which are declared nowhere."""
    environment = project.environment()
    modules = {environment.module_of(node.lean_op) for graph in graphs.values() for node in graph.nodes}
    lines = [
        "module",
        *(f"public import {name}" for name in sorted({"Proofs.Autograd.Tape.Graph", *filter(None, modules)})),
        "@[expose] public section",
    ]
    for graph in graphs.values():
        space = extracted_name(graph).removesuffix(".extracted")
        lines += [f"namespace {space}", render_definition(graph, environment), f"end {space}"]
    report, directory = build_generated({MODULE: "\n".join(lines) + "\n"}, [project.compiled()], lean)
    assert [module.state for module in report.modules] in (["built"], ["cached"]), report
    return directory


def given(graphs: dict[str, DGraph]) -> dict[str, Certification]:
    """Say of each graph that it is defined; there is nothing that it could differ from."""
    return {
        name: Certification(outcome="certified", module=MODULE, theorem=extracted_name(graph))
        for name, graph in graphs.items()
    }


def test_every_primitive_is_certified_alone(
    graphs: dict[str, DGraph], defined: Path, project: Project, lean: Provider, full: bool
) -> None:
    """Each third op, at dimensions that differ; in the long tier every one, at equal ones too."""
    asked = {name: graph for at, (name, graph) in enumerate(graphs.items()) if full or at % 6 == 0}
    outcomes, _ = certify_numbers(list(asked.values()), given(asked), defined, project.compiled(), lean)
    assert {name: outcome.detail for name, outcome in outcomes.items()} == dict.fromkeys(asked)
    for outcome in outcomes.values():
        assert outcome.outcome == "certified"
        assert len(outcome.points) >= 2
        assert all(len(point.theorems) == len(PASSES) for point in outcome.points)
        assert outcome.error_bound is not None
        assert outcome.error_bound < 1e-5


def test_the_kernel_refuses_the_numbers_of_wrong_rules(
    graphs: dict[str, DGraph], defined: Path, project: Project, lean: Provider
) -> None:
    wrong = {MUTATIONS[name].name: MUTATIONS[name] for name in PLANTED}
    asked = [graphs[f"Square.{op}"] for op in (*wrong, "add")]
    table = {**PRIMITIVES, **wrong}
    outcomes, _ = certify_numbers(asked, given(graphs), defined, project.compiled(), lean, primitives=table)
    refused = {name for name, outcome in outcomes.items() if outcome.outcome == "refused"}
    assert refused == {f"Square.{op}" for op in wrong}
    for name in refused:
        detail = outcomes[name].detail
        assert detail is not None
        assert "decide" in detail
    assert outcomes["Square.add"].outcome == "certified"


def test_a_graph_that_arrays_cannot_hold_leaves_the_others_unharmed(
    graphs: dict[str, DGraph], defined: Path, project: Project, lean: Provider
) -> None:
    held = graphs["Single.reshape"]
    shape = (*held.context[0].shape, *[Dim.constant(1)] * MOST_AXES)
    (entry,) = held.context
    large = held.model_copy(
        update={"lean_name": "Single.large", "context": (entry.model_copy(update={"shape": shape}),)}
    )
    asked = {each.lean_name: each for each in (large, held)}
    outcomes, _ = certify_numbers(list(asked.values()), given(asked), defined, project.compiled(), lean)
    assert [outcome.outcome for outcome in outcomes.values()] == ["not run", "certified"]
    assert "axes, expected at most" in str(outcomes[large.lean_name].detail)


def test_a_graph_that_is_not_certified_is_not_asked_about(
    graphs: dict[str, DGraph], defined: Path, project: Project, lean: Provider
) -> None:
    graph = graphs["Single.add"]
    outcomes, _ = certify_numbers([graph], {}, defined, project.compiled(), lean)
    assert outcomes[graph.lean_name].outcome == "not run"
