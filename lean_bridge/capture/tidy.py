"""What is left of moves: one reshape where several follow each other, and nothing where numbers move back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from pybind_models import Entry, Node, Shape, ShapeParam

RESHAPE: Final = "reshape"
_TWICE: Final = frozenset(("swap01", "transposeLast2"))
"""What done twice is nothing."""


def tidied(context: Sequence[Entry], nodes: Sequence[Node], kept: Collection[int]) -> dict[int, Node | int]:
    """Return what stands for each node, by positions among inputs and nodes as they were.

    That is a node, with operands at those positions, or the position of the entry whose numbers and shape it
    has; of a move that nothing reads any more there is none. A reshape of a reshape reads what the first
    one did, and those at the positions ``kept`` stay nodes. Lean works on every node that there is, and
    longer the more come before it.
    """
    shapes: list[Shape] = [*(each.shape for each in context), *(each.shape for each in nodes)]
    stands: dict[int, Node | int] = {}
    before: dict[int, int] = {}
    """What reshapes reshape, past other reshapes."""
    for at, node in enumerate(nodes, start=len(context)):
        operands = tuple(_standing(stands, each) for each in node.operands)
        source: int | None = None
        if node.op == RESHAPE:
            before[at] = source = before.get(operands[0], operands[0])
            operands = (source,)
            node = node.replaced(params={**node.params, "s₁": ShapeParam(value=shapes[source])})
        elif node.op in _TWICE:
            first = stands.get(operands[0])
            source = first.operands[0] if isinstance(first, Node) and first.op == node.op else None
        if source is not None and at not in kept and _spelled(shapes[source]) == _spelled(node.shape):
            stands[at] = source
        else:
            stands[at] = node.replaced(operands=operands)
    read = set(kept)
    for at, each in reversed(list(stands.items())):
        if isinstance(each, Node):
            if (each.op == RESHAPE or each.op in _TWICE) and at not in read:
                del stands[at]
            else:
                read.update(each.operands)
    return stands


def _spelled(shape: Shape) -> tuple[str, ...]:
    """Return a shape as it is written: Lean tells ``1 + n`` from ``n + 1``."""
    return tuple(map(str, shape))


def _standing(stands: dict[int, Node | int], at: int) -> int:
    found = stands.get(at)
    return found if isinstance(found, int) else at
