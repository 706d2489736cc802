module

public import Proofs.Autograd.Graphs.Faithful
public import Proofs.Autograd.Graphs.LlamaBlock
public import Proofs.Autograd.Graphs.MaskedAttention
public import Proofs.Autograd.Graphs.RmsNorm
public import Proofs.Autograd.Tape.Weaken

/-!
# The block of Llama in formulas, and that it is causal

`textbookLlamaBlock` writes the pre-norm block `h + SwiGLU(RMS₂ h)` with `h = x + GQA(RMS₁ x)` down
in sums; head `h` attends to the keys and values of head `h / groups` of these, as `repeat_kv` has
it. `llamaBlockGraph` computes exactly these numbers, over any scalars, at any size and for all
inputs: `llamaBlockGraph_output_eq_textbook`.

So what it computes at a position depends on that position and on those to which it may attend,
`llamaBlockGraph_output_congr`; with the causal mask on none after it, `llamaBlockGraph_causal`.
Positions themselves have a part in scores only, and there by the cosines and sines of the
differences of their angles: `score_rotate_congr`.

References: Touvron et al., *Llama 2: open foundation and fine-tuned chat models*, 2023; Su et al.,
*RoFormer: enhanced transformer with rotary position embedding*, 2021.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.LlamaBlock

open Spec Shape MultiHeadAttention MaskedAttention RmsNorm

noncomputable section

variable {R : Type} [ScalarOps R] {n d K G e F : Nat}

/-! ### The textbook formula -/

/-- Feature `k` of token `i` projected for head `h`. -/
def textbookHeads {H D : Nat} (y : Tensor R (mat n d)) (W : Tensor R (WqShape d H D)) :
    Tensor R (cube H n D) := fun (h, i, k, _) => headProjection y W h i k

/-- What each head has of its group: head `h` of `K · G` that of head `h / G` of `K`. -/
def shared {D : Nat} (k : Tensor R (cube K n D)) : Tensor R (cube (K * G) n D) :=
  fun (h, i) => k (⟨h / G, Nat.div_lt_of_lt_mul (Nat.mul_comm K G ▸ h.isLt)⟩, i)

/-- Multi-head self-attention over what the mask allows, queries and keys turned by their positions,
keys and values shared by the heads of a group: the heads side by side, multiplied by `Wo`. -/
def textbookGroupedAttention (c : R) (mask : (mat n n).Index → Bool)
    (Wq : Tensor R (WqShape d (K * G) (e + e))) (Wk Wv : Tensor R (WqShape d K (e + e)))
    (cos sin : Tensor R (mat n e)) (Wo : Tensor R (WoShape d (K * G) (e + e)))
    (y : Tensor R (mat n d)) : Tensor R (mat n d) := fun i =>
  sum fun h => sum fun k =>
    textbookMaskedAttention c mask ((textbookHeads y Wq).rotate cos sin)
      (shared ((textbookHeads y Wk).rotate cos sin)) (shared (textbookHeads y Wv))
      (h, i.1, k, ()) * Wo (⟨h * (e + e) + k, mul_add_lt h k⟩, i.2.1, ())

/-- The gated network,
`Σ_f silu (Σ_j y[i,j] · Wgate[j,f]) · (Σ_j y[i,j] · Wup[j,f]) · Wdown[f,k]`. -/
def textbookSwiGlu (Wgate Wup : Tensor R (mat d F)) (Wdown : Tensor R (mat F d))
    (y : Tensor R (mat n d)) : Tensor R (mat n d) := fun (i, k, _) =>
  sum fun f => siluSpec (sum fun j => y (i, j, ()) * Wgate (j, f, ())) *
    (sum fun j => y (i, j, ()) * Wup (j, f, ())) * Wdown (f, k, ())

/-- The block of Llama, `h + SwiGLU(RMS₂ h)` with `h = x + GQA(RMS₁ x)`. -/
def textbookLlamaBlock (c ε₁ ε₂ : R) (mask : (mat n n).Index → Bool) (γ₁ : Tensor R (vec d))
    (Wq : Tensor R (WqShape d (K * G) (e + e))) (Wk Wv : Tensor R (WqShape d K (e + e)))
    (cos sin : Tensor R (mat n e)) (Wo : Tensor R (WoShape d (K * G) (e + e)))
    (γ₂ : Tensor R (vec d)) (Wgate Wup : Tensor R (mat d F)) (Wdown : Tensor R (mat F d))
    (x : Tensor R (mat n d)) : Tensor R (mat n d) :=
  let h := x + textbookGroupedAttention c mask Wq Wk Wv cos sin Wo (textbookRmsNorm ε₁ x γ₁)
  h + textbookSwiGlu Wgate Wup Wdown (textbookRmsNorm ε₂ h γ₂)

end

/-! ### Groups of heads -/

section

variable {R : Type} [ScalarOps R] {n K G D : Nat} {c : R} {mask : (mat n n).Index → Bool}
  {q : Tensor R (cube (K * G) n D)} {k : Tensor R (cube K n D)}

omit [ScalarOps R] in
private theorem shared_apply (k : Tensor R (cube K n D)) (a : Fin K) (b : Fin G)
    (i : (mat n D).Index) : shared (G := G) k (⟨a * G + b, mul_add_lt a b⟩, i) = k (a, i) := by
  have ha : (a * G + b : Nat) / G = a := by
    rw [Nat.mul_comm, Nat.mul_add_div (Nat.lt_of_le_of_lt (Nat.zero_le _) b.isLt),
      Nat.div_eq_of_lt b.isLt, Nat.add_zero]
  simp only [shared, ha]

private theorem groupScores_apply (a : Fin K) (b : Fin G) (t i : Fin n) :
    (c • (q.reshape (size_heads_to_groups n K G D)).mulBatch k.transposeLast2).reshape
        (size_groups_to_scores n K G) (a, b, t, i, ()) =
      score c q (shared k) ⟨a * G + b, mul_add_lt a b⟩ t i := by
  rw [Tensor.reshape_apply (s₁ := GroupsShape n K G n) _ _
    (a, ⟨b * n + t, mul_add_lt b t⟩, i, ()) (by simp only [flat, size, Nat.mul_one]; grind)]
  refine congrArg (c * ·) (sum_congr fun l => ?_)
  rw [shared_apply]
  exact congrArg (· * _) (Tensor.reshape_apply _ q (⟨a * G + b, mul_add_lt a b⟩, t, l, ())
    (by simp only [flat, size, Nat.mul_one]; grind))

private theorem groupOut_apply {S : Tensor R (GroupScoresShape n K G)} (v : Tensor R (cube K n D))
    (hS : ∀ a b t i, S (a, b, t, i, ()) = score c q (shared k) ⟨a * G + b, mul_add_lt a b⟩ t i) :
    (((Tensor.maskedSoftmax (o := cube K G n) (n := n) (fun i => mask i.2.2) S).reshape
      (size_groups_to_scores n K G).symm).mulBatch v).reshape
        (size_heads_to_groups n K G D).symm =
      textbookMaskedAttention c mask q (shared k) (shared v) := by
  refine funext fun (h, t, l, _) => ?_
  obtain ⟨a, b, rfl⟩ : ∃ (a : Fin K) (b : Fin G), h = ⟨a * G + b, mul_add_lt a b⟩ :=
    have hG : 0 < G := Nat.pos_of_ne_zero fun h₀ => by have := h.isLt; simp [h₀] at this
    ⟨⟨h / G, Nat.div_lt_of_lt_mul (Nat.mul_comm K G ▸ h.isLt)⟩, ⟨h % G, Nat.mod_lt _ hG⟩,
      Fin.ext (Nat.div_add_mod' _ _).symm⟩
  rw [Tensor.reshape_apply (s₁ := GroupsShape n K G D) _ _
    (a, ⟨b * n + t, mul_add_lt b t⟩, l, ()) (by simp only [flat, size, Nat.mul_one]; grind)]
  refine sum_congr fun j => ?_
  rw [shared_apply]
  refine congrArg (· * _) ((Tensor.reshape_apply (s₁ := GroupScoresShape n K G) _ _
    (a, b, t, j, ()) (by simp only [flat, size, Nat.mul_one]; grind)).trans ?_)
  change (if mask (t, j, ()) then ScalarOps.exp (S (a, b, t, j, ())) else 0) /
    (sum fun i => if mask (t, i, ()) then ScalarOps.exp (S (a, b, t, i, ())) else 0) = _
  simp only [hS]
  rfl

end

/-! ### The graph computes it -/

section

variable {R : Type} [ScalarOps R] {n d K G e F : Nat} (c ε₁ ε₂ : R)
  (mask : (mat n n).Index → Bool)

section

private theorem length_take₁₀ : ((ssLlamaBlock n d K G e F).take 10).length = 10 := rfl

private theorem length_take₁₈ : ((ssLlamaBlock n d K G e F).take 18).length = 18 := rfl

private theorem length_take₂₂ : ((ssLlamaBlock n d K G e F).take 22).length = 22 := rfl

private theorem length_take₂₃ : ((ssLlamaBlock n d K G e F).take 23).length = 23 := rfl

variable (v : TList R (ΓLlamaBlock n d K G e F))

private theorem eval_input {s : Shape} {ss : List Shape}
    (g : Graph R (ΓLlamaBlock n d K G e F) ss) (i : Nat)
    (h : (ΓLlamaBlock n d K G e F)[i]? = some s)
    (h' : (ΓLlamaBlock n d K G e F ++ ss)[i]? = some s) :
    getIdx (g.eval v) (.pos i h') = getIdx v (.pos i h) :=
  Graph.getIdx_eval_weaken v (.pos i h) g

/-- Turned queries, turned keys, transposed, and values of every head. -/
private theorem eval_heads :
    let y := textbookRmsNorm ε₁ (getIdx v (.pos 0 rfl)) (getIdx v (.pos 1 rfl))
    let cos : Tensor R (mat n e) := getIdx v (.pos 5 rfl)
    let sin := getIdx v (.pos 6 rfl)
    let u := (llamaHeadsGraph ε₁).eval v
    getIdx u (.pos 15 rfl : Idx _ (cube (K * G) n (e + e))) =
        (textbookHeads y (getIdx v (.pos 2 rfl))).rotate cos sin ∧
      getIdx u (.pos 19 rfl : Idx _ (cube K (e + e) n)) =
        ((textbookHeads y (getIdx v (.pos 3 rfl))).rotate cos sin).transposeLast2 ∧
      getIdx u (.pos 21 rfl : Idx _ (cube K n (e + e))) =
        textbookHeads y (getIdx v (.pos 4 rfl)) := by
  simp only [llamaHeadsGraph, Graph.eval, Node.forward, TapeNodes.rmsNorm, TapeNodes.matmul,
    TapeNodes.rotary, TapeNodes.ShapeOps.splitHeads, TapeNodes.ShapeOps.transpose3dLastTwo,
    Operands.gather, getIdx_snoc_of_lt, getIdx_snoc_last, List.length_append, List.length_cons,
    List.length_nil, Nat.reduceAdd, Nat.reduceLT]
  rw [getIdx_appendNil v 0 _ rfl, getIdx_appendNil v 1 _ rfl, getIdx_appendNil v 2 _ rfl,
    getIdx_appendNil v 3 _ rfl, getIdx_appendNil v 4 _ rfl, getIdx_appendNil v 5 _ rfl,
    getIdx_appendNil v 6 _ rfl]
  exact ⟨rfl, rfl, rfl⟩

private theorem eval_headOut :
    getIdx ((llamaHeadOutGraph c ε₁ mask).eval v)
        (.pos 29 rfl : Idx _ (cube (K * G) n (e + e))) =
      let u := (llamaHeadsGraph ε₁).eval v
      (((Tensor.maskedSoftmax (o := cube K G n) (n := n) (fun i => mask i.2.2)
        ((c • Tensor.mulBatch ((getIdx u (.pos 15 rfl : Idx _ (cube (K * G) n (e + e)))).reshape
          (size_heads_to_groups n K G (e + e)))
            (getIdx u (.pos 19 rfl : Idx _ (cube K (e + e) n)))).reshape
              (size_groups_to_scores n K G))).reshape
                (size_groups_to_scores n K G).symm).mulBatch
                  (getIdx u (.pos 21 rfl : Idx _ (cube K n (e + e))))).reshape
                    (size_heads_to_groups n K G (e + e)).symm := by
  simp only [llamaHeadOutGraph, Graph.eval]
  generalize (llamaHeadsGraph ε₁).eval v = u
  simp only [Node.forward, TapeNodes.Batched.matmul, TapeNodes.scale, TapeNodes.maskedSoftmax,
    TapeNodes.ShapeOps.reshape, Operands.gather, getIdx_snoc_of_lt, getIdx_snoc_last,
    List.length_append, List.length_cons, List.length_nil, length_take₁₀, Nat.reduceAdd,
    Nat.reduceLT]
  rfl

private theorem eval_attnResidual :
    getIdx ((llamaAttnResidualGraph c ε₁ mask).eval v) llamaIdxAttnResidual =
      let u := (llamaHeadOutGraph c ε₁ mask).eval v
      getIdx u (.pos 0 rfl : Idx _ (mat n d)) +
        ((getIdx u (.pos 29 rfl : Idx _ (cube (K * G) n (e + e)))).swap01.reshape
          (size_swap_to_concat n (K * G) (e + e))).mulMat
            (getIdx u (.pos 7 rfl : Idx _ (mat (K * G * (e + e)) d))) := by
  simp only [llamaAttnResidualGraph, Graph.eval]
  generalize (llamaHeadOutGraph c ε₁ mask).eval v = u
  simp only [Node.forward, TapeNodes.ShapeOps.swapFirstTwo3d, TapeNodes.ShapeOps.reshape,
    TapeNodes.matmul, TapeNodes.add, llamaIdxAttnResidual, Operands.gather, getIdx_snoc_of_lt,
    getIdx_snoc_last, List.length_append, List.length_cons, List.length_nil, length_take₁₈,
    Nat.reduceAdd, Nat.reduceLT]
  rfl

private theorem eval_norm2 :
    getIdx ((llamaNorm2Graph c ε₁ ε₂ mask).eval v) (.pos 34 rfl : Idx _ (mat n d)) =
      let u := (llamaAttnResidualGraph c ε₁ mask).eval v
      textbookRmsNorm ε₂ (getIdx u llamaIdxAttnResidual) (getIdx u (.pos 8 rfl)) := by
  simp only [llamaNorm2Graph, Graph.eval]
  generalize (llamaAttnResidualGraph c ε₁ mask).eval v = u
  exact getIdx_snoc_last u _ rfl _

private theorem eval_norm2_x :
    getIdx ((llamaNorm2Graph c ε₁ ε₂ mask).eval v) (.pos 33 rfl : Idx _ (mat n d)) =
      getIdx ((llamaAttnResidualGraph c ε₁ mask).eval v) llamaIdxAttnResidual := by
  simp only [llamaNorm2Graph, Graph.eval]
  generalize (llamaAttnResidualGraph c ε₁ mask).eval v = u
  exact getIdx_snoc u _ 33 rfl rfl

private theorem eval_block :
    getIdx ((llamaBlockGraph c ε₁ ε₂ mask).eval v) llamaBlockIdxY =
      let u := (llamaNorm2Graph c ε₁ ε₂ mask).eval v
      getIdx u (.pos 33 rfl : Idx _ (mat n d)) +
        textbookSwiGlu (getIdx u (.pos 9 rfl)) (getIdx u (.pos 10 rfl)) (getIdx u (.pos 11 rfl))
          (getIdx u (.pos 34 rfl)) := by
  simp only [llamaBlockGraph, Graph.eval]
  generalize (llamaNorm2Graph c ε₁ ε₂ mask).eval v = u
  simp only [Node.forward, TapeNodes.matmul, TapeNodes.add, TapeNodes.mul, TapeNodes.silu,
    llamaBlockIdxY, Operands.gather, getIdx_snoc_of_lt, getIdx_snoc_last, List.length_append,
    List.length_cons, List.length_nil, length_take₂₃, Nat.reduceAdd, Nat.reduceLT]
  rfl

end

variable (x : Tensor R (mat n d)) (γ₁ : Tensor R (vec d))
  (Wq : Tensor R (WqShape d (K * G) (e + e))) (Wk Wv : Tensor R (WqShape d K (e + e)))
  (cos sin : Tensor R (mat n e)) (Wo : Tensor R (WoShape d (K * G) (e + e)))
  (γ₂ : Tensor R (vec d)) (Wgate Wup : Tensor R (mat d F)) (Wdown : Tensor R (mat F d))

/-- The first residual sum of the block is its input plus the attention of that, normalised. -/
theorem llamaAttnResidualGraph_output_eq_textbook :
    getIdx ((llamaAttnResidualGraph c ε₁ mask).eval
      (x, γ₁, Wq, Wk, Wv, cos, sin, Wo, γ₂, Wgate, Wup, Wdown, ())) llamaIdxAttnResidual =
      x + textbookGroupedAttention c mask Wq Wk Wv cos sin Wo (textbookRmsNorm ε₁ x γ₁) := by
  rw [eval_attnResidual]
  simp only [eval_headOut, eval_heads]
  rw [groupOut_apply _ groupScores_apply, eval_input _ _ 0 rfl, eval_input _ _ 7 rfl]
  exact congrArg (x + ·) <| funext fun i => (sum_prod _).trans <| sum_congr fun h =>
    sum_congr fun k => congrArg (· * _) (Tensor.reshape_swap01_apply _ _ h i.1 k)

/-- The output of the block is the textbook formula. -/
theorem llamaBlockGraph_output_eq_textbook :
    getIdx ((llamaBlockGraph c ε₁ ε₂ mask).eval
      (x, γ₁, Wq, Wk, Wv, cos, sin, Wo, γ₂, Wgate, Wup, Wdown, ())) llamaBlockIdxY =
      textbookLlamaBlock c ε₁ ε₂ mask γ₁ Wq Wk Wv cos sin Wo γ₂ Wgate Wup Wdown x := by
  simp only [eval_block, eval_norm2, eval_norm2_x, llamaAttnResidualGraph_output_eq_textbook]
  rw [eval_input _ _ 9 rfl, eval_input _ _ 10 rfl, eval_input _ _ 11 rfl, eval_input _ _ 8 rfl]
  rfl

end

/-! ### What it looks at -/

section

variable {R : Type} [ScalarOps R] {H n e : Nat} {c : R} {cos sin : Tensor R (mat n e)}
  {q q' k k' : Tensor R (cube H n (e + e))} {g : Fin H} {t u t' u' : Fin n}

/-- Scores of the same rows at other positions are the same where the cosines and the sines of the
differences of the positions' angles are. -/
theorem score_rotate_congr
    (hcos : ∀ j, cos (t, j, ()) * cos (u, j, ()) + sin (t, j, ()) * sin (u, j, ()) =
      cos (t', j, ()) * cos (u', j, ()) + sin (t', j, ()) * sin (u', j, ()))
    (hsin : ∀ j, sin (t, j, ()) * cos (u, j, ()) - cos (t, j, ()) * sin (u, j, ()) =
      sin (t', j, ()) * cos (u', j, ()) - cos (t', j, ()) * sin (u', j, ()))
    (hq : ∀ i, q (g, t, i, ()) = q' (g, t', i, ()))
    (hk : ∀ i, k (g, u, i, ()) = k' (g, u', i, ())) :
    score c (q.rotate cos sin) (k.rotate cos sin) g t u =
      score c (q'.rotate cos sin) (k'.rotate cos sin) g t' u' := by
  simp only [score, Tensor.rotate_dot_rotate, hcos, hsin, hq, hk]

omit [ScalarOps R] in
/-- What is shared at a position depends on that position only. -/
theorem shared_congr {K G D : Nat} {v v' : Tensor R (cube K n D)}
    (hv : ∀ g i, v (g, t, i, ()) = v' (g, t, i, ())) (h : Fin (K * G)) (i : Fin D) :
    shared v (h, t, i, ()) = shared v' (h, t, i, ()) :=
  hv _ i

/-- A row turned depends on that row and on its position's angles only. -/
theorem rotate_congr (hq : ∀ i, q (g, t, i, ()) = q' (g, t, i, ())) (i : Fin (e + e)) :
    q.rotate cos sin (g, t, i, ()) = q'.rotate cos sin (g, t, i, ()) := by
  simp only [Tensor.rotate, hq]

end

section

variable {R : Type} [AnalyticScalar R] {n d K G e F : Nat} {c ε ε₁ ε₂ : R}
  {mask : (mat n n).Index → Bool} {x x' : Tensor R (mat n d)} {γ γ₁ γ₂ : Tensor R (vec d)}
  {Wq : Tensor R (WqShape d (K * G) (e + e))} {Wk Wv : Tensor R (WqShape d K (e + e))}
  {cos sin : Tensor R (mat n e)} {Wo : Tensor R (WoShape d (K * G) (e + e))}
  {Wgate Wup : Tensor R (mat d F)} {Wdown : Tensor R (mat F d)} {t : Fin n}

section

variable (ht : ∀ k, x (t, k, ()) = x' (t, k, ()))
include ht

/-- A position's normalisation depends on that position only, -/
theorem textbookRmsNorm_congr (k : Fin d) :
    textbookRmsNorm ε x γ (t, k, ()) = textbookRmsNorm ε x' γ (t, k, ()) := by
  simp only [textbookRmsNorm, ht]

/-- and so do its projections -/
theorem textbookHeads_congr {H D : Nat} {W : Tensor R (WqShape d H D)} (h : Fin H) (k : Fin D) :
    textbookHeads x W (h, t, k, ()) = textbookHeads x' W (h, t, k, ()) := by
  simp only [textbookHeads, headProjection, ht]

/-- and its gated network. -/
theorem textbookSwiGlu_congr (k : Fin d) :
    textbookSwiGlu Wgate Wup Wdown x (t, k, ()) = textbookSwiGlu Wgate Wup Wdown x' (t, k, ()) := by
  simp only [textbookSwiGlu, ht]

end

variable (ht : ∀ k, x (t, k, ()) = x' (t, k, ()))
  (hm : ∀ j, mask (t, j, ()) = true → ∀ k, x (j, k, ()) = x' (j, k, ()))
include ht hm

/-- What a position gets from attention depends on that position and on those that it may attend
to. -/
theorem textbookGroupedAttention_congr (k : Fin d) :
    textbookGroupedAttention c mask Wq Wk Wv cos sin Wo x (t, k, ()) =
      textbookGroupedAttention c mask Wq Wk Wv cos sin Wo x' (t, k, ()) := by
  refine sum_congr fun h => sum_congr fun l => congrArg (· * _) ?_
  refine (textbookMaskedAttention_congr
    (fun j hj => shared_congr (fun g => rotate_congr (textbookHeads_congr (hm j hj) g)) h)
    (fun j hj => shared_congr (textbookHeads_congr (hm j hj)) h) l).trans ?_
  simp only [textbookMaskedAttention, weight, score, rotate_congr (textbookHeads_congr ht h)]

/-- What the block computes at a position depends on that position and on those that it may attend
to. -/
theorem llamaBlockGraph_output_congr (k : Fin d) :
    getIdx ((llamaBlockGraph c ε₁ ε₂ mask).eval
      (x, γ₁, Wq, Wk, Wv, cos, sin, Wo, γ₂, Wgate, Wup, Wdown, ())) llamaBlockIdxY (t, k, ()) =
      getIdx ((llamaBlockGraph c ε₁ ε₂ mask).eval
        (x', γ₁, Wq, Wk, Wv, cos, sin, Wo, γ₂, Wgate, Wup, Wdown, ())) llamaBlockIdxY
          (t, k, ()) := by
  simp only [llamaBlockGraph_output_eq_textbook, textbookLlamaBlock]
  have hy (k : Fin d) : (x + textbookGroupedAttention c mask Wq Wk Wv cos sin Wo
      (textbookRmsNorm ε₁ x γ₁)) (t, k, ()) = (x' + textbookGroupedAttention c mask Wq Wk Wv cos sin
        Wo (textbookRmsNorm ε₁ x' γ₁)) (t, k, ()) := by
    rw [Tensor.add_apply, Tensor.add_apply, ht, textbookGroupedAttention_congr
      (textbookRmsNorm_congr ht) fun j hj => textbookRmsNorm_congr (hm j hj)]
  have hz := textbookSwiGlu_congr (Wgate := Wgate) (Wup := Wup) (Wdown := Wdown)
    (textbookRmsNorm_congr (ε := ε₂) (γ := γ₂) hy) k
  simp only [Tensor.add_apply] at hy ⊢
  rw [hy, hz]

omit hm ht in
/-- With the causal mask the block at a position does not depend on the positions after it. -/
theorem llamaBlockGraph_causal (h : ∀ j, j ≤ t → ∀ k, x (j, k, ()) = x' (j, k, ())) (k : Fin d) :
    getIdx ((llamaBlockGraph c ε₁ ε₂ (causalMask n)).eval
      (x, γ₁, Wq, Wk, Wv, cos, sin, Wo, γ₂, Wgate, Wup, Wdown, ())) llamaBlockIdxY (t, k, ()) =
      getIdx ((llamaBlockGraph c ε₁ ε₂ (causalMask n)).eval
        (x', γ₁, Wq, Wk, Wv, cos, sin, Wo, γ₂, Wgate, Wup, Wdown, ())) llamaBlockIdxY
          (t, k, ()) :=
  llamaBlockGraph_output_congr (h t (Nat.le_refl t)) (fun j hj => h j (Nat.ble_eq.mp hj)) k

end

end Proofs.Autograd.LlamaBlock
