module

public import Proofs.Autograd.Real.ExpOrder

/-!
# Hyperbolic sine, cosine and tangent

By their formulas with the exponential. Main results: `Real.tanh_mul`, `Real.cosh_sq_sub_sinh_sq`, `Real.tanh_lt_one`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.Real

noncomputable section

/-- The hyperbolic sine. -/
def sinh (x : Real) : Real := (exp x - exp (-x)) / 2

/-- The hyperbolic cosine. -/
def cosh (x : Real) : Real := (exp x + exp (-x)) / 2

/-- The hyperbolic tangent. -/
def tanh (x : Real) : Real := sinh x / cosh x

end

theorem cosh_pos (x : Real) : 0 < cosh x := by
  have h₁ := exp_pos x
  have h₂ := exp_pos (-x)
  simp only [cosh]
  grind

theorem tanh_eq_sinh_div_cosh (x : Real) : tanh x = sinh x / cosh x := rfl

theorem cosh_sq_sub_sinh_sq (x : Real) : cosh x ^ 2 - sinh x ^ 2 = 1 := by
  have := exp_mul_exp_neg x
  simp only [cosh, sinh]
  grind

/-- The hyperbolic tangent by its equation with the exponential. -/
theorem tanh_mul (x : Real) : tanh x * (exp x + exp (-x)) = exp x - exp (-x) := by
  have := cosh_pos x
  have : cosh x ≠ 0 := by grind
  have : tanh x * cosh x = sinh x := by
    rw [tanh]
    grind
  simp only [cosh, sinh] at this
  grind

theorem tanh_zero : tanh 0 = 0 := by
  have h := tanh_mul 0
  rw [(by grind : -(0 : Real) = 0), exp_zero] at h
  grind

theorem tanh_neg (x : Real) : tanh (-x) = -tanh x := by
  have h₁ := tanh_mul x
  have h₂ := tanh_mul (-x)
  rw [(by grind : - -x = x)] at h₂
  have := cosh_pos x
  simp only [cosh] at this
  have : exp x + exp (-x) ≠ 0 := by grind
  have h₃ : (tanh (-x) + tanh x) * (exp x + exp (-x)) = 0 := by grind
  grind

theorem tanh_lt_one (x : Real) : tanh x < 1 := by
  have h₁ := tanh_mul x
  have h₂ := exp_pos x
  have h₃ := exp_pos (-x)
  false_or_by_contra
  have := mul_nonneg (by grind : 0 ≤ tanh x - 1) (by grind : 0 ≤ exp x + exp (-x))
  grind

theorem neg_one_lt_tanh (x : Real) : -1 < tanh x := by
  have := tanh_lt_one (-x)
  rw [tanh_neg] at this
  grind

end Proofs.Autograd.Real
