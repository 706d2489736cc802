"""What standing a graph has when it is read from a compiled library: its audit, then its pin."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from lean_bridge.audit.audit import audit
from lean_bridge.audit.pins import check_pins
from lean_bridge.audit.vocabulary import not_the_tools
from lean_bridge.codes import Code
from lean_bridge.errors import NoStanding, NotPinned
from lean_bridge.olean.environment import Environment
from lean_bridge.verdict.judge import extract
from pybind_models import DGraph, GraphStanding, Toolchain
from pybind_models.catalogue import Catalogue, CatalogueEntry
from pybind_models.manifest import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A compiled library from which graphs are read."""

    environment: Environment
    library: str
    """The digest of its sources, options and Lean."""
    toolchain: Toolchain
    manifest: Manifest | None
    known: Collection[str]
    """The names of the whole catalogue."""


def read_graph(
    origin: Origin, entry: CatalogueEntry, *, allow_uncertified: bool = False
) -> tuple[DGraph, GraphStanding]:
    """Return the graph that a catalogue entry denotes, and what standing it has.

    Raises: NoStanding where its declaration is not accepted and ``allow_uncertified`` is false, NotPinned
    where the library has no manifest; as
    :func:`lean_bridge.extract.graph.extract_graph`.
    """
    environment, catalogue = origin.environment, Catalogue(declaration=(entry,))
    (report,) = audit(environment, catalogue, sources={}, failed_modules={})
    reason, code = report.reason, report.code
    if not report.is_accepted:
        _refuse(entry.name, reason, code, allow_uncertified=allow_uncertified)
    graph = extract(environment, entry.name)
    if report.is_accepted:
        checked = check_pins(environment, catalogue, origin.manifest, {entry.name: graph}, known=origin.known)
        pin, drift = checked[entry.name]
        if pin.outcome != "matches":
            reason, code = pin.change or "it is not in the manifest", drift or Code.NOT_PINNED
            decided = origin.manifest is not None  # as of a verdict on the library
            _refuse(entry.name, reason, code, allow_uncertified=allow_uncertified, decided=decided)
        elif report.words is not None and report.words.changed:
            reason, code = not_the_tools(report.words.changed), Code.OWN_VOCABULARY
            _refuse(entry.name, reason, code, allow_uncertified=allow_uncertified)
    standing = GraphStanding(
        status="rejected" if code else "accepted",
        declaration=entry.name,
        reason=reason,
        code=code,
        axioms=report.axioms,
        graph=graph.digest,
        library=origin.library,
        toolchain=origin.toolchain.identity,
    )
    return graph, standing


def _refuse(
    name: str, reason: str | None, code: str | None, *, allow_uncertified: bool, decided: bool = True
) -> None:
    if not allow_uncertified:
        mend = "mend or pin it, or allow what is uncertified"
        text = f"{name} has no standing: {reason} ({code}); {mend}"
        raise NoStanding(text) if decided else NotPinned(text, code=Code.NOT_PINNED)
