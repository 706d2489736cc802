from __future__ import annotations

import pytest
from pydantic import ValidationError

from lean_bridge.ui.kernel_view import render_replay
from pybind_models.evidence import KernelVerdict, ReplayReport
from tests.reports import plain_console

KERNEL = "Lean 4.35.0, native"


def report(**outcomes: KernelVerdict) -> ReplayReport:
    refused = any(verdict.outcome == "refused" for verdict in outcomes.values())
    accepted = outcomes and all(verdict.outcome == "accepted" for verdict in outcomes.values())
    return ReplayReport(
        verdict="rejected" if refused else "accepted" if accepted else "no verdict",
        reason=None if accepted else "why",
        declarations=outcomes,
        library_checked=1115,
        assumed={"a": "hidden body", "b": "refused: no"},
        axioms=("propext",),
        seconds=4.0,
    )


GOOD = KernelVerdict(kernel=KERNEL, outcome="accepted")
BAD = KernelVerdict(kernel=KERNEL, outcome="refused", detail="a type\nis expected")
OPEN = KernelVerdict(kernel=KERNEL, outcome="not reached", detail="it rests on bad")


def test_what_was_accepted_is_counted_only() -> None:
    console, stream = plain_console(200)
    render_replay(report(one=GOOD, two=GOOD), console)
    assert stream.getvalue() == (
        f"{KERNEL} · 2 of 2 declarations accepted · 1,115 of Lean's library checked, 2 assumed"
        " · axioms: propext · 4.0 s\n✓ accepted\n"
    )


def test_the_rest_is_shown_refused_ones_first() -> None:
    console, stream = plain_console(200)
    render_replay(report(good=GOOD, open=OPEN, bad=BAD), console)
    lines = [line.rstrip() for line in stream.getvalue().splitlines()]
    assert lines[0].split() == ["✗", "refused", "bad"]
    assert lines[1].strip() == "a type is expected"
    assert lines[2].split() == ["?", "not", "reached", "open"]
    assert "1 of 3 declarations accepted" in lines[-2]
    assert lines[-1] == "✗ rejected: why"


def test_a_long_list_is_cut() -> None:
    console, stream = plain_console(200)
    render_replay(report(**{f"bad{index}": BAD for index in range(25)}), console)
    assert "and 5 more" in stream.getvalue()


def test_nothing_and_anything_else_than_acceptance_cannot_be_called_accepted() -> None:
    for declarations in ({}, {"good": GOOD, "open": OPEN}):
        with pytest.raises(ValidationError, match="accepted takes a declaration"):
            ReplayReport(
                verdict="accepted",
                declarations=declarations,
                library_checked=0,
                assumed={},
                axioms=(),
                seconds=0.0,
            )
