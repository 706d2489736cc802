"""The plain interpreter: one fold over the nodes in each direction. Everything faster is held against it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self, overload

import numpy as np
from numpy.typing import NDArray

from lean_bridge.errors import ShapeError
from lean_bridge.executor.arrays.entries import A, BoundEntry, F, Given, GivenOf, check_arrays
from lean_bridge.executor.arrays.scalars import Array, Scalars, guarded
from lean_bridge.executor.arrays.shape import Shape, text_of
from lean_bridge.executor.rules.arguments import BoundArray, by_name, labelled
from lean_bridge.executor.rules.linear_map import LinearMap
from lean_bridge.executor.rules.parameters import Site, is_data
from lean_bridge.executor.rules.primitive import Arrays, Primitive, Setting
from lean_bridge.letters import shown as legible
from lean_bridge.notebooks import program_html
from pybind_models import NOT_JUDGED, GraphStanding


@dataclass(frozen=True)
class Step:
    """A node with everything fixed but the arrays."""

    label: str
    """Graph, position and name, for messages."""
    entry: str
    """The name alone."""
    position: int
    operands: tuple[int, ...]
    primitive: Primitive
    setting: Setting

    def forward(self, values: Sequence[Array]) -> Array:
        """Return the node's value."""
        value = self.primitive.forward(self.setting, self.operand_values(values))
        return self._check_shape("its value", value, self.setting.shape)

    def jvp(self, values: Sequence[Array], tangents: Sequence[Array]) -> Array:
        """Return the node's tangent."""
        primals, output = self.operand_values(values), values[self.position]
        tangent = self.primitive.jvp(self.setting, primals, output, self.operand_values(tangents))
        return self._check_shape("its tangent", tangent, self.setting.shape)

    def vjp(self, values: Sequence[Array], cotangents: Sequence[Array]) -> list[tuple[int, Array]]:
        """Return what the node's cotangent adds to its operands' entries, by position."""
        primals, output = self.operand_values(values), values[self.position]
        pulled = self.primitive.vjp(self.setting, primals, output, cotangents[self.position])
        return [
            (operand, self._check_shape(f"its cotangent for entry {operand}", cotangent, primal.shape))
            for operand, primal, cotangent in zip(self.operands, primals, pulled, strict=True)
        ]

    def is_differentiable(self, values: Sequence[Array]) -> bool:
        """Return whether the node's operands are where its JVP is the derivative."""
        return self.primitive.domain.contains(self.setting, self.operand_values(values))

    def operand_values(self, entries: Sequence[Array]) -> Arrays:
        """Return what the node reads of values or tangents of all entries."""
        return tuple(entries[operand] for operand in self.operands)

    def _check_shape(self, what: str, result: Array, shape: Shape) -> Array:
        made = as_array(result)
        if made.shape != shape:
            found, certified = text_of(made.shape), text_of(shape)
            raise ShapeError(f"{self.label}: {what} has shape {found}, certified is {certified}")
        return made


class Program:
    """A graph at fixed dimensions and scalars, ready to run.

    Contexts are lists of arrays in the order of the entries, or mappings by entry name; ``Γ`` are the inputs,
    ``ss`` the saved tensors. Arrays are float64 or float32, of one dtype per call. They are never written to.
    Results may share memory with what was given; in NumPy they can then not be written to. Lean:
    ``Proofs.Autograd.Graph``; the equations are ``eval``, ``jvpCtx`` and ``backpropCtx``.
    """

    def __init__(
        self,
        entries: Sequence[BoundEntry],
        steps: Sequence[Step],
        scalars: Scalars,
        *,
        arrays: Sequence[BoundArray] = (),
        standing: GraphStanding = NOT_JUDGED,
    ) -> None:
        self.entries = tuple(entries)
        """The entries of ``Γ ++ ss``."""
        self.steps = tuple(steps)
        self.context = self.entries[: len(self.entries) - len(self.steps)]
        """The entries of ``Γ``."""
        self.scalars = scalars
        self.arrays = tuple(arrays)
        """The arguments that are whole numbers or truth values."""
        self.standing = standing
        """What is known of the declaration of the graph."""

    def __repr__(self) -> str:
        return shown(self, self.standing)

    def _repr_html_(self) -> str:
        return as_html(self, self.entries, self.steps, self.standing)

    @overload
    def forward(self, inputs: GivenOf[NDArray[F]]) -> list[NDArray[F]]: ...

    @overload
    def forward(self, inputs: GivenOf[A]) -> list[A]: ...

    @np.errstate(all="ignore")
    def forward(self, inputs: Given) -> list[Any]:
        """Return the values of ``Γ ++ ss`` at inputs over ``Γ``.

        Raises: ArrayError if an input does not fit its entry; ShapeError if a result is not of its certified
        shape.
        """
        return self.primals(guarded(check_arrays("input", inputs, self.context, self.scalars)))

    @overload
    def jvp(self, inputs: GivenOf[NDArray[F]], tangents: GivenOf[NDArray[F]]) -> list[NDArray[F]]: ...

    @overload
    def jvp(self, inputs: GivenOf[A], tangents: GivenOf[A]) -> list[A]: ...

    @np.errstate(all="ignore")
    def jvp(self, inputs: Given, tangents: Given) -> list[Any]:
        """Return the tangents of ``Γ ++ ss`` along tangents over ``Γ``; those a mapping leaves out are zero.

        Raises: as ``forward``, for inputs and tangents.
        """
        values = self.forward(inputs)
        given = check_arrays("tangent", tangents, self.context, self.scalars, values)
        return self.tangents(values, guarded(given))

    @overload
    def vjp(self, inputs: GivenOf[NDArray[F]], seeds: GivenOf[NDArray[F]]) -> list[NDArray[F]]: ...

    @overload
    def vjp(self, inputs: GivenOf[A], seeds: GivenOf[A]) -> list[A]: ...

    @np.errstate(all="ignore")
    def vjp(self, inputs: Given, seeds: Given) -> list[Any]:
        """Return the cotangents of ``Γ`` for seeds over ``Γ ++ ss``; those a mapping leaves out are zero.

        A seed on an input is added to that input's cotangent.

        Raises: as ``forward``, for inputs and seeds.
        """
        values = self.forward(inputs)
        given = check_arrays("seed", seeds, self.entries, self.scalars, values)
        return self.cotangents(values, guarded(given))

    def with_checks(self, level: str) -> Program:
        """Return the program with other checks of its numbers: ``off``, ``finite`` or ``domains``.

        Raises: TypeError for anything but floating point in NumPy; ValueError for any other level.
        """
        raise TypeError(
            f"{level!r}: only NumPy's floating point is checked, not {type(self.scalars).__name__}"
        )

    def with_arrays(self, /, **arrays: object) -> Self:
        """Return the program at other whole numbers and truth values; those not given stay as they are.

        They are checked and copied as when the graph was compiled.
        Raises: BindingError if one is unknown, or not of its kind, shape and range, or in no domain of an op.
        """
        names = dict.fromkeys((each.name for each in self.arrays), "array")
        graph = self.arrays[0].graph if self.arrays else self.standing.declaration or "graph"
        given = by_name(graph, names, "array", arrays, partial=True)
        steps = list(self.steps)
        for array in self.arrays:
            if array.name in given:
                with labelled(f"{graph}: array {array.name}"):
                    value = array.check(given[array.name])
                    for number, binder in array.uses:
                        steps[number] = self._exchanged(steps[number], binder, value)
        changed = object.__new__(type(self))
        vars(changed).update(vars(self), steps=tuple(steps))
        return changed

    def _exchanged(self, step: Step, binder: str, value: Array) -> Step:
        """Return a step with another argument. Raises: as the parameter's own check."""
        setting = step.setting
        site = Site(tuple(self.entries[each].shape for each in step.operands), setting.shape, setting.lengths)
        checked = step.primitive.params[binder].check(value, site, setting.scalars)
        params = {**setting.params, binder: checked}
        return dataclasses.replace(step, setting=dataclasses.replace(setting, params=params))

    def primals(self, inputs: Sequence[Array]) -> list[Array]:
        """Return the values of ``Γ ++ ss``, of inputs that fit. Lean: ``eval``."""
        values = list(inputs)
        for step in self.steps:
            values.append(step.forward(values))
        return values

    def tangents(self, values: Sequence[Array], given: Sequence[Array]) -> list[Array]:
        """Return the tangents of ``Γ ++ ss``, of tangents of ``Γ`` that fit. Lean: ``jvpCtx``."""
        moved = list(given)
        for step in self.steps:
            moved.append(step.jvp(values, moved))
        return moved

    def cotangents(self, values: Sequence[Array], seeds: Sequence[Array]) -> list[Array]:
        """Return the cotangents of ``Γ``, of seeds of ``Γ ++ ss`` that fit. Lean: ``backpropCtx``."""
        cotangents = list(seeds)
        for step in reversed(self.steps):
            for operand, cotangent in step.vjp(values, cotangents):
                cotangents[operand] = as_array(cotangents[operand] + cotangent)
        return cotangents[: len(self.context)]


def steps_over(program: Program, scalars: Scalars, array: Callable[[Array], Array]) -> list[Step]:
    """Return a program's steps over other scalars; ``array`` makes their arrays of those that it keeps."""

    def argument(value: Any) -> Any:
        if isinstance(value, LinearMap):
            return LinearMap(array(value.weights), value.positions)
        if type(value) is float:
            return scalars.check_scalar(value)
        return array(value) if hasattr(value, "shape") and not is_data(value) else value

    steps = []
    for step in program.steps:
        params = {name: argument(value) for name, value in step.setting.params.items()}
        setting = dataclasses.replace(step.setting, params=params, scalars=scalars)
        steps.append(Step(**{**vars(step), "setting": setting}))
    return steps


def shown(made: object, standing: GraphStanding) -> str:
    """Return how something that runs a graph is shown: what it is, of which declaration, of what standing."""
    of = f" of {standing.declaration}" if standing.declaration else ""
    return legible(f"<{type(made).__name__}{of}: {standing.text}>")


def as_html(
    made: object, entries: Sequence[BoundEntry], steps: Sequence[Step], standing: GraphStanding
) -> str:
    """Return how a notebook shows something that runs a graph: what it is, and a row per entry."""
    of = f" of {standing.declaration}" if standing.declaration else ""
    ops = [step.primitive.name for step in steps]
    return program_html(f"{type(made).__name__}{of}", standing, entries, ops)


def as_array(result: Array) -> Array:
    """Return the result as the array it is meant to be: NumPy makes bare scalars of zero-dimensional ones."""
    is_array = hasattr(result, "shape") and not isinstance(result, np.generic)
    return result if is_array else np.asanyarray(result)
