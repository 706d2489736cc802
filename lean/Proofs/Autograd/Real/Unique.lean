module

public import Proofs.Autograd.Real.Analytic

/-!
# The functions of analytic scalars are determined by their laws

On an Archimedean field, `exp (x + y) = exp x * exp y` and `1 + x ≤ exp x` leave one function only;
the equation of `tanh`, the laws of the unit step, those of `sqrt` on scalars that are not negative
and that of `log` on positive ones leave one each. So the theorems about any `AnalyticScalar` are
about *the* functions wherever the field is the real numbers.

Two exponentials `E` and `F` have the quotient `G x = F x * E (-x)`, which turns sums into products
and is at least `1 - x²`. Halving `n` times, `1 - G x` is at most `x² / 2ⁿ`, so `1 ≤ G x`; with
`G x * G (-x) = 1`, `G` is 1.

Main results: `eq_exp`, `eq_tanh`, `eq_sqrt`, `eq_log`, `eq_step`; for two structures on one ordered
field `SameOrderedField.exp_eq`, `tanh_eq`, `sqrt_eq`, `log_eq` and `step_eq`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Laws

attribute [local instance] natCast

/-- Every scalar is below a natural number. -/
class Archimedean (R : Type) [AnalyticScalar R] : Prop where
  /-- A natural number above. -/
  exists_nat_gt : ∀ x : R, ∃ n : Nat, x < (n : R)

instance : Archimedean Real where
  exists_nat_gt := by exact Real.exists_nat_gt

section

variable {R : Type} [AnalyticScalar R]

/-- Where sets that are not empty and are bounded above have least upper bounds, the field is
Archimedean. -/
theorem archimedean_of_complete
    (complete : ∀ s : R → Prop, (∃ x, s x) → (∃ b, ∀ x, s x → x ≤ b) → ∃ b, (∀ x, s x → x ≤ b) ∧
      ∀ c, (∀ x, s x → x ≤ c) → b ≤ c) : Archimedean R where
  exists_nat_gt x := by
    false_or_by_contra
    rename_i H
    have H (n : Nat) : (n : R) ≤ x := by
      have : ¬x < (n : R) := fun h => H ⟨n, h⟩
      grind
    obtain ⟨b, hb, least⟩ :=
      complete (fun y => ∃ n : Nat, y = n) ⟨_, 0, rfl⟩ ⟨x, fun _ ⟨n, e⟩ => e ▸ H n⟩
    have := least (b - 1) fun _ ⟨n, e⟩ => by
      have := hb _ ⟨n + 1, rfl⟩
      rw [natCast_succ] at this
      grind
    grind

/-- Two scalars that are not negative and have one square are equal. -/
theorem eq_of_mul_self_eq {x y : R} (hx : 0 ≤ x) (hy : 0 ≤ y) (h : x * x = y * y) : x = y := by
  have e : (x - y) * (x + y) = 0 := by grind
  by_cases h₀ : x + y = 0 <;> grind

/-- There is one square root on the scalars that are not negative. -/
theorem eq_sqrt {s : R → R} (hs : ∀ x, 0 ≤ x → s x * s x = x) (h₀ : ∀ x, 0 ≤ s x) {x : R}
    (hx : 0 ≤ x) :
    s x = sqrt x :=
  eq_of_mul_self_eq (h₀ x) (sqrt_nonneg x) (by rw [hs x hx, mul_self_sqrt x hx])

/-- There is one hyperbolic tangent. -/
theorem eq_tanh {t : R → R} (ht : ∀ x, t x * (exp x + exp (-x)) = exp x - exp (-x)) (x : R) :
    t x = tanh x := by
  have h₁ := exp_pos x
  have h₂ := exp_pos (-x)
  have h₀ : exp x + exp (-x) ≠ 0 := by grind
  have e := congrArg (· * (exp x + exp (-x))⁻¹) ((ht x).trans (tanh_mul x).symm)
  simpa only [mul_assoc, mul_inv_cancel h₀, mul_one] using e

/-- There is one logarithm on the positive scalars. -/
theorem eq_log {l : R → R} (hl : ∀ x, 0 < x → exp (l x) = x) {x : R} (hx : 0 < x) : l x = log x :=
  exp_injective ((hl x hx).trans (exp_log x hx).symm)

/-- There is one unit step. -/
theorem eq_step {s : R → R} (h₁ : ∀ x, 0 < x → s x = 1) (h₀ : ∀ x, x ≤ 0 → s x = 0) (x : R) :
    s x = step x := by
  by_cases h : 0 < x
  · rw [h₁ x h, step_of_pos x h]
  · rw [h₀ x (Std.not_lt.mp h), step_of_nonpos x (Std.not_lt.mp h)]

/-! ### The exponential -/

private theorem one_le_two_pow (n : Nat) : (1 : R) ≤ 2 ^ n := by
  induction n with
  | zero => rw [pow_zero]; grind
  | succ n ih => rw [pow_succ]; grind

private theorem natCast_lt_two_pow (n : Nat) : (n : R) < 2 ^ n := by
  induction n with
  | zero => rw [natCast_zero, pow_zero]; grind
  | succ n ih =>
    have := one_le_two_pow (R := R) n
    rw [natCast_succ, pow_succ]
    grind

/-- What stays bounded under multiplication by powers of two is not positive. -/
private theorem nonpos_of_two_pow_mul_le [Archimedean R] {d a : R}
    (h : ∀ n : Nat, 2 ^ n * d ≤ a) : d ≤ 0 := by
  refine Std.not_lt.mp fun hd => ?_
  obtain ⟨n, hn⟩ := Archimedean.exists_nat_gt (a * d⁻¹)
  exact Std.not_lt.mpr (h n)
    ((mul_inv_lt_iff_lt_mul a _ hd).mp (Std.lt_trans hn (natCast_lt_two_pow n)))

/-- The laws of an exponential. -/
private structure IsExp (E : R → R) : Prop where
  /-- Sums become products. -/
  add : ∀ x y, E (x + y) = E x * E y
  /-- It lies above its tangent at 0. -/
  one_add_le : ∀ x, 1 + x ≤ E x

namespace IsExp

variable {E F : R → R}

private theorem nonneg (hE : IsExp E) (x : R) : 0 ≤ E x := by
  have h := hE.add (x / 2) (x / 2)
  rw [(by grind : x / 2 + x / 2 = x)] at h
  rw [h]
  exact mul_self_nonneg _

private theorem mul_neg (hE : IsExp E) (x : R) : E x * E (-x) = 1 := by
  have h₀ := hE.add 0 0
  have h₁ := hE.one_add_le 0
  rw [(by grind : (0 : R) + 0 = 0)] at h₀
  have h₂ := hE.add x (-x)
  rw [(by grind : x + -x = 0)] at h₂
  have : E 0 ≠ 0 := by grind
  grind

private theorem quotient_add_self (hE : IsExp E) (hF : IsExp F) (x : R) :
    F (x + x) * E (-(x + x)) = F x * E (-x) * (F x * E (-x)) := by
  have h₁ := hF.add x x
  have h₂ := hE.add (-x) (-x)
  rw [(by grind : -x + -x = -(x + x))] at h₂
  rw [h₁, h₂]
  grind

private theorem one_sub_le_quotient (hE : IsExp E) (hF : IsExp F) (x : R) :
    1 - x * x ≤ F x * E (-x) := by
  have h₁ := hF.one_add_le x
  have h₂ := hE.one_add_le (-x)
  have h₃ := hF.nonneg x
  have h₄ := hE.nonneg (-x)
  generalize F x = f at *
  generalize E (-x) = e at *
  by_cases h : 0 ≤ 1 - x * x
  · have h₅ : 0 ≤ 1 + x := Std.not_lt.mp fun h' => by
      have := mul_pos (by grind : 0 < -(1 + x)) (by grind : 0 < 1 - x)
      clear h₁ h₂ h₃ h₄ h'
      grind
    rw [(by grind : 1 - x * x = (1 + x) * (1 + -x))]
    exact Std.le_trans (mul_le_mul_of_nonneg_left h₂ h₅) (mul_le_mul_of_nonneg_right h₁ h₄)
  · exact Std.le_trans (Std.le_of_lt (Std.not_le.mp h)) (mul_nonneg h₃ h₄)

private theorem two_pow_mul_le (hE : IsExp E) (hF : IsExp F) (n : Nat) (x : R) :
    2 ^ n * (1 - F x * E (-x)) ≤ x * x := by
  induction n generalizing x with
  | zero =>
    have := hE.one_sub_le_quotient hF x
    rw [pow_zero]
    grind
  | succ n ih =>
    have h := ih (x / 2)
    have e := hE.quotient_add_self hF (x / 2)
    rw [(by grind : x / 2 + x / 2 = x)] at e
    rw [e, pow_succ]
    generalize F (x / 2) * E (-(x / 2)) = q at *
    have h₀ := one_le_two_pow (R := R) n
    have := mul_nonneg (by grind : (0 : R) ≤ 2 ^ n) (mul_self_nonneg (1 - q))
    generalize (2 : R) ^ n = t at *
    grind

private theorem one_le_quotient [Archimedean R] (hE : IsExp E) (hF : IsExp F) (x : R) :
    1 ≤ F x * E (-x) := by
  have := nonpos_of_two_pow_mul_le fun n => hE.two_pow_mul_le hF n x
  grind

private theorem le [Archimedean R] (hE : IsExp E) (hF : IsExp F) (x : R) : E x ≤ F x := by
  have h₁ := hE.mul_neg x
  have h₂ :=
    mul_nonneg (hE.nonneg x) (by have := hE.one_le_quotient hF x; grind : 0 ≤ F x * E (-x) - 1)
  have e : E x * (F x * E (-x) - 1) = F x * (E x * E (-x)) - E x := by clear h₁ h₂; grind
  rw [h₁] at e
  grind

end IsExp

/-- There is one exponential. -/
theorem eq_exp [Archimedean R] {E : R → R} (add : ∀ x y, E (x + y) = E x * E y)
    (one_add_le : ∀ x, 1 + x ≤ E x)
    (x : R) : E x = exp x := by
  have hE : IsExp E := ⟨add, one_add_le⟩
  have hexp : IsExp (exp (R := R)) := ⟨exp_add, one_add_le_exp⟩
  have h₁ := hE.le hexp x
  have h₂ := hexp.le hE x
  grind

end

/-! ### Two structures on one ordered field -/

/-- Two structures have the same sums, products and order. -/
structure SameOrderedField {R : Type} (A B : AnalyticScalar R) : Prop where
  /-- The same sums. -/
  add : ∀ x y : R, (letI := A; x + y) = (letI := B; x + y)
  /-- The same products. -/
  mul : ∀ x y : R, (letI := A; x * y) = (letI := B; x * y)
  /-- The same order. -/
  le : ∀ x y : R, (letI := A; x ≤ y) ↔ (letI := B; x ≤ y)

namespace SameOrderedField

variable {R : Type} {A B : AnalyticScalar R}

private theorem eq_neg [AnalyticScalar R] {x y : R} (h : y + x = 0) : y = -x := by grind

theorem zero (h : SameOrderedField A B) : (letI := A; (0 : R)) = (letI := B; (0 : R)) :=
  calc (letI := A; (0 : R)) = (letI := B; (letI := A; (0 : R)) + (0 : R)) :=
    (letI := B; add_zero _).symm
    _ = (letI := A; (0 : R) + (letI := B; (0 : R))) := (h.add _ _).symm
    _ = (letI := B; (0 : R)) := letI := A; zero_add _

theorem one (h : SameOrderedField A B) : (letI := A; (1 : R)) = (letI := B; (1 : R)) :=
  calc (letI := A; (1 : R)) = (letI := B; (letI := A; (1 : R)) * (1 : R)) :=
    (letI := B; mul_one _).symm
    _ = (letI := A; (1 : R) * (letI := B; (1 : R))) := (h.mul _ _).symm
    _ = (letI := B; (1 : R)) := letI := A; one_mul _

theorem neg (h : SameOrderedField A B) (x : R) : (letI := A; -x) = (letI := B; -x) :=
  letI := B
  eq_neg <| (h.add (letI := A; -x) x).symm.trans <|
    (letI := A; neg_add_cancel x).trans h.zero

theorem sub (h : SameOrderedField A B) (x y : R) : (letI := A; x - y) = (letI := B; x - y) :=
  calc (letI := A; x - y) = (letI := A; x + -y) := letI := A; sub_eq_add_neg x y
    _ = (letI := B; x + (letI := A; -y)) := h.add _ _
    _ = (letI := B; x + -y) := letI := B; congrArg (x + ·) (h.neg y)
    _ = (letI := B; x - y) := (letI := B; sub_eq_add_neg x y).symm

/-- Two structures on one Archimedean ordered field have one exponential. -/
theorem exp_eq (h : SameOrderedField A B) (hA : @Archimedean R A) (x : R) :
    (letI := A; exp x) = (letI := B; exp x) :=
  (@eq_exp R A hA (letI := B; fun x => exp x)
    (fun x y => (congrArg (letI := B; exp) (h.add x y)).trans
      ((letI := B; exp_add x y).trans (h.mul _ _).symm))
    (fun x => (h.le _ _).mpr <| by
      rw [h.add, h.one]
      exact (letI := B; one_add_le_exp x)) x).symm

/-- Two structures on one ordered field have one square root, on scalars that are not negative. -/
theorem sqrt_eq (h : SameOrderedField A B) (x : R) (hx : letI := A; 0 ≤ x) :
    (letI := A; sqrt x) = (letI := B; sqrt x) :=
  (@eq_sqrt R A (letI := B; fun x => sqrt x)
    (fun x hx => (h.mul _ _).trans (letI := B; mul_self_sqrt x (h.zero ▸ (h.le _ _).mp hx)))
    (fun x => (h.le _ _).mpr (by rw [h.zero]; exact (letI := B; sqrt_nonneg x))) x hx).symm

/-- Two structures on one Archimedean ordered field have one hyperbolic tangent. -/
theorem tanh_eq (h : SameOrderedField A B) (hA : @Archimedean R A) (x : R) :
    (letI := A; tanh x) = (letI := B; tanh x) :=
  (@eq_tanh R A (letI := B; fun x => tanh x)
    (fun x => by
      rw [h.mul, h.add, h.sub, h.neg, h.exp_eq hA, h.exp_eq hA]
      exact (letI := B; tanh_mul x)) x).symm

private theorem lt_iff (h : SameOrderedField A B) (x y : R) :
    (letI := A; x < y) ↔ (letI := B; x < y) := by
  have h₁ := (letI := A; Std.not_le (a := y) (b := x))
  have h₂ := (letI := B; Std.not_le (a := y) (b := x))
  exact h₁.symm.trans ((not_congr (h.le y x)).trans h₂)

/-- Two structures on one Archimedean ordered field have one logarithm, on positive scalars. -/
theorem log_eq (h : SameOrderedField A B) (hA : @Archimedean R A) (x : R) (hx : letI := A; 0 < x) :
    (letI := A; log x) = (letI := B; log x) :=
  (@eq_log R A (letI := B; fun x => log x)
    (fun x hx => (h.exp_eq hA _).trans
      (letI := B; exp_log x ((h.lt_iff _ _).mp (h.zero ▸ hx)))) x hx).symm

/-- Two structures on one ordered field have one unit step. -/
theorem step_eq (h : SameOrderedField A B) (x : R) : (letI := A; step x) = (letI := B; step x) :=
  (@eq_step R A (letI := B; fun x => step x)
    (fun x hx => (letI := B; step_of_pos x ((h.lt_iff _ _).mp (h.zero ▸ hx))).trans h.one.symm)
    (fun x hx => (letI := B; step_of_nonpos x ((h.le _ _).mp (h.zero ▸ hx))).trans h.zero.symm)
    x).symm

end SameOrderedField

end Proofs.Autograd
