"""An edit is noticed however it is made, and nothing else is; with the package that listens, and without."""

from __future__ import annotations

import os
import queue
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lean_bridge.dash.watch import fingerprint, stamp, watch

LONG = 30.0
"""Seconds after which a test gives up; nothing here takes that long."""


class Watching:
    """A library that is watched in a thread."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.told: queue.Queue[None] = queue.Queue()
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()
        self.told.get(timeout=LONG)  # it says that it is there

    def _watch(self) -> None:
        for _ in watch(self.root, self.stop):
            self.told.put(None)

    def notices(self) -> bool:
        """Whether a change is told; changes made at once may be told as one, or as several."""
        self.told.get(timeout=LONG)
        return True


@pytest.fixture(params=["told by the system", pytest.param("looked for", marks=pytest.mark.full)])
def watching(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Watching]:
    if request.param == "looked for":
        monkeypatch.setitem(sys.modules, "watchfiles", None)
    root = tmp_path / "lean"
    (root / "Line").mkdir(parents=True)
    (root / "Line" / "A.lean").write_text("-- 1\n")
    (root / "catalogue.toml").write_text("")
    found = Watching(root)
    yield found
    found.stop.set()
    found.thread.join(LONG)
    assert not found.thread.is_alive()


def test_edits_of_every_kind(watching: Watching) -> None:
    file = watching.root / "Line" / "A.lean"
    file.write_text("-- 22\n")
    assert watching.notices()
    new = file.with_suffix(".new")
    new.write_text("-- 3\n")
    new.replace(file)  # as many editors write
    assert watching.notices()
    (watching.root / "catalogue.toml").unlink()
    assert watching.notices()
    (watching.root / "Deep" / "er").mkdir(parents=True)
    (watching.root / "Deep" / "er" / "B.lean").write_text("")
    assert watching.notices()


def test_what_the_system_tells_of_is_told_whatever_the_stamp_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("watchfiles")
    monkeypatch.setattr("lean_bridge.dash.watch._stamps", lambda _: {})  # as of a clock that stands still
    (tmp_path / "A.lean").write_text("-- 1\n")
    watching = Watching(tmp_path)
    try:
        (tmp_path / "A.lean").write_text("-- 2\n")
        assert watching.notices()
    finally:
        watching.stop.set()
        watching.thread.join(LONG)


def test_a_folder_that_is_put_in_the_place_of_another(watching: Watching) -> None:
    shutil.move(watching.root, watching.root.with_name("old"))
    assert watching.notices()
    shutil.copytree(watching.root.with_name("old"), watching.root)
    assert watching.notices()
    (watching.root / "Line" / "A.lean").write_text("-- another\n")
    assert watching.notices()


def test_packages_that_are_required_from_a_path_are_watched_as_soon_as_they_are_required(
    watching: Watching,
) -> None:
    near = watching.root.with_name("near")
    (near / "Near").mkdir(parents=True)
    (near / "lakefile.toml").write_text('[[lean_lib]]\nname = "Near"\n')
    library = '[[lean_lib]]\nname = "Line"\n'
    (watching.root / "lakefile.toml").write_text(f'{library}[[require]]\nname = "near"\npath = "../near"\n')
    assert watching.notices()
    (near / "Near" / "A.lean").write_text("-- 1\n")
    assert watching.notices()
    (watching.root / ".lake").mkdir()
    (watching.root / ".lake" / "package-overrides.json").write_text("{}")
    assert watching.notices()
    (watching.root / "lake-manifest.json").write_text("{}")
    assert watching.notices()


def test_the_fingerprint_is_of_packages_too(tmp_path: Path) -> None:
    for name, more in (("own", '[[require]]\nname = "near"\npath = "../near"\n'), ("near", "")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "lakefile.toml").write_text(f'[[lean_lib]]\nname = "{name.title()}"\n{more}')
    before = fingerprint(tmp_path / "own")
    (tmp_path / "near" / "Near.lean").write_text("-- 1\n")
    assert fingerprint(tmp_path / "own") != before


def test_what_is_no_source_is_none_of_its_business(watching: Watching) -> None:
    (watching.root / "notes.txt").write_text("-")
    (watching.root / ".lake").mkdir()
    (watching.root / ".lake" / "A.lean").write_text("-")
    (watching.root / "Line" / "A.lean").write_text("-- told\n")
    assert watching.notices()
    assert watching.told.empty()


def test_the_fingerprint_is_that_of_the_contents(tmp_path: Path) -> None:
    file = tmp_path / "A.lean"
    file.write_text("-- 1\n")
    before = fingerprint(tmp_path)
    os.utime(file, (1, 1))
    (tmp_path / "notes.txt").write_text("-")
    assert fingerprint(tmp_path) == before
    file.write_text("-- 2\n")
    edited = fingerprint(tmp_path)
    file.rename(tmp_path / "B.lean")
    (tmp_path / "C.lean").symlink_to("nowhere")
    assert len({before, edited, fingerprint(tmp_path), fingerprint(tmp_path / "gone")}) == 4


def test_what_is_no_regular_file_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "A.lean").write_text("-- 1\n")
    before = fingerprint(tmp_path)
    os.mkfifo(tmp_path / "B.lean")
    (tmp_path / "C.lean").symlink_to("/dev/zero")
    (tmp_path / "D.lean").symlink_to(tmp_path / "gone")
    assert fingerprint(tmp_path) != before


def test_an_edit_that_keeps_size_and_time_has_another_stamp(tmp_path: Path) -> None:
    file = tmp_path / "A.lean"
    file.write_text("-- 1\n")
    at, before = file.stat(), stamp(file)
    while file.stat().st_ctime_ns == at.st_ctime_ns:  # the clock of a file system ticks slowly
        with file.open("r+") as stream:
            stream.write("-- 2\n")
        os.utime(file, ns=(at.st_atime_ns, at.st_mtime_ns))
    now = file.stat()
    assert (now.st_size, now.st_mtime_ns, now.st_ino) == (at.st_size, at.st_mtime_ns, at.st_ino)
    assert stamp(file) != before
