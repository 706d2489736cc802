module

public import Proofs.Autograd.Algebra.Laws

/-!
# Cauchy sequences of rationals

`CauSeq` is the type of Cauchy sequences in core's `Rat`. Sums, products and negatives are taken
term by term; `CauSeq.le` compares two sequences up to every positive tolerance. It is a total
preorder, and the real numbers are the sequences up to `le` both ways. No absolute value is used: a
bound on `|x|` is two bounds on `x`.

Main results: `le_total`, `exists_pos_add_le` (what is not below lies above by a positive margin),
`mul_le_mul_of_equiv`, `exists_inv`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.Real

open Laws

/-- A Cauchy sequence of rationals: any two terms far out differ by at most `ε`. As `m` and `n` may
be exchanged, one inequality says so. -/
structure CauSeq where
  /-- The terms. -/
  seq : Nat → Rat
  /-- Terms far out are close to each other. -/
  cauchy : ∀ ε, 0 < ε → ∃ N, ∀ m n, N ≤ m → N ≤ n → seq m ≤ seq n + ε

/-! ### Rationals -/

/-- A product of two rationals is bounded by the product of their bounds. -/
theorem rat_mul_le {x y a b : Rat} (hx : -a ≤ x ∧ x ≤ a) (hy : -b ≤ y ∧ y ≤ b) : x * y ≤ a * b := by
  have h₁ := Rat.mul_nonneg (by grind : 0 ≤ a + x) (by grind : 0 ≤ b - y)
  have h₂ := Rat.mul_nonneg (by grind : 0 ≤ a - x) (by grind : 0 ≤ b + y)
  grind

/-- A multiple of a small enough positive rational is small. -/
theorem rat_exists_pos_mul_le {c ε : Rat} (hc : 0 ≤ c) (hε : 0 < ε) :
    ∃ δ : Rat, 0 < δ ∧ c * δ ≤ ε := by
  have h : 0 < (c + 1)⁻¹ := inv_pos_iff.mpr (by grind)
  have hδ := Rat.mul_pos hε h
  have : (c + 1) * (ε * (c + 1)⁻¹) = ε := by grind
  exact ⟨ε * (c + 1)⁻¹, hδ, by grind⟩

/-- Every rational is below a natural number. -/
theorem rat_exists_nat_gt (q : Rat) : ∃ n : Nat, q < n := by
  have h₁ := Rat.lt_floor_add_one q
  have h₂ := Rat.intCast_le_intCast.mpr (Int.self_le_toNat (q.floor + 1))
  rw [Rat.intCast_natCast] at h₂
  exact ⟨(q.floor + 1).toNat, Std.lt_of_lt_of_le h₁ h₂⟩

namespace CauSeq

/-! ### The preorder -/

/-- `a` is at most `b`, up to every positive tolerance from some term on. -/
def le (a b : CauSeq) : Prop := ∀ ε, 0 < ε → ∃ N, ∀ n, N ≤ n → a.seq n ≤ b.seq n + ε

theorem le_refl (a : CauSeq) : le a a := fun ε hε => ⟨0, fun n _ => by grind⟩

theorem le_trans {a b c : CauSeq} (h₁ : le a b) (h₂ : le b c) : le a c := by
  intro ε hε
  obtain ⟨N₁, h₁⟩ := h₁ (ε / 2) (by grind)
  obtain ⟨N₂, h₂⟩ := h₂ (ε / 2) (by grind)
  refine ⟨N₁ + N₂, fun n hn => ?_⟩
  replace h₁ := h₁ n (by omega)
  replace h₂ := h₂ n (by omega)
  grind

/-- Where `a ≤ b` fails, `a` is above `b` by a positive margin from some term on. -/
theorem exists_pos_add_le {a b : CauSeq} (h : ¬le a b) :
    ∃ c, 0 < c ∧ ∃ N, ∀ n, N ≤ n → b.seq n + c ≤ a.seq n := by
  simp only [le, Classical.not_forall, not_exists] at h
  obtain ⟨ε, hε, h⟩ := h
  obtain ⟨N₁, h₁⟩ := a.cauchy (ε / 3) (by grind)
  obtain ⟨N₂, h₂⟩ := b.cauchy (ε / 3) (by grind)
  obtain ⟨k, hk, h⟩ := h (N₁ + N₂)
  refine ⟨ε / 3, by grind, N₁ + N₂, fun n hn => ?_⟩
  replace h₁ := h₁ k n (by omega) (by omega)
  replace h₂ := h₂ n k (by omega) (by omega)
  grind

theorem le_of_exists {a b : CauSeq} (h : ∃ N, ∀ n, N ≤ n → a.seq n ≤ b.seq n) : le a b := by
  intro ε hε
  obtain ⟨N, h⟩ := h
  refine ⟨N, fun n hn => ?_⟩
  have := h n hn
  grind

theorem le_total (a b : CauSeq) : le a b ∨ le b a := by
  refine Classical.or_iff_not_imp_left.mpr fun h => ?_
  obtain ⟨c, hc, N, h⟩ := exists_pos_add_le h
  refine le_of_exists ⟨N, fun n hn => ?_⟩
  have := h n hn
  grind

/-- A margin, from some term on, is a strict inequality. -/
theorem not_le_of_exists {a b : CauSeq} {c : Rat} (hc : 0 < c)
    (h : ∃ N, ∀ n, N ≤ n → b.seq n + c ≤ a.seq n) :
    ¬le a b := by
  intro H
  obtain ⟨N₁, H⟩ := H (c / 2) (by grind)
  obtain ⟨N₂, h⟩ := h
  replace H := H (N₁ + N₂) (by omega)
  replace h := h (N₁ + N₂) (by omega)
  grind

/-- Two sequences are equivalent if each is at most the other. -/
instance setoid : Setoid CauSeq where
  r a b := le a b ∧ le b a
  iseqv :=
    { refl := fun a => ⟨le_refl a, le_refl a⟩
      symm := fun h => ⟨h.2, h.1⟩
      trans := fun h₁ h₂ => ⟨le_trans h₁.1 h₂.1, le_trans h₂.2 h₁.2⟩ }

theorem equiv_of_eq {a b : CauSeq} (h : ∀ n, a.seq n = b.seq n) : a ≈ b :=
  ⟨le_of_exists ⟨0, fun n _ => h n ▸ Rat.le_refl⟩, le_of_exists ⟨0, fun n _ => h n ▸ Rat.le_refl⟩⟩

/-! ### Operations -/

/-- From some term on, a Cauchy sequence is bounded. -/
theorem exists_bound (a : CauSeq) : ∃ B, 0 ≤ B ∧ ∃ N, ∀ n, N ≤ n → -B ≤ a.seq n ∧ a.seq n ≤ B := by
  obtain ⟨N, h⟩ := a.cauchy 1 (by grind)
  rcases Rat.le_total (a := 0) (b := a.seq N) with h₀ | h₀
  · refine ⟨a.seq N + 1, by grind, N, fun n hn => ?_⟩
    have h₁ := h n N hn (Nat.le_refl N)
    have h₂ := h N n (Nat.le_refl N) hn
    exact ⟨by grind, by grind⟩
  · refine ⟨1 - a.seq N, by grind, N, fun n hn => ?_⟩
    have h₁ := h n N hn (Nat.le_refl N)
    have h₂ := h N n (Nat.le_refl N) hn
    exact ⟨by grind, by grind⟩

/-- The constant sequence. -/
def const (q : Rat) : CauSeq := ⟨fun _ => q, fun ε hε => ⟨0, fun _ _ _ _ => by grind⟩⟩

/-- The sum, term by term. -/
def add (a b : CauSeq) : CauSeq where
  seq n := a.seq n + b.seq n
  cauchy ε hε := by
    obtain ⟨N₁, h₁⟩ := a.cauchy (ε / 2) (by grind)
    obtain ⟨N₂, h₂⟩ := b.cauchy (ε / 2) (by grind)
    refine ⟨N₁ + N₂, fun m n hm hn => ?_⟩
    replace h₁ := h₁ m n (by omega) (by omega)
    replace h₂ := h₂ m n (by omega) (by omega)
    grind

/-- The negative, term by term. -/
def neg (a : CauSeq) : CauSeq where
  seq n := -a.seq n
  cauchy ε hε := by
    obtain ⟨N, h⟩ := a.cauchy ε hε
    refine ⟨N, fun m n hm hn => ?_⟩
    have := h n m hn hm
    grind

/-- The product, term by term. -/
def mul (a b : CauSeq) : CauSeq where
  seq n := a.seq n * b.seq n
  cauchy ε hε := by
    obtain ⟨A, hA, N₁, h₁⟩ := a.exists_bound
    obtain ⟨B, hB, N₂, h₂⟩ := b.exists_bound
    obtain ⟨δ, hδ, hAB⟩ := rat_exists_pos_mul_le (by grind : 0 ≤ A + B) hε
    obtain ⟨N₃, h₃⟩ := a.cauchy δ hδ
    obtain ⟨N₄, h₄⟩ := b.cauchy δ hδ
    refine ⟨N₁ + N₂ + N₃ + N₄, fun m n hm hn => ?_⟩
    replace h₁ := h₁ m (by omega)
    replace h₂ := h₂ n (by omega)
    have h₃' := h₃ n m (by omega) (by omega)
    replace h₃ := h₃ m n (by omega) (by omega)
    have h₄' := h₄ n m (by omega) (by omega)
    replace h₄ := h₄ m n (by omega) (by omega)
    have h₅ := rat_mul_le h₁ (⟨by grind, by grind⟩ : -δ ≤ b.seq m - b.seq n ∧ b.seq m - b.seq n ≤ δ)
    have h₆ := rat_mul_le h₂ (⟨by grind, by grind⟩ : -δ ≤ a.seq m - a.seq n ∧ a.seq m - a.seq n ≤ δ)
    grind

theorem add_le_add_right {a b : CauSeq} (h : le a b) (c : CauSeq) : le (a.add c) (b.add c) := by
  intro ε hε
  obtain ⟨N, h⟩ := h ε hε
  refine ⟨N, fun n hn => ?_⟩
  have := h n hn
  simp only [add]
  grind

theorem neg_le_neg {a b : CauSeq} (h : le a b) : le b.neg a.neg := by
  intro ε hε
  obtain ⟨N, h⟩ := h ε hε
  refine ⟨N, fun n hn => ?_⟩
  have := h n hn
  simp only [neg]
  grind

theorem mul_le_mul_of_equiv {a b : CauSeq} (h : a ≈ b) (c : CauSeq) : le (a.mul c) (b.mul c) := by
  intro ε hε
  obtain ⟨C, hC, N, hc⟩ := c.exists_bound
  obtain ⟨δ, hδ, hCδ⟩ := rat_exists_pos_mul_le hC hε
  obtain ⟨N₁, h₁⟩ := h.1 δ hδ
  obtain ⟨N₂, h₂⟩ := h.2 δ hδ
  refine ⟨N + N₁ + N₂, fun n hn => ?_⟩
  replace hc := hc n (by omega)
  replace h₁ := h₁ n (by omega)
  replace h₂ := h₂ n (by omega)
  have := rat_mul_le hc (⟨by grind, by grind⟩ : -δ ≤ a.seq n - b.seq n ∧ a.seq n - b.seq n ≤ δ)
  simp only [mul]
  grind

/-- A sequence that stays above a positive rational has a reciprocal. -/
theorem exists_inv {a : CauSeq} {c : Rat} (hc : 0 < c) (h : ∃ N, ∀ n, N ≤ n → c ≤ a.seq n) :
    ∃ b : CauSeq, a.mul b ≈ const 1 := by
  obtain ⟨N, h⟩ := h
  have pos (n) (hn : N ≤ n) : 0 < (a.seq n)⁻¹ ∧ a.seq n * (a.seq n)⁻¹ = 1 ∧ (a.seq n)⁻¹ ≤ c⁻¹ := by
    replace h := h n hn
    have h₀ : 0 < (a.seq n)⁻¹ := inv_pos_iff.mpr (by grind)
    have h₁ : 0 < c⁻¹ := inv_pos_iff.mpr hc
    have h₂ := Rat.mul_nonneg (Std.le_of_lt (Rat.mul_pos h₀ h₁)) (by grind : 0 ≤ a.seq n - c)
    have e : (a.seq n)⁻¹ * c⁻¹ * (a.seq n - c) = c⁻¹ - (a.seq n)⁻¹ := by grind
    rw [e] at h₂
    exact ⟨h₀, by grind, by grind⟩
  refine ⟨⟨fun n => (a.seq n)⁻¹, fun ε hε => ?_⟩, ?_⟩
  · have hc' : 0 < c⁻¹ := inv_pos_iff.mpr hc
    obtain ⟨δ, hδ, hcδ⟩ := rat_exists_pos_mul_le (Std.le_of_lt (Rat.mul_pos hc' hc')) hε
    obtain ⟨M, hM⟩ := a.cauchy δ hδ
    refine ⟨N + M, fun m n hm hn => ?_⟩
    have h₁ := hM m n (by omega) (by omega)
    have h₂ := hM n m (by omega) (by omega)
    obtain ⟨p₁, e₁, b₁⟩ := pos m (by omega)
    obtain ⟨p₂, e₂, b₂⟩ := pos n (by omega)
    have h₃ := rat_mul_le (⟨by grind, b₁⟩ : -c⁻¹ ≤ (a.seq m)⁻¹ ∧ _)
      (⟨by grind, b₂⟩ : -c⁻¹ ≤ (a.seq n)⁻¹ ∧ _)
    have h₄ := Rat.mul_pos p₁ p₂
    have h₅ := rat_mul_le (⟨by grind, h₃⟩ : -(c⁻¹ * c⁻¹) ≤ (a.seq m)⁻¹ * (a.seq n)⁻¹ ∧ _)
      (⟨by grind, by grind⟩ : -δ ≤ a.seq n - a.seq m ∧ a.seq n - a.seq m ≤ δ)
    have h₆ : (a.seq m)⁻¹ * (a.seq n)⁻¹ * (a.seq n - a.seq m) = (a.seq m)⁻¹ - (a.seq n)⁻¹ := by
      clear h₁ h₂ h₃ h₄ h₅ b₁ b₂; grind
    grind
  · refine ⟨le_of_exists ⟨N, fun n hn => ?_⟩, le_of_exists ⟨N, fun n hn => ?_⟩⟩
    · have := (pos n hn).2.1
      simp only [mul, const]
      grind
    · have := (pos n hn).2.1
      simp only [mul, const]
      grind

end CauSeq

end Proofs.Autograd.Real
