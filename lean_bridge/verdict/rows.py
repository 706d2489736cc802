"""One row of the report from all that was found out about a declaration or a graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from lean_bridge.audit.vocabulary import not_the_tools
from lean_bridge.codes import Code
from lean_bridge.crosscheck.judgement import judge
from lean_bridge.errors import LeanBridgeError, Rejected
from lean_bridge.extract.upstream import BY_NAME
from lean_bridge.verdict.advisories import standing
from lean_bridge.verdict.second_opinion import KERNEL_CODES, SecondOpinion, is_settled, undecided
from pybind_models import (
    Advisory,
    Certification,
    CheckResult,
    DeclarationReport,
    DGraph,
    FieldEvidence,
    GraphReport,
    KernelVerdict,
    Pin,
    Witness,
)

_DROPPED = "pinned, but not catalogued"

Judgement: TypeAlias = tuple[Literal["agrees", "rejected", "no verdict"], str | None, str | None]


class Fault(NamedTuple):
    """What takes acceptance away from a declaration."""

    status: Literal["rejected", "no verdict"]
    reason: str | None
    code: Code


@dataclass(slots=True)
class GraphEvidence:
    """What was found out about one catalogued graph, as far as the stages went."""

    graph: DGraph | None = None
    fault: LeanBridgeError | None = None
    """Why there is no graph, or no numbers."""
    certification: Certification | None = None
    finite_field: FieldEvidence | None = None
    checks: tuple[CheckResult, ...] = ()
    seconds: float = 0.0


def declaration_row(
    report: DeclarationReport,
    pin: tuple[Pin, Code | None] | None,
    built_by: str,
    opinion: SecondOpinion,
    advisories: Sequence[Advisory],
    *,
    has_manifest: bool = True,
    witness: Witness | None = None,
    upstreams: bool = False,
    constants: Sequence[str] = (),
) -> DeclarationReport:
    """Return the audit's report with pin, witness and the kernels' verdicts; each may take acceptance away.

    What the audit found wrong stays the reason. ``built_by`` names the kernel that let the build pass, and
    ``advisories`` are its known faults. In a library without a manifest, that a declaration is not pinned
    decides nothing, while one that a manifest lacks is rejected; where ``pin`` is none, nobody asked. In a
    library that is written in upstream's words (``upstreams``) another meaning under the tool's names is no
    verdict: they are known by name. ``constants`` are those that the other kernel has to accept, if they are
    more than the declaration.
    """
    pinned, code = pin if pin is not None else (None, None)
    second = opinion.of_all(constants or (report.name,))
    kernels = (KernelVerdict(kernel=built_by, outcome="accepted"), second)
    is_pinned = pinned is not None and pinned.hash
    found: dict[str, object] = {"pin": pinned if is_pinned else None, "standing": "not accepted"}
    if witness is not None:
        asked = witness.outcome != "not asked"
        found |= {"witness": witness, "witnessed": witness.outcome == "met" if asked else None}
    if not report.is_accepted:
        return report.replaced(**found)
    if pinned is not None and code is not None and has_manifest:
        fault = Fault("rejected", pinned.change, code)
    elif report.words is not None and report.words.changed and not upstreams:
        fault = Fault("rejected", not_the_tools(report.words.changed), Code.OWN_VOCABULARY)
    elif second.outcome == "refused":
        fault = Fault("rejected", f"{second.kernel} refuses it: {second.detail}", Code.KERNEL_REFUSES)
    elif report.words is not None and report.words.changed:
        fault = Fault("no verdict", f"{BY_NAME}: {not_the_tools(report.words.changed)}", Code.BY_NAME)
    elif not is_settled(second):
        fault = Fault("no verdict", undecided(second), KERNEL_CODES[second.outcome])
    elif witness is not None and witness.detail is not None:
        fault = Fault("no verdict", witness.detail, Code.NOT_WITNESSED)
    elif pinned is not None and code is not None:
        fault = Fault("no verdict", pinned.change, code)
    else:
        row = report.replaced(**found | {"kernels": kernels, "standing": None})
        return row.replaced(standing=standing(row, advisories))
    return report.replaced(**found | fault._asdict(), kernels=kernels)


def dropped_row(name: str, pin: tuple[Pin, Code | None]) -> DeclarationReport:
    """Return the row of a declaration that the manifest has and the catalogue has no longer."""
    pinned, code = pin
    return DeclarationReport(
        name=name,
        group=_DROPPED,
        upstream=None,
        kind=None,
        status="missing",
        reason=pinned.change,
        code=code,
        pin=pinned,
    )


def graph_row(evidence: GraphEvidence, declaration: DeclarationReport, opinion: SecondOpinion) -> GraphReport:
    """Return the row of a graph whose declaration was judged as ``declaration``."""
    certification, field = evidence.certification, evidence.finite_field
    if certification is not None and certification.theorem is not None:
        theorem = certification.theorem
        kernels = (opinion.of(theorem), opinion.of_equation(theorem))
        certification = certification.replaced(kernels=kernels)
    if field is not None and field.points:
        said = opinion.of_all(name for point in field.points for name in point.theorems)
        field = field.replaced(kernels=(said,))
    status, reason, code = _judgement(evidence, declaration, certification, field)
    return GraphReport(
        name=declaration.name,
        status=status,
        reason=reason,
        code=code,
        graph=evidence.graph,
        certified=certification is not None and certification.outcome == "certified",
        certification=certification,
        finite_field=field,
        checks=evidence.checks,
        seconds=evidence.seconds,
    )


def _judgement(
    evidence: GraphEvidence,
    declaration: DeclarationReport,
    certification: Certification | None,
    field: FieldEvidence | None,
) -> Judgement:
    """Return what the evidence amounts to: first whatever rejects, then whatever is not there."""
    if declaration.status == "not built":
        return "no verdict", declaration.reason, declaration.code
    if declaration.status not in ("defined", "no verdict"):
        return "rejected", declaration.reason, declaration.code
    if evidence.fault is not None:
        rejected = isinstance(evidence.fault, Rejected)
        return "rejected" if rejected else "no verdict", str(evidence.fault), evidence.fault.code
    if certification is not None and certification.outcome == "refused":
        reason = f"Lean refuses that the extracted graph is the declared one: {certification.detail}"
        if certification.code is not None:
            reason = f"certificate: {certification.detail}"
        return "rejected", reason, certification.code or Code.NOT_THE_DECLARED_GRAPH
    if field is not None and field.outcome == "refused":
        return "rejected", f"GF({field.prime}): {field.detail}", field.code or Code.FIELD_DISAGREES
    said = (*(certification.kernels if certification else ()), *(field.kernels if field else ()))
    for verdict in said:
        if verdict.outcome == "refused":
            return "rejected", f"{verdict.kernel}: {verdict.detail}", Code.KERNEL_REFUSES
    judged = judge(evidence.checks)
    if judged[0] != "agrees":
        return judged
    for what, link in (("certificate", certification), ("finite field", field)):
        if link is None or link.outcome != "certified":
            why = link.detail if link is not None else "Lean was not asked"
            code = certification.code if certification is not None else None
            return "no verdict", f"{what}: {why}", code or Code.NOTHING_CHECKED
    for verdict in said:
        if not is_settled(verdict):
            return "no verdict", undecided(verdict), KERNEL_CODES[verdict.outcome]
    if declaration.status == "no verdict":
        return "no verdict", declaration.reason, declaration.code
    return judged
