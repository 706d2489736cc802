"""A graph runs with the standing of its declaration: accepted, refused for its reason, or uncertified."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from lean_bridge.audit.manifest import write_manifest
from lean_bridge.cli import app
from lean_bridge.codes import Code
from lean_bridge.errors import NoStanding, NotPinned
from lean_bridge.executor.arrays.backends import torch_reals
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.extract.compose import stack
from lean_bridge.project import Project, open_project
from lean_bridge.toolchain.provider import Provider
from lean_bridge.toolchain.warm import keep_warm
from pybind_models import DGraph
from tests.adversarial.corpus import CORPUS, TwinProject, copy_library
from tests.tiers import one_in

pytestmark = pytest.mark.lean

NAME = "Twin.difference"
SOURCE = """\
module

public import Proofs.Autograd.Nodes.Certified.Pointwise
public import Proofs.Autograd.Tape.DGraph

@[expose] public section

namespace Twin

open Spec Shape Proofs.Autograd

noncomputable section

variable {R : Type} [AnalyticScalar R]

{before}

/-- The difference of two vectors. -/
def difference (n : Nat) : DGraph R [vec n, vec n] [vec n] where
  g := Graph.nil.snoc (TapeNodes.sub (.pos {first} rfl) (.pos 1 rfl))
  hg := {certificate}

end

end Twin
"""
HONEST = "GraphFDerivCorrect.nil.snoc (TapeNodes.subFderiv ..)"


def source(*, certificate: str = HONEST, before: str = "", first: int = 0) -> str:
    text = SOURCE.replace("{certificate}", certificate)
    return text.replace("{before}", before).replace("{first}", str(first))


@pytest.fixture(name="lean", scope="module")
def _lean(embedded: Provider) -> Iterator[Provider]:
    with keep_warm(embedded, 1, time_limit=120.0) as lean:
        yield lean


@pytest.fixture(name="project", scope="module")
def _project(lean: Provider, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A pinned library with one graph, whose certificate is a proof."""
    root = tmp_path_factory.mktemp("library")
    shutil.copytree(CORPUS / "templates" / "graph", root, dirs_exist_ok=True)
    copy_library(("Proofs.Autograd.Nodes.Certified.Pointwise", "Proofs.Autograd.Tape.DGraph"), lean, root)
    (root / "Twin.lean").write_text(source(), "utf-8")
    project = TwinProject(root, lean)
    write_manifest(root, project.pin())
    return project


def changed(project: Project, lean: Provider, root: Path, text: str) -> Project:
    """Return the library with another text of the graph, and the same pins."""
    shutil.copytree(project.root, root)
    (root / "Twin.lean").write_text(text, "utf-8")
    return TwinProject(root, lean)


def run(graph: ExecutableGraph) -> list[float]:
    x = {"entry0": np.array([3.0, 5.0]), "entry1": np.array([1.0, 1.0])}
    values: list[float] = graph.bind(n=2).compile().forward(x)[-1].tolist()
    return values


def test_a_graph_whose_declaration_holds_as_pinned_is_accepted(project: Project) -> None:
    graph = project.graph(NAME)
    standing = graph.standing
    assert (standing.status, standing.reason, standing.code) == ("accepted", None, None)
    assert standing.declaration == NAME
    assert "sorryAx" not in standing.axioms
    assert standing.library == project.compiled([NAME]).name
    assert standing.graph == graph.model.digest
    assert run(graph) == [2.0, 4.0]
    bound = graph.bind(n=2)
    point = [np.ones(2), np.ones(2)]
    for made in (
        bound,
        bound.interpret(),
        bound.interpret().with_checks("domains"),
        bound.compile(),
        bound.compile().with_checks("off"),
        bound.compile().with_passes([]),
        bound.compile().batched(["entry0"]),
        bound.compile().linearize(point),
        bound.compile().pullback(point),
        bound.compile().prepare(point, values=None),
        bound.compile(torch_reals()),
    ):
        assert made.standing == standing
        assert NAME in repr(made)
        assert "accepted by audit and pin; axioms: " in repr(made)


ANY = "{Γ ss : List Shape} (g : Graph R Γ ss) : GraphFDerivCorrect g"
REFUSED = {
    "sorry": (source(certificate="sorry"), Code.SORRY),
    "sorry below": (source(before=f"def any {ANY} := sorry", certificate="any _"), Code.SORRY),
    "axiom": (source(before=f"axiom any {ANY}", certificate="any _"), Code.AXIOM),
    "compiled code": (
        source(before="theorem two : 1 + 1 = 2 := by native_decide", certificate=f"have _ := two; {HONEST}"),
        Code.COMPILED_CODE,
    ),
    "another graph": (source(first=1), Code.STATEMENT_DRIFT),
}


@pytest.mark.parametrize("fault", one_in(2, REFUSED))
def test_a_graph_that_is_refused_does_not_run_unless_that_is_allowed(
    fault: str, project: Project, lean: Provider, tmp_path: Path
) -> None:
    text, code = REFUSED[fault]
    bad = changed(project, lean, tmp_path / "bad", text)
    for refused in (bad.graph, bad.extract, bad.read_graph):
        with pytest.raises(NoStanding, match=rf"^{NAME} has no standing: .*\({code}\)") as raised:
            refused(NAME)
        assert raised.value.exit_code == 1
        assert raised.value.code is Code.NO_STANDING
        assert "\n" not in str(raised.value)
    graph = bad.graph(NAME, allow_uncertified=True)
    assert graph.standing.status == "rejected"
    assert graph.standing.code == code
    assert run(graph) == ([0.0, 0.0] if fault == "another graph" else [2.0, 4.0])
    for made in (graph, graph.bind(n=2), graph.bind(n=2).compile()):
        assert "uncertified: " in repr(made)
        assert code in repr(made)


def test_what_nobody_pinned_is_refused_too(project: Project, lean: Provider, tmp_path: Path) -> None:
    bare = changed(project, lean, tmp_path / "bare", source())
    (bare.root / "certified.toml").unlink()
    with pytest.raises(NotPinned, match=r"\(LB209\)") as refused:
        bare.graph(NAME)
    assert refused.value.exit_code == 2  # as of a verdict on the library
    assert bare.graph(NAME, allow_uncertified=True).standing.code == Code.NOT_PINNED


def test_the_command_refuses_and_every_form_says_what_is_uncertified(
    project: Project, lean: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = changed(project, lean, tmp_path / "bad", source(certificate="sorry"))
    monkeypatch.setattr("lean_bridge.project.open_project", lambda *_, **__: bad)
    for form in ("table", "json", "svg", "dot", "mermaid", "lean"):
        asked = ["graph", NAME, "--format", form]
        refused = CliRunner().invoke(app, asked)
        assert isinstance(refused.exception, NoStanding)
        assert refused.exception.exit_code == 1
        assert not refused.stdout
        shown = CliRunner().invoke(app, [*asked, "--allow-uncertified"])
        assert shown.exit_code == 0
        told = json.loads(shown.stdout)["standing"]["status"] if form == "json" else shown.stdout
        assert ("rejected" if form == "json" else "uncertified") in told
    benched = CliRunner().invoke(app, ["bench", NAME, "--sizes", "n=2"])
    assert isinstance(benched.exception, NoStanding)
    out = tmp_path / "out.npz"
    for asked in (["run", NAME, "--dims", "n=2", "--random", "0", "-o", str(out)], ["crosscheck", NAME]):
        refused = CliRunner().invoke(app, asked)
        assert isinstance(refused.exception, NoStanding)
        assert str(refused.exception).endswith(
            "mend or pin it, or give --allow-uncertified, in Python allow_uncertified=True"
        )
        assert out.exists() is (asked[0] == "crosscheck")
        shown = CliRunner().invoke(app, [*asked, "--allow-uncertified"])
        assert shown.exit_code == 2, "what is not certified is no verdict"
        assert "no verdict: LB205 uncertified: " in shown.stdout
    with np.load(out) as made:
        assert len(made.files) == 3, "it was asked for by name, and is written"


def test_a_standing_does_not_go_through_files_nor_to_other_graphs(project: Project) -> None:
    graph = project.graph(NAME)
    text = graph.model.with_standing(graph.standing)
    assert json.loads(text)["standing"]["status"] == "accepted"
    again = DGraph.model_validate_json(text)
    assert again == graph.model
    assert ExecutableGraph(again).standing.status == "not judged"
    assert "not judged" in repr(ExecutableGraph(again).bind(n=2).compile())
    two = stack(graph.model, 2)
    assert ExecutableGraph(two).standing.status == "not judged"
    with pytest.raises(NoStanding, match="that of another graph"):
        ExecutableGraph(two, standing=graph.standing)
    assert open_project(project.root).extract(NAME) == graph.model
