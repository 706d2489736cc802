"""The pages say what the package says of itself, lead where they say, and their generator builds them."""

from __future__ import annotations

import importlib.util
import math
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import lean_bridge
from lean_bridge.audit.catalogue import read_catalogue
from lean_bridge.cli import app
from lean_bridge.codes import EXPLANATIONS, Code
from tests.errors_picture import errors
from tests.errors_picture import recorded as recorded_errors
from tests.pages import DOCS, PAGES, codes_page
from tests.pictures import FOLDER, dashboard, recorded
from tests.unit.test_architecture import MAY_IMPORT

ROOT = DOCS.parent
README = ROOT / "README.md"
START = "import sys; sys.argv[0] = 'lean-bridge'; from lean_bridge.__main__ import main; main()"
LINK = re.compile(r"\]\(([^)\s]+)\)")


BUILT = pytest.mark.skipif(
    importlib.util.find_spec("mkdocs") is None, reason="mkdocs is not installed: it comes with the extra docs"
)


def text(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def test_nothing_rests_on_what_the_tutorial_breaks() -> None:
    found = re.search(r"In `(lean/\S+)`.* replace the proof of `(\w+)` by\n`sorry`", text("tutorial.md"))
    assert found is not None
    file, name = ROOT / found[1], found[2]
    word = re.compile(rf"\b{name}\b")
    _, theorem, after = file.read_text(encoding="utf-8").partition(f"theorem {name} ")
    assert theorem
    assert not word.search(after), "what is declared later may rest on it"
    others = (each for each in (ROOT / "lean").rglob("*.lean") if each != file)
    assert not [each for each in others if word.search(each.read_text(encoding="utf-8"))]
    assert [each.name for each in read_catalogue(ROOT / "lean").declarations if word.search(each.name)] == [
        f"Proofs.Autograd.Sanity.{name}"
    ]


@pytest.mark.parametrize("page", PAGES)
def test_what_is_written_is_what_the_package_says(page: str) -> None:
    assert text(page) == PAGES[page](), "python -m tests.pages writes it"


def test_nothing_is_left_out() -> None:
    codes = re.findall(r"^### (LB\d+): (.*)$", text("codes.md"), re.MULTILINE)
    assert codes == [(code.value, EXPLANATIONS[code].title) for code in Code]
    told = CliRunner().invoke(app, ["--help"]).stdout.partition("Commands:\n")[2]
    names = re.findall(r"^  (\w+)  ", told, re.MULTILINE)
    assert "toolchain" in names
    headed = re.findall(r"^## lean-bridge (\w+)(?: \w+)?$", text("commands.md"), re.MULTILINE)
    assert list(dict.fromkeys(headed)) == names
    assert set(re.findall(r"^\| `(\w+)` \| [A-Z]", text("rooms.md"), re.MULTILINE)) == set(MAY_IMPORT)
    documented = {
        each.rpartition(".")[2] for each in re.findall(r"^::: (\S+)$", text("api.md"), re.MULTILINE)
    }
    assert documented == set(lean_bridge.__all__) - {"GELU_KAPPA"}


def test_no_line_of_a_command_s_help_is_wider_than_a_page() -> None:
    assert max(map(len, text("commands.md").splitlines())) <= 100


def test_what_an_explanation_has_of_markdown_stays_as_it_is() -> None:
    assert "\\_" in codes_page() or not re.search(
        r"[*_<]", "".join(re.sub(r"`[^`]*`", "", told.meaning + told.why) for told in EXPLANATIONS.values())
    )


def test_links_of_the_readme_lead_somewhere() -> None:
    links = LINK.findall(README.read_text(encoding="utf-8"))
    assert len(links) > 10
    assert [link for link in links if not (ROOT / link.partition("#")[0]).exists()] == []


def test_the_picture_of_the_dashboard_is_what_the_script_draws() -> None:
    drawn = dashboard()
    assert (FOLDER / "dashboard.svg").read_text(encoding="utf-8") == drawn, (
        "python -m tests.pictures draws it"
    )
    assert "url(http" not in drawn
    assert re.search(r">.{0,9}accepted", drawn)


@pytest.mark.parametrize(("picture", "block"), [("errors", "Encoder block"), ("errors_gpt", "GPT block")])
def test_the_picture_of_errors_is_of_what_is_recorded(picture: str, block: str) -> None:
    drawn = (FOLDER / f"{picture}.svg").read_text(encoding="utf-8")
    assert drawn == errors(block), "python -m tests.pictures draws it"
    found = recorded_errors(block)
    assert {each.library.partition(" ")[0] for each in found} == {"lean-bridge", "torch", "jax"}
    assert len({tuple(each.dims.items()) for each in found}) == 3
    assert all((each.beside_condition or math.inf) < 8 for each in found)


def test_what_the_picture_shows_has_the_groups_of_the_catalogue() -> None:
    groups = dict.fromkeys(entry.group for entry in read_catalogue(ROOT / "lean").declarations)
    assert list(dict.fromkeys(row.group for row in recorded().rows)) == list(groups)


@BUILT
def test_the_site_builds_with_every_page(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir"]
    done = subprocess.run(
        [*command, str(tmp_path / "site")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    pages = {each.relative_to(DOCS).with_suffix(".html") for each in DOCS.rglob("*.md")}
    assert {page for page in pages if not (tmp_path / "site" / page).is_file()} == set()
    shown = (tmp_path / "site" / "api.html").read_text(encoding="utf-8")
    for method in ("value_and_vjp", "required_toolchain"):  # the latter of what a project is made of
        assert method in shown
    assert ":::" not in shown


@BUILT
def test_a_link_that_leads_nowhere_fails_the_site(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    settings = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("nav:\n  - index.md\n")
    assert settings[1]
    (tmp_path / "mkdocs.yml").write_text(settings[0], encoding="utf-8")
    command = [sys.executable, "-m", "mkdocs", "build"]
    for link, status in (("index.md#here", 0), ("index.md#there", 1), ("away.md", 1)):
        (tmp_path / "docs" / "index.md").write_text(f"# Here\n\n[x]({link})\n", encoding="utf-8")
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stdout + done.stderr


COMPLETIONS = [
    ("lean-bridge sta", 1, "status"),
    ("lean-bridge verify --req", 2, "--require"),
    ("lean-bridge verify --require iso", 3, "isolated"),
]


@pytest.mark.parametrize(("typed", "at", "completed"), COMPLETIONS)
def test_shells_complete_commands_options_and_values(typed: str, at: int, completed: str) -> None:
    done = as_command(_LEAN_BRIDGE_COMPLETE="complete_bash", COMP_WORDS=typed, COMP_CWORD=str(at))
    assert (done.stdout.split(), done.stderr, done.returncode) == ([completed], "", 0)


def test_a_shell_is_given_its_script_and_has_it_from_then_on(tmp_path: Path) -> None:
    for shell in ("bash", "zsh", "fish", "powershell"):
        done = as_command(_LEAN_BRIDGE_COMPLETE=f"source_{shell}")
        assert (done.stderr, done.returncode) == ("", 0)
        assert f"complete_{shell}" in done.stdout
    typed = [sys.executable, "-c", START, "--install-completion"]
    done = subprocess.run(
        ["bash", "-c", f"{shlex.join(typed)}; exit $?"],
        env=os.environ | {"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stderr, done.returncode) == ("", 0)
    assert "lean-bridge" in (tmp_path / ".bashrc").read_text(encoding="utf-8")


def as_command(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command under its own name, as shells know it."""
    return subprocess.run(
        [sys.executable, "-c", START, *words],
        env=os.environ | env,
        capture_output=True,
        text=True,
        check=False,
    )
