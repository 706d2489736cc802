"""How far a block's numbers are from the exact real ones, as this executor, PyTorch and JAX compute them.

Nobody is the reference: all are held to one enclosure, of the exact results for exactly the numbers given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import Any, Final, TypeAlias

import numpy as np

from lean_bridge.crosscheck.block import Block, find_block
from lean_bridge.crosscheck.block_case import BlockCase, draw_case
from lean_bridge.crosscheck.enclosure import check_size
from lean_bridge.crosscheck.formula import compute_block
from lean_bridge.crosscheck.points import SEED, Sizes
from lean_bridge.crosscheck.rounding import largest
from lean_bridge.errors import Declined
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.compiled import CompiledProgram
from lean_bridge.executor.enclosures import ball_radii, enclose, in_ulps
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.once import with_zeros
from lean_bridge.executor.rules.primitive import Primitive
from lean_bridge.executor.rules.table import PRIMITIVES
from pybind_models import DGraph
from pybind_models.run import TrueErrors

SIZES: Final[Mapping[str, int]] = {"n": 5, "d": 8, "H": 2, "D": 4, "F": 16}
"""By role in a block."""
STEP: Final = 2.0**-26
"""By how much inputs are moved to see how results do, relative to them."""
DRAWS: Final = 4

Way: TypeAlias = Callable[[BlockCase], Sequence[Array]]
"""From a case to the output and the gradient of each input."""


def true_errors(
    model: DGraph, *, primitives: Mapping[str, Primitive] = PRIMITIVES, sizes: Sizes | None = None
) -> tuple[TrueErrors, ...]:
    """Return the errors of each library that is installed, ours first, in float64 and in float32.

    Raises: Declined if the graph is no block, python-flint is not installed, or arrays are too large.
    """
    block = find_block(model)
    if isinstance(block, str):
        raise Declined(block)
    graph = ExecutableGraph(model, primitives)
    found = []
    for chosen in [_by_role(block, each) for each in sizes or ()] or [dict(SIZES)]:
        for dtype in (np.float64, np.float32):
            case = draw_case(graph, block, chosen, np.random.default_rng(SEED), dtype)
            check_size(case.program)
            found += list(errors_of(case, block.sizes(chosen)))
    return tuple(found)


def errors_of(case: BlockCase, dims: Mapping[str, int]) -> Iterator[TrueErrors]:
    """Yield the errors of each library at a case, however large it is. Raises: as :func:`true_errors`."""
    names = [case.output, *(f"cotangent.{name}" for name in case.inputs)]
    seeds = with_zeros(
        case.program.entries,
        {case.output: case.seed},
        like=[np.zeros(entry.shape, case.seed.dtype) for entry in case.program.entries],
    )
    exact = enclose(case.program, list(case.inputs.values()), seeds=seeds)
    if not exact.is_tight:
        raise Declined(f"the exact results cannot be told at {exact.bits:,} bits")
    balls = [exact.values[-1], *exact.cotangents]
    magnified = dict(zip(names, _conditions(case), strict=True))
    for library, way in ways(case):
        results = way(case)
        off = ball_radii(results, balls, exact.bits)
        worst = [largest([in_ulps(*pair)]) for pair in zip(off, results, strict=True)]
        ulps = [each if math.isfinite(each) else None for each in worst]
        yield TrueErrors(
            library=library,
            dims=dict(dims),
            dtype=str(case.seed.dtype),
            ulps=dict(zip(names, ulps, strict=True)),
            conditions=magnified,
        )


def ways(case: BlockCase) -> Iterator[tuple[str, Way]]:
    """Yield what can compute a case, by what it is called with its version."""
    yield "lean-bridge", _ours
    block, d = case.block, case.inputs["x"].shape[-1]
    splits_alike = block.split != "bare reshape" or case.heads == 1
    heads_fit = "Wo" not in case.inputs or case.inputs["Wo"].shape[0] == d
    if find_spec("torch") is not None and splits_alike and heads_fit and not d % case.heads:
        import torch

        yield f"torch {torch.__version__}", _by_torch
    if find_spec("jax") is not None:
        import jax

        yield f"jax {jax.__version__}", _by_jax


def _by_role(block: Block, sizes: Mapping[str, int]) -> dict[str, int]:
    given = {role: sizes[name] for role, name in block.dims.items()}
    return {"n": 1, "H": 1, "D": given["d"], "F": 1, **given}


def _ours(case: BlockCase) -> list[Array]:
    values, cotangents = CompiledProgram(case.program).value_and_vjp(
        case.inputs, {case.output: case.seed}, outputs=[case.output]
    )
    return [*values, *cotangents]


def _by_torch(case: BlockCase) -> list[Array]:
    from lean_bridge.crosscheck.torch_block import one_thread, run

    with one_thread():
        return run(case)


def _by_jax(case: BlockCase) -> list[Array]:
    import jax

    def compute(inputs: Mapping[str, Any]) -> Any:
        at = {**case.weights, **inputs}
        return compute_block(jax.numpy, case.block, at["x"], at, case.scalars, case.heads)

    def both(inputs: Mapping[str, Any], seed: Any) -> Any:
        value, pull = jax.vjp(compute, inputs)
        return value, pull(seed)[0]

    with jax.enable_x64(True):
        value, gradients = jax.jit(both)(dict(case.inputs), case.seed)
        return [np.asarray(value), *(np.asarray(gradients[name]) for name in case.inputs)]


def _conditions(case: BlockCase) -> list[float]:
    """Return how much more results move than inputs, both relative, as seen along random directions."""
    program, rng = CompiledProgram(case.program), np.random.default_rng(SEED)

    def results(scale: float) -> list[Array]:
        moved = {
            name: array.astype(float) * (1 + scale * rng.choice([-1.0, 1.0], array.shape))
            for name, array in case.inputs.items()
        }
        seed = case.seed.astype(float)
        value, pulled = program.value_and_vjp(moved, {case.output: seed}, outputs=[case.output])
        return [*value, *pulled]

    still = results(0.0)
    scales = [largest([each]) or 1.0 for each in still]
    seen = [
        [largest([a - b]) / scale / STEP for a, b, scale in zip(results(STEP), still, scales, strict=True)]
        for _ in range(DRAWS)
    ]
    return [max(each) for each in zip(*seen, strict=True)]
