"""Numbers of any size: what compiled programs return is right to rounding, or they say what is wrong.

Small numbers and large ones, mixed, constant and nearly constant rows, ±0 and subnormals; parts of what could
be asked for; by calls, prepared runs and batches; at every level of checks.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import numpy as np
import pytest

from lean_bridge.errors import NumericsError
from lean_bridge.executor.arrays.entries import BoundEntry
from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.arrays.shape import Shape
from lean_bridge.executor.checks import Checks
from lean_bridge.executor.compiled import CompiledProgram
from lean_bridge.executor.graph import BoundGraph, ExecutableGraph
from lean_bridge.executor.plans.derived import with_derived
from lean_bridge.executor.plans.trace import Request, Role, trace_program
from lean_bridge.executor.rules.program import Program
from tests.noise import Noise, evaluated, with_noise
from tests.strategies import draw_graph
from tests.unit.executor.graphs import attention, encoder, feed_forward, layer_norm

MODELS = [attention(), layer_norm(), encoder(), encoder(fixed=False), feed_forward(fixed=False)]
SIZES = {"n": 3, "dModel": 4, "numHeads": 2, "headDim": 2, "dFF": 5, "m": 3}
LARGEST: Final = 30
"""The largest exponent of ten that is drawn, up or down."""
SLACK: Final = 64
"""How many times what noise does the error may be."""
NOISES: Final = 3

What: TypeAlias = Literal["values", "moved", "pulled"]
ASKED: Final[tuple[What, ...]] = ("values", "moved", "pulled")


class Draw:
    """Arrays of one kind or another."""

    def __init__(self, rng: np.random.Generator, dtype: np.dtype[Any]) -> None:
        self.rng, self.dtype = rng, dtype
        kinds: Sequence[Callable[[Shape], Array]] = (
            self.even,
            self.scaled,
            self.scaled,
            self.mixed,
            self.mixed_rows,
            self.constant_rows,
            self.nearly_constant_rows,
            self.zeros,
            self.subnormal,
        )
        first = int(rng.integers(len(kinds)))
        self._kinds = kinds if rng.random() < 0.5 else kinds[first : first + 1]

    def __call__(self, shape: Shape) -> Array:
        kind = self._kinds[int(self.rng.integers(len(self._kinds)))]
        return kind(shape).astype(self.dtype)

    def some(self, entries: Sequence[BoundEntry]) -> dict[str, Array]:
        return {entry.name: self(entry.shape) for entry in entries if self.rng.random() < 0.5}

    def power(self, shape: Shape = ()) -> Array:
        return np.asarray(10.0 ** self.rng.uniform(-LARGEST, LARGEST, shape))

    def even(self, shape: Shape) -> Array:
        return np.asarray(self.rng.uniform(-1, 1, shape))

    def scaled(self, shape: Shape) -> Array:
        return np.asarray(self.even(shape) * self.power())

    def mixed(self, shape: Shape) -> Array:
        return np.asarray(self.even(shape) * self.power(shape))

    def mixed_rows(self, shape: Shape) -> Array:
        return np.asarray(self.even(shape) * self.power((*shape[:-1], 1)[: len(shape)]))

    def constant_rows(self, shape: Shape) -> Array:
        return np.asarray(np.zeros(shape) + self.mixed((*shape[:-1], 1)[: len(shape)]))

    def nearly_constant_rows(self, shape: Shape) -> Array:
        return np.asarray(10 ** self.rng.uniform(-10, 10) * (1 + 1e-6 * self.even(shape)))

    def zeros(self, shape: Shape) -> Array:
        return np.where(self.rng.random(shape) < 0.5, 0.0, -0.0)

    def subnormal(self, shape: Shape) -> Array:
        return np.asarray(self.even(shape) * 8 * float(np.finfo(self.dtype).smallest_subnormal))


class Case:
    """A graph at a point, and parts of what could be asked for there."""

    def __init__(self, bound: BoundGraph, seed: int, dtype: np.dtype[Any]) -> None:
        rng = np.random.default_rng(seed)
        arguments = {use.name: use.draw(rng) for use in bound.arguments()}
        self.program, self.compiled = bound.interpret(**arguments), bound.compile(**arguments)
        self.dtype, draw = dtype, Draw(rng, dtype)
        self.inputs = {entry.name: draw(entry.shape) for entry in self.program.context}
        self.tangents, self.seeds = draw.some(self.program.context), draw.some(self.program.entries)
        self.outputs = [entry.name for entry in self.program.entries if rng.random() < 0.4]
        self.wrt = [entry.name for entry in self.program.context if rng.random() < 0.5]
        self._positions = {entry.name: i for i, entry in enumerate(self.program.entries)}

    def asked(self, what: What, program: Program, to: Callable[[Array], Array] = np.asarray) -> list[Array]:
        """Return what is asked for, by the interpreter."""
        inputs = moved(self.inputs, to)
        if what == "values":
            made, names = program.forward(inputs), self.outputs
        elif what == "moved":
            made, names = program.jvp(inputs, moved(self.tangents, to)), self.outputs
        else:
            made, names = program.vjp(inputs, moved(self.seeds, to)), self.wrt
        return [made[self._positions[name]] for name in names]

    def called(self, what: What, program: CompiledProgram) -> list[Array]:
        if what == "values":
            return program.forward(self.inputs, self.outputs)
        if what == "moved":
            return program.jvp(self.inputs, self.tangents, self.outputs)
        return program.vjp(self.inputs, self.seeds, self.wrt)

    def prepared(self, what: What, program: CompiledProgram) -> list[Array]:
        run = program.prepare(
            self.inputs,
            tangents=self.tangents if what == "moved" else {},
            seeds=self.seeds if what == "pulled" else {},
            values=self.outputs if what == "values" else (),
            moved=self.outputs if what == "moved" else (),
            wrt=self.wrt if what == "pulled" else (),
        )
        first = [array.copy() for array in run()]
        for left, right in zip(first, run(), strict=True):
            np.testing.assert_array_equal(left, right)
        return first

    def batched(self, what: What, program: CompiledProgram) -> list[Array]:
        """Return what one of two elements has that are the same, but that the other has no seeds."""
        over = {entry.name for i, entry in enumerate(program.context) if i % 2 == 0}
        every = program.batched(over)

        def twice(arrays: Mapping[str, Array], names: set[str]) -> dict[str, Array]:
            return {name: np.stack([array] * 2) if name in names else array for name, array in arrays.items()}

        inputs, tangents = twice(self.inputs, over), twice(self.tangents, over)
        if what == "pulled":
            seeds = {name: np.stack([array, np.zeros_like(array)]) for name, array in self.seeds.items()}
            made = every.vjp(inputs, seeds, self.wrt)
            return [each[0] if name in over else each for name, each in zip(self.wrt, made, strict=True)]
        made = (
            every.forward(inputs, self.outputs)
            if what == "values"
            else every.jvp(inputs, tangents, self.outputs)
        )
        shared = {entry.name for entry in program.context} - over
        return [each if name in shared else each[1] for name, each in zip(self.outputs, made, strict=True)]

    def check(self) -> Counter[str]:
        """Hold all ways at all levels against the interpreter; return what came of it."""
        outcomes: Counter[str] = Counter()
        ways = (self.called, self.prepared, self.batched)
        for what, level in product(ASKED, Checks):
            interpreted, compiled = self.program.with_checks(level), self.compiled.with_checks(level)
            is_refused = attempt(self.asked, what, interpreted) is None
            for way in ways:
                found = attempt(way, what, compiled)
                label = f"{what} at level {level}, {way.__name__}"
                if found is None:
                    assert is_refused, f"{label}: refused, and the interpreter is content"
                else:
                    self._hold(label, found, self.limits(what), level)
                outcomes["refused" if found is None else "right"] += 1
        return outcomes

    def _hold(self, label: str, found: Sequence[Array], limits: Sequence[Limit], level: Checks) -> None:
        for array, limit in zip(found, limits, strict=True):
            if level is not Checks.OFF:
                assert np.isfinite(array).all(), label
            elif not limit.is_known:
                continue
            error = np.abs(wide(array) - limit.true).max(initial=0)
            assert error <= limit.far, (label, array, limit)

    @functools.cache  # noqa: B019
    def limits(self, what: What) -> list[Limit]:
        """Return the true results, and how far from them others may be."""
        plain = Program(self.program.entries, self.program.with_checks("off").steps, self.program.scalars)
        true, own = self.asked(what, plain, wide), self.asked(what, plain)
        trace = trace_program(plain, self._request(what))
        leaves = with_derived(plain, trace, self._leaves())
        offs = []
        for number in range(NOISES):
            noise = Noise(np.random.default_rng(number), self.dtype)
            offs.append(self.asked(what, with_noise(plain, noise), noise.on))
            offs += [evaluated(trace, leaves, noise, point=point) for point in (False, True)]
        is_known = not self._is_near_the_end(what, plain)
        return [
            Limit.of(at, each, [off[i] for off in offs], is_known=is_known)
            for i, (at, each) in enumerate(zip(true, own, strict=True))
        ]

    def _is_near_the_end(self, what: What, plain: Program) -> bool:
        """Return whether twice as large numbers overflow on the way: then it matters how sums are taken."""
        found = self.asked(what, plain, lambda array: 2 * array)
        true = self.asked(what, plain, lambda array: 2 * wide(array))
        return not all(
            np.abs(wide(each) - at).max(initial=0) <= np.abs(at).max(initial=0) / 100
            for each, at in zip(found, true, strict=True)
        )

    def _request(self, what: What) -> Request:
        def places(names: Iterable[str]) -> tuple[int, ...]:
            return tuple(self._positions[name] for name in names)

        return Request(
            self.dtype,
            tangents=places(self.tangents),
            seeds=places(self.seeds),
            values=places(self.outputs) if what == "values" else (),
            moved=places(self.outputs) if what == "moved" else (),
            wrt=places(self.wrt) if what == "pulled" else (),
        )

    def _leaves(self) -> dict[tuple[Role, int], Array]:
        given: dict[Role, Mapping[str, Array]] = {
            "input": self.inputs,
            "tangent": self.tangents,
            "seed": self.seeds,
        }
        return {
            (role, self._positions[name]): array
            for role, arrays in given.items()
            for name, array in arrays.items()
        }


class Limit(NamedTuple):
    """A true result, and how far from it others may be."""

    true: Array
    far: float
    is_known: bool
    """Whether the interpreter returns numbers, and is not at the end of floats."""

    @classmethod
    def of(cls, true: Array, own: Array, offs: Sequence[Array], *, is_known: bool) -> Limit:
        limits, is_finite = np.finfo(own.dtype), bool(np.isfinite(own).all())
        others = [*offs, own] if is_finite else offs
        far = max(float(np.abs(wide(each) - true).max(initial=0)) for each in others)
        rounding = float(limits.eps) * float(np.abs(true).max(initial=0)) + 4 * float(
            limits.smallest_subnormal
        )
        return cls(true, SLACK * (far + rounding), is_known and is_finite)


def attempt(ask: Callable[..., list[Array]], *arguments: Any) -> list[Array] | None:
    """Return what is asked for; nothing if it is refused."""
    try:
        return ask(*arguments)
    except NumericsError:
        return None


def moved(arrays: Mapping[str, Array], to: Callable[[Array], Array]) -> dict[str, Array]:
    return {name: to(array) for name, array in arrays.items()}


def wide(array: Array) -> Array:
    return np.asarray(array, np.float64)


def drawn(seed: int) -> BoundGraph:
    """Return one of the models, or a random graph."""
    model = (
        MODELS[seed // 3 % len(MODELS)]
        if seed % 3 == 0
        else draw_graph(np.random.default_rng(seed), 1 + seed % 8)
    )
    return ExecutableGraph(model).bind(**{name: SIZES[name] for name in model.dims})


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_of_any_size_are_right_to_rounding_or_refused(dtype: type, full: bool) -> None:
    outcomes: Counter[str] = Counter()
    for seed in range(2000) if full else (*range(25), 67):  # 67 has one array joined with itself
        try:
            outcomes += Case(drawn(seed), seed, np.dtype(dtype)).check()
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
    assert outcomes["right"] > outcomes["refused"]
    assert outcomes["refused"] or dtype is np.float64
