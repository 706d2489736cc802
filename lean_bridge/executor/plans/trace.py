"""From a program to instructions: its own folds, run once on tracers, for exactly what is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from lean_bridge.errors import UnsupportedOp
from lean_bridge.executor.arrays.entries import BoundEntry
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.plans.derived import TracedSetting
from lean_bridge.executor.plans.instructions import Trace
from lean_bridge.executor.plans.recorder import Recorder
from lean_bridge.executor.plans.tracer import as_array, position_of
from lean_bridge.executor.rules.program import Program, Step

Role: TypeAlias = Literal["input", "tangent", "seed", "saved"]
"""What an array is given as; ``saved`` is what an earlier stage computed."""

Leaves: TypeAlias = Mapping[tuple[Role, int], Array]
"""Arrays that fit their entries, by what they are given as and the position of the entry."""


@dataclass(frozen=True)
class Request:
    """What a plan is made for, by positions in ``Γ ++ ss``; results come in the order of the last three."""

    dtype: np.dtype[Any]
    tangents: tuple[int, ...] = ()
    """The inputs whose tangents are given; the others' are zero."""
    seeds: tuple[int, ...] = ()
    """The entries whose seeds are given; the others' are zero."""
    values: tuple[int, ...] = ()
    """The entries whose values are wanted."""
    moved: tuple[int, ...] = ()
    """The entries whose tangents are wanted."""
    wrt: tuple[int, ...] = ()
    """The inputs whose cotangents are wanted."""


def trace_program(program: Program, request: Request) -> Trace:
    """Return the instructions that make what is requested.

    Raises: UnsupportedOp naming the node whose rule does what no instruction can; ShapeError as the program.
    """
    recorder = Recorder()

    def leaves(role: Role, entries: Sequence[BoundEntry], given: Sequence[int]) -> list[Array]:
        known = frozenset(given)
        return [
            as_array(recorder, recorder.leaf(role, number, entry.shape, number in known), request.dtype)
            for number, entry in enumerate(entries)
        ]

    steps = [_traced(step, recorder, node) for node, step in enumerate(program.steps)]
    traced = Program(program.entries, steps, program.scalars)
    values = traced.primals(leaves("input", program.context, range(len(program.context))))
    results = [values[entry] for entry in request.values]
    if request.moved:
        moved = traced.tangents(values, leaves("tangent", program.context, request.tangents))
        results += [moved[entry] for entry in request.moved]
    if request.wrt:
        pulled = traced.cotangents(values, leaves("seed", program.entries, request.seeds))
        results += [pulled[entry] for entry in request.wrt]
    return recorder.trace([position_of(each) for each in results])


class _TracedStep(Step):
    """A step whose rules run on tracers, which can do less than arrays."""

    def forward(self, values: Sequence[Array]) -> Array:
        """Write down the node's value."""
        with self._named():
            return super().forward(values)

    def jvp(self, values: Sequence[Array], tangents: Sequence[Array]) -> Array:
        """Write down the node's tangent."""
        with self._named():
            return super().jvp(values, tangents)

    def vjp(self, values: Sequence[Array], cotangents: Sequence[Array]) -> list[tuple[int, Array]]:
        """Write down what the node's cotangent adds to its operands' entries."""
        with self._named():
            return super().vjp(values, cotangents)

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except (AttributeError, TypeError, ValueError) as error:
            op, reason = self.primitive.name, f"no plan can ({error}); use BoundGraph.interpret"
            message = f"{self.label}: rules of {op} do what {reason}"
            raise UnsupportedOp(op, message) from error


def _traced(step: Step, recorder: Recorder, node: int) -> Step:
    setting = TracedSetting.of(step.setting, recorder, node)
    return _TracedStep(**{**vars(step), "setting": setting})
