"""Screens of the dashboard as text: ``python -m tests.screens`` writes them to ``tests/data/dash``."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from textual.pilot import Pilot

from lean_bridge.dash.app import Dash
from lean_bridge.dash.model import Board, Event, Looked
from tests.boards import (
    ACCEPTED,
    ACCEPTED_AGAIN,
    AT,
    BROKEN,
    ELABORATING,
    MENDED,
    REJECTED,
    board,
    library,
)

FOLDER: Final = Path(__file__).parent / "data" / "dash"
SIZES: Final = ((80, 24), (120, 40), (200, 50))
UNREADABLE: Final = Looked(AT, trouble="LB401 catalogue.toml:3: expected a name, found 7")


class Still:
    """A source that shows one board, and remembers what it was asked for."""

    def __init__(self, root: Path, shown: Board) -> None:
        self.root = root
        self.board = shown
        self.asked: list[str] = []

    def start(self) -> None:
        """Do nothing: it is there."""

    def judge(self, *, fresh: bool = False) -> None:
        """Remember it."""
        self.asked.append("judge anew" if fresh else "judge")

    def stop_run(self) -> None:
        """Remember it."""
        self.asked.append("stop")

    def close(self) -> None:
        """Do nothing: nothing goes on."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A board, and the keys that are pressed on it."""

    events: Sequence[Event]
    keys: Sequence[str] = ()
    sizes: Sequence[tuple[int, int]] = SIZES
    after: float = 60.0
    """Seconds after everything happened."""


SCENES: Final = {
    "accepted": Scene(ACCEPTED, ["minus"]),
    "elaborating": Scene(ELABORATING, ["down", "right", "down"], after=9.0),
    "refused": Scene(BROKEN, ["right", "down"], after=9.0),
    "rejected": Scene(REJECTED, ["down"]),
    "rejected-detail": Scene(REJECTED, ["down", "enter"], [(80, 24)]),
    "mended": Scene(MENDED, ["down"], after=38.0),
    "accepted-again": Scene(ACCEPTED_AGAIN, ["down", "minus"]),
    "graph": Scene(ACCEPTED, ["end", "right", "down", "enter"]),
    "log": Scene(REJECTED, ["l"], [(80, 24)]),
    "search": Scene(ACCEPTED, ["slash", *"back"], [(80, 24)]),
    "not-green": Scene(REJECTED, ["n"], [(80, 24)]),
    "help": Scene(ACCEPTED, ["question_mark"], [(80, 24), (120, 40)]),
    "unreadable": Scene([*ACCEPTED, UNREADABLE], [], [(80, 24)]),
    "nothing-yet": Scene([UNREADABLE], [], [(80, 24)]),
}


def drawn(app: Dash) -> str:
    """Return the characters of the screen, line by line."""
    strips = app.screen._compositor.render_strips()
    return "".join("".join(part.text for part in strip).rstrip() + "\n" for strip in strips)


async def settled(app: Dash, pilot: Pilot[int]) -> str:
    """Return the characters of the screen once nothing moves on it any more, and the keys stand below."""
    before, now = "", drawn(app)
    while now != before or app.size != app._arranged or not now.splitlines()[-1].strip():
        app.look()
        await pilot.pause(0.1)
        before, now = now, drawn(app)
    return now


async def shown(scene: Scene, size: tuple[int, int]) -> str:
    """Return the characters of a scene on a terminal of a size."""
    with tempfile.TemporaryDirectory() as folder:
        app = Dash(Still(library(Path(folder)), board(*scene.events)), clock=lambda: AT + scene.after)
        async with app.run_test(size=size) as pilot:
            await settled(app, pilot)
            await pilot.press(*scene.keys)
            return await settled(app, pilot)


NAMES: Final = {
    f"{name}-{size[0]}x{size[1]}": (scene, size) for name, scene in SCENES.items() for size in scene.sizes
}


def screens(names: Collection[str] = NAMES.keys()) -> dict[str, str]:
    """Return the characters of scenes at sizes, by their names, with the times of one place."""

    async def together() -> list[str]:
        return await asyncio.gather(*(shown(*NAMES[each]) for each in names))

    os.environ["TZ"] = "UTC"
    time.tzset()
    return dict(zip(names, asyncio.run(together()), strict=True))


if __name__ == "__main__":
    for each, text in screens().items():
        (FOLDER / f"{each}.txt").write_text(text, encoding="utf-8")
