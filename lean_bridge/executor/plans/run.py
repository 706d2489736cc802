"""Runs of a plan: one arena, one flat list of calls, and nothing else while they run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Final, NamedTuple, NoReturn

import numpy as np

from lean_bridge.executor.arrays.scalars import Array, read_only
from lean_bridge.executor.plans.arena import aligned_zeros
from lean_bridge.executor.plans.instructions import VIEWS, Instruction
from lean_bridge.executor.plans.kernels import Call, assignment, identity, lower
from lean_bridge.executor.plans.plan import Plan
from lean_bridge.executor.plans.storage import view_of
from lean_bridge.executor.plans.trace import Leaves, Role
from lean_bridge.executor.rules.program import shown
from pybind_models import NOT_JUDGED, GraphStanding


class Stepped(NamedTuple):
    """An instruction as it ran."""

    instruction: Instruction
    operands: tuple[Array, ...]
    result: Array


class Run:
    """A plan with buffers of its own, to be called again and again by one thread at a time.

    Results are views of the buffers: they hold until the next call. Those that are the same in every call are
    read-only, and so are those that are what was given: they are the caller's arrays.
    """

    def __init__(self, plan: Plan, *, standing: GraphStanding = NOT_JUDGED) -> None:
        self.plan = plan
        self.standing = standing
        """What is known of the declaration of the graph."""
        arena = aligned_zeros(plan.arena)
        self.floats = arena[: plan.arena - plan.arena % plan.dtype.itemsize].view(plan.dtype)
        """The arena as numbers: what the last call left there."""
        self._roots: dict[int, Array] = {}
        for number, storage in enumerate(plan.layout.storages):
            if storage.kind == "arena":
                start = plan.offsets[number]
                raw = arena[start : start + storage.size * plan.dtype.itemsize]
                self._roots[number] = raw.view(plan.dtype).reshape(storage.shape)
            elif storage.kind == "zeros":
                self._roots[number] = read_only(np.zeros(storage.shape, plan.dtype))
            elif storage.kind == "constant":
                value = plan.trace.instructions[storage.source].value
                self._roots[number] = read_only(np.asarray(value, plan.dtype))
        self._leaves: dict[tuple[Role, int], int] = {
            (each.static.role, each.static.entry): plan.layout.places[position].storage
            for position, each in enumerate(plan.trace.instructions)
            if each.op == "leaf"
        }
        self.given: Leaves = {}
        """The arrays that it was given last, those included that it does not read."""
        self._calls: list[Call] = []
        self._ends: list[int] = []
        """After how many calls each instruction's result is there."""
        self._made: list[Array] = []
        """Where each instruction's result is."""
        self._results: list[Array] = []

    def __repr__(self) -> str:
        return shown(self, self.standing)

    def __reduce__(self) -> NoReturn:
        """Refuse to be copied or sent to another process. Raises: TypeError."""
        raise TypeError("a run reads its caller's arrays; copy the program, and prepare it again")

    @property
    def calls(self) -> tuple[Call, ...]:
        """What it calls, in order, once arrays are bound."""
        return tuple(self._calls)

    def __call__(self) -> list[Array]:
        """Return the results for what the bound arrays hold now."""
        for function, arguments in self._calls:
            function(*arguments)
        return list(self._results)

    def stepped(self) -> Iterator[Stepped]:
        """Run, and yield every instruction that is computed: what it read, and what it made of that."""
        done = 0
        for position, each in enumerate(self.plan.trace.instructions):
            if self._ends[position] == done:
                continue
            operands = tuple(self._made[operand].copy() for operand in each.operands)
            for function, arguments in self._calls[done : self._ends[position]]:
                function(*arguments)
            done = self._ends[position]
            if not each.is_given:  # of what is given, calls only copy it
                yield Stepped(each, operands, self._made[position].copy())

    def release(self) -> None:
        """Keep the buffers, and forget what was read."""
        self.given, self._calls, self._made, self._results = {}, [], [], []
        for storage in self._leaves.values():
            self._roots.pop(storage, None)

    def bind(self, leaves: Leaves) -> None:
        """Read these arrays from now on; those not in row-major order are copied on each call."""
        known, self.given = self.given, leaves
        if known and all(known[key] is leaves[key] for key in self._leaves):
            return
        self._calls, self._ends = [], []
        for key, storage in self._leaves.items():
            array = leaves[key]
            if not array.flags.c_contiguous:
                copy = np.empty(array.shape, array.dtype)
                self._calls.append(assignment(copy, array))
                array = copy
            self._roots[storage] = array
        trace, layout = self.plan.trace, self.plan.layout
        views = (view_of(self._roots[place.storage], place.views) for place in layout.places)
        alike: dict[object, Array] = {}  # in place is faster where the result is the operand itself
        made = [alike.setdefault(identity(view), view) for view in views]
        for position, each in enumerate(trace.instructions):
            is_view = each.op in VIEWS and position not in layout.copied
            if not is_view and not each.is_given:
                self._calls += lower(each, made[position], tuple(made[operand] for operand in each.operands))
            self._ends.append(len(self._calls))
        self._made = made
        self._results = [
            read_only(made[result])
            if layout.storages[layout.places[result].storage].kind == "leaf"
            else made[result]
            for result in trace.results
        ]


KEPT: Final = 8
"""Runs that a program keeps between calls, with their buffers."""


class Idle:
    """The runs of a program between calls, a bounded number; only the last one keeps what it read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: list[Run] = []

    def take(self, plan: Plan) -> Run:
        """Return a run of a plan that nobody uses."""
        with self._lock:
            for index in reversed(range(len(self._runs))):
                if self._runs[index].plan is plan:
                    return self._runs.pop(index)
        return Run(plan)

    def give(self, run: Run) -> None:
        """Take a run back."""
        with self._lock:
            if self._runs:
                self._runs[-1].release()
            self._runs.append(run)
            del self._runs[:-KEPT]


class Pool:
    """A plan with as many runs as threads call it at once; results belong to the caller."""

    def __init__(self, plan: Plan, idle: Idle) -> None:
        self.plan = plan
        self._idle = idle

    def __call__(self, leaves: Leaves) -> list[Array]:
        """Return the results for these arrays; one that is asked for again is itself, and read-only."""
        run = self._idle.take(self.plan)
        run.bind(leaves)
        instructions = [self.plan.trace.instructions[result] for result in self.plan.trace.results]
        owned = [
            read_only(leaves[each.static.role, each.static.entry]) if each.op == "leaf" else result.copy()
            for each, result in zip(instructions, run(), strict=True)
        ]
        self._idle.give(run)
        return owned
