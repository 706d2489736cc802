"""Graphs and programs are copied, and sent to other processes; what is bound to a point says no."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any

import numpy as np
import pytest

from lean_bridge.crosscheck.finite_field import FIELD
from lean_bridge.executor.arrays.backends import jax_reals, torch_reals
from lean_bridge.executor.compiled import CompiledProgram
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.rules.program import Program
from lean_bridge.executor.rules.table import PRIMITIVES
from pybind_models import DGraph, GraphStanding
from tests.unit.executor.graphs import attention, feed_forward

STANDING = GraphStanding(
    status="accepted",
    declaration="Twin.attention",
    graph=attention().digest,
    library="twin",
    toolchain="Lean",
    axioms=("propext",),
)
GRAPH = ExecutableGraph(attention(), standing=STANDING)
BOUND = GRAPH.bind(n=3, dModel=4, numHeads=2, headDim=2)
INPUTS = {
    name: np.random.default_rng(position).normal(size=(3, 4) if name == "x" else (4, 4))
    for position, name in enumerate(("x", "Wq", "Wk", "Wv", "Wo"))
}
SEEDS = {"residual": np.ones((3, 4))}


def pickled(made: Any, protocol: int | None = None) -> Any:
    return pickle.loads(pickle.dumps(made, protocol))


PROTOCOLS: list[Callable[[Any], Any]] = [
    partial(pickled, protocol=each) for each in range(pickle.HIGHEST_PROTOCOL + 1)
]
COPIES = pytest.mark.parametrize("copied", [*PROTOCOLS, copy.deepcopy, copy.copy])


@COPIES
def test_a_graph_keeps_its_model_its_primitives_and_its_standing(copied: Callable[[Any], Any]) -> None:
    twin, bound = copied(GRAPH), copied(BOUND)
    assert (twin.model, twin.standing) == (GRAPH.model, STANDING)
    assert all(left is right for left, right in zip(twin.primitives, GRAPH.primitives, strict=True))
    assert (bound.dims, bound.entries, bound.standing) == (BOUND.dims, BOUND.entries, STANDING)


@COPIES
@pytest.mark.parametrize("how", ["interpret", "compile"])
def test_a_program_computes_the_same_before_and_after_its_first_call(
    copied: Callable[[Any], Any], how: str
) -> None:
    program: Program | CompiledProgram = getattr(BOUND, how)(c=0.5)
    fresh = copied(program)
    expected = program.vjp(INPUTS, SEEDS)
    for twin in (fresh, copied(program)):
        for left, right in zip(twin.vjp(INPUTS, SEEDS), expected, strict=True):
            np.testing.assert_array_equal(left, right)
        assert twin.standing == STANDING


def test_a_copy_of_a_compiled_program_keeps_its_passes_and_its_checks() -> None:
    program = BOUND.compile(c=0.5).with_passes(["views"]).with_checks("off")
    twin = pickled(program)
    assert twin.passes == ("views",)
    assert np.isnan(twin.forward(INPUTS | {"x": np.full((3, 4), np.nan)}, ["residual"])[0]).all()


def test_a_program_with_maps_and_a_batched_one_are_copied() -> None:
    rng = np.random.default_rng(0)
    bound = ExecutableGraph(feed_forward(fixed=True)).bind(n=2, dModel=3, dFF=4)
    arguments = {use.name: use.draw(rng) for use in bound.arguments()}
    program = bound.compile(**arguments)
    (entry,) = program.context
    batched = program.batched([entry.name])
    x = {entry.name: rng.normal(size=(2, *entry.shape))}
    for copied in (*PROTOCOLS, copy.deepcopy):
        np.testing.assert_array_equal(copied(batched).forward(x)[-1], batched.forward(x)[-1])


@COPIES
@pytest.mark.parametrize("how", ["interpret", "compile"])
def test_the_weights_of_a_copy_are_as_fixed_as_before(copied: Callable[[Any], Any], how: str) -> None:
    rng = np.random.default_rng(0)
    bound = ExecutableGraph(feed_forward(fixed=True)).bind(n=2, dModel=3, dFF=4)
    arguments = {use.name: use.draw(rng) for use in bound.arguments()}
    arrays = [
        array
        for step in copied(getattr(bound, how)(**arguments)).steps
        for value in step.setting.params.values()
        if isinstance(array := getattr(value, "weights", value), np.ndarray)
    ]
    assert arrays
    assert not any(array.flags.writeable for array in arrays)


@pytest.mark.parametrize("kind", [torch_reals, jax_reals, lambda: FIELD])
def test_programs_over_other_scalars_are_copied(kind: Callable[[], Any]) -> None:
    scalars = kind()
    c = FIELD.array(3) if scalars is FIELD else 0.5
    program = BOUND.compile(scalars, c=c)
    for copied in (*PROTOCOLS, copy.deepcopy):
        assert type(copied(program).scalars) is type(scalars)


def test_a_program_runs_in_another_process() -> None:
    program = BOUND.compile(c=0.5)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        (there,) = pool.submit(program.forward, INPUTS, ["residual"]).result()
    np.testing.assert_allclose(there, program.forward(INPUTS, ["residual"])[0], rtol=1e-14)


def test_what_reads_a_callers_arrays_says_that_it_is_not_copied() -> None:
    program = BOUND.compile(c=0.5)
    for made in (program.prepare(INPUTS), program.pullback(INPUTS), program.linearize(INPUTS)):
        for copied in (pickled, copy.deepcopy):
            with pytest.raises(TypeError, match="copy the program"):
                copied(made)


def test_every_primitive_of_the_table_is_its_own_copy() -> None:
    for primitive in PRIMITIVES.values():
        assert pickled(primitive) is primitive
        assert copy.deepcopy(primitive) is primitive


def test_a_graph_as_data_is_copied() -> None:
    model: DGraph = attention()
    for copied in (*PROTOCOLS, copy.deepcopy, copy.copy):
        twin = copied(model)
        assert twin == model
        assert twin.model_dump_json() == model.model_dump_json()
