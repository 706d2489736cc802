"""What did not pass, in full: Lean's messages, refused declarations, disagreeing graphs."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.text import Text

from lean_bridge.ui.diagnostics import render_diagnostics, why_undecided
from lean_bridge.ui.verdict import MARKS, Tone, declaration_tone, evidence, graph_tone
from lean_bridge.ui.wording import coded, counted, named, one_line, place_text, visible
from pybind_models import BuildReport, DeclarationReport, GraphReport, Place, VerifyReport


def render_failures(report: VerifyReport, console: Console, *, verbose: bool = False) -> None:
    """Write every failure with all that is known about it; nothing where there is none.

    Lean's messages come last, where the eye is; what was not built because of them is only named.
    ``verbose`` adds Lean's warnings and information.
    """
    refused = [each for each in report.declarations if declaration_tone(each) == "bad"]
    if refused:
        _title("Declarations refused", console)
        for declaration in refused:
            _render_declaration(declaration, console)
    unbuilt = [each.name for each in report.declarations if each.status == "not built"]
    if unbuilt:
        _title("Declarations without a verdict, as their module was not built", console)
        console.print(Text(", ".join(map(named, unbuilt))))
    _render_undecided([each for each in report.declarations if each.status == "no verdict"], console)
    unsettled = [each for each in report.graphs if graph_tone(each) != "good" and each.name not in unbuilt]
    if unsettled:
        _title("Graphs that do not agree", console)
        for graph in unsettled:
            _render_graph(graph, console)
    if report.build is not None:
        _render_messages(report.build, console, verbose=verbose)


def _render_undecided(undecided: list[DeclarationReport], console: Console) -> None:
    """Write what is without a verdict, the names of one reason together."""
    if undecided:
        _title("Declarations without a verdict", console)
    names: dict[str, list[str]] = {}
    for each in undecided:
        names.setdefault(coded(each.code, each.reason or each.status), []).append(each.name)
    for reason, those in names.items():
        console.print(_entry("open", one_line(reason), ""))
        _indented(Text(", ".join(map(visible, those))), console)


def _title(text: str, console: Console) -> None:
    console.print()
    console.print(Rule(Text(text, "bold"), align="left", style="dim"))


def _entry(tone: Tone, word: str, name: str) -> Text:
    mark = MARKS[tone]
    return Text.assemble((f"{mark.symbol} {word} ", mark.style), (named(name), "bold"))


def _indented(text: Text, console: Console) -> None:
    console.print(Padding(text, (0, 0, 0, 4)))


def _render_messages(build: BuildReport, console: Console, *, verbose: bool) -> None:
    told = [
        diagnostic
        for module in build.modules
        for diagnostic in module.diagnostics
        if diagnostic.severity == "error" or verbose
    ]
    silent = [module for module in build.modules if module.state == "failed" and not module.diagnostics]
    blocked = [module.module for module in build.modules if module.state == "blocked"]
    limits = [why for module in build.modules if (why := why_undecided(module)) is not None]
    if told or silent or blocked:
        _title("Lean's messages", console)
    render_diagnostics(told, console)
    for why in limits:
        console.print(_entry("open", one_line(why), ""))
    for module in silent:
        console.print(_entry("bad", "failed", module.file).append(": Lean gave no message", "not bold"))
    if blocked:
        named = _entry("open", f"{counted(len(blocked), 'module')} not compiled, as an import failed:", "")
        console.print(named.append(", ".join(map(visible, blocked))))


def _render_declaration(report: DeclarationReport, console: Console) -> None:
    """Write why a declaration is refused, first the place that a gate would point at: that of the cause."""
    console.print(_entry(declaration_tone(report), report.status, report.name))
    cause, stands = report.cause, _stands(report)
    blamed = place_text(cause.place) if cause is not None and cause.place is not None else stands
    if cause is not None and cause.name != report.name and blamed != stands:
        _indented(Text(visible(f"at {cause.name}, {blamed}"), "dim"), console)
    elif blamed:
        _indented(Text(visible(blamed), "dim"), console)
    if report.reason is not None:
        _indented(Text(one_line(coded(report.code, report.reason))), console)
    if report.axiom_path:
        *through, last = map(named, report.axiom_path)
        chain = Text("".join(f"{name} → " for name in through))
        _indented(chain.append(last, "bold red"), console)
    if stands and blamed != stands:
        _indented(Text(visible(f"it stands at {stands}"), "dim"), console)


def _stands(report: DeclarationReport) -> str:
    """Return where a declaration begins, if that is known."""
    at = report.source
    return place_text(Place(file=at.file, line=at.line, column=at.column)) if at is not None else ""


def _render_graph(report: GraphReport, console: Console) -> None:
    console.print(_entry(graph_tone(report), report.status, report.name))
    if report.reason is not None:
        _indented(Text(one_line(coded(report.code, report.reason))), console)
    for row in evidence(report):
        if row.tone != "good":
            text = _entry(row.tone, row.outcome, row.name)
            _indented(text.append(f": {one_line(row.text)}", "not bold"), console)
