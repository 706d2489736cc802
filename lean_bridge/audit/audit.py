"""The verdict on every catalogued declaration."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from lean_bridge.audit.axioms import Fault, Foundation
from lean_bridge.audit.proofs import is_proof
from lean_bridge.audit.provenance import SourceFile, read_sources
from lean_bridge.audit.reading import Reading
from lean_bridge.audit.stumbles import Unread, private_to, why_not_found
from lean_bridge.codes import Code
from lean_bridge.names import listed
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import Constant, Name
from pybind_models.catalogue import Catalogue, CatalogueEntry
from pybind_models.report import DeclarationReport, DeclarationStatus, Source


def audit(
    environment: Environment,
    catalogue: Catalogue,
    *,
    sources: Mapping[Name, SourceFile],
    failed_modules: Mapping[str, Code],
    refusals: Mapping[str, str] = MappingProxyType({}),
    reading: Reading | None = None,
    stands: Mapping[Name, Source] | None = None,
    unread: Unread | None = None,
) -> tuple[DeclarationReport, ...]:
    """Return one report per catalogue entry, in order.

    ``environment`` holds the library's compiled modules, ``sources`` what they were compiled from, as far as
    it is to be shown, and ``failed_modules`` gives the code of why each module that is not there was not
    compiled; ``refusals`` its name with where and why, if that is known. ``reading`` is of the environment,
    if there is one already, and ``stands`` says where each declaration stands; ``unread`` are sources of the
    project that no library of it has.

    Raises: OleanError if a compiled module cannot be read; then nothing was decided.
    """
    reading = reading or Reading(environment)
    names = [entry.name for entry in catalogue.declarations]
    if stands is None:
        stands = read_sources(environment, sources, names)
    return tuple(
        _judge(entry, reading, stands.get(entry.name), failed_modules, refusals, unread)
        for entry in catalogue.declarations
    )


def _judge(
    entry: CatalogueEntry,
    reading: Reading,
    source: Source | None,
    failed_modules: Mapping[str, Code],
    refusals: Mapping[str, str],
    unread: Unread | None,
) -> DeclarationReport:
    environment = reading.environment
    constant = environment.constant(entry.name)
    if constant is None:
        return _absent(entry, environment, failed_modules, refusals, unread)
    foundation = reading.collector.collect(entry.name)
    fault = declaration_fault(entry, constant, environment, foundation)
    accepted: DeclarationStatus = "proved" if entry.kind == "theorem" else "defined"
    return DeclarationReport(
        name=entry.name,
        group=entry.group,
        upstream=entry.upstream,
        differs=entry.differs,
        kind=environment.original_kind(entry.name),
        status="rejected" if fault else accepted,
        reason=fault.reason if fault else None,
        code=fault.code if fault else None,
        statement=reading.statement(entry.name),
        words=reading.words(entry.name),
        axioms=foundation.axioms,
        axiom_path=foundation.path,
        axiom_paths=reading.collector.paths(entry.name),
        library_theorems=len(foundation.library_theorems),
        declarations=foundation.declarations,
        source=source,
    )


def declaration_fault(
    entry: CatalogueEntry, constant: Constant, environment: Environment, foundation: Foundation
) -> Fault | None:
    """Return why a constant cannot stand for a catalogue entry, if so."""
    return _kind_fault(entry, constant, environment) or foundation_fault(foundation)


def _absent(
    entry: CatalogueEntry,
    environment: Environment,
    failed_modules: Mapping[str, Code],
    refusals: Mapping[str, str],
    unread: Unread | None,
) -> DeclarationReport:
    if not failed_modules or private_to(entry.name, environment) is not None:
        return _not_there(entry, "missing", why_not_found(entry.name, environment, unread), Code.MISSING)
    causes = listed([refusals.get(module, module) for module in sorted(failed_modules)], 3)
    return _not_there(entry, "not built", f"not compiled: {causes}", min(failed_modules.values()))


def _not_there(
    entry: CatalogueEntry, status: DeclarationStatus, reason: str, code: Code
) -> DeclarationReport:
    return DeclarationReport(
        name=entry.name,
        group=entry.group,
        upstream=entry.upstream,
        differs=entry.differs,
        kind=None,
        status=status,
        reason=reason,
        code=code,
    )


def _kind_fault(entry: CatalogueEntry, constant: Constant, environment: Environment) -> Fault | None:
    """Return why a constant is not what the catalogue says, if so."""
    found = environment.original_kind(constant.name)
    if found != entry.kind:
        return Fault(
            Code.OTHER_KIND, f"expected a {entry.kind}, found {_with_article(found or constant.kind)}"
        )
    if entry.kind == "definition" and is_proof(constant.name, environment):
        return Fault(
            Code.OTHER_KIND,
            "expected a definition, found a proof, of which it is asked what it takes; write `theorem`",
        )
    if constant.kind != entry.kind or (constant.value is None and entry.kind != "inductive"):
        return Fault(Code.BODY_HIDDEN, f"the body of this {entry.kind} is not in the compiled files")
    return None


def foundation_fault(foundation: Foundation) -> Fault | None:
    """Return why what a declaration rests on may not be rested on, if so."""
    fault = foundation.fault
    if fault is None or len(foundation.path) == 1:
        return fault
    return Fault(fault.code, f"rests on {foundation.path[-1]}: {fault.reason}")


def _with_article(kind: Name) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
