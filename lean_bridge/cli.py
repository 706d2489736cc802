"""The command line: parse, call, render, exit code."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from lean_bridge.codes import EXPLANATIONS, Code
from lean_bridge.errors import BuildFailed, LeanBridgeError, Rejected
from lean_bridge.ui.console import open_console

EXIT_STATUS = (
    "Exit status: 0 accepted, 1 rejected, 2 no verdict (could not run, not supported, nothing checked)."
)

app = typer.Typer(
    name="lean-bridge",
    help="Check Lean 4 theorems about neural-network autograd, and run exactly the graphs that they certify.",
    epilog=EXIT_STATUS,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
toolchain_app = typer.Typer(help="The Lean that proofs are checked with.", no_args_is_help=True)
app.add_typer(toolchain_app, name="toolchain")

ProjectOption = Annotated[
    Path | None,
    typer.Option("--project", "-p", help="A Lean library, or a directory with lean/ in it.", metavar="DIR"),
]
WorkersOption = Annotated[
    int, typer.Option("--workers", "-j", help="Lean processes at a time.", min=1, max=16)
]


class ReportFormat(StrEnum):
    """How ``verify`` prints its report."""

    TABLE = "table"
    JSON = "json"
    TEXT = "text"
    GITHUB = "github"
    JUNIT = "junit"
    MARKDOWN = "markdown"


class ReplayFormat(StrEnum):
    """How ``replay`` prints its report."""

    TABLE = "table"
    JSON = "json"


class Requirement(StrEnum):
    """What ``verify`` may be asked to require beyond a proof."""

    CONFIRMED = "confirmed"


class GraphFormat(StrEnum):
    """How ``graph`` prints a graph."""

    TABLE = "table"
    JSON = "json"
    SVG = "svg"
    DOT = "dot"
    MERMAID = "mermaid"
    LEAN = "lean"


class BenchFormat(StrEnum):
    """How ``bench`` prints its report."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"


class BenchMode(StrEnum):
    """What ``bench`` computes, besides values."""

    FORWARD = "forward"
    VJP = "vjp"
    JVP = "jvp"


class BenchDType(StrEnum):
    """The precisions in which ``bench`` computes."""

    F64 = "f64"
    F32 = "f32"
    BOTH = "both"


class ExplanationFormat(StrEnum):
    """How ``explain`` prints."""

    TEXT = "text"
    JSON = "json"


class PinFormat(StrEnum):
    """How ``pin`` prints what changed."""

    TEXT = "text"
    JSON = "json"


def main() -> None:
    """Run the command line; an error of this package becomes one line on standard error.

    Anything unforeseen exits with 2: it is no verdict.
    """
    try:
        app()
    except LeanBridgeError as error:
        typer.echo(f"lean-bridge: {error.code} {error}", err=True)
        sys.exit(error.exit_code)
    except Exception:  # noqa: BLE001 - a fault of ours must not look like a rejection
        traceback.print_exc()
        typer.echo(f"lean-bridge: {Code.OUR_FAULT} {EXPLANATIONS[Code.OUR_FAULT].title}", err=True)
        sys.exit(2)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"lean-bridge {version('lean-bridge')}")
        raise typer.Exit


@app.callback()
def _options(
    version_: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    del version_


@app.command(epilog=EXIT_STATUS)
def verify(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Catalogue entries to judge, by the end of their names; default: all."),
    ] = None,
    project: ProjectOption = None,
    workers: WorkersOption = 2,
    format_: Annotated[
        ReportFormat, typer.Option("--format", "-f", help="How to print.")
    ] = ReportFormat.TABLE,
    fresh: Annotated[bool, typer.Option("--fresh", help="Judge again what was judged before.")] = False,
    require: Annotated[
        Requirement | None,
        typer.Option("--require", help="confirmed: accept nothing that no second kernel accepted."),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Whole statements, every message.")
    ] = False,
) -> None:
    """Build the Lean library, judge its theorems and graphs, and show what holds.

    Builds what changed, audits every catalogued declaration in the compiled files (kind, proof, axioms, pin),
    extracts the graphs, has Lean certify them and their numbers over a finite field, has a second kernel
    check everything again if there is one, and compares floating-point numbers with independent sources.
    """
    from lean_bridge.project import open_project
    from lean_bridge.ui import formats
    from lean_bridge.ui.dashboard import render_report
    from lean_bridge.ui.markdown import render_markdown
    from lean_bridge.ui.progress import show_progress
    from pybind_models import VerifyReport

    sources = ""
    try:
        opened = open_project(project)
        sources = Path(os.path.relpath(opened.root)).as_posix()
        with show_progress(open_console(sys.stderr)) as watch:
            report = opened.verify(
                names or (),
                workers=workers,
                fresh=fresh,
                require_confirmed=require is Requirement.CONFIRMED,
                observe=watch.observe,
                progress=watch.transfer,
            )
    except LeanBridgeError as error:
        report = VerifyReport(
            verdict="rejected" if isinstance(error, Rejected) else "no verdict",
            reason=str(error),
            code=error.code,
        )
    if format_ is ReportFormat.TABLE:
        render_report(report, open_console(sys.stdout), verbose=verbose)
    else:
        render: dict[ReportFormat, Callable[[VerifyReport], str]] = {
            ReportFormat.JSON: formats.render_json,
            ReportFormat.TEXT: formats.render_text,
            ReportFormat.GITHUB: partial(formats.render_github, root=sources),
            ReportFormat.JUNIT: formats.render_junit,
            ReportFormat.MARKDOWN: render_markdown,
        }
        typer.echo(render[format_](report), nl=False)
    raise typer.Exit({"accepted": 0, "rejected": 1, "no verdict": 2}[report.verdict])


@app.command(epilog=EXIT_STATUS)
def build(project: ProjectOption = None, workers: WorkersOption = 2) -> None:
    """Build the Lean library: what changed since the last build, and nothing else."""
    from lean_bridge.project import open_project
    from lean_bridge.ui.diagnostics import render_build, render_diagnostics
    from lean_bridge.ui.progress import show_progress

    with show_progress(open_console(sys.stderr)) as watch:
        report = open_project(project).build(workers=workers, observe=watch.observe, progress=watch.transfer)
    console = open_console(sys.stdout)
    render_diagnostics((message for module in report.modules for message in module.diagnostics), console)
    render_build(report, console)
    raise typer.Exit(1 if any(module.state in ("failed", "blocked") for module in report.modules) else 0)


@app.command(name="list")
def list_(project: ProjectOption = None) -> None:
    """List the catalogued declarations: kind and full name."""
    from lean_bridge.project import open_project

    for entry in open_project(project).catalogue.declarations:
        typer.echo(f"{'graph' if entry.graph else entry.kind}\t{entry.name}")


@app.command(epilog=EXIT_STATUS)
def graph(
    name: Annotated[str, typer.Argument(help="A catalogued graph, by the end of its name.")],
    project: ProjectOption = None,
    format_: Annotated[GraphFormat, typer.Option("--format", "-f", help="How to print.")] = GraphFormat.TABLE,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to a file.", metavar="FILE")
    ] = None,
) -> None:
    """Show the graph that a compiled declaration denotes: a table, a drawing, its JSON, or Lean again."""
    from lean_bridge.extract.render import render_source
    from lean_bridge.project import open_project
    from lean_bridge.ui.drawing import draw_dot, draw_mermaid, draw_svg
    from lean_bridge.ui.graph_view import render_graph_table
    from lean_bridge.ui.progress import show_progress

    with show_progress(open_console(sys.stderr)) as watch:
        opened = open_project(project)
        opened.build(observe=watch.observe, progress=watch.transfer)
        extracted = opened.extract(name)
    if format_ is GraphFormat.TABLE and output is None:
        render_graph_table(extracted, open_console(sys.stdout))
        return
    render = {
        GraphFormat.JSON: lambda: extracted.model_dump_json(indent=2) + "\n",
        GraphFormat.SVG: lambda: draw_svg(extracted),
        GraphFormat.DOT: lambda: draw_dot(extracted),
        GraphFormat.MERMAID: lambda: draw_mermaid(extracted),
        GraphFormat.LEAN: lambda: render_source(extracted, opened.environment()),
    }
    if format_ not in render:
        raise typer.BadParameter("a table goes to the terminal; choose another --format for a file")
    text = render[format_]()
    if output is None:
        typer.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")


@app.command(epilog=EXIT_STATUS)
def pin(
    project: ProjectOption = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; refuse what is not as pinned.")
    ] = False,
    format_: Annotated[PinFormat, typer.Option("--format", "-f", help="How to print.")] = PinFormat.TEXT,
) -> None:
    """Write down what every catalogued declaration says now, and show what that changes.

    The manifest, certified.toml beside the Lean sources, names each theorem and graph with its statement, its
    axioms and a hash down through the definitions. With --check, exit status 2 says that there is none.
    """
    from lean_bridge.audit.manifest import MANIFEST, write_manifest
    from lean_bridge.project import open_project
    from lean_bridge.ui.progress import show_progress

    with show_progress(open_console(sys.stderr)) as watch:
        opened = open_project(project)
        pins = opened.check_pins(observe=watch.observe, progress=watch.transfer)
        if not check:
            write_manifest(opened.root, opened.pin())
    changes = {name: (found, code) for name, (found, code) in pins.items() if found.outcome != "matches"}
    if format_ is PinFormat.JSON:
        rows = {name: {**found.model_dump(), "code": code} for name, (found, code) in pins.items()}
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        for name, (found, code) in changes.items():
            typer.echo(f"{code or '-'}\t{found.outcome}\t{name}\t{found.change or ''}".rstrip())
        done = "as pinned" if check else f"already as pinned; the others are now, in {opened.root / MANIFEST}"
        typer.echo(f"{len(pins) - len(changes)} of {len(pins)} declarations {done}")
    if check and changes:
        raise typer.Exit(1 if any(code for _, code in changes.values()) else 2)


@app.command(epilog=EXIT_STATUS)
def lean(
    file: Annotated[Path, typer.Argument(help="A Lean source file.", exists=True, dir_okay=False)],
    project: ProjectOption = None,
    json_: Annotated[bool, typer.Option("--json", help="One JSON object per message.")] = False,
    time_limit: Annotated[float, typer.Option("--time-limit", help="Seconds for the file.", min=1)] = 300.0,
) -> None:
    """Elaborate any Lean file, with the built library on its search path, and print Lean's messages."""
    from lean_bridge.project import open_project
    from lean_bridge.ui.diagnostics import render_diagnostics
    from lean_bridge.ui.progress import show_progress

    with show_progress(open_console(sys.stderr)) as watch:
        elaboration = open_project(project).elaborate(
            file, time_limit=time_limit, observe=watch.observe, progress=watch.transfer
        )
    if json_:
        for message in elaboration.diagnostics:
            typer.echo(message.model_dump_json())
    else:
        render_diagnostics(elaboration.diagnostics, open_console(sys.stdout))
    raise typer.Exit(0 if elaboration.ok else 1)


@app.command(epilog=EXIT_STATUS)
def replay(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Catalogue entries, by the end of their names; default: every declaration."),
    ] = None,
    project: ProjectOption = None,
    format_: Annotated[
        ReplayFormat, typer.Option("--format", "-f", help="How to print.")
    ] = ReplayFormat.TABLE,
    time_limit: Annotated[float, typer.Option("--time-limit", help="Seconds for the kernel.", min=1)] = 600.0,
) -> None:
    """Have a second, native kernel check the library's declarations again, from nothing.

    It takes them from the compiled files, with all that they rest on, and knows nothing of the build.
    """
    from lean_bridge.audit.axioms import STANDARD_AXIOMS
    from lean_bridge.kernel.replay import project_declarations, to_report
    from lean_bridge.kernel.replay import replay as replay_declarations
    from lean_bridge.kernel.session import find_second_kernel
    from lean_bridge.project import open_project
    from lean_bridge.ui.kernel_view import render_replay
    from lean_bridge.ui.progress import show_progress

    with show_progress(open_console(sys.stderr)) as watch:
        opened = open_project(project)
        kernel = find_second_kernel()
        modules = opened.build(observe=watch.observe, progress=watch.transfer).modules
        if failed := [module.file for module in modules if module.state in ("failed", "blocked")]:
            raise BuildFailed(f"Lean refuses {', '.join(failed)}; run `lean-bridge build` for its messages")
        environment = opened.environment()
        wanted = [entry.name for entry in opened.select(names).declarations] if names else None
        replayed = replay_declarations(
            environment,
            project_declarations(environment) if wanted is None else wanted,
            kernel=kernel,
            time_limit=time_limit,
            observe=watch.observe,
        )
    report = to_report(replayed, allowed_axioms=STANDARD_AXIOMS)
    if format_ is ReplayFormat.JSON:
        typer.echo(report.model_dump_json(indent=2))
    else:
        render_replay(report, open_console(sys.stdout))
    raise typer.Exit({"accepted": 0, "rejected": 1, "no verdict": 2}[report.verdict])


@app.command()
def olean(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Compiled modules, or directories of them; default: Lean's own library."),
    ] = None,
    project: ProjectOption = None,
) -> None:
    """Decode every constant of compiled modules, and count them."""
    from lean_bridge.olean.survey import survey
    from lean_bridge.project import open_project
    from lean_bridge.ui.diagnostics import render_survey

    found = survey(paths or [open_project(project).toolchain(install=False).library])
    render_survey(found, open_console(sys.stdout))


@app.command(epilog=EXIT_STATUS)
def bench(
    name: Annotated[str, typer.Argument(help="A catalogued graph, by the end of its name.")],
    project: ProjectOption = None,
    sizes: Annotated[
        list[str] | None,
        typer.Option(
            "--sizes",
            "-s",
            help="Of tiny, small, medium, large, for a transformer block; or dimensions, as n=8,dModel=16; "
            "several.",
        ),
    ] = None,
    modes: Annotated[
        list[BenchMode] | None,
        typer.Option("--mode", "-m", help="Forward alone, with its VJP (default), or with its JVP; several."),
    ] = None,
    dtype: Annotated[BenchDType, typer.Option("--dtype", help="The precision.")] = BenchDType.F64,
    against: Annotated[
        str, typer.Option("--against", help="Whom to measure beside it: interpreter, torch, jax, autograd.")
    ] = "",
    threads: Annotated[int, typer.Option("--threads", help="For every library.", min=1)] = 1,
    seconds: Annotated[float, typer.Option("--seconds", help="How long to measure each case.", min=0)] = 5.0,
    layers: Annotated[
        list[int] | None,
        typer.Option("--stack", help="How many copies on one another (default: 1); several.", min=1),
    ] = None,
    format_: Annotated[BenchFormat, typer.Option("--format", "-f", help="How to print.")] = BenchFormat.TABLE,
    plot: Annotated[
        Path | None, typer.Option("--plot", help="Also draw it, as .svg or .png.", metavar="FILE")
    ] = None,
    save: Annotated[
        Path | None, typer.Option("--save", help="Also write it as JSON.", metavar="FILE")
    ] = None,
) -> None:
    """Time a graph's compiled program beside its bare matrix products, and other frameworks.

    All run in one process, in turn, in random order. Every result is compared first: what computes something
    else is not timed.
    """
    from lean_bridge.bench.bench import run_bench
    from lean_bridge.bench.sizes import parse_sizes
    from lean_bridge.project import open_project
    from lean_bridge.ui.bench_plot import check_plot, draw_bench
    from lean_bridge.ui.bench_view import render_bench, render_bench_markdown
    from lean_bridge.ui.progress import show_progress
    from pybind_models.bench import DType

    dtypes: dict[BenchDType, tuple[DType, ...]] = {
        BenchDType.F64: ("float64",),
        BenchDType.F32: ("float32",),
        BenchDType.BOTH: ("float64", "float32"),
    }
    if plot is not None:
        check_plot(plot)
    with show_progress(open_console(sys.stderr)) as watch:
        opened = open_project(project)
        opened.build(observe=watch.observe, progress=watch.transfer)
        extracted = opened.extract(name)
        report = run_bench(
            extracted,
            parse_sizes(sizes or ["small"], extracted),
            modes=[each.value for each in modes or [BenchMode.VJP]],
            dtypes=dtypes[dtype],
            layers=layers or [1],
            against=[each.strip() for each in against.split(",") if each.strip()],
            threads=threads,
            seconds=seconds,
            observe=watch.observe,
        )
    json = report.model_dump_json(indent=2)
    if save is not None:
        save.write_text(json + "\n", encoding="utf-8")
    if plot is not None:
        draw_bench(report, plot)
    if format_ is BenchFormat.TABLE:
        render_bench(report, open_console(sys.stdout))
    else:
        typer.echo(json if format_ is BenchFormat.JSON else render_bench_markdown(report))


@app.command()
def explain(
    code: Annotated[
        str | None, typer.Argument(help="A code, such as LB205, or its name; default: all of them.")
    ] = None,
    format_: Annotated[
        ExplanationFormat, typer.Option("--format", "-f", help="How to print.")
    ] = ExplanationFormat.TEXT,
) -> None:
    """Say what a code means, why it matters, and what to do about it."""
    from lean_bridge.ui.explanation import render_explanation, render_explanations, render_explanations_json

    known = {spelling: each for each in Code for spelling in (each.value, each.name)}
    if code is not None and code.upper() not in known:
        raise typer.BadParameter(
            f"there is no code {code}; `lean-bridge explain` lists them", param_hint="CODE"
        )
    wanted = list(Code) if code is None else [known[code.upper()]]
    if format_ is ExplanationFormat.JSON:
        typer.echo(render_explanations_json(wanted), nl=False)
    elif code is None:
        render_explanations(wanted, open_console(sys.stdout))
    else:
        render_explanation(wanted[0], open_console(sys.stdout))


@app.command()
def doctor(project: ProjectOption = None) -> None:
    """Look at everything that is needed here: what is there, what is not, and how to mend it."""
    from lean_bridge.project import open_project
    from lean_bridge.toolchain.health import check_health
    from lean_bridge.ui.diagnostics import render_health

    items = check_health(open_project(project).required_toolchain)
    render_health(items, open_console(sys.stdout))
    raise typer.Exit(0 if all(item.state == "ok" or not item.required for item in items) else 2)


@toolchain_app.command()
def status(project: ProjectOption = None) -> None:
    """Show the Lean that would be used. Exit status 2 if there is none."""
    from lean_bridge.project import open_project
    from lean_bridge.ui.diagnostics import render_toolchain

    render_toolchain(open_project(project).toolchain(install=False).info, open_console(sys.stdout))


@toolchain_app.command()
def install(project: ProjectOption = None) -> None:
    """Fetch, check and unpack the embedded Lean, unless it is there."""
    from lean_bridge.project import open_project
    from lean_bridge.ui.diagnostics import render_toolchain
    from lean_bridge.ui.progress import show_progress

    with show_progress(open_console(sys.stderr)) as watch:
        provider = open_project(project).toolchain(install=True, progress=watch.transfer)
    render_toolchain(provider.info, open_console(sys.stdout))


@toolchain_app.command()
def path(project: ProjectOption = None) -> None:
    """Print the directory of the Lean that would be used. Exit status 2 if there is none."""
    from lean_bridge.project import open_project

    typer.echo(open_project(project).toolchain(install=False).info.location)
