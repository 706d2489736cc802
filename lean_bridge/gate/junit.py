"""JUnit's XML: a test case for each theorem and link, each module, each thing that the policy wants."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from lean_bridge.gate.decide import applies, required_of
from lean_bridge.gate.findings import moved
from lean_bridge.gate.github import policy_line
from lean_bridge.ui.diagnostics import diagnostic_place
from lean_bridge.ui.markup import CASE_TAGS, case, document, suite
from lean_bridge.ui.verdict import VERDICT_TONES, guarantee, module_tone, subject
from lean_bridge.ui.wording import coded, named, place_text
from lean_bridge.verdict.chain import KERNEL, status_of
from pybind_models import ModuleReport, Place, VerifyReport
from pybind_models.policy import GateReport, Judged, PolicyRecord, Unmet
from pybind_models.status import StatusRow

Outcome: TypeAlias = Literal["passed", "failure", "error", "skipped"]


@dataclass(frozen=True, slots=True)
class Case:
    """One link of one row, as a test."""

    row: StatusRow
    link: str
    outcome: Outcome
    """``skipped``: it was not asked, and nobody requires it."""
    message: str


_LINKS: Final[Mapping[str, str]] = {"axioms": "axioms", "advisories": KERNEL}
"""The links that settings are about which name none."""
_BY_POLICY: Final = "policy"
"""What stands for the link of any other setting."""


def cases_of(report: VerifyReport, record: PolicyRecord, unmet: Sequence[Unmet] = ()) -> Iterator[Case]:
    """Yield a case for each row and each link that it was asked for, or that the policy wants of it.

    A row that is not accepted has no link that only looks good: the one at fault fails, or is an error; and
    so has none of which the policy finds it lacking.
    """
    lacking: dict[tuple[str, str], Unmet] = {}
    for each in sorted(unmet, key=lambda each: each.verdict == "rejected"):  # which stays
        link = each.link or _LINKS.get(each.setting, _BY_POLICY)
        lacking |= dict.fromkeys(((name, link) for name in each.names), each)
    for row in status_of(report, notes=()).rows:
        required = [link for link in required_of(record, row.group) if applies(link, row)]
        told = coded(row.code, row.reason) if row.reason is not None else ""
        bad: Outcome = "failure" if row.state == "rejected" else "error"
        wanted = {link: each for (name, link), each in lacking.items() if name == row.name}
        names = dict.fromkeys((*row.links, *required, *wanted))
        found = [_held(_case(row, link, required, told), wanted.get(link)) for link in names]
        if row.state != "green" and not any(each.outcome in ("failure", "error") for each in found):
            found.append(Case(row, "accepted", bad, told))
        yield from found


def _held(case: Case, unmet: Unmet | None) -> Case:
    """Return a case as the policy has it, which takes away what is good and nothing else."""
    if unmet is None or case.outcome == "failure":
        return case
    outcome: Outcome = "failure" if unmet.verdict == "rejected" else "error"
    return Case(case.row, case.link, outcome, f"{unmet.code} {unmet.reason}")


def _case(row: StatusRow, name: str, required: list[str], told: str) -> Case:
    link = row.links.get(name)
    if link is not None and link.outcome == "holds":
        return Case(row, name, "passed", link.word)
    said = f"{name}: {link.word if link is not None else 'not asked'}"
    said += f" ({link.figure})" if link is not None and link.figure else ""
    if link is not None and link.outcome == "fails":
        return Case(row, name, "failure", told or said)
    if row.state != "green":
        return Case(row, name, "error", told or said)
    return Case(row, name, "error" if name in required else "skipped", said)


def render_junit(gate: GateReport) -> str:
    """Return the file. Rejections are failures; what was left undecided is an error.

    What was not asked and nobody requires is skipped.
    """
    root = ET.Element("testsuites", name="lean-bridge gate")
    for library in gate.libraries:
        _library(root, library, gate)
    policy = suite(root, "policy")
    tags = {"rejected": "failure", "no verdict": "error"}
    for setting in gate.policy.settings:
        unmet = [each for each in gate.unmet if each.setting == setting]
        tag = min((tags[each.verdict] for each in unmet), key=("failure", "error").index, default=None)
        message = "; ".join(f"{each.code} {each.reason}" for each in unmet)
        body = "\n".join(name for each in unmet for name in map(named, each.names))
        case(policy, "policy", setting, tag, message, body or gate.policy.origin(setting))
    verdict = suite(root, "verdict")
    message = f"{gate.verdict}: {coded(gate.code, gate.reason or policy_line(gate))}"
    about = "\n".join((policy_line(gate), *gate.relaxed))
    case(verdict, "gate", "verdict", CASE_TAGS[VERDICT_TONES[gate.verdict]], message, about, gate.seconds)
    return document(root)


def _library(root: ET.Element, library: Judged, gate: GateReport) -> None:
    report, place = library.report, library.place
    modules = suite(root, f"{place}: modules")
    for module in report.build.modules if report.build is not None else ():
        message = module.limit or module.state
        body = "\n".join(_said(module, place))
        file = _file(place, module.file)
        case(modules, file, module.module, CASE_TAGS[module_tone(module)], message, body, module.seconds)
    suites: dict[str, ET.Element] = {}
    places = _messages(library)
    for each in cases_of(report, gate.policy, gate.unmet):
        group = f"{place}: {each.row.group}"
        if group not in suites:
            suites[group] = suite(root, group)
        became = each.outcome if each.outcome != "passed" else None
        file, _, line = (each.row.place or "").rpartition(":")
        where = (_file(place, file), line) if file else None
        body = places.get(each.row.name, "") if became in ("failure", "error") else ""
        case(suites[group], named(each.row.name), each.link, became, each.message, body, place=where)
    verdict = suite(root, f"{place}: verdict")
    message = f"{report.verdict}: {coded(report.code, report.reason or guarantee(report))}"
    tag = CASE_TAGS[VERDICT_TONES[report.verdict]]
    about = [subject(report), *(each.message for each in library.findings if each.level != "error")]
    case(verdict, place, "verdict", tag, message, "\n".join(about), report.seconds)


def _said(module: ModuleReport, place: str) -> Iterator[str]:
    for each in module.diagnostics:
        yield f"{place_text(moved(diagnostic_place(each), place))}: {each.severity}: {each.text}"


def _messages(library: Judged) -> dict[str, str]:
    """Return for each row that is not accepted the place and the message of its root."""
    return {
        row.name: f"{place_text(moved(row.cause.place, library.place))}: {named(row.cause.name)}"
        for row in library.report.declarations
        if row.cause is not None and row.cause.place is not None
    }


def _file(place: str, file: str) -> str:
    return moved(Place(file=file), place).file
