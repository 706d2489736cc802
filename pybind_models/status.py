"""Where a library stands: the last judgement as a matrix of rows and links, and what of it is out of date."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field, model_validator

from pybind_models.base import Model
from pybind_models.subject import DeclarationKind, LibraryIdentity, Toolchain

LinkOutcome = Literal["holds", "fails", "open", "stale"]
"""``open``: nothing was decided. ``stale``: what was has changed since; neither is ever shown as good."""

RowState = Literal["green", "rejected", "open", "stale"]
"""``stale``: what it was judged by has changed since, whatever the judgement was."""


class Link(Model):
    """What one link of the trust chain came to for one row."""

    outcome: LinkOutcome
    word: str = Field(min_length=1)
    """What was found, in a word or two."""
    figure: str | None = None
    """The largest deviation beside what is allowed, where numbers were compared."""


class StatusRow(Model):
    """One theorem, definition or graph, and the links that it was asked for, in the order of the chain."""

    name: str
    group: str
    kind: DeclarationKind | Literal["graph"] | None
    """``None`` where there is no such declaration."""
    state: RowState
    links: dict[str, Link] = Field(default_factory=dict)
    reason: str | None = None
    """Why it is not green, in one line."""
    code: str | None = None
    """The stable code of that reason."""
    library_theorems: int = 0
    """How many theorems of Lean's own library it takes on trust."""
    place: str | None = None
    """Where it stands, as ``file:line``."""

    @model_validator(mode="after")
    def _state_is_warranted(self) -> StatusRow:
        """Guard against a green row with a link that does not hold, or with none at all."""
        is_green = self.state == "green"
        if is_green != (self.reason is None) or is_green != (self.code is None):
            raise ValueError(
                f"{self.name}: what is not green has a reason and its code, and nothing else has"
            )
        outcomes = {link.outcome for link in self.links.values()}
        if is_green and ("fails" in outcomes or "holds" not in outcomes):
            raise ValueError(f"{self.name}: green takes a link that holds, and none that fails")
        if outcomes - {"stale"} if self.state == "stale" else "stale" in outcomes:
            raise ValueError(f"{self.name}: of what is stale every link is, and of nothing else any")
        return self


class StatusReport(Model):
    """Where a library stands now."""

    verdict: Literal["accepted", "rejected", "no verdict"]
    """Of the last judgement, if everything that it was given about is as it was; else ``no verdict``."""
    reason: str | None = None
    code: str | None = None
    judged: Literal["accepted", "rejected", "no verdict"] | None = None
    """What the last judgement was; ``None`` if there is none."""
    age: float | None = None
    """Seconds since then."""
    seconds: float | None = None
    """How long it took."""
    unpinned: bool = False
    """Whether it let pass what no manifest pins."""
    changed: tuple[str, ...] = ()
    """What is not as it was then."""
    library: LibraryIdentity | None = None
    """As it was judged."""
    toolchain: Toolchain | None = None
    """By which it was judged."""
    links: tuple[str, ...] = ()
    """Every link that a row has, in the order of the chain."""
    rows: tuple[StatusRow, ...] = ()
    left_out: int = 0
    """How many rows more there are, which were not asked for."""
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        good = sum(row.state == "green" for row in self.rows)
        code = f" ({self.code})" if self.code else ""
        return f"<StatusReport: {self.verdict}{code}; {good} of {len(self.rows)} rows green>"

    def _repr_markdown_(self) -> str | None:
        return self._view()

    @model_validator(mode="after")
    def _acceptance_is_warranted(self) -> StatusReport:
        """Guard against a false green: acceptance takes a judgement of just this, and every row green."""
        if (self.verdict == "accepted") != (self.reason is None and self.code is None):
            raise ValueError("a verdict that is not accepted has a reason and its code, and no other has")
        if self.verdict == "accepted" and (
            self.judged != "accepted"
            or self.changed
            or not (self.rows or self.left_out)
            or any(row.state != "green" for row in self.rows)
        ):
            raise ValueError("accepted takes a judgement of what is there now, and every row green")
        if self.verdict == "rejected" and (self.judged != "rejected" or self.changed):
            raise ValueError("rejected takes a judgement of what is there now")
        return self

    def only(self, rows: Sequence[StatusRow]) -> StatusReport:
        """Return the same with some of its rows; the verdict stays that of all."""
        return self.replaced(rows=tuple(rows), left_out=self.left_out + len(self.rows) - len(rows))
