"""What was sealed opens here, for what it is about, and nowhere else; the key is the user's alone."""

from __future__ import annotations

import os
import shutil
import stat
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from lean_bridge.errors import ToolchainNotFound
from lean_bridge.library.leans_own import library_names
from lean_bridge.sealed import Seal, key_path, user_seal
from lean_bridge.toolchain.digests import read_contents
from lean_bridge.toolchain.provider import Provider
from pybind_models import Toolchain
from tests.reports import TOOLCHAIN


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every test a place of its own for the key."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert key_path().is_relative_to(tmp_path)


def closed(payload: bytes = b"accepted", context: str = "library 1") -> bytes:
    record = user_seal().close(payload, context)
    assert record is not None
    return record


def test_what_was_sealed_opens_in_a_later_run() -> None:
    record = closed()
    assert user_seal().open(record, "library 1") == b"accepted"


def test_the_key_is_the_users_alone_and_lies_apart_from_the_cache(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LEAN_BRIDGE_CACHE", str(tmp_path / "cache"))
    assert user_seal().note is None
    assert stat.S_IMODE(key_path().stat().st_mode) == 0o600
    assert not key_path().is_relative_to(tmp_path / "cache")


def test_a_record_opens_for_nothing_else_than_what_it_is_about() -> None:
    assert user_seal().open(closed(context="library 1"), "library 2") is None
    # what stands at the end of the context is not what stands at the start of the payload
    assert user_seal().open(closed(b"accepted", "library 1"), "library 1accepted") is None


@pytest.mark.parametrize("position", [0, 30, -1])
def test_a_changed_record_does_not_open(position: int) -> None:
    record = bytearray(closed())
    record[position] ^= 1
    assert user_seal().open(bytes(record), "library 1") is None


@pytest.mark.parametrize("length", [0, 5, 40, -1])
def test_a_record_that_was_cut_short_does_not_open(length: int) -> None:
    assert user_seal().open(closed()[:length], "library 1") is None


def test_a_record_of_another_user_does_not_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = closed()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "of somebody else"))
    assert user_seal().open(record, "library 1") is None


@pytest.mark.parametrize("damage", ["mode", "size", "symlink"])
def test_a_key_that_others_may_know_is_replaced_and_said(damage: str, tmp_path: Path) -> None:
    record = closed()
    path = key_path()
    match damage:
        case "mode":
            path.chmod(0o644)
        case "size":
            path.write_bytes(b"")
        case _:
            shutil.move(path, tmp_path / "elsewhere")
            path.symlink_to(tmp_path / "elsewhere")
    seal = user_seal()
    assert seal.note is not None
    assert str(path) in seal.note
    assert seal.open(record, "library 1") is None
    again = user_seal()
    assert again.note is None
    assert again.key == seal.key
    assert not path.is_symlink()


def test_where_others_may_write_there_is_no_seal() -> None:
    record = closed()
    key_path().parent.chmod(0o777)
    seal = user_seal()
    assert seal.open(record, "library 1") is None
    assert seal.close(b"accepted", "library 1") is None
    assert seal.note is not None
    assert "nothing is remembered" in seal.note


def test_where_no_key_can_be_kept_nothing_is_remembered_and_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no directory")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    seal = user_seal()
    assert seal.close(b"accepted", "library 1") is None
    assert seal.note is not None
    assert seal.note.startswith("nothing is remembered: ")


def test_a_directory_in_the_keys_place_is_no_key() -> None:
    key_path().mkdir(parents=True)
    seal = user_seal()
    assert seal.key is None
    assert seal.note is not None


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give files away")
def test_a_key_of_another_user_is_replaced() -> None:
    record = closed()
    os.chown(key_path(), 12345, 12345)
    assert user_seal().open(record, "library 1") is None


def test_runs_that_start_together_agree_on_one_key() -> None:
    seals: list[Seal] = []
    threads = [threading.Thread(target=lambda: seals.append(user_seal())) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({seal.key for seal in seals}) == 1
    assert seals[0].key is not None


def test_what_is_kept_is_read_in_a_later_run(tmp_path: Path) -> None:
    record = tmp_path / "cache" / "records" / "1"
    user_seal().keep(record, "library 1", b"accepted")
    assert user_seal().kept(record, "library 1") == b"accepted"
    assert user_seal().kept(record, "library 2") is None
    user_seal().keep(record, "library 1", b"rejected")
    assert user_seal().kept(record, "library 1") == b"rejected"
    assert [path.name for path in record.parent.iterdir()] == ["1"]


def test_what_is_no_plain_file_is_no_record_and_nobody_waits_for_it(tmp_path: Path) -> None:
    record = tmp_path / "record"
    assert user_seal().kept(record, "library 1") is None
    os.mkfifo(record)
    assert user_seal().kept(record, "library 1") is None
    user_seal().keep(tmp_path / "elsewhere", "library 1", b"accepted")
    record.unlink()
    record.symlink_to(tmp_path / "elsewhere")
    assert user_seal().kept(record, "library 1") is None


def test_where_nothing_can_be_kept_nothing_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no directory")
    (tmp_path / "directory" / "taken").mkdir(parents=True)
    for record in (tmp_path / "file" / "record", tmp_path / "directory" / "taken"):
        user_seal().keep(record, "library 1", b"accepted")
        assert user_seal().kept(record, "library 1") is None
    assert [path.name for path in (tmp_path / "directory").iterdir()] == ["taken"]
    Seal(None, "nothing is remembered").keep(tmp_path / "record", "library 1", b"accepted")
    assert not (tmp_path / "record").exists()


@dataclass(frozen=True)
class EmptyLean:
    """A Lean whose library has no modules."""

    info: Toolchain
    library: Path


def test_a_cache_that_cannot_be_written_keeps_nobody_from_reading_a_lean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").write_text("no directory")
    monkeypatch.setenv("LEAN_BRIDGE_CACHE", str(tmp_path / "cache"))
    library = tmp_path / "lean" / "lib"
    library.mkdir(parents=True)
    lean = cast("Provider", EmptyLean(TOOLCHAIN, library))
    assert library_names(lean).declared_in("Init.olean") is None
    (tmp_path / "lean" / "lean").write_bytes(b"\x7fELF")
    (library / "Init.olean").write_bytes(b"compiled")
    assert read_contents(tmp_path / "lean" / "lean", library, lambda: "Lean").said == "Lean"


def test_a_lean_is_known_unasked_while_its_files_are_those_of_which_it_was_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEAN_BRIDGE_CACHE", str(tmp_path / "cache"))
    program, library = tmp_path / "lean", tmp_path / "lib"
    library.mkdir()
    program.write_bytes(b"\x7fELF")
    (library / "Init.olean").write_bytes(b"compiled")
    with pytest.raises(ToolchainNotFound):
        read_contents(program, library, None)
    asked = read_contents(program, library, lambda: "Lean")
    assert read_contents(program, library, None) == asked
    (library / "More.olean").write_bytes(b"compiled")
    with pytest.raises(ToolchainNotFound):
        read_contents(program, library, None)
    (library / "More.olean").unlink()
    (library / "Init.olean").write_bytes(b"another")
    with pytest.raises(ToolchainNotFound):
        read_contents(program, library, None)
