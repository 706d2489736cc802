"""Every wrong rule of the table gives other numbers than those that Lean's kernel certifies over GF(p)."""

from __future__ import annotations

import pytest

from lean_bridge.executor.rules.primitive import Primitive
from lean_bridge.executor.rules.table import PRIMITIVES
from tests.field_mutations import MUTATIONS, killed_by
from tests.single_ops import SPECS


def test_the_table_plants_errors_in_every_primitive() -> None:
    assert set(SPECS) == set(PRIMITIVES)
    assert {wrong.name for wrong in MUTATIONS.values()} == set(PRIMITIVES)


@pytest.mark.parametrize("op", SPECS)
def test_the_right_rules_survive(op: str) -> None:
    assert killed_by(PRIMITIVES[op]) is None


@pytest.mark.parametrize("wrong", MUTATIONS.values(), ids=MUTATIONS)
def test_no_wrong_rule_survives(wrong: Primitive) -> None:
    assert killed_by(wrong) is not None
