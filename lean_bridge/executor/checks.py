"""Bad numbers said aloud: what is no real number, and points at which the theorems say nothing.

The interpreter looks at every node. A compiled program looks at what it is given, at what it returns, and at
whether anything overflowed, and only if so asks the interpreter where it began.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Any, Final

import numpy as np

from lean_bridge.errors import NumericsError
from lean_bridge.executor.arrays.entries import BoundEntry
from lean_bridge.executor.arrays.finite import (
    at,
    describe,
    first,
    is_finite,
    magnitudes,
    note_bad,
    noting_overflow,
    overflow_context,
)
from lean_bridge.executor.arrays.scalars import Array, Scalars, guarded
from lean_bridge.executor.plans.kernels import Call
from lean_bridge.executor.plans.plan import Plan
from lean_bridge.executor.plans.run import Run
from lean_bridge.executor.plans.stages import Evaluator
from lean_bridge.executor.plans.trace import Leaves, Request, Role
from lean_bridge.executor.rules.arguments import BoundArray
from lean_bridge.executor.rules.linear_map import LinearMap
from lean_bridge.executor.rules.primitive import Arrays, Linearity
from lean_bridge.executor.rules.program import Program, Step
from pybind_models import NOT_JUDGED, GraphStanding

GIVEN: Final[Collection[Role]] = frozenset({"input", "tangent", "seed"})
"""What callers give, unlike what an earlier stage saved."""

AT_ONCE: Final = 1 << 14
"""Bytes for each result up to which a whole arena is looked at sooner than the results one by one."""


_AS_COMPILED: Final = "as compiled, but not node by node: use BoundGraph.interpret at this point"


class Checks(StrEnum):
    """How much is looked at; each level includes the ones before it."""

    OFF = "off"
    FINITE = "finite"
    """That what is given and what is asked for is finite, and that nothing overflows on the way."""
    DOMAINS = "domains"
    """For derivatives also that every node is where its JVP is proved to be one; it runs the interpreter."""

    @classmethod
    def _missing_(cls, value: object) -> Checks:
        raise ValueError(f"no level of checks {value!r}; expected one of {', '.join(cls)}")


class CheckedProgram(Program):
    """The plain interpreter over floating point, which stops at the first bad number and names its entry.

    Its methods raise NumericsError beside what :class:`Program` raises.
    """

    def __init__(
        self,
        entries: Sequence[BoundEntry],
        steps: Sequence[Step],
        scalars: Scalars,
        checks: Checks = Checks.FINITE,
        *,
        arrays: Sequence[BoundArray] = (),
        standing: GraphStanding = NOT_JUDGED,
    ) -> None:
        kind = Step if checks is Checks.OFF else _CheckedStep
        checked = [kind(**vars(step)) for step in steps]
        super().__init__(entries, checked, scalars, arrays=arrays, standing=standing)
        self.checks = checks
        self._sound: set[np.dtype[Any]] = set()

    def with_checks(self, level: str) -> CheckedProgram:
        """Return the program with other checks: ``off``, ``finite`` or ``domains``.

        Raises: ValueError for any other level.
        """
        checks, arrays, standing = Checks(level), self.arrays, self.standing
        return CheckedProgram(
            self.entries, self.steps, self.scalars, checks, arrays=arrays, standing=standing
        )

    def primals(self, inputs: Sequence[Array]) -> list[Array]:
        """Return the values of ``Γ ++ ss``, all finite."""
        if inputs:
            self.check_arguments(inputs[0].dtype)
        self._check_given("input", inputs)
        return super().primals(inputs)

    def tangents(self, values: Sequence[Array], given: Sequence[Array]) -> list[Array]:
        """Return the tangents of ``Γ ++ ss``, all finite."""
        self._check_given("tangent", given)
        self._check_domains(values)
        return super().tangents(values, given)

    def cotangents(self, values: Sequence[Array], seeds: Sequence[Array]) -> list[Array]:
        """Return the cotangents of ``Γ``, all finite."""
        self._check_given("seed", seeds)
        self._check_domains(values)
        made = super().cotangents(values, seeds)
        for position, (entry, cotangent) in enumerate(zip(self.context, made, strict=True)):
            if self.checks is not Checks.OFF and not is_finite(cotangent):
                label = f"input {position} ({entry.name}): its cotangent, summed over its uses,"
                raise NumericsError(entry.name, f"{label} {describe(cotangent)}")
        return made

    @np.errstate(all="ignore")
    def check_arguments(self, dtype: np.dtype[Any]) -> None:
        """Raise NumericsError naming the first node with an argument that is not what it was in a dtype."""
        if self.checks is Checks.OFF or dtype in self._sound:
            return
        for step in self.steps:
            for binder, value in step.setting.params.items():
                given = np.asarray(value.weights if isinstance(value, LinearMap) else value)
                held = given.astype(dtype)
                label = f"{step.label}: {step.primitive.name}: its argument {binder}"
                if not is_finite(held):
                    raise NumericsError(step.entry, f"{label} {describe(held)}")
                if not given.ndim and given and not held:
                    raise NumericsError(step.entry, f"{label} = {value} is 0 in {dtype}")
        self._sound.add(dtype)

    def watch(
        self,
        request: Request,
        evaluate: Evaluator,
        leaves: Leaves,
        roles: Collection[Role] = GIVEN,
        *,
        is_whole: bool = True,
    ) -> list[Array]:
        """Return what compiled code makes of leaves, those of these roles being new to it.

        ``is_whole`` says that it makes what was requested, and not values and what a later stage needs.

        Raises: NumericsError naming the first entry with a bad number.
        """
        with noting_overflow() as overflows:
            made = evaluate(leaves)
            given = [array for (role, _), array in leaves.items() if role in roles]
            results = made if is_whole else made[: len(request.values)]
            instead = self.inspect(request, leaves, given, results, overflowed=bool(overflows))
        if instead is None:
            return made
        if not is_whole:
            raise NumericsError(self.entries[-1].name, f"{request.dtype} overflowed {_AS_COMPILED}")
        return instead

    def inspect(
        self,
        request: Request,
        leaves: Leaves,
        given: Sequence[Array],
        results: Sequence[Array],
        *,
        overflowed: bool,
    ) -> list[Array] | None:
        """Raise NumericsError naming the first entry with a bad number, if there may be one.

        That is looked for where something overflowed, or one of the given arrays or results is not finite.
        Return what is to be given in place of the results, if compiled code overflowed where node by node
        nothing does: then its numbers are not what was asked for, finite or not.
        """
        if self.checks is Checks.OFF:
            return None
        self.check_arguments(request.dtype)
        bad = overflowed or not all(map(is_finite, (*given, *results)))
        if not bad and not (self.checks is Checks.DOMAINS and (request.moved or request.wrt)):
            return None
        made = self._interpret(request, leaves)
        self._check_rounding(request, results)
        return made if overflowed else None

    def _interpret(self, request: Request, leaves: Leaves) -> list[Array]:
        """Return what was requested, computed node by node. Raises: NumericsError."""
        values = self.primals(guarded(leaves["input", i] for i in range(len(self.context))))

        def whole(role: Role, entries: Sequence[BoundEntry]) -> list[Array]:
            return guarded(leaves.get((role, i), np.zeros_like(values[i])) for i in range(len(entries)))

        made = [values[position] for position in request.values]
        if request.moved:
            moved = self.tangents(values, whole("tangent", self.context))
            made += [moved[position] for position in request.moved]
        if request.wrt:
            pulled = self.cotangents(values, whole("seed", self.entries))
            made += [pulled[position] for position in request.wrt]
        return made

    def _check_given(self, role: Role, given: Sequence[Array]) -> None:
        if self.checks is Checks.OFF:
            return
        for position, (entry, array) in enumerate(zip(self.entries, given, strict=False)):
            if not is_finite(array):
                raise NumericsError(entry.name, f"{role} {position} ({entry.name}) {describe(array)}")

    def _check_domains(self, values: Sequence[Array]) -> None:
        if self.checks is not Checks.DOMAINS:
            return
        for step in self.steps:
            if not step.is_differentiable(values):
                domain = step.primitive.domain
                measured = domain.measure(step.setting, step.operand_values(values))
                where = first(~domain.holds(measured))
                found = f"{domain.quantity} = {measured[where]:.6g}{at(where)}"
                label = f"{step.label}: {step.primitive.name} outside its hypothesis {domain.text}"
                raise NumericsError(step.entry, f"{label}: {found}; {domain.theorem} says nothing there")

    def _check_rounding(self, request: Request, results: Sequence[Array]) -> None:
        """Raise NumericsError where only the compiled program left the range of its dtype."""
        asked = (*request.values, *request.moved, *request.wrt)
        for position, result in zip(asked, results, strict=False):
            if not is_finite(result):
                name = self.entries[position].name
                raise NumericsError(name, f"entry {position} ({name}) {describe(result)} {_AS_COMPILED}")


class CheckedRun(Run):
    """A run that looks at its results on every call, and at what it reads only when they are bad.

    Raises: NumericsError, as :meth:`CheckedProgram.check_arguments`.
    """

    def __init__(self, plan: Plan, program: CheckedProgram, request: Request) -> None:
        super().__init__(plan, standing=program.standing)
        program.check_arguments(plan.dtype)
        self._program, self._request = program, request
        self._context, self._overflows = overflow_context(plan.dtype)
        self._bad: list[Array] = []
        self._watched: list[Call] = []
        """The calls, and looks at results that are still in the caches."""

    def bind(self, leaves: Leaves) -> None:
        """Read these arrays from now on, as :meth:`Run.bind`."""
        super().bind(leaves)
        looks = self._looks()
        self._watched = list(looks.get(0, ()))
        for count, call in enumerate(self._calls, 1):
            self._watched += [call, *looks.get(count, ())]

    def _looks(self) -> dict[int, list[Call]]:
        """Return the looks by the number of calls that go before, where ``inspect`` does not look anyway."""
        if self._program.checks is not Checks.FINITE:
            return {}
        looks: dict[int, list[Call]] = {}
        noted = self._bad, self._overflows
        at_once = self.floats.nbytes <= AT_ONCE * len(self._results)
        if at_once:
            looks[len(self._calls)] = [(note_bad, (self.floats, *noted))]
        for position, result in zip(self.plan.trace.results, self._results, strict=True):
            if not (at_once and self.plan.is_in_arena(position)):
                looks.setdefault(self._ends[position], []).append((note_bad, (result, *noted)))
        return looks

    def __call__(self) -> list[Array]:
        """Return the results. Raises: NumericsError naming the first entry with a bad number."""
        self._overflows.clear()
        self._bad.clear()
        return self._context.run(self._checked)

    def _checked(self) -> list[Array]:
        for function, arguments in self._watched:
            function(*arguments)
        results = list(self._results)
        if self._overflows or self._bad or self._program.checks is not Checks.FINITE:
            given = [array for (role, _), array in self.given.items() if role in GIVEN]
            overflowed = bool(self._overflows)
            instead = self._program.inspect(self._request, self.given, given, results, overflowed=overflowed)
            results = results if instead is None else instead
        return results


class _CheckedStep(Step):
    """A step that says when its results are no numbers."""

    def forward(self, values: Sequence[Array]) -> Array:
        """Return the node's value, which is finite."""
        with noting_overflow() as overflows:
            value = super().forward(values)
        self._check("value", value, self.operand_values(values), overflows)
        return value

    def jvp(self, values: Sequence[Array], tangents: Sequence[Array]) -> Array:
        """Return the node's tangent, which is finite."""
        with noting_overflow() as overflows:
            tangent = super().jvp(values, tangents)
        given = (*self.operand_values(values), *self.operand_values(tangents))
        self._check("tangent", tangent, given, overflows)
        return tangent

    def vjp(self, values: Sequence[Array], cotangents: Sequence[Array]) -> list[tuple[int, Array]]:
        """Return what the node's cotangent adds to its operands' entries, all of it finite."""
        cotangent = cotangents[self.position]
        self._check("cotangent, summed over its uses,", cotangent, (), ())
        with noting_overflow() as overflows:
            pulled = super().vjp(values, cotangents)
        given = (*self.operand_values(values), cotangent)
        for operand, each in pulled:
            self._check(f"cotangent for entry {operand}", each, given, overflows)
        return pulled

    def _check(self, what: str, result: Array, given: Arrays, overflows: Sequence[str]) -> None:
        label = f"{self.label}: {self.primitive.name}: its {what}"
        if not is_finite(result):
            raise NumericsError(self.entry, f"{label} {describe(result, given)}")
        if overflows and self.primitive.linearity is Linearity.NONLINEAR:  # others leave infinities behind
            message = f"{label} is finite, but {result.dtype} overflowed on the way{magnitudes(given)}"
            raise NumericsError(self.entry, message)
