"""Every primitive in the table obeys the laws of its record, at random points of its domain."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings

from lean_bridge.executor.arrays.scalars import Array
from lean_bridge.executor.arrays.shape import Shape
from lean_bridge.executor.rules.ops import reindex
from lean_bridge.executor.rules.primitive import EVERYWHERE, Arrays, Linearity, Primitive, Sample, Setting
from lean_bridge.executor.rules.table import PRIMITIVES
from tests.rationals import Rationals, draw_arguments, draw_rationals, inner
from tests.strategies import generators

every_primitive = pytest.mark.parametrize("primitive", PRIMITIVES.values(), ids=PRIMITIVES)
few = settings(max_examples=30, derandomize=True)


def exact(primitive: Primitive, rng: np.random.Generator) -> Sample:
    """Return a sample over the rationals; where its domain is not everywhere, without a 0."""
    sample = primitive.sample(rng)
    params = draw_arguments(rng, sample.setting.params)
    setting = dataclasses.replace(sample.setting, params=params, scalars=Rationals())
    operands = tuple(draw_rationals(rng, operand.shape) for operand in sample.operands)
    if primitive.domain is not EVERYWHERE:
        operands = tuple(np.asarray(operand + (operand == 0), object) for operand in operands)
    return Sample(operands, setting)


def like(arrays: Sequence[Array], rng: np.random.Generator) -> Arrays:
    return tuple(draw_rationals(rng, array.shape) for array in arrays)


def run(primitive: Primitive, setting: Setting, operands: Arrays) -> Array:
    return np.asarray(primitive.forward(setting, tuple(map(np.asarray, operands))))


@every_primitive
@given(rng=generators())
@few
def test_the_shape_rule_is_the_actual_shape(primitive: Primitive, rng: np.random.Generator) -> None:
    sample = primitive.sample(rng)
    shapes: tuple[Shape, ...] = tuple(operand.shape for operand in sample.operands)
    assert len(shapes) == primitive.arity
    assert tuple(sample.setting.params) == tuple(primitive.params)
    assert primitive.shape_rule(shapes, sample.setting.shape) == sample.setting.shape
    assert run(primitive, sample.setting, sample.operands).shape == sample.setting.shape
    assert primitive.domain.contains(sample.setting, sample.operands)


@every_primitive
@given(rng=generators())
@few
def test_vjp_is_the_adjoint_of_jvp_exactly(primitive: Primitive, rng: np.random.Generator) -> None:
    setting, operands = (sample := exact(primitive, rng)).setting, sample.operands
    output = run(primitive, setting, operands)
    tangents, (w,) = like(operands, rng), like([output], rng)
    forwards = inner([primitive.jvp(setting, operands, output, tangents)], [w])
    assert forwards == inner(tangents, primitive.vjp(setting, operands, output, w))


@every_primitive
@given(rng=generators())
@few
def test_jvp_is_the_limit_of_differences(primitive: Primitive, rng: np.random.Generator) -> None:
    sample = primitive.sample(rng)
    setting, operands = sample.setting, sample.operands
    tangents = tuple(rng.standard_normal(operand.shape) for operand in operands)
    h = np.finfo(float).eps ** (1 / 3)

    def at(step: float) -> Array:
        return run(primitive, setting, tuple(x + step * dx for x, dx in zip(operands, tangents, strict=True)))

    jvp = primitive.jvp(setting, operands, at(0), tangents)
    # h² times a third derivative, and rounding over h, of values of order 10
    np.testing.assert_allclose(jvp, (at(h) - at(-h)) / (2 * h), rtol=0, atol=100 * h**2)


@every_primitive
@given(rng=generators())
@few
def test_linearity_is_what_it_says_exactly(primitive: Primitive, rng: np.random.Generator) -> None:
    setting, operands = (sample := exact(primitive, rng)).setting, sample.operands
    others = like(operands, rng)
    if primitive.linearity is Linearity.LINEAR:
        both = run(primitive, setting, tuple(3 * a + b for a, b in zip(operands, others, strict=True)))
        apart = 3 * run(primitive, setting, operands) + run(primitive, setting, others)
        np.testing.assert_array_equal(both, apart)
    elif primitive.linearity is Linearity.AFFINE:
        here = run(primitive, setting, operands)
        for i, other in enumerate(others):
            moved = run(primitive, setting, (*operands[:i], other, *operands[i + 1 :]))
            beyond = (*operands[:i], 3 * other - 2 * operands[i], *operands[i + 1 :])
            np.testing.assert_array_equal(run(primitive, setting, beyond), 3 * moved - 2 * here)
    elif primitive.linearity is Linearity.MULTILINEAR:
        for i, other in enumerate(others):
            both = run(primitive, setting, (*operands[:i], 3 * operands[i] + other, *operands[i + 1 :]))
            moved = run(primitive, setting, (*operands[:i], other, *operands[i + 1 :]))
            np.testing.assert_array_equal(both, 3 * run(primitive, setting, operands) + moved)


@pytest.mark.parametrize("primitive", reindex.FAMILY, ids=lambda primitive: primitive.name)
@given(rng=generators())
@few
def test_reindexing_there_and_back_changes_nothing(primitive: Primitive, rng: np.random.Generator) -> None:
    setting, operands = (sample := primitive.sample(rng)).setting, sample.operands
    output = run(primitive, setting, operands)
    np.testing.assert_array_equal(primitive.vjp(setting, operands, output, output)[0], operands[0])


@np.errstate(all="ignore")
@every_primitive
def test_linearity_is_the_strongest_that_holds(primitive: Primitive) -> None:
    rng = np.random.default_rng(0)
    sample = max(
        (primitive.sample(rng) for _ in range(50)), key=lambda each: min(a.size for a in each.operands)
    )
    setting, operands = sample.setting, sample.operands
    here = run(primitive, setting, operands)

    def replaced(i: int, factor: float) -> Array:
        return run(primitive, setting, (*operands[:i], factor * operands[i], *operands[i + 1 :]))

    first = range(primitive.arity)
    vanishes = all(np.allclose(replaced(i, 0.0), 0) for i in first)
    lines = [(2.0, 0.0, here), (-2.0, 2.0, None)]  # a rectifier bends at 0 alone
    bends = any(
        not np.allclose(replaced(i, a) + replaced(i, b), 2 * (replaced(i, 0.0) if middle is None else middle))
        for i in first
        for a, b, middle in lines
    )
    if primitive.linearity is Linearity.AFFINE:
        assert not vanishes
    if primitive.linearity is Linearity.MULTILINEAR:
        assert vanishes
    assert bends == (primitive.linearity is Linearity.NONLINEAR)
