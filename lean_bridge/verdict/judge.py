"""From a built library to a verdict: its declarations and graphs, and what others say of both.

What computes with NumPy is imported where it is used: a run in which nothing is new does without.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from lean_bridge.audit.audit import audit
from lean_bridge.audit.beside import notes_beside
from lean_bridge.audit.pins import check_pins
from lean_bridge.audit.provenance import SourceFile, place_of, read_sources
from lean_bridge.audit.reading import Reading
from lean_bridge.audit.stumbles import Unread
from lean_bridge.build.build import TIME_LIMIT
from lean_bridge.codes import Code
from lean_bridge.errors import Declined, LeanBridgeError
from lean_bridge.events import Observer, StageAdvanced, StageFinished, StageStarted, spending
from lean_bridge.extract.symbolic import extract_graph
from lean_bridge.extract.upstream import extract_upstream, is_upstreams
from lean_bridge.kernel.replay import project_modules
from lean_bridge.olean.environment import Environment
from lean_bridge.toolchain.provider import Provider
from lean_bridge.toolchain.warm import keep_warm
from lean_bridge.uncollected import uncollected
from lean_bridge.verdict.advisories import advisories_for
from lean_bridge.verdict.answered import (
    about_graph,
    about_modules,
    about_witnesses,
    accepted_earlier,
    recalled_evidence,
    standing_witnesses,
    unsettled_modules,
)
from lean_bridge.verdict.causes import with_causes
from lean_bridge.verdict.conclude import conclude, elaborated_as_modules
from lean_bridge.verdict.examples import notes_on_examples
from lean_bridge.verdict.remembered import (
    GraphAnswers,
    ModuleAnswers,
    Recalled,
    WitnessAnswers,
)
from lean_bridge.verdict.rows import GraphEvidence, declaration_row, dropped_row, graph_row
from lean_bridge.verdict.second_opinion import AskedInParts, SecondOpinion, no_second_kernel
from lean_bridge.witness.witness import WITNESS_LIMIT, Witnesses, find_witnesses
from pybind_models import (
    BuildReport,
    CheckResult,
    DeclarationReport,
    DGraph,
    VerifyReport,
)
from pybind_models.catalogue import Catalogue
from pybind_models.manifest import Manifest
from pybind_models.report import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A library that was just built, and what of it is to be judged."""

    sources: Mapping[str, SourceFile]
    """What the modules were compiled from, by their names."""
    provider: Provider
    build: BuildReport
    compiled: Path
    """The directory of the compiled modules."""
    reading: Reading
    """Of an environment that holds the modules that compiled."""
    catalogue: Catalogue
    """What is to be judged."""
    known: Collection[str]
    """The names of the whole catalogue."""
    manifest: Manifest | None
    unpinned: bool = False
    """Whether what the manifest does not have is to pass."""
    recalled: Recalled = field(default_factory=Recalled)
    """What was answered earlier about these very files."""
    lacking: Mapping[str, str] = field(default_factory=dict)
    """Which graphs have the names of their entries in a module that is not compiled, and in which."""
    unread: Unread = field(default_factory=Unread)
    """The sources that no library of the project has."""
    workers: int = 2

    @property
    def environment(self) -> Environment:
        """The compiled declarations."""
        return self.reading.environment


def extract(environment: Environment, name: str, files: Mapping[str, str] = MappingProxyType({})) -> DGraph:
    """Return the graph that a declaration denotes, with ops that the executor can run.

    What is declined says where the declaration stands, if its module is one of ``files``.

    A library that is written in upstream's words is read by their names.
    Raises: as :func:`lean_bridge.extract.symbolic.extract_graph`.
    """
    try:
        if is_upstreams(environment):
            return extract_upstream(environment, name)
        from lean_bridge.executor.rules.table import PRIMITIVES

        known_ops = frozenset(primitive.lean_name for primitive in PRIMITIVES.values())
        return extract_graph(environment, name, known_ops=known_ops)
    except Declined as error:
        place = place_of(environment, files, name)
        error.args = (f"{place}: {error}" if place is not None else str(error),)
        raise


def judge_library(
    subject: Subject, *, require_confirmed: bool = False, observe: Observer = lambda _: None
) -> tuple[VerifyReport, tuple[GraphAnswers | ModuleAnswers | WitnessAnswers, ...]]:
    """Return the verdict on a library, and what to remember of it.

    Nothing that was not looked at counts as accepted.

    Where Lean refuses a module, what does not rest on it is judged as ever, against what was compiled; the
    verdict on everything is the refusal. ``require_confirmed`` makes acceptance take, for every declaration,
    the word of a kernel without the known faults of the one that built it.
    Raises: OleanError if a compiled module cannot be read; ToolchainError if Lean gives no answer.
    """
    clock = Clock(observe)
    environment, catalogue = subject.environment, subject.catalogue
    reading = subject.reading
    failed = failed_modules(subject.build)
    recalled = subject.recalled
    with clock.stage("audit"), uncollected():
        notes = (
            *notes_beside(environment, reading.collector, subject.known),
            *notes_on_examples(subject.build, subject.sources, reading),
        )
        declarations = audit(
            environment,
            catalogue,
            sources=subject.sources,
            failed_modules=failed,
            refusals=refusals(subject.build),
            reading=reading,
            stands=_stands(subject, recalled),
            unread=subject.unread,
        )
        declarations = tuple(_unless_lacking(each, subject.lacking, failed) for each in declarations)
    defined = {each.name for each in declarations if each.status == "defined"}
    with clock.stage("extract", len(catalogue.graphs)):
        evidence = {entry.name: GraphEvidence() for entry in catalogue.graphs}
        for name in evidence:
            if name in defined and name in recalled.graphs:
                evidence[name] = recalled_evidence(recalled.graphs[name])
            elif name in defined:
                _extract(evidence[name], subject, name, observe)
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
    new = {name: graph for name, graph in graphs.items() if name not in recalled.graphs}
    asked = unsettled_modules(environment, recalled)
    earlier = standing_witnesses(catalogue, recalled)
    theorems = [each.name for each in declarations if each.status == "proved" and each.name not in earlier]
    with AskedInParts(observe) as kernel, _certified_ahead(subject, new, observe):
        if asked:
            with clock.stage("second kernel"):
                kernel.hand_over(environment, asked)
        with clock.stage("witness", len(theorems)):
            witnesses = _witnesses(subject, theorems, clock)
        _ask(subject, new, asked, evidence, witnesses, kernel, clock)
        if new:
            _compare(new, evidence, clock)
        opinion = _opinion(kernel, clock).beside(accepted_earlier(recalled))
    toolchain = subject.build.toolchain
    advisories = advisories_for(toolchain.version)
    has_manifest = subject.manifest is not None
    upstreams = is_upstreams(environment)
    judged = [
        declaration_row(
            each,
            pins[each.name],
            toolchain.kernel,
            opinion,
            advisories,
            has_manifest=has_manifest,
            witness=earlier.get(each.name) or witnesses.found.get(each.name),
            upstreams=upstreams,
        )
        for each in declarations
    ]
    judged = with_causes(judged, environment, subject.sources)
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
        cached=bool(recalled.modules)
        and not (new or asked or witnesses.asked or subject.build.lean_processes),
        notes=(*notes, *elaborated_as_modules(subject.build)),
    )
    told = [each for name in new if (each := about_graph(name, evidence[name], opinion)) is not None]
    met = about_witnesses(catalogue, witnesses, opinion)
    return report, (*told, *met, *about_modules(environment, declarations, opinion, recalled))


def failed_modules(build: BuildReport) -> dict[str, Code]:
    """Return the modules that were not compiled, and by which code; not those that import them."""
    return {
        report.module: Code(
            report.code or (Code.LEAN_CANNOT if report.state == "unsupported" else Code.BUILD_FAILED)
        )
        for report in build.modules
        if report.state in ("failed", "unsupported")
    }


def refusals(build: BuildReport) -> dict[str, str]:
    """Return of each module that was not compiled, but for an import of it, its name with where and why."""
    found: dict[str, str] = {}
    for report in build.modules:
        error = next((each for each in report.diagnostics if each.severity == "error"), None)
        if report.state == "unsupported":
            found[report.module] = f"{report.module} ({report.limit})"
        elif report.state == "failed" and error is not None:
            at = f"{error.file}:{error.line}:{error.column + 1}"
            found[report.module] = f"{report.module} ({at}: {error.text.partition(chr(10))[0]})"
        elif report.state == "failed":
            found[report.module] = report.module
    return found


def uncompiled(build: BuildReport) -> frozenset[str]:
    """Return the modules that were to be compiled and were not, those that import one among them."""
    return frozenset(each.module for each in build.modules if each.state not in ("built", "cached"))


def _unless_lacking(
    report: DeclarationReport, lacking: Mapping[str, str], failed: Mapping[str, Code]
) -> DeclarationReport:
    """Return what was found of a declaration; of a graph whose names are not there, only that."""
    if report.name not in lacking or report.status != "defined":
        return report
    reason = f"not compiled: {lacking[report.name]}, which names its entries"
    return report.replaced(status="not built", reason=reason, code=min(failed.values()))


def _stands(subject: Subject, recalled: Recalled) -> dict[str, Source]:
    """Return where the catalogued declarations stand, by earlier answers and by the sources."""
    known = {
        name: source
        for module, said in recalled.modules.items()
        for name, source in said.sources.items()
        if source.file == subject.sources[module].file
    }
    names = [entry.name for entry in subject.catalogue.declarations if entry.name not in known]
    return known | dict(read_sources(subject.environment, subject.sources, names))


def _witnesses(subject: Subject, theorems: Sequence[str], clock: Clock) -> Witnesses:
    """Have Lean meet what theorems take."""
    with keep_warm(subject.provider, subject.workers, time_limit=WITNESS_LIMIT) as provider:
        return find_witnesses(
            theorems,
            subject.environment,
            subject.catalogue,
            subject.compiled,
            provider,
            workers=subject.workers,
            observe=clock.observe,
            uncompiled=uncompiled(subject.build),
        )


def _extract(evidence: GraphEvidence, subject: Subject, name: str, observe: Observer) -> None:
    files = {module: source.file for module, source in subject.sources.items()}
    with _timed(evidence):
        evidence.graph = extract(subject.environment, name, files)
    observe(StageAdvanced(name))


def _ask(
    subject: Subject,
    graphs: Mapping[str, DGraph],
    modules: Sequence[str],
    evidence: Mapping[str, GraphEvidence],
    witnesses: Witnesses,
    kernel: AskedInParts,
    clock: Clock,
) -> None:
    """Have Lean certify graphs and their numbers; hand that, witnesses, and modules to a second kernel.

    It was given the modules already, and has been at work on them meanwhile.
    """
    everything, theorems = subject.environment, list[str]()
    if graphs:
        everything, theorems = _certify(subject, graphs, evidence, clock)
    if witnesses.modules:
        everything = everything.extended(*witnesses.directories)
        everything.closure(witnesses.modules)
    generated = sorted(set(project_modules(everything)) - set(project_modules(subject.environment)))
    if no_second_kernel() is None and generated:
        with clock.stage("second kernel"):
            kernel.hand_over(everything, [*modules, *generated], theorems)


def _opinion(kernel: AskedInParts, clock: Clock) -> SecondOpinion:
    """Wait for what the second kernel says, where there is one and it was asked."""
    if (absent := no_second_kernel()) is not None:
        return absent
    if not kernel.is_asked:
        return kernel.opinion()
    with clock.stage("second kernel"):
        return kernel.opinion()


@contextmanager
def _certified_ahead(subject: Subject, graphs: Mapping[str, DGraph], observe: Observer) -> Iterator[None]:
    """Have Lean at work on the certificates of graphs, where its processes are kept for several builds."""
    if not graphs or subject.provider.info.through_lake:
        yield
        return
    from lean_bridge.crosscheck.certify_ahead import certified_ahead

    with certified_ahead(
        list(graphs.values()),
        subject.environment,
        subject.compiled,
        subject.provider,
        workers=subject.workers,
        observe=observe,
    ):
        yield


def _certify(
    subject: Subject, graphs: Mapping[str, DGraph], evidence: Mapping[str, GraphEvidence], clock: Clock
) -> tuple[Environment, list[str]]:
    """Have Lean certify graphs and their numbers; return all that is compiled then, and the certificates."""
    from lean_bridge.crosscheck.certify import certify_graphs
    from lean_bridge.crosscheck.certify_numbers import certify_numbers

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
    return everything, [each.theorem for each in certified.values() if each.theorem]


def _compare(graphs: Mapping[str, DGraph], evidence: Mapping[str, GraphEvidence], clock: Clock) -> None:
    """Compare the numbers of graphs with everything that there is to compare them with."""
    from lean_bridge.crosscheck.run import CHECKS, crosscheck

    def advance(result: CheckResult) -> None:
        clock.observe(StageAdvanced(f"{graph.lean_name}: {result.name}"))

    with clock.stage("cross-check", len(graphs) * len(CHECKS)):
        for name, graph in graphs.items():
            with _timed(evidence[name]):
                evidence[name].checks = crosscheck(graph, observe=advance)


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
class Clock:
    """Says which stage is under way, and keeps how long each took."""

    observe: Observer
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[None]:
        """Count the time of the context as that of a stage."""
        started = time.monotonic()
        self.observe(StageStarted(name, total))
        with spending(self.observe, name):
            yield
        self.observe(StageFinished(name))
        self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - started
