"""Graphs read from the compiled library equal the tables they were declared from."""

from __future__ import annotations

from pathlib import Path

import pytest

from lean_bridge.errors import GraphError, UnsupportedOp, UnsupportedTerm
from lean_bridge.executor.table import PRIMITIVES
from lean_bridge.extract.graph import extract_graph
from lean_bridge.olean.environment import Environment
from lean_bridge.project import Project, open_project
from lean_bridge.toolchain.provider import Job, Provider
from pybind_models import Dim, ScalarParam

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
    assert graph.nodes[8].params["c"] == ScalarParam(name="c")
    assert all(node.lean_op == PRIMITIVES[node.op].lean_name for node in graph.nodes)
