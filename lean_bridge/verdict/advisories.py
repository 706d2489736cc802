"""Known faults of Lean versions that may let a wrong proof pass, and what a verdict is worth in their light.

Sources: the release notes of Lean 4.20.0, 4.21.0, 4.32.1, 4.32.2, 4.33.0, 4.33.1, 4.34.0 and 4.34.1; Leonardo
de Moura, *Postmortem for the Kernel Soundness Bug Hunt*, 24 August 2026; the issues and pull requests named.

What could not be verified: since which version each fault is there, so every release before the first
without it counts as affected; whether fixes reached release branches other than those named; which version
of GMP, if any, a given build of Lean is linked with (#14833 depends on it). Left out are faults of compiled
code (``native_decide``), which no accepted proof may rest on, faults fixed before 4.0.0, and changes that
their authors call hardening.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pybind_models import Advisory, DeclarationReport
from pybind_models.report import Standing

_METAPROGRAM = "only what a metaprogram hands to the kernel; no proof in Lean's own syntax is known"
_EXTREME = "only terms so large that they overflow a counter; no proof of ordinary size"

_ISSUES = "https://github.com/leanprover/lean4/issues/"
_PULLS = "https://github.com/leanprover/lean4/pull/"


def _advisory(number: int, title: str, affects: str, fixed_in: str, *, where: str = _PULLS) -> Advisory:
    return Advisory(
        name=f"lean4#{number}", title=title, affects=affects, fixed_in=fixed_in, url=f"{where}{number}"
    )


ADVISORIES: tuple[Advisory, ...] = (
    _advisory(
        8060,
        "the kernel reads any term as a number while it reduces Nat.pow",
        "terms that have the kernel compute a power whose base is stuck",
        "4.20.0",
    ),
    _advisory(
        8554,
        "cached facts about an expression overflow, and execution continues with wrong ones",
        "only what a metaprogram builds: terms of extreme depth or index",
        "4.21.0",
    ),
    _advisory(
        14484,
        "the value of an opaque declaration may contain free variables",
        _METAPROGRAM,
        "4.32.1",
        where=_ISSUES,
    ),
    _advisory(
        14576,
        "parameters of nested inductive types are not type-checked",
        "developments with nested inductive types whose parameters occur in no field; " + _METAPROGRAM,
        "4.32.2",
        where=_ISSUES,
    ),
    _advisory(14607, "inductive declarations may contain free variables", _METAPROGRAM, "4.33.0"),
    _advisory(
        14609,
        "a partial definition crosses a module boundary as a safe axiom that no axiom list shows",
        "proofs that rest on a definition whose body its module hides; the definition takes a metaprogram",
        "4.33.0",
    ),
    _advisory(
        14613,
        "a type in Sort (imax 1 0) is not recognised as a proposition",
        "projections out of a proof; " + _METAPROGRAM,
        "4.33.0",
    ),
    _advisory(
        14616,
        "a declaration may name the kernel's auxiliary types for nested inductive types",
        "developments with nested inductive types; " + _METAPROGRAM,
        "4.33.0",
    ),
    _advisory(
        14806,
        "whether two terms are equal to the kernel depends on what was asked before",
        "crafted inductive types and equalities; no proof written without that intent is known",
        "4.33.1",
    ),
    _advisory(
        14807,
        "a type that does not reduce to a sort skips the check on projections out of proofs",
        "crafted projections out of a proof; no proof written without that intent is known",
        "4.33.1",
    ),
    _advisory(14838, "a reference count overflows and memory is corrupted", _EXTREME, "4.33.1"),
    _advisory(
        14833,
        "releases were linked with GMP 6.1.2, whose arithmetic is wrong in corner cases",
        "computations of the kernel with very large numbers",
        "4.33.1",
    ),
    _advisory(15241, "an object whose count has overflowed may still be freed", _EXTREME, "4.34.1"),
    _advisory(15289, "sharing the subterms of a theorem overflows their counts", _EXTREME, "4.34.1"),
)
"""Every fault that the sources above call a way to a wrong proof, or a possible one, oldest fix first."""

_VERSION = re.compile(r"(?:^|\bv|\bversion |\bLean )(\d+)\.(\d+)\.(\d+)(-\w)?")


def advisories_for(version: str) -> tuple[Advisory, ...]:
    """Return the known faults of a Lean, given as Lean names itself: ``4.28.0-pre``, ``v4.35.0``.

    A pre-release counts as the release before it, because it was cut before the fixes in that one's later
    point releases; so too much may be said of it, and never too little. Where no version can be read, as of
    a nightly, all are returned.
    """
    match = _VERSION.search(version)
    if match is None:
        return ADVISORIES
    release = (int(match[1]), int(match[2]), int(match[3]))
    if match[4]:
        release = (release[0], release[1] - 1, 0) if release[2] == 0 else (*release[:2], release[2] - 1)
    return tuple(
        advisory
        for advisory in ADVISORIES
        if release < tuple(int(part) for part in advisory.fixed_in.split("."))
    )


def standing(report: DeclarationReport, advisories: Sequence[Advisory]) -> Standing:
    """Return what a declaration's proof is worth, where ``advisories`` are those of the Lean that built it.

    ``confirmed`` takes another kernel that accepted it and shares none of these faults.
    """
    outcomes = {verdict.outcome for verdict in report.kernels}
    if report.status not in ("proved", "defined") or "refused" in outcomes:
        return "not accepted"
    for verdict in report.kernels[1:]:
        shared = set(advisories) & set(advisories_for(verdict.kernel))
        if verdict.outcome == "accepted" and not shared:
            return "confirmed"
    return "proved, advisories" if advisories else "proved"
