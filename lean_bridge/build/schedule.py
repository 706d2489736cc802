"""In which order modules are built: of those that can be, the one that the longest chain waits for."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter


class Schedule:
    """Modules that wait for what they import; each is taken once, and begun when its imports are finished."""

    def __init__(self, imports: Mapping[str, Iterable[str]]) -> None:
        """Take modules with what they import; what is imported and no module here is there already."""
        self._waits_for = {
            name: {each for each in found if each in imports} for name, found in imports.items()
        }
        self._importers: dict[str, list[str]] = {name: [] for name in imports}
        for name, found in self._waits_for.items():
            for each in found:
                self._importers[each].append(name)
        self._heights = heights(self._importers)
        self._number = {name: number for number, name in enumerate(imports)}
        self._ready: list[tuple[int, int, str]] = []
        for name, found in self._waits_for.items():
            if not found:
                self._push(name)

    def take(self) -> str | None:
        """Return the module to begin next; ``None`` while none can be, and when all were."""
        return heapq.heappop(self._ready)[2] if self._ready else None

    def finish(self, name: str) -> None:
        """Say that a module that was taken is done with, whatever became of it."""
        for importer in self._importers[name]:
            self._waits_for[importer].remove(name)
            if not self._waits_for[importer]:
                self._push(importer)

    def _push(self, name: str) -> None:
        heapq.heappush(self._ready, (-self._heights[name], self._number[name], name))


def heights(importers: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """Return, for each module, the length of the longest chain of importers above it."""
    found: dict[str, int] = {}
    for name in TopologicalSorter(importers).static_order():  # importers before what they import
        found[name] = max((found[each] + 1 for each in importers[name]), default=0)
    return found
