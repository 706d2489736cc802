"""What stands behind a verdict beside the build: pins, kernels, certificates, advisories."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from pybind_models.base import Model


class Pin(Model):
    """Whether a declaration is the one that the library's manifest names."""

    outcome: Literal["matches", "drifted", "not pinned"]
    hash: str
    """The structural hash of the elaborated statement, down through the library's own definitions."""
    change: str | None = None
    """What is not as pinned, with the old and the new text where there are any."""
    underneath: str | None = None
    """The definition underneath that changed, where it is one and not the declaration itself."""

    @model_validator(mode="after")
    def _what_differs_is_told(self) -> Pin:
        if (self.outcome == "matches") != (self.change is None):
            raise ValueError("a pin matches, or says what is not as pinned")
        return self


KernelOutcome = Literal["accepted", "refused", "gave up", "hidden body", "not reached", "not asked"]
"""What became of a declaration in a kernel; only ``accepted`` is ever to be read as acceptance.

``refused``: the kernel says that it is wrong, ``detail`` in the kernel's words. ``gave up``: a limit of
time, memory, depth or steps, or a crash, while the kernel was at it. ``hidden body``: the compiled files do
not have its body. ``not reached``: something underneath was not accepted, or the process ended before.
``not asked``: there is no such kernel here.
"""


class Words(Model):
    """Whose words a statement is made of: the constants outside Lean's own library that it rests on.

    Counted down to the tool's words, under which everything is the tool's.
    """

    known: int
    """How many are the tool's vocabulary, by the hash of what they mean."""
    own: tuple[str, ...] = ()
    """Those that the library brings itself, nearest to the statement first."""
    changed: tuple[str, ...] = ()
    """Those with a name of the tool's vocabulary that mean something else, the innermost first."""


WitnessOutcome = Literal["met", "open", "not met", "not asked"]
"""What became of a theorem's binders, all taken together.

``open``: the catalogue says which of them nobody meets yet, and why. ``not met``: nothing was found for one
of them, which does not say that there is nothing. ``not asked``: Lean was not, or gave no answer.
"""


class Witness(Model):
    """Whether anything is such that a theorem speaks of it."""

    outcome: WitnessOutcome
    model: tuple[str, ...] = ()
    """What the classes among its binders were met by."""
    instantiated: tuple[str, ...] = ()
    """What its types, classes and numbers were chosen to be, each as ``binder := value``."""
    theorem: str | None = None
    """The generated theorem that applies it; where there is none, every binder has a value on its face."""
    module: str | None = None
    open: dict[str, str] = Field(default_factory=dict)
    """The hypotheses that the catalogue calls open, each with why."""
    detail: str | None = None
    """What was not met, or why nothing was asked."""

    @model_validator(mode="after")
    def _what_is_missing_is_told(self) -> Witness:
        if (self.outcome in ("not met", "not asked")) != (self.detail is not None):
            raise ValueError("a witness says what it lacks, if it lacks anything")
        if (self.outcome == "open") != bool(self.open):
            raise ValueError("an open hypothesis is named, and none else is")
        return self


class KernelVerdict(Model):
    """What one kernel says of a declaration."""

    kernel: str
    """For example ``Lean 4.28.0-pre, embedded``."""
    outcome: KernelOutcome
    detail: str | None = None


class ReplayReport(Model):
    """What a second kernel says of a library's declarations, checked from nothing."""

    verdict: Literal["accepted", "rejected", "no verdict"]
    reason: str | None = None
    """Why, unless accepted."""
    declarations: dict[str, KernelVerdict]
    """Of everything that was asked for and, of the library's own, everything that it rests on."""
    library_checked: int
    """How many declarations of Lean's own library were checked with their bodies."""
    assumed: dict[str, str]
    """What of Lean's own library was taken on trust, and why its body was not checked.

    It is not in the compiled files, or the kernel, in whose words it is told, did not accept it.
    """
    axioms: tuple[str, ...]
    seconds: float

    @model_validator(mode="after")
    def _accepted_leaves_nothing_out(self) -> ReplayReport:
        outcomes = {verdict.outcome for verdict in self.declarations.values()}
        if self.verdict == "accepted" and outcomes != {"accepted"}:
            raise ValueError("accepted takes a declaration, and all of them accepted")
        return self


class Advisory(Model):
    """A known fault of a Lean version that may let a wrong proof pass."""

    name: str
    """The public issue, for example ``lean4#1234``."""
    title: str
    affects: str
    """What kind of proof it could let pass."""
    fixed_in: str
    """The first release without it."""
    url: str


class Certification(Model):
    """Lean's word that an extracted graph is the declared one, for all dimensions and parameters."""

    outcome: Literal["certified", "refused", "not run"]
    module: str | None = None
    """The generated module that Lean checked."""
    theorem: str | None = None
    """The generated theorem ``declared = extracted``, proved by ``rfl``."""
    detail: str | None = None
    """What Lean said instead, or why it was not asked."""
    code: str | None = None
    """The stable code of a refusal, or of why Lean was not asked, where it has one of its own."""
    kernels: tuple[KernelVerdict, ...] = ()
    """What independent kernels say of the equation: as a theorem, and as a question of its two sides."""

    @model_validator(mode="after")
    def _certified_names_its_theorem(self) -> Certification:
        if self.outcome == "certified" and not (self.module and self.theorem):
            raise ValueError("certified takes a module and a theorem")
        return self


class FieldPoint(Model):
    """One random point over GF(p) at which Lean's kernel and the executor computed the same numbers."""

    dims: dict[str, int]
    module: str
    """The generated module that Lean checked."""
    theorems: tuple[str, ...] = Field(min_length=1)
    """The generated theorems: saved tensors, tangents, cotangents."""


class FieldEvidence(Model):
    """Whether the executor computes what the Lean graph does, exactly, over a finite field."""

    outcome: Literal["certified", "refused", "not run"]
    prime: int
    points: tuple[FieldPoint, ...] = ()
    degree: int | None = None
    """A bound on the degree of the polynomials whose equality was tested."""
    error_bound: float | None = None
    """Schwartz–Zippel: the chance that different functions would have agreed at these points."""
    detail: str | None = None
    """What disagreed, or why nothing was compared."""
    code: str | None = None
    """The stable code of a refusal, where it has one of its own."""
    kernels: tuple[KernelVerdict, ...] = ()
    """What independent kernels say of the theorems of all points together."""

    @model_validator(mode="after")
    def _certified_names_its_points(self) -> FieldEvidence:
        if self.outcome == "certified" and (not self.points or self.error_bound is None):
            raise ValueError("certified takes a point and a bound on the error")
        return self
