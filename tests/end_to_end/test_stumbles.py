"""Where people stumble, every command that meets it says so, with the mend, in the same words."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from lean_bridge.cli import app
from lean_bridge.errors import as_told

pytestmark = [pytest.mark.lean, pytest.mark.usefixtures("embedded")]

NOT_IMPORTED = (
    "no compiled module defines A.graph; A/B.lean declares it, and is not compiled: no glob of lean_lib A "
    "names it, and nothing imports it; name it in its `globs`, or import it"
)
NO_MODULE = "elaborated as a module: A.lean, which has no `module`: all imports are public"
COMMANDS = {
    "verify -j 1 --format text": (NOT_IMPORTED, NO_MODULE),
    "status --format text": (NOT_IMPORTED, NO_MODULE),
    "gate": (NOT_IMPORTED, NO_MODULE),
    "pin": (NOT_IMPORTED,),
    "graph A.graph": (NOT_IMPORTED,),
    "run A.graph --random 1": (NOT_IMPORTED,),
    "run A.graph --random 1 --allow-uncertified": (NOT_IMPORTED,),
    "crosscheck A.graph": (NOT_IMPORTED,),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A library of ordinary files, of which one is in its catalogue and imported by nothing."""
    entry = '[[declaration]]\nname = "A.{}"\nkind = "{}"\ngroup = "A"\n'
    entries = entry.format("one", "theorem"), entry.format("graph", "definition")
    (tmp_path / "A").mkdir()
    for file, text in {
        "lakefile.toml": 'name = "A"\n[[lean_lib]]\nname = "A"\n',
        "lean-toolchain": "leanprover/lean4:v4.28.0\n",
        "catalogue.toml": "".join((*entries, "graph = true\n")),
        "A.lean": "theorem A.one : 1 = 1 := rfl\n",
        "A/B.lean": "import A\ndef A.graph : Nat := 1\n",
    }.items():
        (tmp_path / file).write_text(text)
    return tmp_path


def test_a_file_without_module_and_a_declaration_that_nothing_imports_are_told_by_every_command(
    root: Path,
) -> None:
    for command, expected in COMMANDS.items():
        done = CliRunner().invoke(app, [*command.split(), "--project", str(root)])
        refusal = as_told(done.exception) if isinstance(done.exception, Exception) else None
        told = " ".join(f"{done.output} {refusal or ''}".split())
        for each in expected:
            assert each in told, f"{command}: {told}"
        status = refusal.exit_code if refusal is not None else done.exit_code
        assert (command, status) == (command, 1)
