"""The cotangents are right, and so is what the check allows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from lean_bridge.crosscheck import adjoint
from lean_bridge.crosscheck.rounding import EPSILON
from lean_bridge.executor.rules.ops.pointwise import SUB
from lean_bridge.executor.rules.primitive import Arrays
from tests.adversarial.tampering import with_rules


@contextmanager
def planted() -> Iterator[None]:
    right = SUB.vjp

    def vjp(*arguments: Any) -> Arrays:
        return tuple(1 * each if each.dtype.kind == "f" else each for each in right(*arguments))

    with with_rules(SUB, vjp=vjp), mock.patch.object(adjoint, "EPSILON", EPSILON):
        yield
