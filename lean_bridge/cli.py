"""The command line: parse, call, render, exit code."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated

import typer

from lean_bridge.codes import EXPLANATIONS, Code
from lean_bridge.commands import graphs, judging, library
from lean_bridge.errors import LeanBridgeError
from lean_bridge.letters import shown

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

_JUDGING: tuple[Callable[..., None], ...] = (
    judging.verify,
    judging.pin,
    judging.replay,
    library.build,
    library.lean,
    graphs.graph,
    graphs.bench,
)
"""Commands whose exit status is a verdict."""
_TELLING: tuple[Callable[..., None], ...] = (library.list_, library.olean, library.doctor, judging.explain)
_TOOLCHAIN: tuple[Callable[..., None], ...] = (library.status, library.install, library.path)

for command in _JUDGING:
    app.command(epilog=EXIT_STATUS)(command)
for command in _TELLING:
    app.command(name=command.__name__.rstrip("_"))(command)
for command in _TOOLCHAIN:
    toolchain_app.command()(command)
app.add_typer(toolchain_app, name="toolchain")


def main() -> None:
    """Run the command line; an error of this package becomes one line on standard error.

    Anything unforeseen exits with 2: it is no verdict.
    """
    try:
        app()
    except LeanBridgeError as error:
        typer.echo(f"lean-bridge: {error.code} {shown(str(error))}", err=True)
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
