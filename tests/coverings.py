"""Few subsets in which every two members are together, apart both ways, and absent together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import comb


def covering_subsets(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Return all, none, and the fewest more subsets for which each pair of names takes all four patterns.

    Each name is in half of the subsets, each in another half: Kleitman and Spencer, *Families of
    k-independent sets*, 1973.
    """
    rows = next(n for n in range(2, 20) if comb(n, n // 2) >= len(names))
    halves = dict(zip(names, combinations(range(rows), rows // 2), strict=False))
    mixed = [tuple(name for name in names if row in halves[name]) for row in range(rows)]
    return [tuple(names), *mixed, ()]
