"""What is found out of a machine and of compiled modules, for people to see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class HealthItem:
    """The state of one thing the package needs, or can use."""

    name: str
    state: Literal["ok", "missing", "broken"]
    detail: str
    """What was found, and where."""
    mend: str | None = None
    """What to do about it; ``None`` where nothing needs doing."""
    required: bool = True
    """Whether something does not work without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What compiled modules hold."""

    modules: int
    constants: Mapping[str, int]
    """How many constants of each kind are stored; a hidden body makes its constant an axiom."""
    expressions: int
    """How many distinct expression nodes the constants are made of."""
    lean_versions: tuple[str, ...]
    """Which Leans wrote them."""
    seconds: float

    @property
    def constants_per_second(self) -> float:
        """How fast constants were decoded, reading the files included."""
        return sum(self.constants.values()) / self.seconds
