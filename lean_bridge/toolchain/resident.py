"""Leans that stay between commands, from the side that asks for one; see ``lender.py`` for the other.

They are this user's alone: what lends them is found in a directory that nobody else can enter, and is
asked who it is. Each is lent to one command at a time, as the ends of its pipes, and has files of one
library only.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, Literal

from lean_bridge.errors import ToolchainError
from lean_bridge.files import user_directory
from lean_bridge.toolchain import process
from lean_bridge.toolchain.location import private_directory
from lean_bridge.toolchain.node_process import kind_of

SWITCH: Final = "LEAN_BRIDGE_SERVER"
"""An environment variable: ``no`` has no command use a Lean that stays."""
Use = Literal["no", "found", "started"]
"""Whether a command uses Leans that stay: not at all, where there are some, or has them started."""

_START: Final = 5.0
"""Seconds that what lends them has in order to start."""
_ANSWER: Final = 5.0
"""Seconds that it has for an answer."""
_LONGEST_LINE: Final = 1 << 16
_LONGEST_ADDRESS: Final = 100
"""Bytes; systems take 104 or 108, with the zero at the end."""
_PIPES: Final = 3
"""Standard input, standard output, and the file of its last words."""


class Lent:
    """A Node process of somebody else, for as long as we have it; see ``NodeProcess``."""

    def __init__(self, connection: socket.socket, pipes: list[int], jobs: int) -> None:
        self._connection = connection
        self.stdin: IO[bytes] = os.fdopen(pipes[0], "wb")
        self.stdout: IO[bytes] = os.fdopen(pipes[1], "rb")
        self.log: IO[bytes] = os.fdopen(pipes[2], "rb", buffering=0)
        self.jobs = jobs
        self._is_killed = False

    def kill(self) -> None:
        """Say that it is to be ended: whoever lends it sees that nobody holds the other end."""
        self._is_killed = True
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def ended(self) -> str:
        """See ``NodeProcess``."""
        return "it was lent, and has ended"

    def leave(self) -> None:
        """Give it back, unless it was killed."""
        if not self._is_killed:
            with contextlib.suppress(OSError):
                self._connection.sendall(json.dumps({"jobs": self.jobs}).encode() + b"\n")
        for stream in (self.stdin, self.stdout, self.log, self._connection):
            with contextlib.suppress(OSError):
                stream.close()


@dataclass(frozen=True, slots=True)
class Residents:
    """Where a command has its Leans from, if they stay."""

    root: Path
    """The library that they are for."""
    starts: bool
    """Whether they are started where there are none."""

    def borrow(self, node: Path, directory: Path) -> Lent | None:
        """Return a process of the kind that would be started here, or ``None`` where none is to be had."""
        place = socket_of(kind_of(node, directory))
        if place is None:
            return None
        connection = connect(place)
        if connection is None and self.starts:
            _start_lender(place)
            connection = connect(place)
        if connection is None:
            return None
        try:
            ask(connection, {"root": str(self.root.resolve())})
            answer, pipes = _receive(connection)
        except (OSError, ValueError):
            connection.close()
            return None
        if len(pipes) != _PIPES or type(answer.get("jobs")) is not int:
            for each in pipes:
                os.close(each)
            connection.close()
            return None
        connection.settimeout(None)
        return Lent(connection, pipes, answer["jobs"])


def chosen(root: Path, use: Use) -> Residents | None:
    """Return where a command has its Leans from; nowhere where the environment says so, nor in a CI."""
    if (
        use == "no"
        or os.environ.get(SWITCH) == "no"
        or os.environ.get("CI")
        or not hasattr(socket, "AF_UNIX")
    ):
        return None
    return Residents(root, starts=use == "started")


def socket_of(kind: str) -> Path | None:
    """Return where Leans of a kind are lent, in a directory that is this user's alone; else ``None``."""
    directory = user_directory("runtime")
    if not directory.is_absolute() or private_directory(directory) is None:
        return None
    place = directory / f"{kind[:16]}.sock"
    return place if len(os.fsencode(place)) < _LONGEST_ADDRESS else None


def connect(place: Path) -> socket.socket | None:
    """Return a connection to whoever listens at a place, if that is this user."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(_ANSWER)
    try:
        connection.connect(str(place))
        if is_own(connection):
            return connection
    except OSError:
        pass
    connection.close()
    return None


def is_own(connection: socket.socket) -> bool:
    """Whether the process at the other end is this user's, where the system says whose it is."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True  # the directory of the socket is ours
    size = struct.calcsize("3i")
    _, user, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return bool(user == os.getuid())


def ask(connection: socket.socket, words: dict[str, Any]) -> None:
    """Send a line of JSON. Raises: OSError."""
    connection.sendall(json.dumps(words).encode() + b"\n")


def read_words(line: bytes) -> dict[str, Any]:
    """Return what a line of JSON says. Raises: ValueError if it is no object, or none that can be read."""
    try:
        words = json.loads(line)
    except RecursionError:
        raise ValueError("lists within lists, too many") from None
    if not isinstance(words, dict):
        raise ValueError("no object")
    return words


def states() -> Iterator[dict[str, Any]]:
    """Yield what each that lends says of itself: the process, and the libraries of its Leans."""
    return _told({"state": True})


def stop() -> int:
    """End all that lend, and what they lend, and return how many."""
    return sum(1 for _ in _told({"stop": True}))


def _told(words: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what each that lends, of whatever kind of Lean, answers to an order."""
    with contextlib.suppress(OSError):
        for place in sorted(user_directory("runtime").glob("*.sock")):
            connection = connect(place)
            if connection is None:
                continue
            with connection, contextlib.suppress(OSError, ValueError):
                ask(connection, words)
                answer, pipes = _receive(connection)
                for each in pipes:
                    os.close(each)
                yield answer


def _receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Return a line of JSON and what descriptors came with it. Raises: OSError, ValueError."""
    text, descriptors = b"", list[int]()
    try:
        while not text.endswith(b"\n"):
            part, pipes, _, _ = socket.recv_fds(connection, _LONGEST_LINE, _PIPES)
            descriptors += pipes
            text += part
            if not part or len(text) > _LONGEST_LINE:
                raise ValueError("no answer")
        answer = read_words(text)
    except BaseException:
        for each in descriptors:
            os.close(each)
        raise
    return answer, descriptors


def _start_lender(place: Path) -> None:
    """Start what lends, as a process that outlives us, and wait until it listens, but not for long."""
    with contextlib.suppress(ToolchainError):
        process.start(
            [sys.executable, "-m", "lean_bridge", "serve", "--quiet"],
            cwd=Path(__file__).parents[2],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    until = time.monotonic() + _START
    while time.monotonic() < until:
        if (connection := connect(place)) is not None:
            connection.close()
            return
        time.sleep(0.02)
