module

public import Proofs.Autograd.Nodes.Activations
public import Proofs.Autograd.Nodes.Certified.Elementwise

/-!
# Certificates of activations

Each is certified everywhere. Main results besides: `sigmoidSpec_eq`, the logistic function is
`1 / (1 + exp (-x))`, and the derivatives `hasDerivAt_sigmoid` and `hasDerivAt_silu`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec

variable {R : Type} [AnalyticScalar R] {s : Shape}

/-! ### Functions of one variable -/

/-- The logistic function is `1 / (1 + exp (-x))`. -/
theorem sigmoidSpec_eq (x : R) : sigmoidSpec x = 1 / (1 + exp (-x)) := by
  have hx : x / 2 + x / 2 = x := by grind
  have h₁ : exp (-x) = exp (-(x / 2)) * exp (-(x / 2)) := by
    rw [← exp_add]
    exact congrArg exp (by grind)
  have h₂ := exp_mul_exp_neg (x / 2)
  have := exp_pos (x / 2)
  have := exp_pos (-(x / 2))
  have h₃ := mul_pos (exp_pos (-(x / 2))) (exp_pos (-(x / 2)))
  rw [sigmoidSpec, tanh_eq, h₁]
  generalize exp (-(x / 2)) = b at *
  generalize exp (x / 2) = a at *
  have : a + b ≠ 0 := by grind
  have : 1 + b * b ≠ 0 := by grind
  grind

/-- The logistic function has the derivative `σ(x) · (1 − σ(x))`. -/
theorem hasDerivAt_sigmoid (x : R) : HasDerivAt sigmoidSpec (sigmoidDerivSpec x) x := by
  have hv := HasDifferentialAt.coord (x := fun _ : Fin 1 => x) 0
  have ht := (hasDerivAt_tanh (1 / 2 * x)).comp_hasDifferentialAt (hv.const_mul (1 / 2))
  have H := (ht.add_const 1).const_mul (1 / 2)
  have e (y : R) : y / 2 = 1 / 2 * y := by grind
  refine .of_hasDifferentialAt (H.congr (fun y => ?_) fun _ => rfl) fun h => ?_
  · simp only [sigmoidSpec, e (y 0)]
    grind
  · simp only [sigmoidDerivSpec, sigmoidSpec, e x]
    grind

/-- SiLU has the derivative `σ(x) · (1 + x · (1 − σ(x)))`. -/
theorem hasDerivAt_silu (x : R) : HasDerivAt siluSpec (siluDerivSpec x) x := by
  have hv := HasDifferentialAt.coord (x := fun _ : Fin 1 => x) 0
  have H := hv.mul ((hasDerivAt_sigmoid x).comp_hasDifferentialAt hv)
  refine .of_hasDifferentialAt (H.congr (fun y => rfl) fun _ => rfl) fun h => ?_
  simp only [siluDerivSpec, sigmoidDerivSpec]
  grind

/-! ### Nodes -/

noncomputable section

namespace TapeNodes

variable {Γ : List Shape}

/-- The certificate of `exp`. -/
def expFderiv (a : Idx Γ s) : NodeFDerivCorrect (exp (R := R) a) :=
  elemwiseFderiv a _ _ hasDerivAt_exp

/-- The certificate of `tanh`. -/
def tanhFderiv (a : Idx Γ s) : NodeFDerivCorrect (tanh (R := R) a) :=
  elemwiseFderiv a _ _ hasDerivAt_tanh

/-- The certificate of `sigmoid`. -/
def sigmoidFderiv (a : Idx Γ s) : NodeFDerivCorrect (sigmoid (R := R) a) :=
  elemwiseFderiv a _ _ hasDerivAt_sigmoid

/-- The certificate of `silu`. -/
def siluFderiv (a : Idx Γ s) : NodeFDerivCorrect (silu (R := R) a) :=
  elemwiseFderiv a _ _ hasDerivAt_silu

/-- The certificate of `square`. -/
def squareFderiv (a : Idx Γ s) : NodeFDerivCorrect (square (R := R) a) :=
  elemwiseFderiv a _ _ hasDerivAt_mul_self

end TapeNodes

end

end Proofs.Autograd
