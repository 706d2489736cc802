"""Draws the pictures of README and of the pages: ``python -m tests.pictures`` writes ``docs/pictures``.

``lean-bridge verify --format json | python -m tests.pictures record`` writes down what they are of; with
``measure`` the errors of the blocks are measured anew.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from typer.testing import CliRunner

from lean_bridge.cli import app
from lean_bridge.dash.app import Dash
from lean_bridge.dash.model import Looked
from lean_bridge.verdict.chain import status_of
from pybind_models import VerifyReport
from pybind_models.status import StatusReport
from tests.boards import AT, board
from tests.errors_picture import errors
from tests.errors_picture import record as measure_errors
from tests.reports import DATA
from tests.screens import Still, settled

FOLDER: Final = Path(__file__).parents[1] / "docs" / "pictures"
RECORDED: Final = DATA / "status.json"
"""Where the shipped library stands, as it was accepted."""
SIZE: Final = (110, 24)
KEYS: Final = ("minus", *["down"] * 4, "right", "down")
FACE: Final = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
"""Where the picture would fetch its letters; it is shown with those that are there."""


def recorded() -> StatusReport:
    """Return what is recorded of the shipped library."""
    return StatusReport.model_validate_json(RECORDED.read_text(encoding="utf-8"))


def record(report: VerifyReport) -> str:
    """Return what of a report the picture shows, and nothing of the machine."""
    found = status_of(report, notes=()).replaced(age=120.0)
    assert found.library is not None
    assert found.toolchain is not None
    bare = found.replaced(
        library=found.library.replaced(root="lean"), toolchain=found.toolchain.replaced(location="lean")
    )
    return bare.model_dump_json(exclude_defaults=True) + "\n"


async def _screen() -> str:
    with tempfile.TemporaryDirectory() as folder:
        source = Still(Path(folder), board(Looked(AT, recorded())))
        dash = Dash(source, clock=lambda: AT + 60)
        async with dash.run_test(size=SIZE) as pilot:
            await settled(dash, pilot)
            await pilot.press(*KEYS)
            await settled(dash, pilot)
            return dash.export_screenshot(title="lean-bridge dash", simplify=True)


def dashboard() -> str:
    """Return the dashboard on the recorded report, with letters of the reader's machine and none fetched."""
    os.environ["TZ"] = "UTC"
    time.tzset()
    text = FACE.sub("", asyncio.run(_screen())).replace("Fira Code, ", "")
    same = re.sub(r"terminal-\d+", "terminal-0", text)  # else a number of the program's own
    return "".join(f"{line.rstrip()}\n" for line in same.splitlines())


def graph() -> str:
    """Return the attention layer with its residual as the command line draws it: it takes the library."""
    words = ["graph", "mhaResidualDGraph", "--project", str(FOLDER.parents[1]), "--format", "svg"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    return done.stdout


PICTURES: Final[Mapping[str, Callable[[], str]]] = {
    "dashboard.svg": dashboard,
    "graph.svg": graph,
    "errors.svg": partial(errors, "Encoder block"),
    "errors_gpt.svg": partial(errors, "GPT block"),
}

if __name__ == "__main__":
    if sys.argv[1:] == ["measure"]:
        measure_errors()
    if sys.argv[1:] == ["record"]:
        RECORDED.write_text(record(VerifyReport.model_validate_json(sys.stdin.read())), encoding="utf-8")
    for name, drawn in PICTURES.items():
        (FOLDER / name).write_text(drawn(), encoding="utf-8")
