module

public import Proofs.Autograd.Real.ExpOrder

/-!
# Hyperbolic sine, cosine and tangent

By their formulas with the exponential. Main results: `Real.tanh_mul`, `Real.cosh_sq_sub_sinh_sq`,
`Real.tanh_lt_one`.
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
  rw [(neg_neg x : - -x = x)] at h₂
  have := cosh_pos x
  simp only [cosh] at this
  have : exp x + exp (-x) ≠ 0 := by grind
  have h₃ : (tanh (-x) + tanh x) * (exp x + exp (-x)) = 0 := by grind
  grind

theorem tanh_lt_one (x : Real) : tanh x < 1 := by
  have h₁ := tanh_mul x
  have h₂ := exp_pos x
  have h₃ := exp_pos (-x)
  refine Std.not_le.mp fun h => ?_
  have := mul_nonneg (sub_nonneg_of_le h) (by clear h₁ h; grind : 0 ≤ exp x + exp (-x))
  clear h h₂
  grind

theorem neg_one_lt_tanh (x : Real) : -1 < tanh x := by
  have := tanh_lt_one (-x)
  rw [tanh_neg] at this
  grind

/-! ### Values and laws, as in Mathlib -/

variable (x y : Real)

theorem sinh_eq : sinh x = (exp x - exp (-x)) / 2 := rfl

theorem cosh_eq : cosh x = (exp x + exp (-x)) / 2 := rfl

theorem tanh_eq : tanh x = (exp x - exp (-x)) / (exp x + exp (-x)) := by
  have h₁ := tanh_mul x
  have h₂ := exp_pos x
  have h₃ := exp_pos (-x)
  have : exp x + exp (-x) ≠ 0 := by grind
  grind

theorem sinh_zero : sinh 0 = 0 := by
  rw [sinh, (by grind : -(0 : Real) = 0)]
  grind

theorem cosh_zero : cosh 0 = 1 := by
  rw [cosh, (by grind : -(0 : Real) = 0), exp_zero]
  grind

theorem sinh_neg : sinh (-x) = -sinh x := by
  rw [sinh, sinh, (neg_neg x : - -x = x)]
  grind

theorem cosh_neg : cosh (-x) = cosh x := by
  rw [cosh, cosh, (neg_neg x : - -x = x)]
  grind

theorem cosh_add_sinh : cosh x + sinh x = exp x := by
  rw [cosh, sinh]
  grind

theorem sinh_add_cosh : sinh x + cosh x = exp x := by
  rw [cosh, sinh]
  grind

theorem cosh_sub_sinh : cosh x - sinh x = exp (-x) := by
  rw [cosh, sinh]
  grind

theorem cosh_sq : cosh x ^ 2 = sinh x ^ 2 + 1 := by
  have := cosh_sq_sub_sinh_sq x
  grind

theorem sinh_sq : sinh x ^ 2 = cosh x ^ 2 - 1 := by
  have := cosh_sq_sub_sinh_sq x
  grind

private theorem exp_neg_add : exp (-(x + y)) = exp (-x) * exp (-y) := by
  rw [← exp_add]
  exact congrArg exp (by grind)

theorem sinh_add : sinh (x + y) = sinh x * cosh y + cosh x * sinh y := by
  simp only [sinh, cosh, exp_neg_add, exp_add]
  grind

theorem cosh_add : cosh (x + y) = cosh x * cosh y + sinh x * sinh y := by
  simp only [sinh, cosh, exp_neg_add, exp_add]
  grind

theorem sinh_two_mul : sinh (2 * x) = 2 * sinh x * cosh x := by
  rw [(by grind : 2 * x = x + x), sinh_add]
  grind

theorem cosh_two_mul : cosh (2 * x) = cosh x ^ 2 + sinh x ^ 2 := by
  rw [(by grind : 2 * x = x + x), cosh_add]
  grind

theorem one_le_cosh : 1 ≤ cosh x := by
  have h₁ := cosh_sq x
  have h₂ := mul_self_nonneg (sinh x)
  have h₃ := cosh_pos x
  refine Std.not_lt.mp fun h => ?_
  have := mul_pos (sub_pos_of_lt h) (by clear h₁ h₂ h; grind : 0 < 1 + cosh x)
  clear h h₃
  grind

theorem sinh_strictMono ⦃x y : Real⦄ (h : x < y) : sinh x < sinh y := by
  have h₁ := exp_strictMono h
  have h₂ := exp_strictMono (by grind : -y < -x)
  rw [sinh, sinh]
  grind

variable {x y}

theorem sinh_lt_sinh : sinh x < sinh y ↔ x < y := by
  have h₁ := @sinh_strictMono x y
  have h₂ := @sinh_strictMono y x
  grind

theorem sinh_injective : Function.Injective sinh := fun x y h => by
  have h₁ := @sinh_strictMono x y
  have h₂ := @sinh_strictMono y x
  grind

theorem sinh_inj : sinh x = sinh y ↔ x = y := ⟨fun h => sinh_injective h, congrArg sinh⟩

theorem sinh_pos_iff : 0 < sinh x ↔ 0 < x := by rw [← sinh_zero, sinh_lt_sinh, sinh_zero]

end Proofs.Autograd.Real
