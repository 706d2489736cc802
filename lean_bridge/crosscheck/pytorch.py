"""Transformer blocks, their parts and known graphs against PyTorch: the output and every gradient.

The permuting head split must agree for every number of heads. The bare reshape must agree for one head,
where the two splits are the same function, and must differ for more, where it is another function: it is
not PyTorch's attention.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from lean_bridge.crosscheck.block import Block, find_block
from lean_bridge.crosscheck.block_case import draw_case
from lean_bridge.crosscheck.known import KNOWN_SIZES, Found, draw_known, find_known
from lean_bridge.crosscheck.points import SEED, Sizes
from lean_bridge.crosscheck.rounding import EPSILON, histogram
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.rules.primitive import Primitive
from lean_bridge.executor.rules.program import Program
from pybind_models import CheckResult, DGraph

NAME: Final = "PyTorch"
HEADS: Final = (1, 2, 4)
TOLERANCE: Final = 1e-12
"""What is promised; values are of order 1 and sums at most 80 long, so rounding leaves about 1e-15."""
DIFFERENT: Final = 1e-3
"""Nine digits above what rounding may do: another function."""

N, D_MODEL, WIDTH = 5, 8, 16


def check_pytorch(
    model: DGraph, primitives: Mapping[str, Primitive], _sizes: Sizes | None = None
) -> CheckResult:
    """Return whether a graph agrees with PyTorch, and differs where its head split must."""
    block, found = find_block(model), find_known(model)
    if isinstance(block, str) and found is None:
        return CheckResult(name=NAME, outcome="not run", detail=block)
    try:
        import torch
    except ImportError:
        detail = "PyTorch is not installed; pip install 'lean-bridge[torch]'"
        return CheckResult(name=NAME, outcome="not run", detail=detail)
    from lean_bridge.crosscheck.torch_block import modules_of, one_thread

    graph = ExecutableGraph(model, primitives)
    if found is not None:
        with one_thread():
            return _known(graph, found, torch.__version__)
    assert not isinstance(block, str)
    counts = HEADS if block.split else HEADS[:1]
    with one_thread():
        errors = {heads: _deviation(graph, block, heads) for heads in counts}
    same = [heads for heads in counts if block.split != "bare reshape" or heads == 1]
    other = [heads for heads in counts if heads not in same]
    error = float(np.max([errors[heads][:2] for heads in same]))
    differ = all(errors[heads].output > DIFFERENT for heads in other)
    inputs = ", ".join(entry.name for entry in model.context)
    detail = f"output and gradients of {inputs} against {modules_of(block)} of torch {torch.__version__}"
    note = None
    if block.split:
        detail += f" at H = {', '.join(map(str, same))}"
    if other:
        by = ", ".join(f"{errors[heads].output:.2g} at H = {heads}" for heads in other)
        note = f"its bare-reshape head split {'differs' if differ else 'should differ'} from PyTorch: {by}"
    return CheckResult(
        name=NAME,
        outcome="passed" if error <= TOLERANCE and differ else "failed",
        detail=detail,
        error=error,
        tolerance=TOLERANCE,
        note=note,
        ulps=histogram(each / EPSILON for heads in same for each in errors[heads].each),
    )


def _known(graph: ExecutableGraph, found: Found, version: str) -> CheckResult:
    """Return whether a known graph's last entry and its gradients are PyTorch's functions', at random."""
    from lean_bridge.crosscheck.torch_known import theirs

    counts = HEADS if found.dims.keys() & _sizes_of_heads(1) else HEADS[:1]
    each = [deviations for heads in counts for deviations in _known_deviations(graph, found, heads)]
    error = float(np.max([deviations.max() for deviations in each]))
    inputs = ", ".join(entry.name for entry in graph.model.context)
    compared = f"{graph.model.entries[-1].name} and gradients of {inputs}"
    detail = f"{compared} against {theirs(found.known).functions} of torch {version}"
    if len(counts) > 1:
        detail += f" at H = {', '.join(map(str, counts))}"
    return CheckResult(
        name=NAME,
        outcome="passed" if error <= TOLERANCE else "failed",
        detail=detail,
        error=error,
        tolerance=TOLERANCE,
        ulps=histogram(deviations / EPSILON for deviations in each),
    )


def _known_deviations(graph: ExecutableGraph, found: Found, heads: int) -> tuple[Array, ...]:
    """Return the deviations at a random point and a random seed on the last entry."""
    from lean_bridge.crosscheck.torch_known import run

    rng = np.random.default_rng(SEED)
    dims = found.sizes(KNOWN_SIZES | _sizes_of_heads(heads))
    program, inputs, arguments, seed = draw_known(graph, found, dims, rng)
    return _deviations(program, inputs, seed, run(found.known, inputs, arguments, seed, heads=heads))


def _sizes_of_heads(heads: int) -> dict[str, int]:
    """Return the lengths that follow from a number of heads; of two or more, two share keys and values."""
    shared = min(heads, 2)
    width = D_MODEL // heads
    return {"H": heads, "D": width, "K": heads // shared, "G": shared, "e": width // 2}


def _deviations(
    program: Program, inputs: Mapping[str, Array], seed: Array, theirs: Sequence[Array]
) -> tuple[Array, ...]:
    """Return how far the last entry and the gradients for a seed on it are from theirs, everywhere."""
    ours = [program.forward(inputs)[-1], *program.vjp(inputs, {program.entries[-1].name: seed})]
    return tuple(np.abs(a - b) for a, b in zip(ours, theirs, strict=True))


class Deviation(NamedTuple):
    """The largest deviations from PyTorch at one number of heads."""

    output: float
    gradients: float
    each: tuple[Array, ...]
    """Of every coordinate of the output and of the gradients."""


def _deviation(graph: ExecutableGraph, block: Block, heads: int) -> Deviation:
    """Return the deviations at a random point and a random seed on the last entry."""
    from lean_bridge.crosscheck.torch_block import run

    sizes = {"n": N, "d": D_MODEL, "H": heads, "D": D_MODEL // heads, "F": WIDTH}
    case = draw_case(graph, block, sizes, np.random.default_rng(SEED + heads))
    each = _deviations(case.program, case.inputs, case.seed, run(case))
    output, *gradients = (float(deviations.max()) for deviations in each)
    return Deviation(output, float(np.max(gradients)), each)
