"""What is judged: declarations and graphs, by whom, and what a refusal means."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from lean_bridge.codes import Code
from lean_bridge.commands.dash import follow_library
from lean_bridge.commands.options import (
    EXIT_STATUS,
    FormatOption,
    ProjectOption,
    ServerOption,
    ShippedOption,
    ViewFormat,
    check_choice,
    check_writable,
    open_chosen,
    residents,
    write_result,
)
from lean_bridge.errors import as_told
from lean_bridge.names import did_you_mean, listed
from lean_bridge.ui.console import Form, from_here, open_console, tell
from lean_bridge.uncollected import uncollected

if TYPE_CHECKING:
    from lean_bridge.toolchain.provider import Provider
    from lean_bridge.ui.progress import Observer
    from pybind_models import VerifyReport
    from pybind_models.status import StatusReport


WORKERS: Final = 2
"""Lean processes at a time, where nothing else is asked for."""


class ReportFormat(StrEnum):
    """How ``verify`` prints its report."""

    TABLE = "table"
    JSON = "json"
    TEXT = "text"
    GITHUB = "github"
    JUNIT = "junit"
    MARKDOWN = "markdown"
    EVENTS = "events"


class StatusFormat(StrEnum):
    """How ``status`` prints where a library stands."""

    TABLE = "table"
    JSON = "json"
    TEXT = "text"
    MARKDOWN = "markdown"


class RowChoice(StrEnum):
    """The states of a row, for ``status`` to leave out."""

    GREEN = "green"
    REJECTED = "rejected"
    OPEN = "open"
    STALE = "stale"


FORMS: dict[ReportFormat, Form] = {ReportFormat.JSON: "escaped", ReportFormat.JUNIT: "xml"}


class Requirement(StrEnum):
    """What ``verify`` may be asked to require beyond a proof."""

    CONFIRMED = "confirmed"
    ISOLATED = "isolated"
    KNOWN = "known"


@uncollected(for_good=True)  # what is read here is in use until the process ends
def verify(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Catalogue entries to judge, by the end of their names; default: all."),
    ] = None,
    project: ProjectOption = None,
    shipped: ShippedOption = False,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            "-j",
            help="Lean processes at a time; default: 2, or with --ray one for each core of the cluster.",
            min=1,
            max=16,
        ),
    ] = None,
    format_: Annotated[
        ReportFormat, typer.Option("--format", "-f", help="How to print.")
    ] = ReportFormat.TABLE,
    fresh: Annotated[bool, typer.Option("--fresh", help="Judge again what was judged before.")] = False,
    require: Annotated[
        list[Requirement] | None,
        typer.Option(
            "--require",
            help="confirmed: accept nothing that no second kernel accepted; isolated: build nothing that is "
            "not confined; known: only by a Lean whose digests this package has. May be repeated.",
        ),
    ] = None,
    unpinned: Annotated[
        bool, typer.Option("--unpinned", help="Let pass what no manifest pins; the report says so.")
    ] = False,
    whole: Annotated[
        bool,
        typer.Option(
            "--whole", help="Judge all that the modules declare, and not the catalogue; without one it is so."
        ),
    ] = False,
    modules: Annotated[
        list[str] | None,
        typer.Option(
            "--modules", metavar="GLOB", help="As --whole, of the modules of such a name. May be repeated."
        ),
    ] = None,
    public_only: Annotated[
        bool, typer.Option("--public-only", help="As --whole, of what is not private to its module.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Whole statements, every message.")
    ] = False,
    timings: Annotated[
        Path | None,
        typer.Option(
            "--timings",
            metavar="FILE",
            help="Write where the time went, as JSON that Perfetto opens: a lane for each process of Lean, "
            "the second kernel and this program.",
        ),
    ] = None,
    server: ServerOption = None,
    ray: Annotated[
        str | None,
        typer.Option(
            "--ray",
            metavar="ADDRESS",
            help="Have files elaborated by a Ray cluster, a Lean for each core of it: HOST:PORT; auto for "
            "one that runs here; or local for one of this machine that ends with the run.",
        ),
    ] = None,
) -> None:
    """Build the Lean library, judge its theorems and graphs, and show what holds.

    Builds what changed, audits every catalogued declaration in the compiled files (kind, proof, axioms, pin),
    extracts the graphs, has Lean certify them and their numbers over a finite field, has a second kernel
    check everything again if there is one, and compares floating-point numbers with independent sources.

    A library without a catalogue is judged whole: every theorem, definition, instance and type of its
    modules, for what it rests on, and by the second kernel. That asks for no pins, witnesses or graphs.

    It ends in the view of `lean-bridge status`; with names, or -v, in every row in full. `--format events`
    writes a line of JSON for everything that happens while it happens, and the report as the last one.
    """
    from lean_bridge.doubts import doubts
    from lean_bridge.ui import formats
    from lean_bridge.ui.dashboard import render_report
    from lean_bridge.ui.event_lines import EventWriter, Judged, write_event
    from lean_bridge.ui.failures import render_failures
    from lean_bridge.ui.markdown import render_markdown
    from lean_bridge.ui.progress import show_progress
    from lean_bridge.ui.status_view import render_status
    from lean_bridge.verdict.chain import status_of
    from lean_bridge.verdict.refusal import refused
    from lean_bridge.verdict.whole import Choice

    check_writable(timings)
    sources, opened, required = "", None, require or ()
    choice = None
    if whole or modules or public_only:
        choice = Choice(modules=tuple(modules or ()), is_public_only=public_only)
    try:
        opened = open_chosen(project, shipped, residents=residents(server, "found"))
        sources = opened.place
        is_told = format_ is ReportFormat.EVENTS
        shown: AbstractContextManager[Observer] = (
            nullcontext(EventWriter(sys.stdout)) if is_told else show_progress(open_console(sys.stderr))
        )
        with _spread(ray, workers) as (leans, through), _timed(shown, timings, is_here=ray is None) as watch:
            report = opened.verify(
                names or (),
                workers=leans,
                fresh=fresh,
                require_confirmed=Requirement.CONFIRMED in required,
                require_isolated=Requirement.ISOLATED in required,
                require_known=Requirement.KNOWN in required,
                unpinned=unpinned,
                choice=choice,
                alone=ray is None,  # a copy would have none of Ray's threads
                through=through,
                observe=watch.observe,
                progress=watch.transfer,
            )
    except Exception as error:
        refusal = as_told(error)
        if refusal is None:
            raise
        report = refused(
            refusal,
            opened.identity if opened is not None else None,
            unpinned=unpinned,
            confirmation_required=Requirement.CONFIRMED in required,
        )
        report = report.replaced(reason=from_here(report.reason or ""))
    if format_ is ReportFormat.TABLE:
        console = open_console(sys.stdout)
        if verbose or names:
            render_report(report, console, verbose=verbose)
        else:
            render_failures(report, console)
            render_status(status_of(report, notes=doubts(report)), console)
    else:
        render: dict[ReportFormat, Callable[[VerifyReport], str]] = {
            ReportFormat.JSON: formats.render_json,
            ReportFormat.TEXT: formats.render_text,
            ReportFormat.GITHUB: partial(formats.render_github, root=sources),
            ReportFormat.JUNIT: formats.render_junit,
            ReportFormat.MARKDOWN: render_markdown,
            ReportFormat.EVENTS: lambda report: write_event(Judged(report)),
        }
        tell(render[format_](report), FORMS.get(format_, "text"), end="")
    raise typer.Exit(EXIT_STATUS[report.verdict])


@contextmanager
def _spread(address: str | None, workers: int | None) -> Iterator[tuple[int, Callable[[Provider], Provider]]]:
    """Give how many Leans there are to be, and what has those of a cluster used, if one is named."""
    if address is None:
        yield workers or WORKERS, lambda lean: lean
        return
    from lean_bridge.cluster.rays import open_cluster
    from lean_bridge.cluster.remote import elsewhere

    with open_cluster(address, workers) as cluster:
        yield cluster.size, partial(elsewhere, cluster=cluster)


@contextmanager
def _timed(
    shown: AbstractContextManager[Observer], path: Path | None, *, is_here: bool
) -> Iterator[Observer]:
    """Show what goes on; where a file is named, write there where the time went, and say it in a line."""
    if path is None:
        with shown as watch:
            yield watch
        return
    from lean_bridge.ui.timings import Timings

    timings: Timings | None = None
    try:
        with shown as watch:
            timings = Timings(watch, is_here=is_here)
            yield timings
    finally:
        if timings is not None:
            trace, summary = timings.finish()
            write_result(path, trace)
            typer.echo(f"lean-bridge: {summary}", err=True)


@uncollected(for_good=True)
def status(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Show what has one of these in its name or group; default: everything."),
    ] = None,
    project: ProjectOption = None,
    shipped: ShippedOption = False,
    group: Annotated[
        str | None, typer.Option("--group", "-g", help="Show what has this in the name of its group.")
    ] = None,
    leave_out: Annotated[
        list[RowChoice] | None,
        typer.Option("--not", help="Leave out the rows in this state: `--not green`. May be repeated."),
    ] = None,
    format_: Annotated[
        StatusFormat, typer.Option("--format", "-f", help="How to print.")
    ] = StatusFormat.TABLE,
    watch: Annotated[
        bool,
        typer.Option(
            "--watch",
            "-w",
            help="Stay, and judge again at every edit; off a terminal, a line for every change.",
        ),
    ] = False,
    workers: Annotated[
        int, typer.Option("--workers", "-j", help="With --watch: Lean processes at a time.", min=1, max=16)
    ] = 2,
    unpinned: Annotated[
        bool, typer.Option("--unpinned", help="With --watch: let pass what no manifest pins.")
    ] = False,
    server: ServerOption = None,
) -> None:
    """Show on one screen where the library stands: theorems and graphs, by the links of the trust chain.

    What is shown is the last judgement of the whole library by `lean-bridge verify`, which wrote it down
    under the user's seal. Nothing is built and no Lean is started: sources, catalogue, manifest, lakefile,
    Lean and this program are compared with what was judged, and a row that rests on a change is stale.

    What is green is folded, a line per group; what is not stands first, with the code that
    `lean-bridge explain` explains. Names, a group or states unfold what they choose; the verdict, and with it
    the exit status, stays that of the whole: 0 only for an accepted library that is as it was judged.

    With --watch it stays, and `lean-bridge verify` runs again at every edit; `lean-bridge dash` does the same
    on a whole screen.
    """
    from lean_bridge.library.chosen import check_chosen, chosen_rows
    from lean_bridge.library.discovery import find_library
    from lean_bridge.library.status import read_status
    from lean_bridge.ui.status_formats import (
        render_status_json,
        render_status_markdown,
        render_status_text,
    )
    from lean_bridge.ui.status_view import render_status

    check_choice(project, shipped)
    library = find_library(project, shipped=shipped)
    is_chosen = bool(names or group or leave_out)

    def choose(found: StatusReport) -> StatusReport:
        left_out = {each.value for each in leave_out or ()}
        return found.only(chosen_rows(found.rows, names or (), group=group, leave_out=left_out))

    found = read_status(library.root)
    check_chosen(found.rows, names or (), group=group)
    if watch:
        if format_ not in (StatusFormat.TABLE, StatusFormat.TEXT):
            raise typer.BadParameter("is written once, not as it changes", param_hint="--watch")
        follow_library(library, choose, workers=workers, unpinned=unpinned, server=server)
    shown = choose(found)
    if format_ is StatusFormat.TABLE:
        render_status(shown, open_console(sys.stdout), unfold=is_chosen)
    elif format_ is StatusFormat.JSON:
        tell(render_status_json(shown), "escaped", end="")
    else:
        render = render_status_text if format_ is StatusFormat.TEXT else render_status_markdown
        tell(render(shown), end="")
    raise typer.Exit(EXIT_STATUS[found.verdict])


def pin(
    project: ProjectOption = None,
    shipped: ShippedOption = False,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; refuse what is not as pinned.")
    ] = False,
    format_: FormatOption = ViewFormat.TEXT,
) -> None:
    """Write down what every catalogued declaration says now, and show what that changes.

    The manifest, certified.toml beside the Lean sources, names each theorem and graph with its statement, its
    axioms and a hash down through the definitions. With --check, exit status 2 says that there is none.
    """
    from lean_bridge.audit.manifest import MANIFEST, write_manifest
    from lean_bridge.audit.pins import NO_MANIFEST
    from lean_bridge.ui.progress import show_progress
    from lean_bridge.ui.wording import escaped_json, named, one_line

    with show_progress(open_console(sys.stderr)) as watch:
        opened = open_chosen(project, shipped)
        if check:
            pins = opened.check_pins(observe=watch.observe, progress=watch.transfer)
        else:
            pins, manifest = opened.repin(observe=watch.observe, progress=watch.transfer)
            write_manifest(opened.root, manifest)
    changes = {name: (found, code) for name, (found, code) in pins.items() if found.outcome != "matches"}
    if format_ is ViewFormat.JSON:
        rows = {name: {**found.model_dump(), "code": code} for name, (found, code) in pins.items()}
        tell(escaped_json(json.dumps(rows, indent=2, ensure_ascii=False)), "escaped")
    else:
        for name, (found, code) in changes.items():
            tell(f"{code or '-'}\t{found.outcome}\t{named(name)}\t{one_line(found.change or '')}".rstrip())
        others = "; the others are now" if changes else ""
        done = "as pinned" if check else f"already as pinned{others}, in {opened.root / MANIFEST}"
        tell(f"{len(pins) - len(changes)} of {len(pins)} declarations {done}")
    if check and changes:
        is_known = any(found.change != NO_MANIFEST for found, _ in changes.values())
        raise typer.Exit(1 if is_known else 2)


def replay(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Catalogue entries, by the end of their names; default: every declaration."),
    ] = None,
    project: ProjectOption = None,
    shipped: ShippedOption = False,
    format_: FormatOption = ViewFormat.TEXT,
    time_limit: Annotated[float, typer.Option("--time-limit", help="Seconds for the kernel.", min=1)] = 600.0,
) -> None:
    """Have a second, native kernel check the library's declarations again, from nothing.

    It takes them from the compiled files, with all that they rest on, and knows nothing of the build.
    """
    from lean_bridge.audit.axioms import STANDARD_AXIOMS
    from lean_bridge.kernel.replay import project_declarations, to_report
    from lean_bridge.kernel.replay import replay as replay_declarations
    from lean_bridge.kernel.session import find_second_kernel
    from lean_bridge.ui.kernel_view import render_replay
    from lean_bridge.ui.progress import show_progress
    from lean_bridge.ui.wording import escaped_json

    with show_progress(open_console(sys.stderr)) as watch:
        opened = open_chosen(project, shipped)
        kernel = find_second_kernel()
        wanted = [entry.name for entry in opened.select(names).declarations] if names else None
        opened.build(only=wanted, observe=watch.observe, progress=watch.transfer)
        opened.check_built()
        environment = opened.environment(wanted)
        replayed = replay_declarations(
            environment,
            project_declarations(environment) if wanted is None else wanted,
            kernel=kernel,
            time_limit=time_limit,
            observe=watch.observe,
        )
    report = to_report(replayed, allowed_axioms=STANDARD_AXIOMS)
    if format_ is ViewFormat.JSON:
        tell(escaped_json(report.model_dump_json(indent=2)), "escaped")
    else:
        render_replay(report, open_console(sys.stdout))
    raise typer.Exit(EXIT_STATUS[report.verdict])


def explain(
    code: Annotated[
        str | None, typer.Argument(help="A code, such as LB205, or its name; default: all of them.")
    ] = None,
    format_: FormatOption = ViewFormat.TEXT,
) -> None:
    """Say what a code means, why it matters, and what to do about it."""
    from lean_bridge.ui.explanation import render_explanation, render_explanations, render_explanations_json
    from lean_bridge.verdict.chain import codes_of

    known = {spelling: each for each in Code for spelling in (each.value, each.name)}
    if code is not None and code.upper() not in known:
        near = did_you_mean(code, known)
        if of_link := codes_of(code.lower()):
            near = f", but a link, which fails by {listed(of_link, 8)}"
        raise typer.BadParameter(
            f"there is no code {code}{near}; `lean-bridge explain` lists them", param_hint="CODE"
        )
    wanted = list(Code) if code is None else [known[code.upper()]]
    if format_ is ViewFormat.JSON:
        tell(render_explanations_json(wanted), "escaped", end="")
    elif code is None:
        render_explanations(wanted, open_console(sys.stdout))
    else:
        render_explanation(wanted[0], open_console(sys.stdout))
