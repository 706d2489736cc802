"""A copy of the process reads ahead; what it cannot say is read here."""

from __future__ import annotations

import os
from collections.abc import Mapping

import pytest

from lean_bridge.ahead import read_ahead

HERE = os.getpid()
COPIES = hasattr(os, "sched_getaffinity") and len(os.sched_getaffinity(0)) > 1
IN_A_COPY = pytest.mark.skipif(not COPIES, reason="no second core of a Linux machine")


def who() -> Mapping[str, str | None]:
    return {"pid": str(os.getpid()), "nothing": None, "letters": "∀ ⟨ε⟩"}


@IN_A_COPY
def test_a_copy_of_the_process_does_the_work_and_is_gone_then() -> None:
    found = read_ahead(who)()
    assert found == {**who(), "pid": found["pid"]}
    assert found["pid"] != str(HERE)
    with pytest.raises(ChildProcessError):
        os.waitpid(int(found["pid"] or 0), os.WNOHANG)


@IN_A_COPY
def test_what_a_copy_cannot_say_is_found_here() -> None:
    def killed() -> Mapping[str, str | None]:
        if os.getpid() != HERE:
            os.kill(os.getpid(), 9)
        return who()

    assert read_ahead(killed)()["pid"] == str(HERE)


def test_an_error_of_the_work_is_raised_where_the_result_is_asked_for() -> None:
    def fails() -> Mapping[str, str | None]:
        raise KeyError("a name")

    result = read_ahead(fails)
    with pytest.raises(KeyError, match="a name"):
        result()


def test_with_one_core_the_work_is_done_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    assert read_ahead(who)() == who()
