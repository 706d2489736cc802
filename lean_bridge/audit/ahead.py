"""Work on what is in memory, done by a copy of this process meanwhile."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from typing import Generic, TypeVar

_Result = TypeVar("_Result")


class Ahead(Generic[_Result]):
    """A function at work in a copy of this process, which is gone when its result is asked for."""

    def __init__(self, process: ForkProcess, answers: Connection) -> None:
        self._process, self._answers = process, answers

    @classmethod
    def start(cls, work: Callable[[], _Result]) -> Ahead[_Result] | None:
        """Start a function; None where a process cannot be copied, or none can be had."""
        if sys.platform != "linux":  # elsewhere what threads hold at that moment may be held for ever
            return None
        context = multiprocessing.get_context("fork")
        answers, sent = context.Pipe(duplex=False)
        process = context.Process(target=_answer, args=(work, sent), daemon=True)
        try:
            process.start()
        except OSError:
            answers.close()
            return None
        finally:
            sent.close()
        return cls(process, answers)

    def result(self) -> _Result | None:
        """Return what the function returned; None if it failed, as it does again for whoever calls it."""
        try:
            with self._answers:
                made: _Result = self._answers.recv()
        except (EOFError, OSError):
            return None
        finally:
            self._process.join()
        return made


def _answer(work: Callable[[], object], answers: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that asked hears it, and ends this one
    sys.stderr = None  # what fails here is said by whoever calls it again
    answers.send(work())
