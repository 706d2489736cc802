"""Writes instructions down: each once, and only what the results need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lean_bridge.executor.arrays.shape import Shape
from lean_bridge.executor.plans.instructions import Constant, Instruction, Trace, named, shape_of


class Recorder:
    """A list of instructions under construction. What was written before is not written again."""

    def __init__(self) -> None:
        self.instructions: list[Instruction] = []
        self._positions: dict[Instruction, int] = {}
        self._constants: dict[object, Constant] = {}

    def emit(self, op: str, *operands: int, static: tuple[Any, ...] = ()) -> int:
        """Return the position of an instruction, written now or before.

        Raises: ValueError if the operands' shapes do not fit.
        """
        shapes = tuple(self.instructions[operand].shape for operand in operands)
        static = named(op, static)
        return self.write(Instruction(op, operands, static, shape_of(op, shapes, static)))

    def write(self, instruction: Instruction) -> int:
        """Return the position of an instruction whose shape is known."""
        position = self._positions.setdefault(instruction, len(self.instructions))
        if position == len(self.instructions):
            self.instructions.append(instruction)
        return position

    def copy(self, each: Instruction, moved: Mapping[int, int]) -> int:
        """Return the position of an instruction of another trace, whose operands were moved here."""
        if each.op == "constant":
            return self.constant(each.value)
        operands = tuple(moved[operand] for operand in each.operands)
        return self.write(Instruction(each.op, operands, each.static, each.shape))

    def constant(self, value: Any) -> int:
        """Return the position of a constant: a scalar or an array."""
        return self.emit("constant", static=(self.wrap(value),))

    def leaf(self, role: str, number: int, shape: Shape, given: bool) -> int:
        """Return the position of an array that is given, or of zeros where it is not."""
        if given:
            return self.emit("leaf", static=(role, number, shape))
        return self.emit("zeros", static=(shape,))

    def wrap(self, value: Any) -> Constant:
        """Return the constant for a value: one for each number (0.0 is not -0.0) and each array object."""
        scalar = value.item() if hasattr(value, "item") and not np.shape(value) else value
        key = id(value) if np.shape(value) else (type(value), repr(scalar))
        return self._constants.setdefault(key, Constant(value))

    def shape(self, position: int) -> Shape:
        """Return the shape of what an instruction makes."""
        return self.instructions[position].shape

    def find(self, op: str, *operands: int, static: tuple[Any, ...] = ()) -> int | None:
        """Return the position of an instruction if it was written before."""
        shapes = tuple(self.instructions[operand].shape for operand in operands)
        static = named(op, static)
        return self._positions.get(Instruction(op, operands, static, shape_of(op, shapes, static)))

    def trace(self, results: Sequence[int]) -> Trace:
        """Return the instructions that the results need, in their order."""
        return pruned(self.instructions, results)


class Mover(Recorder):
    """Writes the instructions of another trace down, each after what it reads."""

    def __init__(self, trace: Trace) -> None:
        super().__init__()
        self.source = trace
        self.moved: dict[int, int] = {}
        """Where instructions of the other trace are."""

    def move(self, position: int) -> int:
        """Return where an instruction of the other trace is, written now or before."""
        if position not in self.moved:
            each = self.source.instructions[position]
            for operand in each.operands:
                self.move(operand)
            self.moved[position] = self.copy(each, self.moved)
        return self.moved[position]

    def finish(self) -> Trace:
        """Return what the results of the other trace need, as it was written."""
        return self.trace([self.move(result) for result in self.source.results])


def pruned(instructions: Sequence[Instruction], results: Sequence[int]) -> Trace:
    """Return what the results need of some instructions, in their order."""
    needed = set(results)
    for position in reversed(range(len(instructions))):
        if position in needed:
            needed.update(instructions[position].operands)
    moved = {old: new for new, old in enumerate(sorted(needed))}
    kept = tuple(
        Instruction(each.op, tuple(moved[operand] for operand in each.operands), each.static, each.shape)
        for each in (instructions[old] for old in moved)
    )
    return Trace(kept, tuple(moved[result] for result in results))
