module

public import Proofs.Autograd.Graphs.EncoderBlockFormula

/-!
# The encoder block computes the textbook formula

`positionwiseEncoderBlockGraph` computes exactly the numbers of `textbookEncoderBlock`, over any
scalars, at any size and for all inputs: `positionwiseEncoderBlockGraph_output_eq_textbook`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.Transformer

open Spec Shape MultiHeadAttention LayerNorm

variable {R : Type} [ScalarOps R] {n d H D F : Nat} (κ c ε₁ ε₂ : R) (x : Tensor R (XShape n d))
  (Wq Wk Wv : Tensor R (WqShape d H D)) (Wo : Tensor R (WoShape d H D))
  (γ₁ β₁ γ₂ β₂ : Tensor R (vec d))
  (W1 : Tensor R (mat F d)) (b1 : Tensor R (vec F)) (W2 : Tensor R (mat d F))
  (b2 : Tensor R (vec d))

/-- The output of the encoder block is the textbook formula. -/
theorem positionwiseEncoderBlockGraph_output_eq_textbook :
    getIdx ((positionwiseEncoderBlockGraph κ c ε₁ ε₂).eval
      (x, Wq, Wk, Wv, Wo, γ₁, β₁, γ₂, β₂, W1, b1, W2, b2, ())) (.pos 33 rfl) =
        textbookEncoderBlock κ c ε₁ ε₂ x Wq Wk Wv Wo γ₁ β₁ γ₂ β₂ W1 b1 W2 b2 := by
  have h := congrArg (getIdx · idxEncoderNorm1Out)
    (Graph.eval_weakenContext (R := R) (Γ := ΓEncoderBlock n d H D)
    (extra := ffnParameters d F) (x, Wq, Wk, Wv, Wo, γ₁, β₁, γ₂, β₂, W1, b1, W2, b2, ())
    (encoderAfterNorm1Graph c ε₁))
  have h := (getIdx_dropMiddle _ _).symm.trans
    (h.trans (encoderAfterNorm1Graph_output_eq_textbook c ε₁ x Wq Wk Wv Wo γ₁ β₁ γ₂ β₂))
  refine (positionwiseEncoderNorm2_output ε₂ _ _).trans ?_
  have hy :=
    positionwiseEncoderFfnResidual_output κ (encoderAfterNorm1Graph c ε₁)
    (x, Wq, Wk, Wv, Wo, γ₁, β₁, γ₂, β₂, W1, b1, W2, b2, ())
  rw [← positionwiseEncoderFfnResidualGraph] at hy
  rw [hy, textbookEncoderBlock, ← h]
  have input {s : Shape} {ss : List Shape} (g : Graph R (ΓPositionwiseEncoderBlock n d H D F) ss)
      (idx : Idx (ΓPositionwiseEncoderBlock n d H D F) s) :=
    Graph.getIdx_eval_weaken (R := R) (Γ := ΓPositionwiseEncoderBlock n d H D F)
      (x, Wq, Wk, Wv, Wo, γ₁, β₁, γ₂, β₂, W1, b1, W2, b2, ()) idx g
  have hW1 : _ = W1 :=
    input ((encoderAfterNorm1Graph c ε₁).weakenContext (ffnParameters d F)) (.pos 9 rfl)
  have hb1 : _ = b1 :=
    input ((encoderAfterNorm1Graph c ε₁).weakenContext (ffnParameters d F)) (.pos 10 rfl)
  have hW2 : _ = W2 :=
    input ((encoderAfterNorm1Graph c ε₁).weakenContext (ffnParameters d F)) (.pos 11 rfl)
  have hb2 : _ = b2 :=
    input ((encoderAfterNorm1Graph c ε₁).weakenContext (ffnParameters d F)) (.pos 12 rfl)
  have hγ : _ = γ₂ := input (positionwiseEncoderFfnResidualGraph κ c ε₁) (.pos 7 rfl)
  have hβ : _ = β₂ := input (positionwiseEncoderFfnResidualGraph κ c ε₁) (.pos 8 rfl)
  generalize (positionwiseEncoderFfnResidualGraph κ c ε₁).eval _ = v at *
  generalize ((encoderAfterNorm1Graph c ε₁).weakenContext (ffnParameters d F)).eval _ = u at *
  rw [← hW1, ← hb1, ← hW2, ← hb2, ← hγ, ← hβ]
  rfl

end Proofs.Autograd.Transformer
