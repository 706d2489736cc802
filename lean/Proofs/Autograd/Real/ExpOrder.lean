module

public import Proofs.Autograd.Real.Exp

/-!
# What follows from the laws of the exponential

Values, inverse, order and a bound from above; `Real.tendsto_exp` says that the exponential is the
limit of `(1 + x / 2ⁿ) ^ 2ⁿ`.
-/

public section

set_option autoImplicit false

namespace Proofs.Autograd.Real

open Laws

variable {x y : Real}

theorem exp_ne_zero (x : Real) : exp x ≠ 0 := by
  have := exp_pos x
  grind

theorem exp_zero : exp 0 = 1 := by
  have h₁ := exp_add 0 0
  have h₂ := exp_ne_zero 0
  rw [(by grind : (0 : Real) + 0 = 0)] at h₁
  grind

theorem exp_neg (x : Real) : exp (-x) = (exp x)⁻¹ := (inv_eq_of_mul_eq_one (exp_mul_exp_neg x)).symm

theorem exp_sub (x y : Real) : exp (x - y) = exp x / exp y := by
  have h₁ := exp_add x (-y)
  rw [exp_neg, (by grind : x + -y = x - y)] at h₁
  grind

theorem exp_nat_mul (x : Real) (n : Nat) : exp (n * x) = exp x ^ n := by
  induction n with
  | zero =>
    rw [pow_zero, ← exp_zero]
    exact congrArg exp (zero_mul x)
  | succ n ih =>
    rw [pow_succ, ← ih, ← exp_add, natCast_add]
    have : (n : Real) * x + x = (n + 1) * x := by grind
    exact congrArg exp this.symm

theorem one_lt_exp_of_pos (hx : 0 < x) : 1 < exp x := by
  have := add_one_le_exp x
  grind

theorem exp_lt_exp : exp x < exp y ↔ x < y := by
  have lt {x y : Real} (h : x < y) : exp x < exp y := by
    have h₁ := exp_add x (y - x)
    have h₂ :=
      mul_pos (exp_pos x)
      (by have := one_lt_exp_of_pos (sub_pos_of_lt h : 0 < y - x); grind : 0 < exp (y - x) - 1)
    rw [(by grind : x + (y - x) = y)] at h₁
    grind
  refine ⟨fun h => ?_, lt⟩
  false_or_by_contra
  rcases Classical.em (x = y) with e | e
  · rw [e] at h
    grind
  · have := lt (by grind : y < x)
    grind

theorem exp_le_exp : exp x ≤ exp y ↔ x ≤ y := by
  have h : exp y < exp x ↔ y < x := exp_lt_exp
  constructor <;> intro h' <;> false_or_by_contra
  · have := h.mpr (by grind)
    grind
  · have := h.mp (by grind)
    grind

theorem exp_injective : Function.Injective exp := fun x y h => by
  have h₁ := exp_le_exp.mp (by grind : exp x ≤ exp y)
  have h₂ := exp_le_exp.mp (by grind : exp y ≤ exp x)
  grind

theorem exp_eq_one_iff (x : Real) : exp x = 1 ↔ x = 0 :=
  ⟨fun h => exp_injective (h.trans exp_zero.symm), fun h => h ▸ exp_zero⟩

/-- Below 1 the exponential is bounded by the inverse of its tangent at 0, mirrored. -/
theorem exp_mul_one_sub_le_one (x : Real) : exp x * (1 - x) ≤ 1 := by
  have h₁ := add_one_le_exp (-x)
  have h₂ := exp_mul_exp_neg x
  have := mul_nonneg (exp_nonneg x) (by grind : 0 ≤ exp (-x) - (1 - x))
  grind

/-- The exponential is the limit of compound interest: of `(1 + x / 2ⁿ) ^ 2ⁿ`. -/
theorem tendsto_exp (x : Real) : Tendsto (fun n => (1 + x / 2 ^ n) ^ 2 ^ n) (exp x) := by
  intro ε hε
  obtain ⟨N, hN⟩ := exists_forall_lt_two_pow x
  obtain ⟨M, hM⟩ := exists_forall_lt_two_pow (-x)
  obtain ⟨K, hK⟩ := exists_forall_lt_two_pow (exp x * (x * x) * ε⁻¹)
  refine ⟨N + M + K, fun n hn => ?_⟩
  replace hN := hN n (by omega)
  replace hM := hM n (by omega)
  replace hK := hK n (by omega)
  simp only [← compound_eq]
  have h₀ := compound_nonneg (Std.le_of_lt hM)
  have h₁ := compound_le_exp (Std.le_of_lt hM)
  have h₂ := compound_le_exp (n := n) (x := -x) (by grind)
  rw [mul_inv_lt_iff₀ hε] at hK
  have h₃ := two_pow_mul_le n x
  have h₄ := exp_mul_exp_neg x
  have hE := exp_nonneg x
  have ht := Std.le_of_lt (two_pow_pos n)
  generalize (2 : Real) ^ n = t at *
  generalize compound n x = c at *
  generalize compound n (-x) = d at *
  generalize exp x = E at *
  generalize exp (-x) = E' at *
  have h₅ := mul_le_mul_of_nonneg_left h₂ h₀
  have h₆ := mul_le_mul_of_nonneg_left (sub_le_sub_left h₅ 1) (mul_nonneg ht hE)
  have h₇ := mul_le_mul_of_nonneg_left h₃ hE
  have e₁ : t * E * (1 - c * E') = t * (E - c) := by
    clear hK h₁ h₂ h₃ h₅ h₆ h₇ h₀ hE ht hN hM hε; grind
  have e₂ : t * E * (1 - c * d) = E * (t * (1 - c * d)) := by rw [mul_comm t, mul_assoc]
  rw [e₁, e₂] at h₆
  have h₈ : E - c < ε := Std.not_le.mp fun h => Std.not_lt.mpr (Std.le_refl (t * ε)) <|
    Std.lt_of_le_of_lt (Std.le_trans (mul_le_mul_of_nonneg_left h ht) (Std.le_trans h₆ h₇)) hK
  clear hK h₂ h₃ h₄ h₅ h₆ h₇ h₀ hE ht hN hM e₁ e₂ hn
  exact ⟨by grind, by grind⟩

/-! ### Order and equality, as in Mathlib -/

theorem exp_strictMono ⦃x y : Real⦄ (h : x < y) : exp x < exp y := exp_lt_exp.mpr h

theorem exp_monotone ⦃x y : Real⦄ (h : x ≤ y) : exp x ≤ exp y := exp_le_exp.mpr h

theorem exp_lt_exp_of_lt (h : x < y) : exp x < exp y := exp_strictMono h

theorem exp_le_exp_of_le (h : x ≤ y) : exp x ≤ exp y := exp_monotone h

theorem exp_eq_exp : exp x = exp y ↔ x = y := ⟨fun h => exp_injective h, congrArg exp⟩

theorem one_lt_exp_iff : 1 < exp x ↔ 0 < x := by rw [← exp_zero, exp_lt_exp]

theorem one_le_exp_iff : 1 ≤ exp x ↔ 0 ≤ x := by rw [← exp_zero, exp_le_exp]

theorem exp_le_one_iff : exp x ≤ 1 ↔ x ≤ 0 := by rw [← exp_zero, exp_le_exp]

theorem exp_lt_one (hx : x < 0) : exp x < 1 := by rw [← exp_zero]; exact exp_strictMono hx

theorem one_le_exp (hx : 0 ≤ x) : 1 ≤ exp x := one_le_exp_iff.mpr hx

theorem add_one_lt_exp (hx : x ≠ 0) : x + 1 < exp x := by
  by_cases h : 0 ≤ x / 2 + 1
  · have h₁ := add_one_le_exp (x / 2)
    have h₂ := mul_le_mul h₁ h₁ h (exp_nonneg _)
    rw [← exp_add, (add_halves x : x / 2 + x / 2 = x)] at h₂
    have pos {y : Real} (hy : 0 < y) := mul_pos hy hy
    have : 0 < x → 0 < x * x := pos
    have : 0 < -x → 0 < -x * -x := pos
    grind
  · have := exp_pos x
    grind

end Proofs.Autograd.Real
