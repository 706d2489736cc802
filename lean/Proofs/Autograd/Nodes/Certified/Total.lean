module

public import Proofs.Autograd.Nodes.Certified.Pointwise
public import Proofs.Autograd.Nodes.Total

/-!
# Certificates of sums and means over all axes
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec

variable {R : Type} [AnalyticScalar R] {N : Nat} {x : Vec R N} {s : Shape}

theorem HasDifferentialAt.sumIndex {s : Shape} {f f' : s.Index → Vec R N → R}
    (hf : ∀ i, HasDifferentialAt (f i) (f' i) x) :
    HasDifferentialAt (fun v => Proofs.Autograd.sumIndex s fun i => f i v)
      (fun h => Proofs.Autograd.sumIndex s fun i => f' i h) x := by
  induction s with
  | scalar => exact hf ()
  | dim n s ih => exact .sum fun i => ih fun j => hf (i, j)

theorem HasTensorDerivAt.total {a a' : Vec R N → Tensor R s} (ha : HasTensorDerivAt a a' x) :
    HasTensorDerivAt (fun v => (a v).total) (fun h => (a' h).total) x :=
  fun _ => .sumIndex ha

namespace Op

theorem sum_fderivCorrect : OpFDerivCorrect (sum (R := R) s) :=
  fun _ _ _ _ ⟨ha, _⟩ _ => ha.total

theorem mean_fderivCorrect : OpFDerivCorrect (mean (R := R) s) :=
  fun _ _ _ _ ⟨ha, _⟩ _ => ha.total.scale _

end Op

noncomputable section

namespace TapeNodes

variable {Γ : List Shape}

/-- The certificate of `sum`. -/
def sumFderiv (a : Idx Γ s) : NodeFDerivCorrect (sum (R := R) a) := .ofOp Op.sum_fderivCorrect

/-- The certificate of `mean`. -/
def meanFderiv (a : Idx Γ s) : NodeFDerivCorrect (mean (R := R) a) := .ofOp Op.mean_fderivCorrect

end TapeNodes

end

end Proofs.Autograd
