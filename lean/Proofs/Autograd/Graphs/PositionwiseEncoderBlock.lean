module

public import Proofs.Autograd.Graphs.EncoderBlockDerivative

/-!
# Post-norm encoder block with all parameters as inputs

The encoder block whose feed-forward network is two dense layers applied at each position, as in
PyTorch, with their weights and biases among the inputs: reverse mode gives them cotangents. Up to
the first normalisation it is the graph of `encoderBlockGraph`, weakened by the four new inputs.
Main definitions: `positionwiseEncoderBlockGraph`, and `positionwiseEncoderBlockBareReshapeGraph`
with upstream's head split. Main result: `positionwiseEncoderBlock_backpropVec_eq_adjoint_fderiv`,
for positive `ε₁` and `ε₂` the reverse pass is the adjoint of the derivative at every point; that
there is a derivative, and that it is the JVP, is `positionwiseEncoderBlock_hasFDerivAt`.

References: Vaswani et al., *Attention is all you need*, 2017, section 3; PyTorch,
`nn.TransformerEncoderLayer`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.Transformer

open Spec LayerNorm MultiHeadAttention

noncomputable section

/-- The inputs: those of `encoderBlockGraph`, then weights and bias of each dense layer. -/
abbrev ΓPositionwiseEncoderBlock (seqLen dModel numHeads headDim dFF : Nat) : List Shape :=
  ΓEncoderBlock seqLen dModel numHeads headDim ++ ffnParameters dModel dFF

variable {R : Type} [ScalarOps R] {seqLen dModel numHeads headDim dFF : Nat}

/-- What the second normalisation reads. -/
def positionwiseEncoderNorm2Inputs :
    Inputs (ΓPositionwiseEncoderBlock seqLen dModel numHeads headDim dFF ++
      ssEncoderFfnResidual seqLen dModel numHeads headDim dFF) seqLen dModel where
  x := .pos 32 rfl
  gamma := .pos 7 rfl
  beta := .pos 8 rfl

/-- A graph up to the first normalisation, then the network and its residual sum, over the inputs of
the block. -/
def positionwiseEncoderFfnResidualGraphWith
    (norm1 : Graph R (ΓEncoderBlock seqLen dModel numHeads headDim)
      (ssEncoderAfterNorm1 seqLen dModel numHeads headDim))
    (κ : R) :
    Graph R (ΓPositionwiseEncoderBlock seqLen dModel numHeads headDim dFF)
      (ssEncoderFfnResidual seqLen dModel numHeads headDim dFF) :=
  norm1.weakenContext (ffnParameters dModel dFF)
    |>.snoc (TapeNodes.dense (n := seqLen) (i := dModel) (o := dFF) (.pos 28 rfl) (.pos 9 rfl)
      (.pos 10 rfl))
    |>.snoc (TapeNodes.gelu (s := SeqFFNHiddenShape seqLen dFF) (.pos 29 rfl) κ)
    |>.snoc (TapeNodes.dense (n := seqLen) (i := dFF) (o := dModel) (.pos 30 rfl) (.pos 11 rfl)
      (.pos 12 rfl))
    |>.snoc (TapeNodes.add (s := SeqFFNModelShape seqLen dModel) (.pos 28 rfl) (.pos 31 rfl))

/-- The block up to the second residual sum. -/
def positionwiseEncoderFfnResidualGraph (κ c ε₁ : R) :
    Graph R (ΓPositionwiseEncoderBlock seqLen dModel numHeads headDim dFF)
      (ssEncoderFfnResidual seqLen dModel numHeads headDim dFF) :=
  positionwiseEncoderFfnResidualGraphWith (encoderAfterNorm1Graph c ε₁) κ

/-- The same graph with every head split replaced by a bare row-major reshape, as upstream has
it. -/
def positionwiseEncoderFfnResidualBareReshapeGraph (κ c ε₁ : R) :
    Graph R (ΓPositionwiseEncoderBlock seqLen dModel numHeads headDim dFF)
      (ssEncoderFfnResidual seqLen dModel numHeads headDim dFF) :=
  positionwiseEncoderFfnResidualGraphWith (encoderAfterNorm1BareReshapeGraph c ε₁) κ

/-- The encoder block with all parameters as inputs. -/
def positionwiseEncoderBlockGraph (κ c ε₁ ε₂ : R) :
    Graph R (ΓPositionwiseEncoderBlock seqLen dModel numHeads headDim dFF)
      (ssEncoderBlock seqLen dModel numHeads headDim dFF) :=
  (positionwiseEncoderFfnResidualGraph κ c ε₁).snoc (wholeNode positionwiseEncoderNorm2Inputs ε₂)

/-- The same graph with every head split replaced by a bare row-major reshape, as upstream has
it. -/
def positionwiseEncoderBlockBareReshapeGraph (κ c ε₁ ε₂ : R) :
    Graph R (ΓPositionwiseEncoderBlock seqLen dModel numHeads headDim dFF)
      (ssEncoderBlock seqLen dModel numHeads headDim dFF) :=
  (positionwiseEncoderFfnResidualBareReshapeGraph κ c ε₁).snoc
    (wholeNode positionwiseEncoderNorm2Inputs ε₂)

/-- The names of inputs and saved tensors. -/
def positionwiseEncoderFfnResidualGraph.names : List String :=
  encoderFfnResidualGraph.names.take 9 ++ ["W1", "b1", "W2", "b2"] ++
    encoderFfnResidualGraph.names.drop 9

/-- The names of inputs and saved tensors. -/
def positionwiseEncoderFfnResidualBareReshapeGraph.names : List String :=
  positionwiseEncoderFfnResidualGraph.names

/-- The names of inputs and saved tensors. -/
def positionwiseEncoderBlockGraph.names : List String :=
  positionwiseEncoderFfnResidualGraph.names ++ ["norm2"]

/-- The names of inputs and saved tensors. -/
def positionwiseEncoderBlockBareReshapeGraph.names : List String :=
  positionwiseEncoderBlockGraph.names

end

/-! ### Certificates -/

section

variable {R : Type} [AnalyticScalar R] {seqLen dModel numHeads headDim dFF : Nat} {ε₁ ε₂ : R}

noncomputable section

/-- The certificate of `encoderAfterNorm1GraphWith`, everywhere. -/
def encoderAfterNorm1GraphWithFDerivCorrect
    {residual : Graph R (ΓMHA seqLen dModel numHeads headDim)
      (ssMHAResidual seqLen dModel numHeads headDim)}
    (h : GraphFDerivCorrect residual) (hε₁ : 0 < ε₁) :
    GraphFDerivCorrect (encoderAfterNorm1GraphWith residual ε₁) :=
  (h.weakenContext _).snoc (wholeNodeFDerivCorrect encoderNorm1Inputs hε₁)

/-- The certificate of `positionwiseEncoderFfnResidualGraphWith`, everywhere. -/
def positionwiseEncoderFfnResidualGraphWithFDerivCorrect
    {norm1 : Graph R (ΓEncoderBlock seqLen dModel numHeads headDim)
      (ssEncoderAfterNorm1 seqLen dModel numHeads headDim)}
    (h : GraphFDerivCorrect norm1) (κ : R) :
    GraphFDerivCorrect (positionwiseEncoderFfnResidualGraphWith (dFF := dFF) norm1 κ) :=
  h.weakenContext _
    |>.snoc (TapeNodes.denseFderiv ..)
    |>.snoc (TapeNodes.geluFderiv ..)
    |>.snoc (TapeNodes.denseFderiv ..)
    |>.snoc (TapeNodes.addFderiv ..)

variable (κ c : R)

/-- The certificate of the block, which for positive `ε₁` and `ε₂` holds everywhere. -/
def positionwiseEncoderBlockGraphFDerivCorrect (hε₁ : 0 < ε₁) (hε₂ : 0 < ε₂) :
    GraphFDerivCorrect
      (positionwiseEncoderBlockGraph (seqLen := seqLen) (dModel := dModel) (numHeads := numHeads)
      (headDim := headDim) (dFF := dFF) κ c ε₁ ε₂) :=
  (positionwiseEncoderFfnResidualGraphWithFDerivCorrect
    (encoderAfterNorm1GraphWithFDerivCorrect (mhaResidualDGraph c).hg hε₁) κ).snoc
      (wholeNodeFDerivCorrect _ hε₂)

/-- The same for the variant with bare reshapes. -/
def positionwiseEncoderBlockBareReshapeGraphFDerivCorrect (hε₁ : 0 < ε₁) (hε₂ : 0 < ε₂) :
    GraphFDerivCorrect
      (positionwiseEncoderBlockBareReshapeGraph (seqLen := seqLen) (dModel := dModel)
      (numHeads := numHeads)
      (headDim := headDim) (dFF := dFF) κ c ε₁ ε₂) :=
  (positionwiseEncoderFfnResidualGraphWithFDerivCorrect
    (encoderAfterNorm1GraphWithFDerivCorrect (mhaResidualBareReshapeDGraph c).hg hε₁) κ).snoc
      (wholeNodeFDerivCorrect _ hε₂)

end

variable (κ c : R) (xV : CtxVec R (ΓPositionwiseEncoderBlock seqLen dModel numHeads headDim dFF))
  (seedV : CtxVec R (ΓPositionwiseEncoderBlock seqLen dModel numHeads headDim dFF ++
    ssEncoderBlock seqLen dModel numHeads headDim dFF))
  (hε₁ : 0 < ε₁) (hε₂ : 0 < ε₂)
include hε₁ hε₂

/-- For positive `ε₁` and `ε₂` the encoder block is differentiable at every point, in its weights
and biases too, and the derivative is its JVP. -/
theorem positionwiseEncoderBlock_hasFDerivAt :
    HasFDerivAt (positionwiseEncoderBlockGraph κ c ε₁ ε₂).evalVec
      ((positionwiseEncoderBlockGraph κ c ε₁ ε₂).jvpCLM xV) xV :=
  Graph.hasFDerivAt_evalVec (positionwiseEncoderBlockGraphFDerivCorrect κ c hε₁ hε₂) xV

/-- The same for the variant with bare reshapes. -/
theorem positionwiseEncoderBlockBareReshape_hasFDerivAt :
    HasFDerivAt (positionwiseEncoderBlockBareReshapeGraph κ c ε₁ ε₂).evalVec
      ((positionwiseEncoderBlockBareReshapeGraph κ c ε₁ ε₂).jvpCLM xV) xV :=
  Graph.hasFDerivAt_evalVec (positionwiseEncoderBlockBareReshapeGraphFDerivCorrect κ c hε₁ hε₂) xV

/-- For positive `ε₁` and `ε₂` the reverse pass of the encoder block, gradients of all weights and
biases included, is the adjoint of its derivative at every point. -/
theorem positionwiseEncoderBlock_backpropVec_eq_adjoint_fderiv :
    (positionwiseEncoderBlockGraph κ c ε₁ ε₂).backpropVec xV seedV =
      (fderiv R (positionwiseEncoderBlockGraph κ c ε₁ ε₂).evalVec xV).adjoint seedV :=
  Graph.backpropVec_eq_adjoint_fderiv
    (positionwiseEncoderBlockGraphFDerivCorrect κ c hε₁ hε₂) xV seedV

/-- The same for the variant with bare reshapes. -/
theorem positionwiseEncoderBlockBareReshape_backpropVec_eq_adjoint_fderiv :
    (positionwiseEncoderBlockBareReshapeGraph κ c ε₁ ε₂).backpropVec xV seedV =
      (fderiv R (positionwiseEncoderBlockBareReshapeGraph κ c ε₁ ε₂).evalVec xV).adjoint seedV :=
  Graph.backpropVec_eq_adjoint_fderiv
    (positionwiseEncoderBlockBareReshapeGraphFDerivCorrect κ c hε₁ hε₂) xV seedV

end

end Proofs.Autograd.Transformer
