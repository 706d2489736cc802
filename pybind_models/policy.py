"""What a gate requires of a library beyond acceptance, and what it comes to."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from pybind_models.base import Model
from pybind_models.report import Place, Verdict, VerifyReport

Text = Annotated[str, StringConstraints(min_length=1)]
Axiom = Literal["propext", "Quot.sound", "Classical.choice"]
"""Those that ``verify`` allows: a policy names fewer, never others."""

AXIOMS: Final[tuple[Axiom, ...]] = ("propext", "Quot.sound", "Classical.choice")


class Policy(Model):
    """What a gate requires; bound to ``[tool.lean-bridge]`` and to ``lean-bridge.toml``.

    Everything in it adds to what ``verify`` requires, but ``unpinned``, which takes the pins away.
    """

    paths: tuple[Text, ...] = ()
    """The libraries to judge, from the policy's directory; none: the nearest one."""
    judged: tuple[Text, ...] = ()
    """Groups, and declarations by the end of their names, that must be among what is judged."""
    links: tuple[Text, ...] = ()
    """Links of the chain that must hold for every row of which they can be asked."""
    groups: dict[Text, tuple[Text, ...]] = Field(default_factory=dict)
    """Links that must hold for the rows of groups, by their names; ``*`` stands for any letters."""
    axioms: tuple[Axiom, ...] = AXIOMS
    """What proofs may rest on."""
    require: tuple[Literal["confirmed", "isolated", "known"], ...] = ()
    """As ``verify --require``."""
    advisories: tuple[Text, ...] | None = None
    """The known faults of Lean that may stand where no second kernel confirmed; ``None``: any."""
    budget: float | None = Field(default=None, gt=0, le=31_536_000, allow_inf_nan=False)
    """Seconds that everything may take, a year at most."""
    unpinned: bool = False
    """As ``verify --unpinned``: what no manifest pins may pass."""
    pytest: bool = False
    """Whether pytest collects the catalogue without being asked to on the command line."""

    @field_validator("paths")
    @classmethod
    def _nameable(cls, paths: tuple[str, ...]) -> tuple[str, ...]:
        if any("\0" in path for path in paths):
            raise ValueError("expected paths, found one that holds a zero byte")
        return paths

    @field_validator("paths", "judged", "links", "groups", "axioms", "require", "advisories")
    @classmethod
    def _nothing_twice(cls, value: object) -> object:
        for names in value.values() if isinstance(value, dict) else (value,):
            if isinstance(names, tuple) and (
                twice := sorted({each for each in names if names.count(each) > 1})
            ):
                raise ValueError(f"named twice: {', '.join(twice)}")
        return value


class Setting(Model):
    """Where a value of a policy is from."""

    origin: str
    """``default``, the option that was given, or the file and line in the repository."""
    place: Place | None = None
    """Where it is written; its file is relative to the repository."""


class PolicyRecord(Model):
    """The policy that was in force, and where each value of it is from."""

    policy: Policy
    settings: dict[str, Setting]
    digest: str
    """A SHA-256 over its values: equal digests require the same. Empty where none could be read."""
    groups: dict[str, Setting] = Field(default_factory=dict)
    """Where each name in the table of groups is written."""
    file: str | None = None
    """The file that was read, relative to the repository."""
    passed_over: tuple[str, ...] = ()
    """Other files of that kind, further up."""

    def setting(self, unmet: Unmet) -> Setting:
        """Return where it is required what is not met."""
        return self.groups.get(unmet.group or "") or self.settings[unmet.setting]

    def origin(self, key: str) -> str:
        """Return where a value is from."""
        return self.settings[key].origin

    def is_default(self, key: str) -> bool:
        """Whether nobody set a value."""
        return self.origin(key) == "default"


class Unmet(Model):
    """What a policy requires and a library does not have."""

    verdict: Literal["rejected", "no verdict"]
    """``rejected`` where the library could have it, ``no verdict`` where the machine lacks something."""
    code: str
    reason: str
    setting: str
    """The key of the policy that requires it."""
    names: tuple[str, ...] = ()
    """The declarations that lack it."""
    link: str | None = None
    """The link that they lack."""
    group: str | None = None
    """The name in the table of groups that requires it, where one does."""


class Finding(Model):
    """One thing to point at, the root of what is wrong and not each of its consequences."""

    code: str | None
    level: Literal["error", "warning", "notice"]
    title: str
    message: str
    place: Place | None = None
    """Its file is relative to the repository."""
    related: tuple[Place, ...] = ()
    """Where what it brings down stands."""


class Judged(Model):
    """One library as it was judged."""

    place: str
    """Its directory, relative to the repository."""
    report: VerifyReport
    findings: tuple[Finding, ...] = ()
    """What there is to point at, roots first."""


class GateReport(Model):
    """What a gate came to."""

    verdict: Verdict
    reason: str | None = None
    code: str | None = None
    policy: PolicyRecord
    relaxed: tuple[str, ...] = ()
    """What the policy lets pass, a line each."""
    unmet: tuple[Unmet, ...] = ()
    libraries: tuple[Judged, ...] = ()
    findings: tuple[Finding, ...] = ()
    """What there is to point at in the policy's name."""
    seconds: float = 0.0

    @model_validator(mode="after")
    def _acceptance_is_warranted(self) -> GateReport:
        """Guard against a false green: a policy takes acceptance away, and never gives it."""
        if (self.verdict == "accepted") != (self.reason is None and self.code is None):
            raise ValueError("a verdict that is not accepted has a reason and its code, and no other has")
        verdicts = [each.report.verdict for each in self.libraries] + [each.verdict for each in self.unmet]
        if self.verdict == "accepted" and (not self.libraries or set(verdicts) != {"accepted"}):
            raise ValueError("accepted takes a library, every one accepted, and nothing unmet")
        if "rejected" in verdicts and self.verdict != "rejected":
            raise ValueError(f"{self.verdict}, though something is rejected")
        budget = self.policy.policy.budget
        if self.verdict == "accepted" and budget is not None and self.seconds > budget:
            raise ValueError("accepted takes no longer than the policy gives")
        return self

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        """Everything to point at: of the libraries, then of the policy."""
        return (*(each for library in self.libraries for each in library.findings), *self.findings)
