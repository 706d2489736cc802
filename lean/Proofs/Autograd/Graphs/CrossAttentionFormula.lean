module

public import Proofs.Autograd.Graphs.CrossAttention
public import Proofs.Autograd.Graphs.Faithful

/-!
# Multi-head attention to another sequence in formulas

`textbookCrossAttention` writes the attention of one sequence to another down in sums, using no op
of a graph; `crossAttentionGraph` computes exactly these numbers, over any scalars, at any size and
for all inputs: `crossAttentionGraph_output_eq_textbook`. So what a position gets depends on that
position and on those of the other sequence that it may attend to,
`crossAttentionGraph_output_congr`.

References: Vaswani et al., *Attention is all you need*, 2017, section 3.2.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.CrossAttention

open Spec Shape MultiHeadAttention MaskedAttention

noncomputable section

variable {R : Type} [ScalarOps R] {n m d e H D : Nat}

/-- Feature `k` of token `i` projected for head `h`: `Σ_j y[i,j] · W[h·D + k, j] + b[h·D + k]`. -/
def textbookProjection (y : Tensor R (mat n d)) (W : Tensor R (mat (H * D) d))
    (b : Tensor R (vec (H * D))) : Tensor R (cube H n D) := fun (h, i, k, _) =>
  (sum fun j => y (i, j, ()) * W (⟨h * D + k, mul_add_lt h k⟩, j, ())) +
    b (⟨h * D + k, mul_add_lt h k⟩, ())

/-- Multi-head attention of `y` to what the mask allows of `z`, with a bias in each projection: the
heads side by side, multiplied by the transpose of `Wo`, plus `bo`. -/
def textbookCrossAttention (c : R) (mask : (mat n m).Index → Bool) (Wq : Tensor R (mat (H * D) d))
    (bq : Tensor R (vec (H * D))) (Wk : Tensor R (mat (H * D) e)) (bk : Tensor R (vec (H * D)))
    (Wv : Tensor R (mat (H * D) e)) (bv : Tensor R (vec (H * D))) (Wo : Tensor R (mat d (H * D)))
    (bo : Tensor R (vec d)) (y : Tensor R (mat n d)) (z : Tensor R (mat m e)) :
    Tensor R (mat n d) := fun i =>
  (sum fun h => sum fun k =>
    textbookMaskedAttention c mask (textbookProjection y Wq bq) (textbookProjection z Wk bk)
      (textbookProjection z Wv bv) (h, i.1, k, ()) *
      Wo (i.2.1, ⟨h * D + k, mul_add_lt h k⟩, ())) + bo i.2

end

/-! ### The graph computes it -/

section

variable {R : Type} [ScalarOps R] {n m d e H D : Nat} (c : R) (mask : (mat n m).Index → Bool)

section

variable (v : TList R (ΓCrossAttention n m d e H D))

private theorem eval_input {s : Shape} {ss : List Shape}
    (g : Graph R (ΓCrossAttention n m d e H D) ss) (i : Nat)
    (h : (ΓCrossAttention n m d e H D)[i]? = some s)
    (h' : (ΓCrossAttention n m d e H D ++ ss)[i]? = some s) :
    getIdx (g.eval v) (.pos i h') = getIdx v (.pos i h) :=
  Graph.getIdx_eval_weaken v (.pos i h) g

/-- Queries, keys and values of every head. -/
private theorem eval_heads :
    crossHeads.gather (crossHeadsGraph.eval v) =
      (textbookProjection (getIdx v (.pos 0 rfl)) (getIdx v (.pos 2 rfl)) (getIdx v (.pos 3 rfl)),
        textbookProjection (getIdx v (.pos 1 rfl)) (getIdx v (.pos 4 rfl)) (getIdx v (.pos 5 rfl)),
        textbookProjection (getIdx v (.pos 1 rfl)) (getIdx v (.pos 6 rfl)) (getIdx v (.pos 7 rfl)),
        ()) :=
  (rfl)

private theorem eval_headOut :
    getIdx ((crossHeadOutGraph c mask).eval v) (.pos 20 rfl : Idx _ (cube H n D)) =
      textbookMaskedAttention c mask
        (textbookProjection (getIdx v (.pos 0 rfl)) (getIdx v (.pos 2 rfl)) (getIdx v (.pos 3 rfl)))
        (textbookProjection (getIdx v (.pos 1 rfl)) (getIdx v (.pos 4 rfl)) (getIdx v (.pos 5 rfl)))
        (textbookProjection (getIdx v (.pos 1 rfl)) (getIdx v (.pos 6 rfl))
          (getIdx v (.pos 7 rfl))) := by
  rw [← maskedAttentionGraph_output_eq_textbook, ← eval_heads]
  exact Graph.getIdx_eval_call v crossHeadsGraph crossHeads (maskedAttentionGraph c mask) 4 rfl rfl

private theorem eval_attention :
    getIdx ((crossAttentionGraph c mask).eval v) crossAttentionIdxY =
      let u := (crossHeadOutGraph c mask).eval v
      ((getIdx u (.pos 20 rfl : Idx _ (cube H n D))).swap01.reshape
        (size_swap_to_concat n H D)).mulMat
          (getIdx u (.pos 8 rfl : Idx _ (mat d (H * D)))).transpose +
        (getIdx u (.pos 9 rfl : Idx _ (vec d))).broadcastCol n := by
  simp only [crossAttentionGraph, Graph.eval]
  generalize (crossHeadOutGraph c mask).eval v = u
  rfl

end

/-- The output is the textbook formula. -/
theorem crossAttentionGraph_output_eq_textbook (x : Tensor R (mat n d))
    (memory : Tensor R (mat m e)) (Wq : Tensor R (mat (H * D) d)) (bq : Tensor R (vec (H * D)))
    (Wk : Tensor R (mat (H * D) e)) (bk : Tensor R (vec (H * D))) (Wv : Tensor R (mat (H * D) e))
    (bv : Tensor R (vec (H * D))) (Wo : Tensor R (mat d (H * D))) (bo : Tensor R (vec d)) :
    getIdx ((crossAttentionGraph c mask).eval (x, memory, Wq, bq, Wk, bk, Wv, bv, Wo, bo, ()))
      crossAttentionIdxY =
      textbookCrossAttention c mask Wq bq Wk bk Wv bv Wo bo x memory := by
  rw [eval_attention]
  simp only [eval_headOut]
  rw [eval_input _ _ 8 rfl, eval_input _ _ 9 rfl]
  exact funext fun i => congrArg (· + bo i.2) <| (sum_prod _).trans <| sum_congr fun h =>
    sum_congr fun k => congrArg (· * _) (Tensor.reshape_swap01_apply _ _ h i.1 k)

end

/-! ### What it looks at -/

section

variable {R : Type} [AnalyticScalar R] {n m d e H D : Nat} {c : R}
  {mask : (mat n m).Index → Bool} {x x' : Tensor R (mat n d)} {memory memory' : Tensor R (mat m e)}
  {Wq : Tensor R (mat (H * D) d)} {bq : Tensor R (vec (H * D))} {Wk : Tensor R (mat (H * D) e)}
  {bk : Tensor R (vec (H * D))} {Wv : Tensor R (mat (H * D) e)} {bv : Tensor R (vec (H * D))}
  {Wo : Tensor R (mat d (H * D))} {bo : Tensor R (vec d)} {t : Fin n}

/-- What is projected of a position depends on that position only. -/
theorem textbookProjection_congr (ht : ∀ k, x (t, k, ()) = x' (t, k, ())) (h : Fin H) (k : Fin D) :
    textbookProjection x Wq bq (h, t, k, ()) = textbookProjection x' Wq bq (h, t, k, ()) := by
  simp only [textbookProjection, ht]

variable (ht : ∀ k, x (t, k, ()) = x' (t, k, ()))
  (hm : ∀ j, mask (t, j, ()) = true → ∀ k, memory (j, k, ()) = memory' (j, k, ()))
include ht hm

/-- What a position gets from attention depends on that position and on those that it may attend
to. -/
theorem textbookCrossAttention_congr (k : Fin d) :
    textbookCrossAttention c mask Wq bq Wk bk Wv bv Wo bo x memory (t, k, ()) =
      textbookCrossAttention c mask Wq bq Wk bk Wv bv Wo bo x' memory' (t, k, ()) := by
  refine congrArg (· + bo (k, ())) <| sum_congr fun h => sum_congr fun l => ?_
  refine congrArg (· * _) ?_
  refine (textbookMaskedAttention_congr
    (fun j hj => textbookProjection_congr (hm j hj) h)
    (fun j hj => textbookProjection_congr (hm j hj) h) l).trans ?_
  simp only [textbookMaskedAttention, weight, score, textbookProjection_congr ht]

/-- The same of the graph. -/
theorem crossAttentionGraph_output_congr (k : Fin d) :
    getIdx ((crossAttentionGraph c mask).eval (x, memory, Wq, bq, Wk, bk, Wv, bv, Wo, bo, ()))
      crossAttentionIdxY (t, k, ()) =
      getIdx ((crossAttentionGraph c mask).eval (x', memory', Wq, bq, Wk, bk, Wv, bv, Wo, bo, ()))
        crossAttentionIdxY (t, k, ()) := by
  simp only [crossAttentionGraph_output_eq_textbook]
  exact textbookCrossAttention_congr ht hm k

end

end Proofs.Autograd.CrossAttention
