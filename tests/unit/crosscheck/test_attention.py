from __future__ import annotations

from typing import Any

import pytest

from lean_bridge.crosscheck.attention import Attention, find_attention
from pybind_models import DGraph, Dim, Node
from tests.unit.executor.graphs import attention


def altered(target: str, **changes: Any) -> DGraph:
    """Return the attention graph with one node changed."""
    model = attention()
    nodes: tuple[Node, ...] = tuple(
        node.model_copy(update=changes) if node.name == target else node for node in model.nodes
    )
    return model.model_copy(update={"nodes": nodes})


@pytest.mark.parametrize(("op", "split"), [("splitHeads", "permuting"), ("reshape", "bare reshape")])
@pytest.mark.parametrize("residual", [True, False])
def test_roles_are_read_off_the_graph(op: str, split: Any, residual: bool) -> None:
    found = find_attention(attention(split=op, residual=residual))
    assert found == Attention("n", "dModel", "numHeads", "headDim", "c", split, 18, 19 if residual else None)


def test_dimensions_may_have_other_names() -> None:
    text = attention().model_dump_json().replace("numHeads", "heads").replace('"n"', '"seqLen"')
    found = find_attention(DGraph.model_validate_json(text.replace('"n*n"', '"seqLen*seqLen"')))
    assert isinstance(found, Attention)
    assert (found.n, found.heads) == ("seqLen", "heads")


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (attention().model_copy(update={"context": attention().context[:4]}), "the context is not x, Wq"),
        (altered("out", name="y"), "no entry is named out"),
        (altered("Kheads", op="reshape"), "heads are split by reshape, splitHeads"),
        (altered("Vheads", shape=(Dim.variable("n"),) * 3), "unexpected dimensions of Vheads"),
        (attention().model_copy(update={"scalars": ()}), "one scalar"),
        (
            attention().model_copy(update={"dims": ("n", "dModel", "numHeads")}),
            "unexpected dimensions of x and Qheads",
        ),
    ],
)
def test_what_is_not_attention_is_said_to_be_none(model: DGraph, reason: str) -> None:
    found = find_attention(model)
    assert isinstance(found, str)
    assert reason in found
