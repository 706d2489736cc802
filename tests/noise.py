"""How far rounding may carry results: the same rules in float64, with what they make off a bit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lean_bridge.executor.arrays.scalars import REALS, Array
from lean_bridge.executor.plans.derived import DERIVED
from lean_bridge.executor.plans.instructions import OPS, VIEWS, Trace
from lean_bridge.executor.plans.trace import Leaves
from lean_bridge.executor.rules.program import Program, Step


@dataclass(frozen=True)
class Noise:
    """Random errors of the size of a dtype's rounding, those of its smallest numbers included."""

    rng: np.random.Generator
    dtype: np.dtype[Any]

    def on(self, array: Array) -> Array:
        """Return the array in float64, each coordinate off by as much as its rounding."""
        limits = np.finfo(self.dtype)
        wide = np.asarray(array, np.float64)
        relative, absolute = (self.rng.uniform(-1, 1, wide.shape) for _ in range(2))
        return np.asarray(
            wide + wide * float(limits.eps) * relative + float(limits.smallest_subnormal) * absolute
        )


@dataclass(frozen=True)
class _NoisyStep(Step):
    noise: Noise

    def forward(self, values: Sequence[Array]) -> Array:
        """Return the node's value, a bit off."""
        return self.noise.on(super().forward(values))

    def jvp(self, values: Sequence[Array], tangents: Sequence[Array]) -> Array:
        """Return the node's tangent, a bit off."""
        return self.noise.on(super().jvp(values, tangents))

    def vjp(self, values: Sequence[Array], cotangents: Sequence[Array]) -> list[tuple[int, Array]]:
        """Return what the node's cotangent adds to its operands' entries, a bit off."""
        return [(entry, self.noise.on(each)) for entry, each in super().vjp(values, cotangents)]


def with_noise(program: Program, noise: Noise) -> Program:
    """Return the program with noise at every node."""
    steps = [_NoisyStep(**vars(step), noise=noise) for step in program.steps]
    return Program(program.entries, steps, program.scalars)


@np.errstate(all="ignore")
def evaluated(trace: Trace, leaves: Leaves, noise: Noise, *, point: bool) -> list[Array]:
    """Return the results with noise on every array, or, without ``point``, on those of derivatives only."""
    made: list[Array] = []
    depends: list[bool] = []
    for each in trace.instructions:
        depends.append(point or any(depends[operand] for operand in each.operands))
        if each.op == "leaf":
            depends[-1] = point or each.static.role not in ("input", DERIVED)
            given = leaves[each.static.role, each.static.entry]
            made.append(given if given.dtype.kind == "i" else np.asarray(given, np.float64))
        elif each.op in ("zeros", "constant"):
            made.append(np.zeros(each.shape) if each.op == "zeros" else np.asarray(each.value))
        else:
            operands = tuple(made[operand] for operand in each.operands)
            result = np.asarray(OPS[each.op].evaluate(REALS, operands, each.static))
            made.append(noise.on(result) if depends[-1] and each.op not in VIEWS else result)
    return [made[result] for result in trace.results]
