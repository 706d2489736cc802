module

public import Proofs.Autograd.Algebra.Sum

/-!
# Analytic scalars

`AnalyticScalar R` adds to the operations of `ScalarOps R` the laws that theorems about derivatives
rest on: a linearly ordered field with a square root, an exponential, a logarithm, a hyperbolic
tangent and the unit step, of which the real numbers are the model in mind. No derivative and no
completeness is among the laws: exp′ = exp follows from `exp (x + y) = exp x * exp y` and
`1 + x ≤ exp x`, and log′ from `exp (log x) = x`.

Main definitions: `AnalyticScalar`, `AbsLE x b` for `|x| ≤ b`. Main results: arithmetic of such
bounds, the choice of a small positive scalar, signs of `exp`, `sqrt` and finite sums, `exp` is
injective.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Laws

/-- A linearly ordered field with the laws of `sqrt`, `exp`, `log`, `tanh` and `step`. -/
class AnalyticScalar (R : Type) extends ScalarOps R, Field R, LE R, LT R, Std.LawfulOrderLT R,
    Std.IsLinearOrder R, OrderedRing R where
  /-- The square of the square root, where there is one. -/
  mul_self_sqrt : ∀ x : R, 0 ≤ x → sqrt x * sqrt x = x
  /-- A square root is never negative. -/
  sqrt_nonneg : ∀ x : R, 0 ≤ sqrt x
  /-- The exponential turns sums into products. -/
  exp_add : ∀ x y : R, exp (x + y) = exp x * exp y
  /-- The exponential lies above its tangent at 0. -/
  one_add_le_exp : ∀ x : R, 1 + x ≤ exp x
  /-- The hyperbolic tangent is hyperbolic sine over hyperbolic cosine. -/
  tanh_mul : ∀ x : R, tanh x * (exp x + exp (-x)) = exp x - exp (-x)
  /-- The exponential of the logarithm, where there is one. -/
  exp_log : ∀ x : R, 0 < x → exp (log x) = x
  /-- The unit step is 1 at positive scalars. -/
  step_of_pos : ∀ x : R, 0 < x → step x = 1
  /-- The unit step is 0 at the others. -/
  step_of_nonpos : ∀ x : R, x ≤ 0 → step x = 0

export ScalarOps (exp log sqrt tanh step)
export AnalyticScalar (mul_self_sqrt sqrt_nonneg exp_add one_add_le_exp tanh_mul exp_log step_of_pos
  step_of_nonpos)

variable {R : Type} [AnalyticScalar R]

/-! What `grind` asks of a scalar at every call; said here, it is not searched for. -/

instance : IsCharP R 0 := inferInstance
instance : Std.IsPreorder R := inferInstance
instance : Std.IsPartialOrder R := inferInstance
instance : Std.IsLinearPreorder R := inferInstance
instance : OrderedAdd R := inferInstance

/-! ### Order -/

theorem mul_pos {a b : R} (ha : 0 < a) (hb : 0 < b) : 0 < a * b := Laws.mul_pos ha hb

theorem mul_nonneg {a b : R} (ha : 0 ≤ a) (hb : 0 ≤ b) : 0 ≤ a * b := Laws.mul_nonneg ha hb

theorem mul_self_nonneg (a : R) : 0 ≤ a * a := by
  rcases Std.le_total (a := (0 : R)) (b := a) with h | h
  · exact mul_nonneg h h
  · have := mul_nonneg (by grind : 0 ≤ -a) (by grind : 0 ≤ -a)
    grind

theorem inv_pos {a : R} (ha : 0 < a) : 0 < a⁻¹ := inv_pos_iff.mpr ha

/-- Below two positive scalars there is a third. -/
theorem exists_pos_le_le {a b : R} (ha : 0 < a) (hb : 0 < b) : ∃ c : R, 0 < c ∧ c ≤ a ∧ c ≤ b := by
  rcases Std.le_total (a := a) (b := b) with h | h
  · exact ⟨a, ha, by grind, h⟩
  · exact ⟨b, hb, h, by grind⟩

/-- A multiple of a small enough positive scalar is small. -/
theorem exists_pos_mul_le {c ε : R} (hc : 0 ≤ c) (hε : 0 < ε) : ∃ δ : R, 0 < δ ∧ c * δ ≤ ε := by
  have h : 0 < c + 1 := by grind
  have hδ := mul_pos hε (inv_pos h)
  have : (c + 1) * (ε * (c + 1)⁻¹) = ε := by grind
  exact ⟨ε * (c + 1)⁻¹, hδ, by grind⟩

/-- The absolute value of `x` is at most `b`. -/
def AbsLE (x b : R) : Prop := -b ≤ x ∧ x ≤ b

namespace AbsLE

variable {x y a b : R}

theorem zero (h : 0 ≤ b) : AbsLE 0 b := ⟨by grind, h⟩

theorem mono (h : AbsLE x a) (hab : a ≤ b) : AbsLE x b := by
  obtain ⟨h₁, h₂⟩ := h
  exact ⟨by grind, by grind⟩

theorem neg (h : AbsLE x a) : AbsLE (-x) a := by
  obtain ⟨h₁, h₂⟩ := h
  exact ⟨by grind, by grind⟩

theorem add (hx : AbsLE x a) (hy : AbsLE y b) : AbsLE (x + y) (a + b) := by
  obtain ⟨h₁, h₂⟩ := hx
  obtain ⟨h₃, h₄⟩ := hy
  exact ⟨by grind, by grind⟩

theorem sub (hx : AbsLE x a) (hy : AbsLE y b) : AbsLE (x - y) (a + b) := by
  obtain ⟨h₁, h₂⟩ := hx
  obtain ⟨h₃, h₄⟩ := hy
  exact ⟨by grind, by grind⟩

theorem mul (hx : AbsLE x a) (hy : AbsLE y b) : AbsLE (x * y) (a * b) := by
  obtain ⟨h₁, h₂⟩ := hx
  obtain ⟨h₃, h₄⟩ := hy
  have hx₁ : 0 ≤ a + x := by grind
  have hx₂ : 0 ≤ a - x := by grind
  have hy₁ : 0 ≤ b + y := by grind
  have hy₂ : 0 ≤ b - y := by grind
  have h₁ := mul_nonneg hx₁ hy₁
  have h₂ := mul_nonneg hx₁ hy₂
  have h₃ := mul_nonneg hx₂ hy₁
  have h₄ := mul_nonneg hx₂ hy₂
  exact ⟨by grind, by grind⟩

theorem self (h : 0 ≤ x) : AbsLE x x := ⟨by grind, by grind⟩

/-- A positive factor may be cancelled. -/
theorem of_mul {t : R} (ht : 0 < t) (h : AbsLE (t * x) (t * b)) : AbsLE x b := by
  have cancel (z : R) : t⁻¹ * (t * z) = z := by grind
  have := (self (Std.le_of_lt (inv_pos ht))).mul h
  rwa [cancel, cancel] at this

/-- Every scalar has a bound. -/
theorem exists_bound (x : R) : ∃ c : R, 0 ≤ c ∧ AbsLE x c := by
  rcases Std.le_total (a := (0 : R)) (b := x) with h | h
  · exact ⟨x, h, self h⟩
  · exact ⟨-x, by grind, by grind, by grind⟩

/-- What is at most every positive scalar is zero. -/
theorem eq_zero (h : ∀ ε : R, 0 < ε → AbsLE x ε) : x = 0 := by
  false_or_by_contra
  rename_i hx
  rcases Std.le_total (a := (0 : R)) (b := x) with h₀ | h₀
  · obtain ⟨_, h₂⟩ := h (x / 2) (by grind)
    grind
  · obtain ⟨h₁, _⟩ := h (-x / 2) (by grind)
    grind

end AbsLE

/-! ### Sums -/

theorem sum_nonneg {n : Nat} {f : Fin n → R} (h : ∀ i, 0 ≤ f i) : 0 ≤ sum f := by
  induction n with
  | zero => simp only [sum]; grind
  | succ n ih => simp only [sum]; have h₀ := h 0; have h₁ := ih fun i => h i.succ; grind

/-- A sum of positive terms, one at least, is positive. -/
theorem sum_pos {n : Nat} (hn : 0 < n) {f : Fin n → R} (h : ∀ i, 0 < f i) : 0 < sum f := by
  cases n with
  | zero => omega
  | succ n =>
    have h₀ := h 0
    have h₁ := sum_nonneg fun i : Fin n => Std.le_of_lt (h i.succ)
    simp only [sum]
    grind

/-! ### The elementary functions -/

theorem exp_nonneg (x : R) : 0 ≤ exp x := by
  have hx : x / 2 + x / 2 = x := by grind
  rw [← hx, exp_add]
  exact mul_self_nonneg _

theorem exp_zero : exp (0 : R) = 1 := by
  have h := exp_add (0 : R) 0
  have h₁ := one_add_le_exp (0 : R)
  have h₀ : (0 : R) + 0 = 0 := by grind
  rw [h₀] at h
  have : exp (0 : R) ≠ 0 := by grind
  grind

theorem exp_mul_exp_neg (x : R) : exp x * exp (-x) = 1 := by
  rw [← exp_add, ← exp_zero (R := R)]
  exact congrArg exp (by grind)

theorem exp_pos (x : R) : 0 < exp x := by
  have h := exp_nonneg x
  have h₁ := exp_mul_exp_neg x
  have : exp x ≠ 0 := by intro h₂; rw [h₂] at h₁; grind
  grind

/-- The exponential takes no value twice. -/
theorem exp_injective {x y : R} (h : exp x = exp y) : x = y := by
  have le {x y : R} (h : exp x = exp y) : x ≤ y := by
    have h₁ := one_add_le_exp (x - y)
    have h₂ : exp (x - y) = 1 := by
      rw [sub_eq_add_neg, exp_add, h, exp_mul_exp_neg]
    grind
  exact Std.le_antisymm (le h) (le h.symm)

theorem log_exp (x : R) : log (exp x) = x := exp_injective (exp_log _ (exp_pos x))

theorem sqrt_pos {x : R} (hx : 0 < x) : 0 < sqrt x := by
  have h := sqrt_nonneg x
  have h₁ := mul_self_sqrt x (Std.le_of_lt hx)
  have : sqrt x ≠ 0 := by intro h₂; rw [h₂] at h₁; grind
  grind

end Proofs.Autograd
