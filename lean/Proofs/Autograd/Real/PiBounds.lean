module

public import Proofs.Autograd.Real.Pi

/-!
# Bounds of π, and the constant of GELU

The cosines are enclosed by 16 digits each, one halving after another; the inscribed polygon of 512
sides and the circumscribed one of 2048 then give `3.1415 < π < 3.1416` (`Real.pi_gt_d4`,
`Real.pi_lt_d4`). `Real.sqrtTwoDivPi` is `√(2 / π)`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.Real

open Laws

private theorem natCast_mul (m n : Nat) : ((m * n : Nat) : Real) = m * n :=
  congrArg ofRat (Rat.natCast_mul m n)

private theorem natCast_lt {m n : Nat} (h : m < n) : (m : Real) < n :=
  ofRat_lt.mpr (Rat.natCast_lt_natCast.mpr h)

private theorem two_pos : (0 : Real) < 2 := natCast_lt (m := 0) (n := 2) (by decide)

/-! ### The cosines

`x` is the cosine of an angle and `y` that of its double. Bounds are natural numbers, of units of
`1 / d`; that one bound gives the next is computed.
-/

section

variable {x y : Real} {a b d : Nat}

private theorem mul_half (e : x * x = (1 + y) / 2) (d : Real) :
    2 * (d * x * (d * x)) = d * (d + d * y) := by
  have : d * x * (d * x) = d * d * (x * x) := by clear e; grind
  rw [this, e]
  clear e this
  grind

private theorem le_mul_half (hx : 0 ≤ x) (e : x * x = (1 + y) / 2) (ha : a ≤ d * y)
    (h : 2 * (b * b) ≤ d * (d + a)) : b ≤ d * x := by
  have hd : (0 : Real) ≤ d := natCast_le.mpr (Nat.zero_le d)
  refine le_of_mul_self_le (mul_nonneg hd hx) ?_
  have h₁ := mul_nonneg hd (sub_nonneg_of_le ha)
  have h₂ := mul_half e d
  have h₃ : 2 * (b * b : Real) ≤ d * (d + a) := by
    have := natCast_le.mpr h
    rwa [natCast_mul, natCast_mul, natCast_mul, natCast_add] at this
  clear hx e ha h hd
  grind

private theorem mul_half_le (e : x * x = (1 + y) / 2) (ha : d * y ≤ a)
    (h : d * (d + a) ≤ 2 * (b * b)) : d * x ≤ b := by
  have hd : (0 : Real) ≤ d := natCast_le.mpr (Nat.zero_le d)
  refine le_of_mul_self_le (natCast_le.mpr (Nat.zero_le b)) ?_
  have h₁ := mul_nonneg hd (sub_nonneg_of_le ha)
  have h₂ := mul_half e d
  have h₃ : d * (d + a) ≤ 2 * (b * b : Real) := by
    have := natCast_le.mpr h
    rwa [natCast_mul, natCast_mul, natCast_mul, natCast_add] at this
  clear e ha h hd
  grind

private theorem halfCos_zero_mul_self : halfCos 0 * halfCos 0 = (1 + 0) / 2 := by
  rw [add_zero]
  exact mul_self_sqrt (Std.le_of_lt (half_pos zero_lt_one))

private theorem le_halfCos_zero (h : 2 * (b * b) ≤ d * d) : b ≤ d * halfCos 0 :=
  le_mul_half (a := 0) (sqrt_nonneg _) halfCos_zero_mul_self
    (by rw [mul_zero]; exact Std.le_refl _) h

private theorem halfCos_zero_le (h : d * d ≤ 2 * (b * b)) : d * halfCos 0 ≤ b :=
  mul_half_le (a := 0) halfCos_zero_mul_self (by rw [mul_zero]; exact Std.le_refl _) h

private theorem le_halfCos_succ {n : Nat} (ha : a ≤ d * halfCos n)
    (h : 2 * (b * b) ≤ d * (d + a)) : b ≤ d * halfCos (n + 1) :=
  le_mul_half (Std.le_of_lt (halfCos_pos (n + 1))) (halfCos_mul_self n) ha h

private theorem halfCos_succ_le {n : Nat} (ha : d * halfCos n ≤ a)
    (h : d * (d + a) ≤ 2 * (b * b)) : d * halfCos (n + 1) ≤ b :=
  mul_half_le (halfCos_mul_self n) ha h

end

private theorem lt_of_mul_self_lt {x y : Real} (hy : 0 ≤ y) (h : x * x < y * y) : x < y := by
  refine Std.not_le.mp fun h' => ?_
  have := mul_le_mul h' h' hy (Std.le_trans hy h')
  exact Std.not_lt.mpr this h

private theorem le_halfCos_nine : 9999988234517018 ≤ 10000000000000000 * halfCos 9 := by
  have h := le_halfCos_zero (b := 7071067811865475) (d := 10000000000000000) (by decide)
  have h := le_halfCos_succ (b := 9238795325112867) h (by decide)
  have h := le_halfCos_succ (b := 9807852804032304) h (by decide)
  have h := le_halfCos_succ (b := 9951847266721968) h (by decide)
  have h := le_halfCos_succ (b := 9987954562051723) h (by decide)
  have h := le_halfCos_succ (b := 9996988186962041) h (by decide)
  have h := le_halfCos_succ (b := 9999247018391445) h (by decide)
  have h := le_halfCos_succ (b := 9999811752826011) h (by decide)
  have h := le_halfCos_succ (b := 9999952938095761) h (by decide)
  have h := le_halfCos_succ (b := 9999988234517018) h (by decide)
  exact h

private theorem halfCos_seven_le : 10000000000000000 * halfCos 7 ≤ 9999811752826012 := by
  have h := halfCos_zero_le (b := 7071067811865476) (d := 10000000000000000) (by decide)
  have h := halfCos_succ_le (b := 9238795325112868) h (by decide)
  have h := halfCos_succ_le (b := 9807852804032305) h (by decide)
  have h := halfCos_succ_le (b := 9951847266721969) h (by decide)
  have h := halfCos_succ_le (b := 9987954562051724) h (by decide)
  have h := halfCos_succ_le (b := 9996988186962043) h (by decide)
  have h := halfCos_succ_le (b := 9999247018391446) h (by decide)
  have h := halfCos_succ_le (b := 9999811752826012) h (by decide)
  exact h

theorem pi_gt_d4 : 31415 / 10000 < pi := by
  have h₁ := halfCos_seven_le
  have h₂ := halfCos_sq_add_halfSin_sq 7
  have h₃ := inscribed_le_pi 7
  have h₄ := mul_nonneg (natCast_le.mpr (Nat.zero_le 10000000000000000))
    (Std.le_of_lt (halfCos_pos 7))
  have h₅ := mul_le_mul h₁ h₁ h₄ (natCast_le.mpr (Nat.zero_le 9999811752826012))
  have h₆ : (31415 : Real) < 5120000 * halfSin 7 :=
    lt_of_mul_self_lt (mul_nonneg (natCast_le.mpr (Nat.zero_le 5120000)) (halfSin_nonneg 7))
      (by clear h₁ h₃ h₄; grind)
  have e : (2 : Real) ^ (7 + 2) = 512 := by clear h₁ h₂ h₃ h₄ h₅ h₆; grind
  rw [inscribed, e] at h₃
  clear h₁ h₂ h₄ h₅ e
  grind

theorem pi_lt_d4 : pi < 31416 / 10000 := by
  have h₁ := le_halfCos_nine
  have h₂ := halfCos_sq_add_halfSin_sq 9
  have h₃ := pi_le_circumscribed 9
  have h₄ := Std.le_of_lt (halfCos_pos 9)
  have h₅ := mul_le_mul h₁ h₁ (natCast_le.mpr (Nat.zero_le 9999988234517018))
    (mul_nonneg (natCast_le.mpr (Nat.zero_le 10000000000000000)) h₄)
  have h₆ : 20480000 * halfSin 9 < 31416 * halfCos 9 :=
    lt_of_mul_self_lt (mul_nonneg (natCast_le.mpr (Nat.zero_le 31416)) h₄)
      (by clear h₁ h₃ h₄; grind)
  have h₇ := circumscribed_mul_halfCos 9
  have e : (2 : Real) ^ (9 + 2) = 2048 := by clear h₁ h₂ h₃ h₄ h₅ h₆ h₇; grind
  rw [inscribed, e] at h₇
  refine Std.not_le.mp fun h => ?_
  have := mul_nonneg (sub_nonneg_of_le (Std.le_trans h h₃)) h₄
  clear h h₁ h₂ h₃ h₄ h₅ e
  grind

theorem pi_gt_three : 3 < pi := by
  have := pi_gt_d4
  grind

theorem pi_le_four : pi ≤ 4 := by
  have := pi_lt_d4
  grind

theorem two_le_pi : 2 ≤ pi :=
  Std.le_trans (natCast_le.mpr (by decide : 2 ≤ 3)) (Std.le_of_lt pi_gt_three)

theorem pi_nonneg : 0 ≤ pi := Std.le_of_lt pi_pos

theorem pi_ne_zero : pi ≠ 0 := ne_of_gt pi_pos

theorem pi_div_two_pos : 0 < pi / 2 := half_pos pi_pos

theorem two_pi_pos : 0 < 2 * pi := mul_pos two_pos pi_pos

theorem one_le_pi_div_two : 1 ≤ pi / 2 := by
  have := two_le_pi
  grind

/-! ### The constant of GELU -/

noncomputable section

/-- The constant `√(2 / π)` of the tanh form of GELU. -/
def sqrtTwoDivPi : Real := sqrt (2 / pi)

end

private theorem two_div_pi_pos : 0 < 2 / pi := by
  rw [div_eq_mul_inv]
  exact mul_pos two_pos (inv_pos pi_pos)

theorem sqrtTwoDivPi_mul_self : sqrtTwoDivPi * sqrtTwoDivPi = 2 / pi :=
  mul_self_sqrt (Std.le_of_lt two_div_pi_pos)

theorem sqrtTwoDivPi_pos : 0 < sqrtTwoDivPi := sqrt_pos.mpr two_div_pi_pos

/-- `√(2 / π)` to four digits. -/
theorem sqrtTwoDivPi_bounds : 7978 / 10000 < sqrtTwoDivPi ∧ sqrtTwoDivPi < 7979 / 10000 := by
  have h₀ : (0 : Real) ≤ 7979 / 10000 := by grind
  have h₁ := sqrtTwoDivPi_mul_self
  have h₂ := pi_gt_d4
  have h₃ := pi_lt_d4
  have h₄ := pi_pos
  have h₅ := sqrtTwoDivPi_pos
  have e : sqrtTwoDivPi * sqrtTwoDivPi * pi = 2 := by
    rw [h₁, div_eq_mul_inv, mul_assoc, mul_comm pi⁻¹, mul_inv_cancel pi_ne_zero, mul_one]
  have h₆ := mul_pos (mul_pos h₅ h₅) (sub_pos_of_lt h₃ : 0 < 31416 / 10000 - pi)
  have h₇ := mul_pos (mul_pos h₅ h₅) (sub_pos_of_lt h₂ : 0 < pi - 31415 / 10000)
  have lt : sqrtTwoDivPi * sqrtTwoDivPi < 7979 / 10000 * (7979 / 10000) := by
    clear h₁ h₃ h₄ h₅ h₆
    generalize sqrtTwoDivPi * sqrtTwoDivPi = q at *
    grind
  have gt : 7978 / 10000 * (7978 / 10000) < sqrtTwoDivPi * sqrtTwoDivPi := by
    clear h₁ h₂ h₄ h₅ h₇ lt
    generalize sqrtTwoDivPi * sqrtTwoDivPi = q at *
    grind
  exact ⟨lt_of_mul_self_lt (Std.le_of_lt h₅) gt, lt_of_mul_self_lt h₀ lt⟩

end Proofs.Autograd.Real
