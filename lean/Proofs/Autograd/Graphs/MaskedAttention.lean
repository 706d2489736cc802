module

public import Proofs.Autograd.Nodes.Certified.MatMul
public import Proofs.Autograd.Nodes.Certified.MaskedSoftmax
public import Proofs.Autograd.Nodes.Certified.Pointwise
public import Proofs.Autograd.Nodes.Certified.Reindex
public import Proofs.Autograd.Tape.DGraph

/-!
# Scaled dot product attention with a mask

`m` queries attend to those of `n` keys that a mask allows, in each of `h` heads: inputs `Q, K, V`,
saved tensors the transposed keys, the scores, these multiplied by `c`, the probabilities and the
output. The mask is an argument of the graph, the same for all heads; with `causalMask` a position
attends to itself and to those before it.

Main results: where every query has a key, `maskedAttention_hasFDerivAt` and
`maskedAttention_backpropVec_eq_adjoint_fderiv`; that a causal mask always has one,
`allowsSome_causalMask`; what the output is, `maskedAttentionGraph_output_eq_textbook`, and that
keys and values that are not allowed have no part in it, `textbookMaskedAttention_congr`.

References: Vaswani et al., *Attention is all you need*, 2017, section 3.2; PyTorch,
`scaled_dot_product_attention`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.MaskedAttention

open Spec Shape

noncomputable section

variable {R : Type} [ScalarOps R] {h m n d p : Nat}

/-- The inputs: queries, keys and values of every head. -/
abbrev ΓAttention (h m n d p : Nat) : List Shape := [cube h m d, cube h n d, cube h n p]

/-- The saved tensors: keys transposed, scores, scaled scores, probabilities, output. -/
abbrev ssAttention (h m n d p : Nat) : List Shape :=
  [cube h d n, cube h m n, cube h m n, cube h m n, cube h m p]

/-- The position of the output. -/
def maskedAttentionIdxY : Idx (ΓAttention h m n d p ++ ssAttention h m n d p) (cube h m p) :=
  .pos 7 rfl

/-- Scaled dot product attention over the keys that a mask allows. -/
def maskedAttentionGraph (c : R) (mask : (mat m n).Index → Bool) :
    Graph R (ΓAttention h m n d p) (ssAttention h m n d p) :=
  Graph.nil
    |>.snoc (TapeNodes.ShapeOps.transpose3dLastTwo (a := h) (b := n) (c := d) (.pos 1 rfl))
    |>.snoc (TapeNodes.Batched.matmul (h := h) (m := m) (n := d) (p := n) (.pos 0 rfl) (.pos 3 rfl))
    |>.snoc (TapeNodes.scale (s := cube h m n) (.pos 4 rfl) c)
    |>.snoc (τ := cube h m n)
      (TapeNodes.maskedSoftmax (vec h) (vec m) (n := n) (.pos 5 rfl) mask)
    |>.snoc (TapeNodes.Batched.matmul (h := h) (m := m) (n := n) (p := p) (.pos 6 rfl) (.pos 2 rfl))

/-- The names of inputs and saved tensors. -/
def maskedAttentionGraph.names : List String :=
  ["q", "k", "v", "k_t", "scores", "scaled", "probs", "y"]

/-- The mask by which a position attends to itself and to those before it. -/
def causalMask (n : Nat) : (mat n n).Index → Bool := fun (t, j, _) => Nat.ble j t

/-- The score of a key, `c · Σ_i q[g,t,i] · k[g,j,i]`. -/
def score (c : R) (q : Tensor R (cube h m d)) (k : Tensor R (cube h n d)) (g : Fin h) (t : Fin m)
    (j : Fin n) : R :=
  c * sum fun i => q (g, t, i, ()) * k (g, j, i, ())

/-- The exponential of the score of a key that is allowed; 0 of one that is not. -/
def weight (c : R) (mask : (mat m n).Index → Bool) (q : Tensor R (cube h m d))
    (k : Tensor R (cube h n d)) (g : Fin h) (t : Fin m) (j : Fin n) : R :=
  if mask (t, j, ()) then ScalarOps.exp (score c q k g t j) else 0

/-- Attention over the allowed keys, `y[g,t] = Σ_j (weight j / Σ_i weight i) · v[g,j]`. -/
def textbookMaskedAttention (c : R) (mask : (mat m n).Index → Bool) (q : Tensor R (cube h m d))
    (k : Tensor R (cube h n d)) (v : Tensor R (cube h n p)) : Tensor R (cube h m p) :=
  fun (g, t, e, _) => sum fun j =>
    weight c mask q k g t j / (sum fun i => weight c mask q k g t i) * v (g, j, e, ())

end

/-- The graph's last entry is attention over the allowed keys. -/
theorem maskedAttentionGraph_output_eq_textbook {R : Type} [ScalarOps R] {h m n d p : Nat} (c : R)
    (mask : (mat m n).Index → Bool) (q : Tensor R (cube h m d)) (k : Tensor R (cube h n d))
    (v : Tensor R (cube h n p)) :
    getIdx ((maskedAttentionGraph c mask).eval (q, k, v, ())) maskedAttentionIdxY =
      textbookMaskedAttention c mask q k v :=
  (rfl)

/-- A position always attends to itself. -/
theorem allowsSome_causalMask (n : Nat) : AllowsSome (o := vec n) (causalMask n) :=
  fun i => ⟨i.1, Nat.ble_eq.mpr (Nat.le_refl i.1)⟩

variable {R : Type} [AnalyticScalar R] {h m n d p : Nat} {c : R} {mask : (mat m n).Index → Bool}

/-- What a query gets does not depend on keys and values that it may not attend to. -/
theorem textbookMaskedAttention_congr {q : Tensor R (cube h m d)} {k k' : Tensor R (cube h n d)}
    {v v' : Tensor R (cube h n p)} {g : Fin h} {t : Fin m}
    (hk : ∀ j, mask (t, j, ()) = true → ∀ i, k (g, j, i, ()) = k' (g, j, i, ()))
    (hv : ∀ j, mask (t, j, ()) = true → ∀ e, v (g, j, e, ()) = v' (g, j, e, ())) (e : Fin p) :
    textbookMaskedAttention c mask q k v (g, t, e, ()) =
      textbookMaskedAttention c mask q k' v' (g, t, e, ()) := by
  have hw : (fun j => weight c mask q k g t j) = fun j => weight c mask q k' g t j :=
    funext fun j => by
      simp only [weight, score]
      split
      · simp only [hk j ‹_›]
      · rfl
  refine sum_congr fun j => ?_
  simp only [hw, congrFun hw j]
  cases hj : mask (t, j, ()) with
  | true => rw [hv j hj e]
  | false =>
    have h₀ : weight c mask q k' g t j = 0 := by simp [weight, hj]
    rw [h₀]
    grind

noncomputable section

/-- The certificate of attention, where every query has a key that it may attend to. -/
def maskedAttentionGraphFderivCorrect (hm : AllowsSome (o := vec m) mask) :
    GraphFDerivCorrect (maskedAttentionGraph (h := h) (d := d) (p := p) c mask) :=
  GraphFDerivCorrect.nil
    |>.snoc (TapeNodes.ShapeOps.transpose3dLastTwoFderiv ..)
    |>.snoc (TapeNodes.Batched.matmulFderiv ..)
    |>.snoc (TapeNodes.scaleFderiv ..)
    |>.snoc (TapeNodes.maskedSoftmaxFderiv (vec h) _ hm)
    |>.snoc (TapeNodes.Batched.matmulFderiv ..)

end

variable (xV : CtxVec R (ΓAttention h m n d p))

/-- Where every query has a key, attention is differentiable, and the derivative is its JVP. -/
theorem maskedAttention_hasFDerivAt (hm : AllowsSome (o := vec m) mask) :
    HasFDerivAt (maskedAttentionGraph c mask).evalVec
      ((maskedAttentionGraph c mask).jvpCLM xV) xV :=
  Graph.hasFDerivAt_evalVec (maskedAttentionGraphFderivCorrect hm) xV

/-- Where every query has a key, the reverse pass of attention is the adjoint of its derivative. -/
theorem maskedAttention_backpropVec_eq_adjoint_fderiv (hm : AllowsSome (o := vec m) mask)
    (seedV : CtxVec R (ΓAttention h m n d p ++ ssAttention h m n d p)) :
    (maskedAttentionGraph c mask).backpropVec xV seedV =
      (fderiv R (maskedAttentionGraph c mask).evalVec xV).adjoint seedV :=
  Graph.backpropVec_eq_adjoint_fderiv (maskedAttentionGraphFderivCorrect hm) xV seedV

end Proofs.Autograd.MaskedAttention
