"""Breakages that are planted in passes and layouts are found, and what is not found changes no number."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from lean_bridge.executor import planned
from lean_bridge.executor.arrays.scalars import REALS
from lean_bridge.executor.compiled import CompiledProgram
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.passes import PASSES, Pass
from lean_bridge.executor.plans import checker, storage
from lean_bridge.executor.plans import plan as plans
from lean_bridge.executor.plans.arena import Block, pack
from lean_bridge.executor.plans.checker import SWITCH, BrokenPlan, check_plan, check_trace
from lean_bridge.executor.plans.evaluate import evaluate
from lean_bridge.executor.plans.instructions import OPS, VIEWS, Instruction, Trace, named
from lean_bridge.executor.plans.plan import Plan
from lean_bridge.executor.plans.rewriter import Target
from lean_bridge.executor.plans.run import Run
from lean_bridge.executor.plans.stages import split_stages
from lean_bridge.executor.plans.storage import Place, lay_out
from lean_bridge.executor.plans.trace import Leaves, Request, Role
from tests.unit.executor.graphs import encoder

SIZES = {"n": 3, "dModel": 4, "numHeads": 2, "headDim": 2, "dFF": 5}
EVERY = Request(np.dtype(float), tangents=(0,), seeds=(33,), values=(33, 20), moved=(33,), wrt=(0, 1, 9))


def program() -> CompiledProgram:
    return ExecutableGraph(encoder(fixed=False)).bind(**SIZES).compile(c=0.5, κ=0.8, ε1=1e-5, ε2=1e-5)


def changed(trace: Trace, position: int, **values: object) -> Trace:
    instructions = list(trace.instructions)
    if "static" in values:
        values["static"] = named(instructions[position].op, values["static"])
    instructions[position] = dataclasses.replace(instructions[position], **values)  # type: ignore[arg-type]
    return Trace(tuple(instructions), trace.results)


def first(trace: Trace, op: str) -> int:
    return next(i for i, each in enumerate(trace.instructions) if each.op == op)


def swapped(trace: Trace) -> Trace:
    """Exchange an instruction and one that reads it, as an order might that forgot about it."""
    reader = next(
        i for i, each in enumerate(trace.instructions) if i - 1 in each.operands and each.op not in VIEWS
    )
    order = list(range(len(trace.instructions)))
    order[reader - 1 : reader + 1] = reader, reader - 1
    moved = {old: new for new, old in enumerate(order)}
    instructions = [
        dataclasses.replace(
            trace.instructions[old],
            operands=tuple(moved[operand] for operand in trace.instructions[old].operands),
        )
        for old in order
    ]
    return Trace(tuple(instructions), tuple(moved[result] for result in trace.results))


def with_other_leaf(trace: Trace) -> Trace:
    position = first(trace, "leaf")
    return changed(trace, position, static=("tangent", 12, trace.instructions[position].shape))


def with_more(trace: Trace) -> Trace:
    return Trace((*trace.instructions, trace.instructions[first(trace, "mul")]), trace.results)


BREAKAGES: Mapping[str, tuple[Callable[[Trace], Trace], str]] = {
    "an operand that comes later": (swapped, "expected operands before it"),
    "an operand of another shape": (
        lambda trace: changed(trace, first(trace, "exp"), operands=(first(trace, "leaf"),)),
        "is said to make",
    ),
    "an operand too many": (
        lambda trace: changed(trace, first(trace, "exp"), operands=(0, 0)),
        "takes 1 operands, found 2",
    ),
    "a shape that the op does not make": (
        lambda trace: changed(trace, first(trace, "mul"), shape=(7,)),
        "is said to make",
    ),
    "axes of another array": (
        lambda trace: changed(trace, first(trace, "transpose"), static=(0, 1, 2, 3)),
        "cannot order the axes",
    ),
    "a reshape that loses coordinates": (
        lambda trace: changed(trace, first(trace, "reshape"), static=((1,),), shape=(1,)),
        "cannot reshape",
    ),
    "an axis that is not there": (
        lambda trace: changed(trace, first(trace, "max"), static=(5, True)),
        "has no axis 5",
    ),
    "an op that nobody knows": (lambda trace: changed(trace, first(trace, "mul"), op="mull"), "no such op"),
    "results in another order": (lambda trace: Trace(trace.instructions, trace.results[::-1]), "of shapes"),
    "a result that is lost": (lambda trace: Trace(trace.instructions, trace.results[1:]), "of shapes"),
    "a result that nothing makes": (
        lambda trace: Trace(trace.instructions, (*trace.results[:-1], 10**6)),
        "expected results among",
    ),
    "an array that is not given": (with_other_leaf, "reads Given(role='tangent', entry=12"),
    "work for nobody": (with_more, "nobody reads it"),
}


@pytest.mark.parametrize("name", ["zeros", "views", "guards", "schedule", "copies"])
@pytest.mark.parametrize(("broken", "said"), BREAKAGES.values(), ids=BREAKAGES)
def test_a_pass_that_breaks_something_is_named(
    name: str, broken: Callable[[Trace], Trace], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken_pass(trace: Trace, target: Target) -> Trace:
        return broken(PASSES[name](trace, target))

    passes: Mapping[str, Pass] = MappingProxyType({**PASSES, name: broken_pass})
    monkeypatch.setattr(planned, "PASSES", passes)
    with pytest.raises(BrokenPlan) as found:
        program().plan(EVERY)
    assert str(found.value).startswith(f"after {name}: ")
    assert said in str(found.value)


def test_it_is_on_in_tests_and_off_unless_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checker.is_on()
    for value in ("", "0"):
        monkeypatch.setenv(SWITCH, value)
        assert not checker.is_on()
    monkeypatch.delenv(SWITCH)
    assert not checker.is_on()
    monkeypatch.setattr(planned, "check_plan", None)
    program().plan(EVERY)


def test_two_stages_that_do_not_fit_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def split(trace: Trace, role: Role, values: int) -> tuple[Trace, Trace]:
        early, late = split_stages(trace, role, values)
        return Trace(early.instructions, early.results[::-1]), late

    monkeypatch.setattr(planned, "split_stages", split)
    made = program()
    point = {entry.name: np.ones(entry.shape) for entry in made.context}
    with pytest.raises(BrokenPlan, match="after the second stage: reads"):
        made.pullback(point)


def one_block_over_another(blocks: Sequence[Block]) -> tuple[list[int], int]:
    offsets, size = pack(blocks)
    return [0 if offset == min(filter(None, offsets)) else offset for offset in offsets], size


def first_reads(trace: Trace) -> list[int]:
    first = last_reads(trace)
    for position, each in reversed([*enumerate(trace.instructions)]):
        for operand in each.operands:
            first[operand] = position
    return first


last_reads = storage.last_reads


def is_of_the_shape(builder: Any, operand: int, position: int) -> bool:
    shapes = {builder.instructions[each].shape for each in (operand, position)}
    return operand in builder.places and len(shapes) == 1


@pytest.mark.parametrize(
    ("where", "name", "broken"),
    [
        (plans, "pack", one_block_over_another),
        (plans, "pack", lambda blocks: (pack(blocks)[0], 64)),
        (storage, "last_reads", first_reads),
        (storage._Builder, "_dies", is_of_the_shape),
    ],
    ids=["overlapping", "outside", "overwritten too early", "overwritten always"],
)
def test_a_layout_that_breaks_something_is_found(
    where: object, name: str, broken: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(where, name, broken)
    with pytest.raises(BrokenPlan):
        program().plan(EVERY)


def point(trace: Trace, rng: np.random.Generator) -> Leaves:
    leaves = (each.static for each in trace.instructions if each.op == "leaf")
    return {(role, number): np.asarray(rng.uniform(0.5, 1.5, shape)) for role, number, shape in leaves}


def mutated(each: Instruction, rng: np.random.Generator, count: int) -> Instruction:
    """Return an instruction with something else in it."""
    operands, static, shape = list(each.operands), list(each.static), list(each.shape)
    what = rng.integers(4)
    if what == 0 and operands:
        operands[rng.integers(len(operands))] = int(rng.integers(count))
    elif what == 1 and each.op in ("transpose", "slice", "sum", "dot", "concat"):
        axis = rng.integers(len(static))
        static[axis] = int(rng.integers(4)) if static[axis] is not None else None
    elif what == 2 and shape:
        shape[rng.integers(len(shape))] += 1
    else:
        kept = OPS[each.op]
        alike = [op for op, other in OPS.items() if other.arity == kept.arity and other.shape is kept.shape]
        return dataclasses.replace(each, op=str(rng.choice(alike)))
    return Instruction(each.op, tuple(operands), named(each.op, static), tuple(shape))


def test_what_no_check_finds_can_be_run(full: bool) -> None:
    """A trace that is passed is one that makes arrays of the shapes that it says."""
    trace = program().plan(EVERY).trace
    rng, passed = np.random.default_rng(0), 0
    for _ in range(20_000 if full else 600):
        position = int(rng.integers(len(trace.instructions)))
        each = trace.instructions[position]
        if each.op in ("leaf", "constant", "zeros"):
            continue
        instructions = list(trace.instructions)
        instructions[position] = mutated(each, rng, len(instructions))
        mutant = Trace(tuple(instructions), trace.results)
        try:
            check_trace(mutant, "mutation", trace)
        except BrokenPlan:
            continue
        passed += 1
        if passed % 20 == 0:
            with np.errstate(all="ignore"):
                made = evaluate(mutant, REALS, point(mutant, rng))
            assert [array.shape for array in made] == [mutant.instructions[i].shape for i in mutant.results]
    assert passed > 40


def moved(plan: Plan, rng: np.random.Generator) -> Plan:
    """Return a plan with one array at another place."""
    places, storages = list(plan.layout.places), [dataclasses.replace(each) for each in plan.layout.storages]
    position = int(rng.integers(len(places)))
    what = rng.integers(3)
    if what == 0:
        storages[places[position].storage].last -= int(rng.integers(1, 30))
    elif what == 1:
        places[position] = Place(int(rng.integers(len(storages))), places[position].views)
    else:
        alike = [
            i for i, each in enumerate(plan.trace.instructions) if each.shape == places_shape(plan, position)
        ]
        places[position] = places[int(rng.choice(alike))]
    changed_layout = dataclasses.replace(plan.layout, places=tuple(places), storages=tuple(storages))
    return Plan(plan.trace, changed_layout, plan.dtype, plan.passes)


def places_shape(plan: Plan, position: int) -> tuple[int, ...]:
    return plan.trace.instructions[position].shape


def test_a_layout_in_which_no_check_finds_anything_changes_no_number(full: bool) -> None:
    plan = program().plan(EVERY)
    rng = np.random.default_rng(0)
    leaves, outcomes = point(plan.trace, rng), [0, 0]
    expected = results(plan, leaves)
    for _ in range(3000 if full else 150):
        mutant = moved(plan, rng)
        try:
            check_plan(mutant)
        except BrokenPlan:
            outcomes[0] += 1
            continue
        outcomes[1] += 1
        for left, right in zip(results(mutant, leaves), expected, strict=True):
            np.testing.assert_array_equal(left, right)
    assert min(outcomes) > 3, outcomes


def results(plan: Plan, leaves: Leaves) -> list[np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    run = Run(plan)
    run.bind(leaves)
    return [array.copy() for array in run()]


def test_a_layout_may_write_over_nothing_at_all() -> None:
    trace = program().plan(EVERY).trace
    check_plan(Plan(trace, lay_out(trace, in_place=False), np.dtype(float), ()))
