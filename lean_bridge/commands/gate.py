"""The gate: a library judged under a policy, and told to a CI in all the forms that it reads."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from lean_bridge.commands.judging import FORMS, ReportFormat, Requirement
from lean_bridge.commands.options import (
    EXIT_STATUS,
    ProjectOption,
    ShippedOption,
    WorkersOption,
    check_choice,
    check_writable,
    is_read,
    open_chosen,
    write_result,
)
from lean_bridge.errors import LeanBridgeError, NoVerdict
from lean_bridge.names import did_you_mean
from lean_bridge.ui.console import from_here, open_console, tell
from lean_bridge.uncollected import uncollected

if TYPE_CHECKING:
    from pybind_models.policy import GateReport, Judged, Policy

_SUMMARY: Final = "GITHUB_STEP_SUMMARY"
"""The variable that names the file to which GitHub has summaries appended."""


class OutputFormat(StrEnum):
    """What ``gate`` can be read by."""

    TEXT = "text"
    GITHUB = "github"
    JSON = "json"
    JUNIT = "junit"
    SARIF = "sarif"
    MARKDOWN = "markdown"


@dataclass(frozen=True, slots=True)
class _Output:
    """A form, and the file that it goes to; standard output without one."""

    format: OutputFormat
    path: Path | None


def _output(text: str) -> _Output:
    word, equals, file = text.partition("=")
    if word not in set(OutputFormat):
        raise typer.BadParameter(
            f"{word!r}: expected one of {', '.join(OutputFormat)}, as FORMAT or FORMAT=FILE"
            f"{did_you_mean(word, OutputFormat)}"
        )
    if equals and not file:
        raise typer.BadParameter(f"{text}: expected a file behind =, found nothing; is a variable not set?")
    return _Output(OutputFormat(word), Path(file) if equals else None)


@uncollected(for_good=True)
def gate(
    project: ProjectOption = None,
    shipped: ShippedOption = False,
    workers: WorkersOption = 2,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FORMAT[=FILE]",
            help="text, github, json, junit, sarif or markdown; without a file to standard output, which "
            "takes one. May be repeated: one run, many outputs.",
        ),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(
            "--policy", metavar="FILE", help="The policy; default: the nearest one in the repository."
        ),
    ] = None,
    print_policy: Annotated[
        bool, typer.Option("--print-policy", help="Show what is in force and where each value is from.")
    ] = False,
    links: Annotated[
        list[str] | None, typer.Option("--link", help="A link that must hold for every row. May be repeated.")
    ] = None,
    judged: Annotated[
        list[str] | None,
        typer.Option("--judged", help="A group or name that must be in the catalogue. May be repeated."),
    ] = None,
    axioms: Annotated[
        list[str] | None,
        typer.Option("--axiom", help="An axiom that proofs may rest on, of Lean's three. May be repeated."),
    ] = None,
    no_axioms: Annotated[bool, typer.Option("--no-axioms", help="Proofs may rest on no axiom.")] = False,
    require: Annotated[
        list[Requirement] | None, typer.Option("--require", help="As of verify. May be repeated.")
    ] = None,
    advisories: Annotated[
        list[str] | None,
        typer.Option("--advisory", help="A known fault of Lean that may stand. May be repeated."),
    ] = None,
    no_advisories: Annotated[
        bool, typer.Option("--no-advisories", help="No known fault of Lean may stand.")
    ] = False,
    budget: Annotated[
        float | None, typer.Option("--budget", metavar="SECONDS", help="What everything may take.")
    ] = None,
    unpinned: Annotated[
        bool | None,
        typer.Option(
            "--unpinned/--pinned", help="Whether what no manifest pins may pass.", show_default=False
        ),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Judge again what was judged before.")] = False,
) -> None:
    """Judge the library under the repository's policy, and tell a CI in every form that it reads.

    The policy is `[tool.lean-bridge]` of the nearest pyproject.toml, or lean-bridge.toml, from the library up
    to the top of the repository; an option stands in place of the file's value. It adds to what
    `lean-bridge verify` requires, and can never accept what that does not; what it lets pass is shown, with
    the digest of the policy in every output.

    In GitHub Actions:

    lean-bridge gate -o github -o junit=report.xml -o sarif=report.sarif -o markdown=$GITHUB_STEP_SUMMARY
    """
    started = time.monotonic()
    outputs = _checked([_output(each) for each in output or ()])
    given: dict[str, tuple[object, str]] = {}
    for key, option, value in (
        ("links", "--link", tuple(links) if links else None),
        ("judged", "--judged", tuple(judged) if judged else None),
        ("axioms", "--axiom", tuple(axioms) if axioms else None),
        ("axioms", "--no-axioms", () if no_axioms else None),
        ("require", "--require", tuple(each.value for each in require) if require else None),
        ("advisories", "--advisory", tuple(advisories) if advisories else None),
        ("advisories", "--no-advisories", () if no_advisories else None),
        ("budget", "--budget", budget),
        ("unpinned", "--unpinned" if unpinned else "--pinned", unpinned),
    ):
        if value is not None:
            if key in given:
                raise typer.BadParameter(
                    f"contradicts {given[key][1]}; give one of the two", param_hint=option
                )
            given[key] = value, option
    check_choice(project, shipped)
    if print_policy:
        from lean_bridge.gate.policy import policy_text
        from lean_bridge.gate.run import settle

        settled = settle(project, shipped=shipped, policy=policy, given=given)
        tell(policy_text(settled.record), end="")
        raise typer.Exit(0)
    for each in outputs:
        _clear(each)
    told = _run(project, shipped, policy, given, workers=workers, fresh=fresh, started=started)
    for each in outputs:
        _write(each, told)
    if all(each.path is not None for each in outputs):
        _show(told)
    raise typer.Exit(EXIT_STATUS[told.verdict])


def _run(
    project: Path | None,
    shipped: bool,
    named: Path | None,
    given: Mapping[str, tuple[object, str]],
    *,
    workers: int,
    fresh: bool,
    started: float,
) -> GateReport:
    """Judge, and hold what was judged to the policy; whatever is in the way becomes the report."""
    from lean_bridge.gate.run import judge, judge_all, refusal, settle
    from lean_bridge.ui.progress import show_progress

    try:
        settled = settle(project, shipped=shipped, policy=named, given=given)
    except LeanBridgeError as error:
        start = project if project is not None else Path.cwd()
        return _as_from_here(refusal(error, start, time.monotonic() - started))

    def judge_one(root: Path, place: str, policy: Policy) -> Judged:
        open_ = partial(open_chosen, None if shipped else root, shipped)
        with show_progress(open_console(sys.stderr)) as watch:
            return judge(
                open_,
                root,
                place,
                policy,
                workers=workers,
                fresh=fresh,
                alone=True,
                observe=watch.observe,
                progress=watch.transfer,
            )

    return _as_from_here(judge_all(settled, judge_one, started))


def _as_from_here(told: GateReport) -> GateReport:
    """Return what was judged with paths as a person types them here."""
    libraries = [
        each.replaced(report=each.report.replaced(reason=from_here(each.report.reason)))
        if each.report.reason is not None
        else each
        for each in told.libraries
    ]
    reason = from_here(told.reason) if told.reason is not None else None
    return told.replaced(libraries=tuple(libraries), reason=reason)


def _checked(outputs: Sequence[_Output]) -> Sequence[_Output]:
    """Return the outputs. Raises: typer.BadParameter for files that cannot be written, or serve twice."""
    seen: dict[str, _Output] = {}
    for each in outputs:
        check_writable(each.path, is_source=True)  # told below, of what is not there yet, too
        where = os.path.realpath(each.path) if each.path is not None else ""
        if where in seen:
            both = f"{seen[where].format} and {each.format}"
            target = f"{str(each.path)!r}" if each.path is not None else "standard output"
            raise typer.BadParameter(f"{both} both go to {target}; give each a file of its own")
        if each.path is not None and (is_read(each.path) or is_read(Path(where))):
            raise typer.BadParameter(f"{str(each.path)!r}: would be written over; name a file for the report")
        seen[where] = each
    return outputs


def _is_summary(path: Path) -> bool:
    named = os.environ.get(_SUMMARY)
    return bool(named) and os.path.realpath(path) == os.path.realpath(named or "")


def _clear(output: _Output) -> None:
    """Take an earlier report away: after a run that is cut short there is none."""
    path = output.path
    if path is not None and path.is_file() and not _is_summary(path):
        try:
            Path(os.path.realpath(path)).unlink()
        except OSError as error:
            raise NoVerdict(f"{path}: cannot be replaced: {error.strerror}") from error


def _write(output: _Output, told: GateReport) -> None:
    """Write a report where it is to go: a file at once or not at all, GitHub's summary at its end.

    Raises: NoVerdict for a file that cannot be written.
    """
    path = output.path
    if path is None:
        if output.format is OutputFormat.TEXT:
            _show(told)
        else:
            form = FORMS.get(
                ReportFormat.JSON if output.format is OutputFormat.SARIF else _form(output.format)
            )
            tell(_rendered(output.format, told), form or "text", end="")
        return
    text = _rendered(output.format, told)
    try:
        if _is_summary(path):
            with path.open("a", encoding="utf-8", errors="backslashreplace") as stream:
                stream.write(text)
            return
    except OSError as error:
        raise NoVerdict(f"{path}: cannot be written: {error.strerror}; nothing in it holds") from error
    write_result(path, text)


def _form(format_: OutputFormat) -> ReportFormat:
    return ReportFormat(format_.value)


def _rendered(format_: OutputFormat, told: GateReport) -> str:
    from lean_bridge.gate.github import render_github
    from lean_bridge.gate.junit import render_junit
    from lean_bridge.gate.markdown import render_markdown
    from lean_bridge.gate.sarif import render_sarif
    from lean_bridge.gate.text import render_text
    from lean_bridge.ui.wording import escaped_json

    def render_json(gate: GateReport) -> str:
        return escaped_json(gate.model_dump_json(indent=2)) + "\n"

    render: dict[OutputFormat, Callable[[GateReport], str]] = {
        OutputFormat.TEXT: render_text,
        OutputFormat.GITHUB: render_github,
        OutputFormat.JSON: render_json,
        OutputFormat.JUNIT: render_junit,
        OutputFormat.SARIF: render_sarif,
        OutputFormat.MARKDOWN: render_markdown,
    }
    return render[format_](told)


def _show(told: GateReport) -> None:
    """Write for people what was judged and what it came to."""
    from lean_bridge.doubts import doubts
    from lean_bridge.gate.findings import report_in_repository
    from lean_bridge.gate.text import render_text
    from lean_bridge.ui.failures import render_failures
    from lean_bridge.ui.status_view import render_status
    from lean_bridge.verdict.chain import status_of

    console = open_console(sys.stdout)
    for library in told.libraries:
        render_failures(report_in_repository(library.report, library.place), console)
        if library.report.build is not None:
            render_status(status_of(library.report, notes=doubts(library.report)), console)
    tell(render_text(told), end="")
