from __future__ import annotations

from lean_bridge.executor.table import FAMILIES, PRIMITIVES


def test_the_table_has_the_ops_of_attention() -> None:
    assert sorted(PRIMITIVES) == [
        "add",
        "bmatmul",
        "matmul",
        "reshape",
        "scale",
        "softmaxLast",
        "splitHeads",
        "swap01",
        "transposeLast2",
    ]


def test_no_two_families_share_a_name() -> None:
    assert sum(map(len, FAMILIES)) == len(PRIMITIVES)


def test_a_primitive_is_found_under_its_own_lean_name() -> None:
    assert all(
        name == primitive.name and primitive.lean_name == f"Proofs.Autograd.Op.{name}"
        for name, primitive in PRIMITIVES.items()
    )
