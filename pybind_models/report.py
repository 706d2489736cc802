"""Verdicts: what was built, which theorems hold and on what, which graphs agree with their numbers."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from pybind_models.base import Model
from pybind_models.evidence import Advisory, Certification, FieldEvidence, KernelVerdict, Pin, Witness, Words
from pybind_models.graph import DGraph
from pybind_models.subject import LibraryIdentity, Toolchain

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


class ModuleReport(Model):
    """What became of one source file."""

    module: str
    file: str
    state: Literal["built", "cached", "failed", "unsupported", "blocked"]
    """``unsupported``: nothing is decided about it, which says nothing against it (see ``limit``).
    ``blocked``: not compiled, because a module it imports failed."""
    seconds: float
    """Elaboration time; of a cached module, the time it took when it was built."""
    code: str | None = None
    """The stable code of why a module failed, where it is not that Lean refuses it; or why nothing is decided
    about it, where it is not that this Lean cannot compile it."""
    diagnostics: tuple[Diagnostic, ...] = ()
    remembered: bool = False
    """Of a failed module whether Lean's messages are those of an earlier run, about exactly this source."""
    limit: str | None = None
    """What this Lean cannot do, or what cannot be told of the source: where, and the mend, in one line; goes
    with ``unsupported``."""
    as_module: bool = False
    """Whether its file has no ``module``, and Lean was handed it as one, every line in its place."""

    @model_validator(mode="after")
    def _limits_are_named(self) -> ModuleReport:
        if (self.state == "unsupported") != (self.limit is not None):
            raise ValueError(f"{self.module}: unsupported takes the limit that was met, and goes with it")
        return self


class BuildReport(Model):
    """What became of the library's source files, in build order."""

    toolchain: Toolchain
    modules: tuple[ModuleReport, ...]
    seconds: float
    """Wall time of this build."""
    lean_processes: int
    """How many Lean processes this build started."""
    left_out: int = 0
    """How many modules more the library has, which nothing that was asked for needs."""


class Source(Model):
    """Where a declaration stands in the sources, and its text."""

    file: str
    line: int
    """1-based, as is ``column``."""
    column: int
    text: str
    uid: str
    """LeanDojo's identifier: the SHA-256 of the source file, its path, and the declaration's full name."""


class Place(Model):
    """A place in a file: lines and columns count from 1, columns in code points."""

    file: str
    """Relative to the library's root, or to the repository's where that is said."""
    line: int | None = None
    column: int | None = None


class Cause(Model):
    """What a declaration is not accepted for, at its root: it may stand far below the declaration itself."""

    name: str
    """The unfinished proof, the axiom, the definition that changed."""
    place: Place | None = None
    """Where it stands; of an unfinished proof, where it stops; ``None`` where no source has it."""


Standing = Literal["confirmed", "proved", "proved, advisories", "not accepted"]
"""``proved, advisories``: accepted, by a kernel with known faults and by none without them."""

DeclarationStatus = Literal["proved", "defined", "rejected", "missing", "not built", "no verdict"]
"""``proved`` for theorems and ``defined`` for everything else that is accepted.

``no verdict``: nothing was found wrong, and not everything that acceptance takes was there.
"""

ACCEPTED: tuple[DeclarationStatus, ...] = ("proved", "defined")
"""The statuses of declarations that hold."""


class DeclarationReport(Model):
    """The verdict on one catalogued declaration."""

    name: str
    group: str
    """The seed module, or the part of the library, that it belongs to."""
    upstream: str | None
    """The name of upstream's declaration with this meaning."""
    differs: str | None = None
    """What differs on purpose from upstream's declaration, in a word or two."""
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
    axiom_paths: tuple[tuple[str, ...], ...] = ()
    """A shortest chain of declarations from this one to each axiom reached, allowed or not."""
    cause: Cause | None = None
    """What it is not accepted for, where that is a declaration and can be told."""
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
    witness: Witness | None = None
    """What a theorem's binders were met by; of nothing else is that asked."""
    witnessed: bool | None = None
    """Whether all its binders are met; ``None`` where nobody was asked."""

    @property
    def is_accepted(self) -> bool:
        """Whether it holds."""
        return self.status in ACCEPTED

    @model_validator(mode="after")
    def _status_is_warranted(self) -> DeclarationReport:
        """Guard against a row that says more than is known, or less than it must."""
        _explain(self.name, self.reason, self.code, accepted=self.is_accepted)
        if self.standing not in (None, "not accepted") and not self.is_accepted:
            raise ValueError(f"{self.name}: {self.standing}, though it is {self.status}")
        asked = self.witness is not None and self.witness.outcome != "not asked"
        met = self.witness.outcome == "met" if self.witness is not None and asked else None
        if self.witnessed != met:
            raise ValueError(f"{self.name}: witnessed takes a witness, and goes with it")
        if not self.is_accepted:
            return self
        if self.witness is not None and self.witness.outcome in ("not met", "not asked"):
            raise ValueError(f"{self.name}: {self.status}, though it is {self.witness.outcome}")
        if self.standing == "not accepted" or self.axiom_path:
            raise ValueError(f"{self.name}: {self.status}, though it is not accepted")
        if (self.status == "proved") != (self.kind == "theorem"):
            raise ValueError(f"{self.name}: {self.status}, though it is a {self.kind}")
        if any(verdict.outcome not in ("accepted", "not asked") for verdict in self.kernels):
            raise ValueError(f"{self.name}: {self.status}, though a kernel did not accept it")
        if self.pin is not None and self.pin.outcome == "drifted":
            raise ValueError(f"{self.name}: {self.status}, though it is not as pinned")
        independent = {verdict.outcome for verdict in self.kernels[1:]}
        if self.standing == "confirmed" and "accepted" not in independent:
            raise ValueError(f"{self.name}: confirmed, though no second kernel accepted it")
        return self


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
    ulps: tuple[int, ...] = ()
    """How many deviations are 0, at most 1/2, 1, 2, 4 … units in the last place; the 65th are no numbers."""


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

    @property
    def kernels(self) -> tuple[KernelVerdict, ...]:
        """What independent kernels say of the graph's certificate and of its numbers."""
        links = (self.certification, self.finite_field)
        return tuple(verdict for link in links if link is not None for verdict in link.kernels)

    @property
    def is_confirmed(self) -> bool:
        """Whether it agrees and a second kernel accepted its certificate and its numbers too."""
        links = (self.certification, self.finite_field)
        return self.status == "agrees" and all(
            link is not None and link.kernels and all(each.outcome == "accepted" for each in link.kernels)
            for link in links
        )

    @model_validator(mode="after")
    def _agreement_is_warranted(self) -> GraphReport:
        _explain(self.name, self.reason, self.code, accepted=self.status == "agrees")
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
        if self.graph is None or self.graph.recognised:
            raise ValueError(f"{self.name}: agreement takes a graph, and no op that is recognised by name")
        if any(verdict.outcome not in ("accepted", "not asked") for verdict in self.kernels):
            raise ValueError(
                f"{self.name}: agreement takes that no kernel which was asked withholds its word"
            )
        return self


class ModuleSummary(Model):
    """What was judged of one module, where all that it declares was to be judged."""

    COUNTS: ClassVar[tuple[str, ...]] = (
        "theorems",
        "definitions",
        "instances",
        "types",
        "others",
        "auxiliaries",
        "not_accepted",
        "left_out",
    )
    """The names of its counts."""

    module: str
    theorems: int = 0
    definitions: int = 0
    """Those that are no instances."""
    instances: int = 0
    types: int = 0
    others: int = 0
    """Axioms, opaque constants and examples at fault, which are never accepted."""
    auxiliaries: int = 0
    """What Lean made of these, and was judged with them."""
    not_accepted: int = 0
    left_out: int = 0
    """What was not to be judged."""

    @property
    def judged(self) -> int:
        """How many declarations were judged."""
        return self.theorems + self.definitions + self.instances + self.types + self.others


Verdict = Literal["accepted", "rejected", "no verdict"]


class VerifyReport(Model):
    """Everything ``verify`` found."""

    verdict: Verdict
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
    whole: tuple[ModuleSummary, ...] | None = None
    """What each module declares, where that was judged, and no catalogue: then nothing is pinned, no theorem
    is witnessed, and no graph looked at."""
    seconds: float = 0.0
    stages: dict[str, float] = Field(default_factory=dict)
    """The seconds that each stage took, in order."""
    cached: bool = False
    """Whether every kernel's answer and Lean's are of earlier runs, about exactly these compiled files."""
    unpinned: bool = False
    """Whether declarations that no manifest pins were let pass, as was asked."""
    confirmation_required: bool = False
    """Whether acceptance was to take the word of a second kernel for every declaration and graph."""
    notes: tuple[str, ...] = ()
    """What a reader must know beside the verdict, a line each."""

    def __repr__(self) -> str:
        rows = f"{len(self.declarations)} declarations, {len(self.graphs)} graphs"
        return f"<VerifyReport: {self.verdict}{f' ({self.code})' if self.code else ''}; {rows}>"

    def _repr_markdown_(self) -> str | None:
        return self._view()

    @model_validator(mode="after")
    def _acceptance_is_warranted(self) -> VerifyReport:
        """Guard against a false green once more: acceptance takes something checked, and every row good."""
        _explain("the verdict", self.reason, self.code, accepted=self.verdict == "accepted")
        if self.whole is not None:
            self._count_the_whole(self.whole)
        if self.verdict != "accepted":
            return self
        modules = self.build.modules if self.build else ()
        if not modules or not self.declarations:
            raise ValueError("accepted, though nothing was checked")
        rows = [
            *((module.module, module.state in ("built", "cached")) for module in modules),
            *((each.name, each.is_accepted and self._lets_pass(each)) for each in self.declarations),
            *(
                (graph.name, graph.is_confirmed if self.confirmation_required else graph.status == "agrees")
                for graph in self.graphs
            ),
        ]
        unsettled = [name for name, good in rows if not good]
        if unsettled:
            raise ValueError(f"accepted, though {unsettled[0]} is not")
        return self

    def _count_the_whole(self, whole: tuple[ModuleSummary, ...]) -> None:
        """Refuse a report on everything that has not a row for each declaration, or has a graph."""
        rows = Counter(each.group for each in self.declarations)
        bad = Counter(each.group for each in self.declarations if not each.is_accepted)
        if self.graphs or rows.keys() - {each.module for each in whole}:
            raise ValueError("judged whole, though something is of no module")
        for each in whole:
            if (each.judged, each.not_accepted) != (rows[each.module], bad[each.module]):
                raise ValueError(f"{each.module}: its declarations are not those that were judged")

    def _lets_pass(self, accepted: DeclarationReport) -> bool:
        """Whether a declaration that holds is pinned, and confirmed, as far as acceptance takes it."""
        is_let = self.unpinned or self.whole is not None
        pinned = is_let if accepted.pin is None else accepted.pin.outcome == "matches" or self.unpinned
        return pinned and (accepted.standing == "confirmed" or not self.confirmation_required)


def _explain(what: str, reason: str | None, code: str | None, *, accepted: bool) -> None:
    """Refuse a row that holds and says why not, or that does not hold and leaves out why or its code."""
    if accepted != (reason is None) or accepted != (code is None):
        raise ValueError(f"{what}: what is not accepted has a reason and its code, and nothing else has")
