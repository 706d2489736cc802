module

public import Proofs.Autograd.Calculus.Deriv
public import Proofs.Autograd.Nodes.MatMul
public import Proofs.Autograd.Tape.FDeriv

/-!
# Certificates of matrix products

Every entry of a product of matrices is a sum of products, so the product rule and the sum rule are
all there is to use.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec Shape

variable {R : Type} [AnalyticScalar R] {N h m n p : Nat} {x : Vec R N}

namespace HasTensorDerivAt

theorem mulMat {a a' : Vec R N → Tensor R (mat m n)} {b b' : Vec R N → Tensor R (mat n p)}
    (ha : HasTensorDerivAt a a' x) (hb : HasTensorDerivAt b b' x) :
    HasTensorDerivAt (fun v => (a v).mulMat (b v))
        (fun h => (a' h).mulMat (b x) + (a x).mulMat (b' h)) x :=
  fun i => (HasDifferentialAt.sum fun j => (ha (i.1, j, ())).mul (hb (j, i.2.1, ()))).congr
      (fun _ => rfl) fun h =>
    (sum_add _ _).symm.trans (sum_congr fun j => by grind)

theorem mulBatch {a a' : Vec R N → Tensor R (cube h m n)} {b b' : Vec R N → Tensor R (cube h n p)}
    (ha : HasTensorDerivAt a a' x) (hb : HasTensorDerivAt b b' x) :
    HasTensorDerivAt (fun v => (a v).mulBatch (b v))
        (fun h => (a' h).mulBatch (b x) + (a x).mulBatch (b' h)) x :=
  fun i => (ha.slice i.1).mulMat (hb.slice i.1) i.2

end HasTensorDerivAt

namespace Op

theorem matmul_fderivCorrect : OpFDerivCorrect (matmul (R := R) m n p) :=
  fun _ _ _ _ ⟨ha, hb, _⟩ _ => ha.mulMat hb

theorem bmatmul_fderivCorrect : OpFDerivCorrect (bmatmul (R := R) h m n p) :=
  fun _ _ _ _ ⟨ha, hb, _⟩ _ => ha.mulBatch hb

end Op

noncomputable section

namespace TapeNodes

variable {Γ : List Shape}

/-- The certificate of `matmul`. -/
def matmulFderiv (a : Idx Γ (mat m n)) (b : Idx Γ (mat n p)) :
    NodeFDerivCorrect (matmul (R := R) a b) :=
  .ofOp Op.matmul_fderivCorrect

/-- The certificate of `Batched.matmul`. -/
def Batched.matmulFderiv (a : Idx Γ (cube h m n)) (b : Idx Γ (cube h n p)) :
    NodeFDerivCorrect (Batched.matmul (R := R) a b) :=
  .ofOp Op.bmatmul_fderivCorrect

end TapeNodes

end

end Proofs.Autograd
