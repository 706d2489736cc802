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
    with has none.
    """
    by_name = {result.name: result for result in results}
    for result in by_name.values():
        if result.outcome == "failed":
            return "rejected", f"{result.name}: {result.detail}", result.code or Code.NUMBERS_DISAGREE
    for name in NEEDED:
        needed = by_name.get(name)
        if needed is None:
            return "no verdict", f"{name}: not run", Code.NOTHING_CHECKED
        if needed.outcome != "passed":
            return "no verdict", f"{name}: {needed.detail}", needed.code or Code.NOTHING_CHECKED
    return "agrees", None, None
