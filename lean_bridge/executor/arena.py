"""One allocation for all the intermediate arrays: which bytes of it each may have while it is needed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from lean_bridge.executor.scalars import Array

ALIGNMENT: Final = 64
"""Bytes; a cache line, and the widest vector registers."""

ATTEMPTS: Final = 20
"""How often each order is improved on."""

SHUFFLES: Final = 150
FEW: Final = 100
"""How many orders are drawn for no more blocks than that."""

GOOD_ENOUGH: Final = 1.025
"""An arena this near to the bytes that must be live at once is not improved on."""


@dataclass(frozen=True)
class Block:
    """Bytes that are needed from one instruction to another, both included."""

    first: int
    last: int
    size: int


_Order: TypeAlias = Callable[[Block], tuple[int, ...]]

_ORDERS: Final[tuple[_Order, ...]] = (
    lambda block: (-block.last, -block.size),
    lambda block: (-block.size, block.first),
    lambda block: (block.first - block.last, -block.size),
    lambda block: (block.first, -block.size),
    lambda block: ((block.first - block.last) * block.size,),
)


def aligned_zeros(size: int) -> Array:
    """Return zero bytes, of which the first is aligned."""
    raw = np.zeros(size + ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    return raw[start : start + size]


def live_peak(blocks: Sequence[Block]) -> int:
    """Return the largest number of bytes that are needed at the same time: no arena can be smaller."""
    return max((live for _, live in _live(blocks)), default=0)


def busiest(blocks: Sequence[Block]) -> int:
    """Return when most bytes are needed, the first time that they are."""
    return max(_live(blocks), key=lambda each: (each[1], -each[0]), default=(0, 0))[0]


def _live(blocks: Sequence[Block]) -> Iterator[tuple[int, int]]:
    """Yield how many bytes are needed from each time on at which that changes."""
    change: dict[int, int] = {}
    for block in blocks:
        change[block.first] = change.get(block.first, 0) + block.size
        change[block.last + 1] = change.get(block.last + 1, 0) - block.size
    live = 0
    for time in sorted(change):
        live += change[time]
        yield time, live


def pack(blocks: Sequence[Block]) -> tuple[list[int], int]:
    """Return an offset for each block, and the size of the arena.

    Blocks that are needed at the same time do not overlap. Each is put into the smallest gap that it fits
    into, in several orders of which the best is kept.
    """
    bound = live_peak(blocks)
    best, least = [0] * len(blocks), sum(block.size for block in blocks)
    for order, raised, attempts in _starts(blocks):
        for _ in range(attempts):
            offsets, size = _pack(blocks, order, raised, bound)
            if size <= least:
                best, least = offsets, size
            if least <= GOOD_ENOUGH * bound:
                return best, least
            end = bound + 1 if any(raised) else size
            order.sort(key=lambda i: offsets[i] + blocks[i].size < end)  # what sticks out is placed first
    return best, least


def _starts(blocks: Sequence[Block]) -> Iterator[tuple[list[int], list[bool], int]]:
    """Yield orders of blocks, whether each lies high in its gap, and how often to improve on the order.

    Nothing lies high at first; few blocks are also shuffled, the same way each time.
    """
    count = len(blocks)
    orders = [sorted(range(count), key=lambda i: rank(blocks[i])) for rank in _ORDERS]
    for attempts in (1, ATTEMPTS):
        for order in orders:
            yield list(order), [False] * count, attempts
    rng = random.Random(count)
    for _ in range(SHUFFLES if count <= FEW else 0):
        near = rng.choice((2, 5, 15))
        ranks = {block: rank + rng.uniform(-near, near) for rank, block in enumerate(rng.choice(orders))}
        yield sorted(ranks, key=ranks.__getitem__), [rng.random() < 0.5 for _ in blocks], 3


def _pack(
    blocks: Sequence[Block], order: Sequence[int], raised: Sequence[bool], top: int
) -> tuple[list[int], int]:
    placed = np.zeros((4, len(blocks)), np.int64)  # first, last, start, stop of what is placed so far
    offsets, end = [0] * len(blocks), 0
    for count, index in enumerate(order):
        block = blocks[index]
        first, last, start, stop = placed[:, :count]
        meet = np.flatnonzero((first <= block.last) & (last >= block.first))
        low, high = _best_fit(block.size, start[meet], stop[meet], top)
        offset = high - block.size if raised[index] else low
        placed[:, count] = block.first, block.last, offset, offset + block.size
        offsets[index], end = offset, max(end, offset + block.size)
    return offsets, end


def _best_fit(size: int, start: Array, stop: Array, top: int) -> tuple[int, int]:
    """Return the smallest gap between taken ranges that is large enough, or what is above them."""
    order = np.argsort(start)
    free = np.maximum.accumulate(np.concatenate([[0], stop[order]]))  # where gaps start
    room = start[order] - free[:-1]
    fits = np.flatnonzero(room >= size)
    if not len(fits):
        return int(free[-1]), max(top, int(free[-1]) + size)
    best = fits[np.argmin(room[fits])]
    return int(free[best]), int(free[best] + room[best])
