"""Compiled programs compute what the interpreter does: exactly over a field, to rounding over floats."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from itertools import combinations, cycle

import numpy as np
import pytest

from lean_bridge.executor.compiled import CompiledProgram
from lean_bridge.executor.graph import BoundGraph, ExecutableGraph
from lean_bridge.executor.passes import PASSES, SWITCHES
from lean_bridge.executor.plans.passes.algebra import quotients
from lean_bridge.executor.plans.passes.memory import tiles
from pybind_models import DGraph
from tests.coverings import covering_subsets
from tests.hard_inputs import SOFTMAX
from tests.plan_cases import Case
from tests.strategies import draw_graph
from tests.unit.executor.graphs import attention, encoder, gpt_block, layer_norm, llama_block

SUBSETS = covering_subsets(SWITCHES)


def test_the_subsets_cover_every_pair_of_passes() -> None:
    assert len(SUBSETS) < 12
    for pair in combinations(SWITCHES, 2):
        assert len({tuple(name in subset for name in pair) for subset in SUBSETS}) == 4


@functools.cache
def drawn(seed: int) -> BoundGraph:
    """Return the random graph of this number, the same for all tests."""
    return ExecutableGraph(draw_graph(np.random.default_rng(seed), 1 + seed % 8)).bind()


def as_if_large(patched: pytest.MonkeyPatch) -> None:
    """Have passes take all arrays for large ones."""
    patched.setattr(tiles, "LARGE", 2)
    patched.setattr(tiles, "PART", 1)
    patched.setattr(quotients, "SMALL", 0)


def check_random_graphs(subsets: Sequence[Sequence[str]], *, exact: bool, full: bool) -> None:
    """Hold each graph against the interpreter with one of the subsets, small arrays and large in turn."""
    for seed, subset in zip(range(5000 if full else 90), cycle(subsets)):
        case = Case(drawn(seed), np.random.default_rng(seed), exact=exact)
        with pytest.MonkeyPatch.context() as patched:
            if seed // len(subsets) % 2:
                as_if_large(patched)
            case.check(CompiledProgram(case.program).with_passes(subset))


def test_random_graphs_agree_to_rounding(full: bool) -> None:
    check_random_graphs(SUBSETS, exact=False, full=full)


@pytest.mark.parametrize("subsets", [[SWITCHES], SUBSETS[1:]], ids=["all passes", "some passes"])
def test_random_graphs_agree_exactly_over_a_finite_field(
    subsets: Sequence[Sequence[str]], full: bool
) -> None:
    check_random_graphs(subsets, exact=True, full=full)


SIZES = {"n": 3, "dModel": 4, "numHeads": 2, "headDim": 2, "dFF": 5, "m": 3}
SIZES |= {"seqLen": 3, "kvHeads": 1, "groups": 2, "halfDim": 1}
MODELS = [attention(), attention(split="reshape"), layer_norm(), encoder(), encoder(fixed=False), SOFTMAX]
MODELS += [gpt_block(), llama_block()]


@pytest.mark.parametrize("subset", SUBSETS, ids=lambda subset: f"{len(subset)} passes")
@pytest.mark.parametrize("exact", [True, False], ids=["GF(p)", "floats"])
def test_blocks_agree_with_every_subset_of_passes(subset: tuple[str, ...], exact: bool) -> None:
    for model in MODELS:
        rng = np.random.default_rng(7)
        bound = ExecutableGraph(model).bind(**{name: SIZES[name] for name in model.dims})
        case = Case(bound, rng, exact=exact)
        for _ in range(2):
            case.check(CompiledProgram(case.program).with_passes(subset))


@pytest.mark.parametrize("exact", [True, False], ids=["GF(p)", "floats"])
def test_what_is_for_large_arrays_agrees(exact: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    as_if_large(monkeypatch)
    for model in MODELS:
        bound = ExecutableGraph(model).bind(**{name: SIZES[name] for name in model.dims})
        case = Case(bound, np.random.default_rng(7), exact=exact)
        for subset in (SWITCHES, ["tiles"], ["quotients"], [name for name in SWITCHES if name != "schedule"]):
            case.check(CompiledProgram(case.program).with_passes(subset))


@pytest.mark.parametrize("name", [name for name in PASSES if name not in ("tiles", "quotients")])
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
