"""What the checks of a graph's numbers amount to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from lean_bridge.codes import Code
from pybind_models import CheckResult

SHAPES: Final = "certified shapes"
ADJOINT: Final = "adjoint identity"
DIFFERENCES: Final = "JVP against differences"

NEEDED: Final = (SHAPES, ADJOINT, DIFFERENCES)
"""The checks that fit any graph: without all of them nothing is decided."""


def judge(
    results: Iterable[CheckResult],
) -> tuple[Literal["agrees", "rejected", "no verdict"], str | None, str | None]:
    """Return what the results of one graph amount to, and why and by which code unless it agrees.

    One failure rejects. Agreement takes every check of :data:`NEEDED`: a graph that nothing was compared
    with has none. A cause with a code of its own is told before that nothing was compared.
    """
    by_name = {result.name: result for result in results}
    for result in by_name.values():
        if result.outcome == "failed":
            return "rejected", f"{result.name}: {result.detail}", result.code or Code.NUMBERS_DISAGREE
    absent = CheckResult(name="", outcome="not run", detail="not run")
    needed = [(name, by_name.get(name, absent)) for name in NEEDED]
    lacking = [(name, each) for name, each in needed if each.outcome != "passed"]
    if not lacking:
        return "agrees", None, None
    name, cause = min(lacking, key=lambda each: each[1].code is None)
    return "no verdict", f"{name}: {cause.detail}", cause.code or Code.NOTHING_CHECKED
