"""Small products that share an operand, or are added up, as one product.

``x Wₖ`` for several k is ``x [W₁ … Wₖ]``, and ``Σₖ Aₖ Bₖ`` is ``[A₁ … Aₖ] [B₁; …; Bₖ]``. Operands that are
computed are made side by side; others are copied, so only small products are merged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lean_bridge.executor.arrays.namespaces import concat
from lean_bridge.executor.arrays.shape import Shape
from lean_bridge.executor.plans.instructions import VIEWS, Instruction, Trace
from lean_bridge.executor.plans.recorder import Recorder
from lean_bridge.executor.plans.rewriter import Rewriter, Target, rewrite

LARGEST: Final = 2**14
"""Multiplications in a product that costs no more than a few calls."""

FEWEST_COPIED: Final = 3
"""How many products with given matrices a sum must have: copying two of them takes longer than it saves."""


def merge_products(trace: Trace, target: Target) -> Trace:
    """Return the trace with small products merged."""
    return rewrite(_merge_shared(trace), target, _Sums().rule)


@dataclass(frozen=True)
class _Group:
    """Products with the same left operand."""

    left: int
    rights: Mapping[int, int]
    """The right operand of each product."""
    ready: int
    """When all operands are there."""


def _merge_shared(trace: Trace) -> Trace:
    """Return the trace with each group of products as one, made as soon as it can be."""
    ready: dict[int, list[_Group]] = {}
    for group in _groups(trace):
        ready.setdefault(group.ready, []).append(group)
    recorder, moved, constants = Recorder(), dict[int, int](), dict[tuple[int, ...], int]()
    later = {member for groups in ready.values() for group in groups for member in group.rights}
    for position, each in enumerate(trace.instructions):
        if position not in later:
            moved[position] = recorder.copy(each, moved)
        for group in ready.get(position, ()):
            joined = _joined(recorder, [moved[right] for right in group.rights.values()], constants)
            product, start = recorder.emit("matmul", moved[group.left], joined), 0
            for member in group.rights:
                stop = start + trace.instructions[member].shape[1]
                moved[member] = recorder.emit("slice", product, static=(1, start, stop))
                start = stop
    return recorder.trace([moved[result] for result in trace.results])


def _joined(recorder: Recorder, rights: list[int], constants: dict[tuple[int, ...], int]) -> int:
    """Return matrices side by side: constants as a constant, the same for the same ones."""
    each = [recorder.instructions[right] for right in rights]
    if any(right.op != "constant" for right in each):
        return recorder.emit("concat", *rights, static=(1,))
    if tuple(rights) not in constants:
        constants[tuple(rights)] = recorder.constant(concat([right.value for right in each], 1))
    return constants[tuple(rights)]


def _groups(trace: Trace) -> list[_Group]:
    """Return the groups of which nobody reads a product before all the operands are there."""
    instructions = trace.instructions
    found: dict[int, dict[int, int]] = {}
    for position, each in enumerate(instructions):
        if _is_small(instructions, each):
            left, right = each.operands
            found.setdefault(left, {})[position] = right
    members = {member for rights in found.values() if len(rights) > 1 for member in rights}
    groups = []
    for left, rights in found.items():
        ready = max(left, *rights.values())
        in_time = all(trace.uses.first(member) > ready for member in rights)
        bases = {_base(instructions, operand) for operand in (left, *rights.values())}
        if len(rights) > 1 and in_time and not bases & members:
            given = all(instructions[_base(instructions, right)].is_given for right in rights.values())
            ordered = sorted(rights.items(), key=lambda pair: pair[1] if given else -pair[1])
            groups.append(_Group(left, dict(ordered), ready))
    return groups


def _is_small(instructions: Sequence[Instruction], each: Instruction) -> bool:
    if each.op != "matmul" or len(each.shape) != 2:
        return False
    return each.size * instructions[each.operands[0]].shape[1] <= LARGEST


def _base(instructions: Sequence[Instruction], position: int) -> int:
    while instructions[position].op in VIEWS:
        (position,) = instructions[position].operands
    return position


class _Sums:
    """Sums of products, as far as they are written."""

    def __init__(self) -> None:
        self.merged: dict[int, list[tuple[int, int]]] = {}
        """What was merged into a product."""

    def rule(self, r: Rewriter, op: str, operands: tuple[int, ...], _static: tuple[Any, ...]) -> int | None:
        if op != "add":
            return None
        shape = r.result_shape(op, operands, ())
        terms = [term for operand in operands for term in self._terms(r, operand, shape)]
        factors: list[tuple[int, int]] = []
        others: list[int] = []
        for term in terms:
            if term in self.merged:
                factors += self.merged[term]
            elif self._is_product(r, term, shape):
                left, right = r.instructions[term].operands
                factors.append((left, right))
            else:
                others.append(term)
        if len({left for left, _ in factors}) < len(factors):
            return None
        given = any(r.instructions[_base(r.instructions, right)].is_given for _, right in factors)
        if len(factors) < (FEWEST_COPIED if given else 2):
            return None
        product = self._product(r, sorted(factors, reverse=True))
        for other in others:
            product = r.plain("add", other, product)
        return product

    def _is_product(self, r: Rewriter, position: int, shape: Shape) -> bool:
        each = r.instructions[position]
        return each.shape == shape and not r.is_shared(position) and _is_small(r.instructions, each)

    def _terms(self, r: Rewriter, position: int, shape: Shape) -> list[int]:
        each = r.instructions[position]
        if each.op != "add" or each.shape != shape or r.is_shared(position):
            return [position]
        return [term for operand in each.operands for term in self._terms(r, operand, shape)]

    def _product(self, r: Rewriter, factors: list[tuple[int, int]]) -> int:
        lefts, rights = zip(*factors, strict=True)
        flipped = [r.instructions[right] for right in rights]
        if all(each.op == "transpose" for each in flipped):
            joined = r.swapped(r.emit("concat", *(each.operands[0] for each in flipped), static=(1,)))
        else:
            joined = r.emit("concat", *rights, static=(0,))
        product = r.plain("matmul", r.emit("concat", *lefts, static=(1,)), joined)
        self.merged[product] = factors
        return product
