"""Holds judged libraries to a policy: it takes acceptance away, and never gives it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Final, Literal

from lean_bridge.codes import Code
from lean_bridge.gate.findings import moved
from lean_bridge.names import did_you_mean, ends_with, last_component, listed
from lean_bridge.ui.wording import counted, named, seconds_text
from lean_bridge.verdict.chain import KERNEL, PINNED, WITNESS, links_of, status_of
from pybind_models import DeclarationReport, Place, VerifyReport
from pybind_models.policy import AXIOMS, Finding, GateReport, Judged, PolicyRecord, Unmet
from pybind_models.report import Verdict
from pybind_models.status import StatusRow

_CODES: Final[Mapping[str, Code]] = MappingProxyType(
    {PINNED: Code.NOT_PINNED, KERNEL: Code.NOT_CONFIRMED, WITNESS: Code.NOT_WITNESSED}
)
"""The codes of links that do not hold; that of any other is that of the policy."""
_WITHOUT_A_CATALOGUE: Final[Mapping[str, str]] = MappingProxyType(
    {
        PINNED: "`unpinned = true` in the policy, or --unpinned, lets that pass; or have `lean-bridge init` "
        "propose a catalogue, and pin what it names",
        WITNESS: "do not require it, or have `lean-bridge init` propose a catalogue",
    }
)
"""What to do where a library has no catalogue, and a link is required that only a catalogue asks for."""
_ORDER: Final[tuple[Verdict, ...]] = ("rejected", "no verdict", "accepted")


def decide(record: PolicyRecord, libraries: Sequence[Judged], seconds: float = 0.0) -> GateReport:
    """Return what a gate comes to: the worst of what was judged, and of what the policy finds lacking."""
    policy = record.policy
    unmet = [
        *_links(record, libraries),
        *_axioms(record, libraries),
        *_judged(record, libraries),
        *_advisories(record, libraries),
    ]
    if policy.budget is not None and seconds > policy.budget:
        said = f"took {seconds_text(seconds)}, and the policy gives {seconds_text(policy.budget)}"
        unmet.append(Unmet(verdict="no verdict", code=Code.OUT_OF_TIME, reason=said, setting="budget"))
    if not libraries:
        said = "no library was judged"
        unmet.append(Unmet(verdict="no verdict", code=Code.NOTHING_CHECKED, reason=said, setting="paths"))
    found: list[tuple[Verdict, str | None, str | None]] = [
        (each.report.verdict, _whose(each, libraries), each.report.code) for each in libraries
    ]
    found += [(each.verdict, each.reason, each.code) for each in unmet]
    verdict, reason, code = min(found, key=lambda each: _ORDER.index(each[0]))
    return GateReport(
        verdict=verdict,
        reason=reason,
        code=code,
        policy=record,
        relaxed=tuple(_relaxed(record, libraries)),
        unmet=tuple(unmet),
        libraries=tuple(libraries),
        findings=tuple(finding for each in unmet for finding in _findings(record, each, libraries)),
        seconds=seconds,
    )


def applies(link: str, row: StatusRow) -> bool:
    """Whether a link can be asked of a row: of graphs, of theorems, or of everything."""
    return link in links_of(row.kind, graph=row.kind == "graph")


def required_of(record: PolicyRecord, group: str | None = None) -> dict[str, str]:
    """Return the links that a policy requires of the rows of a group, or of all, and the key that says so."""
    policy = record.policy
    found = dict.fromkeys((() if policy.unpinned else (PINNED,)), "unpinned")
    if "confirmed" in policy.require:
        found[KERNEL] = "require"
    for pattern, links in policy.groups.items():
        if group is not None and _is_of(group, pattern):
            found |= dict.fromkeys(links, "groups")
    return found | dict.fromkeys(policy.links, "links")


def _requiring(record: PolicyRecord, group: str, link: str) -> str | None:
    """Return the first name in the policy's table of groups that requires a link of the rows of a group."""
    wanted = record.policy.groups.items()
    return next((each for each, links in wanted if link in links and _is_of(group, each)), None)


def _is_of(group: str, pattern: str) -> bool:
    return group == pattern or fnmatchcase(group, pattern)


def _rows(libraries: Iterable[Judged]) -> Iterator[tuple[StatusRow, bool]]:
    """Yield the rows of libraries, each with whether a catalogue names it."""
    for library in libraries:
        for row in status_of(library.report, notes=()).rows:
            yield row, library.report.whole is None


def _links(record: PolicyRecord, libraries: Sequence[Judged]) -> Iterator[Unmet]:
    """Yield the links that must hold and do not, each with its rows; those that nothing can be asked for."""
    lacking: dict[tuple[str, str, str | None, Literal["rejected", "no verdict"]], list[str]] = {}
    required = {"": record.policy.links, **record.policy.groups}
    asked: dict[str, set[str]] = {"": set()}  # by the pattern of groups that has rows; of all rows, ""
    uncatalogued: set[str] = set()
    for row, is_named in _rows(libraries):
        patterns = ["", *(pattern for pattern in record.policy.groups if _is_of(row.group, pattern))]
        of_row = [asked.setdefault(pattern, set()) for pattern in patterns]
        for link, setting in required_of(record, row.group).items():
            if not applies(link, row):
                continue
            for each in of_row:
                each.add(link)
            found = row.links.get(link)
            is_unpinned = link == PINNED and row.code == Code.NOT_PINNED
            if (found is not None and found.outcome == "holds") or (row.state != "green" and not is_unpinned):
                continue  # it holds; or the row is not accepted, and says why
            is_against = link == PINNED or (found is not None and found.outcome == "fails")
            verdict: Literal["rejected", "no verdict"] = "rejected" if is_against else "no verdict"
            by = _requiring(record, row.group, link) if setting == "groups" else None
            lacking.setdefault((link, setting, by, verdict), []).append(row.name)
            if not is_named and link in _WITHOUT_A_CATALOGUE:
                uncatalogued.add(link)
    for (link, setting, by, verdict), names in lacking.items():
        said = f"{counted(len(names), 'row')} without the link {link}, which the policy requires"
        reason = f"{said}: {listed(map(named, names))}"
        if link in uncatalogued:
            reason += f"; without a catalogue nothing has this link: {_WITHOUT_A_CATALOGUE[link]}"
        yield Unmet(
            verdict=verdict,
            code=_CODES.get(link, Code.POLICY),
            reason=reason,
            setting=setting,
            names=tuple(names),
            link=link,
            group=by,
        )
    if any(library.report.declarations for library in libraries):
        for pattern, links in asked.items():
            where, setting = (f" in {pattern}", "groups") if pattern else ("", "links")
            for link in required[pattern]:
                if link not in links:
                    said = f"the policy requires the link {link}{where}"
                    reason = f"{said}, and there is no row of which it can be asked"
                    yield Unmet(
                        verdict="rejected",
                        code=Code.POLICY,
                        reason=reason,
                        setting=setting,
                        link=link,
                        group=pattern or None,
                    )


def _axioms(record: PolicyRecord, libraries: Sequence[Judged]) -> Iterator[Unmet]:
    """Yield the axioms that ``verify`` allows and the policy does not, each with what rests on it."""
    for axiom in AXIOMS:
        if axiom in record.policy.axioms:
            continue
        names = [row.name for row in _declarations(libraries) if row.is_accepted and axiom in row.axioms]
        if names:
            reason = f"{counted(len(names), 'declaration')} on {axiom}, which the policy does not allow"
            yield Unmet(
                verdict="rejected",
                code=Code.AXIOM,
                reason=f"{reason}: {listed(map(named, names))}",
                setting="axioms",
                names=tuple(names),
            )
    if set(record.policy.axioms) < set(AXIOMS):
        names = [row.name for row in _declarations(libraries) if row.is_accepted and row.library_theorems]
        if names:
            reason = (
                f"{counted(len(names), 'declaration')} on theorems of Lean's library whose proofs are not at "
                "hand, and may rest on an axiom that the policy does not allow"
            )
            yield Unmet(
                verdict="no verdict",
                code=Code.POLICY,
                reason=f"{reason}: {listed(map(named, names))}",
                setting="axioms",
                names=tuple(names),
            )


def _judged(record: PolicyRecord, libraries: Sequence[Judged]) -> Iterator[Unmet]:
    """Yield what the policy names and no catalogue has."""
    rows = [row for row in _declarations(libraries) if row.kind is not None or row.pin is None]
    if not rows:  # nothing was judged, and that is told
        return
    groups = dict.fromkeys(row.group for row in rows)
    for wanted in record.policy.judged:
        if wanted not in groups and not any(ends_with(row.name, wanted) for row in rows):
            near = did_you_mean(wanted, [*groups, *(last_component(row.name) for row in rows)])
            said = "and no catalogue has a group or name like it"
            reason = f"the policy wants {named(wanted)} judged, {said}{near}"
            yield Unmet(verdict="rejected", code=Code.POLICY, reason=reason, setting="judged")
    for pattern in record.policy.groups:
        if not any(_is_of(group, pattern) for group in groups):
            near = did_you_mean(pattern, groups)
            reason = f"the policy requires links of the group {named(pattern)}, and no catalogue has it{near}"
            yield Unmet(verdict="rejected", code=Code.POLICY, reason=reason, setting="groups", group=pattern)


def _advisories(record: PolicyRecord, libraries: Sequence[Judged]) -> Iterator[Unmet]:
    """Yield the known faults of Lean that the policy does not tolerate where no other kernel confirmed."""
    tolerated = record.policy.advisories
    if tolerated is None:
        return
    for library in libraries:
        faults = [each.name for each in library.report.advisories if each.name not in tolerated]
        names = _unconfirmed(library.report)
        if faults and names:
            reason = (
                f"{counted(len(names), 'row')} by one kernel alone, with known faults: {listed(faults, 8)}"
            )
            yield Unmet(
                verdict="no verdict",
                code=Code.NOT_CONFIRMED,
                reason=reason,
                setting="advisories",
                names=names,
            )


def _unconfirmed(report: VerifyReport) -> tuple[str, ...]:
    """Return the rows that are accepted by the kernel alone that built them."""
    names = [
        *(each.name for each in report.declarations if each.is_accepted and each.standing != "confirmed"),
        *(each.name for each in report.graphs if each.status == "agrees" and not each.is_confirmed),
    ]
    return tuple(dict.fromkeys(names))


def _relaxed(record: PolicyRecord, libraries: Sequence[Judged]) -> Iterator[str]:
    """Yield what a policy lets pass, with where it says so."""
    policy = record.policy
    if policy.unpinned:
        count = sum(
            library.report.whole is not None or (row.pin is not None and row.pin.outcome == "not pinned")
            for library in libraries
            for row in library.report.declarations
        )
        yield f"unpinned ({record.origin('unpinned')}): {counted(count, 'declaration')} not pinned may pass"
    for library in libraries:
        faults = [
            each.name
            for each in library.report.advisories
            if policy.advisories is None or each.name in policy.advisories
        ]
        names = _unconfirmed(library.report)
        if faults and names:
            rows = counted(len(names), "row")
            yield (
                f"advisories ({record.origin('advisories')}): {rows} by one kernel alone, whose known faults "
                f"{listed(faults, 8)} are tolerated"
            )


def _declarations(libraries: Iterable[Judged]) -> Iterator[DeclarationReport]:
    for library in libraries:
        yield from library.report.declarations


def _whose(library: Judged, libraries: Sequence[Judged]) -> str | None:
    reason = library.report.reason
    return f"{library.place}: {reason}" if reason is not None and len(libraries) > 1 else reason


def _findings(record: PolicyRecord, unmet: Unmet, libraries: Sequence[Judged]) -> Iterator[Finding]:
    """Yield what to point at: the line of the policy, or the declarations; nothing that rows say."""
    rows = [
        (row, _place(row, library))
        for library in libraries
        for row in library.report.declarations
        if row.name in unmet.names
    ]
    if rows and not any(row.is_accepted for row, _ in rows):
        return
    setting = record.setting(unmet)
    title, said = f"policy: {unmet.setting}", f"{unmet.code} {unmet.reason} ({setting.origin})"
    places = [place for _, place in rows if place is not None]
    if unmet.code != Code.AXIOM or not places:
        yield Finding(
            code=unmet.code,
            level="error",
            title=title,
            message=said,
            place=setting.place or next(iter(places), None),
            related=tuple(places),
        )
        return
    for row, place in rows:
        message = f"{named(row.name)}: {said}"
        yield Finding(code=unmet.code, level="error", title=title, message=message, place=place)


def _place(row: DeclarationReport, library: Judged) -> Place | None:
    source = row.source
    if source is None:
        return None
    return moved(Place(file=source.file, line=source.line, column=source.column), library.place)
