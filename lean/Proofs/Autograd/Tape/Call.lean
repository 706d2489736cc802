module

public import Proofs.Autograd.Tape.Rename
public import Proofs.Autograd.Tape.Weaken

/-!
# A graph as a part of another

`Graph.call` runs a graph on entries of another, as a node runs an op on its operands; so attention
to a sequence itself and to another one are one graph, called on other entries.

Main results: what is saved is what the graph computes of those entries,
`Graph.getIdx_eval_call`, and what was there stays, `Graph.getIdx_eval_call_of_lt`, so that a
formula for a part is one for the whole; where both graphs are certified, the whole is,
`GraphFDerivCorrect.call`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec

variable {R : Type} {Γ Δ args ss ts : List Shape} {s τ : Shape}

noncomputable section

/-- Where the operand stands that an input of a called graph is. -/
def Operands.find : {args : List Shape} → Operands Γ args → {s : Shape} → Idx args s → Idx Γ s
  | _, .nil, _, ⟨⟨_, lt⟩, _⟩ => absurd lt (Nat.not_lt_zero _)
  | _, .cons idx _, _, ⟨⟨0, _⟩, h⟩ => ⟨idx.i, idx.h.trans h⟩
  | _, .cons _ rest, _, ⟨⟨i + 1, lt⟩, h⟩ => rest.find ⟨⟨i, Nat.lt_of_succ_lt_succ lt⟩, h⟩

/-- The graph that runs the first graph, then the second on operands: inputs of the first, and what
it saved. -/
def Graph.call [ScalarOps R] (below : Graph R Γ ss) (operands : Operands (Γ ++ ss) args)
    (g : Graph R args ts) : Graph R Γ (ss ++ ts) :=
  below.append (g.rename operands.find)

/-- The certificate of a graph that calls another. -/
def GraphFDerivCorrect.call [AnalyticScalar R] {below : Graph R Γ ss} {g : Graph R args ts}
    (hbelow : GraphFDerivCorrect below) (operands : Operands (Γ ++ ss) args)
    (hg : GraphFDerivCorrect g) : GraphFDerivCorrect (below.call operands g) :=
  hbelow.append (hg.rename operands.find)

end

/-! ### Entries -/

/-- Lists with the same entries are the same. -/
theorem TList.ext_getIdx : {Γ : List Shape} → {x y : TList R Γ} →
    (∀ {s : Shape} (idx : Idx Γ s), getIdx x idx = getIdx y idx) → x = y
  | [], _, _, _ => rfl
  | _ :: _, _, _, h =>
    Prod.ext (h (.pos 0 rfl)) (ext_getIdx fun idx => h ⟨idx.i.succ, idx.h⟩)

private theorem getIdx_congr {x : TList R Γ} {i j : Nat} (hij : i = j) (hi : Γ[i]? = some s)
    (hj : Γ[j]? = some s) : getIdx x (.pos i hi) = getIdx x (.pos j hj) := by
  subst hij; rfl

/-- The entries where the operands stand are the operands. -/
theorem Operands.getIdx_gather (x : TList R Γ) : {args : List Shape} →
    (operands : Operands Γ args) → {s : Shape} → (idx : Idx args s) →
    getIdx (operands.gather x) idx = getIdx x (operands.find idx)
  | _, .nil, _, ⟨⟨_, lt⟩, _⟩ => absurd lt (Nat.not_lt_zero _)
  | _, .cons _ _, _, ⟨⟨0, _⟩, rfl⟩ => by rfl
  | _, .cons _ rest, _, ⟨⟨i + 1, lt⟩, h⟩ =>
    getIdx_gather x rest ⟨⟨i, Nat.lt_of_succ_lt_succ lt⟩, h⟩

private theorem pullback_find (x : TList R Γ) (operands : Operands Γ args) :
    x.pullback operands.find = operands.gather x :=
  TList.ext_getIdx fun idx => (getIdx_pullback ..).trans (operands.getIdx_gather x idx).symm

/-- Lists that have the same entries, at places that may differ, have them after the same was
appended to both. -/
private theorem getIdx_snoc_congr {x : TList R (Γ ++ ss)} {y : TList R (Δ ++ ts)} (t : Tensor R τ)
    {i j : Nat} (hij : i < (Γ ++ ss).length ↔ j < (Δ ++ ts).length)
    (hi : i ≤ (Γ ++ ss).length) (hj : j ≤ (Δ ++ ts).length)
    (hxy : (h : (Γ ++ ss)[i]? = some s) → (h' : (Δ ++ ts)[j]? = some s) →
      getIdx x (.pos i h) = getIdx y (.pos j h'))
    (h : (Γ ++ (ss ++ [τ]))[i]? = some s) (h' : (Δ ++ (ts ++ [τ]))[j]? = some s) :
    getIdx (x.snoc t) (.pos i h) = getIdx (y.snoc t) (.pos j h') := by
  by_cases lt : i < (Γ ++ ss).length
  · rw [getIdx_snoc_of_lt x t lt, getIdx_snoc_of_lt y t (hij.1 lt)]
    exact hxy _ _
  · have ei : i = (Γ ++ ss).length := by omega
    have ej : j = (Δ ++ ts).length := by omega
    obtain rfl : τ = s := by
      rw [ei, ← List.append_assoc, List.getElem?_concat_length] at h
      exact Option.some.inj h
    rw [getIdx_snoc_last x t ei, getIdx_snoc_last y t ej]

/-! ### What is computed -/

namespace Graph

variable [ScalarOps R]

private theorem getIdx_eval_castSaved {ss' : List Shape} (e : ss = ss') (g : Graph R Γ ss)
    (x : TList R Γ) (i : Nat) (h : (Γ ++ ss')[i]? = some s) (h' : (Γ ++ ss)[i]? = some s) :
    getIdx ((g.castSaved e).eval x) (.pos i h) = getIdx (g.eval x) (.pos i h') := by
  subst e; rfl

/-- Of one graph after another the entries are those of the second on the entries of the first. -/
theorem getIdx_eval_append (x : TList R Γ) (g₁ : Graph R Γ ss) : {ts : List Shape} →
    (g₂ : Graph R (Γ ++ ss) ts) → {s : Shape} → (i : Nat) →
    (h : (Γ ++ (ss ++ ts))[i]? = some s) → (h' : ((Γ ++ ss) ++ ts)[i]? = some s) →
    getIdx ((g₁.append g₂).eval x) (.pos i h) = getIdx (g₂.eval (g₁.eval x)) (.pos i h')
  | _, .nil, _, i, h, h' =>
    have h₁ : (Γ ++ ss)[i]? = some _ := by rwa [List.append_nil] at h'
    (getIdx_eval_castSaved _ g₁ x i h h₁).trans (getIdx_appendNil (g₁.eval x) i h' h₁).symm
  | _, .snoc (ss := ts) (τ := τ) g₂ node, s, i, h, h' => by
    have e : ((g₁.append g₂).eval x).pullback (Idx.cast (List.append_assoc ..)) =
        g₂.eval (g₁.eval x) :=
      TList.ext_getIdx fun idx => (getIdx_pullback ..).trans <|
        have found := List.getElem?_eq_some_iff.2 ⟨idx.i.isLt, idx.h⟩
        getIdx_eval_append x g₁ g₂ idx.i (by rw [← List.append_assoc]; exact found) found
    have h₁ : (Γ ++ ((ss ++ ts) ++ [τ]))[i]? = some s := by rwa [List.append_assoc]
    have len : i < ((Γ ++ ss) ++ (ts ++ [τ])).length := (List.getElem?_eq_some_iff.1 h').1
    simp only [List.length_append, List.length_cons, List.length_nil] at len
    refine (getIdx_eval_castSaved _ _ x i h h₁).trans ?_
    simp only [eval, Node.forward_reindex, e]
    exact getIdx_snoc_congr _ (by simp only [List.length_append]; omega)
      (by simp only [List.length_append]; omega) (by simp only [List.length_append]; omega)
      (getIdx_eval_append x g₁ g₂ i) h₁ h'

section

variable (f : {s : Shape} → Idx Γ s → Idx Δ s) (x : TList R Δ)

/-- Of a graph on other inputs the saved entries are those that it has of what it reads there. -/
theorem getIdx_eval_rename : {ts : List Shape} → (g : Graph R Γ ts) → {s : Shape} → (k : Nat) →
    (h : (Δ ++ ts)[Δ.length + k]? = some s) → (h' : (Γ ++ ts)[Γ.length + k]? = some s) →
    getIdx ((g.rename f).eval x) (.pos (Δ.length + k) h) =
      getIdx (g.eval (x.pullback f)) (.pos (Γ.length + k) h')
  | _, .nil, _, k, h, _ => by
    rw [List.append_nil] at h
    exact absurd (List.getElem?_eq_some_iff.1 h).1 (by omega)
  | _, .snoc (ss := ts) (τ := τ) g node, s, k, h, h' => by
    have e : ((g.rename f).eval x).pullback (Idx.rename f) = g.eval (x.pullback f) := by
      refine TList.ext_getIdx fun idx => (getIdx_pullback ..).trans ?_
      have found := List.getElem?_eq_some_iff.2 ⟨idx.i.isLt, idx.h⟩
      unfold Idx.rename
      split
      · next lt =>
        rw [List.getElem?_append_left lt] at found
        exact (getIdx_eval_weaken x _ _).trans <|
          (getIdx_pullback f x (.pos idx.i found)).symm.trans
            (getIdx_eval_weaken (x.pullback f) (.pos idx.i found) g).symm
      · next ge =>
        have back : Γ.length + (idx.i - Γ.length) = idx.i := by omega
        exact (getIdx_eval_rename g (idx.i - Γ.length) _ (by rw [back]; exact found)).trans
          (getIdx_congr back _ found)
    have len : Γ.length + k < (Γ ++ (ts ++ [τ])).length := (List.getElem?_eq_some_iff.1 h').1
    simp only [List.length_append, List.length_cons, List.length_nil] at len
    simp only [rename, eval, Node.forward_reindex, e]
    exact getIdx_snoc_congr _ (by simp only [List.length_append]; omega)
      (by simp only [List.length_append]; omega) (by simp only [List.length_append]; omega)
      (getIdx_eval_rename g k) h h'

end

variable (x : TList R Γ) (below : Graph R Γ ss) (operands : Operands (Γ ++ ss) args)
  (g : Graph R args ts)

/-- What a called graph saves is what it computes of the operands. -/
theorem getIdx_eval_call (k : Nat) (h : (Γ ++ (ss ++ ts))[(Γ ++ ss).length + k]? = some s)
    (h' : (args ++ ts)[args.length + k]? = some s) :
    getIdx ((below.call operands g).eval x) (.pos ((Γ ++ ss).length + k) h) =
      getIdx (g.eval (operands.gather (below.eval x))) (.pos (args.length + k) h') := by
  rw [← pullback_find]
  exact (getIdx_eval_append x below _ _ h (by rwa [List.append_assoc])).trans
    (getIdx_eval_rename operands.find (below.eval x) g k _ h')

/-- What was there before stays. -/
theorem getIdx_eval_call_of_lt (i : Nat) (h : (Γ ++ (ss ++ ts))[i]? = some s)
    (h' : (Γ ++ ss)[i]? = some s) :
    getIdx ((below.call operands g).eval x) (.pos i h) = getIdx (below.eval x) (.pos i h') :=
  (getIdx_eval_append x below _ i h (by rwa [List.append_assoc])).trans
    (getIdx_eval_weaken (below.eval x) (.pos i h') _)

end Graph

end Proofs.Autograd
