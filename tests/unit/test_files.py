"""Only regular files below the root are read; whatever else lies there is named, and nothing waits."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path

import pytest

from lean_bridge.audit.catalogue import CATALOGUE, read_catalogue
from lean_bridge.audit.manifest import MANIFEST, read_manifest
from lean_bridge.build.declared import LAKEFILE
from lean_bridge.build.modules import read_library
from lean_bridge.codes import Code
from lean_bridge.errors import LeanBridgeError, ProjectNotFound, SourceOutside
from lean_bridge.files import entries_below, near_path, put_at_once, read_below, read_file
from lean_bridge.library.discovery import TOOLCHAIN
from lean_bridge.project import Project

ENTRY = '[[declaration]]\nname = "A.a"\nkind = "theorem"\ngroup = "A"\n'
PROJECT = {
    LAKEFILE: 'name = "A"\n[[lean_lib]]\nname = "A"\nglobs = ["A.*"]\n',
    TOOLCHAIN: "leanprover/lean4:v4.28.0\n",
    CATALOGUE: ENTRY,
    "A.lean": "module\n",
    "A/B.lean": "module\n",
}
MANIFESTED = f"""
lean = "4.28.0"
[[declaration]]
name = "A.a"
kind = "theorem"
statement = "True"
axioms = []
hash = "{"0" * 40}"
[definitions]
"A.a" = "{"0" * 40}"
[words]
"""


def test_a_path_that_leads_nowhere_is_told_with_what_lies_near(tmp_path: Path) -> None:
    (tmp_path / "lean" / "A").mkdir(parents=True)
    (tmp_path / "lean" / "lean-bridge.toml").write_text("")
    near = f"; did you mean {tmp_path}/lean"
    assert near_path(tmp_path / "laen") == f"{near}?"
    assert near_path(tmp_path / "laen" / "A") == f"{near}/A?", "the first part that is not there"
    assert near_path(tmp_path / "laen" / "C") == ""
    assert near_path(tmp_path / "other") == near_path(tmp_path / "lean") == ""
    with pytest.raises(ProjectNotFound, match=re.escape(f"found none{near}/lean-bridge.toml?")):
        read_file(tmp_path / "lean" / "lean-bridge.tml")


def _write_half(path: Path) -> None:
    path.write_text("half")
    raise OSError("full")


def test_a_file_is_put_in_its_place_at_once_or_not_at_all(tmp_path: Path) -> None:
    file, link = tmp_path / "a.txt", tmp_path / "b.txt"
    file.write_text("before")
    link.symlink_to(file)
    with pytest.raises(OSError, match="full"), put_at_once(link) as whole:
        _write_half(whole)
    assert file.read_text() == "before"
    with put_at_once(link) as whole:
        whole.write_text("after")
    assert (file.read_text(), link.is_symlink()) == ("after", True)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "lean"
    for name, text in PROJECT.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def read_everything(root: Path) -> None:
    """Read what a project is made of, as a build does, up to the point where Lean is needed."""
    project = Project(root)
    assert project.required_toolchain
    read_manifest(root)
    for module in read_library(root, root / "no-standard-library").modules:
        if module.refused is not None:
            raise type(module.refused)(f"{module.file}: {module.refused}")


@pytest.mark.parametrize("name", [LAKEFILE, TOOLCHAIN, CATALOGUE, MANIFEST])
def test_a_mark_of_the_byte_order_is_no_part_of_what_a_file_says(root: Path, name: str) -> None:
    said = PROJECT.get(name, MANIFESTED)
    (root / name).write_text(said, encoding="utf-8-sig")
    read_everything(root)
    assert not Project(root).required_toolchain.startswith("\ufeff")


def as_fifo(path: Path) -> None:
    os.mkfifo(path)


def as_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(str(path))


def as_directory(path: Path) -> None:
    path.mkdir()


def as_dangling_link(path: Path) -> None:
    path.symlink_to(path.parent / "gone")


def as_link_to_a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def as_link_out(path: Path) -> None:
    elsewhere = path.parents[2] / f"elsewhere-{path.name}"
    elsewhere.write_text(PROJECT.get(path.name, ENTRY))
    path.symlink_to(elsewhere)


def as_bytes_of_no_text(path: Path) -> None:
    path.write_bytes(b"module \xff\n")


KINDS = [
    as_fifo,
    as_socket,
    as_directory,
    as_dangling_link,
    as_link_to_a_device,
    as_link_out,
    as_bytes_of_no_text,
]


def test_an_ordinary_project_is_read(root: Path) -> None:
    read_everything(root)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("name", [*PROJECT, MANIFEST])
def test_what_is_no_regular_file_is_named_in_one_line(
    root: Path, name: str, kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind is as_directory and name == "A/B.lean":
        pytest.skip("below a module, a directory may have any name")
    monkeypatch.chdir(root)  # a socket's path is short
    (root / name).unlink(missing_ok=True)
    kind(root / name if kind is not as_socket else Path(name))
    with pytest.raises(LeanBridgeError) as refused:
        read_everything(root)
    assert Path(name).name in str(refused.value)
    assert "\n" not in str(refused.value)
    is_link = (root / name).is_symlink()
    expected = Code.SOURCE_OUTSIDE if name.endswith(".lean") and is_link else Code.NO_PROJECT
    assert refused.value.code is expected


def test_a_file_that_may_not_be_read_is_named(root: Path) -> None:
    (root / "A.lean").chmod(0)
    if os.geteuid() == 0:
        assert read_file(root / "A.lean") == b"module\n"
        return
    with pytest.raises(ProjectNotFound, match=r"A\.lean: cannot be read: Permission denied"):
        read_everything(root)


def test_a_file_that_is_too_long_is_named(tmp_path: Path) -> None:
    (tmp_path / "long").write_bytes(b"x" * 11)
    assert len(read_file(tmp_path / "long", max_bytes=11)) == 11
    with pytest.raises(ProjectNotFound, match="long: expected at most 10 bytes, found more"):
        read_file(tmp_path / "long", max_bytes=10)


def test_what_lies_outside_is_not_below(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "outside").write_text("x")
    for path in (tmp_path / "outside", tmp_path / "inside" / ".." / "outside"):
        with pytest.raises(SourceOutside, match="expected a file below the project's root"):
            read_below(tmp_path / "inside", path, is_source=True)


def test_a_directory_of_sources_that_is_a_link_is_refused_and_not_passed_over(root: Path) -> None:
    (root.parent / "elsewhere").mkdir()
    (root.parent / "elsewhere" / "C.lean").write_text("module\n")
    (root / "A" / "Linked").symlink_to(root.parent / "elsewhere")
    with pytest.raises(SourceOutside, match=r"A/Linked: is a symbolic link to .*elsewhere") as refused:
        read_everything(root)
    assert refused.value.code is Code.SOURCE_OUTSIDE


def test_a_library_whose_directory_is_a_link_is_refused(root: Path) -> None:
    (root / "A").rename(root.parent / "moved")
    (root / "A").symlink_to(root.parent / "moved")
    with pytest.raises(SourceOutside, match="A: is a symbolic link"):
        read_everything(root)


@pytest.mark.parametrize("text", ["", "# nothing but this\n", "declaration = []\n"])
def test_a_catalogue_that_names_nothing_is_none(root: Path, text: str) -> None:
    (root / CATALOGUE).write_text(text)
    with pytest.raises(ProjectNotFound, match=r"catalogue\.toml:1: .*declaration"):
        read_catalogue(root)


def test_all_that_lies_below_is_listed_and_no_link_is_followed(tmp_path: Path) -> None:
    for name in ("a", "b/c", "b/d/e", "apart/f"):
        (tmp_path / "top" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "top" / name).write_text(name)
    (tmp_path / "top" / "b" / "link").symlink_to(tmp_path / "top")
    os.mkfifo(tmp_path / "top" / "pipe")
    listed = {
        place: entry.stat(follow_symlinks=False).st_ino
        for place, entry in entries_below(tmp_path / "top", apart={"apart"})
    }
    assert listed == {
        name: (tmp_path / "top" / name).lstat().st_ino for name in ("a", "b/c", "b/d/e", "b/link", "pipe")
    }
    with pytest.raises(FileNotFoundError):
        list(entries_below(tmp_path / "nowhere"))
