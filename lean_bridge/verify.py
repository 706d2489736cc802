"""From a built library to a verdict: its declarations and graphs, and what others say of both."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from lean_bridge.answers import Answers, GraphAnswers, KernelAnswers
from lean_bridge.audit.advisories import advisories_for
from lean_bridge.audit.audit import audit
from lean_bridge.audit.beside import notes_beside
from lean_bridge.audit.pins import check_pins
from lean_bridge.audit.provenance import SourceFile
from lean_bridge.audit.reading import Reading
from lean_bridge.build.build import TIME_LIMIT
from lean_bridge.codes import Code
from lean_bridge.conclude import conclude
from lean_bridge.crosscheck.certify import certify_graphs
from lean_bridge.crosscheck.certify_numbers import certify_numbers
from lean_bridge.crosscheck.run import CHECKS, crosscheck, judge
from lean_bridge.errors import LeanBridgeError
from lean_bridge.events import StageAdvanced, StageStarted
from lean_bridge.executor.table import PRIMITIVES
from lean_bridge.extract.graph import extract_graph
from lean_bridge.olean.environment import Environment
from lean_bridge.rows import GraphEvidence, declaration_row, dropped_row, graph_row
from lean_bridge.second_opinion import SecondOpinion, acceptance, ask_second_kernel, no_second_kernel
from lean_bridge.toolchain.provider import Provider
from lean_bridge.toolchain.warm import keep_warm
from pybind_models import BuildReport, DeclarationReport, DGraph, VerifyReport
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
    answers: Answers | None = None
    """What was answered earlier about these very files."""
    workers: int = 2


def extract(environment: Environment, name: str) -> DGraph:
    """Return the graph that a declaration denotes, with ops that the executor can run.

    Raises: as :func:`lean_bridge.extract.graph.extract_graph`.
    """
    return extract_graph(environment, name, known_ops=KNOWN_OPS)


def judge_library(
    subject: Subject, *, require_confirmed: bool = False, observe: Observer = lambda _: None
) -> tuple[VerifyReport, Answers | None]:
    """Return the verdict on a library, and what to remember of it, if anything.

    Nothing that was not looked at counts as accepted.

    Where Lean refuses a module, neither Lean nor the second kernel is asked about the graphs: they would be
    certified against half a library. ``require_confirmed`` makes acceptance take, for every declaration, the
    word of a kernel without the known faults of the one that built it.
    Raises: OleanError if a compiled module cannot be read; ToolchainError if Lean gives no answer.
    """
    clock = _Clock(observe)
    environment, catalogue = subject.environment, subject.catalogue
    reading = Reading(environment)
    failed = {
        report.module: Code.LEAN_CANNOT
        if report.state == "unsupported"
        else Code(report.code or Code.BUILD_FAILED)
        for report in subject.build.modules
        if report.state in ("failed", "unsupported")
    }
    answers = None if failed else _usable(subject.answers, catalogue)
    with clock.stage("audit"), uncollected():
        declarations = audit(
            environment,
            catalogue,
            sources=subject.sources,
            failed_modules=failed,
            reading=reading,
            stands=answers.sources if answers else None,
        )
        notes = notes_beside(environment, reading.collector, subject.known)
    defined = {each.name for each in declarations if each.status == "defined"}
    with clock.stage("extract", len(catalogue.graphs)):
        evidence = {entry.name: GraphEvidence() for entry in catalogue.graphs}
        for name in evidence:
            if name in defined and answers:
                evidence[name] = _recalled(answers.graphs[name])
            elif name in defined:
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
            reading=reading,
        )
    if failed:
        opinion = SecondOpinion("second kernel", why_not="Lean refuses part of the library", is_asked=False)
    elif answers:
        opinion = _second_opinion(answers)
    else:
        opinion = _certify(subject, graphs, evidence, clock)
    if not answers:
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
    report = VerifyReport(
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
        cached=answers is not None,
        notes=notes,
    )
    return report, None if answers or failed else _to_remember(evidence, opinion, declarations)


def _usable(answers: Answers | None, catalogue: Catalogue) -> Answers | None:
    """Return earlier answers if they leave nothing open: about every entry, and the second kernel's."""
    if answers is None:
        return None
    if any(entry.name not in answers.declarations for entry in catalogue.declarations):
        return None
    if any(entry.name not in answers.graphs for entry in catalogue.graphs):
        return None
    return answers if answers.kernel or no_second_kernel() else None


def _recalled(said: GraphAnswers) -> GraphEvidence:
    return GraphEvidence(
        graph=said.graph,
        certification=said.certification,
        finite_field=said.finite_field,
        checks=said.checks,
        seconds=said.seconds,
    )


def _second_opinion(answers: Answers) -> SecondOpinion:
    said = answers.kernel
    if said is not None:
        return acceptance(said.label, said.declarations, said.equations)
    return no_second_kernel() or SecondOpinion("second kernel", why_not="it was not there before")


def _to_remember(
    evidence: Mapping[str, GraphEvidence], opinion: SecondOpinion, declarations: Sequence[DeclarationReport]
) -> Answers | None:
    """Return what was answered, if all of it was acceptance; a kernel that is absent answered nothing."""
    if opinion.is_asked and not opinion.is_acceptance:
        return None
    graphs: dict[str, GraphAnswers] = {}
    for name, each in evidence.items():
        link, field_ = each.certification, each.finite_field
        if each.fault or not each.graph or not link or link.outcome != "certified" or not field_:
            return None
        if field_.outcome != "certified" or judge(each.checks)[0] != "agrees":
            return None
        graphs[name] = GraphAnswers(
            graph=each.graph,
            certification=link,
            finite_field=field_,
            checks=each.checks,
            seconds=each.seconds,
        )
    kernel = KernelAnswers(
        label=opinion.label, declarations=tuple(opinion.verdicts), equations=tuple(opinion.equations)
    )
    return Answers(
        declarations=tuple(each.name for each in declarations),
        graphs=graphs,
        kernel=kernel if opinion.is_asked else None,
        sources={each.name: each.source for each in declarations if each.source is not None},
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
def uncollected() -> Iterator[None]:
    """Keep Python from looking for cycles, again and again, among millions of terms that all are in use."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


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
