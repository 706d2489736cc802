"""Mutated compiled files are read or refused: nothing else may happen, and it may not take long."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest

from tests.fuzz.olean import DATA, Case

SECONDS = 2.0
"""Of processor time, for one mutant; the largest fixture takes some hundredths."""


@pytest.mark.parametrize("name", ["Zoo", "Native", "Cell"])
def test_a_mutant_is_read_or_refused(name: str, tmp_path: Path, full: bool) -> None:
    mutants = 20_000 if full else 500
    case = Case([DATA / f"{name}.olean"], tmp_path, seed=20261122)
    outcomes: Counter[str] = Counter()
    for number in range(mutants):
        start = time.process_time()
        outcomes[case()] += 1
        assert time.process_time() - start < SECONDS, f"mutant {number} of {name}"
    # most changes break something, some fall into data that nothing checks
    assert mutants * 0.4 < outcomes["refused"] < mutants
    assert set(outcomes) == {"refused", "read"}
