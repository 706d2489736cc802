"""Subtraction has the rules of addition."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lean_bridge.executor.rules.ops.pointwise import ADD, SUB
from tests.adversarial.tampering import with_rules_of


@contextmanager
def planted() -> Iterator[None]:
    with with_rules_of(SUB, ADD):
        yield
