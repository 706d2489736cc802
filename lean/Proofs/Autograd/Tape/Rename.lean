module

public import Proofs.Autograd.Tape.DGraph

/-!
# A graph on other inputs

`Graph.rename` lets a graph read its inputs elsewhere: among other inputs, or among what another
graph saved. Ops, order of the nodes and saved shapes stay as they are. `Graph.feed` puts a graph on
top of another, whose last saved tensor becomes its first input, as layers of a network stand on one
another. Main results: `GraphFDerivCorrect.rename`, `GraphFDerivCorrect.feed`; a stack of certified
layers is certified.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec

variable {Γ Δ ss ts : List Shape} {s x : Shape}

noncomputable section

/-- The position over other inputs: an input goes where `f` says, saved tensors keep their order. -/
def Idx.rename (f : {s : Shape} → Idx Γ s → Idx Δ s) (idx : Idx (Γ ++ ss) s) : Idx (Δ ++ ss) s :=
  have found : (Γ ++ ss)[idx.i.val]? = some s := List.getElem?_eq_some_iff.2 ⟨idx.i.isLt, idx.h⟩
  if lt : idx.i < Γ.length then
    (f (.pos idx.i (by rwa [List.getElem?_append_left lt] at found))).weaken ss
  else
    .pos (Δ.length + (idx.i - Γ.length)) <| by
      rw [List.getElem?_append_right (by omega)] at found
      rw [List.getElem?_append_right (by omega), Nat.add_sub_cancel_left, found]

/-- Where a graph on top of another finds its inputs: the first is what the lower one saved last,
the others come after the lower one's inputs. -/
def Idx.fed (idx : Idx (x :: Γ) s) : Idx ((Δ ++ Γ) ++ (ts ++ [x])) s :=
  .pos (if idx.i.val = 0 then (Δ ++ Γ).length + ts.length else Δ.length + (idx.i - 1)) <| by
    have found : (x :: Γ)[idx.i.val]? = some s := List.getElem?_eq_some_iff.2 ⟨idx.i.isLt, idx.h⟩
    have lt := idx.i.isLt
    simp only [List.length_cons] at lt
    split
    · next zero =>
      rw [zero, List.getElem?_cons_zero] at found
      rw [List.getElem?_append_right (by omega), Nat.add_sub_cancel_left,
        List.getElem?_concat_length, found]
    · next pos =>
      rw [List.getElem?_append_left (by simp only [List.length_append]; omega),
        List.getElem?_append_right (by omega),
        Nat.add_sub_cancel_left, ← found, List.getElem?_cons, if_neg pos]

/-- The same graph, with each input read where `f` says. -/
def Graph.rename {R : Type} [ScalarOps R] (f : {s : Shape} → Idx Γ s → Idx Δ s) :
    {ss : List Shape} → Graph R Γ ss → Graph R Δ ss
  | _, .nil => .nil
  | _, .snoc g node => (g.rename f).snoc (node.reindex (Idx.rename f))

/-- The graph that runs the first graph, then the second on its last saved tensor and on further
inputs. -/
def Graph.feed {R : Type} [ScalarOps R] (below : Graph R Δ (ts ++ [x])) (g : Graph R (x :: Γ) ss) :
    Graph R (Δ ++ Γ) ((ts ++ [x]) ++ ss) :=
  (below.weakenContext Γ).append (g.rename Idx.fed)

/-- The certificate of a renamed graph. -/
def GraphFDerivCorrect.rename {R : Type} [AnalyticScalar R] (f : {s : Shape} → Idx Γ s → Idx Δ s) :
    {ss : List Shape} → {g : Graph R Γ ss} → GraphFDerivCorrect g → GraphFDerivCorrect (g.rename f)
  | _, .nil, _ => .nil
  | _, .snoc g _, hg => .snoc (rename f (g := g) hg.1) (hg.2.reindex (Idx.rename f))

/-- The certificate of a graph on top of another. -/
def GraphFDerivCorrect.feed {R : Type} [AnalyticScalar R] {below : Graph R Δ (ts ++ [x])}
    {g : Graph R (x :: Γ) ss}
    (hbelow : GraphFDerivCorrect below) (hg : GraphFDerivCorrect g) :
    GraphFDerivCorrect (below.feed g) :=
  (hbelow.weakenContext Γ).append (hg.rename Idx.fed)

end

end Proofs.Autograd
