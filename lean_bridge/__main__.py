"""Runs the command line, as ``lean-bridge`` and as ``python -m lean_bridge``."""

from __future__ import annotations

import os
import sys

from lean_bridge.uncollected import uncollected


def main() -> None:
    """Run the command line; whatever the working directory has is judged, and nothing of it imported."""
    try:
        _leave_out_working_directory()
        os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # nobody else reads what is read here
        with uncollected(for_good=True):
            from lean_bridge.cli import main as run  # it imports other packages

        run()
    except KeyboardInterrupt:  # before the command line could say so, or while it did
        print("lean-bridge: interrupted: no verdict", file=sys.stderr)  # noqa: T201
        sys.exit(130)  # as the shell counts the signal


def _leave_out_working_directory() -> None:
    """Have Python look for no package here, as ``-m`` and an empty entry of ``PYTHONPATH`` have it do."""
    try:
        here = os.path.realpath(os.getcwd())  # noqa: PTH109 - pathlib is not needed yet
    except OSError:  # it was deleted
        return
    if here != os.path.dirname(os.path.dirname(os.path.realpath(__file__))):  # noqa: PTH120
        sys.path[:] = [entry for entry in sys.path if entry and os.path.realpath(entry) != here]


if __name__ == "__main__":
    main()
