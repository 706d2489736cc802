module

public import Proofs.Autograd.Graphs.EncoderBlock

/-!
# The derivative of the encoder block

The reverse pass of the post-norm encoder block is the adjoint of its derivative: at every point when `ε₁` and `ε₂` are positive
(`encoderBlock_backpropVec_eq_adjoint_fderiv`), and at any point where both normalisations are differentiable
(`encoderBlock_backpropVec_eq_adjoint_fderiv_at`). The same holds of the variant with bare reshapes.

`postNormEncoderBlock_hasFDerivAt` is about the map alone: two sublayers, each of them anything differentiable and then a
normalisation.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.Transformer

open Spec MultiHeadAttention LayerNorm

variable {R : Type} [AnalyticScalar R] {seqLen dModel numHeads headDim dFF : Nat}

noncomputable section

/-! ### Attention -/

/-- Attention with its residual sum, over the inputs of the block, and its certificate. -/
def encoderMhaResidualDGraph (c : R) :
    DGraph R (ΓEncoderBlock seqLen dModel numHeads headDim) (ssMHAResidual seqLen dModel numHeads headDim) :=
  (mhaResidualDGraph c).weakenContext [VecShape dModel, VecShape dModel, VecShape dModel, VecShape dModel]

/-- The same graph with every head split replaced by a bare row-major reshape, as upstream has it. -/
def encoderMhaResidualBareReshapeDGraph (c : R) :
    DGraph R (ΓEncoderBlock seqLen dModel numHeads headDim) (ssMHAResidual seqLen dModel numHeads headDim) :=
  (mhaResidualBareReshapeDGraph c).weakenContext [VecShape dModel, VecShape dModel, VecShape dModel, VecShape dModel]

/-! ### Certificates -/

variable (fc1 : CLM R (SeqFFNModelShape seqLen dModel).size (SeqFFNHiddenShape seqLen dFF).size)
  (b1 : Vec R (SeqFFNHiddenShape seqLen dFF).size)
  (fc2 : CLM R (SeqFFNHiddenShape seqLen dFF).size (SeqFFNModelShape seqLen dModel).size)
  (b2 : Vec R (SeqFFNModelShape seqLen dModel).size) (κ c ε₁ ε₂ : R)
  (xV : CtxVec R (ΓEncoderBlock seqLen dModel numHeads headDim))

/-- The certificate of the block up to the second residual sum, from one up to the first normalisation. -/
def encoderFfnResidualGraphWithFDerivCorrectAt
    {norm1 : Graph R (ΓEncoderBlock seqLen dModel numHeads headDim) (ssEncoderAfterNorm1 seqLen dModel numHeads headDim)}
    {xV : CtxVec R (ΓEncoderBlock seqLen dModel numHeads headDim)} (h : GraphFDerivCorrectAt norm1 xV) :
    GraphFDerivCorrectAt (encoderFfnResidualGraphWith fc1 b1 fc2 b2 κ norm1) xV :=
  h
    |>.snoc ((TapeNodes.affineFderiv idxEncoderNorm1Out fc1 b1).at _)
    |>.snoc ((TapeNodes.geluFderiv idxEncoderFfnHiddenPre κ).at _)
    |>.snoc ((TapeNodes.affineFderiv idxEncoderFfnHiddenAct fc2 b2).at _)
    |>.snoc ((TapeNodes.addFderiv idxEncoderNorm1OutAfterFfn idxEncoderFfnProjected).at _)

/-- The certificate of the block up to the second residual sum, from one of the first normalisation. -/
def encoderFfnResidualGraphFDerivCorrectAt
    (hNorm1 : NodeFDerivCorrectAt (wholeNode encoderNorm1Inputs ε₁) ((encoderMhaResidualDGraph c).g.evalVec xV)) :
    GraphFDerivCorrectAt (encoderFfnResidualGraph fc1 b1 fc2 b2 κ c ε₁) xV :=
  encoderFfnResidualGraphWithFDerivCorrectAt fc1 b1 fc2 b2 κ (((encoderMhaResidualDGraph c).hg.at xV).snoc hNorm1)

/-- The same for the variant with bare reshapes. -/
def encoderFfnResidualBareReshapeGraphFDerivCorrectAt
    (hNorm1 : NodeFDerivCorrectAt (wholeNode encoderNorm1Inputs ε₁) ((encoderMhaResidualBareReshapeDGraph c).g.evalVec xV)) :
    GraphFDerivCorrectAt (encoderFfnResidualBareReshapeGraph fc1 b1 fc2 b2 κ c ε₁) xV :=
  encoderFfnResidualGraphWithFDerivCorrectAt fc1 b1 fc2 b2 κ
    (((encoderMhaResidualBareReshapeDGraph c).hg.at xV).snoc hNorm1)

/-- The certificate of the block, from certificates of its normalisations. -/
def encoderBlockGraphFDerivCorrectAt
    (hNorm1 : NodeFDerivCorrectAt (wholeNode encoderNorm1Inputs ε₁) ((encoderMhaResidualDGraph c).g.evalVec xV))
    (hNorm2 : NodeFDerivCorrectAt (wholeNode encoderNorm2Inputs ε₂)
      ((encoderFfnResidualGraph fc1 b1 fc2 b2 κ c ε₁).evalVec xV)) :
    GraphFDerivCorrectAt (encoderBlockGraph fc1 b1 fc2 b2 κ c ε₁ ε₂) xV :=
  (encoderFfnResidualGraphFDerivCorrectAt fc1 b1 fc2 b2 κ c ε₁ xV hNorm1).snoc hNorm2

/-- The same for the variant with bare reshapes. -/
def encoderBlockBareReshapeGraphFDerivCorrectAt
    (hNorm1 : NodeFDerivCorrectAt (wholeNode encoderNorm1Inputs ε₁) ((encoderMhaResidualBareReshapeDGraph c).g.evalVec xV))
    (hNorm2 : NodeFDerivCorrectAt (wholeNode encoderNorm2Inputs ε₂)
      ((encoderFfnResidualBareReshapeGraph fc1 b1 fc2 b2 κ c ε₁).evalVec xV)) :
    GraphFDerivCorrectAt (encoderBlockBareReshapeGraph fc1 b1 fc2 b2 κ c ε₁ ε₂) xV :=
  (encoderFfnResidualBareReshapeGraphFDerivCorrectAt fc1 b1 fc2 b2 κ c ε₁ xV hNorm1).snoc hNorm2

end

/-! ### Theorems -/

section Backprop

variable (fc1 : CLM R (SeqFFNModelShape seqLen dModel).size (SeqFFNHiddenShape seqLen dFF).size)
  (b1 : Vec R (SeqFFNHiddenShape seqLen dFF).size)
  (fc2 : CLM R (SeqFFNHiddenShape seqLen dFF).size (SeqFFNModelShape seqLen dModel).size)
  (b2 : Vec R (SeqFFNModelShape seqLen dModel).size) (κ c ε₁ ε₂ : R)
  (xV : CtxVec R (ΓEncoderBlock seqLen dModel numHeads headDim))
  (seedV : CtxVec R (ΓEncoderBlock seqLen dModel numHeads headDim ++ ssEncoderBlock seqLen dModel numHeads headDim dFF))

/-- The reverse pass of the encoder block is the adjoint of its derivative where both normalisations are differentiable. -/
theorem encoderBlock_backpropVec_eq_adjoint_fderiv_at
    (hNorm1 : NodeFDerivCorrectAt (wholeNode encoderNorm1Inputs ε₁) ((encoderMhaResidualDGraph c).g.evalVec xV))
    (hNorm2 : NodeFDerivCorrectAt (wholeNode encoderNorm2Inputs ε₂)
      ((encoderFfnResidualGraph fc1 b1 fc2 b2 κ c ε₁).evalVec xV)) :
    (encoderBlockGraph fc1 b1 fc2 b2 κ c ε₁ ε₂).backpropVec xV seedV =
      (fderiv R (encoderBlockGraph fc1 b1 fc2 b2 κ c ε₁ ε₂).evalVec xV).adjoint seedV :=
  Graph.backpropVec_eq_adjoint_fderiv_at
    (encoderBlockGraphFDerivCorrectAt fc1 b1 fc2 b2 κ c ε₁ ε₂ xV hNorm1 hNorm2) seedV

/-- The same for the variant with bare reshapes. -/
theorem encoderBlockBareReshape_backpropVec_eq_adjoint_fderiv_at
    (hNorm1 : NodeFDerivCorrectAt (wholeNode encoderNorm1Inputs ε₁) ((encoderMhaResidualBareReshapeDGraph c).g.evalVec xV))
    (hNorm2 : NodeFDerivCorrectAt (wholeNode encoderNorm2Inputs ε₂)
      ((encoderFfnResidualBareReshapeGraph fc1 b1 fc2 b2 κ c ε₁).evalVec xV)) :
    (encoderBlockBareReshapeGraph fc1 b1 fc2 b2 κ c ε₁ ε₂).backpropVec xV seedV =
      (fderiv R (encoderBlockBareReshapeGraph fc1 b1 fc2 b2 κ c ε₁ ε₂).evalVec xV).adjoint seedV :=
  Graph.backpropVec_eq_adjoint_fderiv_at
    (encoderBlockBareReshapeGraphFDerivCorrectAt fc1 b1 fc2 b2 κ c ε₁ ε₂ xV hNorm1 hNorm2) seedV

variable {ε₁ ε₂} (hε₁ : 0 < ε₁) (hε₂ : 0 < ε₂)
include hε₁ hε₂

/-- For positive `ε₁` and `ε₂` the reverse pass of the encoder block is the adjoint of its derivative at every point. -/
theorem encoderBlock_backpropVec_eq_adjoint_fderiv :
    (encoderBlockGraph fc1 b1 fc2 b2 κ c ε₁ ε₂).backpropVec xV seedV =
      (fderiv R (encoderBlockGraph fc1 b1 fc2 b2 κ c ε₁ ε₂).evalVec xV).adjoint seedV :=
  encoderBlock_backpropVec_eq_adjoint_fderiv_at fc1 b1 fc2 b2 κ c ε₁ ε₂ xV seedV
    ((wholeNodeFDerivCorrect _ hε₁).at _) ((wholeNodeFDerivCorrect _ hε₂).at _)

/-- The same for the variant with bare reshapes. -/
theorem encoderBlockBareReshape_backpropVec_eq_adjoint_fderiv :
    (encoderBlockBareReshapeGraph fc1 b1 fc2 b2 κ c ε₁ ε₂).backpropVec xV seedV =
      (fderiv R (encoderBlockBareReshapeGraph fc1 b1 fc2 b2 κ c ε₁ ε₂).evalVec xV).adjoint seedV :=
  encoderBlockBareReshape_backpropVec_eq_adjoint_fderiv_at fc1 b1 fc2 b2 κ c ε₁ ε₂ xV seedV
    ((wholeNodeFDerivCorrect _ hε₁).at _) ((wholeNodeFDerivCorrect _ hε₂).at _)

end Backprop

/-- The derivative of two post-norm sublayers in a row; attention and the feed-forward network enter through the maps `attnPack`
and `ffnPack`, which make the input of a normalisation. -/
theorem postNormEncoderBlock_hasFDerivAt {k : Nat} {ε₁ ε₂ : R} {attnPack : Vec R k → CtxVec R (ΓPostNorm seqLen dModel)}
    {DattnPack : CLM R k (ctxSize (ΓPostNorm seqLen dModel))}
    {ffnPack : CtxVec R (ΓPostNorm seqLen dModel ++ ssPostNorm seqLen dModel) → CtxVec R (ΓPostNorm seqLen dModel)}
    {DffnPack : CLM R (ctxSize (ΓPostNorm seqLen dModel ++ ssPostNorm seqLen dModel)) (ctxSize (ΓPostNorm seqLen dModel))}
    {x : Vec R k} (hAttn : HasFDerivAt attnPack DattnPack x) (hNorm1VarEpsPos : VarEpsPos ε₁ (attnPack x))
    (hNorm1StdNe0 : StdNe0 ε₁ (attnPack x))
    (hFfn : HasFDerivAt ffnPack DffnPack ((postNormGraph ε₁).evalVec (attnPack x)))
    (hNorm2VarEpsPos : VarEpsPos ε₂ (ffnPack ((postNormGraph ε₁).evalVec (attnPack x))))
    (hNorm2StdNe0 : StdNe0 ε₂ (ffnPack ((postNormGraph ε₁).evalVec (attnPack x)))) :
    HasFDerivAt (fun z => (postNormGraph ε₂).evalVec (ffnPack ((postNormGraph ε₁).evalVec (attnPack z))))
      ((fderiv R (postNormGraph ε₂).evalVec (ffnPack ((postNormGraph ε₁).evalVec (attnPack x)))).comp
        (DffnPack.comp ((fderiv R (postNormGraph ε₁).evalVec (attnPack x)).comp DattnPack))) x :=
  twoSublayerPostNormBlock_hasFDerivAt hAttn hNorm1VarEpsPos hNorm1StdNe0 hFfn hNorm2VarEpsPos hNorm2StdNe0

end Proofs.Autograd.Transformer
