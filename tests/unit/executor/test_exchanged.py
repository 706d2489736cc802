"""Other whole numbers and truth values at the next call: the same plans, the numbers of an own program."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest

from lean_bridge.crosscheck.finite_field import FIELD
from lean_bridge.errors import BindingError, UnsupportedOp
from lean_bridge.executor import planned
from lean_bridge.executor.arrays.namespaces import gathered
from lean_bridge.executor.arrays.scalars import REALS
from lean_bridge.executor.backends import jax_reals, torch_reals
from lean_bridge.executor.compiled import CompiledProgram
from lean_bridge.executor.graph import BoundGraph, ExecutableGraph
from lean_bridge.executor.plans.trace import Request, trace_program
from lean_bridge.executor.rules.table import PRIMITIVES
from tests.rationals import Rationals
from tests.single_ops import single_graph
from tests.tiers import one_in
from tests.unit.executor.graphs import cross_entropy

RATIONALS = Rationals()
OPS = [name for name, each in PRIMITIVES.items() if any(p.kind == "array" for p in each.params.values())]
"""The ops that take arrays, all of them."""

LOSS = ExecutableGraph(cross_entropy()).bind(n=5, v=4)


def bound_graph(op: str) -> BoundGraph:
    """Return a graph of an op alone, at sizes that differ."""
    model = single_graph(op)
    return ExecutableGraph(model).bind(**dict(zip(model.dims, (3, 4, 2, 5), strict=False)))


def drawn(bound: BoundGraph, kind: Any, dtype: Any = float) -> list[Any]:
    """Return an array for every entry."""
    rng = np.random.default_rng(7)
    shapes = [entry.shape for entry in bound.entries]
    if kind is FIELD:
        return [FIELD.array(rng.integers(1, 97, size=shape)) for shape in shapes]
    if kind is RATIONALS:
        made = []
        for shape in shapes:
            each = np.empty(shape, object)
            each.reshape(-1)[:] = [Fraction(int(k), 7) for k in rng.integers(-9, 9, size=each.size)]
            made.append(each)
        return made
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


def numbers(program: Any, arrays: list[Any], context: int) -> list[Any]:
    """Return all values, tangents and cotangents of a program."""
    inputs = arrays[:context]
    found = [*program.forward(inputs), *program.jvp(inputs, [each * each for each in inputs])]
    return [*found, *program.vjp(inputs, arrays)]


def others(bound: BoundGraph, count: int = 4) -> Iterator[dict[str, Any]]:
    """Yield arrays for a graph, no two of them alike."""
    seen: list[dict[str, Any]] = []
    for seed in range(100):
        arrays = bound.draw_arrays(np.random.default_rng(seed))
        if not any(all(np.array_equal(arrays[name], each[name]) for name in arrays) for each in seen):
            seen.append(arrays)
            yield arrays
        if len(seen) == count:
            return
    raise AssertionError("no other arrays to draw")


def same(found: list[Any], expected: list[Any]) -> None:
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return the list of what is planned."""
    made: list[Any] = []

    def traced(*given: Any) -> Any:
        made.append(given)
        return trace_program(*given)

    monkeypatch.setattr(planned, "trace_program", traced)
    return made


KINDS = [
    pytest.param(REALS, np.float64, id="float64"),
    pytest.param(REALS, np.float32, id="float32"),
    pytest.param(RATIONALS, object, id="rationals"),
    pytest.param(FIELD, object, id="GF(p)"),
]


@pytest.mark.parametrize(("kind", "dtype"), KINDS)
@pytest.mark.parametrize("op", [*OPS, "loss"])
def test_exchanged_arrays_have_the_numbers_of_a_program_of_their_own(
    op: str, kind: Any, dtype: Any, plans: list[Any]
) -> None:
    bound = LOSS if op == "loss" else bound_graph(op)
    arrays = drawn(bound, kind, dtype)
    first, *rest = others(bound)
    compiled, plain = bound.compile(kind, **first), bound.interpret(kind, **first)
    context = len(compiled.context)
    before = numbers(compiled, arrays, context)
    made, told = len(plans), 0
    for each in [*rest, first]:
        compiled, plain = compiled.with_arrays(**each), plain.with_arrays(**each)
        found = numbers(compiled, arrays, context)
        assert len(plans) == made
        own = bound.compile(kind, **each)
        same(found, numbers(own, arrays, context))
        plans[made:] = []
        interpreted = numbers(plain, arrays, context)
        same(interpreted, numbers(bound.interpret(kind, **each), arrays, context))
        if kind is REALS:
            for a, b in zip(found, interpreted, strict=True):
                np.testing.assert_allclose(a, b, rtol=0, atol=64 * np.finfo(dtype).eps)
        else:
            same(found, interpreted)
        told += any(not np.array_equal(a, b) for a, b in zip(found, before, strict=True))
    assert told == len(rest)
    same(found, before)


@pytest.mark.parametrize("level", ["off", "finite", "domains"])
@pytest.mark.parametrize("op", [*OPS, "loss"])
def test_every_way_to_run_has_the_arrays_of_its_program(op: str, level: str, plans: list[Any]) -> None:
    bound = LOSS if op == "loss" else bound_graph(op)
    arrays = drawn(bound, REALS)
    first, *rest = others(bound, 3)
    shared = bound.compile(**first).with_checks(level)
    inputs, seeds = arrays[: len(shared.context)], arrays
    last, source = shared.entries[-1].name, shared.context[0].name

    def run(program: CompiledProgram) -> list[Any]:
        prepared = program.prepare(inputs, seeds=seeds, values=None, wrt=None)
        batched = program.batched([source])
        found = [each.copy() for each in prepared()]
        values, cotangents = program.value_and_vjp(inputs, seeds)
        same(found, [*values, *cotangents])
        found += [*program.pullback(inputs)(seeds), *program.linearize(inputs)(inputs)]
        found += [*batched.forward([np.stack([each, 2 * each]) for each in inputs])]
        found += [program.jacobian(inputs, last, source), *program.with_checks("off").forward(inputs)]
        values, radii = program.forward(inputs, bounds="running")
        return [*found, *values, *radii, *pickle.loads(pickle.dumps(program)).forward(inputs)]

    expected = [run(bound.compile(**each).with_checks(level)) for each in [first, *rest]]
    run(shared)
    made = len(plans)
    programs = [shared, *(shared.with_arrays(**each) for each in rest)]
    for _ in range(2):
        for program, right in zip(programs, expected, strict=True):
            same(run(program), right)
    assert all(given[0].steps is not shared.steps for given in plans[made:])  # of the unpickled alone


def test_what_overflows_as_compiled_alone_is_made_node_by_node_with_the_arrays_at_hand() -> None:
    logits = np.random.default_rng(3).standard_normal((5, 4))
    shared = LOSS.compile(targets=np.zeros(5, int))
    request = Request(np.dtype(float), seeds=(4,), values=(4,), wrt=(0,))
    leaves: Any = {("input", 0): logits, ("seed", 4): np.ones(())}
    for targets in (np.array([0, 1, 2, 3, 3]), np.array([3, 3, 0, 0, 1])):
        program: Any = shared.with_arrays(targets=targets).program
        results = [np.zeros(()), np.zeros((5, 4))]
        made = program.inspect(request, leaves, [], results, overflowed=True)
        own = LOSS.interpret(targets=targets)
        same(made, [own.forward([logits])[4], *own.vjp([logits], {"loss": np.ones(())})])


@pytest.mark.parametrize(("library", "op"), one_in(2, product(["torch", "jax"], [*OPS, "loss"])))
def test_other_libraries_exchange_them_too(op: str, library: str, plans: list[Any]) -> None:
    kind: Any = torch_reals() if library == "torch" else jax_reals()
    bound = LOSS if op == "loss" else bound_graph(op)
    arrays = [kind.namespace.asarray(each) for each in drawn(bound, REALS, np.float32)]
    first, *rest = others(bound, 3)
    program, plain = bound.compile(kind, **first), bound.interpret(kind, **first)
    context = len(program.context)
    numbers(program, arrays, context)
    made = len(plans)
    for each in rest:
        found = numbers(program.with_arrays(**each), arrays, context)
        assert len(plans) == made
        own = numbers(plain.with_arrays(**each), arrays, context)
        for a, b in zip(found, own, strict=True):
            np.testing.assert_allclose(kind.as_numpy(a), kind.as_numpy(b), rtol=0, atol=1e-5)


def test_threads_with_arrays_of_their_own_share_a_program() -> None:
    logits = np.random.default_rng(1).standard_normal((5, 4))
    shared = LOSS.compile(targets=np.zeros(5, int))
    shared.value_and_vjp([logits], {"loss": np.ones(())})
    one = {"loss": np.ones(())}

    def many(seed: int) -> bool:
        rng = np.random.default_rng(seed)
        for _ in range(40):
            targets = rng.integers(4, size=5)
            values, (gradient,) = shared.with_arrays(targets=targets).value_and_vjp([logits], one)
            soft = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
            right = (soft - np.eye(4)[targets]) / 5
            if not np.allclose(gradient, right, rtol=0, atol=1e-14):
                return False
            if not np.isclose(values[-1], -np.log(soft[np.arange(5), targets]).mean()):
                return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(many, range(8)))


def test_a_module_of_pytorch_takes_them_by_name() -> None:
    torch = pytest.importorskip("torch")
    logits = torch.randn(5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    module = LOSS.compile(targets=np.zeros(5, int)).as_torch({"logits": logits})
    assert module.extra_repr().startswith("(targets=…) -> (loss)")
    (weights,) = module.parameters()
    for targets in (torch.tensor([0, 3, 1, 2, 2]), torch.tensor([3, 3, 3, 0, 1])):
        weights.grad = None
        module(targets=targets).backward()
        there = logits.clone().requires_grad_()
        torch.nn.functional.cross_entropy(there, targets).backward()
        torch.testing.assert_close(weights.grad, there.grad, rtol=0, atol=1e-15)
    with pytest.raises(BindingError, match="array targets: expected whole numbers from 0 to 3, found 4 at 2"):
        module(targets=torch.tensor([0, 1, 4, 0, 0]))


MASKED = ExecutableGraph(single_graph("maskedSoftmax")).bind(a=2, m=3, n=4)


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "interpreted"])
def test_what_is_exchanged_is_checked_and_copied(compiled: bool) -> None:
    mask = np.tri(3, 5, dtype=bool)
    program: Any = MASKED.compile(mask_=mask) if compiled else MASKED.interpret(mask_=mask)
    x = np.random.default_rng(0).standard_normal((2, 3, 5))
    before = program.forward([x])
    for wrong, said in {
        "allows nothing": (mask & (np.arange(3) != 1)[:, None], "expected something allowed in every row"),
        "shape": (mask[0], "expected truth values of shape 3×5, found 5"),
        "kind": (mask.astype(int), "expected truth values, found an array of int64"),
    }.values():
        with pytest.raises(BindingError, match=f"^Single.maskedSoftmax: array mask_: {said}"):
            program.with_arrays(mask_=wrong)
    with pytest.raises(BindingError, match=r"^Single.maskedSoftmax: array targets .*; it takes mask_"):
        program.with_arrays(targets=mask)
    changing = ~np.tri(3, 5, -1, dtype=bool)
    other = program.with_arrays(mask_=changing)
    expected = MASKED.compile(mask_=changing.copy()).forward([x])
    changing[:] = True
    np.testing.assert_allclose(other.forward([x])[1], expected[1], rtol=0, atol=1e-15)
    same(program.forward([x]), before)
    plain = ExecutableGraph(single_graph("tanh")).bind(m=1, n=1)
    with pytest.raises(BindingError, match="it takes none"):
        (plain.compile() if compiled else plain.interpret()).with_arrays(mask=mask)


def test_a_rule_that_would_bake_an_array_in_is_no_plan() -> None:
    """Its plan would have the numbers of the first arrays ever after."""
    bound = bound_graph("embedding")
    (arrays,) = others(bound, 1)
    program = bound.interpret(**arrays)
    for forward in (
        lambda setting, x: gathered(x[0], setting.params["ids"].reshape(-1)).reshape(setting.shape),
        lambda setting, x: x[0] * setting.params["ids"],
        lambda _setting, x: gathered(x[0], next(iter(arrays.values())).reshape(-1)),
    ):
        (step,) = program.steps
        program.steps = (replace(step, primitive=replace(step.primitive, forward=forward)),)
        with pytest.raises(UnsupportedOp, match="rules of embedding do what no plan can"):
            CompiledProgram(program).forward([np.ones(program.context[0].shape)])
