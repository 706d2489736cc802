"""The command line: parse, call, render, exit code."""

from __future__ import annotations

import os
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

_INTERRUPTED = 130
_READER_GONE = 141

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

    Status 1 is for what was rejected alone: anything unforeseen, and words that are no command, exit with 2,
    a reader that went away with 141 and an interrupt with 130, as the shell counts the signals of both.
    """
    try:
        status = app(standalone_mode=False)
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):  # typer and rich make the first the second; else status is returned
        # what is left in the buffer has no reader, and must not fail once more when Python ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(_READER_GONE)
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("lean-bridge: interrupted: no verdict", err=True)
        sys.exit(_INTERRUPTED)
    except LeanBridgeError as error:
        typer.echo(f"lean-bridge: {error.code} {shown(str(error))}", err=True)
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001 - a fault of ours must not look like a rejection
        if callable(show := getattr(error, "show", None)):  # words that are no command
            show()
            sys.exit(2)
        traceback.print_exc()
        typer.echo(f"lean-bridge: {Code.OUR_FAULT} {EXPLANATIONS[Code.OUR_FAULT].title}", err=True)
        sys.exit(2)
    sys.exit(status if isinstance(status, int) else 0)


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
