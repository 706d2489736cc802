"""One allocation for all the intermediate arrays: which bytes of it each may have while it is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final, TypeAlias

import numpy as np

from lean_bridge.executor.arrays.scalars import Array

ALIGNMENT: Final = 64
"""Bytes; a cache line, and the widest vector registers."""

ATTEMPTS: Final = 20
"""How often each order is improved on."""

PLACED: Final = 60_000
FEW: Final = 250
"""How many blocks are placed by preferences that are drawn, where there are no more blocks than that."""

GOOD_ENOUGH: Final = 1.025
"""An arena this near to the bytes that must be live at once is not improved on,"""
ENOUGH: Final = 1.05
"""nor is this one after a while."""


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

    Blocks that are needed at the same time do not overlap. They are packed in several ways, the same each
    time, of which the best is kept.
    """
    bound = live_peak(blocks)
    best, least = [0] * len(blocks), sum(block.size for block in blocks)
    orders = [sorted(range(len(blocks)), key=lambda i: rank(blocks[i])) for rank in _ORDERS]
    skylines = _skylines(blocks)
    near = chain(
        (_fit(blocks, order) for order in orders), islice(skylines, PLACED // 4 // max(len(blocks), 1))
    )
    for packings, enough in ((near, GOOD_ENOUGH), (skylines, ENOUGH), (_improved(blocks, orders), ENOUGH)):
        for offsets in packings:
            size = max(map(_stop, blocks, offsets), default=0)
            if size <= least:
                best, least = offsets, size
            if least <= enough * bound:
                return best, least
    return best, least


def _stop(block: Block, offset: int) -> int:
    return offset + block.size


def _improved(blocks: Sequence[Block], orders: Sequence[list[int]]) -> Iterator[list[int]]:
    """Yield the offsets for each order, and again and again with what sticks out placed first."""
    for order in orders:
        for _ in range(ATTEMPTS):
            offsets = _fit(blocks, order)
            yield offsets
            stops = list(map(_stop, blocks, offsets))
            size = max(stops)
            order.sort(key=lambda i: stops[i] < size)


def _skylines(blocks: Sequence[Block]) -> Iterator[list[int]]:
    """Yield the offsets of few blocks that are put one on the other, always one that comes to lie lowest.

    Of those the one that lasts longest, is largest or ends last, by weights that are drawn.
    """
    count = len(blocks)
    if not 0 < count <= FEW:
        return
    first, last, sizes = np.array([(block.first, block.last, block.size) for block in blocks]).T
    meets = [np.flatnonzero((first <= block.last) & (last >= block.first)).tolist() for block in blocks]
    scaled = [each / max(each.max(), 1) for each in (last - first, sizes, last)]
    rng = np.random.default_rng(count)
    for _ in range(PLACED // count):
        weights, noise = rng.random(3), rng.random() * rng.random(count) / 2
        preference = sum(weight * each for weight, each in zip(weights, scaled, strict=True)) - noise
        yield _stack(blocks, meets, np.argsort(np.argsort(-preference)).tolist())


def _stack(blocks: Sequence[Block], meets: Sequence[Sequence[int]], ranks: Sequence[int]) -> list[int]:
    lowest = [0] * len(blocks)
    left = set(range(len(blocks)))
    while left:
        index = min(left, key=lambda i: (lowest[i], ranks[i]))
        left.remove(index)
        stop = lowest[index] + blocks[index].size
        for other in meets[index]:
            if other in left and lowest[other] < stop:
                lowest[other] = stop
    return lowest


def _fit(blocks: Sequence[Block], order: Sequence[int]) -> list[int]:
    """Return the offsets of blocks that are put one after the other into the smallest gap."""
    placed = np.zeros((4, len(blocks)), np.int64)  # first, last, start, stop of what is placed so far
    offsets = [0] * len(blocks)
    for count, index in enumerate(order):
        block = blocks[index]
        first, last, start, stop = placed[:, :count]
        meet = np.flatnonzero((first <= block.last) & (last >= block.first))
        offsets[index] = offset = _best_fit(block.size, start[meet], stop[meet])
        placed[:, count] = block.first, block.last, offset, offset + block.size
    return offsets


def _best_fit(size: int, start: Array, stop: Array) -> int:
    """Return where the smallest gap between taken ranges is that is large enough, or their end."""
    order = np.argsort(start)
    free = np.maximum.accumulate(np.concatenate([[0], stop[order]]))  # where gaps start; the last has no end
    room = start[order] - free[:-1]
    fits = np.flatnonzero(room >= size)
    return int(free[fits[np.argmin(room[fits])]] if len(fits) else free[-1])
