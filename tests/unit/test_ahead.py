"""A copy of the process reads ahead; what it cannot say is read here."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from lean_bridge.ahead import read_ahead

COPIES = hasattr(os, "sched_getaffinity") and len(os.sched_getaffinity(0)) > 1
IN_A_COPY = pytest.mark.skipif(not COPIES, reason="no second core of a Linux machine")
BEGIN = """
import os
from lean_bridge.ahead import read_ahead
here = str(os.getpid())
def who():
    return {"pid": str(os.getpid()), "nothing": None, "letters": "∀ ⟨ε⟩"}
"""


def alone(code: str) -> None:
    """Run code in a process of its own, in which no other package has started threads."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", BEGIN + code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@IN_A_COPY
def test_a_copy_of_the_process_does_the_work_and_is_gone_then() -> None:
    alone("""
with read_ahead(who) as result:
    found = result()
assert found == {**who(), "pid": found["pid"]} and found["pid"] != here, found
try:
    os.waitpid(-1, 0)
except ChildProcessError:
    pass
else:
    raise SystemExit("it is still there")
""")


@IN_A_COPY
def test_a_copy_that_nobody_asks_is_gone_then() -> None:
    alone("""
with read_ahead(lambda: {str(each): "x" * 1000 for each in range(1000)}):
    pass
try:
    os.waitpid(-1, 0)
except ChildProcessError:
    pass
else:
    raise SystemExit("it is still there")
""")


@IN_A_COPY
def test_what_a_copy_cannot_say_is_found_here() -> None:
    alone("""
def killed():
    if str(os.getpid()) != here:
        os.kill(os.getpid(), 9)
    return who()
with read_ahead(killed) as result:
    assert result()["pid"] == here
""")


def test_an_error_of_the_work_is_raised_where_the_result_is_asked_for() -> None:
    alone("""
def fails():
    raise KeyError("a name")
with read_ahead(fails) as result:
    try:
        result()
    except KeyError as error:
        assert str(error) == "'a name'"
    else:
        raise SystemExit("nothing was raised")
""")


def test_with_one_core_the_work_is_done_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    with read_ahead(lambda: {"pid": str(os.getpid())}) as result:
        assert result() == {"pid": str(os.getpid())}
