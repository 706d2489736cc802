"""Graphs written as Lean: names, dimensions, operands, arguments."""

from __future__ import annotations

import pytest

from lean_bridge.errors import DeclarationNotFound, UnsupportedTerm
from lean_bridge.extract.render import render_graph
from lean_bridge.olean.expr import BVar, Expr, LSucc, LZero, Pi, Sort
from pybind_models import DGraph, Dim, DimParam, Entry, MapParam, Node, ScalarParam, ShapeParam
from tests.lean_terms import PROP, Table, app, const, definition, pi

WIDTH = Dim.parse("H*(at + 1)")
NAMES = ("R", "inst✝", "at", "H", "ε", "W")


def op(name: str, *binders: str) -> str:
    """Return the name of an op among the declarations."""
    OPS[name] = pi(*binders, body=const("Proofs.Autograd.Op"))
    return name


OPS: dict[str, Expr] = {}
GRAPH = DGraph(
    lean_name="A.graph",
    dims=("at", "H"),
    scalars=("ε",),
    maps=("W",),
    context=(Entry(name="x", shape=(Dim.variable("at"), WIDTH)), Entry(name="s", shape=())),
    nodes=(
        Node(
            name="y",
            op="first",
            lean_op=op("Op.first", "n", "s", "proof"),
            operands=(1, 0),
            params={"n": DimParam(value=WIDTH), "s": ShapeParam(value=())},
            shape=(WIDTH,),
        ),
        Node(
            name="z\n#exit",
            op="second",
            lean_op=op("Op.second", "ε", "A"),
            operands=(),
            params={"ε": ScalarParam(name="ε"), "A": MapParam(name="W")},
            shape=(),
        ),
    ),
)


def declared(result: str, class_: Expr | None = None) -> Table:
    """Return the ops and a declaration of ``GRAPH`` that gives a ``result``."""
    type_ = app(const(f"Proofs.Autograd.{result}"), BVar(5))
    for name in reversed(NAMES[2:]):
        type_ = Pi(name, PROP, type_, "implicit")
    type_ = Pi("inst✝", class_ or app(const("Scalars"), BVar(0)), type_, "instImplicit")
    type_ = Pi("R", Sort(LSucc(LZero())), type_, "implicit")
    return Table(
        [definition("A.graph", PROP, type_), *(definition(name, PROP, type_) for name, type_ in OPS.items())]
    )


def test_definition() -> None:
    lines = render_graph(GRAPH, declared("Graph")).text.splitlines()
    assert lines[0] == "namespace LeanBridge.Certified.A.graph"
    assert lines[3:9] == [
        "noncomputable def extracted {R : Type} [_root_.Proofs.Autograd.ScalarOps R] («at» H : _root_.Nat) "
        "(ε : R) (W : _) :=",
        "  _root_.Proofs.Autograd.Graph.nil (R := R) (Γ := [.mat «at» (H*(«at» + 1)), .scalar])",
        "    |>.snoc (ss := []) (τ := .vec (H*(«at» + 1))) -- y",
        "      ⟨_, _root_.Op.first (n := H*(«at» + 1)) (s := .scalar) "
        "(«proof» := by grind [_root_.Spec.Shape.size]), .cons (.pos 1 rfl) <| .cons (.pos 0 rfl) <| .nil⟩",
        "    |>.snoc (ss := [.vec (H*(«at» + 1))]) (τ := .scalar)",
        "      ⟨_, _root_.Op.second (ε := ε) (A := W), .nil⟩",
    ]
    assert lines[-1] == "end LeanBridge.Certified.A.graph"


@pytest.mark.parametrize(("result", "left"), [("Graph", "{}"), ("DGraph", "({}).g")])
def test_theorem(result: str, left: str) -> None:
    lines = render_graph(GRAPH, declared(result)).text.splitlines()
    declaration = left.format("@_root_.A.graph R a1 «at» H ε W")
    assert lines[10:13] == [
        "theorem declared_eq_extracted (R : _) [a1 : _root_.Scalars R] («at» : _) (H : _) (ε : _) (W : _) :",
        f"    {declaration} = extracted «at» H ε W := by",
        "  with_unfolding_all exact rfl",
    ]


def test_names_that_are_generated_are_none_of_the_authors() -> None:
    """The scalars' type, what has no name, and the definition itself give way to what the graph takes."""
    names = ("α", "inst✝", "a✝", "a✝", "R", "a1", "extracted", "_")
    type_ = app(const("Proofs.Autograd.Graph"), BVar(7))
    for name in reversed(names[2:]):
        type_ = Pi(name, PROP, type_, "default")
    type_ = Pi("inst✝", app(const("Scalars"), BVar(0)), type_, "instImplicit")
    type_ = Pi("α", Sort(LSucc(LZero())), type_, "implicit")
    graph = GRAPH.replaced(
        lean_name="A.«g-/h/-»", dims=("R", "a1", "extracted", "_"), scalars=(), maps=(), context=(), nodes=()
    )
    text = render_graph(graph, Table([definition(graph.lean_name, PROP, type_)])).text
    lines = text.splitlines()
    assert lines[2].startswith("/--")
    assert "g-/h/-" not in lines[2]
    assert lines[3] == (
        "noncomputable def extracted {R' : Type} [_root_.Proofs.Autograd.ScalarOps R'] "
        "(R a1 «extracted» «_» : _root_.Nat) :="
    )
    assert lines[4] == "  _root_.Proofs.Autograd.Graph.nil (R := R') (Γ := [])"
    assert lines[6:8] == [
        "theorem declared_eq_extracted (α : _) [a1' : _root_.Scalars α] (a2 : _) (a3 : _) (R : _) (a1 : _) "
        "(a6 : _) («_» : _) :",
        "    @_root_.A.«g-/h/-» α a1' a2 a3 R a1 a6 «_» = extracted R a1 a6 «_» := by",
    ]
    with pytest.raises(UnsupportedTerm, match="expected one argument called k, found 0"):
        render_graph(graph.replaced(dims=("k",)), Table([definition(graph.lean_name, PROP, type_)]))


def test_what_cannot_be_written_is_declined() -> None:
    with pytest.raises(UnsupportedTerm, match=r"plain identifier, found x\.y"):
        render_graph(GRAPH.replaced(scalars=("x.y",)), declared("Graph"))
    with pytest.raises(UnsupportedTerm, match="ends in"):
        render_graph(GRAPH, declared("Node"))
    with pytest.raises(UnsupportedTerm, match="instance arguments"):
        render_graph(GRAPH, declared("Graph", app(const("Scalars"), const("Nat"))))
    with pytest.raises(DeclarationNotFound, match=r"A\.graph is not defined"):
        render_graph(GRAPH, Table([definition(name, PROP, type_) for name, type_ in OPS.items()]))
    with pytest.raises(DeclarationNotFound, match=r"Op\.first is not defined"):
        render_graph(GRAPH, Table([definition("A.graph", PROP)]))


def test_shapes_of_any_rank() -> None:
    axes = [
        Entry(name=f"x{rank}", shape=(WIDTH, *(Dim.variable("H"),) * (rank - 1))) for rank in (1, 3, 4, 5)
    ]
    text = render_graph(GRAPH.replaced(context=tuple(axes)), declared("Graph")).text
    width = "(H*(«at» + 1))"
    assert (
        f"(Γ := [.vec {width}, .cube {width} H H, .dim {width} (.cube H H H), "
        f".dim {width} (.dim H (.cube H H H))])" in text
    )
