"""Graphs read from the compiled library equal the tables they were declared from."""

from __future__ import annotations

from pathlib import Path

import pytest

from lean_bridge.errors import GraphError, UnsupportedOp, UnsupportedTerm
from lean_bridge.executor.rules.table import PRIMITIVES
from lean_bridge.extract.symbolic import extract_graph
from lean_bridge.olean.environment import Environment
from lean_bridge.project import Project, open_project
from lean_bridge.toolchain.provider import Job, Provider
from pybind_models import ArrayParam, Dim, ScalarParam
from tests.unit.executor.cross_attention import cross_attention
from tests.unit.executor.graphs import gpt_block, llama_block, perceptron, rms_norm

pytestmark = pytest.mark.lean

CHECKOUT = Path(__file__).parents[2]
PREFIX = "Proofs.Autograd"

CONTEXT = [
    ("x", "n dModel"),
    ("Wq", "dModel numHeads*headDim"),
    ("Wk", "dModel numHeads*headDim"),
    ("Wv", "dModel numHeads*headDim"),
    ("Wo", "numHeads*headDim dModel"),
]
ATTENTION = [
    ("Qbig", "matmul", (0, 1), "n numHeads*headDim"),
    ("Qheads", "SPLIT", (5,), "numHeads n headDim"),
    ("Kbig", "matmul", (0, 2), "n numHeads*headDim"),
    ("Kheads", "SPLIT", (7,), "numHeads n headDim"),
    ("Kt", "transposeLast2", (8,), "numHeads headDim n"),
    ("Vbig", "matmul", (0, 3), "n numHeads*headDim"),
    ("Vheads", "SPLIT", (10,), "numHeads n headDim"),
    ("scores", "bmatmul", (6, 9), "numHeads n n"),
    ("scaled", "scale", (12,), "numHeads n n"),
    ("probs", "softmaxLast", (13,), "numHeads n n"),
    ("headOut", "bmatmul", (14, 11), "numHeads n headDim"),
    ("swapped", "swap01", (15,), "n numHeads headDim"),
    ("concat", "reshape", (16,), "n numHeads*headDim"),
    ("out", "matmul", (17, 4), "n dModel"),
]
RESIDUAL = [*ATTENTION, ("residual", "add", (0, 18), "n dModel")]


def shape(text: str) -> tuple[Dim, ...]:
    return tuple(map(Dim.parse, text.split()))


@pytest.fixture(scope="module")
def project(embedded: Provider) -> Project:
    assert embedded.library.is_dir()
    return open_project(CHECKOUT)


@pytest.mark.parametrize(
    ("name", "split", "rows"),
    [
        ("MultiHeadAttention.mhaDGraph", "splitHeads", ATTENTION),
        ("MultiHeadAttention.mhaBareReshapeDGraph", "reshape", ATTENTION),
        ("Transformer.mhaResidualDGraph", "splitHeads", RESIDUAL),
        ("Transformer.mhaResidualBareReshapeDGraph", "reshape", RESIDUAL),
    ],
)
def test_attention_row_by_row(
    project: Project, name: str, split: str, rows: list[tuple[str, str, tuple[int, ...], str]]
) -> None:
    graph = project.extract(name)
    assert graph.dims == ("n", "dModel", "numHeads", "headDim")
    assert graph.scalars == ("c",)
    assert [(entry.name, entry.shape) for entry in graph.context] == [(n, shape(s)) for n, s in CONTEXT]
    expected = [(n, split if op == "SPLIT" else op, operands, shape(s)) for n, op, operands, s in rows]
    assert [(node.name, node.op, node.operands, node.shape) for node in graph.nodes] == expected
    assert str(graph.nodes[0].shape[1]) == "numHeads*headDim"  # as declared; equality knows no order
    assert graph.nodes[8].params["c"] == ScalarParam(name="c")
    assert all(node.lean_op == PRIMITIVES[node.op].lean_name for node in graph.nodes)


LAYER_NORM = [
    ("rowMean", (0,), "m"),
    ("broadcastRow", (3,), "m n"),
    ("sub", (0, 4), "m n"),
    ("mul", (5, 5), "m n"),
    ("rowMean", (6,), "m"),
    ("addConst", (7,), "m"),
    ("sqrtClamp", (8,), "m"),
    ("inv", (9,), "m"),
    ("broadcastRow", (10,), "m n"),
    ("mul", (5, 11), "m n"),
    ("broadcastCol", (1,), "m n"),
    ("mul", (12, 13), "m n"),
    ("broadcastCol", (2,), "m n"),
    ("add", (14, 15), "m n"),
]


def test_layer_norm_row_by_row(project: Project) -> None:
    graph = project.extract("layerNormGraph")
    assert [entry.shape for entry in graph.context] == [shape("m n"), shape("n"), shape("n")]
    found = [(node.op, node.operands, node.shape) for node in graph.nodes]
    assert found == [(op, operands, shape(text)) for op, operands, text in LAYER_NORM]
    assert graph.scalars == ("ε",)


def test_a_perceptron_and_its_loss_row_by_row(project: Project) -> None:
    graph, expected = project.extract("mlpMseDGraph"), perceptron()
    assert graph.dims == ("n", "dIn", "dHidden", "dOut")
    assert (graph.context, graph.nodes) == (expected.context, expected.nodes)
    assert (graph.scalars, graph.maps) == ((), ())
    assert graph.nodes[-1].shape == ()


def test_root_mean_square_normalisation_row_by_row(project: Project) -> None:
    graph, expected = project.extract("rmsNormGraph"), rms_norm()
    assert (graph.dims, graph.scalars, graph.maps) == (("m", "n"), ("ε",), ())
    assert (graph.context, graph.nodes) == (expected.context, expected.nodes)


FEED_FORWARD = [
    ("affine", (24,), "seqLen dFF"),
    ("gelu", (25,), "seqLen dFF"),
    ("affine", (26,), "seqLen dModel"),
    ("add", (24, 27), "seqLen dModel"),
]


@pytest.mark.parametrize(
    ("name", "split"), [("encoderBlockGraph", "splitHeads"), ("encoderBlockBareReshapeGraph", "reshape")]
)
def test_encoder_block_row_by_row(project: Project, name: str, split: str) -> None:
    """Attention moves up by the four normalisation parameters; 9 inputs and 21 nodes in all."""
    graph = project.extract(name)
    assert [entry.name for entry in graph.context] == ["x", "Wq", "Wk", "Wv", "Wo", "γ₁", "β₁", "γ₂", "β₂"]
    attention = [
        (
            split if op == "SPLIT" else op,
            tuple(i if i < 5 else i + 4 for i in operands),
            " ".join("seqLen" if dim == "n" else dim for dim in text.split()),
        )
        for _, op, operands, text in RESIDUAL
    ]
    norm1 = ("layerNorm", (23, 5, 6), "seqLen dModel")
    norm2 = ("layerNorm", (28, 7, 8), "seqLen dModel")
    expected = [
        (op, operands, shape(text)) for op, operands, text in [*attention, norm1, *FEED_FORWARD, norm2]
    ]
    assert [(node.op, node.operands, node.shape) for node in graph.nodes] == expected
    assert len(graph.entries) == 30
    assert graph.maps == ("fc1", "b1", "fc2", "b2")
    assert [graph.nodes[i].params["ε"] for i in (15, 20)] == [ScalarParam(name="ε₁"), ScalarParam(name="ε₂")]


PROBE = """
module

public import Proofs.Autograd.Graphs.ResidualAttention

@[expose] public section

namespace Probe

open Spec Proofs.Autograd MultiHeadAttention Transformer

noncomputable section

variable {R : Type} [ScalarOps R] {n d H D : Nat}

def weakened (c : R) : Graph R (ΓMHA n d H D ++ [Shape.vec d, Shape.vec d]) (ssMHA n d H D) :=
  (mhaGraph c).weakenContext [Shape.vec d, Shape.vec d]

def twice (c : R) : Graph R [Shape.mat n d] ([Shape.mat n d] ++ [Shape.mat n d]) :=
  Graph.append (ss₂ := [Shape.mat n d]) (Graph.snoc .nil (TapeNodes.scale (.pos 0 rfl) c))
    (Graph.snoc .nil (TapeNodes.add (.pos 1 rfl) (.pos 0 rfl)))

def badlyNamed (c : R) : Graph R [Shape.mat n d] [Shape.mat n d] :=
  .snoc .nil (TapeNodes.scale (.pos 0 rfl) c)

def badlyNamed.names : List String := ["only one"]

def negate (s : Shape) : Op R [s] s where
  forward x := fun i => -x.1 i
  jvp _ dx := fun i => -dx.1 i
  vjp _ δ := (fun i => -δ i, ())
  correct x dx δ := by
    simp only [dotList, Tensor.dot]
    rw [Lean.Grind.Semiring.add_zero]
    exact sumIndex_congr fun i => by grind

def foreign : Graph R [Shape.mat n d] [Shape.mat n d] :=
  .snoc .nil { args := [Shape.mat n d], op := negate _, operands := .cons (.pos 0 rfl) .nil }

def computed (c : R) : Graph R [Shape.mat n d] [Shape.mat n d] :=
  .snoc .nil (TapeNodes.scale (.pos 0 rfl) (c + 1))

def notAGraph : Nat := 3

end

end Probe
"""


@pytest.fixture(scope="module")
def probe(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    folder = tmp_path_factory.mktemp("probe")
    (folder / "Probe.lean").write_text(PROBE, encoding="utf-8")
    job = Job(
        source=folder / "Probe.lean",
        root=folder,
        search_path=(project.compiled(),),
        olean=folder / "Probe.olean",
    )
    with project.toolchain().pool(1, time_limit=120.0) as pool:
        elaboration = pool.elaborate(job)
    assert elaboration.ok, elaboration.diagnostics
    environment = Environment([folder, project.compiled()], library=project.toolchain().library)
    environment.load("Probe")
    return environment


KNOWN = frozenset(primitive.lean_name for primitive in PRIMITIVES.values())


def test_weakening_renumbers_operands(probe: Environment) -> None:
    graph = extract_graph(probe, "Probe.weakened", known_ops=KNOWN)
    moved = [tuple(i if i < 5 else i + 2 for i in operands) for _, _, operands, _ in ATTENTION]
    assert [node.operands for node in graph.nodes] == moved
    assert len(graph.context) == 7
    assert graph.context[0].name == "entry0"


def test_a_graph_after_a_graph(probe: Environment) -> None:
    graph = extract_graph(probe, "Probe.twice", known_ops=KNOWN)
    assert [(node.op, node.operands) for node in graph.nodes] == [("scale", (0,)), ("add", (1, 0))]


def test_names_must_fit(probe: Environment) -> None:
    with pytest.raises(GraphError, match=r"badlyNamed\.names: expected 2 names, .* found 1"):
        extract_graph(probe, "Probe.badlyNamed", known_ops=KNOWN)


def test_an_unknown_op_is_named(probe: Environment) -> None:
    with pytest.raises(UnsupportedOp, match=r"Probe\.negate"):
        extract_graph(probe, "Probe.foreign", known_ops=KNOWN)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "Probe.computed",
            r"node 1 .* argument c of .*\.Op\.scale: expected an argument of the declaration \(c\)",
        ),
        ("Probe.notAGraph", "expected a value of type .*, found Nat"),
        (
            "Proofs.Autograd.Graph.backprop_correct",
            "expected a definition with a body|expected a value of type",
        ),
    ],
)
def test_what_is_no_graph_is_declined(probe: Environment, name: str, message: str) -> None:
    with pytest.raises(UnsupportedTerm, match=message):
        extract_graph(probe, name, known_ops=KNOWN)


def test_tokens_and_their_positions_row_by_row(project: Project) -> None:
    graph = project.extract("embeddingDGraph")
    assert (graph.dims, graph.scalars, graph.maps) == (("v", "n", "d"), (), ())
    assert [array.text for array in graph.arrays] == ["ids: n whole numbers below v"]
    found = [(node.op, node.operands, node.shape) for node in graph.nodes]
    assert found == [("embedding", (0,), shape("n d")), ("add", (2, 1), shape("n d"))]
    assert graph.nodes[0].params["ids"] == ArrayParam(name="ids")


def test_attention_with_a_mask_row_by_row(project: Project) -> None:
    graph = project.extract("maskedAttentionGraph")
    assert (graph.dims, graph.scalars, graph.maps) == (("h", "m", "n", "d", "p"), ("c",), ())
    assert [array.text for array in graph.arrays] == ["mask: m×n truth values"]
    found = [(node.op, node.operands, node.shape) for node in graph.nodes]
    assert found == [
        ("transposeLast2", (1,), shape("h d n")),
        ("bmatmul", (0, 3), shape("h m n")),
        ("scale", (4,), shape("h m n")),
        ("maskedSoftmax", (5,), shape("h m n")),
        ("bmatmul", (6, 2), shape("h m p")),
    ]


def test_the_block_of_gpt_row_by_row(project: Project) -> None:
    graph, expected = project.extract("gptBlockGraph"), gpt_block()
    assert graph.dims == ("seqLen", "dModel", "numHeads", "headDim", "dFF")
    assert (graph.scalars, graph.maps) == (("κ", "c", "ε₁", "ε₂"), ())
    assert (graph.context, graph.nodes, graph.arrays) == (expected.context, expected.nodes, expected.arrays)


def test_the_block_of_llama_row_by_row(project: Project) -> None:
    graph, expected = project.extract("llamaBlockGraph"), llama_block()
    assert graph.dims == ("seqLen", "dModel", "kvHeads", "groups", "halfDim", "dFF")
    assert (graph.scalars, graph.maps) == (("c", "ε₁", "ε₂"), ())
    assert (graph.context, graph.nodes, graph.arrays) == (expected.context, expected.nodes, expected.arrays)


def test_attention_to_another_sequence_row_by_row(project: Project) -> None:
    graph, expected = project.extract("crossAttentionGraph"), cross_attention()
    assert graph.dims == ("seqLen", "memLen", "dModel", "memDim", "numHeads", "headDim")
    assert (graph.scalars, graph.maps) == (("c",), ())
    assert (graph.context, graph.nodes, graph.arrays) == (expected.context, expected.nodes, expected.arrays)


@pytest.mark.parametrize(
    ("name", "dims", "rows"),
    [
        (
            "crossEntropyDGraph",
            ("n", "v"),
            [
                ("logSoftmaxAxis", (0,), "n v"),
                ("takeAlong", (1,), "n"),
                ("mean", (2,), ""),
                ("neg", (3,), ""),
            ],
        ),
        ("huberGraph", ("n", "d"), [("sub", (0, 1), "n d"), ("huber", (2,), "n d"), ("mean", (3,), "")]),
        ("mseDGraph", ("n", "d"), [("sub", (0, 1), "n d"), ("square", (2,), "n d"), ("mean", (3,), "")]),
        (
            "binaryCrossEntropyDGraph",
            ("n", "d"),
            [
                ("neg", (0,), "n d"),
                ("softplus", (2,), "n d"),
                ("softplus", (0,), "n d"),
                ("mul", (1, 3), "n d"),
                ("mul", (1, 4), "n d"),
                ("sub", (4, 6), "n d"),
                ("add", (5, 7), "n d"),
                ("mean", (8,), ""),
            ],
        ),
    ],
)
def test_losses_row_by_row(
    project: Project, name: str, dims: tuple[str, ...], rows: list[tuple[str, tuple[int, ...], str]]
) -> None:
    graph = project.extract(name)
    assert (graph.dims, graph.scalars, graph.maps) == (dims, ("δ",) if name == "huberGraph" else (), ())
    found = [(node.op, node.operands, node.shape) for node in graph.nodes]
    assert found == [(op, operands, shape(axes)) for op, operands, axes in rows]
