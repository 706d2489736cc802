"""Random points over GF(p) and the executor's numbers there, written as Lean's kernel reads them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np

from lean_bridge.crosscheck.degree import shape_of_map
from lean_bridge.crosscheck.finite_field import FIELD
from lean_bridge.crosscheck.points import bind_small, has_numbers, nothing_to_compare
from lean_bridge.errors import Declined
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.rules.primitive import Primitive
from lean_bridge.executor.rules.program import Program
from lean_bridge.executor.rules.table import PRIMITIVES
from pybind_models import DGraph

Words: TypeAlias = int
"""An array: its coordinates in row-major order, 32 bits each, the first in the most significant place."""

MOST_COORDINATES: Final = 10**6
"""Of all entries and maps together; the kernel is slow with far fewer."""

_LENGTHS: Final = ((2, 2), (3, 2), (2, 3), (1, 2), (2, 1), (3, 3), (3, 1), (1, 3))
"""Of the first dimensions, in both tuples; headDim and dFF of an encoder block are the fourth and fifth."""


@dataclass(frozen=True)
class NumbersAtPoint:
    """What the executor computed at one point, and Lean's kernel is to compute again."""

    dims: Mapping[str, int]
    scalars: tuple[int, ...]
    """The scalar arguments, in the declaration's order."""
    maps: tuple[Words, ...]
    """The map arguments likewise: matrices (outputs, inputs) and biases."""
    arrays: tuple[Words, ...]
    """The arguments likewise that are whole numbers or truth values, of which 1 is true."""
    inputs: tuple[Words, ...]
    values: tuple[Words, ...]
    """Over ``Γ ++ ss``."""
    input_tangents: tuple[Words, ...]
    tangents: tuple[Words, ...]
    """Over ``Γ ++ ss``."""
    seeds: tuple[Words, ...]
    """Over ``Γ ++ ss``."""
    cotangents: tuple[Words, ...]
    """Over ``Γ``."""
    sums: tuple[tuple[Words, ...], ...]
    """For each node, last to first, the cotangents of its operands after its own were added, one by one."""


def tuples_of_dims(model: DGraph) -> list[dict[str, int]]:
    """Return two tuples of small dimensions, any two of which differ in one of the tuples.

    So an index of one axis that is read as another's shows. Each is at least 2 in one of the tuples, and one
    alone, or of more than three some, are 1 in the other, as the kernel's time grows with their product. A
    graph without dimensions has the same, empty tuple twice, and is tested at two points. A number that is no
    entry's length, an exponent, costs nothing: it is 3 or more, and another one in each of the tuples.
    """
    shaped = {name for entry in model.entries for dim in entry.shape for name in dim.names}
    axes = [name for name in model.dims if name in shaped]
    numbers = [name for name in model.dims if name not in shaped]
    count = len(axes)
    few = [(2, 1)] if count == 1 else [(2, 3), (3, 2)]
    lengths = few if count <= 2 else [*_LENGTHS, *((4, number) for number in range(1, count))]
    chosen = dict(zip(axes, lengths, strict=False))
    chosen |= {name: (3 + number, 5 + number) for number, name in enumerate(numbers)}
    return [{name: chosen[name][point] for name in model.dims} for point in range(2)]


def numbers_at_points(
    model: DGraph, primitives: Mapping[str, Primitive] = PRIMITIVES
) -> Iterator[NumbersAtPoint]:
    """Yield the executor's numbers at one random point for each of :func:`tuples_of_dims`.

    Everything drawn is uniform in GF(p), by a generator whose seed is the SHA-256 digest of the graph's JSON:
    always the same for one graph, and unknown to whoever writes a rule without looking.

    Raises: UnsupportedOp if a node's op has no primitive; Declined if an entry has no numbers or all have
    too many, or if the point drawn is one where something inverted is 0; BindingError if an entry has more
    axes than arrays can.
    """
    if (reason := nothing_to_compare(model)) is not None:
        raise Declined(reason)
    for entry in model.entries:
        if not has_numbers(entry.shape):  # galois sums nothing up, and nothing has no degree
            found = f"{model.lean_name}: entry {entry.name} has no numbers"
            raise Declined(f"{found}, and sums over nothing are not computed in GF(p); leave it out")
    rng = np.random.default_rng(int(hashlib.sha256(model.model_dump_json().encode()).hexdigest(), 16))
    for dims in tuples_of_dims(model):
        bound = bind_small(model, primitives, dims, MOST_COORDINATES)
        arguments: dict[str, Any] = {name: FIELD.draw(rng) for name in (*model.scalars, *model.maps)}
        for use in bound.arguments():
            if use.parameter.kind == "map":
                arguments[use.name] = FIELD.draw(rng, shape_of_map(use))
        arguments |= bound.draw_arrays(rng)
        program = bound.interpret(FIELD, **arguments)
        inputs = [FIELD.draw(rng, entry.shape) for entry in program.context]
        moved = [FIELD.draw(rng, entry.shape) for entry in program.context]
        seeds = [FIELD.draw(rng, entry.shape) for entry in program.entries]
        try:
            values = program.forward(inputs)
            yield NumbersAtPoint(
                dims=dims,
                scalars=tuple(int(arguments[name]) for name in model.scalars),
                maps=tuple(to_words(arguments[name]) for name in model.maps),
                arrays=tuple(to_words(arguments[each.name]) for each in model.arrays),
                inputs=tuple(map(to_words, inputs)),
                values=tuple(map(to_words, values)),
                input_tangents=tuple(map(to_words, moved)),
                tangents=tuple(map(to_words, program.jvp(inputs, moved))),
                seeds=tuple(map(to_words, seeds)),
                cotangents=tuple(map(to_words, program.vjp(inputs, seeds))),
                sums=tuple(_sums(program, values, seeds)),
            )
        except ZeroDivisionError:
            raise Declined(f"{model.lean_name}: a denominator is 0 at the point drawn for {dims}") from None


def to_words(array: Array) -> Words:
    """Return an array's coordinates as one number."""
    return int.from_bytes(np.asarray(array).astype(">u4").tobytes(), "big")


def _sums(program: Program, values: list[Array], seeds: list[Array]) -> Iterator[tuple[Words, ...]]:
    """Yield what lets the kernel follow the cotangents; a wrong number here is refused, never believed."""
    cotangents = list(seeds)
    for step in reversed(program.steps):
        sums = []
        for operand, cotangent in step.vjp(values, cotangents):
            cotangents[operand] = cotangents[operand] + cotangent
            sums.append(to_words(cotangents[operand]))
        yield tuple(sums)
