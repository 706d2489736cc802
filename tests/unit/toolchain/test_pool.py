"""The pool's rules, on workers that do as they are told; real workers are in tests/end_to_end."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lean_bridge.errors import ToolchainCrashed, ToolchainError, ToolchainTimeout
from lean_bridge.events import Spent
from lean_bridge.toolchain.pool import Pool, open_pool
from lean_bridge.toolchain.provider import Job
from lean_bridge.toolchain.worker import (
    Answer,
    NoRoomError,
    WorkerDiedError,
    WorkerHungError,
    WorkerLostError,
)
from tests.unit.toolchain.scripted import ACCEPTED, Scripted, Stage


@pytest.fixture
def job(tmp_path: Path) -> Job:
    (tmp_path / "A.lean").write_text("module\n")
    return Job(source=tmp_path / "A.lean", root=tmp_path, olean=tmp_path / "A.olean")


def test_no_worker_starts_before_the_first_job() -> None:
    stage = Stage([])
    with open_pool(stage.start, 2, 1) as pool:
        assert pool.processes_started == 0
    assert stage.workers == []


def test_a_spent_worker_is_replaced_and_every_worker_ended(job: Job) -> None:
    stage = Stage([ACCEPTED] * 4)
    with open_pool(stage.start, 1, 1) as pool:
        for _ in range(4):
            assert pool.elaborate(job).ok
        assert [worker.jobs for worker in stage.workers] == [3, 1]
        assert pool.processes_started == 2
    assert all(worker.closed for worker in stage.workers)


def test_one_death_is_retried_on_a_fresh_worker(job: Job) -> None:
    stage = Stage([WorkerDiedError("exit status 70"), ACCEPTED])
    with open_pool(stage.start, 1, 1) as pool:
        assert pool.elaborate(job).ok
        assert pool.processes_started == 2
    assert stage.workers[0].closed


def test_each_worker_is_at_work_in_a_lane_of_its_own(job: Job) -> None:
    timed = replace(ACCEPTED, parts=(("elaborate", 1.0, 2.0),))
    stage = Stage([timed, WorkerDiedError("exit status 70"), ACCEPTED])
    with open_pool(stage.start, 2, 1) as pool:
        whole, part = pool.elaborate(job).spent
        again = pool.elaborate(job).spent
    assert (whole.lane, whole.name) == ("Lean 1", "A.lean")
    assert part == Spent("Lean 1", "elaborate", 1.0, 2.0)
    assert whole.began <= whole.ended <= again[0].began
    assert [each.lane for each in again] == ["Lean 1"]  # of the worker in place of the one that died


def test_a_second_death_is_a_crash(job: Job) -> None:
    stage = Stage([WorkerDiedError("exit status 70"), WorkerDiedError("exit status 70")])
    with (
        open_pool(stage.start, 1, 1) as pool,
        pytest.raises(ToolchainCrashed, match=r"^A\.lean: .*exit status 70"),
    ):
        pool.elaborate(job)


@pytest.mark.parametrize("before", [[], [WorkerDiedError("exit status 70")]])
def test_a_hang_is_a_timeout_and_is_not_waited_for_again(job: Job, before: list[Answer | Exception]) -> None:
    stage = Stage([*before, WorkerHungError(), ACCEPTED])
    with (
        open_pool(stage.start, 1, 7) as pool,
        pytest.raises(ToolchainTimeout, match=r"^A\.lean: Lean was stopped after 7 s"),
    ):
        pool.elaborate(job)
    assert len(stage.workers) == len(before) + 1


def test_a_process_that_cannot_be_had_is_said(job: Job) -> None:
    def start() -> Any:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    with (
        open_pool(start, 1, 1) as pool,
        pytest.raises(ToolchainError, match="Lean cannot be started: "),
    ):
        pool.elaborate(job)
    stage = Stage([OSError(12, "Cannot allocate memory")])
    with (
        open_pool(stage.start, 1, 1) as pool,
        pytest.raises(ToolchainError, match=r"^A\.lean: Lean cannot be run"),
    ):
        pool.elaborate(job)
    assert all(worker.closed for worker in stage.workers)


def test_a_refusal_without_a_message_still_says_something(job: Job) -> None:
    stage = Stage([Answer(1, 0.1, (), ("some", "last words"))])
    with open_pool(stage.start, 1, 1) as pool:
        elaboration = pool.elaborate(job)
    assert not elaboration.ok
    assert elaboration.diagnostics[0].severity == "error"
    assert "last words" in elaboration.diagnostics[0].text


def test_an_error_message_is_a_refusal_whatever_the_status(job: Job) -> None:
    line = '{"severity": "error", "pos": {"line": 1, "column": 0}, "data": "no", "fileName": "A.lean"}'
    stage = Stage([Answer(0, 0.1, (line,), ())])
    with open_pool(stage.start, 1, 1) as pool:
        elaboration = pool.elaborate(job)
    assert not elaboration.ok
    assert elaboration.artifacts == ()


def test_a_source_that_ends_lean_is_refused_and_named(job: Job) -> None:
    stage = Stage([Answer(0, 0.1, (), (), ended_by="source")])
    with open_pool(stage.start, 1, 1) as pool:
        elaboration = pool.elaborate(job)
    assert not elaboration.ok
    assert elaboration.artifacts == ()
    assert "code that the source brings ended Lean" in elaboration.diagnostics[0].text


def test_a_stale_compiled_file_is_not_taken_for_a_result(job: Job) -> None:
    assert job.olean is not None
    job.olean.write_bytes(b"stale")
    stage = Stage([Answer(1, 0.1, (), ())])
    with open_pool(stage.start, 1, 1) as pool:
        assert pool.elaborate(job).artifacts == ()
    assert not job.olean.exists()


def test_a_missing_source_starts_nothing(tmp_path: Path) -> None:
    stage = Stage([])
    with open_pool(stage.start, 1, 1) as pool, pytest.raises(ToolchainError, match="no such file"):
        pool.elaborate(Job(source=tmp_path / "None.lean"))
    assert stage.workers == []


def test_a_source_outside_the_root_starts_nothing(job: Job, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    stage = Stage([])
    with open_pool(stage.start, 1, 1) as pool, pytest.raises(ToolchainError, match="not under the root"):
        pool.elaborate(Job(source=job.source, root=tmp_path / "elsewhere"))


def test_closing_ends_a_job_under_way(job: Job) -> None:
    class Waiting(Scripted):
        ended = threading.Event()
        begun = threading.Event()

        def run(self, job: Job, time_limit: float) -> Answer:
            del job, time_limit
            self.begun.set()
            assert self.ended.wait(10)
            raise WorkerDiedError("killed")

        def kill(self) -> None:
            self.ended.set()

    errors: list[Exception] = []

    def elaborate() -> None:
        try:
            pool.elaborate(job)
        except ToolchainError as error:
            errors.append(error)

    with open_pool(lambda: Waiting(iter(())), 1, 1) as pool:
        thread = threading.Thread(target=elaborate)
        thread.start()
        assert Waiting.begun.wait(10)
    thread.join(10)
    assert [str(error) for error in errors] == [
        "the pool of Lean workers was closed while a file was being elaborated"
    ]
    assert pool.processes_started == 1


def test_closing_does_not_wait_for_a_process_that_is_slow_to_start(job: Job) -> None:
    begun, may_go = threading.Event(), threading.Event()
    late: list[Scripted] = []
    errors: list[Exception] = []

    def start() -> Scripted:
        begun.set()
        assert may_go.wait(60)
        late.append(Scripted(iter([ACCEPTED])))
        return late[-1]

    def elaborate() -> None:
        try:
            pool.elaborate(job)
        except ToolchainError as error:
            errors.append(error)

    pool = Pool(start, 1, 300)
    at_work = threading.Thread(target=elaborate)
    at_work.start()
    assert begun.wait(60)
    closing = threading.Thread(target=pool.close)
    closing.start()
    closing.join(60)
    is_closed_first = not closing.is_alive()  # the process has not been had yet
    may_go.set()
    at_work.join(60)
    closing.join(60)
    assert is_closed_first
    assert [worker.closed for worker in late] == [True]
    assert [str(error) for error in errors] == [
        "the pool of Lean workers was closed while a file was being elaborated"
    ]
    assert pool.processes_started == 0
    with pytest.raises(ToolchainError, match="was closed"):
        pool.elaborate(job)
    assert len(late) == 1


def test_a_thread_that_cannot_be_had_is_said(job: Job) -> None:
    stage = Stage([RuntimeError("can't start new thread")])
    with (
        open_pool(stage.start, 1, 1) as pool,
        pytest.raises(ToolchainError, match=r"^A\.lean: Lean cannot be run: there is no thread to be had"),
    ):
        pool.elaborate(job)


def test_a_lost_worker_is_nobodys_fault_and_its_file_goes_to_others(job: Job) -> None:
    lost = WorkerLostError("its machine is gone")
    stage = Stage([lost, WorkerDiedError("exit status 70"), lost, lost, ACCEPTED])
    with open_pool(stage.start, 1, 1) as pool:
        assert pool.elaborate(job).ok
        assert pool.processes_started == 5
    stage = Stage([lost] * 9)
    with (
        open_pool(stage.start, 1, 1) as pool,
        pytest.raises(ToolchainError, match=r"^A\.lean: 4 Leans were lost .* its machine is gone"),
    ):
        pool.elaborate(job)
    assert len(stage.workers) == 4


def test_a_place_without_room_is_given_up_and_those_that_are_left_go_on(job: Job, tmp_path: Path) -> None:
    (other := tmp_path / "B.lean").write_text("module\n")
    has_begun, may_end, is_refused = threading.Event(), threading.Event(), threading.Event()
    started: list[Scripted] = []

    class Slow(Scripted):
        def run(self, job: Job, time_limit: float) -> Answer:
            has_begun.set()
            assert may_end.wait(60)
            return super().run(job, time_limit)

    def start() -> Scripted:
        if started:
            is_refused.set()
            raise NoRoomError("no machine has a core for it")
        started.append(Slow(iter([ACCEPTED] * 2)))
        return started[-1]

    with open_pool(start, 2, 60) as pool, ThreadPoolExecutor(2) as threads:
        first = threads.submit(pool.elaborate, job)
        assert has_begun.wait(60)
        second = threads.submit(pool.elaborate, Job(source=other))
        assert is_refused.wait(60)
        may_end.set()
        assert first.result().ok
        assert second.result().ok
    assert [worker.jobs for worker in started] == [2]


def test_where_no_place_has_room_everyone_is_told(job: Job) -> None:
    def start() -> Scripted:
        raise NoRoomError("no machine has a core for it")

    with open_pool(start, 2, 1) as pool:
        for _ in range(3):
            with pytest.raises(ToolchainError, match=r"^Lean cannot be started: no machine has a core"):
                pool.elaborate(job)
