"""How far a graph's numbers are from the exact real ones, as this executor, PyTorch and JAX compute them.

Nobody is the reference: all are held to one enclosure, of the exact results for exactly the numbers given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final, TypeAlias

import numpy as np

from lean_bridge.crosscheck.block import Block, find_block
from lean_bridge.crosscheck.block_case import BlockCase, draw_case
from lean_bridge.crosscheck.enclosure import check_size
from lean_bridge.crosscheck.formula import compute_block
from lean_bridge.crosscheck.known import KNOWN_SIZES, Found, draw_known, find_known
from lean_bridge.crosscheck.points import SEED, Sizes
from lean_bridge.crosscheck.rounding import largest
from lean_bridge.errors import Declined, LeanBridgeError
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.compiled import CompiledProgram
from lean_bridge.executor.enclosures import are_told_from_zero, ball_radii, enclose
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.once import with_zeros
from lean_bridge.executor.rules.primitive import Primitive
from lean_bridge.executor.rules.program import Program
from lean_bridge.executor.rules.table import PRIMITIVES
from pybind_models import DGraph
from pybind_models.run import TrueErrors

SIZES: Final[Mapping[str, int]] = {"n": 5, "d": 8, "H": 2, "D": 4, "F": 16}
"""By role in a block."""
STEP: Final = 2.0**-26
"""By how much inputs are moved to see how results do, relative to them."""
DRAWS: Final = 4

Way: TypeAlias = Callable[[], Sequence[Array]]
"""The output and the gradient of each input, as a library computes them."""


@dataclass(frozen=True)
class Compared:
    """A program at given numbers, and what else computes the same."""

    program: Program
    inputs: Mapping[str, Array]
    seed: Array
    """Of the last entry."""
    theirs: Mapping[str, Way]
    """By the name of a library that is installed, with its version."""

    @property
    def output(self) -> str:
        """The name of the last entry."""
        return self.program.entries[-1].name

    def ours(self) -> list[Array]:
        """Return the output and the gradient of each input, by the compiled program."""
        values, cotangents = CompiledProgram(self.program).value_and_vjp(
            self.inputs, {self.output: self.seed}, outputs=[self.output]
        )
        return [*values, *cotangents]


def true_errors(
    model: DGraph, *, primitives: Mapping[str, Primitive] = PRIMITIVES, sizes: Sizes | None = None
) -> tuple[TrueErrors, ...]:
    """Return the errors of each library that is installed, ours first, in float64 and in float32.

    Raises: Declined if the graph is neither a block nor known, python-flint is not installed, or arrays are
    too large.
    """
    graph = ExecutableGraph(model, primitives)
    found = []
    for dims in sizes or [default_sizes(model)]:
        for dtype in (np.float64, np.float32):
            case = compared(graph, dims, dtype)
            check_size(case.program)
            found += list(errors_of(case, dims))
    return tuple(found)


def default_sizes(model: DGraph) -> dict[str, int]:
    """Return small sizes of a graph's dimensions. Raises: Declined if it is neither a block nor known."""
    known = find_known(model)
    if known is not None:
        return known.sizes(KNOWN_SIZES)
    return _block_of(model).sizes(SIZES)


def compared(graph: ExecutableGraph, dims: Mapping[str, int], dtype: Any = float) -> Compared:
    """Return a block or a known graph at random numbers, and who else computes it.

    Raises: Declined if it is neither; and as :meth:`ExecutableGraph.bind`.
    """
    rng, known = np.random.default_rng(SEED), find_known(graph.model)
    if known is not None:
        return _known(graph, known, dims, rng, dtype)
    block = _block_of(graph.model)
    given = {role: dims[name] for role, name in block.dims.items()}
    by_role = {"n": 1, "H": 1, "D": given["d"], "F": 1, **given}
    return by_all(draw_case(graph, block, by_role, rng, dtype))


def by_all(case: BlockCase) -> Compared:
    """Return a block's case, and who else computes it."""
    block, d = case.block, case.inputs["x"].shape[-1]
    splits_alike = block.split != "bare reshape" or case.heads == 1
    heads_fit = "Wo" not in case.inputs or case.inputs["Wo"].shape[0] == d
    theirs: dict[str, Way] = {}
    if find_spec("torch") is not None and splits_alike and heads_fit and not d % case.heads:
        from lean_bridge.crosscheck import torch_block

        theirs |= _torch(lambda: torch_block.run(case))
    if find_spec("jax") is not None:
        import jax

        def compute(given: Mapping[str, Any]) -> Any:
            return compute_block(jax.numpy, block, given["x"], given, case.scalars, case.heads)

        theirs |= _jax(compute, case.inputs, case.weights, case.seed)
    return Compared(case.program, case.inputs, case.seed, theirs)


def errors_of(case: Compared, dims: Mapping[str, int]) -> Iterator[TrueErrors]:
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
    balls, kind = [exact.values[-1], *exact.cotangents], np.finfo(case.seed.dtype)
    zeros = [np.zeros(each.shape) for each in (case.seed, *case.inputs.values())]
    scales = _scales(ball_radii(zeros, balls, exact.bits), list(map(are_told_from_zero, balls)))
    magnified = dict(zip(names, _conditions(case, scales), strict=True))
    for library, way in {"lean-bridge": case.ours, **case.theirs}.items():
        units = (max(scale * float(kind.eps), float(kind.smallest_subnormal)) for scale in scales)
        worst = (off / unit for off, unit in zip(_off(way, balls, exact.bits), units, strict=True))
        ulps = [each if math.isfinite(each) else None for each in worst]
        yield TrueErrors(
            library=library,
            dims=dict(dims),
            dtype=str(case.seed.dtype),
            ulps=dict(zip(names, ulps, strict=True)),
            conditions=magnified,
        )


def _block_of(model: DGraph) -> Block:
    block = find_block(model)
    if isinstance(block, str):
        raise Declined(block)
    return block


def _known(
    graph: ExecutableGraph, found: Found, dims: Mapping[str, int], rng: np.random.Generator, dtype: Any
) -> Compared:
    program, inputs, arguments, seed = draw_known(graph, found, dims, rng, dtype)
    known, heads = found.known, dims[found.dims["H"]] if "H" in found.dims else 1
    theirs: dict[str, Way] = {}
    if find_spec("torch") is not None:
        from lean_bridge.crosscheck import torch_known

        theirs |= _torch(lambda: torch_known.run(known, inputs, arguments, seed, heads=heads))
    if find_spec("jax") is not None:
        from lean_bridge.crosscheck import jax_known

        theirs |= _jax(lambda given: jax_known.output(known, given, heads), inputs, arguments, seed)
    return Compared(program, inputs, seed, theirs)


def _torch(run: Way) -> dict[str, Way]:
    """Return PyTorch's way, by one thread."""
    import torch

    from lean_bridge.crosscheck.torch_block import one_thread

    def alone() -> Sequence[Array]:
        with one_thread():
            return run()

    return {f"torch {torch.__version__}": alone}


def _jax(
    compute: Callable[[Mapping[str, Any]], Any],
    inputs: Mapping[str, Array],
    arguments: Mapping[str, Array],
    seed: Array,
) -> dict[str, Way]:
    """Return JAX's way: a function of inputs and arguments, compiled with its gradients."""
    import jax

    def both(inputs: Mapping[str, Any], seed: Any) -> Any:
        value, pull = jax.vjp(lambda inputs: compute({**arguments, **inputs}), inputs)
        return value, pull(seed)[0]

    def run() -> Sequence[Array]:
        with jax.enable_x64(True):
            value, gradients = jax.jit(both)(dict(inputs), seed)
            return [np.asarray(value), *(np.asarray(gradients[name]) for name in inputs)]

    return {f"jax {jax.__version__}": run}


def _off(way: Way, balls: Sequence[Array], bits: int) -> list[float]:
    """Return how far the results of a library are from the exact ones at most; ∞ if it has none."""
    try:
        return [largest([each]) for each in ball_radii(way(), balls, bits)]
    except LeanBridgeError:
        raise
    except Exception:  # noqa: BLE001 - another library's own
        return [math.inf] * len(balls)


def _scales(sizes: Sequence[Array], are_told: Sequence[bool]) -> list[float]:
    """Return what each result is measured beside: its largest number, or of all where that is 0.

    As is the gradient of a bias of keys, of which a softmax takes nothing: it is rounded to what is not 0.
    """
    each = [largest([size]) for size in sizes]
    whole = max(each) or 1.0
    return [scale if is_told else whole for scale, is_told in zip(each, are_told, strict=True)]


def _conditions(case: Compared, scales: Sequence[float]) -> list[float]:
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
    seen = [
        [largest([a - b]) / scale / STEP for a, b, scale in zip(results(STEP), still, scales, strict=True)]
        for _ in range(DRAWS)
    ]
    return [max(each) for each in zip(*seen, strict=True)]
