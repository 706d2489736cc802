"""Writes the pages of ``docs/`` that say what the package says itself: ``python -m tests.pages``."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import typer
from typer.core import TyperGroup
from typer.testing import CliRunner

import lean_bridge
from lean_bridge.cli import COMMANDS, app
from lean_bridge.codes import EXPLANATIONS, Code
from lean_bridge.commands.listing import ops
from lean_bridge.extract.heads import NAMESPACE
from tests.unit.test_architecture import CONFINED, FLOORS, MAY_IMPORT, PACKAGE, WORDS

DOCS: Final = Path(__file__).parents[1] / "docs"
NOTE: Final = "Written by `python -m tests.pages`; do not edit."
WIDTH: Final = 100
KINDS: Final = {
    "1": "Building",
    "2": "Declarations",
    "3": "Graphs",
    "4": "The second kernel",
    "5": "Policy",
    "9": "No verdict",
}
"""What a code's first digit says."""


def _help(*words: str) -> str:
    """Return what ``--help`` prints after some words, however wide the terminal is."""
    done = CliRunner(env={"TERMINAL_WIDTH": str(WIDTH), "COLUMNS": str(WIDTH), "NO_COLOR": "1"}).invoke(
        app, [*words, "--help"], prog_name="lean-bridge", max_content_width=WIDTH
    )
    assert done.exit_code == 0, done.output
    return "\n".join(line.rstrip() for line in done.stdout.strip().splitlines())


def _paths() -> Iterator[tuple[str, ...]]:
    """Yield the words that name each command, in the order of the help."""
    for name, line in COMMANDS.items():
        whole = typer.main.get_command(line)
        yield from ((name, each) for each in whole.commands) if isinstance(whole, TyperGroup) else ((name,),)


def commands_page() -> str:
    """Return what every command says of itself."""
    parts = ["# Commands", NOTE, f"```text\n{_help()}\n```"]
    parts += [f"## lean-bridge {' '.join(path)}\n\n```text\n{_help(*path)}\n```" for path in _paths()]
    return "\n\n".join(parts) + "\n"


def codes_page() -> str:
    """Return every code with its explanation."""
    parts = ["# Codes", NOTE, "`lean-bridge explain LB201` says the same of one code."]
    for digit, title in KINDS.items():
        parts.append(f"## {title}")
        for code in (code for code in Code if code.value[2] == digit):
            told = EXPLANATIONS[code]
            parts.append(f"### {code.value}: {told.title}")
            parts += [_escaped(told.meaning), f"*Why it matters.* {_escaped(told.why)}"]
            parts.append(f"*What to do.* {_escaped(told.mend)}")
    return "\n\n".join(parts) + "\n"


def _escaped(text: str) -> str:
    """Return a text in which Markdown finds nothing but code."""
    pieces = text.split("`")
    for at in range(0, len(pieces), 2):
        for letter in "\\*_<[":
            pieces[at] = pieces[at].replace(letter, f"\\{letter}")
    return "`".join(pieces)


def rooms_page() -> str:
    """Return the rooms of the package, what each is for and what it may use."""
    parts = [
        "# Rooms",
        NOTE,
        "Every directory of `lean_bridge/` is a room with one purpose. Rooms import in one direction only,\n"
        "and each outside package has its place; `tests/unit/test_architecture.py` has these tables as its\n"
        "data, and holds every module to them.",
        "## What each is for",
        _table(
            ("room", "purpose", "may use"),
            ((f"`{room}`", _purpose(room), _listed(MAY_IMPORT[room])) for room in _upwards(MAY_IMPORT)),
        ),
        f"Everyone may use the models in `pybind_models/`, which know nothing of the tool,\n"
        f"and {_listed(WORDS)}.",
        "## Inside the executor",
        _table(
            ("room", "may use"),
            (
                (f"`executor.{room}`", _listed(f"executor.{each}" for each in FLOORS[room]))
                for room in _upwards(FLOORS)
            ),
        ),
        "## Outside packages",
        _table(("package", "imported in"), ((f"`{name}`", _listed(CONFINED[name])) for name in CONFINED)),
    ]
    return "\n\n".join(parts) + "\n"


def _purpose(room: str) -> str:
    docstring = ast.get_docstring(ast.parse((PACKAGE / room / "__init__.py").read_text(encoding="utf-8")))
    assert docstring is not None
    return _escaped(" ".join(docstring.split()))


def _upwards(rooms: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the rooms, each after those that it may use."""
    left = {room: set(others) & rooms.keys() for room, others in rooms.items()}
    order: list[str] = []
    while left:
        ready = [room for room, others in left.items() if others <= set(order)]
        assert ready, f"a circle among {sorted(left)}"
        order += ready
        left = {room: others for room, others in left.items() if room not in ready}
    return order


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names)) or "–"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [tuple(head), *map(tuple, rows)]
    lines.insert(1, ("---",) * len(lines[0]))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def api_page() -> str:
    """Return the page on which the site's generator puts the docstrings of what may be imported."""
    names = [name for name in lean_bridge.__all__ if not name.isupper()]
    errors = [name for name in names if _home(name) == "lean_bridge.errors"]
    parts = [
        "# Python",
        NOTE,
        "All of it is imported from `lean_bridge` itself. `GELU_KAPPA` is the κ of GELU's tanh form,\n"
        "√(2/π). Everything that is raised is a `LeanBridgeError`, with its `code` and `exit_code`.",
        "## What one calls",
        *(f"::: {_home(name)}.{name}" for name in names if name not in errors),
        "## What is raised",
        *(f"::: {_home(name)}.{name}" for name in errors),
    ]
    return "\n\n".join(parts) + "\n"


def ops_page() -> str:
    """Return the page with a row per op, from what ``list --format json`` says."""
    rows = (
        (
            f"`{op.name}`",
            _names(op.parameters),
            op.linearity,
            op.domain or "everywhere",
            _names(op.torch),
            _names(op.jax),
            _names(each.removeprefix(f"{NAMESPACE}.") for each in op.upstream),
        )
        for op in ops()
    )
    parts = [
        "# Ops",
        NOTE,
        "What graphs are made of, as `lean-bridge list --format json` lists it: each op has values,\n"
        "JVP, VJP and their adjointness in Lean (`Proofs.Autograd.Op.…`), a certificate that the JVP is the\n"
        "derivative, and rules in the executor. Several names: one op here, several there.\n"
        "What functions of Python and PyTorch are captured as these: [certify](certify.md).",
        _table(("op", "takes besides", "in its operands", "derivative", "PyTorch", "JAX", "TorchLean"), rows),
    ]
    return "\n\n".join(parts) + "\n"


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "–"


def _home(name: str) -> str:
    home: str = getattr(lean_bridge, name).__module__
    return home


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "commands.md": commands_page,
    "codes.md": codes_page,
    "rooms.md": rooms_page,
    "api.md": api_page,
    "ops.md": ops_page,
}
"""The pages that are written, by what writes each."""

if __name__ == "__main__":
    for page, written in PAGES.items():
        (DOCS / page).write_text(written(), encoding="utf-8")
