"""Copies of given arrays are made again rather than kept where most bytes are needed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from lean_bridge.executor.plans.arena import Block, busiest
from lean_bridge.executor.plans.instructions import VIEWS, Instruction, Trace
from lean_bridge.executor.plans.recorder import pruned
from lean_bridge.executor.plans.rewriter import Target
from lean_bridge.executor.plans.storage import lay_out


def remake_copies(trace: Trace, _target: Target) -> Trace:
    """Return the trace with concatenations of given arrays made again after the peak of live bytes."""
    bases = _copies(trace)
    if not bases:
        return trace
    storages = [each for each in lay_out(trace).storages if each.kind == "arena"]
    peak = busiest([Block(each.first, each.last, each.size) for each in storages])
    kept = {each.source for each in storages if each.first < peak < each.last}
    bases = {view: copy for view, copy in bases.items() if copy in kept}
    read = trace.instructions[peak].operands if peak < len(trace.instructions) else ()
    needed = {bases[operand] for operand in (*read, *trace.results) if operand in bases}
    return _remade(trace, peak, {view: copy for view, copy in bases.items() if copy not in needed})


def _copies(trace: Trace) -> dict[int, int]:
    """Return the concatenations of given arrays, by themselves and by their views."""
    instructions, bases = trace.instructions, dict[int, int]()
    given: set[int] = set()
    for position, each in enumerate(instructions):
        if each.is_given or (each.op in VIEWS and each.operands[0] in given):
            given.add(position)
        elif each.op == "concat" and given.issuperset(each.operands):
            bases[position] = position
        elif each.op in VIEWS and each.operands[0] in bases:
            bases[position] = bases[each.operands[0]]
    return bases


def _remade(trace: Trace, peak: int, bases: Mapping[int, int]) -> Trace:
    """Return the trace with other copies, and views of them, for what comes after the peak."""
    written: list[Instruction] = []
    moved: dict[int, int] = {}
    again: dict[int, int] = {}

    def write(each: Instruction, operands: list[int]) -> int:
        written.append(dataclasses.replace(each, operands=tuple(operands)))
        return len(written) - 1

    def late(position: int) -> int:
        if position not in bases:
            return moved[position]
        if position not in again:
            each = trace.instructions[position]
            again[position] = write(each, [late(operand) for operand in each.operands])
        return again[position]

    for position, each in enumerate(trace.instructions):
        if position > peak and each.op not in VIEWS:
            operands = [late(operand) for operand in each.operands]
        else:
            operands = [moved[operand] for operand in each.operands]
        moved[position] = write(each, operands)
    return pruned(written, [moved[result] for result in trace.results])
