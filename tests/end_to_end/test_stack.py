"""Lean agrees that a stack of extracted graphs is the stack of the declared ones."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from lean_bridge.build.build import build_generated
from lean_bridge.extract.compose import stack
from lean_bridge.extract.render import certificate_name, render_source
from lean_bridge.project import Project, open_project
from lean_bridge.toolchain.provider import Provider
from pybind_models import DGraph
from tests.extraction_mutations import read

pytestmark = pytest.mark.lean

NETWORK, ATTENTION = "positionwiseFfnResidualDGraph", "mhaResidualDGraph"


class Declared(NamedTuple):
    """A layer as Lean names it."""

    graph: str
    saved_but_last: str
    """The shapes of its saved tensors, without the result's."""


LAYERS = {
    NETWORK: Declared(
        "(positionwiseFfnResidualDGraph (seqLen := seqLen) (dModel := dModel) (dFF := dFF) κ).g",
        "((ssSeqFFNResidual seqLen dModel dFF).take 3)",
    ),
    ATTENTION: Declared(
        "(mhaResidualDGraph (n := n) (dModel := dModel) (numHeads := numHeads) (headDim := headDim) c).g",
        "(MultiHeadAttention.ssMHA n dModel numHeads headDim)",
    ),
}


@pytest.fixture(scope="module")
def project(embedded: Provider) -> Project:
    assert embedded.library.is_dir()
    return open_project(Path(__file__).parents[2])


def stated(project: Project, name: str, model: DGraph) -> str:
    """Return a module with the model as a definition, and that it is two declared layers, by ``rfl``."""
    text = render_source(model, project.environment())
    definition, theorem, _ = text.partition("theorem ")
    assert theorem, "the definition is to be followed by the certificate's theorem"
    definition = definition.replace("module\n", "module\npublic import Proofs.Autograd.Tape.Rename\n", 1)
    layer = LAYERS[name]
    return (
        f"{definition}open _root_.Proofs.Autograd _root_.Proofs.Autograd.Transformer in\n"
        f"theorem two_layers {{R : Type}} [AnalyticScalar R] ({' '.join(model.dims)} : Nat)"
        f" ({' '.join(model.scalars)} : R) :\n"
        f"    Graph.feed (ts := {layer.saved_but_last}) {layer.graph} {layer.graph} =\n"
        f"      extracted {' '.join((*model.dims, *model.scalars))} := by\n"
        f"  exact rfl\n\nend {certificate_name(model).rpartition('.')[0]}\n"
    )


@pytest.mark.full
def test_two_layers_are_the_declared_ones_fed_to_one_another_and_nothing_else(project: Project) -> None:
    network, attention = (stack(project.extract(name), 2) for name in (NETWORK, ATTENTION))
    below = read("2.pre", "x", "2.W1", "2.b1")(network)  # the lower layer's input, of the same shape
    sources = {
        "LeanBridge.Stack.Network": stated(project, NETWORK, network),
        "LeanBridge.Stack.Attention": stated(project, ATTENTION, attention),
        "LeanBridge.Stack.Below": stated(project, NETWORK, below),
    }
    report, _ = build_generated(sources, [project.compiled()], project.toolchain(), workers=1)
    modules = {module.module.rpartition(".")[2]: module for module in report.modules}
    for name in ("Network", "Attention"):
        assert modules[name].state in ("built", "cached"), modules[name].diagnostics
    assert modules["Below"].state == "failed"
    (message,) = modules["Below"].diagnostics
    assert message.text.startswith("Type mismatch\n  rfl\n")
