"""Affine functions of one small array, side by side: ``a·x + b`` for several a and b is one product."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from numbers import Number
from typing import Any

import numpy as np

from lean_bridge.executor.arrays.namespaces import concat
from lean_bridge.executor.arrays.shape import Shape
from lean_bridge.executor.plans.instructions import Instruction, Trace
from lean_bridge.executor.plans.recorder import Recorder
from lean_bridge.executor.plans.rewriter import Target
from lean_bridge.executor.plans.sizes import SMALL


@dataclass(frozen=True)
class _Affine:
    """What an instruction makes, as an affine function of what another made."""

    source: int
    slope: Any
    shift: Any
    calls: int


@dataclass
class _Group:
    """Affine functions of one array, by the instructions that make them."""

    first: int
    """The first instruction that computes any of them."""
    members: dict[int, _Affine] = field(default_factory=dict)

    @property
    def is_shifted(self) -> bool:
        """Return whether any of them is not linear."""
        return any(each.shift != 0 for each in self.members.values())


def stack_affine(trace: Trace, target: Target) -> Trace:
    """Return the trace with affine functions of the same small array stacked along a new first axis."""
    one = target.kind.rational(1)
    groups = {group.first: group for group in _groups(trace, one)}
    if not groups:
        return trace
    recorder, moved = Recorder(), dict[int, int]()
    for position, each in enumerate(trace.instructions):
        group = groups.get(position)
        if group is not None:
            moved |= _stacked(recorder, group, moved, each.shape, one)
        if position not in moved:
            moved[position] = recorder.copy(each, moved)
    return recorder.trace([moved[result] for result in trace.results])


def _groups(trace: Trace, one: Any) -> Iterator[_Group]:
    instructions = trace.instructions
    found: dict[int, _Affine] = {}
    groups: dict[int, _Group] = {}
    for position, each in enumerate(instructions):
        affine = _affine(instructions, each, one) if each.size <= SMALL else None
        if affine is None:
            continue
        source = affine.source
        inner = found.get(source)
        if inner is not None and trace.uses.all(source) == [position]:
            del groups[inner.source].members[source]
            slope, shift = affine.slope * inner.slope, affine.slope * inner.shift + affine.shift
            affine = _Affine(inner.source, slope, shift, inner.calls + 1)
        found[position] = affine
        groups.setdefault(affine.source, _Group(position)).members[position] = affine
    for group in groups.values():
        functions = group.members.values()
        stacked = 1 + group.is_shifted  # the ones are written on each call
        if len(functions) > 1 and stacked < sum(each.calls for each in functions):
            yield group


def _affine(instructions: Sequence[Instruction], each: Instruction, one: Any) -> _Affine | None:
    """Return an instruction as an affine function of one of its operands, if it is one of that shape."""
    if each.op not in ("add", "sub", "mul"):
        return None
    (a, b), (left, right) = each.operands, (_scalar(instructions, operand) for operand in each.operands)
    if (left is None) == (right is None):
        return None
    source, scalar = (a, right) if left is None else (b, left)
    if each.op == "mul":
        return _Affine(source, scalar, one - one, 1)
    if each.op == "add":
        return _Affine(source, one, scalar, 1)
    return _Affine(source, one, -scalar, 1) if left is None else _Affine(source, -one, scalar, 1)


def _scalar(instructions: Sequence[Instruction], position: int) -> Any:
    """Return the value of a scalar constant; None for others, and for those of other libraries."""
    each = instructions[position]
    is_scalar = each.op == "constant" and not each.shape
    return each.value if is_scalar and isinstance(each.value, Number | np.ndarray) else None


def _stacked(
    recorder: Recorder, group: _Group, moved: dict[int, int], shape: Shape, one: Any
) -> dict[int, int]:
    """Return the position of each member, written as a row of ``[a b] · [x; 1]``."""
    functions = list(group.members.values())
    rows = (1, math.prod(shape))
    stack = recorder.emit("reshape", moved[functions[0].source], static=(rows,))
    columns = [[each.slope] for each in functions]
    if group.is_shifted:
        columns = [[each.slope, each.shift] for each in functions]
        ones = recorder.constant(one * np.ones(rows, dtype=int))
        stack = recorder.emit("concat", stack, ones, static=(0,))
    entry = one * np.ones((1, 1), dtype=int)
    matrix = concat([concat([value * entry for value in row], 1) for row in columns], 0)
    made = recorder.emit("matmul", recorder.constant(matrix), stack)
    parts = (recorder.emit("slice", made, static=(0, i, i + 1)) for i in range(len(functions)))
    return {
        member: recorder.emit("reshape", part, static=(shape,))
        for member, part in zip(group.members, parts, strict=True)
    }
