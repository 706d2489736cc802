"""Verdicts: what was built, which theorems hold and on what, which graphs agree with their numbers."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from pybind_models.base import Model
from pybind_models.evidence import Advisory, Certification, FieldEvidence, KernelVerdict, Pin, Words
from pybind_models.graph import DGraph

Severity = Literal["information", "warning", "error"]


class Diagnostic(Model):
    """One message of Lean's about a source file."""

    file: str
    line: int
    """1-based."""
    column: int
    """0-based, in code points, as Lean counts."""
    severity: Severity
    text: str


Isolation = Literal["landlock", "bwrap", "none"]
"""What kept the code that a build runs from the rest of the machine."""


class Toolchain(Model):
    """The Lean that was used."""

    provider: Literal["installed", "embedded"]
    version: str
    """As Lean reports it, for example ``4.28.0-pre``."""
    identity: str
    """A content hash: equal identities compile equal files to equal files."""
    location: str
    isolation: Isolation = "none"
    """What confines it while it compiles."""


class LibraryIdentity(Model):
    """Which library a report is about."""

    name: str | None = None
    """As its lakefile calls it."""
    root: str
    """The directory of its lakefile."""
    digest: str | None = None
    """A SHA-256 over its lakefile, toolchain, catalogue, manifest and sources, where all were read."""
    is_shipped: bool = False
    """Whether it is the one that came with the package, taken because no other was named."""
    passed_over: tuple[str, ...] = ()
    """What its lakefile asks for and is not done, one line each."""


class ModuleReport(Model):
    """What became of one source file."""

    module: str
    file: str
    state: Literal["built", "cached", "failed", "blocked"]
    """``blocked``: not compiled, because a module it imports failed."""
    seconds: float
    """Elaboration time; of a cached module, the time it took when it was built."""
    diagnostics: tuple[Diagnostic, ...] = ()


class BuildReport(Model):
    """What became of the library's source files, in build order."""

    toolchain: Toolchain
    modules: tuple[ModuleReport, ...]
    seconds: float
    """Wall time of this build."""
    lean_processes: int
    """How many Lean processes this build started."""


class Source(Model):
    """Where a declaration stands in the sources, and its text."""

    file: str
    line: int
    """1-based, as is ``column``."""
    column: int
    text: str
    uid: str
    """LeanDojo's identifier: the SHA-256 of the source file, its path, and the declaration's full name."""


DeclarationKind = Literal["theorem", "definition", "inductive"]

Standing = Literal["confirmed", "proved", "proved, advisories", "not accepted"]
"""``proved, advisories``: accepted, by a kernel with known faults and by none without them."""

DeclarationStatus = Literal["proved", "defined", "rejected", "missing", "not built"]
"""``proved`` for theorems and ``defined`` for everything else that is accepted."""


class DeclarationReport(Model):
    """The verdict on one catalogued declaration."""

    name: str
    group: str
    """The seed module, or the part of the library, that it belongs to."""
    upstream: str | None
    """The name of upstream's declaration with this meaning."""
    kind: str | None
    """The kind found; ``None`` where the declaration is missing."""
    status: DeclarationStatus
    reason: str | None = None
    """Why it was not accepted, in one line."""
    code: str | None = None
    """The stable code of that reason, as ``lean-bridge explain`` takes it."""
    statement: str | None = None
    """Its type, written to be read."""
    words: Words | None = None
    """Whose words it is made of; ``None`` where there is no declaration."""
    axioms: tuple[str, ...] = ()
    """Every axiom reached from it."""
    axiom_path: tuple[str, ...] = ()
    """A chain of declarations from this one to the first axiom that is not allowed."""
    library_theorems: int = 0
    """How many theorems of Lean's own library it uses; their proofs do not ship with Lean."""
    declarations: int = 0
    """How many declarations of this library were followed."""
    source: Source | None = None
    pin: Pin | None = None
    kernels: tuple[KernelVerdict, ...] = ()
    """The kernel that built it first, then every independent one."""
    standing: Standing | None = None
    """What the kernels' verdicts together are worth."""


class CheckResult(Model):
    """The outcome of one comparison of a graph's numbers with an independent source."""

    name: str
    outcome: Literal["passed", "failed", "not run"]
    detail: str
    """What was compared with what, or why nothing was."""
    error: float | None = None
    """The largest deviation seen."""
    tolerance: float | None = None
    """What was allowed."""
    code: str | None = None
    """The stable code of a failure, or of why it was not run, where it has one of its own."""
    note: str | None = None
    """What a reader must not miss, shown even in the short form."""


class GraphReport(Model):
    """The verdict on one catalogued graph."""

    name: str
    status: Literal["agrees", "rejected", "no verdict"]
    reason: str | None = None
    code: str | None = None
    """The stable code of that reason."""
    graph: DGraph | None = None
    certified: bool = False
    """Whether Lean agreed that the extracted graph is the declared one."""
    certification: Certification | None = None
    finite_field: FieldEvidence | None = None
    checks: tuple[CheckResult, ...] = ()
    seconds: float = 0.0

    @model_validator(mode="after")
    def _agreement_is_warranted(self) -> GraphReport:
        if self.certified != (self.certification is not None and self.certification.outcome == "certified"):
            raise ValueError(f"{self.name}: certified takes the certificate, and goes with it")
        if self.status != "agrees":
            return self
        outcomes = {check.outcome for check in self.checks}
        if "failed" in outcomes or "passed" not in outcomes:
            raise ValueError(f"{self.name}: agreement takes a check that passed, and none that failed")
        field = self.finite_field
        if not self.certified or field is None or field.outcome != "certified":
            raise ValueError(f"{self.name}: agreement takes Lean's word for the graph and for its numbers")
        return self


class VerifyReport(Model):
    """Everything ``verify`` found."""

    verdict: Literal["accepted", "rejected", "no verdict"]
    reason: str | None = None
    """Why, in one line, where the verdict is not ``accepted``."""
    code: str | None = None
    """The stable code of that reason."""
    advisories: tuple[Advisory, ...] = ()
    """Known faults of the Lean that built the library."""
    library: LibraryIdentity | None = None
    build: BuildReport | None = None
    declarations: tuple[DeclarationReport, ...] = ()
    graphs: tuple[GraphReport, ...] = ()
    seconds: float = 0.0
    stages: dict[str, float] = Field(default_factory=dict)
    """The seconds that each stage took, in order."""
    cached: bool = False
    """Whether it was judged earlier, for exactly these compiled files and by this version of the tool."""

    @model_validator(mode="after")
    def _acceptance_is_warranted(self) -> VerifyReport:
        """Guard against a false green once more: acceptance takes something checked, and every row good."""
        if self.verdict != "accepted":
            return self
        modules = self.build.modules if self.build else ()
        if not modules or not self.declarations:
            raise ValueError("accepted, though nothing was checked")
        rows = [
            *((module.module, module.state in ("built", "cached")) for module in modules),
            *((each.name, each.status in ("proved", "defined")) for each in self.declarations),
            *((graph.name, graph.status == "agrees") for graph in self.graphs),
        ]
        unsettled = [name for name, good in rows if not good]
        if unsettled:
            raise ValueError(f"accepted, though {unsettled[0]} is not")
        return self
