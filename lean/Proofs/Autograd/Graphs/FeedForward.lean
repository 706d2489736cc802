module

public import Proofs.Autograd.Nodes.Certified.Affine
public import Proofs.Autograd.Nodes.Certified.Elementwise
public import Proofs.Autograd.Tape.DGraph

/-!
# Feed-forward networks with their residual connection

The map `x ↦ x + fc₂(gelu(fc₁ x))` in three forms. `ffnResidualGraph` treats one token with fixed
matrices. `seqFfnResidualGraph` treats a sequence, with fixed affine maps of all its coordinates.
`positionwiseFfnResidualGraph` applies the same two dense layers at every position of a sequence, as
PyTorch does, and has their weights and biases among its inputs, so that they get cotangents.

The scalar `κ` is the constant `√(2/π)` of GELU's tanh form.

References: Vaswani et al., *Attention is all you need*, 2017, section 3.3; PyTorch,
`nn.TransformerEncoderLayer`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.Transformer

open Spec Shape

noncomputable section

variable {R : Type} [ScalarOps R] {seqLen dModel dFF : Nat} {ss : List Shape}

/-! ### One token -/

/-- The input: one token. -/
abbrev ΓFFN (dModel : Nat) : List Shape := [vec dModel]

/-- The saved tensors: hidden layer before and after GELU, its projection, the residual sum. -/
abbrev ssFFNResidual (dModel dFF : Nat) : List Shape := [vec dFF, vec dFF, vec dModel, vec dModel]

/-- A feed-forward network on one token, and its residual sum. -/
def ffnResidualGraph (W1 : Tensor R (mat dFF dModel)) (b1 : Tensor R (vec dFF))
    (W2 : Tensor R (mat dModel dFF))
    (b2 : Tensor R (vec dModel)) (κ : R) : Graph R (ΓFFN dModel) (ssFFNResidual dModel dFF) :=
  Graph.nil
    |>.snoc (TapeNodes.linear (.pos 0 rfl) W1 b1)
    |>.snoc (TapeNodes.gelu (s := vec dFF) (.pos 1 rfl) κ)
    |>.snoc (TapeNodes.linear (.pos 2 rfl) W2 b2)
    |>.snoc (TapeNodes.add (s := vec dModel) (.pos 0 rfl) (.pos 3 rfl))

/-! ### A sequence, with fixed affine maps -/

/-- The shape of a sequence of tokens. -/
abbrev SeqFFNModelShape (seqLen dModel : Nat) : Shape := mat seqLen dModel

/-- The shape of a sequence of hidden layers. -/
abbrev SeqFFNHiddenShape (seqLen dFF : Nat) : Shape := mat seqLen dFF

/-- The input: a sequence of tokens. -/
abbrev ΓSeqFFN (seqLen dModel : Nat) : List Shape := [SeqFFNModelShape seqLen dModel]

/-- The saved tensors: hidden layers before and after GELU, their projections, the residual sums. -/
abbrev ssSeqFFNResidual (seqLen dModel dFF : Nat) : List Shape :=
  [SeqFFNHiddenShape seqLen dFF, SeqFFNHiddenShape seqLen dFF, SeqFFNModelShape seqLen dModel,
    SeqFFNModelShape seqLen dModel]

/-- The tokens. -/
def seqFfnIdxX : Idx (ΓSeqFFN seqLen dModel ++ ss) (SeqFFNModelShape seqLen dModel) := .pos 0 rfl

/-- The hidden layers before GELU. -/
def seqFfnIdxHiddenPre :
    Idx (ΓSeqFFN seqLen dModel ++ [SeqFFNHiddenShape seqLen dFF]) (SeqFFNHiddenShape seqLen dFF) :=
  .pos 1 rfl

/-- The hidden layers after GELU. -/
def seqFfnIdxHiddenAct :
    Idx (ΓSeqFFN seqLen dModel ++ [SeqFFNHiddenShape seqLen dFF, SeqFFNHiddenShape seqLen dFF])
        (SeqFFNHiddenShape seqLen dFF) :=
  .pos 2 rfl

/-- The projected hidden layers. -/
def seqFfnIdxProjected :
    Idx (ΓSeqFFN seqLen dModel ++
      [SeqFFNHiddenShape seqLen dFF, SeqFFNHiddenShape seqLen dFF, SeqFFNModelShape seqLen dModel])
      (SeqFFNModelShape seqLen dModel) :=
  .pos 3 rfl

/-- A feed-forward network of two fixed affine maps of all coordinates of a sequence, and its
residual sum. -/
def seqFfnResidualGraph
    (fc1 : CLM R (SeqFFNModelShape seqLen dModel).size (SeqFFNHiddenShape seqLen dFF).size)
    (b1 : Vec R (SeqFFNHiddenShape seqLen dFF).size)
    (fc2 : CLM R (SeqFFNHiddenShape seqLen dFF).size (SeqFFNModelShape seqLen dModel).size)
    (b2 : Vec R (SeqFFNModelShape seqLen dModel).size) (κ : R) :
    Graph R (ΓSeqFFN seqLen dModel) (ssSeqFFNResidual seqLen dModel dFF) :=
  Graph.nil
    |>.snoc (TapeNodes.affine seqFfnIdxX fc1 b1)
    |>.snoc (TapeNodes.gelu seqFfnIdxHiddenPre κ)
    |>.snoc (TapeNodes.affine seqFfnIdxHiddenAct fc2 b2)
    |>.snoc (TapeNodes.add seqFfnIdxX seqFfnIdxProjected)

/-! ### A sequence, with weights and biases as inputs -/

/-- The weights and biases of the two dense layers, one row of weights for each output feature. -/
abbrev ffnParameters (dModel dFF : Nat) : List Shape :=
  [mat dFF dModel, vec dFF, mat dModel dFF, vec dModel]

/-- The inputs: a sequence of tokens, weights and biases. -/
abbrev ΓPositionwiseFFN (seqLen dModel dFF : Nat) : List Shape :=
  ΓSeqFFN seqLen dModel ++ ffnParameters dModel dFF

/-- A feed-forward network of two dense layers at each position, and its residual sum. -/
def positionwiseFfnResidualGraph (κ : R) :
    Graph R (ΓPositionwiseFFN seqLen dModel dFF) (ssSeqFFNResidual seqLen dModel dFF) :=
  Graph.nil
    |>.snoc (TapeNodes.dense (n := seqLen) (i := dModel) (o := dFF) (.pos 0 rfl) (.pos 1 rfl)
      (.pos 2 rfl))
    |>.snoc (TapeNodes.gelu (s := mat seqLen dFF) (.pos 5 rfl) κ)
    |>.snoc (TapeNodes.dense (n := seqLen) (i := dFF) (o := dModel) (.pos 6 rfl) (.pos 3 rfl)
      (.pos 4 rfl))
    |>.snoc (TapeNodes.add (s := mat seqLen dModel) (.pos 0 rfl) (.pos 7 rfl))

/-! ### Names of inputs and saved tensors -/

/-- The names of the saved tensors. -/
def ssSeqFFNResidual.names : List String := ["pre", "act", "proj", "residual"]

/-- The names of inputs and saved tensors. -/
def ffnResidualDGraph.names : List String := "x" :: ssSeqFFNResidual.names

/-- The names of inputs and saved tensors. -/
def seqFfnResidualDGraph.names : List String := "x" :: ssSeqFFNResidual.names

/-- The names of inputs and saved tensors. -/
def positionwiseFfnResidualDGraph.names : List String :=
  ["x", "W1", "b1", "W2", "b2"] ++ ssSeqFFNResidual.names

end

/-! ### Certificates -/

section OneToken

variable {R : Type} [AnalyticScalar R] {dModel dFF : Nat} (W1 : Tensor R (mat dFF dModel))
  (b1 : Tensor R (vec dFF))
  (W2 : Tensor R (mat dModel dFF)) (b2 : Tensor R (vec dModel)) (κ : R)

/-- `ffnResidualGraph` and its certificate. -/
noncomputable def ffnResidualDGraph : DGraph R (ΓFFN dModel) (ssFFNResidual dModel dFF) where
  g := ffnResidualGraph W1 b1 W2 b2 κ
  hg := GraphFDerivCorrect.nil
    |>.snoc (TapeNodes.linearFderiv ..)
    |>.snoc (TapeNodes.geluFderiv ..)
    |>.snoc (TapeNodes.linearFderiv ..)
    |>.snoc (TapeNodes.addFderiv ..)

/-- The network on one token is differentiable, and the derivative is its JVP. -/
theorem ffnResidual_hasFDerivAt (xV : CtxVec R (ΓFFN dModel)) :
    HasFDerivAt (ffnResidualDGraph W1 b1 W2 b2 κ).g.evalVec
        ((ffnResidualDGraph W1 b1 W2 b2 κ).g.jvpCLM xV) xV :=
  (ffnResidualDGraph W1 b1 W2 b2 κ).hasFDerivAt_evalVec xV

/-- The reverse pass of the network on one token is the adjoint of its derivative. -/
theorem ffnResidual_backpropVec_eq_adjoint_fderiv (xV : CtxVec R (ΓFFN dModel))
    (seedV : CtxVec R (ΓFFN dModel ++ ssFFNResidual dModel dFF)) :
    (ffnResidualDGraph W1 b1 W2 b2 κ).g.backpropVec xV seedV =
      (fderiv R (ffnResidualDGraph W1 b1 W2 b2 κ).g.evalVec xV).adjoint seedV :=
  (ffnResidualDGraph W1 b1 W2 b2 κ).backpropVec_eq_adjoint_fderiv xV seedV

end OneToken

section Sequence

variable {R : Type} [AnalyticScalar R] {seqLen dModel dFF : Nat}
  (fc1 : CLM R (SeqFFNModelShape seqLen dModel).size (SeqFFNHiddenShape seqLen dFF).size)
  (b1 : Vec R (SeqFFNHiddenShape seqLen dFF).size)
  (fc2 : CLM R (SeqFFNHiddenShape seqLen dFF).size (SeqFFNModelShape seqLen dModel).size)
  (b2 : Vec R (SeqFFNModelShape seqLen dModel).size) (κ : R)

/-- `seqFfnResidualGraph` and its certificate. -/
noncomputable def seqFfnResidualDGraph :
    DGraph R (ΓSeqFFN seqLen dModel) (ssSeqFFNResidual seqLen dModel dFF) where
  g := seqFfnResidualGraph fc1 b1 fc2 b2 κ
  hg := GraphFDerivCorrect.nil
    |>.snoc (TapeNodes.affineFderiv ..)
    |>.snoc (TapeNodes.geluFderiv ..)
    |>.snoc (TapeNodes.affineFderiv ..)
    |>.snoc (TapeNodes.addFderiv ..)

/-- The network on a sequence is differentiable, and the derivative is its JVP. -/
theorem seqFfnResidual_hasFDerivAt (xV : CtxVec R (ΓSeqFFN seqLen dModel)) :
    HasFDerivAt (seqFfnResidualDGraph fc1 b1 fc2 b2 κ).g.evalVec
      ((seqFfnResidualDGraph fc1 b1 fc2 b2 κ).g.jvpCLM xV) xV :=
  (seqFfnResidualDGraph fc1 b1 fc2 b2 κ).hasFDerivAt_evalVec xV

/-- The reverse pass of the network on a sequence is the adjoint of its derivative. -/
theorem seqFfnResidual_backpropVec_eq_adjoint_fderiv (xV : CtxVec R (ΓSeqFFN seqLen dModel))
    (seedV : CtxVec R (ΓSeqFFN seqLen dModel ++ ssSeqFFNResidual seqLen dModel dFF)) :
    (seqFfnResidualDGraph fc1 b1 fc2 b2 κ).g.backpropVec xV seedV =
      (fderiv R (seqFfnResidualDGraph fc1 b1 fc2 b2 κ).g.evalVec xV).adjoint seedV :=
  (seqFfnResidualDGraph fc1 b1 fc2 b2 κ).backpropVec_eq_adjoint_fderiv xV seedV

/-- `positionwiseFfnResidualGraph` and its certificate. -/
noncomputable def positionwiseFfnResidualDGraph :
    DGraph R (ΓPositionwiseFFN seqLen dModel dFF) (ssSeqFFNResidual seqLen dModel dFF) where
  g := positionwiseFfnResidualGraph κ
  hg := GraphFDerivCorrect.nil
    |>.snoc (TapeNodes.denseFderiv ..)
    |>.snoc (TapeNodes.geluFderiv ..)
    |>.snoc (TapeNodes.denseFderiv ..)
    |>.snoc (TapeNodes.addFderiv ..)

/-- The network with weights and biases as inputs is differentiable, and the derivative is its
JVP. -/
theorem positionwiseFfnResidual_hasFDerivAt (xV : CtxVec R (ΓPositionwiseFFN seqLen dModel dFF)) :
    HasFDerivAt (positionwiseFfnResidualDGraph κ).g.evalVec
        ((positionwiseFfnResidualDGraph κ).g.jvpCLM xV) xV :=
  (positionwiseFfnResidualDGraph κ).hasFDerivAt_evalVec xV

/-- The reverse pass of the network with weights and biases as inputs is the adjoint of its
derivative. -/
theorem positionwiseFfnResidual_backpropVec_eq_adjoint_fderiv
    (xV : CtxVec R (ΓPositionwiseFFN seqLen dModel dFF))
    (seedV : CtxVec R (ΓPositionwiseFFN seqLen dModel dFF ++ ssSeqFFNResidual seqLen dModel dFF)) :
    (positionwiseFfnResidualDGraph κ).g.backpropVec xV seedV =
      (fderiv R (positionwiseFfnResidualDGraph κ).g.evalVec xV).adjoint seedV :=
  (positionwiseFfnResidualDGraph κ).backpropVec_eq_adjoint_fderiv xV seedV

end Sequence

end Proofs.Autograd.Transformer
