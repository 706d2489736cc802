"""A library in upstream's own words: graphs are recognised by name, run, and are never green.

``tests/upstream`` declares the names with upstream's argument orders; none of its heads computes anything.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from lean_bridge.audit.manifest import write_manifest
from lean_bridge.cli import app
from lean_bridge.errors import BindingError, LeanBridgeError, NotPinned
from lean_bridge.project import Project, open_project
from lean_bridge.toolchain.provider import Provider
from pybind_models import ConstantParam, DGraph, Dim, ScalarParam

pytestmark = pytest.mark.lean

PACKAGE = Path(__file__).parents[1] / "upstream"
PREFIX = "Proofs.Autograd."
ATTENTION = "MultiHeadAttention.mhaDGraph"
RESIDUAL = "Transformer.mhaResidualDGraph"
ENCODER = "Transformer.encoderBlockGraph"
GRAPHS = (ATTENTION, RESIDUAL, ENCODER)
SINGLE = (
    "appended",
    "cast",
    "linear",
    "subtracted",
    "inverted",
    "rotated",
    "reindexed",
    "shiftedTwice",
    "otherSum",
    "otherOne",
    "closure",
    "assuming",
)

ROWS = [
    ("TapeNodes.matmul", (0, 1), "n H*D"),
    ("TapeNodes.ShapeOps.reshape", (5,), "H n D"),
    ("TapeNodes.matmul", (0, 2), "n H*D"),
    ("TapeNodes.ShapeOps.reshape", (7,), "H n D"),
    ("TapeNodes.ShapeOps.transpose3dLastTwo", (8,), "H D n"),
    ("TapeNodes.matmul", (0, 3), "n H*D"),
    ("TapeNodes.ShapeOps.reshape", (10,), "H n D"),
    ("TapeNodes.Batched.matmul", (6, 9), "H n n"),
    ("TapeNodes.scale", (12,), "H n n"),
    ("TapeNodes.Batched.softmaxLast", (13,), "H n n"),
    ("TapeNodes.Batched.matmul", (14, 11), "H n D"),
    ("TapeNodes.ShapeOps.swapFirstTwo3d", (15,), "n H D"),
    ("TapeNodes.ShapeOps.reshape", (16,), "n H*D"),
    ("TapeNodes.matmul", (17, 4), "n d"),
    ("TapeNodes.add", (0, 18), "n d"),
]
BEHIND = [
    ("LayerNorm.wholeNode", (23, 5, 6), "n d"),
    ("TapeNodes.affine", (24,), "n F"),
    ("TapeNodes.gelu", (25,), "n F"),
    ("TapeNodes.affine", (26,), "n d"),
    ("TapeNodes.add", (24, 27), "n d"),
    ("LayerNorm.wholeNode", (28, 7, 8), "n d"),
]
EXPECTED = {
    ATTENTION: ROWS[:14],
    RESIDUAL: ROWS,
    ENCODER: [(head, tuple(at + 4 * (at > 4) for at in operands), s) for head, operands, s in ROWS] + BEHIND,
}
ALTERED = """\
module
public import Upstream.Nodes
@[expose] public noncomputable section
namespace Proofs.Autograd.Single
open Spec TapeNodes
variable {m n : Nat}
def linearDGraph (L : ContinuousLinearMap Real (Vec n) (Vec m)) : DGraph [vec n] [vec m] :=
  DGraph.nil.snoc (linear (inDim := n) (outDim := m) (.pos 0 rfl) L) (Node.fderiv _)
def invertedDGraph : DGraph [vec n] [vec n] := DGraph.nil.snoc (inv (s := vec n) (.pos 0 rfl)) (Node.fderiv _)
def subtractedDGraph : DGraph [vec n, vec n] [vec n] :=
  DGraph.nil.snoc (sub (s := vec n) (.pos 0 rfl) (.pos 1 rfl)) (Node.fderiv _)
def averagedDGraph : DGraph [mat m n] [vec m] :=
  DGraph.nil.snoc (rowMean (n := n) (.pos 0 rfl)) (Node.fderiv _)
def normedDGraph (ε : Real) : DGraph [mat m n, vec n, vec n] [mat m n] :=
  DGraph.nil.snoc (LayerNorm.wholeNode ⟨.pos 0 rfl, .pos 1 rfl, .pos 2 rfl⟩ ε) (Node.fderiv _)
def multipliedDGraph : DGraph [mat m n, vec n, vec n] [vec n] :=
  DGraph.nil.snoc (TapeNodes.mul (s := vec n) (.pos 0 rfl) (.pos 1 rfl)) (Node.fderiv _)
def mappedDGraph (L : ContinuousLinearMap Real (Vec (vec m).size) (Vec (vec n).size)) (b : Vec (vec n).size) :
    DGraph [vec n] [vec m] :=
  DGraph.nil.snoc (affine (sIn := vec n) (sOut := vec m) (.pos 0 rfl) L b) (Node.fderiv _)
def twoDGraph : DGraph [vec n, vec n] [vec n] :=
  DGraph.nil.snoc (add (s := vec n) (.pos 0 rfl) (.pos 1 rfl)) (Node.fderiv _)
def weakenedDGraph : DGraph [vec n, vec n, vec n] [vec n] := twoDGraph.weakenContext [vec n]
def movedDGraph : DGraph [vec n, vec n, mat m n] [vec n] :=
  DGraph.nil.snoc (DGraph.castNodeContext (Γ₁ := [vec n, mat m n, vec n]) trivial
    (add (s := vec n) (.pos 0 rfl) (.pos 2 rfl))) (Node.fderiv _)
"""
LETTERS = {"n": "n", "d": "dModel", "H": "numHeads", "D": "headDim", "F": "dFF"}


def written(root: Path, names: tuple[str, ...], edits: Mapping[str, tuple[str, str]]) -> Project:
    """Return a copy of the package, edited, with a catalogue of graphs and one theorem."""
    shutil.copytree(PACKAGE, root)
    for file, (before, after) in edits.items():
        path = root / "Upstream" / f"{file.partition(' ')[0]}.lean"
        text = path.read_text(encoding="utf-8")
        assert text.count(before) == 1, before
        path.write_text(text.replace(before, after), encoding="utf-8")
    catalogue(root, names, "a")
    return open_project(root)


def catalogue(root: Path, names: Iterable[str], mode: str) -> None:
    """Write single graphs into the catalogue of a package, behind what is there or in its place."""
    row = '\n[[declaration]]\nname = "{}"\nkind = "definition"\ngroup = "Single"\ngraph = true\n'
    with (root / "catalogue.toml").open(mode, encoding="utf-8") as file:
        file.writelines(row.format(f"{PREFIX}Single.{name}DGraph") for name in names)


@pytest.fixture(scope="module")
def project(embedded: Provider, tmp_path_factory: pytest.TempPathFactory) -> Project:
    assert embedded.library.is_dir()
    return written(tmp_path_factory.mktemp("upstream") / "package", SINGLE, {})


def typed(project: Project, command: str, *options: str) -> Result:
    return CliRunner().invoke(app, [command, *options, "--project", str(project.root)])


def refused(result: Result) -> str:
    """Return why a command has no verdict, in one line, with nothing shown."""
    assert result.stdout == ""
    assert isinstance(result.exception, LeanBridgeError)
    assert result.exception.exit_code == 2
    return str(result.exception)


def graph_of(project: Project, name: str) -> DGraph:
    return project.extract(name, allow_uncertified=True)


def shape(text: str, letters: Mapping[str, str]) -> tuple[Dim, ...]:
    return tuple(Dim.parse("*".join(letters[each] for each in axis.split("*"))) for axis in text.split())


@pytest.mark.parametrize("name", GRAPHS)
def test_three_graphs_row_by_row(project: Project, name: str) -> None:
    graph = graph_of(project, name)
    letters = LETTERS | ({"n": "seqLen"} if name == ENCODER else {})
    assert graph.dims == tuple(letters[each] for each in ("ndHDF" if name == ENCODER else "ndHD"))
    inputs = ["n d", *["d H*D"] * 3, "H*D d", *(["d"] * 4 if name == ENCODER else [])]
    assert [entry.shape for entry in graph.context] == [shape(text, letters) for text in inputs]
    found = [(node.recognised, node.operands, node.shape) for node in graph.nodes]
    expected = EXPECTED[name]
    assert found == [(PREFIX + head, operands, shape(text, letters)) for head, operands, text in expected]
    scaled = next(node for node in graph.nodes if node.op == "scale")
    assert scaled.params["c"] == ScalarParam(name="c")
    if name == ENCODER:
        assert graph.scalars == ("c", "ε₁", "ε₂")
        assert graph.maps == ("fc1", "b1", "fc2", "b2")
        norm1, pre, act, *_, norm2 = graph.nodes[15:]
        assert norm1.params["ε"] == ScalarParam(name="ε₁")
        assert norm2.params["ε"] == ScalarParam(name="ε₂")
        assert [pre.params[each].model_dump()["name"] for each in "Ab"] == ["fc1", "b1"]
        assert act.params["κ"] == ConstantParam(name="√(2/π)")  # nobody can give another one
    assert {entry.name for entry in graph.entries} >= {"x", "Wq", "Qheads", "out"}
    assert DGraph.model_validate_json(graph.model_dump_json()) == graph


def test_the_other_heads_and_what_stands_around_them(project: Project) -> None:
    """A normalisation from its parts, behind ``append`` with its casts; a name of a module's own unfolds."""
    graph = graph_of(project, "Single.appendedDGraph")
    assert [(node.op, node.operands) for node in graph.nodes] == [
        ("rowMean", (0,)),
        ("broadcastRow", (3,)),
        ("sub", (0, 4)),
        ("mul", (5, 5)),
        ("rowMean", (6,)),
        ("addConst", (7,)),
        ("sqrtClamp", (8,)),
        ("inv", (9,)),
        ("broadcastRow", (10,)),
        ("mul", (5, 11)),
        ("broadcastCol", (1,)),
        ("mul", (12, 13)),
        ("broadcastCol", (2,)),
        ("add", (14, 15)),
    ]
    assert graph.nodes[5].params["ε"] == ScalarParam(name="ε")
    assert graph.nodes[5].recognised == f"{PREFIX}TapeNodes.elemwise"
    rng = np.random.default_rng(0)
    x, gamma, beta = rng.uniform(-1, 1, (3, 4)), rng.uniform(-1, 1, 4), rng.uniform(-1, 1, 4)
    runnable = project.graph("Single.appendedDGraph", allow_uncertified=True).bind(m=3, n=4)
    inputs = {"entry0": x, "entry1": gamma, "entry2": beta}
    made = runnable.interpret(ε=1e-3).forward(inputs)
    centered = x - x.mean(axis=1, keepdims=True)
    normed = centered / np.sqrt((centered**2).mean(axis=1, keepdims=True) + 1e-3)
    np.testing.assert_allclose(made[-1], normed * gamma + beta, rtol=1e-12)


def test_casts_move_nothing(project: Project) -> None:
    """Along contexts, shapes and types of graphs, as ``▸``, ``simpa``, ``cast`` and ``Eq.mpr`` make them."""
    graph = graph_of(project, "Single.castDGraph")
    found = [(node.op, node.operands) for node in graph.nodes]
    assert found == [("matmul", (0, 1)), ("add", (2, 2)), ("scale", (3,)), ("matmul", (1, 0))]


def test_a_linear_map_has_no_bias_and_gelu_its_own_constant(project: Project) -> None:
    linear = project.graph("Single.linearDGraph", allow_uncertified=True)
    assert linear.model.maps == ("L",)
    weights = np.arange(6.0).reshape(2, 3)
    made = linear.bind(n=3, m=2).compile(L=weights).forward({"entry0": np.array([1.0, 2.0, 4.0])})
    np.testing.assert_array_equal(made[-1], weights @ [1.0, 2.0, 4.0])
    encoder = project.graph(ENCODER, allow_uncertified=True)
    assert "κ" not in encoder.model.scalars
    bound = encoder.bind(seqLen=1, dModel=1, numHeads=1, headDim=1, dFF=1)
    with pytest.raises(BindingError, match="scalar κ"):
        bound.scalars({"c": 1.0, "ε₁": 1.0, "ε₂": 1.0, "κ": 2.0})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rotated", "unknown head Proofs.Autograd.TapeNodes.rotate, which unfolds to "),
        (
            "reindexed",
            "unknown head Proofs.Autograd.TapeNodes.ShapeOps.reindex, which unfolds to "
            "Proofs.Autograd.Node.ofFn (of the upstream with DirectReshapeAttention, of which the table has "
            "no heads): a node is known",
        ),
        ("shiftedTwice", "TapeNodes.elemwise, argument 4 (ε): expected the function fun z => z + ε"),
        (
            "otherSum",
            "TapeNodes.elemwise, argument 4 (ε): expected the real numbers' own instance, Real.instAdd or "
            "instAddReal, found Proofs.Autograd.Single.firstOf; the table of heads knows none of this name "
            "with another instance",
        ),
        ("otherOne", "instOfNatReal, found Proofs.Autograd.Single.two; the table of heads knows none of"),
        ("closure", "unknown head Proofs.Autograd.Node.nothing, which unfolds to Proofs.Autograd.Node.ofVec"),
        ("assuming", "assumes Eq applied to 3 arguments (_h)"),
    ],
)
def test_what_is_not_known_is_refused_by_name_where_it_stands(
    project: Project, name: str, expected: str
) -> None:
    said = refused(typed(project, "graph", f"Single.{name}DGraph", "--allow-uncertified"))
    assert expected in said
    lines = (project.root / "Upstream" / "Graphs.lean").read_text(encoding="utf-8").splitlines()
    starts = next(
        at for at, line in enumerate(lines) if line.startswith(f"def {name}DGraph")
    )  # at its comment
    assert said.startswith(f"Upstream/Graphs.lean:{starts}: Proofs.Autograd.Single.{name}DGraph")


def test_a_head_of_another_type_is_no_head(embedded: Provider, tmp_path: Path) -> None:
    """Of the right name, with arguments in another order, of another number or era, or without a body."""
    assert embedded.library.is_dir()
    edits = {
        "Nodes order": ("def linear {inDim outDim : Nat}", "def linear {outDim inDim : Nat}"),
        "Nodes number": (
            "def inv {s : Shape} (_idx : Idx Γ s)",
            "def inv {s : Shape} (_idx : Idx Γ s) (_c : Real := 1)",
        ),
        "Nodes body": (
            "def sub {s : Shape} (_a _b : Idx Γ s) : Node Γ s := .nothing",
            "axiom sub {s : Shape} (_a _b : Idx Γ s) : Node Γ s",
        ),
        "Nodes era": (
            "def rowMean {m n : Nat} (_idx : Idx Γ (mat m n))",
            "def rowMean {m n : Nat} (_idx : Proofs.Idx Γ (mat m n))",
        ),
        "Nodes fields": (
            "  gamma : Idx Γ (vec n)\n  /-- What is added. -/\n  beta :",
            "  beta : Idx Γ (vec n)\n  /-- What is added. -/\n  gamma :",
        ),
        "Nodes context": ("mul {s : Shape} (_a _b : Idx Γ s)", "mul {s : Shape} (_a _b : Idx Γ.reverse s)"),
        "Nodes map": (
            "(_A : Vec sIn.size →L[ℝ] Vec sOut.size)\n    (_b : Vec sOut.size)",
            "(_A : Vec sOut.size →L[ℝ] Vec sIn.size) (_b : Vec sIn.size)",
        ),
        "Basics contexts": ("weakenNodeMiddle {Γ extra ss :", "weakenNodeMiddle {extra Γ ss :"),
        "Basics cast": ("(_ : Γ₁ = Γ₂) (_ : Node Γ₁ τ)", "(_ : True) (_ : Node Γ₁ τ)"),
        "Basics append": ("castNodeContext (List.append_assoc ..)", "castNodeContext trivial"),
    }
    altered = written(tmp_path / "package", (), edits)
    (altered.root / "Upstream" / "Casts.lean").unlink()
    (altered.root / "Upstream" / "Graphs.lean").write_text(ALTERED, encoding="utf-8")
    names = re.findall(r"^def (\w+)DGraph", ALTERED, re.MULTILINE)
    catalogue(altered.root, names, "w")
    altered = open_project(altered.root)
    for name, expected in (
        ("linear", "TapeNodes.linear, argument 4 (idx): expected an operand of m, found n"),
        ("inverted", "TapeNodes.inv: expected 3 arguments, found 4"),
        ("subtracted", "TapeNodes.sub: expected a definition, found axiom"),
        (
            "averaged",
            "TapeNodes.rowMean, argument 4 (idx): expected an operand, found Proofs.Idx applied to 2 "
            "arguments (of the upstream with DirectReshapeAttention, of which the table has no heads)",
        ),
        ("normed", "(inputs), argument 5 (gamma): expected an operand called gamma, found beta"),
        ("multiplied", "argument 3 (a): expected an operand in Γ, found one in [n, n, m×n]"),
        ("mapped", "argument 5 (A): expected a map of n → m, found m*1 → n*1"),
        ("weakened", "argument 5 (node): expected a node in Γ ++ ss, found one in [n, n]"),
        ("moved", "argument 5 (node): expected a node in Γ₂, found one in [n, m×n, n]"),
    ):
        with pytest.raises(LeanBridgeError, match="the table of heads knows none of this name") as found:
            graph_of(altered, f"Single.{name}DGraph")
        assert expected in str(found.value)
        assert found.value.exit_code == 2


def test_commands_refuse_what_is_recognised_by_name_or_say_so(project: Project) -> None:
    said = refused(typed(project, "graph", ENCODER))
    assert "has no standing: recognised by name: 11 heads" in said
    assert "(LB309); give --allow-uncertified" in said
    shown = typed(project, "graph", ENCODER, "--allow-uncertified")
    assert shown.exit_code == 0
    assert "uncertified: recognised by name: 11 heads" in shown.stdout
    assert "layerNorm ≟" in shown.stdout
    kept = typed(project, "graph", ENCODER, "--allow-uncertified", "-f", "json")
    told = json.loads(kept.stdout)
    assert (told["standing"]["status"], told["standing"]["code"]) == ("rejected", "LB309")
    assert all(node["recognised"].startswith(PREFIX) for node in told["nodes"])
    lean = refused(typed(project, "graph", ENCODER, "--allow-uncertified", "-f", "lean"))
    assert "recognised by name" in lean
    dims = ("--dims", "seqLen=3,dModel=4,numHeads=2,headDim=2,dFF=5", "--set", "c=0.5,eps1=1e-5,eps2=1e-3")
    ran = typed(project, "run", ENCODER, "--allow-uncertified", *dims, "--random", "1")
    assert ran.exit_code == 2
    assert "norm2" in ran.stdout
    assert "uncertified: recognised by name" in ran.stdout


def test_numbers_are_pytorchs_but_for_the_head_split(project: Project) -> None:
    pytest.importorskip("torch")
    done = typed(project, "crosscheck", ENCODER, "--allow-uncertified", "-f", "json")
    assert done.exit_code == 2
    checks = {each["name"]: each for each in json.loads(done.stdout)["checks"]}
    assert {each["outcome"] for each in checks.values()} == {"passed"}
    assert "against nn.TransformerEncoderLayer" in checks["PyTorch"]["detail"]
    assert checks["PyTorch"]["detail"].endswith("at H = 1")
    assert checks["PyTorch"]["note"].startswith("its bare-reshape head split differs from PyTorch: ")


@pytest.mark.full
def test_no_verdict_says_recognised_by_name_and_pins_hold_what_heads_mean(
    embedded: Provider, tmp_path: Path
) -> None:
    """Its heads compute nothing under names of ops: no row is green, however the package is pinned."""
    assert embedded.library.is_dir()
    project = written(tmp_path / "package", ("rotated",), {})
    with pytest.raises(LeanBridgeError, match="unknown head"):
        project.pin()
    catalogue = project.root / "catalogue.toml"
    catalogue.write_bytes((PACKAGE / "catalogue.toml").read_bytes())
    pinned = open_project(project.root)
    write_manifest(pinned.root, pinned.pin())
    report = open_project(project.root).verify(workers=1)
    assert (report.verdict, report.code) == ("no verdict", "LB309")
    assert {each.pin.outcome for each in report.declarations if each.pin is not None} == {"matches"}
    assert {(each.status, each.code) for each in report.declarations} == {("no verdict", "LB309")}
    assert len(report.graphs) == 3
    for graph in report.graphs:
        assert (graph.status, graph.code, graph.certified) == ("no verdict", "LB309", False)
        assert "recognised by name" in str(graph.reason)
        agreeing = {"status": "agrees", "reason": None, "code": None}
        with pytest.raises(ValueError, match="agreement takes"):
            graph.replaced(**agreeing)
    with pytest.raises(NotPinned, match="recognised by name"):
        pinned.read_graph(ATTENTION)
    nodes = pinned.root / "Upstream" / "Nodes.lean"
    text = nodes.read_text(encoding="utf-8")
    head = "def scale {s : Shape} (_idx : Idx Γ s) (_c : ℝ) : Node Γ s := "
    assert text.count(f"{head}.nothing") == 1
    means = f"{head}DGraph.castNodeContext rfl .nothing"
    nodes.write_text(text.replace(f"{head}.nothing", means), encoding="utf-8")
    drifted = open_project(project.root).check_pins()
    assert {pin.outcome for name, (pin, _) in drifted.items() if name.endswith("Graph")} == {"drifted"}
    _, standing = open_project(project.root).read_graph(ATTENTION, allow_uncertified=True)
    assert (standing.status, standing.code) == ("rejected", "LB211")
