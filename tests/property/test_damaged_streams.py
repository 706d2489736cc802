"""Damaged requests to the second kernel end in an answer or in an error, and never in acceptance of more."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from lean_bridge.kernel.session import SecondKernel, find_second_kernel
from lean_bridge.olean.environment import Environment
from tests.fuzz.feeder import DATA, Case, whole_stream
from tests.fuzz.mutations import mutate_lines


@pytest.fixture(name="lines", scope="module")
def _lines() -> list[bytes]:
    environment = Environment([DATA])
    environment.load("Native")
    return whole_stream(environment)


@pytest.fixture(name="kernel", scope="module")
def _kernel() -> SecondKernel:
    return find_second_kernel()


def test_a_damaged_stream_is_answered_or_ends_its_process(
    kernel: SecondKernel, lines: list[bytes], full: bool
) -> None:
    case = Case(kernel, lines, seed=20261122)
    outcomes: Counter[str] = Counter()
    for _ in range(1000 if full else 30):
        outcomes[case()] += 1
    assert outcomes["answered"] > 0
    assert outcomes["ended by its own check"] > 0


def test_damage_is_damage(lines: list[bytes]) -> None:
    rng = random.Random(1)
    assert sum(mutate_lines(lines, rng) != lines for _ in range(50)) > 40
    assert all(len(line) > 2 for line in lines)
