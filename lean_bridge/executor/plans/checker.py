"""What must hold of instructions after every pass, and of a plan before it runs: or which pass broke it.

Off unless ``LEAN_BRIDGE_CHECK_PLANS=1``: the tests switch it on. That a pass computes the same numbers is not
looked at here; the tests run each over GF(p), where equal is equal.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

import numpy as np

from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.plans.instructions import (
    ELEMENTWISE,
    OPS,
    VIEWS,
    Instruction,
    Static,
    Trace,
    shape_of,
)
from lean_bridge.executor.plans.kernels import identity
from lean_bridge.executor.plans.plan import Plan
from lean_bridge.executor.plans.storage import view_of

SWITCH: Final = "LEAN_BRIDGE_CHECK_PLANS"
"""The environment variable that switches it on."""

MOST_MARKED: Final = 2**22
"""Coordinates of a plan up to which each is followed through the arena."""


_MOVES: Final = VIEWS | {"concat"}
"""What makes no coordinates of its own."""


class BrokenPlan(AssertionError):
    """A pass, or the layout, broke what must hold: the fault is this program's own."""


def is_on() -> bool:
    """Return whether plans are to be checked."""
    return os.environ.get(SWITCH, "0") not in ("", "0")


def check_trace(trace: Trace, after: str, before: Trace | None = None) -> None:
    """Hold a trace, as it is after a pass, to what all passes rely on, and to the trace before it.

    Operands are earlier than what reads them; shapes are as the ops say; everything is read; results keep
    their number and shapes; and nothing is read that was not given before.

    Raises: BrokenPlan naming the pass and the first instruction at which it is not so.
    """
    instructions = trace.instructions
    for position, each in enumerate(instructions):
        wrong = _wrong(instructions, position, each)
        if wrong is not None:
            raise BrokenPlan(f"after {after}: %{position} = {each.op}{each.operands}: {wrong}")
    if not all(0 <= result < len(instructions) for result in trace.results):
        raise BrokenPlan(f"after {after}: expected results among {len(instructions)}, found {trace.results}")
    if before is not None:
        _check_kept(trace, after, before)
    for position in range(len(instructions)):
        if not trace.uses.all(position):
            raise BrokenPlan(f"after {after}: %{position} = {instructions[position].op}: nobody reads it")


def _wrong(instructions: Sequence[Instruction], position: int, each: Instruction) -> str | None:
    """Return what is wrong with an instruction; None if nothing is."""
    if each.op not in OPS:
        return "no such op"
    if not all(0 <= operand < position for operand in each.operands):
        return "expected operands before it"
    try:
        shapes = tuple(instructions[operand].shape for operand in each.operands)
        shape = shape_of(each.op, shapes, each.static)
    except (ValueError, TypeError, IndexError, AttributeError) as error:
        return str(error)
    return None if shape == each.shape else f"makes shape {shape}, is said to make {each.shape}"


def _check_kept(trace: Trace, after: str, before: Trace, more: Collection[Static] = ()) -> None:
    found, expected = (
        [each.instructions[result].shape for result in each.results] for each in (trace, before)
    )
    if found != expected:
        raise BrokenPlan(f"after {after}: expected results of shapes {expected}, found {found}")
    _check_leaves(trace, after, _leaves(before).union(more))


def _check_leaves(trace: Trace, after: str, given: Collection[Static]) -> None:
    for leaf in _leaves(trace).difference(given):
        raise BrokenPlan(f"after {after}: reads {leaf}, which was not read before")


def _leaves(trace: Trace) -> set[Static]:
    return {each.static for each in trace.instructions if each.op == "leaf"}


def check_stages(early: Trace, late: Trace, whole: Trace, values: int = 0) -> None:
    """Hold the two stages of a trace to it: the second reads what the first makes, and makes the results.

    The first results, as many as ``values``, are made by the first.

    Raises: BrokenPlan naming the stage.
    """
    check_trace(early, "the first stage")
    check_trace(late, "the second stage")
    now, saved = early.results[:values], early.results[values:]
    made = {("saved", i, early.instructions[result].shape) for i, result in enumerate(saved)}
    first, second = whole.results[:values], whole.results[values:]
    _check_kept(Trace(early.instructions, now), "the first stage", Trace(whole.instructions, first))
    _check_kept(late, "the second stage", Trace(whole.instructions, second), made)
    _check_leaves(early, "the first stage", _leaves(whole))


def check_plan(plan: Plan) -> None:
    """Hold a plan's places to its instructions: each reads what it is to read, and nothing lies over another.

    Raises: BrokenPlan naming the first instruction or storage at which it is not so.
    """
    _check_storages(plan)
    if sum(each.size for each in plan.trace.instructions) <= MOST_MARKED:
        _Memory(plan).check()


def _check_storages(plan: Plan) -> None:
    blocks, offsets, storages = plan.blocks, plan.offsets, plan.layout.storages
    for position, (each, place) in enumerate(zip(plan.trace.instructions, plan.layout.places, strict=True)):
        storage = storages[place.storage]
        made = _viewed(np.empty(storage.shape, np.int8), place.views)
        if made is None or made.shape != each.shape:
            raise BrokenPlan(f"%{position} = {each.op}: no view of storage {place.storage} is {each.shape}")
        read = [plan.layout.places[operand].storage for operand in each.operands]
        is_view = each.op in VIEWS and position not in plan.layout.copied
        for number in () if is_view else (place.storage, *read):
            if not storages[number].first <= position <= storages[number].last:
                raise BrokenPlan(f"%{position} = {each.op}: storage {number} is not kept for it")
    for result in plan.trace.results:
        if storages[plan.layout.places[result].storage].last < len(plan.trace.instructions):
            raise BrokenPlan(f"%{result}: is asked for, and its storage is not kept")
    for number, block in blocks.items():
        start, stop = offsets[number], offsets[number] + block.size
        if start % plan.dtype.itemsize or not 0 <= start <= stop <= plan.arena:
            raise BrokenPlan(f"storage {number}: expected room in {plan.arena} bytes, found {start}–{stop}")
        for other, meets in blocks.items():
            is_beside = block.first > meets.last or meets.first > block.last or other <= number
            if not (is_beside or stop <= offsets[other] or offsets[other] + meets.size <= start):
                raise BrokenPlan(f"storages {number} and {other} overlap while both are needed")


def _viewed(array: Array, views: Sequence[tuple[str, tuple[Any, ...]]]) -> Array | None:
    try:
        return view_of(array, views)
    except (ValueError, IndexError):
        return None


class _Memory:
    """A run of a plan on marks in place of numbers: every coordinate that is made has one of its own."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        itemsize = plan.dtype.itemsize
        arena = np.zeros(plan.arena // itemsize, np.int64)
        self.roots: list[Array] = []
        for number, storage in enumerate(plan.layout.storages):
            if storage.kind == "arena":
                start = plan.offsets[number] // itemsize
                self.roots.append(arena[start : start + storage.size].reshape(storage.shape))
            else:
                self.roots.append(np.zeros(storage.shape, np.int64))
        self.expected: list[Array] = []
        """The marks of each result, as the instructions have it."""
        self.found = [view_of(self.roots[place.storage], place.views) for place in plan.layout.places]
        """The marks of each result, where the layout has it."""

    def check(self) -> None:
        """Raise BrokenPlan naming the first instruction that reads what it should not."""
        marks = self._marks()
        for position, each in enumerate(self.plan.trace.instructions):
            if each.op in _MOVES:
                self.expected.append(_moved(each, [self.expected[operand] for operand in each.operands]))
            else:
                self.expected.append(next(marks).reshape(each.shape))
            if each.op not in VIEWS or position in self.plan.layout.copied:
                self._make(position, each)
        for result in self.plan.trace.results:
            self._look(result, f"result %{result}")

    def _marks(self) -> Iterator[Array]:
        stop = 1
        for each in self.plan.trace.instructions:
            if each.op not in _MOVES:
                start, stop = stop, stop + each.size
                yield np.arange(start, stop)

    def _make(self, position: int, each: Instruction) -> None:
        """Have an instruction read its operands, and write what it makes."""
        label, out = f"%{position} = {each.op}{each.operands}", self.found[position]
        is_given = each.is_given
        kind = self.plan.layout.storages[self.plan.layout.places[position].storage].kind
        if is_given != (kind != "arena") or (is_given and kind != each.op):
            raise BrokenPlan(f"{label}: lies in what is {kind}")
        parts = _parts(out, each, [self.found[operand] for operand in each.operands])
        for operand, part in zip(each.operands, parts, strict=True):
            read = self.found[operand]
            self._look(operand, f"{label}: its operand %{operand}")
            if identity(part) == identity(read) and each.op in ELEMENTWISE | {"concat"}:
                continue
            # the parts of a concatenation are written one after another, those that lie there not at all
            for over in each.operands if each.op == "concat" else (operand,):
                if np.shares_memory(part, self.found[over]):
                    raise BrokenPlan(f"{label}: writes over its operand %{over} while it reads that")
        out[...] = self.expected[position]

    def _look(self, position: int, label: str) -> None:
        if not np.array_equal(self.found[position], self.expected[position]):
            raise BrokenPlan(f"{label} is no longer there, or not yet")


def _parts(out: Array, each: Instruction, operands: Sequence[Array]) -> list[Array]:
    """Return where an instruction writes what it makes of each operand."""
    if each.op != "concat":
        return [out] * len(operands)
    (axis,) = each.static
    stops = np.cumsum([operand.shape[axis] for operand in operands])[:-1]
    return list(np.split(out, stops, axis))


def _moved(each: Instruction, operands: Sequence[Array]) -> Array:
    """Return what an op makes that only moves coordinates."""
    if each.op == "concat":
        return np.concatenate(operands, *each.static)
    if each.op == "reshape":
        return operands[0].reshape(*each.static)
    return view_of(operands[0], [(each.op, each.static)])
