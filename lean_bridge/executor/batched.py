"""Programs mapped over leading batch axes: the certified shapes hold for each element."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lean_bridge.errors import BindingError, NumericsError
from lean_bridge.executor.arrays.entries import (
    NOTHING,
    BoundEntry,
    F,
    Given,
    GivenOf,
    by_name,
    check_arrays,
    check_given,
    positions,
)
from lean_bridge.executor.arrays.finite import describe, is_finite
from lean_bridge.executor.arrays.scalars import Array, Scalars
from lean_bridge.executor.arrays.shape import Shape
from lean_bridge.executor.checks import Checks
from lean_bridge.executor.plans.run import Run
from lean_bridge.executor.rules.program import Program, as_html, shown
from pybind_models import GraphStanding


class Preparable(Protocol):
    """A program whose runs can be prepared, as :class:`.compiled.CompiledProgram`."""

    program: Program
    entries: tuple[BoundEntry, ...]
    context: tuple[BoundEntry, ...]
    scalars: Scalars

    @property
    def standing(self) -> GraphStanding:
        """What is known of the declaration of the graph."""
        ...

    def prepare(
        self,
        inputs: Given,
        *,
        tangents: Given = NOTHING,
        seeds: Given = NOTHING,
        values: Iterable[str] | None = (),
        moved: Iterable[str] | None = (),
        wrt: Iterable[str] | None = (),
    ) -> Run:
        """Return a run with buffers of its own."""
        ...


class BatchedProgram:
    """A compiled program at each element of a batch, with the numbers that it has for each alone.

    The inputs of the names in ``over`` carry the same batch axes, one or more, before their certified ones;
    the other inputs are shared by all elements. Tangents carry what their inputs do. Seeds and results carry
    the batch axes, save the cotangents of shared inputs, which are sums over the batch; values and tangents
    of shared inputs are read-only views.

    One element is computed after the other, by one prepared run that writes into the results: a batch costs
    what its elements cost, and the memory of one of them besides the results. Threads may share it.

    Raises: BindingError if ``over`` is empty; ArrayError if it names no input.
    """

    def __init__(self, program: Preparable, over: Iterable[str]) -> None:
        self.program = program
        self.over = frozenset(positions("input", over, program.context))
        """Where the inputs are that carry the batch axes."""
        if not self.over:
            names = ", ".join(entry.name for entry in program.context)
            raise BindingError(f"batch: expected inputs that carry batch axes, some of {names}; found none")

    def __repr__(self) -> str:
        return shown(self, self.standing)

    def _repr_html_(self) -> str:
        program = self.program.program
        return as_html(self, program.entries, program.steps, self.standing)

    @property
    def standing(self) -> GraphStanding:
        """What is known of the declaration of the graph."""
        return self.program.standing

    def forward(self, inputs: GivenOf[NDArray[F]], outputs: Iterable[str] | None = None) -> list[NDArray[F]]:
        """Return the values of entries of ``Γ ++ ss``. Raises: as :meth:`CompiledProgram.forward`."""
        return self._map(inputs, values=self._entries(outputs))

    def jvp(
        self,
        inputs: GivenOf[NDArray[F]],
        tangents: GivenOf[NDArray[F]],
        outputs: Iterable[str] | None = None,
    ) -> list[NDArray[F]]:
        """Return the tangents of entries of ``Γ ++ ss``. Raises: as :meth:`CompiledProgram.jvp`."""
        return self._map(inputs, tangents=tangents, moved=self._entries(outputs))

    def vjp(
        self, inputs: GivenOf[NDArray[F]], seeds: GivenOf[NDArray[F]], wrt: Iterable[str] | None = None
    ) -> list[NDArray[F]]:
        """Return the cotangents of inputs. Raises: as :meth:`CompiledProgram.vjp`."""
        return self.value_and_vjp(inputs, seeds, wrt, ())[1]

    def value_and_vjp(
        self,
        inputs: GivenOf[NDArray[F]],
        seeds: GivenOf[NDArray[F]],
        wrt: Iterable[str] | None = None,
        outputs: Iterable[str] | None = None,
    ) -> tuple[list[NDArray[F]], list[NDArray[F]]]:
        """Return the values of entries of ``Γ ++ ss``, and the cotangents of inputs. Raises: as ``vjp``."""
        values, context = self._entries(outputs), self.program.context
        sources = tuple(range(len(context))) if wrt is None else positions("input", wrt, context)
        made = self._map(inputs, seeds=seeds, values=values, wrt=sources)
        return made[: len(values)], made[len(values) :]

    def _map(
        self,
        inputs: Given,
        *,
        tangents: Given = NOTHING,
        seeds: Given = NOTHING,
        values: Sequence[int] = (),
        moved: Sequence[int] = (),
        wrt: Sequence[int] = (),
    ) -> list[Array]:
        program, batch = self.program, self._batch_axes(inputs)
        every = [BoundEntry(entry.name, batch + entry.shape) for entry in program.entries]
        context = [every[i] if i in self.over else entry for i, entry in enumerate(program.context)]
        points = dict(enumerate(check_arrays("input", inputs, context, program.scalars)))
        like = points[0]
        moving = check_given("tangent", tangents, context, program.scalars, like)
        pulling = check_given("seed", seeds, every, program.scalars, like)
        element = _Element(len(batch))
        run = program.prepare(
            {every[i].name: element.of(array, carries=i in self.over) for i, array in points.items()},
            tangents={
                every[i].name: element.of(array, carries=i in self.over) for i, array in moving.items()
            },
            seeds={every[i].name: element.of(array, carries=True) for i, array in pulling.items()},
            values=[every[i].name for i in values],
            moved=[every[i].name for i in moved],
            wrt=[every[i].name for i in wrt],
        )

        def stack(position: int, shared: Mapping[int, Array]) -> Array:
            shape = every[position].shape
            if position < len(context) and position not in self.over:
                return np.broadcast_to(shared.get(position, np.zeros((), like.dtype)), shape)
            return np.empty(shape, like.dtype)

        made = [stack(i, points) for i in values] + [stack(i, moving) for i in moved]
        stacked, made = len(made), made + [np.zeros(context[i].shape, like.dtype) for i in wrt]
        for index in np.ndindex(batch):
            element.load(index)
            try:
                results = run()
            except NumericsError as error:
                raise NumericsError(error.entry, f"batch element {index}: {error}") from None
            for number, (target, result) in enumerate(zip(made, results, strict=True)):
                if number >= stacked and wrt[number - stacked] not in self.over:
                    with np.errstate(all="ignore"):
                        np.add(target, result, out=target)
                elif target.flags.writeable:  # and no view of what all elements share
                    target[index] = result
        for position, total in zip(wrt, made[stacked:], strict=True):
            if position not in self.over:
                self._check_total(position, total)
        return made

    @np.errstate(all="ignore")
    def _check_total(self, position: int, total: Array) -> None:
        """Raise NumericsError if a sum over the batch is no number, where numbers are looked at."""
        checks = getattr(self.program.program, "checks", Checks.OFF)
        if checks is not Checks.OFF and not is_finite(total):
            name = self.program.context[position].name
            raise NumericsError(
                name, f"input {position} ({name}): its cotangent, summed over the batch, {describe(total)}"
            )

    def _entries(self, names: Iterable[str] | None) -> tuple[int, ...]:
        entries = self.program.entries
        return tuple(range(len(entries))) if names is None else positions("output", names, entries)

    def _batch_axes(self, inputs: Given) -> Shape:
        """Return the axes before the certified ones of the first input that carries any."""
        first = min(self.over)
        entry = self.program.context[first]
        array = by_name("input", inputs, self.program.context).get(entry.name)
        shape: Shape = getattr(array, "shape", ())
        return tuple(shape[: max(0, len(shape) - len(entry.shape))])


class _Element:
    """Arrays that hold one element of a batch at a time."""

    def __init__(self, axes: int) -> None:
        self.axes = axes
        self._held: list[tuple[Array, Array]] = []
        """Arrays that carry the batch axes, and what holds an element of each."""

    def of(self, array: Array, *, carries: bool) -> Array:
        """Return what holds an element of an array, which is itself if it carries no batch axes."""
        if not carries:
            return np.asarray(array, order="C")
        held = np.zeros(array.shape[self.axes :], array.dtype)
        self._held.append((array, held))
        return held

    def load(self, index: tuple[int, ...]) -> None:
        """Hold the element at an index."""
        for array, held in self._held:
            held[...] = array[index]
