"""Only one statement certifies a graph: the declared one at all its arguments is the extracted one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from lean_bridge.audit.axioms import AxiomCollector
from lean_bridge.audit.structural import StructuralHashes
from lean_bridge.audit.vocabulary import Vocabulary
from lean_bridge.codes import Code
from lean_bridge.crosscheck import certify_numbers
from lean_bridge.crosscheck.certify import judge_certificate, judge_refusal, states_extraction
from lean_bridge.olean.environment import Environment
from lean_bridge.olean.expr import BVar, Expr, MData
from pybind_models import Certification, DGraph, FieldEvidence, FieldPoint
from tests.lean_terms import PROP, Table, app, const, definition, pi
from tests.olean_writer import OleanWriter

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


def test_hypotheses_may_share_a_name() -> None:
    """Arguments are told apart by their places; only those that the graph is made of need their names."""
    names = ("R", "inst", "n", "h", "c", "W", "m", "h")
    arguments = [BVar(7 - at) for at in range(8)]
    right = app(const(EXTRACTED), BVar(7), SCALARS, *(BVar(7 - at) for at in (2, 6, 4, 5)))
    type_ = pi(*names, body=app(const("Proofs.Autograd.Graph"), BVar(7)))
    declared = Table([definition("A.graph", PROP, type_)])

    def said(*given: Expr) -> Expr:
        return pi(*"abcdefgh", body=equation(app(const("A.graph"), *given), right))

    assert states_extraction(said(*arguments), GRAPH, declared)
    swapped = [*arguments[:3], arguments[7], *arguments[4:7], arguments[3]]
    assert not states_extraction(said(*swapped), GRAPH, declared)


def test_what_cannot_be_told_apart_is_refused() -> None:
    assert not states(GOOD, names=("R", "inst", "n", "n", "c", "W", "m"))
    assert not states(GOOD, names=("R", "inst", "n", "h", "c", "W", "k"))
    assert not states_extraction(GOOD, GRAPH, Table([]))


def test_a_certified_graph_is_taken_out_of_its_structure() -> None:
    assert not states(GOOD, result="DGraph")
    wrong = app(const("Proofs.Autograd.DGraph.h"), *at("R", "inst"), const("Γ"), const("ss"), DECLARED)
    assert not states(pi(*NAMES, body=equation(wrong, RIGHT)), result="DGraph")


PLAIN = GRAPH.replaced(dims=(), scalars=(), maps=())
THEOREM = "LeanBridge.Certified.A.graph.declared_eq_extracted"


def judged(
    directory: Path,
    *,
    theorem: str = THEOREM,
    kind: str = "theorem",
    of: str = "A.graph",
    proof: str = "rfl",
    made_of: str | None = None,
) -> Certification:
    """Return the judgement on a compiled module with a theorem about ``PLAIN``."""
    writer = OleanWriter(word=8)

    def named(text: str) -> int:
        return writer.name(*text.split("."))

    def applied(name: str, *arguments: int) -> int:
        term = writer.expr(4, [named(name), 1])
        for argument in arguments:
            term = writer.expr(5, [term, argument])
        return term

    prop, x, graph = writer.expr(3, [1]), applied("x"), applied("Proofs.Autograd.Graph")
    written = [
        (named(name), writer.declaration("definition", named(name), graph if name[0] == "A" else prop, prop))
        for name in ("Eq", "x", "rfl", "Proofs.Autograd.Graph", "A.graph", "A.other", "Op.own")
    ]
    body = prop if made_of is None else applied(made_of)
    written.append((named(EXTRACTED), writer.declaration("definition", named(EXTRACTED), prop, body)))
    written.append((named("sorryAx"), writer.axiom(named("sorryAx"), prop)))
    statement = applied("Eq", graph, applied(of), applied(EXTRACTED, x, x))
    written.append((named(theorem), writer.declaration(kind, named(theorem), statement, applied(proof))))
    writer.file(directory / "Made.olean", written)
    compiled = Environment([directory])
    compiled.load("Made")
    vocabulary = Vocabulary(StructuralHashes(compiled), {})
    return judge_certificate(PLAIN, "Made", compiled, AxiomCollector(compiled), vocabulary)


def test_a_graph_made_of_own_words_is_refused(tmp_path: Path) -> None:
    judgement = judged(tmp_path, made_of="Op.own")
    assert (judgement.outcome, judgement.code) == ("refused", Code.OWN_VOCABULARY)
    assert "Op.own is not the tool's" in (judgement.detail or "")


def test_what_was_compiled_is_judged(tmp_path: Path) -> None:
    assert judged(tmp_path) == Certification(outcome="certified", module="Made", theorem=THEOREM)


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"theorem": "LeanBridge.Certified.A.graph.another"}, "has no theorem"),
        ({"kind": "definition"}, "has no theorem"),
        ({"kind": "axiom"}, "has no theorem"),
        ({"proof": "sorryAx"}, "rests on sorryAx: sorry"),
    ],
)
def test_what_was_not_proved_is_refused(tmp_path: Path, changes: dict[str, str], detail: str) -> None:
    judgement = judged(tmp_path, **changes)
    assert judgement.outcome == "refused"
    assert detail in (judgement.detail or "")


def test_another_statement_than_the_one_that_was_asked_says_nothing(tmp_path: Path) -> None:
    judgement = judged(tmp_path, of="A.other")
    assert judgement.outcome == "not run"
    assert "does not say that A.graph is what was extracted" in (judgement.detail or "")


def test_only_what_lean_says_of_the_graph_counts_against_it() -> None:
    differs = "Type mismatch\n  rfl\nhas type\n  ?m.13 = ?m.13"
    assert judge_refusal(differs).outcome == "refused"
    assert judge_refusal(f"Application {differs.lower()}").outcome == "refused"
    other = "Tactic `decide` proved that the proposition is false"
    assert certify_numbers.judge_refusal(other).outcome == "refused"
    for message in ("unexpected identifier; expected command", "(deterministic) timeout at `whnf`"):
        for judgement in (judge_refusal(message), certify_numbers.judge_refusal(message)):
            assert judgement.outcome == "not run"
            assert judgement.detail is not None
            assert "says nothing about the graph" in judgement.detail
            assert message in judgement.detail


def evidence(outcome: str) -> FieldEvidence:
    return FieldEvidence.model_validate({"outcome": outcome, "prime": 7, "detail": outcome})


def test_one_point_is_not_a_graph_and_a_refused_one_outweighs_all_others() -> None:
    point = FieldPoint(dims={}, module="M", theorems=("a",))
    refused, unread = evidence("refused"), evidence("not run")
    several: list[list[FieldEvidence | FieldPoint]] = [
        [point, unread, refused],
        [refused, point],
        [unread, refused],
    ]
    for found in several:
        assert certify_numbers.judge_points(GRAPH, found) is refused
    assert certify_numbers.judge_points(GRAPH, [point, unread]) is unread
