"""What is taken for a hang of the fuzzed code: computing without end, and not a machine that is busy."""

from __future__ import annotations

import time

import pytest

from tests.fuzz.mutations import HungError, time_limit


def test_waiting_is_no_hang() -> None:
    with time_limit(0.1):
        time.sleep(0.3)


def _compute() -> None:
    with time_limit(0.1):
        while True:
            pass


def test_computing_without_end_is_one() -> None:
    with pytest.raises(HungError):
        _compute()
