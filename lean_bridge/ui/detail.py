"""All that is known of one row: what it says, what it rests on, who accepted it, and where it stands."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from lean_bridge.names import last_component
from lean_bridge.ui.dashboard import evidence_grid
from lean_bridge.ui.diagnostics import diagnostic_text
from lean_bridge.ui.lean_text import lean_text, statement_text
from lean_bridge.ui.rails import graph_rails
from lean_bridge.ui.status_view import state_mark
from lean_bridge.ui.verdict import MARKS, Tone, no_axioms, witness_text, words_text
from lean_bridge.ui.wording import coded, counted, named, one_line, upstream_text, visible
from pybind_models import (
    DeclarationReport,
    Diagnostic,
    GraphReport,
    KernelVerdict,
    Pin,
    Source,
    VerifyReport,
)
from pybind_models.manifest import PinnedDeclaration
from pybind_models.status import StatusRow

Lines = Callable[[str], Sequence[str]]
"""The lines of a source file of the library as it is now; none where it cannot be read."""

_AROUND: Final = 2
"""Lines of a source that are shown before and after what is pointed at."""
_MOST_LINES: Final = 24
_MOST_PINS: Final = 3
_COMMIT: Final = 10
_PIN_TONES: Final[dict[str, Tone]] = {"matches": "good", "drifted": "bad", "not pinned": "open"}
_PIN_WORDS: Final = {"matches": "as pinned", "drifted": "not as pinned", "not pinned": "not pinned"}
_KERNEL_TONES: Final[dict[str, Tone]] = {"accepted": "good", "refused": "bad"}
_WITNESS_TONES: Final[dict[str, Tone]] = {"met": "good"}
_WAS, _IS = " was: ", " -- and is: "
"""How a pin says what a statement was, and what it is."""


@dataclass(frozen=True, slots=True)
class PinnedAt:
    """A declaration as it was pinned from some commit on."""

    commit: str
    at: float
    """When that was, in seconds since 1970."""
    pinned: PinnedDeclaration | None
    """``None``: it was not."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A row, and what was found out about it when it was last judged."""

    row: StatusRow
    report: VerifyReport | None = None
    messages: tuple[Diagnostic, ...] = ()
    """What Lean said about the files that it rests on."""
    lines: Lines = lambda _: ()
    earlier: Sequence[PinnedAt] = ()
    """How it was pinned, the last first."""

    @property
    def declaration(self) -> DeclarationReport | None:
        """Its declaration, as it was judged."""
        found = self.report.declarations if self.report is not None else ()
        return next((each for each in found if each.name == self.row.name), None)

    @property
    def graph(self) -> GraphReport | None:
        """Its graph, as it was judged."""
        found = self.report.graphs if self.report is not None else ()
        return next((each for each in found if each.name == self.row.name), None)


def render_detail(subject: Subject, width: int) -> RenderableType:
    """Return everything about a row, what is wrong first."""
    parts: list[RenderableType] = [Group(*_head(subject.row))]
    parts += [_section(title, *content) for title, content in _sections(subject, width) if content]
    return Group(*parts)


def _section(title: str, *content: RenderableType) -> RenderableType:
    return Padding(Group(Rule(Text(title, "bold"), align="left", style="dim"), *content), (1, 0, 0, 0))


def _head(row: StatusRow) -> Iterator[Text]:
    mark = state_mark(row.state)
    yield Text(named(row.name), "bold")
    told = [row.state, *([row.kind] if row.kind is not None else []), row.group]
    yield Text(f"{mark.symbol} ", mark.style).append(visible(" · ".join(told)))
    if row.reason is not None:
        yield Text(one_line(coded(row.code, row.reason)), mark.style)
        yield Text(f"→ lean-bridge explain {row.code}", "bold")
    if row.state == "stale":
        yield Text(
            "What follows was found before that, and holds no more until it is judged again.", "yellow"
        )


def _sections(subject: Subject, width: int) -> Iterator[tuple[str, list[RenderableType]]]:
    declaration, graph = subject.declaration, subject.graph
    yield "Lean's messages", list(messages_text(subject.messages, subject.lines))
    if declaration is not None:
        if declaration.statement is not None:
            yield "Statement", [statement_text(declaration.statement, width)]
        yield "Rests on", list(_rests_on(declaration)) if declaration.kind is not None else []
        yield "Pin", [*_pin(declaration.pin), *_pinned_before(declaration, subject.earlier)]
        yield "Kernels", [_said_by_kernels(declaration.kernels)] if declaration.kernels else []
    if graph is not None:
        yield "Graph, link by link", [evidence_grid(graph)]
    if graph is not None and graph.graph is not None:
        yield "The graph", [graph_rails(graph.graph)]
    if declaration is not None and declaration.source is not None:
        yield _title(declaration.source), [_source(declaration.source, subject.lines)]


def _rests_on(report: DeclarationReport) -> Iterator[Text]:
    if report.axiom_path:
        yield _marked("bad", "reaches an axiom that is not allowed:")
        for depth, name in enumerate(report.axiom_path):
            style = MARKS["bad"].style if name == report.axiom_path[-1] else ""
            yield Text("  " * (depth + 1) + ("└ " if depth else "")).append(named(name), style)
    allowed = [name for name in report.axioms if name not in report.axiom_path]
    if allowed or not report.axiom_path:
        said = ", ".join(map(named, allowed)) or no_axioms(report.library_theorems)
        yield _marked("good", f"axioms: {said}" if allowed else said)
    for first, *through, last in (path for path in report.axiom_paths if len(path) > 1):
        if last in allowed:
            by = " → ".join(named(last_component(each)) for each in (first, *through))
            yield Text(f"  {by} → ", "dim").append(named(last), "default")
    trusted = counted(report.library_theorems, "theorem")
    yield Text(
        f"  {counted(report.declarations, 'declaration')} of the library followed, "
        f"{trusted} of Lean's own on trust",
        "dim",
    )
    tone: Tone = "bad" if report.words is not None and report.words.changed else "good"
    yield _marked(tone, f"words: {words_text(report.words)}")
    if report.witness is not None:
        yield _marked(
            _WITNESS_TONES.get(report.witness.outcome, "open"), one_line(witness_text(report, full=True))
        )
        if report.witness.detail is not None:
            yield Text(f"  {one_line(report.witness.detail)}")
    if report.upstream is not None:
        yield Text(
            f"  upstream: {visible(upstream_text(report.name, report.upstream, report.differs, ''))}", "dim"
        )


def _pin(pin: Pin | None) -> Iterator[Text]:
    """Yield whether it is as pinned, and else what was pinned above what there is now."""
    if pin is None:
        return
    line = _marked(_PIN_TONES[pin.outcome], _PIN_WORDS[pin.outcome])
    yield line.append(f"  {visible(pin.hash[:12])}", "dim") if pin.hash else line
    if pin.change is None:
        return
    before, was, rest = pin.change.partition(_WAS)
    old, now, new = rest.partition(_IS)
    if was and now:
        yield Text(visible(before))
        yield Text("- ", "red").append_text(lean_text(old))
        yield Text("+ ", "green").append_text(lean_text(new))
    else:
        yield Text(visible(pin.change))


def _pinned_before(report: DeclarationReport, earlier: Sequence[PinnedAt]) -> Iterator[Text]:
    """Yield since when it has been pinned as it is, and what was pinned before, as far as commits say."""
    if report.pin is None or not earlier or all(each.pinned is None for each in earlier):
        return
    last, *before = earlier
    now: PinnedDeclaration | None = last.pinned
    if now is None:
        yield Text(f"  not pinned since {_since(last)}", "dim")
    elif now.hash == report.pin.hash:
        yield Text(f"  pinned so since {_since(last)}", "dim")
    else:
        yield Text(f"  pinned otherwise since {_since(last)}:", "dim")
        yield from _apart(now, report.statement, report.axioms)
    for each in before[:_MOST_PINS]:
        if each.pinned is None:
            yield Text(f"  not pinned before, since {_since(each)}", "dim")
        else:
            yield Text(f"  pinned before, since {_since(each)}:", "dim")
            yield from _apart(each.pinned, now.statement if now else None, now.axioms if now else ())
        now = each.pinned
    if len(before) > _MOST_PINS:
        yield Text(f"  … and {counted(len(before) - _MOST_PINS, 'pin')} before", "dim")


def _since(pin: PinnedAt) -> str:
    return f"{datetime.fromtimestamp(pin.at, UTC):%Y-%m-%d}, commit {visible(pin.commit[:_COMMIT])}"


def _apart(was: PinnedDeclaration, statement: str | None, axioms: Collection[str]) -> Iterator[Text]:
    """Yield what was pinned, where what came after it says something else; else that it does not."""
    is_told = False
    if was.statement != statement:
        yield Text("  - ", "red").append_text(lean_text(was.statement))
        is_told = True
    if statement is not None and set(was.axioms) != set(axioms):
        yield Text("  - ", "red").append(f"axioms: {', '.join(map(named, was.axioms)) or 'none'}")
        is_told = True
    if not is_told:
        yield Text(f"    the same statement, of other definitions or of another body ({was.hash[:12]})")


def _said_by_kernels(kernels: Iterable[KernelVerdict]) -> Table:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=1)
    grid.add_column(overflow="fold")
    for each in kernels:
        mark = MARKS[_KERNEL_TONES.get(each.outcome, "open")]
        said = Text(f"{visible(each.kernel)}: {each.outcome}")
        grid.add_row(
            Text(mark.symbol, mark.style),
            said.append(f"; {one_line(each.detail)}" if each.detail else "", "dim"),
        )
    return grid


def messages_text(messages: Iterable[Diagnostic], lines: Lines) -> Iterator[Text]:
    """Yield each message of Lean's, and below it the line of the source that it is about, marked."""
    for message in messages:
        yield diagnostic_text(message)
        source = lines(message.file)
        if 0 < message.line <= len(source):
            line = visible(source[message.line - 1])
            number = f"{message.line:>5} │ "
            before = visible(source[message.line - 1][: message.column]).expandtabs()
            yield Text(number, "dim").append_text(lean_text(line.expandtabs()))
            yield Text(" " * (len(number) + cell_len(before)) + "^", "bold red")


def _title(source: Source) -> str:
    return visible(f"{source.file}:{source.line}")


def _source(source: Source, lines: Lines) -> RenderableType:
    """Return the source of a declaration, its first line marked; as it was, if it is not there now."""
    now, text = lines(source.file), source.text.splitlines()
    at = source.line - 1
    is_there = list(now[at : at + len(text)])[1:-1] == text[1:-1]
    first = max(at - _AROUND, 0) if is_there else at
    shown = now[first : at + len(text) + _AROUND] if is_there else text
    grid = Table.grid(padding=0)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    coloured = lean_text("\n".join(shown).expandtabs()).split("\n", allow_blank=True)
    for number, line in enumerate(coloured[:_MOST_LINES], start=first + 1):
        mark = Text("▶ " if number == source.line else "  ", "bold yellow")
        grid.add_row(mark.append(f"{number:>4} │ ", "dim"), line)
    if len(coloured) > _MOST_LINES:
        grid.add_row("", Text(f"… {counted(len(coloured) - _MOST_LINES, 'more line')}", "dim"))
    if not is_there and now:
        return Group(Text("as it was judged; it does not stand there now", "yellow"), grid)
    return grid


def _marked(tone: Tone, said: str) -> Text:
    return Text(f"{MARKS[tone].symbol} ", MARKS[tone].style).append(visible(said))
