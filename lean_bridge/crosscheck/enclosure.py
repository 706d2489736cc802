"""The compiled program beside the exact real results, with no tolerance between.

Three things together say that its numbers are those of the graph but for rounding, each of them for values
and tangents of all entries, and cotangents of the inputs. Its instructions, evaluated in balls, meet what the
rules of the primitives make in balls: the passes changed nothing. Each instruction, as it ran, is no farther
from the exact result of what it read than the standard model of floating-point arithmetic has it: the kernels
round, and do nothing else. And what the program returns is what these instructions made. How far results are
from the exact ones is then known, and shown.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from lean_bridge.codes import Code
from lean_bridge.crosscheck.judgement import ENCLOSURE
from lean_bridge.crosscheck.points import Point, Sizes, counted_sizes, draw_points, small_sizes
from lean_bridge.crosscheck.rounding import histogram, largest
from lean_bridge.errors import Declined, UnsupportedOp
from lean_bridge.executor.arrays.balls import Balls, at_precision, distances, least_distances, overlap
from lean_bridge.executor.arrays.finite import noting_overflow
from lean_bridge.executor.arrays.known import Known, KnownReals
from lean_bridge.executor.arrays.running import Running
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.compiled import CompiledProgram
from lean_bridge.executor.enclosures import FIRST_BITS, enclose, in_ulps, over
from lean_bridge.executor.plans.derived import DerivedArrays
from lean_bridge.executor.plans.evaluate import evaluate
from lean_bridge.executor.plans.instructions import OPS, Constant, Fixed, Instruction, Summed, Trace
from lean_bridge.executor.plans.run import Run
from lean_bridge.executor.plans.trace import Leaves, Request, Role
from lean_bridge.executor.rules.primitive import Primitive
from lean_bridge.executor.rules.program import Program
from pybind_models import CheckResult, DGraph

NAME: Final = ENCLOSURE
MOST_SHARES: Final = 1e300
"""What is said of an error where there is nothing to round."""
MOST_COORDINATES: Final = 3 * 10**5
"""Of all entries together: balls take a hundred times the room of floats, and thousands of times as long."""


class Rounded(NamedTuple):
    """How an instruction was rounded."""

    op: str
    share: float
    """The largest error of a coordinate, in what rounding may come to there."""
    room: float
    """What rounding may come to at most, in units in the last place of the largest: more is seen anywhere."""


def check_enclosure(
    model: DGraph, primitives: Mapping[str, Primitive], sizes: Sizes | None = None
) -> CheckResult:
    """Return whether the compiled program is the graph but for rounding, at random points; see the module."""
    sizes = sizes or small_sizes(model)[:1]
    return enclosure_at(draw_points(model, primitives, sizes), f"at {counted_sizes(sizes)}", MOST_COORDINATES)


def check_size(program: Program, most: int = MOST_COORDINATES) -> None:
    """Raise Declined if entries together have more coordinates than ``most``."""
    if (total := sum(math.prod(entry.shape) for entry in program.entries)) > most:
        found = f"{total:,} coordinates of entries are more than {most:,}, the most in balls"
        raise Declined(f"{found}; give smaller sizes")


def enclosure_at(points: Iterable[Point], where: str, most: int = MOST_COORDINATES) -> CheckResult:
    """Return whether the compiled program is the graph but for rounding, at points that are ``where``.

    The error shown is the largest of an instruction, in what rounding may come to. A point of which all
    entries together have more coordinates than ``most`` is not looked at.
    """
    error, worst, ulps, entries, told = 0.0, 0.0, list[Array](), 0, False
    rooms: list[float] = []
    for point in points:
        entries = len(point.program.entries)
        try:
            compiled = Enclosed(point, most)
        except (Declined, UnsupportedOp) as declined:
            return _not_run(str(declined))
        if not compiled.exact.is_tight:
            return _not_run(f"the exact results cannot be told at {compiled.exact.bits:,} bits, {where}")
        told = told or compiled.has_numbers
        if (fault := compiled.fault()) is not None:
            return CheckResult(
                name=NAME, outcome="failed", detail=f"{fault}, {where}", code=Code.NUMBERS_DISAGREE
            )
        roundings = list(compiled.roundings())
        error = float(np.max([error, *(each.share for each in roundings)]))
        rooms += [each.room for each in roundings]
        gaps = compiled.gaps()
        worst, ulps = float(np.max([worst, largest(gaps)])), ulps + gaps
    if not told:
        return _not_run(f"nothing to compare: every number of a node is 0, {where}")
    detail = (
        f"values, tangents and cotangents of {entries} entries, {worst:.2g} ulps from the exact real ones; "
        "each instruction within what rounding may come to, of half of them "
        f"{np.median(rooms):.2g} ulps, {where}"
    )
    return CheckResult(
        name=NAME,
        outcome="passed" if error <= 1 else "failed",
        detail=detail,
        error=error,
        tolerance=1.0,
        code=None if error <= 1 else Code.NUMBERS_DISAGREE,
        ulps=histogram(ulps),
    )


def _not_run(why: str) -> CheckResult:
    return CheckResult(name=NAME, outcome="not run", detail=why)


class Enclosed:
    """A compiled program at a point: what it returns, what its instructions make, and what is exact.

    Raises: Declined if python-flint is not installed, there are too many numbers, or the compiled program
    overflows where node by node nothing does; UnsupportedOp if neither balls nor plans can do what a rule
    does.
    """

    def __init__(self, point: Point, most: int = MOST_COORDINATES) -> None:
        program, inputs = point.program, point.inputs
        check_size(program, most)
        try:
            self.exact = enclose(program, inputs, point.tangents, point.seeds)
        except (AttributeError, TypeError, ValueError) as error:
            raise UnsupportedOp("", f"a rule does what balls cannot ({error})") from error
        self.compiled = CompiledProgram(program)
        self._known = CompiledProgram(over(program, KnownReals()))
        dtype: np.dtype[Any] = inputs[0].dtype if inputs else np.dtype(float)
        self._epsilon = float(np.finfo(dtype).eps)
        self._kind = Running(self._epsilon / 2, float(np.finfo(dtype).smallest_subnormal), own=0.0)
        every, context = tuple(range(len(program.entries))), tuple(range(len(program.context)))
        self.requests = (
            Request(dtype, values=every),
            Request(dtype, tangents=context, moved=every),
            Request(dtype, seeds=every, wrt=context),
        )
        self.results = (
            self.compiled.forward(inputs),
            self.compiled.jvp(inputs, point.tangents),
            self.compiled.vjp(inputs, point.seeds),
        )
        """Values and tangents of all entries, and cotangents of the inputs, as they were returned."""
        given: dict[Role, Sequence[Array]] = {
            "input": inputs,
            "tangent": point.tangents,
            "seed": point.seeds,
        }
        self._leaves: Leaves = {
            (role, position): array for role, arrays in given.items() for position, array in enumerate(arrays)
        }
        self._derived = DerivedArrays(program)
        with noting_overflow() as overflows:
            self._made = tuple(self._bound(request)() for request in self.requests)
        if overflows:
            raise Declined(f"{dtype} overflows on the way as compiled: what is returned is made node by node")
        self._check_plans()

    def _bound(self, request: Request) -> Run:
        """Return a run of the plan at the point."""
        run = Run(plan := self.compiled.plan(request))
        run.bind(self._derived.added(plan.trace, self._leaves))
        return run

    @property
    def has_numbers(self) -> bool:
        """Whether a node has numbers that are not 0."""
        inputs = len(self.compiled.context)
        return any(largest(results[inputs:]) > 0 for results in self.results[:2])

    def fault(self) -> str | None:
        """Return what is another function than the graph, or was returned and not computed; None if nothing.

        Constants of the plan are what they stand for: 1/3, and not the float next to it.
        """
        kind = Balls()
        compared = zip(self.requests, self.results, self._made, self._balls, strict=True)
        for request, results, made, balls in compared:
            trace = self._known.plan(dataclasses.replace(request, dtype=np.dtype(float))).trace
            with at_precision(self.exact.bits):
                given = self._derived.added(trace, self._leaves)
                leaves = {key: _unless_whole(kind.check_array, array) for key, array in given.items()}
                found = evaluate(_exactly(trace, kind), kind, leaves)
                apart = [not overlap(a, b) for a, b in zip(found, balls, strict=True)]
            if any(apart):
                where = self._name(request, apart.index(True))
                return f"{where}: compiled to another function than the graph's"
            differ = [not np.array_equal(a, b) for a, b in zip(results, made, strict=True)]
            if any(differ):
                return f"{self._name(request, differ.index(True))}: not what the program's instructions make"
        return None

    def roundings(self) -> Iterator[Rounded]:
        """Yield how each instruction of each request was rounded, beside the standard model."""
        exact = Balls()
        for request in self.requests:
            for instruction, operands, result in self._bound(request).stepped():
                if not all(array.size for array in (*operands, result)):
                    continue  # nothing, or made of nothing
                op, static = OPS[instruction.op], instruction.static
                with np.errstate(all="ignore"):
                    floats = tuple(_unless_whole(self._kind.of, each) for each in operands)
                    rounded: Any = op.evaluate(self._kind, floats, static)
                    reach = rounded.rad
                with at_precision(FIRST_BITS):
                    balls = tuple(_unless_whole(exact.check_array, each) for each in operands)
                    truth = op.evaluate(exact, balls, static)
                    off = least_distances(result, np.broadcast_to(truth, result.shape))
                with np.errstate(all="ignore"):
                    share = np.minimum(np.where(off == 0, 0.0, off / reach), MOST_SHARES)
                room = largest([in_ulps(reach, result)]) if result.any() else 0.0
                yield Rounded(instruction.op, float(share.max(initial=0.0)), room)

    def gaps(self) -> list[Array]:
        """Return how far results are from the exact ones, in ulps of the largest of their array."""
        made = []
        with at_precision(2 * self.exact.bits):
            for results, balls in zip(self.results, self._balls, strict=True):
                for result, ball in zip(results, balls, strict=True):
                    made.append(in_ulps(distances(result, ball), result))
        return made

    @property
    def _balls(self) -> tuple[list[Array], list[Array], list[Array]]:
        return self.exact.values, self.exact.tangents, self.exact.cotangents

    def _check_plans(self) -> None:
        """Raise UnsupportedOp unless plans with constants that know what they are are those of the floats."""
        for request in self.requests:
            floats, known = (each.plan(request).trace for each in (self.compiled, self._known))
            if len(floats.instructions) != len(known.instructions) or not all(
                map(_are_alike, floats.instructions, known.instructions)
            ):
                raise UnsupportedOp("", "passes make other plans of floats than of what these stand for")

    def _name(self, request: Request, place: int) -> str:
        what = "value" if request.values else "tangent" if request.moved else "cotangent"
        return f"{what} of {self.compiled.entries[place].name}"


def _unless_whole(made: Callable[[Array], Any], array: Array) -> Any:
    """Return what an array becomes over other scalars; whole numbers, which are positions, stay so."""
    return array if array.dtype.kind == "i" else made(array)


def _are_alike(a: Instruction, b: Instruction) -> bool:
    """Return whether instructions are the same, with the same floats, or whole numbers, for constants."""
    statics: list[tuple[Any, ...]] = [tuple(each.static) for each in (a, b)]
    return (a.op, a.operands, a.shape, len(statics[0])) == (
        b.op,
        b.operands,
        b.shape,
        len(statics[1]),
    ) and all(map(_is_same, *statics))


def _is_same(a: Any, b: Any) -> bool:
    if not isinstance(a, Constant) or not isinstance(b, Constant):
        return bool(a == b)
    first, second = (np.asarray(each.value, float) for each in (a, b))
    return np.array_equal(first, second)


def _exactly(trace: Trace, kind: Balls) -> Trace:
    """Return the instructions with constants that are exactly what they stand for."""

    def ball(value: Any) -> Any:
        return kind.check_scalar(value.exact if isinstance(value, Known) else float(value))

    def exact(held: Constant) -> Constant:
        value = held.value
        if not np.shape(value):
            return Constant(ball(value))
        each = np.empty(np.shape(value), object)
        each.reshape(-1)[:] = [ball(entry) for entry in np.asarray(value, object).ravel().tolist()]
        return Constant(each)

    made = []
    for each in trace.instructions:
        static = each.static
        if isinstance(static, Fixed):
            static = Fixed(exact(static.constant))
        elif isinstance(static, Summed) and static.weight is not None:
            static = static._replace(weight=exact(static.weight))
        made.append(dataclasses.replace(each, static=static))
    return Trace(tuple(made), trace.results)
