"""One run of a graph at given numbers: what every entry came to."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from pybind_models.base import Model, printable
from pybind_models.report import CheckResult, Verdict
from pybind_models.standing import GraphStanding

Role = Literal["input", "value", "tangent", "cotangent"]


BoundsMethod = Literal["exact", "running"]
"""How bounds are made: in ball arithmetic until they are tight, or as radii that run along with floats."""


class ArrayBounds(Model):
    """How far an array's numbers are at most from the exact real results, for exactly what was given."""

    largest: float | None
    """Of the numbers that have a bound; ``None`` where none has."""
    ulps: float | None
    """The same in units in the last place of the array's largest number; ``None`` where that is 0."""
    digits: float | None
    """How many decimal digits are right of the array's largest number, if all have bounds; at most those
    that the precision has."""
    unbounded: int = 0
    """How many numbers have no bound, as nobody can tell."""


class DomainReport(Model):
    """Whether a node is where its JVP is proved to be its derivative, as decided within bounds."""

    entry: str
    op: str
    hypothesis: str
    theorem: str
    outcome: Literal["holds", "fails", "cannot tell"]
    """``cannot tell``: of some coordinate the bounds have numbers with the property and numbers without."""


class ArraySummary(Model):
    """One array, by its numbers."""

    name: str
    """The entry."""
    role: Role
    """Tangents are of every entry, cotangents of inputs."""
    op: str | None = None
    """What made it, where a node did."""
    shape: tuple[int, ...]
    dtype: str
    least: float | None
    """Among its finite numbers; ``None`` where there are none."""
    largest: float | None
    mean: float | None
    norm: float | None
    """The square root of the sum of squares."""
    non_finite: int = 0
    bounds: ArrayBounds | None = None
    """Where they were asked for."""


class RunReport(Model):
    """Everything that one run of a graph made."""

    graph: str
    """The Lean declaration."""
    standing: GraphStanding
    dims: dict[str, int]
    scalars: dict[str, float]
    dtype: str
    seed: int | None = None
    """What arrays that were not given were drawn with."""
    drawn: tuple[str, ...] = ()
    """Those arrays."""
    arrays: tuple[ArraySummary, ...] = Field(min_length=1)
    bounds: BoundsMethod | None = None
    """How the bounds were made that were asked for."""
    domains: tuple[DomainReport, ...] = ()
    """With bounds, where derivatives were asked for: of each node whose op has a hypothesis."""
    planning_seconds: float
    seconds: float
    """What the run itself took, planned and with its buffers there."""
    arena: int
    """The bytes of all that is computed on the way and asked for."""
    live_peak: int
    """As many of them as are needed at one time."""
    checks: tuple[CheckResult, ...] = ()
    """What was checked at exactly these numbers."""
    verdict: Verdict = "no verdict"
    """What the numbers and the standing of the graph amount to, where that was asked."""
    reason: str | None = None
    code: str | None = None

    @model_validator(mode="after")
    def _acceptance_is_warranted(self) -> RunReport:
        is_good = self.standing.status == "accepted" and not any(each.non_finite for each in self.arrays)
        outcomes = {each.outcome for each in self.checks}  # what takes a package of its own may be not run
        is_checked = not outcomes or ("passed" in outcomes and "failed" not in outcomes)
        if self.verdict == "accepted" and not (is_good and is_checked):
            raise ValueError("accepted, though something is not")
        return self

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name}={value}" for name, value in self.dims.items()) or "no dimensions"
        return f"<RunReport of {printable(self.graph)} at {sizes}: {len(self.arrays)} arrays>"


class TrueErrors(Model):
    """How far one library's results are from the exact real ones, at numbers that others were given too."""

    library: str
    """With its version, where it is not ours."""
    dims: dict[str, int]
    dtype: str
    ulps: dict[str, float | None]
    """The largest error of the output, and of each ``cotangent.…``, in units in the last place of the largest
    number of the array, or of all of them where it is exactly 0; ``None`` where it is no number."""
    conditions: dict[str, float]
    """How much more each of them moves than the inputs, both relative, as seen along random directions."""

    @property
    def worst(self) -> float | None:
        """The largest error of all, in ulps; ``None`` where one is no number."""
        told = [each for each in self.ulps.values() if each is not None]
        return max(told, default=0.0) if len(told) == len(self.ulps) else None

    @property
    def beside_condition(self) -> float | None:
        """The largest error of all, each in ulps over how much rounded inputs alone may bring about."""
        if self.worst is None:
            return None
        return max((ulps or 0.0) / max(self.conditions[name], 1.0) for name, ulps in self.ulps.items())


class CheckReport(Model):
    """What the checks of a graph's numbers came to, at sizes of their own or at given ones."""

    graph: str
    """The Lean declaration."""
    standing: GraphStanding
    sizes: tuple[dict[str, int], ...] = ()
    """Those that were given."""
    verdict: Verdict
    status: Literal["agrees", "rejected", "no verdict"]
    reason: str | None = None
    code: str | None = None
    checks: tuple[CheckResult, ...]
    true_errors: tuple[TrueErrors, ...] = ()
    """Of each library that can compute the same, where the exact results were enclosed."""
    unmeasured: str | None = None
    """Why there are none."""
    seconds: float

    @model_validator(mode="after")
    def _verdict_is_the_status(self) -> CheckReport:
        if self.verdict != ("accepted" if self.status == "agrees" else self.status):
            raise ValueError("the verdict says something else than the status")
        return self

    def __repr__(self) -> str:
        return f"<CheckReport of {printable(self.graph)}: {self.status}; {len(self.checks)} checks>"
