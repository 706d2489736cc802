"""Large arrays that are soon made small again, a part of them at a time.

The cotangents of attention scores take as much room as the scores of all heads; those of a few heads are
multiplied by queries and keys before the next are made. What an activation is made of is in :mod:`.strips`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lean_bridge.executor.plans.instructions import ELEMENTWISE, VIEWS, Trace
from lean_bridge.executor.plans.passes.memory.strips import in_strips
from lean_bridge.executor.plans.recorder import Mover
from lean_bridge.executor.plans.rewriter import Target

LARGE: Final = 2**18
"""Coordinates in an array from which on it is divided."""

PART: Final = 2**15
"""Coordinates in a part, as far as it can be divided: a few of them lie in a second-level cache."""


@dataclass(frozen=True)
class _Chain:
    """A batched product, elementwise operations on it one after another, and products that read the last."""

    steps: tuple[int, ...]
    readers: tuple[int, ...]


def tile_batches(trace: Trace, _target: Target) -> Trace:
    """Return the trace with large intermediate arrays made and used in parts."""
    trace = in_strips(trace, LARGE, PART)
    chains = {chain.readers[0]: chain for chain in _chains(trace)}
    if not chains:
        return trace
    mover = Mover(trace)
    skipped = {each for chain in chains.values() for each in (*chain.steps, *chain.readers)}

    for position in range(len(trace.instructions)):
        chain = chains.get(position)
        if chain is not None:
            members = {*chain.steps, *chain.readers}
            for member in members:
                for operand in set(trace.instructions[member].operands) - members:
                    mover.move(operand)
            mover.moved |= _tiled(mover, chain)
        elif position not in skipped:
            mover.move(position)
    return mover.finish()


def _chains(trace: Trace) -> list[_Chain]:
    instructions = trace.instructions
    readers = [list(dict.fromkeys(read)) for read in trace.uses.readers]
    bases: list[int] = []
    for position, each in enumerate(instructions):
        bases.append(bases[each.operands[0]] if each.op in VIEWS else position)
    found = []
    for position, each in enumerate(instructions):
        if each.op != "matmul" or len(each.shape) != 3 or each.size < LARGE or each.shape[0] == 1:
            continue
        steps = [position]
        while len(readers[steps[-1]]) == 1 and instructions[readers[steps[-1]][0]].op in ELEMENTWISE:
            steps.append(readers[steps[-1]][0])
        ends = readers[steps[-1]]
        members = {*steps, *ends}
        same = all(instructions[step].shape == each.shape for step in steps)
        smaller = all(
            instructions[end].op == "matmul" and 2 * instructions[end].size <= each.size for end in ends
        )
        others = {bases[operand] for member in members for operand in instructions[member].operands} - members
        ready = bool(ends) and max(others, default=-1) < ends[0]
        if same and smaller and ready and not set(steps) & set(trace.results):
            found.append(_Chain(tuple(steps), tuple(ends)))
    return found


def _tiled(mover: Mover, chain: _Chain) -> dict[int, int]:
    """Return the position of each of the last products, written as parts side by side."""
    instructions = mover.source.instructions
    first = instructions[chain.steps[0]]
    batch = first.shape[0]
    length = max(PART * batch // first.size, 1)
    parts: dict[int, list[int]] = {reader: [] for reader in chain.readers}
    for start in range(0, batch, length):
        made: dict[int, int] = {}
        for position in (*chain.steps, *chain.readers):
            each = instructions[position]
            operands = []
            for operand in each.operands:
                part = made.get(operand)
                if part is None:
                    part = mover.moved[operand]
                    if mover.shape(part)[:1] == (batch,) and len(mover.shape(part)) == 3:
                        stop = min(start + length, batch)
                        part = mover.emit("slice", part, static=(0, start, stop))
                operands.append(part)
            made[position] = mover.emit(each.op, *operands, static=each.static)
        for reader in chain.readers:
            parts[reader].append(made[reader])
    return {reader: mover.emit("concat", *made, static=(0,)) for reader, made in parts.items()}
