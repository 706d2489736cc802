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

variable {n : Nat} {a b d : Real}

private theorem ofNat_nonneg (n : Nat) : (0 : Real) ≤ OfNat.ofNat n :=
  natCast_le.mpr (Nat.zero_le n)

private theorem le_halfCos_zero (hd : 0 < d) (h : 2 * (b * b) ≤ d * d) : b ≤ d * halfCos 0 := by
  have h₁ := mul_self_sqrt (by grind : (0 : Real) ≤ 1 / 2)
  refine le_of_mul_self_le (mul_nonneg (Std.le_of_lt hd) (Std.le_of_lt (halfCos_pos 0))) ?_
  have e : d * halfCos 0 * (d * halfCos 0) = d * d * (1 / 2) := by
    rw [← h₁]; simp only [halfCos]; clear h₁ h; grind
  grind

private theorem halfCos_zero_le (hb : 0 ≤ b) (h : d * d ≤ 2 * (b * b)) : d * halfCos 0 ≤ b := by
  have h₁ := mul_self_sqrt (by grind : (0 : Real) ≤ 1 / 2)
  refine le_of_mul_self_le hb ?_
  have e : d * halfCos 0 * (d * halfCos 0) = d * d * (1 / 2) := by
    rw [← h₁]; simp only [halfCos]; clear h₁ h; grind
  grind

private theorem le_halfCos_succ (hd : 0 < d) (ha : a ≤ d * halfCos n)
    (h : 2 * (b * b) ≤ d * (d + a)) :
    b ≤ d * halfCos (n + 1) := by
  refine le_of_mul_self_le (mul_nonneg (Std.le_of_lt hd) (Std.le_of_lt (halfCos_pos (n + 1)))) ?_
  have h₁ := mul_nonneg (Std.le_of_lt hd) (sub_nonneg_of_le ha : 0 ≤ d * halfCos n - a)
  have e : d * halfCos (n + 1) * (d * halfCos (n + 1)) = d * d * ((1 + halfCos n) / 2) := by
    rw [← halfCos_mul_self]; clear h₁ h ha; grind
  grind

private theorem halfCos_succ_le (hd : 0 < d) (hb : 0 ≤ b) (ha : d * halfCos n ≤ a)
    (h : d * (d + a) ≤ 2 * (b * b)) :
    d * halfCos (n + 1) ≤ b := by
  refine le_of_mul_self_le hb ?_
  have h₁ := mul_nonneg (Std.le_of_lt hd) (sub_nonneg_of_le ha : 0 ≤ a - d * halfCos n)
  have e : d * halfCos (n + 1) * (d * halfCos (n + 1)) = d * d * ((1 + halfCos n) / 2) := by
    rw [← halfCos_mul_self]; clear h₁ h ha; grind
  grind

private theorem lt_of_mul_self_lt {x y : Real} (hy : 0 ≤ y) (h : x * x < y * y) : x < y := by
  refine Std.not_le.mp fun h' => ?_
  have := mul_le_mul h' h' hy (Std.le_trans hy h')
  exact Std.not_lt.mpr this h

private theorem le_halfCos_nine : 9999988234517018 ≤ 10000000000000000 * halfCos 9 := by
  have hd : (0 : Real) < 10000000000000000 := by grind
  have h := le_halfCos_zero (b := 7071067811865475) hd (by grind)
  have h := le_halfCos_succ (b := 9238795325112867) hd h (by grind)
  have h := le_halfCos_succ (b := 9807852804032304) hd h (by grind)
  have h := le_halfCos_succ (b := 9951847266721968) hd h (by grind)
  have h := le_halfCos_succ (b := 9987954562051723) hd h (by grind)
  have h := le_halfCos_succ (b := 9996988186962041) hd h (by grind)
  have h := le_halfCos_succ (b := 9999247018391445) hd h (by grind)
  have h := le_halfCos_succ (b := 9999811752826011) hd h (by grind)
  have h := le_halfCos_succ (b := 9999952938095761) hd h (by grind)
  have h := le_halfCos_succ (b := 9999988234517018) hd h (by grind)
  exact h

private theorem halfCos_seven_le : 10000000000000000 * halfCos 7 ≤ 9999811752826012 := by
  have hd : (0 : Real) < 10000000000000000 := by grind
  have h := halfCos_zero_le (b := 7071067811865476) (d := 10000000000000000) (by grind) (by grind)
  have h := halfCos_succ_le (b := 9238795325112868) hd (ofNat_nonneg _) h (by grind)
  have h := halfCos_succ_le (b := 9807852804032305) hd (ofNat_nonneg _) h (by grind)
  have h := halfCos_succ_le (b := 9951847266721969) hd (ofNat_nonneg _) h (by grind)
  have h := halfCos_succ_le (b := 9987954562051724) hd (ofNat_nonneg _) h (by grind)
  have h := halfCos_succ_le (b := 9996988186962043) hd (ofNat_nonneg _) h (by grind)
  have h := halfCos_succ_le (b := 9999247018391446) hd (ofNat_nonneg _) h (by grind)
  have h := halfCos_succ_le (b := 9999811752826012) hd (ofNat_nonneg _) h (by grind)
  exact h

theorem pi_gt_d4 : 31415 / 10000 < pi := by
  have h₁ := halfCos_seven_le
  have h₂ := halfCos_sq_add_halfSin_sq 7
  have h₃ := inscribed_le_pi 7
  have h₄ := halfCos_pos 7
  have h₅ := mul_le_mul h₁ h₁ (by grind) (by grind)
  have h₆ : (31415 : Real) < 5120000 * halfSin 7 :=
    lt_of_mul_self_lt (by have := halfSin_nonneg 7; grind) (by grind)
  have e : inscribed 7 = 512 * halfSin 7 := by
    simp only [inscribed]
    have : (2 : Real) ^ (7 + 2) = 512 := by grind
    rw [this]
  grind

theorem pi_lt_d4 : pi < 31416 / 10000 := by
  have h₁ := le_halfCos_nine
  have h₂ := halfCos_sq_add_halfSin_sq 9
  have h₃ := pi_le_circumscribed 9
  have h₄ := halfCos_pos 9
  have h₅ := mul_le_mul h₁ h₁ (by grind) (by grind)
  have h₆ : 20480000 * halfSin 9 < 31416 * halfCos 9 := lt_of_mul_self_lt (by grind) (by grind)
  have h₇ := circumscribed_mul_halfCos 9
  have e : inscribed 9 = 2048 * halfSin 9 := by
    simp only [inscribed]
    have : (2 : Real) ^ (9 + 2) = 2048 := by grind
    rw [this]
  refine Std.not_le.mp fun h => ?_
  have := mul_nonneg (sub_nonneg_of_le (Std.le_trans h h₃)) (Std.le_of_lt h₄)
  clear h h₃ h₅
  grind

theorem pi_gt_three : 3 < pi := by
  have := pi_gt_d4
  grind

theorem pi_le_four : pi ≤ 4 := by
  have := pi_lt_d4
  grind

theorem two_le_pi : 2 ≤ pi := by
  have := pi_gt_three
  grind

theorem pi_nonneg : 0 ≤ pi := Std.le_of_lt pi_pos

theorem pi_ne_zero : pi ≠ 0 := by
  have := pi_pos
  grind

theorem pi_div_two_pos : 0 < pi / 2 := by
  have := pi_pos
  grind

theorem two_pi_pos : 0 < 2 * pi := by
  have := pi_pos
  grind

theorem one_le_pi_div_two : 1 ≤ pi / 2 := by
  have := two_le_pi
  grind

/-! ### The constant of GELU -/

noncomputable section

/-- The constant `√(2 / π)` of the tanh form of GELU. -/
def sqrtTwoDivPi : Real := sqrt (2 / pi)

end

theorem sqrtTwoDivPi_mul_self : sqrtTwoDivPi * sqrtTwoDivPi = 2 / pi :=
  mul_self_sqrt (by have := inv_pos pi_pos; grind)

theorem sqrtTwoDivPi_pos : 0 < sqrtTwoDivPi := sqrt_pos.mpr (by have := inv_pos pi_pos; grind)

/-- `√(2 / π)` to four digits. -/
theorem sqrtTwoDivPi_bounds : 7978 / 10000 < sqrtTwoDivPi ∧ sqrtTwoDivPi < 7979 / 10000 := by
  have h₁ := sqrtTwoDivPi_mul_self
  have h₂ := pi_gt_d4
  have h₃ := pi_lt_d4
  have h₄ := pi_pos
  have h₅ := sqrtTwoDivPi_pos
  have e : sqrtTwoDivPi * sqrtTwoDivPi * pi = 2 := by rw [h₁]; grind
  have h₆ := mul_pos (mul_pos h₅ h₅) (sub_pos_of_lt h₃ : 0 < 31416 / 10000 - pi)
  have h₇ := mul_pos (mul_pos h₅ h₅) (sub_pos_of_lt h₂ : 0 < pi - 31415 / 10000)
  exact ⟨lt_of_mul_self_lt (Std.le_of_lt h₅) (by grind), lt_of_mul_self_lt (by grind) (by grind)⟩

end Proofs.Autograd.Real
