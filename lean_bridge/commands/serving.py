"""Leans that stay between commands."""

from __future__ import annotations

from typing import Annotated

import typer

from lean_bridge.letters import plain
from lean_bridge.ui.console import tell


def serve(
    idle: Annotated[
        float, typer.Option("--idle", metavar="MINUTES", help="End when nobody has asked for so long.", min=0)
    ] = 15.0,
    stop: Annotated[bool, typer.Option("--stop", help="End those that run, and what they keep.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", hidden=True)] = False,
) -> None:
    """Keep Leans that have started, and lend them to the commands of this user.

    `lean`, `certify`, `dash` and `status --watch` start it where it does not run, and `verify` uses it where
    it does; each has `--no-server`. `gate`, the pytest plugin and a CI never do. A Lean that stays has files
    of one library only, each in an instance of its own, and takes up to 0.9 GB; there are two at most.
    LEAN_BRIDGE_SERVER=no has no command use any.
    """
    from lean_bridge.toolchain import resident
    from lean_bridge.toolchain.find import find_embedded
    from lean_bridge.toolchain.lender import MOST, lending
    from lean_bridge.toolchain.node import node_binary

    if stop:
        ended = resident.stop()
        tell(f"{ended} ended" if ended else "none runs")
        return
    with lending(node_binary(), find_embedded(install=False).directory) as found:
        if found is None:
            tell("one runs already")
            return
        lender, place = found
        if not quiet:
            tell(f"lending at most {MOST} Leans at {plain(str(place))}, until nobody asks for {idle:g} min")
        lender.serve(60 * idle)
