module

public import Proofs.Autograd.Tape.Graph

/-!
# Graphs as declarations

A `DGraph Γ ss` wraps a graph, the form in which models are declared. Main definitions: `DGraph.nil`, `DGraph.snoc`,
`DGraph.append` (run one graph after another), `DGraph.weakenContext` (more inputs, which nothing reads). All of them renumber
operands and leave the ops alone, so a graph built from graphs normalises to a plain list of nodes.
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
def insertMiddle (extra : List Shape) {ss : List Shape} (idx : Idx (Γ ++ ss) s) : Idx ((Γ ++ extra) ++ ss) s :=
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

/-- The graph that runs the first graph, then the second on inputs and saved tensors of the first. -/
def append {ss₁ : List Shape} (g₁ : Graph R Γ ss₁) : {ss₂ : List Shape} → Graph R (Γ ++ ss₁) ss₂ → Graph R Γ (ss₁ ++ ss₂)
  | _, .nil => g₁.castSaved (List.append_nil ss₁).symm
  | _, .snoc g₂ node =>
      ((g₁.append g₂).snoc (node.reindex (Idx.cast (List.append_assoc ..)))).castSaved (List.append_assoc ..)

/-- The same graph with further inputs, which no node reads. -/
def weakenContext (extra : List Shape) : {ss : List Shape} → Graph R Γ ss → Graph R (Γ ++ extra) ss
  | _, .nil => .nil
  | _, .snoc g node => (g.weakenContext extra).snoc (node.reindex (Idx.insertMiddle extra))

end Graph

/-- A declared graph over inputs `Γ` that saves tensors of shapes `ss`. -/
structure DGraph (R : Type) [ScalarOps R] (Γ ss : List Shape) where
  /-- The graph. -/
  g : Graph R Γ ss

namespace DGraph

variable {R : Type} [ScalarOps R] {Γ ss ss₁ ss₂ : List Shape} {τ : Shape}

/-- Nothing is computed. -/
def nil : DGraph R Γ [] := ⟨.nil⟩

/-- One more node at the end. -/
def snoc (dg : DGraph R Γ ss) (node : Node R (Γ ++ ss) τ) : DGraph R Γ (ss ++ [τ]) := ⟨dg.g.snoc node⟩

/-- The graph that runs the first graph, then the second on inputs and saved tensors of the first. -/
def append (dg₁ : DGraph R Γ ss₁) (dg₂ : DGraph R (Γ ++ ss₁) ss₂) : DGraph R Γ (ss₁ ++ ss₂) := ⟨dg₁.g.append dg₂.g⟩

/-- The same graph with further inputs, which no node reads. -/
def weakenContext (dg : DGraph R Γ ss) (extra : List Shape) : DGraph R (Γ ++ extra) ss := ⟨dg.g.weakenContext extra⟩

end DGraph

end

end Proofs.Autograd
