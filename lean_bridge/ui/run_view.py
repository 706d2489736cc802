"""What a run of a graph made, and what the checks of its numbers came to, on a terminal."""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lean_bridge.ui.wording import coded, counted, deviation_text, one_line, seconds_text, size_text
from pybind_models import CheckResult, GraphStanding
from pybind_models.run import ArrayBounds, ArraySummary, CheckReport, DomainReport, RunReport, TrueErrors

_WIDE: Final = 110
_BLOCKS: Final = "▁▂▃▄▅▆▇█"
_BOUNDS: Final = {
    "exact": "off by ≤: from the exact real results, for exactly these numbers, in ball arithmetic",
    "running": "off by ≤: from the exact real results, for exactly these numbers, by radii beside the floats",
}
_MARKS: Final = {"passed": ("✓", "green"), "failed": ("✗", "bold red"), "not run": ("…", "yellow")}


def render_run(
    report: RunReport, status: str, reason: str | None, code: str | None, *, console: Console
) -> None:
    """Write what ran and with what standing, a row per array, what it took, and what is against it."""
    _head(report.graph, report.standing, console)
    arguments = [f"{name}={value}" for name, value in report.dims.items()]
    arguments += [f"{name}={value:g}" for name, value in report.scalars.items()]
    told = [", ".join(arguments), report.dtype]
    if report.drawn:
        told.append(f"{', '.join(report.drawn)} drawn with seed {report.seed}")
    console.print(Text(one_line(" · ".join(filter(None, told))), "dim"))
    if report.bounds is not None:
        console.print(Text(one_line(_BOUNDS[report.bounds]), "dim"))
    roles = dict.fromkeys(each.role for each in report.arrays)
    for rows in (("input", "value"), ("tangent",), ("cotangent",)):
        if roles.keys() & set(rows):
            console.print(_table([each for each in report.arrays if each.role in rows], rows[-1], console))
    if report.domains:
        console.print(Text(one_line(_domains(report.domains)), "dim"))
    size = f"{size_text(report.arena)} computed in, {size_text(report.live_peak)} of them at a time"
    took = f"planned in {seconds_text(report.planning_seconds)}, run in {_short(report.seconds)}"
    console.print(Text(one_line(f"{took} · {size}"), "dim"))
    if report.checks:
        console.print(Text("at exactly these numbers", "bold"))
        render_results(report.checks, console)
    if status != "agrees":
        console.print(_concluded(status, reason, code))


def render_checks(report: CheckReport, console: Console) -> None:
    """Write each check with its number, its bound and a histogram of its deviations in units of ulps."""
    _head(report.graph, report.standing, console)
    render_results(report.checks, console)
    if report.true_errors:
        console.print(_true_errors(report.true_errors))
    elif report.unmeasured:
        console.print(Text(one_line(f"errors of other libraries not measured: {report.unmeasured}"), "dim"))
    console.print(_concluded(report.status, report.reason, report.code, seconds_text(report.seconds)))


def _domains(domains: tuple[DomainReport, ...]) -> str:
    """Return of how many hypotheses of derivatives it is decided within bounds that they hold."""
    held = sum(each.outcome == "holds" for each in domains)
    every = ", ".join(dict.fromkeys(each.hypothesis for each in domains))
    return f"within bounds: {held} of {counted(len(domains), 'hypothesis', 'hypotheses')} hold ({every})"


def _true_errors(rows: tuple[TrueErrors, ...]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("off from the exact reals by", style="bold", overflow="fold")
    table.add_column("dtype")
    for head in ("output", "gradients", "by condition"):
        table.add_column(head, justify="right")
    for each in rows:
        output, *gradients = each.ulps.values()
        worst = None if None in gradients else max(filter(None, gradients), default=0.0)
        told = [_number(value) for value in (output, worst, each.beside_condition)]
        table.add_row(one_line(each.library), each.dtype, *(f"{value} ulp" for value in told))
    return table


def histogram_text(counts: tuple[int, ...]) -> str:
    """Return a bar per power of two, and what the first and the last that is not empty stand for."""
    if not counts:
        return ""
    filled = [at for at, count in enumerate(counts) if count]
    first, last = filled[0], filled[-1]
    shown = counts[first : last + 1]
    most = max(shown)
    bars = "".join(
        " " if not count else _BLOCKS[min(7, int(8 * (count / most) ** 0.5 - 1e-9))] for count in shown
    )
    ends = _bin_text(first) if first == last else f"{_bin_text(first)} to {_bin_text(last)}"
    return f"{bars}  {ends} ulp, {counted(sum(counts), 'number')}"


def _bin_text(at: int) -> str:
    if at == 0:
        return "0"
    if at == 64:
        return "no number"
    power = at - 2
    return "½" if power < 0 else str(2**power) if power < 10 else f"2^{power}"


def _concluded(status: str, reason: str | None, code: str | None, *after: str) -> Text:
    mark, style = _MARKS[{"agrees": "passed", "rejected": "failed"}.get(status, "not run")]
    why = f": {coded(code, reason)}" if reason else ""
    return Text(one_line(" · ".join((f"{mark} {status}{why}", *after))), style)


def _head(graph: str, standing: GraphStanding, console: Console) -> None:
    console.print(Text(one_line(graph), "bold"))
    console.print(Text(one_line(standing.text), "dim" if standing.status == "accepted" else "bold red"))


def _table(rows: list[ArraySummary], title: str, console: Console) -> Table:
    is_wide = console.width >= _WIDE
    bounded = any(each.bounds is not None for each in rows)
    heads = ["min", "max", "mean", "norm"] if is_wide or not bounded else ["min", "max"]
    table = Table(box=None, padding=(0, 2 if is_wide else 1, 0, 0), header_style="dim", pad_edge=False)
    table.add_column(title if title != "value" else "entry", style="bold", overflow="fold")
    for head in ("op", "shape"):
        table.add_column(head, overflow="fold")
    if is_wide:
        table.add_column("dtype")
    for head in (*heads, "bad", *bounded * ("off by ≤", *is_wide * ("ulps",), "digits")):
        table.add_column(head, justify="right", no_wrap=True)
    for each in rows:
        cells = [one_line(each.name), each.op or ("input" if each.role == "input" else "")]
        cells.append("×".join(map(str, each.shape)) or "scalar")
        cells += [each.dtype] * is_wide
        cells += [_number(value) for value in (each.least, each.largest, each.mean, each.norm)][: len(heads)]
        style = "bold red" if each.non_finite else ""
        bad = Text(str(each.non_finite), style)
        table.add_row(*map(Text, cells), bad, *(_bounds(each.bounds, is_wide) if each.bounds else ()))
    return table


def _bounds(bounds: ArrayBounds, is_wide: bool) -> list[Text]:
    if bounds.unbounded:
        return [Text(f"? of {bounds.unbounded:,}", "bold red"), *is_wide * (Text("–"),), Text("–")]
    told = [_number(bounds.largest), *is_wide * (_number(bounds.ulps),)]
    return [*map(Text, told), Text("–" if bounds.digits is None else f"{bounds.digits:.1f}")]


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"


def _short(seconds: float) -> str:
    return f"{seconds * 1e6:.0f} µs" if seconds < 1e-3 else seconds_text(seconds)


def render_results(checks: tuple[CheckResult, ...], console: Console) -> None:
    """Write each check with its number, its bound, and what was compared."""
    for each in checks:
        mark, style = _MARKS[each.outcome]
        figure = deviation_text(each.error, each.tolerance)
        line = Text.assemble((f"{mark} {each.name}", style), f"  {figure}" if figure else f"  {each.outcome}")
        console.print(line)
        if each.ulps:
            console.print(Text(f"  {histogram_text(each.ulps)}"))
        for told in filter(None, (coded(each.code, each.detail), each.note)):
            console.print(Padding(Text(one_line(told), "dim"), (0, 0, 0, 2)))
