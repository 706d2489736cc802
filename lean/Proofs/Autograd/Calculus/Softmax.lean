module

public import Proofs.Autograd.Calculus.Adjoint
public import Proofs.Autograd.Calculus.Special

/-!
# The derivative of softmax

`y i = exp (x i) / Σ j, exp (x j)` has the derivative `y i * (h i - Σ j, y j * h j)`. The general
fact (`hasDifferentialAt_softmaxVec`) takes the `x i` to be functions of a vector, as the rows of a
larger tensor are.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Laws

variable {R : Type} {n : Nat}

noncomputable section

section

variable [ScalarOps R]

/-- The softmax of a vector, with no shift by the maximum. -/
def softmaxVec (x : Vec R n) : Vec R n :=
  fun i => ScalarOps.exp (x i) / sum fun j => ScalarOps.exp (x j)

/-- The derivative of softmax where its value is `y`, multiplication by `diag(y) - y yᵀ`. -/
def softmaxDerivCLM (y : Vec R n) : CLM R n n :=
  .pi (fun h i => y i * (h i - y.inner h)) fun i =>
    ((IsLinear.coord i).sub (.sum fun j => (IsLinear.coord j).const_mul (y j))).const_mul (y i)

end

end

variable [AnalyticScalar R] {N : Nat}

/-- The derivative of a coordinate of the softmax of functions of a vector. -/
theorem hasDifferentialAt_softmaxVec {f f' : Fin n → Vec R N → R} {x : Vec R N}
    (hf : ∀ j, HasDifferentialAt (f j) (f' j) x) (i : Fin n) :
    HasDifferentialAt (fun v => softmaxVec (fun j => f j v) i)
      (fun h => softmaxDerivCLM (softmaxVec fun j => f j x) (fun j => f' j h) i) x := by
  have he j := (hasDerivAt_exp (f j x)).comp_hasDifferentialAt (hf j)
  have hS : (sum fun j => exp (f j x)) ≠ 0 := by
    have := sum_pos i.pos fun j => exp_pos (f j x); grind
  refine ((he i).div (.sum he) hS).congr (fun _ => rfl) fun h => ?_
  have : (softmaxVec fun j => f j x).inner (fun j => f' j h) =
      (sum fun j => exp (f j x) * f' j h) * (sum fun j => exp (f j x))⁻¹ := by
    rw [sum_mul]
    exact sum_congr fun j => by simp only [softmaxVec]; grind
  simp only [softmaxDerivCLM, CLM.pi, this, softmaxVec]
  generalize (sum fun j => exp (f j x) * f' j h) = T
  generalize (sum fun j => exp (f j x)) = S at *
  grind

/-- The derivative of softmax. -/
theorem hasFDerivAt_softmaxVec (x : Vec R n) :
    HasFDerivAt softmaxVec (softmaxDerivCLM (softmaxVec x)) x :=
  hasFDerivAt_pi.mpr (hasDifferentialAt_softmaxVec .coord)

/-- The derivative of softmax is symmetric. -/
theorem adjoint_softmaxDerivCLM (y : Vec R n) :
    (softmaxDerivCLM y).adjoint = softmaxDerivCLM y := by
  have expand (a b : Vec R n) :
      (softmaxDerivCLM y a).inner b = (sum fun i => y i * a i * b i) - y.inner a * y.inner b := by
    have h : y.inner a * y.inner b = sum fun i => y.inner a * (y i * b i) := mul_sum _ _
    rw [h, ← sum_sub]
    exact sum_congr fun i => by simp only [softmaxDerivCLM, CLM.pi]; grind
  refine ((CLM.eq_adjoint_iff _ _).mpr fun a b => ?_).symm
  rw [expand, Vec.inner_comm a, expand, mul_comm (y.inner a)]
  exact congrArg (· - _) (sum_congr fun i => by grind)

end Proofs.Autograd
