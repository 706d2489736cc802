module

public import Proofs.Autograd.Nodes.Reindex
public import Proofs.Autograd.Tape.FDeriv

/-!
# Certificates of re-indexing ops

A coordinate of the result is a coordinate of the operand, and so is its derivative.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec Shape

variable {R : Type} [AnalyticScalar R]

namespace Op

theorem reshape_fderivCorrect {s₁ s₂ : Shape} {h : s₁.size = s₂.size} :
    OpFDerivCorrect (reshape (R := R) s₁ s₂ h) :=
  fun _ _ _ _ ⟨ha, _⟩ _ _ => ha _

theorem transposeLast2_fderivCorrect {a b c : Nat} :
    OpFDerivCorrect (transposeLast2 (R := R) a b c) :=
  fun _ _ _ _ ⟨ha, _⟩ _ _ => ha _

theorem swap01_fderivCorrect {m n : Nat} {s : Shape} : OpFDerivCorrect (swap01 (R := R) m n s) :=
  fun _ _ _ _ ⟨ha, _⟩ _ _ => ha _

theorem splitHeads_fderivCorrect {n H D : Nat} : OpFDerivCorrect (splitHeads (R := R) n H D) :=
  fun _ _ _ _ ⟨ha, _⟩ _ _ => ha _

end Op

noncomputable section

namespace TapeNodes.ShapeOps

variable {Γ : List Shape}

/-- The certificate of `reshape`. -/
def reshapeFderiv {s₁ s₂ : Shape} (a : Idx Γ s₁) (h : s₁.size = s₂.size) :
    NodeFDerivCorrect (reshape (R := R) a h) :=
  .ofOp Op.reshape_fderivCorrect

/-- The certificate of `transpose3dLastTwo`. -/
def transpose3dLastTwoFderiv {a b c : Nat} (x : Idx Γ (cube a b c)) :
    NodeFDerivCorrect (transpose3dLastTwo (R := R) x) :=
  .ofOp Op.transposeLast2_fderivCorrect

/-- The certificate of `swapFirstTwo3d`. -/
def swapFirstTwo3dFderiv {m n : Nat} {s : Shape} (a : Idx Γ (.dim m (.dim n s))) :
    NodeFDerivCorrect (swapFirstTwo3d (R := R) a) :=
  .ofOp Op.swap01_fderivCorrect

/-- The certificate of `splitHeads`. -/
def splitHeadsFderiv {n H D : Nat} (a : Idx Γ (mat n (H * D))) :
    NodeFDerivCorrect (splitHeads (R := R) a) :=
  .ofOp Op.splitHeads_fderivCorrect

end TapeNodes.ShapeOps

end

end Proofs.Autograd
