"""When results agree, and what a run does when they do not."""

from __future__ import annotations

import dataclasses
import hashlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from lean_bridge.bench import bench
from lean_bridge.bench.bench import deviation_from, run_bench
from lean_bridge.bench.case import Case
from lean_bridge.bench.counterpart import Reference
from lean_bridge.bench.measure import ProcessClock
from lean_bridge.bench.ours import Compiled, compile_case
from lean_bridge.bench.references import refer
from lean_bridge.bench.sizes import Size
from lean_bridge.errors import BindingError, CrossCheckFailed, Declined
from lean_bridge.executor.arrays.scalars import Array
from tests.unit.executor.graphs import attention, feed_forward

TINY = Size("tiny", {"n": 2, "dModel": 3, "dFF": 4})


def test_each_array_is_measured_by_its_own_largest_coordinate() -> None:
    expected = {"a": np.array([100.0, 1.0]), "b": np.array([0.1])}
    assert deviation_from(expected, {"a": np.array([101.0, 1.0]), "b": np.array([0.1])}) == pytest.approx(
        0.01
    )
    assert deviation_from(expected, {"a": np.array([100.0, 1.0]), "b": np.array([0.2])}) == pytest.approx(1.0)


def test_what_vanishes_is_measured_by_what_does_not() -> None:
    expected = {"a": np.array([1.0]), "b": np.array([1e-17])}
    assert deviation_from(expected, {"a": np.array([1.0]), "b": np.array([-1e-16])}) < 1e-11
    assert deviation_from(expected, {"a": np.array([1.0]), "b": np.array([1e-3])}) > 1.0


def test_nothing_agrees_with_nan() -> None:
    assert np.isnan(deviation_from({"a": np.array([1.0])}, {"a": np.array([np.nan])}))
    assert deviation_from({"a": np.zeros(2)}, {"a": np.zeros(2)}) == 0.0


@pytest.mark.parametrize("what", ["run", "checked"])
def test_a_program_that_deviates_is_rejected_and_not_timed(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(case: Case) -> Compiled:
        compiled = compile_case(case)
        right = compiled.run if what == "run" else compiled.checked

        def call() -> list[Array]:
            return [1.001 * array for array in right()]

        if what == "run":
            return dataclasses.replace(compiled, run=call)
        return dataclasses.replace(compiled, checked=call)

    monkeypatch.setattr(bench, "compile_case", wrong)
    with pytest.raises(CrossCheckFailed, match=r"found a deviation of 0\.001 of the largest"):
        run_bench(feed_forward(fixed=False), [TINY], seconds=0.0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda array: 1.001 * array, "it computes something else: 0.001 of the largest coordinate away"),
        (lambda array: array.astype(np.float32), "it computes in float32, not in float64"),
    ],
)
def test_a_framework_that_does_other_work_is_left_out(
    change: object, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(framework: str, case: Case) -> Reference:
        right = refer(framework, case)
        assert isinstance(right, Reference)
        assert callable(change)
        return Reference(right.run, lambda found: {k: change(v) for k, v in right.results(found).items()})

    monkeypatch.setattr(bench, "refer", wrong)
    report = run_bench(feed_forward(fixed=False), [TINY], against=["autograd"], seconds=0.0)
    (case,) = report.cases
    assert [absence.reason for absence in case.absent] == [reason]
    assert "autograd" not in {timing.contestant for timing in case.timings}


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Work in two threads, which no limit reaches, on a clock that stands while other processes run."""
    monkeypatch.setattr(ProcessClock, "wall", lambda _clock: time.thread_time())
    with ThreadPoolExecutor(1) as pool:

        def work() -> None:
            beside = pool.submit(hashlib.sha256, bytes(5_000_000))
            hashlib.sha256(bytes(5_000_000))
            beside.result()

        yield work


def test_a_framework_that_takes_more_threads_is_left_out(
    busy: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def greedy(framework: str, case: Case) -> Reference:
        right = refer(framework, case)
        assert isinstance(right, Reference)

        def run() -> object:
            busy()
            return right.run()

        return Reference(run, right.results) if framework == "autograd" else right

    monkeypatch.setattr(bench, "refer", greedy)
    report = run_bench(feed_forward(fixed=False), [TINY], against=["torch", "autograd"], seconds=0.0)
    (case,) = report.cases
    (absence,) = case.absent
    assert absence.contestant == "autograd"
    assert absence.reason.startswith("its threads were not limited: expected at most 1 at work, found ")
    assert [timing.contestant for timing in case.timings] == ["floor", "lean_bridge", "checked call", "torch"]


def test_a_program_that_takes_more_threads_ends_the_run(
    busy: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def greedy(case: Case) -> Compiled:
        right = compile_case(case)

        def checked() -> list[Array]:
            busy()
            return right.checked()

        return dataclasses.replace(right, checked=checked)

    monkeypatch.setattr(bench, "compile_case", greedy)
    with pytest.raises(Declined, match="checked call: its threads were not limited: expected at most 1 at"):
        run_bench(feed_forward(fixed=False), [TINY], seconds=0.0)


def test_a_framework_that_refuses_the_sizes_is_absent_with_its_words() -> None:
    pytest.importorskip("torch")
    sizes = [Size("nothing", dict.fromkeys(attention().dims, 0))]
    (case,) = run_bench(attention(), sizes, against=["torch"], seconds=0).cases
    assert [absence.contestant for absence in case.absent] == ["torch"]
    assert "it does not run here: " in case.absent[0].reason


def test_more_layers_than_anyone_measures_are_refused() -> None:
    with pytest.raises(
        BindingError, match="layers: expected at most 1000 copies on one another, found 10000"
    ):
        run_bench(attention(), [], layers=[1, 10**4])
