"""Work in a copy of this process: its results are those of this one, and its failures are met here."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import pytest

from lean_bridge.audit.ahead import Ahead

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are copied on Linux only")


def test_a_result_comes_from_another_process() -> None:
    ahead = Ahead.start(lambda: (os.getpid(), "x" * 1_000_000))
    assert ahead is not None
    made = ahead.result()
    assert made is not None
    process, text = made
    assert process != os.getpid()
    assert len(text) == 1_000_000


@pytest.mark.parametrize("failing", [lambda: 1 // 0, lambda: os._exit(0), lambda: os.kill(os.getpid(), 9)])
def test_work_that_fails_has_no_result(
    failing: Callable[[], object], capfd: pytest.CaptureFixture[str]
) -> None:
    ahead = Ahead.start(failing)
    assert ahead is not None
    assert ahead.result() is None
    assert capfd.readouterr() == ("", "")
