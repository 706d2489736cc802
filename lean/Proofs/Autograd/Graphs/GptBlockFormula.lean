module

public import Proofs.Autograd.Graphs.CrossAttentionFormula
public import Proofs.Autograd.Graphs.EncoderBlockFormula
public import Proofs.Autograd.Graphs.GptBlock

/-!
# The block of GPT-2 in formulas, and that it is causal

`textbookGptBlock` writes the pre-norm block `h + FFN(LN₂ h)` with `h = x + MHA(LN₁ x)` down in
sums, using no op of a graph; the attention is over what the mask allows, with a bias in each of
its projections. `gptBlockGraph` computes exactly these numbers, over any scalars, at any size and
for all inputs: `gptBlockGraph_output_eq_textbook`.

So what it computes at a position depends on that position and on those to which it may attend,
`gptBlockGraph_output_congr`; with the causal mask on none after it, `gptBlockGraph_causal`.

References: Radford et al., *Language models are unsupervised multitask learners*, 2019.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.GptBlock

open Spec Shape LayerNorm MultiHeadAttention Transformer MaskedAttention CrossAttention

noncomputable section

variable {R : Type} [ScalarOps R] {n d H D F : Nat}

/-! ### The textbook formula -/

/-- Multi-head self-attention over what the mask allows, with a bias in each projection. -/
def textbookSelfAttention (c : R) (mask : (mat n n).Index → Bool) (Wq : Tensor R (mat (H * D) d))
    (bq : Tensor R (vec (H * D))) (Wk : Tensor R (mat (H * D) d)) (bk : Tensor R (vec (H * D)))
    (Wv : Tensor R (mat (H * D) d)) (bv : Tensor R (vec (H * D))) (Wo : Tensor R (mat d (H * D)))
    (bo : Tensor R (vec d)) (y : Tensor R (mat n d)) : Tensor R (mat n d) :=
  textbookCrossAttention c mask Wq bq Wk bk Wv bv Wo bo y y

/-- The block of GPT-2, `h + FFN(LN₂ h)` with `h = x + MHA(LN₁ x)`. -/
def textbookGptBlock (κ c ε₁ ε₂ : R) (mask : (mat n n).Index → Bool) (γ₁ β₁ : Tensor R (vec d))
    (Wq : Tensor R (mat (H * D) d)) (bq : Tensor R (vec (H * D))) (Wk : Tensor R (mat (H * D) d))
    (bk : Tensor R (vec (H * D))) (Wv : Tensor R (mat (H * D) d)) (bv : Tensor R (vec (H * D)))
    (Wo : Tensor R (mat d (H * D))) (bo : Tensor R (vec d)) (γ₂ β₂ : Tensor R (vec d))
    (W1 : Tensor R (mat F d)) (b1 : Tensor R (vec F)) (W2 : Tensor R (mat d F))
    (b2 : Tensor R (vec d)) (x : Tensor R (mat n d)) : Tensor R (mat n d) :=
  let h := x +
    textbookSelfAttention c mask Wq bq Wk bk Wv bv Wo bo (textbookLayerNorm ε₁ x γ₁ β₁)
  h + textbookFeedForward κ W1 b1 W2 b2 (textbookLayerNorm ε₂ h γ₂ β₂)

end

/-! ### The graph computes it -/

section

variable {R : Type} [ScalarOps R] {n d H D F : Nat} (κ c ε₁ ε₂ : R)
  (mask : (mat n n).Index → Bool)

section

private theorem length_take₈ : ((ssGptBlock n d H D F).take 8).length = 8 := rfl

private theorem length_take₁₂ : ((ssGptBlock n d H D F).take 12).length = 12 := rfl

private theorem length_take₁₆ : ((ssGptBlock n d H D F).take 16).length = 16 := rfl

private theorem length_take₁₇ : ((ssGptBlock n d H D F).take 17).length = 17 := rfl

variable (v : TList R (ΓGptBlock n d H D F))

private theorem eval_input {s : Shape} {ss : List Shape} (g : Graph R (ΓGptBlock n d H D F) ss)
    (i : Nat) (h : (ΓGptBlock n d H D F)[i]? = some s)
    (h' : (ΓGptBlock n d H D F ++ ss)[i]? = some s) :
    getIdx (g.eval v) (.pos i h') = getIdx v (.pos i h) :=
  Graph.getIdx_eval_weaken v (.pos i h) g

/-- Queries, transposed keys and values of every head. -/
private theorem eval_heads :
    let y := textbookLayerNorm ε₁ (getIdx v (.pos 0 rfl)) (getIdx v (.pos 1 rfl))
      (getIdx v (.pos 2 rfl))
    let u := (gptHeadsGraph ε₁).eval v
    getIdx u (.pos 19 rfl : Idx _ (cube H n D)) =
        textbookProjection y (getIdx v (.pos 3 rfl)) (getIdx v (.pos 4 rfl)) ∧
      getIdx u (.pos 22 rfl : Idx _ (cube H D n)) =
        (textbookProjection y (getIdx v (.pos 5 rfl)) (getIdx v (.pos 6 rfl))).transposeLast2 ∧
      getIdx u (.pos 24 rfl : Idx _ (cube H n D)) =
        textbookProjection y (getIdx v (.pos 7 rfl)) (getIdx v (.pos 8 rfl)) := by
  simp only [gptHeadsGraph, Graph.eval, Node.forward, wholeNode, gptNorm1Inputs, TapeNodes.dense,
    TapeNodes.ShapeOps.splitHeads, TapeNodes.ShapeOps.transpose3dLastTwo, Operands.gather,
    getIdx_snoc_of_lt, getIdx_snoc_last, List.length_append, List.length_cons, List.length_nil,
    Nat.reduceAdd, Nat.reduceLT]
  rw [getIdx_appendNil v 0 _ rfl, getIdx_appendNil v 1 _ rfl, getIdx_appendNil v 2 _ rfl,
    getIdx_appendNil v 3 _ rfl, getIdx_appendNil v 4 _ rfl, getIdx_appendNil v 5 _ rfl,
    getIdx_appendNil v 6 _ rfl, getIdx_appendNil v 7 _ rfl, getIdx_appendNil v 8 _ rfl]
  exact ⟨rfl, rfl, rfl⟩

private theorem eval_headOut :
    getIdx ((gptHeadOutGraph c ε₁ mask).eval v) (.pos 28 rfl : Idx _ (cube H n D)) =
      let u := (gptHeadsGraph ε₁).eval v
      Tensor.mulBatch (Tensor.maskedSoftmax (o := mat H n) (n := n) (fun i => mask i.2)
        (c • Tensor.mulBatch (getIdx u (.pos 19 rfl : Idx _ (cube H n D)))
          (getIdx u (.pos 22 rfl : Idx _ (cube H D n)))))
        (getIdx u (.pos 24 rfl : Idx _ (cube H n D))) := by
  simp only [gptHeadOutGraph, Graph.eval]
  generalize (gptHeadsGraph ε₁).eval v = u
  simp only [Node.forward, TapeNodes.Batched.matmul, TapeNodes.scale, TapeNodes.maskedSoftmax,
    Operands.gather, getIdx_snoc_of_lt, getIdx_snoc_last, List.length_append, List.length_cons,
    List.length_nil, length_take₈, Nat.reduceAdd, Nat.reduceLT]
  rfl

private theorem eval_attnResidual :
    getIdx ((gptAttnResidualGraph c ε₁ mask).eval v) gptNorm2Inputs.x =
      let u := (gptHeadOutGraph c ε₁ mask).eval v
      getIdx u (.pos 0 rfl : Idx _ (mat n d)) +
        (((getIdx u (.pos 28 rfl : Idx _ (cube H n D))).swap01.reshape
          (size_swap_to_concat n H D)).mulMat
            (getIdx u (.pos 9 rfl : Idx _ (mat d (H * D)))).transpose +
          (getIdx u (.pos 10 rfl : Idx _ (vec d))).broadcastCol n) := by
  simp only [gptAttnResidualGraph, Graph.eval]
  generalize (gptHeadOutGraph c ε₁ mask).eval v = u
  simp only [Node.forward, TapeNodes.ShapeOps.swapFirstTwo3d, TapeNodes.ShapeOps.reshape,
    TapeNodes.dense, TapeNodes.add, gptNorm2Inputs,
    Operands.gather, getIdx_snoc_of_lt, getIdx_snoc_last, List.length_append, List.length_cons,
    List.length_nil, length_take₁₂, Nat.reduceAdd, Nat.reduceLT]
  rfl

private theorem eval_norm2 :
    getIdx ((gptNorm2Graph c ε₁ ε₂ mask).eval v) (.pos 33 rfl : Idx _ (mat n d)) =
      let u := (gptAttnResidualGraph c ε₁ mask).eval v
      textbookLayerNorm ε₂ (getIdx u gptNorm2Inputs.x) (getIdx u gptNorm2Inputs.gamma)
        (getIdx u gptNorm2Inputs.beta) := by
  simp only [gptNorm2Graph, Graph.eval]
  generalize (gptAttnResidualGraph c ε₁ mask).eval v = u
  exact getIdx_snoc_last u _ rfl _

private theorem eval_block :
    getIdx ((gptBlockGraph κ c ε₁ ε₂ mask).eval v) gptBlockIdxY =
      let u := (gptNorm2Graph c ε₁ ε₂ mask).eval v
      getIdx u (.pos 32 rfl : Idx _ (mat n d)) +
        textbookFeedForward κ (getIdx u (.pos 13 rfl)) (getIdx u (.pos 14 rfl))
          (getIdx u (.pos 15 rfl)) (getIdx u (.pos 16 rfl)) (getIdx u (.pos 33 rfl)) := by
  simp only [gptBlockGraph, Graph.eval]
  generalize (gptNorm2Graph c ε₁ ε₂ mask).eval v = u
  simp only [Node.forward, TapeNodes.dense, TapeNodes.add, TapeNodes.gelu, gptBlockIdxY,
    Operands.gather, getIdx_snoc_of_lt, getIdx_snoc_last, List.length_append, List.length_cons,
    List.length_nil, length_take₁₇, Nat.reduceAdd, Nat.reduceLT]
  rfl

private theorem eval_norm2_x :
    getIdx ((gptNorm2Graph c ε₁ ε₂ mask).eval v) (.pos 32 rfl : Idx _ (mat n d)) =
      getIdx ((gptAttnResidualGraph c ε₁ mask).eval v) gptNorm2Inputs.x := by
  simp only [gptNorm2Graph, Graph.eval]
  generalize (gptAttnResidualGraph c ε₁ mask).eval v = u
  exact getIdx_snoc u _ 32 rfl rfl

end

variable (x : Tensor R (mat n d)) (γ₁ β₁ : Tensor R (vec d))
  (Wq : Tensor R (mat (H * D) d)) (bq : Tensor R (vec (H * D))) (Wk : Tensor R (mat (H * D) d))
  (bk : Tensor R (vec (H * D))) (Wv : Tensor R (mat (H * D) d)) (bv : Tensor R (vec (H * D)))
  (Wo : Tensor R (mat d (H * D))) (bo : Tensor R (vec d)) (γ₂ β₂ : Tensor R (vec d))
  (W1 : Tensor R (mat F d)) (b1 : Tensor R (vec F)) (W2 : Tensor R (mat d F))
  (b2 : Tensor R (vec d))

/-- The first residual sum of the block is its input plus the attention of that, normalised. -/
theorem gptAttnResidualGraph_output_eq_textbook :
    getIdx ((gptAttnResidualGraph c ε₁ mask).eval
      (x, γ₁, β₁, Wq, bq, Wk, bk, Wv, bv, Wo, bo, γ₂, β₂, W1, b1, W2, b2, ())) gptNorm2Inputs.x =
      x + textbookSelfAttention c mask Wq bq Wk bk Wv bv Wo bo (textbookLayerNorm ε₁ x γ₁ β₁) := by
  rw [eval_attnResidual]
  simp only [eval_headOut, eval_heads]
  rw [eval_input _ _ 0 rfl, eval_input _ _ 9 rfl, eval_input _ _ 10 rfl]
  exact congrArg (x + ·) <| funext fun i => congrArg (· + bo i.2) <|
    (sum_prod _).trans <| sum_congr fun h => sum_congr fun k =>
      congrArg (· * _) (Tensor.reshape_swap01_apply _ _ h i.1 k)

/-- The output of the block is the textbook formula. -/
theorem gptBlockGraph_output_eq_textbook :
    getIdx ((gptBlockGraph κ c ε₁ ε₂ mask).eval
      (x, γ₁, β₁, Wq, bq, Wk, bk, Wv, bv, Wo, bo, γ₂, β₂, W1, b1, W2, b2, ())) gptBlockIdxY =
      textbookGptBlock κ c ε₁ ε₂ mask γ₁ β₁ Wq bq Wk bk Wv bv Wo bo γ₂ β₂ W1 b1 W2 b2 x := by
  simp only [eval_block, eval_norm2, eval_norm2_x, gptAttnResidualGraph_output_eq_textbook]
  rw [eval_input _ _ 13 rfl, eval_input _ _ 14 rfl, eval_input _ _ 15 rfl, eval_input _ _ 16 rfl,
    gptNorm2Inputs, eval_input _ _ 11 rfl, eval_input _ _ 12 rfl]
  rfl

end

/-! ### What it looks at -/

section

variable {R : Type} [AnalyticScalar R] {n d H D F : Nat} {κ c ε ε₁ ε₂ : R}
  {mask : (mat n n).Index → Bool} {x x' : Tensor R (mat n d)} {γ₁ β₁ : Tensor R (vec d)}
  {Wq : Tensor R (mat (H * D) d)} {bq : Tensor R (vec (H * D))} {Wk : Tensor R (mat (H * D) d)}
  {bk : Tensor R (vec (H * D))} {Wv : Tensor R (mat (H * D) d)} {bv : Tensor R (vec (H * D))}
  {Wo : Tensor R (mat d (H * D))} {bo : Tensor R (vec d)} {γ₂ β₂ : Tensor R (vec d)}
  {W1 : Tensor R (mat F d)} {b1 : Tensor R (vec F)} {W2 : Tensor R (mat d F)}
  {b2 : Tensor R (vec d)} {t : Fin n}

variable (ht : ∀ k, x (t, k, ()) = x' (t, k, ()))
  (hm : ∀ j, mask (t, j, ()) = true → ∀ k, x (j, k, ()) = x' (j, k, ()))
include ht hm

/-- What a position gets from attention depends on that position and on those that it may attend
to. -/
theorem textbookSelfAttention_congr (k : Fin d) :
    textbookSelfAttention c mask Wq bq Wk bk Wv bv Wo bo x (t, k, ()) =
      textbookSelfAttention c mask Wq bq Wk bk Wv bv Wo bo x' (t, k, ()) :=
  textbookCrossAttention_congr ht hm k

/-- What the block computes at a position depends on that position and on those that it may attend
to. -/
theorem gptBlockGraph_output_congr (k : Fin d) :
    getIdx ((gptBlockGraph κ c ε₁ ε₂ mask).eval
      (x, γ₁, β₁, Wq, bq, Wk, bk, Wv, bv, Wo, bo, γ₂, β₂, W1, b1, W2, b2, ())) gptBlockIdxY
        (t, k, ()) =
      getIdx ((gptBlockGraph κ c ε₁ ε₂ mask).eval
        (x', γ₁, β₁, Wq, bq, Wk, bk, Wv, bv, Wo, bo, γ₂, β₂, W1, b1, W2, b2, ())) gptBlockIdxY
          (t, k, ()) := by
  simp only [gptBlockGraph_output_eq_textbook, textbookGptBlock]
  have hy := add_congr_row (t := t) ht fun k => textbookSelfAttention_congr (c := c) (Wq := Wq)
    (bq := bq) (Wk := Wk) (bk := bk) (Wv := Wv) (bv := bv) (Wo := Wo) (bo := bo)
    (textbookLayerNorm_congr (ε := ε₁) (γ := γ₁) (β := β₁) ht)
    (fun j hj => textbookLayerNorm_congr (hm j hj)) k
  exact add_congr_row hy (textbookFeedForward_congr (textbookLayerNorm_congr hy)) k

omit hm ht in
/-- With the causal mask the block at a position does not depend on the positions after it. -/
theorem gptBlockGraph_causal (h : ∀ j, j ≤ t → ∀ k, x (j, k, ()) = x' (j, k, ())) (k : Fin d) :
    getIdx ((gptBlockGraph κ c ε₁ ε₂ (causalMask n)).eval
      (x, γ₁, β₁, Wq, bq, Wk, bk, Wv, bv, Wo, bo, γ₂, β₂, W1, b1, W2, b2, ())) gptBlockIdxY
        (t, k, ()) =
      getIdx ((gptBlockGraph κ c ε₁ ε₂ (causalMask n)).eval
        (x', γ₁, β₁, Wq, bq, Wk, bk, Wv, bv, Wo, bo, γ₂, β₂, W1, b1, W2, b2, ())) gptBlockIdxY
          (t, k, ()) :=
  gptBlockGraph_output_congr (h t (Nat.le_refl t)) (fun j hj => h j (Nat.ble_eq.mp hj)) k

end

end Proofs.Autograd.GptBlock
