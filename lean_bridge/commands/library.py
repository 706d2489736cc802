"""The library and the Lean that it is compiled with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from lean_bridge.codes import Code
from lean_bridge.commands.options import (
    FormatOption,
    ProjectOption,
    ServerOption,
    ShippedOption,
    ViewFormat,
    WorkersOption,
    open_chosen,
    residents,
)
from lean_bridge.letters import plain
from lean_bridge.ui.console import open_console, tell


def build(
    project: ProjectOption = None,
    shipped: ShippedOption = False,
    workers: WorkersOption = 2,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Ask Lean again about what it refused before.")
    ] = False,
) -> None:
    """Build the Lean library: what changed since the last build, and nothing else."""
    from lean_bridge.ui.diagnostics import render_build, render_diagnostics
    from lean_bridge.ui.progress import show_progress

    with show_progress(open_console(sys.stderr)) as watch:
        report = open_chosen(project, shipped).build(
            workers=workers, fresh=fresh, observe=watch.observe, progress=watch.transfer
        )
    console = open_console(sys.stdout)
    render_diagnostics((message for module in report.modules for message in module.diagnostics), console)
    render_build(report, console)
    states = {module.state for module in report.modules}
    raise typer.Exit(1 if "failed" in states else 2 if states & {"unsupported", "blocked"} else 0)


def list_(
    project: ProjectOption = None, shipped: ShippedOption = False, format_: FormatOption = ViewFormat.TEXT
) -> None:
    """List the catalogued declarations: kind and full name.

    As JSON with groups and TorchLean's names, and with every op that graphs are made of: its Lean
    declaration, what it takes, and what PyTorch, JAX and TorchLean call it.
    """
    from lean_bridge.commands.listing import listing

    catalogue = open_chosen(project, shipped).catalogue
    if format_ is ViewFormat.JSON:
        tell(listing(catalogue).model_dump_json(indent=2), "escaped")
        return
    for entry in catalogue.declarations:
        tell(f"{'graph' if entry.graph else entry.kind}\t{plain(entry.name)}")


def lean(
    file: Annotated[Path, typer.Argument(help="A Lean source file.", exists=True, dir_okay=False)],
    project: ProjectOption = None,
    shipped: ShippedOption = False,
    json_: Annotated[bool, typer.Option("--json", help="One JSON object per message.")] = False,
    time_limit: Annotated[float, typer.Option("--time-limit", help="Seconds for the file.", min=1)] = 300.0,
    server: ServerOption = None,
) -> None:
    """Elaborate any Lean file, with the built library on its search path, and print Lean's messages.

    `#print axioms` is answered from the compiled file where Lean refuses to. The embedded Lean is handed a
    file without `module` as one, as `verify` does, and that is said. Exit status 2 also where the Lean in use
    cannot do what the file asks for, which is named.
    """
    from lean_bridge.ui.diagnostics import render_diagnostics
    from lean_bridge.ui.progress import show_progress
    from lean_bridge.ui.wording import escaped_json

    with show_progress(open_console(sys.stderr)) as watch:
        opened = open_chosen(project, shipped, loose=True, residents=residents(server, "started"))
        elaboration = opened.elaborate(
            file, time_limit=time_limit, observe=watch.observe, progress=watch.transfer
        )
    if json_:
        for message in elaboration.diagnostics:
            tell(escaped_json(message.model_dump_json()), "escaped")
    else:
        render_diagnostics(elaboration.diagnostics, open_console(sys.stdout))
    if elaboration.as_module:
        said = "has no `module`, and was elaborated as one: its imports and declarations are public"
        typer.echo(f"lean-bridge: {plain(str(elaboration.source))} {said}", err=True)
    if elaboration.limit is not None:
        typer.echo(f"lean-bridge: {Code.LEAN_CANNOT} {elaboration.limit}", err=True)
    raise typer.Exit(0 if elaboration.ok else 1 if elaboration.limit is None else 2)


def olean(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Compiled modules, or directories of them; default: Lean's own library."),
    ] = None,
    project: ProjectOption = None,
    shipped: ShippedOption = False,
) -> None:
    """Decode every constant of compiled modules, and count them."""
    from lean_bridge.olean.survey import survey
    from lean_bridge.ui.diagnostics import render_survey

    found = survey(paths or [open_chosen(project, shipped).toolchain(install=False).library])
    render_survey(found, open_console(sys.stdout))


def kept() -> None:
    """Show what is kept between runs: where, how much, and how much at most."""
    _show_kept()


def prune() -> None:
    """Delete what was used longest ago, down to the limit."""
    from lean_bridge.build.cache import prune, size_limit

    _show_kept(prune(size_limit()))


def clear() -> None:
    """Delete all of it but an installed Lean."""
    from lean_bridge.build.cache import clear

    _show_kept(clear())


def _show_kept(freed: int | None = None) -> None:
    """Print what is kept, after what was deleted of it."""
    from lean_bridge.build.cache import holdings, size_limit
    from lean_bridge.ui.wording import counted, size_text

    if freed is not None:
        typer.echo(f"{size_text(freed)} freed")
    limit = size_limit()
    for each in holdings():
        most = f"at most {size_text(limit)} with the others" if each.is_pruned else "not pruned"
        typer.echo(f"{size_text(each.size)}\t{counted(each.files, 'file')}\t{plain(str(each.path))}\t{most}")


def doctor(project: ProjectOption = None, shipped: ShippedOption = False) -> None:
    """Look at everything that is needed here: what is there, what is not, and how to mend it."""
    from lean_bridge.kernel.session import kernel_health
    from lean_bridge.library.tracing import checkout_health
    from lean_bridge.toolchain.health import check_health
    from lean_bridge.ui.diagnostics import render_health

    opened = open_chosen(project, shipped)
    checkout = checkout_health(opened.root, opened.commit)
    items = (*check_health(opened.required_toolchain), kernel_health(), checkout)
    render_health(items, open_console(sys.stdout))
    raise typer.Exit(0 if all(item.state == "ok" or not item.required for item in items) else 2)


def status(project: ProjectOption = None, shipped: ShippedOption = False) -> None:
    """Show the Lean that would be used, and those that stay. Exit status 2 if there is none."""
    from lean_bridge.toolchain.resident import states
    from lean_bridge.ui.diagnostics import render_residents, render_toolchain

    render_residents(states(), open_console(sys.stdout))
    render_toolchain(open_chosen(project, shipped).toolchain(install=False).info, open_console(sys.stdout))


def install(project: ProjectOption = None, shipped: ShippedOption = False) -> None:
    """Fetch, check and unpack the embedded Lean, unless it is there."""
    from lean_bridge.ui.diagnostics import render_toolchain
    from lean_bridge.ui.progress import show_progress

    with show_progress(open_console(sys.stderr)) as watch:
        provider = open_chosen(project, shipped).toolchain(install=True, progress=watch.transfer)
    render_toolchain(provider.info, open_console(sys.stdout))


def path(project: ProjectOption = None, shipped: ShippedOption = False) -> None:
    """Print the directory of the Lean that would be used. Exit status 2 if there is none."""
    tell(open_chosen(project, shipped).toolchain(install=False).info.location)
