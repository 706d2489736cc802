"""Compiled programs compute what the interpreter does: exactly over a field, to rounding over floats."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, cycle
from typing import Any

import numpy as np
import pytest

from lean_bridge.crosscheck.finite_field import FIELD
from lean_bridge.executor.arrays import BoundEntry
from lean_bridge.executor.compiled import CompiledProgram
from lean_bridge.executor.graph import BoundGraph, ExecutableGraph
from lean_bridge.executor.linear_map import LinearMap
from lean_bridge.executor.passes.order import PASSES, SWITCHES
from lean_bridge.executor.program import Program
from lean_bridge.executor.scalars import Array
from pybind_models import DGraph
from tests.coverings import covering_subsets
from tests.strategies import draw_graph
from tests.unit.executor.graphs import attention, encoder, layer_norm

SUBSETS = covering_subsets(SWITCHES)
ULP = float(np.finfo(float).eps)


def names_of(entries: Sequence[BoundEntry], rng: np.random.Generator) -> list[str]:
    return [entry.name for entry in entries if rng.random() < 0.5]


def in_field(value: Any, rng: np.random.Generator) -> Any:
    """Return a random argument of the field where there is a real one."""
    if isinstance(value, LinearMap):
        return LinearMap(FIELD.draw(rng, value.weights.shape), value.positions)
    return FIELD.draw(rng, np.shape(value))


class Case:
    """A graph at a random point of the reals or of GF(p), by both ways to run it."""

    def __init__(self, bound: BoundGraph, rng: np.random.Generator, *, exact: bool) -> None:
        self.rng, self.exact = rng, exact
        arguments: dict[str, Any] = {
            use.name: use.parameter.draw(rng, use.shapes, use.out) for use in bound.arguments()
        }
        if exact:
            arguments = {name: in_field(value, rng) for name, value in arguments.items()}
            self.program: Program = bound.interpret(FIELD, **arguments)
        else:
            self.program = bound.interpret(**arguments)
        self.inputs = self.draw(self.program.context)

    def draw(self, entries: Sequence[BoundEntry]) -> list[Array]:
        if self.exact:
            return [FIELD.draw(self.rng, entry.shape) for entry in entries]
        return [self.rng.uniform(-1.0, 1.0, size=entry.shape) for entry in entries]

    def some(self, entries: Sequence[BoundEntry]) -> dict[str, Array]:
        """Return arrays for some of the entries."""
        drawn = dict(zip((entry.name for entry in entries), self.draw(entries), strict=True))
        return {name: array for name, array in drawn.items() if self.rng.random() < 0.5}

    def check(self, compiled: CompiledProgram) -> None:
        """Compare values, tangents and cotangents of some entries, given some tangents and seeds."""
        program, inputs = self.program, self.inputs
        tangents, seeds = self.some(program.context), self.some(program.entries)
        outputs, wrt = names_of(program.entries, self.rng), names_of(program.context, self.rng)
        forward = program.forward(inputs)
        values, pulled = compiled.value_and_vjp(inputs, seeds, wrt, outputs)
        scale = max(float(np.abs(value).max(initial=0.0)) for value in forward) if not self.exact else 0.0
        self.compare(program.entries, forward, outputs, values, scale)
        self.compare(program.context, program.vjp(inputs, seeds), wrt, pulled, scale)
        moved = compiled.jvp(inputs, tangents, outputs)
        self.compare(program.entries, program.jvp(inputs, tangents), outputs, moved, scale)

    def compare(
        self,
        entries: Sequence[BoundEntry],
        expected: Sequence[Array],
        names: Sequence[str],
        found: Sequence[Array],
        scale: float,
    ) -> None:
        """Fail unless the found arrays are those of the names among the expected."""
        by_name = dict(zip((entry.name for entry in entries), expected, strict=True))
        if not self.exact:
            scale = max([scale, *(float(np.abs(array).max(initial=0.0)) for array in expected)])
        for name, array in zip(names, found, strict=True):
            assert isinstance(array, np.ndarray)
            assert array.shape == by_name[name].shape
            if self.exact:
                assert bool((array == by_name[name]).all()), name
            else:
                np.testing.assert_allclose(array, by_name[name], rtol=0, atol=8 * ULP * scale, err_msg=name)


def test_the_subsets_cover_every_pair_of_passes() -> None:
    assert len(SUBSETS) < 12
    for pair in combinations(SWITCHES, 2):
        assert len({tuple(name in subset for name in pair) for subset in SUBSETS}) == 4


def test_random_graphs_agree_to_rounding() -> None:
    for seed, subset in zip(range(1000), cycle(SUBSETS)):
        rng = np.random.default_rng(seed)
        case = Case(ExecutableGraph(draw_graph(rng, 1 + seed % 8)).bind(), rng, exact=False)
        case.check(CompiledProgram(case.program).with_passes(subset))


def test_random_graphs_agree_exactly_over_a_finite_field() -> None:
    for seed, subset in zip(range(150), cycle(SUBSETS)):
        rng = np.random.default_rng(seed)
        case = Case(ExecutableGraph(draw_graph(rng, 1 + seed % 5)).bind(), rng, exact=True)
        case.check(CompiledProgram(case.program).with_passes(subset))


SIZES = {"n": 3, "dModel": 4, "numHeads": 2, "headDim": 2, "dFF": 5, "m": 3}
MODELS = [attention(), attention(split="reshape"), layer_norm(), encoder(), encoder(fixed=False)]


@pytest.mark.parametrize("subset", SUBSETS, ids=lambda subset: f"{len(subset)} passes")
@pytest.mark.parametrize("exact", [True, False], ids=["GF(p)", "floats"])
def test_blocks_agree_with_every_subset_of_passes(subset: tuple[str, ...], exact: bool) -> None:
    for model in MODELS:
        rng = np.random.default_rng(7)
        bound = ExecutableGraph(model).bind(**{name: SIZES[name] for name in model.dims})
        case = Case(bound, rng, exact=exact)
        for _ in range(2):
            case.check(CompiledProgram(case.program).with_passes(subset))


@pytest.mark.parametrize("name", PASSES)
def test_every_pass_does_something(name: str) -> None:
    def instructions(model: DGraph, subset: Sequence[str]) -> str:
        bound = ExecutableGraph(model).bind(**{dim: SIZES[dim] for dim in model.dims})
        case = Case(bound, np.random.default_rng(0), exact=False)
        compiled = CompiledProgram(case.program).with_passes(subset)
        last = [case.program.entries[-1].name]
        run = compiled.prepare(
            case.inputs,
            seeds=dict(zip(last, case.draw(case.program.entries[-1:]), strict=True)),
            values=last,
            wrt=None,
        )
        return str(run.plan.trace.instructions)

    without = [other for other in SWITCHES if other != name]
    assert any(instructions(model, SWITCHES) != instructions(model, without) for model in MODELS)
