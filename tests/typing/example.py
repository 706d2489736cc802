"""What somebody writes who uses the package, for type checkers; it runs as well."""

from __future__ import annotations

import numpy as np

import lean_bridge
from lean_bridge import Checks, LinearMap, NumericsError, torch_reals


def gradients(n: int) -> list[tuple[int, ...]]:
    attention: lean_bridge.ExecutableGraph = lean_bridge.open_project().graph("mhaResidualDGraph")
    program = attention.bind(n=n, dModel=8, numHeads=2, headDim=4).compile(c=0.5)
    rng = np.random.default_rng(0)
    inputs = {entry.name: rng.normal(size=entry.shape) for entry in program.context}
    try:
        values, cotangents = program.value_and_vjp(inputs, {"residual": np.ones((n, 8))})
    except NumericsError as error:
        raise SystemExit(f"{error.entry}: {error} ({error.code})") from error
    batched: lean_bridge.BatchedProgram = program.with_checks(Checks.OFF).batched(["x"])
    assert len(batched.forward(inputs)) == len(values)
    return [array.shape for array in cotangents]


def in_torch(bound: lean_bridge.BoundGraph) -> lean_bridge.CompiledProgram:
    return bound.compile(torch_reals(), c=0.5, kappa=lean_bridge.GELU_KAPPA)


def weights() -> LinearMap:
    return LinearMap.positionwise(np.ones((2, 3)), 4)


def status(error: lean_bridge.LeanBridgeError) -> int:
    return 1 if isinstance(error, lean_bridge.Rejected) else error.exit_code
