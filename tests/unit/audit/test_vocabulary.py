from __future__ import annotations

from pathlib import Path

import pytest

from lean_bridge.audit.structural import StructuralHashes
from lean_bridge.audit.vocabulary import Vocabulary, collect_vocabulary, not_the_tools, read_vocabulary
from lean_bridge.executor.rules.table import PRIMITIVES
from tests.terms import Declarations, Definition, Term, environment_of

LIBRARY: Declarations = {"Nat": Definition("axiom", ("type",)), "Nat.zero": Definition("axiom", "Nat")}
KNOWN = ("field", "graph", "unused")


def library(bottom: Term = "Nat.zero", extra: Term = "own") -> Declarations:
    """A theorem about ``graph``, which stands on ``field``, and about ``own``."""
    return {
        "field": Definition("definition", "Nat", bottom),
        "graph": Definition("definition", "Nat", ("app", "field", "Nat.zero")),
        "unused": Definition("definition", "Nat", "Nat"),
        "own": Definition("definition", "Nat", "helper"),
        "helper": Definition("definition", "Nat", ("app", "graph", "Nat.zero")),
        "t": Definition("theorem", ("app", "graph", extra), "Nat.zero"),
    }


def vocabulary(directory: Path, now: Declarations) -> Vocabulary:
    """Return the vocabulary of ``KNOWN`` words, as they were, for a library as it is now."""
    was = collect_vocabulary(environment_of(directory / "was", library(), library=LIBRARY))
    known = {name: (was[name],) for name in KNOWN}
    return Vocabulary(StructuralHashes(environment_of(directory / "now", now, library=LIBRARY)), known)


def test_the_words_are_the_tools_down_to_the_last(tmp_path: Path) -> None:
    words = vocabulary(tmp_path, library(extra="Nat.zero")).words("t", is_theorem=True)
    assert (words.known, words.own, words.changed) == (1, (), ())


def test_a_librarys_own_words_are_named_and_followed(tmp_path: Path) -> None:
    words = vocabulary(tmp_path, library()).words("t", is_theorem=True)
    assert (words.known, words.own, words.changed) == (1, ("own", "helper"), ())


def test_another_meaning_is_named_where_it_begins(tmp_path: Path) -> None:
    changed = vocabulary(tmp_path, library(bottom="Nat"))
    assert changed.words("t", is_theorem=True).changed == ("field", "graph")
    assert changed.words("graph", is_theorem=False).changed == ("field", "graph")
    assert not changed.is_word("field")
    assert changed.is_word("unused")


def test_a_definition_is_a_word_itself(tmp_path: Path) -> None:
    words = vocabulary(tmp_path, library())
    assert words.words("graph", is_theorem=False).known == 1
    assert words.words("own", is_theorem=False).own == ("own", "helper")


def test_evidence_may_rest_on_nothing_else(tmp_path: Path) -> None:
    words = vocabulary(tmp_path, library())
    assert words.strangers("t") == ("own",)
    assert words.strangers("t", {"own"}) == ("helper",)
    assert words.strangers("t", {"own", "helper"}) == ()
    assert vocabulary(tmp_path / "2", library(bottom="Nat")).strangers("t", {"own", "helper"}) == ("graph",)


def test_an_earlier_meaning_may_stay_known(tmp_path: Path) -> None:
    now = environment_of(tmp_path, library(), library=LIBRARY)
    hashes = StructuralHashes(now)
    assert Vocabulary(hashes, {"field": ("another", hashes.hash("field"))}).is_word("field")
    assert not Vocabulary(hashes, {"field": ("another",)}).is_word("field")


def test_the_tool_knows_the_words_that_it_speaks_itself() -> None:
    known = read_vocabulary()
    assert {primitive.lean_name for primitive in PRIMITIVES.values()} <= set(known)
    for word in ("GF", "GF.scalarOps", "Graph", "DGraph", "Op", "Node", "ScalarOps", "AnalyticScalar"):
        assert f"Proofs.Autograd.{word}" in known
    for word in ("Graph.eval", "Graph.jvpCtx", "Graph.backpropCtx", "TList.ofWords", "CLM.ofWords"):
        assert f"Proofs.Autograd.{word}" in known
    for word in ("HasFDerivAt", "fderiv", "CLM.adjoint", "Vec.inner", "Graph.backpropVec", "Graph.evalVec"):
        assert f"Proofs.Autograd.{word}" in known


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["A.f"], "A.f is not the tool's"),
        (["a", "b", "c", "d"], "a, b, c and 1 more are not the tool's"),
    ],
)
def test_it_is_said_in_one_line(names: list[str], text: str) -> None:
    assert not_the_tools(names).startswith(text)
