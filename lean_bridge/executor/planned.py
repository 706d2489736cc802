"""What is planned for a program, once for each kind of request, whatever its checks and its arrays."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import Any, NamedTuple

import numpy as np

from lean_bridge.executor.arrays.backends import ArrayAPIReals
from lean_bridge.executor.arrays.scalars import Array, Reals
from lean_bridge.executor.passes import OVERWRITE, PASSES
from lean_bridge.executor.plans.checker import check_plan, check_stages, check_trace, is_on
from lean_bridge.executor.plans.evaluate import evaluate
from lean_bridge.executor.plans.instructions import Trace
from lean_bridge.executor.plans.plan import Plan
from lean_bridge.executor.plans.rewriter import Target
from lean_bridge.executor.plans.run import Idle, Pool
from lean_bridge.executor.plans.stages import split_stages
from lean_bridge.executor.plans.storage import lay_out
from lean_bridge.executor.plans.trace import Request, Role, trace_program
from lean_bridge.executor.rules.program import Program


class Planned(NamedTuple):
    """Instructions, and what runs them on leaves, of which :attr:`Trace.derived` are some."""

    trace: Trace
    run: Callable[..., list[Array]]


class Plans:
    """The plans of a program and of all that differ from it in checks and arrays alone, which share it.

    Threads may share it: what is planned never changes, and buffers belong to one call at a time.
    """

    def __init__(self, program: Program, passes: Iterable[str]) -> None:
        self.passes = tuple(passes)
        """The names of the passes that are on."""
        self._program, self._scalars = program, program.scalars
        self._traces: dict[Request, Trace] = {}
        self._plans: dict[Request, Plan] = {}
        self._whole: dict[Request, Planned] = {}
        self._stages: dict[tuple[Request, Role], tuple[Planned, Planned]] = {}
        self._idle = Idle()

    def plan(self, request: Request) -> Plan:
        """Return the plan for a request. Raises: UnsupportedOp, as :func:`trace_program`."""
        if request not in self._plans:
            self._plans[request] = self._laid_out(self._trace(request), request.dtype)
        return self._plans[request]

    def whole(self, request: Request) -> Planned:
        """Return what makes all that is requested. Raises: as :meth:`plan`."""
        if request not in self._whole:
            self._whole[request] = self._planned(self._trace(request), request.dtype)
        return self._whole[request]

    def stages(self, request: Request, role: Role) -> tuple[Planned, Planned]:
        """Return a request in two: its values and what is saved, then the rest for arrays of a role."""
        if (request, role) not in self._stages:
            whole, count = self._trace(request), len(request.values)
            early, late = split_stages(whole, role, count)
            if is_on():
                check_stages(early, late, whole, count)
            made = (self._planned(trace, request.dtype) for trace in (early, late))
            self._stages[request, role] = next(made), next(made)
        return self._stages[request, role]

    def _trace(self, request: Request) -> Trace:
        if request not in self._traces:
            target = Target(self._scalars, request.dtype)
            with self._scalars.planning() if isinstance(self._scalars, ArrayAPIReals) else nullcontext():
                trace = trace_program(self._program, request)
            if is_on():
                check_trace(trace, "tracing")
            for name, rewrite in PASSES.items():
                if name in self.passes:
                    before, trace = trace, rewrite(trace, target)
                    if is_on():
                        check_trace(trace, name, before)
            self._traces[request] = trace
        return self._traces[request]

    def _laid_out(self, trace: Trace, dtype: np.dtype[Any]) -> Plan:
        plan = Plan(trace, lay_out(trace, in_place=OVERWRITE in self.passes), dtype, self.passes)
        if is_on():
            check_plan(plan)
        return plan

    def _planned(self, trace: Trace, dtype: np.dtype[Any]) -> Planned:
        if type(self._scalars) is Reals:
            return Planned(trace, Pool(self._laid_out(trace, dtype), self._idle))
        return Planned(trace, functools.partial(evaluate, trace, self._scalars))
