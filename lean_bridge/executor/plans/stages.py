"""What does not depend on tangents or seeds is computed once, the rest for as many of them as one likes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

from lean_bridge.executor.arrays.entries import BoundEntry, Given, check_every
from lean_bridge.executor.arrays.scalars import Array, Scalars
from lean_bridge.executor.plans.instructions import FREE, Trace
from lean_bridge.executor.plans.recorder import Recorder, pruned
from lean_bridge.executor.plans.trace import Leaves, Role
from lean_bridge.executor.rules.program import shown
from pybind_models import NOT_JUDGED, GraphStanding

Evaluator: TypeAlias = Callable[[Leaves], list[Array]]


@dataclass(frozen=True)
class Stages:
    """A request in two, each a function of leaves."""

    first: Evaluator
    """Makes the values that are wanted, then what it saves, of the inputs."""
    second: Evaluator
    """Makes the rest, of the inputs, what was saved, and the arrays that are new to it."""


def split_stages(trace: Trace, role: Role, values: int = 0) -> tuple[Trace, Trace]:
    """Return what can be computed before the arrays of a role are given, and what is left to do then.

    The first results of the trace, as many as ``values``, are results of the first stage. Those that follow
    are leaves of the second: ``saved``, by number.
    """
    depends: list[bool] = []
    for each in trace.instructions:
        is_given = each.op == "leaf" and each.static.role == role
        depends.append(is_given or any(depends[operand] for operand in each.operands))
    recorder, saved, moved = Recorder(), list[int](), dict[int, int]()

    def move(position: int) -> int:
        if position not in moved:
            each = trace.instructions[position]
            if depends[position] or each.op in FREE:
                for operand in each.operands:
                    move(operand)
                moved[position] = recorder.copy(each, moved)
            else:
                moved[position] = recorder.emit("leaf", static=("saved", len(saved), each.shape))
                saved.append(position)
        return moved[position]

    for position in range(len(trace.instructions)):
        if depends[position]:
            move(position)
    results = [move(result) for result in trace.results[values:]]
    return pruned(trace.instructions, [*trace.results[:values], *saved]), recorder.trace(results)


class Linearized:
    """A linear map at a point: from tangents of inputs to those of entries, or from seeds to cotangents.

    It takes one array for each of the entries that it was made for, and returns arrays as the program's
    ``jvp`` or ``vjp`` does. Threads may share it.
    """

    def __init__(
        self,
        run: Evaluator,
        leaves: Leaves,
        role: Role,
        entries: Mapping[int, BoundEntry],
        scalars: Scalars,
        *,
        standing: GraphStanding = NOT_JUDGED,
    ) -> None:
        self.standing = standing
        """What is known of the declaration of the graph."""
        self._run, self._leaves, self._role = run, leaves, role
        self._positions, self._entries, self._scalars = tuple(entries), tuple(entries.values()), scalars

    def __repr__(self) -> str:
        return shown(self, self.standing)

    def __reduce__(self) -> NoReturn:
        """Refuse to be copied or sent to another process. Raises: TypeError."""
        raise TypeError("a derivative at a point is not copied; copy the program, and ask it again")

    def __call__(self, given: Given) -> list[Array]:
        """Return the image. Raises: ArrayError if an array does not fit its entry, or is missing."""
        like = self._leaves.get(("input", 0))
        arrays = check_every(self._role, given, self._entries, self._scalars, like)
        named = {(self._role, i): array for i, array in zip(self._positions, arrays, strict=True)}
        return self._run({**self._leaves, **named})
