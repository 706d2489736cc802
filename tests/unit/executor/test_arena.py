"""The arena: no two arrays that are needed at once overlap, and little is wasted."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from lean_bridge.executor.compiled import CompiledProgram
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.plans.arena import Block, live_peak, pack
from lean_bridge.executor.plans.kernels import identity
from lean_bridge.executor.plans.trace import Request
from lean_bridge.extract.compose import stack
from tests.unit.executor.graphs import encoder

SIZES = [(8, 16, 2, 8, 32), (64, 128, 4, 32, 512), (256, 512, 8, 64, 2048)]


def test_the_peak_counts_what_is_needed_at_the_same_time() -> None:
    assert live_peak([Block(0, 2, 10), Block(2, 3, 5), Block(3, 9, 7)]) == 15
    assert live_peak([]) == 0


def test_an_axis_of_length_1_has_no_step_that_tells_memory_from_itself() -> None:
    whole = np.zeros((1, 2, 3))
    part = whole[:, :1]
    assert part.strides != whole[:, 0][:, None].strides
    assert identity(part) == identity(whole[:, 0][:, None])
    assert identity(part) != identity(whole[:, 1:])
    assert identity(whole) != identity(np.asfortranarray(whole))


def test_gaps_are_filled() -> None:
    offsets, size = pack([Block(0, 5, 10), Block(0, 1, 4), Block(2, 5, 4)])
    assert size == 14
    assert offsets[1] == offsets[2]


@pytest.mark.parametrize("seed", range(20))
def test_blocks_that_are_needed_at_once_do_not_overlap(seed: int) -> None:
    rng = np.random.default_rng(seed)
    blocks = []
    for _ in range(40):
        first, length, size = (int(number) for number in rng.integers(1, [50, 20, 100]))
        blocks.append(Block(first, first + length, size))
    offsets, size = pack(blocks)
    assert live_peak(blocks) <= size
    for (a, at), (b, other) in combinations(zip(blocks, offsets, strict=True), 2):
        if a.first <= b.last and b.first <= a.last:
            assert at + a.size <= other or other + b.size <= at
    assert max(at + block.size for block, at in zip(blocks, offsets, strict=True)) == size


@pytest.mark.parametrize("dims", SIZES)
def test_the_encoder_block_wastes_less_than_a_twentieth(dims: tuple[int, ...]) -> None:
    program = compiled(dims)
    vjp = program.plan(Request(np.dtype(float), seeds=(33,), values=(33,), wrt=tuple(range(13))))
    forward = program.plan(Request(np.dtype(float), values=(33,)))
    assert vjp.arena <= 1.05 * vjp.live_peak
    assert forward.arena <= 1.05 * forward.live_peak
    assert forward.arena <= vjp.arena / 2


@pytest.mark.parametrize("layers", [2, 4, pytest.param(16, marks=pytest.mark.full)])
def test_stacks_of_blocks_waste_less_than_a_sixteenth(layers: int) -> None:
    program = compiled((8, 16, 2, 8, 32), layers)
    inputs, last = tuple(range(len(program.context))), len(program.entries) - 1
    for request in (
        Request(np.dtype(float), seeds=(last,), values=(last,), wrt=inputs),
        Request(np.dtype(float), tangents=inputs, moved=(last,)),
    ):
        found = program.plan(request)
        assert found.arena <= found.live_peak * 17 / 16


def test_gradients_leave_little_room_for_more_than_themselves() -> None:
    program = compiled((256, 512, 8, 64, 2048))
    vjp = program.plan(Request(np.dtype(float), seeds=(33,), values=(33,), wrt=tuple(range(13))))
    forward = program.plan(Request(np.dtype(float), values=(33,)))
    results = 8 * sum(math.prod(entry.shape) for entry in (*program.context, program.entries[-1]))
    assert vjp.arena < results + forward.arena / 2  # without sharing memory: more than the sum of both
    single = program.plan(Request(np.dtype(np.float32), seeds=(33,), values=(33,), wrt=tuple(range(13))))
    assert single.live_peak == vjp.live_peak / 2


def compiled(dims: tuple[int, ...], layers: int = 1) -> CompiledProgram:
    names = ("n", "dModel", "numHeads", "headDim", "dFF")
    model = stack(encoder(fixed=False), layers)
    bound = ExecutableGraph(model).bind(**dict(zip(names, dims, strict=True)))
    return bound.compile(c=0.5, κ=0.8, ε1=1e-5, ε2=1e-5)
