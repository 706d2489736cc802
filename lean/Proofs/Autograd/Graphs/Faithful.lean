module

public import Proofs.Autograd.Graphs.ResidualAttention

/-!
# The attention graph computes the textbook formula

`textbookAttention` writes multi-head self-attention down in sums,
`Σ_h softmax(c · Q_h K_hᵀ) V_h · Wo_h`, where `Q_h`, `K_h`, `V_h` are the projections of the tokens
by the columns of head `h`, and `Wo_h` the rows of `Wo` that belong to head `h`. It uses no op of a
graph. `mhaGraph` computes exactly these numbers, over any scalars, at any size, for all inputs.

Main definitions: `attentionWeight`, `attend`, `textbookHead`, `textbookAttention`. Main results:
`mhaGraph_output_eq_textbook` for the output and `mhaGraph_weights_eq_textbook` for the attention
weights; `mhaResidualGraph_output_eq_textbook` for the residual sum.

References: Vaswani et al., *Attention is all you need*, 2017, section 3.2.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec Shape

variable {R : Type}

/-! ### Moving coordinates -/

namespace Tensor

/-- A reshape reads the coordinate at the same row-major position. -/
theorem reshape_apply {s₁ s₂ : Shape} (h : s₁.size = s₂.size) (a : Tensor R s₁) {i : s₂.Index}
    (j : s₁.Index)
    (hij : (flat i).val = (flat j).val) : a.reshape h i = a j := by
  rw [reshape, (Fin.ext hij : (flat i).cast h.symm = flat j), unflat_flat]

/-- Exchanging tokens and heads and then reshaping puts the heads' columns side by side. -/
theorem reshape_swap01_apply {n H D : Nat} (y : Tensor R (cube H n D))
    (h : (cube n H D).size = (mat n (H * D)).size)
    (g : Fin H) (i : Fin n) (k : Fin D) :
    y.swap01.reshape h (i, ⟨g * D + k, mul_add_lt g k⟩, ()) = y (g, i, k, ()) :=
  reshape_apply h y.swap01 (i, g, k, ()) (by simp only [flat, size, Nat.mul_one, Nat.add_zero])

end Tensor

namespace MultiHeadAttention

variable [ScalarOps R] {n dModel numHeads headDim : Nat}

/-! ### The textbook formula -/

noncomputable section

/-- The weight that a query gives to key number `t`: `softmax(c · ⟨query, key_u⟩)` over all `u`, at
`t`. -/
def attentionWeight (c : R) (query : Fin headDim → R) (key : Fin n → Fin headDim → R)
    (t : Fin n) : R :=
  ScalarOps.exp (c * sum fun k => query k * key t k) / sum fun u =>
    ScalarOps.exp (c * sum fun k => query k * key u k)

/-- The average of `value` with the weights that a query gives to the keys. -/
def attend (c : R) (query : Fin headDim → R) (key : Fin n → Fin headDim → R)
    (value : Fin n → R) : R :=
  sum fun t => attentionWeight c query key t * value t

/-- Feature `k` of token `i` projected for head `h`: `Σ_j x[i,j] · W[j, h·D + k]`. -/
def headProjection (x : Tensor R (XShape n dModel)) (W : Tensor R (WqShape dModel numHeads headDim))
    (h : Fin numHeads) (i : Fin n) (k : Fin headDim) : R :=
  sum fun j => x (i, j, ()) * W (j, ⟨h * headDim + k, mul_add_lt h k⟩, ())

/-- Entry `(i, k)` of head `h`, `softmax(c · Q_h K_hᵀ) V_h`. -/
def textbookHead (c : R) (x : Tensor R (XShape n dModel))
    (Wq Wk Wv : Tensor R (WqShape dModel numHeads headDim))
    (h : Fin numHeads) (i : Fin n) (k : Fin headDim) : R :=
  attend c (headProjection x Wq h i) (headProjection x Wk h) fun t => headProjection x Wv h t k

/-- Multi-head self-attention: the heads side by side, multiplied by `Wo`. -/
def textbookAttention (c : R) (x : Tensor R (XShape n dModel))
    (Wq Wk Wv : Tensor R (WqShape dModel numHeads headDim))
    (Wo : Tensor R (WoShape dModel numHeads headDim)) : Tensor R (XShape n dModel) :=
  fun i => sum fun h => sum fun k =>
    textbookHead c x Wq Wk Wv h i.1 k * Wo (⟨h * headDim + k, mul_add_lt h k⟩, i.2.1, ())

end

/-- The projections for head `h` are columns `h·D, …, h·D + D − 1` of the matrix product. -/
theorem headProjection_eq_mulMat (x : Tensor R (XShape n dModel))
    (W : Tensor R (WqShape dModel numHeads headDim))
    (h : Fin numHeads) (i : Fin n) (k : Fin headDim) :
    headProjection x W h i k = x.mulMat W (i, ⟨h * headDim + k, mul_add_lt h k⟩, ()) :=
  rfl

/-! ### The attention graph -/

section AnySplit

/-- The attention weights of all heads, as the graph computes them. -/
private noncomputable def weights (c : R) (q k : Tensor R (HeadsShape n numHeads headDim)) :
    Tensor R (ScoresShape n numHeads) :=
  (c • q.mulBatch k.transposeLast2).softmaxRows

variable (split : Op R [BigShape n numHeads headDim] (HeadsShape n numHeads headDim)) (c : R)
  (x : Tensor R (XShape n dModel)) (Wq Wk Wv : Tensor R (WqShape dModel numHeads headDim))
  (Wo : Tensor R (WoShape dModel numHeads headDim))

private theorem eval_weights :
    getIdx ((mhaGraphWith (fun a => ⟨_, split, .cons a .nil⟩) c).eval (x, Wq, Wk, Wv, Wo, ()))
      (.pos 14 rfl) =
      weights c (split.forward (x.mulMat Wq, ())) (split.forward (x.mulMat Wk, ())) :=
  (rfl)

private theorem eval_output :
    getIdx ((mhaGraphWith (fun a => ⟨_, split, .cons a .nil⟩) c).eval (x, Wq, Wk, Wv, Wo, ()))
      (.pos 18 rfl) =
      (((weights c (split.forward (x.mulMat Wq, ())) (split.forward (x.mulMat Wk, ()))).mulBatch
        (split.forward (x.mulMat Wv, ()))).swap01.reshape
            (size_swap_to_concat n numHeads headDim)).mulMat Wo :=
  (rfl)

/-- Whatever the head split, every head attends with its own queries, keys and values; the heads are
put side by side and multiplied by `Wo`. -/
theorem mhaGraphWith_output :
    getIdx ((mhaGraphWith (fun a => ⟨_, split, .cons a .nil⟩) c).eval (x, Wq, Wk, Wv, Wo, ()))
      (.pos 18 rfl) =
      fun i => sum fun h => sum fun k =>
        attend c (fun l => split.forward (x.mulMat Wq, ()) (h, i.1, l, ()))
            (fun t l => split.forward (x.mulMat Wk, ()) (h, t, l, ()))
            (fun t => split.forward (x.mulMat Wv, ()) (h, t, k, ())) *
          Wo (⟨h * headDim + k, mul_add_lt h k⟩, i.2.1, ()) := by
  rw [eval_output]
  exact funext fun i => (sum_prod _).trans <| sum_congr fun h => sum_congr fun k =>
    congrArg (· * _) (Tensor.reshape_swap01_apply _ _ h i.1 k)

end AnySplit

variable (c : R) (x : Tensor R (XShape n dModel))
  (Wq Wk Wv : Tensor R (WqShape dModel numHeads headDim))
  (Wo : Tensor R (WoShape dModel numHeads headDim))

/-- The weights that the attention graph saves for head `h` are `softmax(c · Q_h K_hᵀ)`. -/
theorem mhaGraph_weights_eq_textbook (h : Fin numHeads) (i t : Fin n) :
    getIdx ((mhaGraph c).eval (x, Wq, Wk, Wv, Wo, ()))
      (.pos 14 rfl : Idx _ (ScoresShape n numHeads)) (h, i, t, ()) =
      attentionWeight c (headProjection x Wq h i) (headProjection x Wk h) t :=
  congrFun (eval_weights (.splitHeads ..) c x Wq Wk Wv Wo) (h, i, t, ())

/-- The output of the attention graph is the textbook formula. -/
theorem mhaGraph_output_eq_textbook :
    getIdx ((mhaGraph c).eval (x, Wq, Wk, Wv, Wo, ())) (.pos 18 rfl) =
        textbookAttention c x Wq Wk Wv Wo :=
  mhaGraphWith_output (.splitHeads ..) c x Wq Wk Wv Wo

end MultiHeadAttention

namespace Transformer

open MultiHeadAttention

/-- The output of the residual attention graph is its input plus the textbook formula. -/
theorem mhaResidualGraph_output_eq_textbook [ScalarOps R] {n dModel numHeads headDim : Nat} (c : R)
    (x : Tensor R (XShape n dModel)) (Wq Wk Wv : Tensor R (WqShape dModel numHeads headDim))
    (Wo : Tensor R (WoShape dModel numHeads headDim)) :
    getIdx ((mhaResidualGraph c).eval (x, Wq, Wk, Wv, Wo, ())) (.pos 19 rfl) =
        x + textbookAttention c x Wq Wk Wv Wo :=
  congrArg (x + ·) (mhaGraph_output_eq_textbook c x Wq Wk Wv Wo)

end Transformer

end Proofs.Autograd
