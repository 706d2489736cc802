"""The compiled program against the interpreter: values, tangents and cotangents of every entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from lean_bridge.crosscheck.points import SEED, draw_arrays, draw_program, small_sizes
from lean_bridge.crosscheck.rounding import EPSILON, to_result
from lean_bridge.errors import UnsupportedOp
from lean_bridge.executor.compiled import CompiledProgram
from lean_bridge.executor.rules.primitive import Primitive
from pybind_models import CheckResult, DGraph

NAME: Final = "compiled program"
COARSEST: Final = 1e-12
"""A program that is wrong differs by more than that somewhere."""
ULPS: Final = 8
"""How far the passes may carry a coordinate, in units of the largest one's last place."""


def check_plans(model: DGraph, primitives: Mapping[str, Primitive]) -> CheckResult:
    """Return whether the compiled program gives what the interpreter does, with every pass on.

    Passes change the order of operations and nothing else, so the two agree exactly over a field, and differ
    by rounding here. Errors are relative to the largest value or derivative.
    """
    rng = np.random.default_rng(SEED)
    sizes, *_ = small_sizes(model)
    program = draw_program(model, primitives, sizes, rng)
    inputs, tangents = draw_arrays(program.context, rng), draw_arrays(program.context, rng)
    seeds = draw_arrays(program.entries, rng)
    expected = [*program.forward(inputs), *program.jvp(inputs, tangents), *program.vjp(inputs, seeds)]
    compiled = CompiledProgram(program)
    try:
        found = [*compiled.forward(inputs), *compiled.jvp(inputs, tangents), *compiled.vjp(inputs, seeds)]
    except UnsupportedOp as declined:
        return CheckResult(name=NAME, outcome="not run", detail=str(declined))
    scale = max(float(np.abs(array).max(initial=0.0)) for array in expected)
    differences = (np.abs(a - b).max(initial=0.0) for a, b in zip(found, expected, strict=True))
    error = float(np.max(list(differences))) / scale
    detail = f"values, tangents and cotangents of {len(model.entries)} entries against the interpreter's"
    return to_result(NAME, [error], [ULPS * EPSILON], COARSEST, detail)
