"""Graphs are certified whatever their authors call them and what they take: generated names give way."""

from __future__ import annotations

from pathlib import Path

import pytest

from lean_bridge.project import open_project
from lean_bridge.toolchain.provider import Provider
from tests.adversarial.corpus import copy_library

pytestmark = pytest.mark.lean

SUBTRACTION = "Graph.nil.snoc (TapeNodes.sub (.pos 0 rfl) (.pos 1 rfl))"
GRAPHS = {
    "rows": "(R C : Nat) (R' : α) : Graph α [mat R C] [mat R C] := "
    "Graph.nil.snoc (TapeNodes.scale (.pos 0 rfl) R')",
    "numbered": "(a1 a2 extracted : Nat) : Graph α [mat a1 a2, mat a1 a2] [mat a1 a2] := " + SUBTRACTION,
    "capturing": "(Proofs Spec Twin Nat : Nat) : "
    "Graph α [mat Nat Proofs, mat Nat Proofs] [mat Nat Proofs] := " + SUBTRACTION,
    "scaled": "{Nat : Type} [ScalarOps Nat] (c : Nat) : Graph Nat [vec 3] [vec 3] := "
    "Graph.nil.snoc (TapeNodes.scale (.pos 0 rfl) c)",
    "reserved": "(«set_option» «_» : Nat) : Graph α [mat «set_option» «_», mat «set_option» «_»] "
    "[mat «set_option» «_»] := " + SUBTRACTION,
    "arrows": "(n : Nat) : (m : Nat) → Graph α [mat n m, mat n m] [mat n m] := fun m => "
    f"({SUBTRACTION} : Graph α [mat n m, mat n m] [mat n m])",
    "arrows.extracted": "(n : Nat) : Graph α [vec n, vec n] [vec n] := " + SUBTRACTION,
    "folded": "(n : Nat) : Graph α [vec n, vec n] [vec n] := arrows.extracted n",
    "«a-/b/-c»": "(n : Nat) : Graph α [vec n, vec n] [vec n] := " + SUBTRACTION,
}
IMPORTS = ("Proofs.Autograd.Nodes.Pointwise", "Proofs.Autograd.Tape.Graph", "Proofs.Autograd.FiniteField.Run")
BEFORE = """@[expose] public section
def GF : Type := Nat
def Graph.eval : Nat := 0
namespace Twin
open Spec Shape Proofs.Autograd
noncomputable section
variable {α : Type} [ScalarOps α]
"""
LAKEFILE = """name = "Twin"
[leanOptions]
autoImplicit = false
"""


def test_no_name_of_an_author_costs_a_graph_its_certificate(embedded: Provider, tmp_path: Path) -> None:
    copy_library(IMPORTS, embedded, tmp_path)
    imports = "".join(f"public import {name}\n" for name in IMPORTS)
    graphs = "".join(f"def {name} {text}\n" for name, text in GRAPHS.items())
    graphs = graphs.replace("def folded", "@[irreducible] def folded")
    (tmp_path / "Twin.lean").write_text(f"module\n{imports}{BEFORE}{graphs}end\nend Twin\n", encoding="utf-8")
    libraries = ("Spec", "Proofs", "Twin")
    lakefile = LAKEFILE + "".join(
        f'[[lean_lib]]\nname = "{name}"\n' + ("" if name == "Twin" else f'globs = ["{name}.+"]\n')
        for name in libraries
    )
    (tmp_path / "lakefile.toml").write_text(lakefile)
    (tmp_path / "lean-toolchain").write_text("leanprover/lean4:v4.28.0\n")
    rows = (
        f'[[declaration]]\nname = "Twin.{name}"\nkind = "definition"\ngroup = "Twin"\ngraph = true\n'
        for name in GRAPHS
    )
    (tmp_path / "catalogue.toml").write_text("".join(rows), encoding="utf-8")
    report = open_project(tmp_path).verify(workers=1, unpinned=True)
    found = {graph.graph.lean_name: graph for graph in report.graphs if graph.graph is not None}
    assert set(found) == {f"Twin.{name}" for name in GRAPHS}
    for name, graph in found.items():
        assert graph.certification is not None, name
        assert graph.certification.outcome == "certified", (name, graph.certification.detail)
        assert graph.finite_field is not None, name
        assert graph.finite_field.outcome == "certified", (name, graph.finite_field.detail)
    assert report.verdict == "accepted", report.reason
