module

public import Proofs.Autograd.Graphs.EncoderBlock

/-!
# The derivative of the encoder block

The post-norm encoder block is differentiable, its derivative is its JVP, and its reverse pass is
the adjoint of that: at every point when `ε₁` and `ε₂` are positive (`encoderBlock_hasFDerivAt`,
`encoderBlock_backpropVec_eq_adjoint_fderiv`), and at any point where both normalisations are
differentiable (`encoderBlock_hasFDerivAt_at`, `encoderBlock_backpropVec_eq_adjoint_fderiv_at`). The
same holds of its prefixes and of the variant with bare reshapes.

`postNormEncoderBlock_hasFDerivAt` is about the map alone: two sublayers, each of them anything
differentiable and then a normalisation.
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
    DGraph R (ΓEncoderBlock seqLen dModel numHeads headDim)
        (ssMHAResidual seqLen dModel numHeads headDim) :=
  (mhaResidualDGraph c).weakenContext [VecShape dModel, VecShape dModel, VecShape dModel,
    VecShape dModel]

/-- The same graph with every head split replaced by a bare row-major reshape, as upstream has
it. -/
def encoderMhaResidualBareReshapeDGraph (c : R) :
    DGraph R (ΓEncoderBlock seqLen dModel numHeads headDim)
        (ssMHAResidual seqLen dModel numHeads headDim) :=
  (mhaResidualBareReshapeDGraph c).weakenContext [VecShape dModel, VecShape dModel, VecShape dModel,
    VecShape dModel]

/-! ### Certificates -/

variable (fc1 : CLM R (SeqFFNModelShape seqLen dModel).size (SeqFFNHiddenShape seqLen dFF).size)
  (b1 : Vec R (SeqFFNHiddenShape seqLen dFF).size)
  (fc2 : CLM R (SeqFFNHiddenShape seqLen dFF).size (SeqFFNModelShape seqLen dModel).size)
  (b2 : Vec R (SeqFFNModelShape seqLen dModel).size) (κ c ε₁ ε₂ : R)
  (xV : CtxVec R (ΓEncoderBlock seqLen dModel numHeads headDim))

/-- The certificate of the block up to the first normalisation, from one of that. -/
def encoderAfterNorm1GraphFDerivCorrectAt
    (hNorm1 : NodeFDerivCorrectAt (wholeNode encoderNorm1Inputs ε₁)
      ((encoderMhaResidualDGraph c).g.evalVec xV)) :
    GraphFDerivCorrectAt (encoderAfterNorm1Graph c ε₁) xV :=
  ((encoderMhaResidualDGraph c).hg.at xV).snoc hNorm1

/-- The certificate of the block up to the second residual sum, from one up to the first
normalisation. -/
def encoderFfnResidualGraphWithFDerivCorrectAt
    {norm1 : Graph R (ΓEncoderBlock seqLen dModel numHeads headDim)
      (ssEncoderAfterNorm1 seqLen dModel numHeads headDim)}
    {xV : CtxVec R (ΓEncoderBlock seqLen dModel numHeads headDim)}
    (h : GraphFDerivCorrectAt norm1 xV) :
    GraphFDerivCorrectAt (encoderFfnResidualGraphWith fc1 b1 fc2 b2 κ norm1) xV :=
  h
    |>.snoc ((TapeNodes.affineFderiv idxEncoderNorm1Out fc1 b1).at _)
    |>.snoc ((TapeNodes.geluFderiv idxEncoderFfnHiddenPre κ).at _)
    |>.snoc ((TapeNodes.affineFderiv idxEncoderFfnHiddenAct fc2 b2).at _)
    |>.snoc ((TapeNodes.addFderiv idxEncoderNorm1OutAfterFfn idxEncoderFfnProjected).at _)

/-- The certificate of the block up to the second residual sum, from one of the first
normalisation. -/
def encoderFfnResidualGraphFDerivCorrectAt
    (hNorm1 : NodeFDerivCorrectAt (wholeNode encoderNorm1Inputs ε₁)
      ((encoderMhaResidualDGraph c).g.evalVec xV)) :
    GraphFDerivCorrectAt (encoderFfnResidualGraph fc1 b1 fc2 b2 κ c ε₁) xV :=
  encoderFfnResidualGraphWithFDerivCorrectAt fc1 b1 fc2 b2 κ
    (((encoderMhaResidualDGraph c).hg.at xV).snoc hNorm1)

/-- The same for the variant with bare reshapes. -/
def encoderFfnResidualBareReshapeGraphFDerivCorrectAt
    (hNorm1 : NodeFDerivCorrectAt (wholeNode encoderNorm1Inputs ε₁)
      ((encoderMhaResidualBareReshapeDGraph c).g.evalVec xV)) :
    GraphFDerivCorrectAt (encoderFfnResidualBareReshapeGraph fc1 b1 fc2 b2 κ c ε₁) xV :=
  encoderFfnResidualGraphWithFDerivCorrectAt fc1 b1 fc2 b2 κ
    (((encoderMhaResidualBareReshapeDGraph c).hg.at xV).snoc hNorm1)

/-- The certificate of the block, from certificates of its normalisations. -/
def encoderBlockGraphFDerivCorrectAt
    (hNorm1 : NodeFDerivCorrectAt (wholeNode encoderNorm1Inputs ε₁)
      ((encoderMhaResidualDGraph c).g.evalVec xV))
    (hNorm2 : NodeFDerivCorrectAt (wholeNode encoderNorm2Inputs ε₂)
      ((encoderFfnResidualGraph fc1 b1 fc2 b2 κ c ε₁).evalVec xV)) :
    GraphFDerivCorrectAt (encoderBlockGraph fc1 b1 fc2 b2 κ c ε₁ ε₂) xV :=
  (encoderFfnResidualGraphFDerivCorrectAt fc1 b1 fc2 b2 κ c ε₁ xV hNorm1).snoc hNorm2

/-- The same for the variant with bare reshapes. -/
def encoderBlockBareReshapeGraphFDerivCorrectAt
    (hNorm1 : NodeFDerivCorrectAt (wholeNode encoderNorm1Inputs ε₁)
      ((encoderMhaResidualBareReshapeDGraph c).g.evalVec xV))
    (hNorm2 : NodeFDerivCorrectAt (wholeNode encoderNorm2Inputs ε₂)
      ((encoderFfnResidualBareReshapeGraph fc1 b1 fc2 b2 κ c ε₁).evalVec xV)) :
    GraphFDerivCorrectAt (encoderBlockBareReshapeGraph fc1 b1 fc2 b2 κ c ε₁ ε₂) xV :=
  (encoderFfnResidualBareReshapeGraphFDerivCorrectAt fc1 b1 fc2 b2 κ c ε₁ xV hNorm1).snoc hNorm2

end

/-! ### Theorems: the prefixes -/

section Prefixes

variable (fc1 : CLM R (SeqFFNModelShape seqLen dModel).size (SeqFFNHiddenShape seqLen dFF).size)
  (b1 : Vec R (SeqFFNHiddenShape seqLen dFF).size)
  (fc2 : CLM R (SeqFFNHiddenShape seqLen dFF).size (SeqFFNModelShape seqLen dModel).size)
  (b2 : Vec R (SeqFFNModelShape seqLen dModel).size) (κ c ε₁ : R)
  (xV : CtxVec R (ΓEncoderBlock seqLen dModel numHeads headDim))

/-- Attention with its residual sum is differentiable, and the derivative is its JVP. -/
theorem encoderMhaResidual_hasFDerivAt :
    HasFDerivAt (encoderMhaResidualDGraph c).g.evalVec
        ((encoderMhaResidualDGraph c).g.jvpCLM xV) xV :=
  (encoderMhaResidualDGraph c).hasFDerivAt_evalVec xV

/-- The reverse pass of attention with its residual sum is the adjoint of its derivative. -/
theorem encoderMhaResidual_backpropVec_eq_adjoint_fderiv
    (seedV : CtxVec R (ΓEncoderBlock seqLen dModel numHeads headDim ++
      ssMHAResidual seqLen dModel numHeads headDim)) :
    (encoderMhaResidualDGraph c).g.backpropVec xV seedV =
      (fderiv R (encoderMhaResidualDGraph c).g.evalVec xV).adjoint seedV :=
  (encoderMhaResidualDGraph c).backpropVec_eq_adjoint_fderiv xV seedV

/-- The block up to the first normalisation is differentiable where that is, and the derivative is
its JVP. -/
theorem encoderAfterNorm1_hasFDerivAt_at
    (hNorm1 : NodeFDerivCorrectAt (wholeNode encoderNorm1Inputs ε₁)
      ((encoderMhaResidualDGraph c).g.evalVec xV)) :
    HasFDerivAt (encoderAfterNorm1Graph c ε₁).evalVec
        ((encoderAfterNorm1Graph c ε₁).jvpCLM xV) xV :=
  Graph.hasFDerivAt_evalVec_at (encoderAfterNorm1GraphFDerivCorrectAt c ε₁ xV hNorm1)

/-- For `ε₁ > 0` that is everywhere. -/
theorem encoderAfterNorm1_hasFDerivAt {ε₁ : R} (hε₁ : 0 < ε₁) :
    HasFDerivAt (encoderAfterNorm1Graph c ε₁).evalVec
        ((encoderAfterNorm1Graph c ε₁).jvpCLM xV) xV :=
  encoderAfterNorm1_hasFDerivAt_at c ε₁ xV ((wholeNodeFDerivCorrect _ hε₁).at _)

/-- For `ε₁ > 0` the reverse pass up to the first normalisation is the adjoint of the derivative at
every point. -/
theorem encoderAfterNorm1_backpropVec_eq_adjoint_fderiv {ε₁ : R} (hε₁ : 0 < ε₁)
    (seedV : CtxVec R (ΓEncoderBlock seqLen dModel numHeads headDim ++
      ssEncoderAfterNorm1 seqLen dModel numHeads headDim)) :
    (encoderAfterNorm1Graph c ε₁).backpropVec xV seedV =
      (fderiv R (encoderAfterNorm1Graph c ε₁).evalVec xV).adjoint seedV :=
  Graph.backpropVec_eq_adjoint_fderiv_at
    (encoderAfterNorm1GraphFDerivCorrectAt c ε₁ xV ((wholeNodeFDerivCorrect _ hε₁).at _)) seedV

/-- The block up to the second residual sum is differentiable where its normalisation is, and the
derivative is its JVP. -/
theorem encoderFfnResidual_hasFDerivAt_at
    (hNorm1 : NodeFDerivCorrectAt (wholeNode encoderNorm1Inputs ε₁)
      ((encoderMhaResidualDGraph c).g.evalVec xV)) :
    HasFDerivAt (encoderFfnResidualGraph fc1 b1 fc2 b2 κ c ε₁).evalVec
      ((encoderFfnResidualGraph fc1 b1 fc2 b2 κ c ε₁).jvpCLM xV) xV :=
  Graph.hasFDerivAt_evalVec_at
    (encoderFfnResidualGraphFDerivCorrectAt fc1 b1 fc2 b2 κ c ε₁ xV hNorm1)

/-- For `ε₁ > 0` that is everywhere. -/
theorem encoderFfnResidual_hasFDerivAt {ε₁ : R} (hε₁ : 0 < ε₁) :
    HasFDerivAt (encoderFfnResidualGraph fc1 b1 fc2 b2 κ c ε₁).evalVec
      ((encoderFfnResidualGraph fc1 b1 fc2 b2 κ c ε₁).jvpCLM xV) xV :=
  encoderFfnResidual_hasFDerivAt_at fc1 b1 fc2 b2 κ c ε₁ xV ((wholeNodeFDerivCorrect _ hε₁).at _)

/-- For `ε₁ > 0` the reverse pass up to the second residual sum is the adjoint of the derivative at
every point. -/
theorem encoderFfnResidual_backpropVec_eq_adjoint_fderiv {ε₁ : R} (hε₁ : 0 < ε₁)
    (seedV : CtxVec R (ΓEncoderBlock seqLen dModel numHeads headDim ++
        ssEncoderFfnResidual seqLen dModel numHeads headDim dFF)) :
    (encoderFfnResidualGraph fc1 b1 fc2 b2 κ c ε₁).backpropVec xV seedV =
      (fderiv R (encoderFfnResidualGraph fc1 b1 fc2 b2 κ c ε₁).evalVec xV).adjoint seedV :=
  Graph.backpropVec_eq_adjoint_fderiv_at
    (encoderFfnResidualGraphFDerivCorrectAt fc1 b1 fc2 b2 κ c ε₁ xV
      ((wholeNodeFDerivCorrect _ hε₁).at _)) seedV

end Prefixes

/-! ### Theorems: the block -/

section Backprop

variable (fc1 : CLM R (SeqFFNModelShape seqLen dModel).size (SeqFFNHiddenShape seqLen dFF).size)
  (b1 : Vec R (SeqFFNHiddenShape seqLen dFF).size)
  (fc2 : CLM R (SeqFFNHiddenShape seqLen dFF).size (SeqFFNModelShape seqLen dModel).size)
  (b2 : Vec R (SeqFFNModelShape seqLen dModel).size) (κ c ε₁ ε₂ : R)
  (xV : CtxVec R (ΓEncoderBlock seqLen dModel numHeads headDim))
  (seedV : CtxVec R (ΓEncoderBlock seqLen dModel numHeads headDim ++
    ssEncoderBlock seqLen dModel numHeads headDim dFF))

/-- The encoder block is differentiable where both normalisations are, and the derivative is its
JVP. -/
theorem encoderBlock_hasFDerivAt_at
    (hNorm1 : NodeFDerivCorrectAt (wholeNode encoderNorm1Inputs ε₁)
      ((encoderMhaResidualDGraph c).g.evalVec xV))
    (hNorm2 : NodeFDerivCorrectAt (wholeNode encoderNorm2Inputs ε₂)
      ((encoderFfnResidualGraph fc1 b1 fc2 b2 κ c ε₁).evalVec xV)) :
    HasFDerivAt (encoderBlockGraph fc1 b1 fc2 b2 κ c ε₁ ε₂).evalVec
      ((encoderBlockGraph fc1 b1 fc2 b2 κ c ε₁ ε₂).jvpCLM xV) xV :=
  Graph.hasFDerivAt_evalVec_at
    (encoderBlockGraphFDerivCorrectAt fc1 b1 fc2 b2 κ c ε₁ ε₂ xV hNorm1 hNorm2)

/-- The same for the variant with bare reshapes. -/
theorem encoderBlockBareReshape_hasFDerivAt_at
    (hNorm1 : NodeFDerivCorrectAt (wholeNode encoderNorm1Inputs ε₁)
      ((encoderMhaResidualBareReshapeDGraph c).g.evalVec xV))
    (hNorm2 : NodeFDerivCorrectAt (wholeNode encoderNorm2Inputs ε₂)
      ((encoderFfnResidualBareReshapeGraph fc1 b1 fc2 b2 κ c ε₁).evalVec xV)) :
    HasFDerivAt (encoderBlockBareReshapeGraph fc1 b1 fc2 b2 κ c ε₁ ε₂).evalVec
      ((encoderBlockBareReshapeGraph fc1 b1 fc2 b2 κ c ε₁ ε₂).jvpCLM xV) xV :=
  Graph.hasFDerivAt_evalVec_at
    (encoderBlockBareReshapeGraphFDerivCorrectAt fc1 b1 fc2 b2 κ c ε₁ ε₂ xV hNorm1 hNorm2)

/-- The reverse pass of the encoder block is the adjoint of its derivative where both normalisations
are differentiable. -/
theorem encoderBlock_backpropVec_eq_adjoint_fderiv_at
    (hNorm1 : NodeFDerivCorrectAt (wholeNode encoderNorm1Inputs ε₁)
      ((encoderMhaResidualDGraph c).g.evalVec xV))
    (hNorm2 : NodeFDerivCorrectAt (wholeNode encoderNorm2Inputs ε₂)
      ((encoderFfnResidualGraph fc1 b1 fc2 b2 κ c ε₁).evalVec xV)) :
    (encoderBlockGraph fc1 b1 fc2 b2 κ c ε₁ ε₂).backpropVec xV seedV =
      (fderiv R (encoderBlockGraph fc1 b1 fc2 b2 κ c ε₁ ε₂).evalVec xV).adjoint seedV :=
  Graph.backpropVec_eq_adjoint_fderiv_at
    (encoderBlockGraphFDerivCorrectAt fc1 b1 fc2 b2 κ c ε₁ ε₂ xV hNorm1 hNorm2) seedV

/-- The same for the variant with bare reshapes. -/
theorem encoderBlockBareReshape_backpropVec_eq_adjoint_fderiv_at
    (hNorm1 : NodeFDerivCorrectAt (wholeNode encoderNorm1Inputs ε₁)
      ((encoderMhaResidualBareReshapeDGraph c).g.evalVec xV))
    (hNorm2 : NodeFDerivCorrectAt (wholeNode encoderNorm2Inputs ε₂)
      ((encoderFfnResidualBareReshapeGraph fc1 b1 fc2 b2 κ c ε₁).evalVec xV)) :
    (encoderBlockBareReshapeGraph fc1 b1 fc2 b2 κ c ε₁ ε₂).backpropVec xV seedV =
      (fderiv R (encoderBlockBareReshapeGraph fc1 b1 fc2 b2 κ c ε₁ ε₂).evalVec xV).adjoint seedV :=
  Graph.backpropVec_eq_adjoint_fderiv_at
    (encoderBlockBareReshapeGraphFDerivCorrectAt fc1 b1 fc2 b2 κ c ε₁ ε₂ xV hNorm1 hNorm2) seedV

variable {ε₁ ε₂} (hε₁ : 0 < ε₁) (hε₂ : 0 < ε₂)
include hε₁ hε₂

/-- For positive `ε₁` and `ε₂` the encoder block is differentiable at every point, and the
derivative is its JVP. -/
theorem encoderBlock_hasFDerivAt :
    HasFDerivAt (encoderBlockGraph fc1 b1 fc2 b2 κ c ε₁ ε₂).evalVec
      ((encoderBlockGraph fc1 b1 fc2 b2 κ c ε₁ ε₂).jvpCLM xV) xV :=
  encoderBlock_hasFDerivAt_at fc1 b1 fc2 b2 κ c ε₁ ε₂ xV
    ((wholeNodeFDerivCorrect _ hε₁).at _) ((wholeNodeFDerivCorrect _ hε₂).at _)

/-- The same for the variant with bare reshapes. -/
theorem encoderBlockBareReshape_hasFDerivAt :
    HasFDerivAt (encoderBlockBareReshapeGraph fc1 b1 fc2 b2 κ c ε₁ ε₂).evalVec
      ((encoderBlockBareReshapeGraph fc1 b1 fc2 b2 κ c ε₁ ε₂).jvpCLM xV) xV :=
  encoderBlockBareReshape_hasFDerivAt_at fc1 b1 fc2 b2 κ c ε₁ ε₂ xV
    ((wholeNodeFDerivCorrect _ hε₁).at _) ((wholeNodeFDerivCorrect _ hε₂).at _)

/-- For positive `ε₁` and `ε₂` the reverse pass of the encoder block is the adjoint of its
derivative at every point. -/
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

/-! ### The map alone -/

section Map

variable {k : Nat} (ε₁ ε₂ : R) (attnPack : Vec R k → CtxVec R (ΓPostNorm seqLen dModel))
  (DattnPack : CLM R k (ctxSize (ΓPostNorm seqLen dModel)))
  (ffnPack : CtxVec R (ΓPostNorm seqLen dModel ++ ssPostNorm seqLen dModel) →
    CtxVec R (ΓPostNorm seqLen dModel))
  (DffnPack : CLM R (ctxSize (ΓPostNorm seqLen dModel ++ ssPostNorm seqLen dModel))
  (ctxSize (ΓPostNorm seqLen dModel)))
  (x : Vec R k) (hAttnPack : HasFDerivAt attnPack DattnPack x)

include hAttnPack

/-- The derivative of two post-norm sublayers in a row; attention and the feed-forward network enter
through the maps `attnPack` and `ffnPack`, which make the input of a normalisation. -/
theorem postNormEncoderBlock_hasFDerivAt (hNorm1VarEpsPos : VarEpsPos ε₁ (attnPack x))
    (hNorm1StdNe0 : StdNe0 ε₁ (attnPack x))
    (hFfnPack : HasFDerivAt ffnPack DffnPack ((postNormGraph ε₁).evalVec (attnPack x)))
    (hNorm2VarEpsPos : VarEpsPos ε₂ (ffnPack ((postNormGraph ε₁).evalVec (attnPack x))))
    (hNorm2StdNe0 : StdNe0 ε₂ (ffnPack ((postNormGraph ε₁).evalVec (attnPack x)))) :
    HasFDerivAt
      (fun z => (postNormGraph ε₂).evalVec (ffnPack ((postNormGraph ε₁).evalVec (attnPack z))))
      ((fderiv R (postNormGraph ε₂).evalVec
        (ffnPack ((postNormGraph ε₁).evalVec (attnPack x)))).comp
        (DffnPack.comp ((fderiv R (postNormGraph ε₁).evalVec (attnPack x)).comp DattnPack))) x :=
  twoSublayerPostNormBlock_hasFDerivAt ε₁ ε₂ attnPack DattnPack ffnPack DffnPack x hAttnPack
    hNorm1VarEpsPos hNorm1StdNe0 hFfnPack hNorm2VarEpsPos hNorm2StdNe0

/-- For positive `ε₁` and `ε₂` with no further hypothesis on the normalisations. -/
theorem postNormEncoderBlock_hasFDerivAt_of_pos
    (hFfnPack : HasFDerivAt ffnPack DffnPack ((postNormGraph ε₁).evalVec (attnPack x)))
    (hε₁ : 0 < ε₁) (hε₂ : 0 < ε₂) :
    HasFDerivAt
      (fun z => (postNormGraph ε₂).evalVec (ffnPack ((postNormGraph ε₁).evalVec (attnPack z))))
      ((fderiv R (postNormGraph ε₂).evalVec
        (ffnPack ((postNormGraph ε₁).evalVec (attnPack x)))).comp
        (DffnPack.comp ((fderiv R (postNormGraph ε₁).evalVec (attnPack x)).comp DattnPack))) x :=
  postNormEncoderBlock_hasFDerivAt ε₁ ε₂ attnPack DattnPack ffnPack DffnPack x hAttnPack
    (varEpsPos hε₁) (varEpsPos hε₁).stdNe0 hFfnPack (varEpsPos hε₂) (varEpsPos hε₂).stdNe0

end Map

end Proofs.Autograd.Transformer
