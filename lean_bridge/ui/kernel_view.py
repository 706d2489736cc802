"""What a second kernel said, for the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lean_bridge.ui.verdict import VERDICT_TONES, Tone, status_text
from lean_bridge.ui.wording import counted, one_line, seconds_text
from pybind_models.evidence import ReplayReport

_TONES: dict[str, Tone] = {
    "refused": "bad",
    "gave up": "open",
    "hidden body": "open",
    "not reached": "open",
    "not asked": "open",
}
_MOST_ROWS = 20


def render_replay(report: ReplayReport, console: Console) -> None:
    """Write a row per declaration that was not accepted, refused ones first, and what the replay came to."""
    faults = [
        (name, verdict)
        for outcome in _TONES
        for name, verdict in report.declarations.items()
        if verdict.outcome == outcome
    ]
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, verdict in faults[:_MOST_ROWS]:
        detail = f"{one_line(name)}\n{one_line(verdict.detail or '')}".rstrip()
        table.add_row(status_text(_TONES[verdict.outcome], verdict.outcome), Text(detail))
    if len(faults) > _MOST_ROWS:
        table.add_row("", Text(f"and {len(faults) - _MOST_ROWS:,} more", "dim"))
    if faults:
        console.print(table)
    accepted = sum(verdict.outcome == "accepted" for verdict in report.declarations.values())
    kernels = {verdict.kernel for verdict in report.declarations.values()}
    parts = (
        *sorted(kernels),
        f"{accepted:,} of {counted(len(report.declarations), 'declaration')} accepted",
        f"{report.library_checked:,} of Lean's library checked, {len(report.assumed):,} assumed",
        f"axioms: {', '.join(report.axioms) or 'none'}",
        seconds_text(report.seconds),
    )
    console.print(Text(one_line(" · ".join(parts))), soft_wrap=True)
    verdict_line = status_text(VERDICT_TONES[report.verdict], report.verdict)
    if report.reason:
        verdict_line.append(f": {one_line(report.reason)}")
    console.print(verdict_line, soft_wrap=True)
