module

public import Proofs.Autograd.Calculus.Differential

/-!
# Functions of one variable, products

`HasDerivAt f f' x` is the derivative of a function of one scalar; it agrees with
`HasDifferentialAt` on vectors of length 1 (`hasDerivAt_iff_hasDifferentialAt`), so one set of rules
serves both. A remainder that is quadratic in the step is a proof of differentiability
(`hasDerivAt_of_mul_self`). Products come from squares: `4 * a * b = (a + b)² - (a - b)²`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Laws

variable {R : Type} [AnalyticScalar R] {n : Nat}

/-- The scalar `f'` is the derivative of `f` at `x`: for every `ε > 0` there is a `δ > 0` such that
`|f (x + h) - f x - f' * h| ≤ ε * |h|` whenever `|h| ≤ δ`. Here `b` stands for any bound on
`|h|`. -/
def HasDerivAt (f : R → R) (f' x : R) : Prop :=
  ∀ ε : R, 0 < ε → ∃ δ : R, 0 < δ ∧ ∀ b : R, 0 ≤ b → b ≤ δ → ∀ h : R, AbsLE h b →
    AbsLE (f (x + h) - f x - f' * h) (ε * b)

/-- A function of one scalar is a function of a vector of length 1. -/
theorem hasDerivAt_iff_hasDifferentialAt {f : R → R} {f' x : R} :
    HasDerivAt f f' x ↔
        HasDifferentialAt (fun v : Vec R 1 => f (v 0)) (fun h => f' * h 0) fun _ => x := by
  constructor
  · refine fun H => ⟨(IsLinear.coord 0).const_mul f', fun ε hε => ?_⟩
    obtain ⟨δ, hδ, H⟩ := H ε hε
    exact ⟨δ, hδ, fun b hb hbδ h hh => H b hb hbδ (h 0) (hh 0)⟩
  · intro H ε hε
    obtain ⟨δ, hδ, H⟩ := H.approx ε hε
    exact ⟨δ, hδ, fun b hb hbδ h hh => H b hb hbδ (fun _ => h) fun _ => hh⟩

/-- If the remainder is at most a multiple of the square of the step, then the function is
differentiable. -/
theorem hasDerivAt_of_mul_self {f : R → R} {f' x c r : R} (hc : 0 ≤ c) (hr : 0 < r)
    (H : ∀ h, AbsLE h r → AbsLE (f (x + h) - f x - f' * h) (c * (h * h))) : HasDerivAt f f' x := by
  intro ε hε
  obtain ⟨δ₁, hδ₁, hcδ⟩ := exists_pos_mul_le hc hε
  obtain ⟨δ, hδ, hδr, hδδ₁⟩ := exists_pos_le_le hr hδ₁
  refine ⟨δ, hδ, fun b hb hbδ h hh => (H h (hh.mono (Std.le_trans hbδ hδr))).mono ?_⟩
  have h₁ := mul_le_mul_of_nonneg_left (hh.mul hh).2 hc
  have h₂ := mul_le_mul_of_nonneg_left (Std.le_trans hbδ hδδ₁) hc
  have h₃ := mul_le_mul_of_nonneg_right (Std.le_trans h₂ hcδ) hb
  grind

namespace HasDerivAt

variable {f g : R → R} {f' g' y : R}

/-- The chain rule for a function of one variable after a function of a vector. -/
theorem comp_hasDifferentialAt {u u' : Vec R n → R} {x : Vec R n} (hg : HasDerivAt g g' (u x))
    (hu : HasDifferentialAt u u' x) : HasDifferentialAt (fun y => g (u y)) (fun h => g' * u' h) x :=
  (hasDerivAt_iff_hasDifferentialAt.mp hg).comp (f := fun y _ => u y) (.pi fun _ => hu)

/-- The chain rule. -/
theorem comp (hg : HasDerivAt g g' (f y)) (hf : HasDerivAt f f' y) :
    HasDerivAt (fun z => g (f z)) (g' * f') y :=
  hasDerivAt_iff_hasDifferentialAt.mpr
    ((hg.comp_hasDifferentialAt (hasDerivAt_iff_hasDifferentialAt.mp hf)).congr (fun _ => rfl)
      fun _ => by grind)

/-- There is at most one derivative. -/
theorem unique {f₁ f₂ : R} (h₁ : HasDerivAt f f₁ y) (h₂ : HasDerivAt f f₂ y) : f₁ = f₂ := by
  have := congrFun
    ((hasDerivAt_iff_hasDifferentialAt.mp h₁).unique (hasDerivAt_iff_hasDifferentialAt.mp h₂))
    fun _ => 1
  grind

/-- A derivative may be written as a differential of the variable. -/
theorem of_hasDifferentialAt {d : Vec R 1 → R}
    (H : HasDifferentialAt (fun v : Vec R 1 => f (v 0)) d fun _ => y)
    (hd : ∀ h, d h = f' * h 0) : HasDerivAt f f' y :=
  hasDerivAt_iff_hasDifferentialAt.mpr (H.congr (fun _ => rfl) fun h => (hd h).symm)

end HasDerivAt

/-- The derivative of a function applied to every coordinate. -/
theorem hasFDerivAt_elemwise {f f' : R → R} {x : Vec R n} (H : ∀ i, HasDerivAt f (f' (x i)) (x i)) :
    HasFDerivAt (fun y i => f (y i)) (CLM.diagonal fun i => f' (x i)) x :=
  hasFDerivAt_pi.mpr fun i => (H i).comp_hasDifferentialAt (.coord i)

theorem hasDerivAt_mul_self (x : R) : HasDerivAt (fun y => y * y) (2 * x) x :=
  hasDerivAt_of_mul_self (c := 1) (r := 1) (by grind) (by grind) fun h hh => by
    have : (x + h) * (x + h) - x * x - 2 * x * h = h * h := by grind
    rw [this]
    exact (AbsLE.self (mul_self_nonneg h)).mono (by grind)

namespace HasDifferentialAt

variable {f f' g g' : Vec R n → R} {x : Vec R n}

/-- The product rule. -/
theorem mul (hf : HasDifferentialAt f f' x) (hg : HasDifferentialAt g g' x) :
    HasDifferentialAt (fun y => f y * g y) (fun h => f x * g' h + g x * f' h) x :=
  ((((hasDerivAt_mul_self _).comp_hasDifferentialAt (hf.add hg)).sub
    ((hasDerivAt_mul_self _).comp_hasDifferentialAt (hf.sub hg))).const_mul (1 / 4)).congr
      (fun _ => by grind) fun _ => by grind

end HasDifferentialAt

end Proofs.Autograd
