module

public import Proofs.Autograd.Graphs.FeedForward
public import Proofs.Autograd.Graphs.MaskedAttention
public import Proofs.Autograd.Graphs.MultiHeadAttention
public import Proofs.Autograd.Nodes.Certified.LayerNorm

/-!
# The block of GPT-2

The pre-norm block `x ↦ h + FFN(LN₂ h)` with `h = x + MHA(LN₁ x)` as one graph of 21 saved tensors,
the last of them the block's output. All weights and biases, those of the four projections too, are
among its 17 inputs. Which positions a position attends to is said by a mask, an argument of the
graph; `MaskedAttention.causalMask` is that of GPT-2.

Main definition: `gptBlockGraph`. Main results, for `0 < ε₁` and `0 < ε₂` at every point, where the
mask allows something to every position: `gptBlock_hasFDerivAt` and
`gptBlock_backpropVec_eq_adjoint_fderiv`. What the block computes, and that it looks at nothing that
the mask does not allow, is in `Graphs/GptBlockFormula`.

References: Radford et al., *Language models are unsupervised multitask learners*, 2019;
PyTorch, `nn.TransformerEncoderLayer` with `norm_first=True` and a mask.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.GptBlock

open Spec Shape LayerNorm MultiHeadAttention Transformer

noncomputable section

/-! ### Contexts -/

/-- The inputs: tokens; `γ` and `β` of the first normalisation; weights and bias of the projections
to queries, keys and values, and of that back; `γ` and `β` of the second normalisation; weights and
bias of each dense layer. -/
abbrev ΓGptBlock (seqLen dModel numHeads headDim dFF : Nat) : List Shape :=
  [mat seqLen dModel, vec dModel, vec dModel,
    mat (numHeads * headDim) dModel, vec (numHeads * headDim),
    mat (numHeads * headDim) dModel, vec (numHeads * headDim),
    mat (numHeads * headDim) dModel, vec (numHeads * headDim),
    mat dModel (numHeads * headDim), vec dModel, vec dModel, vec dModel,
    mat dFF dModel, vec dFF, mat dModel dFF, vec dModel]

/-- The saved tensors, in execution order. -/
abbrev ssGptBlock (seqLen dModel numHeads headDim dFF : Nat) : List Shape :=
  [mat seqLen dModel, BigShape seqLen numHeads headDim, HeadsShape seqLen numHeads headDim,
    BigShape seqLen numHeads headDim, HeadsShape seqLen numHeads headDim,
    KtShape seqLen numHeads headDim, BigShape seqLen numHeads headDim,
    HeadsShape seqLen numHeads headDim, ScoresShape seqLen numHeads, ScoresShape seqLen numHeads,
    ScoresShape seqLen numHeads, HeadsShape seqLen numHeads headDim,
    SwappedShape seqLen numHeads headDim, BigShape seqLen numHeads headDim, mat seqLen dModel,
    mat seqLen dModel, mat seqLen dModel, mat seqLen dFF, mat seqLen dFF, mat seqLen dModel,
    mat seqLen dModel]

variable {R : Type} [ScalarOps R] {seqLen dModel numHeads headDim dFF : Nat}

/-- The position of the output. -/
def gptBlockIdxY :
    Idx (ΓGptBlock seqLen dModel numHeads headDim dFF ++
      ssGptBlock seqLen dModel numHeads headDim dFF) (mat seqLen dModel) :=
  .pos 37 rfl

/-- What the first normalisation reads. -/
def gptNorm1Inputs :
    Inputs (ΓGptBlock seqLen dModel numHeads headDim dFF ++ []) seqLen dModel where
  x := .pos 0 rfl
  gamma := .pos 1 rfl
  beta := .pos 2 rfl

/-- What the second normalisation reads. -/
def gptNorm2Inputs :
    Inputs (ΓGptBlock seqLen dModel numHeads headDim dFF ++
      (ssGptBlock seqLen dModel numHeads headDim dFF).take 16) seqLen dModel where
  x := .pos 32 rfl
  gamma := .pos 11 rfl
  beta := .pos 12 rfl

/-! ### The graph -/

/-- The first normalisation; queries, keys and values of every head, keys transposed. -/
def gptHeadsGraph (ε₁ : R) :
    Graph R (ΓGptBlock seqLen dModel numHeads headDim dFF)
      ((ssGptBlock seqLen dModel numHeads headDim dFF).take 8) :=
  Graph.nil
    |>.snoc (wholeNode gptNorm1Inputs ε₁)
    |>.snoc (TapeNodes.dense (n := seqLen) (i := dModel) (o := numHeads * headDim)
      (.pos 17 rfl) (.pos 3 rfl) (.pos 4 rfl))
    |>.snoc (TapeNodes.ShapeOps.splitHeads (n := seqLen) (H := numHeads) (D := headDim)
      (.pos 18 rfl))
    |>.snoc (TapeNodes.dense (n := seqLen) (i := dModel) (o := numHeads * headDim)
      (.pos 17 rfl) (.pos 5 rfl) (.pos 6 rfl))
    |>.snoc (TapeNodes.ShapeOps.splitHeads (n := seqLen) (H := numHeads) (D := headDim)
      (.pos 20 rfl))
    |>.snoc (TapeNodes.ShapeOps.transpose3dLastTwo (a := numHeads) (b := seqLen) (c := headDim)
      (.pos 21 rfl))
    |>.snoc (TapeNodes.dense (n := seqLen) (i := dModel) (o := numHeads * headDim)
      (.pos 17 rfl) (.pos 7 rfl) (.pos 8 rfl))
    |>.snoc (TapeNodes.ShapeOps.splitHeads (n := seqLen) (H := numHeads) (D := headDim)
      (.pos 23 rfl))

variable (κ c ε₁ ε₂ : R) (mask : (mat seqLen seqLen).Index → Bool)

/-- The same, then the attention of every head to what the mask allows; scores are multiplied by
`c`. -/
def gptHeadOutGraph :
    Graph R (ΓGptBlock seqLen dModel numHeads headDim dFF)
      ((ssGptBlock seqLen dModel numHeads headDim dFF).take 12) :=
  gptHeadsGraph (seqLen := seqLen) (dModel := dModel) (numHeads := numHeads) (headDim := headDim)
      (dFF := dFF) ε₁
    |>.snoc (TapeNodes.Batched.matmul (h := numHeads) (m := seqLen) (n := headDim) (p := seqLen)
      (.pos 19 rfl) (.pos 22 rfl))
    |>.snoc (TapeNodes.scale (s := cube numHeads seqLen seqLen) (.pos 25 rfl) c)
    |>.snoc (τ := cube numHeads seqLen seqLen)
      (TapeNodes.maskedSoftmax (vec numHeads) (vec seqLen) (n := seqLen) (.pos 26 rfl) mask)
    |>.snoc (TapeNodes.Batched.matmul (h := numHeads) (m := seqLen) (n := seqLen) (p := headDim)
      (.pos 27 rfl) (.pos 24 rfl))

/-- The same, then the projection of the heads side by side, and the residual sum. -/
def gptAttnResidualGraph :
    Graph R (ΓGptBlock seqLen dModel numHeads headDim dFF)
      ((ssGptBlock seqLen dModel numHeads headDim dFF).take 16) :=
  gptHeadOutGraph (dModel := dModel) (numHeads := numHeads) (headDim := headDim) (dFF := dFF)
      c ε₁ mask
    |>.snoc (TapeNodes.ShapeOps.swapFirstTwo3d (m := numHeads) (n := seqLen) (s := vec headDim)
      (.pos 28 rfl))
    |>.snoc (TapeNodes.ShapeOps.reshape (.pos 29 rfl) (size_swap_to_concat seqLen numHeads headDim))
    |>.snoc (TapeNodes.dense (n := seqLen) (i := numHeads * headDim) (o := dModel)
      (.pos 30 rfl) (.pos 9 rfl) (.pos 10 rfl))
    |>.snoc (TapeNodes.add (s := mat seqLen dModel) (.pos 0 rfl) (.pos 31 rfl))

/-- The same, then the second normalisation. -/
def gptNorm2Graph :
    Graph R (ΓGptBlock seqLen dModel numHeads headDim dFF)
      ((ssGptBlock seqLen dModel numHeads headDim dFF).take 17) :=
  (gptAttnResidualGraph c ε₁ mask).snoc (wholeNode gptNorm2Inputs ε₂)

/-- The block of GPT-2. -/
def gptBlockGraph :
    Graph R (ΓGptBlock seqLen dModel numHeads headDim dFF)
      (ssGptBlock seqLen dModel numHeads headDim dFF) :=
  gptNorm2Graph (dModel := dModel) (numHeads := numHeads) (headDim := headDim) (dFF := dFF)
      c ε₁ ε₂ mask
    |>.snoc (TapeNodes.dense (n := seqLen) (i := dModel) (o := dFF)
      (.pos 33 rfl) (.pos 13 rfl) (.pos 14 rfl))
    |>.snoc (TapeNodes.gelu (s := mat seqLen dFF) (.pos 34 rfl) κ)
    |>.snoc (TapeNodes.dense (n := seqLen) (i := dFF) (o := dModel)
      (.pos 35 rfl) (.pos 15 rfl) (.pos 16 rfl))
    |>.snoc (TapeNodes.add (s := mat seqLen dModel) (.pos 32 rfl) (.pos 36 rfl))

/-- The names of inputs and saved tensors. -/
def gptBlockGraph.names : List String :=
  ["x", "γ₁", "β₁", "Wq", "bq", "Wk", "bk", "Wv", "bv", "Wo", "bo", "γ₂", "β₂", "W1", "b1", "W2",
    "b2", "norm1", "Qbig", "Qheads", "Kbig", "Kheads", "Kt", "Vbig", "Vheads", "scores", "scaled",
    "probs", "headOut", "swapped", "concat", "attention", "attnResidual", "norm2", "pre", "act",
    "proj", "ffnResidual"]

end

/-! ### Certificates -/

section

variable {R : Type} [AnalyticScalar R] {seqLen dModel numHeads headDim dFF : Nat}
  {ε₁ ε₂ : R} {mask : (mat seqLen seqLen).Index → Bool}

noncomputable section

/-- The certificate of `gptHeadsGraph` for `0 < ε₁`. -/
def gptHeadsGraphFderivCorrect (hε₁ : 0 < ε₁) :
    GraphFDerivCorrect (gptHeadsGraph (seqLen := seqLen) (dModel := dModel) (numHeads := numHeads)
      (headDim := headDim) (dFF := dFF) ε₁) :=
  GraphFDerivCorrect.nil
    |>.snoc (wholeNodeFDerivCorrect _ hε₁)
    |>.snoc (TapeNodes.denseFderiv ..)
    |>.snoc (TapeNodes.ShapeOps.splitHeadsFderiv _)
    |>.snoc (TapeNodes.denseFderiv ..)
    |>.snoc (TapeNodes.ShapeOps.splitHeadsFderiv _)
    |>.snoc (TapeNodes.ShapeOps.transpose3dLastTwoFderiv _)
    |>.snoc (TapeNodes.denseFderiv ..)
    |>.snoc (TapeNodes.ShapeOps.splitHeadsFderiv _)

variable (κ c : R)

/-- The certificate of `gptHeadOutGraph` for `0 < ε₁`, where the mask allows something to every
position. -/
def gptHeadOutGraphFderivCorrect (hε₁ : 0 < ε₁) (hm : AllowsSome (o := vec seqLen) mask) :
    GraphFDerivCorrect (gptHeadOutGraph (dModel := dModel) (numHeads := numHeads)
      (headDim := headDim) (dFF := dFF) c ε₁ mask) :=
  gptHeadsGraphFderivCorrect (seqLen := seqLen) (dModel := dModel) (numHeads := numHeads)
      (headDim := headDim) (dFF := dFF) hε₁
    |>.snoc (TapeNodes.Batched.matmulFderiv ..)
    |>.snoc (TapeNodes.scaleFderiv ..)
    |>.snoc (TapeNodes.maskedSoftmaxFderiv (vec numHeads) _ hm)
    |>.snoc (TapeNodes.Batched.matmulFderiv ..)

/-- The certificate of `gptAttnResidualGraph` under the same conditions. -/
def gptAttnResidualGraphFderivCorrect (hε₁ : 0 < ε₁) (hm : AllowsSome (o := vec seqLen) mask) :
    GraphFDerivCorrect (gptAttnResidualGraph (dModel := dModel) (numHeads := numHeads)
      (headDim := headDim) (dFF := dFF) c ε₁ mask) :=
  gptHeadOutGraphFderivCorrect (dModel := dModel) (numHeads := numHeads) (headDim := headDim)
      (dFF := dFF) c hε₁ hm
    |>.snoc (TapeNodes.ShapeOps.swapFirstTwo3dFderiv _)
    |>.snoc (TapeNodes.ShapeOps.reshapeFderiv ..)
    |>.snoc (TapeNodes.denseFderiv ..)
    |>.snoc (TapeNodes.addFderiv ..)

/-- The certificate of `gptNorm2Graph` for `0 < ε₁` and `0 < ε₂`, where the mask allows something to
every position. -/
def gptNorm2GraphFderivCorrect (hε₁ : 0 < ε₁) (hε₂ : 0 < ε₂)
    (hm : AllowsSome (o := vec seqLen) mask) :
    GraphFDerivCorrect (gptNorm2Graph (dModel := dModel) (numHeads := numHeads)
      (headDim := headDim) (dFF := dFF) c ε₁ ε₂ mask) :=
  (gptAttnResidualGraphFderivCorrect c hε₁ hm).snoc (wholeNodeFDerivCorrect _ hε₂)

/-- The certificate of the block for `0 < ε₁` and `0 < ε₂`, where the mask allows something to
every position. -/
def gptBlockGraphFderivCorrect (hε₁ : 0 < ε₁) (hε₂ : 0 < ε₂)
    (hm : AllowsSome (o := vec seqLen) mask) :
    GraphFDerivCorrect (gptBlockGraph (dModel := dModel) (numHeads := numHeads)
      (headDim := headDim) (dFF := dFF) κ c ε₁ ε₂ mask) :=
  gptNorm2GraphFderivCorrect (dModel := dModel) (numHeads := numHeads) (headDim := headDim)
      (dFF := dFF) c hε₁ hε₂ hm
    |>.snoc (TapeNodes.denseFderiv ..)
    |>.snoc (TapeNodes.geluFderiv ..)
    |>.snoc (TapeNodes.denseFderiv ..)
    |>.snoc (TapeNodes.addFderiv ..)

end

variable (κ c : R) (xV : CtxVec R (ΓGptBlock seqLen dModel numHeads headDim dFF))
  (hε₁ : 0 < ε₁) (hε₂ : 0 < ε₂) (hm : AllowsSome (o := vec seqLen) mask)
include hε₁ hε₂ hm

/-- For positive `ε₁` and `ε₂`, and where the mask allows something to every position, the block is
differentiable at every point, in its weights and biases too, and the derivative is its JVP. -/
theorem gptBlock_hasFDerivAt :
    HasFDerivAt (gptBlockGraph κ c ε₁ ε₂ mask).evalVec
      ((gptBlockGraph κ c ε₁ ε₂ mask).jvpCLM xV) xV :=
  Graph.hasFDerivAt_evalVec (gptBlockGraphFderivCorrect κ c hε₁ hε₂ hm) xV

/-- For positive `ε₁` and `ε₂`, and where the mask allows something to every position, the reverse
pass of the block, gradients of all weights and biases included, is the adjoint of its derivative at
every point. -/
theorem gptBlock_backpropVec_eq_adjoint_fderiv
    (seedV : CtxVec R (ΓGptBlock seqLen dModel numHeads headDim dFF ++
      ssGptBlock seqLen dModel numHeads headDim dFF)) :
    (gptBlockGraph κ c ε₁ ε₂ mask).backpropVec xV seedV =
      (fderiv R (gptBlockGraph κ c ε₁ ε₂ mask).evalVec xV).adjoint seedV :=
  Graph.backpropVec_eq_adjoint_fderiv (gptBlockGraphFderivCorrect κ c hε₁ hε₂ hm) xV seedV

end

end Proofs.Autograd.GptBlock
