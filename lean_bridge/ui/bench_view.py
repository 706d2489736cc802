"""Times as tables: on a terminal, and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lean_bridge.ui.wording import counted, one_line, seconds_text
from pybind_models.bench import BenchCase, BenchReport, Timing

WHAT: Final = {"forward": "forward", "vjp": "forward and VJP of all inputs", "jvp": "forward and JVP"}
HEAD: Final = ("contestant", "median", "quartiles", "to floor", "least to floor", "rate", "cores")


def render_bench(report: BenchReport, console: Console) -> None:
    """Write one table per case, with what its program costs beside time."""
    console.print(Text(one_line(report.graph), "bold"))
    console.print(Text(one_line(_setting(report)), "dim"))
    for case in report.cases:
        console.print()
        console.print(Text(one_line(_title(case)), "bold"))
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
        for title in HEAD:
            table.add_column(title, justify="left" if title == "contestant" else "right", overflow="fold")
        for timing in case.timings:
            table.add_row(*(Text(one_line(cell)) for cell in _row(timing)))
        console.print(table)
        for note in _notes(case):
            console.print(Text(one_line(note), "dim"))


def render_bench_markdown(report: BenchReport) -> str:
    """Return the same as Markdown, without a title: what a page about performance includes."""
    lines = [f"`{report.graph}`, {_setting(report)}", ""]
    for case in report.cases:
        lines += [
            f"### {_title(case)}",
            "",
            f"| {' | '.join(HEAD)} |",
            "|---" + "|--:" * (len(HEAD) - 1) + "|",
        ]
        lines += [f"| {' | '.join(map(_cell, _row(timing)))} |" for timing in case.timings]
        lines += ["", *(f"- {_cell(note)}" for note in _notes(case)), ""]
    return "\n".join(lines)


def _setting(report: BenchReport) -> str:
    machine = report.machine
    pools = ", ".join(f"{pool.library}: {counted(pool.threads, 'thread')}" for pool in machine.pools)
    packages = ", ".join(f"{name} {version}" for name, version in machine.packages.items())
    cores = counted(machine.cores, "core")
    return f"{WHAT[report.mode]}; {machine.processor}, {cores}; {pools}; Python {machine.python}, {packages}"


def _title(case: BenchCase) -> str:
    dims = ", ".join(f"{name}={value}" for name, value in case.dims.items())
    label = "" if case.label.replace(" ", "") == dims.replace(" ", "") else f"{case.label}, "
    stacked = f", {case.layers} layers" if case.layers > 1 else ""
    return f"{label}{case.dtype}{stacked} ({dims})"


def _row(timing: Timing) -> tuple[str, ...]:
    seconds = timing.seconds
    return (
        timing.contestant,
        time_text(seconds.median),
        f"{time_text(seconds.lower)} – {time_text(seconds.upper)}",
        "–" if timing.to_floor is None else f"{timing.to_floor:.2f}",
        "–" if timing.least_to_floor is None else f"{timing.least_to_floor:.2f}",
        f"{timing.flop_rate / 1e9:.1f} Gflop/s" if timing.flop_rate else "–",
        f"{timing.cores:.2f}",
    )


def _notes(case: BenchCase) -> Iterator[str]:
    memory = case.memory
    yield (
        f"{counted(case.nodes, 'node')}, compiled in {seconds_text(case.compile_seconds)} to "
        f"{counted(case.calls, 'call')}; the floor has {counted(case.products, 'product')}, "
        f"{case.flops:.3g} flop; a call costs {case.overhead:+.1%} over the bare list of its calls"
    )
    torch_peak = f", PyTorch's allocator {_bytes(memory.torch_peak)}" if memory.torch_peak is not None else ""
    yield (
        f"memory: arena {_bytes(memory.arena)}, live at most {_bytes(memory.live_peak)}{torch_peak}, "
        f"process {_bytes(memory.process_peak)}"
    )
    by_name = {timing.contestant: timing.seconds.median for timing in case.timings}
    ours = by_name.get("lean_bridge")
    others = [name for name in by_name if name not in ("floor", "lean_bridge")]
    if ours is not None and others:
        ratios = ", ".join(f"{ours / by_name[name]:.2f} of {name}" for name in others)
        yield f"lean_bridge takes {ratios}"
    for absence in case.absent:
        yield f"{absence.contestant}: not measured, {absence.reason}"


def time_text(seconds: float) -> str:
    """Return a short duration with three digits: ``37.4 µs``, ``5.02 ms``, ``1.24 s``."""
    for unit, scale in (("µs", 1e-6), ("ms", 1e-3), ("s", 1.0)):
        value = seconds / scale
        if value < 999.5 or unit == "s":
            digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
            return f"{value:.{digits}f} {unit}"
    raise AssertionError


def _bytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count / 1e3:.1f} kB"


def _cell(text: str) -> str:
    return one_line(text).replace("|", "\\|")
