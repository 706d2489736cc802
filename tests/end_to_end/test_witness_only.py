"""Theorems whose hypotheses leave nothing but what is 0, empty, none or false, beside their good twins."""

from __future__ import annotations

import pytest

from lean_bridge.project import Project
from pybind_models import VerifyReport
from tests.small_library import row, write_small

pytestmark = [pytest.mark.lean, pytest.mark.full, pytest.mark.usefixtures("embedded")]

SOURCE = """\
module

public import Init

@[expose] public section

namespace Small

def sumTo : Nat → (Nat → Nat) → Nat
  | 0, _ => 0
  | n + 1, f => sumTo n f + f n
structure Config where
  vocab : Nat
  width : Nat
  heads : Nat
  depth : Nat
  pad : Nat
structure Layers where
  vocab : Nat
  width : Nat
  heads : Nat
  sizes : List Nat
structure Outer where
  name : String
  config : Config
structure Law where
  vocab : Nat
  width : Nat
  heads : Nat
  depth : Nat
  fits : width = heads * depth
  pad : Nat
  small : pad < 1
theorem alike {n : Nat} (h : n < 1) (f g : Nat → Nat) : sumTo n f = sumTo n g := by
  have e : n = 0 := by omega
  rw [e]; rfl
theorem zeros (l : List Nat) (h : ∀ x ∈ l, x < 1) : l.sum = 7 * l.sum := by
  induction l with
  | nil => rfl
  | cons x t ih =>
    have := h x (by simp); have := ih fun y m => h y (by simp [m]); simp; omega

theorem ofAFunction (w : Nat → Nat) (f g : Nat → Nat) (h : ∀ i, w i < 1) :
    sumTo (w 2) f = sumTo (w 2) g := alike (h 2) f g
theorem ofAVector (w : Fin 3 → Nat) (f g : Nat → Nat) (h : ∀ i, w i < 1) :
    sumTo (w 2) f = sumTo (w 2) g := alike (h 2) f g
theorem ofATable (w : Nat → Nat → Nat) (f g : Nat → Nat) (h : ∀ i j, w i j < 1) :
    sumTo (w 2 1) f = sumTo (w 2 1) g := alike (h 2 1) f g
theorem ofPairs (w : Nat → Nat × Nat) (f g : Nat → Nat) (h : ∀ i, (w i).1 < 1) :
    sumTo (w 2).1 f = sumTo (w 2).1 g := alike (h 2) f g
theorem ofRows (w : Nat → List Nat) (h : ∀ i, (w i).length < 1) : (w 3).length = 5 * (w 3).length := by
  have := h 3; omega
theorem ofAField (c : Config) (f g : Nat → Nat) (h : c.pad < 1) : sumTo c.pad f = sumTo c.pad g := alike h f g
theorem ofAnEmptyField (c : Layers) (h : c.sizes.length < 1) : c.sizes.length = 5 * c.sizes.length := by omega
theorem ofAnInnerField (c : Outer) (f g : Nat → Nat) (h : c.config.width < 1) :
    sumTo c.config.width f = sumTo c.config.width g := alike h f g
theorem ofALaw (c : Law) (f g : Nat → Nat) (h : c = c) : sumTo c.pad f = sumTo c.pad g := alike c.small f g
theorem ofAZeroOption (c : Option Nat) (f g : Nat → Nat) (h : ∀ x, c = some x → x < 1) :
    sumTo (c.getD 0) f = sumTo (c.getD 0) g := by
  cases c with
  | none => rfl
  | some x => exact alike (h x rfl) f g
theorem ofNoOption (c : Option Nat) (h : ∀ x, c = some x → x < x) : c.isSome = false := by
  cases c with
  | none => rfl
  | some x => exact absurd (h x rfl) (by omega)
theorem ofAShortOption (c : Option Nat) (h : c.toList.length < 1) : c.isSome = false := by
  cases c <;> simp_all
theorem ofWhatAnOptionHas (c : Option Nat) (h : ∀ x ∈ c, x < 1) : c.getD 0 = 7 * c.getD 0 := by
  cases c with
  | none => rfl
  | some x => have := h x rfl; simp; omega
theorem ofMembers (l : List Nat) (h : ∀ x ∈ l, x < 1) : l.sum = 7 * l.sum := zeros l h
theorem ofIndices (l : List Nat) (h : ∀ (i : Nat) x, l[i]? = some x → x < 1) : l.sum = 7 * l.sum :=
  zeros l fun x m => by obtain ⟨i, b⟩ := List.mem_iff_getElem?.mp m; exact h i x b
theorem ofWhatIsAtIndices (l : List Nat) (h : ∀ x (i : Nat), l[i]? = some x → x < 1) : l.sum = 7 * l.sum :=
  zeros l fun x m => by obtain ⟨i, b⟩ := List.mem_iff_getElem?.mp m; exact h x i b
theorem ofPlaces (l : List Nat) (h : ∀ (i : Nat) (b : i < l.length), l[i] < 1) : l.sum = 7 * l.sum :=
  zeros l fun x m => by obtain ⟨i, b, e⟩ := List.mem_iff_getElem.mp m; exact e ▸ h i b
theorem ofAnArray (a : Array Nat) (h : ∀ x ∈ a, x < 1) : a.toList.sum = 7 * a.toList.sum :=
  zeros _ fun x m => h x (Array.mem_toList_iff.mp m)
theorem ofAMask (m : Fin 3 → Bool) (h : ∀ i, (m i).toNat < 1) : m 1 = m 2 := by
  have a := h 1; have b := h 2
  cases e : m 1 <;> cases k : m 2 <;> simp_all
theorem ofBits (m : List Bool) (h : ∀ b ∈ m, b.toNat < 1) :
    (m.map Bool.toNat).sum = 7 * (m.map Bool.toNat).sum :=
  zeros _ fun x e => by obtain ⟨b, k, rfl⟩ := List.mem_map.mp e; exact h b k
theorem ofAPredicate (S : Nat → Prop) (h : ∀ x, S x → x < x) : S = fun _ => False :=
  funext fun x => propext ⟨fun e => absurd (h x e) (by omega), False.elim⟩

theorem ofAnIdleCondition (w : Nat → Nat) (h : ∀ i, 0 ≤ i → w i < 1) : w 3 = 5 * w 3 := by
  have := h 3 (by omega); omega
theorem ofAnIdleSum (w : Nat → Nat) (h : ∀ i, w (i + 0) < 1) : w 3 = 5 * w 3 := by
  have := h 3; simp at this; omega

theorem ofASmallFunction (w : Nat → Nat) (h : ∀ i, w i < 2) : w 2 ≤ 1 := by have := h 2; omega
theorem ofASmallVector (w : Fin 3 → Nat) (h : ∀ i, w i < 2) : w 2 ≤ 1 := by have := h 2; omega
theorem ofOneValue (w : Nat → Nat) (h : w 1 < 1) : w 1 * 2 < 1 := by omega
theorem ofHalf (w : Nat → Nat) (h : ∀ i, w i * 2 ≤ i) : w 2 ≤ 1 := by have := h 2; omega
theorem ofFarValues (w : Nat → Nat) (h : ∀ i, i < 9 → w i < 1) : w 2 < 1 := h 2 (by omega)
theorem ofRising (w : Fin 3 → Nat) (h : ∀ i j, i < j → w i < w j) : w 0 < w 2 := h 0 2 (by decide)
theorem ofASmallField (c : Config) (h : c.pad < 2) : c.pad ≤ 1 := by omega
theorem ofFields (c : Config) (h : c.width = c.heads * c.depth) (k : c.pad < c.width) :
    c.pad < c.heads * c.depth := h ▸ k
theorem ofSomeLayers (c : Layers) (h : c.sizes.length < 2) (k : c.width = c.heads * 7) :
    c.sizes.length ≤ 1 := by omega
theorem ofAnOption (c : Option Nat) (h : ∀ x, c = some x → 1 < x) : ∀ x, c = some x → 0 < x := fun x e => by
  have := h x e; omega
theorem ofSmallMembers (l : List Nat) (h : ∀ x ∈ l, x < 2) : ∀ x ∈ l, x ≤ 1 := fun x m => by
  have := h x m; omega
theorem ofAHead (l : List Nat) (h : ∀ x, l.head? = some x → x < 1) : l.head?.getD 0 = 0 := by
  cases l with
  | nil => rfl
  | cons x _ => have := h x rfl; simp; omega
theorem ofSomeMask (m : Fin 3 → Bool) (h : m 0 = !m 1) : m 1 = !m 0 := by simp [h]
theorem ofASwitch (b : Bool) (h : b.toNat < 1) : b.toNat * 2 < 1 := by omega
theorem ofSomePredicate (S : Nat → Prop) (h : ∀ x, S x → x < 3) : ∀ x, S x → x < 4 := fun x e => by
  have := h x e; omega
theorem sayingZero (w : Nat → Nat) (h : ∀ i, w i = 0) : w 2 = 0 := h 2
theorem sayingZeroOnACondition (w : Nat → Nat) (h : ∀ i, 0 ≤ i → w i = 0) : w 2 = 0 := h 2 (by omega)
theorem sayingTheField (c : Config) (h : c.pad = 0) : c.pad + 2 = 2 := by omega
theorem sayingNone (c : Option Nat) (h : c = none) : c.isSome = false := by simp [h]
theorem sayingItIsNone (c : Option Nat) (h : c.isNone) : c.isSome = false := by cases c <;> simp_all
theorem sayingItIsNotSome (c : Option Nat) (h : ¬ c.isSome) : c = none := by cases c <;> simp_all
theorem sayingItIsNoSome (c : Option Nat) (h : ∀ x, c ≠ some x) : c = none := by
  cases c with
  | none => rfl
  | some x => exact absurd rfl (h x)
theorem sayingIsSomeIsFalse (c : Option Nat) (h : c.isSome = false) : c = none := by cases c <;> simp_all
theorem sayingNoCons (l : List Nat) (h : ∀ a t, l ≠ a :: t) : l = [] := by
  cases l with
  | nil => rfl
  | cons a t => exact absurd rfl (h a t)
theorem sayingFalse (m : Fin 3 → Bool) (h : ∀ i, m i = false) : m 1 = m 2 := by rw [h, h]
theorem sayingNotSo (m : Fin 3 → Bool) (h : ∀ i, ¬ m i) : m 1 = m 2 := by
  have := h 1; have := h 2; simp_all
theorem sayingNotTrue (m : Fin 3 → Bool) (h : ∀ i, m i ≠ true) : m 1 = m 2 := by
  have := h 1; have := h 2; simp_all
theorem sayingTheOpposite (m : Fin 3 → Bool) (h : ∀ i, !m i) : m 1 = m 2 := by
  have := h 1; have := h 2; simp_all
theorem sayingOfNone (S : Nat → Prop) (h : ∀ x, ¬ S x) : ¬ S 2 := h 2

end Small
"""
NUMBER = "only {} that has a number in it that is 0 was found"
NONE = "only c that is none was found"
REFUSED = {
    "ofAFunction": "only w that gives 0 alone was found",
    "ofAVector": "only w that gives 0 alone was found",
    "ofATable": "only w that gives 0 alone was found",
    "ofPairs": NUMBER.format("w"),
    "ofRows": "only w that gives what is empty alone was found",
    "ofAField": NUMBER.format("c"),
    "ofAnEmptyField": "only c that has a list in it that is empty was found",
    "ofAnInnerField": NUMBER.format("c"),
    "ofALaw": NUMBER.format("c"),
    "ofAZeroOption": NONE,
    "ofNoOption": NONE,
    "ofAShortOption": NONE,
    "ofWhatAnOptionHas": NONE,
    "ofMembers": "",
    "ofIndices": "",
    "ofWhatIsAtIndices": "",
    "ofPlaces": "",
    "ofAnArray": "",
    "ofAMask": "only m that is false everywhere was found",
    "ofBits": "only m that has false alone in it was found",
    "ofAPredicate": "only S that is false everywhere was found",
    "ofAnIdleCondition": "only w that gives 0 alone was found",
    "ofAnIdleSum": "only w that gives 0 alone was found",
}
"""Why each is refused; what is said of lists depends on what is found first, none or a list of 0."""

MET = (
    "ofASmallFunction", "ofASmallVector", "ofOneValue", "ofHalf", "ofFarValues", "ofRising", "ofASmallField",
    "ofFields", "ofSomeLayers", "ofAnOption", "ofSmallMembers", "ofAHead", "ofSomeMask", "ofASwitch",
    "ofSomePredicate", "sayingZero", "sayingZeroOnACondition",
    "sayingTheField", "sayingNone", "sayingItIsNone", "sayingItIsNotSome",
    "sayingItIsNoSome", "sayingIsSomeIsFalse", "sayingNoCons", "sayingFalse", "sayingNotSo", "sayingNotTrue",
    "sayingTheOpposite", "sayingOfNone",
)  # fmt: skip


@pytest.fixture(scope="module", name="report")
def _report(tmp_path_factory: pytest.TempPathFactory) -> VerifyReport:
    root = tmp_path_factory.mktemp("small")
    write_small(root, SOURCE, (*REFUSED, *MET))
    return Project(root).verify(unpinned=True)


@pytest.mark.parametrize("name", MET)
def test_what_has_something_or_says_that_it_has_not_is_met(report: VerifyReport, name: str) -> None:
    found = row(report, name)
    assert (found.status, found.witnessed, found.reason) == ("proved", True, None)


@pytest.mark.parametrize("name", REFUSED)
def test_what_leaves_nothing_in_silence_is_no_verdict(report: VerifyReport, name: str) -> None:
    found = row(report, name)
    assert (found.status, found.code, found.witnessed) == ("no verdict", "LB215", False)
    assert (found.reason or "").startswith(REFUSED[name])
