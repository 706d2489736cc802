"""Lean's messages in their usual form, what a build came to, and the state of the machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lean_bridge.findings import HealthItem, Survey
from lean_bridge.ui.toolchains import isolation_text, toolchain_text
from lean_bridge.ui.verdict import Tone, module_tone, status_text
from lean_bridge.ui.wording import apart, coded, counted, one_line, seconds_text, visible
from pybind_models import BuildReport, Diagnostic, ModuleReport, Place, Toolchain
from pybind_models.report import Severity

SEVERITY_WORDS: Final[dict[Severity, str]] = {"information": "info", "warning": "warning", "error": "error"}
_SEVERITY_STYLES: Final[dict[Severity, str]] = {
    "information": "cyan",
    "warning": "yellow",
    "error": "bold red",
}


def render_diagnostics(diagnostics: Iterable[Diagnostic], console: Console) -> None:
    """Write each message as ``file:line:col: severity: text``, never wrapped.

    Lines count from 1 and columns from 0, as in Lean's own output.
    """
    for diagnostic in diagnostics:
        console.print(diagnostic_text(diagnostic), soft_wrap=True)


def diagnostic_text(diagnostic: Diagnostic) -> Text:
    """Return a message as Lean writes it."""
    text = Text(f"{visible(diagnostic.file)}:{diagnostic.line}:{diagnostic.column}: ")
    text.append(SEVERITY_WORDS[diagnostic.severity], _SEVERITY_STYLES[diagnostic.severity])
    return text.append(f": {visible(diagnostic.text)}")


def diagnostic_place(said: Diagnostic) -> Place:
    """Return where a message of Lean's stands, for whom columns count from one."""
    return Place(file=said.file, line=said.line, column=said.column + 1)


def errors_of(module: ModuleReport) -> Iterator[tuple[Place, str]]:
    """Yield all that a module was not compiled for, each with its place, columns from one.

    A limit that was met comes first, together with the message that it is about.
    """
    errors = [(diagnostic_place(each), each.text) for each in module.diagnostics if each.severity == "error"]
    if module.limit is not None:
        at, limit = apart(module.limit)
        said = [text for place, text in errors if place == at]
        yield at or Place(file=module.file), "\n".join((limit, *said))
        errors = [(place, text) for place, text in errors if place != at]
    elif module.state == "failed" and not errors:
        yield Place(file=module.file), f"{module.module}: failed without a message"
    yield from errors


def render_build(build: BuildReport, console: Console) -> None:
    """Write a row per module that was not there already, and what the build came to."""
    table = _rows()
    for module in build.modules:
        if module.state != "cached":
            seconds = seconds_text(module.seconds) if module.state != "blocked" else "an import failed"
            table.add_row(
                status_text(module_tone(module), module.state),
                Text(visible(module.module)),
                Text(seconds, "dim"),
            )
    console.print(table)
    for module in build.modules:
        if (why := why_undecided(module)) is not None:
            console.print(Text(visible(why)), soft_wrap=True)
    console.print(Text(" · ".join(build_summary(build))))


def why_undecided(module: ModuleReport) -> str | None:
    """Return why nothing is decided about a module, if that is so."""
    if module.limit is None:
        return None
    return coded(module.code, module.limit) if module.code else f"not supported by this Lean: {module.limit}"


def build_summary(build: BuildReport) -> list[str]:
    """Return the Lean that was used, how many modules came to which state, and what that took."""
    states = [module.state for module in build.modules]
    kinds = ("built", "cached", "failed", "unsupported", "blocked")
    tally = ", ".join(f"{states.count(state)} {state}" for state in kinds if state in states)
    processes = counted(build.lean_processes, "Lean process", "Lean processes")
    remembered = sum(module.remembered for module in build.modules)
    warnings = sum(each.severity == "warning" for module in build.modules for each in module.diagnostics)
    return [
        toolchain_text(build.toolchain),
        counted(len(states), "module") + (f": {tally}" if tally else ""),
        f"build {seconds_text(build.seconds)}, {processes}",
        *([f"{remembered} failed as in an earlier run (--fresh asks Lean again)"] if remembered else []),
        *([counted(warnings, "warning")] if warnings else []),
    ]


def render_health(items: Iterable[HealthItem], console: Console) -> None:
    """Write a row per thing looked at: its state, what was found, and the mend where one is needed.

    What is absent and not required is marked as optional.
    """
    table = _rows()
    for item in items:
        tone: Tone = "good" if item.state == "ok" else "bad" if item.required else "open"
        detail = Text(one_line(item.detail))
        if tone == "open":
            detail.append(" (optional)", "dim")
        if tone != "good" and item.mend:
            detail.append(f"\n→ {one_line(item.mend)}", "bold")
        table.add_row(status_text(tone, item.state), Text(item.name, "bold"), detail)
    console.print(table)


def render_survey(found: Survey, console: Console) -> None:
    """Write how many constants of each kind compiled modules hold, and how fast they were decoded."""
    table = _rows()
    for kind, count in found.constants.items():
        table.add_row(Text(f"{count:,}", justify="right"), Text(one_line(str(kind))))
    console.print(table)
    parts = (
        counted(found.modules, "module"),
        counted(sum(found.constants.values()), "constant"),
        counted(found.expressions, "expression"),
        f"{seconds_text(found.seconds)}, {found.constants_per_second:,.0f} constants per second",
        f"written by Lean {', '.join(found.lean_versions)}",
    )
    console.print(Text(one_line(" · ".join(parts))))


def render_toolchain(toolchain: Toolchain, console: Console) -> None:
    """Write which Lean is in use, where it is, and the identity that compiled files are kept under."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, value in (
        ("Lean", f"{toolchain.version} ({toolchain.provider})"),
        ("location", toolchain.location),
        ("identity", toolchain.identity),
        ("library", "known by its digest" if toolchain.known else "unknown to this package"),
        ("builds", isolation_text(toolchain)),
    ):
        grid.add_row(label, Text(visible(value)))
    console.print(grid)


def render_residents(states: Iterable[Mapping[str, Any]], console: Console) -> None:
    """Write which processes keep Leans between commands, and for which libraries."""
    for each in states:
        for word in ("lent", "idle"):
            for root in each.get(word, ()):
                console.print(Text(f"kept by process {each.get('process')}, {word}: {visible(str(root))}"))


def _rows() -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    return table
