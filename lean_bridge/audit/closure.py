"""Everything that things reach, for many of them at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class Closures(Generic[T]):
    """What is reached along ``following``, as the bits of a number; each thing is followed once.

    Things on a cycle reach the same (Tarjan's strongly connected components).
    """

    def __init__(self, following: Callable[[T], Iterable[T]]) -> None:
        self._following = following
        self._bits: dict[T, int] = {}
        self._closed: dict[T, int] = {}

    def bit(self, thing: T) -> int:
        """Return the number that has only the bit of a thing."""
        return self._bits.setdefault(thing, 1 << len(self._bits))

    def of(self, root: T) -> int:
        """Return what a thing reaches, itself included."""
        closed, bit = self._closed, self.bit
        if root in closed:
            return closed[root]
        found: dict[T, int] = {root: bit(root)}
        """What a thing that is not closed yet is known to reach."""
        order = {root: 0}
        lowest = {root: 0}
        opened = [root]
        path = [(root, iter(self._following(root)))]
        while path:
            at, rest = path[-1]
            for each in rest:
                if each in closed:
                    found[at] |= closed[each]
                elif each in order:
                    lowest[at] = min(lowest[at], order[each])
                else:
                    found[each] = bit(each)
                    order[each] = lowest[each] = len(order)
                    opened.append(each)
                    path.append((each, iter(self._following(each))))
                    break
            else:
                path.pop()
                if lowest[at] == order[at]:
                    start = opened.index(at) if opened[-1] != at else len(opened) - 1
                    cycle = opened[start:]
                    del opened[start:]
                    reached = 0
                    for each in cycle:
                        reached |= found[each]
                    closed.update(dict.fromkeys(cycle, reached))
                if path:
                    above = path[-1][0]
                    if at in closed:
                        found[above] |= closed[at]
                    else:
                        lowest[above] = min(lowest[above], lowest[at])
        return closed[root]
