"""Who reads what, first and last: derived once for a trace, for all that plan with it."""

from __future__ import annotations

from collections.abc import Sequence


class Uses:
    """The readers of each instruction's result; what is asked for is needed past the end."""

    def __init__(self, operands: Sequence[tuple[int, ...]], results: Sequence[int]) -> None:
        self.end = len(operands)
        """When what is asked for is needed: after everything else."""
        self.asked = frozenset(results)
        """The instructions whose results are asked for."""
        self.readers: list[list[int]] = [[] for _ in operands]
        """The instructions that read each result, in order, once for every operand that it is."""
        for position, read in enumerate(operands):
            for operand in read:
                self.readers[operand].append(position)

    def all(self, position: int) -> list[int]:
        """Return when a result is read, each time once, in order."""
        return [*dict.fromkeys(self.readers[position]), *[self.end] * (position in self.asked)]

    def first(self, position: int) -> int:
        """Return when a result is first read; the end where no instruction does."""
        return self.readers[position][0] if self.readers[position] else self.end

    def last(self, position: int) -> int:
        """Return when a result is last read; -1 where nobody does."""
        if position in self.asked:
            return self.end
        return self.readers[position][-1] if self.readers[position] else -1
