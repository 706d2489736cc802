module

public import Proofs.Autograd.Real.ExpOrder
public import Proofs.Autograd.Real.Sqrt

/-!
# The logarithm

For positive `y`, `Real.log y` is the least upper bound of the `x` with `exp x ≤ y`, and the inverse
of the exponential (`Real.exp_log`, `Real.log_exp`). As in Mathlib, `log y = log (-y)` for negative
`y`, and `log 0 = 0`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.Real

open Laws

variable {x y : Real}

noncomputable section

/-- The logarithm; `log 0 = 0`, and `log y = log (-y)`. -/
def log (y : Real) : Real :=
  open Classical in if y = 0 then 0 else sSup fun x => exp x ≤ if 0 < y then y else -y

end

private theorem isLUB_log (hy : 0 < y) : IsLUB (fun x => exp x ≤ y) (log y) := by
  have e : log y = sSup fun x => exp x ≤ y := by
    simp only [log, if_pos hy]
    exact if_neg (by grind)
  rw [e]
  refine isLUB_sSup ⟨-y⁻¹, ?_⟩ ⟨y, fun x hx => by have := add_one_le_exp x; grind⟩
  rw [exp_neg, ← one_mul (exp y⁻¹)⁻¹, mul_inv_le_iff₀ (exp_pos _)]
  have h := mul_le_mul_of_nonneg_left (add_one_le_exp y⁻¹) (Std.le_of_lt hy)
  rw [left_distrib, mul_inv_cancel (ne_of_gt hy), mul_one] at h
  clear e
  grind

theorem exp_log (hy : 0 < y) : exp (log y) = y := by
  have h := isLUB_log hy
  generalize log y = l at *
  have hl := exp_pos l
  have not_lt : ¬exp l < y := fun hs => by
    obtain ⟨d, hd⟩ : ∃ d, 1 - d = exp l * y⁻¹ := ⟨1 - exp l * y⁻¹, by clear hs hl hy h; grind⟩
    have h₀ : exp l * y⁻¹ < 1 := (mul_inv_lt_iff₀ hy).mpr (by rw [one_mul]; exact hs)
    have h₁ := exp_mul_one_sub_le_one d
    rw [hd, ← mul_assoc, ← exp_add, mul_inv_le_iff₀ hy, one_mul] at h₁
    have := h.1 (d + l) h₁
    rw [← hd] at h₀
    clear h h₁ hd hs hl hy
    grind
  have not_gt : ¬y < exp l := fun hs => by
    obtain ⟨d, hd⟩ : ∃ d, d + 1 = y * (exp l)⁻¹ := ⟨y * (exp l)⁻¹ - 1, by
      clear hs hl hy h not_lt; grind⟩
    have h₀ : y * (exp l)⁻¹ < 1 := (mul_inv_lt_iff₀ hl).mpr (by rw [one_mul]; exact hs)
    have h₁ := add_one_le_exp d
    rw [hd, mul_inv_le_iff₀ hl, ← exp_add] at h₁
    have := h.2 (d + l) fun x hx => exp_le_exp.mp (Std.le_trans hx h₁)
    rw [← hd] at h₀
    clear h h₁ hd hs hl hy not_lt
    grind
  exact Std.le_antisymm (Std.not_lt.mp not_gt) (Std.not_lt.mp not_lt)

theorem log_exp (x : Real) : log (exp x) = x := exp_injective (exp_log (exp_pos x))

theorem log_zero : log 0 = 0 := if_pos rfl

theorem log_one : log 1 = 0 := by rw [← exp_zero, log_exp]

theorem log_neg_eq_log (y : Real) : log (-y) = log y := by
  by_cases h : y = 0
  · exact congrArg log (by grind)
  · simp only [log]
    rw [if_neg h, if_neg (by grind : ¬-y = 0)]
    by_cases h₀ : 0 < y
    · rw [if_pos h₀, if_neg (by grind : ¬0 < -y), (neg_neg y : - -y = y)]
    · rw [if_neg h₀, if_pos (by grind : 0 < -y)]

theorem log_mul (hx : x ≠ 0) (hy : y ≠ 0) : log (x * y) = log x + log y := by
  have pos {x y : Real} (hx : 0 < x) (hy : 0 < y) : log (x * y) = log x + log y :=
    exp_injective (by rw [exp_log (mul_pos hx hy), exp_add, exp_log hx, exp_log hy])
  have left {x y : Real} (hx : x ≠ 0) (hy : 0 < y) : log (x * y) = log x + log y := by
    by_cases h : 0 < x
    · exact pos h hy
    · rw [← log_neg_eq_log x, ← pos (by grind) hy, ← log_neg_eq_log]
      exact congrArg log (by grind)
  by_cases h : 0 < y
  · exact left hx h
  · rw [← log_neg_eq_log y, ← left hx (by grind), ← log_neg_eq_log]
    exact congrArg log (by grind)

theorem log_inv (x : Real) : log x⁻¹ = -log x := by
  by_cases h : x = 0
  · rw [h, inv_zero, log_zero]
    grind
  · have h₁ := log_mul h (by grind : x⁻¹ ≠ 0)
    rw [mul_inv_cancel h, log_one] at h₁
    grind

theorem log_lt_log (hx : 0 < x) (h : x < y) : log x < log y :=
  exp_lt_exp.mp (by rw [exp_log hx, exp_log (Std.lt_trans hx h)]; exact h)

theorem log_le_log (hx : 0 < x) (h : x ≤ y) : log x ≤ log y :=
  exp_le_exp.mp (by rw [exp_log hx, exp_log (Std.lt_of_lt_of_le hx h)]; exact h)

theorem log_le_sub_one_of_pos (hx : 0 < x) : log x ≤ x - 1 := by
  have := add_one_le_exp (log x)
  rw [exp_log hx] at this
  grind

/-! ### Order and equality, as in Mathlib -/

theorem log_div (hx : x ≠ 0) (hy : y ≠ 0) : log (x / y) = log x - log y := by
  rw [div_eq_mul_inv, log_mul hx (by grind), log_inv]
  grind

theorem log_pow (x : Real) (n : Nat) : log (x ^ n) = n * log x := by
  have zero_mul (y : Real) : ((0 : Nat) : Real) * y = 0 := Laws.zero_mul y
  induction n with
  | zero => rw [pow_zero, log_one, zero_mul]
  | succ n ih =>
    by_cases hx : x = 0
    · rw [hx, pow_succ, log_zero, mul_zero, mul_zero, log_zero]
    · have pow_ne (n : Nat) : x ^ n ≠ 0 := by
        induction n with
        | zero => rw [pow_zero]; grind
        | succ n ih => rw [pow_succ]; grind
      rw [pow_succ, log_mul (pow_ne n) hx, ih, natCast_add]
      have : (n : Real) * log x + log x = (n + 1) * log x := by grind
      exact this

theorem log_sqrt (hx : 0 ≤ x) : log (sqrt x) = log x / 2 := by
  by_cases h : x = 0
  · rw [h, sqrt_zero, log_zero]
    grind
  · have hs : sqrt x ≠ 0 := (sqrt_ne_zero hx).mpr h
    have := log_mul hs hs
    rw [mul_self_sqrt hx] at this
    grind

theorem log_le_log_iff (h : 0 < x) (h₁ : 0 < y) : log x ≤ log y ↔ x ≤ y := by
  rw [← exp_le_exp, exp_log h, exp_log h₁]

theorem log_lt_log_iff (hx : 0 < x) (hy : 0 < y) : log x < log y ↔ x < y := by
  rw [← exp_lt_exp, exp_log hx, exp_log hy]

theorem strictMonoOn_log ⦃x : Real⦄ (hx : 0 < x) ⦃y : Real⦄ (_ : 0 < y) (h : x < y) :
    log x < log y :=
  log_lt_log hx h

theorem log_injOn_pos ⦃x : Real⦄ (hx : 0 < x) ⦃y : Real⦄ (hy : 0 < y) (h : log x = log y) :
    x = y := by
  rw [← exp_log hx, h, exp_log hy]

theorem log_surjective : Function.Surjective log := fun x => ⟨exp x, log_exp x⟩

theorem log_eq_iff_eq_exp (hx : 0 < x) : log x = y ↔ x = exp y := by rw [← exp_eq_exp, exp_log hx]

theorem log_le_iff_le_exp (hx : 0 < x) : log x ≤ y ↔ x ≤ exp y := by rw [← exp_le_exp, exp_log hx]

theorem log_lt_iff_lt_exp (hx : 0 < x) : log x < y ↔ x < exp y := by rw [← exp_lt_exp, exp_log hx]

theorem le_log_iff_exp_le (hy : 0 < y) : x ≤ log y ↔ exp x ≤ y := by rw [← exp_le_exp, exp_log hy]

theorem lt_log_iff_exp_lt (hy : 0 < y) : x < log y ↔ exp x < y := by rw [← exp_lt_exp, exp_log hy]

theorem log_pos_iff (hx : 0 ≤ x) : 0 < log x ↔ 1 < x := by
  by_cases h : 0 < x
  · rw [← log_one, log_lt_log_iff (zero_lt_one) h]
  · rw [(by grind : x = 0), log_zero]
    grind

theorem log_neg_iff (h : 0 < x) : log x < 0 ↔ x < 1 := by
  rw [← log_one, log_lt_log_iff h (zero_lt_one)]

theorem log_nonneg_iff (hx : 0 < x) : 0 ≤ log x ↔ 1 ≤ x := by
  rw [← log_one, log_le_log_iff (zero_lt_one) hx]

theorem log_nonpos_iff (hx : 0 ≤ x) : log x ≤ 0 ↔ x ≤ 1 := by
  have := log_pos_iff hx
  grind

theorem log_pos (hx : 1 < x) : 0 < log x := (log_pos_iff (by grind)).mpr hx

theorem log_neg (h0 : 0 < x) (h1 : x < 1) : log x < 0 := (log_neg_iff h0).mpr h1

theorem log_nonneg (hx : 1 ≤ x) : 0 ≤ log x := (log_nonneg_iff (by grind)).mpr hx

theorem log_nonpos (hx : 0 ≤ x) (h'x : x ≤ 1) : log x ≤ 0 := (log_nonpos_iff hx).mpr h'x

theorem eq_one_of_pos_of_log_eq_zero (h₁ : 0 < x) (h₂ : log x = 0) : x = 1 :=
  log_injOn_pos h₁ (zero_lt_one) (h₂.trans log_one.symm)

theorem log_eq_zero : log x = 0 ↔ x = 0 ∨ x = 1 ∨ x = -1 := by
  refine ⟨fun h => ?_, fun h => ?_⟩
  · have pos (hx : 0 < x) := eq_one_of_pos_of_log_eq_zero hx h
    have neg (hx : 0 < -x) := eq_one_of_pos_of_log_eq_zero hx ((log_neg_eq_log x).trans h)
    grind
  · rcases h with h | h | h <;> rw [h]
    · exact log_zero
    · exact log_one
    · rw [log_neg_eq_log, log_one]

end Proofs.Autograd.Real
