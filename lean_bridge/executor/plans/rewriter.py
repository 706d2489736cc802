"""How passes rewrite: one walk over the instructions, with a rule that may write something equal instead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from lean_bridge.executor.arrays.scalars import Scalars
from lean_bridge.executor.arrays.shape import Shape
from lean_bridge.executor.plans.instructions import BIJECTIONS, Instruction, Trace, named, shape_of
from lean_bridge.executor.plans.recorder import Recorder


@dataclass(frozen=True)
class Target:
    """What a trace will compute with."""

    kind: Scalars
    dtype: np.dtype[Any]


Rule: TypeAlias = Callable[["Rewriter", str, tuple[int, ...], tuple[Any, ...]], int | None]
"""From an instruction about to be written to the position of something equal; None to write it as it is."""


class Rewriter(Recorder):
    """Writes a trace anew. What a rule writes is offered to the rule again."""

    def __init__(self, trace: Trace, target: Target, rule: Rule) -> None:
        super().__init__()
        self.target = target
        self.readers: dict[int, list[Instruction]] = {}
        """The instructions of the old trace that read what is at a new position."""
        self._rule = rule
        moved: list[int] = []
        for position, each in enumerate(trace.instructions):
            if each.op == "constant":
                new = self.constant(each.value)
            elif each.op == "leaf":
                new = self.write(each)
            else:
                new = self.emit(each.op, *(moved[operand] for operand in each.operands), static=each.static)
            moved.append(new)
            read = self.readers.setdefault(new, [])
            read += [trace.instructions[reader] for reader in trace.uses.readers[position]]
            read += [Instruction("result", (position,), (), ())] * trace.results.count(position)
        self.rewritten = self.trace([moved[result] for result in trace.results])

    def emit(self, op: str, *operands: int, static: tuple[Any, ...] = ()) -> int:
        """Return the position of an instruction, or of what the rule has instead."""
        found = self._rule(self, op, operands, named(op, static))
        return self.plain(op, *operands, static=static) if found is None else found

    def plain(self, op: str, *operands: int, static: tuple[Any, ...] = ()) -> int:
        """Return the position of an instruction that the rule is not asked about."""
        return super().emit(op, *operands, static=static)

    def is_shared(self, position: int) -> bool:
        """Return whether more than one instruction of the old trace reads a result."""
        return len(self.readers.get(position, ())) > 1

    def scalar(self, position: int) -> Any:
        """Return the value of a scalar constant; None for anything else."""
        each = self.instructions[position]
        return each.value if each.op == "constant" and not each.shape else None

    def fit(self, position: int, shape: Shape) -> int:
        """Return an array broadcast to a shape."""
        if self.shape(position) == shape:
            return position
        return self.emit("broadcast", position, static=(shape,))

    def size(self, position: int) -> int:
        """Return how many coordinates an instruction makes."""
        return self.instructions[position].size

    def base(self, position: int) -> int:
        """Return what an array is a bijective view of."""
        while self.instructions[position].op in BIJECTIONS:
            (position,) = self.instructions[position].operands
        return position

    def swapped(self, position: int) -> int:
        """Return the array with its last two axes exchanged, as one view."""
        each = self.instructions[position]
        axes = list(each.static if each.op == "transpose" else range(len(each.shape)))
        axes[-2:] = axes[:-3:-1]
        source = each.operands[0] if each.op == "transpose" else position
        return source if axes == sorted(axes) else self.emit("transpose", source, static=tuple(axes))

    def result_shape(self, op: str, operands: tuple[int, ...], static: tuple[Any, ...]) -> Shape:
        """Return the shape that an instruction would make."""
        return shape_of(op, tuple(map(self.shape, operands)), named(op, static))


def rewrite(trace: Trace, target: Target, rule: Rule) -> Trace:
    """Return the trace with the rule applied to every instruction."""
    return Rewriter(trace, target, rule).rewritten
