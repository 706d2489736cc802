module

public import Proofs.Autograd.Graphs.PositionwiseEncoderBlock
public import Proofs.Autograd.Real.Analytic
public import Proofs.Autograd.Real.PiBounds

/-!
# The theorems about transformer blocks, over the real numbers

The theorems about residual attention and the post-norm encoder block say what they say of any
`AnalyticScalar` and of any constant of GELU. Here they are said of the real numbers and of
`√(2 / π)`, under the same names.
-/

public section

set_option autoImplicit false

namespace Proofs.Autograd.Real

open Spec Transformer MultiHeadAttention LayerNorm

/-! ### Residual attention -/

section Attention

variable {n dModel numHeads headDim : Nat} (c : Real)
  (xV : CtxVec Real (ΓMHA n dModel numHeads headDim))

theorem mhaResidual_hasFDerivAt :
    HasFDerivAt (mhaResidualDGraph c).g.evalVec ((mhaResidualDGraph c).g.jvpCLM xV) xV :=
  Transformer.mhaResidual_hasFDerivAt c xV

theorem mhaResidual_backpropVec_eq_adjoint_fderiv
    (seedV : CtxVec Real
      (ΓMHA n dModel numHeads headDim ++ ssMHAResidual n dModel numHeads headDim)) :
    (mhaResidualDGraph c).g.backpropVec xV seedV =
      (fderiv Real (mhaResidualDGraph c).g.evalVec xV).adjoint seedV :=
  Transformer.mhaResidual_backpropVec_eq_adjoint_fderiv c xV seedV

end Attention

variable {seqLen dModel numHeads headDim dFF : Nat}

/-! ### The encoder block -/

section EncoderBlock

variable
  (fc1 : CLM Real (SeqFFNModelShape seqLen dModel).size (SeqFFNHiddenShape seqLen dFF).size)
  (b1 : Vec Real (SeqFFNHiddenShape seqLen dFF).size)
  (fc2 : CLM Real (SeqFFNHiddenShape seqLen dFF).size (SeqFFNModelShape seqLen dModel).size)
  (b2 : Vec Real (SeqFFNModelShape seqLen dModel).size)
  (c ε₁ ε₂ : Real) (xV : CtxVec Real (ΓEncoderBlock seqLen dModel numHeads headDim))
  (seedV : CtxVec Real
    (ΓEncoderBlock seqLen dModel numHeads headDim ++
      ssEncoderBlock seqLen dModel numHeads headDim dFF))

section At

variable
  (hNorm1 : NodeFDerivCorrectAt (wholeNode encoderNorm1Inputs ε₁)
  ((encoderMhaResidualDGraph c).g.evalVec xV))
  (hNorm2 : NodeFDerivCorrectAt (wholeNode encoderNorm2Inputs ε₂)
  ((encoderFfnResidualGraph fc1 b1 fc2 b2 sqrtTwoDivPi c ε₁).evalVec xV))
include hNorm1 hNorm2

theorem encoderBlock_hasFDerivAt_at :
    HasFDerivAt (encoderBlockGraph fc1 b1 fc2 b2 sqrtTwoDivPi c ε₁ ε₂).evalVec
      ((encoderBlockGraph fc1 b1 fc2 b2 sqrtTwoDivPi c ε₁ ε₂).jvpCLM xV) xV :=
  Transformer.encoderBlock_hasFDerivAt_at fc1 b1 fc2 b2 sqrtTwoDivPi c ε₁ ε₂ xV hNorm1 hNorm2

theorem encoderBlock_backpropVec_eq_adjoint_fderiv_at :
    (encoderBlockGraph fc1 b1 fc2 b2 sqrtTwoDivPi c ε₁ ε₂).backpropVec xV seedV =
      (fderiv Real (encoderBlockGraph fc1 b1 fc2 b2 sqrtTwoDivPi c ε₁ ε₂).evalVec xV).adjoint
          seedV :=
  Transformer.encoderBlock_backpropVec_eq_adjoint_fderiv_at fc1 b1 fc2 b2 sqrtTwoDivPi c ε₁ ε₂ xV
    seedV hNorm1 hNorm2

end At

variable {ε₁ ε₂} (hε₁ : 0 < ε₁) (hε₂ : 0 < ε₂)
include hε₁ hε₂

theorem encoderBlock_hasFDerivAt :
    HasFDerivAt (encoderBlockGraph fc1 b1 fc2 b2 sqrtTwoDivPi c ε₁ ε₂).evalVec
      ((encoderBlockGraph fc1 b1 fc2 b2 sqrtTwoDivPi c ε₁ ε₂).jvpCLM xV) xV :=
  Transformer.encoderBlock_hasFDerivAt fc1 b1 fc2 b2 sqrtTwoDivPi c xV hε₁ hε₂

theorem encoderBlock_backpropVec_eq_adjoint_fderiv :
    (encoderBlockGraph fc1 b1 fc2 b2 sqrtTwoDivPi c ε₁ ε₂).backpropVec xV seedV =
      (fderiv Real (encoderBlockGraph fc1 b1 fc2 b2 sqrtTwoDivPi c ε₁ ε₂).evalVec xV).adjoint
          seedV :=
  Transformer.encoderBlock_backpropVec_eq_adjoint_fderiv fc1 b1 fc2 b2 sqrtTwoDivPi c xV
    seedV hε₁ hε₂

end EncoderBlock

/-! ### The encoder block with all parameters as inputs -/

section Positionwise

variable {ε₁ ε₂ : Real} (c : Real)
  (xV : CtxVec Real (ΓPositionwiseEncoderBlock seqLen dModel numHeads headDim dFF))
  (seedV : CtxVec Real (ΓPositionwiseEncoderBlock seqLen dModel numHeads headDim dFF ++
    ssEncoderBlock seqLen dModel numHeads headDim dFF))
  (hε₁ : 0 < ε₁) (hε₂ : 0 < ε₂)
include hε₁ hε₂

theorem positionwiseEncoderBlock_hasFDerivAt :
    HasFDerivAt (positionwiseEncoderBlockGraph sqrtTwoDivPi c ε₁ ε₂).evalVec
      ((positionwiseEncoderBlockGraph sqrtTwoDivPi c ε₁ ε₂).jvpCLM xV) xV :=
  Transformer.positionwiseEncoderBlock_hasFDerivAt sqrtTwoDivPi c xV hε₁ hε₂

theorem positionwiseEncoderBlock_backpropVec_eq_adjoint_fderiv :
    (positionwiseEncoderBlockGraph sqrtTwoDivPi c ε₁ ε₂).backpropVec xV seedV =
      (fderiv Real (positionwiseEncoderBlockGraph sqrtTwoDivPi c ε₁ ε₂).evalVec xV).adjoint seedV :=
  Transformer.positionwiseEncoderBlock_backpropVec_eq_adjoint_fderiv sqrtTwoDivPi c xV seedV hε₁ hε₂

end Positionwise

/-! ### Two post-norm sublayers as a map -/

section Map

variable {k : Nat} (ε₁ ε₂ : Real) (attnPack : Vec Real k → CtxVec Real (ΓPostNorm seqLen dModel))
  (DattnPack : CLM Real k (ctxSize (ΓPostNorm seqLen dModel)))
  (ffnPack : CtxVec Real (ΓPostNorm seqLen dModel ++ ssPostNorm seqLen dModel) →
    CtxVec Real (ΓPostNorm seqLen dModel))
  (DffnPack : CLM Real (ctxSize (ΓPostNorm seqLen dModel ++ ssPostNorm seqLen dModel))
  (ctxSize (ΓPostNorm seqLen dModel)))
  (x : Vec Real k) (hAttnPack : HasFDerivAt attnPack DattnPack x)
include hAttnPack

theorem postNormEncoderBlock_hasFDerivAt (hNorm1VarEpsPos : VarEpsPos ε₁ (attnPack x))
    (hNorm1StdNe0 : StdNe0 ε₁ (attnPack x))
    (hFfnPack : HasFDerivAt ffnPack DffnPack ((postNormGraph ε₁).evalVec (attnPack x)))
    (hNorm2VarEpsPos : VarEpsPos ε₂ (ffnPack ((postNormGraph ε₁).evalVec (attnPack x))))
    (hNorm2StdNe0 : StdNe0 ε₂ (ffnPack ((postNormGraph ε₁).evalVec (attnPack x)))) :
    HasFDerivAt
      (fun z => (postNormGraph ε₂).evalVec (ffnPack ((postNormGraph ε₁).evalVec (attnPack z))))
      ((fderiv Real (postNormGraph ε₂).evalVec
        (ffnPack ((postNormGraph ε₁).evalVec (attnPack x)))).comp
        (DffnPack.comp ((fderiv Real (postNormGraph ε₁).evalVec (attnPack x)).comp DattnPack))) x :=
  Transformer.postNormEncoderBlock_hasFDerivAt ε₁ ε₂ attnPack DattnPack ffnPack DffnPack x hAttnPack
    hNorm1VarEpsPos hNorm1StdNe0 hFfnPack hNorm2VarEpsPos hNorm2StdNe0

theorem postNormEncoderBlock_hasFDerivAt_of_pos
    (hFfnPack : HasFDerivAt ffnPack DffnPack ((postNormGraph ε₁).evalVec (attnPack x)))
    (hε₁ : 0 < ε₁) (hε₂ : 0 < ε₂) :
    HasFDerivAt
      (fun z => (postNormGraph ε₂).evalVec (ffnPack ((postNormGraph ε₁).evalVec (attnPack z))))
      ((fderiv Real (postNormGraph ε₂).evalVec
        (ffnPack ((postNormGraph ε₁).evalVec (attnPack x)))).comp
        (DffnPack.comp ((fderiv Real (postNormGraph ε₁).evalVec (attnPack x)).comp DattnPack))) x :=
  Transformer.postNormEncoderBlock_hasFDerivAt_of_pos ε₁ ε₂ attnPack DattnPack ffnPack
    DffnPack x hAttnPack
    hFfnPack hε₁ hε₂

end Map

end Proofs.Autograd.Real
