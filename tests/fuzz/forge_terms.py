"""Forgeries within the terms of a library."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Final

from lean_bridge.olean.expr import (
    RecursorRule,
)
from tests.fuzz.forgery import Forgery, Kinds, mutated


def _in_a_type(forgery: Forgery, rng: random.Random) -> None:
    name = rng.choice(forgery.names())
    forgery.change(name, type=mutated(forgery.constant(name).type, forgery, rng))


def _in_a_body(forgery: Forgery, rng: random.Random) -> None:
    name = rng.choice(forgery.names("definition", "opaque"))
    value = forgery.constant(name).value
    assert value is not None
    forgery.change(name, value=mutated(value, forgery, rng))


def _in_a_proof(forgery: Forgery, rng: random.Random) -> None:
    name = rng.choice(forgery.names("theorem"))
    value = forgery.constant(name).value
    assert value is not None
    forgery.change(name, value=mutated(value, forgery, rng))


def _in_a_rule(forgery: Forgery, rng: random.Random) -> None:
    name = rng.choice(forgery.names("recursor"))
    rules = list(forgery.constant(name).rules)
    at = rng.randrange(len(rules))
    rule = rules[at]
    match rng.randrange(4):
        case 0:
            rules[at] = replace(rule, rhs=mutated(rule.rhs, forgery, rng))
        case 1:
            rules[at] = replace(rule, num_fields=rule.num_fields + rng.choice((1, -1)) & 7)
        case 2:
            other = rng.choice(forgery.names("constructor"))
            rules[at] = replace(rule, constructor=other)
        case _:
            rules = [
                RecursorRule(a.constructor, a.num_fields, b.rhs)
                for a, b in zip(rules, rules[::-1], strict=True)
            ]
    forgery.change(name, rules=tuple(rules))


IN_TERMS: Final[Kinds] = {
    "a place in a type": (4, _in_a_type),
    "a place in a body": (4, _in_a_body),
    "a place in a proof": (4, _in_a_proof),
    "a recursor's rule": (2, _in_a_rule),
}
