"""What a captured function amounts to, on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.text import Text

from lean_bridge.ui.dashboard import render_report
from lean_bridge.ui.run_view import render_results
from lean_bridge.ui.wording import coded, one_line, seconds_text
from pybind_models import DGraph
from pybind_models.captured import BundleManifest, CertifyReport

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


def render_bundle(
    says: BundleManifest,
    claimed: CertifyReport,
    graph: DGraph,
    weights: Mapping[str, tuple[int, ...]],
    to_check: Sequence[str],
    console: Console,
) -> None:
    """Write what a bundle holds, what it claims of that, and what is to be checked again."""
    console.print(Text(one_line(f"{claimed.graph}, of {says.name} in {says.file}"), "bold"))
    shapes = [f"{name} {'×'.join(map(str, shape)) or 'scalar'}" for name, shape in weights.items()]
    rows = {
        "inputs": ", ".join(entry.name for entry in graph.context),
        "outputs": ", ".join(says.outputs),
        "nodes": str(len(graph.nodes)),
        "weights": ", ".join(shapes) or "none",
        "claimed": f"{claimed.verdict}, by {', '.join(each.name for each in claimed.checks)}",
        "judged by": ", ".join(f"{name} {found[:12]}" for name, found in says.versions.items() if found),
    }
    for what, told in rows.items():
        console.print(Text(one_line(f"{what}: {told}")))
    console.print(Text("… as bundled, not re-checked; to be checked again:", "yellow"))
    for each in to_check:
        console.print(Text(one_line(f"- {each}")))
