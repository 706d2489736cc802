module

public import Proofs.Autograd.Real.Complete
public import Proofs.Autograd.Real.Compound

/-!
# The exponential

`Real.exp x` is the least upper bound of the approximations `(1 + x / 2ⁿ) ^ 2ⁿ` over the `n` from
which on the base is not negative. As `compound n x * compound n (-x)` tends to 1,
`exp x * exp (-x) = 1`. For `x` and `y` of one sign `(1 + x) * (1 + y)` is at least `1 + (x + y)`,
hence `exp (x + y) ≤ exp x * exp y`; the same at `-x` and `-y` is the converse.

Main results: `Real.exp_add`, `Real.add_one_le_exp`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.Real

open Laws

variable {x y : Real} {n : Nat}

noncomputable section

/-- The exponential function. -/
def exp (x : Real) : Real := sSup fun y => ∃ n, -x ≤ 2 ^ n ∧ y = compound n x

end

private theorem compound_mul_le {m : Nat} (hn : -x ≤ 2 ^ n) (hm : x ≤ 2 ^ m) :
    compound n x * compound m (-x) ≤ 1 := by
  obtain ⟨h₁, h₂⟩ := compound_mono hn m
  obtain ⟨h₃, h₄⟩ := compound_mono (x := -x) (n := m) (by grind) n
  rw [Nat.add_comm] at h₃ h₄
  have h₅ := compound_mul_compound_neg_le h₂ (by grind)
  have := mul_le_mul h₁ h₃ (compound_nonneg (by grind)) (Std.le_trans (compound_nonneg hn) h₁)
  grind

private theorem isLUB_exp (x : Real) :
    IsLUB (fun y => ∃ n, -x ≤ 2 ^ n ∧ y = compound n x) (exp x) := by
  obtain ⟨N, hN⟩ := exists_forall_lt_two_pow (-x)
  obtain ⟨M, hM⟩ := exists_forall_lt_two_pow x
  replace hM := hM M (Nat.le_refl M)
  have pos := compound_pos (n := M) (x := -x) (by grind)
  refine isLUB_sSup ⟨_, N, Std.le_of_lt (hN N (Nat.le_refl N)), rfl⟩
    ⟨(compound M (-x))⁻¹, fun y ⟨n, hn, e⟩ => ?_⟩
  have h₁ := compound_mul_le hn (Std.le_of_lt hM)
  rw [e]
  generalize compound M (-x) = c at *
  have := mul_nonneg (Std.le_of_lt (inv_pos pos)) (by grind : 0 ≤ 1 - compound n x * c)
  have e : c⁻¹ * (1 - compound n x * c) = c⁻¹ - compound n x := by clear this h₁; grind
  grind

theorem compound_le_exp (h : -x ≤ 2 ^ n) : compound n x ≤ exp x := (isLUB_exp x).1 _ ⟨n, h, rfl⟩

theorem exp_nonneg (x : Real) : 0 ≤ exp x := by
  obtain ⟨N, hN⟩ := exists_forall_lt_two_pow (-x)
  have h := Std.le_of_lt (hN N (Nat.le_refl N))
  exact Std.le_trans (compound_nonneg h) (compound_le_exp h)

private theorem exp_mul_le {a b : Real} (ha : 0 ≤ a) (hb : 0 ≤ b)
    (h : ∀ n, -x ≤ 2 ^ n → compound n x * b ≤ a) :
    exp x * b ≤ a := by
  by_cases h₀ : b = 0
  · rw [h₀, mul_zero]
    exact ha
  · have hb' : 0 < b⁻¹ := inv_pos (by grind)
    have := (isLUB_exp x).2 (a * b⁻¹) fun y ⟨n, hn, e⟩ => by
      have := mul_nonneg (Std.le_of_lt hb') (by have := h n hn; grind : 0 ≤ a - y * b)
      have e : b⁻¹ * (a - y * b) = a * b⁻¹ - y := by clear this; grind
      grind
    have := mul_nonneg hb (by grind : 0 ≤ a * b⁻¹ - exp x)
    have e : b * (a * b⁻¹ - exp x) = a - exp x * b := by clear this; grind
    grind

theorem exp_mul_exp_neg (x : Real) : exp x * exp (-x) = 1 := by
  have upper : exp x * exp (-x) ≤ 1 := exp_mul_le (by grind) (exp_nonneg _) fun n hn => by
    have := exp_mul_le (x := -x) (a := 1) (by grind) (compound_nonneg hn) fun m hm => by
      have := compound_mul_le (m := m) hn (by grind)
      grind
    grind
  have lower : 1 - exp x * exp (-x) ≤ 0 := by
    obtain ⟨N, hN⟩ := exists_forall_lt_two_pow x
    obtain ⟨M, hM⟩ := exists_forall_lt_two_pow (-x)
    refine nonpos_of_two_pow_mul_le (N := N + M) (a := x * x) fun n hn => ?_
    replace hN := hN n (by omega)
    replace hM := hM n (by omega)
    have h₁ := two_pow_mul_le n x
    have h₂ :=
      mul_le_mul (compound_le_exp (Std.le_of_lt hM)) (compound_le_exp (n := n) (x := -x) (by grind))
      (compound_nonneg (by grind)) (exp_nonneg x)
    have h₃ := one_le_two_pow n
    have := mul_nonneg (by grind : (0 : Real) ≤ 2 ^ n)
      (by grind : 0 ≤ exp x * exp (-x) - compound n x * compound n (-x))
    grind
  grind

theorem exp_pos (x : Real) : 0 < exp x := by
  have h₁ := exp_nonneg x
  have h₂ := exp_mul_exp_neg x
  have : exp x ≠ 0 := by intro e; rw [e] at h₂; grind
  grind

/-- The exponential lies above its tangent at 0. -/
theorem add_one_le_exp (x : Real) : x + 1 ≤ exp x := by
  by_cases h : -x ≤ 2 ^ 0
  · have := compound_le_exp h
    simp only [compound] at this
    grind
  · have := exp_nonneg x
    grind

private theorem exp_add_le (h : 0 ≤ x * y) : exp (x + y) ≤ exp x * exp y :=
  (isLUB_exp (x + y)).2 _ fun z ⟨n, hn, e⟩ => by
    obtain ⟨N, hN⟩ := exists_forall_lt_two_pow (-x)
    obtain ⟨M, hM⟩ := exists_forall_lt_two_pow (-y)
    have hx := Std.le_of_lt (hN (n + (N + M)) (by omega))
    have hy := Std.le_of_lt (hM (n + (N + M)) (by omega))
    obtain ⟨h₁, h₂⟩ := compound_mono hn (N + M)
    have h₃ := compound_add_le h hx hy h₂
    have := mul_le_mul (compound_le_exp hx) (compound_le_exp hy) (compound_nonneg hy) (exp_nonneg x)
    grind

private theorem exp_add_of_nonneg (h : 0 ≤ x * y) : exp (x + y) = exp x * exp y := by
  have h₁ := exp_add_le h
  have h₂ := exp_add_le (x := -x) (y := -y) (by grind)
  have e : -x + -y = -(x + y) := by grind
  rw [e] at h₂
  have hx := exp_mul_exp_neg x
  have hy := exp_mul_exp_neg y
  have hxy := exp_mul_exp_neg (x + y)
  have h₃ := mul_nonneg (mul_nonneg (mul_nonneg (exp_nonneg x) (exp_nonneg y)) (exp_nonneg (x + y)))
    (by grind : 0 ≤ exp (-x) * exp (-y) - exp (-(x + y)))
  have e : exp x * exp y * exp (x + y) * (exp (-x) * exp (-y) - exp (-(x + y))) =
      exp (x + y) - exp x * exp y := by
    clear h₁ h₂ h₃ h; grind
  grind

/-- The exponential turns sums into products. -/
theorem exp_add (x y : Real) : exp (x + y) = exp x * exp y := by
  have mixed {x y : Real} (hx : 0 ≤ x) (hy : y ≤ 0) : exp (x + y) = exp x * exp y := by
    rcases Std.le_total (a := 0) (b := x + y) with h | h
    · have h₁ := exp_add_of_nonneg (mul_nonneg h (by grind : 0 ≤ -y))
      have h₂ := exp_mul_exp_neg y
      rw [(by grind : x + y + -y = x)] at h₁
      grind
    · have h₁ := exp_add_of_nonneg (x := x + y) (y := -x)
        (by have := mul_nonneg (by grind : 0 ≤ -(x + y)) hx; grind)
      have h₂ := exp_mul_exp_neg x
      rw [(by grind : x + y + -x = y)] at h₁
      grind
  rcases Std.le_total (a := 0) (b := x) with hx | hx <;>
    rcases Std.le_total (a := 0) (b := y) with hy | hy
  · exact exp_add_of_nonneg (mul_nonneg hx hy)
  · exact mixed hx hy
  · have := mixed hy hx
    rw [add_comm x y]
    grind
  · exact exp_add_of_nonneg (by have := mul_nonneg (by grind : 0 ≤ -x) (by grind : 0 ≤ -y); grind)

end Proofs.Autograd.Real
