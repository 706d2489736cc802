module

public import Proofs.Autograd.Graphs.EncoderBlockFormula
public import Proofs.Autograd.Graphs.PositionwiseEncoderBlock

/-!
# The encoder block computes the textbook formula

`positionwiseEncoderBlockGraph` computes exactly the numbers of `textbookEncoderBlock`, over any scalars, at any size and for all
inputs: `positionwiseEncoderBlockGraph_output_eq_textbook`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.Transformer

open Spec Shape MultiHeadAttention LayerNorm

variable {R : Type} [ScalarOps R] {n d H D F : Nat} (κ c ε₁ ε₂ : R) (x : Tensor R (XShape n d))
  (Wq Wk Wv : Tensor R (WqShape d H D)) (Wo : Tensor R (WoShape d H D)) (γ₁ β₁ γ₂ β₂ : Tensor R (vec d))
  (W1 : Tensor R (mat F d)) (b1 : Tensor R (vec F)) (W2 : Tensor R (mat d F)) (b2 : Tensor R (vec d))

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
