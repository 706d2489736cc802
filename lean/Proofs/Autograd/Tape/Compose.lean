module

public import Proofs.Autograd.Tape.Graph

/-!
# Graphs from graphs

`Graph.append` runs one graph after another; `Graph.weakenContext` adds inputs, which nothing reads.
Both renumber operands and leave the ops alone, so a graph built from graphs normalises to a plain
list of nodes. What a renumbering means is `TList.pullback`: a renumbered node is the node on the
entries that it used to read (`Node.forward_reindex`, `Node.jvp_reindex`).
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec

noncomputable section

namespace Idx

variable {Γ Δ : List Shape} {s : Shape}

/-- The same position in an equal context. -/
def cast (h : Γ = Δ) (idx : Idx Γ s) : Idx Δ s where
  i := idx.i.cast (congrArg List.length h)
  h := by subst h; exact idx.h

/-- The position after `extra` entries were inserted between `Γ` and `ss`. -/
def insertMiddle (extra : List Shape) {ss : List Shape} (idx : Idx (Γ ++ ss) s) :
    Idx ((Γ ++ extra) ++ ss) s :=
  .pos (if idx.i < Γ.length then idx.i else idx.i + extra.length) <| by
    have h : (Γ ++ ss)[idx.i.val]? = some s := List.getElem?_eq_some_iff.2 ⟨idx.i.isLt, idx.h⟩
    rw [List.append_assoc]
    split
    · next lt => rw [List.getElem?_append_left lt] at h ⊢; exact h
    · next ge =>
      rw [List.getElem?_append_right (by omega)] at h
      rw [List.getElem?_append_right (by omega), List.getElem?_append_right (by omega), ← h]
      congr 1
      omega

end Idx

namespace Graph

variable {R : Type} [ScalarOps R] {Γ : List Shape}

/-- The same graph at an equal list of saved shapes. -/
def castSaved {ss ss' : List Shape} (h : ss = ss') (g : Graph R Γ ss) : Graph R Γ ss' := h ▸ g

/-- The graph that runs the first graph, then the second on inputs and saved tensors of the
first. -/
def append {ss₁ : List Shape} (g₁ : Graph R Γ ss₁) :
    {ss₂ : List Shape} → Graph R (Γ ++ ss₁) ss₂ → Graph R Γ (ss₁ ++ ss₂)
  | _, .nil => g₁.castSaved (List.append_nil ss₁).symm
  | _, .snoc g₂ node =>
      ((g₁.append g₂).snoc (node.reindex (Idx.cast (List.append_assoc ..)))).castSaved
        (List.append_assoc ..)

/-- The same graph with further inputs, which no node reads. -/
def weakenContext (extra : List Shape) : {ss : List Shape} → Graph R Γ ss → Graph R (Γ ++ extra) ss
  | _, .nil => .nil
  | _, .snoc g node => (g.weakenContext extra).snoc (node.reindex (Idx.insertMiddle extra))

end Graph

/-! ### What a renumbering means -/

namespace TList

variable {R : Type} {Γ Δ : List Shape} {s : Shape}

/-- The list with the given entry at each position. -/
def ofFn : {Γ : List Shape} → ((i : Fin Γ.length) → Tensor R (Γ.get i)) → TList R Γ
  | [], _ => ()
  | _ :: _, t => (t ⟨0, Nat.succ_pos _⟩, ofFn fun i => t i.succ)

/-- The entries of `x` that stand at the new positions, at their old positions. -/
def pullback (f : {s : Shape} → Idx Γ s → Idx Δ s) (x : TList R Δ) : TList R Γ :=
  ofFn fun i => getIdx x (f ⟨i, rfl⟩)

end TList

end

section

variable {R : Type} {Γ Δ : List Shape} {s τ : Shape} (f : {s : Shape} → Idx Γ s → Idx Δ s)

private theorem get_ofFn : {Γ : List Shape} → (t : (i : Fin Γ.length) → Tensor R (Γ.get i)) →
    (i : Fin Γ.length) →
    (TList.ofFn t).get i = t i
  | _ :: _, _, ⟨0, _⟩ => rfl
  | _ :: _, t, ⟨i + 1, h⟩ => get_ofFn (fun i => t i.succ) ⟨i, Nat.lt_of_succ_lt_succ h⟩

theorem getIdx_pullback (x : TList R Δ) (idx : Idx Γ s) :
    getIdx (x.pullback f) idx = getIdx x (f idx) := by
  obtain ⟨i, rfl⟩ := idx
  exact get_ofFn _ i

theorem Operands.gather_map (x : TList R Δ) : {args : List Shape} → (ops : Operands Γ args) →
    (ops.map f).gather x = ops.gather (x.pullback f)
  | _, .nil => rfl
  | _, .cons idx rest => by simp only [map, gather, getIdx_pullback, gather_map x rest]

namespace Node

variable [ScalarOps R]

theorem forward_reindex (node : Node R Γ τ) (x : TList R Δ) :
    (node.reindex f).forward x = node.forward (x.pullback f) :=
  congrArg node.op.forward (Operands.gather_map f x node.operands)

theorem jvp_reindex (node : Node R Γ τ) (x dx : TList R Δ) :
    (node.reindex f).jvp x dx = node.jvp (x.pullback f) (dx.pullback f) :=
  congr (congrArg node.op.jvp (Operands.gather_map f x node.operands))
    (Operands.gather_map f dx node.operands)

end Node

end

end Proofs.Autograd
