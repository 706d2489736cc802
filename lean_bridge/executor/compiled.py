"""Compiled programs: each kind of request is planned once, and run from then on without thinking."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from lean_bridge.executor.arrays import Given, check_arrays, check_given, positions
from lean_bridge.executor.evaluate import evaluate
from lean_bridge.executor.instructions import Trace
from lean_bridge.executor.layout import lay_out
from lean_bridge.executor.passes.order import OVERWRITE, PASSES, SWITCHES
from lean_bridge.executor.passes.rewriter import Target
from lean_bridge.executor.plan import Plan
from lean_bridge.executor.program import Program
from lean_bridge.executor.run import Run, own
from lean_bridge.executor.scalars import Array, Reals
from lean_bridge.executor.trace import Leaves, Request, Role, trace_program

_NOTHING: Final[Mapping[str, Array]] = MappingProxyType({})


class CompiledProgram:
    """A program that computes what :class:`Program` does, only what is asked, and fast.

    Threads may share it: what is planned never changes, and buffers belong to one call at a time. Between
    calls a program keeps the buffers and the arrays of the last one. Over fields other than floating point
    it evaluates the same instructions without buffers.

    Entries are named; None stands for all. Arrays as for :class:`Program`.
    """

    def __init__(self, program: Program, passes: Iterable[str] = SWITCHES) -> None:
        self.program = program
        """The plain interpreter of the same graph."""
        self.passes = tuple(passes)
        """The names of the passes that are on."""
        self.entries, self.context = program.entries, program.context
        self.steps, self.scalars = program.steps, program.scalars
        self._plans: dict[Request, Plan] = {}
        self._traces: dict[Request, Trace] = {}
        self._idle: dict[Request, list[Run]] = {}

    def with_passes(self, names: Iterable[str]) -> CompiledProgram:
        """Return the program with only the passes of these names.

        Raises: KeyError for a name that is not in ``passes.order.SWITCHES``.
        """
        wanted = frozenset(names)
        if unknown := wanted - frozenset(SWITCHES):
            raise KeyError(f"no pass {', '.join(sorted(unknown))}; expected some of {', '.join(SWITCHES)}")
        return CompiledProgram(self.program, (name for name in SWITCHES if name in wanted))

    def forward(self, inputs: Given, outputs: Iterable[str] | None = None) -> list[Array]:
        """Return the values of entries of ``Γ ++ ss``. Raises: as :meth:`Program.forward`."""
        leaves, dtype = self._inputs(inputs)
        return self._run(Request(dtype, values=self._entries(outputs)), leaves)

    def jvp(self, inputs: Given, tangents: Given, outputs: Iterable[str] | None = None) -> list[Array]:
        """Return the tangents of entries of ``Γ ++ ss``; tangents that a mapping leaves out cost nothing.

        Raises: as :meth:`Program.jvp`.
        """
        leaves, dtype = self._inputs(inputs)
        given = self._given(leaves, "tangent", tangents)
        return self._run(Request(dtype, tangents=given, moved=self._entries(outputs)), leaves)

    def vjp(self, inputs: Given, seeds: Given, wrt: Iterable[str] | None = None) -> list[Array]:
        """Return the cotangents of inputs; seeds that a mapping leaves out cost nothing.

        Raises: as :meth:`Program.vjp`.
        """
        return self.value_and_vjp(inputs, seeds, wrt, ())[1]

    def value_and_vjp(
        self,
        inputs: Given,
        seeds: Given,
        wrt: Iterable[str] | None = None,
        outputs: Iterable[str] | None = None,
    ) -> tuple[list[Array], list[Array]]:
        """Return the values of entries of ``Γ ++ ss``, and the cotangents of inputs.

        Raises: as :meth:`Program.vjp`.
        """
        leaves, dtype = self._inputs(inputs)
        given = self._given(leaves, "seed", seeds)
        values = self._entries(outputs)
        made = self._run(Request(dtype, seeds=given, values=values, wrt=self._wrt(wrt)), leaves)
        return made[: len(values)], made[len(values) :]

    def prepare(
        self,
        inputs: Given,
        *,
        tangents: Given = _NOTHING,
        seeds: Given = _NOTHING,
        values: Iterable[str] | None = (),
        moved: Iterable[str] | None = (),
        wrt: Iterable[str] | None = (),
    ) -> Run:
        """Return a run with buffers of its own: called without arguments, it allocates nothing.

        Its results are the values, then the tangents of ``moved``, then the cotangents with respect to
        ``wrt``, for what the given arrays hold at the time of the call. Raises: as the other methods;
        TypeError for a field other than floating point.
        """
        if type(self.scalars) is not Reals:
            raise TypeError(f"expected a program in floating point, found {type(self.scalars).__name__}")
        leaves, dtype = self._inputs(inputs)
        request = Request(
            dtype,
            tangents=self._given(leaves, "tangent", tangents),
            seeds=self._given(leaves, "seed", seeds),
            values=self._entries(values),
            moved=self._entries(moved),
            wrt=self._wrt(wrt),
        )
        run = Run(self.plan(request))
        run.bind(leaves)
        return run

    def plan(self, request: Request) -> Plan:
        """Return the plan for a request; ``str`` of it shows every instruction and where its result lies.

        Raises: UnsupportedOp, as :func:`trace_program`.
        """
        if request not in self._plans:
            trace = self._trace(request)
            layout = lay_out(trace, in_place=OVERWRITE in self.passes)
            self._plans[request] = Plan(trace, layout, request.dtype, self.passes)
        return self._plans[request]

    def _trace(self, request: Request) -> Trace:
        if request not in self._traces:
            trace, target = trace_program(self.program, request), Target(self.scalars, request.dtype)
            for name, apply in PASSES.items():
                if name in self.passes:
                    trace = apply(trace, target)
            self._traces[request] = trace
        return self._traces[request]

    def _run(self, request: Request, leaves: Leaves) -> list[Array]:
        if type(self.scalars) is not Reals:
            return evaluate(self._trace(request), self.scalars, leaves)
        idle = self._idle.setdefault(request, [])
        try:
            run = idle.pop()
        except IndexError:  # all are in use by other threads
            run = Run(self.plan(request))
        run.bind(leaves)
        results = own(run.plan.trace, run(), leaves)
        idle.append(run)
        return results

    def _inputs(self, inputs: Given) -> tuple[dict[tuple[Role, int], Array], np.dtype[Any]]:
        arrays = check_arrays("input", inputs, self.context, self.scalars)
        dtype = arrays[0].dtype if arrays else np.dtype(float)
        return {("input", position): array for position, array in enumerate(arrays)}, dtype

    def _given(self, leaves: dict[tuple[Role, int], Array], role: Role, given: Given) -> tuple[int, ...]:
        """Add the arrays that are given to the leaves, and return the positions of their entries."""
        entries = self.context if role == "tangent" else self.entries
        found = check_given(role, given, entries, self.scalars, leaves.get(("input", 0)))
        leaves.update({(role, position): array for position, array in found.items()})
        return tuple(found)

    def _entries(self, names: Iterable[str] | None) -> tuple[int, ...]:
        return tuple(range(len(self.entries))) if names is None else positions("output", names, self.entries)

    def _wrt(self, names: Iterable[str] | None) -> tuple[int, ...]:
        return tuple(range(len(self.context))) if names is None else positions("input", names, self.context)
