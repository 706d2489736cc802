"""Which theorems of a small library are about something: what is met, what is not, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lean_bridge.events import Spent, StageAdvanced
from lean_bridge.project import Project
from pybind_models import VerifyReport
from tests.small_library import row, write_small

pytestmark = [pytest.mark.lean, pytest.mark.usefixtures("embedded")]

SOURCE = """\
module

public import Init

@[expose] public section

namespace Small

universe u

class Pointed (α : Type u) where
  point : α
  same : ∀ a : α, a = point

structure Pair (α : Type u) where
  first : α
  second : α

instance one : Pointed Unit := ⟨(), fun _ => rfl⟩

def Behind (n : Nat) : Prop := n = n + 1 → n = 0

def Cases : Nat → Prop
  | 0 => 1 = 1
  | n + 1 => n = n + 1 → 1 = 2

theorem plain (a b : Nat) : a + b = b + a := Nat.add_comm a b
theorem any {α : Type u} {p : α → Prop} (a : α) (h : p a) : ∃ a, p a := ⟨a, h⟩
theorem ordered (a b : Nat) (h : a < b) : a ≤ b := Nat.le_of_lt h
theorem falling (a b : Nat) (h : b < a) : a ≠ b := fun e => absurd (e ▸ h) (Nat.lt_irrefl b)
theorem different (a : Int) (h : ¬a = 0) : a ≠ 0 := h
theorem pairs {α : Type u} (p : Pair α) : p = ⟨p.first, p.second⟩ := rfl
theorem pointed {α : Type u} [Pointed α] (a b : α) : a = b := (Pointed.same a).trans (Pointed.same b).symm
theorem finite {n : Nat} (i : Fin n) (f : Fin n → Nat) : f i = f i + 0 := rfl
theorem listed (l : List Nat) (h : l ≠ []) : 0 < l.length := List.length_pos_iff.mpr h
theorem chained (x : Option Nat) (f : Nat → Option Nat) (y : Nat) (h : x.bind f = some y) : x.isSome := by
  cases x <;> simp_all
theorem refuted (a b : Nat) (h : a < b) : ¬b ≤ a := Nat.not_le.mpr h
theorem behind (n : Nat) : Behind n := fun h => by omega
theorem cases : (n : Nat) → Cases n
  | 0 => rfl
  | _ + 1 => fun h => by omega
theorem opened (a : Nat) (h : a = a + 1) (b : Nat) (k : b < 5) : a = b := by omega
theorem halfOpened (a : Nat) (h : a = a + 1) (b : Nat) (k : b < b) : a = b := by omega
theorem unnamed (a : Nat) (_ : a = a + 1) : a = 7 := by omega
theorem numbered (a : Nat) (_ : a = a + 1) (_ : a + 1 = a + 1) : a = 7 := by omega
theorem several (a : Nat) (_ : a = a + 1) (_ : a + 1 = a + 1) : a = 7 := by omega
class Empty (α : Type) where
  no : α → False
  a : α
theorem classOpen {α : Type} [Empty α] (a b : α) : a = b := (Empty.no a).elim
theorem nought (n : Nat) (h : n = 0) : n + n = 0 := by omega
theorem failsLast (n : Nat) (k : 0 < n) (h : n * 2 = 1) : False := by omega
theorem failsFirst (n : Nat) (h : n * 2 = 1) (k : 0 < n) : False := by omega
inductive Tree (α : Type) | leaf | node (l : Tree α) (x : α) (r : Tree α)
def Tree.size {α} : Tree α → Nat | .leaf => 0 | .node l _ r => l.size + 1 + r.size
def Tree.mem {α} (a : α) : Tree α → Prop | .leaf => False | .node l x r => l.mem a ∨ a = x ∨ r.mem a
theorem recursive {α : Type} (t : Tree α) (a : α) (h : t.mem a) : 0 < t.size := by
  cases t with
  | leaf => exact absurd h id
  | node l x r => simp [Tree.size]; omega
theorem decided (p : Prop) [Decidable p] (h : p) : decide p = true := decide_eq_true h

end Small
"""
WHY = "it is to be shown elsewhere"
OPEN = {
    "opened": "h",
    "halfOpened": "h",
    "unnamed": "a hypothesis Eq",
    "numbered": "2",
    "several": "a hypothesis Eq",
    "classOpen": "[Small.Empty]",
}
ASKED = ("behind", "cases", "nought", "failsLast", "failsFirst", "decided", "recursive")
MET = (
    "plain", "any", "ordered", "falling", "different", "pairs", "pointed", "finite", "listed", "chained",
    "refuted",
)  # fmt: skip


def lay_out(root: Path) -> None:
    more = {name: f'open = {{ "{binder}" = "{WHY}" }}\n' for name, binder in OPEN.items()}
    write_small(root, SOURCE, (*MET, *ASKED, *OPEN), more)


@pytest.fixture(scope="module", name="judged")
def _judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[VerifyReport, list[object]]:
    """What is found, and what was said meanwhile."""
    root, said = tmp_path_factory.mktemp("small"), list[object]()
    lay_out(root)
    return Project(root).verify(unpinned=True, fresh=True, observe=said.append), said


@pytest.fixture(name="report")
def _report(judged: tuple[VerifyReport, list[object]]) -> VerifyReport:
    return judged[0]


@pytest.mark.parametrize("name", MET)
def test_what_can_be_met_is_met(report: VerifyReport, name: str) -> None:
    found = row(report, name)
    assert (found.status, found.witnessed, found.reason) == ("proved", True, None)


def test_what_is_read_is_said_and_how_long_it_took(judged: tuple[VerifyReport, list[object]]) -> None:
    _, said = judged
    spent = [each.name if isinstance(each, Spent) else "" for each in said]
    assert said.index(StageAdvanced("reading what meets Small.ordered")) < spent.index("read witnesses")


def test_nobody_is_asked_where_it_can_be_seen(report: VerifyReport) -> None:
    for name, is_asked in (("plain", False), ("any", False), ("ordered", True), ("pointed", True)):
        witness = row(report, name).witness
        assert witness is not None
        assert (witness.theorem is not None) == is_asked


def test_what_it_was_met_by_is_said(report: VerifyReport) -> None:
    witness = row(report, "pointed").witness
    assert witness is not None
    assert "Small.one" in witness.model
    assert "α := Unit" in witness.instantiated


def test_hypotheses_behind_a_definition_have_to_be_met(report: VerifyReport) -> None:
    found = row(report, "behind")
    assert (found.status, found.code, found.witnessed) == ("no verdict", "LB215", False)
    assert found.reason == (
        'nothing was found to meet a hypothesis Eq; in the catalogue, model = "NAME" names a declaration '
        'that does, and open = { "a hypothesis Eq" = "why" } says that nobody does yet'
    )
    assert report.verdict == "no verdict"


def test_so_have_those_that_only_a_number_brings_forth(report: VerifyReport) -> None:
    found = row(report, "cases")
    assert (found.status, found.code, found.witnessed) == ("no verdict", "LB215", False)
    assert found.reason == (
        "it takes a hypothesis Eq besides, at least for some values, and nothing was found to meet that; in "
        'the catalogue, model = "NAME" names a declaration that does'
    )


def test_an_open_hypothesis_is_shown_and_no_other_is_let_pass(report: VerifyReport) -> None:
    found = row(report, "opened")
    assert (found.status, found.witnessed) == ("proved", False)
    assert found.witness is not None
    assert found.witness.open == {"h": "it is to be shown elsewhere"}
    other = row(report, "halfOpened")
    assert other.code == "LB215"
    assert (other.reason or "").startswith("nothing was found to meet k; ")


def test_what_has_no_name_is_open_as_it_is_shown_or_by_its_number(report: VerifyReport) -> None:
    for name, called in (("unnamed", "a hypothesis Eq"), ("numbered", "2"), ("classOpen", "[Small.Empty]")):
        found = row(report, name)
        assert (found.status, found.witnessed, found.code) == ("proved", False, None)
        assert found.witness is not None
        assert found.witness.open == {called: "it is to be shown elsewhere"}
    several = row(report, "several")
    assert (several.code, several.reason) == (
        "LB215",
        "the catalogue calls a hypothesis Eq open, and the theorem takes several of these, to be told by "
        "their numbers: 1: a, 2: a hypothesis Eq, 3: a hypothesis Eq",
    )


def test_what_nought_alone_meets_is_said_to_be_so(report: VerifyReport) -> None:
    found = row(report, "nought")
    assert (found.status, found.code) == ("no verdict", "LB215")
    assert (found.reason or "").startswith("only n = 0 was found")
    assert 'open = { h = "why" }' in (found.reason or "")


def test_where_false_is_claimed_the_order_of_hypotheses_is_said_to_matter(report: VerifyReport) -> None:
    assert row(report, "failsLast").witnessed is True
    assert "write the one that fails last" in (row(report, "failsFirst").reason or "")


def test_what_is_asked_by_recursion_is_searched_without_a_thread_for_each_try(report: VerifyReport) -> None:
    """Lean may start sixteen, and dies of more."""
    witness = row(report, "recursive").witness
    assert witness is not None
    assert "Lean died" not in (witness.detail or "")


def test_the_instance_that_was_found_is_shown(report: VerifyReport) -> None:
    witness = row(report, "decided").witness
    assert witness is not None
    assert "[Decidable] := instDecidableTrue" in witness.instantiated


def test_what_cannot_be_imported_into_what_is_generated_is_said(tmp_path: Path) -> None:
    (tmp_path / "Mark.lean").write_text(
        "module\n\npublic import Init\n\n@[expose] public section\n\n"
        'def twice (a b : Nat) : Nat := a + b + b\ninfixl:65 " ⊹ " => twice\n'
        "theorem more (a b : Nat) (h : 1 < a) : 1 < a ⊹ b := by unfold twice; omega\n",
        encoding="utf-8",
    )
    (tmp_path / "lakefile.toml").write_text('name = "Mark"\n\n[[lean_lib]]\nname = "Mark"\n')
    (tmp_path / "lean-toolchain").write_text("leanprover/lean4:v4.28.0\n")
    (tmp_path / "catalogue.toml").write_text(
        '[[declaration]]\nname = "more"\nkind = "theorem"\ngroup = "Mark"\n'
    )
    (found,) = Project(tmp_path).verify(unpinned=True).declarations
    assert (found.status, found.code) == ("no verdict", "LB215")
    reason = found.reason or ""
    assert reason.startswith(
        "what is generated imports the library, and notation, syntax or a macro of another"
    )
    assert "`local`" in reason
