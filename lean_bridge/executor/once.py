"""A graph run once, at given numbers, and what every array came to."""

from __future__ import annotations

import math
import os
import reprlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args

import numpy as np

from lean_bridge.errors import ArrayError, Declined, NumericsError
from lean_bridge.executor.arrays.entries import BoundEntry, positions
from lean_bridge.executor.arrays.on_disk import SUFFIXES, read_arrays
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.arrays.shape import Shape
from lean_bridge.executor.checks import Checks
from lean_bridge.executor.compiled import CompiledProgram
from lean_bridge.executor.enclosures import Asked, Reached, digits_right, in_ulps, reach
from lean_bridge.executor.graph import BoundGraph
from lean_bridge.executor.rules.linear_map import LinearMap
from lean_bridge.executor.rules.parameters import BIAS
from pybind_models.run import ArrayBounds, ArraySummary, BoundsMethod, DomainReport, Role, RunReport

BALL_PASSES: Final = 32
"""A ball takes the room of so many floats."""


@dataclass(frozen=True)
class Numbers:
    """What a graph is run at."""

    arguments: Mapping[str, Any]
    """What the declaration takes besides dimensions, by name."""
    inputs: Mapping[str, Array]
    tangents: Mapping[str, Array] = field(default_factory=dict)
    seeds: Mapping[str, Array] = field(default_factory=dict)
    seed: int | None = None
    """What was drawn with, if anything was."""
    drawn: tuple[str, ...] = ()
    maps: Mapping[str, Array] = field(default_factory=dict)
    """Of the arguments those that are arrays, as they were given or drawn."""


def check_room(bound: BoundGraph, dtype: str, passes: int = 1) -> None:
    """Raise Declined if the memory of this machine is less than the entries take, once for every pass."""
    taken = passes * sum(math.prod(entry.shape) for entry in bound.entries) * np.dtype(dtype).itemsize
    if taken > (memory := os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")):
        raise Declined(
            f"{bound.graph.model.lean_name}: its entries take {taken / 1e9:,.0f} GB at these sizes, more "
            f"than the {memory / 1e9:.0f} GB of this machine; give smaller dimensions"
        )


def arrays_wanted(bound: BoundGraph) -> dict[str, list[Shape]]:
    """Return the arrays that a graph takes, inputs and arguments, by name, and what shapes each may have.

    A map may be given whole, or for one position if it does the same at each.
    """
    wanted: dict[str, list[Shape]] = {entry.name: [entry.shape] for entry in _context(bound)}
    context = frozenset(wanted)
    for use in bound.arguments():
        if use.parameter.kind != "map":
            continue
        if use.name in context:
            raise Declined(
                f"{bound.graph.model.lean_name}: an input and a map are both called {use.name}; use Python"
            )
        whole = (math.prod(use.out),)
        if use.parameter is BIAS:
            shapes = [use.out, whole, use.out[-1:]]
        else:
            shapes = [(*whole, math.prod(use.shapes[0]))]
            if use.out[:-1] == use.shapes[0][:-1]:
                shapes.append((*use.out[-1:], *use.shapes[0][-1:]))
        wanted[use.name] = [shape for at, shape in enumerate(shapes) if shape not in shapes[:at]]
    for array in bound.arrays:
        if array.name in wanted:
            raise Declined(
                f"{bound.graph.model.lean_name}: two arrays are both called {array.name}; use Python"
            )
        wanted[array.name] = [array.shape]
    return wanted


def integers_wanted(bound: BoundGraph) -> dict[str, str]:
    """Return the arrays that are not of floats: ``int`` of whole numbers, ``bool`` of truth values."""
    return {array.name: "bool" if array.below is None else "int" for array in bound.arrays}


def arrays_made(bound: BoundGraph) -> frozenset[str]:
    """Return what :func:`run_once` may call the arrays that it makes: of all a graph takes, none is."""
    made = [_label(role, entry.name) for role in get_args(Role) for entry in bound.entries]
    return frozenset([*made, *map(_bounds_label, made)]).difference(arrays_wanted(bound))


def with_maps(arrays: Mapping[str, Array], numbers: Numbers) -> dict[str, Array]:
    """Return the arrays of a run with the maps that it took: all that it takes to run it again.

    Raises: ArrayError where two of them have one name.
    """
    for name in numbers.maps:
        if name in arrays:
            raise ArrayError(name, f"two arrays would be called {name}: an entry has the name of a map")
    return {**arrays, **numbers.maps}


def _label(role: Role, name: str) -> str:
    """Return what the array of an entry is called in a file."""
    return name if role in ("input", "value") else f"{role}.{name}"


def _bounds_label(label: str) -> str:
    """Return what the bounds of an array are called in a file."""
    return f"bound.{label}"


def complete(
    bound: BoundGraph,
    scalars: Mapping[str, float],
    given: Mapping[str, Array],
    *,
    dtype: str | None,
    seed: int | None,
) -> Numbers:
    """Return all that a graph takes: what is given, and with a seed the rest drawn, uniform in [-1, 1].

    Whatever is given, an array is drawn as the same numbers by the same seed. Without ``dtype`` that of what
    is given is kept, else it is float64.
    Raises: ArrayError naming all that is missing, or two precisions that were given.
    """
    model, wanted, others = bound.graph.model, arrays_wanted(bound), integers_wanted(bound)
    dtypes = {str(array.dtype) for name, array in given.items() if name not in others}
    if dtype is None and len(dtypes) > 1:
        raise ArrayError(
            next(iter(given)), f"{model.lean_name}: found arrays in float64 and in float32; give --dtype"
        )
    dtype = dtype or next(iter(dtypes), "float64")
    check_room(bound, dtype)
    missing = [name for name in wanted if name not in given]
    if missing and seed is None:
        raise ArrayError(
            missing[0],
            f"{model.lean_name}: missing {', '.join(missing)}, of {', '.join(wanted)}; give --inputs FILE "
            "with them, or --random SEED",
        )
    rng = np.random.default_rng(seed)
    names = {entry.name for entry in _context(bound)}
    arrays = {}
    for name, shapes in wanted.items():
        if name in others:
            continue
        drawn = rng.uniform(-1.0, 1.0, size=shapes[-1]) if seed is not None else None
        arrays[name] = given.get(name, drawn)
    cast = {name: _cast(name, np.asarray(array), dtype) for name, array in arrays.items()}
    chosen = {} if seed is None else bound.draw_arrays(rng)
    chosen |= {name: given[name] for name in others if name in given}
    maps = {
        use.name: _as_map(use.parameter is BIAS, cast[use.name], use.out)
        for use in bound.arguments()
        if use.parameter.kind == "map"
    }
    return Numbers(
        arguments={**scalars, **maps, **chosen},
        inputs={name: array for name, array in cast.items() if name in names},
        seed=seed if missing else None,
        drawn=tuple(missing),
        maps={name: array for name, array in cast.items() if name not in names} | chosen,
    )


def directions(
    option: str, texts: Sequence[str], bound: BoundGraph, numbers: Numbers, seed: int | None
) -> dict[str, Array]:
    """Return seeds of entries (``--vjp``) or tangents of inputs (``--jvp``) as a person asks for them.

    Each text is the name of a file of arrays, or ``ENTRY=ones``, ``ENTRY=random`` or ``ENTRY=NUMBER``, with
    commas between several.
    Raises: ArrayError for what is none of them, for an entry that is given twice; NumericsError for a number
    that is 0 or infinite only in the precision of the inputs.
    """
    role = "seed" if option == "--vjp" else "tangent"
    entries = bound.entries if role == "seed" else _context(bound)
    dtype = next((array.dtype for array in numbers.inputs.values()), np.dtype(float))
    rng = None if seed is None else np.random.default_rng([seed, 1 + (role == "seed")])
    found: dict[str, Array] = {}
    for text in texts:
        made: list[tuple[str, Array]] = []
        if "=" in text:
            for item in text.split(","):
                name, _, value = (part.strip() for part in item.rpartition("="))
                (position,) = positions(role, [name], entries)
                entry = entries[position]
                made.append((entry.name, _filled(f"{option} {name}", value, entry.shape, rng)))
        elif Path(text).suffix not in SUFFIXES and text in {entry.name for entry in entries}:
            raise ArrayError(
                text, f"{option} {text}: which? give {text}=ones, {text}=random or {text}=NUMBER"
            )
        else:
            made += read_arrays(Path(text), {entry.name: [entry.shape] for entry in entries}).items()
        for each, array in made:
            if each in found:
                raise ArrayError(each, f"{option}: {each} is given more than once; give one of them")
            found[each] = _cast(f"{option} {each}", array, dtype)
    return found


def with_zeros(
    entries: Sequence[BoundEntry], given: Mapping[str, Array], *, like: Sequence[Array]
) -> list[Array]:
    """Return an array for each entry, zero where none is given, in the precision of those of ``like``."""
    pairs = zip(entries, like, strict=True)
    return [given.get(entry.name, np.zeros_like(array)) for entry, array in pairs]


def _cast(label: str, array: Array, dtype: str | np.dtype[Any]) -> Array:
    """Return the array in a precision. Raises: NumericsError for what is 0 or infinite there alone."""
    with np.errstate(all="ignore"):
        cast = array.astype(dtype, copy=False)
    lost = np.isfinite(array) & (~np.isfinite(cast) | ((cast == 0) & (array != 0)))
    if lost.any():
        number, becomes = float(array[lost][0]), float(cast[lost][0])
        raise NumericsError(
            label, f"{label}: {number:g} is {becomes:g} in {cast.dtype}; give another, or --dtype f64"
        )
    return cast


def _filled(label: str, text: str, shape: Shape, rng: np.random.Generator | None) -> Array:
    if text == "random":
        if rng is None:
            raise ArrayError(label, f"{label}=random: give --random SEED, so that it can be done again")
        return rng.uniform(-1.0, 1.0, size=shape)
    try:
        return np.full(shape, 1.0 if text == "ones" else float(text))
    except ValueError:
        raise ArrayError(
            label, f"{label}: expected ones, random or a number, found {reprlib.repr(text)}"
        ) from None


def _as_map(is_bias: bool, array: Array, out: Shape) -> Array | LinearMap:
    """Return what was given for one position as the same at each, and what was given for all as it is."""
    if is_bias:
        return np.broadcast_to(array, out) if array.shape == out[-1:] else array
    positions = math.prod(out[:-1])
    return LinearMap.positionwise(array, positions) if array.shape[0] == out[-1] else LinearMap(array)


def run_once(
    bound: BoundGraph,
    numbers: Numbers,
    checks: Checks = Checks.FINITE,
    bounds: BoundsMethod | None = None,
) -> tuple[dict[str, Array], RunReport]:
    """Return every array by its name in a file, and the report of a run.

    Values are under the names of their entries; tangents and cotangents have those before them, as in
    ``cotangent.x``, and the bounds of an array what it is called, as in ``bound.cotangent.x``.
    Raises: as :meth:`CompiledProgram.prepare` and its runs; Declined if bounds take a package that is not
    installed, or more memory than there is.
    """
    if bounds == "exact":
        check_room(bound, "float64", (1 + bool(numbers.tangents) + bool(numbers.seeds)) * BALL_PASSES)
    program = bound.compile(**numbers.arguments).with_checks(checks)
    started = time.perf_counter()
    run = program.prepare(
        numbers.inputs,
        tangents=numbers.tangents,
        seeds=numbers.seeds,
        values=None,
        moved=None if numbers.tangents else (),
        wrt=None if numbers.seeds else (),
    )
    planned = time.perf_counter()
    made = run()
    ended = time.perf_counter()
    names, inputs = [entry.name for entry in program.entries], len(program.context)
    radii: list[Array | None] = [None] * len(made)
    domains: tuple[DomainReport, ...] = ()
    if bounds is not None:
        found = _reach(program, numbers, made, bounds)
        radii, domains = list(found.radii), found.domains
    kinds: list[tuple[Role, str]] = [
        ("input" if at < inputs else "value", name) for at, name in enumerate(names)
    ]
    kinds += [("tangent", name) for name in names] if numbers.tangents else []
    kinds += [("cotangent", name) for name in names[:inputs]] if numbers.seeds else []
    ops = {step.entry: step.primitive.name for step in program.steps}
    arrays: dict[str, Array] = {}
    rows = []

    def keep(label: str, name: str, array: Array) -> None:
        if label in arrays:
            raise ArrayError(name, f"two arrays would be called {label}: an entry has that name")
        arrays[label] = array

    for (role, name), array, radius in zip(kinds, made, radii, strict=True):
        label = _label(role, name)
        keep(label, name, array)
        row = summary(name, role, array, op=ops.get(name))
        if radius is not None:
            keep(_bounds_label(label), name, radius)
            row = row.replaced(bounds=summary_of_bounds(array, radius))
        rows.append(row)
    return arrays, RunReport(
        graph=bound.graph.model.lean_name,
        standing=bound.standing,
        dims=bound.dims,
        scalars={name: float(numbers.arguments[name]) for name in bound.graph.model.scalars},
        dtype=str(made[0].dtype),
        seed=numbers.seed,
        drawn=numbers.drawn,
        arrays=tuple(rows),
        bounds=bounds,
        domains=domains,
        planning_seconds=planned - started,
        seconds=ended - planned,
        arena=run.plan.arena,
        live_peak=run.plan.live_peak,
    )


@np.errstate(all="ignore")
def summary(name: str, role: Role, array: Array, *, op: str | None = None) -> ArraySummary:
    """Return what an array's numbers are like, computed in float64."""
    finite = array[np.isfinite(array)].astype(float).ravel()
    largest = float(np.abs(finite).max(initial=0.0))
    scaled = finite / largest if largest else finite
    return ArraySummary(
        name=name,
        role=role,
        op=op,
        shape=array.shape,
        dtype=str(array.dtype),
        least=float(finite.min()) if finite.size else None,
        largest=float(finite.max()) if finite.size else None,
        mean=float(scaled.mean()) * (largest or 1.0) if finite.size else None,
        norm=_finite(float(np.sqrt(scaled @ scaled)) * largest) if finite.size else None,
        non_finite=int(array.size - finite.size),
    )


@np.errstate(all="ignore")
def summary_of_bounds(array: Array, radius: Array) -> ArrayBounds:
    """Return what the bounds of an array's numbers come to."""
    told, finite = radius[np.isfinite(radius)], array[np.isfinite(array)]
    unbounded = radius.size - told.size
    if not told.size or not finite.any():
        largest = float(told.max()) if told.size else None
        return ArrayBounds(largest=largest, ulps=None, digits=None, unbounded=unbounded)
    return ArrayBounds(
        largest=float(told.max()),
        ulps=_finite(float(in_ulps(told, finite).max())),
        digits=None if unbounded else digits_right(told, finite),
        unbounded=unbounded,
    )


def _reach(
    program: CompiledProgram, numbers: Numbers, made: Sequence[Array], method: BoundsMethod
) -> Reached:
    """Return how far all values, and the tangents and cotangents that there are, are from the exact ones."""
    every, context = range(len(program.entries)), range(len(program.context))
    seeds = [np.zeros(entry.shape, made[0].dtype) for entry in program.entries]
    tangents = seeds[: len(context)]
    asked = Asked(
        values=every,
        moved=every if numbers.tangents else (),
        wrt=context if numbers.seeds else (),
        tangents=with_zeros(program.context, numbers.tangents, like=tangents) if numbers.tangents else None,
        seeds=with_zeros(program.entries, numbers.seeds, like=seeds) if numbers.seeds else None,
    )
    inputs = [numbers.inputs[entry.name] for entry in program.context]
    return reach(program.program, inputs, asked, made, method)


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _context(bound: BoundGraph) -> tuple[BoundEntry, ...]:
    return bound.entries[: len(bound.graph.model.context)]
