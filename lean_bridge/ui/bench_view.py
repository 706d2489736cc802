"""Times as tables: on a terminal, and as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lean_bridge.ui.wording import counted, one_line, seconds_text
from pybind_models.bench import BenchCase, BenchReport

WHAT: Final = {"forward": "forward", "vjp": "forward and VJP of all inputs", "jvp": "forward and JVP"}
FLOOR, OURS = "floor", "lean_bridge"
QUIET: Final = 0.95
"""The share of a core below which a contestant on one thread was kept waiting."""
HEAD: Final = ("contestant", "median", "quartiles", "× floor", "least", "ours ÷", "Gflop/s", "cores")
_UNITS: Final = (("µs", 1e-6), ("ms", 1e-3), ("s", 1.0))


def render_bench(report: BenchReport, console: Console) -> None:
    """Write one table per case, with what its program costs beside time."""
    console.print(Text(one_line(report.graph), "bold"))
    console.print(Text(one_line(_setting(report)), "dim"))
    console.print(
        Text(one_line(report.standing.text), "dim" if report.standing.status == "accepted" else "red")
    )
    for case in report.cases:
        console.print()
        console.print(Text(one_line(_title(case)), "bold"))
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
        for number, title in enumerate(HEAD):
            table.add_column(title, justify="right" if number else "left", no_wrap=True)
        for row in _rows(case):
            table.add_row(*(Text(one_line(cell)) for cell in row))
        console.print(table)
        for note in _notes(case, report.threads):
            console.print(Text(one_line(note), "dim"))


def render_bench_markdown(report: BenchReport) -> str:
    """Return the same as a Markdown page, with one row per case before it."""
    lines = ["# Measurements", "", "Written by `lean-bridge bench --format markdown`; do not edit.", ""]
    lines += [
        f"`{report.graph}`; {_setting(report)}; {_cell(report.standing.text)}.",
        "",
        *_markdown(*_overview(report)),
    ]
    for case in report.cases:
        lines += ["", f"## {_title(case)}", "", *_markdown(HEAD, _rows(case)), ""]
        lines += [f"- {_cell(note)}" for note in _notes(case, report.threads)]
    return "\n".join(lines)


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|---" + "|--:" * (len(head) - 1) + "|"
    for row in rows:
        yield f"| {' | '.join(map(_cell, row))} |"


def _overview(report: BenchReport) -> tuple[list[str], list[list[str]]]:
    """Return a head, and for each case the floor, the program over it, and the program over each other."""
    names = dict.fromkeys(timing.contestant for case in report.cases for timing in case.timings)
    others = [name for name in names if name not in (FLOOR, OURS)]
    head = ["case", FLOOR, OURS, "× floor", *(f"÷ {name}" for name in others), "calls", "overhead"]
    head += ["compiled in", "arena", "of live", "PyTorch's peak"]
    return head, [_overview_row(case, others) for case in report.cases]


def _overview_row(case: BenchCase, others: Sequence[str]) -> list[str]:
    medians, memory = {timing.contestant: timing.seconds.median for timing in case.timings}, case.memory
    ours = medians[OURS]
    stacked = f" × {case.layers}" if case.layers > 1 else ""
    return [
        f"{case.label}{stacked}, {case.mode}, {case.dtype}",
        time_text(medians[FLOOR]) if FLOOR in medians else "–",
        time_text(ours),
        f"{ours / medians[FLOOR]:.2f}" if FLOOR in medians else "–",
        *(f"{ours / medians[name]:.2f}" if name in medians else "–" for name in others),
        str(case.calls),
        f"{case.overhead:+.1%}",
        seconds_text(case.compile_seconds),
        bytes_text(memory.arena),
        f"{memory.arena / memory.live_peak:.2f}" if memory.live_peak else "–",
        "–" if memory.torch_peak is None else bytes_text(memory.torch_peak),
    ]


def _setting(report: BenchReport) -> str:
    machine = report.machine
    pools = ", ".join(f"{pool.library}: {counted(pool.threads, 'thread')}" for pool in machine.pools)
    packages = ", ".join(f"{name} {version}" for name, version in machine.packages.items())
    return (
        f"{machine.processor}, {counted(machine.cores, 'core')}; {pools}; Python {machine.python}, {packages}"
    )


def _title(case: BenchCase) -> str:
    dims = ", ".join(f"{name}={value}" for name, value in case.dims.items())
    label = "" if case.label == dims else f"{case.label}, "
    stacked = f", {case.layers} layers" if case.layers > 1 else ""
    return f"{label}{WHAT[case.mode]}, {case.dtype}{stacked} ({dims})"


def _rows(case: BenchCase) -> Iterator[tuple[str, ...]]:
    ours = next(timing.seconds.median for timing in case.timings if timing.contestant == OURS)
    for timing in case.timings:
        seconds = timing.seconds
        yield (
            timing.contestant,
            time_text(seconds.median),
            f"{time_text(seconds.lower, seconds.upper)}–{time_text(seconds.upper)}",
            "–" if timing.to_floor is None else f"{timing.to_floor:.2f}",
            "–" if timing.least_to_floor is None else f"{timing.least_to_floor:.2f}",
            f"{ours / seconds.median:.2f}",
            f"{timing.flop_rate / 1e9:.1f}" if timing.flop_rate else "–",
            f"{timing.cores:.2f}",
        )


def _notes(case: BenchCase, threads: int) -> Iterator[str]:
    memory = case.memory
    yield (
        f"{counted(case.nodes, 'node')}, compiled in {seconds_text(case.compile_seconds)} to "
        f"{counted(case.calls, 'call')}; a call costs {case.overhead:+.1%} over the bare list of its calls; "
        f"the floor is {counted(case.products, 'product')}, {case.flops:.3g} flop"
    )
    torch_peak = (
        f", PyTorch's allocator {bytes_text(memory.torch_peak)}" if memory.torch_peak is not None else ""
    )
    yield (
        f"memory: arena {bytes_text(memory.arena)}, live at most {bytes_text(memory.live_peak)}{torch_peak}, "
        f"process {bytes_text(memory.process_peak)}"
    )
    for absence in case.absent:
        yield f"{absence.contestant}: not measured, {absence.reason}"
    had = min(timing.cores for timing in case.timings if timing.contestant in (FLOOR, OURS))
    if threads == 1 and had < QUIET:
        yield f"the machine was busy: only {had:.2f} of a core was had, so the times are too long"


def time_text(seconds: float, beside: float | None = None) -> str:
    """Return a short duration with three digits: ``37.4 µs``, ``5.02 ms``, ``1.24 s``.

    What stands beside a longer duration is given in that one's unit, without it.
    """
    longest = seconds if beside is None else beside
    unit, scale = next((unit for unit in _UNITS if longest < 999.5 * unit[1]), _UNITS[-1])
    value = seconds / scale
    digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{digits}f}" + f" {unit}" * (beside is None)


def bytes_text(count: int) -> str:
    """Return a number of bytes with one digit after the point: ``23.4 kB``, ``5.0 MB``."""
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count / 1e3:.1f} kB"


def _cell(text: str) -> str:
    return one_line(text).replace("|", "\\|")
