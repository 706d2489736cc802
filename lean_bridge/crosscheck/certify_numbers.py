"""Semantics certified by Lean: its kernel computes over GF(p) what the executor computed, exactly."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Final

from lean_bridge.audit.axioms import AxiomCollector
from lean_bridge.audit.structural import StructuralHashes
from lean_bridge.audit.vocabulary import Vocabulary, not_the_tools
from lean_bridge.codes import Code
from lean_bridge.crosscheck.degree import bound_degree, error_bound
from lean_bridge.crosscheck.field_points import NumbersAtPoint, numbers_at_points
from lean_bridge.crosscheck.field_theorems import (
    PACKAGE,
    PASSES,
    point_name,
    render_header,
    render_numbers,
    states_numbers,
    theorem_names,
)
from lean_bridge.crosscheck.finite_field import PRIME
from lean_bridge.crosscheck.generated import LIBRARY_MODULE, NOT_COMPARED, check_statements, shortened
from lean_bridge.errors import BindingError, Declined, GraphError
from lean_bridge.events import BuildEvent
from lean_bridge.executor.graph import ExecutableGraph
from lean_bridge.executor.rules.primitive import Primitive
from lean_bridge.executor.rules.table import PRIMITIVES
from lean_bridge.extract.render import extracted_name
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import Name
from lean_bridge.toolchain.provider import Provider
from pybind_models import Certification, DGraph, FieldEvidence, FieldPoint

_COMPUTED: Final = "decide"
"""What Lean names where it computes other numbers: nothing else that it says is about the numbers."""

MOST_TOGETHER: Final = 16
"""So many points share a module: reading imports costs Lean as much as a graph, and it has a time limit."""
_LEAST_MODULES: Final = 2
"""One graph has two points, which two Leans compute at once."""


@dataclass(frozen=True)
class FieldCase:
    """One graph with its numbers at one point, and what Lean is to check about them."""

    graph: DGraph
    extracted_in: Name
    number: int
    """Which point it is, counted from 1."""
    point: NumbersAtPoint
    text: str

    @property
    def subject(self) -> Name:
        """Where the theorems about it have their names."""
        return point_name(self.graph, self.number)


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
) -> tuple[dict[str, FieldEvidence], Path]:
    """Have Lean's kernel compute every graph over GF(p) at random points, and compare with the executor.

    ``certified`` and ``generated`` are what ``certify_graphs`` returned, ``library`` the directory of the
    library's compiled modules. Returns the outcome for each Lean name, and the directory of the compiled
    theorems. ``certified`` means that for every point the compiled theorems are there, that they state of the
    extracted graph exactly the numbers which the executor computed, and that they rest on no axiom but Lean's
    three. ``refused`` carries Lean's first message. A graph that was not extracted for certain is not asked
    about, and one whose theorems Lean does not get to compute is ``not run``.

    Raises: ToolchainError if Lean gives no answer; OleanError if what it compiled cannot be read.
    """
    outcomes: dict[str, FieldEvidence] = {}
    cases: list[FieldCase] = []
    for graph in graphs:
        extraction = certified.get(graph.lean_name)
        if extraction is None or extraction.outcome != "certified" or extraction.module is None:
            outcomes[graph.lean_name] = _not_run("the extracted graph is not certified")
        elif not library.joinpath(*LIBRARY_MODULE.split(".")).with_suffix(".olean").is_file():
            outcomes[graph.lean_name] = _not_run(f"the library has no compiled {LIBRARY_MODULE}")
        else:
            try:
                cases += numbers_of(graph, extraction.module, primitives)
            except (Declined, BindingError) as error:
                outcomes[graph.lean_name] = _not_run(str(error))
            except GraphError as error:
                outcomes[graph.lean_name] = _refused(str(error))
    checked = check_statements(
        point_groups(cases), module_of_cases, [library, generated], provider, workers=workers, observe=observe
    )
    compiled = Environment([checked.directory, generated, library], library=provider.library)
    compiled.closure(checked.compiled)
    collector, vocabulary = AxiomCollector(compiled), Vocabulary(StructuralHashes(compiled))
    module_of = {case.subject: module for module, group in checked.compiled.items() for case in group}
    found: dict[Name, list[FieldEvidence | FieldPoint]] = {}
    for case in sorted(cases, key=lambda case: case.number):
        found.setdefault(case.graph.lean_name, []).append(
            judge_refusal(checked.refusals[case.subject])
            if case.subject in checked.refusals
            else _judge(case, module_of[case.subject], compiled, collector, vocabulary)
        )
    for graph in graphs:
        if graph.lean_name in found:
            outcomes[graph.lean_name] = judge_points(graph, found[graph.lean_name])
    return {graph.lean_name: outcomes[graph.lean_name] for graph in graphs}, checked.directory


def numbers_of(
    graph: DGraph, extracted_in: Name, primitives: Mapping[str, Primitive] = PRIMITIVES
) -> list[FieldCase]:
    """Return what Lean is to check of a graph, which a module has, at each point.

    Raises: as :func:`numbers_at_points`.
    """
    points = tuple(numbers_at_points(graph, primitives))
    return [
        FieldCase(graph, extracted_in, number, point, render_numbers(graph, number, point))
        for number, point in enumerate(points, start=1)
    ]


def point_groups(cases: Sequence[FieldCase]) -> dict[Name, Sequence[FieldCase]]:
    """Return cases by the names of the modules that they are in."""
    longest = sorted(cases, key=lambda case: len(case.text), reverse=True)
    count = max(_LEAST_MODULES, ceil(len(longest) / MOST_TOGETHER))
    return {f"{PACKAGE}.Points{number + 1}": longest[number::count] for number in range(count)}


def judge_refusal(message: str) -> FieldEvidence:
    """Return what a message of Lean's amounts to: that the numbers differ, or nothing about them."""
    return _refused(message) if _COMPUTED in message else _not_run(shortened(NOT_COMPARED + message))


def module_of_cases(_: Name, group: Sequence[FieldCase]) -> tuple[str, tuple[range, ...]]:
    """Return the source of a module with some cases, and the lines of each, counted from 1."""
    lines = render_header(case.extracted_in for case in group).splitlines()
    places = []
    for case in group:
        first = len(lines) + 1
        lines += case.text.splitlines()
        places.append(range(first, len(lines) + 1))
    return "\n".join(lines) + "\n", tuple(places)


def _judge(
    case: FieldCase, module: Name, compiled: Environment, collector: AxiomCollector, vocabulary: Vocabulary
) -> FieldEvidence | FieldPoint:
    """Return what the compiled theorems themselves say, whatever was or was not reported about them."""
    names = theorem_names(case.graph, case.number)
    for pass_, name in zip(PASSES, names, strict=True):
        theorem = compiled.constant(name)
        if theorem is None or compiled.module_of(name) != module or theorem.kind != "theorem":
            return _refused(f"{module} was compiled, and has no theorem {name}")
        if not states_numbers(theorem.type, pass_, case.graph, case.point):
            return _refused(f"{name} was compiled, and does not state the executor's numbers")
        if strangers := vocabulary.strangers(name, {extracted_name(case.graph)}):
            return FieldEvidence(
                outcome="refused",
                prime=PRIME,
                detail=not_the_tools(strangers),
                code=Code.OWN_VOCABULARY,
            )
        foundation = collector.collect(name)
        if foundation.fault is not None:
            return _refused(f"{name} rests on {foundation.path[-1]}: {foundation.fault.reason}")
    return FieldPoint(dims=dict(case.point.dims), module=module, theorems=names)


def judge_points(graph: DGraph, found: Sequence[FieldEvidence | FieldPoint]) -> FieldEvidence:
    """Return what points amount to: one that is refused refuses the graph, and all have to be there."""
    against = [each for each in found if isinstance(each, FieldEvidence)]
    if against:
        return next((each for each in against if each.outcome == "refused"), against[0])
    points = tuple(each for each in found if isinstance(each, FieldPoint))
    executable = ExecutableGraph(graph)
    degrees = [(each.dims, bound_degree(executable.bind(**each.dims))) for each in points]
    return FieldEvidence(
        outcome="certified",
        prime=PRIME,
        points=points,
        degree=max(degree for _, degree in degrees),
        error_bound=error_bound(degrees),
    )


def _refused(text: str) -> FieldEvidence:
    return FieldEvidence(outcome="refused", prime=PRIME, detail=shortened(text))


def _not_run(reason: str) -> FieldEvidence:
    return FieldEvidence(outcome="not run", prime=PRIME, detail=reason)
