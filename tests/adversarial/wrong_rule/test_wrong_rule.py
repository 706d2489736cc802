"""A primitive with one wrong rule is caught, and by the check that is meant to.

The good twin is the table as it is. A bad twin has the rules of one primitive changed, and runs on a graph
of that op alone. A wrong JVP or VJP must fail the adjoint identity; a JVP and VJP that are wrong together,
each the adjoint of the other, must fail the differences; an op wrong throughout must fail the references.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

from lean_bridge.crosscheck import adjoint, differences, golden, pytorch, shapes
from lean_bridge.crosscheck.judgement import judge
from lean_bridge.crosscheck.run import crosscheck
from lean_bridge.executor.arrays.scalars import Array, Reals
from lean_bridge.executor.rules.linear_map import LinearMap
from lean_bridge.executor.rules.primitive import Arrays, Primitive, Setting
from lean_bridge.executor.rules.table import PRIMITIVES
from pybind_models import CheckResult, DGraph
from tests.strategies import applied, arrays_of, concrete, constant, excludes_zero
from tests.tiers import one_in
from tests.unit.executor.graphs import attention, encoder
from tests.wrong_rules import changes_nothing, elsewhere, with_param, without_last

OPS = sorted(PRIMITIVES)
ORDER = "coordinates in reverse order"

Change = Callable[[Array], Array]
CHANGES: dict[str, Change] = {
    "sign": lambda array: -array,
    "factor": lambda array: 2 * array,
    "dropped": lambda array: 0 * array,
    ORDER: lambda array: array.ravel()[::-1].reshape(array.shape),
    "last coordinate": without_last,
    "slightly off": lambda array: array * (1 + 1e-4),
}

PLANTED = [(op, change) for op in OPS for change in CHANGES if not changes_nothing(op, change)]
PLANTED_AT = [(op, i, change) for op, change in PLANTED for i in range(PRIMITIVES[op].arity)]


def single(op: str) -> DGraph:
    """Return a graph of one node, at shapes with more than a few coordinates.

    Operands that must not be 0 are squared first, and a positive scalar added.
    """
    rng = np.random.default_rng(1)
    primitive = PRIMITIVES[op]
    sample = max(
        (primitive.sample(rng) for _ in range(100)), key=lambda each: min(a.size for a in each.operands)
    )
    inputs = [operand.shape for operand in sample.operands]
    nodes, operands = [], list(range(primitive.arity))
    for i, shape in enumerate(inputs if excludes_zero(primitive, sample) else ()):
        nodes.append(applied(PRIMITIVES["mul"], f"square{i}", (i, i), Setting(shape)))
        square = primitive.arity + 2 * i
        nodes.append(applied(PRIMITIVES["addConst"], f"positive{i}", (square,), Setting(shape)))
        operands[i] = square + 1
    nodes.append(applied(primitive, "y", operands, sample.setting))
    return concrete(f"Single.{op}", inputs, nodes, arrays_of(nodes[-1], primitive, sample.setting))


def changed_cotangent(primitive: Primitive, operand: int, change: Change) -> Primitive:
    def vjp(*arguments: Any) -> Any:
        cotangents = primitive.vjp(*arguments)
        return (*cotangents[:operand], change(cotangents[operand]), *cotangents[operand + 1 :])

    return dataclasses.replace(primitive, vjp=vjp)


def changed_jvp(primitive: Primitive, change: Change) -> Primitive:
    return dataclasses.replace(primitive, jvp=lambda *arguments: change(primitive.jvp(*arguments)))


def verdicts(primitive: Primitive, model: DGraph | None = None) -> dict[str, str]:
    table = {**PRIMITIVES, primitive.name: primitive}
    found: tuple[CheckResult, ...] = crosscheck(model or single(primitive.name), primitives=table)
    if any(result.outcome == "failed" for result in found):
        assert judge(found)[0] == "rejected"
    return {result.name: result.outcome for result in found}


@pytest.mark.parametrize("op", OPS)
def test_good_twin(op: str) -> None:
    found = verdicts(PRIMITIVES[op])
    assert [found[name] for name in (shapes.NAME, adjoint.NAME, differences.NAME)] == ["passed"] * 3


@pytest.mark.parametrize(("op", "operand", "change"), one_in(8, PLANTED_AT))
def test_a_wrong_cotangent_fails_the_adjoint_identity(op: str, operand: int, change: str) -> None:
    found = verdicts(changed_cotangent(PRIMITIVES[op], operand, CHANGES[change]))
    assert (found[adjoint.NAME], found[differences.NAME]) == ("failed", "passed")


@pytest.mark.parametrize(("op", "change"), one_in(8, PLANTED))
def test_a_wrong_jvp_fails_adjoint_and_differences(op: str, change: str) -> None:
    found = verdicts(changed_jvp(PRIMITIVES[op], CHANGES[change]))
    assert (found[adjoint.NAME], found[differences.NAME]) == ("failed", "failed")


@pytest.mark.parametrize(("op", "factor"), one_in(8, product(OPS, (-1.0, 2.0, 1 + 1e-4))))
def test_jvp_and_vjp_that_are_wrong_together_fail_the_differences(op: str, factor: float) -> None:
    wrong = changed_jvp(PRIMITIVES[op], lambda array: factor * array)
    for operand in range(wrong.arity):
        wrong = changed_cotangent(wrong, operand, lambda array: factor * array)
    found = verdicts(wrong)
    assert (found[adjoint.NAME], found[differences.NAME]) == ("passed", "failed")


@pytest.mark.parametrize("op", ["matmul", "bmatmul"])
def test_cotangents_to_the_wrong_operands_fail(op: str) -> None:
    """Square matrices, so that no shape gives it away."""
    side = constant((3, 3) if op == "matmul" else (2, 3, 3))
    model = single(op)
    square = model.replaced(
        context=tuple(entry.replaced(shape=side) for entry in model.context),
        nodes=(model.nodes[0].replaced(shape=side),),
    )
    primitive = PRIMITIVES[op]
    crossed = dataclasses.replace(primitive, vjp=lambda *arguments: primitive.vjp(*arguments)[::-1])
    untransposed = changed_cotangent(primitive, 1, lambda array: array.swapaxes(-1, -2))
    assert verdicts(primitive, square)[adjoint.NAME] == "passed"
    assert verdicts(crossed, square)[adjoint.NAME] == "failed"
    assert verdicts(untransposed, square)[adjoint.NAME] == "failed"


class OtherCoefficient(Reals):
    """Has 0.0447 in the place of 0.044715."""

    def rational(self, numerator: int, denominator: int = 1) -> float:
        return super().rational(numerator, denominator) * (0.0447 / 0.044715 if denominator == 10**6 else 1)


def _unpermuted() -> Primitive:
    bare = PRIMITIVES["reshape"]
    return dataclasses.replace(PRIMITIVES["splitHeads"], forward=bare.forward, jvp=bare.jvp, vjp=bare.vjp)


def _dense_without_bias() -> Primitive:
    right = PRIMITIVES["dense"]

    def without(arrays: Arrays) -> Arrays:
        return (*arrays[:2], 0 * arrays[2])

    return dataclasses.replace(
        right,
        forward=lambda setting, primals: right.forward(setting, without(primals)),
        jvp=lambda setting, primals, output, dx: right.jvp(setting, primals, output, without(dx)),
        vjp=lambda *arguments: without(right.vjp(*arguments)),
    )


WRONG_THROUGHOUT = {
    "scale without c": with_param("scale", "c", lambda _: 1.0),
    "split without permutation": _unpermuted(),
    "normalisation with twice ε": with_param("layerNorm", "ε", lambda ε: 2 * ε),
    "GELU with κ = 1": with_param("gelu", "κ", lambda _: 1.0),
    "GELU with another coefficient": elsewhere(
        "gelu", lambda setting: dataclasses.replace(setting, scalars=OtherCoefficient())
    ),
    "affine without bias": with_param("affine", "b", np.zeros_like),
    "affine with half the map": with_param("affine", "A", lambda fc: LinearMap(fc.weights / 2, fc.positions)),
    "dense without bias": _dense_without_bias(),
}


@pytest.mark.parametrize("wrong", WRONG_THROUGHOUT.values(), ids=WRONG_THROUGHOUT)
def test_an_op_that_is_wrong_throughout_fails_the_references(wrong: Primitive) -> None:
    """Its JVP and VJP are those of what it computes, so only an outside source can tell."""
    model = encoder(fixed=wrong.name != "dense")
    found = verdicts(wrong, model)
    assert [found[name] for name in (shapes.NAME, adjoint.NAME, differences.NAME)] == ["passed"] * 3
    assert [found[name] for name in (golden.NAME, pytorch.NAME)] == ["failed"] * 2
    assert set(verdicts(PRIMITIVES[wrong.name], model).values()) == {"passed"}


def test_a_wrong_shape_fails_the_certified_shapes() -> None:
    right = PRIMITIVES["transposeLast2"]
    untransposed = dataclasses.replace(right, forward=lambda _setting, primals: primals[0])
    assert verdicts(untransposed, attention())[shapes.NAME] == "failed"


def test_a_rule_that_gives_nan_does_not_pass() -> None:
    nan = verdicts(changed_jvp(PRIMITIVES["add"], lambda array: array * np.nan))
    assert (nan[adjoint.NAME], nan[differences.NAME]) == ("failed", "failed")
