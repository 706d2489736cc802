module

public import Proofs.Autograd.Nodes.Certified.Pointwise
public import Proofs.Autograd.Nodes.Reduce

/-!
# Certificates of row means and broadcasts
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec Shape

variable {R : Type} [AnalyticScalar R] {N m n : Nat} {x : Vec R N}

namespace HasTensorDerivAt

theorem rowMean {a a' : Vec R N → Tensor R (mat m n)} (ha : HasTensorDerivAt a a' x) :
    HasTensorDerivAt (fun v => (a v).rowMean) (fun h => (a' h).rowMean) x :=
  fun i => (HasDifferentialAt.sum fun j => ha (i.1, j, ())).const_mul _

theorem broadcastRow {a a' : Vec R N → Tensor R (vec m)} (ha : HasTensorDerivAt a a' x) :
    HasTensorDerivAt (fun v => (a v).broadcastRow n) (fun h => (a' h).broadcastRow n) x :=
  fun i => ha (i.1, ())

theorem broadcastCol {a a' : Vec R N → Tensor R (vec n)} (ha : HasTensorDerivAt a a' x) :
    HasTensorDerivAt (fun v => (a v).broadcastCol m) (fun h => (a' h).broadcastCol m) x :=
  fun i => ha i.2

end HasTensorDerivAt

namespace Op

theorem rowMean_fderivCorrect : OpFDerivCorrect (rowMean (R := R) m n) :=
  fun _ _ _ _ ⟨ha, _⟩ _ => ha.rowMean

theorem broadcastRow_fderivCorrect : OpFDerivCorrect (broadcastRow (R := R) m n) :=
  fun _ _ _ _ ⟨ha, _⟩ _ => ha.broadcastRow

theorem broadcastCol_fderivCorrect : OpFDerivCorrect (broadcastCol (R := R) m n) :=
  fun _ _ _ _ ⟨ha, _⟩ _ => ha.broadcastCol

end Op

noncomputable section

namespace TapeNodes

variable {Γ : List Shape}

/-- The certificate of `rowMean`. -/
def rowMeanFderiv (a : Idx Γ (mat m n)) : NodeFDerivCorrect (rowMean (R := R) a) :=
  .ofOp Op.rowMean_fderivCorrect

/-- The certificate of `broadcastRow`. -/
def broadcastRowFderiv (n : Nat) (a : Idx Γ (vec m)) :
    NodeFDerivCorrect (broadcastRow (R := R) n a) :=
  .ofOp Op.broadcastRow_fderivCorrect

/-- The certificate of `broadcastCol`. -/
def broadcastColFderiv (m : Nat) (a : Idx Γ (vec n)) :
    NodeFDerivCorrect (broadcastCol (R := R) m a) :=
  .ofOp Op.broadcastCol_fderivCorrect

end TapeNodes

end

end Proofs.Autograd
