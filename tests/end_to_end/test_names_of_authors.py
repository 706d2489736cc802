"""Graphs are certified whatever their authors call them and what they take: generated names give way."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from lean_bridge.errors import UnsupportedTerm
from lean_bridge.project import Project, open_project
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
class Never (α : Type) : Type where
  no : False
variable {α : Type} [ScalarOps α]
"""
LAKEFILE = """name = "Twin"
[leanOptions]
autoImplicit = false
"""


ASSUMING = {
    "byAProof": "(n : Nat) (_h : n < n)",
    "byAClass": "(n : Nat) [NeZero (n - n)]",
    "byAnOwnClass": "[Never α] (n : Nat)",
    "byAStructure": "(n : Nat) (_h : Never α)",
    "byASubtype": "(n : Nat) (_h : {m : Nat // n < n})",
    "byABound": "(n : Nat) (_h : Fin n)",
    "byNothing": "(n : Nat) (_h : Nat → Empty)",
    "byEverything": "(n : Nat) (_h : ∀ α : Prop, α)",
    "byAnyType": "(n : Nat) (_h : (α : Type) → α)",
    "byAContradiction": "(n : Nat) (P : Prop) (_p : P) (_q : ¬P)",
    "byADecision": "(n : Nat) (_h : if n < n + 1 then n < n else True)",
}


def library(root: Path, embedded: Provider, graphs: Mapping[str, str]) -> Project:
    """Return a library of graphs, each a graph of the catalogue."""
    copy_library(IMPORTS, embedded, root)
    imports = "".join(f"public import {name}\n" for name in IMPORTS)
    text = "".join(f"def {name} {text}\n" for name, text in graphs.items())
    text = text.replace("def folded", "@[irreducible] def folded")
    (root / "Twin.lean").write_text(f"module\n{imports}{BEFORE}{text}end\nend Twin\n", encoding="utf-8")
    libraries = ("Spec", "Proofs", "Twin")
    lakefile = LAKEFILE + "".join(
        f'[[lean_lib]]\nname = "{name}"\n' + ("" if name == "Twin" else f'globs = ["{name}.+"]\n')
        for name in libraries
    )
    (root / "lakefile.toml").write_text(lakefile)
    (root / "lean-toolchain").write_text("leanprover/lean4:v4.28.0\n")
    rows = (
        f'[[declaration]]\nname = "Twin.{name}"\nkind = "definition"\ngroup = "Twin"\ngraph = true\n'
        for name in graphs
    )
    (root / "catalogue.toml").write_text("".join(rows), encoding="utf-8")
    return open_project(root)


def test_a_graph_that_takes_what_may_not_be_had_is_not_run(embedded: Provider, tmp_path: Path) -> None:
    taking = {
        name: f"{takes} : Graph α [vec n, vec n] [vec n] := {SUBTRACTION}" for name, takes in ASSUMING.items()
    }
    project = library(tmp_path, embedded, taking)
    for name in ASSUMING:
        with pytest.raises(UnsupportedTerm, match=f"Twin.{name}: assumes ") as refused:
            project.extract(name, allow_uncertified=True)
        assert refused.value.exit_code == 2


@pytest.mark.full
def test_no_name_of_an_author_costs_a_graph_its_certificate(embedded: Provider, tmp_path: Path) -> None:
    report = library(tmp_path, embedded, GRAPHS).verify(workers=1, unpinned=True)
    found = {graph.graph.lean_name: graph for graph in report.graphs if graph.graph is not None}
    assert set(found) == {f"Twin.{name}" for name in GRAPHS}
    for name, graph in found.items():
        assert graph.certification is not None, name
        assert graph.certification.outcome == "certified", (name, graph.certification.detail)
        assert graph.finite_field is not None, name
        assert graph.finite_field.outcome == "certified", (name, graph.finite_field.detail)
    assert report.verdict == "accepted", report.reason
