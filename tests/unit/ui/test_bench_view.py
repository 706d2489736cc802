"""What ``bench`` shows of a report: tables, a Markdown page, drawings."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from lean_bridge.errors import Declined
from lean_bridge.ui.bench_plot import check_plot, draw_bench
from lean_bridge.ui.bench_view import bytes_text, render_bench, render_bench_markdown, time_text
from pybind_models.bench import (
    Absence,
    BenchCase,
    BenchReport,
    Machine,
    Memory,
    Spread,
    ThreadPool,
    Timing,
)


def timing(name: str, median: float, floor: float | None = 2e-3, cores: float = 1.0) -> Timing:
    spread = Spread(median=median, lower=0.9 * median, upper=1.1 * median, least=0.8 * median, rounds=9)
    ratio = None if floor is None else median / floor
    return Timing(
        contestant=name,
        seconds=spread,
        to_floor=ratio,
        least_to_floor=ratio,
        flop_rate=8e7 / median if floor else 0.0,
        cores=cores,
    )


def case(*timings: Timing, absent: tuple[Absence, ...] = (), label: str = "small") -> BenchCase:
    return BenchCase(
        label=label,
        dims={"n": 64, "dModel": 128},
        mode="vjp",
        dtype="float64",
        layers=1,
        nodes=21,
        products=24,
        flops=80_000_000,
        calls=74,
        compile_seconds=0.04,
        overhead=0.012,
        memory=Memory(arena=2_000_000, live_peak=1_950_000, torch_peak=3_100_000, process_peak=160_000_000),
        timings=timings,
        absent=absent,
    )


def report(*cases: BenchCase) -> BenchReport:
    pool = ThreadPool(library="openblas 0.3 (Haswell kernels)", threads=1)
    machine = Machine(
        processor="Some CPU", cores=2, python="3.11.7", packages={"numpy": "2.4.6"}, pools=(pool,)
    )
    return BenchReport(graph="Proofs.block", threads=1, machine=machine, cases=cases)


FLOOR, OURS, TORCH = timing("floor", 2e-3), timing("lean_bridge", 2.8e-3), timing("torch", 5.6e-3)


def shown(found: BenchReport) -> str:
    console = Console(file=io.StringIO(), width=80)
    render_bench(found, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_table_has_a_row_per_contestant_and_fits_a_terminal() -> None:
    lines = shown(report(case(FLOOR, OURS, TORCH))).splitlines()
    row = next(line for line in lines if line.startswith("lean_bridge"))
    assert row.split() == [
        "lean_bridge",
        "2.80",
        "ms",
        "2.52–3.08",
        "ms",
        "1.40",
        "1.40",
        "1.00",
        "28.6",
        "1.00",
    ]
    assert next(line for line in lines if line.startswith("torch")).split()[-3] == "0.50"
    assert all(len(line) <= 80 for line in lines)


def test_what_it_costs_beside_time_is_told() -> None:
    text = " ".join(shown(report(case(FLOOR, OURS))).split())
    assert "compiled in 40 ms to 74 calls; a call costs +1.2% over the bare list" in text
    assert "arena 2.0 MB, live at most 1.9 MB, PyTorch's allocator 3.1 MB, process 160.0 MB" in text


def test_who_is_absent_is_told_and_why() -> None:
    text = shown(report(case(FLOOR, OURS, absent=(Absence(contestant="torch", reason="no part of it"),))))
    assert "torch: not measured, no part of it" in text


@pytest.mark.parametrize(("cores", "told"), [(0.6, True), (0.99, False)])
def test_a_busy_machine_is_told(cores: float, told: bool) -> None:
    text = shown(report(case(FLOOR, timing("lean_bridge", 3e-3, cores=cores))))
    assert ("the machine was busy" in text) == told


def test_a_graph_without_products_has_no_ratios() -> None:
    page = render_bench_markdown(report(case(timing("lean_bridge", 3e-3, floor=None))))
    assert "| small, vjp, float64 | – | 3.00 ms | – | 74 |" in page


def test_the_page_has_a_row_per_case_and_a_table_for_each() -> None:
    page = render_bench_markdown(
        report(case(FLOOR, OURS, TORCH), case(FLOOR, OURS, label="n=64, dModel=128"))
    )
    assert "| small, vjp, float64 | 2.00 ms | 2.80 ms | 1.40 | 0.50 | 74 | +1.2% |" in page
    assert "| n=64, dModel=128, vjp, float64 | 2.00 ms | 2.80 ms | 1.40 | – | 74 |" in page
    assert page.count("\n## ") == 2
    assert "## forward and VJP of all inputs, float64 (n=64, dModel=128)" in page
    assert "| torch | 5.60 ms | 5.04–6.16 ms | 2.80 | 2.80 | 0.50 | 14.3 | 1.00 |" in page


@pytest.mark.parametrize(
    ("seconds", "text"), [(3.74e-5, "37.4 µs"), (5.018e-3, "5.02 ms"), (0.9996, "1.00 s")]
)
def test_durations_have_three_digits(seconds: float, text: str) -> None:
    assert time_text(seconds) == text


def test_bytes_have_a_unit() -> None:
    assert (bytes_text(23_400), bytes_text(5_000_000)) == ("23.4 kB", "5.0 MB")


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_drawings_are_written(kind: str, tmp_path: Path) -> None:
    file = tmp_path / f"times.{kind}"
    draw_bench(report(case(FLOOR, OURS, TORCH), case(FLOOR, OURS)), file)
    assert file.read_bytes().startswith(b"<?xml" if kind == "svg" else b"\x89PNG")


def test_a_drawing_has_a_bar_per_contestant_and_case(tmp_path: Path) -> None:
    file = tmp_path / "times.svg"
    draw_bench(report(case(FLOOR, OURS, TORCH), case(FLOOR, OURS)), file)
    text = file.read_text(encoding="utf-8")
    assert all(f"<!-- {name} -->" in text for name in ("lean_bridge", "torch"))
    assert "<!-- floor -->" not in text


def test_other_files_and_places_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Declined, match=r"ends in \.svg or \.png"):
        check_plot(Path("times.pdf"))
    with pytest.raises(Declined, match="cannot be written"):
        draw_bench(report(case(FLOOR, OURS)), tmp_path / "none" / "times.svg")
    monkeypatch.setattr("lean_bridge.ui.bench_plot.find_spec", lambda _name: None)
    with pytest.raises(Declined, match=r"pip install 'lean-bridge\[bench\]'"):
        check_plot(Path("times.svg"))
