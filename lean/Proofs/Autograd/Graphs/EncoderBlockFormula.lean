module

public import Proofs.Autograd.Graphs.Faithful
public import Proofs.Autograd.Graphs.PositionwiseEncoderBlock
public import Proofs.Autograd.Tape.Weaken

/-!
# The encoder block computes the textbook formula

`textbookEncoderBlock` writes the post-norm block `LN₂(y + FFN(y))` with `y = LN₁(x + MHA(x))` down in sums, using no op of a graph.
`positionwiseEncoderBlockGraph` computes exactly these numbers, over any scalars, at any size and for all inputs.

Main definitions: `textbookLayerNorm`, `textbookFeedForward`, `textbookEncoderBlock`. Main result:
`positionwiseEncoderBlockGraph_output_eq_textbook`.

References: Vaswani et al., *Attention is all you need*, 2017, section 3; PyTorch, `nn.TransformerEncoderLayer`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.Transformer

open Spec Shape MultiHeadAttention LayerNorm

attribute [local instance] Lean.Grind.Semiring.natCast

variable {R : Type} [ScalarOps R] {n d H D F : Nat}

noncomputable section

/-! ### The textbook formula -/

/-- Each row centred, divided by its standard deviation `√(var + ε)`, multiplied by `γ` and shifted by `β`; the variance is
biased. -/
def textbookLayerNorm (ε : R) (x : Tensor R (mat n d)) (γ β : Tensor R (vec d)) : Tensor R (mat n d) := fun i =>
  let mean := (d : R)⁻¹ * sum fun j => x (i.1, j, ())
  let var := (d : R)⁻¹ * sum fun j => (x (i.1, j, ()) - mean) * (x (i.1, j, ()) - mean)
  (x i - mean) * (ScalarOps.sqrt (var + ε))⁻¹ * γ i.2 + β i.2

/-- Two dense layers at each position, with GELU between them. -/
def textbookFeedForward (κ : R) (W1 : Tensor R (mat F d)) (b1 : Tensor R (vec F)) (W2 : Tensor R (mat d F))
    (b2 : Tensor R (vec d)) (y : Tensor R (mat n d)) : Tensor R (mat n d) := fun i =>
  (sum fun k => geluSpec κ ((sum fun j => y (i.1, j, ()) * W1 (k, j, ())) + b1 (k, ())) * W2 (i.2.1, k, ())) + b2 i.2

/-- The post-norm encoder block, `LN₂(y + FFN(y))` with `y = LN₁(x + MHA(x))`. -/
def textbookEncoderBlock (κ c ε₁ ε₂ : R) (x : Tensor R (XShape n d)) (Wq Wk Wv : Tensor R (WqShape d H D))
    (Wo : Tensor R (WoShape d H D)) (γ₁ β₁ γ₂ β₂ : Tensor R (vec d)) (W1 : Tensor R (mat F d)) (b1 : Tensor R (vec F))
    (W2 : Tensor R (mat d F)) (b2 : Tensor R (vec d)) : Tensor R (mat n d) :=
  let y := textbookLayerNorm ε₁ (x.add (textbookAttention c x Wq Wk Wv Wo)) γ₁ β₁
  textbookLayerNorm ε₂ (y.add (textbookFeedForward κ W1 b1 W2 b2 y)) γ₂ β₂

end

/-! ### The graph -/

variable (κ c ε₁ ε₂ : R) (x : Tensor R (XShape n d)) (Wq Wk Wv : Tensor R (WqShape d H D)) (Wo : Tensor R (WoShape d H D))
  (γ₁ β₁ γ₂ β₂ : Tensor R (vec d)) (W1 : Tensor R (mat F d)) (b1 : Tensor R (vec F)) (W2 : Tensor R (mat d F))
  (b2 : Tensor R (vec d))

/-- Layer normalisation is the textbook formula. -/
theorem layerNorm_eq_textbook (ε : R) (a : Tensor R (mat n d)) (γ β : Tensor R (vec d)) :
    (Op.layerNorm n d ε).forward (a, γ, β, ()) = textbookLayerNorm ε a γ β :=
  (rfl)

/-- The first normalisation of the block is that of the tokens plus their attention. -/
theorem encoderAfterNorm1Graph_output_eq_textbook :
    getIdx ((encoderAfterNorm1Graph c ε₁).eval (x, Wq, Wk, Wv, Wo, γ₁, β₁, γ₂, β₂, ())) idxEncoderNorm1Out =
      textbookLayerNorm ε₁ (x.add (textbookAttention c x Wq Wk Wv Wo)) γ₁ β₁ := by
  have h := congrArg (getIdx · (.pos 19 rfl)) (Graph.eval_weakenContext (R := R) (Γ := ΓMHA n d H D)
    (extra := [vec d, vec d, vec d, vec d]) (x, Wq, Wk, Wv, Wo, γ₁, β₁, γ₂, β₂, ()) (mhaResidualGraph c))
  have h := (getIdx_dropMiddle _ _).symm.trans (h.trans (mhaResidualGraph_output_eq_textbook c x Wq Wk Wv Wo))
  rw [← h, ← layerNorm_eq_textbook]
  rfl

section

variable (g : Graph R (ΓEncoderBlock n d H D) (ssEncoderAfterNorm1 n d H D))
  (v : TList R (ΓPositionwiseEncoderBlock n d H D F))

private theorem eval_ffnResidual :
    getIdx ((positionwiseEncoderFfnResidualGraphWith g κ).eval v) positionwiseEncoderNorm2Inputs.x =
      let u := (g.weakenContext (ffnParameters d F)).eval v
      let y : Tensor R (mat n d) := getIdx u (.pos 28 rfl)
      y.add (textbookFeedForward κ (getIdx u (.pos 9 rfl)) (getIdx u (.pos 10 rfl)) (getIdx u (.pos 11 rfl))
        (getIdx u (.pos 12 rfl)) y) :=
  (rfl)

private theorem eval_norm2 (g : Graph R (ΓPositionwiseEncoderBlock n d H D F) (ssEncoderFfnResidual n d H D F)) :
    getIdx ((g.snoc (wholeNode positionwiseEncoderNorm2Inputs ε₂)).eval v) (.pos 33 rfl) =
      textbookLayerNorm ε₂ (getIdx (g.eval v) positionwiseEncoderNorm2Inputs.x)
        (getIdx (g.eval v) positionwiseEncoderNorm2Inputs.gamma) (getIdx (g.eval v) positionwiseEncoderNorm2Inputs.beta) :=
  (rfl)

end

/-- The output of the encoder block is the textbook formula. -/
theorem positionwiseEncoderBlockGraph_output_eq_textbook :
    getIdx ((positionwiseEncoderBlockGraph κ c ε₁ ε₂).eval
      (x, Wq, Wk, Wv, Wo, γ₁, β₁, γ₂, β₂, W1, b1, W2, b2, ())) (.pos 33 rfl) =
        textbookEncoderBlock κ c ε₁ ε₂ x Wq Wk Wv Wo γ₁ β₁ γ₂ β₂ W1 b1 W2 b2 := by
  have h := congrArg (getIdx · idxEncoderNorm1Out) (Graph.eval_weakenContext (R := R) (Γ := ΓEncoderBlock n d H D)
    (extra := ffnParameters d F) (x, Wq, Wk, Wv, Wo, γ₁, β₁, γ₂, β₂, W1, b1, W2, b2, ()) (encoderAfterNorm1Graph c ε₁))
  have h := (getIdx_dropMiddle _ _).symm.trans
    (h.trans (encoderAfterNorm1Graph_output_eq_textbook c ε₁ x Wq Wk Wv Wo γ₁ β₁ γ₂ β₂))
  refine (eval_norm2 ε₂ _ _).trans ?_
  have hy := eval_ffnResidual κ (encoderAfterNorm1Graph c ε₁) (x, Wq, Wk, Wv, Wo, γ₁, β₁, γ₂, β₂, W1, b1, W2, b2, ())
  rw [← positionwiseEncoderFfnResidualGraph] at hy
  rw [hy, textbookEncoderBlock, ← h]
  have input {s : Shape} {ss : List Shape} (g : Graph R (ΓPositionwiseEncoderBlock n d H D F) ss)
      (idx : Idx (ΓPositionwiseEncoderBlock n d H D F) s) :=
    Graph.getIdx_eval_weaken (R := R) (Γ := ΓPositionwiseEncoderBlock n d H D F)
      (x, Wq, Wk, Wv, Wo, γ₁, β₁, γ₂, β₂, W1, b1, W2, b2, ()) idx g
  have hW1 : _ = W1 := input ((encoderAfterNorm1Graph c ε₁).weakenContext (ffnParameters d F)) (.pos 9 rfl)
  have hb1 : _ = b1 := input ((encoderAfterNorm1Graph c ε₁).weakenContext (ffnParameters d F)) (.pos 10 rfl)
  have hW2 : _ = W2 := input ((encoderAfterNorm1Graph c ε₁).weakenContext (ffnParameters d F)) (.pos 11 rfl)
  have hb2 : _ = b2 := input ((encoderAfterNorm1Graph c ε₁).weakenContext (ffnParameters d F)) (.pos 12 rfl)
  have hγ : _ = γ₂ := input (positionwiseEncoderFfnResidualGraph κ c ε₁) (.pos 7 rfl)
  have hβ : _ = β₂ := input (positionwiseEncoderFfnResidualGraph κ c ε₁) (.pos 8 rfl)
  generalize (positionwiseEncoderFfnResidualGraph κ c ε₁).eval _ = v at *
  generalize ((encoderAfterNorm1Graph c ε₁).weakenContext (ffnParameters d F)).eval _ = u at *
  rw [← hW1, ← hb1, ← hW2, ← hb2, ← hγ, ← hβ]
  rfl

end Proofs.Autograd.Transformer
