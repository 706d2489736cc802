"""Times as a drawing: bars over the floor, one group per case."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from lean_bridge.errors import Declined
from lean_bridge.files import put_at_once
from pybind_models.bench import BenchReport


def check_plot(file: Path) -> None:
    """Raise Declined if no drawing could be written to this file: unknown kind, or no matplotlib."""
    if file.suffix not in (".svg", ".png"):
        raise Declined(f"{file}: expected a file that ends in .svg or .png")
    if find_spec("matplotlib") is None:
        raise Declined("matplotlib is not installed; pip install 'lean-bridge[bench]'")


def draw_bench(report: BenchReport, file: Path) -> None:
    """Write the ratio of each contestant's median time to the floor's; whiskers are its quartiles.

    Without a floor the bars are the medians themselves, in seconds.
    Raises: Declined as :func:`check_plot`, and if the file cannot be written.
    """
    check_plot(file)
    from matplotlib.figure import Figure

    cases = report.cases
    names = list(dict.fromkeys(timing.contestant for case in cases for timing in case.timings))
    floors = [
        next((t.seconds.median for t in case.timings if t.contestant == "floor"), None) for case in cases
    ]
    has_floor = all(floor is not None for floor in floors)
    shown = [name for name in names if name != "floor"]
    width = 0.8 / len(shown)
    figure = Figure(figsize=(3.0 + 1.2 * len(cases) * max(1.0, 0.2 * len(shown)), 4.0), layout="constrained")
    axes = figure.add_subplot()
    for offset, name in enumerate(shown):
        places, heights, below, above = [], [], [], []
        for number, (case, floor) in enumerate(zip(cases, floors, strict=True)):
            unit = floor if has_floor and floor else 1.0
            for timing in case.timings:
                if timing.contestant == name:
                    seconds = timing.seconds
                    places.append(number + (offset - (len(shown) - 1) / 2) * width)
                    heights.append(seconds.median / unit)
                    below.append((seconds.median - seconds.lower) / unit)
                    above.append((seconds.upper - seconds.median) / unit)
        axes.bar(places, heights, width, yerr=(below, above), capsize=2, label=name)
    labels = [
        f"{case.label}\n{case.mode} {case.dtype}" + f"\n{case.layers} layers" * (case.layers > 1)
        for case in cases
    ]
    axes.set_xticks(range(len(cases)), labels)
    axes.set_yscale("log")
    if has_floor:
        axes.axhline(1.0, color="black", linewidth=0.8)
    axes.set_ylabel("time / time of the bare products" if has_floor else "seconds")
    axes.set_title(f"{report.graph.rpartition('.')[2]}, threads: {report.threads}", loc="left")
    figure.legend(loc="outside right center", frameon=False)
    try:
        with put_at_once(file) as whole:
            figure.savefig(whole, format=file.suffix.removeprefix("."))
    except OSError as error:
        raise Declined(f"{file}: cannot be written: {error.strerror}") from error
