"""The user's editor, at a line of a file."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from lean_bridge.errors import NoVerdict

_AT_A_COLON: Final = {"hx", "helix", "subl", "zed", "zeditor", "micro", "lapce"}
"""Editors that take ``FILE:LINE``."""
_OF_CODE: Final = {"code", "codium", "code-insiders", "cursor", "windsurf", "positron"}
"""Editors that take it after ``--goto``."""
_OWN_WINDOW: Final = _OF_CODE | {
    "subl",
    "zed",
    "zeditor",
    "lapce",
    "gvim",
    "gedit",
    "kate",
    "xdg-open",
    "open",
}
"""Editors that leave the terminal alone."""


def editor_command(file: Path, line: int, env: Mapping[str, str] = os.environ) -> Sequence[str]:
    """Return the words that open ``file`` at a line in ``$VISUAL`` or ``$EDITOR``, else in vi.

    Raises: NoVerdict where what they say is no command.
    """
    said = env.get("VISUAL") or env.get("EDITOR") or "vi"
    try:
        words = shlex.split(said)
    except ValueError as error:
        raise NoVerdict(f"$EDITOR is {said!r}: {error}; set it to a command") from error
    name = Path(words[0]).name if words else ""
    if not name:
        raise NoVerdict(f"$EDITOR is {said!r}; set it to a command")
    if name in _AT_A_COLON:
        return [*words, f"{file}:{line}"]
    if name in _OF_CODE:
        return [*words, "--goto", f"{file}:{line}"]
    return [*words, str(file)] if name in _OWN_WINDOW - {"gvim"} else [*words, f"+{line}", str(file)]


def takes_the_terminal(command: Sequence[str]) -> bool:
    """Whether an editor runs in the terminal that it is started from."""
    return Path(command[0]).name not in _OWN_WINDOW


def edit(command: Sequence[str]) -> None:
    """Run an editor, in the terminal until it is left, else beside it.

    Raises: NoVerdict, naming it, where it cannot be started.
    """
    try:
        if takes_the_terminal(command):
            subprocess.run(command, check=False)
        else:
            subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
    except OSError as error:
        raise NoVerdict(f"{command[0]}: cannot be started: {error.strerror}; set $EDITOR") from error
