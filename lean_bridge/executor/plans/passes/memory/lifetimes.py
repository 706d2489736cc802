"""What instructions wait for, and how many coordinates an order of them needs at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from lean_bridge.executor.plans.instructions import BIJECTIONS, ELEMENTWISE, FREE, VIEWS, Trace
from lean_bridge.executor.plans.storage import lay_out, view_of


class Lifetimes:
    """The instructions of a trace that take time, and the arrays of its layout that they write and read.

    A view stands for what it is a view of. The parts of a concatenation lie in it, so that all of it is
    needed from the first of them on.
    """

    def __init__(self, trace: Trace) -> None:
        self.instructions = trace.instructions
        self.running = [i for i, each in enumerate(self.instructions) if each.op not in FREE]
        """What takes time, in the order of the trace."""
        self.reads: list[list[int]] = []
        """The instructions that must have run before each."""
        self.readers: list[list[int]] = [[] for _ in self.instructions]
        """The instructions that wait for each."""
        bases: list[int] = []
        for position, each in enumerate(self.instructions):
            bases.append(bases[each.operands[0]] if each.op in VIEWS else position)
            read = () if each.op in FREE else dict.fromkeys(bases[operand] for operand in each.operands)
            self.reads.append([base for base in read if self.instructions[base].op not in FREE])
            for base in self.reads[position]:
                self.readers[base].append(position)
        layout = lay_out(trace, in_place=False)
        self._places, self._storages = layout.places, layout.storages
        self.sizes = [storage.size for storage in layout.storages]
        """How many coordinates each array has."""
        self._whole: set[int] = set()
        for position, each in enumerate(self.instructions):
            if each.op not in VIEWS or (each.op in BIJECTIONS and each.operands[0] in self._whole):
                self._whole.add(position)
        self._viewed = {each.operands[0] for each in self.instructions if each.op in BIJECTIONS}
        self.written = [place.storage for place in layout.places]
        """The array that each instruction writes, or a part of."""
        self.used = [
            list(dict.fromkeys(self.written[each] for each in (position, *reads)))
            for position, reads in enumerate(self.reads)
        ]
        """The arrays that each instruction writes, then those that it only reads."""
        self.asked = {bases[result] for result in trace.results}
        """The instructions whose results are asked for."""
        self.kept = {self.written[position] for position in self.asked}
        """The arrays that are needed to the end."""
        self.users: list[list[int]] = [[] for _ in layout.storages]
        """The instructions that write or read each array."""
        for position in self.running:
            for array in self.used[position]:
                self.users[array].append(position)
        self.uses = [len(users) + (array in self.kept) for array, users in enumerate(self.users)]
        """How often each array is needed: once more where it is kept."""

    def peak(self, order: Iterable[int]) -> int:
        """Return how many coordinates are needed at once if everything runs in that order.

        Elementwise operations write over operands that nobody reads any more, as in :func:`lay_out`.
        """
        left, places = list(self.uses), dict[int, int]()
        live = most = 0
        for position in order:
            array = self.written[position]
            if array not in places:
                over = self._overwritten(position, places, left)
                places[array] = array if over is None else over
                if over is None:
                    live += self.sizes[array]
                else:
                    left[over] += self.uses[array] - 1
            most = max(most, live)
            for place in {places[used] for used in self.used[position]}:
                left[place] -= 1
                if not left[place]:
                    live -= self.sizes[place]
        return most

    def _overwritten(self, position: int, places: dict[int, int], left: Sequence[int]) -> int | None:
        """Return the array of an operand that the result may be written over."""
        each, own = self.instructions[position], self._storages[self.written[position]]
        if each.op in ELEMENTWISE and own.source == position:
            for operand in each.operands:
                array = self.written[operand]
                dies = array in places and left[places[array]] == 1
                if dies and operand in self._whole and self._fits(operand, position):
                    return places[array]
        return None

    def _fits(self, operand: int, position: int) -> bool:
        if self.instructions[operand].shape != self.instructions[position].shape:
            return False
        return position not in self._viewed or self._strides(operand) == self._strides(position)

    def _strides(self, position: int) -> tuple[int, ...]:
        place = self._places[position]
        return view_of(np.empty(self._storages[place.storage].shape, np.int8), place.views).strides
