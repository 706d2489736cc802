"""Plans: instructions with everything decided but the arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lean_bridge.executor.arrays.shape import text_of
from lean_bridge.executor.plans.arena import ALIGNMENT, Block, live_peak, pack
from lean_bridge.executor.plans.derived import Derived
from lean_bridge.executor.plans.instructions import VIEWS, Trace
from lean_bridge.executor.plans.storage import Layout


@dataclass(frozen=True)
class Plan:
    """What is computed, in what order, and where. Buffers are a run's: a plan can be shared."""

    trace: Trace
    layout: Layout
    dtype: np.dtype[Any]
    passes: tuple[str, ...]
    """The passes that were applied, in order."""

    def __repr__(self) -> str:
        return f"<Plan: {len(self.trace.instructions)} instructions, {self.arena} bytes, {self.dtype}>"

    @cached_property
    def blocks(self) -> dict[int, Block]:
        """The bytes that each storage of the arena needs, and when."""
        return {
            number: Block(storage.first, storage.last, self._bytes(storage.size))
            for number, storage in enumerate(self.layout.storages)
            if storage.kind == "arena"
        }

    @cached_property
    def _packed(self) -> tuple[dict[int, int], int]:
        offsets, size = pack(list(self.blocks.values()))
        return dict(zip(self.blocks, offsets, strict=True)), size

    @property
    def offsets(self) -> dict[int, int]:
        """Where each storage of the arena starts, in bytes."""
        return self._packed[0]

    @property
    def arena(self) -> int:
        """The bytes that a run allocates, once."""
        return self._packed[1]

    @property
    def live_peak(self) -> int:
        """The bytes that are needed at the same time, whatever the allocation."""
        return live_peak(list(self.blocks.values()))

    def is_in_arena(self, position: int) -> bool:
        """Return whether an instruction's result lies in the arena, unlike what is given or fixed."""
        return self.layout.storages[self.layout.places[position].storage].kind == "arena"

    def _bytes(self, size: int) -> int:
        return -(-size * self.dtype.itemsize // ALIGNMENT) * ALIGNMENT

    def __str__(self) -> str:
        """Return one line per instruction: result, shape, where it lies, operation and operands."""
        lines = [
            f"plan in {self.dtype}: {len(self.trace.instructions)} instructions, arena {self.arena} bytes,"
            f" {self.live_peak} live at once",
            f"passes: {', '.join(self.passes) or 'none'}",
        ]
        results = set(self.trace.results)
        for position, each in enumerate(self.trace.instructions):
            place = self.layout.places[position]
            storage = self.layout.storages[place.storage]
            where = f"@{self.offsets[place.storage]}" if storage.kind == "arena" else storage.kind
            is_view = each.op in VIEWS and position not in self.layout.copied
            static = [_text(item) for item in each.static]
            arguments = ", ".join([*(f"%{operand}" for operand in each.operands), *static])
            kind = "view" if is_view else "copy" if each.op == "reshape" else each.op
            mark = "→" if position in results else " "
            name = f"{kind} {each.op}" if is_view else kind
            lines.append(f"{mark} %{position} = {name}({arguments}): {text_of(each.shape)} in {where}")
        return "\n".join(lines)


def _text(item: Any) -> str:
    value = getattr(item, "value", item)
    if isinstance(value, Derived):
        return str(value)
    if isinstance(value, tuple):
        return text_of(value)
    return f"array {text_of(np.shape(value))}" if np.shape(value) else str(value)
