"""New packages, and catalogues for those that are there."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lean_bridge.letters import plain
from lean_bridge.names import listed
from lean_bridge.ui.console import open_console, tell

if TYPE_CHECKING:
    from lean_bridge.project import Project


def new(
    directory: Annotated[Path, typer.Argument(help="Where; nothing may be there.", metavar="DIR")],
    name: Annotated[
        str | None, typer.Option("--name", help="The package, its module and its namespace; else as DIR.")
    ] = None,
    pin: Annotated[
        bool, typer.Option("--pin/--no-pin", help="Build it, and pin what it says; else only write it.")
    ] = True,
) -> None:
    """Make a package of one's own upon the library: a graph, its certificate, its theorem, and a workflow.

    It requires the library by name, is built and pinned, and is accepted by `verify` as it stands. Nothing
    that is there is overwritten.
    """
    from lean_bridge.library.scaffold import ORIGIN, action_origin, package_name, write_package
    from lean_bridge.project import open_project

    origin = action_origin()
    for file in write_package(directory, package_name(directory, name), origin or ORIGIN):
        tell(f"wrote {plain(str(directory / file))}")
    if origin is None:
        tell(
            f"its workflow uses {ORIGIN}: put in whose repository lean-bridge comes from, and which commit "
            "or tag of it"
        )
    if pin:
        _pin(open_project(directory))


def init(
    directory: Annotated[
        Path, typer.Argument(help="A project with a lakefile, itself or its lean/.", metavar="DIR")
    ] = Path(),
    pin: Annotated[bool, typer.Option("--pin", help="Pin what is said now, too.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Write anew a catalogue that is there.")
    ] = False,
) -> None:
    """Propose a catalogue for a project: build it, and write down its graphs and the theorems about them.

    A graph is known by its type. Where there is none, every theorem is proposed. What is written is to be
    read, and to be edited.
    """
    from lean_bridge.library.proposal import propose_catalogue
    from lean_bridge.project import open_project
    from lean_bridge.ui.progress import show_progress
    from lean_bridge.ui.wording import counted

    with show_progress(open_console(sys.stderr)) as watch:
        path, catalogue, private, unread = propose_catalogue(
            directory, overwrites=overwrite, observe=watch.observe, progress=watch.transfer
        )
    graphs = counted(len(catalogue.graphs), "graph")
    theorems = counted(sum(each.kind == "theorem" for each in catalogue.declarations), "theorem")
    tell(f"wrote {plain(str(path))}: {graphs}, {theorems}")
    if private:
        left = f"{counted(len(private), 'theorem')} private to a module, which no catalogue can name"
        tell(f"left out: {left}: {listed(private, 4)}; `lean-bridge verify --whole` judges them, too")
    for line in unread.told():
        tell(f"left out: {plain(line)}")
    if pin:
        _pin(open_project(path.parent))


def trace(
    destination: Annotated[
        Path, typer.Argument(help="Where what is traced is to be; nothing may be there.", metavar="DIR")
    ],
    repository: Annotated[
        Path, typer.Option("--repository", help="The top of the project's git repository.", metavar="DIR")
    ] = Path(),
) -> None:
    """Hand a project to LeanDojo's tracing, or say what that lacks; no verdict depends on it.

    LeanDojo clones the commit that is checked out, not what was changed since, builds it with the project's
    own Lake, and extracts syntax trees and tactic states. It runs what the project runs; nothing isolates it.
    """
    from lean_bridge.library.tracing import missing_for_tracing, uncommitted
    from lean_bridge.library.tracing import trace as hand_over
    from lean_bridge.names import listed

    missing = list(missing_for_tracing(repository.absolute()))
    if os.path.lexists(destination):
        missing.append(f"{destination}: is there already; name another directory")
    for line in missing:
        typer.echo(f"lean-bridge: {plain(line)}", err=True)
    if missing:
        raise typer.Exit(2)
    if changed := uncommitted(repository.absolute()):
        said = "what is committed is traced, and these are not as they are committed, or not at all"
        typer.echo(f"lean-bridge: {plain(f'{said}: {listed(changed, 5)}')}; commit what is meant", err=True)
    hand_over(repository.absolute(), destination.absolute())


def _pin(project: Project) -> None:
    """Build a project, and pin what its catalogue says."""
    from lean_bridge.audit.manifest import MANIFEST, write_manifest
    from lean_bridge.ui.progress import show_progress
    from lean_bridge.ui.wording import counted

    with show_progress(open_console(sys.stderr)) as watch:
        manifest = project.pin(observe=watch.observe, progress=watch.transfer)
    write_manifest(project.root, manifest)
    count = counted(len(project.catalogue.declarations), "declaration")
    tell(f"wrote {plain(str(project.root / MANIFEST))}: {count} pinned; `lean-bridge verify` judges them")
