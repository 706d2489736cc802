"""The verdict on every catalogued declaration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lean_bridge.audit.axioms import AxiomCollector, Fault, Foundation
from lean_bridge.audit.provenance import read_sources
from lean_bridge.audit.statement import statement_text
from lean_bridge.audit.structural import StructuralHashes
from lean_bridge.audit.vocabulary import Vocabulary
from lean_bridge.codes import Code
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import Constant, Name
from pybind_models.catalogue import Catalogue, CatalogueEntry
from pybind_models.report import DeclarationReport, DeclarationStatus, Source


def audit(
    environment: Environment,
    catalogue: Catalogue,
    *,
    root: Path | None,
    failed_modules: Mapping[str, str],
    hashes: StructuralHashes | None = None,
) -> tuple[DeclarationReport, ...]:
    """Return one report per catalogue entry, in order.

    ``environment`` holds the library's compiled modules, ``root`` its sources, which are not looked at where
    it is ``None``, and ``failed_modules`` says of each module that was not compiled why not. ``hashes`` are
    the environment's, if there are some already.

    Raises: OleanError if a compiled module cannot be read; then nothing was decided.
    """
    collector = AxiomCollector(environment)
    vocabulary = Vocabulary(hashes or StructuralHashes(environment))
    names = [entry.name for entry in catalogue.declarations]
    sources = read_sources(environment, root, names) if root else {}
    return tuple(
        _judge(entry, environment, collector, vocabulary, sources.get(entry.name), failed_modules)
        for entry in catalogue.declarations
    )


def _judge(
    entry: CatalogueEntry,
    environment: Environment,
    collector: AxiomCollector,
    vocabulary: Vocabulary,
    source: Source | None,
    failed_modules: Mapping[str, str],
) -> DeclarationReport:
    constant = environment.constant(entry.name)
    if constant is None:
        return _absent(entry, failed_modules)
    foundation = collector.collect(entry.name)
    fault = declaration_fault(entry, constant, environment, foundation)
    kind = environment.original_kind(entry.name)
    accepted: DeclarationStatus = "proved" if entry.kind == "theorem" else "defined"
    return DeclarationReport(
        name=entry.name,
        group=entry.group,
        upstream=entry.upstream,
        kind=kind,
        status="rejected" if fault else accepted,
        reason=fault.reason if fault else None,
        code=fault.code if fault else None,
        statement=statement_text(constant, environment),
        words=vocabulary.words(entry.name, is_theorem=kind == "theorem"),
        axioms=foundation.axioms,
        axiom_path=foundation.path,
        library_theorems=len(foundation.library_theorems),
        declarations=foundation.declarations,
        source=source,
    )


def declaration_fault(
    entry: CatalogueEntry, constant: Constant, environment: Environment, foundation: Foundation
) -> Fault | None:
    """Return why a constant cannot stand for a catalogue entry, if so."""
    return _kind_fault(entry, constant, environment) or _foundation_fault(foundation)


def _absent(entry: CatalogueEntry, failed_modules: Mapping[str, str]) -> DeclarationReport:
    reason = f"no compiled module defines {entry.name}"
    if failed_modules:
        causes = ", ".join(f"{module} ({cause})" for module, cause in sorted(failed_modules.items()))
        reason += f"; not compiled: {causes}"
    return DeclarationReport(
        name=entry.name,
        group=entry.group,
        upstream=entry.upstream,
        kind=None,
        status="not built" if failed_modules else "missing",
        reason=reason,
        code=Code.BUILD_FAILED if failed_modules else Code.MISSING,
    )


def _kind_fault(entry: CatalogueEntry, constant: Constant, environment: Environment) -> Fault | None:
    """Return why a constant is not what the catalogue says, if so."""
    found = environment.original_kind(constant.name)
    if found != entry.kind:
        return Fault(
            Code.OTHER_KIND, f"expected a {entry.kind}, found {_with_article(found or constant.kind)}"
        )
    if constant.kind != entry.kind or (constant.value is None and entry.kind != "inductive"):
        return Fault(Code.BODY_HIDDEN, f"the body of this {entry.kind} is not in the compiled files")
    return None


def _foundation_fault(foundation: Foundation) -> Fault | None:
    fault = foundation.fault
    if fault is None or len(foundation.path) == 1:
        return fault
    return Fault(fault.code, f"rests on {foundation.path[-1]}: {fault.reason}")


def _with_article(kind: Name) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
