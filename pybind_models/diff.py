"""What differs between two graphs, entry by entry."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from pybind_models.base import Model, printable
from pybind_models.standing import NOT_JUDGED, GraphStanding

Mark = Literal["same", "changed", "removed", "added"]
"""Of a pair of entries, or of one that only the first graph has, or only the second."""


class DiffRow(Model):
    """An entry of the first graph beside the one of the second that takes its place."""

    mark: Mark
    left: int | None
    """Its position in the first graph; ``None`` where only the second has it."""
    right: int | None
    changes: tuple[str, ...] = ()
    """What is different, a line each, as ``op: splitHeads, there reshape``."""

    @model_validator(mode="after")
    def _is_one_thing(self) -> DiffRow:
        sides = {"removed": (True, False), "added": (False, True)}.get(self.mark, (True, True))
        if (self.left is not None, self.right is not None) != sides:
            raise ValueError(f"{self.mark}: found {self.left} and {self.right}")
        if (self.mark == "changed") != bool(self.changes):
            raise ValueError(f"{self.mark}: what is changed says how, and nothing else does")
        return self


class GraphDiff(Model):
    """What is to be changed in one graph to have another."""

    left: str
    right: str
    dims: dict[str, str]
    """What the second graph calls the dimensions of the first, where that is another name."""
    arguments: tuple[str, ...] = ()
    """How the dimensions, scalars and maps that they take differ, a line each, but by names in ``dims``."""
    rows: tuple[DiffRow, ...]
    """Inputs first; every entry of both graphs is in one."""
    standings: tuple[GraphStanding, GraphStanding] = (NOT_JUDGED, NOT_JUDGED)
    """What is known of the declaration of each."""

    def __repr__(self) -> str:
        told = f"{len(self.differing)} of {len(self.rows)} entries differ"
        return f"<GraphDiff of {printable(self.left)} and {printable(self.right)}: {told}>"

    @property
    def differing(self) -> tuple[DiffRow, ...]:
        """The rows of what is not the same."""
        return tuple(row for row in self.rows if row.mark != "same")
