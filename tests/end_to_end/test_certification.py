"""Lean itself says that what was extracted is what was declared, and sees every planted error."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lean_bridge.cli import app
from lean_bridge.crosscheck.certify import certify_graphs
from lean_bridge.events import ModuleStarted
from lean_bridge.extract.render import certificate_name, render_graph, render_source
from lean_bridge.olean.environment import Environment
from lean_bridge.project import Project, open_project
from lean_bridge.toolchain.provider import Provider
from pybind_models import Certification, DGraph
from tests.extraction_mutations import MUTATIONS

pytestmark = pytest.mark.lean

LOG = logging.getLogger(__name__)
"""The table of planted errors and Lean's messages: ``pytest --log-cli-level=INFO``."""

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def project(embedded: Provider) -> Project:
    assert embedded.library.is_dir()
    return open_project(CHECKOUT)


@pytest.fixture(scope="module")
def environment(project: Project) -> Environment:
    return project.environment()


def certify(
    graphs: list[DGraph], environment: Environment, project: Project
) -> tuple[dict[str, Certification], Path, int]:
    """Return the outcomes, the directory of the certificates, and how many modules Lean elaborated."""
    events: list[object] = []
    outcomes, generated = certify_graphs(
        graphs, environment, project.compiled(), project.toolchain(), observe=events.append
    )
    return outcomes, generated, sum(isinstance(event, ModuleStarted) for event in events)


def test_every_catalogued_graph_is_certified(
    library_graphs: dict[str, DGraph], environment: Environment, project: Project
) -> None:
    outcomes, generated, _ = certify(list(library_graphs.values()), environment, project)
    assert list(outcomes) == [graph.lean_name for graph in library_graphs.values()]
    assert {outcome.outcome for outcome in outcomes.values()} == {"certified"}
    for graph in library_graphs.values():
        outcome = outcomes[graph.lean_name]
        assert outcome.theorem == certificate_name(graph)
        assert outcome.module is not None
        assert (generated / f"{outcome.module.replace('.', '/')}.olean").is_file()

    again, same, elaborated = certify(list(library_graphs.values()), environment, project)
    assert (again, same, elaborated) == (outcomes, generated, 0)


def test_every_planted_error_is_refused_and_costs_no_other_graph_its_certificate(
    library_graphs: dict[str, DGraph], environment: Environment, project: Project, full: bool
) -> None:
    """Every third of them; in the long tier all."""
    chosen = {name: MUTATIONS[name] for at, name in enumerate(MUTATIONS) if full or at % 3 == 0}
    planted = {library_graphs[name].lean_name: error for name, (error, _) in chosen.items()}
    mutants = [mutate(library_graphs[name]) for name, (_, mutate) in chosen.items()]
    sound = next(graph for name, graph in library_graphs.items() if name not in MUTATIONS)
    outcomes, generated, _ = certify([*mutants, sound], environment, project)
    for name, error in planted.items():
        LOG.info("%s | %s | %s", error, name.rpartition(".")[2], outcomes[name].detail)
        assert outcomes[name].outcome == "refused", error
        assert "ismatch" in (outcomes[name].detail or ""), error  # no syntax error, nothing out of time
    assert outcomes[sound.lean_name].outcome == "certified"

    compiled = Environment([generated, project.compiled()], library=project.toolchain().library)
    compiled.load(outcomes[sound.lean_name].module or "")
    assert certificate_name(sound) in compiled
    assert not any(certificate_name(mutant) in compiled for mutant in mutants)


def test_no_planted_error_is_none(library_graphs: dict[str, DGraph], environment: Environment) -> None:
    for name, (error, mutate) in MUTATIONS.items():
        sound, mutant = (
            render_graph(each, environment).text
            for each in (library_graphs[name], mutate(library_graphs[name]))
        )
        assert sound != mutant, error


def test_what_cannot_be_written_is_not_run(
    library_graphs: dict[str, DGraph], environment: Environment, project: Project
) -> None:
    stranger = library_graphs["ffnResidualDGraph"].replaced(lean_name="Proofs.Autograd.absent")
    outcomes, _, elaborated = certify([stranger], environment, project)
    assert outcomes["Proofs.Autograd.absent"] == Certification(
        outcome="not run", detail="Proofs.Autograd.absent is not defined by any compiled module"
    )
    assert elaborated == 0


def test_a_graph_is_printed_as_the_module_that_lean_checks(
    library_graphs: dict[str, DGraph], environment: Environment, tmp_path: Path
) -> None:
    output = tmp_path / "Graph.lean"
    options = ["--project", str(CHECKOUT), "--format", "lean", "--output", str(output)]
    result = CliRunner().invoke(app, ["graph", "ffnResidualDGraph", *options])
    assert result.exit_code == 0, result.output
    text = output.read_text("utf-8")
    assert text == render_source(library_graphs["ffnResidualDGraph"], environment)
    assert "theorem declared_eq_extracted" in text
