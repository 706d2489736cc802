module

public import Proofs.Autograd.Algebra.Analytic
public import Proofs.Autograd.Calculus.LinearMap

/-!
# The Fréchet derivative

`HasFDerivAt f f' x` says that the linear map `f'` is the derivative of `f` at `x`, by the usual ε–δ
for the sup norm (on a finite coordinate space every norm gives the same derivatives). A map is
differentiable when its coordinates are (`hasFDerivAt_pi`), so the rules of the calculus are about
`HasDifferentialAt f f' x`, the same notion for a scalar function `f` of a vector.

Main definitions: `HasFDerivAt`, `HasDifferentialAt`, `DifferentiableAt`, `fderiv`. Main results:
`HasFDerivAt.unique`, `HasFDerivAt.fderiv`, the chain rule `HasFDerivAt.comp`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Laws

variable {R : Type} [AnalyticScalar R] {n m k : Nat}

namespace Vec

/-- Every coordinate is at most `b` in absolute value: the sup norm of `h` is at most `b`. -/
def Bounded (h : Vec R n) (b : R) : Prop := ∀ i, AbsLE (h i) b

end Vec

/-- Finitely many lower bounds on a scalar have a common solution. -/
theorem exists_common_bound {P : Fin n → R → Prop} (hP : ∀ i a b, a ≤ b → P i a → P i b)
    (h : ∀ i, ∃ c : R, 0 ≤ c ∧ P i c) : ∃ c : R, 0 ≤ c ∧ ∀ i, P i c := by
  induction n with
  | zero => exact ⟨0, Std.le_refl _, fun i => i.elim0⟩
  | succ n ih =>
    obtain ⟨c, hc, h₁⟩ := ih (fun i => hP i.succ) fun i => h i.succ
    obtain ⟨d, hd, h₀⟩ := h 0
    exact ⟨c + d, by grind, Fin.cases (hP _ _ _ (by grind) h₀) fun i => hP _ _ _ (by grind) (h₁ i)⟩

/-- Finitely many upper bounds on a positive scalar have a common solution. -/
theorem exists_common_pos {P : Fin n → R → Prop} (hP : ∀ i a b, a ≤ b → P i b → P i a)
    (h : ∀ i, ∃ δ : R, 0 < δ ∧ P i δ) : ∃ δ : R, 0 < δ ∧ ∀ i, P i δ := by
  induction n with
  | zero => exact ⟨1, by grind, fun i => i.elim0⟩
  | succ n ih =>
    obtain ⟨c, hc, h₁⟩ := ih (fun i => hP i.succ) fun i => h i.succ
    obtain ⟨d, hd, h₀⟩ := h 0
    obtain ⟨δ, hδ, hδc, hδd⟩ := exists_pos_le_le hc hd
    exact ⟨δ, hδ, Fin.cases (hP _ _ _ hδd h₀) fun i => hP _ _ _ hδc (h₁ i)⟩

/-- Every vector has a bound. -/
theorem Vec.exists_bounded (h : Vec R n) : ∃ c : R, 0 ≤ c ∧ h.Bounded c :=
  exists_common_bound (fun _ _ _ hab h => h.mono hab) fun i => AbsLE.exists_bound (h i)

/-- A linear function grows at most in proportion to its argument. -/
theorem IsLinear.exists_bound {f : Vec R n → R} (hf : IsLinear f) :
    ∃ c : R, 0 ≤ c ∧ ∀ b : R, 0 ≤ b → ∀ h : Vec R n, h.Bounded b → AbsLE (f h) (c * b) := by
  suffices H : ∀ {n : Nat} (a : Vec R n), ∃ c : R, 0 ≤ c ∧
      ∀ (b : R) (h : Vec R n), h.Bounded b → AbsLE (h.inner a) (c * b) by
    obtain ⟨c, hc, H⟩ := H fun j => f (Vec.basis j)
    exact ⟨c, hc, fun b _ h hb => hf.eq_inner h ▸ H b h hb⟩
  intro n
  induction n with
  | zero => exact fun _ => ⟨0, Std.le_refl _, fun b h _ => AbsLE.zero (by grind)⟩
  | succ n ih =>
    intro a
    obtain ⟨c, hc, H⟩ := ih fun i => a i.succ
    obtain ⟨d, hd, h₀⟩ := AbsLE.exists_bound (a 0)
    refine ⟨d + c, by grind, fun b h hb => ?_⟩
    have := ((hb 0).mul h₀).add (H b (fun i => h i.succ) fun i => hb i.succ)
    exact this.mono (by grind)

/-- A linear map grows at most in proportion to its argument. -/
theorem CLM.exists_bound (A : CLM R n m) :
    ∃ c : R, 0 ≤ c ∧ ∀ b : R, 0 ≤ b → ∀ h : Vec R n, h.Bounded b → Vec.Bounded (A h) (c * b) := by
  have H := exists_common_bound
    (P := fun i c => ∀ b : R, 0 ≤ b → ∀ h : Vec R n, h.Bounded b → AbsLE (A h i) (c * b))
    (fun i c d hcd H b hb h hh =>
      (H b hb h hh).mono (mul_le_mul_of_nonneg_right hcd hb))
    fun i => (A.isLinear i).exists_bound
  obtain ⟨c, hc, H⟩ := H
  exact ⟨c, hc, fun b hb h hh i => H i b hb h hh⟩

/-! ### Definitions -/

/-- The linear map `f'` is the derivative of `f` at `x`: for every `ε > 0` there is a `δ > 0` such
that `‖f (x + h) - f x - f' h‖ ≤ ε * ‖h‖` whenever `‖h‖ ≤ δ`, in the sup norm. The norm needs no
maximum here: `b` stands for any bound on the coordinates of `h`, of which `‖h‖` is the least. -/
def HasFDerivAt (f : Vec R n → Vec R m) (f' : CLM R n m) (x : Vec R n) : Prop :=
  ∀ ε : R, 0 < ε → ∃ δ : R, 0 < δ ∧ ∀ b : R, 0 ≤ b → b ≤ δ → ∀ h : Vec R n, h.Bounded b →
    Vec.Bounded (fun i => f (x + h) i - f x i - f' h i) (ε * b)

/-- The linear function `f'` is the derivative at `x` of a scalar function `f` of a vector. -/
structure HasDifferentialAt (f f' : Vec R n → R) (x : Vec R n) : Prop where
  /-- The derivative is linear. -/
  isLinear : IsLinear f'
  /-- It approximates `f` near `x` to first order. -/
  approx : ∀ ε : R, 0 < ε → ∃ δ : R, 0 < δ ∧ ∀ b : R, 0 ≤ b → b ≤ δ → ∀ h : Vec R n, h.Bounded b →
    AbsLE (f (x + h) - f x - f' h) (ε * b)

/-- `f` has a derivative at `x`. -/
def DifferentiableAt (f : Vec R n → Vec R m) (x : Vec R n) : Prop :=
  ∃ f' : CLM R n m, HasFDerivAt f f' x

section

open Classical

variable (R)

/-- The derivative of `f` at `x`; zero where there is none. -/
noncomputable def fderiv (f : Vec R n → Vec R m) (x : Vec R n) : CLM R n m :=
  if h : DifferentiableAt f x then Classical.choose h else 0

end

variable {f g : Vec R n → Vec R m} {f' : CLM R n m} {x : Vec R n}

/-! ### Coordinates -/

/-- A derivative is a derivative in each coordinate. -/
theorem hasFDerivAt_pi :
    HasFDerivAt f f' x ↔ ∀ i, HasDifferentialAt (fun y => f y i) (fun h => f' h i) x := by
  constructor
  · intro H i
    refine ⟨f'.isLinear i, fun ε hε => ?_⟩
    obtain ⟨δ, hδ, H⟩ := H ε hε
    exact ⟨δ, hδ, fun b hb hbδ h hh => H b hb hbδ h hh i⟩
  · intro H ε hε
    obtain ⟨δ, hδ, H⟩ := exists_common_pos
      (P := fun i δ => ∀ b : R, 0 ≤ b → b ≤ δ → ∀ h : Vec R n, h.Bounded b →
        AbsLE (f (x + h) i - f x i - f' h i) (ε * b))
      (fun i δ₁ δ₂ hle H b hb hbδ => H b hb (Std.le_trans hbδ hle)) fun i => (H i).approx ε hε
    exact ⟨δ, hδ, fun b hb hbδ h hh i => H i b hb hbδ h hh⟩

/-- A map whose coordinates have differentials has the derivative made of them. -/
theorem HasFDerivAt.pi {f' : Vec R n → Vec R m}
    (H : ∀ i, HasDifferentialAt (fun y => f y i) (fun h => f' h i) x) :
    HasFDerivAt f (CLM.pi f' fun i => (H i).isLinear) x :=
  hasFDerivAt_pi.mpr H

theorem HasDifferentialAt.congr {f f' g g' : Vec R n → R} (H : HasDifferentialAt f f' x)
    (h : ∀ y, g y = f y)
    (h' : ∀ v, g' v = f' v) : HasDifferentialAt g g' x :=
  (funext h : g = f) ▸ (funext h' : g' = f') ▸ H

/-! ### Uniqueness -/

theorem HasDifferentialAt.unique {f f₁ f₂ : Vec R n → R} (H₁ : HasDifferentialAt f f₁ x)
    (H₂ : HasDifferentialAt f f₂ x) : f₁ = f₂ := by
  funext h
  obtain ⟨c, hc, hh⟩ := h.exists_bounded
  suffices f₂ h - f₁ h = 0 by grind
  refine AbsLE.eq_zero fun ε hε => ?_
  obtain ⟨η, hη, hηε⟩ := exists_pos_mul_le (by grind : 0 ≤ 2 * c) hε
  obtain ⟨δ₁, hδ₁, H₁'⟩ := H₁.approx η hη
  obtain ⟨δ₂, hδ₂, H₂'⟩ := H₂.approx η hη
  obtain ⟨δ, hδ, hδ₁', hδ₂'⟩ := exists_pos_le_le hδ₁ hδ₂
  obtain ⟨t, ht, htδ⟩ := exists_pos_mul_le hc hδ
  have hb := mul_nonneg hc (Std.le_of_lt ht)
  have hth : (t • h).Bounded (c * t) := fun i =>
    ((AbsLE.self (Std.le_of_lt ht)).mul (hh i)).mono (by grind)
  have e := (H₁' _ hb (Std.le_trans htδ hδ₁') _ hth).sub (H₂' _ hb (Std.le_trans htδ hδ₂') _ hth)
  rw [H₁.isLinear.map_smul, H₂.isLinear.map_smul] at e
  have e : AbsLE (t * (f₂ h - f₁ h)) (t * (2 * c * η)) := by grind
  exact (e.of_mul ht).mono hηε

/-- There is at most one derivative. -/
theorem HasFDerivAt.unique {f₁ f₂ : CLM R n m} (H₁ : HasFDerivAt f f₁ x)
    (H₂ : HasFDerivAt f f₂ x) : f₁ = f₂ :=
  CLM.ext fun h => funext fun i =>
    congrFun ((hasFDerivAt_pi.mp H₁ i).unique (hasFDerivAt_pi.mp H₂ i)) h

theorem HasFDerivAt.differentiableAt (H : HasFDerivAt f f' x) : DifferentiableAt f x := ⟨f', H⟩

theorem DifferentiableAt.hasFDerivAt (H : DifferentiableAt f x) :
    HasFDerivAt f (fderiv R f x) x := by
  rw [fderiv, dif_pos H]
  exact Classical.choose_spec H

/-- `fderiv` is the derivative where there is one. -/
protected theorem HasFDerivAt.fderiv (H : HasFDerivAt f f' x) : fderiv R f x = f' :=
  H.differentiableAt.hasFDerivAt.unique H

/-- `fderiv` is zero where there is no derivative. -/
theorem fderiv_zero_of_not_differentiableAt (H : ¬DifferentiableAt f x) : fderiv R f x = 0 :=
  dif_neg H

/-! ### The chain rule -/

/-- The remainder of a composite: half of `ε * b` from the outer function, half from the inner. -/
private theorem two_halves_le {C D ε ε₁ η b : R} (hC : (C + 1) * ε₁ ≤ ε / 2) (hD : D * η ≤ ε / 2)
    (hb : 0 ≤ b) : ε₁ * ((C + 1) * b) + D * (η * b) ≤ ε * b := by
  have h₁ : (C + 1) * ε₁ * b ≤ ε / 2 * b := mul_le_mul_of_nonneg_right hC hb
  have h₂ : D * η * b ≤ ε / 2 * b := mul_le_mul_of_nonneg_right hD hb
  grind

/-- What the derivative of the outer function makes of the inner remainder cancels. -/
private theorem sub_sub_add_cancel (u v p r : R) : u - v - (p + r) + r = u - v - p := by grind

theorem HasDifferentialAt.comp {g g' : Vec R m → R} (hg : HasDifferentialAt g g' (f x))
    (hf : HasFDerivAt f f' x) :
    HasDifferentialAt (fun y => g (f y)) (fun h => g' (f' h)) x := by
  refine ⟨⟨fun a b => by rw [f'.map_add, hg.isLinear.map_add],
    fun c a => by rw [f'.map_smul, hg.isLinear.map_smul]⟩, fun ε hε => ?_⟩
  obtain ⟨C, hC, hf'⟩ := f'.exists_bound
  obtain ⟨D, hD, hg'⟩ := hg.isLinear.exists_bound
  have hC₁ : 0 ≤ C + 1 := by grind
  have hε₂ : 0 < ε / 2 := by grind
  obtain ⟨ε₁, hε₁, hCε⟩ := exists_pos_mul_le hC₁ hε₂
  obtain ⟨η₁, hη₁, hDη⟩ := exists_pos_mul_le hD hε₂
  obtain ⟨η, hη, hηη₁, hη1⟩ := exists_pos_le_le hη₁ (by grind : (0 : R) < 1)
  obtain ⟨δ₁, hδ₁, hg₁⟩ := hg.approx ε₁ hε₁
  obtain ⟨δ₂, hδ₂, hf₁⟩ := hf η hη
  obtain ⟨δ₃, hδ₃, hCδ⟩ := exists_pos_mul_le hC₁ hδ₁
  obtain ⟨δ, hδ, hδδ₂, hδδ₃⟩ := exists_pos_le_le hδ₂ hδ₃
  refine ⟨δ, hδ, fun b hb hbδ h hh => ?_⟩
  -- `r` is the remainder of `f`, and `f (x + h) = f x + (f' h + r)`.
  let r : Vec R m := fun i => f (x + h) i - f x i - f' h i
  have hr : r.Bounded (η * b) := hf₁ b hb (Std.le_trans hbδ hδδ₂) h hh
  have hηb : η * b ≤ 1 * b := mul_le_mul_of_nonneg_right hη1 hb
  have hk : Vec.Bounded (f' h + r) ((C + 1) * b) := fun i =>
    ((hf' b hb h hh i).add (hr i)).mono (by grind)
  have hkδ : (C + 1) * b ≤ δ₁ :=
    Std.le_trans (mul_le_mul_of_nonneg_left (Std.le_trans hbδ hδδ₃) hC₁) hCδ
  have hfx : f x + (f' h + r) = f (x + h) :=
    funext fun i => by simp only [Vec.add_apply, r]; grind
  have e₁ := hg₁ _ (mul_nonneg hC₁ hb) hkδ _ hk
  rw [hfx, hg.isLinear.map_add] at e₁
  have e₂ := hg' _ (mul_nonneg (Std.le_of_lt hη) hb) r hr
  have hDη' := Std.le_trans (mul_le_mul_of_nonneg_left hηη₁ hD) hDη
  have e := (e₁.add e₂).mono (two_halves_le hCε hDη' hb)
  rwa [sub_sub_add_cancel] at e

/-- The chain rule. -/
theorem HasFDerivAt.comp {g : Vec R m → Vec R k} {g' : CLM R m k} (hg : HasFDerivAt g g' (f x))
    (hf : HasFDerivAt f f' x) :
    HasFDerivAt (fun y => g (f y)) (g'.comp f') x :=
  hasFDerivAt_pi.mpr fun i => (hasFDerivAt_pi.mp hg i).comp hf

end Proofs.Autograd
