"""A Lean that stays is lent to one command after another, for one library; what becomes of either is seen."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lean_bridge import cli
from lean_bridge.errors import ToolchainError, ToolchainTimeout
from lean_bridge.library import opened
from lean_bridge.toolchain import resident
from lean_bridge.toolchain.embedded import EmbeddedProvider
from lean_bridge.toolchain.embedded_worker import EmbeddedWorker
from lean_bridge.toolchain.node import node_binary
from lean_bridge.toolchain.node_process import Started, kind_of
from lean_bridge.toolchain.pool import open_pool
from lean_bridge.toolchain.provider import Job
from lean_bridge.toolchain.resident import Lent, Residents, chosen, socket_of, states, stop

pytestmark = [pytest.mark.lean, pytest.mark.own_lean]

LONG = 60.0
DEEP = b"[" * 60_000 + b"\n"
FILES = {
    "lakefile.toml": 'name = "A"\n[[lean_lib]]\nname = "A"\n',
    "lean-toolchain": "leanprover/lean4:v4.28.0\n",
    "A.lean": "module\npublic section\ndef nothing : Nat := 0\n",
    "catalogue.toml": '[[declaration]]\nname = "nothing"\nkind = "definition"\ngraph = true\ngroup = "A"\n',
}


@pytest.fixture(name="place")
def _place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory for sockets, of a short name; whoever lends there ends with the test."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv(resident.SWITCH, raising=False)
    with tempfile.TemporaryDirectory() as directory:
        monkeypatch.setenv("XDG_RUNTIME_DIR", directory)
        yield Path(directory)
        stop()


@pytest.fixture(name="toolchain")
def _toolchain(embedded: EmbeddedProvider) -> Path:
    return embedded.directory


def serving(*options: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "lean_bridge", "serve", "--quiet", *options])


def listening(toolchain: Path) -> Path:
    """Return where Leans are lent, once they are."""
    where = socket_of(kind_of(node_binary(), toolchain))
    assert where is not None
    until(lambda: is_asked(where))
    return where


def is_asked(where: Path) -> bool:
    connection = resident.connect(where)
    if connection is not None:
        connection.close()
    return connection is not None


def until(found: Callable[[], object]) -> None:
    end = time.monotonic() + LONG
    while not found():
        assert time.monotonic() < end
        time.sleep(0.05)


def borrowed(root: Path, toolchain: Path) -> Lent:
    lent = Residents(root, starts=False).borrow(node_binary(), toolchain)
    assert lent is not None
    return lent


def elaborate(lent: Lent, file: Path, *, time_limit: float = LONG) -> bool:
    with open_pool(lambda: EmbeddedWorker(lent), 1, time_limit) as pool:
        return pool.elaborate(Job(source=file)).ok


def test_it_is_lent_again_and_for_one_library(place: Path, toolchain: Path, tmp_path: Path) -> None:
    (file := tmp_path / "a.lean").write_text("prelude\n")
    a, b = tmp_path / "a", tmp_path / "b"
    lender = serving("--idle", "1")
    where = listening(toolchain)
    assert where.is_relative_to(place)
    first = borrowed(a, toolchain)
    assert elaborate(first, file)
    assert first.jobs == 1
    until(lambda: [each["idle"] for each in states()] == [[str(a)]])
    again = borrowed(a, toolchain)
    assert again.jobs == 1, "it has had a file"
    other = borrowed(b, toolchain)
    assert other.jobs == 0, "it has had none of another library"
    assert Residents(a, starts=False).borrow(node_binary(), toolchain) is None, "there are no more than two"
    assert elaborate(again, file)
    other.kill()
    other.leave()
    until(lambda: [(each["idle"], each["lent"]) for each in states()] == [([str(a)], [])])
    assert where.stat().st_mode & 0o077 == 0
    assert stop() == 1
    assert lender.wait(LONG) == 0
    assert Residents(a, starts=False).borrow(node_binary(), toolchain) is None


def test_what_is_no_order_ends_none_but_who_says_it(place: Path, toolchain: Path) -> None:
    assert place.is_dir()
    lender = serving("--idle", str(LONG))
    where = listening(toolchain)
    for words in (b"\n", b"[1]\n", b"\xff\n", b'{"root": 1}\n', DEEP):
        with closing(socket.socket(socket.AF_UNIX)) as asking:
            asking.settimeout(LONG)
            asking.connect(str(where))
            asking.sendall(words)
            assert asking.recv(1) == b""
    assert stop() == 1
    assert lender.wait(LONG) == 0


def test_a_file_that_comes_to_no_end_is_stopped_and_its_lean_is_not_lent_again(
    place: Path, toolchain: Path, tmp_path: Path
) -> None:
    file = tmp_path / "endless.lean"
    file.write_text(
        "module\npublic import Init\n"
        "theorem endless : (List.range 100000000).length = 3 := by decide +kernel\n"
        "set_option maxHeartbeats 0\nset_option maxRecDepth 100000000\n"
    )
    assert place.is_dir()
    lender = serving("--idle", "1")
    listening(toolchain)
    with pytest.raises(ToolchainTimeout):
        elaborate(borrowed(tmp_path, toolchain), file, time_limit=0.3)
    until(lambda: [(each["idle"], each["lent"]) for each in states()] == [([], [])])
    stop()
    assert lender.wait(LONG) == 0


def test_whoever_borrows_does_without_where_the_lender_dies(
    place: Path, toolchain: Path, tmp_path: Path
) -> None:
    (file := tmp_path / "a.lean").write_text("prelude\n")
    lender = serving()
    listening(toolchain)
    provider = EmbeddedProvider(toolchain, residents=Residents(tmp_path, starts=False))
    with provider.pool(1, time_limit=LONG) as pool:
        assert pool.elaborate(Job(source=file)).ok
        assert [each["lent"] for each in states()] == [[str(tmp_path)]]
        lender.send_signal(signal.SIGKILL)
        lender.wait()
        assert pool.elaborate(Job(source=file)).ok
        assert pool.processes_started == 2
    assert place.is_dir()


def test_only_what_is_this_user_s_alone_is_asked(
    place: Path, toolchain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = kind_of(node_binary(), toolchain)
    where = socket_of(kind)
    assert where is not None
    with closing(socket.socket(socket.AF_UNIX)) as impostor:
        impostor.bind(str(where))
        impostor.listen()
        assert is_asked(where)
        with monkeypatch.context() as patch:
            patch.setattr(os, "getuid", lambda: 1 << 20)
            assert not is_asked(where), "whoever listens is another user"
            assert socket_of(kind) is None, "the directory is another user's"
    where.parent.chmod(0o755)
    assert socket_of(kind) is None
    (deep := place / ("x" * 90)).mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep))
    assert socket_of(kind) is None, "no socket has so long a name"


@pytest.mark.parametrize("answer", [b"", b"\n", b"[1]\n", b'{"jobs": 0}\n', b"x" * 100_000, DEEP])
def test_an_answer_that_is_none_is_a_lean_of_one_s_own(place: Path, toolchain: Path, answer: bytes) -> None:
    assert place.is_dir()
    where = socket_of(kind_of(node_binary(), toolchain))
    assert where is not None
    says = f"""
import socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
print(flush=True)
connection, _ = listener.accept()
connection.recv(1000)
connection.sendall({answer!r})
"""
    with subprocess.Popen([sys.executable, "-c", says, str(where)], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert Residents(place, starts=False).borrow(node_binary(), toolchain) is None


def test_who_uses_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("CI", resident.SWITCH):
        monkeypatch.delenv(name, raising=False)
    assert chosen(tmp_path, "no") is None
    assert chosen(tmp_path, "found") == Residents(tmp_path, starts=False)
    assert chosen(tmp_path, "started") == Residents(tmp_path, starts=True)
    for name, value in (("CI", "true"), (resident.SWITCH, "no")):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            assert chosen(tmp_path, "started") is None


def test_the_command_has_it_started_and_uses_it(
    place: Path, embedded: EmbeddedProvider, tmp_path: Path
) -> None:
    (file := tmp_path / "a.lean").write_text("module\npublic import Init\n")
    assert place.is_dir()
    assert embedded.directory.is_dir()
    command = [sys.executable, "-m", "lean_bridge", "lean", str(file), "--shipped"]
    for _ in range(2):
        assert (
            subprocess.run(
                command, check=False, env=os.environ | {"LEAN_BRIDGE_TOOLCHAIN": "embedded"}
            ).returncode
            == 0
        )
    assert [len(each["idle"]) for each in states()] == [1]
    assert stop() == 1


@pytest.mark.parametrize(
    ("words", "used"),
    [
        (("verify", "nothing"), "found"),
        (("verify", "nothing", "--server"), "started"),
        (("verify", "nothing", "--no-server"), "no"),
        (("gate",), "no"),
        (("pin",), "no"),
        (("build",), "no"),
        (("graph", "nothing"), "no"),
        (("run", "nothing"), "no"),
        (("lean", __file__), "started"),
        (("lean", __file__, "--no-server"), "no"),
    ],
)
def test_commands_that_are_to_use_none_do_not(
    words: tuple[str, ...], used: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = []

    def choose(_root: Path, use: str) -> None:
        asked.append(use)
        raise ToolchainError("enough")

    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(opened, "chosen", choose)
    monkeypatch.setattr(sys, "argv", ["lean-bridge", *words, "--project", str(tmp_path)])
    with pytest.raises(SystemExit):
        cli.main()
    assert set(asked) <= {used}
    assert asked


def test_a_lean_of_one_s_own_is_as_before(toolchain: Path, tmp_path: Path) -> None:
    (file := tmp_path / "a.lean").write_text("prelude\n")
    with open_pool(lambda: EmbeddedWorker(Started(node_binary(), toolchain)), 1, LONG) as pool:
        assert pool.elaborate(Job(source=file)).ok
