module

public import Proofs.Autograd.Calculus.Elementary
public import Proofs.Autograd.Nodes.Certified.Elementwise
public import Proofs.Autograd.Nodes.Quotients

/-!
# Certificates of quotients and powers

A quotient is certified at points where no denominator is 0, a power everywhere.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec

variable {R : Type} [AnalyticScalar R] {N : Nat} {x : Vec R N} {s : Shape}

theorem HasTensorDerivAt.div {a a' b b' : Vec R N → Tensor R s} (ha : HasTensorDerivAt a a' x)
    (hb : HasTensorDerivAt b b' x) (h₀ : ∀ i, b x i ≠ 0) :
    HasTensorDerivAt (fun v => (a v).div (b v))
      (fun h => ((b x).map (·⁻¹)).mul ((a' h).sub (((a x).div (b x)).mul (b' h)))) x :=
  fun i => ((ha i).div (hb i) (h₀ i)).congr (fun _ => rfl) fun h => by
    have := h₀ i
    simp only [Tensor.mul_apply, Tensor.sub_apply, Tensor.map, Tensor.div]
    generalize b x i = d at *
    grind

theorem Op.div_fderivCorrectOn :
    OpFDerivCorrectOn (div (R := R) s) fun x => ∀ i, x.2.1 i ≠ 0 :=
  fun _ _ _ _ ⟨ha, hb, _⟩ h₀ => ha.div hb h₀

/-! ### Nodes -/

noncomputable section

namespace TapeNodes

variable {Γ : List Shape}

/-- The certificate of `div` at a point where no denominator is 0. -/
def divFderivAt (a b : Idx Γ s) (x : CtxVec R Γ) (hne : ∀ k, CtxVec.get b x k ≠ 0) :
    NodeFDerivCorrectAt (div a b) x :=
  .ofOp Op.div_fderivCorrectOn <| by
    change ∀ i, getIdx (unflattenCtx x) b i ≠ 0
    rw [getIdx_unflattenCtx]
    exact fun i => hne (Shape.flat i)

/-- The certificate of `powNat`. -/
def powNatFderiv (a : Idx Γ s) (k : Nat) : NodeFDerivCorrect (powNat (R := R) a k) :=
  elemwiseFderiv a _ _ (hasDerivAt_pow k)

end TapeNodes

end

end Proofs.Autograd
