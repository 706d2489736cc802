"""What standing a graph has when it is read from a compiled library: its declaration's, in a verdict.

The row is made as ``verify`` makes it, of what can be looked at without asking anybody: audit, pin and words.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from lean_bridge.audit.audit import audit
from lean_bridge.audit.pins import check_pins
from lean_bridge.audit.reading import Reading
from lean_bridge.audit.stumbles import Unread
from lean_bridge.codes import Code
from lean_bridge.errors import DeclarationNotFound, NoStanding, NotPinned
from lean_bridge.extract.upstream import by_name, is_upstreams
from lean_bridge.olean.environment import Environment
from lean_bridge.verdict.advisories import advisories_for
from lean_bridge.verdict.judge import extract
from lean_bridge.verdict.rows import declaration_row
from lean_bridge.verdict.second_opinion import SecondOpinion
from pybind_models import DeclarationReport, DGraph, GraphStanding, Toolchain
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
    files: Mapping[str, str]
    """The source files of its modules, by name."""
    unread: Callable[[], Unread] = Unread
    """Finds the sources of the project that no library of it has."""


def read_graph(
    origin: Origin, entry: CatalogueEntry, *, allow_uncertified: bool = False
) -> tuple[DGraph, GraphStanding]:
    """Return the graph that a catalogue entry denotes, and what standing it has.

    Raises: NoStanding where its declaration is not accepted and ``allow_uncertified`` is false, NotPinned
    where the library has no manifest; as
    :func:`lean_bridge.extract.symbolic.extract_graph`.
    """
    environment, catalogue = origin.environment, Catalogue(declaration=(entry,))
    reading = Reading(environment)
    unread = origin.unread() if entry.name not in environment else None
    (report,) = audit(environment, catalogue, sources={}, failed_modules={}, reading=reading, unread=unread)
    if not report.is_accepted:
        _refuse(report, allow_uncertified=allow_uncertified)
    if report.status == "missing":
        raise DeclarationNotFound(entry.name, str(report.reason))
    graph = extract(environment, entry.name, origin.files)
    graphs = {entry.name: graph}
    pins = check_pins(environment, catalogue, origin.manifest, graphs, known=origin.known, reading=reading)
    lean = origin.toolchain
    row = declaration_row(
        report,
        pins[entry.name],
        lean.kernel,
        SecondOpinion("second kernel", is_asked=False),
        advisories_for(lean.version),
        has_manifest=origin.manifest is not None,
        upstreams=is_upstreams(environment),
    )
    if graph.recognised and (row.is_accepted or row.code == Code.BY_NAME):
        told = {"status": "no verdict", "reason": by_name(graph.recognised), "code": Code.BY_NAME}
        row = row.replaced(**told, standing="not accepted")
    if not row.is_accepted:
        _refuse(row, allow_uncertified=allow_uncertified)
    standing = GraphStanding(
        status="accepted" if row.is_accepted else "rejected",
        declaration=entry.name,
        reason=row.reason,
        code=row.code,
        axioms=row.axioms,
        graph=graph.digest,
        library=origin.library,
        toolchain=lean.identity,
    )
    return graph, standing


def _refuse(row: DeclarationReport, *, allow_uncertified: bool) -> None:
    """Raise for a declaration that is not accepted, as a verdict on the library would decide."""
    if not allow_uncertified:
        mend = "" if row.code == Code.BY_NAME else "mend or pin it, or "
        mend += "give --allow-uncertified, in Python allow_uncertified=True"
        if row.status == "missing":
            mend = "mend its name in the catalogue, or have it compiled"
        text = f"{row.name} has no standing: {row.reason} ({row.code}); {mend}"
        raise NotPinned(text, code=Code(str(row.code))) if row.status == "no verdict" else NoStanding(text)
