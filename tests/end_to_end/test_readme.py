"""What README and the pages show works as it stands there: every command, every example."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import typer
from typer.testing import CliRunner

from lean_bridge.cli import COMMANDS, app
from lean_bridge.errors import NumericsError
from tests.repositories import build
from tests.typing.example import gradients, status, weights
from tests.unit.test_trust import is_there

pytestmark = [pytest.mark.lean, pytest.mark.usefixtures("embedded")]

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
STEPS = ROOT / "docs" / "add-a-primitive.md"  # which tests/unit/test_add_a_primitive.py holds to the tree
PAGES = (README, *(page for page in sorted((ROOT / "docs").glob("*.md")) if page != STEPS))
BENCH: Final = "end_to_end/test_bench.py::test_everything_asked_for_is_measured"
SITE: Final = "unit/test_pages.py::test_"
ELSEWHERE: Final = {
    "lean-bridge dash": "end_to_end/test_dash.py::"
    "test_an_edit_that_breaks_a_proof_one_that_mends_it_and_leaving_in_the_middle",
    "lean-bridge status --watch": "end_to_end/test_dash.py::test_a_plain_terminal_and_a_pipe",
    "lean-bridge bench": BENCH,
    "lean-bridge new": "end_to_end/test_new.py::test_the_example_is_what_new_makes_with_its_pins",
    "lean-bridge certify": "end_to_end/test_certify.py::test_a_perceptron_and_its_loss_are_certified",
    "lean-bridge show": "end_to_end/test_certify.py::test_a_bundle_is_judged_where_it_is_read",
    "lean-bridge init": "end_to_end/test_new.py::"
    "test_a_catalogue_is_proposed_of_graphs_and_what_is_proved_of_them",
    "lean-bridge verify --shipped": "end_to_end/test_library.py::test_everything_catalogued_is_accepted",
    "lean-bridge verify --ray": "end_to_end/test_ray.py::test_two_nodes_report_what_one_machine_does",
    "lean-bridge --install-completion": f"{SITE}a_shell_is_given_its_script_and_has_it_from_then_on",
    "mkdocs build": f"{SITE}the_site_builds_with_every_page",
    "python -m tests.pages": f"{SITE}what_is_written_is_what_the_package_says",
    "python -m tests.pictures": f"{SITE}the_picture_of_the_dashboard_is_what_the_script_draws",
}
"""What does not end, takes minutes or changes the machine, and the test that runs it."""
INSTALLS: Final = "python3 -m venv "
"""What begins so makes the machine on which these tests run."""


def commands() -> list[str]:
    """Return every command that a page shows after a prompt, once, without its comment."""
    found: dict[str, None] = {}
    for page in PAGES:
        for block in re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            lines = block.replace("\\\n", " ").splitlines()
            assert all(line.startswith("$ ") for line in lines), f"{page.name}: what is no command?"
            found |= {" ".join(_words(line[2:])): None for line in lines}
    return list(found)


def _words(line: str) -> Iterator[str]:
    if "&&" in line:
        yield line
        return
    yield from map(shlex.quote, shlex.split(line, comments=True))


def elsewhere(command: str) -> bool:
    return command.startswith((*ELSEWHERE, INSTALLS))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped library as a person has it, to whom its files belong."""
    top = tmp_path_factory.mktemp("shipped")
    shutil.copytree(ROOT / "lean", top / "lean")
    return top


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of two theorems that was judged, and a file beside it."""
    top = tmp_path_factory.mktemp("small")
    build(top)
    root = top / "proofs" / "lean"
    (root / "Scratch.lean").write_text("example : 1 + 1 = 2 := rfl\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        assert CliRunner().invoke(app, ["verify"]).exit_code == 0
    return root


def test_what_is_run_elsewhere_is() -> None:
    shown = commands()
    assert len(shown) > 30
    assert [start for start in ELSEWHERE if not any(each.startswith(start) for each in shown)] == []
    assert [test for test in ELSEWHERE.values() if not is_there(test)] == []


@pytest.mark.parametrize("command", [each for each in commands() if not elsewhere(each)])
def test_a_command_is_accepted_as_it_stands(
    command: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that names a graph, on the library that has it; others on a small one."""
    monkeypatch.chdir(request.getfixturevalue("checkout" if "Graph" in command else "small"))
    name, *words = shlex.split(command)
    assert name == "lean-bridge"
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert done.exception is None
    files = [Path(each) for each in re.findall(r"(?:-o|--output) (?:\w+=)?(\S+\.\w+)", command)]
    assert bool(files) == (" -o" in command or " --output" in command)
    assert all(file.stat().st_size for file in files)


@pytest.mark.parametrize(
    "command", [each for each in commands() if elsewhere(each) and each.startswith("lean-bridge ")]
)
def test_the_words_of_a_command_that_is_run_elsewhere_are_some(command: str) -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    name, *words = shlex.split(command.partition(" '>' ")[0])[1:]
    if name in group.commands:
        group.commands[name].make_context(name, words)
    else:
        assert name in {option for each in group.params for option in each.opts}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_within_a_sentence_are_some(page: Path) -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    for shown in re.findall(r"`lean-bridge ([^`]+)`", page.read_text(encoding="utf-8")):
        name, *words = shown.split()
        command = typer.main.get_command(COMMANDS[name]) if name in COMMANDS else None
        known = {
            option for each in (command or group).params for option in (*each.opts, *each.secondary_opts)
        }
        assert command is not None or name in known, shown
        assert {word.partition("=")[0] for word in words if word.startswith("-")} <= known | {"--help"}, shown


@pytest.mark.parametrize(
    ("page", "count"),
    [(page, count) for page in PAGES if (count := page.read_text(encoding="utf-8").count("```python\n"))],
    ids=lambda value: value.name if isinstance(value, Path) else str(value),
)
def test_the_python_examples_run(page: Path, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    examples = re.findall(
        r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    assert len(examples) == count
    names: dict[str, object] = {}
    for example in examples:
        exec(example, names)
    if page == README:
        assert getattr(names["out"], "shape", None) == (3, 5, 8)
        assert [getattr(names[name], "shape", None) for name in ("dx", "dWq", "dWo")] == [
            (5, 8),
            (8, 8),
            (8, 8),
        ]


def test_what_the_type_checker_is_shown_runs_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert gradients(3) == [(3, 8), *[(8, 8)] * 4]
    assert weights().inputs == 12
    assert status(NumericsError("x", "bad")) == 2
