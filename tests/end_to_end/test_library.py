"""The library that comes with the package: what it must hold, and that the documentation says the same."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from lean_bridge.audit.structural import StructuralHashes
from lean_bridge.audit.vocabulary import collect_vocabulary, read_vocabulary
from lean_bridge.olean.expr import Const, Expr, Name, Pi, bare, parts, spine
from lean_bridge.project import Project, open_project
from lean_bridge.ui.markdown import render_markdown
from pybind_models import VerifyReport

pytestmark = [pytest.mark.lean, pytest.mark.usefixtures("embedded")]

CHECKOUT = Path(__file__).parents[2]
SEEDS = {"Tape.Ops.Transformer.ResidualAttention": 5, "Tape.Ops.Transformer.EncoderBlock": 23}
SPLIT = "Proofs.Autograd.TapeNodes.ShapeOps.splitHeads"
DERIVATIVE = {f"Proofs.Autograd.{word}" for word in ("HasFDerivAt", "Graph.evalVec", "Graph.jvpCLM")}
ADJOINT = {"Eq"} | {
    f"Proofs.Autograd.{word}" for word in ("Graph.backpropVec", "CLM.adjoint", "fderiv", "Graph.evalVec")
}
SCALARS = "Proofs.Autograd.AnalyticScalar"
DATA = {"Nat", "LT.lt", SCALARS} | {f"Proofs.Autograd.{word}" for word in ("CtxVec", "Vec", "CLM", "Tensor")}
DATA |= {"Proofs.Autograd.AllowsSome"}
"""What theorems of every point may ask for: dimensions, scalars, vectors, maps; that numbers are positive,
and that a mask allows something in each row."""


@pytest.fixture(scope="module")
def project() -> Project:
    return open_project(CHECKOUT)


@pytest.fixture(scope="module")
def report(project: Project) -> VerifyReport:
    return project.verify()


def test_everything_catalogued_is_accepted(report: VerifyReport) -> None:
    assert (report.verdict, report.reason) == ("accepted", None)


def test_one_entry_after_all_of_them_costs_no_lean_and_no_kernel(report: VerifyReport) -> None:
    assert report.verdict == "accepted"
    for name in ("mhaResidualDGraph", "exp_add"):
        found = open_project(CHECKOUT).verify([name])
        assert (found.verdict, found.cached) == ("accepted", True)
        assert found.build is not None
        assert found.build.lean_processes == 0
        assert found.build.left_out > 0
        (one,) = found.declarations
        assert one == next(each for each in report.declarations if each.name == one.name)
        assert found.graphs == tuple(each for each in report.graphs if each.name == one.name)


def test_the_abstract_library_is_built_without_the_real_numbers() -> None:
    project = open_project(CHECKOUT)
    built = project.build(only=["Proofs.Autograd.Transformer.mhaResidualDGraph"])
    assert not [each.module for each in built.modules if each.module.startswith("Proofs.Autograd.Real")]


@pytest.mark.parametrize(("group", "count"), SEEDS.items())
def test_every_seed_declaration_is_there(report: VerifyReport, group: str, count: int) -> None:
    found = [each for each in report.declarations if each.group == group]
    assert len(found) == count
    assert all(each.upstream == each.name for each in found)


def test_the_seeds_are_three_theorems_and_twenty_five_definitions(report: VerifyReport) -> None:
    kinds = Counter(each.kind for each in report.declarations if each.group in SEEDS)
    assert kinds == {"theorem": 3, "definition": 25}
    for page in ("README.md", "lean/DIVERGENCES.md"):
        text = " ".join((CHECKOUT / page).read_text(encoding="utf-8").split())
        assert "28 declarations" in text
        assert "3 theorems and 25 definitions" in text


def test_what_the_head_split_changes_is_not_called_the_same(project: Project, report: VerifyReport) -> None:
    """The catalogue says so of all that has upstream's name and gets its meaning from ``splitHeads``."""
    hashes = StructuralHashes(project.environment())
    split = {
        each.name
        for each in report.declarations
        if each.upstream == each.name and SPLIT in hashes.underneath(each.name)
    }
    assert len(split) == 9
    assert {each.name for each in report.declarations if each.differs == "faithful split"} == split


def constants_of(expr: Expr) -> set[Name]:
    """Return the names of the constants in a term, visiting each of its nodes once."""
    seen, pending, names = {id(expr)}, [expr], set[Name]()
    for at in pending:
        if isinstance(at, Const):
            names.add(at.name)
        below = [each for each in parts(at) if id(each) not in seen]
        seen.update(map(id, below))
        pending += below
    return names


def telescope(expr: Expr) -> tuple[set[Name], Expr]:
    """Return the heads of a statement's binders, those that are constants, and its conclusion."""
    heads: set[Name] = set()
    while isinstance(expr := bare(expr), Pi):
        head = spine(expr.type)[0]
        if isinstance(head, Const):
            heads.add(head.name)
        expr = expr.body
    return heads, expr


@pytest.mark.parametrize("words", [DERIVATIVE, ADJOINT])
def test_every_graph_has_a_theorem_at_every_point(
    project: Project, report: VerifyReport, words: set[Name]
) -> None:
    """It has a derivative, which is its JVP; its reverse pass is the adjoint of that."""
    environment = project.environment()
    conclusions = []
    for each in report.declarations:
        constant = environment.constant(each.name)
        if each.kind == "theorem" and constant is not None:
            heads, conclusion = telescope(constant.type)
            if SCALARS in heads and heads <= DATA:
                conclusions.append(constants_of(conclusion))
    for graph in report.graphs:
        assert any(words | {graph.name} <= found for found in conclusions), graph.name


def test_the_seeds_theorems_stand_over_the_real_numbers(project: Project, report: VerifyReport) -> None:
    environment = project.environment()
    rows = {each.name: each for each in report.declarations}
    real = [each for each in rows.values() if each.group == "Seeds over the real numbers"]
    seeds = {each.name for each in rows.values() if each.group in SEEDS and each.kind == "theorem"}
    assert seeds <= {each.name.replace(".Real.", ".Transformer.") for each in real}
    for each in real:
        constant = environment.constant(each.name)
        general = environment.constant(each.name.replace(".Real.", ".Transformer."))
        assert constant is not None
        assert general is not None
        heads, conclusion = telescope(constant.type)
        found = constants_of(conclusion)
        assert SCALARS not in heads
        assert {"Proofs.Autograd.Real", "Proofs.Autograd.instAnalyticScalarReal"} <= found
        assert constants_of(telescope(general.type)[1]) <= found, each.name
        has_gelu = any(name.endswith(("ncoderBlockGraph", "encoderFfnResidualGraph")) for name in found)
        assert ("Proofs.Autograd.Real.sqrtTwoDivPi" in found) == has_gelu, each.name


def test_no_axiom_beyond_the_standard_ones(report: VerifyReport) -> None:
    used = {axiom for each in report.declarations for axiom in each.axioms}
    assert used <= {"propext", "Quot.sound", "Classical.choice"}


def test_every_graph_was_compared(report: VerifyReport) -> None:
    for graph in report.graphs:
        assert sum(check.outcome == "passed" for check in graph.checks) >= 3, graph.name


def test_the_encoder_with_its_weights_agrees_with_pytorch(report: VerifyReport) -> None:
    (graph,) = (each for each in report.graphs if each.name.endswith(".positionwiseEncoderBlockGraph"))
    (check,) = (check for check in graph.checks if "PyTorch" in check.name)
    assert check.outcome == "passed"
    assert check.error is not None
    assert check.error <= 1e-11


def test_the_vocabulary_is_that_of_the_library(project: Project) -> None:
    found, known = collect_vocabulary(project.environment()), read_vocabulary()
    assert set(found) == set(known)
    wrong = [name for name, hash_ in found.items() if hash_ not in known[name]]
    assert not wrong, "write it again: python -m tests.vocabulary"


def test_every_statement_is_in_the_tools_words(report: VerifyReport) -> None:
    for each in report.declarations:
        assert each.words is not None
        assert (each.words.own, each.words.changed) == ((), ()), each.name


def test_every_link_of_every_graph_is_certified_and_confirmed(report: VerifyReport) -> None:
    for graph in report.graphs:
        assert graph.certified
        assert graph.certification is not None
        assert graph.finite_field is not None
        assert len(graph.finite_field.points) >= 2
        assert graph.finite_field.error_bound is not None
        assert 0 < graph.finite_field.error_bound < 1e-3
        kernels = (*graph.certification.kernels, *graph.finite_field.kernels)
        assert [kernel.outcome for kernel in kernels] == ["accepted"] * 3, graph.name


def test_every_declaration_is_pinned_and_confirmed(report: VerifyReport) -> None:
    for each in report.declarations:
        assert each.pin is not None
        assert each.pin.outcome == "matches"
        assert [kernel.outcome for kernel in each.kernels] == ["accepted", "accepted"]
        assert each.standing == "confirmed", each.name
    assert report.advisories


def test_lean_has_no_messages(report: VerifyReport) -> None:
    assert report.build is not None
    assert [message for module in report.build.modules for message in module.diagnostics] == []


def test_the_documentation_is_what_the_report_says(report: VerifyReport) -> None:
    page = (CHECKOUT / "docs" / "declarations.md").read_text(encoding="utf-8")
    assert page == render_markdown(report), (
        "write it again: lean-bridge verify --format markdown > docs/declarations.md"
    )
