"""Bad numbers in other libraries' arrays: what NumPy tells by itself is looked for in every array made.

No library but NumPy says that something overflowed, so what a compiled program makes on its way is looked at
too, each array by that library's own operations, and their answers together once at the end of a call. Where
values are not known, under ``jax.jit`` or ``torch.vmap`` or on a device without memory, nothing is looked at.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from numbers import Real
from typing import Any

import numpy as np

from lean_bridge.errors import NumericsError
from lean_bridge.executor.arrays.backends import ArrayAPIReals
from lean_bridge.executor.arrays.entries import BoundEntry
from lean_bridge.executor.arrays.finite import describe
from lean_bridge.executor.arrays.namespaces import moved, precision, zeros
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.checks import GIVEN, Checks
from lean_bridge.executor.plans.derived import with_derived
from lean_bridge.executor.plans.evaluate import evaluate
from lean_bridge.executor.plans.trace import Leaves, Request, Role, trace_program
from lean_bridge.executor.rules.arguments import BoundArray
from lean_bridge.executor.rules.program import Program, Step, steps_over
from pybind_models import NOT_JUDGED, GraphStanding


class LookedAtProgram(Program):
    """The plain interpreter in another library's arrays, which names the first entry with a bad number.

    Its methods raise NumericsError beside what :class:`Program` raises. Derivatives are those of its own
    methods, ``jvp`` and ``vjp``: what a framework derives from its results by itself, by ``.backward()`` or
    ``jax.grad``, is that framework's derivative of the operations that ran, and no theorem is about it.
    """

    def __init__(
        self,
        entries: Sequence[BoundEntry],
        steps: Sequence[Step],
        scalars: ArrayAPIReals,
        checks: Checks = Checks.FINITE,
        *,
        arrays: Sequence[BoundArray] = (),
        standing: GraphStanding = NOT_JUDGED,
    ) -> None:
        super().__init__(entries, steps, scalars, arrays=arrays, standing=standing)
        self.reals = scalars
        self.checks = checks

    @classmethod
    def of(cls, program: Program, scalars: ArrayAPIReals, like: Array) -> LookedAtProgram:
        """Return a program in NumPy's floating point in another library's arrays, where ``like`` is.

        Raises: TypeError, as :meth:`with_checks`.
        """
        steps = steps_over(program, scalars, lambda array: moved(array, like))
        made = cls(program.entries, steps, scalars, arrays=program.arrays, standing=program.standing)
        return made.with_checks(getattr(program, "checks", Checks.FINITE))

    def with_checks(self, level: str) -> LookedAtProgram:
        """Return the program with other checks: ``off`` or ``finite``.

        Raises: TypeError for ``domains``, to which only NumPy's arrays are held; ValueError for others.
        """
        checks = Checks(level)
        if checks is Checks.DOMAINS:
            raise TypeError(f"{level!r}: only NumPy's floating point is held to it, not {self.reals.library}")
        arrays, standing = self.arrays, self.standing
        return LookedAtProgram(self.entries, self.steps, self.reals, checks, arrays=arrays, standing=standing)

    def primals(self, inputs: Sequence[Array]) -> list[Array]:
        """Return the values of ``Γ ++ ss``, all finite."""
        values = super().primals(inputs)
        if self._is_bad(values):
            self._check_arguments(precision(values[0]))
            self._name("input", self.context, values)
            self._name("value", self.entries, values)
        return values

    def tangents(self, values: Sequence[Array], given: Sequence[Array]) -> list[Array]:
        """Return the tangents of ``Γ ++ ss``, all finite."""
        moved = super().tangents(values, given)
        if self._is_bad(moved):
            self._name("tangent", self.entries, moved)
        return moved

    def cotangents(self, values: Sequence[Array], seeds: Sequence[Array]) -> list[Array]:
        """Return the cotangents of ``Γ``, all finite."""
        made = super().cotangents(values, seeds)
        if self._is_bad([*seeds, *made]):
            self._name("seed", self.entries, seeds)
            self._name_where_pulled(values, seeds)
            self._name("cotangent", self.context, made)
        return made

    def watch(
        self,
        request: Request,
        evaluator: Callable[..., list[Array]],
        leaves: Leaves,
        roles: Collection[Role] = GIVEN,
        *,
        is_whole: bool = True,
    ) -> list[Array]:
        """Return what compiled code makes of leaves, those of these roles being new to it.

        Where it meets a bad number that is not there node by node, that is returned which is made so.
        Raises: NumericsError naming the first entry with a bad number.
        """
        if self.checks is Checks.OFF or not all(map(self.reals.is_known, leaves.values())):
            return evaluator(leaves)
        look = _Look(self.reals)
        for (role, _), array in leaves.items():
            if role in roles:
                look(array)
        made = evaluator(leaves, look=look)
        for array in made:
            look(array)
        if not look.found or not self._is_met(evaluator, leaves, roles):
            return made
        instead = self._node_by_node(request, leaves)
        if not is_whole:
            raise NumericsError(self.entries[-1].name, f"{request.dtype} overflowed as compiled")
        return instead

    def _is_met(self, evaluator: Callable[..., list[Array]], leaves: Leaves, roles: Collection[Role]) -> bool:
        """Return whether compiled code does meet a bad number: its squares may be too large for its dtype."""
        look = _Look(self.reals, exactly=True)
        for array in (
            *(each for (role, _), each in leaves.items() if role in roles),
            *evaluator(leaves, look=look),
        ):
            look(array)
        return look.found

    def _node_by_node(self, request: Request, leaves: Leaves) -> list[Array]:
        """Return what was requested, by the rules as they stand. Raises: NumericsError."""
        values = self.primals([leaves["input", i] for i in range(len(self.context))])

        def whole(role: Role, entries: Sequence[BoundEntry]) -> list[Array]:
            return [leaves.get((role, i), zeros(values[i], values[i].shape)) for i in range(len(entries))]

        if request.moved:
            self.tangents(values, whole("tangent", self.context))
        if request.wrt:
            self.cotangents(values, whole("seed", self.entries))
        with self.reals.planning():
            trace = trace_program(self, request)
        look = _Look(self.reals, exactly=True)
        made = evaluate(trace, self.reals, with_derived(self, trace, leaves), look=look)
        if look.found:
            last = self.entries[max((*request.values, *request.moved, *request.wrt), default=-1)].name
            found = f"{request.dtype} overflowed on the way to {last}, and left finite numbers behind"
            raise NumericsError(last, f"{found}; smaller numbers or float64 may do")
        return made

    def _is_bad(self, arrays: Sequence[Array]) -> bool:
        if self.checks is Checks.OFF or not all(map(self.reals.is_known, arrays)):
            return False
        for exactly in (False, True):
            look = _Look(self.reals, exactly=exactly)
            for array in arrays:
                look(array)
            if not look.found:
                return False
        return True

    def _name(self, what: str, entries: Iterable[BoundEntry], arrays: Sequence[Array]) -> None:
        """Raise NumericsError naming the first entry whose array is not finite."""
        for position, (entry, array) in enumerate(zip(entries, arrays, strict=False)):
            held = self.reals.as_numpy(array)
            if not np.isfinite(held).all():
                raise NumericsError(entry.name, f"{what} {position} ({entry.name}) {describe(held)}")

    def _name_where_pulled(self, values: Sequence[Array], seeds: Sequence[Array]) -> None:
        """Raise NumericsError naming the node at which back-propagation first leaves the finite numbers."""
        cotangents = list(seeds)
        for step in reversed(self.steps):
            for operand, pulled in step.vjp(values, cotangents):
                cotangents[operand] = cotangents[operand] + pulled
                held = self.reals.as_numpy(cotangents[operand])
                if not np.isfinite(held).all():
                    label = f"{step.label}: {step.primitive.name}: its cotangent for entry {operand}"
                    raise NumericsError(step.entry, f"{label} {describe(held)}")

    def _check_arguments(self, dtype: np.dtype[Any]) -> None:
        """Raise NumericsError naming the first node with a scalar argument that its dtype cannot hold."""
        for step in self.steps:
            for binder, value in step.setting.params.items():
                if isinstance(value, Real) and not np.isfinite(np.asarray(value).astype(dtype)):
                    label = f"{step.label}: {step.primitive.name}: its argument {binder}"
                    raise NumericsError(step.entry, f"{label} = {value} is infinite in {dtype}")


class _Look:
    """Whether a bad number was among the arrays that were shown, which is asked once.

    Sums of squares cost a pass each and overflow sooner than their arrays; ``exactly`` takes several passes.
    """

    def __init__(self, reals: ArrayAPIReals, *, exactly: bool = False) -> None:
        self._reals = reals
        self._exactly = exactly
        self._all: Any = None

    def __call__(self, array: Array) -> None:
        """Look at an array."""
        if self._exactly:
            finite = self._reals.all_finite(array)
            self._all = finite if self._all is None else self._all & finite
        else:
            square = self._reals.square(array)
            self._all = square if self._all is None else self._all + square

    @property
    def found(self) -> bool:
        """Whether an array held a bad number; not, where the library does not know the values."""
        try:
            return self._all is not None and not (
                bool(self._all) if self._exactly else math.isfinite(self._all)
            )
        except (RuntimeError, TypeError):  # mapped or traced, in a way that no array tells
            return False
