module

public import Proofs.Autograd.Tape.Compose
public import Proofs.Autograd.Tape.Entries

/-!
# A weakened graph computes what the graph computes

`Graph.weakenContext` renumbers operands past the new inputs. Here that is shown to do nothing else:
dropping the new inputs from the values (the tangents) of the weakened graph leaves the values (the
tangents) of the graph itself.

Main definitions: `TList.dropSuffix`, `TList.dropMiddle`. Main results: `Graph.eval_weakenContext`,
`Graph.jvpCtx_weakenContext`, and `Graph.getIdx_eval_weaken`, evaluation keeps the inputs.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec

variable {R : Type} {Γ extra ss : List Shape} {s τ : Shape}

noncomputable section

namespace TList

/-- The entries after those of `extra`. -/
def dropPrefix : {extra ss : List Shape} → TList R (extra ++ ss) → TList R ss
  | [], _, x => x
  | _ :: _, _, x => dropPrefix x.2

/-- The entries before those of `extra`. -/
def dropSuffix : {Γ extra : List Shape} → TList R (Γ ++ extra) → TList R Γ
  | [], _, _ => ()
  | _ :: _, _, x => (x.1, dropSuffix x.2)

/-- The entries before and after those of `extra`. -/
def dropMiddle : {Γ extra ss : List Shape} → TList R ((Γ ++ extra) ++ ss) → TList R (Γ ++ ss)
  | [], _, _, x => dropPrefix x
  | _ :: _, _, _, x => (x.1, dropMiddle x.2)

end TList

end

/-! ### Dropping and positions -/

private theorem getIdx_pos_congr {x : TList R Γ} {i j : Nat} (hij : i = j) (hi : Γ[i]? = some s)
    (hj : Γ[j]? = some s) :
    getIdx x (.pos i hi) = getIdx x (.pos j hj) := by
  subst hij; rfl

private theorem getIdx_dropPrefix : {extra : List Shape} → (x : TList R (extra ++ ss)) → (i : Nat) →
    (h : ss[i]? = some s) →
    (h' : (extra ++ ss)[i + extra.length]? = some s) → getIdx x.dropPrefix (.pos i h) =
      getIdx x (.pos (i + extra.length) h')
  | [], _, _, _, _ => rfl
  | _ :: _, x, i, h, h' => getIdx_dropPrefix x.2 i h h'

private theorem getIdx_pos_dropMiddle :
    {Γ : List Shape} → (x : TList R ((Γ ++ extra) ++ ss)) → (i : Nat) →
    (h : (Γ ++ ss)[i]? = some s) →
      (h' : ((Γ ++ extra) ++ ss)[if i < Γ.length then i else i + extra.length]? = some s) →
        getIdx x.dropMiddle (.pos i h) = getIdx x (.pos _ h')
  | [], x, i, h, h' => getIdx_dropPrefix x i h h'
  | _ :: _, x, 0, h, h' => rfl
  | _ :: Γ, x, i + 1, h, h' => by
      have e : (if i + 1 < Γ.length + 1 then i + 1 else i + 1 + extra.length) =
          (if i < Γ.length then i else i + extra.length) + 1 := by split <;> split <;> omega
      have h'' := e ▸ h'
      exact (getIdx_pos_dropMiddle x.2 i h h'').trans (getIdx_pos_congr (x := x) e.symm h'' h')

theorem getIdx_dropMiddle (x : TList R ((Γ ++ extra) ++ ss)) (idx : Idx (Γ ++ ss) s) :
    getIdx x.dropMiddle idx = getIdx x (idx.insertMiddle extra) :=
  getIdx_pos_dropMiddle x idx.i (List.getElem?_eq_some_iff.2 ⟨idx.i.isLt, idx.h⟩) _

theorem Operands.gather_insertMiddle (x : TList R ((Γ ++ extra) ++ ss)) : {args : List Shape} →
    (ops : Operands (Γ ++ ss) args) → (ops.map (Idx.insertMiddle extra)).gather x =
      ops.gather x.dropMiddle
  | _, .nil => rfl
  | _, .cons idx rest => by simp only [map, gather, getIdx_dropMiddle, gather_insertMiddle x rest]

/-! ### Dropping and appending -/

private theorem dropPrefix_snoc : {extra : List Shape} → (x : TList R (extra ++ ss)) →
    (t : Tensor R τ) →
    TList.dropPrefix (x.snoc t) = TList.snoc (Γ := []) x.dropPrefix t
  | [], _, _ => rfl
  | _ :: _, x, t => dropPrefix_snoc x.2 t

private theorem dropMiddle_snoc : {Γ : List Shape} → (x : TList R ((Γ ++ extra) ++ ss)) →
    (t : Tensor R τ) →
    TList.dropMiddle (x.snoc t) = x.dropMiddle.snoc t
  | [], x, t => dropPrefix_snoc x t
  | _ :: _, x, t => congrArg (Prod.mk x.1) (dropMiddle_snoc x.2 t)

private theorem dropMiddle_appendNil : {Γ : List Shape} → (x : TList R (Γ ++ extra)) →
    TList.dropMiddle x.appendNil = x.dropSuffix.appendNil
  | [], _ => rfl
  | _ :: _, x => congrArg (Prod.mk x.1) (dropMiddle_appendNil x.2)

/-! ### Graphs -/

namespace Graph

variable [ScalarOps R]

/-- Evaluation keeps the inputs. -/
theorem getIdx_eval_weaken (x : TList R Γ) (idx : Idx Γ s) :
    {ss : List Shape} → (g : Graph R Γ ss) →
    getIdx (g.eval x) (idx.weaken ss) = getIdx x idx
  | _,
      .nil => getIdx_appendNil x idx.i
      (List.getElem?_eq_some_iff.2 ⟨(idx.weaken []).i.isLt, (idx.weaken []).h⟩)
      (List.getElem?_eq_some_iff.2 ⟨idx.i.isLt, idx.h⟩)
  | _, .snoc (ss := ss) (τ := τ) g _ =>
      (getIdx_snoc (g.eval x) _ idx.i
        (List.getElem?_eq_some_iff.2 ⟨(idx.weaken (ss ++ [τ])).i.isLt, (idx.weaken (ss ++ [τ])).h⟩)
        (List.getElem?_eq_some_iff.2 ⟨(idx.weaken ss).i.isLt, (idx.weaken ss).h⟩)).trans
          (getIdx_eval_weaken x idx g)

/-- The values of a weakened graph, without the new inputs, are the values of the graph. -/
theorem eval_weakenContext (x : TList R (Γ ++ extra)) : {ss : List Shape} → (g : Graph R Γ ss) →
    ((g.weakenContext extra).eval x).dropMiddle = g.eval x.dropSuffix
  | _, .nil => dropMiddle_appendNil x
  | _, .snoc g node => by
      simp only [weakenContext, eval, dropMiddle_snoc, eval_weakenContext x g, Node.forward,
        Node.reindex, Operands.gather_insertMiddle]

/-- The tangents of a weakened graph, without the new inputs, are the tangents of the graph. -/
theorem jvpCtx_weakenContext (x dx : TList R (Γ ++ extra)) :
    {ss : List Shape} → (g : Graph R Γ ss) →
    ((g.weakenContext extra).jvpCtx x dx).dropMiddle = g.jvpCtx x.dropSuffix dx.dropSuffix
  | _, .nil => dropMiddle_appendNil dx
  | _, .snoc g node => by
      simp only [weakenContext, jvpCtx, dropMiddle_snoc, eval_weakenContext,
        jvpCtx_weakenContext x dx g, Node.jvp, Node.reindex, Operands.gather_insertMiddle]

end Graph

end Proofs.Autograd
