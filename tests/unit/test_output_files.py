"""A file that a person names for a result is not one that serves for something else."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from lean_bridge.cli import app
from lean_bridge.commands.options import check_writable, write_result


def test_a_link_is_refused_where_what_it_leads_to_cannot_be_made(tmp_path: Path) -> None:
    (link := tmp_path / "link.svg").symlink_to(tmp_path / "gone" / "x.svg")
    with pytest.raises(typer.BadParameter, match=r"there is no directory .*gone"):
        check_writable(link)
    (tmp_path / "gone").mkdir()
    check_writable(link)


@pytest.mark.parametrize(
    "words", [("-i", "a.npz"), ("--vjp", "a.npz"), ("--jvp", "b.npz"), ("-i", "hard.npz")]
)
def test_a_result_is_not_written_over_what_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.npz").write_bytes(b"arrays")
    Path("b.npz").symlink_to("a.npz")
    Path("hard.npz").hardlink_to("a.npz")
    found = CliRunner().invoke(app, ["run", "none", *words, "-o", "./a.npz"])
    assert found.exit_code == 2
    assert "would be written over" in " ".join(found.output.replace("│", " ").split())
    assert Path("a.npz").read_bytes() == b"arrays"


@pytest.mark.parametrize(
    "name", ["catalogue.toml", "A.lean", "lean-toolchain", "lake-manifest.json", "link.svg"]
)
def test_a_result_is_not_written_over_what_a_library_is_judged_by(tmp_path: Path, name: str) -> None:
    (tmp_path / "certified.toml").write_text("pins")
    (tmp_path / name).symlink_to("certified.toml") if name == "link.svg" else (tmp_path / name).write_text(
        "kept"
    )
    with pytest.raises(typer.BadParameter, match="would be written over, and a library may be judged by it"):
        check_writable(tmp_path / name)
    check_writable(tmp_path / "new.lean", tmp_path / "graph.svg")
    check_writable(tmp_path / name, is_source=True)


def test_two_results_do_not_go_to_one_file(tmp_path: Path) -> None:
    check_writable(tmp_path / "a.svg", tmp_path / "b.json", None)
    with pytest.raises(typer.BadParameter, match="would be written over"):
        check_writable(tmp_path / "a.svg", None, tmp_path / "." / "a.svg")


def test_a_result_is_what_is_in_its_file(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("before")
    write_result(tmp_path / "a.json", "after")
    assert [each.read_text() for each in tmp_path.iterdir()] == ["after"]
