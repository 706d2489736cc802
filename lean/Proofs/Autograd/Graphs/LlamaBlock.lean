module

public import Proofs.Autograd.Graphs.MultiHeadAttention
public import Proofs.Autograd.Nodes.Certified.Activations
public import Proofs.Autograd.Nodes.Certified.MaskedSoftmax
public import Proofs.Autograd.Nodes.Certified.RmsNorm
public import Proofs.Autograd.Nodes.Certified.Rotary

/-!
# The block of Llama

The pre-norm block `x ↦ h + SwiGLU(RMS₂ h)` with `h = x + GQA(RMS₁ x)` as one graph of 29 saved
tensors, the last of them the block's output: root mean square normalisation, attention with rotary
positions in which groups of heads share keys and values, and the gated network
`down (silu (gate y) ⊙ up y)`. No layer has a bias. All weights are among its 12 inputs, as
`y · W`, the transposes of PyTorch's; so are the tables of cosines and sines. Which positions a
position attends to is said by a mask, an argument of the graph.

Keys and values are not repeated: the queries of a group's heads are the rows of one matrix, and the
product with the keys they share adds up their cotangents.

Main definition: `llamaBlockGraph`. Main results, for `0 < ε₁` and `0 < ε₂` at every point, where
the mask allows something to every position: `llamaBlock_hasFDerivAt` and
`llamaBlock_backpropVec_eq_adjoint_fderiv`. What the block computes, and that it looks at nothing
that the mask does not allow, is in `Graphs/LlamaBlockFormula`.

References: Touvron et al., *Llama 2: open foundation and fine-tuned chat models*, 2023; Ainslie et
al., *GQA*, 2023; Shazeer, *GLU variants improve transformer*, 2020; Hugging Face,
`LlamaDecoderLayer`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.LlamaBlock

open Spec Shape MultiHeadAttention

noncomputable section

/-! ### Contexts -/

/-- The inputs: tokens; the factors of the first normalisation; the projections to queries, keys and
values; cosines and sines; the projection back; the factors of the second normalisation; gate, up
and down. -/
abbrev ΓLlamaBlock (seqLen dModel kvHeads groups halfDim dFF : Nat) : List Shape :=
  [mat seqLen dModel, vec dModel, WqShape dModel (kvHeads * groups) (halfDim + halfDim),
    WqShape dModel kvHeads (halfDim + halfDim), WqShape dModel kvHeads (halfDim + halfDim),
    mat seqLen halfDim, mat seqLen halfDim,
    WoShape dModel (kvHeads * groups) (halfDim + halfDim), vec dModel,
    mat dModel dFF, mat dModel dFF, mat dFF dModel]

/-- The heads of each group one below the other, one matrix for each head of keys and values. -/
abbrev GroupsShape (seqLen kvHeads groups width : Nat) : Shape :=
  cube kvHeads (groups * seqLen) width

/-- One matrix of scores for each head of a group, for each group. -/
abbrev GroupScoresShape (seqLen kvHeads groups : Nat) : Shape :=
  .dim kvHeads (cube groups seqLen seqLen)

/-- The saved tensors, in execution order. -/
abbrev ssLlamaBlock (seqLen dModel kvHeads groups halfDim dFF : Nat) : List Shape :=
  [mat seqLen dModel, BigShape seqLen (kvHeads * groups) (halfDim + halfDim),
    HeadsShape seqLen (kvHeads * groups) (halfDim + halfDim),
    HeadsShape seqLen (kvHeads * groups) (halfDim + halfDim),
    BigShape seqLen kvHeads (halfDim + halfDim), HeadsShape seqLen kvHeads (halfDim + halfDim),
    HeadsShape seqLen kvHeads (halfDim + halfDim), KtShape seqLen kvHeads (halfDim + halfDim),
    BigShape seqLen kvHeads (halfDim + halfDim), HeadsShape seqLen kvHeads (halfDim + halfDim),
    GroupsShape seqLen kvHeads groups (halfDim + halfDim),
    GroupsShape seqLen kvHeads groups seqLen, GroupsShape seqLen kvHeads groups seqLen,
    GroupScoresShape seqLen kvHeads groups, GroupScoresShape seqLen kvHeads groups,
    GroupsShape seqLen kvHeads groups seqLen,
    GroupsShape seqLen kvHeads groups (halfDim + halfDim),
    HeadsShape seqLen (kvHeads * groups) (halfDim + halfDim),
    SwappedShape seqLen (kvHeads * groups) (halfDim + halfDim),
    BigShape seqLen (kvHeads * groups) (halfDim + halfDim), mat seqLen dModel,
    mat seqLen dModel, mat seqLen dModel, mat seqLen dFF, mat seqLen dFF, mat seqLen dFF,
    mat seqLen dFF, mat seqLen dModel, mat seqLen dModel]

/-- Heads can be put below one another by groups. -/
theorem size_heads_to_groups (n K G D : Nat) :
    (HeadsShape n (K * G) D).size = (GroupsShape n K G D).size := by
  simp only [size, Nat.mul_one, Nat.mul_assoc]

/-- The scores of each group can be dealt out to its heads. -/
theorem size_groups_to_scores (n K G : Nat) :
    (GroupsShape n K G n).size = (GroupScoresShape n K G).size := by
  simp only [size, Nat.mul_one, Nat.mul_assoc]

variable {R : Type} [ScalarOps R] {seqLen dModel kvHeads groups halfDim dFF : Nat}

/-- The position of the output. -/
def llamaBlockIdxY :
    Idx (ΓLlamaBlock seqLen dModel kvHeads groups halfDim dFF ++
      ssLlamaBlock seqLen dModel kvHeads groups halfDim dFF) (mat seqLen dModel) :=
  .pos 40 rfl

/-- The position of the first residual sum. -/
def llamaIdxAttnResidual :
    Idx (ΓLlamaBlock seqLen dModel kvHeads groups halfDim dFF ++
      (ssLlamaBlock seqLen dModel kvHeads groups halfDim dFF).take 22) (mat seqLen dModel) :=
  .pos 33 rfl

/-! ### The graph -/

/-- The first normalisation; queries, keys and values of every head, queries and keys turned by
their positions, keys transposed. -/
def llamaHeadsGraph (ε₁ : R) :
    Graph R (ΓLlamaBlock seqLen dModel kvHeads groups halfDim dFF)
      ((ssLlamaBlock seqLen dModel kvHeads groups halfDim dFF).take 10) :=
  Graph.nil
    |>.snoc (TapeNodes.rmsNorm (m := seqLen) (n := dModel) (.pos 0 rfl) (.pos 1 rfl) ε₁)
    |>.snoc (TapeNodes.matmul (m := seqLen) (n := dModel)
      (p := kvHeads * groups * (halfDim + halfDim)) (.pos 12 rfl) (.pos 2 rfl))
    |>.snoc (TapeNodes.ShapeOps.splitHeads (n := seqLen) (H := kvHeads * groups)
      (D := halfDim + halfDim) (.pos 13 rfl))
    |>.snoc (TapeNodes.rotary (h := kvHeads * groups) (n := seqLen) (d := halfDim)
      (.pos 14 rfl) (.pos 5 rfl) (.pos 6 rfl))
    |>.snoc (TapeNodes.matmul (m := seqLen) (n := dModel) (p := kvHeads * (halfDim + halfDim))
      (.pos 12 rfl) (.pos 3 rfl))
    |>.snoc (TapeNodes.ShapeOps.splitHeads (n := seqLen) (H := kvHeads) (D := halfDim + halfDim)
      (.pos 16 rfl))
    |>.snoc (TapeNodes.rotary (h := kvHeads) (n := seqLen) (d := halfDim)
      (.pos 17 rfl) (.pos 5 rfl) (.pos 6 rfl))
    |>.snoc (TapeNodes.ShapeOps.transpose3dLastTwo (a := kvHeads) (b := seqLen)
      (c := halfDim + halfDim) (.pos 18 rfl))
    |>.snoc (TapeNodes.matmul (m := seqLen) (n := dModel) (p := kvHeads * (halfDim + halfDim))
      (.pos 12 rfl) (.pos 4 rfl))
    |>.snoc (TapeNodes.ShapeOps.splitHeads (n := seqLen) (H := kvHeads) (D := halfDim + halfDim)
      (.pos 20 rfl))

variable (c ε₁ ε₂ : R) (mask : (mat seqLen seqLen).Index → Bool)

/-- The same, then the attention of every head to what the mask allows, group by group; scores are
multiplied by `c`. -/
def llamaHeadOutGraph :
    Graph R (ΓLlamaBlock seqLen dModel kvHeads groups halfDim dFF)
      ((ssLlamaBlock seqLen dModel kvHeads groups halfDim dFF).take 18) :=
  llamaHeadsGraph (dModel := dModel) (kvHeads := kvHeads) (groups := groups) (halfDim := halfDim)
      (dFF := dFF) ε₁
    |>.snoc (TapeNodes.ShapeOps.reshape (.pos 15 rfl)
      (size_heads_to_groups seqLen kvHeads groups (halfDim + halfDim)))
    |>.snoc (TapeNodes.Batched.matmul (h := kvHeads) (m := groups * seqLen)
      (n := halfDim + halfDim) (p := seqLen) (.pos 22 rfl) (.pos 19 rfl))
    |>.snoc (TapeNodes.scale (s := GroupsShape seqLen kvHeads groups seqLen) (.pos 23 rfl) c)
    |>.snoc (TapeNodes.ShapeOps.reshape (.pos 24 rfl)
      (size_groups_to_scores seqLen kvHeads groups))
    |>.snoc (τ := GroupScoresShape seqLen kvHeads groups)
      (TapeNodes.maskedSoftmax (mat kvHeads groups) (vec seqLen) (n := seqLen) (.pos 25 rfl) mask)
    |>.snoc (TapeNodes.ShapeOps.reshape (.pos 26 rfl)
      (size_groups_to_scores seqLen kvHeads groups).symm)
    |>.snoc (TapeNodes.Batched.matmul (h := kvHeads) (m := groups * seqLen) (n := seqLen)
      (p := halfDim + halfDim) (.pos 27 rfl) (.pos 21 rfl))
    |>.snoc (TapeNodes.ShapeOps.reshape (.pos 28 rfl)
      (size_heads_to_groups seqLen kvHeads groups (halfDim + halfDim)).symm)

/-- The same, then the projection of the heads side by side, and the residual sum. -/
def llamaAttnResidualGraph :
    Graph R (ΓLlamaBlock seqLen dModel kvHeads groups halfDim dFF)
      ((ssLlamaBlock seqLen dModel kvHeads groups halfDim dFF).take 22) :=
  llamaHeadOutGraph (dModel := dModel) (kvHeads := kvHeads) (groups := groups)
      (halfDim := halfDim) (dFF := dFF) c ε₁ mask
    |>.snoc (TapeNodes.ShapeOps.swapFirstTwo3d (m := kvHeads * groups) (n := seqLen)
      (s := vec (halfDim + halfDim)) (.pos 29 rfl))
    |>.snoc (TapeNodes.ShapeOps.reshape (.pos 30 rfl)
      (size_swap_to_concat seqLen (kvHeads * groups) (halfDim + halfDim)))
    |>.snoc (TapeNodes.matmul (m := seqLen) (n := kvHeads * groups * (halfDim + halfDim))
      (p := dModel) (.pos 31 rfl) (.pos 7 rfl))
    |>.snoc (TapeNodes.add (s := mat seqLen dModel) (.pos 0 rfl) (.pos 32 rfl))

/-- The same, then the second normalisation. -/
def llamaNorm2Graph :
    Graph R (ΓLlamaBlock seqLen dModel kvHeads groups halfDim dFF)
      ((ssLlamaBlock seqLen dModel kvHeads groups halfDim dFF).take 23) :=
  (llamaAttnResidualGraph c ε₁ mask).snoc
    (TapeNodes.rmsNorm (m := seqLen) (n := dModel) llamaIdxAttnResidual (.pos 8 rfl) ε₂)

/-- The block of Llama. -/
def llamaBlockGraph :
    Graph R (ΓLlamaBlock seqLen dModel kvHeads groups halfDim dFF)
      (ssLlamaBlock seqLen dModel kvHeads groups halfDim dFF) :=
  llamaNorm2Graph (dModel := dModel) (kvHeads := kvHeads) (groups := groups) (halfDim := halfDim)
      (dFF := dFF) c ε₁ ε₂ mask
    |>.snoc (TapeNodes.matmul (m := seqLen) (n := dModel) (p := dFF) (.pos 34 rfl) (.pos 9 rfl))
    |>.snoc (TapeNodes.silu (s := mat seqLen dFF) (.pos 35 rfl))
    |>.snoc (TapeNodes.matmul (m := seqLen) (n := dModel) (p := dFF) (.pos 34 rfl) (.pos 10 rfl))
    |>.snoc (TapeNodes.mul (s := mat seqLen dFF) (.pos 36 rfl) (.pos 37 rfl))
    |>.snoc (TapeNodes.matmul (m := seqLen) (n := dFF) (p := dModel) (.pos 38 rfl) (.pos 11 rfl))
    |>.snoc (TapeNodes.add (s := mat seqLen dModel) (.pos 33 rfl) (.pos 39 rfl))

/-- The names of inputs and saved tensors. -/
def llamaBlockGraph.names : List String :=
  ["x", "γ₁", "Wq", "Wk", "Wv", "cos", "sin", "Wo", "γ₂", "Wgate", "Wup", "Wdown", "norm1",
    "Qbig", "Qheads", "Qturned", "Kbig", "Kheads", "Kturned", "Kt", "Vbig", "Vheads", "Qgroups",
    "scores", "scaled", "scaledHeads", "probs", "probsGroups", "groupOut", "headOut", "swapped",
    "concat", "attention", "attnResidual", "norm2", "gate", "act", "up", "gated", "down",
    "ffnResidual"]

end

/-! ### Certificates -/

section

variable {R : Type} [AnalyticScalar R] {seqLen dModel kvHeads groups halfDim dFF : Nat}
  {ε₁ ε₂ : R} {mask : (mat seqLen seqLen).Index → Bool}

noncomputable section

/-- The certificate of `llamaHeadsGraph` for `0 < ε₁`. -/
def llamaHeadsGraphFderivCorrect (hε₁ : 0 < ε₁) :
    GraphFDerivCorrect (llamaHeadsGraph (seqLen := seqLen) (dModel := dModel)
      (kvHeads := kvHeads) (groups := groups) (halfDim := halfDim) (dFF := dFF) ε₁) :=
  GraphFDerivCorrect.nil
    |>.snoc (TapeNodes.rmsNormFderiv _ _ hε₁)
    |>.snoc (TapeNodes.matmulFderiv ..)
    |>.snoc (TapeNodes.ShapeOps.splitHeadsFderiv _)
    |>.snoc (TapeNodes.rotaryFderiv ..)
    |>.snoc (TapeNodes.matmulFderiv ..)
    |>.snoc (TapeNodes.ShapeOps.splitHeadsFderiv _)
    |>.snoc (TapeNodes.rotaryFderiv ..)
    |>.snoc (TapeNodes.ShapeOps.transpose3dLastTwoFderiv _)
    |>.snoc (TapeNodes.matmulFderiv ..)
    |>.snoc (TapeNodes.ShapeOps.splitHeadsFderiv _)

variable (c : R)

/-- The certificate of `llamaHeadOutGraph` for `0 < ε₁`, where the mask allows something to every
position. -/
def llamaHeadOutGraphFderivCorrect (hε₁ : 0 < ε₁) (hm : AllowsSome (o := vec seqLen) mask) :
    GraphFDerivCorrect (llamaHeadOutGraph (dModel := dModel) (kvHeads := kvHeads)
      (groups := groups) (halfDim := halfDim) (dFF := dFF) c ε₁ mask) :=
  llamaHeadsGraphFderivCorrect (seqLen := seqLen) (dModel := dModel) (kvHeads := kvHeads)
      (groups := groups) (halfDim := halfDim) (dFF := dFF) hε₁
    |>.snoc (TapeNodes.ShapeOps.reshapeFderiv ..)
    |>.snoc (TapeNodes.Batched.matmulFderiv ..)
    |>.snoc (TapeNodes.scaleFderiv ..)
    |>.snoc (TapeNodes.ShapeOps.reshapeFderiv ..)
    |>.snoc (TapeNodes.maskedSoftmaxFderiv (mat kvHeads groups) _ hm)
    |>.snoc (TapeNodes.ShapeOps.reshapeFderiv ..)
    |>.snoc (TapeNodes.Batched.matmulFderiv ..)
    |>.snoc (TapeNodes.ShapeOps.reshapeFderiv ..)

/-- The certificate of `llamaAttnResidualGraph` under the same conditions. -/
def llamaAttnResidualGraphFderivCorrect (hε₁ : 0 < ε₁) (hm : AllowsSome (o := vec seqLen) mask) :
    GraphFDerivCorrect (llamaAttnResidualGraph (dModel := dModel) (kvHeads := kvHeads)
      (groups := groups) (halfDim := halfDim) (dFF := dFF) c ε₁ mask) :=
  llamaHeadOutGraphFderivCorrect (dModel := dModel) (kvHeads := kvHeads) (groups := groups)
      (halfDim := halfDim) (dFF := dFF) c hε₁ hm
    |>.snoc (TapeNodes.ShapeOps.swapFirstTwo3dFderiv _)
    |>.snoc (TapeNodes.ShapeOps.reshapeFderiv ..)
    |>.snoc (TapeNodes.matmulFderiv ..)
    |>.snoc (TapeNodes.addFderiv ..)

/-- The certificate of `llamaNorm2Graph` for `0 < ε₁` and `0 < ε₂`, where the mask allows something
to every position. -/
def llamaNorm2GraphFderivCorrect (hε₁ : 0 < ε₁) (hε₂ : 0 < ε₂)
    (hm : AllowsSome (o := vec seqLen) mask) :
    GraphFDerivCorrect (llamaNorm2Graph (dModel := dModel) (kvHeads := kvHeads)
      (groups := groups) (halfDim := halfDim) (dFF := dFF) c ε₁ ε₂ mask) :=
  (llamaAttnResidualGraphFderivCorrect c hε₁ hm).snoc (TapeNodes.rmsNormFderiv _ _ hε₂)

/-- The certificate of the block for `0 < ε₁` and `0 < ε₂`, where the mask allows something to
every position. -/
def llamaBlockGraphFderivCorrect (hε₁ : 0 < ε₁) (hε₂ : 0 < ε₂)
    (hm : AllowsSome (o := vec seqLen) mask) :
    GraphFDerivCorrect (llamaBlockGraph (dModel := dModel) (kvHeads := kvHeads)
      (groups := groups) (halfDim := halfDim) (dFF := dFF) c ε₁ ε₂ mask) :=
  llamaNorm2GraphFderivCorrect (dModel := dModel) (kvHeads := kvHeads) (groups := groups)
      (halfDim := halfDim) (dFF := dFF) c hε₁ hε₂ hm
    |>.snoc (TapeNodes.matmulFderiv ..)
    |>.snoc (TapeNodes.siluFderiv ..)
    |>.snoc (TapeNodes.matmulFderiv ..)
    |>.snoc (TapeNodes.mulFderiv ..)
    |>.snoc (TapeNodes.matmulFderiv ..)
    |>.snoc (TapeNodes.addFderiv ..)

end

variable (c : R) (xV : CtxVec R (ΓLlamaBlock seqLen dModel kvHeads groups halfDim dFF))
  (hε₁ : 0 < ε₁) (hε₂ : 0 < ε₂) (hm : AllowsSome (o := vec seqLen) mask)
include hε₁ hε₂ hm

/-- For positive `ε₁` and `ε₂`, and where the mask allows something to every position, the block is
differentiable at every point, in its weights and tables too, and the derivative is its JVP. -/
theorem llamaBlock_hasFDerivAt :
    HasFDerivAt (llamaBlockGraph c ε₁ ε₂ mask).evalVec
      ((llamaBlockGraph c ε₁ ε₂ mask).jvpCLM xV) xV :=
  Graph.hasFDerivAt_evalVec (llamaBlockGraphFderivCorrect c hε₁ hε₂ hm) xV

/-- For positive `ε₁` and `ε₂`, and where the mask allows something to every position, the reverse
pass of the block, gradients of all weights included, is the adjoint of its derivative at every
point. -/
theorem llamaBlock_backpropVec_eq_adjoint_fderiv
    (seedV : CtxVec R (ΓLlamaBlock seqLen dModel kvHeads groups halfDim dFF ++
      ssLlamaBlock seqLen dModel kvHeads groups halfDim dFF)) :
    (llamaBlockGraph c ε₁ ε₂ mask).backpropVec xV seedV =
      (fderiv R (llamaBlockGraph c ε₁ ε₂ mask).evalVec xV).adjoint seedV :=
  Graph.backpropVec_eq_adjoint_fderiv (llamaBlockGraphFderivCorrect c hε₁ hε₂ hm) xV seedV

end

end Proofs.Autograd.LlamaBlock
