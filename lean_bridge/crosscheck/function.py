"""A captured graph against the function that it was captured from: values, and gradients by differences.

The function is called with NumPy's arrays, so nothing of the executor's rules or of the capture is in its
numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from functools import partial
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import numpy as np

from lean_bridge.codes import Code
from lean_bridge.crosscheck.abroad import Raised, raised
from lean_bridge.crosscheck.differences import COARSEST, step_for
from lean_bridge.crosscheck.points import (
    SEED,
    Sizes,
    bind_small,
    counted_sizes,
    draw_arguments,
    draw_arrays,
    small_sizes,
)
from lean_bridge.crosscheck.rounding import EPSILON, largest, roundings, tells, to_result
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.rules.program import Program
from lean_bridge.executor.rules.table import PRIMITIVES
from lean_bridge.names import listed
from pybind_models import CheckResult, DGraph

VALUES: Final = "function's values"
GRADIENTS: Final = "function's gradients"
_SLACK: Final = 16
"""By how much a function may round more often than the graph does."""
_MOST: Final = 1e-9


Drawn: TypeAlias = Callable[
    [Mapping[str, int], np.random.Generator], tuple[Program, Callable[[Sequence[Array]], list[Array]]]
]
"""From sizes to the graph there, and the function of its inputs."""


def no_data(**_: int) -> Mapping[str, Array]:
    """Return what a function makes itself that makes nothing."""
    return {}


class _Unlike(Exception):  # not of the package's: it ends one check
    """What the function returns is not comparable with the graph's outputs."""


def check_function(
    function: Callable[..., Any],
    model: DGraph,
    outputs: Sequence[str],
    constants: Mapping[str, float] = MappingProxyType({}),
    sizes: Sizes | None = None,
    *,
    data: Callable[..., Mapping[str, Array]] = no_data,
) -> tuple[CheckResult, CheckResult]:
    """Return whether a function has the graph's values at ``outputs``, and its VJP the function's gradients.

    At random inputs of ``sizes``, else of small ones; gradients of each input by central differences of the
    function, with random seeds on all outputs. A function that raises is not compared. ``constants`` are the
    values of scalars that it does not take, being numbers in it, and ``data`` returns masks and whole numbers
    that it makes itself, at sizes; the others are drawn.
    """
    sizes = sizes or small_sizes(model)
    drawn = partial(_drawn, function, model, outputs, constants, data)
    return (
        _settled(VALUES, partial(_values, drawn, outputs, sizes)),
        _settled(GRADIENTS, partial(_gradients, drawn, outputs, sizes)),
    )


def _settled(name: str, check: Callable[[], CheckResult]) -> CheckResult:
    try:
        with np.errstate(all="ignore"):
            return check()
    except _Unlike as unlike:
        return CheckResult(name=name, outcome="failed", detail=str(unlike), code=Code.NUMBERS_DISAGREE)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the function's own, not the graph's
        told = str(error) if isinstance(error, Raised) else raised(error)
        detail = f"the function raises {told}"
        return CheckResult(name=name, outcome="not run", detail=" ".join(detail.split()))


def _values(drawn: Drawn, outputs: Sequence[str], sizes: Sizes) -> CheckResult:
    errors, tolerances, told = [], [], []
    rng = np.random.default_rng(SEED)
    for each in sizes:
        program, call = drawn(each, rng)
        inputs = draw_arrays(program.context, rng)
        values = program.forward(inputs)
        tolerance = _SLACK * roundings(program) * EPSILON
        # one output after the other, so that none hides behind another
        for name, expected, found in zip(outputs, _at(program, outputs, values), call(inputs), strict=True):
            scale = max(largest([expected]), largest([found]))
            if scale <= roundings(program) * EPSILON * _behind(program, name, values):
                continue  # nothing, or what rounding left of it
            errors.append(largest([expected - found]) / scale)
            tolerances.append(tolerance)
            told.append(tells(largest([expected]), scale, tolerance, _MOST))
    detail = f"{_counted(outputs)} with NumPy's, at {counted_sizes(sizes)}"
    return to_result(VALUES, errors, tolerances, _MOST, detail, told=told)


def _behind(program: Program, name: str, values: Sequence[Array]) -> float:
    """Return the largest number that an entry is made of."""
    entries = [entry.name for entry in program.entries]
    reached = {entries.index(name)}
    for position in reversed(range(len(program.context), len(entries))):
        if position in reached:
            reached.update(program.steps[position - len(program.context)].operands)
    return largest([values[position] for position in reached])


def _gradients(drawn: Drawn, outputs: Sequence[str], sizes: Sizes) -> CheckResult:
    errors, tolerances, told, unseen, worst, steps = [], [], [], set[str](), "", [0.0]
    rng = np.random.default_rng(SEED)
    for at, each in enumerate(sizes):
        program, call = drawn(each, rng)
        inputs, tangents = draw_arrays(program.context, rng), draw_arrays(program.context, rng)
        everything = program.forward(inputs)
        values = _at(program, outputs, everything)
        seeds = [rng.uniform(-1.0, 1.0, size=value.shape) for value in values]
        pushed = [
            [gradient * tangent for gradient, tangent in zip(pulled, tangents, strict=True)]
            for pulled in _pulled(program, outputs, inputs, seeds)
        ]
        rounding = _SLACK * roundings(program) * EPSILON
        steps.append(step := step_for(rounding))
        # what rounding makes of the outputs, and of slopes, where all that an output is made of may cancel
        rounded = [
            rounding
            * (np.abs(seed * value).sum() / step + np.abs(seed).sum() * _behind(program, name, everything))
            for name, seed, value in zip(outputs, seeds, values, strict=True)
        ]
        # one input and one output after the other, so that none hides behind another
        for position, tangent in enumerate(tangents):
            moved = partial(_moved, call, inputs, position, tangent, seeds)
            for slopes, noise, quotient, further in zip(
                pushed, rounded, moved(step), moved(2 * step), strict=True
            ):
                scale = max(float(np.abs(each).sum()) for each in slopes)
                size = max(scale, abs(quotient))
                if not size:
                    continue
                error = abs(float(slopes[position].sum()) - quotient) / size
                truncation = abs(further - quotient)
                tolerance = (truncation + noise) / size + rounding
                name = program.context[position].name
                if error <= tolerance and not tolerance < COARSEST:
                    if at == 0:
                        unseen.add(name)
                    continue  # where a dimension is 1 it may be so, as of a row that is normalised
                errors.append(error)
                tolerances.append(tolerance)
                told.append(scale > 0)
                if not worst and not error <= tolerance:
                    worst = f"; first at {name}"
    detail = (
        f"of each input, seeds on {_counted(outputs)}, steps up to {max(steps):.1e}, "
        f"at {counted_sizes(sizes)}{worst}"
    )
    if unseen and not worst:
        return CheckResult(
            name=GRADIENTS,
            outcome="not run",
            detail=f"{detail}; a tolerance of {COARSEST:.1g} or more decides nothing of "
            + listed(sorted(unseen), 4),
            code=Code.BLIND_CHECK,
        )
    return to_result(GRADIENTS, errors, tolerances, COARSEST, detail, told=told)


def _pulled(
    program: Program, outputs: Sequence[str], inputs: Sequence[Array], seeds: Sequence[Array]
) -> Iterator[Sequence[Array]]:
    """Yield the gradients of all inputs, with a seed on one output after the other."""
    for name, seed in zip(outputs, seeds, strict=True):
        yield program.vjp(inputs, [seed if e.name == name else np.zeros(e.shape) for e in program.entries])


def _moved(
    call: Callable[[Sequence[Array]], list[Array]],
    inputs: Sequence[Array],
    position: int,
    tangent: Array,
    seeds: Sequence[Array],
    step: float,
) -> list[float]:
    """Return the difference quotients of the function's seeded outputs, with one input moved."""

    def at(by: float) -> list[float]:
        moved = [x + by * tangent if at == position else x for at, x in enumerate(inputs)]
        return [float((seed * value).sum()) for seed, value in zip(seeds, call(moved), strict=True)]

    return [(ahead - behind) / (2 * step) for ahead, behind in zip(at(step), at(-step), strict=True)]


def _at(program: Program, outputs: Sequence[str], values: Sequence[Array]) -> list[Array]:
    by_name = {entry.name: value for entry, value in zip(program.entries, values, strict=True)}
    return [by_name[name] for name in outputs]


def _counted(outputs: Sequence[str]) -> str:
    return f"{len(outputs)} outputs" if len(outputs) > 1 else "the output"


def _drawn(
    function: Callable[..., Any],
    model: DGraph,
    outputs: Sequence[str],
    constants: Mapping[str, float],
    data: Callable[..., Mapping[str, Array]],
    sizes: Mapping[str, int],
    rng: np.random.Generator,
) -> tuple[Program, Callable[[Sequence[Array]], list[Array]]]:
    """Return the graph at sizes and random scalars, and the function of its inputs at the same."""
    bound = bind_small(model, PRIMITIVES, sizes)
    own = {**constants, **data(**sizes)}
    arguments = {name: each for name, each in draw_arguments(bound, rng).items() if name not in own}
    program = bound.interpret(**arguments, **own)
    shapes = {entry.name: entry.shape for entry in program.entries}

    def call(inputs: Sequence[Array]) -> list[Array]:
        named = {entry.name: value.copy() for entry, value in zip(program.context, inputs, strict=True)}
        returned = function(**named, **{name: copy(each) for name, each in arguments.items()})
        arrays = [
            np.asarray(each) for each in (returned if isinstance(returned, tuple | list) else (returned,))
        ]
        found, expected = [each.shape for each in arrays], [shapes[name] for name in outputs]
        if found != expected:
            raise _Unlike(f"expected results of shapes {expected}, the function returns {found}")
        return arrays

    return program, call
