"""A pool of Lean workers: bounded, lazy, recycled, with one second chance for a file whose worker dies."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Final

from lean_bridge.errors import ToolchainCrashed, ToolchainError, ToolchainTimeout, of_the_machine
from lean_bridge.events import Spent
from lean_bridge.toolchain.limits import is_of_time_or_room
from lean_bridge.toolchain.messages import parse_messages
from lean_bridge.toolchain.provider import ARTIFACT_SUFFIXES, Elaboration, Job, WorkerPool
from lean_bridge.toolchain.worker import (
    Answer,
    NoRoomError,
    Worker,
    WorkerDiedError,
    WorkerHungError,
    WorkerLostError,
)
from pybind_models import Diagnostic

_REFUSED: Final = 1
"""Lean's exit status where it went through a file and has something against it."""
_MOST_LOST: Final = 3
"""Workers that may be lost under one file before no other is asked about it."""


class Pool:
    """At most ``workers`` living workers, made by ``start`` when a job finds none idle."""

    def __init__(self, start: Callable[[], Worker], workers: int, time_limit: float) -> None:
        self._start = start
        self._time_limit = time_limit
        self._free = threading.BoundedSemaphore(workers)
        self._places = workers
        self._lock = threading.Lock()
        self._idle: list[Worker] = []
        self._living: dict[Worker, int] = {}
        """With the number of the lane that each is in, from 1; at any time each is in one of its own."""
        self._closed = False
        self.processes_started = 0

    def elaborate(self, job: Job) -> Elaboration:
        """See :meth:`lean_bridge.toolchain.provider.WorkerPool.elaborate`."""
        _check_source(job)
        for path in artifact_paths(job):
            path.unlink(missing_ok=True)
        deaths = losses = 0
        while True:
            try:
                answer, spent = self._run(job)
                return replace(_to_elaboration(job, answer), spent=spent)
            except WorkerHungError as hung:  # and would again
                raise self._hung(job) from hung
            except WorkerDiedError as died:
                deaths += 1
                if deaths > 1:
                    raise ToolchainCrashed(f"{job.name}: Lean died twice on this file: {died}") from died
            except WorkerLostError as lost:  # which says nothing of the file
                losses += 1
                if losses > _MOST_LOST:
                    raise ToolchainError(
                        f"{job.name}: {losses} Leans were lost while they had this file: {lost}"
                    ) from lost

    def _hung(self, job: Job) -> ToolchainTimeout:
        return ToolchainTimeout(
            f"{job.name}: Lean was stopped after {self._limit(job):g} s on this file; "
            "simplify it or raise the time limit"
        )

    def _limit(self, job: Job) -> float:
        return min(job.time_limit or self._time_limit, self._time_limit)

    def close(self) -> None:
        """End every process; jobs under way fail."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            at_work = [worker for worker in self._living if worker not in idle]
        for worker in at_work:
            worker.kill()
        for worker in idle:
            self._retire(worker)

    def _run(self, job: Job) -> tuple[Answer, tuple[Spent, ...]]:
        with self._at_work() as (worker, began):
            lane = f"Lean {self._living[worker]}"
            try:
                answer = worker.run(job, self._limit(job))
            except BaseException as error:
                self._retire(worker)
                self._check_open()
                refusal = of_the_machine(error)
                if refusal is None:
                    raise
                raise ToolchainError(f"{job.name}: Lean cannot be run: {refusal}") from error
            with self._lock:
                keep = not (worker.spent or self._closed)
                if keep:
                    self._idle.append(worker)
            if not keep:
                self._retire(worker)
            parts = [Spent(lane, *part) for part in answer.parts]
            return answer, (Spent(lane, job.name, began, time.monotonic()), *parts)

    @contextmanager
    def _at_work(self) -> Iterator[tuple[Worker, float]]:
        """Give a worker when there is one for us, and since when; a place that has no room is given up."""
        while True:
            self._free.acquire()
            try:
                began = time.monotonic()
                worker = self._take()
                break
            except NoRoomError as error:
                with self._lock:
                    self._places -= 1
                    is_none_left = self._places <= 0
                if is_none_left:
                    self._free.release()  # whoever waits is told so too
                    raise ToolchainError(f"Lean cannot be started: {error}") from error
            except BaseException:
                self._free.release()
                raise
        try:
            yield worker, began
        finally:
            self._free.release()

    def _take(self) -> Worker:
        with self._lock:
            self._check_open()
            if self._idle:
                return self._idle.pop()
        try:
            worker = self._start()  # which may take long, and nobody waits for it but this thread
        except Exception as error:
            if (refusal := of_the_machine(error)) is None:
                raise
            raise ToolchainError(f"Lean cannot be started: {refusal}") from error
        with self._lock:
            is_late = self._closed
            if not is_late:
                taken = set(self._living.values())
                self._living[worker] = next(lane for lane in count(1) if lane not in taken)
                self.processes_started += 1
        if is_late:
            worker.close()
        self._check_open()
        return worker

    def _retire(self, worker: Worker) -> None:
        worker.close()
        with self._lock:
            self._living.pop(worker, None)

    def _check_open(self) -> None:
        if self._closed:
            raise ToolchainError("the pool of Lean workers was closed while a file was being elaborated")


@contextmanager
def open_pool(start: Callable[[], Worker], workers: int, time_limit: float) -> Iterator[WorkerPool]:
    """Open a pool whose processes end with the context."""
    pool = Pool(start, workers, time_limit)
    try:
        yield pool
    finally:
        pool.close()


def artifact_paths(job: Job) -> tuple[Path, ...]:
    """Return every file that compiling ``job`` may write."""
    if job.olean is None:
        return ()
    return tuple(job.olean.with_suffix(suffix) for suffix in ARTIFACT_SUFFIXES)


def _check_source(job: Job) -> None:
    if not job.source.is_file():
        raise ToolchainError(f"{job.source}: there is no such file")
    if job.root is not None and not job.source.resolve().is_relative_to(job.root.resolve()):
        raise ToolchainError(f"{job.source}: is not under the root {job.root} that names its module")


def _to_elaboration(job: Job, answer: Answer) -> Elaboration:
    said = diagnostics = parse_messages(answer.stdout, job.name)
    artifacts = tuple(path for path in artifact_paths(job) if path.exists())
    if answer.ended_by == "source":
        text = "code that the source brings ended Lean before it was through with the file"
        diagnostics += (Diagnostic(file=job.name, line=1, column=0, severity="error", text=text),)
    refused = answer.status != 0 or any(d.severity == "error" for d in diagnostics)
    if not refused and job.olean is not None and job.olean not in artifacts:
        raise ToolchainCrashed(f"{job.name}: Lean accepted this file and wrote no {job.olean.name}")
    if answer.status != 0 and not any(d.severity == "error" for d in diagnostics):
        last_words = " ".join(answer.stderr[-3:]) or "it said nothing"
        text = f"Lean stopped with exit status {answer.status} and no message: {last_words}"
        diagnostics += (Diagnostic(file=job.name, line=1, column=0, severity="error", text=text),)
    return Elaboration(
        source=job.source,
        ok=not refused,
        seconds=answer.seconds,
        diagnostics=diagnostics,
        artifacts=() if refused else artifacts,
        is_final=answer.ended_by == "lean"
        and answer.status == _REFUSED
        and any(each.severity == "error" for each in said)
        and not any(map(is_of_time_or_room, said)),
    )
