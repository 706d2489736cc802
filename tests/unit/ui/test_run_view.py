from __future__ import annotations

import pytest

from lean_bridge.ui.run_view import histogram_text, render_checks, render_run
from pybind_models import NOT_JUDGED, CheckResult, GraphStanding
from pybind_models.run import ArrayBounds, ArraySummary, CheckReport, DomainReport, RunReport, TrueErrors
from tests.reports import plain_console

PASSED = CheckResult(
    name="adjoint identity",
    outcome="passed",
    detail="⟨a⟩ with ⟨b⟩",
    error=1e-16,
    tolerance=1e-14,
    ulps=(0, 1),
)
BLIND = CheckResult(
    name="compiled program",
    outcome="failed",
    detail="no\nline",
    error=1.0,
    tolerance=1e-14,
    code="LB304",
    note="look",
)
UNRUN = CheckResult(name="PyTorch", outcome="not run", detail="PyTorch is not installed")


def summary(name: str, role: str, **how: object) -> ArraySummary:
    told: dict[str, object] = {"least": -1.25, "largest": 0.5, "mean": 1e-17, "norm": 12345.678}
    return ArraySummary.model_validate(
        {"name": name, "role": role, "shape": (2, 30, 64), "dtype": "float64", **told, **how}
    )


RUN = RunReport(
    graph="A.b",
    standing=NOT_JUDGED,
    dims={"n": 2},
    scalars={"κ": 0.5},
    dtype="float64",
    seed=7,
    drawn=("x",),
    arrays=(
        summary("x", "input"),
        summary("y\x1b[2J", "value", op="softmaxLast", non_finite=3),
        summary("x", "cotangent", least=None, largest=None, mean=None, norm=None),
    ),
    planning_seconds=0.25,
    seconds=1e-5,
    arena=4096,
    live_peak=1024,
    checks=(PASSED,),
)


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_bounds_stand_in_the_table(width: int) -> None:
    told = ArrayBounds(largest=1.25e-15, ulps=6.5, digits=14.21)
    blind = ArrayBounds(largest=1e-3, ulps=None, digits=None, unbounded=1234)
    arrays = (RUN.arrays[0].replaced(bounds=told), RUN.arrays[1].replaced(bounds=blind))
    console, stream = plain_console(width)
    domain = DomainReport(entry="y", op="inv", hypothesis="x ≠ 0", theorem="A.b", outcome="holds")
    domains = (domain, domain.replaced(outcome="fails"))
    report = RUN.replaced(arrays=arrays, bounds="running", domains=domains)
    render_run(report, "agrees", None, None, console=console)
    lines = stream.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    (row,) = [line for line in lines if "1.25e-15" in line]
    assert row.endswith("14.2")
    assert (" 6.5 " in row) == (width >= 110)
    assert any("? of 1,234" in line for line in lines)
    assert "within bounds: 1 of 2 hypotheses hold (x ≠ 0)" in " ".join(" ".join(lines).split())
    assert "by radii beside the floats" in " ".join(" ".join(lines).split())


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_a_run_fits_and_says_everything(width: int) -> None:
    console, stream = plain_console(width)
    reason = "1 array with numbers that are not finite: y\x1b[2J"
    render_run(RUN, "no verdict", reason, "LB910", console=console)
    told = stream.getvalue()
    assert max(map(len, told.splitlines())) <= width
    flat = " ".join(told.split())
    for each in (
        "not judged",
        "n=2, κ=0.5",
        "float64",
        "x drawn with seed 7",
        "2×30×64",
        "1.23e+04",
        "10 µs",
    ):
        assert each in flat
    for each in (
        "no verdict: LB910 1 array with numbers that are not finite: y",
        "cotangent",
        "✓ adjoint identity",
        "4.0 kB",
    ):
        assert each in flat
    assert "\x1b" not in told
    assert ("dtype" in told) == (width >= 110)


def test_checks_are_shown_with_number_bound_and_verdict() -> None:
    console, stream = plain_console(100)
    report = CheckReport(
        verdict="rejected",
        graph="A.b",
        standing=GraphStanding(status="rejected", declaration="A.b", reason="sorry", code="LB205"),
        status="rejected",
        reason="compiled program: no line",
        code="LB304",
        checks=(PASSED, BLIND, UNRUN),
        seconds=2.0,
    )
    render_checks(report, console)
    lines = [line.strip() for line in stream.getvalue().splitlines()]
    assert lines[1] == "uncertified: sorry (LB205)"
    assert "✓ adjoint identity  1e-16 within 1e-14" in lines
    assert "█  ½ ulp, 1 number" in lines
    assert "✗ compiled program  1 not within 1e-14" in lines
    assert "LB304 no line" in lines
    assert "look" in lines
    assert "… PyTorch  not run" in lines
    assert lines[-1] == "✗ rejected: LB304 compiled program: no line · 2.0 s"


def test_errors_of_libraries_stand_side_by_side() -> None:
    console, stream = plain_console(80)
    ours = TrueErrors(
        library="lean-bridge",
        dims={},
        dtype="float64",
        ulps={"y": 1.5, "cotangent.x": 3.25, "cotangent.w": 6.5},
        conditions={"y": 0.5, "cotangent.x": 1.0, "cotangent.w": 13.0},
    )
    theirs = ours.replaced(library="torch 2\x1b[2J", ulps={**ours.ulps, "cotangent.w": None})
    report = CheckReport(
        graph="A.b",
        standing=NOT_JUDGED,
        verdict="accepted",
        status="agrees",
        checks=(PASSED,),
        seconds=2.0,
        true_errors=(ours, theirs),
    )
    render_checks(report, console)
    told = stream.getvalue()
    assert "\x1b" not in told
    rows = [line.split() for line in told.splitlines() if "float64" in line]
    assert rows[0][1:] == ["float64", "1.5", "ulp", "6.5", "ulp", "3.25", "ulp"]
    assert rows[1][-5:] == ["ulp", "–", "ulp", "–", "ulp"]
    render_checks(report.replaced(true_errors=(), unmeasured="no transformer block"), console)
    assert "errors of other libraries not measured: no transformer block" in stream.getvalue()


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((), ""),
        ((5,), "█  0 ulp, 5 numbers"),
        ((0, 0, 4, 0, 1), "█ ▄  1 to 4 ulp, 5 numbers"),
        ((1,) + (0,) * 63 + (1,), f"█{' ' * 63}█  0 to no number ulp, 2 numbers"),
        ((0,) * 14 + (1,), "█  2^12 ulp, 1 number"),
    ],
)
def test_a_histogram_has_a_bar_per_power_of_two(counts: tuple[int, ...], expected: str) -> None:
    assert histogram_text(counts) == expected
