"""The order of instructions, so that fewer bytes are needed at once.

Elementwise operations that take no more room than they make free run as soon as they can: the slope of an
activation is computed where its operands are, which need not wait for the VJP. A result that nobody reads and
that takes more room than its operands, as the gradient of a weight, comes last.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lean_bridge.executor.instructions import ELEMENTWISE, VIEWS, Trace
from lean_bridge.executor.passes.rewriter import Target
from lean_bridge.executor.recorder import Recorder

_FREE: Final = VIEWS | {"leaf", "constant", "zeros"}
"""What takes no room."""


LONGEST: Final = 4
"""Elementwise operations that are looked at together."""


def order_instructions(trace: Trace, _target: Target) -> Trace:
    """Return the trace with the same instructions in another order."""
    recorder, moved = Recorder(), dict[int, int]()

    def move(position: int) -> int:
        if position not in moved:
            each = trace.instructions[position]
            for operand in each.operands:
                move(operand)
            moved[position] = recorder.copy(each, moved)
        return moved[position]

    for position in _Schedule(trace).order():
        move(position)
    return recorder.trace([move(result) for result in trace.results])


class _Schedule:
    """What has run, and what that keeps alive. A view stands for what it is a view of."""

    def __init__(self, trace: Trace) -> None:
        self.instructions = trace.instructions
        bases: list[int] = []
        for position, each in enumerate(self.instructions):
            bases.append(bases[each.operands[0]] if each.op in VIEWS else position)
        self.results = {bases[result] for result in trace.results}
        self.reads: list[set[int]] = []
        """The arrays that an instruction reads of those that take room."""
        self.readers: list[list[int]] = [[] for _ in bases]
        for position, each in enumerate(self.instructions):
            operands = {bases[operand] for operand in each.operands if each.op not in VIEWS}
            self.reads.append({base for base in operands if self.instructions[base].op not in _FREE})
            for operand in self.reads[position]:
                self.readers[operand].append(position)
        self.stacks = {
            operand: position
            for position, each in enumerate(self.instructions)
            if each.op == "concat"
            for operand in self.reads[position]
        }
        """The concatenations that arrays are made in."""
        self.missing = [len(read) for read in self.reads]
        """How many operands of each have not been made."""
        self.waiting = [len(readers) for readers in self.readers]
        """How many readers of each have not run."""
        self.done: dict[int, None] = {}

    def order(self) -> list[int]:
        """Return everything that takes room, in the order in which it should run."""
        running = [position for position, each in enumerate(self.instructions) if each.op not in _FREE]
        last = {position: self._kept(position) for position in running if self._can_wait(position)}
        for position in running:
            if position not in last:
                self._run(position)
        for position in sorted(last, key=lambda position: -last[position]):
            self._run(position)
        return list(self.done)

    def _can_wait(self, position: int) -> bool:
        return not self.readers[position] and self._room([position]) >= self._kept(position)

    def _kept(self, position: int) -> int:
        """Return how many coordinates wait with an instruction: whole stacks of what is made in them."""
        stacks = {self.stacks.get(operand, operand) for operand in self.reads[position]}
        return self._room(stacks)

    def _room(self, positions: Iterable[int]) -> int:
        return sum(self.instructions[position].size for position in positions)

    def _run(self, position: int) -> None:
        """Run an instruction, and then what that has made free to run."""
        ready = [position]
        while ready:
            position = ready.pop()
            if position in self.done:
                continue
            self.done[position] = None
            changed = set(self.readers[position])
            for reader in self.readers[position]:
                self.missing[reader] -= 1
            for operand in self.reads[position]:
                self.waiting[operand] -= 1
                if self.waiting[operand] == 1:
                    changed.update(self.readers[operand])
            for each in sorted(changed, reverse=True):
                ready += reversed(self._free_chain(each))

    def _free_chain(self, position: int) -> list[int]:
        """Return elementwise operations, each for the next, that together make room for the last."""
        chain: list[int] = []
        dying: set[int] = set()
        while len(chain) < LONGEST and self._is_ready(position, 1 if chain else 0):
            dying |= {each for each in self.reads[position] if self._dies(each)}
            chain.append(position)
            if self._room([position]) <= self._room(dying - set(chain)):
                return chain
            if len(self.readers[position]) != 1 or position in self.results:
                break
            (position,) = self.readers[position]
        return []

    def _is_ready(self, position: int, missing: int) -> bool:
        """Return whether an elementwise operation waits for no more operands than that."""
        each = self.instructions[position]
        return position not in self.done and each.op in ELEMENTWISE and self.missing[position] == missing

    def _dies(self, position: int) -> bool:
        return self.waiting[position] == 1 and position not in self.results
