module

public import Proofs.Autograd.Calculus.Deriv

/-!
# Derivatives of the inverse, the exponential, the square root and the hyperbolic tangent

Each starts from a remainder that is quadratic in the step; for `exp` that is
`0 ≤ exp h - 1 - h ≤ 2 * h²` near 0, which follows from `1 + h ≤ exp h` at `h` and at `-h`. Main
results: `hasDerivAt_inv`, `hasDerivAt_exp`, `hasDerivAt_sqrt`, `hasDerivAt_tanh`, and the rules
`HasDifferentialAt.inv` and `HasDifferentialAt.div`.
-/

public section

set_option autoImplicit false

namespace Proofs.Autograd

open Laws

variable {R : Type} [AnalyticScalar R]

/-! ### Inverse and quotient -/

private theorem hasDerivAt_inv_one : HasDerivAt (fun y : R => y⁻¹) (-1) 1 :=
  hasDerivAt_of_mul_self (c := 2) (r := 1 / 2) (by grind) (by grind) fun h ⟨h₁, _⟩ => by
    have hpos : 0 < 1 + h := by grind
    have hw := inv_pos hpos
    have hw₂ : 0 ≤ (1 + h)⁻¹ * (1 / 2 + h) := mul_nonneg (Std.le_of_lt hw) (by grind)
    have e : (1 + h)⁻¹ - 1⁻¹ - -1 * h = h * h * (1 + h)⁻¹ := by grind
    have hw₃ : AbsLE (1 + h)⁻¹ 2 := (AbsLE.self (Std.le_of_lt hw)).mono (by grind)
    rw [e]
    exact ((AbsLE.self (mul_self_nonneg h)).mul hw₃).mono (by grind)

/-- The inverse has the derivative `-1 / x²` away from 0. -/
theorem hasDerivAt_inv {x : R} (hx : x ≠ 0) : HasDerivAt (fun y => y⁻¹) (-(x ^ 2)⁻¹) x := by
  have h₁ : x⁻¹ * x = 1 := by grind
  have H := (h₁.symm ▸ hasDerivAt_inv_one : HasDerivAt (fun y : R => y⁻¹) (-1)
    (x⁻¹ * x)).comp_hasDifferentialAt
    ((HasDifferentialAt.coord (x := fun _ : Fin 1 => x) 0).const_mul x⁻¹)
  exact .of_hasDifferentialAt ((H.const_mul x⁻¹).congr (fun y => by grind) fun _ => rfl)
    fun h => by grind

namespace HasDifferentialAt

variable {n : Nat} {f f' g g' : Vec R n → R} {x : Vec R n}

theorem inv (hg : HasDifferentialAt g g' x) (h₀ : g x ≠ 0) :
    HasDifferentialAt (fun y => (g y)⁻¹) (fun h => -(g x ^ 2)⁻¹ * g' h) x :=
  (hasDerivAt_inv h₀).comp_hasDifferentialAt hg

/-- The quotient rule. -/
theorem div (hf : HasDifferentialAt f f' x) (hg : HasDifferentialAt g g' x) (h₀ : g x ≠ 0) :
    HasDifferentialAt (fun y => f y / g y) (fun h => (f' h * g x - f x * g' h) / g x ^ 2) x :=
  (hf.mul (hg.inv h₀)).congr (fun _ => by grind) fun _ => by grind

end HasDifferentialAt

/-! ### The exponential -/

private theorem exp_remainder {h : R} (hh : AbsLE h (1 / 2)) :
    AbsLE (exp h - 1 - h) (2 * (h * h)) := by
  obtain ⟨h₁, h₂⟩ := hh
  have lower := one_add_le_exp h
  have upper : exp h * (1 - h) ≤ exp h * exp (-h) :=
    mul_le_mul_of_nonneg_left (by have := one_add_le_exp (-h); grind)
      (exp_nonneg h)
  rw [exp_mul_exp_neg] at upper
  have hu : 0 ≤ (exp h - 1 - h) * (1 / 2 - h) := mul_nonneg (by grind) (by grind)
  have := mul_self_nonneg h
  exact ⟨by grind, by grind⟩

/-- The exponential is its own derivative. -/
theorem hasDerivAt_exp (x : R) : HasDerivAt exp (exp x) x :=
  hasDerivAt_of_mul_self (c := exp x * 2) (r := 1 / 2) (by have := exp_nonneg x; grind) (by grind)
      fun h hh => by
    have e : exp (x + h) - exp x - exp x * h = exp x * (exp h - 1 - h) := by rw [exp_add]; grind
    rw [e]
    exact ((AbsLE.self (exp_nonneg x)).mul (exp_remainder hh)).mono (by grind)

/-! ### The square root -/

private theorem sqrt_remainder {s t q : R} (hsq : s * q = 1) (hq : 0 ≤ q) (ht : 0 ≤ t) :
    AbsLE (t - s - q / 2 * (t * t - s * s))
        (q * (q * q) / 2 * ((t * t - s * s) * (t * t - s * s))) := by
  have hd := mul_nonneg (mul_self_nonneg (t - s)) hq
  have hp := mul_nonneg ht hq
  have hpp := mul_nonneg hp hp
  have hdp := mul_nonneg hd (by grind : 0 ≤ 2 * (t * q) + t * q * (t * q))
  have e : t - s - q / 2 * (t * t - s * s) = -((t - s) * (t - s) * q) / 2 := by
    clear hd hp hpp hdp; grind
  have e₂ : q * (q * q) / 2 * ((t * t - s * s) * (t * t - s * s)) =
      ((t - s) * (t - s) * q + (t - s) * (t - s) * q * (2 * (t * q) + t * q * (t * q))) / 2 := by
    clear e hd hp hpp hdp; grind
  rw [e, e₂]
  generalize (t - s) * (t - s) * q = d at *
  generalize d * _ = r at *
  exact ⟨by grind, by grind⟩

/-- The square root has the derivative `1 / (2 * sqrt x)` at positive `x`. -/
theorem hasDerivAt_sqrt {x : R} (hx : 0 < x) : HasDerivAt sqrt (1 / (2 * sqrt x)) x := by
  have hs := sqrt_pos hx
  have hq := inv_pos hs
  have hf : 1 / (2 * sqrt x) = (sqrt x)⁻¹ / 2 := by grind
  have hc := mul_pos hq (mul_pos hq hq)
  rw [hf]
  refine hasDerivAt_of_mul_self (c := (sqrt x)⁻¹ * ((sqrt x)⁻¹ * (sqrt x)⁻¹) / 2) (r := x)
    (by grind) hx fun h ⟨h₁, _⟩ => ?_
  have := sqrt_remainder (by grind : sqrt x * (sqrt x)⁻¹ = 1) (Std.le_of_lt hq)
    (sqrt_nonneg (x + h))
  rw [mul_self_sqrt x (Std.le_of_lt hx), mul_self_sqrt (x + h) (by grind)] at this
  have hh : x + h - x = h := by grind
  rwa [hh] at this

/-! ### The hyperbolic tangent -/

private theorem tanh_denominator_ne_zero (x : R) : exp x + exp (-x) ≠ 0 := by
  have := exp_pos x
  have := exp_pos (-x)
  grind

/-- The hyperbolic tangent as a quotient. -/
theorem tanh_eq (x : R) : tanh x = (exp x - exp (-x)) / (exp x + exp (-x)) := by
  have := tanh_mul x
  have := tanh_denominator_ne_zero x
  grind

/-- The hyperbolic tangent has the derivative `1 - tanh² x`. -/
theorem hasDerivAt_tanh (x : R) : HasDerivAt tanh (1 - tanh x * tanh x) x := by
  have hv := HasDifferentialAt.coord (x := fun _ : Fin 1 => x) 0
  have he := (hasDerivAt_exp x).comp_hasDifferentialAt hv
  have he' := (hasDerivAt_exp (-x)).comp_hasDifferentialAt hv.neg
  have h₀ := tanh_denominator_ne_zero x
  refine .of_hasDifferentialAt
    (((he.sub he').div (he.add he') h₀).congr (fun y => tanh_eq (y 0)) fun _ => rfl) fun h => ?_
  rw [tanh_eq]
  grind

end Proofs.Autograd
