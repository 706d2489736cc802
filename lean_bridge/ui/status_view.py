"""Where a library stands, on one screen: a matrix of theorems and graphs by the links of the trust chain.

What is green is folded to a line per group; what is not stands first, row by row, as far as there is room.
Every cell is a mark and a word, so that nothing is said by colour alone.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from lean_bridge.names import common_namespace, last_component, listed
from lean_bridge.ui.toolchains import toolchain_text
from lean_bridge.ui.verdict import MARKS, VERDICT_TONES, Mark, Tone
from lean_bridge.ui.wording import ago_text, coded, counted, named, one_line, seconds_text, visible
from pybind_models.status import RowState, StatusReport, StatusRow

Scale: TypeAlias = Literal["wide", "medium", "narrow", "tight"]
"""How much is written in a cell; ``tight`` is ``narrow`` without counts."""

_TONES: Final[Mapping[str, Tone]] = {
    "green": "good",
    "rejected": "bad",
    "open": "open",
    "stale": "open",
    "holds": "good",
    "fails": "bad",
}
_SHORTEST: Final = {"holds": "ok", "fails": "no", "open": "un", "stale": "st"}
_WORDS: Final[Mapping[Scale, Mapping[str, str]]] = {
    "medium": {"holds": "yes", "fails": "no", "open": "open", "stale": "stale"},
    "narrow": _SHORTEST,
    "tight": _SHORTEST,
}
"""What stands for an outcome where there is no room for what was found."""
_SHORT_TITLES: Final = {"second kernel": "kernel", "certified": "certif.", "PyTorch": "torch"}
_SHORT: Final[Mapping[Scale, Mapping[str, str]]] = {
    "wide": {},
    "medium": {"second kernel": "kernel", "certified": "certif."},
    "narrow": _SHORT_TITLES,
    "tight": _SHORT_TITLES,
}
_ORDER: Final[Sequence[RowState]] = ("rejected", "open", "stale", "green")
_NAME_TAKES: Final[Mapping[Scale, int]] = {"wide": 34, "medium": 24, "narrow": 12, "tight": 10}
"""Columns that have to be left for names."""
_NARROW: Final[Collection[Scale]] = ("narrow", "tight")
_NOT_ASKED: Final = "–"
_INDENT: Final = 2
_MANY: Final = 3
"""Rows of one group and one reason that are told together."""
_REASON_LINES: Final = 3
_SHORTER: Final = ((2, True), (2, False))
"""Lines of a reason, and whether the library is named above it, where groups would have no room for more."""
_NOTES: Final = 2
_TOLD_OF: Final = ("pinned", "second kernel")
"""Links of which a report's notes say what green rows lack."""
_MORE: Final = "lean-bridge status --not green"
_COMMAND: Final = re.compile(r"`[^`\n]*`|→ lean-bridge explain \S+")
_TIE: Final = "\ue000"
"""Stands for a space at which no line ends; no text that is safe to print has it."""


def render_status(status: StatusReport, console: Console, *, unfold: bool = False) -> None:
    """Write the matrix; on a terminal no more of it than its height takes.

    With ``unfold`` every row is written, whatever room there is.
    """
    page = Page(status, console.width, unfold=unfold)
    height = console.height - 1 if console.is_interactive else None
    console.print(Text("\n").join(page.lines(height)), no_wrap=True, overflow="ellipsis", crop=True)


@dataclass(frozen=True, slots=True)
class _Column:
    """A link, where it begins and how much room it has."""

    link: str
    title: str
    width: int


class Page:
    """The lines of a status at a width; every row has one if it is to ``unfold``."""

    def __init__(self, status: StatusReport, width: int, *, unfold: bool) -> None:
        self._status = status
        self._width = width
        self._unfold = unfold
        self._namespace = common_namespace(row.name for row in status.rows)
        self.groups = _groups(status.rows)
        asked = {name for row in status.rows for name in row.links}
        self._links = [link for link in status.links if link in asked]
        self._count = max((len(_tally(rows)) for rows in self.groups.values()), default=0) + 1
        self._scale, self._columns = self._fitting()
        self._name = width - self._count - sum(column.width for column in self._columns)

    def lines(self, height: int | None) -> list[Text]:
        """Return the lines of the page, no more than ``height`` if what there is to say allows it."""
        is_brief = height is not None and bool(self._status.rows) and not self._unfold
        head, titles, legend = self.header(is_brief=is_brief), self.titles(), self.legend()
        if is_brief and height is not None:
            below = len(titles) + len(legend) + len(self.groups)
            shorter = (self.header(is_brief=True, most=most, about=about) for most, about in _SHORTER)
            head = next((each for each in (head, *shorter) if len(each) + below <= height), head)
        taken = len(head) + len(titles) + len(legend)
        body = self._body(None if height is None else height - taken)
        return [*head, *(titles if body else []), *body, *(legend if body else [])]

    def _fitting(self) -> tuple[Scale, list[_Column]]:
        """Return the widest form of the columns beside which names still have room."""
        for scale in ("wide", "medium", "narrow", "tight"):
            shown = [row for row in self._status.rows if self._may_be_shown(row, scale)]
            room = self._width - self._count - _NAME_TAKES[scale]
            columns: list[_Column] = []
            for link in self._links:
                columns.append(self._column(link, scale, shown))
                room -= columns[-1].width
                if room < 0:
                    break
            else:
                return scale, columns
        return "tight", []

    def _column(self, link: str, scale: Scale, shown: Sequence[StatusRow]) -> _Column:
        title = _SHORT[scale].get(link, link)
        texts = [_group_cell(link, rows, scale).plain for rows in self.groups.values()]
        texts += [_cell(row, link, scale).plain for row in shown]
        longest = max(map(cell_len, texts), default=0)
        return _Column(link, visible(title), max(longest, 0 if scale in _NARROW else cell_len(title)) + 1)

    def _may_be_shown(self, row: StatusRow, scale: Scale) -> bool:
        """Whether a row may have a line of its own."""
        return self._unfold or row.state != "green" or (scale not in _NARROW and row.kind == "graph")

    def header(self, *, is_brief: bool, most: int = _REASON_LINES, about: bool = True) -> list[Text]:
        """Return the verdict, what it is about, and why it is none or what to know beside it.

        A brief one has at most so many lines for a reason, and beside one not always what it is ``about``.
        """
        reasons, notes = (most, _NOTES) if is_brief else (None, None)
        status = self._status
        mark = MARKS[VERDICT_TONES[status.verdict]]
        states = [row.state for row in status.rows]
        words = {"green": "green", "rejected": "rejected", "open": "undecided", "stale": "stale"}
        tally = ", ".join(
            f"{states.count(each)} {words[each]}" for each in reversed(_ORDER) if each in states
        )
        first = Text.assemble((f"{mark.symbol} {status.verdict}", f"bold {mark.style}"))
        if status.left_out:
            first.append(f" · {len(states)} of {counted(len(states) + status.left_out, 'row')} shown")
        first.append(f" · {tally or 'nothing to show'}")
        if status.age is not None:
            took = f", in {seconds_text(status.seconds)}" if status.seconds else ""
            first.append(f" · judged {ago_text(status.age)}{took}", "dim")
        if status.unpinned:
            first.append(" · --unpinned", MARKS["open"].style)
        lines = [first]
        if (library := status.library) is not None and (about or status.reason is None):
            parts = [f"library {library.name}" if library.name else "library"]
            parts += [toolchain_text(status.toolchain)] if status.toolchain is not None else []
            parts += [f"shipped, {library.root}" if library.is_shipped else library.root]
            lines.append(Text(one_line(" · ".join(parts)), "dim"))
        if status.reason is not None:
            why = coded(status.code, status.reason)
            lines += self._reason(why, status.code, mark.style, indent=0, most=reasons)
        said = [*(f"passed over: {each}" for each in library.passed_over)] if library is not None else []
        said += self._undecided()
        told = [Text(one_line(note), MARKS["open"].style) for note in (*status.notes, *said)]
        for note in told[:notes]:
            lines += [note] if is_brief else _wrapped(note, self._width, 0)
        if rest := told[len(told[:notes]) :]:
            more = counted(len(rest), "more note")
            lines.append(Text(f"… and {more}: lean-bridge verify -v", MARKS["open"].style))
        return lines

    def _undecided(self) -> Iterator[str]:
        """Yield which links nobody decided for rows that are green, where no note of the report says so."""
        green = [row.links for row in self._status.rows if row.state == "green"]
        for name in self._links:
            found = [links[name].word for links in green if name in links and links[name].outcome == "open"]
            if found and name not in _TOLD_OF:
                words = listed(sorted(set(found)))
                yield f"{name}: {words} for {counted(len(found), 'row')}; lean-bridge verify -v says why"

    def _reason(
        self, reason: str, code: str | None, style: str, *, indent: int, most: int | None = 1
    ) -> list[Text]:
        """Return a reason, and the command that explains it, on at most so many lines."""
        command = f" → lean-bridge explain {code}" if code is not None else ""
        said = Text(" " * indent).append(one_line(reason), style)
        lines = _wrapped(said.copy().append(command, "bold"), self._width, indent)
        if most is None or len(lines) <= most:
            return lines
        lines = _wrapped(said, self._width, indent)
        last = Text(" ").join([*lines[most - 1 :]])
        last.truncate(self._width - len(command), overflow="ellipsis")
        return [*lines[: most - 1], last.append(command, "bold")]

    def titles(self) -> list[Text]:
        """Return the heads of the columns, on two lines by turns where they are narrow."""
        start = self._name + self._count
        if not self._columns:
            return []
        if self._scale not in _NARROW:
            heads = "".join(set_cell_size(column.title, column.width) for column in self._columns)
            return [Text(" " * start + heads, "dim")]
        lines = ["", ""]
        for index, column in enumerate(self._columns):
            after = sum(each.width for each in self._columns[index : index + 2])
            title = fitted(column.title, after - 1) if index + 1 < len(self._columns) else column.title
            at = max(min(start, self._width - cell_len(title)), cell_len(lines[index % 2]) + 1)
            lines[index % 2] = set_cell_size(lines[index % 2], at) + title
            start += column.width
        return [Text(line, "dim") for line in lines if line]

    def legend(self) -> list[Text]:
        """Return what the marks mean."""
        meanings = {"holds": "holds", "fails": "fails", "open": "undecided", "stale": "not judged since"}
        words = _WORDS.get(self._scale, {}) if self._columns else {}
        if not words:
            del meanings["stale"]
            meanings["open"] = "undecided, or not judged since a change"
        said = [
            f"{MARKS[_TONES[outcome]].symbol} {words.get(outcome, '')} {meaning}".replace("  ", " ")
            for outcome, meaning in meanings.items()
        ]
        return [Text("  ".join([*said, *([f"{_NOT_ASKED} not asked"] if self._columns else [])]), "dim")]

    def _body(self, room: int | None) -> list[Text]:
        ordered = sorted(self.groups.items(), key=lambda group: _ORDER.index(worst_state(group[1])))
        if self._unfold:
            return [
                line
                for name, rows in ordered
                for line in (self.group(name, rows), *self._rows(rows, whole=True))
            ]
        bad = [(name, rows) for name, rows in ordered if worst_state(rows) != "green"]
        green = [(name, rows) for name, rows in ordered if worst_state(rows) == "green"]
        if room is None:
            room = sys.maxsize
        lines = self._bad(bad, room - bool(green))
        return [*lines, *self._green(green, room - len(lines), unfold=not bad and room < sys.maxsize)]

    def _bad(self, groups: Sequence[tuple[str, Sequence[StatusRow]]], room: int) -> list[Text]:
        """Return the lines about groups that are not green, and how many rows more there are."""
        shown = groups if len(groups) <= room else groups[: max(room - 1, 1)]
        untold = sum(row.state != "green" for _, rows in groups[len(shown) :] for row in rows)
        told = [(self.group(name, rows), list(self._told(rows))) for name, rows in shown]
        left = room - len(shown)
        if untold or sum(len(telling) for _, tellings in told for telling in tellings) > left:
            left -= 1  # for how many there are more
        lines: list[Text] = []
        is_full = False
        for line, tellings in told:
            lines.append(line)
            for telling in tellings:
                is_full = is_full or len(telling) > left
                if is_full:
                    untold += 1
                else:
                    lines += telling
                    left -= len(telling)
        return [*lines, Text(f"  … and {untold} more: {_MORE}", "bold")] if untold else lines

    def _green(
        self, groups: Sequence[tuple[str, Sequence[StatusRow]]], room: int, *, unfold: bool
    ) -> list[Text]:
        """Return a line per green group, as far as there is room; and its graphs, where all of them have."""
        shown = groups if len(groups) <= room else groups[: max(room - 1, 0)]
        rest = groups[len(shown) :]
        left = room - len(shown) - bool(rest)
        lines: list[Text] = []
        for name, rows in shown:
            graphs = [row for row in rows if row.kind == "graph"]
            lines.append(self.group(name, rows))
            if unfold and self._scale not in _NARROW and len(graphs) <= left:
                left -= len(graphs)
                lines += self._rows(graphs)
        if rest:
            count = sum(len(rows) for _, rows in rest)
            more = counted(len(rest), "group" if not shown else "more group")
            lines.append(Text(f"{MARKS['good'].symbol} {more}, all green: {count} of {count}", "bold"))
        return lines

    def _told(self, rows: Sequence[StatusRow]) -> Iterator[list[Text]]:
        """Yield the lines about what of a group is rejected or undecided, many of one reason as one.

        Why rows are stale, or were never judged, is said once, above.
        """
        alike: dict[tuple[RowState, str], list[StatusRow]] = {}
        for row in rows:
            if row.state in ("rejected", "open") and row.links:
                alike.setdefault((row.state, coded(row.code, row.reason or "")), []).append(row)
        for (state, reason), those in sorted(alike.items(), key=lambda each: _ORDER.index(each[0][0])):
            if len(those) < _MANY:
                yield from (self._rows([row]) for row in those)
            else:
                style = MARKS[_TONES[state]].style
                yield self._reason(f"{len(those)} × {reason}", those[0].code, style, indent=_INDENT + 2)

    def _rows(self, rows: Iterable[StatusRow], *, whole: bool = False) -> list[Text]:
        return [line for row in rows for line in self._row(row, whole=whole)]

    def group(self, name: str, rows: Sequence[StatusRow], doing: Text | None = None) -> Text:
        """Return the line of a group, with what is being done about it in place of its links."""
        state = worst_state(rows)
        mark = MARKS[_TONES[state]]
        start = self._start(doing)
        room = start - self._count
        line = Text(f"{mark.symbol} ", mark.style)
        line.append(fitted(visible(name), room - 3), "bold" if state == "green" else f"bold {mark.style}")
        line.append(set_cell_size("", max(room - line.cell_len, 0)))
        line.append(_tally(rows).rjust(self._count - 1) + " ", "dim")
        if doing is not None:
            return line.append_text(doing)
        for column in self._columns:
            line.append_text(_padded(_group_cell(column.link, rows, self._scale), column.width))
        return line

    def row(self, row: StatusRow, doing: Text | None = None) -> Text:
        """Return the line of a row, with what is being done about it in place of its links."""
        mark = MARKS[_TONES[row.state]]
        start = self._start(doing)
        room = start - _INDENT - 3
        line = Text(" " * _INDENT).append(f"{mark.symbol} ", mark.style)
        line.append(_squeezed(self._short(row, room), room))
        line.append(" " * max(start - line.cell_len, 1))
        if doing is not None:
            return line.append_text(doing)
        for column in self._columns:
            line.append_text(_padded(_cell(row, column.link, self._scale), column.width))
        return line

    def _start(self, doing: Text | None) -> int:
        """Return where the columns begin; or what stands in their place, which may take more room."""
        start = self._name + self._count
        if doing is None:
            return start
        return max(min(start, self._width - doing.cell_len), _NAME_TAKES["tight"] + self._count)

    def _short(self, row: StatusRow, room: int) -> str:
        """Return a row's name within the namespace of all, or the end of it where that has no room."""
        name = named(row.name.removeprefix(self._namespace))
        return name if cell_len(name) <= room else named(last_component(row.name))

    def _row(self, row: StatusRow, *, whole: bool) -> list[Text]:
        room = self._name + self._count - _INDENT - 3
        lines = [self.row(row)]
        if whole and cell_len(self._short(row, room)) > room:
            lines.append(Text(f"{' ' * (_INDENT + 2)}{named(row.name)}", "dim"))
        if row.reason is not None:
            said, style = coded(row.code, row.reason), MARKS[_TONES[row.state]].style
            most = None if whole else 1
            lines += self._reason(said, row.code, style, indent=_INDENT + 2, most=most)
        return lines


def _groups(rows: Iterable[StatusRow]) -> dict[str, list[StatusRow]]:
    found: dict[str, list[StatusRow]] = {}
    for row in rows:
        found.setdefault(row.group, []).append(row)
    return found


def state_mark(state: RowState) -> Mark:
    """Return the sign and colour of a row's state."""
    return MARKS[_TONES[state]]


def worst_state(rows: Iterable[StatusRow]) -> RowState:
    """Return the state of a group: that of the row in it that is furthest from green."""
    return min((row.state for row in rows), key=_ORDER.index)


def _tally(rows: Sequence[StatusRow]) -> str:
    return f"{sum(row.state == 'green' for row in rows)} of {len(rows)}"


def _cell(row: StatusRow, name: str, scale: Scale) -> Text:
    """Return what a link came to for a row; a dash where it was not asked of it."""
    link = row.links.get(name)
    if link is None:
        return Text(_NOT_ASKED, "dim")
    mark = MARKS[_TONES[link.outcome]]
    if scale != "wide":
        word = _WORDS[scale][link.outcome]
    elif link.outcome == "stale":
        word = "stale"
    else:
        word = one_line(link.word) + (f" {link.figure}" if link.figure else "")
    return Text(f"{mark.symbol} {word}", mark.style)


def _group_cell(name: str, rows: Sequence[StatusRow], scale: Scale) -> Text:
    """Return for how many rows of a group a link holds, of those that it was asked of."""
    asked = [link for row in rows if (link := row.links.get(name)) is not None]
    if not asked:
        return Text(_NOT_ASKED, "dim")
    outcomes = [link.outcome for link in asked]
    good = outcomes.count("holds")
    tone: Tone = "bad" if "fails" in outcomes else "good" if good == len(outcomes) else "open"
    if scale == "tight":
        worst = next(each for each in ("fails", "open", "stale", "holds") if each in outcomes)
        return Text(f"{MARKS[tone].symbol} {_WORDS[scale][worst]}", MARKS[tone].style)
    text = f"{MARKS[tone].symbol} {good}"
    if tone != "good" and scale not in _NARROW:
        text += f"/{len(outcomes)}"
    words = {link.word for link in asked}
    word = one_line(words.pop()) if len(words) == 1 else ""
    if scale == "wide" and tone == "good" and not word[:1].isdigit():
        text += f" {word}".rstrip()
    return Text(text, MARKS[tone].style)


def _padded(cell: Text, width: int) -> Text:
    cell.truncate(width - 1, overflow="ellipsis")
    return cell.append(" " * (width - cell.cell_len))


def fitted(text: str, width: int) -> str:
    """Return a name within a width: of a dotted one the last parts that fit, of any other the beginning."""
    if cell_len(text) <= width:
        return text
    last = last_component(text) if " " not in text else text
    before = text.removesuffix(last)
    while before := before.partition(".")[2]:
        if cell_len(before) + cell_len(last) < width:
            return f"…{before}{last}"
    if cell_len(last) < width:
        return f"…{last}"
    return last if cell_len(last) == width else f"{_beginning(last, width - 1).rstrip()}…"


def _squeezed(text: str, width: int) -> str:
    """Return a name within a width, its middle left out."""
    if cell_len(text) <= width:
        return text
    head = (width - 1) // 2
    return f"{_beginning(text, head)}…{_end(text, width - 1 - head)}"


def _beginning(text: str, width: int) -> str:
    """Return as much of a text as a width takes, where some letters take two columns and some none."""
    return next(text[:end] for end in range(len(text), -1, -1) if cell_len(text[:end]) <= max(width, 0))


def _end(text: str, width: int) -> str:
    return next(text[at:] for at in range(len(text) + 1) if cell_len(text[at:]) <= max(width, 0))


def _wrapped(text: Text, width: int, indent: int) -> list[Text]:
    """Return a text on lines of a width, all of them indented; none of them ends within a command."""
    tied = text.copy()
    tied.plain = _COMMAND.sub(
        lambda found: found[0].replace(" ", _TIE) if cell_len(found[0]) <= width - indent else found[0],
        text.plain,
    )
    lines = tied.wrap(Console(width=width), width - indent)
    for line in lines:
        line.plain = line.plain.replace(_TIE, " ")
    return [line if not at else Text(" " * indent).append_text(line) for at, line in enumerate(lines)]
