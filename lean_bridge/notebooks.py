"""What notebooks show of graphs, programs and reports; drawn when it is asked for, and never before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from pybind_models import DGraph, GraphStanding, VerifyReport
from pybind_models.base import VIEWS
from pybind_models.bench import BenchReport
from pybind_models.status import StatusReport

if TYPE_CHECKING:
    from lean_bridge.executor.arrays.shape import Shape


class Bound(Protocol):
    """An entry at bound dimensions."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def shape(self) -> Shape:
        """How long its axes are."""
        ...


def graph_svg(
    graph: DGraph, standing: GraphStanding | None = None, dims: Mapping[str, int] | None = None
) -> str:
    """Return a drawing of a graph, at bound dimensions if there are any."""
    from lean_bridge.ui.drawing import draw_svg
    from lean_bridge.ui.graph_look import Look
    from pybind_models import NOT_JUDGED

    return draw_svg(graph, standing or NOT_JUDGED, Look(dims=dims))


def program_html(title: str, standing: GraphStanding, entries: Sequence[Bound], ops: Sequence[str]) -> str:
    """Return a table of the entries of a program: its inputs, then what each of ``ops`` makes."""
    from lean_bridge.ui.program_view import render_program_html

    shapes = [(entry.name, entry.shape) for entry in entries]
    return render_program_html(title, standing, shapes, ops)


def _verify_markdown(report: VerifyReport) -> str:
    from lean_bridge.verdict.chain import status_of

    return _status_markdown(status_of(report, notes=report.notes))


def _status_markdown(report: StatusReport) -> str:
    from lean_bridge.ui.status_formats import render_status_markdown

    return render_status_markdown(report)


def _bench_markdown(report: BenchReport) -> str:
    from lean_bridge.ui.bench_view import render_bench_markdown

    return render_bench_markdown(report)


VIEWS.update(
    {
        DGraph: graph_svg,
        VerifyReport: _verify_markdown,
        StatusReport: _status_markdown,
        BenchReport: _bench_markdown,
    }
)
