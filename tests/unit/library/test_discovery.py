"""The library that came with the package is judged where nothing else can be meant, and said to be it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lean_bridge.cli import app
from lean_bridge.errors import ProjectNotFound
from lean_bridge.library.discovery import Found, find_library
from lean_bridge.project import Project, open_project

CATALOGUE = '[[declaration]]\nname = "A.a"\nkind = "theorem"\ngroup = "A"\n'
LAKEFILE = '[[lean_lib]]\nname = "A"\n'
SHIPPED = Path(__file__).parents[3] / "lean"


def library(root: Path, *, without: str = "") -> Path:
    """Write a library; where its catalogue is gone, its manifest says that there was one."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "catalogue.toml").write_text(CATALOGUE)
    (root / "lakefile.toml").write_text(LAKEFILE)
    (root / "lean-toolchain").write_text("leanprover/lean4:v4.28.0\n")
    (root / "A.lean").write_text("module\ntheorem A.a : 1 = 2 := sorry\n")
    if without:
        (root / without).unlink()
    if without == "catalogue.toml":
        (root / "certified.toml").touch()
    return root


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, a repository two levels below a place that holds nothing."""
    here = tmp_path / "work" / "repository"
    (here / ".git").mkdir(parents=True)
    monkeypatch.chdir(here)
    return here


def refusal(path: Path | None = None) -> str:
    with pytest.raises(ProjectNotFound) as refused:
        find_library(path)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_the_nearest_library_from_here_upwards_is_taken(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library(here / "lean")
    (here / "src" / "deep").mkdir(parents=True)
    assert find_library() == Found(here / "lean")
    monkeypatch.chdir(here / "src" / "deep")
    assert find_library() == Found(here / "lean")
    monkeypatch.chdir(here / "lean")
    assert find_library() == Found(here / "lean")
    for path in (here, here / "lean", Path(), Path("../lean")):
        assert find_library(path).root.resolve() == here / "lean"


def test_where_no_project_stands_the_shipped_library_is_taken_and_says_so(here: Path) -> None:
    (here / "README.md").write_text("nothing of Lean\n")
    assert find_library() == Found(SHIPPED, is_shipped=True)
    identity = open_project().identity
    assert (identity.is_shipped, identity.root) == (True, str(SHIPPED))


def test_it_is_taken_anywhere_by_name(here: Path) -> None:
    library(here, without="catalogue.toml")
    assert find_library(shipped=True) == Found(SHIPPED, is_shipped=True)
    assert open_project(shipped=True).is_shipped


@pytest.mark.parametrize("without", ["catalogue.toml", "lakefile.toml"])
@pytest.mark.parametrize("folder", ["", "lean"])
@pytest.mark.parametrize("below", ["", "src/deep"])
@pytest.mark.parametrize("named", [True, False])
def test_an_incomplete_project_is_no_reason_to_judge_another_one(
    here: Path, monkeypatch: pytest.MonkeyPatch, without: str, folder: str, below: str, named: bool
) -> None:
    library(here / folder, without=without)
    (here / below).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(here / below)
    told = refusal(here if named else None)
    assert f"{here / folder}: a Lean project (" in told
    assert f"without {without}; write a {without}" in told


def test_either_kind_of_lakefile_will_do(here: Path) -> None:
    library(here)
    (here / "lakefile.toml").rename(here / "lakefile.lean")
    assert find_library() == Found(here)
    (here / "catalogue.toml").rename(here / "certified.toml")
    assert (
        "a Lean project (certified.toml, lakefile.lean, lean-toolchain) without catalogue.toml; write a"
        in refusal()
    )


def test_a_library_that_never_had_a_catalogue_is_one(here: Path) -> None:
    (library(here / "lean", without="catalogue.toml") / "certified.toml").unlink()
    assert find_library() == find_library(here) == Found(here / "lean")
    assert not open_project().has_catalogue
    (library(here, without="catalogue.toml") / "certified.toml").unlink()
    assert find_library() == Found(here)
    library(here / "lean")
    assert "did you mean --project lean?" in refusal(), "of two, that without a catalogue is not meant"


@pytest.mark.parametrize("mark", ["lean-toolchain", "lake-manifest.json", "certified.toml"])
def test_any_trace_of_a_project_counts(here: Path, mark: str) -> None:
    (here / mark).touch()
    assert f"a Lean project ({mark}) without lakefile.toml and catalogue.toml" in refusal()


@pytest.mark.parametrize(
    "misspelt", ["catalog.toml", "Catalogue.toml", "catalogue.tml", "catalogue.toml.bak"]
)
def test_a_misspelt_catalogue_is_named(here: Path, misspelt: str) -> None:
    library(here)
    (here / "catalogue.toml").rename(here / misspelt)
    assert f"rename {misspelt} to catalogue.toml" in refusal()


@pytest.mark.parametrize(
    "trace",
    [
        *("Lakefile.toml", "lakefile.TOML", "Catalogue.toml", "catalog.toml", "lean/Lakefile.toml"),
        *("proofs/catalogue.toml", "proofs/lean-toolchain", "proofs/certified.toml", "proofs/Lakefile.toml"),
        *("a/b/c/d/e/lakefile.toml", "proofs/.lake/x"),
        *("A/Basic.lean", "lean/sub/A.lean", "A.LEAN", "lakefile.toml.orig", "lean/Catalogue.toml"),
    ],
)
def test_any_trace_of_lean_around_keeps_the_shipped_library_from_being_taken(here: Path, trace: str) -> None:
    assert find_library().is_shipped
    (here / trace).parent.mkdir(parents=True, exist_ok=True)
    (here / trace).touch()
    assert "\n" not in refusal()


def test_a_link_to_a_library_is_a_trace_of_it(here: Path, tmp_path: Path) -> None:
    library(tmp_path / "elsewhere")
    (here / "proofs").symlink_to(tmp_path / "elsewhere")
    assert "did you mean --project proofs?" in refusal()
    (here / "proofs").rename(here / "lean")
    (tmp_path / "elsewhere").rename(tmp_path / "gone")
    assert "is a link that leads nowhere" in refusal()


def test_a_library_stays_where_its_link_led_when_it_was_chosen(here: Path, tmp_path: Path) -> None:
    for name in ("good", "bad"):
        library(tmp_path / name)
    link = here / "current"
    link.symlink_to(tmp_path / "good")
    project = open_project(link)
    link.unlink()
    link.symlink_to(tmp_path / "bad")
    assert project.identity.root == str(tmp_path / "good")
    assert project.select(()).declarations


def test_a_misspelt_lakefile_is_named(here: Path) -> None:
    library(here)
    (here / "lakefile.toml").rename(here / "Lakefile.toml")
    assert "rename Lakefile.toml to lakefile.toml" in refusal()


@pytest.mark.parametrize("moved", ["proofs", "formal/proofs", "a/b/proofs"])
@pytest.mark.parametrize("without", ["", "catalogue.toml"])
def test_a_library_that_was_moved_is_pointed_at(here: Path, moved: str, without: str) -> None:
    library(here / moved, without=without)
    assert f"did you mean --project {moved}?" in refusal()
    assert "--shipped" in refusal()


def test_a_library_that_was_moved_is_pointed_at_from_below(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library(here / "proofs")
    (here / "src").mkdir()
    monkeypatch.chdir(here / "src")
    assert "did you mean --project ../proofs?" in refusal()


@pytest.mark.parametrize("without", ["catalogue.toml", "lakefile.toml"])
def test_the_directories_of_a_project_s_own_modules_are_no_projects(
    here: Path, monkeypatch: pytest.MonkeyPatch, without: str
) -> None:
    library(here / "proofs", without=without)
    modules = here / "proofs" / "Twin" / "Deep"
    modules.mkdir(parents=True)
    for source in (here / "proofs" / "Twin.lean", modules.parent / "A.lean", modules / "B.lean"):
        source.touch()
    assert "did you mean --project proofs?" in refusal()
    for place in (here / "proofs", modules.parent, modules):
        monkeypatch.chdir(place)
        told = refusal()
        assert told.startswith(f"{here / 'proofs'}: a Lean project (")
        assert told.endswith(f"write a {without}") or f"write a {without} that names" in told
        assert "did you mean" not in told
    (here / "proofs" / without).touch()
    assert find_library() == Found(here / "proofs")


def test_lean_files_that_belong_to_nothing_count_unless_they_may_lie_around(here: Path) -> None:
    (here / "Scratch.lean").touch()
    assert "a Lean project (Scratch.lean) without lakefile.toml and catalogue.toml" in refusal()
    assert find_library(loose=True).is_shipped


def test_a_lakefile_above_the_library_is_a_project_of_its_own(here: Path) -> None:
    library(here / "lean")
    (here / "lean-toolchain").touch()
    assert find_library().root == here / "lean"
    (here / "lakefile.toml").write_text(LAKEFILE)
    assert "did you mean --project lean?" in refusal()


def test_a_folder_that_is_a_link_is_named_and_not_followed(here: Path, tmp_path: Path) -> None:
    (here / "lean").symlink_to(library(tmp_path / "elsewhere"))
    assert f"lean: is a symbolic link; name the library that is meant: --project {tmp_path}" in refusal()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list every directory")
def test_a_project_in_a_directory_that_may_not_be_listed_counts(here: Path) -> None:
    library(here, without="catalogue.toml")
    here.chmod(0o311)
    try:
        assert "without catalogue.toml" in refusal()
    finally:
        here.chmod(0o755)


def test_what_is_named_and_is_no_library_is_named_again(here: Path) -> None:
    for path in (here, here / "absent"):
        assert f"{path}: expected a Lean library (catalogue.toml and lakefile.toml), found none" in refusal(
            path
        )


@pytest.mark.parametrize("command", ["verify", "status", "list", "doctor", "graph x", "toolchain status"])
def test_an_empty_text_names_no_directory(here: Path, command: str) -> None:
    library(here)
    result = CliRunner().invoke(app, [*command.split(), "-p", ""])
    assert isinstance(result.exception, ProjectNotFound)
    assert str(result.exception).startswith("--project: expected a directory, found an empty text")
    with pytest.raises(ProjectNotFound, match="found an empty text"):
        open_project("")


@pytest.mark.parametrize(
    "command", ["verify", "status", "list", "pin", "replay", "build", "doctor", "graph x", "olean"]
)
def test_every_command_refuses_an_incomplete_project(here: Path, command: str) -> None:
    library(here, without="catalogue.toml")
    result = CliRunner().invoke(app, command.split())
    assert result.exit_code != 0
    told = result.output if result.exception is None else f"{result.output} {result.exception}"
    assert "without catalogue.toml" in " ".join(told.split())


@pytest.mark.parametrize("format_", ["table", "json", "text", "github", "junit", "markdown"])
def test_the_false_green_of_a_project_without_a_catalogue_is_no_verdict(here: Path, format_: str) -> None:
    library(here, without="catalogue.toml")
    result = CliRunner().invoke(app, ["verify", "--format", format_])
    assert result.exit_code == 2
    assert "LB902" in result.output
    assert "accepted" not in result.output.replace("not accepted", "")


def test_a_directory_that_is_not_there_is_told_with_what_lies_near(here: Path) -> None:
    library(here / "lean")
    assert refusal(Path("laen")).endswith("found none; did you mean lean?")
    assert refusal(Path("other")).endswith("found none")


def test_two_ways_of_choosing_are_one_too_many(here: Path) -> None:
    result = CliRunner().invoke(app, ["list", "--shipped", "--project", str(library(here))])
    assert result.exit_code == 2
    assert "--shipped" in result.output


def test_an_installed_package_brings_its_library_and_chooses_as_a_checkout_does(
    here: Path, tmp_path: Path
) -> None:
    site = tmp_path / "site-packages"
    for package in ("lean_bridge", "pybind_models"):
        shutil.copytree(SHIPPED.parent / package, site / package)
    shutil.copytree(SHIPPED, site / "lean_bridge" / "_lean")

    def listed(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "lean_bridge", "list", *arguments],
            env={**os.environ, "PYTHONPATH": str(site), "PYTHONSAFEPATH": "1"},
            cwd=here,
            capture_output=True,
            text=True,
            check=False,
        )

    assert "Proofs.Autograd" in listed().stdout
    library(here / "proofs", without="catalogue.toml")
    moved = listed()
    assert (moved.returncode, moved.stdout) == (2, "")
    assert "LB902" in moved.stderr
    assert "did you mean --project proofs?" in moved.stderr
    assert "Proofs.Autograd" in listed("--shipped").stdout
    library(here / "proofs")
    assert listed("-p", "proofs").stdout == "theorem\tA.a\n"


@pytest.mark.parametrize("here", [".", "elsewhere", "proofs"])
def test_the_place_of_a_library_is_told_from_the_top_of_its_repository(
    tmp_path: Path, here: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in (".git", "elsewhere", "proofs"):
        (tmp_path / folder).mkdir()
    entry = '[[declaration]]\nname = "A"\nkind = "theorem"\ngroup = "G"\n'
    (tmp_path / "proofs" / "catalogue.toml").write_text(entry)
    monkeypatch.chdir(tmp_path / here)
    assert Project(tmp_path / "proofs").place == "proofs"
    (tmp_path / ".git").rmdir()
    assert Project(tmp_path / "proofs").place == os.path.relpath(tmp_path / "proofs")


def test_a_project_without_lean_toolchain_is_told_what_to_write_into_it(tmp_path: Path) -> None:
    (tmp_path / "lakefile.toml").write_text('[[lean_lib]]\nname = "A"\n')
    with pytest.raises(
        ProjectNotFound, match=r"lean-toolchain: expected a file here, found none; write the Lean"
    ):
        _ = open_project(tmp_path).required_toolchain
