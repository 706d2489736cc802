module

public import Proofs.Autograd.FiniteField.Field
public import Proofs.Autograd.Calculus.LinearMap
public import Proofs.Autograd.Tape.Context
public import Proofs.Autograd.Tensor.Flat

/-!
# Tensors written as numerals

A tensor over `GF` is written as one natural number: its coordinates in row-major order, a word of
32 bits each, the first in the most significant word. The kernel finds a coordinate with a shift and
a remainder. A context is written as a list of such numbers.

Main results: entries of a written context are written tensors (`Operands.gather_ofWords`), and
appending, splitting and adding can be done in writing.
-/

@[expose] public section

set_option autoImplicit false

namespace Spec.Shape

/-- How many coordinates come after a multi-index in row-major order; see `after_add_flat`. -/
noncomputable def after : (s : Shape) → s.Index → Nat :=
  @Shape.rec (fun s => s.Index → Nat) (fun _ => 0)
    fun n s inner i => Nat.add (Nat.mul (Nat.sub (Nat.pred n) i.1.val) s.size) (inner i.2)

theorem after_add_flat : {s : Shape} → (i : s.Index) → after s i + (flat i).val + 1 = s.size
  | scalar, _ => rfl
  | dim n s, (i, j) => by
    have inner := after_add_flat j
    have : n - 1 - i.val + i.val + 1 = n := by omega
    have h : (n - 1 - i.val + i.val + 1) * s.size = n * s.size := congrArg (· * s.size) this
    change (n - 1 - i.val) * s.size + after s j + (i.val * s.size + (flat j).val) + 1 = n * s.size
    rw [← h, Nat.add_mul, Nat.add_mul, Nat.one_mul]
    omega

end Spec.Shape

namespace Proofs.Autograd

open Spec Laws

noncomputable section

/-- The word of a number for an index, where they stand in row-major order, the most significant
first. -/
def wordAt {s : Shape} (n : Nat) (i : s.Index) : Nat :=
  Nat.mod (Nat.shiftRight n (Nat.mul 32 (s.after i))) 4294967296

/-- The tensor whose coordinates in row-major order are the words of a number, the most significant
first. -/
def Tensor.ofWords {s : Shape} (n : Nat) : Tensor GF s := fun i => .of (wordAt n i)

/-- Whole numbers below `v`, which are the words of a number, the most significant first. -/
def integersOfWords {s : Shape} {v : Nat} (n : Nat) (h : 0 < v) : s.Index → Fin v :=
  fun i => ⟨Nat.mod (wordAt n i) v, Nat.mod_lt _ h⟩

/-- Truth values, of which the words of a number that are 1 are true, the most significant first. -/
def booleansOfWords {s : Shape} (n : Nat) : s.Index → Bool := fun i => Nat.beq (wordAt n i) 1

/-- The vector with the words of a number as coordinates, the most significant first. -/
def Vec.ofWords {n : Nat} (words : Nat) : Vec GF n :=
  fun i => Tensor.ofWords (s := .vec n) words (i, ())

/-- The linear map whose matrix, one row per output, has the words of a number as entries, the most
significant first. -/
def CLM.ofWords {n m : Nat} (words : Nat) : CLM GF n m :=
  .ofMatrix fun i j => Tensor.ofWords (s := .mat m n) words (i, j, ())

/-- A tensor for each number of a list; zeros where the list is too short. -/
def TList.ofWords : {Γ : List Shape} → List Nat → TList GF Γ
  | [], _ => ()
  | _ :: _, l => (Tensor.ofWords (l.headD 0), ofWords l.tail)

/-- The operands' numbers. -/
def Operands.pick {Γ : List Shape} : {args : List Shape} → Operands Γ args → List Nat → List Nat
  | _, .nil, _ => []
  | _, .cons idx rest, l => l.getD idx.i.val 0 :: rest.pick l

end

namespace TList

theorem get_ofWords : {Γ : List Shape} → (l : List Nat) → (i : Fin Γ.length) →
    (ofWords l : TList GF Γ).get i = Tensor.ofWords (l.getD i.val 0)
  | _ :: _, l, ⟨0, _⟩ => by cases l <;> rfl
  | _ :: _, l, ⟨i + 1, h⟩ => by
    refine (get_ofWords l.tail ⟨i, Nat.lt_of_succ_lt_succ h⟩).trans ?_
    cases l <;> rfl

theorem ofWords_take :
    {Γ : List Shape} → (l : List Nat) → (ofWords (l.take Γ.length) : TList GF Γ) = ofWords l
  | [], _ => rfl
  | _ :: _, [] => rfl
  | _ :: _, _ :: l => Prod.ext rfl (ofWords_take l)

theorem appendNil_ofWords :
    {Γ : List Shape} → (l : List Nat) → (ofWords l : TList GF Γ).appendNil = ofWords l
  | [], _ => rfl
  | _ :: _, l => Prod.ext rfl (appendNil_ofWords l.tail)

theorem dropNil_ofWords :
    {Γ : List Shape} → (l : List Nat) → (ofWords l : TList GF (Γ ++ [])).dropNil = ofWords l
  | [], _ => rfl
  | _ :: _, l => Prod.ext rfl (dropNil_ofWords l.tail)

theorem push_ofWords {τ : Shape} : {Γ : List Shape} → (l : List Nat) →
    (ofWords l : TList GF Γ).push (Tensor.ofWords (l.getD Γ.length 0) : Tensor GF τ) = ofWords l
  | [], l => by cases l <;> rfl
  | _ :: _, l => by
    refine Prod.ext rfl (Eq.trans ?_ (push_ofWords l.tail))
    cases l <;> rfl

theorem snoc_ofWords {ss : List Shape} {τ : Shape} : {Γ : List Shape} → (l : List Nat) →
    (ofWords l : TList GF (Γ ++ ss)).snoc
      (Tensor.ofWords (l.getD (Γ ++ ss).length 0) : Tensor GF τ) = ofWords l
  | [], l => push_ofWords l
  | _ :: _, l => by
    refine Prod.ext rfl (Eq.trans ?_ (snoc_ofWords l.tail))
    cases l <;> rfl

theorem unsnoc_ofWords {Γ ss : List Shape} {τ : Shape} (l : List Nat) :
    (ofWords l : TList GF (Γ ++ (ss ++ [τ]))).unsnoc =
        (ofWords l, Tensor.ofWords (l.getD (Γ ++ ss).length 0)) := by
  rw [← snoc_ofWords l, unsnoc_snoc]

theorem add_zero : {Γ : List Shape} → (x : TList GF Γ) → x + 0 = x
  | [], _ => rfl
  | _ :: _, x => Prod.ext (funext fun _ => Laws.add_zero _) (add_zero x.2)

theorem add_assoc : {Γ : List Shape} → (x y z : TList GF Γ) → x + y + z = x + (y + z)
  | [], _, _, _ => rfl
  | _ :: _, x, y, z => Prod.ext (funext fun _ => Laws.add_assoc _ _ _) (add_assoc x.2 y.2 z.2)

/-- A tensor is added to one entry by writing the sum in its place. -/
theorem add_singleAt : {Γ : List Shape} → {l : List Nat} → {i : Fin Γ.length} →
    {v : Tensor GF (Γ.get i)} → {n : Nat} →
    i.val < l.length → Tensor.ofWords (l.getD i.val 0) + v = Tensor.ofWords n →
    (ofWords l : TList GF Γ) + singleAt i v = ofWords (l.set i.val n)
  | _ :: _, _ :: _, ⟨0, _⟩, _, _, _, h => Prod.ext h (add_zero _)
  | _ :: _, _ :: _, ⟨i + 1, hi⟩, _, _, hl, h =>
    Prod.ext (funext fun _ => Laws.add_zero _)
      (add_singleAt (i := ⟨i, Nat.lt_of_succ_lt_succ hi⟩) (Nat.lt_of_succ_lt_succ hl) h)

end TList

namespace Operands

variable {Γ : List Shape}

/-- The operands of a written context are the tensors at the operands' numbers. -/
theorem gather_ofWords : {args : List Shape} → (ops : Operands Γ args) → (l : List Nat) →
    ops.gather (TList.ofWords l : TList GF Γ) = TList.ofWords (ops.pick l)
  | _, .nil, _ => rfl
  | _, .cons idx rest, l => by
    obtain ⟨i, rfl⟩ := idx
    exact congr (congrArg Prod.mk (TList.get_ofWords l i)) (rest.gather_ofWords l)

end Operands

end Proofs.Autograd
