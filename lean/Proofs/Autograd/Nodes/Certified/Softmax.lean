module

public import Proofs.Autograd.Calculus.Softmax
public import Proofs.Autograd.Nodes.Softmax
public import Proofs.Autograd.Tape.FDeriv

/-!
# The certificate of softmax along the last axis

Row by row, the derivative of the softmax of a vector.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec Shape

variable {R : Type} [AnalyticScalar R] {N h m n : Nat} {x : Vec R N}

namespace HasTensorDerivAt

theorem softmax {a a' : Vec R N → Tensor R (vec n)} (ha : HasTensorDerivAt a a' x) :
    HasTensorDerivAt (fun v => (a v).softmax) (fun h => .softmaxJacobian (a x).softmax (a' h)) x :=
  fun i => hasDifferentialAt_softmaxVec (fun j => ha (j, ())) i.1

theorem softmaxRows {a a' : Vec R N → Tensor R (cube h m n)} (ha : HasTensorDerivAt a a' x) :
    HasTensorDerivAt (fun v => (a v).softmaxRows)
        (fun h => .mapRows .softmaxJacobian (a x).softmaxRows (a' h)) x :=
  fun i => ((ha.slice i.1).slice i.2.1).softmax i.2.2

end HasTensorDerivAt

theorem Op.softmaxLast_fderivCorrect : OpFDerivCorrect (softmaxLast (R := R) h m n) :=
  fun _ _ _ _ ⟨ha, _⟩ _ => ha.softmaxRows

/-- The certificate of `Batched.softmaxLast`. -/
noncomputable def TapeNodes.Batched.softmaxLastFderiv {Γ : List Shape} (a : Idx Γ (cube h m n)) :
    NodeFDerivCorrect (softmaxLast (R := R) a) :=
  .ofOp Op.softmaxLast_fderivCorrect

end Proofs.Autograd
