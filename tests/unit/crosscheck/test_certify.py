"""Only one statement certifies a graph: the declared one at all its arguments is the extracted one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from lean_bridge.crosscheck.certify import states_extraction
from lean_bridge.olean.expr import BVar, Expr, MData
from pybind_models import DGraph
from tests.lean_terms import PROP, Table, app, const, definition, pi

NAMES = ("R", "inst", "n", "h", "c", "W", "m")
GRAPH = DGraph(lean_name="A.graph", dims=("n", "m"), scalars=("c",), maps=("W",), context=(), nodes=())
EXTRACTED = "LeanBridge.Certified.A.graph.extracted"


def at(*names: str, among: Sequence[str] = NAMES) -> list[Expr]:
    """Return bound variables."""
    return [BVar(len(among) - 1 - list(among).index(name)) for name in names]


DECLARED = app(const("A.graph"), *at(*NAMES))
SCALARS = app(const("toScalarOps"), *at("R", "inst"))


def extracted(*names: str, head: str = EXTRACTED, instance: Expr = SCALARS) -> Expr:
    return app(const(head), *at("R"), instance, *at(*names))


def equation(left: Expr, right: Expr, *, relation: str = "Eq") -> Expr:
    return app(const(relation), const("T"), left, right)


def states(statement: Expr, *, result: str = "Graph", names: Sequence[str] = NAMES) -> bool:
    type_ = pi(*names, body=app(const(f"Proofs.Autograd.{result}"), BVar(6)))
    return states_extraction(statement, GRAPH, Table([definition("A.graph", PROP, type_)]))


RIGHT = extracted("n", "m", "c", "W")
GOOD = pi(*NAMES, body=equation(DECLARED, RIGHT))
PROJECTED = app(const("Proofs.Autograd.DGraph.g"), *at("R", "inst"), const("Γ"), const("ss"), DECLARED)


def test_the_statement_is_recognised() -> None:
    assert states(GOOD)
    assert states(pi(*NAMES, body=MData(equation(MData(DECLARED), RIGHT))))
    assert states(pi("x", *NAMES[1:], body=equation(DECLARED, RIGHT)))  # its own names do not matter
    assert states(pi(*NAMES, body=equation(PROJECTED, RIGHT)), result="DGraph")


@pytest.mark.parametrize(
    "body",
    [
        const("True"),
        equation(DECLARED, RIGHT, relation="HEq"),
        app(const("Eq"), DECLARED, RIGHT),
        equation(RIGHT, DECLARED),
        equation(DECLARED, DECLARED),
        equation(RIGHT, RIGHT),
        equation(app(const("A.other"), *at(*NAMES)), RIGHT),
        equation(app(const("A.graph"), *at("R", "inst", "n", "h", "c", "W", "n")), RIGHT),
        equation(app(const("A.graph"), *at(*NAMES[:-1]), const("three")), RIGHT),
        equation(app(const("A.graph"), *at(*NAMES[:-1])), RIGHT),
        equation(PROJECTED, RIGHT),
        equation(DECLARED, extracted("m", "n", "c", "W")),
        equation(DECLARED, extracted("n", "m", "c")),
        equation(DECLARED, extracted("n", "m", "c", "W", "W")),
        equation(DECLARED, extracted("n", "m", "c", "W", head="LeanBridge.Certified.A.other.extracted")),
        equation(DECLARED, app(RIGHT, const("more"))),
    ],
)
def test_other_statements_are_refused(body: Expr) -> None:
    assert not states(pi(*NAMES, body=body))


def test_every_argument_must_be_universal_and_there_are_no_hypotheses() -> None:
    assert not states(pi(*NAMES, "hypothesis", body=equation(DECLARED, RIGHT)))
    assert not states(pi("hypothesis", *NAMES, body=equation(DECLARED, RIGHT)))
    fewer = NAMES[:-1]
    left = app(const("A.graph"), *at(*fewer, among=fewer), const("three"))
    right = app(
        const(EXTRACTED), *at("R", "inst", "n", among=fewer), const("three"), *at("c", "W", among=fewer)
    )
    assert not states(pi(*fewer, body=equation(left, right)))


def test_what_cannot_be_told_apart_is_refused() -> None:
    assert not states(GOOD, names=("R", "inst", "n", "n", "c", "W", "m"))
    assert not states(GOOD, names=("R", "inst", "n", "h", "c", "W", "k"))
    assert not states_extraction(GOOD, GRAPH, Table([]))


def test_a_certified_graph_is_taken_out_of_its_structure() -> None:
    assert not states(GOOD, result="DGraph")
    wrong = app(const("Proofs.Autograd.DGraph.h"), *at("R", "inst"), const("Γ"), const("ss"), DECLARED)
    assert not states(pi(*NAMES, body=equation(wrong, RIGHT)), result="DGraph")
