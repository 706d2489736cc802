"""What is asked of Lean at once."""

from __future__ import annotations

from collections import Counter

import pytest

from lean_bridge.witness.render import modules_for


@pytest.mark.parametrize(
    ("counts", "modules"), [([], 0), ([1], 1), ([1] * 40, 1), ([1] * 130, 4), ([17] * 9, 4)]
)
def test_a_round_is_shared_out_evenly(counts: list[int], modules: int) -> None:
    found = Counter(modules_for(counts, 1))
    assert len(found) == modules
    assert max(found.values(), default=0) - min(found.values(), default=0) <= 1
    assert all(name.startswith("LeanBridgeWitness.Round1.Part") for name in found)
