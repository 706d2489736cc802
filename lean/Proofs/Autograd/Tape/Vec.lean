module

public import Proofs.Autograd.Tensor.Flat
public import Proofs.Autograd.Tape.Graph

/-!
# Contexts as vectors

`flattenCtx` lays the entries of a context out one after the other in list order, each in row-major
order; `unflattenCtx` is its inverse. Node and graph maps become maps between spaces of vectors by
conjugation: that is the form the calculus differentiates.

Main definitions: `CtxVec` with `get`, `single`, `snocCtx`, `unsnocCtx`; `Node.forwardVec`,
`jvpVec`, `vjpVec`; `Graph.evalVec`, `jvpVec`, `backpropVec`. Main results: `dotList_eq_inner`,
flattening is an isometry; `Graph.backprop_correct_inner`, back-propagation is the adjoint of the
JVP on vectors, with no hypotheses.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec

/-- The number of coordinates of a context. -/
def ctxSize : List Shape → Nat
  | [] => 0
  | s :: Γ => s.size + ctxSize Γ

theorem ctxSize_append : (Γ Δ : List Shape) → ctxSize (Γ ++ Δ) = ctxSize Γ + ctxSize Δ
  | [], Δ => (Nat.zero_add (ctxSize Δ)).symm
  | s :: Γ, Δ => by simp only [List.cons_append, ctxSize, ctxSize_append Γ Δ, Nat.add_assoc]

theorem ctxSize_snoc (Γ ss : List Shape) (τ : Shape) :
    ctxSize (Γ ++ (ss ++ [τ])) = ctxSize (Γ ++ ss) + τ.size := by
  simp only [ctxSize_append, ctxSize, Nat.add_assoc, Nat.add_zero]

theorem ctxSize_append_nil (Γ : List Shape) : ctxSize (Γ ++ []) = ctxSize Γ :=
  ctxSize_append Γ []

/-- The space of the coordinates of a context. -/
abbrev CtxVec (R : Type) (Γ : List Shape) : Type := Vec R (ctxSize Γ)

variable {R : Type} {Γ ss : List Shape} {s τ : Shape}

noncomputable section

/-- The entries' coordinates in list order, each entry in row-major order. -/
def flattenCtx : {Γ : List Shape} → TList R Γ → CtxVec R Γ
  | [], _ => fun k => k.elim0
  | _ :: _, x => (toVecT x.1).append (flattenCtx x.2)

/-- The entries with the given coordinates; inverse of `flattenCtx`. -/
def unflattenCtx : {Γ : List Shape} → CtxVec R Γ → TList R Γ
  | [], _ => ()
  | _ :: _, v => (ofVecT v.left, unflattenCtx v.right)

/-- Appends the coordinates of one saved tensor. -/
def snocCtx (v : CtxVec R (Γ ++ ss)) (t : Vec R τ.size) : CtxVec R (Γ ++ (ss ++ [τ])) :=
  (v.append t).castVec (ctxSize_snoc Γ ss τ).symm

/-- Splits off the coordinates of the last saved tensor; inverse of `snocCtx`. -/
def unsnocCtx (v : CtxVec R (Γ ++ (ss ++ [τ]))) : CtxVec R (Γ ++ ss) × Vec R τ.size :=
  ((v.castVec (ctxSize_snoc Γ ss τ)).left, (v.castVec (ctxSize_snoc Γ ss τ)).right)

end

/-! ### Round trips -/

@[simp] theorem unflattenCtx_flattenCtx :
    {Γ : List Shape} → (x : TList R Γ) → unflattenCtx (flattenCtx x) = x
  | [], _ => rfl
  | _ :: _, x => by
      simp only [flattenCtx, unflattenCtx, Vec.left_append, Vec.right_append, ofVecT_toVecT,
        unflattenCtx_flattenCtx x.2]
      rfl

@[simp] theorem flattenCtx_unflattenCtx :
    {Γ : List Shape} → (v : CtxVec R Γ) → flattenCtx (unflattenCtx v) = v
  | [], _ => funext fun k => k.elim0
  | _ :: _, v => by
      simp only [flattenCtx, unflattenCtx, toVecT_ofVecT, flattenCtx_unflattenCtx v.right]
      exact Vec.append_left_right v

theorem unsnocCtx_snocCtx (v : CtxVec R (Γ ++ ss)) (t : Vec R τ.size) :
    unsnocCtx (snocCtx v t) = (v, t) :=
  Prod.ext (Vec.left_append v t) (Vec.right_append v t)

theorem snocCtx_unsnocCtx (v : CtxVec R (Γ ++ (ss ++ [τ]))) :
    snocCtx (unsnocCtx v).1 (unsnocCtx v).2 = v :=
  congrArg (Vec.castVec (ctxSize_snoc Γ ss τ).symm)
    (Vec.append_left_right (v.castVec (ctxSize_snoc Γ ss τ)))

/-! ### Appending and splitting, before and after flattening -/

theorem flattenCtx_push : {Γ : List Shape} → (x : TList R Γ) → (t : Tensor R τ) →
    flattenCtx (x.push t) = ((flattenCtx x).append (toVecT t)).castVec (ctxSize_append Γ [τ]).symm
  | [], _, _ => Vec.append_nil _ _
  | _ :: _, x, t => by
      simp [TList.push, flattenCtx, flattenCtx_push x.2 t, Vec.append_castVec, Vec.append_assoc]

theorem flattenCtx_snoc : {Γ ss : List Shape} → (x : TList R (Γ ++ ss)) → (t : Tensor R τ) →
    flattenCtx (x.snoc t) = snocCtx (flattenCtx x) (toVecT t)
  | [], _, x, t => flattenCtx_push x t
  | _ :: _, _, x, t => by
      simp [TList.snoc, flattenCtx, flattenCtx_snoc x.2 t, snocCtx, Vec.append_castVec,
        Vec.append_assoc]

theorem flattenCtx_appendNil : {Γ : List Shape} → (x : TList R Γ) →
    flattenCtx x.appendNil = (flattenCtx x).castVec (ctxSize_append_nil Γ).symm
  | [], _ => rfl
  | _ :: _, x => by
      simp only [TList.appendNil, flattenCtx, flattenCtx_appendNil x.2, Vec.append_castVec]

theorem flattenCtx_dropNil : {Γ : List Shape} → (x : TList R (Γ ++ [])) →
    flattenCtx x.dropNil = (flattenCtx x).castVec (ctxSize_append_nil Γ)
  | [], _ => rfl
  | _ :: _, x => by
      simp only [TList.dropNil, flattenCtx, flattenCtx_dropNil x.2, Vec.append_castVec]

theorem unsnocCtx_flattenCtx (x : TList R (Γ ++ (ss ++ [τ]))) :
    unsnocCtx (flattenCtx x) = (flattenCtx x.unsnoc.1, toVecT x.unsnoc.2) := by
  rw [← unsnocCtx_snocCtx, ← flattenCtx_snoc, snoc_unsnoc]

/-! ### One block -/

namespace CtxVec

noncomputable section

/-- Where coordinate `k` of the entry at position `i` stands in the context. -/
def pos : {Γ : List Shape} → (i : Fin Γ.length) → Fin (Γ.get i).size → Fin (ctxSize Γ)
  | _ :: Γ, ⟨0, _⟩, k => k.castAdd (ctxSize Γ)
  | s :: _, ⟨i + 1, h⟩, k => (pos ⟨i, Nat.lt_of_succ_lt_succ h⟩ k).natAdd s.size

/-- The coordinates of the entry at a typed position. -/
def get (idx : Idx Γ s) (v : CtxVec R Γ) : Vec R s.size :=
  fun k => v (pos idx.i (k.cast (congrArg Shape.size idx.h).symm))

end

private theorem get_pos : {Γ : List Shape} → (x : TList R Γ) → (i : Fin Γ.length) →
    (k : Fin (Γ.get i).size) →
    flattenCtx x (pos i k) = toVecT (x.get i) k
  | _ :: _, x, ⟨0, _⟩, k => congrFun (Vec.left_append (toVecT x.1) (flattenCtx x.2)) k
  | _ :: _, x, ⟨i + 1, h⟩, k => (congrFun (Vec.right_append (toVecT x.1) (flattenCtx x.2)) _).trans
      (get_pos x.2 ⟨i, Nat.lt_of_succ_lt_succ h⟩ k)

theorem get_flattenCtx (idx : Idx Γ s) (x : TList R Γ) :
    get idx (flattenCtx x) = toVecT (getIdx x idx) := by
  obtain ⟨i, rfl⟩ := idx
  exact funext fun k => get_pos x i k

end CtxVec

theorem getIdx_unflattenCtx (v : CtxVec R Γ) (idx : Idx Γ s) :
    getIdx (unflattenCtx v) idx = ofVecT (CtxVec.get idx v) := by
  rw [← flattenCtx_unflattenCtx v, CtxVec.get_flattenCtx, unflattenCtx_flattenCtx, ofVecT_toVecT]

variable [ScalarOps R]

noncomputable section

/-- The coordinates `v` at a typed position, zeros elsewhere. -/
def CtxVec.single (idx : Idx Γ s) (v : Vec R s.size) : CtxVec R Γ :=
  flattenCtx (TList.single idx (ofVecT v))

end

theorem unflattenCtx_add : {Γ : List Shape} → (v w : CtxVec R Γ) →
    unflattenCtx (v + w) = unflattenCtx v + unflattenCtx w
  | [], _, _ => rfl
  | _ :: _, v, w => congrArg (Prod.mk _) (unflattenCtx_add v.right w.right)

/-! ### Isometry -/

/-- Flattening a context is an isometry. -/
theorem dotList_eq_inner :
    {Γ : List Shape} → (x y : TList R Γ) → dotList x y = (flattenCtx x).inner (flattenCtx y)
  | [], _, _ => rfl
  | _ :: _, x, y => by
      rw [dotList, dot_eq_inner, dotList_eq_inner x.2 y.2, Vec.inner_eq_left_add_right]
      simp [flattenCtx]

theorem toVecT_inner (a : Tensor R s) (v : Vec R s.size) :
    (toVecT a).inner v = a.dot (ofVecT v) := by
  rw [dot_eq_inner, toVecT_ofVecT]

theorem flattenCtx_inner (x : TList R Γ) (v : CtxVec R Γ) :
    (flattenCtx x).inner v = dotList x (unflattenCtx v) := by
  rw [dotList_eq_inner, flattenCtx_unflattenCtx]

theorem inner_flattenCtx (v : CtxVec R Γ) (x : TList R Γ) :
    v.inner (flattenCtx x) = dotList (unflattenCtx v) x := by
  rw [dotList_eq_inner, flattenCtx_unflattenCtx]

theorem inner_snocCtx (v : CtxVec R (Γ ++ ss)) (t : Vec R τ.size)
    (w : CtxVec R (Γ ++ (ss ++ [τ]))) :
    (snocCtx v t).inner w = v.inner (unsnocCtx w).1 + t.inner (unsnocCtx w).2 := by
  rw [snocCtx, Vec.castVec_inner, Vec.inner_eq_left_add_right, Vec.left_append, Vec.right_append]
  rfl

/-- `single` is the adjoint of `get`. -/
theorem CtxVec.inner_single (v : CtxVec R Γ) (idx : Idx Γ s) (w : Vec R s.size) :
    v.inner (single idx w) = (get idx v).inner w := by
  rw [single, inner_flattenCtx, dotList_single, ← toVecT_inner, ← get_flattenCtx,
    flattenCtx_unflattenCtx]

/-! ### Nodes -/

namespace Node

noncomputable section

/-- The node's value as a vector, from a vector. -/
def forwardVec (node : Node R Γ τ) (x : CtxVec R Γ) : Vec R τ.size :=
  toVecT (node.forward (unflattenCtx x))

/-- The tangent of the node's value as a vector, from a point and a tangent. -/
def jvpVec (node : Node R Γ τ) (x dx : CtxVec R Γ) : Vec R τ.size :=
  toVecT (node.jvp (unflattenCtx x) (unflattenCtx dx))

/-- The cotangent of the whole context as a vector, from a point and a cotangent of the node's
value. -/
def vjpVec (node : Node R Γ τ) (x : CtxVec R Γ) (δ : Vec R τ.size) : CtxVec R Γ :=
  flattenCtx (node.vjp (unflattenCtx x) (ofVecT δ))

end

/-- The node's VJP is the adjoint of its JVP, on vectors. -/
theorem correct_inner (node : Node R Γ τ) (x dx : CtxVec R Γ) (δ : Vec R τ.size) :
    (node.jvpVec x dx).inner δ = dx.inner (node.vjpVec x δ) := by
  rw [jvpVec, toVecT_inner, node.correct, vjpVec, inner_flattenCtx]

end Node

/-! ### Graphs -/

namespace Graph

noncomputable section

/-- The inputs followed by the saved tensors, as a vector, from a vector. -/
def evalVec (g : Graph R Γ ss) (x : CtxVec R Γ) : CtxVec R (Γ ++ ss) :=
  flattenCtx (g.eval (unflattenCtx x))

/-- The tangents of inputs and saved tensors as a vector, from a point and a tangent of the
inputs. -/
def jvpVec (g : Graph R Γ ss) (x dx : CtxVec R Γ) : CtxVec R (Γ ++ ss) :=
  flattenCtx (g.jvpCtx (unflattenCtx x) (unflattenCtx dx))

/-- The cotangents of the inputs as a vector, from a point and a seed with a block for every input
and saved tensor. -/
def backpropVec (g : Graph R Γ ss) (x : CtxVec R Γ) (seed : CtxVec R (Γ ++ ss)) : CtxVec R Γ :=
  flattenCtx (g.backpropCtx (unflattenCtx x) (unflattenCtx seed))

end

/-- Evaluation commutes with flattening. -/
theorem flattenCtx_eval (g : Graph R Γ ss) (x : TList R Γ) :
    flattenCtx (g.eval x) = g.evalVec (flattenCtx x) := by
  rw [evalVec, unflattenCtx_flattenCtx]

theorem evalVec_nil (x : CtxVec R Γ) : nil.evalVec x = x.castVec (ctxSize_append_nil Γ).symm := by
  rw [evalVec, eval, flattenCtx_appendNil, flattenCtx_unflattenCtx]

theorem evalVec_snoc (g : Graph R Γ ss) (node : Node R (Γ ++ ss) τ) (x : CtxVec R Γ) :
    (g.snoc node).evalVec x = snocCtx (g.evalVec x) (node.forwardVec (g.evalVec x)) := by
  simp [evalVec, eval, flattenCtx_snoc, Node.forwardVec]

theorem jvpVec_nil (x dx : CtxVec R Γ) :
    nil.jvpVec x dx = dx.castVec (ctxSize_append_nil Γ).symm := by
  rw [jvpVec, jvpCtx, flattenCtx_appendNil, flattenCtx_unflattenCtx]

theorem jvpVec_snoc (g : Graph R Γ ss) (node : Node R (Γ ++ ss) τ) (x dx : CtxVec R Γ) :
    (g.snoc node).jvpVec x dx =
        snocCtx (g.jvpVec x dx) (node.jvpVec (g.evalVec x) (g.jvpVec x dx)) := by
  simp [jvpVec, evalVec, jvpCtx, flattenCtx_snoc, Node.jvpVec]

theorem backpropVec_nil (x : CtxVec R Γ) (seed : CtxVec R (Γ ++ [])) :
    nil.backpropVec x seed = seed.castVec (ctxSize_append_nil Γ) := by
  rw [backpropVec, backpropCtx, flattenCtx_dropNil, flattenCtx_unflattenCtx]

theorem backpropVec_snoc (g : Graph R Γ ss) (node : Node R (Γ ++ ss) τ) (x : CtxVec R Γ)
    (seed : CtxVec R (Γ ++ (ss ++ [τ]))) :
    (g.snoc node).backpropVec x seed =
      g.backpropVec x ((unsnocCtx seed).1 + node.vjpVec (g.evalVec x) (unsnocCtx seed).2) := by
  rw [← flattenCtx_unflattenCtx seed, unsnocCtx_flattenCtx]
  simp [backpropVec, backpropCtx, evalVec, Node.vjpVec, unflattenCtx_add]

/-- Back-propagation is the adjoint of the JVP, on vectors. -/
theorem backprop_correct_inner (g : Graph R Γ ss) (x dx : CtxVec R Γ) (seed : CtxVec R (Γ ++ ss)) :
    (g.jvpVec x dx).inner seed = dx.inner (g.backpropVec x seed) := by
  rw [jvpVec, flattenCtx_inner, backprop_correct, backpropVec, inner_flattenCtx]

end Graph

end Proofs.Autograd
