module

public import Proofs.Autograd.Graphs.Mlp
public import Proofs.Autograd.Real.Analytic

/-!
# The theorems about the multilayer perceptron, over the real numbers

What `Mlp` says of any `AnalyticScalar` is said here of the real numbers, under the same names.
-/

public section

set_option autoImplicit false

namespace Proofs.Autograd.Real

open Mlp

variable {n dIn dHidden dOut : Nat} (xV : CtxVec Real (ΓMlpMse n dIn dHidden dOut))

theorem mlpMse_hasFDerivAt :
    HasFDerivAt mlpMseDGraph.g.evalVec (mlpMseDGraph.g.jvpCLM xV) xV :=
  Mlp.mlpMse_hasFDerivAt xV

theorem mlpMse_backpropVec_eq_adjoint_fderiv
    (seedV : CtxVec Real (ΓMlpMse n dIn dHidden dOut ++ ssMlpMse n dHidden dOut)) :
    mlpMseDGraph.g.backpropVec xV seedV =
      (fderiv Real mlpMseDGraph.g.evalVec xV).adjoint seedV :=
  Mlp.mlpMse_backpropVec_eq_adjoint_fderiv xV seedV

end Proofs.Autograd.Real
