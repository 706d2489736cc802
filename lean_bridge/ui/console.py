"""Where output goes: a terminal in colour, or plain text."""

from __future__ import annotations

import io
import os
from typing import TextIO

from rich.console import Console


def open_console(stream: TextIO) -> Console:
    """Return a console on ``stream`` that writes no escape codes off a terminal or where ``NO_COLOR`` is set.

    Letters that the stream's encoding lacks are replaced rather than refused.
    """
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")
    return Console(
        file=stream,
        color_system=None if os.environ.get("NO_COLOR") else "auto",
        highlight=False,
        markup=False,
        emoji=False,
    )
