"""A function of one's own, certified."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from lean_bridge.commands.options import EXIT_STATUS, FormatOption, ViewFormat
from lean_bridge.ui.console import open_console, tell


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
    force: Annotated[
        bool, typer.Option("--force", help="Write over what was captured there before, and pin it anew.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Whole statements, every message.")
    ] = False,
    format_: FormatOption = ViewFormat.TEXT,
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
    from lean_bridge.certify.target import open_target
    from lean_bridge.library.scaffold import ORIGIN, action_origin, package_name
    from lean_bridge.ui.certify_view import render_certified
    from lean_bridge.ui.progress import show_progress

    package = package_name(output, name)
    with open_target(target) as captured, show_progress(open_console(sys.stderr)) as watch:
        report = certify_captured(
            captured,
            output,
            package,
            origin=action_origin() or ORIGIN,
            force=force,
            observe=watch.observe,
            progress=watch.transfer,
        )
    if format_ is ViewFormat.JSON:
        tell(report.model_dump_json(indent=2), "escaped")
    else:
        render_certified(report, open_console(sys.stdout), verbose=verbose)
    raise typer.Exit(EXIT_STATUS[report.verdict])
