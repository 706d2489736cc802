"""What somebody writes who uses the package, for type checkers; it runs as well."""

from __future__ import annotations

from typing import assert_type

import numpy as np
import torch
from numpy.typing import NDArray

import lean_bridge
from lean_bridge import Checks, LinearMap, NumericsError, torch_reals

Single = NDArray[np.float32]
Double = NDArray[np.float64]


def gradients(n: int) -> list[tuple[int, ...]]:
    attention: lean_bridge.ExecutableGraph = lean_bridge.open_project().graph("mhaResidualDGraph")
    program = attention.bind(n=n, dModel=8, numHeads=2, headDim=4).compile(c=0.5)
    rng = np.random.default_rng(0)
    inputs = {entry.name: rng.normal(size=entry.shape) for entry in program.context}
    try:
        values, cotangents = program.value_and_vjp(inputs, {"residual": np.ones((n, 8))})
    except NumericsError as error:
        raise SystemExit(f"{error.entry}: {error} ({error.code})") from error
    assert_type(values, list[Double])
    assert_type(cotangents, list[Double])
    batched: lean_bridge.BatchedProgram = program.with_checks(Checks.OFF).batched(["x"])
    assert len(batched.forward(inputs)) == len(values)
    return [array.shape for array in cotangents]


def in_single(program: lean_bridge.CompiledProgram) -> list[Single]:
    """Arrays of a dtype make arrays of that dtype, whatever their shapes."""
    inputs = {entry.name: np.ones(entry.shape, np.float32) for entry in program.context}
    square = {"x": np.ones((5, 8), np.float32)}
    values = program.forward(inputs, ["probs", "residual"])
    assert_type(values, list[Single])
    assert_type(program.forward(square | inputs), list[Single])
    assert_type(program.jvp(inputs, square), list[Single])
    assert_type(program.vjp(inputs, {"residual": np.ones((5, 8), np.float32)}, ["x"]), list[Single])
    assert_type(program.jacobian(inputs, "residual", "x"), Single)
    assert_type(program.program.forward(inputs), list[Single])
    assert_type(program.program.vjp([*inputs.values()], square), list[Single])
    assert_type(program.batched(["x"]).forward(inputs, ["probs"]), list[Single])
    return values


def in_torch(bound: lean_bridge.BoundGraph) -> list[torch.Tensor]:
    program = bound.compile(torch_reals(), c=0.5, kappa=lean_bridge.GELU_KAPPA)
    inputs = {entry.name: torch.ones(entry.shape) for entry in program.context}
    assert_type(program.vjp(inputs, {}), list[torch.Tensor])
    return program.forward(inputs)


def weights() -> LinearMap:
    return LinearMap.positionwise(np.ones((2, 3)), 4)


def status(error: lean_bridge.LeanBridgeError) -> int:
    return 1 if isinstance(error, lean_bridge.Rejected) else error.exit_code
