"""No example of a property is failed for the time that it takes."""

from __future__ import annotations

import time

from hypothesis import given, settings, strategies


@settings(max_examples=3, database=None)
@given(strategies.integers())
def test_an_example_may_take_its_time(number: int) -> None:
    time.sleep(0.3)
    assert isinstance(number, int)
