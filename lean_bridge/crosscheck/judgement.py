"""What the checks of a graph's numbers amount to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, TypeAlias

from lean_bridge.codes import Code
from lean_bridge.names import listed
from pybind_models import CheckResult, GraphStanding
from pybind_models.run import RunReport

SHAPES: Final = "certified shapes"
ADJOINT: Final = "adjoint identity"
DIFFERENCES: Final = "JVP against differences"
ENCLOSURE: Final = "enclosure"

NEEDED: Final = (SHAPES, ADJOINT, DIFFERENCES)
"""The checks that fit any graph: without all of them nothing is decided."""

_FINER: Final = "; --bounds exact may"

Conclusion: TypeAlias = tuple[Literal["agrees", "rejected", "no verdict"], str | None, str | None]
"""What numbers amount to, and why and by which code unless they agree."""


def judge(results: Iterable[CheckResult]) -> Conclusion:
    """Return what the results of one graph amount to.

    One failure rejects. Agreement takes every check of :data:`NEEDED`: a graph that nothing was compared
    with has none. A cause with a code of its own is told before that nothing was compared.
    """
    by_name = {result.name: result for result in results}
    if (failure := _failure(by_name.values())) is not None:
        return failure
    absent = CheckResult(name="", outcome="not run", detail="not run")
    needed = [(name, by_name.get(name, absent)) for name in NEEDED]
    lacking = [(name, each) for name, each in needed if each.outcome != "passed"]
    if not lacking:
        return "agrees", None, None
    name, cause = min(lacking, key=lambda each: each[1].code is None)
    return "no verdict", f"{name}: {cause.detail}", cause.code or Code.NOTHING_CHECKED


def judge_run(report: RunReport) -> Conclusion:
    """Return what the numbers of a run amount to: all finite, and bounded and checked as was asked for.

    What takes a package of its own may be left out of the checks.
    """
    if (failure := _failure(report.checks)) is not None:
        return failure
    if bad := [each.name for each in report.arrays if each.non_finite]:
        count = f"{len(bad)} array{'s' if len(bad) > 1 else ''}"
        return "no verdict", f"{count} with numbers that are not finite: {listed(bad)}", Code.NUMERICS
    if bad := [each.name for each in report.arrays if each.bounds is not None and each.bounds.unbounded]:
        found = f"nobody can tell how far numbers of {listed(bad)} are from the exact ones"
        return "no verdict", found + _FINER * (report.bounds == "running"), Code.NUMERICS
    if (doubt := _outside(report)) is not None:
        return doubt
    for each in report.checks:
        if each.outcome == "not run" and each.name != ENCLOSURE:
            return "no verdict", f"{each.name}: {each.detail}", each.code or Code.NOTHING_CHECKED
    return "agrees", None, None


def _outside(report: RunReport) -> Conclusion | None:
    """Return what derivatives amount to at a point where no theorem says that they are; None elsewhere."""
    for each in sorted(report.domains, key=lambda domain: domain.outcome, reverse=True):
        where = f"{each.entry}: {each.op}: its hypothesis {each.hypothesis}"
        if each.outcome == "fails":
            reason = f"{where} does not hold here; {each.theorem} says nothing of derivatives"
            return "no verdict", reason, Code.OUTSIDE_HYPOTHESIS
        if each.outcome == "cannot tell":
            finer = _FINER * (report.bounds == "running")
            return "no verdict", f"nobody can tell whether {where} holds here{finer}", Code.OUTSIDE_HYPOTHESIS
    return None


def by_standing(found: Conclusion, standing: GraphStanding) -> Conclusion:
    """Return what numbers amount to by what is known of their graph: of one not accepted, no verdict."""
    if found[0] != "agrees" or standing.status == "accepted":
        return found
    doubt = "uncertified" if standing.status == "rejected" else standing.status
    return "no verdict", f"{doubt}: {standing.reason}", standing.code


def _failure(results: Iterable[CheckResult]) -> Conclusion | None:
    for result in results:
        if result.outcome == "failed":
            return "rejected", f"{result.name}: {result.detail}", result.code or Code.NUMBERS_DISAGREE
    return None
