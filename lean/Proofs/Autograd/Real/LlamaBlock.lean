module

public import Proofs.Autograd.Graphs.LlamaBlock
public import Proofs.Autograd.Real.Analytic

/-!
# The theorems about the block of Llama, over the real numbers

What `LlamaBlock` says of any `AnalyticScalar` is said here of the real numbers, under the same
names.
-/

public section

set_option autoImplicit false

namespace Proofs.Autograd.Real

open Spec Shape LlamaBlock

variable {seqLen dModel kvHeads groups halfDim dFF : Nat} {ε₁ ε₂ : Real}
  {mask : (mat seqLen seqLen).Index → Bool} (c : Real)
  (xV : CtxVec Real (ΓLlamaBlock seqLen dModel kvHeads groups halfDim dFF))
  (hε₁ : 0 < ε₁) (hε₂ : 0 < ε₂) (hm : AllowsSome (o := vec seqLen) mask)
include hε₁ hε₂ hm

theorem llamaBlock_hasFDerivAt :
    HasFDerivAt (llamaBlockGraph c ε₁ ε₂ mask).evalVec
      ((llamaBlockGraph c ε₁ ε₂ mask).jvpCLM xV) xV :=
  LlamaBlock.llamaBlock_hasFDerivAt c xV hε₁ hε₂ hm

theorem llamaBlock_backpropVec_eq_adjoint_fderiv
    (seedV : CtxVec Real (ΓLlamaBlock seqLen dModel kvHeads groups halfDim dFF ++
      ssLlamaBlock seqLen dModel kvHeads groups halfDim dFF)) :
    (llamaBlockGraph c ε₁ ε₂ mask).backpropVec xV seedV =
      (fderiv Real (llamaBlockGraph c ε₁ ε₂ mask).evalVec xV).adjoint seedV :=
  LlamaBlock.llamaBlock_backpropVec_eq_adjoint_fderiv c xV hε₁ hε₂ hm seedV

end Proofs.Autograd.Real
