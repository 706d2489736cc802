from __future__ import annotations

from lean_bridge.executor.rules.table import FAMILIES, PRIMITIVES
from tests.single_ops import SPECS
from tests.unit.executor.graphs import attention, encoder, layer_norm, one_token, perceptron, rms_norm


def test_the_table_has_every_op_of_the_graphs() -> None:
    models = [
        attention(),
        attention(split="reshape"),
        layer_norm(),
        one_token(),
        encoder(),
        encoder(fixed=False),
        perceptron(),
        rms_norm(),
    ]
    assert {node.op for model in models for node in model.nodes} <= set(PRIMITIVES)


def test_each_primitive_has_a_graph_of_its_own() -> None:
    assert set(SPECS) == set(PRIMITIVES)
    assert len(PRIMITIVES) == 56


def test_functions_as_arguments_have_no_primitive() -> None:
    assert "elemwise" not in PRIMITIVES


def test_no_two_families_share_a_name() -> None:
    assert sum(map(len, FAMILIES)) == len(PRIMITIVES)


def test_a_primitive_is_found_under_its_own_lean_name() -> None:
    assert all(
        name == primitive.name and primitive.lean_name == f"Proofs.Autograd.Op.{name}"
        for name, primitive in PRIMITIVES.items()
    )
