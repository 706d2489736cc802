module

public import Proofs.Autograd.Graphs.Faithful
public import Proofs.Autograd.Graphs.PositionwiseEncoderBlock
public import Proofs.Autograd.Tape.Weaken

/-!
# The encoder block in formulas

`textbookEncoderBlock` writes the post-norm block `LN₂(y + FFN(y))` with `y = LN₁(x + MHA(x))` down
in sums, using no op of a graph.

Main definitions: `textbookLayerNorm`, `textbookFeedForward`, `textbookEncoderBlock`. Main result:
`encoderAfterNorm1Graph_output_eq_textbook`, the block up to its first normalisation computes `y`,
over any scalars, at any size and for all inputs.

References: Vaswani et al., *Attention is all you need*, 2017, section 3; PyTorch,
`nn.TransformerEncoderLayer`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.Transformer

open Spec Shape MultiHeadAttention LayerNorm Laws

attribute [local instance] natCast

variable {R : Type} [ScalarOps R] {n d H D F : Nat}

noncomputable section

/-! ### The textbook formula -/

/-- Each row centred, divided by its standard deviation `√(var + ε)`, multiplied by `γ` and shifted
by `β`; the variance is biased. -/
def textbookLayerNorm (ε : R) (x : Tensor R (mat n d)) (γ β : Tensor R (vec d)) :
    Tensor R (mat n d) := fun i =>
  let mean := (d : R)⁻¹ * sum fun j => x (i.1, j, ())
  let var := (d : R)⁻¹ * sum fun j => (x (i.1, j, ()) - mean) * (x (i.1, j, ()) - mean)
  (x i - mean) * (ScalarOps.sqrt (var + ε))⁻¹ * γ i.2 + β i.2

/-- Two dense layers at each position, with GELU between them. -/
def textbookFeedForward (κ : R) (W1 : Tensor R (mat F d)) (b1 : Tensor R (vec F))
    (W2 : Tensor R (mat d F))
    (b2 : Tensor R (vec d)) (y : Tensor R (mat n d)) : Tensor R (mat n d) := fun i =>
  (sum fun k => geluSpec κ ((sum fun j => y (i.1, j, ()) * W1 (k, j, ())) + b1 (k, ())) *
    W2 (i.2.1, k, ())) + b2 i.2

/-- The post-norm encoder block, `LN₂(y + FFN(y))` with `y = LN₁(x + MHA(x))`. -/
def textbookEncoderBlock (κ c ε₁ ε₂ : R) (x : Tensor R (XShape n d))
    (Wq Wk Wv : Tensor R (WqShape d H D))
    (Wo : Tensor R (WoShape d H D)) (γ₁ β₁ γ₂ β₂ : Tensor R (vec d)) (W1 : Tensor R (mat F d))
    (b1 : Tensor R (vec F))
    (W2 : Tensor R (mat d F)) (b2 : Tensor R (vec d)) : Tensor R (mat n d) :=
  let y := textbookLayerNorm ε₁ (x + textbookAttention c x Wq Wk Wv Wo) γ₁ β₁
  textbookLayerNorm ε₂ (y + textbookFeedForward κ W1 b1 W2 b2 y) γ₂ β₂

end

/-! ### The graph -/

variable (c ε₁ : R) (x : Tensor R (XShape n d)) (Wq Wk Wv : Tensor R (WqShape d H D))
  (Wo : Tensor R (WoShape d H D))
  (γ₁ β₁ γ₂ β₂ : Tensor R (vec d))

/-- Layer normalisation is the textbook formula. -/
theorem layerNorm_eq_textbook (ε : R) (a : Tensor R (mat n d)) (γ β : Tensor R (vec d)) :
    (Op.layerNorm n d ε).forward (a, γ, β, ()) = textbookLayerNorm ε a γ β :=
  (rfl)

/-- The first normalisation of the block is that of the tokens plus their attention. -/
theorem encoderAfterNorm1Graph_output_eq_textbook :
    getIdx ((encoderAfterNorm1Graph c ε₁).eval (x, Wq, Wk, Wv, Wo, γ₁, β₁, γ₂, β₂, ()))
      idxEncoderNorm1Out =
      textbookLayerNorm ε₁ (x + textbookAttention c x Wq Wk Wv Wo) γ₁ β₁ := by
  have h := congrArg (getIdx · (.pos 19 rfl)) (Graph.eval_weakenContext (R := R) (Γ := ΓMHA n d H D)
    (extra := [vec d, vec d, vec d, vec d]) (x, Wq, Wk, Wv, Wo, γ₁, β₁, γ₂, β₂, ())
    (mhaResidualGraph c))
  have h := (getIdx_dropMiddle _ _).symm.trans
    (h.trans (mhaResidualGraph_output_eq_textbook c x Wq Wk Wv Wo))
  rw [← h, ← layerNorm_eq_textbook]
  rfl

/-- The network with its residual sum is the textbook formula. -/
theorem positionwiseFfnResidualGraph_output_eq_textbook (κ : R) (y : Tensor R (mat n d))
    (W1 : Tensor R (mat F d)) (b1 : Tensor R (vec F)) (W2 : Tensor R (mat d F))
    (b2 : Tensor R (vec d)) :
    getIdx ((positionwiseFfnResidualGraph κ).eval (y, W1, b1, W2, b2, ())) (.pos 8 rfl) =
      y + textbookFeedForward κ W1 b1 W2 b2 y :=
  (rfl)

section

variable (κ ε₂ : R) (g : Graph R (ΓEncoderBlock n d H D) (ssEncoderAfterNorm1 n d H D))
  (v : TList R (ΓPositionwiseEncoderBlock n d H D F))

/-- The second residual sum is that of the first normalisation plus its feed-forward network. -/
theorem positionwiseEncoderFfnResidual_output :
    getIdx ((positionwiseEncoderFfnResidualGraphWith g κ).eval v) positionwiseEncoderNorm2Inputs.x =
      let u := (g.weakenContext (ffnParameters d F)).eval v
      let y : Tensor R (mat n d) := getIdx u (.pos 28 rfl)
      y + textbookFeedForward κ (getIdx u (.pos 9 rfl)) (getIdx u (.pos 10 rfl))
        (getIdx u (.pos 11 rfl)) (getIdx u (.pos 12 rfl)) y :=
  (rfl)

/-- The output of the block is the normalisation of the second residual sum. -/
theorem positionwiseEncoderNorm2_output
    (g : Graph R (ΓPositionwiseEncoderBlock n d H D F) (ssEncoderFfnResidual n d H D F)) :
    getIdx ((g.snoc (wholeNode positionwiseEncoderNorm2Inputs ε₂)).eval v) (.pos 33 rfl) =
      textbookLayerNorm ε₂ (getIdx (g.eval v) positionwiseEncoderNorm2Inputs.x)
        (getIdx (g.eval v) positionwiseEncoderNorm2Inputs.gamma)
            (getIdx (g.eval v) positionwiseEncoderNorm2Inputs.beta) :=
  (rfl)

end

/-! ### What it looks at -/

section

variable {κ ε : R} {x x' y y' : Tensor R (mat n d)} {γ β : Tensor R (vec d)}
  {W1 : Tensor R (mat F d)} {b1 : Tensor R (vec F)} {W2 : Tensor R (mat d F)}
  {b2 : Tensor R (vec d)} {t : Fin n}

variable (ht : ∀ k, x (t, k, ()) = x' (t, k, ()))
include ht

/-- A position's sum depends on that position only, -/
theorem add_congr_row (hy : ∀ k, y (t, k, ()) = y' (t, k, ())) (k : Fin d) :
    (x + y) (t, k, ()) = (x' + y') (t, k, ()) := by
  rw [Tensor.add_apply, Tensor.add_apply, ht, hy]

/-- and so do its normalisation -/
theorem textbookLayerNorm_congr (k : Fin d) :
    textbookLayerNorm ε x γ β (t, k, ()) = textbookLayerNorm ε x' γ β (t, k, ()) := by
  simp only [textbookLayerNorm, ht]

/-- and its feed-forward network. -/
theorem textbookFeedForward_congr (k : Fin d) :
    textbookFeedForward κ W1 b1 W2 b2 x (t, k, ()) =
      textbookFeedForward κ W1 b1 W2 b2 x' (t, k, ()) := by
  simp only [textbookFeedForward, ht]

end

end Proofs.Autograd.Transformer
