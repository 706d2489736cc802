"""The order of instructions: what it needs at once is known exactly, and is little."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.passes import SWITCHES
from lean_bridge.executor.plans.arena import Block, live_peak
from lean_bridge.executor.plans.instructions import Trace
from lean_bridge.executor.plans.passes.memory.lifetimes import Lifetimes
from lean_bridge.executor.plans.passes.memory.schedule import in_order
from lean_bridge.executor.plans.plan import Plan
from lean_bridge.executor.plans.storage import lay_out
from lean_bridge.executor.plans.trace import Request
from lean_bridge.extract.compose import stack
from tests.unit.executor.graphs import encoder

NAMES = ("n", "dModel", "numHeads", "headDim", "dFF")
TINY, SMALL, WIDE = (8, 16, 2, 8, 32), (64, 128, 4, 32, 512), (32, 128, 4, 32, 512)
MODES = ("forward", "vjp", "jvp")


def plan(dims: Sequence[int], mode: str, *, layers: int = 1, without: Sequence[str] = ()) -> Plan:
    bound = ExecutableGraph(stack(encoder(fixed=False), layers)).bind(**dict(zip(NAMES, dims, strict=True)))
    program = bound.compile(c=0.5, κ=0.8, ε1=1e-5, ε2=1e-5)
    inputs, last = tuple(range(len(program.context))), (len(program.entries) - 1,)
    request = {
        "forward": Request(np.dtype(float), values=last),
        "vjp": Request(np.dtype(float), seeds=last, values=last, wrt=inputs),
        "jvp": Request(np.dtype(float), tangents=inputs, moved=last),
    }[mode]
    return program.with_passes(name for name in SWITCHES if name not in without).plan(request)


def any_order(lifetimes: Lifetimes, seed: int) -> list[int]:
    """Return an order in which everything can run."""
    rng, order, left = np.random.default_rng(seed), list[int](), set(lifetimes.running)
    while left:
        ready = [position for position in sorted(left) if left.isdisjoint(lifetimes.reads[position])]
        order.append(int(rng.choice(ready)))
        left.remove(order[-1])
    return order


def live(trace: Trace) -> int:
    """Return how many coordinates are needed at once."""
    storages = [each for each in lay_out(trace).storages if each.kind == "arena"]
    return live_peak([Block(each.first, each.last, each.size) for each in storages])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dims", [TINY, SMALL])
def test_what_an_order_needs_is_what_its_layout_takes(dims: tuple[int, ...], mode: str) -> None:
    trace = plan(dims, mode, without=["schedule", "copies"]).trace
    lifetimes = Lifetimes(trace)
    peaks = set()
    for seed in range(5):
        order = any_order(lifetimes, seed)
        assert lifetimes.peak(order) == live(in_order(trace, order))
        peaks.add(lifetimes.peak(order))
    assert lifetimes.peak(lifetimes.running) == live(trace)
    assert len(peaks) > 1 or mode == "forward" or dims == SMALL  # there gradients are what is largest


@pytest.mark.parametrize("dims", [TINY, SMALL, WIDE])
def test_the_order_needs_less_than_any_of_many(dims: tuple[int, ...]) -> None:
    for mode in MODES:
        trace = plan(dims, mode, without=["schedule", "copies"]).trace
        lifetimes = Lifetimes(trace)
        least = min(lifetimes.peak(any_order(lifetimes, seed)) for seed in range(20))
        assert live(plan(dims, mode, without=["copies"]).trace) <= min(least, live(trace))


def test_tangents_of_a_stack_need_no_more_than_those_of_a_layer() -> None:
    one, four = (plan(SMALL, "jvp", layers=layers) for layers in (1, 4))
    assert four.live_peak <= 1.1 * one.live_peak
    assert plan(SMALL, "jvp", layers=4, without=["schedule"]).live_peak > 3 * one.live_peak
