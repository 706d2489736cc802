"""Extraction certified by Lean: what was extracted, written as Lean again, is the declared graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from lean_bridge.audit.axioms import AxiomCollector
from lean_bridge.audit.structural import StructuralHashes
from lean_bridge.audit.vocabulary import Vocabulary, not_the_tools
from lean_bridge.codes import Code
from lean_bridge.crosscheck.generated import NOT_COMPARED, check_statements, shortened
from lean_bridge.errors import DeclarationError, Declined
from lean_bridge.events import BuildEvent
from lean_bridge.extract.machine import Declarations
from lean_bridge.extract.render import (
    PACKAGE,
    Certificate,
    certificate_name,
    extracted_name,
    is_dgraph,
    render_graph,
    render_module,
)
from lean_bridge.extract.symbolic import DGRAPH
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import BVar, Const, Expr, Name, Pi, bare, spine
from lean_bridge.toolchain.provider import Provider
from pybind_models import Certification, DGraph

_MISMATCH = "type mismatch"
"""What Lean says where one graph is not the other: nothing else that it says is about the graph."""

GRAPHS_PER_MODULE = 10
"""Reading imports takes Lean longer than a graph does, so graphs share a module."""


def certify_graphs(
    graphs: Sequence[DGraph],
    environment: Environment,
    library: Path,
    provider: Provider,
    *,
    workers: int = 2,
    observe: Callable[[BuildEvent], None] = lambda _: None,
) -> tuple[dict[str, Certification], Path]:
    """Have Lean check of every graph that it is the declared one, for all dimensions and parameters.

    ``library`` is the directory of the compiled modules that ``environment`` has loaded. Returns the outcome
    for each Lean name, and the directory of the compiled certificates, where graphs that were not certified
    have none. ``certified`` means that the compiled theorem is there, states what it should about the right
    constants, and rests on no axiom but Lean's three. ``refused`` carries Lean's first message. A graph whose
    certificate Lean does not get to compare is ``not run``.

    Raises: ToolchainError if Lean gives no answer; OleanError if what it compiled cannot be read.
    """
    certificates, outcomes = render_certificates(graphs, environment)
    checked = check_statements(
        certificate_groups(certificates),
        lambda _, group: render_module(group, environment),
        [library],
        provider,
        workers=workers,
        observe=observe,
    )
    outcomes |= {name: judge_refusal(message) for name, message in checked.refusals.items()}
    compiled = environment.extended(checked.directory)
    compiled.closure(checked.compiled)
    collector, vocabulary = AxiomCollector(compiled), Vocabulary(StructuralHashes(compiled))
    for name, group in checked.compiled.items():
        for graph in (certificate.graph for certificate in group):
            outcomes[graph.lean_name] = judge_certificate(graph, name, compiled, collector, vocabulary)
    return {graph.lean_name: outcomes[graph.lean_name] for graph in graphs}, checked.directory


def render_certificates(
    graphs: Sequence[DGraph], environment: Environment
) -> tuple[list[Certificate], dict[str, Certification]]:
    """Return what Lean is to check of graphs, and why it is not asked about others, by their Lean names."""
    outcomes: dict[str, Certification] = {}
    certificates: list[Certificate] = []
    for graph in graphs:
        try:
            certificates.append(render_graph(graph, environment))
        except (Declined, DeclarationError) as error:
            code = Code.BY_NAME if graph.recognised else None
            outcomes[graph.lean_name] = Certification(outcome="not run", detail=str(error), code=code)
    return certificates, outcomes


def certificate_groups(certificates: Sequence[Certificate]) -> dict[Name, Sequence[Certificate]]:
    """Return certificates by the names of the modules that they are in."""
    count = -(-len(certificates) // GRAPHS_PER_MODULE)
    return {f"{PACKAGE}.Graphs{number + 1}": certificates[number::count] for number in range(count)}


def judge_refusal(message: str) -> Certification:
    """Return what a message of Lean's amounts to: that the graphs differ, or nothing about them."""
    return _refused(message) if _MISMATCH in message.lower() else _not_compared(message)


def judge_certificate(
    graph: DGraph, module: Name, compiled: Environment, collector: AxiomCollector, vocabulary: Vocabulary
) -> Certification:
    """Return what the compiled theorem itself says, whatever was or was not reported about it."""
    name = certificate_name(graph)
    theorem = compiled.constant(name)
    if theorem is None or compiled.module_of(name) != module or theorem.kind != "theorem":
        return _refused(f"{module} was compiled, and has no theorem {name}")
    if not states_extraction(theorem.type, graph, compiled):
        return _not_compared(f"{name} does not say that {graph.lean_name} is what was extracted")
    if strangers := vocabulary.strangers(extracted_name(graph)):
        return Certification(
            outcome="refused",
            detail=not_the_tools(strangers),
            code=Code.OWN_VOCABULARY,
        )
    foundation = collector.collect(name)
    if foundation.fault is not None:
        return _refused(f"{name} rests on {foundation.path[-1]}: {foundation.fault.reason}")
    return Certification(outcome="certified", module=module, theorem=name)


def states_extraction(statement: Expr, graph: DGraph, declarations: Declarations) -> bool:
    """Whether a type is: for all arguments of the declaration, its graph is the extracted one at them.

    The theorem's arguments must be the declaration's, all of them and in order, which fixes their types; so
    there can be no other hypothesis, and no argument is a special one.
    """
    declared = declarations.constant(graph.lean_name)
    if declared is None:
        return False
    arguments: list[Name] = []
    type_ = declared.type
    while isinstance(type_ := bare(type_), Pi) and isinstance(statement := bare(statement), Pi):
        arguments.append(type_.name)
        type_, statement = type_.body, statement.body
    equation, sides = spine(statement)
    if isinstance(type_, Pi) or not isinstance(equation, Const) or (equation.name, len(sides)) != ("Eq", 3):
        return False
    _, left, right = sides
    if is_dgraph(type_, graph.lean_name):
        projection, given = spine(left)
        if not isinstance(projection, Const) or projection.name != f"{DGRAPH}.g" or len(given) != 5:
            return False
        left = given[-1]
    named = graph.arguments
    if any(arguments.count(name) != 1 for name in named):
        return False
    last = len(arguments) - 1
    return _applies(left, graph.lean_name, range(last, -1, -1)) and _applies(
        right, extracted_name(graph), [last - arguments.index(name) for name in named], skip=2
    )


def _applies(expr: Expr, name: Name, variables: Sequence[int], *, skip: int = 0) -> bool:
    """Whether a term is a constant applied to bound variables, after ``skip`` arguments of any kind."""
    head, arguments = spine(expr)
    given = [argument.index for argument in map(bare, arguments[skip:]) if isinstance(argument, BVar)]
    return (
        isinstance(head, Const)
        and head.name == name
        and len(arguments) == skip + len(given)
        and given == list(variables)
    )


def _refused(text: str) -> Certification:
    return Certification(outcome="refused", detail=shortened(text))


def _not_compared(text: str) -> Certification:
    return Certification(
        outcome="not run",
        detail=shortened(NOT_COMPARED + text),
    )
