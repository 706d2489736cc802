module

public import Proofs.Autograd.Real.Complete

/-!
# The exponential

`Real.exp x` is the least upper bound of `(1 + x / 2ⁿ) ^ 2ⁿ` over the `n` from which on the base is not negative: there the sequence
grows. Written as repeated squaring, `compound (n + 1) x = compound n (x / 2) ^ 2`, everything about it is an induction of one line.

`compound n x * compound n (-x)` lies between `1 - x² / 2ⁿ` and 1, hence `exp x * exp (-x) = 1`. For `x` and `y` of one sign
`(1 + x) * (1 + y)` is at least `1 + (x + y)`, hence `exp (x + y) ≤ exp x * exp y`; the same at `-x` and `-y` is the converse.

Main results: `Real.exp_add`, `Real.add_one_le_exp`, and that `exp x` is the limit (`Real.tendsto_exp`).
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.Real

variable {x y : Real} {n : Nat}

/-! ### Powers of two -/

theorem two_pow_succ (n : Nat) : (2 : Real) ^ (n + 1) = 2 ^ n * 2 := Lean.Grind.Semiring.pow_succ 2 n

theorem one_le_two_pow : (n : Nat) → (1 : Real) ≤ 2 ^ n
  | 0 => by grind
  | n + 1 => by have := one_le_two_pow n; rw [two_pow_succ]; grind

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
theorem nonpos_of_two_pow_mul_le {d a : Real} {N : Nat} (h : ∀ n, N ≤ n → 2 ^ n * d ≤ a) : d ≤ 0 := by
  false_or_by_contra
  have hd : 0 < d := by grind
  obtain ⟨M, hM⟩ := exists_forall_lt_two_pow (a * d⁻¹)
  replace h := h (N + M) (by omega)
  have := mul_pos (by have := hM (N + M) (by omega); grind : 0 < 2 ^ (N + M) - a * d⁻¹) hd
  have e : (2 ^ (N + M) - a * d⁻¹) * d = 2 ^ (N + M) * d - a := by clear this h; grind
  grind

/-! ### The approximations -/

noncomputable section

/-- The approximation `(1 + x / 2ⁿ) ^ 2ⁿ` of the exponential, by repeated squaring. -/
def compound : Nat → Real → Real
  | 0, x => 1 + x
  | n + 1, x => compound n (x / 2) * compound n (x / 2)

theorem compound_eq (n : Nat) (x : Real) : compound n x = (1 + x / 2 ^ n) ^ 2 ^ n := by
  induction n generalizing x with
  | zero => simp only [compound, Nat.pow_zero, Lean.Grind.Semiring.pow_one]; grind
  | succ n ih =>
    have h := one_le_two_pow n
    have e : x / 2 / 2 ^ n = x / 2 ^ (n + 1) := by rw [two_pow_succ]; grind
    rw [compound, ih, e, ← Lean.Grind.Semiring.pow_add, Nat.pow_succ, Nat.mul_two]

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
    have h₁ := ih (x := x / 2) (by grind)
    have h₂ := compound_nonneg (n := n) (x := x / 2) (by grind)
    exact mul_le_mul h₁ h₁ h₂ (by grind)

theorem compound_mono (h : -x ≤ 2 ^ n) (k : Nat) : compound n x ≤ compound (n + k) x ∧ -x ≤ 2 ^ (n + k) := by
  induction k with
  | zero => exact ⟨by grind, h⟩
  | succ k ih =>
    obtain ⟨h₁, h₂⟩ := ih
    have h₃ := compound_le_succ h₂
    have h₄ := one_le_two_pow (n + k)
    have h₅ := two_pow_succ (n + k)
    exact ⟨Std.le_trans h₁ h₃, by rw [← Nat.add_assoc]; grind⟩

theorem compound_mul_compound_neg_le (h₁ : -x ≤ 2 ^ n) (h₂ : x ≤ 2 ^ n) : compound n x * compound n (-x) ≤ 1 := by
  induction n generalizing x with
  | zero => have := mul_self_nonneg x; simp only [compound]; grind
  | succ n ih =>
    rw [two_pow_succ] at h₁ h₂
    have h := ih (x := x / 2) (by grind) (by grind)
    have h₀ := mul_nonneg (compound_nonneg (n := n) (x := x / 2) (by grind))
      (compound_nonneg (n := n) (x := -(x / 2)) (by grind))
    have e : -x / 2 = -(x / 2) := by grind
    simp only [compound, e]
    have := mul_le_mul h h h₀ (by grind)
    grind

theorem two_pow_mul_le (n : Nat) (x : Real) : 2 ^ n * (1 - compound n x * compound n (-x)) ≤ x * x := by
  induction n generalizing x with
  | zero => simp only [compound]; grind
  | succ n ih =>
    have h := ih (x / 2)
    have e : -x / 2 = -(x / 2) := by grind
    simp only [compound, e, two_pow_succ]
    generalize compound n (x / 2) = a at *
    generalize compound n (-(x / 2)) = b at *
    have h₀ := one_le_two_pow n
    have := mul_nonneg (by grind : (0 : Real) ≤ 2 ^ n) (mul_self_nonneg (1 - a * b))
    generalize (2 : Real) ^ n = t at *
    grind

theorem compound_add_le (hxy : 0 ≤ x * y) (hx : -x ≤ 2 ^ n) (hy : -y ≤ 2 ^ n) (h : -(x + y) ≤ 2 ^ n) :
    compound n (x + y) ≤ compound n x * compound n y := by
  induction n generalizing x y with
  | zero => simp only [compound]; grind
  | succ n ih =>
    rw [two_pow_succ] at hx hy h
    have h₁ := ih (x := x / 2) (y := y / 2) (by grind) (by grind) (by grind) (by grind)
    have h₀ := compound_nonneg (n := n) (x := x / 2 + y / 2) (by grind)
    have e : (x + y) / 2 = x / 2 + y / 2 := by grind
    simp only [compound, e]
    have := mul_le_mul h₁ h₁ h₀ (by grind)
    grind

/-! ### The exponential -/

/-- The exponential function. -/
def exp (x : Real) : Real := sSup fun y => ∃ n, -x ≤ 2 ^ n ∧ y = compound n x

end

private theorem compound_mul_le {m : Nat} (hn : -x ≤ 2 ^ n) (hm : x ≤ 2 ^ m) : compound n x * compound m (-x) ≤ 1 := by
  obtain ⟨h₁, h₂⟩ := compound_mono hn m
  obtain ⟨h₃, h₄⟩ := compound_mono (x := -x) (n := m) (by grind) n
  rw [Nat.add_comm] at h₃ h₄
  have h₅ := compound_mul_compound_neg_le h₂ (by grind)
  have := mul_le_mul h₁ h₃ (compound_nonneg (by grind)) (Std.le_trans (compound_nonneg hn) h₁)
  grind

private theorem isLUB_exp (x : Real) : IsLUB (fun y => ∃ n, -x ≤ 2 ^ n ∧ y = compound n x) (exp x) := by
  obtain ⟨N, hN⟩ := exists_forall_lt_two_pow (-x)
  obtain ⟨M, hM⟩ := exists_forall_lt_two_pow x
  replace hM := hM M (Nat.le_refl M)
  have pos := compound_pos (n := M) (x := -x) (by grind)
  refine isLUB_sSup ⟨_, N, Std.le_of_lt (hN N (Nat.le_refl N)), rfl⟩ ⟨(compound M (-x))⁻¹, fun y ⟨n, hn, e⟩ => ?_⟩
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

private theorem exp_mul_le {a b : Real} (ha : 0 ≤ a) (hb : 0 ≤ b) (h : ∀ n, -x ≤ 2 ^ n → compound n x * b ≤ a) :
    exp x * b ≤ a := by
  by_cases h₀ : b = 0
  · rw [h₀, Lean.Grind.Semiring.mul_zero]
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
    have h₂ := mul_le_mul (compound_le_exp (Std.le_of_lt hM)) (compound_le_exp (n := n) (x := -x) (by grind))
      (compound_nonneg (by grind)) (exp_nonneg x)
    have h₃ := one_le_two_pow n
    have := mul_nonneg (by grind : (0 : Real) ≤ 2 ^ n) (by grind : 0 ≤ exp x * exp (-x) - compound n x * compound n (-x))
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
  have e : exp x * exp y * exp (x + y) * (exp (-x) * exp (-y) - exp (-(x + y))) = exp (x + y) - exp x * exp y := by
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
    · have h₁ := exp_add_of_nonneg (x := x + y) (y := -x) (by have := mul_nonneg (by grind : 0 ≤ -(x + y)) hx; grind)
      have h₂ := exp_mul_exp_neg x
      rw [(by grind : x + y + -x = y)] at h₁
      grind
  rcases Std.le_total (a := 0) (b := x) with hx | hx <;> rcases Std.le_total (a := 0) (b := y) with hy | hy
  · exact exp_add_of_nonneg (mul_nonneg hx hy)
  · exact mixed hx hy
  · have := mixed hy hx
    rw [Lean.Grind.Semiring.add_comm x y]
    grind
  · exact exp_add_of_nonneg (by have := mul_nonneg (by grind : 0 ≤ -x) (by grind : 0 ≤ -y); grind)

end Proofs.Autograd.Real
