"""Leans that stay between commands, from the side that lends them; see ``resident.py`` for the other.

One thread looks after all: an answer takes no time, as a process that is started is lent before it is ready.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lean_bridge.errors import ToolchainError
from lean_bridge.toolchain.embedded_worker import JOBS_PER_WORKER
from lean_bridge.toolchain.node_process import Started, kind_of
from lean_bridge.toolchain.resident import ask, is_own, read_words, socket_of

MOST: Final = 2
"""How many Leans there are at a time; each takes up to 0.9 GB."""
_LONGEST_LINE: Final = 1 << 16


@dataclass(eq=False, slots=True)
class _Lean:
    """A process that is lent, or waits to be."""

    process: Started
    root: str
    since: float


class Lender:
    """Lends Leans to commands, each again and again for one library, until nobody has asked for some time."""

    def __init__(self, node: Path, directory: Path, listener: socket.socket) -> None:
        self._node = node
        self._directory = directory
        self._listener = listener
        self._events = selectors.DefaultSelector()
        self._events.register(listener, selectors.EVENT_READ)
        self._idle: list[_Lean] = []
        """The one that was given back last, last."""
        self._lent: dict[socket.socket, _Lean] = {}
        self._texts: dict[socket.socket, bytes] = {}
        """What has come of a line, by whom it comes from."""
        self._is_open = True

    def serve(self, idle: float) -> None:
        """Lend until nobody has one, and nobody has asked for ``idle`` seconds; then end all that is here."""
        try:
            last = time.monotonic()
            while self._is_open and (self._lent or time.monotonic() - last < idle):
                for key, _ in self._events.select(timeout=min(idle, 10.0)):
                    last = time.monotonic()
                    connection = key.data
                    if connection is None:
                        self._accept()
                    else:
                        self._hear(connection)
        finally:
            for lean in (*self._idle, *self._lent.values()):
                lean.process.leave()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            connection, _ = self._listener.accept()
            if not is_own(connection):
                connection.close()
                return
            connection.setblocking(False)
            self._texts[connection] = b""
            self._events.register(connection, selectors.EVENT_READ, connection)

    def _hear(self, connection: socket.socket) -> None:
        """Read what has come; whoever is gone, or says what is no order, is done with."""
        try:
            part = connection.recv(_LONGEST_LINE)
        except BlockingIOError:
            return
        except OSError:
            part = b""
        self._texts[connection] += part
        text = self._texts[connection]
        if text.endswith(b"\n"):
            self._texts[connection] = b""
            with contextlib.suppress(ValueError, OSError, ToolchainError):
                if self._answer(connection, read_words(text)):
                    return
        elif part and len(text) < _LONGEST_LINE:
            return
        self._part(connection)

    def _answer(self, connection: socket.socket, order: dict[str, Any]) -> bool:
        """Do what is asked, and return whether there is more to come of it. Raises: ValueError, OSError."""
        match order:
            case {"root": str(root)} if connection not in self._lent:
                return self._lend(connection, root)
            case {"jobs": int(jobs)} if connection in self._lent:
                self._take_back(self._lent.pop(connection), jobs)
            case {"state": True}:
                ask(
                    connection,
                    {
                        "process": os.getpid(),
                        "idle": self._roots(self._idle),
                        "lent": self._roots(self._lent.values()),
                    },
                )
            case {"stop": True}:
                ask(connection, {"process": os.getpid()})
                self._is_open = False
        return False

    def _roots(self, leans: Any) -> list[str]:
        return sorted(lean.root for lean in leans)

    def _lend(self, connection: socket.socket, root: str) -> bool:
        lean = self._take(root)
        if lean is None:
            ask(connection, {"busy": True})
            return False
        self._lent[connection] = lean
        streams = (lean.process.stdin, lean.process.stdout, lean.process.log)
        told = json.dumps({"jobs": lean.process.jobs}).encode() + b"\n"
        socket.send_fds(connection, [told], [stream.fileno() for stream in streams])
        return True

    def _take(self, root: str) -> _Lean | None:
        """Return one that has had files of no other library, if any; a new one takes the room of an idle."""
        for lean in [each for each in self._idle if each.process.has_ended()]:
            self._end(lean)
        for lean in reversed(self._idle):
            if lean.root == root:
                self._idle.remove(lean)
                return lean
        if len(self._idle) + len(self._lent) >= MOST:
            if not self._idle:
                return None
            self._end(min(self._idle, key=lambda each: each.since))
        return _Lean(Started(self._node, self._directory, attached=True), root, time.monotonic())

    def _take_back(self, lean: _Lean, jobs: int) -> None:
        lean.process.jobs, lean.since = jobs, time.monotonic()
        self._idle.append(lean)
        if jobs >= JOBS_PER_WORKER:
            self._end(lean)

    def _end(self, lean: _Lean) -> None:
        self._idle.remove(lean)
        lean.process.leave()

    def _part(self, connection: socket.socket) -> None:
        """End the connection, and a Lean that was lent by it and not given back."""
        self._events.unregister(connection)
        self._texts.pop(connection, None)
        connection.close()
        lean = self._lent.pop(connection, None)
        if lean is not None:
            lean.process.leave()


@contextmanager
def lending(node: Path, directory: Path) -> Iterator[tuple[Lender, Path] | None]:
    """Listen for those who ask; ``None`` where another process does already, for the same Lean.

    Raises: ToolchainError where there is no place to listen at that is this user's alone.
    """
    from filelock import FileLock, Timeout

    place = socket_of(kind_of(node, directory))
    if place is None:
        raise ToolchainError(
            "there is no directory that is this user's alone for a socket; set XDG_RUNTIME_DIR to one, "
            "and let its name be short"
        )
    lock = FileLock(place.with_suffix(".lock"), mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield None
        return
    with lock, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        place.unlink(missing_ok=True)
        kept = os.umask(0o177)
        try:
            listener.bind(str(place))
        finally:
            os.umask(kept)
        listener.listen()
        try:
            yield Lender(node, directory, listener), place
        finally:
            place.unlink(missing_ok=True)
