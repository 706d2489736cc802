"""Levels that are equal are one object in their form, however they are written."""

from __future__ import annotations

import pytest

from lean_bridge.olean.expr import Level, LIMax, LMax, LParam, LSucc, LZero
from lean_bridge.olean.levels import ZERO, is_above_zero, level_text, normal

U, V = LParam("u"), LParam("v")


def number(value: int) -> Level:
    level: Level = LZero()
    for _ in range(value):
        level = LSucc(level)
    return level


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (LMax(U, V), LMax(V, LParam("u"))),
        (LMax(number(2), LMax(U, number(1))), LMax(U, number(2))),
        (LMax(LSucc(U), number(1)), LSucc(U)),
        (LMax(U, LSucc(U)), LSucc(LMax(U, U))),
        (LSucc(LMax(U, V)), LMax(LSucc(V), LSucc(U))),
        (LIMax(U, number(0)), LZero()),
        (LIMax(U, LSucc(V)), LMax(U, LSucc(V))),
        (LIMax(number(0), U), U),
        (LIMax(number(1), U), U),
        (LIMax(U, U), U),
        (LIMax(LMax(U, V), U), LIMax(V, U)),
        (LIMax(U, LIMax(U, V)), LIMax(U, V)),
        (LIMax(U, LMax(V, LIMax(U, V))), LIMax(U, V)),
    ],
)
def test_equal_levels_have_one_form(one: Level, other: Level) -> None:
    assert normal(one) is normal(other)
    assert normal(normal(one)) is normal(one)
    assert level_text(normal(one)) == level_text(normal(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (U, V),
        (U, LSucc(U)),
        (number(0), number(1)),
        (U, number(0)),
        (LMax(U, number(1)), U),
        (LIMax(U, V), LMax(U, V)),
        (LIMax(U, V), V),
        (LIMax(number(2), U), U),
    ],
)
def test_levels_that_may_differ_have_two(one: Level, other: Level) -> None:
    assert normal(one) is not normal(other)
    assert level_text(normal(one)) != level_text(normal(other))


def test_parameters_are_replaced_at_once() -> None:
    given = {"u": normal(LSucc(V)), "v": normal(number(0))}
    assert normal(LMax(U, V), given) is normal(LSucc(V))
    assert normal(LIMax(U, V), given) is ZERO


@pytest.mark.parametrize(("level", "is_above"), [(U, False), (LZero(), False), (LSucc(LMax(U, V)), True)])
def test_a_level_that_is_never_0_is_told(level: Level, is_above: bool) -> None:
    assert is_above_zero(normal(level)) is is_above
