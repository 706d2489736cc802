"""Elementwise operations on one large array, a few of its rows at a time.

An activation and its slope take several arrays as large as what they are applied to. Those of a few rows stay
in the cache, and only what others read is kept of all rows.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence

from lean_bridge.executor.arrays.shape import Shape
from lean_bridge.executor.plans.instructions import ELEMENTWISE, VIEWS, Trace
from lean_bridge.executor.plans.recorder import Mover, Recorder


def in_strips(trace: Trace, large: int, part: int) -> Trace:
    """Return the trace with operations on ``large`` arrays in parts of ``part`` coordinates.

    Only where this takes less room: one operation after another can write over its operand.
    """
    search = _Search(trace)
    groups = {members[0]: members for members in search.groups(large)}
    if not groups:
        return trace
    mover = Mover(trace)
    skipped = {member for members in groups.values() for member in members}

    for position, each in enumerate(trace.instructions):
        if position in groups:
            members = groups[position]
            for operand in search.operands(members):
                mover.move(operand)
            mover.moved |= _in_parts(mover, members, search.outputs(members), part)
        elif position not in skipped and each.op not in VIEWS:
            mover.move(position)
    return mover.finish()


class _Search:
    """Looks for groups of elementwise operations that can run one after another."""

    def __init__(self, trace: Trace) -> None:
        self.instructions = trace.instructions
        self.readers = [trace.uses.all(position) for position in range(len(trace.instructions))]
        self.given: list[bool] = []
        """Whether an array is given, or a view of such a one."""
        for each in trace.instructions:
            is_view = each.op in VIEWS and self.given[each.operands[0]]
            self.given.append(is_view or each.is_given)

    def groups(self, large: int) -> list[list[int]]:
        """Return the groups that take less room in parts, each in order."""
        found: list[list[int]] = []
        taken: set[int] = set()
        for first, each in enumerate(self.instructions):
            if each.op in ELEMENTWISE and each.size >= large and each.shape[0] > 1 and first not in taken:
                members = self._members(first, taken)
                taken.update(members)
                if self._saves(members):
                    found.append(members)
        return found

    def operands(self, members: Sequence[int]) -> list[int]:
        """Return what a group reads of others."""
        read = (operand for member in members for operand in self.instructions[member].operands)
        return [operand for operand in dict.fromkeys(read) if operand not in members]

    def outputs(self, members: Sequence[int]) -> list[int]:
        """Return what others read of a group."""
        return [member for member in members if not set(members).issuperset(self.readers[member])]

    def _members(self, first: int, taken: set[int]) -> list[int]:
        """Return what can run as soon as the first can, of what is made of it or of what it reads."""
        members: dict[int, None] = {}
        read = (operand for operand in self.instructions[first].operands if not self.given[operand])
        queue = sorted({first, *(beside for each in read for beside in self.readers[each] if beside > first)})
        while queue:
            position = heapq.heappop(queue)
            if position == len(self.instructions) or position in members or position in taken:
                continue
            each = self.instructions[position]
            ready = all(
                operand < first or operand in members or self.given[operand] for operand in each.operands
            )
            if ready and each.op in ELEMENTWISE and each.shape == self.instructions[first].shape:
                members[position] = None
                for reader in self.readers[position]:
                    heapq.heappush(queue, reader)
        return list(members)

    def _saves(self, members: Sequence[int]) -> bool:
        """Return whether a group needs more whole arrays at once than what it keeps of them."""
        shape, outputs = self.instructions[members[0]].shape, self.outputs(members)
        inputs = [
            operand
            for operand in self.operands(members)
            if self.instructions[operand].shape == shape and set(members).issuperset(self.readers[operand])
        ]
        dies = Counter(max(self.readers[each]) for each in (*inputs, *members) if each not in outputs)
        live = most = len(inputs)
        for member in members:
            live += not dies[member]  # what is made may lie where something was that nobody reads any more
            most = max(most, live)
            live -= max(dies[member] - 1, 0)
        return most > len(inputs) + len(outputs)


def _in_parts(mover: Mover, members: Sequence[int], outputs: Sequence[int], part: int) -> dict[int, int]:
    """Return the positions of the outputs, written as parts one below another."""
    instructions = mover.source.instructions
    shape = instructions[members[0]].shape
    length = max(part * shape[0] // instructions[members[0]].size, 1)
    parts: dict[int, list[int]] = {output: [] for output in outputs}
    for start in range(0, shape[0], length):
        stop = min(start + length, shape[0])
        made: dict[int, int] = {}
        for member in members:
            each = instructions[member]
            operands = [
                made[operand] if operand in made else _rows(mover, mover.moved[operand], shape, start, stop)
                for operand in each.operands
            ]
            made[member] = mover.emit(each.op, *operands, static=each.static)
        for output in outputs:
            parts[output].append(made[output])
    return {output: mover.emit("concat", *made, static=(0,)) for output, made in parts.items()}


def _rows(recorder: Recorder, position: int, shape: Shape, start: int, stop: int) -> int:
    """Return the part of an operand that is combined with some rows: all of it if it is broadcast there."""
    own = recorder.shape(position)
    if len(own) < len(shape) or own[0] == 1:
        return position
    return recorder.emit("slice", position, static=(0, start, stop))
