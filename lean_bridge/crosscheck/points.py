"""Where the checks evaluate a graph: small sizes, and arrays and arguments drawn at random."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, islice
from math import isqrt, prod
from typing import Any, Final, TypeAlias

import numpy as np

from lean_bridge.errors import Declined
from lean_bridge.executor.arrays.entries import BoundEntry
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.graph import BoundGraph, ExecutableGraph
from lean_bridge.executor.rules.primitive import Primitive
from lean_bridge.executor.rules.program import Program
from pybind_models import DGraph, Shape

SEED: Final = 20260721
"""Every run of a check draws the same numbers."""

MOST_COORDINATES: Final = 5 * 10**7
"""Of all entries and maps together: a pass has them at 400 MB, and a check keeps several passes."""


Sizes: TypeAlias = Sequence[Mapping[str, int]]
"""Dimensions by name, at one place after the other."""


def counted_sizes(sizes: Sizes) -> str:
    """Return ``3 sizes``; of one, which it is."""
    return _at(sizes[0]) if len(sizes) == 1 else f"{len(sizes)} sizes"


def has_numbers(shape: Shape) -> bool:
    """Whether arrays of a symbolic shape have coordinates where every dimension is at least 1.

    Of polynomials with natural coefficients, only 0 is 0 there.
    """
    return all(dim.terms for dim in shape)


def nothing_to_compare(model: DGraph) -> str | None:
    """Return why no number of a node can depend on one of an input; ``None`` where some may.

    Agreement of nothing with nothing is none.
    """
    for what, entries in (("node", model.nodes), ("input", model.context)):
        if not any(has_numbers(entry.shape) for entry in entries):
            return f"nothing to compare: no {what} of {model.lean_name} has numbers"
    return None


def bind_small(
    model: DGraph,
    primitives: Mapping[str, Primitive],
    sizes: Mapping[str, int],
    most: int = MOST_COORDINATES,
) -> BoundGraph:
    """Return the graph at the given sizes, where its arrays have ``most`` coordinates together.

    Raises: Declined if they have more, as with a large number for an axis, whatever the dimensions;
    UnsupportedOp, GraphError and BindingError, as ``ExecutableGraph`` and ``bind``.
    """
    bound = ExecutableGraph(model, primitives).bind(**sizes)
    total = sum(prod(entry.shape) for entry in bound.entries)
    total += sum(prod(array.shape) for array in bound.arrays)
    maps = (use for use in bound.arguments() if use.parameter.kind == "map")
    total += sum(prod(use.out) * prod(use.shapes[0]) for use in maps)
    if total > most:
        found = f"{model.lean_name}: its arrays have more than {most:,} coordinates at {_at(sizes)}"
        raise Declined(f"{found}; give smaller ones, or make a dimension of a large number in a shape")
    return bound


def small_sizes(model: DGraph) -> list[dict[str, int]]:
    """Return sizes with all dimensions different, then with each in turn at 1, then with all at 1."""
    distinct = dict(zip(model.dims, islice(filter(_is_prime, count(2)), len(model.dims)), strict=True))
    return [distinct, *({**distinct, name: 1} for name in model.dims), dict.fromkeys(model.dims, 1)]


def draw_program(
    model: DGraph, primitives: Mapping[str, Primitive], sizes: Mapping[str, int], rng: np.random.Generator
) -> Program:
    """Return the graph at the given sizes and at random arguments: scalars between 1/2 and 1, any maps.

    Raises: as :func:`bind_small`.
    """
    bound = bind_small(model, primitives, sizes)
    return bound.interpret(**draw_arguments(bound, rng))


def draw_arguments(bound: BoundGraph, rng: np.random.Generator) -> dict[str, Any]:
    """Return random arguments of a graph by name: scalars between 1/2 and 1, any maps and arrays.

    Raises: Declined if an array has no value.
    """
    model = bound.graph.model
    arguments: dict[str, Any] = dict.fromkeys((*model.scalars, *model.maps), 1.0)  # for those no node uses
    for use in bound.arguments():
        arguments[use.name] = use.draw(rng)
    return arguments | bound.draw_arrays(rng)


@dataclass(frozen=True)
class Point:
    """Where a program is looked at: its inputs, a direction to move them in, and a seed for every entry."""

    program: Program
    inputs: Sequence[Array]
    tangents: Sequence[Array]
    seeds: Sequence[Array] = ()

    def in_float64(self) -> Point:
        """Return the same point in a precision in which little is lost to rounding."""
        inputs, tangents, seeds = (
            [array.astype(float) for array in arrays] for arrays in (self.inputs, self.tangents, self.seeds)
        )
        return Point(self.program, inputs, tangents, seeds)


def draw_points(
    model: DGraph,
    primitives: Mapping[str, Primitive],
    sizes: Iterable[Mapping[str, int]],
    *,
    seeded: bool = True,
) -> Iterator[Point]:
    """Return a random point at each of the sizes; without ``seeded`` none has seeds.

    Raises: as :func:`bind_small`.
    """
    rng = np.random.default_rng(SEED)
    for each in sizes:
        program = draw_program(model, primitives, each, rng)
        inputs, tangents = draw_arrays(program.context, rng), draw_arrays(program.context, rng)
        yield Point(program, inputs, tangents, draw_arrays(program.entries, rng) if seeded else ())


def draw_at(program: Program, inputs: Sequence[Array]) -> tuple[list[Array], list[Array]]:
    """Return tangents of the inputs and seeds of every entry, drawn in the inputs' precision."""
    rng, dtype = np.random.default_rng(SEED), inputs[0].dtype if inputs else np.dtype(float)
    tangents, seeds = draw_arrays(program.context, rng), draw_arrays(program.entries, rng)
    return [each.astype(dtype) for each in tangents], [each.astype(dtype) for each in seeds]


def draw_arrays(entries: Sequence[BoundEntry], rng: np.random.Generator) -> list[Array]:
    """Return arrays of coordinates uniform in [-1, 1], one per entry."""
    return [rng.uniform(-1.0, 1.0, size=entry.shape) for entry in entries]


def _at(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in sizes.items()) or "any dimensions"


def _is_prime(number: int) -> bool:
    return all(number % divisor for divisor in range(2, isqrt(number) + 1))
