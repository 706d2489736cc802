"""A function of one's own, certified."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from lean_bridge.commands.options import EXIT_STATUS, FormatOption, ServerOption, ViewFormat, residents
from lean_bridge.ui.console import open_console, tell

if TYPE_CHECKING:
    from pybind_models.captured import CertifyReport


def certify(
    target: Annotated[
        str,
        typer.Argument(help="A function with @lean_bridge.graph; its file is run.", metavar="FILE.py:NAME"),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="Where its package is or is to be; nothing else may be there.",
            metavar="DIR",
        ),
    ],
    name: Annotated[
        str | None, typer.Option("--name", help="The package, its module and its namespace; else as DIR.")
    ] = None,
    bundle: Annotated[
        Path | None,
        typer.Option(
            "--bundle", help="Also write it all to one file, which `lean-bridge show` reads.", metavar="FILE"
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Write over what was captured there before, and pin it anew.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Whole statements, every message.")
    ] = False,
    format_: FormatOption = ViewFormat.TEXT,
    server: ServerOption = None,
) -> None:
    """Capture a Python function as a graph, and have Lean prove that its reverse pass is right.

    The function is called once with values that write down what is done to them. What that makes is written
    as a Lean module, with its certificate and the theorem that the reverse pass is the adjoint of the
    derivative for all dimensions; built, pinned and judged as `verify` does; read back, and compared with
    what was captured, row by row; and run beside the function itself, in values and gradients. All of it has
    to hold. What is trusted beyond that is in docs/certify.md. The same function is judged again where its
    package is, by its pins; another one is written over it with --force only.
    """
    from lean_bridge.certify.certify import certify as certify_captured
    from lean_bridge.certify.certify import prepare
    from lean_bridge.certify.target import open_target
    from lean_bridge.library.scaffold import ORIGIN, action_origin, package_name
    from lean_bridge.ui.progress import show_progress

    package = package_name(output, name)
    with open_target(target, prepare) as captured, show_progress(open_console(sys.stderr)) as watch:
        report = certify_captured(
            captured,
            output,
            package,
            origin=action_origin() or ORIGIN,
            force=force,
            residents=residents(server, "started"),
            observe=watch.observe,
            progress=watch.transfer,
        )
        if bundle is not None:
            from lean_bridge.certify.bundle import write_bundle

            write_bundle(bundle, report, captured, output, package)
    _tell(report, format_, verbose=verbose)


def show(
    file: Annotated[Path, typer.Argument(help="What `lean-bridge certify --bundle` wrote.", metavar="FILE")],
    check: Annotated[
        Path | None,
        typer.Option("--check", help="Judge its graph here, by a package there.", metavar="DIR"),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Whole statements, every message.")
    ] = False,
    format_: FormatOption = ViewFormat.TEXT,
) -> None:
    """Say what a bundle holds, what it claims, and what has to be checked again before that is believed.

    Its files are held against their digests, and nothing in it is run. What its report says is a claim: of
    its graph nothing is decided, which is no verdict, unless --check writes it as Lean anew and judges that,
    as `certify` does. What that does not say is told besides.
    """
    from lean_bridge.certify.bundle import load
    from lean_bridge.library.scaffold import ORIGIN, action_origin
    from lean_bridge.ui.certify_view import render_bundle
    from lean_bridge.ui.progress import show_progress

    bundle = load(file)
    if check is not None:
        with show_progress(open_console(sys.stderr)) as watch:
            report = bundle.check(
                check,
                origin=action_origin() or ORIGIN,
                observe=watch.observe,
                progress=watch.transfer,
            )
        _tell(report, format_, verbose=verbose)
    if format_ is ViewFormat.JSON:
        told = {"says": bundle.says.model_dump(), "standing": bundle.standing.text, "check": bundle.to_check}
        tell(json.dumps(told, indent=2, ensure_ascii=False), "escaped")
    else:
        weights = {name: array.shape for name, array in bundle.weights.items()}
        render_bundle(
            bundle.says, bundle.report, bundle.graph, weights, bundle.to_check, open_console(sys.stdout)
        )
    raise typer.Exit(EXIT_STATUS["no verdict"])


def _tell(report: CertifyReport, format_: ViewFormat, *, verbose: bool) -> NoReturn:
    """Say what a graph was found to be, and end."""
    from lean_bridge.ui.certify_view import render_certified

    if format_ is ViewFormat.JSON:
        tell(report.model_dump_json(indent=2), "escaped")
    else:
        render_certified(report, open_console(sys.stdout), verbose=verbose)
    raise typer.Exit(EXIT_STATUS[report.verdict])
