"""The order of instructions, so that fewer bytes are needed at once.

Elementwise operations that take no more room than they make free run as soon as they can: the slope of an
activation is computed where its operands are, which need not wait for the VJP. A result that nobody reads and
that takes more room than its operands, as the gradient of a weight, comes last, the largest first of those
that make as much free: where it lies, others were. Tangents are made where the values are that they need. Of
a few orders that keep to this, the one that needs least is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from lean_bridge.executor.plans.instructions import ELEMENTWISE, FREE, Instruction, Trace
from lean_bridge.executor.plans.passes.memory.lifetimes import Lifetimes
from lean_bridge.executor.plans.recorder import Mover
from lean_bridge.executor.plans.rewriter import Target

LONGEST: Final = 4
"""Elementwise operations that are looked at together."""


def order_instructions(trace: Trace, _target: Target) -> Trace:
    """Return the trace with the same instructions in another order."""
    lifetimes = Lifetimes(trace)
    orders = [_Eager(lifetimes).order(lifetimes.running)]
    if any(map(_is_late, trace.instructions)):
        orders.append(_Eager(lifetimes).order(_abreast(lifetimes, orders[0])))
    orders += [_postponed(lifetimes, order) for order in orders]
    return in_order(trace, min(orders, key=lifetimes.peak))


def in_order(trace: Trace, order: Iterable[int]) -> Trace:
    """Return the trace with its instructions in an order in which they can run."""
    mover = Mover(trace)
    for position in order:
        mover.move(position)
    return mover.finish()


def _is_late(each: Instruction) -> bool:
    """Return whether an instruction is given, and no input or argument."""
    return each.op == "leaf" and each.static.role not in ("input", "derived")


def _abreast(lifetimes: Lifetimes, order: Sequence[int]) -> list[int]:
    """Return an order with tangents and cotangents as soon as the values are there that they need.

    Values come by how many there are before them, one part of an array after another, and copies of what is
    given with what reads them.
    """
    rank = {position: i for i, position in enumerate(order)}
    late: list[bool] = []
    partial: list[bool] = []
    level: list[int] = []
    for position, each in enumerate(lifetimes.instructions):
        late.append(_is_late(each) or any(late[operand] for operand in each.operands))
        inside = any(partial[operand] for operand in each.operands) and each.op != "concat"
        partial.append(inside or each.op == "slice")
        copied = each.op == "concat" and not lifetimes.reads[position]
        stays = late[-1] or inside or copied or each.op in FREE
        level.append(max((level[operand] for operand in each.operands), default=0) + (not stays))
    return sorted(order, key=lambda position: (level[position], late[position], rank[position]))


def _postponed(lifetimes: Lifetimes, order: Sequence[int]) -> list[int]:
    """Return the order with what takes more room than it makes free where it is first needed."""
    rank = {position: i for i, position in enumerate(order)}
    left, started = list(lifetimes.uses), set[int]()
    postponed: set[int] = set()
    gained: dict[int, int] = {}
    """What an array's end makes free, where that is less than the array: it may not have been made before."""
    for position in order:
        own, *read = lifetimes.used[position]
        taken = 0 if own in started else lifetimes.sizes[own]
        started.add(own)
        for array in (own, *read):
            left[array] -= 1
            if array != own and not left[array]:
                taken -= gained.get(array, lifetimes.sizes[array])
        if taken > 0 and lifetimes.readers[position] and position not in lifetimes.asked:
            postponed.add(position)
            if len(lifetimes.users[own]) == 2:
                gained[own] = lifetimes.sizes[own] - taken
    done: dict[int, None] = {}
    for position in order:
        stack = [] if position in postponed else [position]
        while stack:
            missing = [each for each in lifetimes.reads[stack[-1]] if each not in done]
            if missing:
                stack += sorted(missing, key=rank.__getitem__, reverse=True)
            else:
                done[stack.pop()] = None
    return list(done)


class _Eager:
    """What has run, and what that keeps alive."""

    def __init__(self, lifetimes: Lifetimes) -> None:
        self.lifetimes = lifetimes
        self.missing = [len(reads) for reads in lifetimes.reads]
        """How many operands of each have not been made."""
        self.left = list(lifetimes.uses)
        """How often each array will be used."""
        self.done: dict[int, None] = {}

    def order(self, order: Iterable[int]) -> list[int]:
        """Return the order in which everything should run, from one in which it can."""
        last = {position: self._kept(position) for position in order if self._can_wait(position)}
        for position in order:
            if position not in last:
                self._run(position)
        for position in sorted(last, key=lambda position: (-last[position], -self._taken(position))):
            self._run(position)
        return list(self.done)

    def _can_wait(self, position: int) -> bool:
        return not self.lifetimes.readers[position] and self._taken(position) >= self._kept(position)

    def _taken(self, position: int) -> int:
        return self.lifetimes.sizes[self.lifetimes.written[position]]

    def _kept(self, position: int) -> int:
        """Return how many coordinates wait with an instruction."""
        return sum(self.lifetimes.sizes[array] for array in self.lifetimes.used[position][1:])

    def _run(self, position: int) -> None:
        """Run an instruction, and then what that has made free to run."""
        ready = [position]
        while ready:
            position = ready.pop()
            if position in self.done:
                continue
            self.done[position] = None
            changed = set(self.lifetimes.readers[position])
            for reader in self.lifetimes.readers[position]:
                self.missing[reader] -= 1
            for array in self.lifetimes.used[position]:
                self.left[array] -= 1
                if self.left[array] == 1:
                    changed.update(self.lifetimes.users[array])
            for each in sorted(changed, reverse=True):
                ready += reversed(self._free_chain(each))

    def _free_chain(self, position: int) -> list[int]:
        """Return elementwise operations, each for the next, that together make room for the last."""
        readers, sizes = self.lifetimes.readers, self.lifetimes.sizes
        chain: list[int] = []
        made, dying = set[int](), set[int]()
        while len(chain) < LONGEST and self._is_ready(position, 1 if chain else 0):
            dying |= {array for array in self.lifetimes.used[position][1:] if self.left[array] == 1}
            chain.append(position)
            own = self.lifetimes.written[position]
            made.add(own)
            if sizes[own] <= sum(sizes[array] for array in dying - made):
                return chain
            if len(readers[position]) != 1 or position in self.lifetimes.asked:
                break
            (position,) = readers[position]
        return []

    def _is_ready(self, position: int, missing: int) -> bool:
        """Return whether an elementwise operation waits for no more operands than that."""
        each = self.lifetimes.instructions[position]
        return position not in self.done and each.op in ELEMENTWISE and self.missing[position] == missing
