"""The command line: parse, call, render, exit code."""

from __future__ import annotations

import contextlib
import errno
import inspect
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from lean_bridge.codes import EXPLANATIONS, Code
from lean_bridge.commands import certifying, dash, gate, graphs, judging, library, making, running, serving
from lean_bridge.errors import LeanBridgeError, of_the_machine
from lean_bridge.letters import shown
from lean_bridge.ui.console import from_here, refuse_no_letter

EXIT_STATUS = (
    "Exit status: 0 accepted, 1 rejected, 2 no verdict (could not run, not supported, nothing checked)."
)

_INTERRUPTED = 130
_READER_GONE = 141
_CLOSED = errno.EBADF
_NOTHING_MORE = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EIO)


class Toolchain(StrEnum):
    """Which Lean is used."""

    AUTO = "auto"
    INSTALLED = "installed"
    EMBEDDED = "embedded"


def _alone(function: Callable[..., None], epilog: str | None = None) -> typer.Typer:
    """Return a command line of one command."""
    one = typer.Typer(help=inspect.getdoc(function), add_completion=False, rich_markup_mode=None)
    one.command(function.__name__.rstrip("_"), epilog=epilog)(function)
    return one


_JUDGING: tuple[Callable[..., None], ...] = (
    judging.verify,
    judging.status,
    dash.dash,
    gate.gate,
    judging.pin,
    judging.replay,
    library.build,
    library.lean,
    graphs.graph,
    graphs.bench,
    running.run,
    running.crosscheck,
    certifying.certify,
    certifying.show,
)
"""Commands whose exit status is a verdict."""
_MAKING: tuple[Callable[..., None], ...] = (making.new, making.init, making.trace)
_TELLING: tuple[Callable[..., None], ...] = (
    library.list_,
    library.olean,
    library.doctor,
    serving.serve,
    judging.explain,
)


def _group(help_: str, **commands: Callable[..., None]) -> typer.Typer:
    """Return a command line of several commands."""
    several = typer.Typer(help=help_, no_args_is_help=True, add_completion=False, rich_markup_mode=None)
    for name, function in commands.items():
        several.command(name)(function)
    return several


COMMANDS: Final[Mapping[str, typer.Typer]] = {
    **{each.__name__: _alone(each, EXIT_STATUS) for each in _JUDGING},
    **{each.__name__.rstrip("_"): _alone(each) for each in (*_MAKING, *_TELLING)},
    "cache": _group(
        "What is kept between runs. Every build prunes, once an hour at most; LEAN_BRIDGE_CACHE_LIMIT sets "
        "the limit, as 500M or 4G.",
        status=library.kept,
        prune=library.prune,
        clear=library.clear,
    ),
    "toolchain": _group(
        "The Lean that proofs are checked with.",
        status=library.status,
        install=library.install,
        path=library.path,
    ),
}
"""Every command, in the order of the help."""


class _Command(TyperCommand):
    """A command as the help of all of them has it; what it takes is asked for where it is called."""

    def __init__(self, name: str, whole: typer.Typer) -> None:
        super().__init__(name, help=str(whole.info.help), rich_markup_mode=None)
        self._whole = whole

    def make_context(self, *words: Any, **extra: Any) -> Any:
        """Return the context of a call of the whole command."""
        return typer.main.get_command(self._whole).make_context(*words, **extra)


class _Commands(TyperGroup):
    """All commands, of which one is called, if any."""

    def __init__(self, **given: Any) -> None:
        found = {name: _Command(name, whole) for name, whole in COMMANDS.items()}
        super().__init__(**given | {"commands": found})


app = typer.Typer(
    name="lean-bridge",
    cls=_Commands,
    help="Check Lean 4 theorems about neural-network autograd, and run exactly the graphs that they certify.",
    epilog=EXIT_STATUS,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main() -> None:
    """Run the command line; an error of this package becomes one line on standard error.

    Status 1 is for what was rejected alone: anything unforeseen, and words that are no command, exit with 2,
    a reader that went away with 141 and an interrupt with 130, as the shell counts the signals of both.
    """
    _have_streams()
    try:
        status = app(standalone_mode=False)
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit) as ended:  # typer and rich make the first the second; else status
        _leave(
            0 if getattr(ended, "code", _READER_GONE) == 0 else _READER_GONE
        )  # is returned: or 0, completed
    except (KeyboardInterrupt, typer.Abort):
        _leave(_INTERRUPTED, "interrupted: no verdict")
    except LeanBridgeError as error:
        _leave(error.exit_code, f"{error.code} {shown(str(error))}")
    except Exception as error:  # noqa: BLE001 - a fault of ours must not look like a rejection
        if callable(show := getattr(error, "show", None)):  # words that are no command
            _reword(error)
            with contextlib.suppress(OSError):
                show()
            _leave(2)
        if isinstance(error, OSError) and error.filename is None and error.errno == _CLOSED:
            _leave(2, "standard output is closed; give it somewhere to go: no verdict")
        if isinstance(error, OSError) and error.filename is None and error.errno in _NOTHING_MORE:
            _leave(2, f"there is no room to write: {error.strerror}: no verdict")
        if (refusal := of_the_machine(error)) is not None:
            _leave(2, f"{refusal}: no verdict")
        with contextlib.suppress(OSError):
            traceback.print_exc()
        _leave(2, f"{Code.OUR_FAULT} {EXPLANATIONS[Code.OUR_FAULT].title}")
    _leave(status if isinstance(status, int) else 0)


def _have_streams() -> None:
    """Make the three standard streams what nothing else can be, whatever this was started with.

    A descriptor that is closed would be that of the next file to be opened. Where standard output is closed,
    writing to it stays the error that it is: nobody sees the verdict.
    """
    while (descriptor := os.open(os.devnull, os.O_RDONLY)) <= 2:
        os.set_inheritable(descriptor, True)
        if descriptor == 2:
            os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
    os.close(descriptor)
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - for the whole run
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        refuse_no_letter(stream)


def _leave(status: int, message: str | None = None) -> NoReturn:
    """End with a status, also where neither that message nor what is still to be written can be."""
    if message is not None:
        with contextlib.suppress(OSError):
            typer.echo(f"lean-bridge: {from_here(message)}", err=True)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:  # what is left in the buffer must not fail once more when Python ends
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    sys.exit(status)


def _reword(error: Exception) -> None:
    """Have what is wrong with the words of the command line be said as everything else is."""
    from lean_bridge.misfits import misfit, unchosen

    faults = getattr(error.__cause__, "errors", None)  # of pydantic, by which newer typers read words
    if callable(faults):
        vars(error)["message"] = shown(misfit(faults()[0]))
    elif isinstance(said := vars(error).get("message"), str):
        vars(error)["message"] = unchosen(said)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"lean-bridge {version('lean-bridge')}")
        raise typer.Exit


@app.callback()
def _options(
    version_: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
    toolchain: Annotated[
        Toolchain | None,
        typer.Option(
            "--toolchain",
            help="The Lean to use, whatever LEAN_BRIDGE_TOOLCHAIN says; `installed` has its Lake build.",
        ),
    ] = None,
) -> None:
    del version_
    if toolchain is not None:
        os.environ["LEAN_BRIDGE_TOOLCHAIN"] = toolchain.value  # for processes that are started, too
