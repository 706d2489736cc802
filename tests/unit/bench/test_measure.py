"""Rounds, counts and ratios, on a clock that goes when it is told to."""

from __future__ import annotations

import gc
from collections.abc import Callable

import pytest

from lean_bridge.bench.measure import LEAST_ROUNDS, Contestant, ProcessClock, Samples, measure
from lean_bridge.bench.threads import excess_of


class FakeClock:
    """A clock that work moves, and looking at it does not."""

    def __init__(self) -> None:
        self.now = 0.0
        self.used = 0.0

    def wall(self) -> float:
        return self.now

    def cpu(self) -> float:
        return self.used

    def work(self, wall: float, cpu: float | None = None) -> Callable[[], None]:
        def run() -> None:
            self.now += wall
            self.used += wall if cpu is None else cpu

        return run


def test_each_round_has_every_contestant_once() -> None:
    clock, order = FakeClock(), list[str]()

    def contestant(name: str) -> Contestant:
        def run() -> None:
            order.append(name)
            clock.work(0.1)()

        return Contestant(name, run)

    measure([contestant(name) for name in "abc"], seconds=5.0, clock=clock)
    warm, rounds = order[:6], order[6:]
    assert warm == ["a", "a", "b", "b", "c", "c"]
    taken = [rounds[i : i + 3] for i in range(0, len(rounds), 3)]
    assert all(sorted(each) == ["a", "b", "c"] for each in taken)
    assert len({tuple(each) for each in taken}) > 1, "the order never changed"


def test_rounds_go_on_until_the_time_is_over() -> None:
    clock = FakeClock()
    found = measure([Contestant("a", clock.work(0.25))], seconds=5.0, clock=clock)
    assert len(found["a"].seconds) == 20


def test_there_are_enough_rounds_for_quartiles_however_little_time_there_is() -> None:
    clock = FakeClock()
    found = measure([Contestant("slow", clock.work(10.0))], seconds=0.0, clock=clock)
    assert len(found["slow"].seconds) == LEAST_ROUNDS
    assert found["slow"].spread.median == pytest.approx(10.0)


def test_quick_calls_are_timed_in_batches_and_counted_singly() -> None:
    clock = FakeClock()
    found = measure([Contestant("quick", clock.work(1e-5))], seconds=0.0, clock=clock)
    assert clock.now == pytest.approx(1e-5 * (2 + 101 * LEAST_ROUNDS))
    assert found["quick"].spread.median == pytest.approx(1e-5)


def test_the_first_call_of_a_turn_is_not_timed() -> None:
    clock, calls = FakeClock(), list[str]()

    def contestant(name: str) -> Contestant:
        def run() -> None:
            clock.work(0.03 if calls[-1:] == [name] else 0.2)()  # slow behind the other
            calls.append(name)

        return Contestant(name, run)

    found = measure([contestant("a"), contestant("b")], seconds=0.0, clock=clock)
    assert [found[name].spread.upper for name in "ab"] == pytest.approx([0.03, 0.03])


def test_a_spread_is_median_quartiles_and_least() -> None:
    spread = Samples(seconds=[5.0, 1.0, 4.0, 2.0, 3.0]).spread
    assert (spread.least, spread.lower, spread.median, spread.upper, spread.rounds) == (1.0, 2.0, 3.0, 4.0, 5)


def test_what_one_takes_over_another_is_told_round_by_round() -> None:
    one, two = Samples(seconds=[1.1, 22.0, 1.1, 1.1]), Samples(seconds=[1.0, 20.0, 1.0, 0.5])
    assert one.over(two) == pytest.approx(0.1)


def test_cores_are_cpu_time_per_wall_time() -> None:
    clock = FakeClock()
    found = measure([Contestant("two", clock.work(0.1, 0.2))], seconds=0.0, clock=clock)
    assert found["two"].cores == pytest.approx(2.0)
    assert excess_of(found["two"].cores, 2) is None
    assert excess_of(found["two"].cores, 1) == (
        "its threads were not limited: expected at most 1 at work, found 2.00 cores busy"
    )


def test_the_garbage_collector_is_off_meanwhile_and_on_again_however_it_ends() -> None:
    seen = list[bool]()

    def run() -> None:
        seen.append(gc.isenabled())
        if len(seen) == 5:
            raise InterruptedError

    assert gc.isenabled()
    with pytest.raises(InterruptedError):
        measure([Contestant("a", run)], seconds=0.0, clock=FakeClock())
    assert seen == [True, True, False, False, False]
    assert gc.isenabled()


def test_the_machines_clocks_go_forward() -> None:
    clock = ProcessClock()
    wall, cpu = clock.wall(), clock.cpu()
    sum(range(100_000))
    assert clock.wall() > wall
    assert clock.cpu() > cpu
