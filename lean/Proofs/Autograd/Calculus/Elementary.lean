module

public import Proofs.Autograd.Calculus.Special

/-!
# The derivatives of the logarithm, the unit step and powers

`log′ x = x⁻¹` for positive `x`, from `exp (log x) = x` and `1 + x ≤ exp x`. The unit step does not
change near a scalar other than 0, so its derivative is 0 there: rectifiers and maxima are products
with it. What agrees with a function near a point has its derivative there (`HasDerivAt.of_near`).
-/

public section

set_option autoImplicit false

namespace Proofs.Autograd

open Laws

variable {R : Type} [AnalyticScalar R]

attribute [local instance] natCast

/-- What agrees with a function near a point has its derivative there. -/
theorem HasDerivAt.of_near {f g : R → R} {f' x r : R} (hr : 0 < r)
    (h : ∀ y, AbsLE (y - x) r → g y = f y) (hf : HasDerivAt f f' x) : HasDerivAt g f' x := by
  intro ε hε
  obtain ⟨δ, hδ, H⟩ := hf ε hε
  obtain ⟨δ', hδ', h₁, h₂⟩ := exists_pos_le_le hδ hr
  refine ⟨δ', hδ', fun b hb hbδ d hd => ?_⟩
  have e₁ : x + d - x = d := by grind
  have e₀ : x - x = 0 := by grind
  rw [h (x + d) (e₁.symm ▸ hd.mono (Std.le_trans hbδ h₂)), h x (e₀.symm ▸ .zero (Std.le_of_lt hr))]
  exact H b hb (Std.le_trans hbδ h₁) d hd

theorem hasDerivAt_const (c x : R) : HasDerivAt (fun _ => c) 0 x :=
  .of_hasDifferentialAt (.const c) fun _ => by grind

theorem hasDerivAt_id (x : R) : HasDerivAt (fun y => y) 1 x :=
  .of_hasDifferentialAt (.coord 0) fun _ => by grind

/-! ### The logarithm -/

/-- The logarithm has the derivative `x⁻¹` at positive `x`. -/
theorem hasDerivAt_log {x : R} (hx : 0 < x) : HasDerivAt log x⁻¹ x := by
  have hq := inv_pos hx
  have hxq : x * x⁻¹ = 1 := mul_inv_cancel (by grind)
  refine hasDerivAt_of_mul_self (c := 2 * (x⁻¹ * x⁻¹)) (r := x / 2)
    (by have := mul_pos hq hq; grind) (by grind) fun h ⟨h₁, h₂⟩ => ?_
  have hy : 0 < x + h := by grind
  have he : exp (log (x + h) - log x) = 1 + x⁻¹ * h := by
    have e := exp_add (log (x + h) - log x) (log x)
    have e₁ : log (x + h) - log x + log x = log (x + h) := by grind
    rw [e₁, exp_log _ hy, exp_log _ hx] at e
    grind
  have upper := one_add_le_exp (log (x + h) - log x)
  have lower := one_add_le_exp (-(log (x + h) - log x))
  have inverse := exp_mul_exp_neg (log (x + h) - log x)
  rw [he] at upper inverse
  generalize exp (-(log (x + h) - log x)) = w at *
  generalize log (x + h) - log x = u at *
  have hs : 0 ≤ 1 / 2 + x⁻¹ * h := by
    have := mul_nonneg (Std.le_of_lt hq) (by grind : 0 ≤ h + x / 2)
    grind
  have product : x⁻¹ * x⁻¹ * (h * h) = x⁻¹ * h * (x⁻¹ * h) := by grind
  have e₂ : 2 * (x⁻¹ * x⁻¹) * (h * h) = 2 * (x⁻¹ * h * (x⁻¹ * h)) := by grind
  rw [e₂]
  clear e₂ product he h₁ h₂ hy hxq hq hx
  generalize x⁻¹ * h = t at *
  have bound := mul_le_mul_of_nonneg_left lower (by grind : 0 ≤ 1 + t)
  rw [inverse] at bound
  have gap := mul_nonneg hs (by grind : 0 ≤ t - u)
  have := mul_self_nonneg t
  exact ⟨by grind, by grind⟩

/-! ### The unit step -/

/-- The unit step does not change near a scalar other than 0. -/
theorem hasDerivAt_step {x : R} (hx : x ≠ 0) : HasDerivAt step 0 x := by
  by_cases h : 0 < x
  · refine .of_near (r := x / 2) (by grind) (fun y ⟨h₁, _⟩ => ?_) (hasDerivAt_const 1 x)
    exact step_of_pos y (by grind)
  · refine .of_near (r := -x / 2) (by grind) (fun y ⟨_, h₂⟩ => ?_) (hasDerivAt_const 0 x)
    exact step_of_nonpos y (by grind)

/-! ### Powers -/

/-- A power has the derivative `k * x ^ (k - 1)`. -/
theorem hasDerivAt_pow (k : Nat) (x : R) : HasDerivAt (· ^ k) (k * x ^ (k - 1)) x := by
  induction k with
  | zero =>
    have e : ((0 : Nat) : R) * x ^ (0 - 1) = 0 := by rw [natCast_zero, zero_mul]
    rw [e]
    exact (funext fun y => (pow_zero y).symm : (fun _ => 1) = fun y : R => y ^ 0) ▸
      hasDerivAt_const 1 x
  | succ k ih =>
    have hv := HasDifferentialAt.coord (x := fun _ : Fin 1 => x) 0
    have H := (ih.comp_hasDifferentialAt hv).mul hv
    refine .of_hasDifferentialAt (H.congr (fun y => pow_succ (y 0) k) fun _ => rfl) fun h => ?_
    have e : x * ((k : R) * x ^ (k - 1)) = k * x ^ k := by
      cases k with
      | zero => simp only [natCast_zero, zero_mul, mul_zero]
      | succ j => rw [Nat.add_sub_cancel, pow_succ]; grind
    rw [natCast_succ, Nat.add_sub_cancel]
    grind

end Proofs.Autograd
