module

public import Proofs.Autograd.Graphs.MaskedAttention
public import Proofs.Autograd.Graphs.MultiHeadAttention
public import Proofs.Autograd.Nodes.Certified.Affine
public import Proofs.Autograd.Tape.Call

/-!
# Multi-head attention to another sequence

Queries are made of one sequence, keys and values of another, which has a length and a number of
features of its own; each projection has a bias. Inputs are the two sequences and the eight
parameters; of 14 saved tensors the last is the output. Which positions of the other sequence a
position attends to is said by a mask, an argument of the graph. Called with one sequence for both,
it is self-attention.

Main definition: `crossAttentionGraph`. Main results, where the mask allows something to every
position: `crossAttention_hasFDerivAt` and `crossAttention_backpropVec_eq_adjoint_fderiv`. What it
computes is in `Graphs/CrossAttentionFormula`.

References: Vaswani et al., *Attention is all you need*, 2017, section 3.2; PyTorch,
`nn.MultiheadAttention` with `kdim` and `vdim`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.CrossAttention

open Spec Shape MultiHeadAttention MaskedAttention

noncomputable section

/-- The inputs: the sequence that attends and the one attended to; weights and bias of the
projections to queries, keys and values, and of that back. -/
abbrev ΓCrossAttention (seqLen memLen dModel memDim numHeads headDim : Nat) : List Shape :=
  [mat seqLen dModel, mat memLen memDim, mat (numHeads * headDim) dModel, vec (numHeads * headDim),
    mat (numHeads * headDim) memDim, vec (numHeads * headDim), mat (numHeads * headDim) memDim,
    vec (numHeads * headDim), mat dModel (numHeads * headDim), vec dModel]

/-- The saved tensors: queries, keys and values of every head, their attention, and the projection
of the heads side by side. -/
abbrev ssCrossAttention (seqLen memLen dModel numHeads headDim : Nat) : List Shape :=
  [BigShape seqLen numHeads headDim, HeadsShape seqLen numHeads headDim,
    BigShape memLen numHeads headDim, HeadsShape memLen numHeads headDim,
    BigShape memLen numHeads headDim, HeadsShape memLen numHeads headDim,
    KtShape memLen numHeads headDim, cube numHeads seqLen memLen, cube numHeads seqLen memLen,
    cube numHeads seqLen memLen, HeadsShape seqLen numHeads headDim,
    SwappedShape seqLen numHeads headDim, BigShape seqLen numHeads headDim, mat seqLen dModel]

variable {R : Type} [ScalarOps R] {seqLen memLen dModel memDim numHeads headDim : Nat}

/-- The position of the output. -/
def crossAttentionIdxY :
    Idx (ΓCrossAttention seqLen memLen dModel memDim numHeads headDim ++
      ssCrossAttention seqLen memLen dModel numHeads headDim) (mat seqLen dModel) :=
  .pos 23 rfl

/-- Queries, keys and values of every head. -/
def crossHeadsGraph :
    Graph R (ΓCrossAttention seqLen memLen dModel memDim numHeads headDim)
      ((ssCrossAttention seqLen memLen dModel numHeads headDim).take 6) :=
  Graph.nil
    |>.snoc (TapeNodes.dense (n := seqLen) (i := dModel) (o := numHeads * headDim)
      (.pos 0 rfl) (.pos 2 rfl) (.pos 3 rfl))
    |>.snoc (TapeNodes.ShapeOps.splitHeads (n := seqLen) (H := numHeads) (D := headDim)
      (.pos 10 rfl))
    |>.snoc (TapeNodes.dense (n := memLen) (i := memDim) (o := numHeads * headDim)
      (.pos 1 rfl) (.pos 4 rfl) (.pos 5 rfl))
    |>.snoc (TapeNodes.ShapeOps.splitHeads (n := memLen) (H := numHeads) (D := headDim)
      (.pos 12 rfl))
    |>.snoc (TapeNodes.dense (n := memLen) (i := memDim) (o := numHeads * headDim)
      (.pos 1 rfl) (.pos 6 rfl) (.pos 7 rfl))
    |>.snoc (TapeNodes.ShapeOps.splitHeads (n := memLen) (H := numHeads) (D := headDim)
      (.pos 14 rfl))

/-- The operands of the attention of every head. -/
def crossHeads :
    Operands (ΓCrossAttention seqLen memLen dModel memDim numHeads headDim ++
        (ssCrossAttention seqLen memLen dModel numHeads headDim).take 6)
      (ΓAttention numHeads seqLen memLen headDim headDim) :=
  .cons (.pos 11 rfl) <| .cons (.pos 13 rfl) <| .cons (.pos 15 rfl) .nil

variable (c : R) (mask : (mat seqLen memLen).Index → Bool)

/-- The same, then the attention of every head to what the mask allows; scores are multiplied by
`c`. -/
def crossHeadOutGraph :
    Graph R (ΓCrossAttention seqLen memLen dModel memDim numHeads headDim)
      ((ssCrossAttention seqLen memLen dModel numHeads headDim).take 11) :=
  crossHeadsGraph.call crossHeads (maskedAttentionGraph c mask)

/-- Multi-head attention to another sequence. -/
def crossAttentionGraph :
    Graph R (ΓCrossAttention seqLen memLen dModel memDim numHeads headDim)
      (ssCrossAttention seqLen memLen dModel numHeads headDim) :=
  crossHeadOutGraph (dModel := dModel) (memDim := memDim) (numHeads := numHeads)
      (headDim := headDim) c mask
    |>.snoc (TapeNodes.ShapeOps.swapFirstTwo3d (m := numHeads) (n := seqLen) (s := vec headDim)
      (.pos 20 rfl))
    |>.snoc (TapeNodes.ShapeOps.reshape (.pos 21 rfl) (size_swap_to_concat seqLen numHeads headDim))
    |>.snoc (TapeNodes.dense (n := seqLen) (i := numHeads * headDim) (o := dModel)
      (.pos 22 rfl) (.pos 8 rfl) (.pos 9 rfl))

/-- The names of inputs and saved tensors. -/
def crossAttentionGraph.names : List String :=
  ["x", "memory", "Wq", "bq", "Wk", "bk", "Wv", "bv", "Wo", "bo", "Qbig", "Qheads", "Kbig",
    "Kheads", "Vbig", "Vheads", "Kt", "scores", "scaled", "probs", "headOut", "swapped", "concat",
    "attention"]

end

/-! ### Certificates -/

variable {R : Type} [AnalyticScalar R] {seqLen memLen dModel memDim numHeads headDim : Nat}
  {mask : (mat seqLen memLen).Index → Bool}

noncomputable section

/-- The certificate of `crossHeadsGraph`. -/
def crossHeadsGraphFderivCorrect :
    GraphFDerivCorrect (R := R) (crossHeadsGraph (seqLen := seqLen) (memLen := memLen)
      (dModel := dModel) (memDim := memDim) (numHeads := numHeads) (headDim := headDim)) :=
  GraphFDerivCorrect.nil
    |>.snoc (TapeNodes.denseFderiv ..)
    |>.snoc (TapeNodes.ShapeOps.splitHeadsFderiv _)
    |>.snoc (TapeNodes.denseFderiv ..)
    |>.snoc (TapeNodes.ShapeOps.splitHeadsFderiv _)
    |>.snoc (TapeNodes.denseFderiv ..)
    |>.snoc (TapeNodes.ShapeOps.splitHeadsFderiv _)

variable (c : R) (hm : AllowsSome (o := vec seqLen) mask)
include hm

/-- The certificate of `crossHeadOutGraph`, where the mask allows something to every position. -/
def crossHeadOutGraphFderivCorrect :
    GraphFDerivCorrect (crossHeadOutGraph (dModel := dModel) (memDim := memDim)
      (numHeads := numHeads) (headDim := headDim) c mask) :=
  crossHeadsGraphFderivCorrect.call crossHeads (maskedAttentionGraphFderivCorrect hm)

/-- The certificate of the whole, where the mask allows something to every position. -/
def crossAttentionGraphFderivCorrect :
    GraphFDerivCorrect (crossAttentionGraph (dModel := dModel) (memDim := memDim)
      (numHeads := numHeads) (headDim := headDim) c mask) :=
  crossHeadOutGraphFderivCorrect (dModel := dModel) (memDim := memDim) (numHeads := numHeads)
      (headDim := headDim) c hm
    |>.snoc (TapeNodes.ShapeOps.swapFirstTwo3dFderiv _)
    |>.snoc (TapeNodes.ShapeOps.reshapeFderiv ..)
    |>.snoc (TapeNodes.denseFderiv ..)

end

variable (c : R) (xV : CtxVec R (ΓCrossAttention seqLen memLen dModel memDim numHeads headDim))
  (hm : AllowsSome (o := vec seqLen) mask)
include hm

/-- Where the mask allows something to every position, attention is differentiable, in its weights
and biases too, and the derivative is its JVP. -/
theorem crossAttention_hasFDerivAt :
    HasFDerivAt (crossAttentionGraph c mask).evalVec ((crossAttentionGraph c mask).jvpCLM xV) xV :=
  Graph.hasFDerivAt_evalVec (crossAttentionGraphFderivCorrect c hm) xV

/-- Where the mask allows something to every position, the reverse pass of attention, gradients of
all weights and biases included, is the adjoint of its derivative. -/
theorem crossAttention_backpropVec_eq_adjoint_fderiv
    (seedV : CtxVec R (ΓCrossAttention seqLen memLen dModel memDim numHeads headDim ++
      ssCrossAttention seqLen memLen dModel numHeads headDim)) :
    (crossAttentionGraph c mask).backpropVec xV seedV =
      (fderiv R (crossAttentionGraph c mask).evalVec xV).adjoint seedV :=
  Graph.backpropVec_eq_adjoint_fderiv (crossAttentionGraphFderivCorrect c hm) xV seedV

end Proofs.Autograd.CrossAttention
