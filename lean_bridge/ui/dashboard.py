"""The dashboard that ends ``lean-bridge verify``."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from lean_bridge.doubts import doubts
from lean_bridge.names import common_namespace, last_component
from lean_bridge.ui.diagnostics import build_summary
from lean_bridge.ui.failures import render_failures
from lean_bridge.ui.verdict import (
    MARKS,
    VERDICT_TONES,
    backing,
    declaration_tone,
    declaration_word,
    evidence,
    graph_tone,
    guarantee,
    no_axioms,
    status_text,
    subject,
    words_text,
)
from lean_bridge.ui.wording import (
    coded,
    counted,
    named,
    one_line,
    seconds_text,
    upstream_text,
    visible,
)
from pybind_models import DeclarationReport, GraphReport, VerifyReport

_STATUS_WIDTH = 12
_STATEMENT_LINES = 3


def render_report(report: VerifyReport, console: Console, *, verbose: bool = False) -> None:
    """Write everything ``verify`` found: the verdict, a row per declaration and graph, every failure in full.

    ``verbose`` adds whole statements, full names, and Lean's warnings and information.
    A report that calls itself accepted while its rows are not is shown as ``no verdict``.
    """
    console.print(_header(report))
    if report.declarations:
        console.print(_heading("Declarations"))
        console.print(_declarations(report.declarations, console, verbose=verbose))
    if report.graphs:
        console.print(_heading("Graphs"))
        console.print(_graphs(report.graphs, verbose=verbose))
    render_failures(report, console, verbose=verbose)
    console.print(_heading("Verdict"))
    console.print(_verdict(report).append(f" ({seconds_text(report.seconds)})", "not bold default"))


def _heading(title: str) -> RenderableType:
    return Padding(Rule(Text(title, "bold"), align="left", style="dim"), (1, 0, 0, 0))


def _verdict(report: VerifyReport) -> Text:
    verdict, reason = report.verdict, report.reason
    mark = MARKS[VERDICT_TONES[verdict]]
    text = Text.assemble((f"{mark.symbol} {verdict}", f"bold {mark.style}"))
    told = f": {one_line(coded(report.code, reason))}" if reason else ""
    return text.append(told, "default not bold")


def _header(report: VerifyReport) -> RenderableType:
    verdict = report.verdict
    lines = [_verdict(report), Text(guarantee(report)), Text(visible(subject(report)))]
    if report.library is not None:
        lines += [Text(one_line(f"passed over: {said}"), "yellow") for said in report.library.passed_over]
    lines.append(Text(_circumstances(report), "dim"))
    lines[2:2] = [Text(one_line(why), MARKS["open"].style) for why in doubts(report)]
    style = MARKS[VERDICT_TONES[verdict]].style
    return Panel(
        Group(*lines), title="lean-bridge verify", title_align="left", border_style=style, padding=(0, 1)
    )


def _circumstances(report: VerifyReport) -> str:
    parts = build_summary(report.build) if report.build is not None else ["nothing was built"]
    parts.append(f"{seconds_text(report.seconds)} in all")
    if report.cached:
        parts.append("Lean and the second kernel answered earlier, about these very files")
    elif report.stages:
        longest = sorted(report.stages.items(), key=lambda stage: -stage[1])[:3]
        parts += [f"{name} {seconds_text(seconds)}" for name, seconds in longest]
    return " · ".join(parts)


def _table() -> Table:
    table = Table(box=None, show_header=False, expand=True, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column(width=_STATUS_WIDTH, no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    return table


def _declarations(
    reports: tuple[DeclarationReport, ...], console: Console, *, verbose: bool
) -> RenderableType:
    rests_on = 17 if console.width < 100 else 20 if console.width < 130 else 38
    table = _table()
    table.show_header = True
    table.header_style = "dim"
    table.columns[0].header, table.columns[1].header = "status", "declaration"
    table.add_column("rests on", width=rests_on, overflow="fold")
    statement_width = console.width - _STATUS_WIDTH - rests_on - 3
    namespace = "" if verbose else common_namespace(report.name for report in reports)
    if namespace:
        table.columns[1].header = f"declaration, in {namespace.removesuffix('.')}"
    by_group: dict[str, list[DeclarationReport]] = {}
    for report in reports:
        by_group.setdefault(report.group, []).append(report)
    for group, members in by_group.items():
        good = sum(declaration_tone(member) == "good" for member in members)
        table.add_row()
        table.add_row("", Text(visible(group), "bold cyan"), Text(f"{good} of {len(members)} hold", "dim"))
        for member in members:
            table.add_row(
                status_text(declaration_tone(member), declaration_word(member)),
                _declaration(member, namespace, console, statement_width, verbose=verbose),
                _rests_on(member),
            )
    return table


def _declaration(
    report: DeclarationReport, namespace: str, console: Console, width: int, *, verbose: bool
) -> RenderableType:
    lines: list[Text] = [_name(report.name, namespace)]
    if report.reason is not None:
        lines.append(Text(one_line(coded(report.code, report.reason)), MARKS[declaration_tone(report)].style))
    if report.statement is not None:
        wrapped = list(Text(visible(report.statement)).wrap(console, width))
        lines += wrapped if verbose else _capped(wrapped, width)
    notes = [report.kind] if report.kind is not None else []
    if report.source is not None:
        notes.append(f"{report.source.file}:{report.source.line}")
    if report.upstream is not None:
        upstream = upstream_text(report.name, report.upstream, report.differs, namespace)
        notes.append(f"upstream: {upstream}")
    if report.words is not None and (report.words.own or report.words.changed or verbose):
        notes.append(words_text(report.words))
    if notes:
        lines.append(Text(" · ".join(map(visible, notes)), "dim"))
    return Group(*lines)


def _capped(lines: list[Text], width: int) -> list[Text]:
    """Return the first line and the last ones, as a statement ends with what it claims."""
    if len(lines) <= _STATEMENT_LINES:
        return lines
    lines[0].rstrip()
    lines[0].truncate(width - 2)
    return [lines[0].append(" …", "dim"), *lines[1 - _STATEMENT_LINES :]]


def _name(name: str, namespace: str) -> Text:
    short = name.removeprefix(namespace)
    last = last_component(short)
    return Text.assemble((named(short.removesuffix(last)), "dim"), (named(last), "bold"))


def _rests_on(report: DeclarationReport) -> Text:
    if report.status in ("missing", "not built"):
        return Text()
    text = Text(", ".join(map(visible, report.axioms)) or no_axioms(report.library_theorems))
    if report.library_theorems:
        text.append(f"\n{counted(report.library_theorems, 'library theorem')}", "dim")
    for tone, said in backing(report):
        text.append(f"\n{said}", "dim" if tone == "good" else MARKS[tone].style)
    return text


def _graphs(reports: tuple[GraphReport, ...], *, verbose: bool) -> RenderableType:
    namespace = "" if verbose else common_namespace(report.name for report in reports)
    table = _table()
    table.add_column(width=10, justify="right", no_wrap=True, style="dim")
    for report in reports:
        table.add_row(
            status_text(graph_tone(report), report.status),
            Group(*_graph(report, namespace), evidence_grid(report)),
            seconds_text(report.seconds),
        )
    return table


def _graph(report: GraphReport, namespace: str) -> list[Text]:
    lines = [_name(report.name, namespace)]
    if report.reason is not None:
        lines.append(Text(one_line(coded(report.code, report.reason)), MARKS[graph_tone(report)].style))
    if report.graph is not None:
        graph = report.graph
        size = f"{counted(len(graph.context), 'input')} + {counted(len(graph.nodes), 'node')}"
        arguments = ", ".join(graph.arguments)
        lines.append(Text(visible(f"{size} · for all {arguments}" if arguments else size), "dim"))
    return lines


def evidence_grid(report: GraphReport) -> RenderableType:
    """Return what was found out about a graph, link by link and check by check, with numbers and bounds."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=1)
    grid.add_column(overflow="fold")
    rows = list(evidence(report))
    width = max((len(visible(row.name)) for row in rows), default=0)
    for row in rows:
        mark = MARKS[row.tone]
        text = Text(visible(row.name).ljust(width) + "  ")
        if row.tone != "good":
            text.append(f"{row.outcome}: ", mark.style)
        if row.figures:
            text.append(f"{row.figures}; ")
        grid.add_row(Text(mark.symbol, mark.style), text.append(one_line(row.detail), "dim"))
        if row.note is not None:
            grid.add_row(Text(), Text(one_line(row.note), "yellow"))
    return grid
