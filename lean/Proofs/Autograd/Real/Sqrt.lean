module

public import Proofs.Autograd.Real.Complete

/-!
# The square root

`Real.sqrt x` is the least upper bound of the numbers whose square is at most `x`: for `0 ≤ x` the
number that is not negative and has the square `x` (`Real.mul_self_sqrt`,
`Real.sqrt_eq_of_mul_self_eq`), and 0 for negative `x`, as Mathlib's.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.Real

open Laws

variable {x y : Real}

/-- A multiple of a small enough positive number is small. -/
theorem exists_pos_mul_le {c ε : Real} (hc : 0 ≤ c) (hε : 0 < ε) :
    ∃ δ : Real, 0 < δ ∧ δ ≤ 1 ∧ c * δ ≤ ε := by
  have hk : 0 < c + ε := by grind
  have hδ := mul_pos hε (inv_pos hk)
  have e : (c + ε) * (ε * (c + ε)⁻¹) = ε := by
    rw [mul_left_comm, mul_inv_cancel (ne_of_gt hk), mul_one]
  refine ⟨ε * (c + ε)⁻¹, hδ, (mul_inv_le_iff₀ hk).mpr (by rw [one_mul]; clear hδ e; grind), ?_⟩
  have := mul_nonneg (Std.le_of_lt hε) (Std.le_of_lt hδ)
  generalize ε * (c + ε)⁻¹ = δ at *
  clear hk hc hε
  grind

/-- Where the square is larger, so is a number that is not negative. -/
theorem le_of_mul_self_le (hy : 0 ≤ y) (h : x * x ≤ y * y) : x ≤ y := by
  refine Std.not_lt.mp fun h' => ?_
  have := mul_pos (sub_pos_of_lt h') (by clear h; grind : 0 < x + y)
  clear hy h'
  grind

theorem mul_self_inj (hx : 0 ≤ x) (hy : 0 ≤ y) (h : x * x = y * y) : x = y := by
  exact Std.le_antisymm (le_of_mul_self_le hy (h ▸ Std.le_refl _))
    (le_of_mul_self_le hx (h ▸ Std.le_refl _))

noncomputable section

/-- The square root, 0 on negative numbers. -/
def sqrt (x : Real) : Real := sSup fun y => y * y ≤ x

end

private theorem isLUB_sqrt (hx : 0 ≤ x) : IsLUB (fun y => y * y ≤ x) (sqrt x) :=
  isLUB_sSup ⟨0, (by rw [mul_zero]; exact hx : (0 : Real) * 0 ≤ x)⟩ ⟨x + 1, fun y hy => by
    have := mul_nonneg hx hx
    exact le_of_mul_self_le (by grind) (by grind)⟩

theorem sqrt_eq_zero_of_neg (hx : x < 0) : sqrt x = 0 := by
  have e : (fun y : Real => y * y ≤ x) = fun _ => False := funext fun y => propext
    ⟨fun h => by have := mul_self_nonneg y; grind, False.elim⟩
  rw [sqrt, e, sSup_empty]

theorem sqrt_nonneg (x : Real) : 0 ≤ sqrt x := by
  by_cases hx : 0 ≤ x
  · exact (isLUB_sqrt hx).1 0 (by rw [mul_zero]; exact hx : (0 : Real) * 0 ≤ x)
  · rw [sqrt_eq_zero_of_neg (Std.not_le.mp hx)]
    exact Std.le_refl _

theorem mul_self_sqrt (hx : 0 ≤ x) : sqrt x * sqrt x = x := by
  have h := isLUB_sqrt hx
  have h₀ := sqrt_nonneg x
  generalize sqrt x = s at *
  have not_lt : ¬s * s < x := fun hs => by
    obtain ⟨δ, hδ, hδ₁, hsδ⟩ :=
      exists_pos_mul_le (by clear h hs; grind : 0 ≤ 2 * s + 1) (sub_pos_of_lt hs : 0 < x - s * s)
    have h₁ := mul_nonneg (Std.le_of_lt hδ) (sub_nonneg_of_le hδ₁ : 0 ≤ 1 - δ)
    have := h.1 (s + δ) (by clear h h₀ hs hδ hδ₁; grind)
    clear h h₁ hsδ hs
    grind
  have not_gt : ¬x < s * s := fun hs => by
    obtain ⟨δ, hδ, hδ₁, hsδ⟩ :=
      exists_pos_mul_le (by clear h hs; grind : 0 ≤ 2 * s) (sub_pos_of_lt hs)
    have h₁ := mul_self_nonneg δ
    have hδs : δ ≤ s := by
      refine Std.not_lt.mp fun h' => ?_
      have := mul_nonneg h₀ (sub_nonneg_of_le (Std.le_of_lt h'))
      have := mul_self_nonneg s
      clear h h₀ hδ hδ₁ h' h₁
      grind
    have := h.2 (s - δ) fun y hy =>
      le_of_mul_self_le (sub_nonneg_of_le hδs) (by clear h h₀ hs hδ hδ₁ hδs; grind)
    clear h h₀ h₁ hδ₁ hs hsδ hδs
    grind
  exact Std.le_antisymm (Std.not_lt.mp not_gt) (Std.not_lt.mp not_lt)

private theorem sq (x : Real) : x ^ 2 = x * x := by rw [pow_succ, pow_one]

theorem sq_sqrt (hx : 0 ≤ x) : sqrt x ^ 2 = x := (sq _).trans (mul_self_sqrt hx)

/-- The square root is the only number of its square that is not negative. -/
theorem sqrt_eq_of_mul_self_eq (hy : 0 ≤ y) (h : y * y = x) : sqrt x = y := by
  have hx : 0 ≤ x := h ▸ mul_self_nonneg y
  exact mul_self_inj (sqrt_nonneg x) hy (by rw [mul_self_sqrt hx, h])

theorem sqrt_mul_self (hx : 0 ≤ x) : sqrt (x * x) = x := sqrt_eq_of_mul_self_eq hx rfl

theorem sqrt_sq (hx : 0 ≤ x) : sqrt (x ^ 2) = x := sqrt_eq_of_mul_self_eq hx (sq x).symm

theorem sqrt_zero : sqrt 0 = 0 := sqrt_eq_of_mul_self_eq (Std.le_refl 0) (mul_zero 0)

theorem sqrt_one : sqrt 1 = 1 := sqrt_eq_of_mul_self_eq (Std.le_of_lt zero_lt_one) (mul_one 1)

theorem sqrt_eq_zero_of_nonpos (hx : x ≤ 0) : sqrt x = 0 := by
  by_cases h : x < 0
  · exact sqrt_eq_zero_of_neg h
  · rw [Std.le_antisymm hx (Std.not_lt.mp h), sqrt_zero]

theorem sqrt_pos : 0 < sqrt x ↔ 0 < x := by
  constructor <;> intro h
  · refine Std.not_le.mp fun h' => ?_
    rw [sqrt_eq_zero_of_nonpos h'] at h
    exact Std.not_lt.mpr (Std.le_refl _) h
  · have h₁ := mul_self_sqrt (Std.le_of_lt h)
    have h₂ := sqrt_nonneg x
    refine Std.not_le.mp fun h' => ?_
    rw [Std.le_antisymm h' h₂, mul_zero] at h₁
    exact ne_of_gt h h₁.symm

theorem le_sqrt_of_mul_self_le (h : x * x ≤ y) : x ≤ sqrt y :=
  le_of_mul_self_le (sqrt_nonneg y)
    (by rw [mul_self_sqrt (Std.le_trans (mul_self_nonneg x) h)]; exact h)

theorem sqrt_le_of_le_mul_self (hy : 0 ≤ y) (h : x ≤ y * y) : sqrt x ≤ y := by
  by_cases hx : 0 ≤ x
  · exact le_of_mul_self_le hy (by rw [mul_self_sqrt hx]; exact h)
  · rw [sqrt_eq_zero_of_neg (Std.not_le.mp hx)]
    exact hy

theorem le_sqrt' (hx : 0 < x) : x ≤ sqrt y ↔ x ^ 2 ≤ y := by
  refine ⟨fun h => ?_, fun h => le_sqrt_of_mul_self_le (sq x ▸ h)⟩
  have hy := sqrt_pos.mp (Std.lt_of_lt_of_le hx h : 0 < sqrt y)
  have := mul_le_mul h h (Std.le_of_lt hx) (sqrt_nonneg y)
  rwa [mul_self_sqrt (Std.le_of_lt hy), ← sq] at this

theorem sqrt_le_sqrt (h : x ≤ y) : sqrt x ≤ sqrt y := by
  by_cases hy : 0 ≤ y
  · exact sqrt_le_of_le_mul_self (sqrt_nonneg y) (by rw [mul_self_sqrt hy]; exact h)
  · rw [sqrt_eq_zero_of_neg (Std.lt_of_le_of_lt h (Std.not_le.mp hy))]
    exact sqrt_nonneg y

theorem sqrt_mul (hx : 0 ≤ x) (y : Real) : sqrt (x * y) = sqrt x * sqrt y := by
  by_cases hy : 0 ≤ y
  · refine sqrt_eq_of_mul_self_eq (mul_nonneg (sqrt_nonneg x) (sqrt_nonneg y)) ?_
    have h₁ := mul_self_sqrt hx
    have h₂ := mul_self_sqrt hy
    generalize sqrt x = s at *
    generalize sqrt y = t at *
    subst h₁ h₂
    grind
  · have := mul_nonneg hx (neg_nonneg_of_nonpos (Std.le_of_lt (Std.not_le.mp hy)) : 0 ≤ -y)
    rw [sqrt_eq_zero_of_nonpos (by grind : x * y ≤ 0), sqrt_eq_zero_of_neg (Std.not_le.mp hy),
      mul_zero]

/-! ### Order and equality, as in Mathlib -/

theorem sqrt_le_sqrt_iff (hy : 0 ≤ y) : sqrt x ≤ sqrt y ↔ x ≤ y := by
  refine ⟨fun h => ?_, sqrt_le_sqrt⟩
  by_cases hx : 0 ≤ x
  · rw [← mul_self_sqrt hx, ← mul_self_sqrt hy]
    exact mul_le_mul h h (sqrt_nonneg x) (sqrt_nonneg y)
  · exact Std.le_trans (Std.le_of_lt (Std.not_le.mp hx)) hy

theorem sqrt_lt_sqrt_iff (hx : 0 ≤ x) : sqrt x < sqrt y ↔ x < y := by
  rw [← Std.not_le, ← Std.not_le, sqrt_le_sqrt_iff hx]

theorem sqrt_lt_sqrt (hx : 0 ≤ x) (h : x < y) : sqrt x < sqrt y := (sqrt_lt_sqrt_iff hx).mpr h

theorem sqrt_inj (hx : 0 ≤ x) (hy : 0 ≤ y) : sqrt x = sqrt y ↔ x = y :=
  ⟨fun h => by rw [← mul_self_sqrt hx, h, mul_self_sqrt hy], congrArg sqrt⟩

theorem sqrt_pos_of_pos (hx : 0 < x) : 0 < sqrt x := sqrt_pos.mpr hx

theorem sqrt_eq_zero' : sqrt x = 0 ↔ x ≤ 0 := by
  have := sqrt_pos (x := x)
  have := sqrt_nonneg x
  grind

theorem sqrt_eq_zero (h : 0 ≤ x) : sqrt x = 0 ↔ x = 0 := by
  rw [sqrt_eq_zero']
  exact ⟨fun h' => Std.le_antisymm h' h, fun e => e ▸ Std.le_refl _⟩

theorem sqrt_ne_zero' : sqrt x ≠ 0 ↔ 0 < x := (not_congr sqrt_eq_zero').trans Std.not_le

theorem sqrt_ne_zero (h : 0 ≤ x) : sqrt x ≠ 0 ↔ x ≠ 0 := not_congr (sqrt_eq_zero h)

theorem sqrt_eq_iff_mul_self_eq (hx : 0 ≤ x) (hy : 0 ≤ y) : sqrt x = y ↔ x = y * y :=
  ⟨fun h => by rw [← h, mul_self_sqrt hx], fun h => sqrt_eq_of_mul_self_eq hy h.symm⟩

theorem sqrt_eq_iff_eq_sq (hx : 0 ≤ x) (hy : 0 ≤ y) : sqrt x = y ↔ x = y ^ 2 := by
  rw [sq, sqrt_eq_iff_mul_self_eq hx hy]

theorem sqrt_eq_one : sqrt x = 1 ↔ x = 1 := by
  refine ⟨fun h => ?_, fun h => by rw [h, sqrt_one]⟩
  have := mul_self_sqrt (Std.le_of_lt (sqrt_pos.mp (by rw [h]; exact zero_lt_one : 0 < sqrt x)))
  rw [h, mul_one] at this
  exact this.symm

theorem sqrt_le_left (hy : 0 ≤ y) : sqrt x ≤ y ↔ x ≤ y ^ 2 := by
  have h : sqrt x ≤ sqrt (y ^ 2) ↔ x ≤ y ^ 2 := sqrt_le_sqrt_iff (sq y ▸ mul_self_nonneg y)
  rwa [sqrt_sq hy] at h

theorem sqrt_le_iff : sqrt x ≤ y ↔ 0 ≤ y ∧ x ≤ y ^ 2 :=
  ⟨fun h => have hy := Std.le_trans (sqrt_nonneg x) h; ⟨hy, (sqrt_le_left hy).mp h⟩,
    fun h => (sqrt_le_left h.1).mpr h.2⟩

theorem sqrt_lt' (hy : 0 < y) : sqrt x < y ↔ x < y ^ 2 := by
  rw [← Std.not_le, ← Std.not_le, le_sqrt' hy]

theorem sqrt_lt (hx : 0 ≤ x) (hy : 0 ≤ y) : sqrt x < y ↔ x < y ^ 2 := by
  rw [← sqrt_lt_sqrt_iff hx, sqrt_sq hy]

theorem lt_sqrt (hx : 0 ≤ x) : x < sqrt y ↔ x ^ 2 < y := by
  rw [← Std.not_le, ← Std.not_le, sqrt_le_left hx]

theorem le_sqrt (hx : 0 ≤ x) (hy : 0 ≤ y) : x ≤ sqrt y ↔ x ^ 2 ≤ y := by
  rw [← Std.not_lt, ← Std.not_lt, sqrt_lt hy hx]

theorem le_sqrt_of_sq_le (h : x ^ 2 ≤ y) : x ≤ sqrt y := le_sqrt_of_mul_self_le (sq x ▸ h)

theorem one_le_sqrt : 1 ≤ sqrt x ↔ 1 ≤ x := by
  rw [le_sqrt' zero_lt_one, sq, mul_one]

theorem sqrt_le_one : sqrt x ≤ 1 ↔ x ≤ 1 := by
  rw [sqrt_le_left (Std.le_of_lt zero_lt_one), sq, mul_one]

theorem sqrt_mul' (x : Real) (hy : 0 ≤ y) : sqrt (x * y) = sqrt x * sqrt y := by
  rw [mul_comm x, sqrt_mul hy, mul_comm]

theorem sqrt_inv (x : Real) : sqrt x⁻¹ = (sqrt x)⁻¹ := by
  by_cases h : 0 < x
  · have hs := sqrt_pos_of_pos h
    have := mul_self_sqrt (Std.le_of_lt h)
    exact sqrt_eq_of_mul_self_eq (Std.le_of_lt (inv_pos hs)) (by grind)
  · have : x⁻¹ ≤ 0 := by
      by_cases h₀ : x = 0
      · rw [h₀, inv_zero]
        exact Std.le_refl _
      · have := inv_pos (by grind : 0 < -x)
        have : (-x)⁻¹ = -x⁻¹ := by grind
        grind
    rw [sqrt_eq_zero_of_nonpos this, sqrt_eq_zero_of_nonpos (Std.not_lt.mp h), inv_zero]

theorem sqrt_div (hx : 0 ≤ x) (y : Real) : sqrt (x / y) = sqrt x / sqrt y := by
  rw [div_eq_mul_inv, div_eq_mul_inv, sqrt_mul hx, sqrt_inv]

end Proofs.Autograd.Real
