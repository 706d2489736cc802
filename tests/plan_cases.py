"""Compiled programs beside the interpreter: exactly over GF(p), to rounding over floats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from lean_bridge.crosscheck.finite_field import FIELD
from lean_bridge.executor.arrays.entries import BoundEntry
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.compiled import CompiledProgram
from lean_bridge.executor.graph import BoundGraph
from lean_bridge.executor.rules.linear_map import LinearMap
from lean_bridge.executor.rules.program import Program

ULP: Final = float(np.finfo(float).eps)


def names_of(entries: Sequence[BoundEntry], rng: np.random.Generator) -> list[str]:
    return [entry.name for entry in entries if rng.random() < 0.5]


def in_field(value: Any, rng: np.random.Generator) -> Any:
    """Return a random argument of the field where there is a real one."""
    if isinstance(value, LinearMap):
        return LinearMap(FIELD.draw(rng, value.weights.shape), value.positions)
    if np.asarray(value).dtype.kind in "iub":
        return value
    return FIELD.draw(rng, np.shape(value))


class Case:
    """A graph at a random point of the reals or of GF(p), by both ways to run it."""

    def __init__(self, bound: BoundGraph, rng: np.random.Generator, *, exact: bool) -> None:
        self.rng, self.exact = rng, exact
        arguments: dict[str, Any] = {use.name: use.draw(rng) for use in bound.arguments()}
        if exact:
            arguments = {name: in_field(value, rng) for name, value in arguments.items()}
            self.program: Program = bound.interpret(FIELD, **arguments)
        else:
            self.program = bound.interpret(**arguments)
        self.inputs = self.draw(self.program.context)

    def draw(self, entries: Sequence[BoundEntry]) -> list[Array]:
        if self.exact:
            return [FIELD.draw(self.rng, entry.shape) for entry in entries]
        return [self.rng.uniform(-1.0, 1.0, size=entry.shape) for entry in entries]

    def some(self, entries: Sequence[BoundEntry]) -> dict[str, Array]:
        """Return arrays for some of the entries."""
        drawn = dict(zip((entry.name for entry in entries), self.draw(entries), strict=True))
        return {name: array for name, array in drawn.items() if self.rng.random() < 0.5}

    def check(self, compiled: CompiledProgram) -> None:
        """Compare values, tangents and cotangents of some entries, given some tangents and seeds."""
        program, inputs = self.program, self.inputs
        tangents, seeds = self.some(program.context), self.some(program.entries)
        outputs, wrt = names_of(program.entries, self.rng), names_of(program.context, self.rng)
        forward = program.forward(inputs)
        values, pulled = compiled.value_and_vjp(inputs, seeds, wrt, outputs)
        scale = max(float(np.abs(value).max(initial=0.0)) for value in forward) if not self.exact else 0.0
        self.compare(program.entries, forward, outputs, values, scale)
        self.compare(program.context, program.vjp(inputs, seeds), wrt, pulled, scale)
        moved = compiled.jvp(inputs, tangents, outputs)
        self.compare(program.entries, program.jvp(inputs, tangents), outputs, moved, scale)

    def compare(
        self,
        entries: Sequence[BoundEntry],
        expected: Sequence[Array],
        names: Sequence[str],
        found: Sequence[Array],
        scale: float,
    ) -> None:
        """Fail unless the found arrays are those of the names among the expected."""
        by_name = dict(zip((entry.name for entry in entries), expected, strict=True))
        if not self.exact:
            scale = max([scale, *(float(np.abs(array).max(initial=0.0)) for array in expected)])
        for name, array in zip(names, found, strict=True):
            assert isinstance(array, np.ndarray)
            assert array.shape == by_name[name].shape
            if self.exact:
                assert bool((array == by_name[name]).all()), name
            else:
                np.testing.assert_allclose(array, by_name[name], rtol=0, atol=8 * ULP * scale, err_msg=name)
