"""What a captured function amounts to, on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from lean_bridge.ui.dashboard import render_report
from lean_bridge.ui.run_view import render_results
from lean_bridge.ui.wording import coded, one_line, seconds_text
from pybind_models.captured import CertifyReport

_MARKS = {"accepted": ("✓", "green"), "rejected": ("✗", "bold red"), "no verdict": ("…", "yellow")}


def render_certified(report: CertifyReport, console: Console, *, verbose: bool) -> None:
    """Write what the package was judged to be, what Python compared, and what both amount to."""
    render_report(report.report, console, verbose=verbose)
    console.print(Text(one_line(f"{report.target} as {report.graph}"), "bold"))
    render_results(report.checks, console)
    mark, style = _MARKS[report.verdict]
    why = f": {coded(report.code, report.reason)}" if report.reason else ""
    told = f"{mark} {report.verdict}{why} · {report.package} · {seconds_text(report.seconds)}"
    console.print(Text(one_line(told), style))
