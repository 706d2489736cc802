"""The same program in arrays of NumPy and of another library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lean_bridge.executor.arrays.backends import ArrayAPIReals
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.graph import BoundGraph
from lean_bridge.executor.rules.linear_map import LinearMap
from lean_bridge.executor.rules.program import Program


def moved(kind: ArrayAPIReals, value: Any, device: str | None = None) -> Any:
    """Return an argument or an array in the arrays of the library, on a device of its."""
    if isinstance(value, LinearMap):
        return LinearMap(moved(kind, value.weights, device), value.positions)
    return kind.namespace.asarray(value, device=device) if isinstance(value, np.ndarray) else value


class Both:
    """A graph at a random point, in NumPy and in another library."""

    def __init__(
        self, bound: BoundGraph, kind: ArrayAPIReals, precision: type, seed: int, device: str | None = None
    ) -> None:
        self.kind, self.rng, self.precision = kind, np.random.default_rng(seed), precision
        self.device = device
        arguments = {use.name: use.draw(self.rng) for use in bound.arguments()}
        self.program: Program = bound.interpret(**arguments)
        self.interpreted = bound.interpret(kind, **self.moved(arguments))
        self.compiled = bound.compile(kind, **self.moved(arguments))

    def moved(self, arrays: Mapping[str, Any]) -> dict[str, Any]:
        return {name: moved(self.kind, array, self.device) for name, array in arrays.items()}

    def draw(self, *names: str) -> dict[str, Array]:
        return {
            entry.name: self.rng.uniform(-1.0, 1.0, entry.shape).astype(self.precision)
            for entry in self.program.entries
            if entry.name in names
        }

    def check(self, points: int = 1) -> None:
        """Compare values, tangents and cotangents at so many points, by the interpreter and by plans."""
        for _ in range(points):
            self._check()

    def _check(self) -> None:
        inputs = self.draw(*(entry.name for entry in self.program.context))
        last = self.program.entries[-1].name
        tangents, seeds = self.draw(self.program.context[0].name), self.draw(last)
        there, dx, w = map(self.moved, (inputs, tangents, seeds))
        values = self.program.forward(inputs)
        moved, pulled = self.program.jvp(inputs, tangents), self.program.vjp(inputs, seeds)
        for program in (self.interpreted, self.compiled):
            self.compare(program.forward(there), values)
            self.compare(program.jvp(there, dx), moved, values)
            self.compare(program.vjp(there, w), pulled, values)
        assert {name: self.kind.as_numpy(array).tobytes() for name, array in there.items()} == {
            name: array.tobytes() for name, array in inputs.items()
        }

    def compare(self, found: list[Array], expected: list[Array], at: Sequence[Array] = ()) -> None:
        """Fail beyond 8 ulps of the largest number among what is expected and the values at that point."""
        scale = max(float(np.abs(array).max(initial=0.0)) for array in (*expected, *at))
        assert len(found) == len(expected)
        for left, right in zip(found, expected, strict=True):
            assert self.kind.check_array(left) is left
            numbers = self.kind.as_numpy(left)
            assert numbers.dtype == right.dtype == self.precision
            assert self.device is None or str(left.device).startswith(self.device)
            np.testing.assert_allclose(
                numbers, right, rtol=0, atol=8 * float(np.finfo(self.precision).eps) * scale
            )
