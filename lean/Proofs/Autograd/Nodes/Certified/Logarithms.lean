module

public import Proofs.Autograd.Calculus.Elementary
public import Proofs.Autograd.Nodes.Certified.Activations
public import Proofs.Autograd.Nodes.Logarithms

/-!
# Certificates of the logarithm and of softplus

The logarithm is certified at positive coordinates, softplus everywhere. Main result besides:
`softplusDerivSpec_eq`, the derivative of softplus is the logistic function.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec

variable {R : Type} [AnalyticScalar R] {s : Shape}

theorem exp_softplusSpec (x : R) : exp (softplusSpec x) = 1 + exp x :=
  exp_log _ (by have := exp_pos x; grind)

/-- What `exp (x - softplus x)` is as a quotient. -/
theorem softplusDerivSpec_eq_div (x : R) : softplusDerivSpec x = exp x / (1 + exp x) := by
  have h := exp_softplusSpec x
  have h₁ := exp_mul_exp_neg (softplusSpec x)
  have := exp_pos x
  rw [h] at h₁
  rw [softplusDerivSpec, Laws.sub_eq_add_neg, exp_add]
  grind

/-- The derivative of softplus is the logistic function. -/
theorem softplusDerivSpec_eq (x : R) : softplusDerivSpec x = sigmoidSpec x := by
  have := exp_mul_exp_neg x
  have := exp_pos x
  have := exp_pos (-x)
  rw [softplusDerivSpec_eq_div, sigmoidSpec_eq]
  generalize exp (-x) = b at *
  generalize exp x = a at *
  have : 1 + a ≠ 0 := by grind
  have : 1 + b ≠ 0 := by grind
  grind

/-- Softplus has the derivative `exp (x - softplus x)`. -/
theorem hasDerivAt_softplus (x : R) : HasDerivAt softplusSpec (softplusDerivSpec x) x := by
  have hx := exp_pos x
  have hv := HasDifferentialAt.coord (x := fun _ : Fin 1 => x) 0
  have he := ((hasDerivAt_exp x).comp_hasDifferentialAt hv).add_const 1
  have hl := (hasDerivAt_log (by grind : 0 < exp x + 1)).comp_hasDifferentialAt he
  refine .of_hasDifferentialAt (hl.congr (fun y => ?_) fun _ => rfl) fun h => ?_
  · exact congrArg log (Laws.add_comm 1 (exp (y 0)))
  · rw [softplusDerivSpec_eq_div]
    grind

/-! ### Nodes -/

noncomputable section

namespace TapeNodes

variable {Γ : List Shape}

/-- The certificate of `log` at a point where every coordinate is positive. -/
def logFderivAt (a : Idx Γ s) (x : CtxVec R Γ) (hpos : ∀ k, 0 < CtxVec.get a x k) :
    NodeFDerivCorrectAt (log a) x :=
  elemwiseFderivAt a _ _ x fun k => hasDerivAt_log (hpos k)

/-- The certificate of `softplus`. -/
def softplusFderiv (a : Idx Γ s) : NodeFDerivCorrect (softplus (R := R) a) :=
  elemwiseFderiv a _ _ hasDerivAt_softplus

end TapeNodes

end

end Proofs.Autograd
