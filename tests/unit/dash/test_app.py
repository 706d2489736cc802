"""The dashboard on terminals of three sizes: what it shows, what its keys do, and that nothing jumps."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.pilot import Pilot
from textual.widgets import Input

from lean_bridge.dash import app as dash
from lean_bridge.dash.app import Dash
from lean_bridge.dash.help import KEYS, Help
from lean_bridge.dash.model import Event
from lean_bridge.dash.widgets import Matrix
from tests.boards import (
    ACCEPTED,
    ACCEPTED_AGAIN,
    AT,
    BROKEN,
    EDITED,
    ELABORATING,
    MENDED,
    REJECTED,
    board,
    library,
)
from tests.screens import FOLDER, NAMES, SCENES, Still, drawn, screens, settled
from tests.tiers import one_in

Steps = Callable[[Dash, "Pilot[int]", Still], Awaitable[None]]
SMALL, MIDDLE, LARGE = (80, 24), (120, 40), (200, 50)


EVERY = 2


@pytest.fixture(scope="module")
def found(full: bool) -> dict[str, str]:
    """Every scene that is asked for, as it is drawn."""
    return screens([*NAMES] if full else [*NAMES][::EVERY])


@pytest.mark.parametrize("name", one_in(EVERY, NAMES))
def test_the_screen_is_as_recorded(name: str, found: dict[str, str]) -> None:
    """``python -m tests.screens`` records them."""
    assert found[name] == (FOLDER / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", one_in(EVERY, NAMES))
def test_the_screen_has_as_many_lines_and_columns_as_the_terminal(name: str, found: dict[str, str]) -> None:
    _, (width, height) = NAMES[name]
    lines = found[name].splitlines()
    assert len(lines) == height
    assert max(map(len, lines)) <= width


def test_every_recorded_screen_is_one_of_these() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(NAMES)


def play(
    steps: Steps, tmp_path: Path, events: tuple[Event, ...], size: tuple[int, int] = SMALL
) -> tuple[Dash, Still]:
    """Have steps done on a dashboard that shows a board."""
    source = Still(library(tmp_path), board(*events))
    app = Dash(source, clock=lambda: AT + 60)

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            await settled(app, pilot)
            await steps(app, pilot, source)

    asyncio.run(run())
    return app, source


async def press(pilot: Pilot[int], *keys: str) -> str:
    await pilot.press(*keys)
    await pilot.pause()
    assert isinstance(pilot.app, Dash)
    return drawn(pilot.app)


def under_the_cursor(app: Dash) -> str:
    line = app.query_one(Matrix).line
    assert line is not None
    return line.row.name.rpartition(".")[2] if line.row is not None else line.group


@pytest.mark.parametrize("size", one_in(3, [(MIDDLE,), (SMALL,), (LARGE,)]))
@pytest.mark.parametrize("colour", [True, False])
def test_with_and_without_colour_the_same_is_said(
    monkeypatch: pytest.MonkeyPatch,
    found: dict[str, str],
    tmp_path: Path,
    size: tuple[int, int],
    colour: bool,
) -> None:
    colours: list[set[object]] = []

    async def steps(app: Dash, pilot: Pilot[int], _: Still) -> None:
        await press(pilot, *SCENES["rejected"].keys)
        await settled(app, pilot)
        strips = app.screen._compositor.render_strips()
        assert drawn(app) == found[f"rejected-{size[0]}x{size[1]}"]
        parts = [part.style for strip in strips for part in strip if part.style is not None]
        colours.append({style.color for style in parts if style.color and not style.color.is_default})
        assert colour or any(style.reverse for style in parts), "the cursor is seen"

    if colour:
        monkeypatch.delenv("NO_COLOR", raising=False)
    else:
        monkeypatch.setenv("NO_COLOR", "1")
    play(steps, tmp_path, REJECTED, size)
    assert [bool(each) for each in colours] == [colour]


@pytest.mark.parametrize("size", one_in(3, [(SMALL,), (MIDDLE,), (LARGE,)]))
def test_an_edit_that_breaks_a_proof_and_one_that_mends_it(tmp_path: Path, size: tuple[int, int]) -> None:
    async def steps(app: Dash, pilot: Pilot[int], source: Still) -> None:
        async def shows(*events: Event) -> str:
            source.board = board(*events)
            app.look()
            await pilot.pause()
            return drawn(app)

        await press(pilot, "plus", "down", "down", "down")
        assert under_the_cursor(app) == "backprop_correct"
        for events, said in (
            (EDITED, "? no verdict · 1 green, 2 stale"),
            (ELABORATING, "▶ elaborating 58 s"),
            (BROKEN, "✗ refused"),
            (REJECTED, "Proofs/Sum.lean:4:2: error: unsolved goals"),
            (MENDED, "▷ judging"),
            (ACCEPTED_AGAIN, "✓ accepted · 3 green"),
        ):
            text = await shows(*events)
            assert said in text
            assert under_the_cursor(app) == "backprop_correct", "the selection stays"
            assert [line[:1] for line in text.splitlines()].count("›") == 1
        assert "unsolved" not in text

    play(steps, tmp_path, ACCEPTED, size)


def test_only_what_changed_is_drawn_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn_again: list[int] = []

    async def steps(app: Dash, pilot: Pilot[int], source: Still) -> None:
        await press(pilot, "plus")
        monkeypatch.setattr(Matrix, "_draw", lambda _, at: drawn_again.append(at))
        monkeypatch.setattr(Matrix, "refresh", lambda *_, **__: pytest.fail("all of it is drawn again"))
        source.board = board(*EDITED)
        app.look()
        assert drawn_again == [0, 1, 2, 3], "what is stale, and no line of the group that is not"

    play(steps, tmp_path, ACCEPTED)


def test_walking_folding_and_the_next_that_is_not_green(tmp_path: Path) -> None:
    async def steps(app: Dash, pilot: Pilot[int], source: Still) -> None:
        await press(pilot, "down")
        assert under_the_cursor(app) == "Tape/Algebra/Soundness"
        assert "Graph.backprop_correct" in await press(pilot, "enter")
        await press(pilot, "down")
        assert under_the_cursor(app) == "backprop_correct"
        assert "Graph.backprop_correct" not in await press(pilot, "left")
        assert under_the_cursor(app) == "Tape/Algebra/Soundness", "a fold takes the cursor along"
        await press(pilot, "end")
        assert under_the_cursor(app) == "Tape/Graphs/Transformer"
        await press(pilot, "down", "pagedown")
        assert under_the_cursor(app) == "Tape/Graphs/Transformer", "there is no more"
        await press(pilot, "home", "up")
        assert under_the_cursor(app) == "Sums"
        assert (await press(pilot, "plus")).count("▾") == 3
        assert (await press(pilot, "minus")).count("▸") == 3
        source.board = board(*EDITED)
        app.look()
        for key, name in (
            ("right_square_bracket", "sum_comm"),
            ("right_square_bracket", "backprop_correct"),
            ("right_square_bracket", "sum_comm"),
            ("left_square_bracket", "backprop_correct"),
        ):
            await press(pilot, key)
            assert under_the_cursor(app) == name

    play(steps, tmp_path, ACCEPTED)


@pytest.mark.full
def test_the_detail_stays_with_its_row_when_its_group_is_folded(tmp_path: Path) -> None:
    async def steps(app: Dash, pilot: Pilot[int], source: Still) -> None:
        await press(pilot, "right_square_bracket", "enter")
        name = under_the_cursor(app)
        before = app._about
        assert before is not None
        assert (before[1] or "").endswith(name)
        source.board = board(*ACCEPTED)  # mended: all is green, and every group folds
        app.look()
        await pilot.pause()
        assert under_the_cursor(app) == before[0]
        assert app._about == before
        await press(pilot, "escape", "down")
        assert app._about != before, "another line is another matter"

    async def fold(app: Dash, pilot: Pilot[int], _: Still) -> None:
        await press(pilot, "down", "right", "down")
        before = app._about
        await press(pilot, "left")
        assert app._about == before
        assert under_the_cursor(app) == "Tape/Algebra/Soundness"

    play(steps, tmp_path, REJECTED, LARGE)
    play(fold, tmp_path, ACCEPTED, LARGE)


def test_searching_as_one_types(tmp_path: Path) -> None:
    async def steps(app: Dash, pilot: Pilot[int], _: Still) -> None:
        text = await press(pilot, "slash", "s", "u", "m")
        assert "sum_comm" in text
        assert "Soundness" not in text
        assert "✓ accepted · 3 green" in text, "the verdict stays that of all"
        await press(pilot, "enter")
        assert app.query_one(Matrix).has_focus
        assert "1 shown: “sum”" in await press(pilot, "down")
        assert under_the_cursor(app) == "sum_comm"
        text = await press(pilot, "escape")
        assert "shown" not in text
        assert under_the_cursor(app) == "sum_comm" or "Sums" in text
        text = await press(pilot, "slash", *"Transfomer")
        assert "0 shown: “Transfomer”; did you mean Transformer or" in text
        await press(pilot, "escape")
        assert "nothing to show" in await press(pilot, "slash", "q", "q")
        text = await press(pilot, "escape")
        assert "Soundness" in text
        assert app.query_one("#search", Input).value == ""
        assert "nothing to show" in await press(pilot, "n"), "everything is green"

    play(steps, tmp_path, ACCEPTED)


def test_the_mouse_moves_the_cursor_and_opens_what_is_under_it(tmp_path: Path) -> None:
    async def steps(app: Dash, pilot: Pilot[int], _: Still) -> None:
        await pilot.click(Matrix, offset=(10, 1))
        assert "Graph.backprop_correct" in await press(pilot)
        await pilot.click(Matrix, offset=(10, 2))
        assert under_the_cursor(app) == "backprop_correct"
        await pilot.click(Matrix, offset=(10, 2))
        assert "Rests on" in await press(pilot)

    play(steps, tmp_path, ACCEPTED)


def test_on_a_small_screen_one_pane_is_seen_at_a_time(tmp_path: Path) -> None:
    async def steps(app: Dash, pilot: Pilot[int], _: Still) -> None:
        text = await press(pilot, "down", "enter")
        assert "Lean's messages" in text
        assert "Graph.backprop_correct  " not in text
        text = await press(pilot, "l")
        assert "judging" in text
        assert "Lean's messages" not in text
        assert "Graph.backprop_correct" in await press(pilot, "escape")
        assert under_the_cursor(app) == "sum_comm"
        await pilot.resize_terminal(*LARGE)
        text = await settled(app, pilot)
        assert "Graph.backprop_correct" in text
        assert "Lean's messages" in text
        await pilot.resize_terminal(20, 5)
        await press(pilot, "down", "enter", "l", "escape", "question_mark", "escape")
        await pilot.resize_terminal(*SMALL)
        assert "›" in await press(pilot)

    play(steps, tmp_path, REJECTED)


def test_judging_stopping_and_leaving(tmp_path: Path) -> None:
    async def steps(_: Dash, pilot: Pilot[int], source: Still) -> None:
        await press(pilot, "r", "R")
        assert source.asked == ["judge", "judge anew"]
        await press(pilot, "s")
        assert source.asked == ["judge", "judge anew"], "nothing goes on"
        source.board = board(*ELABORATING)
        await press(pilot)
        await pilot.pause(0.2)
        await press(pilot, "r", "s")
        assert source.asked == ["judge", "judge anew", "stop"], "it is being judged"
        await press(pilot, "q")

    app, _ = play(steps, tmp_path, ACCEPTED)
    assert not app.is_running


def test_the_editor_is_opened_at_leans_error_else_where_the_declaration_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[list[str]] = []
    monkeypatch.setattr(dash, "edit", lambda command: opened.append(list(command)))
    monkeypatch.setenv("VISUAL", "code")

    async def steps(app: Dash, pilot: Pilot[int], source: Still) -> None:
        await press(pilot, "plus", "down", "o")
        source.board = board(*REJECTED)
        app.look()
        await press(pilot, "o")

    _, source = play(steps, tmp_path, ACCEPTED)
    file = source.root / "Proofs" / "Sum.lean"
    assert opened == [["code", "--goto", f"{file}:{line}"] for line in (3, 4)]


def test_a_graph_is_opened_as_a_drawing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(Dash, "open_url", lambda _, url, **__: opened.append(url))
    monkeypatch.setattr("tempfile.mkdtemp", lambda **_: str(tmp_path))

    async def steps(_: Dash, pilot: Pilot[int], __: Still) -> None:
        await press(pilot, "g")
        assert opened == []
        await press(pilot, "end", "right", "down", "g")

    play(steps, tmp_path, ACCEPTED)
    file = tmp_path / "mhaResidualDGraph.svg"
    assert opened == [file.as_uri()]
    assert file.read_text(encoding="utf-8").startswith("<svg")


SPELLED = (
    {"↑": "up", "↓": "down", "←": "left", "→": "right", "PgUp": "pageup", "PgDn": "pagedown"}
    | {"+": "plus", "-": "minus", "]": "right_square_bracket", "[": "left_square_bracket", "/": "slash"}
    | {"?": "question_mark", "R": "R"}
)
"""What textual calls keys, where that is not their name in small letters."""


def bound() -> set[str]:
    """Return every key that is bound, in textual's words."""
    bindings = [
        each for each in (*Dash.BINDINGS, *Matrix.BINDINGS, *Help.BINDINGS) if isinstance(each, Binding)
    ]
    return {key for binding in bindings for key in binding.key.split(",")} | {"tab"}


def named(keys: list[str]) -> set[str]:
    return {SPELLED.get(key, key.lower()) for key in keys}


def test_the_help_names_every_key_of_the_dashboard_and_no_other() -> None:
    told = named([key for keys, _ in KEYS for key in keys.split()])
    assert told <= bound()
    aliases = {"k", "j", "h", "space", "ctrl+c", "ctrl+q"}
    assert bound() - aliases <= told | {"question_mark"}


def test_the_readme_names_keys_that_there_are() -> None:
    readme = (FOLDER.parents[2] / "README.md").read_text(encoding="utf-8")
    table = readme.partition("| key | does |")[2].partition("\n\n")[0]
    keys = [
        key
        for line in table.splitlines()
        for key in re.findall(r"`(\S+?)`", line.split("|")[1:2][0] if line else "")
    ]
    assert len(keys) == 17
    assert named(keys) <= bound()
