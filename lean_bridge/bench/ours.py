"""The graph's own program as a contestant: compiled, and by the plain interpreter."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from lean_bridge.bench.case import Case
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.compiled import CompiledProgram
from lean_bridge.executor.plans.plan import Plan


@dataclass(frozen=True)
class Compiled:
    """A case's program, compiled and ready to be called."""

    run: Callable[[], list[Array]]
    """Returns the results, which hold until the next call."""
    checked: Callable[[], list[Array]]
    """The same by the program's own method, which checks its arrays and gives results to keep."""
    bare: Callable[[], None]
    """The same calls of NumPy, without anything around them."""
    plan: Plan
    calls: int
    seconds: float
    """From the bound graph to the first result."""


def compile_case(case: Case) -> Compiled:
    """Return the compiled program for exactly what the case asks."""
    started = time.perf_counter()
    last = (case.result.name,)
    program = case.bound.compile(**case.arguments)
    if case.mode == "forward":
        run = program.prepare(case.inputs, values=last)
        checked = partial(program.forward, case.inputs, last)
    elif case.mode == "vjp":
        run = program.prepare(case.inputs, seeds=case.moved, values=last, wrt=None)
        checked = partial(_value_and_vjp, program, case)
    else:
        run = program.prepare(case.inputs, tangents=case.moved, moved=last)
        checked = partial(program.jvp, case.inputs, case.moved, last)
    run()
    seconds = time.perf_counter() - started
    calls = run.calls

    def bare() -> None:
        for function, arguments in calls:
            function(*arguments)

    return Compiled(run, checked, bare, run.plan, len(calls), seconds)


def _value_and_vjp(program: CompiledProgram, case: Case) -> list[Array]:
    values, cotangents = program.value_and_vjp(case.inputs, case.moved, outputs=(case.result.name,))
    return values + cotangents


def interpret_case(case: Case) -> Callable[[], Mapping[str, Array]]:
    """Return a function that computes the case by the interpreter, and gives its results by entry."""
    program = case.bound.interpret(**case.arguments)

    def run() -> Mapping[str, Array]:
        if case.mode == "forward":
            found = [program.forward(case.inputs)[-1]]
        elif case.mode == "jvp":
            found = [program.jvp(case.inputs, case.moved)[-1]]
        else:
            found = program.vjp(case.inputs, case.moved)
        return named(case, found)

    return run


def named(case: Case, found: Sequence[Array]) -> dict[str, Array]:
    """Return results by entry: the last entry's if there is one more than inputs, and inputs' cotangents."""
    inputs = [entry.name for entry in case.model.context] if case.mode == "vjp" else []
    return dict(zip([case.result.name, *inputs][-len(found) :], found, strict=True))
