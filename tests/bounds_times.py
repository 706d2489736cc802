"""How long results with exact bounds take: ``python -m tests.bounds_times [SIZE …]`` writes a table."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Final

import numpy as np

from lean_bridge.bench.sizes import SIZES
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.rules.ops.elementwise import GELU_KAPPA
from pybind_models import DGraph
from tests.errors_picture import BLOCKS

SCALARS: Final = {"c": 0.5, "κ": GELU_KAPPA, "ε₁": 1e-5, "ε₂": 1e-5}
ROLES: Final = {"n": "n", "seqLen": "n", "dModel": "d", "numHeads": "H", "headDim": "D", "dFF": "F"}


def seconds(model: DGraph, size: str) -> float:
    """Return how long the values of all entries, and the gradients of all inputs, take with their bounds."""
    dims = {name: SIZES[size][ROLES[name]] for name in model.dims}
    bound, rng = ExecutableGraph(model).bind(**dims), np.random.default_rng(0)
    masks = {each.name: np.tril(np.ones(each.shape, bool)) for each in bound.arrays}
    program = bound.compile(**SCALARS, **masks)
    inputs = [rng.normal(size=entry.shape) for entry in program.context]
    inputs[1:] = [each / np.sqrt(each.shape[-1]) if each.ndim > 1 else each for each in inputs[1:]]
    output = program.entries[-1]
    started = time.perf_counter()
    program.forward(inputs, bounds=True)
    program.vjp(inputs, {output.name: rng.normal(size=output.shape)}, bounds=True)
    return time.perf_counter() - started


def table(sizes: list[str]) -> Iterator[str]:
    """Yield the rows of the table."""
    yield f"| | {' | '.join(sizes)} |"
    yield "|---" * (len(sizes) + 1) + "|"
    for block, build in BLOCKS.items():
        took = (float(f"{seconds(build(), size):.2g}") for size in sizes)
        yield f"| {block} | {' | '.join(f'{each:g} s' for each in took)} |"


if __name__ == "__main__":
    for row in table(sys.argv[1:] or ["tiny", "small", "medium"]):
        print(row)  # noqa: T201
