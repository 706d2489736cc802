"""From a built library to a verdict: its declarations and graphs, and what others say of both."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from lean_bridge.audit.advisories import advisories_for
from lean_bridge.audit.audit import audit
from lean_bridge.audit.pins import check_pins
from lean_bridge.audit.provenance import SourceFile
from lean_bridge.audit.structural import StructuralHashes
from lean_bridge.build.build import TIME_LIMIT
from lean_bridge.codes import Code
from lean_bridge.conclude import conclude
from lean_bridge.crosscheck.certify import certify_graphs
from lean_bridge.crosscheck.certify_numbers import certify_numbers
from lean_bridge.crosscheck.run import CHECKS, crosscheck
from lean_bridge.errors import LeanBridgeError
from lean_bridge.events import StageAdvanced, StageStarted
from lean_bridge.executor.table import PRIMITIVES
from lean_bridge.extract.graph import extract_graph
from lean_bridge.olean.environment import Environment
from lean_bridge.rows import GraphEvidence, declaration_row, dropped_row, graph_row
from lean_bridge.second_opinion import SecondOpinion, ask_second_kernel
from lean_bridge.toolchain.provider import Provider
from lean_bridge.toolchain.warm import keep_warm
from pybind_models import BuildReport, DGraph, VerifyReport
from pybind_models.catalogue import Catalogue
from pybind_models.manifest import Manifest

Observer: TypeAlias = Callable[[object], None]
"""Sees the events of a long run as they come; they are listed in ``lean_bridge.events``."""

KNOWN_OPS = frozenset(primitive.lean_name for primitive in PRIMITIVES.values())
"""The Lean names of the primitives that the executor can run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A library that was just built, and what of it is to be judged."""

    sources: Mapping[str, SourceFile]
    """What the modules were compiled from, by their names."""
    provider: Provider
    build: BuildReport
    compiled: Path
    """The directory of the compiled modules."""
    environment: Environment
    """Holds the modules that compiled."""
    catalogue: Catalogue
    """What is to be judged."""
    known: Collection[str]
    """The names of the whole catalogue."""
    manifest: Manifest | None
    unpinned: bool = False
    """Whether what the manifest does not have is to pass."""
    workers: int = 2


def extract(environment: Environment, name: str) -> DGraph:
    """Return the graph that a declaration denotes, with ops that the executor can run.

    Raises: as :func:`lean_bridge.extract.graph.extract_graph`.
    """
    return extract_graph(environment, name, known_ops=KNOWN_OPS)


def judge_library(
    subject: Subject, *, require_confirmed: bool = False, observe: Observer = lambda _: None
) -> VerifyReport:
    """Return the verdict on a library. Nothing that was not looked at counts as accepted.

    Where Lean refuses a module, neither Lean nor the second kernel is asked about the graphs: they would be
    certified against half a library. ``require_confirmed`` makes acceptance take, for every declaration, the
    word of a kernel without the known faults of the one that built it.
    Raises: OleanError if a compiled module cannot be read; ToolchainError if Lean gives no answer.
    """
    clock = _Clock(observe)
    environment, catalogue = subject.environment, subject.catalogue
    hashes = StructuralHashes(environment)
    failed = {
        report.module: Code.LEAN_CANNOT
        if report.state == "unsupported"
        else Code(report.code or Code.BUILD_FAILED)
        for report in subject.build.modules
        if report.state in ("failed", "unsupported")
    }
    with clock.stage("audit"):
        declarations = audit(
            environment, catalogue, sources=subject.sources, failed_modules=failed, hashes=hashes
        )
    defined = {each.name for each in declarations if each.status == "defined"}
    with clock.stage("extract", len(catalogue.graphs)):
        evidence = {entry.name: GraphEvidence() for entry in catalogue.graphs}
        for name in evidence:
            if name in defined:
                _extract(evidence[name], environment, name, observe)
    graphs = {name: each.graph for name, each in evidence.items() if each.graph is not None}
    with clock.stage("pins"):
        pins = check_pins(
            environment,
            catalogue,
            subject.manifest,
            graphs,
            known=subject.known,
            unpinned=subject.unpinned,
            hashes=hashes,
        )
    if failed:
        opinion = SecondOpinion("second kernel", why_not="Lean refuses part of the library", is_asked=False)
    else:
        opinion = _certify(subject, graphs, evidence, clock)
    with clock.stage("cross-check", len(graphs) * len(CHECKS)):
        for name, graph in graphs.items():
            _compare(evidence[name], graph, observe)
    toolchain = subject.build.toolchain
    built_by = f"Lean {toolchain.version}, {toolchain.provider}"
    advisories = advisories_for(toolchain.version)
    has_manifest = subject.manifest is not None
    judged = [
        declaration_row(each, pins[each.name], built_by, opinion, advisories, has_manifest=has_manifest)
        for each in declarations
    ]
    by_name = {each.name: each for each in judged}
    judged += [dropped_row(name, pin) for name, pin in pins.items() if name not in by_name]
    rows = [graph_row(each, by_name[name], opinion) for name, each in evidence.items()]
    verdict, reason, code = conclude(
        subject.build,
        judged,
        rows,
        refused=opinion.refused,
        unsettled=opinion.unsettled,
        require_confirmed=require_confirmed,
    )
    return VerifyReport(
        verdict=verdict,
        reason=reason,
        code=code,
        advisories=advisories,
        build=subject.build,
        declarations=tuple(judged),
        graphs=tuple(rows),
        seconds=sum(clock.seconds.values()),
        stages=clock.seconds,
        unpinned=subject.unpinned,
        confirmation_required=require_confirmed,
    )


def _extract(evidence: GraphEvidence, environment: Environment, name: str, observe: Observer) -> None:
    with _timed(evidence):
        evidence.graph = extract(environment, name)
    observe(StageAdvanced(name))


def _certify(
    subject: Subject, graphs: Mapping[str, DGraph], evidence: Mapping[str, GraphEvidence], clock: _Clock
) -> SecondOpinion:
    """Have Lean certify the graphs and their numbers, and a second kernel everything."""
    library, environment, extracted = subject.compiled, subject.environment, list(graphs.values())
    with keep_warm(subject.provider, subject.workers, time_limit=TIME_LIMIT) as provider:
        with clock.stage("certify graphs"):
            certified, certificates = certify_graphs(
                extracted, environment, library, provider, workers=subject.workers, observe=clock.observe
            )
        with clock.stage("certify numbers"):
            numbers, tables = certify_numbers(
                extracted,
                certified,
                certificates,
                library,
                provider,
                workers=subject.workers,
                observe=clock.observe,
            )
    for name in graphs:
        evidence[name].certification, evidence[name].finite_field = certified[name], numbers[name]
    modules = {each.module for each in certified.values() if each.module}
    modules |= {point.module for each in numbers.values() for point in each.points}
    everything = environment.extended(tables, certificates)
    everything.closure(sorted(modules))
    theorems = [each.theorem for each in certified.values() if each.theorem]
    with clock.stage("second kernel"):
        return ask_second_kernel(everything, theorems, observe=clock.observe)


def _compare(evidence: GraphEvidence, graph: DGraph, observe: Observer) -> None:
    with _timed(evidence):
        evidence.checks = crosscheck(
            graph, observe=lambda result: observe(StageAdvanced(f"{graph.lean_name}: {result.name}"))
        )


@contextmanager
def _timed(evidence: GraphEvidence) -> Iterator[None]:
    """Count the time as the graph's, and keep what goes wrong as its fault."""
    started = time.monotonic()
    try:
        yield
    except LeanBridgeError as error:
        evidence.fault = error
    evidence.seconds += time.monotonic() - started


@dataclass(frozen=True, slots=True)
class _Clock:
    """Says which stage is under way, and keeps how long each took."""

    observe: Observer
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[None]:
        started = time.monotonic()
        self.observe(StageStarted(name, total))
        yield
        self.seconds[name] = time.monotonic() - started
