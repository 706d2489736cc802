module

public import Proofs.Autograd.Real.Field

/-!
# The approximations of the exponential

`compound n x` is `(1 + x / 2ⁿ) ^ 2ⁿ` (`Real.compound_eq`), written as repeated squaring:
`compound (n + 1) x = compound n (x / 2) ^ 2`. So everything about it is an induction of one step.

Main results: it grows with `n` once `1 + x / 2ⁿ` is not negative (`compound_mono`);
`compound n x * compound n (-x)` lies between `1 - x² / 2ⁿ` (`two_pow_mul_le`) and 1
(`compound_mul_compound_neg_le`); for `x` and `y` of one sign `compound n (x + y)` is at most
`compound n x * compound n y` (`compound_add_le`).
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.Real

open Laws

variable {x y : Real} {n : Nat}

/-! ### Powers of two -/

theorem two_pow_succ (n : Nat) : (2 : Real) ^ (n + 1) = 2 ^ n * 2 :=
  pow_succ 2 n

theorem one_le_two_pow : (n : Nat) → (1 : Real) ≤ 2 ^ n
  | 0 => Std.le_refl 1
  | n + 1 => by have := one_le_two_pow n; rw [two_pow_succ]; grind

theorem two_pow_pos (n : Nat) : (0 : Real) < 2 ^ n :=
  Std.lt_of_lt_of_le zero_lt_one (one_le_two_pow n)

/-- Powers of two pass every number. -/
theorem exists_forall_lt_two_pow (x : Real) : ∃ N : Nat, ∀ n, N ≤ n → x < 2 ^ n := by
  have lt : (n : Nat) → (n : Real) < 2 ^ n := by
    intro n
    induction n with
    | zero => have := one_le_two_pow 0; change (0 : Real) < _; grind
    | succ n ih =>
      have := one_le_two_pow n
      rw [two_pow_succ, natCast_add]
      change (n : Real) + 1 < _
      grind
  obtain ⟨N, hN⟩ := exists_nat_gt x
  refine ⟨N, fun n hn => ?_⟩
  have h₁ := lt n
  have h₂ := natCast_le.mpr hn
  grind

/-- What stays bounded under multiplication by powers of two is not positive. -/
theorem nonpos_of_two_pow_mul_le {d a : Real} {N : Nat}
    (h : ∀ n, N ≤ n → 2 ^ n * d ≤ a) : d ≤ 0 := by
  refine Std.not_lt.mp fun hd => ?_
  obtain ⟨M, hM⟩ := exists_forall_lt_two_pow (a * d⁻¹)
  exact Std.not_lt.mpr (h (N + M) (by omega)) ((mul_inv_lt_iff₀ hd).mp (hM (N + M) (by omega)))

private theorem neg_half_le {t : Real} (h : -x ≤ t * 2) : -(x / 2) ≤ t := by grind

private theorem half_le {t : Real} (h : x ≤ t * 2) : x / 2 ≤ t := by grind

/-! ### The approximations -/

noncomputable section

/-- The approximation `(1 + x / 2ⁿ) ^ 2ⁿ` of the exponential, by repeated squaring. -/
def compound : Nat → Real → Real
  | 0, x => 1 + x
  | n + 1, x => compound n (x / 2) * compound n (x / 2)

theorem compound_eq (n : Nat) (x : Real) : compound n x = (1 + x / 2 ^ n) ^ 2 ^ n := by
  induction n generalizing x with
  | zero => simp only [compound, Nat.pow_zero, pow_one]; grind
  | succ n ih =>
    have h := one_le_two_pow n
    have e : x / 2 / 2 ^ n = x / 2 ^ (n + 1) := by rw [two_pow_succ]; grind
    rw [compound, ih, e, ← pow_add, Nat.pow_succ, Nat.mul_two]

theorem compound_nonneg (h : -x ≤ 2 ^ n) : 0 ≤ compound n x := by
  cases n with
  | zero => simp only [compound]; grind
  | succ n => exact mul_self_nonneg _

theorem compound_pos (h : -x < 2 ^ n) : 0 < compound n x := by
  induction n generalizing x with
  | zero => simp only [compound]; grind
  | succ n ih =>
    rw [two_pow_succ] at h
    have := ih (x := x / 2) (by grind)
    exact mul_pos this this

theorem compound_le_succ (h : -x ≤ 2 ^ n) : compound n x ≤ compound (n + 1) x := by
  induction n generalizing x with
  | zero => have := mul_self_nonneg x; simp only [compound]; grind
  | succ n ih =>
    rw [two_pow_succ] at h
    have h₁ := ih (neg_half_le h)
    have h₂ := compound_nonneg (neg_half_le h)
    exact mul_le_mul h₁ h₁ h₂ (Std.le_trans h₂ h₁)

theorem compound_mono (h : -x ≤ 2 ^ n) (k : Nat) :
    compound n x ≤ compound (n + k) x ∧ -x ≤ 2 ^ (n + k) := by
  induction k with
  | zero => exact ⟨Std.le_refl (compound n x), h⟩
  | succ k ih =>
    obtain ⟨h₁, h₂⟩ := ih
    have h₃ := compound_le_succ h₂
    have h₄ := one_le_two_pow (n + k)
    have h₅ := two_pow_succ (n + k)
    exact ⟨Std.le_trans h₁ h₃, by rw [← Nat.add_assoc]; grind⟩

theorem compound_mul_compound_neg_le (h₁ : -x ≤ 2 ^ n) (h₂ : x ≤ 2 ^ n) :
    compound n x * compound n (-x) ≤ 1 := by
  induction n generalizing x with
  | zero => have := mul_self_nonneg x; simp only [compound]; grind
  | succ n ih =>
    rw [two_pow_succ] at h₁ h₂
    have h := ih (neg_half_le h₁) (half_le h₂)
    have h₀ := mul_nonneg (compound_nonneg (neg_half_le h₁))
      (compound_nonneg (n := n) (x := -(x / 2)) (by rw [neg_neg]; exact half_le h₂))
    have e : -x / 2 = -(x / 2) := by clear h h₀ h₁ h₂; grind
    simp only [compound, e]
    generalize compound n (x / 2) = a at *
    generalize compound n (-(x / 2)) = b at *
    clear e h₁ h₂
    have := mul_le_mul h h h₀ (Std.le_trans h₀ h)
    grind

theorem two_pow_mul_le (n : Nat) (x : Real) :
    2 ^ n * (1 - compound n x * compound n (-x)) ≤ x * x := by
  induction n generalizing x with
  | zero => simp only [compound]; grind
  | succ n ih =>
    have h := ih (x / 2)
    have e : -x / 2 = -(x / 2) := by grind
    simp only [compound, e, two_pow_succ]
    generalize compound n (x / 2) = a at *
    generalize compound n (-(x / 2)) = b at *
    have := mul_nonneg (Std.le_of_lt (two_pow_pos n)) (mul_self_nonneg (1 - a * b))
    generalize (2 : Real) ^ n = t at *
    clear e
    grind

theorem compound_add_le (hxy : 0 ≤ x * y) (hx : -x ≤ 2 ^ n) (hy : -y ≤ 2 ^ n)
    (h : -(x + y) ≤ 2 ^ n) :
    compound n (x + y) ≤ compound n x * compound n y := by
  induction n generalizing x y with
  | zero => simp only [compound]; grind
  | succ n ih =>
    rw [two_pow_succ] at hx hy h
    have e : (x + y) / 2 = x / 2 + y / 2 := by clear hx hy h hxy; grind
    have hxy : 0 ≤ x / 2 * (y / 2) := by clear hx hy h e; grind
    replace h := neg_half_le h
    rw [e] at h
    have h₁ := ih hxy (neg_half_le hx) (neg_half_le hy) h
    have h₀ := compound_nonneg h
    simp only [compound, e]
    have := mul_le_mul h₁ h₁ h₀ (Std.le_trans h₀ h₁)
    generalize compound n (x / 2) = a at *
    generalize compound n (y / 2) = b at *
    clear e hxy hx hy h h₁ h₀
    grind

end

end Proofs.Autograd.Real
