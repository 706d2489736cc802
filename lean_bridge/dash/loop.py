"""Keeps a judgement up to date with the sources: looks, has ``verify`` run, and starts again at each edit.

Two threads of its own and one per run make events; what they amount to is :attr:`Loop.board`, for anybody to
look at whenever they like.
"""

from __future__ import annotations

import contextlib
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, Literal, TypeAlias

from lean_bridge.audit.catalogue import read_catalogue
from lean_bridge.audit.manifest import read_manifest
from lean_bridge.build.checkout import head_commit
from lean_bridge.build.modules import read_sources
from lean_bridge.codes import Code
from lean_bridge.dash.history import head, pin_history
from lean_bridge.dash.model import Began, Board, Dated, Ended, Event, Heard, Looked, Stopped, reduce
from lean_bridge.dash.reach import modules_below
from lean_bridge.dash.watch import fingerprint, stamp, watch
from lean_bridge.errors import LeanBridgeError
from lean_bridge.files import read_below
from lean_bridge.library.discovery import TOOLCHAIN, Found, is_without_catalogue, repository_of
from lean_bridge.library.judgement import recall, told_of
from lean_bridge.library.status import read_status, record
from lean_bridge.toolchain.process import end, start
from lean_bridge.ui.event_lines import read_event

_CODED: Final = re.compile(r"LB\d+ ")
_GRACE: Final = 3.0
"""Seconds that a run has to end its own Lean processes, once it is told to stop."""


def look(root: Path) -> Looked:
    """Look at a library without any Lean; whatever is wrong with it is what was found."""
    try:
        status = read_status(root)
        judgement = recall(root)
    except Exception as error:  # noqa: BLE001 - a dashboard stays open
        return Looked(time.time(), trouble=_said(error, root))
    try:  # what verify would refuse, and take the last judgement back
        if not is_without_catalogue(root):  # which is judged whole
            read_catalogue(root)
            read_manifest(root)
        sources = read_sources(root)
        read_below(root, root / TOOLCHAIN)
        rests = modules_below(sources, judgement, [row.name for row in status.rows])
    except Exception as error:  # noqa: BLE001
        return Looked(time.time(), status, judgement, _said(error, root))
    return Looked(time.time(), status, judgement, rests=rests)


def _said(error: Exception, root: Path) -> str:
    """Return an error's code and what it says."""
    return " ".join(told_of(error, root))


@dataclass(slots=True)
class _Process:
    """A run of ``verify``, and where its last words go."""

    process: subprocess.Popen[bytes]
    errors: IO[bytes]
    reader: threading.Thread | None = None
    words: list[str] = field(default_factory=list)

    def stop(self) -> None:
        """Have it end, with all that it started."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGINT)
        self.collect()

    def collect(self) -> str | None:
        """Wait for its end, and return its last line of complaint."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(_GRACE)
        end(self.process)
        if self.reader is not None and self.reader is not threading.current_thread():
            self.reader.join()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.errors.seek(0)
        lines = self.errors.read().decode("utf-8", "replace").strip().splitlines()
        self.errors.close()
        if not lines:
            return None
        why = lines[-1].removeprefix("lean-bridge: ")
        return why if _CODED.match(why) else f"{Code.NOTHING_CHECKED} {why}"


Wish: TypeAlias = Literal["edited", "judge", "judge anew", "stop the run", "end"] | _Process
"""What the conductor is asked to do; a process is one that has nothing more to say."""


class Loop:
    """Looks at a library, and judges it again whenever it was edited.

    Where it is not ``eager``, it judges only when it is asked to. ``options`` are further words for
    ``lean-bridge verify``.
    """

    def __init__(self, library: Found, options: Sequence[str] = (), *, eager: bool = True) -> None:
        self.root = library.root
        self.eager = eager
        self.board = Board()
        self._choice = ["--shipped"] if library.is_shipped else ["--project", str(library.root.absolute())]
        self._options = list(options)
        self._wishes: queue.Queue[Wish] = queue.Queue()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._run: _Process | None = None
        self._seen = ""
        self._head: str | None = None
        """The commit up to which it was looked up how declarations were pinned."""
        self._noticed: str | None = None
        """That commit as git's files name it, which can be asked often."""
        self._read: tuple[int, int, int, int] | None = None
        self._threads = [
            threading.Thread(target=target, daemon=True) for target in (self._conduct, self._watch)
        ]

    def start(self) -> None:
        """Begin: look, and judge what nobody has judged as it is."""
        for thread in self._threads:
            thread.start()

    def judge(self, *, fresh: bool = False) -> None:
        """Have it judged again; ``fresh`` takes nothing from earlier runs but compiled modules."""
        self._wishes.put("judge anew" if fresh else "judge")

    def stop_run(self) -> None:
        """Stop the run that goes on, if one does."""
        self._wishes.put("stop the run")

    def close(self) -> None:
        """End everything, and wait until nothing is left of it."""
        self._over.set()
        self._wishes.put("end")
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def _watch(self) -> None:
        for _ in watch(self.root, self._over, self._is_other):
            self._wishes.put("edited")

    def _is_other(self) -> bool:
        """Whether another process may have judged the library, or there may be a commit more."""
        return stamp(record(self.root)) != self._read or _checked_out(self.root) != self._noticed

    def _put(self, event: Event, run: _Process | None = None) -> None:
        """Have an event make of the board what it does, unless it is of a run that was stopped."""
        with self._lock:
            if run is None or run is self._run:
                self.board = reduce(self.board, event)

    def _conduct(self) -> None:
        self._seen = fingerprint(self.root)
        self._look()
        if self.eager and self._is_wanting():
            self._begin()
        self._date()
        while (wish := self._wishes.get()) != "end":
            if isinstance(wish, _Process):
                self._finish(wish)
            elif wish == "edited":
                self._edited()
            elif wish == "stop the run":
                self._stop("as was asked")
            elif wish == "judge anew" or self._run is None:
                self._begin(fresh=wish == "judge anew")
        self._stop("the end")

    def _look(self) -> None:
        self._put(self._looked())

    def _looked(self) -> Looked:
        """Look, and remember which judgement it was that was read."""
        self._read = stamp(record(self.root))
        return look(self.root)

    def _is_wanting(self) -> bool:
        """Whether the library can be judged, and was not as it is."""
        status = self.board.status
        return (
            not self.board.trouble and status is not None and (status.judged is None or bool(status.changed))
        )

    def _edited(self) -> None:
        found = fingerprint(self.root)
        if found == self._seen:
            if self._run is None:  # judged by another process, maybe
                self._look()
            self._date()
            return
        self._seen = found
        self._stop("there is a newer edit")
        self._look()
        if self.eager and self._is_wanting():
            self._begin()
        self._date()

    def _date(self) -> None:
        """Look up how declarations were pinned before, where there may be a commit more."""
        self._noticed = _checked_out(self.root)
        if (commit := head(self.root)) != self._head:
            self._head = commit
            self._put(Dated(pin_history(self.root)))

    def _begin(self, *, fresh: bool = False) -> None:
        self._stop("it begins anew")
        self._put(Began(time.time(), fresh))
        words = ["verify", "--format", "events", *self._choice, *self._options]
        errors = tempfile.TemporaryFile()  # noqa: SIM115 - until the run is collected
        try:
            process = start(
                [sys.executable, "-m", "lean_bridge", *words, *(["--fresh"] if fresh else [])],
                cwd=Path(__file__).parents[2],
                stderr=errors,
            )
        except LeanBridgeError as error:
            errors.close()
            self._put(Ended(self._looked(), _said(error, self.root)))
            return
        run = _Process(process, errors)
        run.reader = threading.Thread(target=self._hear, args=(run,), daemon=True)
        with self._lock:
            self._run = run
        run.reader.start()

    def _hear(self, run: _Process) -> None:
        assert run.process.stdout is not None
        for line in run.process.stdout:
            if (told := read_event(line)) is not None:
                self._put(Heard(time.time(), told), run)
        self._wishes.put(run)

    def _stop(self, why: str) -> None:
        with self._lock:
            run, self._run = self._run, None
        if run is not None:
            run.stop()
            self._put(Stopped(time.time(), why))

    def _finish(self, run: _Process) -> None:
        if run is self._run:
            why = run.collect()
            with self._lock:
                self._run = None
            self._put(Ended(self._looked(), why))


def _checked_out(root: Path) -> str:
    """Return the commit that is checked out around a library, as far as git's files tell."""
    try:
        return head_commit(repository_of(root))
    except (OSError, ValueError):
        return ""
