module

public import Proofs.Autograd.Graphs.RmsNorm
public import Proofs.Autograd.Real.Analytic

/-!
# The theorems about root mean square normalisation, over the real numbers

What `RmsNorm` says of any `AnalyticScalar` is said here of the real numbers, under the same names.
-/

public section

set_option autoImplicit false

namespace Proofs.Autograd.Real

open RmsNorm

variable {m n : Nat} {ε : Real} (xV : CtxVec Real (ΓRmsNorm m n))

theorem rmsNorm_hasFDerivAt (hε : 0 < ε) :
    HasFDerivAt (rmsNormGraph ε).evalVec ((rmsNormGraph ε).jvpCLM xV) xV :=
  RmsNorm.rmsNorm_hasFDerivAt xV hε

theorem rmsNorm_backpropVec_eq_adjoint_fderiv (hε : 0 < ε)
    (seedV : CtxVec Real (ΓRmsNorm m n ++ ssRmsNorm m n)) :
    (rmsNormGraph ε).backpropVec xV seedV =
      (fderiv Real (rmsNormGraph ε).evalVec xV).adjoint seedV :=
  RmsNorm.rmsNorm_backpropVec_eq_adjoint_fderiv xV hε seedV

end Proofs.Autograd.Real
