module

public import Proofs.Autograd.Calculus.Elementary
public import Proofs.Autograd.Nodes.Certified.Elementwise
public import Proofs.Autograd.Nodes.Rectifiers

/-!
# Certificates of rectifiers, maxima and clamping

Each is certified at points with no coordinate on a kink: at 0, or at the constants. The function of
Huber is certified everywhere; main results besides: what it is, `huberSpec_of_le`,
`huberSpec_of_lt` and `huberSpec_of_gt`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec

variable {R : Type} [AnalyticScalar R] {s : Shape}

/-! ### Functions of one variable -/

private theorem hasDifferentialAt_step {n : Nat} {f f' : Vec R n → R} {x : Vec R n}
    (hf : HasDifferentialAt f f' x) (h₀ : f x ≠ 0) :
    HasDifferentialAt (fun y => step (f y)) (fun h => 0 * f' h) x :=
  (hasDerivAt_step h₀).comp_hasDifferentialAt hf

/-- Two numbers of opposite sign have one positive between them. -/
theorem step_neg {x : R} (hx : x ≠ 0) : step (-x) = 1 - step x := by
  by_cases h : 0 < x
  · rw [step_of_pos x h, step_of_nonpos (-x) (by grind)]
    grind
  · rw [step_of_nonpos x (by grind), step_of_pos (-x) (by grind)]
    grind

theorem hasDerivAt_relu {x : R} (hx : x ≠ 0) : HasDerivAt reluSpec (step x) x := by
  have hv := HasDifferentialAt.coord (x := fun _ : Fin 1 => x) 0
  exact .of_hasDifferentialAt (hv.mul (hasDifferentialAt_step hv hx)) fun h => by grind

theorem hasDerivAt_leakyRelu (a : R) {x : R} (hx : x ≠ 0) :
    HasDerivAt (leakyReluSpec a) (leakyReluDerivSpec a x) x := by
  have hv := HasDifferentialAt.coord (x := fun _ : Fin 1 => x) 0
  have hp := hv.mul (hasDifferentialAt_step hv hx)
  have hm := hv.mul (hasDifferentialAt_step hv.neg (by grind : -x ≠ 0))
  refine .of_hasDifferentialAt (hp.add (hm.const_mul a)) fun h => ?_
  have := step_neg hx
  simp only [leakyReluDerivSpec]
  grind

theorem hasDerivAt_abs {x : R} (hx : x ≠ 0) : HasDerivAt absSpec (absDerivSpec x) x := by
  have hv := HasDifferentialAt.coord (x := fun _ : Fin 1 => x) 0
  have hs := (hasDifferentialAt_step hv hx).sub
    (hasDifferentialAt_step hv.neg (by grind : -x ≠ 0))
  refine .of_hasDifferentialAt (hv.mul hs) fun h => ?_
  simp only [absDerivSpec]
  grind

theorem hasDerivAt_maxConst {c x : R} (hx : x ≠ c) :
    HasDerivAt (maxConstSpec c) (1 - step (c - x)) x := by
  have hv := (HasDifferentialAt.coord (x := fun _ : Fin 1 => x) 0).sub (.const c)
  have hp := (hv.mul (hasDifferentialAt_step hv (by grind : x - c ≠ 0))).add_const c
  have e : c - x = -(x - c) := by grind
  rw [e, step_neg (by grind : x - c ≠ 0)]
  exact .of_hasDifferentialAt (hp.congr (fun y => by simp only [maxConstSpec]; grind) fun _ => rfl)
    fun h => by grind

theorem hasDerivAt_minConst {c x : R} (hx : x ≠ c) :
    HasDerivAt (minConstSpec c) (1 - step (x - c)) x := by
  have hv := (HasDifferentialAt.const (x := fun _ : Fin 1 => x) c).sub (.coord 0)
  have hp := (hv.mul (hasDifferentialAt_step hv (by grind : c - x ≠ 0))).neg.add_const c
  have e : x - c = -(c - x) := by grind
  rw [e, step_neg (by grind : c - x ≠ 0)]
  exact .of_hasDifferentialAt (hp.congr (fun y => by simp only [minConstSpec]; grind) fun _ => rfl)
    fun h => by grind

theorem maxConstSpec_of_lt {c x : R} (h : x < c) : maxConstSpec c x = c := by
  rw [maxConstSpec, step_of_nonpos _ (by grind)]
  grind

theorem maxConstSpec_of_gt {c x : R} (h : c < x) : maxConstSpec c x = x := by
  rw [maxConstSpec, step_of_pos _ (by grind)]
  grind

theorem hasDerivAt_clamp {lo hi x : R} (h₁ : x ≠ lo) (h₂ : x ≠ hi) :
    HasDerivAt (clampSpec lo hi) (clampDerivSpec lo hi x) x := by
  by_cases h : x < lo
  · have e : clampDerivSpec lo hi x = 0 := by
      rw [clampDerivSpec, step_of_pos _ (by grind)]
      grind
    rw [e]
    refine .of_near (r := (lo - x) / 2) (by grind) (fun y ⟨_, hy⟩ => ?_)
      (hasDerivAt_const (minConstSpec hi lo) x)
    exact congrArg _ (maxConstSpec_of_lt (by grind))
  · have e : clampDerivSpec lo hi x = 1 - step (x - hi) := by
      rw [clampDerivSpec, step_of_nonpos _ (by grind)]
      grind
    rw [e]
    refine .of_near (r := (x - lo) / 2) (by grind) (fun y ⟨hy, _⟩ => ?_) (hasDerivAt_minConst h₂)
    exact congrArg _ (maxConstSpec_of_gt (by grind))

/-! ### The function of Huber -/

theorem maxConstSpec_of_ge {c x : R} (h : c ≤ x) : maxConstSpec c x = x := by
  by_cases e : x = c
  · rw [e, maxConstSpec]
    grind
  · exact maxConstSpec_of_gt (by grind)

theorem minConstSpec_of_le {c x : R} (h : x ≤ c) : minConstSpec c x = x := by
  by_cases e : x = c
  · rw [e, minConstSpec]
    grind
  · rw [minConstSpec, step_of_pos _ (by grind)]
    grind

theorem minConstSpec_of_gt {c x : R} (h : c < x) : minConstSpec c x = c := by
  rw [minConstSpec, step_of_nonpos _ (by grind)]
  grind

/-- What clamping makes of a number, by where it is. -/
theorem clampSpec_cases {lo hi : R} (h : lo ≤ hi) (x : R) :
    x < lo ∧ clampSpec lo hi x = lo ∨ lo ≤ x ∧ x ≤ hi ∧ clampSpec lo hi x = x ∨
      hi < x ∧ clampSpec lo hi x = hi := by
  rw [clampSpec]
  by_cases h₁ : x < lo
  · rw [maxConstSpec_of_lt h₁, minConstSpec_of_le h]
    exact .inl ⟨h₁, rfl⟩
  · rw [maxConstSpec_of_ge (by grind)]
    by_cases h₂ : x ≤ hi
    · exact .inr (.inl ⟨by grind, h₂, minConstSpec_of_le h₂⟩)
    · exact .inr (.inr ⟨by grind, minConstSpec_of_gt (by grind)⟩)

/-- Between `-δ` and `δ` the function of Huber is half the square; -/
theorem huberSpec_of_le {δ x : R} (h₁ : -δ ≤ x) (h₂ : x ≤ δ) : huberSpec δ x = x * x / 2 := by
  rw [huberSpec]
  rcases clampSpec_cases (by grind : -δ ≤ δ) x with ⟨_, e⟩ | ⟨_, _, e⟩ | ⟨_, e⟩ <;> rw [e] <;> grind

/-- above it is linear, -/
theorem huberSpec_of_gt {δ x : R} (hδ : 0 ≤ δ) (h : δ < x) : huberSpec δ x = δ * (x - δ / 2) := by
  rw [huberSpec]
  rcases clampSpec_cases (by grind : -δ ≤ δ) x with ⟨_, e⟩ | ⟨_, _, e⟩ | ⟨_, e⟩ <;> rw [e] <;> grind

/-- and below too. -/
theorem huberSpec_of_lt {δ x : R} (hδ : 0 ≤ δ) (h : x < -δ) :
    huberSpec δ x = δ * (-x - δ / 2) := by
  rw [huberSpec]
  rcases clampSpec_cases (by grind : -δ ≤ δ) x with ⟨_, e⟩ | ⟨_, _, e⟩ | ⟨_, e⟩ <;> rw [e] <;> grind

private theorem mul_nonneg_of_same_sign {a b : R} (h : 0 ≤ a ∧ 0 ≤ b ∨ a ≤ 0 ∧ b ≤ 0) :
    0 ≤ a * b := by
  rcases h with ⟨ha, hb⟩ | ⟨ha, hb⟩
  · exact mul_nonneg ha hb
  · have := mul_nonneg (by grind : 0 ≤ -a) (by grind : 0 ≤ -b)
    grind

/-- The function of Huber has what is between `-δ` and `δ` of a number as its derivative there, also
at `-δ` and `δ`: clamping moves two numbers no further apart. -/
theorem hasDerivAt_huber {δ : R} (hδ : 0 ≤ δ) (x : R) :
    HasDerivAt (huberSpec δ) (clampSpec (-δ) δ x) x := by
  refine hasDerivAt_of_mul_self (c := 1) (r := 1) (by grind) (by grind) fun h _ => ?_
  have hx := clampSpec_cases (by grind : -δ ≤ δ) x
  have hy := clampSpec_cases (by grind : -δ ≤ δ) (x + h)
  simp only [huberSpec]
  generalize clampSpec (-δ) δ x = a at *
  generalize clampSpec (-δ) δ (x + h) = b at *
  have h₁ : 0 ≤ (b - a) * (x + h - b) := mul_nonneg_of_same_sign (by grind)
  have h₂ : 0 ≤ (a - b) * (x - a) := mul_nonneg_of_same_sign (by grind)
  have h₃ : 0 ≤ (b - a) * (h - (b - a)) := mul_nonneg_of_same_sign (by grind)
  have h₄ := mul_self_nonneg (b - a)
  have h₅ := mul_self_nonneg (h - (b - a))
  constructor <;> grind

/-! ### Nodes -/

noncomputable section

namespace TapeNodes

variable {Γ : List Shape}

/-- The certificate of `relu` at a point where no coordinate is 0. -/
def reluFderivAt (a : Idx Γ s) (x : CtxVec R Γ) (hne : ∀ k, CtxVec.get a x k ≠ 0) :
    NodeFDerivCorrectAt (relu a) x :=
  elemwiseFderivAt a _ _ x fun k => hasDerivAt_relu (hne k)

/-- The certificate of `leakyRelu` at a point where no coordinate is 0. -/
def leakyReluFderivAt (a : Idx Γ s) (c : R) (x : CtxVec R Γ) (hne : ∀ k, CtxVec.get a x k ≠ 0) :
    NodeFDerivCorrectAt (leakyRelu a c) x :=
  elemwiseFderivAt a _ _ x fun k => hasDerivAt_leakyRelu c (hne k)

/-- The certificate of `abs` at a point where no coordinate is 0. -/
def absFderivAt (a : Idx Γ s) (x : CtxVec R Γ) (hne : ∀ k, CtxVec.get a x k ≠ 0) :
    NodeFDerivCorrectAt (abs a) x :=
  elemwiseFderivAt a _ _ x fun k => hasDerivAt_abs (hne k)

/-- The certificate of `maxConst` at a point where no coordinate is the constant. -/
def maxConstFderivAt (a : Idx Γ s) (c : R) (x : CtxVec R Γ) (hne : ∀ k, CtxVec.get a x k ≠ c) :
    NodeFDerivCorrectAt (maxConst a c) x :=
  elemwiseFderivAt a _ _ x fun k => hasDerivAt_maxConst (hne k)

/-- The certificate of `minConst` at a point where no coordinate is the constant. -/
def minConstFderivAt (a : Idx Γ s) (c : R) (x : CtxVec R Γ) (hne : ∀ k, CtxVec.get a x k ≠ c) :
    NodeFDerivCorrectAt (minConst a c) x :=
  elemwiseFderivAt a _ _ x fun k => hasDerivAt_minConst (hne k)

/-- The certificate of `clamp` at a point where no coordinate is one of the two constants. -/
def clampFderivAt (a : Idx Γ s) (lo hi : R) (x : CtxVec R Γ)
    (hne : ∀ k, CtxVec.get a x k ≠ lo ∧ CtxVec.get a x k ≠ hi) :
    NodeFDerivCorrectAt (clamp a lo hi) x :=
  elemwiseFderivAt a _ _ x fun k => hasDerivAt_clamp (hne k).1 (hne k).2

/-- The certificate of `huber` for `δ > 0`. -/
def huberFderiv (a : Idx Γ s) {δ : R} (hδ : 0 < δ) : NodeFDerivCorrect (huber a δ) :=
  elemwiseFderiv a _ _ (hasDerivAt_huber (Std.le_of_lt hδ))

end TapeNodes

end

end Proofs.Autograd
