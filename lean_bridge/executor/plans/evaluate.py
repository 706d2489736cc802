"""Runs instructions over any field, one array operator each: the reference that backends are held against."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from lean_bridge.executor.arrays.namespaces import constant, zeros
from lean_bridge.executor.arrays.scalars import Array, Scalars
from lean_bridge.executor.plans.instructions import OPS, VIEWS, Trace
from lean_bridge.executor.plans.trace import Leaves
from lean_bridge.executor.rules.program import as_array

NOTHING_NEW: Final = VIEWS | {"max"}
"""What has no numbers but those of its operand; the largest of nothing is -∞."""


def evaluate(
    trace: Trace, kind: Scalars, leaves: Leaves, *, look: Callable[[Array], None] | None = None
) -> list[Array]:
    """Return the results, for arrays by role and entry; ``look`` sees every array that is computed."""
    made: list[Array] = []
    like = next(iter(leaves.values()), np.zeros(()))
    for position, each in enumerate(trace.instructions):
        if each.op == "leaf":
            made.append(leaves[each.static.role, each.static.entry])
        elif each.op == "zeros":
            made.append(zeros(like, each.shape))
        elif each.op == "constant":
            made.append(constant(each.value, like))
        else:
            operands = tuple(made[operand] for operand in each.operands)
            if each.op in VIEWS and not hasattr(operands[0], "shape"):  # a number, which has no other shapes
                operands = (zeros(like, ()) + operands[0],)
            made.append(as_array(OPS[each.op].evaluate(kind, operands, each.static)))
            if look is not None and each.op not in NOTHING_NEW:
                look(made[-1])
            for operand in each.operands:
                if trace.uses.last(operand) == position:
                    made[operand] = like
    return [made[result] for result in trace.results]
