module

public import Proofs.Autograd.Nodes.Certified.Axes
public import Proofs.Autograd.Nodes.Gather

/-!
# Certificates of ops by whole numbers

They are re-indexings, whatever the whole numbers are.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.TapeNodes

open Spec Shape

noncomputable section

variable {R : Type} [AnalyticScalar R] {v n : Nat} {s t : Shape} {Γ : List Shape}

/-- The certificate of `embedding`. -/
def embeddingFderiv (a : Idx Γ (.dim v t)) (ids : s.Index → Fin v) :
    NodeFDerivCorrect (embedding (R := R) a ids) :=
  .ofOp Op.reindex_fderivCorrect

/-- The certificate of `takeAlong`. -/
def takeAlongFderiv (o : Shape) (a : Idx Γ (o.append (.dim n s)))
    (ids : (o.append s).Index → Fin n) : NodeFDerivCorrect (takeAlong (R := R) o a ids) :=
  .ofOp Op.reindex_fderivCorrect

end

end Proofs.Autograd.TapeNodes
