module

public import Proofs.Autograd.Nodes.Affine
public import Proofs.Autograd.Nodes.Certified.MatMul
public import Proofs.Autograd.Nodes.Certified.Reduce

/-!
# Certificates of affine ops
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec Shape

variable {R : Type} [AnalyticScalar R] {N : Nat} {x : Vec R N} {s sIn sOut : Shape}

namespace HasTensorDerivAt

theorem add_const {a a' : Vec R N → Tensor R s} (ha : HasTensorDerivAt a a' x) (b : Tensor R s) :
    HasTensorDerivAt (fun v => a v + b) a' x :=
  fun i => (ha i).add_const (b i)

theorem transpose {m n : Nat} {a a' : Vec R N → Tensor R (mat m n)} (ha : HasTensorDerivAt a a' x) :
    HasTensorDerivAt (fun v => (a v).transpose) (fun h => (a' h).transpose) x :=
  fun _ => ha _

theorem mapVec (A : CLM R sIn.size sOut.size) {a a' : Vec R N → Tensor R sIn}
    (ha : HasTensorDerivAt a a' x) :
    HasTensorDerivAt (fun v => (a v).mapVec A) (fun h => (a' h).mapVec A) x :=
  fun i => (A.isLinear (flat i)).hasDifferentialAt.comp (HasFDerivAt.pi fun k => ha (unflat k))

theorem mulVec {m n : Nat} (A : Tensor R (mat m n)) {a a' : Vec R N → Tensor R (vec n)}
    (ha : HasTensorDerivAt a a' x) :
    HasTensorDerivAt (fun v => A.mulVec (a v)) (fun h => A.mulVec (a' h)) x :=
  fun i => .sum fun j => (ha (j, ())).const_mul (A (i.1, j, ()))

end HasTensorDerivAt

namespace Op

theorem affine_fderivCorrect {A : CLM R sIn.size sOut.size} {b : Vec R sOut.size} :
    OpFDerivCorrect (affine sIn sOut A b) :=
  fun _ _ _ _ ⟨ha, _⟩ _ => (ha.mapVec A).add_const (ofVecT b)

theorem linear_fderivCorrect {i o : Nat} {W : Tensor R (mat o i)} {b : Tensor R (vec o)} :
    OpFDerivCorrect (linear i o W b) :=
  fun _ _ _ _ ⟨ha, _⟩ _ => (ha.mulVec W).add_const b

theorem dense_fderivCorrect {n i o : Nat} : OpFDerivCorrect (dense (R := R) n i o) :=
  fun _ _ _ _ ⟨ha, hW, hb, _⟩ _ => (ha.mulMat hW.transpose).add hb.broadcastCol

end Op

noncomputable section

namespace TapeNodes

variable {Γ : List Shape}

/-- The certificate of `affine`. -/
def affineFderiv (a : Idx Γ sIn) (A : CLM R sIn.size sOut.size) (b : Vec R sOut.size) :
    NodeFDerivCorrect (affine a A b) :=
  .ofOp Op.affine_fderivCorrect

/-- The certificate of `linear`. -/
def linearFderiv {i o : Nat} (a : Idx Γ (vec i)) (W : Tensor R (mat o i)) (b : Tensor R (vec o)) :
    NodeFDerivCorrect (linear a W b) :=
  .ofOp Op.linear_fderivCorrect

/-- The certificate of `dense`. -/
def denseFderiv {n i o : Nat} (x : Idx Γ (mat n i)) (W : Idx Γ (mat o i)) (b : Idx Γ (vec o)) :
    NodeFDerivCorrect (dense (R := R) x W b) :=
  .ofOp Op.dense_fderivCorrect

end TapeNodes

end

end Proofs.Autograd
