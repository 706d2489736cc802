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
    ⟨1 * (compound M (-x))⁻¹, fun y ⟨n, hn, e⟩ => ?_⟩
  rw [e, le_mul_inv_iff₀ pos]
  exact compound_mul_le hn (Std.le_of_lt hM)

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
  · replace hb : 0 < b := by clear h ha; grind
    exact (le_mul_inv_iff₀ hb).mp <| (isLUB_exp x).2 _ fun y ⟨n, hn, e⟩ =>
      (le_mul_inv_iff₀ hb).mpr (e ▸ h n hn)

theorem exp_mul_exp_neg (x : Real) : exp x * exp (-x) = 1 := by
  have upper : exp x * exp (-x) ≤ 1 :=
    exp_mul_le (Std.le_of_lt zero_lt_one) (exp_nonneg _) fun n hn => by
      rw [mul_comm]
      refine exp_mul_le (Std.le_of_lt zero_lt_one) (compound_nonneg hn) fun m hm => ?_
      rw [mul_comm]
      exact compound_mul_le hn (neg_neg x ▸ hm)
  have lower : 1 - exp x * exp (-x) ≤ 0 := by
    obtain ⟨N, hN⟩ := exists_forall_lt_two_pow x
    obtain ⟨M, hM⟩ := exists_forall_lt_two_pow (-x)
    refine nonpos_of_two_pow_mul_le (N := N + M) (a := x * x) fun n hn => ?_
    replace hN := hN n (by omega)
    replace hM := hM n (by omega)
    have hN := Std.le_of_lt hN
    have hx : -(-x) ≤ 2 ^ n := by rw [neg_neg]; exact hN
    have h := mul_le_mul (compound_le_exp (Std.le_of_lt hM)) (compound_le_exp hx)
      (compound_nonneg hx) (exp_nonneg x)
    exact Std.le_trans (mul_le_mul_of_nonneg_left (sub_le_sub_left h 1)
      (Std.le_of_lt (two_pow_pos n))) (two_pow_mul_le n x)
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

private theorem le_of_inv_le {a b s t : Real} (ha : 0 ≤ a) (hs : 0 ≤ s) (hab : a * b = 1)
    (hst : s * t = 1) (h : t ≤ b) : a ≤ s := by
  have := mul_le_mul_of_nonneg_left h (mul_nonneg ha hs)
  rwa [mul_assoc, hst, mul_one, mul_comm a s, mul_assoc, hab, mul_one] at this

private theorem exp_add_of_nonneg (h : 0 ≤ x * y) : exp (x + y) = exp x * exp y := by
  refine Std.le_antisymm (exp_add_le h) ?_
  have h₁ := exp_add_le (x := -x) (y := -y) (by grind)
  rw [(by grind : -x + -y = -(x + y))] at h₁
  have hx := exp_mul_exp_neg x
  have hy := exp_mul_exp_neg y
  refine le_of_inv_le (mul_nonneg (exp_nonneg x) (exp_nonneg y)) (exp_nonneg _) ?_
    (exp_mul_exp_neg (x + y)) h₁
  rw [mul_assoc, mul_left_comm (exp y), hy, mul_one, hx]

/-- The exponential turns sums into products. -/
theorem exp_add (x y : Real) : exp (x + y) = exp x * exp y := by
  have mixed {x y : Real} (hx : 0 ≤ x) (hy : y ≤ 0) : exp (x + y) = exp x * exp y := by
    rcases Std.le_total (a := 0) (b := x + y) with h | h
    · have h₁ := exp_add_of_nonneg (mul_nonneg h (neg_nonneg_of_nonpos hy : 0 ≤ -y))
      have h₂ := exp_mul_exp_neg y
      rw [(by grind : x + y + -y = x)] at h₁
      grind
    · have h₁ := exp_add_of_nonneg (x := x + y) (y := -x)
        (by have := mul_nonneg (neg_nonneg_of_nonpos h : 0 ≤ -(x + y)) hx; grind)
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
  · refine exp_add_of_nonneg ?_
    have := mul_nonneg (neg_nonneg_of_nonpos hx) (neg_nonneg_of_nonpos hy)
    grind

end Proofs.Autograd.Real
