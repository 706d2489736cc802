"""A package is written where nothing is, judged again where it stands, and never written over by chance."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from lean_bridge.audit.manifest import MANIFEST
from lean_bridge.certify.certify import package_files
from lean_bridge.certify.place import put_package
from lean_bridge.certify.target import load_captured
from lean_bridge.errors import ProjectNotFound
from lean_bridge.library.scaffold import write_package

FILE = """
import numpy as np
import lean_bridge

@lean_bridge.graph(x=("n",))
def f(x):
    return {}
"""


@pytest.fixture(name="files")
def _files(tmp_path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Return what the packages of two functions have of their own; both are called the same."""

    def written(body: str) -> dict[str, str]:
        file = tmp_path / "model.py"
        file.write_text(FILE.format(body), encoding="utf-8")
        found = load_captured(f"{file}:f")
        return package_files(found.model, "Mine", "`f` in `model.py`")

    return written("np.tanh(x)"), written("np.exp(x)")


def texts(directory: Path) -> dict[str, str]:
    return {
        each.relative_to(directory).as_posix(): each.read_text(encoding="utf-8")
        for each in directory.rglob("*")
        if each.is_file()
    }


def test_what_stands_as_it_is_is_not_pinned_anew(files: tuple[dict[str, str], ...], tmp_path: Path) -> None:
    first, _ = files
    package = tmp_path / "Mine"
    assert put_package(package, "Mine", first)
    assert put_package(package, "Mine", first)  # nobody pinned what it says
    (package / MANIFEST).write_text("pins", encoding="utf-8")
    (package / "README.md").write_text("my own words", encoding="utf-8")
    before = texts(package)
    assert not put_package(package, "Mine", first)
    assert texts(package) == before
    (package / "catalogue.toml").unlink()
    assert not put_package(package, "Mine", first)
    assert texts(package) == before


def test_what_was_cut_short_is_finished(files: tuple[dict[str, str], ...], tmp_path: Path) -> None:
    first, _ = files
    package = tmp_path / "Mine"
    put_package(package, "Mine", first)
    before = texts(package)
    for file in ("lakefile.toml", "lean-toolchain", "catalogue.toml", "README.md"):
        (package / file).unlink()
    assert put_package(package, "Mine", first)
    assert texts(package) == before
    (package / "lakefile.toml").unlink()
    (package / "lakefile.lean").write_text("my own", encoding="utf-8")
    assert put_package(package, "Mine", first)
    assert not (package / "lakefile.toml").exists()


def test_another_function_is_written_over_it_by_force_alone(
    files: tuple[dict[str, str], ...], tmp_path: Path
) -> None:
    first, second = files
    package = tmp_path / "Mine"
    put_package(package, "Mine", first)
    (package / MANIFEST).write_text("pins", encoding="utf-8")
    (package / "notes.txt").write_text("mine", encoding="utf-8")
    before = texts(package)
    told = re.escape("Mine: expected what this function is written as, found otherwise: Mine.lean has ")
    with pytest.raises(ProjectNotFound, match=rf"{told}.* in line \d+, which would be .*; --force") as raised:
        put_package(package, "Mine", second)
    assert raised.value.exit_code == 2
    assert texts(package) == before
    assert put_package(package, "Mine", second, force=True)
    after = texts(package)
    assert {file for file in before if before[file] != after.get(file)} == {"Mine.lean", MANIFEST}
    assert after["Mine.lean"] == second["Mine.lean"]


def test_what_was_not_captured_is_never_written_over(
    files: tuple[dict[str, str], ...], tmp_path: Path
) -> None:
    write_package(tmp_path / "Mine", "Mine")  # a package that people write
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "data").write_text("", encoding="utf-8")
    for directory in ("Mine", "other"):
        before = texts(tmp_path / directory)
        with pytest.raises(ProjectNotFound, match="expected no directory or an empty one, found "):
            put_package(tmp_path / directory, "Mine", files[0], force=True)
        assert texts(tmp_path / directory) == before


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
@pytest.mark.parametrize("file", ["Mine.lean", "catalogue.toml", "README.md"])
def test_no_link_is_followed(files: tuple[dict[str, str], ...], tmp_path: Path, file: str) -> None:
    package = tmp_path / "Mine"
    put_package(package, "Mine", files[0])
    elsewhere = tmp_path / "elsewhere"
    (package / file).rename(elsewhere)
    (package / file).symlink_to(elsewhere)
    before = elsewhere.read_bytes()
    with pytest.raises(ProjectNotFound, match="is a symbolic link"):
        put_package(package, "Mine", files[1], force=True)
    assert elsewhere.read_bytes() == before
