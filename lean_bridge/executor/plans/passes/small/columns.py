"""Column sums of small matrices of one shape, side by side: the gradients of biases are one operation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lean_bridge.executor.arrays.shape import Shape
from lean_bridge.executor.plans.instructions import BIJECTIONS, GIVEN, VIEWS, Instruction, Trace
from lean_bridge.executor.plans.recorder import Recorder
from lean_bridge.executor.plans.rewriter import Target
from lean_bridge.executor.plans.sizes import SMALL

MOST: Final = 4
"""Matrices in a stack: each is kept until the last is there."""

_GIVEN: Final = VIEWS - BIJECTIONS | GIVEN | {"concat"}
"""What is not made where its sum is read."""


def stack_sums(trace: Trace, _target: Target) -> Trace:
    """Return the trace with column sums that nobody reads for a while as the sums of one stack."""
    groups = {max(group.values()): group for group in _groups(trace)}
    if not groups:
        return trace
    recorder, moved = Recorder(), dict[int, int]()
    later = {member for group in groups.values() for member in group}
    for position, each in enumerate(trace.instructions):
        if position not in later:
            moved[position] = recorder.copy(each, moved)
        group = groups.get(position)
        if group is not None:
            moved |= _stacked(recorder, trace, group, moved)
    return recorder.trace([moved[result] for result in trace.results])


def _groups(trace: Trace) -> Iterator[dict[int, int]]:
    """Yield the matrix that each of several sums reads."""
    groups: dict[Shape, dict[int, int]] = {}
    for position, each in enumerate(trace.instructions):
        if not _is_column_sum(trace, each):
            continue
        (matrix,) = each.operands
        shape = trace.instructions[matrix].shape
        group = groups.setdefault(shape, {})
        read = any(trace.uses.first(member) <= matrix for member in group)
        if read or len(group) == MOST:
            if len(group) > 1:
                yield group
            groups[shape] = group = {}
        group[position] = matrix
    yield from (group for group in groups.values() if len(group) > 1)


def _is_column_sum(trace: Trace, each: Instruction) -> bool:
    if each.op != "sum" or each.static != (0, False, None):
        return False
    matrix = trace.instructions[each.operands[0]]
    base = matrix
    while base.op in BIJECTIONS:
        base = trace.instructions[base.operands[0]]
    return len(matrix.shape) == 2 and matrix.size <= SMALL and base.op not in _GIVEN


def _stacked(
    recorder: Recorder, trace: Trace, group: dict[int, int], moved: dict[int, int]
) -> dict[int, int]:
    """Return the position of each sum, written as a row of the sums of a stack."""
    rows, columns = trace.instructions[next(iter(group.values()))].shape
    parts = (
        recorder.emit("reshape", moved[matrix], static=((1, rows, columns),)) for matrix in group.values()
    )
    sums = recorder.emit("sum", recorder.emit("concat", *parts, static=(0,)), static=(1, False, None))
    found = {}
    for number, member in enumerate(group):
        row = recorder.emit("slice", sums, static=(0, number, number + 1))
        found[member] = recorder.emit("reshape", row, static=((columns,),))
    return found
