"""Theorems whose binders Lean meets, and that are about nothing even so, beside some about something."""

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

def Vacuous : Prop := False → (1 : Nat) = 2
theorem vacuous : Vacuous := fun h => h.elim

noncomputable def chosen {α : Type} (a : α) : α := Classical.choice ⟨a⟩
def Hide (p : Prop) : Prop := Classical.choose (⟨p, rfl⟩ : ∃ q, q = p)
theorem hide_eq (p : Prop) : Hide p = p := Classical.choose_spec (⟨p, rfl⟩ : ∃ q, q = p)
opaque sealed : {p : Prop // p = Vacuous} := ⟨_, rfl⟩
abbrev Class := Quot fun _ _ : Nat => True
def lifted (p : Prop) (c : Class) : Prop := Quot.lift (fun _ : Nat => p) (fun _ _ _ => rfl) c
theorem lifted_eq (p : Prop) (c : Class) : lifted p c = p := by induction c using Quot.ind; rfl
def turning (p q : Prop) (n : Nat) : Prop :=
  Nat.rec (motive := fun _ => Prop → Prop) (fun r => r) (fun _ earlier _ => earlier q) n p
theorem turning_iff (p q : Prop) (hp : p) (hq : q) (n : Nat) : turning p q n := by
  have all : ∀ n r, r → turning r q n := by
    intro n
    induction n with
    | zero => exact fun _ h => h
    | succ n ih => exact fun _ _ => ih q hq
  exact all n p hp
def descending (n : Nat) : Prop := Nat.rec (motive := fun _ => Prop) (1 = 1) (fun _ earlier => earlier) n

theorem behindAChoice : Hide Vacuous := by rw [hide_eq]; exact vacuous
theorem behindASeal : sealed.val := by rw [sealed.2]; exact vacuous
theorem behindADecision : @ite Prop (Nat = Int) (Classical.propDecidable _) (1 = 1) Vacuous := by
  split
  · rfl
  · exact vacuous
theorem behindAClass : lifted Vacuous (chosen (Quot.mk _ 0)) := by rw [lifted_eq]; exact vacuous
theorem behindRecursion : turning (1 = 1) Vacuous (chosen 0) := turning_iff _ _ rfl vacuous _

theorem decided : @ite Prop (Nat = Int) (Classical.propDecidable _) (1 = 1) (2 = 2) := by split <;> rfl
theorem classified : lifted (1 = 1) (chosen (Quot.mk _ 0)) := by rw [lifted_eq]
theorem recursive : descending (chosen 0) := by
  unfold descending
  induction chosen 0 with
  | zero => rfl
  | succ _ ih => exact ih

structure None where
  size : Nat
  empty : size = 0

structure Two where
  size : Nat
  two : size = 2

inductive Tensor : List Nat → Type where
  | of {shape : List Nat} (f : Fin shape.length → Nat) : Tensor shape

theorem ofAStructure (d : None) (x : Fin d.size → Nat) : (fun i => x i + 5) = x := by
  funext i; exact absurd i.2 (by have := d.empty; omega)
theorem ofASubtype (d : {n : Nat // n = 0}) (x : Fin d.val → Nat) : (fun i => x i + 5) = x := by
  funext i; exact absurd i.2 (by have := d.2; omega)
theorem ofAnIndex (d : Fin 1) (x : Fin d.val → Nat) : (fun i => x i + 5) = x := by
  funext i; exact absurd i.2 (by omega)
theorem ofADifference (n m : Nat) (h : n ≤ m) (x : Fin (n - m) → Nat) : (fun i => x i + 5) = x := by
  funext i; exact absurd i.2 (by omega)
theorem ofNoHypothesis (n : Nat) (x : Fin (n - n) → Nat) : (fun i => x i + 5) = x := by
  funext i; exact absurd i.2 (by omega)
theorem ofAProof (h : ∃ k : Nat, k = 0) (x : Fin h.choose → Nat) : (fun i => x i + 5) = x := by
  funext i; exact absurd i.2 (by have := h.choose_spec; omega)
theorem ofAShape (d : {n : Nat // n = 0}) (x : Tensor [2, d.val]) (h : x = x) : x = x := h
theorem onlyClaimed (d : None) : (fun i : Fin d.size => i.val) = fun i => i.val + 5 := by
  funext i; exact absurd i.2 (by have := d.empty; omega)

theorem ofTwo (d : Two) (x : Fin d.size → Nat) (i : Fin d.size) (h : x i = 2) : x i ≠ 3 := by omega
theorem sayingSo (x y : Fin 0 → Nat) (n : Nat) (h : 1 < n) : x = y := funext fun i => i.elim0
theorem shaped (d : Two) (x : Tensor [2, d.size]) (h : x = x) : x = x := h

def scaled (n : Nat) : Nat := n * 0
def width (n : Nat) : Nat := scaled n
def flagged : Nat → Nat → Nat
  | 0, n => n * 0
  | _, n => n
def levels (n : Nat) : Nat := if n ≤ 1 then 0 else levels (n / 2) + 1
decreasing_by omega
structure Leveled (n : Nat) where
  get : Fin (levels n) → Nat
inductive Never
inductive One : Fin 2 → Type where
  | one : One 1
structure Net where
  size : Nat
  bound : size < 1
  weight : Fin size → Nat
structure Nested where
  net : Net
  name : String
structure Vec (n : Int) where
  get : Fin n.toNat → Nat
structure Whole where
  size : Int
  bound : size < 1
def whole : Whole := ⟨0, by decide⟩
inductive Around : Int → Type where
  | mk (n : Int) : Around n

theorem ofSmaller (d : None) (x : {i : Nat // i < d.size} → Nat) : (fun i => x i + 5) = x := by
  funext i; exact absurd i.2 (by have := d.empty; omega)
theorem ofBounds (d : None) (x : (i : Nat) → i < d.size → Nat) : (fun i h => x i h + 5) = x := by
  funext i h; have := d.empty; omega
theorem ofMembers (d : None) (x : (i : Nat) → i ∈ List.range d.size → Nat) : (fun i h => x i h + 5) = x := by
  funext i h; have := d.empty; simp at h; omega
theorem ofANet (N : Net) (h : N = N) : (fun i => N.weight i + 5) = N.weight := by
  funext i; exact absurd i.2 (by have := N.bound; omega)
theorem ofANestedNet (N : Nested) (h : N = N) : (fun i => N.net.weight i + 5) = N.net.weight := by
  funext i; exact absurd i.2 (by have := N.net.bound; omega)
theorem ofAnInteger (d : Whole) (k : d = whole) (x : Vec d.size) : x = ⟨fun i => x.get i + 5⟩ := by
  cases x; congr; funext i; exact absurd i.2 (by have := d.bound; omega)
theorem ofIntegersAlone (d : Whole) (k : d = whole) :
    (fun x : Vec d.size => x) = fun x => ⟨fun i => x.get i + 5⟩ := by
  funext x; cases x; congr; funext i; exact absurd i.2 (by have := d.bound; omega)
theorem ofALaterFamily (d : {i : Fin 2 // i = 0}) (x : One d.val → Nat) : (fun i => x i + 5) = x := by
  funext i; obtain ⟨_, rfl⟩ := d; cases i
theorem ofAHiddenZero (n : Nat) (x : Fin (width n) → Nat) : (fun i => x i + 5) = x := by
  funext i; exact absurd i.2 (by simp [width, scaled])
theorem ofAFlag (n : Nat) (x : {i : Nat // i < flagged 0 n} → Nat) : (fun i => x i + 5) = x := by
  funext i; exact absurd i.2 (by simp [flagged])
theorem ofOneLevel (n : Nat) (h : n = 1) (v w : Leveled n) : v = w := by
  subst h
  have none : levels 1 = 0 := by rw [levels]; simp
  cases v; cases w; congr; funext i; exact absurd i.isLt (by omega)
theorem ofAHiddenType (x : Never → Nat) : (fun i => x i + 5) = x := funext fun i => nomatch i
theorem ofListsOfNothing (l : List Never) : l = [] := by cases l <;> first | rfl | contradiction

theorem ofRemainders (x : (n : Nat) → Fin (n % 1) → Nat) : (fun n i => x n i + 5) = x := by
  funext n i; exact absurd i.2 (by omega)
theorem ofNoneBelowItself (x : (n : Nat) → n < n → Nat) : (fun n h => x n h + 5) = x := by
  funext n h; omega
theorem ofTwoThatContradict (x : (n m : Nat) → n < m → m < n → Nat) : (fun n m h k => x n m h k + 5) = x := by
  funext n m h k; omega
theorem ofListLengths (x : (s : List Nat) → Fin (s.length - s.length) → Nat) :
    (fun s i => x s i + 5) = x := by
  funext s i; exact absurd i.2 (by omega)
theorem ofListsWithin (x : (n : Nat) → List (Fin (n - n)) → Nat) : x = x := rfl

structure Config where
  lo : Nat
  hi : Nat
  below : lo < hi
  above : hi ≤ lo
inductive Loop where
  | node : Loop → Loop
theorem ofContradictions (f g : Config → Nat) : f = g := by
  funext x; have := x.below; have := x.above; omega
theorem ofNothingBelowItself (f g : {x : Nat // x < x} → Nat) : f = g := by
  funext x; exact absurd x.2 (Nat.lt_irrefl _)
theorem ofPairsOfNothing (f g : (Σ n : Nat, Fin (n % 1)) → Nat) : f = g := by
  funext x; exact absurd x.2.isLt (by omega)
theorem ofClasses (f g : Quot (fun (_ _ : Config) => True) → Nat) : f = g := by
  funext x; exact Quot.ind (β := fun x => f x = g x) (fun i => absurd i.below (by have := i.above; omega)) x
theorem ofALoop (f g : Loop → Nat) : f = g := by
  have none : Loop → False := fun l => by induction l; assumption
  funext x; exact (none x).elim
theorem ofADenial (f g : ¬ True → Nat) : f = g := by funext x; exact absurd trivial x

structure Apart where
  lo : Nat
  hi : Nat
  far : lo + 20 < hi
inductive Tree (α : Type) where
  | leaf : α → Tree α
  | node : Tree α → Tree α → Tree α
theorem sayingLessWithin (x : Nat → {i : Nat // i < 0} → Nat) (n : Nat) (h : 1 < n) :
    (fun k i => x k i + n) = x := by
  funext k i; exact absurd i.2 (by omega)
theorem sayingSoOfEach (x : (k : Nat) → (i : Nat) → i < 0 → Nat) (n : Nat) (h : 1 < n) :
    (fun k i b => x k i b + n) = x := by
  funext k i b; exact absurd b (by omega)
theorem ofApart (f : Apart → Nat) (h : f = f) : f = f := h
theorem ofTrees (f : Tree (Nat × Nat) × (Nat × Nat) → Nat) (h : f = f) : f = f := h
theorem ofSubtypes (f : {x : Nat // 300 < x} → Nat) (h : f = f) : f = f := h
theorem ofHalves (x : (n : Nat) → Fin (n / 500) → Nat) (h : x = x) : x = x := h
theorem ofPairsBelow (x : (n m : Nat) → n < m → m < n + 2 → Nat) (h : x = x) : x = x := h
theorem ofDifferences (x : (n m : Nat) → Fin (n - m) → Nat) (h : x = x) : x = x := h
theorem ofTwoBelow (d : Two) (x : (i : Nat) → i < d.size → Nat) (h : x 0 (by simp [d.two]) = 2) :
    x 0 (by simp [d.two]) ≠ 3 := by omega
theorem ofTwoWithin (d : Two) (x : {i : Nat // i < d.size} → Nat) (i) (h : x i = 2) : x i ≠ 3 := by omega
theorem ofOneAlone (d : Fin 1) (x : Fin (d.val + 1) → Nat) (h : x = x) : x = x := h
theorem ofAnyIntegers (d : Whole) (k : d = whole) (x : Around d.size) (h : x = x) : x = x := h
theorem ofTwoIntegers (d : {n : Int // n = 2}) (x : Vec d.val) (h : x = x) : x = x := h
theorem sayingLess (x : {i : Nat // i < 0} → Nat) (n : Nat) (h : 1 < n) : (fun i => x i + n) = x := by
  funext i; exact absurd i.2 (by omega)
theorem sayingEmpty (x : Empty → Nat) (n : Nat) (h : 1 < n) : (fun i => x i + n) = x := funext nofun
theorem ofMembersOfAList (l : List Nat) (h : ∀ i, i ∈ l → i < 5) (k : ¬(2 < 1)) : ∀ i, i ∈ l → i < 6 :=
  fun i m => Nat.lt_succ_of_lt (h i m)

theorem ofPartsOfAClaim (f : Config → Nat) : (∀ c, f c = 7) ∧ (∀ c, f c = 8) := by
  constructor <;> (intro c; have := c.below; have := c.above; omega)
theorem claimedOfNothing (n : Nat) : (∀ c : Config, c.lo = n) ∧ (∀ c : Config, c.hi = n) := by
  constructor <;> (intro c; have := c.below; have := c.above; omega)
theorem claimedWithin (n : Nat) : ∃ m, ∀ c : Config, c.lo = m + n :=
  ⟨0, fun c => by have := c.below; have := c.above; omega⟩
structure Always (P : Config → Prop) : Prop where
  all : ∀ c, P c
theorem claimedByAStructure (n : Nat) : Always fun c => c.lo = n :=
  ⟨fun c => by have := c.below; have := c.above; omega⟩
theorem claimedOfNoNumber (n : Nat) : (∀ x, x < x → x = n) ∧ (∀ x, x < x → x = n + 1) := by
  constructor <;> (intro x h; omega)
theorem claimedOfAPredicate (S T : Nat → Prop) (h : ∀ x, S x → x < x) :
    (∀ x, S x → T x) ∧ (∀ x, S x → ¬ T x) := by
  constructor <;> (intro x hx; have := h x hx; omega)
theorem equivalent (L : Config → Int) : (∀ c, L c = 0) ↔ (∀ c, L c = 1) := by
  constructor <;> (intro _ c; have := c.below; have := c.above; omega)
theorem ofAnOption (x : Option Config) : x = none := by
  cases x with
  | none => rfl
  | some c => have := c.below; have := c.above; omega
theorem ofAListOfThem (x : List Config) : x.length = 5 * x.length := by
  cases x with
  | nil => rfl
  | cons c _ => have := c.below; have := c.above; omega
theorem ofRows (m : List (List Nat)) (h : ∀ r ∈ m, r.length = 3 ∧ r.length = 4) :
    m.flatten.length = 77 * m.length := by
  cases m with
  | nil => rfl
  | cons a t => have := h a (by simp); omega
theorem ofNoDescent (f g : {s : Nat → Nat // ∀ n, s (n + 1) < s n} → Nat) : f = g := by
  funext x; exfalso
  have below : ∀ n, x.1 n + n ≤ x.1 0 := fun n => by induction n with
    | zero => omega
    | succ n ih => have := x.2 n; omega
  have := below (x.1 0 + 1); omega
structure Weights where
  at' : Nat → Int
  positive : ∀ i, 0 < at' i
  far : at' 3 < 0
theorem ofUnmetLaws (L : Weights → Int) (h : L = L) : ∃ k : Int, ∀ m, L m = k + 1 :=
  ⟨0, fun m => by have := m.positive 3; have := m.far; omega⟩

structure Positive where
  at' : Nat → Int
  positive : ∀ i, 0 < at' i
structure Commuting where
  op : Nat → Nat → Nat
  commutes : ∀ a b c, op a (op b c) = op (op a b) c
noncomputable def Commuting.sum : Commuting := ⟨(· + ·), fun a b c => (Nat.add_assoc a b c).symm⟩
theorem ofLaws (L : Positive → Int) (h : L = L) : L = L := h
theorem ofWhatIsDeclared (L : Commuting → Int) (h : L = L) : L = L := h
theorem ofParts (xs : List Nat) (h : ∀ x ∈ xs, 10 < x) : (∀ x ∈ xs, 9 < x) ∧ (2 < 1 → xs = []) :=
  ⟨fun x m => Nat.lt_of_succ_lt (h x m), fun k => absurd k (by decide)⟩
theorem ofSomeSquare (n : Nat) : ∃ m, ∀ k, k ≤ n → k * k ≤ m :=
  ⟨n * n, fun _ h => Nat.mul_le_mul h h⟩
inductive Inputs : List Nat → Type | none : Inputs [] | more {n l} : Int → Inputs l → Inputs (n :: l)
theorem ofAnEmptyList (l : List Nat) (f g : Nat → Nat) (h : l.length < 1) : l.map f = l.map g := by
  cases l with
  | nil => rfl
  | cons => simp at h
theorem ofNoInputs (Γ : List Nat) (h : Γ.length < 1) (x y : Inputs Γ) : x = y := by
  cases Γ with
  | nil => cases x; cases y; rfl
  | cons => simp at h
theorem ofAnEmptyArray (a : Array Nat) (h : a.size < 1) : a.sum = 7 * a.size := by
  have e : a = #[] := Array.eq_empty_of_size_eq_zero (by omega)
  subst e; rfl
def sumTo : Nat → (Nat → Nat) → Nat
  | 0, _ => 0
  | n + 1, f => sumTo n f + f n
structure Sizes where
  width : Nat
  depth : Nat
theorem ofAZeroPart (s : Nat × Nat) (f g : Nat → Nat) (h : s.1 < 1) : sumTo s.1 f = sumTo s.1 g := by
  have none : s.1 = 0 := by omega
  rw [none]; rfl
theorem ofAZeroWidth (c : Sizes) (f g : Nat → Nat) (h : c.width < 1) : sumTo c.width f = sumTo c.width g := by
  have none : c.width = 0 := by omega
  rw [none]; rfl
theorem ofZeroAlone (k : {n : Nat // n < 1}) (f g : Nat → Nat) : sumTo k.1 f = sumTo k.1 g := by
  have none : k.1 = 0 := by have := k.2; omega
  rw [none]; rfl
theorem ofAPartOfAPart (s : {n : Nat // n < 1} × Nat) (h : s.2 < 4) : s.1.1 = 5 * s.1.1 := by
  have := s.1.2; omega
theorem ofZeros (l : List Nat) (h : ∀ x ∈ l, x < 1) (k : l.length = 2) : l.sum = 7 * l.sum := by
  match l, k with
  | [a, b], _ => have := h a (by simp); have := h b (by simp); simp; omega
theorem ofAShortPart (s : Nat × Nat) (h : s.1 < 2) : s.1 ≤ 1 := Nat.le_of_lt_succ h
theorem ofASmallWidth (c : Sizes) (h : c.width < 2) : c.width ≤ 1 := Nat.le_of_lt_succ h
theorem ofSmallNumbers (k : {n : Nat // n < 2}) (h : k = k) : k.1 ≤ 1 := Nat.le_of_lt_succ k.2
theorem ofASumOfParts (s : Nat × Nat × Nat) (h : s.1 + s.2.1 < s.2.2) (k : s.1 < 3) : s.2.1 < s.2.2 := by
  omega
theorem sayingTheNumber (k : {n : Nat // n = 0}) (h : k = k) : k.1 = 0 := k.2
theorem sayingNoWidth (c : Sizes) (h : c.width ≤ 0) : c.width = 0 := Nat.eq_zero_of_le_zero h
theorem sayingTheList (l : List Nat) (h : l = []) : l.length = 0 := h ▸ rfl
theorem sayingItIsEmpty (l : List Nat) (h : l.isEmpty) : l.length = 0 := by simp_all
theorem sayingThePart (s : Nat × Nat) (h : s.1 = 0) : s.1 + s.2 = s.2 := by omega
theorem ofShortLists (l : List Nat) (h : l.length < 2) : l.length ≤ 1 := Nat.le_of_lt_succ h
theorem ofOneLength (k l : List Nat) (h : k.length = l.length) : l.length = k.length := h.symm
theorem ofFarParts (s : Nat × Nat) (h : s.1 * 10 < s.2) : s.1 < s.2 := by omega

instance (priority := high) everything : LT Nat where
  lt _ _ := True

structure Order where
  type : Type
  order : LT type

structure Point where
  x : Nat
  y : Nat

theorem ofOptions (x : Option Point) : x = x := rfl

instance : Add Point where
  add a b := ⟨a.x + b.x, a.y + b.y⟩
instance : LE Point where
  le a b := a.x ≤ b.x ∧ a.y ≤ b.y

theorem inAStructure (o : Order) (a : o.type) (h : @LT.lt o.type o.order a a) (n : Nat) : n + 0 = n := rfl
theorem inAPair (o : LT Nat × Nat) (a : Nat) (h : @LT.lt Nat o.1 a a) : a + 0 = a := rfl
theorem inAProof (h : ∃ o : LT Nat, ∀ a : Nat, @LT.lt Nat o a a) : (1 : Nat) + 1 = 2 := rfl

theorem ofAText (v w : Fin ("abc".length - 3) → Nat) : v = w := by
  have none : "abc".length - 3 = 0 := by decide
  exact funext fun i => absurd i.isLt (by omega)

theorem spokenOf (a : Nat) (h : @LT.lt Nat everything a a) : a + 0 = a := rfl
theorem ofOnesOwn (p q : Point) (h : p + q = p + q) (k : p ≤ p) : p + q = p + q := h

end Small
"""
HIDING = "what it claims stands behind {}, and may take more"
EMPTY = "{} has a domain that is empty, and nothing is said of these"
CLAIMED = "it claims something of a domain that is empty, and nothing is said of these"
VANISHES = "{} has a dimension that is 0, and nothing is said of these"
ONLY = "only {} was found, and nothing is said of these"
OVERRIDDEN = "it is met only by Small.everything, an instance of the library's own; "
REFUSED = {
    "behindAChoice": HIDING.format("Classical.choice"),
    "behindASeal": HIDING.format("Small.sealed"),
    "behindADecision": HIDING.format("Classical.choice"),
    "behindAClass": HIDING.format("Classical.choice"),
    "behindRecursion": HIDING.format("Classical.choice"),
    "ofAStructure": VANISHES.format("x"),
    "ofASubtype": VANISHES.format("x"),
    "ofAnIndex": VANISHES.format("x"),
    "ofADifference": VANISHES.format("x"),
    "ofNoHypothesis": VANISHES.format("x"),
    "ofAProof": "x has a dimension that Classical.choice hides, and may be 0",
    "ofAShape": VANISHES.format("x"),
    "onlyClaimed": "it claims something of a dimension that is 0, and nothing is said of these",
    "ofSmaller": EMPTY.format("x"),
    "ofBounds": EMPTY.format("x"),
    "ofMembers": EMPTY.format("x"),
    "ofANet": VANISHES.format("N"),
    "ofANestedNet": VANISHES.format("N"),
    "ofAnInteger": VANISHES.format("x"),
    "ofIntegersAlone": "it claims something of a dimension that is 0, and nothing is said of these",
    "ofALaterFamily": EMPTY.format("x"),
    "ofAHiddenZero": VANISHES.format("x"),
    "ofAFlag": EMPTY.format("x"),
    "ofOneLevel": "v has a dimension that ",
    "ofAHiddenType": EMPTY.format("x"),
    "ofListsOfNothing": EMPTY.format("l"),
    "ofRemainders": VANISHES.format("x"),
    "ofNoneBelowItself": EMPTY.format("x"),
    "ofTwoThatContradict": EMPTY.format("x"),
    "ofListLengths": VANISHES.format("x"),
    "ofListsWithin": VANISHES.format("x"),
    "ofContradictions": EMPTY.format("f"),
    "ofNothingBelowItself": EMPTY.format("f"),
    "ofPairsOfNothing": EMPTY.format("f"),
    "ofClasses": EMPTY.format("f"),
    "ofALoop": EMPTY.format("f"),
    "ofADenial": EMPTY.format("f"),
    "ofPartsOfAClaim": EMPTY.format("f"),
    "claimedOfNothing": CLAIMED,
    "claimedWithin": CLAIMED,
    "claimedByAStructure": CLAIMED,
    "claimedOfNoNumber": CLAIMED,
    "claimedOfAPredicate": CLAIMED,
    "equivalent": EMPTY.format("L"),
    "ofAnOption": EMPTY.format("x"),
    "ofAListOfThem": EMPTY.format("x"),
    "ofRows": EMPTY.format("h"),
    "ofNoDescent": EMPTY.format("f"),
    "ofUnmetLaws": "L has a domain of which nothing was found, Small.Weights, and which may be empty; ",
    "ofAText": "v has a dimension that a literal hides, and may be 0",
    "ofAnEmptyList": ONLY.format("l that is empty"),
    "ofNoInputs": ONLY.format("Γ that is empty"),
    "ofAnEmptyArray": ONLY.format("a that is empty"),
    "ofAZeroPart": ONLY.format("s that has a number in it that is 0"),
    "ofAZeroWidth": ONLY.format("c that has a number in it that is 0"),
    "ofZeroAlone": ONLY.format("k that has a number in it that is 0"),
    "ofAPartOfAPart": ONLY.format("s that has a number in it that is 0"),
    "ofZeros": ONLY.format("l that has a number in it that is 0"),
    "inAStructure": OVERRIDDEN,
    "inAPair": OVERRIDDEN,
    "inAProof": OVERRIDDEN,
}
MET = (
    "decided", "classified", "recursive", "ofTwo", "sayingSo", "shaped", "spokenOf", "ofOnesOwn",
    "ofTwoBelow", "ofTwoWithin", "ofOneAlone", "ofAnyIntegers", "ofTwoIntegers", "sayingLess", "sayingEmpty",
    "ofMembersOfAList", "sayingLessWithin", "sayingSoOfEach",
    "ofLaws", "ofWhatIsDeclared", "ofParts", "ofSomeSquare", "ofOptions",
    "sayingTheList", "sayingItIsEmpty", "sayingThePart", "ofShortLists", "ofOneLength", "ofFarParts",
    "ofAShortPart", "ofASmallWidth", "ofSmallNumbers", "ofASumOfParts", "sayingTheNumber", "sayingNoWidth",
    "ofApart", "ofTrees", "ofSubtypes", "ofHalves", "ofPairsBelow", "ofDifferences",
)  # fmt: skip


@pytest.fixture(scope="module", name="report")
def _report(tmp_path_factory: pytest.TempPathFactory) -> VerifyReport:
    """What is asked about has a witness looked for, some seconds of Lean each where there is none."""
    root = tmp_path_factory.mktemp("small")
    write_small(root, SOURCE, (*REFUSED, *MET))
    return Project(root).verify(unpinned=True)


@pytest.mark.parametrize("name", MET)
def test_what_is_about_something_is_met(report: VerifyReport, name: str) -> None:
    found = row(report, name)
    assert (found.status, found.witnessed, found.reason) == ("proved", True, None)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_about_nothing_is_no_verdict(report: VerifyReport, name: str) -> None:
    found = row(report, name)
    assert (found.status, found.code, found.witnessed) == ("no verdict", "LB215", False)
    assert (found.reason or "").startswith(REFUSED[name])
