module

public import Proofs.Autograd.Calculus.Special

/-!
# GELU, tanh form

The constants of the tanh form are `s = √(2/π)` and `k = 0.044715`. A scalar type here need not contain π, so both are
arguments: the derivative is right for all values, and a program that runs the function supplies them.

References: Hendrycks and Gimpel, *Gaussian Error Linear Units*, 2016, section 2.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

variable {R : Type}

noncomputable section

section

variable [ScalarOps R]

/-- The argument of the hyperbolic tangent in `gelu`, `s * (x + k * x³)`. -/
def geluInner (s k x : R) : R := s * (x + k * (x * x * x))

/-- The Gaussian error linear unit in its tanh form, `x * (1 + tanh (s * (x + k * x³))) / 2`. -/
def gelu (s k x : R) : R := x * (1 + ScalarOps.tanh (geluInner s k x)) / 2

/-- The derivative of `gelu` in `x`: with `t` the hyperbolic tangent in it,
`(1 + t + x * (1 - t²) * s * (1 + 3 * k * x²)) / 2`. -/
def geluDeriv (s k x : R) : R :=
  let t := ScalarOps.tanh (geluInner s k x)
  (1 + t + x * (1 - t * t) * (s * (1 + 3 * k * (x * x)))) / 2

end

end

variable [AnalyticScalar R]

theorem hasDerivAt_gelu (s k x : R) : HasDerivAt (gelu s k) (geluDeriv s k x) x := by
  have hv := HasDifferentialAt.coord (x := fun _ : Fin 1 => x) 0
  have hi := (hv.add (((hv.mul hv).mul hv).const_mul k)).const_mul s
  have ht := ((hasDerivAt_tanh (geluInner s k x)).comp_hasDifferentialAt hi)
  have H := (hv.mul (ht.add_const 1)).const_mul (1 / 2)
  refine .of_hasDifferentialAt (H.congr (fun y => ?_) fun _ => rfl) fun h => ?_
  · simp only [gelu, geluInner]
    grind
  · simp only [geluDeriv, geluInner]
    grind

end Proofs.Autograd
