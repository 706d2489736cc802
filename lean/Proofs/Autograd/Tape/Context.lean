module

public import Proofs.Autograd.Tensor.Tensor

/-!
# Contexts

A context `Γ : List Shape` lists the shapes of the values known at some point of a computation;
`TList R Γ` holds one tensor for each. Main definitions: `TList` with `add`, `zero`,
`snoc`/`unsnoc`, `dotList`; typed positions `Idx Γ s` with `getIdx` and `single`; operand lists
`Operands Γ args` with `gather` and its adjoint `scatter`.

`snoc` appends to `Γ ++ ss` and lands in `Γ ++ (ss ++ [τ])` directly, by recursion on both lists, so
no tensor is ever cast along an associativity equation.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec Laws

/-- One tensor for each shape of the list. -/
def TList (R : Type) : List Shape → Type
  | [] => Unit
  | s :: Γ => Tensor R s × TList R Γ

/-- A position in `Γ` that holds shape `s`. -/
structure Idx (Γ : List Shape) (s : Shape) where
  /-- The position, counted from 0. -/
  i : Fin Γ.length
  /-- The shape there. -/
  h : Γ.get i = s

noncomputable section

namespace Idx

/-- Position number `i`, with the shape found there. -/
def pos {Γ : List Shape} {s : Shape} (i : Nat) (h : Γ[i]? = some s) : Idx Γ s where
  i := ⟨i, (List.getElem?_eq_some_iff.1 h).1⟩
  h := (List.getElem?_eq_some_iff.1 h).2

/-- The same position number in a longer context. -/
def weaken {Γ : List Shape} {s : Shape} (idx : Idx Γ s) (rest : List Shape) :
    Idx (Γ ++ rest) s where
  i := ⟨idx.i, by have := idx.i.isLt; simp only [List.length_append]; omega⟩
  h := (List.getElem_append_left idx.i.isLt).trans idx.h

/-- The position of the entry appended last. -/
def last {Γ ss : List Shape} {τ : Shape} : Idx (Γ ++ (ss ++ [τ])) τ where
  i :=
    ⟨(Γ ++ ss).length, by simp only [List.length_append, List.length_cons, List.length_nil]; omega⟩
  h := by simp

end Idx

end

/-- For each shape in `args` a position of `Γ` that holds it. Positions may repeat. -/
inductive Operands (Γ : List Shape) : List Shape → Type where
  /-- No operands. -/
  | nil : Operands Γ []
  /-- One more operand in front. -/
  | cons {s : Shape} {args : List Shape} (idx : Idx Γ s) (rest : Operands Γ args) :
      Operands Γ (s :: args)

/-- The operands at other positions, in another context. -/
def Operands.map {Γ Δ : List Shape} (f : {s : Shape} → Idx Γ s → Idx Δ s) :
    {args : List Shape} → Operands Γ args → Operands Δ args
  | _, .nil => .nil
  | _, .cons idx rest => .cons (f idx) (rest.map f)

variable {R : Type} [ScalarOps R]

noncomputable section

namespace TList

/-- All zeros. -/
protected def zero : (Γ : List Shape) → TList R Γ
  | [] => ()
  | _ :: Γ => (0, .zero Γ)

instance instZero {Γ : List Shape} : Zero (TList R Γ) := ⟨.zero Γ⟩

/-- The sum, entry by entry. -/
protected def add : {Γ : List Shape} → TList R Γ → TList R Γ → TList R Γ
  | [], _, _ => ()
  | _ :: _, x, y => (x.1 + y.1, .add x.2 y.2)

instance instAdd {Γ : List Shape} : Add (TList R Γ) := ⟨.add⟩

/-- The entry at a position. -/
def get : {Γ : List Shape} → TList R Γ → (i : Fin Γ.length) → Tensor R (Γ.get i)
  | _ :: _, x, ⟨0, _⟩ => x.1
  | _ :: _, x, ⟨i + 1, h⟩ => get x.2 ⟨i, Nat.lt_of_succ_lt_succ h⟩

/-- One tensor at a position, zeros elsewhere. -/
def singleAt : {Γ : List Shape} → (i : Fin Γ.length) → Tensor R (Γ.get i) → TList R Γ
  | _ :: _, ⟨0, _⟩, v => (v, 0)
  | _ :: _, ⟨i + 1, h⟩, v => (0, singleAt ⟨i, Nat.lt_of_succ_lt_succ h⟩ v)

/-- The tensor `v` at a typed position, zeros elsewhere. -/
def single {Γ : List Shape} {s : Shape} (idx : Idx Γ s) (v : Tensor R s) : TList R Γ :=
  singleAt idx.i (v.cast idx.h.symm)

/-- Appends one tensor at the end of the list. -/
def push : {Γ : List Shape} → {τ : Shape} → TList R Γ → Tensor R τ → TList R (Γ ++ [τ])
  | [], _, _, t => (t, ())
  | _ :: _, _, x, t => (x.1, push x.2 t)

/-- Splits off the last tensor; inverse of `push`. -/
def pop : {Γ : List Shape} → {τ : Shape} → TList R (Γ ++ [τ]) → TList R Γ × Tensor R τ
  | [], _, x => ((), x.1)
  | _ :: _, _, x => ((x.1, (pop x.2).1), (pop x.2).2)

/-- Appends one saved tensor to a context `Γ ++ ss`. -/
def snoc : {Γ ss : List Shape} → {τ : Shape} → TList R (Γ ++ ss) → Tensor R τ →
    TList R (Γ ++ (ss ++ [τ]))
  | [], _, _, x, t => push x t
  | _ :: _, _, _, x, t => (x.1, snoc x.2 t)

/-- Splits off the last saved tensor; inverse of `snoc`. -/
def unsnoc : {Γ ss : List Shape} → {τ : Shape} → TList R (Γ ++ (ss ++ [τ])) →
    TList R (Γ ++ ss) × Tensor R τ
  | [], _, _, x => pop x
  | _ :: _, _, _, x => ((x.1, (unsnoc x.2).1), (unsnoc x.2).2)

/-- The same tensors as a list over `Γ ++ []`. -/
def appendNil : {Γ : List Shape} → TList R Γ → TList R (Γ ++ [])
  | [], _ => ()
  | _ :: _, x => (x.1, appendNil x.2)

/-- The same tensors as a list over `Γ`; inverse of `appendNil`. -/
def dropNil : {Γ : List Shape} → TList R (Γ ++ []) → TList R Γ
  | [], _ => ()
  | _ :: _, x => (x.1, dropNil x.2)

end TList

/-- The sum of the dot products of corresponding entries. -/
def dotList : {Γ : List Shape} → TList R Γ → TList R Γ → R
  | [], _, _ => 0
  | _ :: _, x, y => x.1.dot y.1 + dotList x.2 y.2

/-- The entry at a typed position. -/
def getIdx {Γ : List Shape} {s : Shape} (x : TList R Γ) (idx : Idx Γ s) : Tensor R s :=
  (x.get idx.i).cast idx.h

namespace Operands

/-- The operands' values. -/
def gather {Γ : List Shape} : {args : List Shape} → Operands Γ args → TList R Γ → TList R args
  | _, .nil, _ => ()
  | _, .cons idx rest, x => (getIdx x idx, rest.gather x)

/-- The cotangents of the operands as a cotangent of the whole context; where an operand repeats,
they add up. -/
def scatter {Γ : List Shape} : {args : List Shape} → Operands Γ args → TList R args → TList R Γ
  | _, .nil, _ => 0
  | _, .cons idx rest, y => TList.single idx y.1 + rest.scatter y.2

end Operands

end

section Laws

variable {Γ ss : List Shape} {s τ : Shape}

theorem dotList_comm : {Γ : List Shape} → (x y : TList R Γ) → dotList x y = dotList y x
  | [], _, _ => rfl
  | _ :: _, x, y => by simp only [dotList, Tensor.dot_comm x.1, dotList_comm x.2]

theorem TList.zero_cons : (0 : TList R (s :: Γ)) = (0, 0) := rfl

theorem TList.add_cons (x y : TList R (s :: Γ)) : x + y = (x.1 + y.1, x.2 + y.2) := rfl

theorem dotList_add :
    {Γ : List Shape} → (x y z : TList R Γ) → dotList x (y + z) = dotList x y + dotList x z
  | [], _, _, _ => (add_zero 0).symm
  | _ :: _, x, y, z => by
      simp only [dotList, TList.add_cons, Tensor.dot_add, dotList_add, add_assoc]
      rw [add_left_comm (x.1.dot z.1)]

theorem add_dotList (x y z : TList R Γ) : dotList (x + y) z = dotList x z + dotList y z := by
  rw [dotList_comm, dotList_add, dotList_comm z x, dotList_comm z y]

theorem dotList_zero : {Γ : List Shape} → (x : TList R Γ) → dotList x 0 = 0
  | [], _ => rfl
  | _ :: _, x => by
      simp only [dotList, TList.zero_cons, Tensor.dot_zero, dotList_zero, add_zero]

/-- With one entry nothing is added up. -/
@[simp] theorem dotList_one (x : TList R [s]) (y : Tensor R s) : dotList x (y, ()) = x.1.dot y :=
  add_zero _

theorem dotList_singleAt :
    {Γ : List Shape} → (x : TList R Γ) → (i : Fin Γ.length) → (v : Tensor R (Γ.get i)) →
      dotList x (TList.singleAt i v) = (x.get i).dot v
  | _ :: _, x, ⟨0, _⟩, v => by
      simp only [TList.singleAt, dotList, dotList_zero, TList.get, add_zero]
  | _ :: _, x, ⟨i + 1, h⟩, v => by
      simp only [TList.singleAt, dotList, Tensor.dot_zero, TList.get, zero_add,
        dotList_singleAt x.2 ⟨i, Nat.lt_of_succ_lt_succ h⟩ v]

/-- `single` is the adjoint of `getIdx`. -/
theorem dotList_single (x : TList R Γ) (idx : Idx Γ s) (v : Tensor R s) :
    dotList x (TList.single idx v) = (getIdx x idx).dot v := by
  obtain ⟨i, rfl⟩ := idx
  exact dotList_singleAt x i v

/-- `scatter` is the adjoint of `gather`. -/
theorem dotList_scatter : {args : List Shape} → (ops : Operands Γ args) → (x : TList R Γ) →
    (y : TList R args) →
    dotList x (ops.scatter y) = dotList (ops.gather x) y
  | _, .nil, x, _ => by simp only [Operands.scatter, dotList_zero, dotList]
  | _, .cons idx rest, x, y => by
      simp only [Operands.scatter, Operands.gather, dotList_add, dotList_single,
        dotList_scatter rest, dotList]

omit [ScalarOps R] in
theorem pop_push : {Γ : List Shape} → {τ : Shape} → (x : TList R Γ) → (t : Tensor R τ) →
    TList.pop (x.push t) = (x, t)
  | [], _, _, _ => rfl
  | _ :: _, _, x, t => by simp only [TList.push, TList.pop, pop_push x.2 t]; rfl

omit [ScalarOps R] in
theorem push_pop : {Γ : List Shape} → {τ : Shape} → (x : TList R (Γ ++ [τ])) →
    x.pop.1.push x.pop.2 = x
  | [], _, _ => rfl
  | _ :: _, _, x => by simp only [TList.push, TList.pop, push_pop x.2]; rfl

omit [ScalarOps R] in
theorem unsnoc_snoc : {Γ ss : List Shape} → {τ : Shape} → (x : TList R (Γ ++ ss)) →
    (t : Tensor R τ) →
    TList.unsnoc (x.snoc t) = (x, t)
  | [], _, _, x, t => pop_push x t
  | _ :: _, _, _, x, t => by simp only [TList.snoc, TList.unsnoc, unsnoc_snoc x.2 t]; rfl

omit [ScalarOps R] in
theorem snoc_unsnoc : {Γ ss : List Shape} → {τ : Shape} → (x : TList R (Γ ++ (ss ++ [τ]))) →
    x.unsnoc.1.snoc x.unsnoc.2 = x
  | [], _, _, x => push_pop x
  | _ :: _, _, _, x => by simp only [TList.snoc, TList.unsnoc, snoc_unsnoc x.2]; rfl

theorem dotList_push : {Γ : List Shape} → {τ : Shape} → (x : TList R Γ) → (t : Tensor R τ) →
    (y : TList R (Γ ++ [τ])) → dotList (x.push t) y = dotList x y.pop.1 + t.dot y.pop.2
  | [], _, _, t, y => by
      simp only [TList.push, TList.pop, dotList, add_zero, zero_add]
  | _ :: _, _, x, t, y => by
      simp only [TList.push, TList.pop, dotList, dotList_push x.2 t, add_assoc]

/-- The dot product with an appended tensor splits at the last entry. -/
theorem dotList_snoc : {Γ ss : List Shape} → {τ : Shape} → (x : TList R (Γ ++ ss)) →
    (t : Tensor R τ) →
    (y : TList R (Γ ++ (ss ++ [τ]))) →
      dotList (x.snoc t) y = dotList x y.unsnoc.1 + t.dot y.unsnoc.2
  | [], _, _, x, t, y => dotList_push x t y
  | _ :: _, _, _, x, t, y => by
      simp only [TList.snoc, TList.unsnoc, dotList, dotList_snoc x.2 t, add_assoc]

theorem dotList_appendNil : {Γ : List Shape} → (x : TList R Γ) → (y : TList R (Γ ++ [])) →
    dotList x.appendNil y = dotList x y.dropNil
  | [], _, _ => rfl
  | _ :: _, x, y => by simp only [TList.appendNil, TList.dropNil, dotList, dotList_appendNil x.2]

end Laws

end Proofs.Autograd
