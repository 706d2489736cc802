"""Where a library stands fits the screen that it is shown on, whatever there is to show."""

from __future__ import annotations

import io
import json
import re
from itertools import product
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from lean_bridge.audit.catalogue import read_catalogue
from lean_bridge.codes import Code
from lean_bridge.doubts import doubts
from lean_bridge.ui.console import open_console
from lean_bridge.ui.status_formats import (
    render_status_json,
    render_status_markdown,
    render_status_text,
)
from lean_bridge.ui.status_view import fitted, render_status
from lean_bridge.verdict.chain import CHAIN, status_of
from pybind_models.status import Link, LinkOutcome, StatusReport, StatusRow
from tests.reports import LIBRARY, TOOLCHAIN, accepted, rejected
from tests.tiers import one_in

SCREENS = [(80, 24), (120, 40), (200, 50)]
GREEN, RED, YELLOW = "\x1b[32m", "31m", "33m"
ENTRIES = read_catalogue(Path(__file__).parents[3] / "lean").declarations
GROUPS = list(dict.fromkeys(entry.group for entry in ENTRIES))
OF_GRAPHS = ("certified", "field", "floats", "PyTorch")
HOLDS = {name: Link(outcome="holds", word=name.split()[-1]) for name in (*CHAIN, "PyTorch")}


def shipped() -> StatusReport:
    """Return the status of the library in this repository with every row green."""
    rows = [
        StatusRow(
            name=entry.name,
            group=entry.group,
            kind="graph" if entry.graph else entry.kind,
            state="green",
            links={
                name: link
                for name, link in HOLDS.items()
                if (entry.graph or name not in OF_GRAPHS) and (name != "witness" or entry.kind == "theorem")
            },
        )
        for entry in ENTRIES
    ]
    return StatusReport(
        verdict="accepted",
        judged="accepted",
        age=200.0,
        seconds=133.9,
        library=LIBRARY.replaced(passed_over=()),
        toolchain=TOOLCHAIN,
        links=tuple(HOLDS),
        rows=tuple(rows),
    )


def as_bad(row: StatusRow, state: str, link: str, code: str, reason: str) -> StatusRow:
    outcome: LinkOutcome = "fails" if state == "rejected" else "open"
    links = row.links | {link: Link(outcome=outcome, word=state)}
    return row.replaced(state=state, reason=reason, code=code, links=links)


def with_rows(found: StatusReport, verdict: str, *rows: StatusRow) -> StatusReport:
    by_name = {row.name: row for row in rows}
    return found.replaced(
        verdict=verdict,
        judged=verdict,
        reason="not accepted: something",
        code=Code.SORRY,
        rows=tuple(by_name.get(row.name, row) for row in found.rows),
    )


SORRY = "rests on sorryAx, which is not an allowed axiom"


def broken(count: int = 1) -> StatusReport:
    good = shipped()
    wrong = [
        as_bad(row, "rejected", "axioms", Code.SORRY, f"{SORRY} {at}") for at, row in enumerate(good.rows)
    ]
    return with_rows(good, "rejected", *wrong[30 : 30 + count])


def stale(count: int) -> StatusReport:
    good = shipped()
    rows = [
        row.replaced(
            state="stale",
            reason="not judged again",
            code=Code.STALE,
            links={name: link.replaced(outcome="stale") for name, link in row.links.items()},
        )
        if at < count
        else row
        for at, row in enumerate(good.rows)
    ]
    why = "it was accepted, but since then Proofs/A.lean changed; run `lean-bridge verify`"
    return good.replaced(
        verdict="no verdict",
        reason=why,
        code=Code.STALE,
        changed=("Proofs/A.lean changed",),
        rows=tuple(rows),
    )


def screen(
    found: StatusReport, width: int, height: int, *, colour: bool = False, unfold: bool = False
) -> str:
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=width,
        height=height,
        force_terminal=colour,
        force_interactive=True,
        color_system="standard" if colour else None,
        highlight=False,
        markup=False,
        emoji=False,
    )
    render_status(found, console, unfold=unfold)
    return stream.getvalue()


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def many_groups(found: StatusReport) -> StatusReport:
    return found.replaced(rows=tuple(row.replaced(group=row.name) for row in found.rows))


EVERY = {
    "many groups": many_groups(shipped()),
    "many rejected groups": many_groups(broken(100)),
    "many stale groups": many_groups(stale(100)),
    "green": shipped(),
    "one rejected": broken(),
    "forty rejected": broken(40),
    "all rejected": broken(len(ENTRIES)),
    "some stale": stale(60),
    "all stale": stale(len(ENTRIES)),
    "accepted": status_of(accepted(), notes=doubts(accepted())),
    "rejected": status_of(rejected(), notes=doubts(rejected())),
    "nothing": StatusReport(verdict="no verdict", reason="there is none", code=Code.NOTHING_CHECKED),
}


@pytest.mark.parametrize(("colour", "size", "name"), one_in(5, product((False, True), SCREENS, EVERY)))
def test_it_fits_the_screen_with_and_without_colour(name: str, size: tuple[int, int], colour: bool) -> None:
    width, height = size
    text = screen(EVERY[name], width, height, colour=colour)
    lines = plain(text).splitlines()
    assert max(map(cell_len, lines)) <= width
    assert len(lines) < height, "with a line for the prompt"
    assert ("\x1b" in text) == colour
    assert lines == screen(EVERY[name], width, height).splitlines(), "colour says nothing that words do not"


@pytest.mark.parametrize(
    ("unfold", "name", "width"),
    one_in(17, product((False, True), EVERY, (40, 50, 60, 70, 77, 78, 90, 100, 110, 150, 180, 300))),
)
def test_no_line_is_longer_than_the_screen_is_wide(name: str, width: int, unfold: bool) -> None:
    lines = screen(EVERY[name], width, 24, unfold=unfold).splitlines()
    assert max(map(cell_len, lines)) <= width


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_every_group_of_the_library_is_on_one_screen(width: int, height: int) -> None:
    lines = screen(shipped(), width, height).splitlines()
    for group in GROUPS:
        size = sum(entry.group == group for entry in ENTRIES)
        end = group.rpartition(".")[2][-12:] if "." in group else group[:12]
        (line,) = (each for each in lines if end in each and f" {size} of {size} " in each)
        assert line.startswith("✓ ")
        assert line.count("✓") > 7


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_every_link_is_named_and_stands_over_its_cells(width: int, height: int) -> None:
    lines = screen(shipped(), width, height).splitlines()
    first = next(at for at, line in enumerate(lines) if " of " in line and line.startswith("✓ ") and at > 0)
    heads = lines[2:first]
    assert len(heads) == (2 if width == 80 else 1)
    for name in (
        "built",
        "proved",
        "axioms",
        "words",
        "pinned",
        "witness",
        "kernel",
        "certif",
        "field",
        "floats",
    ):
        (head,) = (each for each in heads if re.search(rf"\b{name}", each))
        at = head.index("second kernel") if name == "kernel" and "second" in head else head.index(name)
        with_all = next(
            line for line in lines[first:] if ".EncoderBlock " in line or "…EncoderBlock " in line
        )
        assert with_all[at] == "✓", name
    assert any("orch" in head for head in heads)


@pytest.mark.parametrize(
    ("width", "shown_as"),
    [
        (32, "…Ops.Transformer.EncoderBlock"),
        (25, "…Transformer.EncoderBlock"),
        (24, "…EncoderBlock"),
        (13, "…EncoderBlock"),
        (12, "EncoderBlock"),
        (9, "EncoderB…"),
    ],
)
def test_of_a_dotted_name_the_last_parts_are_shown_whole(width: int, shown_as: str) -> None:
    assert fitted("Tape.Ops.Transformer.EncoderBlock", width) == shown_as
    assert fitted("Seeds over the reals", 12) == "Seeds over…"
    assert fitted("Tape", 4) == "Tape"


def test_what_nobody_decided_for_green_rows_is_said_and_the_library_stays_on_one_screen() -> None:
    absent = Link(outcome="open", word="not run")
    good = shipped()
    rows = [
        row.replaced(links=row.links | {"PyTorch": absent}) if row.kind == "graph" else row
        for row in good.rows
    ]
    graphs = sum(row.kind == "graph" for row in rows)
    text = screen(good.replaced(rows=tuple(rows)), 80, 24)
    assert f"PyTorch: not run for {graphs} rows; lean-bridge verify -v says why\n" in text
    assert len(text.splitlines()) < 24
    assert all(f"{group.split('.')[-1][:9]}" in text for group in GROUPS)
    assert "not run" not in screen(good, 80, 24)


def test_more_room_shows_more_and_not_the_same_stretched() -> None:
    narrow, medium, wide = (screen(shipped(), *size) for size in SCREENS)
    assert "✓ 23 " in narrow
    assert "mhaResidualDGraph" not in narrow
    assert "mhaResidualDGraph" in medium
    assert "✓ yes" in medium
    assert "✓ 23 pinned" in wide
    assert "✓ certified" in wide
    assert "Tape.Ops.Transformer.EncoderBlock" in wide


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_what_is_not_green_stands_first_with_its_code_and_the_command_that_explains_it(
    width: int, height: int
) -> None:
    lines = screen(broken(), width, height).splitlines()
    groups = [line for line in lines if re.match(r"[✓✗?] .* \d+ of \d+ ", line)]
    assert groups[0].startswith("✗ ")
    assert "16 of 17" in groups[0]
    at = lines.index(groups[0])
    assert lines[at + 1].startswith("  ✗ ")
    assert "✗ " in lines[at + 1][4:]
    assert "LB205 rests on sorryAx" in lines[at + 2]
    assert lines[at + 2].endswith("→ lean-bridge explain LB205")
    green = [int(count) for line in lines for count in re.findall(r"^✓ .* (\d+) of \d+", line)]
    assert sum(green) == len(ENTRIES) - 17, "every group is there, or folded with others"


def test_what_has_no_room_is_counted_with_the_command_that_shows_it() -> None:
    lines = screen(broken(40), 80, 24).splitlines()
    (more,) = (line for line in lines if "more: lean-bridge status --not green" in line)
    told = sum("rests on sorryAx" in line for line in lines)
    assert int(re.findall(r"and (\d+) more", more)[0]) + told == 40
    assert (
        len([line for line in screen(broken(40), 80, 24, unfold=True).splitlines() if "LB205" in line]) >= 40
    )


def test_many_rows_of_one_reason_are_told_together() -> None:
    good = shipped()
    unbuilt = [
        as_bad(row, "open", "built", Code.BUILD_FAILED, "Proofs.Vec was not built")
        for row in good.rows
        if row.group == "Real numbers"
    ]
    text = screen(with_rows(good, "rejected", *unbuilt), 80, 24)
    assert text.count("Proofs.Vec was not built") == 1
    assert f"{len(unbuilt)} × LB101 Proofs.Vec was not built → lean-bridge explain LB101" in text


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_nothing_stale_looks_good(width: int, height: int) -> None:
    text = screen(stale(len(ENTRIES)), width, height)
    body, legend = text.rstrip("\n").rsplit("\n", 1)
    assert "✓" in legend
    assert "✓" not in body
    assert "LB914 it was accepted, but since then Proofs/A.lean changed" in text
    assert f"{len(ENTRIES)} stale" in text
    assert GREEN not in screen(stale(len(ENTRIES)), width, height, colour=True)


def test_where_there_is_no_screen_nothing_is_left_out() -> None:
    stream = io.StringIO()
    render_status(broken(40), Console(file=stream, width=80, height=24, highlight=False))
    assert stream.getvalue().count("rests on sorryAx") == 40
    assert "more:" not in stream.getvalue()


def test_the_header_says_what_was_judged_by_what_and_when() -> None:
    head = screen(shipped().replaced(unpinned=True), 120, 40).splitlines()[:2]
    assert head[0] == f"✓ accepted · {len(ENTRIES)} green · judged 3 min ago, in 2 min 14 s · --unpinned"
    assert head[1] == "library Sums · Lean 4.28.0-pre (embedded, isolated by landlock) · /sums/lean"


def test_what_accepted_rows_lack_is_said_beside_the_verdict() -> None:
    text = " ".join(screen(EVERY["accepted"], 200, 50).split())
    assert "2 rows not confirmed: it is not installed" in text
    assert "passed over: lean_exe x: said" in text


def test_a_long_reason_and_many_notes_leave_room_for_the_rows_and_are_whole_where_there_is() -> None:
    why = " ".join(f"word{at}" for at in range(200))
    notes = tuple(f"note {at}" for at in range(9))
    found = broken().replaced(reason=why, notes=notes)
    brief = screen(found, 80, 24)
    assert "7 more notes: lean-bridge verify -v" in brief
    assert "rests on sorryAx" in brief
    for whole in (screen(found, 80, 24, unfold=True), screen(found.only([]), 80, 24)):
        assert "word199" in whole
        assert "note 8" in whole


@pytest.mark.parametrize("length", one_in(4, range(20, 260, 7)))
def test_no_line_ends_within_a_command(length: int) -> None:
    why = ("word " * 60)[:length] + "; run `lean-bridge verify`"
    found = stale(1).replaced(reason=why)
    for text in (screen(found, 80, 24), screen(found, 80, 24, unfold=True)):
        assert "→ lean-bridge explain LB914" in text
        assert "`lean-bridge verify`" in text or "…" in text.partition("→")[0]
        assert "`lean-bridge\n" not in text


@pytest.mark.parametrize("words", [1, 6, 40])
def test_a_reason_never_costs_the_library_a_group(words: int) -> None:
    found = stale(len(ENTRIES)).replaced(reason=f"it was accepted, but {'since then ' * words}; stop")
    text = screen(found, 80, 24)
    assert text.count(" of ") >= len(GROUPS)
    assert "more:" not in text
    assert "→ lean-bridge explain LB914" in text
    assert ("stop" in text) == (words < 20), "a short reason is whole"
    assert "library Sums" not in text or words == 1


def test_marks_stay_different_where_the_stream_has_no_such_letters() -> None:
    raw = io.BytesIO()
    console = open_console(io.TextIOWrapper(raw, encoding="ascii"))
    render_status(status_of(rejected(), notes=doubts(rejected())), console)
    console.file.flush()
    text = raw.getvalue().decode("ascii")
    assert "x rejected" in text
    for mark in ("+ ", "x ", "? "):
        assert mark in text
    assert "\\u" not in text


def test_red_is_for_what_fails_and_yellow_for_what_is_open() -> None:
    text = screen(status_of(rejected(), notes=doubts(rejected())), 120, 40, colour=True)
    assert RED in text
    assert YELLOW in text
    assert RED not in screen(shipped(), 120, 40, colour=True)


EVIL = "Proofs.\x1b[2J\x1b[32mok\u202e"


@pytest.mark.parametrize("size", [(40, 24), (77, 24), *SCREENS])
@pytest.mark.parametrize(
    "group",
    [
        "注意力機構の定理とその証明の一覧表",
        "注意力.機構.の定理.とその.証明の.一覧表.ここ",
        "e\u0301" * 60,
        "x" * 300,
    ],
)
def test_letters_of_any_width_keep_the_columns(size: tuple[int, int], group: str) -> None:
    width, height = size
    rows = tuple(
        row.replaced(group=group, name=f"Proofs.«{group}».{at}") for at, row in enumerate(broken().rows)
    )
    for unfold in (False, True):
        lines = screen(broken().replaced(rows=rows), width, height, unfold=unfold).splitlines()
        assert max(map(cell_len, lines)) <= width
        (line,) = (each for each in lines if f" {len(ENTRIES) - 1} of {len(ENTRIES)} " in each)
        assert line.count("✓") == (10 if width >= 77 else 0)
        columns = [cell_len(line[:at]) for at, letter in enumerate(line) if letter == "✓"]
        rows_below = [each for each in lines if each.startswith("  ✗ ")]
        assert len(rows_below) == 1
        below = [cell_len(rows_below[0][:at]) for at, letter in enumerate(rows_below[0]) if letter == "✓"]
        assert set(below) <= set(columns)


@pytest.mark.parametrize("unfold", [False, True])
def test_names_and_reasons_cannot_paint(unfold: bool) -> None:
    bad = as_bad(shipped().rows[0], "rejected", "axioms", Code.SORRY, "a\x1b[2J\nb\u202e\r")
    evil = bad.replaced(
        name=EVIL, group="\x1b[1mgroup\u202e", links={"\x1b[1m": Link(outcome="fails", word="\x1b[2J")}
    )
    found = shipped().replaced(
        verdict="rejected",
        judged="rejected",
        reason="\x1b[2J",
        code=Code.SORRY,
        links=("\x1b[1m",),
        rows=(evil,),
        notes=("\x1b[2J\u202e",),
    )
    texts = [screen(found, width, 40, unfold=unfold) for width in (80, 120, 200)]
    for text in (*texts, render_status_text(found), render_status_markdown(found)):
        assert not set(text) & {"\x1b", "\u202e", "\r"}


def test_json_is_the_model() -> None:
    for found in EVERY.values():
        text = render_status_json(found)
        assert StatusReport.model_validate_json(text) == found
        assert list(json.loads(text)) == list(StatusReport.model_fields)


def test_text_is_a_line_per_row_and_the_verdict_last() -> None:
    lines = [line.split("\t") for line in render_status_text(broken()).splitlines()]
    assert len(lines) == len(ENTRIES) + 1
    (bad,) = (line for line in lines if line[0] == "rejected")
    assert "axioms=fails:rejected" in bad
    assert "certified=-" in bad
    assert bad[-1].startswith("LB205 rests on sorryAx")
    assert lines[-1][:2] == ["verdict", "rejected"]
    assert render_status_text(stale(3)).count("\nchanged\tProofs/A.lean changed\n") == 1


def test_markdown_has_the_matrix_and_what_is_not_green() -> None:
    page = render_status_markdown(broken())
    assert "Verdict: **rejected**: LB205 not accepted: something (judged 3 min ago)" in page
    assert "| Tape | 16 of 17 | ✓ 17 of 17 | ✓ 17 of 17 | ✗ 16 of 17 |" in page
    assert "## Not green" in page
    assert "## Not green" not in render_status_markdown(shipped())
    assert "| ✓" not in render_status_markdown(stale(len(ENTRIES)))
