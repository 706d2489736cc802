module

public import Proofs.Autograd.Graphs.FeedForward
public import Proofs.Autograd.Graphs.LayerNorm
public import Proofs.Autograd.Graphs.ResidualAttention

/-!
# Post-norm sublayers

A sublayer of a post-norm transformer block: a residual connection followed by layer normalisation,
saved as one node. Main definitions: `postNormGraph`, the normalisation alone and step by step;
`mhaPostNormGraph`, `LN(x + MHA(x))`, with its variant `mhaPostNormBareReshapeGraph`;
`seqFfnPostNormGraph`, `LN(x + FFN(x))`.

The prefix of a sublayer is a graph of its own, weakened by the normalisation's parameters `γ` and
`β`.

References: Vaswani et al., *Attention is all you need*, 2017, section 3.1; PyTorch,
`nn.TransformerEncoderLayer`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.Transformer

open Spec MultiHeadAttention LayerNorm

noncomputable section

variable {R : Type} [ScalarOps R] {n seqLen dModel numHeads headDim dFF : Nat}

/-! ### The normalisation alone -/

/-- The inputs: the residual stream, `γ` and `β`. -/
abbrev ΓPostNorm (seqLen dModel : Nat) : List Shape := ΓLN seqLen dModel

/-- The saved tensors of the normalisation. -/
abbrev ssPostNorm (seqLen dModel : Nat) : List Shape := ssLayerNorm seqLen dModel

/-- The normalisation of a residual stream, step by step. -/
def postNormGraph (ε : R) : Graph R (ΓPostNorm seqLen dModel) (ssPostNorm seqLen dModel) :=
  layerNormGraph ε

/-- The names of inputs and saved tensors. -/
def postNormGraph.names : List String := layerNormGraph.names

/-! ### Attention -/

/-- The inputs of attention, `γ` and `β`. -/
abbrev ΓMHAWithNorm (n dModel numHeads headDim : Nat) : List Shape :=
  ΓMHA n dModel numHeads headDim ++ [VecShape dModel, VecShape dModel]

/-- The saved tensors of attention with its residual sum, then the normalised sum. -/
abbrev ssMHAWithPostNorm (n dModel numHeads headDim : Nat) : List Shape :=
  ssMHAResidual n dModel numHeads headDim ++ [XShape n dModel]

/-- The factors of the normalisation. -/
def idxMhaPostNormGamma :
    Idx (ΓMHAWithNorm n dModel numHeads headDim ++ ssMHAResidual n dModel numHeads headDim)
        (VecShape dModel) :=
  .pos 5 rfl

/-- The shifts of the normalisation. -/
def idxMhaPostNormBeta :
    Idx (ΓMHAWithNorm n dModel numHeads headDim ++ ssMHAResidual n dModel numHeads headDim)
        (VecShape dModel) :=
  .pos 6 rfl

/-- The residual sum. -/
def idxMhaResidualForPostNorm :
    Idx (ΓMHAWithNorm n dModel numHeads headDim ++ ssMHAResidual n dModel numHeads headDim)
        (XShape n dModel) :=
  .pos 21 rfl

/-- What the normalisation reads. -/
def mhaPostNormInputs :
    Inputs (ΓMHAWithNorm n dModel numHeads headDim ++ ssMHAResidual n dModel numHeads headDim) n
    dModel where
  x := idxMhaResidualForPostNorm
  gamma := idxMhaPostNormGamma
  beta := idxMhaPostNormBeta

/-- An attention graph with its residual sum, then the normalisation of that sum. -/
def addPostNorm
    (residual : Graph R (ΓMHA n dModel numHeads headDim) (ssMHAResidual n dModel numHeads headDim))
    (ε : R) :
    Graph R (ΓMHAWithNorm n dModel numHeads headDim)
        (ssMHAWithPostNorm n dModel numHeads headDim) :=
  (residual.weakenContext [VecShape dModel, VecShape dModel]).snoc (wholeNode mhaPostNormInputs ε)

/-- `LN(x + MHA(x))`; heads are split as PyTorch splits them. -/
def mhaPostNormGraph (c ε : R) :
    Graph R (ΓMHAWithNorm n dModel numHeads headDim)
        (ssMHAWithPostNorm n dModel numHeads headDim) :=
  addPostNorm (mhaResidualGraph c) ε

/-- The same graph with every head split replaced by a bare row-major reshape, as upstream has
it. -/
def mhaPostNormBareReshapeGraph (c ε : R) :
    Graph R (ΓMHAWithNorm n dModel numHeads headDim)
        (ssMHAWithPostNorm n dModel numHeads headDim) :=
  addPostNorm (mhaResidualBareReshapeGraph c) ε

/-- The names of inputs and saved tensors. -/
def mhaResidualWithNormParamsDGraph.names : List String :=
  mhaResidualDGraph.names.take 5 ++ ["γ", "β"] ++ mhaResidualDGraph.names.drop 5

/-- The names of inputs and saved tensors. -/
def mhaResidualWithNormParamsBareReshapeDGraph.names : List String :=
  mhaResidualWithNormParamsDGraph.names

/-- The names of inputs and saved tensors. -/
def mhaPostNormGraph.names : List String := mhaResidualWithNormParamsDGraph.names ++ ["norm"]

/-- The names of inputs and saved tensors. -/
def mhaPostNormBareReshapeGraph.names : List String := mhaPostNormGraph.names

/-! ### Feed-forward network -/

/-- The tokens, `γ` and `β`. -/
abbrev ΓSeqFFNWithNorm (seqLen dModel : Nat) : List Shape :=
  ΓSeqFFN seqLen dModel ++ [VecShape dModel, VecShape dModel]

/-- The saved tensors of the network with its residual sum, then the normalised sum. -/
abbrev ssSeqFFNWithPostNorm (seqLen dModel dFF : Nat) : List Shape :=
  ssSeqFFNResidual seqLen dModel dFF ++ [SeqFFNModelShape seqLen dModel]

/-- The factors of the normalisation. -/
def idxSeqFfnPostNormGamma :
    Idx (ΓSeqFFNWithNorm seqLen dModel ++ ssSeqFFNResidual seqLen dModel dFF) (VecShape dModel) :=
  .pos 1 rfl

/-- The shifts of the normalisation. -/
def idxSeqFfnPostNormBeta :
    Idx (ΓSeqFFNWithNorm seqLen dModel ++ ssSeqFFNResidual seqLen dModel dFF) (VecShape dModel) :=
  .pos 2 rfl

/-- The residual sum. -/
def idxSeqFfnResidualForPostNorm :
    Idx (ΓSeqFFNWithNorm seqLen dModel ++ ssSeqFFNResidual seqLen dModel dFF)
        (SeqFFNModelShape seqLen dModel) :=
  .pos 6 rfl

/-- What the normalisation reads. -/
def seqFfnPostNormInputs :
    Inputs (ΓSeqFFNWithNorm seqLen dModel ++ ssSeqFFNResidual seqLen dModel dFF) seqLen dModel where
  x := idxSeqFfnResidualForPostNorm
  gamma := idxSeqFfnPostNormGamma
  beta := idxSeqFfnPostNormBeta

/-- `LN(x + FFN(x))` with fixed affine maps. -/
def seqFfnPostNormGraph
    (fc1 : CLM R (SeqFFNModelShape seqLen dModel).size (SeqFFNHiddenShape seqLen dFF).size)
    (b1 : Vec R (SeqFFNHiddenShape seqLen dFF).size)
    (fc2 : CLM R (SeqFFNHiddenShape seqLen dFF).size (SeqFFNModelShape seqLen dModel).size)
    (b2 : Vec R (SeqFFNModelShape seqLen dModel).size) (κ ε : R) :
    Graph R (ΓSeqFFNWithNorm seqLen dModel) (ssSeqFFNWithPostNorm seqLen dModel dFF) :=
  ((seqFfnResidualGraph fc1 b1 fc2 b2 κ).weakenContext [VecShape dModel, VecShape dModel]).snoc
    (wholeNode seqFfnPostNormInputs ε)

/-- The names of inputs and saved tensors. -/
def seqFfnResidualWithNormParamsDGraph.names : List String :=
  ["x", "γ", "β"] ++ ssSeqFFNResidual.names

/-- The names of inputs and saved tensors. -/
def seqFfnPostNormGraph.names : List String := seqFfnResidualWithNormParamsDGraph.names ++ ["norm"]

end

/-! ### Certificates: the normalisation alone -/

section Norm

variable {R : Type} [AnalyticScalar R] {k seqLen dModel : Nat} (ε : R)
  (xV : CtxVec R (ΓPostNorm seqLen dModel))
  (seedV : CtxVec R (ΓPostNorm seqLen dModel ++ ssPostNorm seqLen dModel))

/-- The certificate of `postNormGraph` at a point where the square root and the inverse are
differentiable. -/
noncomputable def postNormGraphFderivCorrectAt (hVarEpsPos : VarEpsPos ε xV)
    (hStdNe0 : StdNe0 ε xV) :
    GraphFDerivCorrectAt (postNormGraph ε) xV :=
  layerNormGraphFderivCorrectAt ε xV hVarEpsPos hStdNe0

/-- The normalisation is differentiable where the square root and the inverse are, and the
derivative is its JVP. -/
theorem postNorm_hasFDerivAt_at (hVarEpsPos : VarEpsPos ε xV) (hStdNe0 : StdNe0 ε xV) :
    HasFDerivAt (postNormGraph ε).evalVec ((postNormGraph ε).jvpCLM xV) xV :=
  Graph.hasFDerivAt_evalVec_at (postNormGraphFderivCorrectAt ε xV hVarEpsPos hStdNe0)

/-- For `ε > 0` with no further hypothesis. -/
theorem postNorm_hasFDerivAt {ε : R} (hε : 0 < ε) :
    HasFDerivAt (postNormGraph ε).evalVec ((postNormGraph ε).jvpCLM xV) xV :=
  postNorm_hasFDerivAt_at ε xV (varEpsPos hε) (varEpsPos hε).stdNe0

/-- The reverse pass of the normalisation is the adjoint of its derivative. -/
theorem postNorm_backpropVec_eq_adjoint_fderiv_at (hVarEpsPos : VarEpsPos ε xV)
    (hStdNe0 : StdNe0 ε xV) :
    (postNormGraph ε).backpropVec xV seedV =
        (fderiv R (postNormGraph ε).evalVec xV).adjoint seedV :=
  Graph.backpropVec_eq_adjoint_fderiv_at
    (postNormGraphFderivCorrectAt ε xV hVarEpsPos hStdNe0) seedV

/-- For `ε > 0` with no further hypothesis. -/
theorem postNorm_backpropVec_eq_adjoint_fderiv {ε : R} (hε : 0 < ε) :
    (postNormGraph ε).backpropVec xV seedV =
        (fderiv R (postNormGraph ε).evalVec xV).adjoint seedV :=
  postNorm_backpropVec_eq_adjoint_fderiv_at ε xV seedV (varEpsPos hε) (varEpsPos hε).stdNe0

/-- The same, for a residual stream that comes from attention. -/
theorem residualAttentionPostNorm_backpropVec_eq_adjoint_fderiv_at (hVarEpsPos : VarEpsPos ε xV)
    (hStdNe0 : StdNe0 ε xV) :
    (postNormGraph ε).backpropVec xV seedV =
        (fderiv R (postNormGraph ε).evalVec xV).adjoint seedV :=
  postNorm_backpropVec_eq_adjoint_fderiv_at ε xV seedV hVarEpsPos hStdNe0

/-- The same, for a residual stream that comes from a feed-forward network. -/
theorem residualFeedForwardPostNorm_backpropVec_eq_adjoint_fderiv_at (hVarEpsPos : VarEpsPos ε xV)
    (hStdNe0 : StdNe0 ε xV) :
    (postNormGraph ε).backpropVec xV seedV =
        (fderiv R (postNormGraph ε).evalVec xV).adjoint seedV :=
  postNorm_backpropVec_eq_adjoint_fderiv_at ε xV seedV hVarEpsPos hStdNe0

/-- The normalisation of anything differentiable is differentiable. -/
theorem residualThenPostNorm_hasFDerivAt
    (residualPack : Vec R k → CtxVec R (ΓPostNorm seqLen dModel))
    (DresidualPack : CLM R k (ctxSize (ΓPostNorm seqLen dModel))) (x : Vec R k)
    (hResidual : HasFDerivAt residualPack DresidualPack x)
    (hVarEpsPos : VarEpsPos ε (residualPack x))
    (hStdNe0 : StdNe0 ε (residualPack x)) :
    HasFDerivAt (fun z => (postNormGraph ε).evalVec (residualPack z))
      ((fderiv R (postNormGraph ε).evalVec (residualPack x)).comp DresidualPack) x :=
  (postNorm_hasFDerivAt_at ε _ hVarEpsPos hStdNe0).differentiableAt.hasFDerivAt.comp hResidual

/-- Two sublayers, each of them anything differentiable and then a normalisation. -/
theorem twoSublayerPostNormBlock_hasFDerivAt (ε₁ ε₂ : R)
    (attnPack : Vec R k → CtxVec R (ΓPostNorm seqLen dModel))
    (DattnPack : CLM R k (ctxSize (ΓPostNorm seqLen dModel)))
    (ffnPack : CtxVec R (ΓPostNorm seqLen dModel ++ ssPostNorm seqLen dModel) →
      CtxVec R (ΓPostNorm seqLen dModel))
    (DffnPack : CLM R (ctxSize (ΓPostNorm seqLen dModel ++ ssPostNorm seqLen dModel))
      (ctxSize (ΓPostNorm seqLen dModel)))
    (x : Vec R k) (hAttnPack : HasFDerivAt attnPack DattnPack x)
    (hNorm1VarEpsPos : VarEpsPos ε₁ (attnPack x))
    (hNorm1StdNe0 : StdNe0 ε₁ (attnPack x))
    (hFfnPack : HasFDerivAt ffnPack DffnPack ((postNormGraph ε₁).evalVec (attnPack x)))
    (hNorm2VarEpsPos : VarEpsPos ε₂ (ffnPack ((postNormGraph ε₁).evalVec (attnPack x))))
    (hNorm2StdNe0 : StdNe0 ε₂ (ffnPack ((postNormGraph ε₁).evalVec (attnPack x)))) :
    HasFDerivAt
      (fun z => (postNormGraph ε₂).evalVec (ffnPack ((postNormGraph ε₁).evalVec (attnPack z))))
      ((fderiv R (postNormGraph ε₂).evalVec
        (ffnPack ((postNormGraph ε₁).evalVec (attnPack x)))).comp
        (DffnPack.comp ((fderiv R (postNormGraph ε₁).evalVec (attnPack x)).comp DattnPack))) x :=
  residualThenPostNorm_hasFDerivAt ε₂ _ _ x
    (hFfnPack.comp (f := fun z => (postNormGraph ε₁).evalVec (attnPack z))
    (residualThenPostNorm_hasFDerivAt ε₁ attnPack DattnPack x hAttnPack hNorm1VarEpsPos
      hNorm1StdNe0))
    hNorm2VarEpsPos hNorm2StdNe0

end Norm

/-! ### Certificates: attention -/

section Attention

variable {R : Type} [AnalyticScalar R] {n dModel numHeads headDim : Nat} (c ε : R)
  (xV : CtxVec R (ΓMHAWithNorm n dModel numHeads headDim))
  (seedV : CtxVec R
    (ΓMHAWithNorm n dModel numHeads headDim ++ ssMHAWithPostNorm n dModel numHeads headDim))

noncomputable section

/-- Attention with its residual sum, over the inputs of `mhaPostNormGraph`. -/
def mhaResidualWithNormParamsDGraph :
    DGraph R (ΓMHAWithNorm n dModel numHeads headDim) (ssMHAResidual n dModel numHeads headDim) :=
  (mhaResidualDGraph c).weakenContext [VecShape dModel, VecShape dModel]

/-- The same graph with every head split replaced by a bare row-major reshape, as upstream has
it. -/
def mhaResidualWithNormParamsBareReshapeDGraph :
    DGraph R (ΓMHAWithNorm n dModel numHeads headDim) (ssMHAResidual n dModel numHeads headDim) :=
  (mhaResidualBareReshapeDGraph c).weakenContext [VecShape dModel, VecShape dModel]

/-- The certificate of `mhaPostNormGraph` at a point where the normalisation is differentiable. -/
def mhaPostNormGraphFDerivCorrectAt
    (hVarEpsPos : VarEpsPos ε
      (packInputsCLM R mhaPostNormInputs ((mhaResidualWithNormParamsDGraph c).g.evalVec xV)))
    (hStdNe0 : StdNe0 ε
      (packInputsCLM R mhaPostNormInputs ((mhaResidualWithNormParamsDGraph c).g.evalVec xV))) :
    GraphFDerivCorrectAt (mhaPostNormGraph c ε) xV :=
  ((mhaResidualWithNormParamsDGraph c).hg.at xV).snoc
    (wholeNodeFDerivCorrectAt mhaPostNormInputs ε _ hVarEpsPos hStdNe0)

/-- The same for the variant with bare reshapes. -/
def mhaPostNormBareReshapeGraphFDerivCorrectAt
    (hVarEpsPos : VarEpsPos ε
      (packInputsCLM R mhaPostNormInputs
        ((mhaResidualWithNormParamsBareReshapeDGraph c).g.evalVec xV)))
    (hStdNe0 : StdNe0 ε
      (packInputsCLM R mhaPostNormInputs
        ((mhaResidualWithNormParamsBareReshapeDGraph c).g.evalVec xV))) :
    GraphFDerivCorrectAt (mhaPostNormBareReshapeGraph c ε) xV :=
  ((mhaResidualWithNormParamsBareReshapeDGraph c).hg.at xV).snoc
    (wholeNodeFDerivCorrectAt mhaPostNormInputs ε _ hVarEpsPos hStdNe0)

end

/-- `LN(x + MHA(x))` is differentiable where the normalisation is, and the derivative is its JVP. -/
theorem mhaPostNorm_hasFDerivAt_at
    (hVarEpsPos : VarEpsPos ε
      (packInputsCLM R mhaPostNormInputs ((mhaResidualWithNormParamsDGraph c).g.evalVec xV)))
    (hStdNe0 : StdNe0 ε
      (packInputsCLM R mhaPostNormInputs ((mhaResidualWithNormParamsDGraph c).g.evalVec xV))) :
    HasFDerivAt (mhaPostNormGraph c ε).evalVec ((mhaPostNormGraph c ε).jvpCLM xV) xV :=
  Graph.hasFDerivAt_evalVec_at (mhaPostNormGraphFDerivCorrectAt c ε xV hVarEpsPos hStdNe0)

/-- The same for the variant with bare reshapes. -/
theorem mhaPostNormBareReshape_hasFDerivAt_at
    (hVarEpsPos : VarEpsPos ε
      (packInputsCLM R mhaPostNormInputs
        ((mhaResidualWithNormParamsBareReshapeDGraph c).g.evalVec xV)))
    (hStdNe0 : StdNe0 ε
      (packInputsCLM R mhaPostNormInputs
        ((mhaResidualWithNormParamsBareReshapeDGraph c).g.evalVec xV))) :
    HasFDerivAt (mhaPostNormBareReshapeGraph c ε).evalVec
        ((mhaPostNormBareReshapeGraph c ε).jvpCLM xV) xV :=
  Graph.hasFDerivAt_evalVec_at
    (mhaPostNormBareReshapeGraphFDerivCorrectAt c ε xV hVarEpsPos hStdNe0)

/-- For `ε > 0` with no further hypothesis. -/
theorem mhaPostNorm_hasFDerivAt {ε : R} (hε : 0 < ε) :
    HasFDerivAt (mhaPostNormGraph c ε).evalVec ((mhaPostNormGraph c ε).jvpCLM xV) xV :=
  mhaPostNorm_hasFDerivAt_at c ε xV (varEpsPos hε) (varEpsPos hε).stdNe0

/-- The same for the variant with bare reshapes. -/
theorem mhaPostNormBareReshape_hasFDerivAt {ε : R} (hε : 0 < ε) :
    HasFDerivAt (mhaPostNormBareReshapeGraph c ε).evalVec
        ((mhaPostNormBareReshapeGraph c ε).jvpCLM xV) xV :=
  mhaPostNormBareReshape_hasFDerivAt_at c ε xV (varEpsPos hε) (varEpsPos hε).stdNe0

/-- The reverse pass of `LN(x + MHA(x))` is the adjoint of its derivative. -/
theorem mhaPostNorm_backpropVec_eq_adjoint_fderiv_at
    (hVarEpsPos : VarEpsPos ε
      (packInputsCLM R mhaPostNormInputs ((mhaResidualWithNormParamsDGraph c).g.evalVec xV)))
    (hStdNe0 : StdNe0 ε
      (packInputsCLM R mhaPostNormInputs ((mhaResidualWithNormParamsDGraph c).g.evalVec xV))) :
    (mhaPostNormGraph c ε).backpropVec xV seedV =
        (fderiv R (mhaPostNormGraph c ε).evalVec xV).adjoint seedV :=
  Graph.backpropVec_eq_adjoint_fderiv_at
    (mhaPostNormGraphFDerivCorrectAt c ε xV hVarEpsPos hStdNe0) seedV

/-- The same for the variant with bare reshapes. -/
theorem mhaPostNormBareReshape_backpropVec_eq_adjoint_fderiv_at
    (hVarEpsPos : VarEpsPos ε
      (packInputsCLM R mhaPostNormInputs
        ((mhaResidualWithNormParamsBareReshapeDGraph c).g.evalVec xV)))
    (hStdNe0 : StdNe0 ε
      (packInputsCLM R mhaPostNormInputs
        ((mhaResidualWithNormParamsBareReshapeDGraph c).g.evalVec xV))) :
    (mhaPostNormBareReshapeGraph c ε).backpropVec xV seedV =
      (fderiv R (mhaPostNormBareReshapeGraph c ε).evalVec xV).adjoint seedV :=
  Graph.backpropVec_eq_adjoint_fderiv_at
    (mhaPostNormBareReshapeGraphFDerivCorrectAt c ε xV hVarEpsPos hStdNe0) seedV

/-- For `ε > 0` with no further hypothesis. -/
theorem mhaPostNorm_backpropVec_eq_adjoint_fderiv {ε : R} (hε : 0 < ε) :
    (mhaPostNormGraph c ε).backpropVec xV seedV =
        (fderiv R (mhaPostNormGraph c ε).evalVec xV).adjoint seedV :=
  mhaPostNorm_backpropVec_eq_adjoint_fderiv_at c ε xV seedV (varEpsPos hε) (varEpsPos hε).stdNe0

/-- The same for the variant with bare reshapes. -/
theorem mhaPostNormBareReshape_backpropVec_eq_adjoint_fderiv {ε : R} (hε : 0 < ε) :
    (mhaPostNormBareReshapeGraph c ε).backpropVec xV seedV =
      (fderiv R (mhaPostNormBareReshapeGraph c ε).evalVec xV).adjoint seedV :=
  mhaPostNormBareReshape_backpropVec_eq_adjoint_fderiv_at c ε xV seedV (varEpsPos hε)
    (varEpsPos hε).stdNe0

end Attention

/-! ### Certificates: feed-forward network -/

section FeedForward

variable {R : Type} [AnalyticScalar R] {seqLen dModel dFF : Nat}
  (fc1 : CLM R (SeqFFNModelShape seqLen dModel).size (SeqFFNHiddenShape seqLen dFF).size)
  (b1 : Vec R (SeqFFNHiddenShape seqLen dFF).size)
  (fc2 : CLM R (SeqFFNHiddenShape seqLen dFF).size (SeqFFNModelShape seqLen dModel).size)
  (b2 : Vec R (SeqFFNModelShape seqLen dModel).size) (κ ε : R)
  (xV : CtxVec R (ΓSeqFFNWithNorm seqLen dModel))
  (seedV : CtxVec R (ΓSeqFFNWithNorm seqLen dModel ++ ssSeqFFNWithPostNorm seqLen dModel dFF))

noncomputable section

/-- The network with its residual sum, over the inputs of `seqFfnPostNormGraph`. -/
def seqFfnResidualWithNormParamsDGraph :
    DGraph R (ΓSeqFFNWithNorm seqLen dModel) (ssSeqFFNResidual seqLen dModel dFF) :=
  (seqFfnResidualDGraph fc1 b1 fc2 b2 κ).weakenContext [VecShape dModel, VecShape dModel]

/-- The certificate of `seqFfnPostNormGraph` at a point where the normalisation is
differentiable. -/
def seqFfnPostNormGraphFDerivCorrectAt
    (hVarEpsPos : VarEpsPos ε
      (packInputsCLM R seqFfnPostNormInputs
        ((seqFfnResidualWithNormParamsDGraph fc1 b1 fc2 b2 κ).g.evalVec xV)))
    (hStdNe0 : StdNe0 ε
      (packInputsCLM R seqFfnPostNormInputs
        ((seqFfnResidualWithNormParamsDGraph fc1 b1 fc2 b2 κ).g.evalVec xV))) :
    GraphFDerivCorrectAt (seqFfnPostNormGraph fc1 b1 fc2 b2 κ ε) xV :=
  ((seqFfnResidualWithNormParamsDGraph fc1 b1 fc2 b2 κ).hg.at xV).snoc
    (wholeNodeFDerivCorrectAt seqFfnPostNormInputs ε _ hVarEpsPos hStdNe0)

end

/-- `LN(x + FFN(x))` is differentiable where the normalisation is, and the derivative is its JVP. -/
theorem seqFfnPostNorm_hasFDerivAt_at
    (hVarEpsPos : VarEpsPos ε
      (packInputsCLM R seqFfnPostNormInputs
        ((seqFfnResidualWithNormParamsDGraph fc1 b1 fc2 b2 κ).g.evalVec xV)))
    (hStdNe0 : StdNe0 ε
      (packInputsCLM R seqFfnPostNormInputs
        ((seqFfnResidualWithNormParamsDGraph fc1 b1 fc2 b2 κ).g.evalVec xV))) :
    HasFDerivAt (seqFfnPostNormGraph fc1 b1 fc2 b2 κ ε).evalVec
      ((seqFfnPostNormGraph fc1 b1 fc2 b2 κ ε).jvpCLM xV) xV :=
  Graph.hasFDerivAt_evalVec_at
    (seqFfnPostNormGraphFDerivCorrectAt fc1 b1 fc2 b2 κ ε xV hVarEpsPos hStdNe0)

/-- For `ε > 0` with no further hypothesis. -/
theorem seqFfnPostNorm_hasFDerivAt {ε : R} (hε : 0 < ε) :
    HasFDerivAt (seqFfnPostNormGraph fc1 b1 fc2 b2 κ ε).evalVec
      ((seqFfnPostNormGraph fc1 b1 fc2 b2 κ ε).jvpCLM xV) xV :=
  seqFfnPostNorm_hasFDerivAt_at fc1 b1 fc2 b2 κ ε xV (varEpsPos hε) (varEpsPos hε).stdNe0

/-- The reverse pass of `LN(x + FFN(x))` is the adjoint of its derivative. -/
theorem seqFfnPostNorm_backpropVec_eq_adjoint_fderiv_at
    (hVarEpsPos : VarEpsPos ε
      (packInputsCLM R seqFfnPostNormInputs
        ((seqFfnResidualWithNormParamsDGraph fc1 b1 fc2 b2 κ).g.evalVec xV)))
    (hStdNe0 : StdNe0 ε
      (packInputsCLM R seqFfnPostNormInputs
        ((seqFfnResidualWithNormParamsDGraph fc1 b1 fc2 b2 κ).g.evalVec xV))) :
    (seqFfnPostNormGraph fc1 b1 fc2 b2 κ ε).backpropVec xV seedV =
      (fderiv R (seqFfnPostNormGraph fc1 b1 fc2 b2 κ ε).evalVec xV).adjoint seedV :=
  Graph.backpropVec_eq_adjoint_fderiv_at
    (seqFfnPostNormGraphFDerivCorrectAt fc1 b1 fc2 b2 κ ε xV hVarEpsPos hStdNe0) seedV

/-- For `ε > 0` with no further hypothesis. -/
theorem seqFfnPostNorm_backpropVec_eq_adjoint_fderiv {ε : R} (hε : 0 < ε) :
    (seqFfnPostNormGraph fc1 b1 fc2 b2 κ ε).backpropVec xV seedV =
      (fderiv R (seqFfnPostNormGraph fc1 b1 fc2 b2 κ ε).evalVec xV).adjoint seedV :=
  seqFfnPostNorm_backpropVec_eq_adjoint_fderiv_at fc1 b1 fc2 b2 κ ε xV seedV (varEpsPos hε)
    (varEpsPos hε).stdNe0

end FeedForward

end Proofs.Autograd.Transformer
