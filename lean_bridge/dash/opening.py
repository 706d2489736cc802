"""What is opened outside the dashboard: a place in the editor, a graph as a drawing."""

from __future__ import annotations

import tempfile
from pathlib import Path

from lean_bridge.audit.catalogue import CATALOGUE
from lean_bridge.dash.model import Board
from lean_bridge.dash.page import Line
from lean_bridge.names import last_component
from lean_bridge.ui.detail import Subject
from lean_bridge.ui.drawing import draw_svg
from pybind_models import NOT_JUDGED, GraphStanding
from pybind_models.status import StatusRow


def place(root: Path, board: Board, line: Line | None) -> tuple[Path, int]:
    """Return the file and line at which to look for what a line of the matrix is about.

    That is Lean's error, else where the declaration stands, else the catalogue.
    """
    row = line.row if line is not None else None
    messages = board.errors_below(row) if row is not None else board.messages
    if messages:
        return root / messages[0].file, messages[0].line
    places = [row.place] if row else [each.place for each in board.rows if line and each.group == line.group]
    if (found := next(filter(None, places), None)) is None:
        return root / CATALOGUE, 1
    file, _, number = found.rpartition(":")
    return root / file, int(number)


def draw(board: Board, row: StatusRow) -> Path | None:
    """Write a drawing of a row's graph and return where; nothing for a row that has none that was read."""
    report = Subject(row, board.report).graph
    if report is None or report.graph is None:
        return None
    path = Path(tempfile.mkdtemp(prefix="lean-bridge-")) / f"{last_component(row.name)}.svg"
    path.write_text(draw_svg(report.graph, _standing(row)), encoding="utf-8")
    return path


def _standing(row: StatusRow) -> GraphStanding:
    """Return what a drawing may say: what is not green is not judged as it is now."""
    if row.state == "rejected" and row.reason and row.code:
        return GraphStanding(status="rejected", declaration=row.name, reason=row.reason, code=row.code)
    return NOT_JUDGED.replaced(reason=f"drawn from the last judgement, which says: {row.reason or 'green'}")
