"""The user's editor is opened at a line, in the way that each takes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lean_bridge.dash.editor import edit, editor_command, takes_the_terminal
from lean_bridge.errors import NoVerdict

FILE = Path("/sums/Proofs/Sum.lean")


@pytest.mark.parametrize(
    ("env", "command", "in_terminal"),
    [
        ({}, ["vi", "+4", str(FILE)], True),
        ({"EDITOR": "nano -w"}, ["nano", "-w", "+4", str(FILE)], True),
        ({"EDITOR": "nano", "VISUAL": "emacs -nw"}, ["emacs", "-nw", "+4", str(FILE)], True),
        ({"EDITOR": "/usr/bin/hx"}, ["/usr/bin/hx", f"{FILE}:4"], True),
        ({"VISUAL": "code --wait"}, ["code", "--wait", "--goto", f"{FILE}:4"], False),
        ({"VISUAL": "'/opt/my apps/subl'"}, ["/opt/my apps/subl", f"{FILE}:4"], False),
        ({"VISUAL": "gvim"}, ["gvim", "+4", str(FILE)], False),
        ({"VISUAL": "gedit"}, ["gedit", str(FILE)], False),
    ],
)
def test_at_a_line(env: dict[str, str], command: list[str], in_terminal: bool) -> None:
    found = editor_command(FILE, 4, env)
    assert list(found) == command
    assert takes_the_terminal(found) == in_terminal


@pytest.mark.parametrize("said", ["'", "' '", '""'])
def test_what_is_no_command_is_said(said: str) -> None:
    with pytest.raises(NoVerdict, match=r"\$EDITOR"):
        edit(editor_command(FILE, 4, {"EDITOR": said}))


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    for name in ("none", "code"):
        with pytest.raises(NoVerdict, match="cannot be started: No such file"):
            edit([str(tmp_path / name)])


def test_it_is_run(tmp_path: Path) -> None:
    edit(["touch", str(tmp_path / "edited")])
    assert (tmp_path / "edited").exists()
