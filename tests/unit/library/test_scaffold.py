"""A package of one's own is the example under another name, and is never written over anything."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lean_bridge.build.lakefile import read_lakefile
from lean_bridge.build.modules import read_sources
from lean_bridge.build.packages import SHIPPED
from lean_bridge.cli import app
from lean_bridge.codes import Code
from lean_bridge.errors import ProjectNotFound
from lean_bridge.library.scaffold import EXAMPLE, ORIGIN, action_origin, package_name, write_package

ROOT = Path(__file__).parents[3]


def files(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for path in root.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize(
    ("directory", "name"),
    [("my-layer", "MyLayer"), ("x", "X"), ("two words_3", "TwoWords3"), ("größe", "Größe"), ("a.b", "AB")],
)
def test_a_package_is_called_as_its_directory(directory: str, name: str) -> None:
    assert package_name(Path("somewhere") / directory) == name


def test_it_may_be_called_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert package_name(Path("3d"), "Cube") == "Cube"
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert package_name(Path()) == "Here"


@pytest.mark.parametrize(
    ("directory", "name", "told"),
    [
        (
            "3d",
            None,
            "3d: expected a name of a Lean module, such as MyGraph, found '3d'; give the package "
            "another one with --name",
        ),
        ("x", "a b", "--name: expected a name of a Lean module, such as MyGraph, found 'a b'"),
        ("x", "A.B", "found 'A.B'"),
        ("x", "", "--name: expected a name of a Lean module"),
        ("type", None, "found 'Type'"),
        ("x", "end", "found 'end'"),
        ("lean-bridge", None, "LeanBridge: modules of this name are Lean's or the library's"),
        ("...", None, "found ''"),
        ("spec", None, "Spec: modules of this name are Lean's or the library's"),
        ("x", "Std", "--name another one than Init, Std, Lean, Lake, Spec, Proofs"),
    ],
)
def test_what_is_no_name_or_another_s_is_refused(directory: str, name: str | None, told: str) -> None:
    with pytest.raises(ProjectNotFound, match=re.escape(told)) as refused:
        package_name(Path(directory), name)
    assert refused.value.code is Code.NO_PROJECT


def test_a_new_package_is_the_example_under_its_name(tmp_path: Path) -> None:
    example = ROOT / "examples" / "dense"
    assert example in EXAMPLE
    expected = files(example)
    del expected["certified.toml"]
    assert write_package(tmp_path / "dense", "Dense") == tuple(sorted(expected))
    assert files(tmp_path / "dense") == expected
    write_package(tmp_path / "a" / "b", "Mine")
    renamed = {
        file.replace("Dense", "Mine"): text.replace("Dense", "Mine") for file, text in expected.items()
    }
    assert files(tmp_path / "a" / "b") == renamed
    assert "Mine.lean" in renamed
    assert read_sources(tmp_path / "a" / "b").own == {"Mine"}


def test_the_example_requires_the_library_that_is_shipped_with_it() -> None:
    (required,) = read_lakefile(ROOT / "examples" / "dense").requires
    shipped = read_lakefile(ROOT / "lean")
    assert ROOT / "lean" in SHIPPED
    assert (required.name, required.version) == (shipped.name, shipped.version)
    assert (ROOT / "examples/dense/lean-toolchain").read_bytes() == (
        ROOT / "lean/lean-toolchain"
    ).read_bytes()


def test_a_repository_may_be_there_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert "Mine.lean" in write_package(tmp_path, "Mine")
    before = files(tmp_path)
    with pytest.raises(ProjectNotFound, match=r"expected no directory or an empty one, found \.github in it"):
        write_package(tmp_path, "Other")
    assert files(tmp_path) == before


def test_a_link_that_leads_nowhere_is_no_directory_to_be(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("gone")
    for directory in (tmp_path / "link", tmp_path / "link" / "below"):
        with pytest.raises(ProjectNotFound, match="link: is a link to gone, where nothing is; make a dir"):
            write_package(directory, "Mine")
    assert not (tmp_path / "gone").exists()
    (tmp_path / "gone").mkdir()
    assert "Mine.lean" in write_package(tmp_path / "link", "Mine")


COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("url", "commit", "origin"),
    [
        ("https://github.com/some/lean-bridge", COMMIT, f"some/lean-bridge@{COMMIT}"),
        ("ssh://git@github.com/some.one/fork_1.git", COMMIT, f"some.one/fork_1@{COMMIT}"),
        ("https://example.org/some/lean-bridge", COMMIT, None),
        ("https://github.com/some/lean-bridge", "main", None),
        ("file:///somewhere", None, None),
    ],
)
def test_a_workflow_gets_this_package_from_where_it_was_installed_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, commit: str | None, origin: str | None
) -> None:
    about = tmp_path / "lean_bridge-9.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: lean-bridge\nVersion: 9\n")
    vcs = {"vcs_info": {"vcs": "git", "commit_id": commit}} if commit else {"dir_info": {}}
    (about / "direct_url.json").write_text(json.dumps({"url": url, **vcs}))
    monkeypatch.syspath_prepend(str(tmp_path))
    assert action_origin() == origin
    write_package(tmp_path / "new", "Mine", origin or ORIGIN)
    written = files(tmp_path / "new")
    for file in (".github/workflows/lean-bridge.yml", "README.md"):
        assert (origin or ORIGIN) in written[file]
        assert ("OWNER" in written[file]) == (origin is None)


def test_what_is_to_be_put_in_is_said(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["new", str(tmp_path / "mine"), "--no-pin"])
    assert done.exit_code == 0
    said = " ".join(done.output.split())
    assert f"its workflow uses {ORIGIN}: put in whose repository lean-bridge comes from, and which" in said


def test_where_nothing_can_be_written_one_line_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ProjectNotFound, match=r"file: cannot be read: Not a directory"):
        write_package(tmp_path / "file", "Mine")
    if os.geteuid():
        (tmp_path / "closed").mkdir(mode=0o500)
        with pytest.raises(ProjectNotFound, match="cannot be written: Permission denied"):
            write_package(tmp_path / "closed", "Mine")
