"""Semantics certified by Lean: its kernel computes over GF(p) what the executor computed, exactly."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lean_bridge.audit.axioms import AxiomCollector
from lean_bridge.build.build import build_generated
from lean_bridge.crosscheck.degree import bound_degree, error_bound
from lean_bridge.crosscheck.field_points import NumbersAtPoint, numbers_at_points
from lean_bridge.crosscheck.field_theorems import (
    LIBRARY_MODULE,
    PACKAGE,
    PASSES,
    render_header,
    render_numbers,
    states_numbers,
    theorem_names,
)
from lean_bridge.crosscheck.finite_field import PRIME
from lean_bridge.errors import Declined, GraphError
from lean_bridge.events import BuildEvent
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.primitive import Primitive
from lean_bridge.executor.table import PRIMITIVES
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import Name
from lean_bridge.toolchain.provider import Provider
from pybind_models import Certification, DGraph, FieldEvidence, FieldPoint, ModuleReport

MODULES: Final = 4
"""All graphs share so many: reading imports costs Lean as much as a graph, and memory is for some only."""

_LONGEST_DETAIL: Final = 400


@dataclass(frozen=True)
class _Case:
    """One graph with its numbers, and what Lean is to check about them."""

    graph: DGraph
    extracted_in: Name
    points: tuple[NumbersAtPoint, ...]
    text: str


def certify_numbers(
    graphs: Sequence[DGraph],
    certified: Mapping[str, Certification],
    generated: Path,
    library: Path,
    provider: Provider,
    *,
    workers: int = 2,
    observe: Callable[[BuildEvent], None] = lambda _: None,
    primitives: Mapping[str, Primitive] = PRIMITIVES,
) -> dict[str, FieldEvidence]:
    """Have Lean's kernel compute every graph over GF(p) at random points, and compare with the executor.

    ``certified`` and ``generated`` are what ``certify_graphs`` returned, ``library`` the directory of the
    library's compiled modules. Returns the outcome for each Lean name. ``certified`` means that for every
    point the compiled theorems are there, that they state of the extracted graph exactly the numbers which
    the executor computed, and that they rest on no axiom but Lean's three. ``refused`` carries Lean's first
    message. A graph that was not extracted for certain is not asked about.

    Raises: ToolchainError if Lean gives no answer; OleanError if what it compiled cannot be read.
    """
    outcomes: dict[str, FieldEvidence] = {}
    cases: list[_Case] = []
    for graph in graphs:
        extraction = certified.get(graph.lean_name)
        if extraction is None or extraction.outcome != "certified" or extraction.module is None:
            outcomes[graph.lean_name] = _not_run("the extracted graph is not certified")
        elif not library.joinpath(*LIBRARY_MODULE.split(".")).with_suffix(".olean").is_file():
            outcomes[graph.lean_name] = _not_run(f"the library has no {LIBRARY_MODULE}")
        else:
            try:
                points = tuple(numbers_at_points(graph, primitives))
            except Declined as error:
                outcomes[graph.lean_name] = _not_run(str(error))
            except GraphError as error:
                outcomes[graph.lean_name] = _refused(str(error))
            else:
                cases.append(_Case(graph, extraction.module, points, render_numbers(graph, points)))
    cases.sort(key=lambda case: len(case.text), reverse=True)
    groups = {f"{PACKAGE}.Points{number + 1}": cases[number::MODULES] for number in range(MODULES)}
    groups = {module: group for module, group in groups.items() if group}
    while groups:
        texts = {module: _module(group) for module, group in groups.items()}
        sources = {module: text for module, (text, _) in texts.items()}
        report, evidence = build_generated(
            sources, [library, generated], provider, workers=workers, observe=observe
        )
        failed = [module for module in report.modules if module.state == "failed"]
        if not failed:
            outcomes |= _judge_all(
                groups, Environment([evidence, generated, library], library=provider.library)
            )
            break
        for module in failed:  # nothing of it was compiled: again, without what Lean refuses
            group = groups.pop(module.module)
            refusals = _refusals(module, group, texts[module.module][1])
            outcomes |= refusals
            rest = [case for case in group if case.graph.lean_name not in refusals]
            if rest:
                groups[module.module] = rest
    return {graph.lean_name: outcomes[graph.lean_name] for graph in graphs}


def _module(group: Sequence[_Case]) -> tuple[str, tuple[range, ...]]:
    """Return the source of a module with some cases, and the lines of each, counted from 1."""
    lines = render_header(case.extracted_in for case in group).splitlines()
    places = []
    for case in group:
        first = len(lines) + 1
        lines += case.text.splitlines()
        places.append(range(first, len(lines) + 1))
    return "\n".join(lines) + "\n", tuple(places)


def _refusals(
    module: ModuleReport, group: Sequence[_Case], places: Sequence[range]
) -> dict[Name, FieldEvidence]:
    """Return the graphs in whose lines Lean reports an error; all of them if it is in none's."""
    errors = [diagnostic for diagnostic in module.diagnostics if diagnostic.severity == "error"]
    refusals: dict[Name, FieldEvidence] = {}
    for case, lines in zip(group, places, strict=True):
        found = next((error for error in errors if error.line in lines), None)
        if found is not None:
            refusals[case.graph.lean_name] = _refused(found.text)
    return refusals or {case.graph.lean_name: _refused(errors[0].text) for case in group}


def _judge_all(groups: Mapping[Name, Sequence[_Case]], compiled: Environment) -> dict[Name, FieldEvidence]:
    compiled.closure(groups)
    collector = AxiomCollector(compiled)
    return {
        case.graph.lean_name: _judge(case, module, compiled, collector)
        for module, group in groups.items()
        for case in group
    }


def _judge(case: _Case, module: Name, compiled: Environment, collector: AxiomCollector) -> FieldEvidence:
    """Return what the compiled theorems themselves say, whatever was or was not reported about them."""
    points = []
    for number, point in enumerate(case.points, start=1):
        names = theorem_names(case.graph, number)
        for pass_, name in zip(PASSES, names, strict=True):
            theorem = compiled.constant(name)
            if theorem is None or compiled.module_of(name) != module or theorem.kind != "theorem":
                return _refused(f"{module} was compiled, and has no theorem {name}")
            if not states_numbers(theorem.type, pass_, case.graph, point):
                return _refused(f"{name} was compiled, and does not state the executor's numbers")
            foundation = collector.collect(name)
            if foundation.fault is not None:
                return _refused(f"{name} rests on {foundation.path[-1]}: {foundation.fault.reason}")
        points.append(FieldPoint(dims=dict(point.dims), module=module, theorems=names))
    graph = ExecutableGraph(case.graph)
    degrees = [(point.dims, bound_degree(graph.bind(**point.dims))) for point in case.points]
    return FieldEvidence(
        outcome="certified",
        prime=PRIME,
        points=tuple(points),
        degree=max(degree for _, degree in degrees),
        error_bound=error_bound(degrees),
    )


def _refused(text: str) -> FieldEvidence:
    words = " ".join(text.split())
    detail = words if len(words) <= _LONGEST_DETAIL else f"{words[: _LONGEST_DETAIL - 1]}…"
    return FieldEvidence(outcome="refused", prime=PRIME, detail=detail)


def _not_run(reason: str) -> FieldEvidence:
    return FieldEvidence(outcome="not run", prime=PRIME, detail=reason)
