"""A confined command is tried on what it must not reach, and on what it needs."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lean_bridge.errors import ToolchainError
from lean_bridge.toolchain import confine
from lean_bridge.toolchain.isolation import available, isolated
from pybind_models import Isolation

PYTHON = Path(sys.executable).resolve()
MECHANISMS = [each for each in available() if each != "none"]

ATTEMPTS = """
import json, os, signal, socket, sys, threading
secret, scratch, given, port, outsider = sys.argv[1:]
outcomes = {}
def attempt(name, act):
    try:
        outcomes[name] = str(act())
    except OSError as error:
        outcomes[name] = type(error).__name__
def connect(family, address):
    with socket.socket(family) as plug:
        plug.settimeout(5)
        plug.connect(address)
    return "connected"
def thread():
    seen = []
    started = threading.Thread(target=lambda: seen.append("ran"))
    started.start()
    started.join()
    return seen[0]
def write(path, mode="w"):
    with open(path, mode) as stream:
        stream.write("mine")
    return "written"
attempt("read given", lambda: open(given).read())
attempt("write scratch", lambda: write(scratch + "/new"))
attempt("read scratch", lambda: open(scratch + "/new").read())
attempt("rename in scratch", lambda: os.rename(scratch + "/new", scratch + "/renamed"))
attempt("run a thread", thread)
attempt("read passwd", lambda: open("/etc/passwd").read())
attempt("read secret", lambda: open(secret).read())
attempt("list its folder", lambda: os.listdir(os.path.dirname(secret)))
attempt("write secret", lambda: write(secret))
attempt("append to given", lambda: write(given, "a"))
attempt("write beside given", lambda: write(given + ".new"))
attempt("remove given", lambda: os.unlink(given))
attempt("truncate given", lambda: os.truncate(given, 0))
attempt("exchange given", lambda: os.rename(scratch + "/renamed", given))
attempt("change mode of given", lambda: os.chmod(given, 0o777))
attempt("change mode of secret", lambda: os.chmod(secret, 0o777))
attempt("change times of given", lambda: os.utime(given, (1, 1)))
attempt("link to secret", lambda: os.symlink(secret, scratch + "/link") or open(scratch + "/link").read())
attempt("hard link to secret", lambda: os.link(secret, scratch + "/hard"))
attempt("connect by TCP", lambda: connect(socket.AF_INET, ("127.0.0.1", int(port))))
attempt("connect by name", lambda: connect(socket.AF_UNIX, "\\0" + "lean-bridge-test-" + port))
attempt("signal outsider", lambda: os.kill(int(outsider), 0))
attempt("see outsider", lambda: open(f"/proc/{outsider}/environ", "rb").read())
attempt("run a program", lambda: os.posix_spawn("/bin/sh", ["sh", "-c", "exit 0"], {}))
outcomes["environment"] = sorted(os.environ)
print(json.dumps(outcomes))
"""
GRANTED = {
    "read given": "given",
    "write scratch": "written",
    "read scratch": "mine",
    "rename in scratch": "None",
    "run a thread": "ran",
}


@pytest.fixture
def port() -> Iterator[int]:
    with socket.socket() as listening, socket.socket(socket.AF_UNIX) as named:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        number: int = listening.getsockname()[1]
        named.bind(f"\0lean-bridge-test-{number}")
        named.listen()
        yield number


def attempts(tmp_path: Path, port: int, by: Isolation) -> tuple[dict[str, object], Path, Path]:
    secret, scratch, given = tmp_path / "home" / "token", tmp_path / "scratch", tmp_path / "given.txt"
    secret.parent.mkdir()
    secret.write_text("secret")
    scratch.mkdir()
    given.write_text("given")
    arguments = [str(secret), str(scratch), str(given), str(port), str(os.getppid())]
    confined = isolated(
        [PYTHON, "-I", "-S", "-c", ATTEMPTS, *arguments],
        read=[Path(sys.base_prefix), given],
        write=[scratch],
        by=by,
    )
    assert confined.isolation == by
    said = subprocess.run(confined.command, env=confined.env, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout), secret, given


def test_this_machine_confines_or_the_test_says_that_it_cannot() -> None:
    assert available()[-1] == "none"
    if confine.landlock_version() == 0:
        pytest.skip("the kernel has no Landlock in force")
    assert available()[0] == "landlock"


@pytest.mark.parametrize("by", MECHANISMS)
def test_a_confined_command_reaches_what_it_is_given_and_nothing_else(
    tmp_path: Path, port: int, by: Isolation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN_OF_THE_USER", "secret")
    outcomes, secret, given = attempts(tmp_path, port, by)
    assert set(outcomes.pop("environment")) <= {"LANG", "LC_CTYPE", "LLVM_PROFILE_FILE", "PWD"}  # type: ignore[call-overload]
    assert {name: outcomes.pop(name) for name in GRANTED} == GRANTED
    reached = {name: outcome for name, outcome in outcomes.items() if not str(outcome).endswith("Error")}
    if by == "bwrap":  # what is written elsewhere is gone with the command
        reached.pop("write beside given", None)
    assert reached == {}
    assert {path.name for path in tmp_path.iterdir()} == {"home", "scratch", "given.txt"}
    assert (secret.read_text(), given.read_text()) == ("secret", "given")
    assert secret.stat().st_mode & 0o777 != 0o777


def test_the_same_attempts_succeed_where_nothing_confines(tmp_path: Path, port: int) -> None:
    outcomes, _, _ = attempts(tmp_path, port, "none")
    for name in ("read passwd", "connect by TCP", "connect by name", "signal outsider", "list its folder"):
        assert not str(outcomes[name]).endswith("Error"), name


@pytest.mark.skipif("landlock" not in MECHANISMS, reason="the kernel has no Landlock in force")
def test_what_can_be_asked_of_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    ask = "import os, sys; print(os.stat(sys.argv[1]).st_size); open(sys.argv[1])"
    command: list[str | Path] = [PYTHON, "-I", "-S", "-c", ask, tmp_path / "secret"]
    confined = isolated(command, read=[Path(sys.base_prefix)], by="landlock")
    said = subprocess.run(confined.command, env=confined.env, capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout) == (1, "6\n")
    assert "PermissionError" in said.stderr


@pytest.mark.skipif("landlock" not in MECHANISMS, reason="the kernel has no Landlock in force")
def test_root_has_no_capabilities_left() -> None:
    show = "print(open('/proc/self/status').read())"
    confined = isolated(
        [PYTHON, "-I", "-S", "-c", show],
        read=[Path(sys.base_prefix), Path("/proc")],
        by="landlock",
    )
    said = subprocess.run(confined.command, env=confined.env, capture_output=True, text=True, check=True)
    fields = dict(line.split(":\t", 1) for line in said.stdout.splitlines() if ":\t" in line)
    assert {int(fields[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {0}
    assert fields["NoNewPrivs"] == "1"
    assert fields["Seccomp"] == "2"


@pytest.mark.skipif("landlock" not in MECHANISMS, reason="the kernel has no Landlock in force")
def test_what_cannot_be_confined_is_not_run(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    confined = isolated(
        ["/bin/sh", "-c", f"echo > {ran}"], write=[tmp_path, tmp_path / "absent"], by="landlock"
    )
    said = subprocess.run(confined.command, env=confined.env, capture_output=True, text=True, check=False)
    assert said.returncode == confine.REFUSED
    assert "not isolated, so not run" in said.stderr
    assert not ran.exists()


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="no such program"):
        isolated([tmp_path / "absent"])
