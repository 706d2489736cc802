"""A library whose compiled files and manifest are forged is not accepted as something else."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from lean_bridge.audit.structural import StructuralHashes
from lean_bridge.olean.expr import Lit
from lean_bridge.toolchain.provider import Provider
from tests.fuzz.forge import FORGERIES
from tests.fuzz.forgery import Forgery
from tests.fuzz.terms import nodes_of, rebuilt
from tests.fuzz.verdicts import Case, Library

pytestmark = pytest.mark.lean


@pytest.fixture(name="library", scope="module")
def _library(embedded: Provider, tmp_path_factory: pytest.TempPathFactory) -> Library:
    return Library.of_theorems(embedded, tmp_path_factory.mktemp("forged") / "library")


@pytest.fixture(name="case")
def _case(library: Library, tmp_path: Path) -> Case:
    return Case([library], tmp_path / "case", seed=20261127)


def test_what_is_written_again_unchanged_is_accepted(library: Library, case: Case) -> None:
    """Otherwise a refusal would say nothing of a forgery."""
    assert case.rewritten(library) == "accepted"


@pytest.mark.full
def test_a_graph_that_is_written_again_unchanged_is_accepted(
    case: Case, embedded: Provider, tmp_path: Path
) -> None:
    assert case.rewritten(Library.of_a_graph(embedded, tmp_path / "graph")) == "accepted"


def test_no_forgery_is_accepted_as_something_else(case: Case, full: bool) -> None:
    """What is accepted is held against its content by the case itself."""
    kinds = [*FORGERIES]
    outcomes = {kind: case.of_kind(kind) for kind in (kinds if full else (*kinds[1::2], "nothing"))}
    assert outcomes["nothing"] == "accepted"
    assert "LB999" not in outcomes.values()
    assert len(set(outcomes.values())) > (8 if full else 5), outcomes
    assert sum(outcome == "accepted" for outcome in outcomes.values()) < len(outcomes) / 2, outcomes


def test_damaged_bytes_are_not_accepted_as_something_else(case: Case) -> None:
    outcomes = {case.finish(case.begin(), is_damaged=True, in_full=False) for _ in range(8)}
    assert "LB904" in outcomes


def with_limit(forgery: Forgery, value: int) -> Forgery:
    """Change the number below which numbers are small, which no proof notices."""
    body = forgery.constant("Small.limit").value
    assert body is not None
    fives = [node for node in nodes_of(body) if isinstance(node, Lit) and node.value == 5]
    assert fives
    forgery.change("Small.limit", value=rebuilt(body, {id(node): Lit(value) for node in fives}))
    forgery.done.append("limit")
    return forgery


@pytest.mark.full
def test_no_forgery_of_many_is_accepted_as_something_else(case: Case) -> None:
    outcomes = Counter(case() for _ in range(500))
    assert "LB999" not in outcomes
    assert len(outcomes) > 8, outcomes


def test_a_changed_definition_is_refused_by_the_pins(case: Case) -> None:
    assert case.finish(with_limit(case.begin(), 6)) == "LB211"


def test_a_false_acceptance_is_noticed(
    embedded: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pins that look at no term are a fault of ours, which every other link lets pass."""
    monkeypatch.setattr(StructuralHashes, "_term", lambda *_: b"")
    library = Library.of_theorems(embedded, tmp_path / "library")
    case = Case([library], tmp_path / "case", seed=0)
    with pytest.raises(AssertionError, match=r"accepted: ; Small\.\w+ says something else"):
        case.finish(with_limit(case.begin(), 6))
