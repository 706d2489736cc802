"""The links of the trust chain, row by row: what a report says of each theorem, definition and graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from lean_bridge.codes import Code
from pybind_models import (
    CheckResult,
    DeclarationReport,
    GraphReport,
    KernelVerdict,
    VerifyReport,
)
from pybind_models.evidence import WitnessOutcome
from pybind_models.status import Link, LinkOutcome, RowState, StatusReport, StatusRow
from pybind_models.subject import DeclarationKind

BUILT, PROVED, AXIOMS, WORDS, PINNED = "built", "proved", "axioms", "words", "pinned"
WITNESS, KERNEL, CERTIFIED, FIELD, FLOATS = "witness", "second kernel", "certified", "field", "floats"

CHAIN: Final = (BUILT, PROVED, AXIOMS, WORDS, PINNED, WITNESS, KERNEL, CERTIFIED, FIELD, FLOATS)
"""The order of the links; a comparison with somebody else's numbers is one more, by its own name."""

OF_GRAPHS: Final = (CERTIFIED, FIELD, FLOATS)
"""Those that only graphs have, as they have comparisons with somebody else's numbers."""

_OWN_CHECKS: Final = frozenset(
    {
        "certified shapes",
        "adjoint identity",
        "JVP against differences",
        "compiled program",
        "enclosure",
        "golden vectors",
    }
)
"""Comparisons of a graph's numbers with each other, and with numbers recorded of them."""

_BLAMED: Final[Mapping[str, str]] = MappingProxyType(
    {
        Code.BUILD_FAILED: BUILT,
        Code.KERNEL_SKIPPED: BUILT,
        Code.SOURCE_NOT_ACCOUNTED: BUILT,
        Code.SOURCE_OUTSIDE: BUILT,
        Code.LEAN_CANNOT: BUILT,
        Code.NO_PROJECT: BUILT,
        Code.MISSING: BUILT,
        Code.STATEMENT_DRIFT: PINNED,
        Code.NOT_PINNED: PINNED,
        Code.DEFINITION_DRIFT: PINNED,
        Code.STATEMENT_TEXT: PINNED,
        Code.AXIOM: AXIOMS,
        Code.SORRY: AXIOMS,
        Code.COMPILED_CODE: AXIOMS,
        Code.UNSAFE: AXIOMS,
        Code.SUBSTITUTED: AXIOMS,
        Code.OWN_VOCABULARY: WORDS,
        Code.BY_NAME: WORDS,
        Code.NOT_WITNESSED: WITNESS,
        Code.KERNEL_REFUSES: KERNEL,
        Code.NOT_CONFIRMED: KERNEL,
        Code.KERNEL_GAVE_UP: KERNEL,
        Code.NOT_REACHED: KERNEL,
        Code.NOT_THE_DECLARED_GRAPH: CERTIFIED,
        Code.ILL_FORMED_GRAPH: CERTIFIED,
        Code.FIELD_DISAGREES: FIELD,
        Code.NUMBERS_DISAGREE: FLOATS,
        Code.OUTSIDE_HYPOTHESIS: FLOATS,
        Code.BLIND_CHECK: FLOATS,
    }
)
"""The link at which a code says that a row failed; for any other it is that it is proved, or certified."""

_WITNESS_LINKS: Final[Mapping[WitnessOutcome, Link]] = MappingProxyType(
    {
        "met": Link(outcome="holds", word="met"),
        "open": Link(outcome="open", word="open"),
        "not met": Link(outcome="open", word="not met"),
        "not asked": Link(outcome="open", word="not asked"),
    }
)
_STATES: Final[Mapping[str, RowState]] = MappingProxyType(
    {
        "proved": "green",
        "defined": "green",
        "agrees": "green",
        "rejected": "rejected",
        "missing": "rejected",
        "not built": "open",
        "no verdict": "open",
    }
)
_NOT_GREEN: Final[Mapping[RowState, LinkOutcome]] = MappingProxyType({"rejected": "fails", "open": "open"})


@cache
def known_links() -> tuple[str, ...]:
    """Return the names of all links that there are, comparisons with somebody else's numbers among them."""
    from lean_bridge.crosscheck.run import CHECKS  # NumPy: only who asks for them needs it

    return (*CHAIN, *(name for name in CHECKS if name not in _OWN_CHECKS))


def codes_of(link: str) -> list[str]:
    """Return the codes for which a row fails at a link."""
    return [code for code, blamed in _BLAMED.items() if blamed == link]


def links_of(kind: str | None, *, graph: bool) -> tuple[str, ...]:
    """Return the links that can be asked of a declaration of a kind."""
    if graph:
        return tuple(link for link in known_links() if link != WITNESS)
    return tuple(link for link in CHAIN if link not in OF_GRAPHS and (link != WITNESS or kind == "theorem"))


def is_link(name: str) -> bool:
    """Whether there is a link of this name."""
    return name in CHAIN or name in known_links()


def status_of(report: VerifyReport, *, notes: Iterable[str]) -> StatusReport:
    """Return the matrix of a judgement that was just made, with what a reader must know beside it."""
    graphs = {graph.name: graph for graph in report.graphs}
    rows = [_row(each, graphs.pop(each.name, None)) for each in report.declarations]
    rows += [_row(None, graph) for graph in graphs.values()]
    return StatusReport(
        verdict=report.verdict,
        reason=report.reason,
        code=report.code,
        judged=report.verdict,
        age=0.0,
        seconds=report.seconds,
        unpinned=report.unpinned,
        library=report.library,
        toolchain=report.build.toolchain if report.build is not None else None,
        links=_in_order({name: None for row in rows for name in row.links}),
        rows=tuple(rows),
        notes=tuple(notes),
    )


def _in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names of links in the order of the chain, those of other people's numbers last."""
    found = list(names)
    return (*(name for name in CHAIN if name in found), *(name for name in found if name not in CHAIN))


def _row(declaration: DeclarationReport | None, graph: GraphReport | None) -> StatusRow:
    """Return the row of a declaration, with the links of the graph that it is, if it is one."""
    judged = [each for each in (declaration, graph) if each is not None]
    states = [_STATES[each.status] for each in judged]
    state: RowState = "rejected" if "rejected" in states else "open" if "open" in states else "green"
    blamed = judged[states.index(state)]
    links: dict[str, Link] = {}
    if declaration is not None:
        links |= _declaration_links(declaration)
    if graph is not None:
        links |= _graph_links(graph)
    if state != "green":
        usual = PROVED if blamed is declaration else CERTIFIED
        links = _blame(links, _BLAMED.get(blamed.code or "", usual), state, blamed.status)
    source = declaration.source if declaration is not None else None
    return StatusRow(
        name=judged[0].name,
        group=declaration.group if declaration is not None else "graphs",
        kind="graph" if graph is not None else _kind(declaration),
        state=state,
        links={name: links[name] for name in _in_order(links)},
        reason=blamed.reason,
        code=blamed.code,
        library_theorems=declaration.library_theorems if declaration is not None else 0,
        place=f"{source.file}:{source.line}" if source is not None else None,
    )


def _kind(declaration: DeclarationReport | None) -> DeclarationKind | None:
    """Return a kind that a catalogue can ask for; what was found instead of one is told by the reason."""
    kinds: tuple[DeclarationKind, ...] = ("theorem", "definition", "inductive")
    return next((kind for kind in kinds if declaration is not None and declaration.kind == kind), None)


def _blame(links: dict[str, Link], name: str, state: RowState, status: str) -> dict[str, Link]:
    """Return the links with the one at fault as bad as the row is, so that no bad row looks good."""
    outcome = _NOT_GREEN[state]
    numbers = [other for other in links if other not in CHAIN] if name == FLOATS else []
    if any(links[each].outcome == outcome for each in (name, *numbers) if each in links):
        return links
    return links | {name: Link(outcome=outcome, word=status)}


def _declaration_links(report: DeclarationReport) -> dict[str, Link]:
    return dict(_told_of_declaration(report))


def _told_of_declaration(report: DeclarationReport) -> Iterator[tuple[str, Link]]:
    if report.status in ("missing", "not built"):
        outcome: LinkOutcome = "fails" if report.status == "missing" else "open"
        yield BUILT, Link(outcome=outcome, word=report.status)
        return
    yield BUILT, Link(outcome="holds", word="built")
    yield PROVED, Link(outcome="holds", word="proved" if report.kind == "theorem" else "defined")
    if report.axiom_path:
        yield AXIOMS, Link(outcome="fails", word=report.axiom_path[-1])
    else:
        count = len(report.axioms)
        yield AXIOMS, Link(outcome="holds", word=f"{count} axiom{'' if count == 1 else 's'}")
    if (words := report.words) is not None:
        by_name = report.code == Code.BY_NAME
        said = "by name" if by_name else "changed" if words.changed else "own" if words.own else "known"
        yield WORDS, Link(outcome="open" if by_name else "fails" if words.changed else "holds", word=said)
    if (pin := report.pin) is not None:
        word = "pinned" if pin.outcome == "matches" else pin.outcome
        pinned: dict[str, LinkOutcome] = {"matches": "holds", "drifted": "fails", "not pinned": "open"}
        yield PINNED, Link(outcome=pinned[pin.outcome], word=word)
    if report.witness is not None:
        yield WITNESS, _WITNESS_LINKS[report.witness.outcome]
    if report.kernels[1:]:
        yield KERNEL, _of_kernels(report.kernels[1:], "confirmed")
    elif report.is_accepted:
        yield KERNEL, Link(outcome="open", word="not asked")


def _of_kernels(verdicts: Iterable[KernelVerdict], word: str) -> Link:
    """Return what independent kernels say together: the worst of them, or ``word`` where all accept."""
    said = {verdict.outcome for verdict in verdicts}
    if "refused" in said:
        return Link(outcome="fails", word="refused")
    lacking = sorted(said - {"accepted"})
    return Link(outcome="open", word=lacking[0]) if lacking else Link(outcome="holds", word=word)


def _graph_links(graph: GraphReport) -> dict[str, Link]:
    links: dict[str, Link] = {}
    for name, found, word in (
        (CERTIFIED, graph.certification, "certified"),
        (FIELD, graph.finite_field, "exact"),
    ):
        if found is None:
            continue
        if found.outcome != "certified":
            failed = found.outcome == "refused"
            links[name] = Link(outcome="fails" if failed else "open", word=found.outcome)
        else:  # Lean's word; a second kernel's that is missing stands in the declaration's link
            said = _of_kernels((each for each in found.kernels if each.outcome != "not asked"), word)
            links[name] = said
    own = [check for check in graph.checks if check.name in _OWN_CHECKS]
    if own:
        links[FLOATS] = _of_checks(own)
    return links | {check.name: _of_check(check) for check in graph.checks if check.name not in _OWN_CHECKS}


def _of_checks(checks: list[CheckResult]) -> Link:
    """Return what comparisons came to together: one that failed decides, as does that none passed."""
    outcomes = [check.outcome for check in checks]
    passed = outcomes.count("passed")
    outcome: LinkOutcome = "fails" if "failed" in outcomes else "holds" if passed else "open"
    not_run = outcomes.count("not run")
    word = f"{passed}, {not_run} not run" if passed and not_run else f"{passed} of {len(checks)}"
    return Link(outcome=outcome, word=word)


def _of_check(check: CheckResult) -> Link:
    words: dict[str, tuple[LinkOutcome, str]] = {
        "passed": ("holds", "agrees"),
        "failed": ("fails", "differs"),
        "not run": ("open", "not run"),
    }
    outcome, word = words[check.outcome]
    figure = None
    if check.error is not None and check.tolerance is not None:
        figure = f"{check.error:.1g} of {check.tolerance:.1g}"
    return Link(outcome=outcome, word=word, figure=figure)
