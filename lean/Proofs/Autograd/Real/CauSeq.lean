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

/-! What `grind` asks of a scalar at every call; said here, it is not searched for. -/

scoped instance : IsCharP Rat 0 := inferInstance
scoped instance : Std.IsPreorder Rat := inferInstance
scoped instance : Std.IsPartialOrder Rat := inferInstance
scoped instance : Std.IsLinearPreorder Rat := inferInstance
scoped instance : OrderedAdd Rat := inferInstance

/-- A product of two rationals is bounded by the product of their bounds. -/
theorem rat_mul_le {x y a b : Rat} (hx : -a ≤ x ∧ x ≤ a) (hy : -b ≤ y ∧ y ≤ b) : x * y ≤ a * b := by
  have h₁ := Rat.mul_nonneg (by grind : 0 ≤ a + x) (by grind : 0 ≤ b - y)
  have h₂ := Rat.mul_nonneg (by grind : 0 ≤ a - x) (by grind : 0 ≤ b + y)
  grind

theorem rat_half_pos {ε : Rat} (h : 0 < ε) : 0 < ε / 2 := by grind

theorem rat_le_add_halves {x y z ε : Rat} (h₁ : x ≤ y + ε / 2) (h₂ : y ≤ z + ε / 2) :
    x ≤ z + ε := by grind

theorem rat_add_le_add {x x' y y' ε : Rat} (h₁ : x ≤ x' + ε / 2) (h₂ : y ≤ y' + ε / 2) :
    x + y ≤ x' + y' + ε := by grind

theorem rat_sub_bounds {x y δ : Rat} (h₁ : x ≤ y + δ) (h₂ : y ≤ x + δ) :
    -δ ≤ x - y ∧ x - y ≤ δ := ⟨by grind, by grind⟩

/-- Products differ by little where their factors do. -/
theorem rat_mul_le_add {x x' y y' a b δ : Rat} (hx : -a ≤ x ∧ x ≤ a) (hy : -b ≤ y' ∧ y' ≤ b)
    (h₁ : -δ ≤ x - x' ∧ x - x' ≤ δ) (h₂ : -δ ≤ y - y' ∧ y - y' ≤ δ) :
    x * y ≤ x' * y' + (a + b) * δ := by
  replace h₂ := rat_mul_le hx h₂
  replace h₁ := rat_mul_le hy h₁
  clear hx hy
  grind

/-- The inverse of what stays above a positive rational. -/
theorem rat_inv_le {c x : Rat} (hc : 0 < c) (h : c ≤ x) :
    0 < x⁻¹ ∧ x * x⁻¹ = 1 ∧ x⁻¹ ≤ c⁻¹ := by
  have hx := Std.lt_of_lt_of_le hc h
  have h₀ := inv_pos_iff.mpr hx
  have h₁ := inv_pos_iff.mpr hc
  have h₂ := Rat.mul_le_mul_of_nonneg_left h (Std.le_of_lt (Rat.mul_pos h₀ h₁))
  have e : x * x⁻¹ = 1 := Rat.mul_inv_cancel x (Rat.ne_of_gt hx)
  have e' : c * c⁻¹ = 1 := Rat.mul_inv_cancel c (Rat.ne_of_gt hc)
  rw [Rat.mul_assoc, Rat.mul_comm c⁻¹, e', Rat.mul_one, Rat.mul_comm x⁻¹, Rat.mul_assoc,
    Rat.mul_comm x⁻¹, e, Rat.mul_one] at h₂
  exact ⟨h₀, e, h₂⟩

private theorem rat_neg_le {x y : Rat} (hx : 0 < x) (hy : 0 < y) : -x ≤ y := by grind

/-- Inverses of what stays above a positive rational differ by little. -/
theorem rat_inv_le_add {c x y δ : Rat} (hc : 0 < c) (hx : c ≤ x) (hy : c ≤ y)
    (h₁ : x ≤ y + δ) (h₂ : y ≤ x + δ) : x⁻¹ ≤ y⁻¹ + c⁻¹ * c⁻¹ * δ := by
  obtain ⟨px, ex, bx⟩ := rat_inv_le hc hx
  obtain ⟨py, ey, b⟩ := rat_inv_le hc hy
  have hc' := inv_pos_iff.mpr hc
  have h₃ := rat_mul_le ⟨rat_neg_le hc' px, bx⟩ ⟨rat_neg_le hc' py, b⟩
  have h₄ := rat_mul_le ⟨rat_neg_le (Rat.mul_pos hc' hc') (Rat.mul_pos px py), h₃⟩
    (rat_sub_bounds h₂ h₁)
  have e : x⁻¹ * y⁻¹ * (y - x) = x⁻¹ - y⁻¹ := by
    generalize x⁻¹ = u at *
    generalize y⁻¹ = v at *
    clear h₃ h₄ px py bx b hx hy hc hc' h₁ h₂
    grind
  rw [e] at h₄
  clear e h₃ px py ex ey bx b h₁ h₂ hx hy
  generalize x⁻¹ = u at *
  generalize y⁻¹ = v at *
  generalize c⁻¹ = w at *
  clear hc hc'
  grind

/-- A multiple of a small enough positive rational is small. -/
theorem rat_exists_pos_mul_le {c ε : Rat} (hc : 0 ≤ c) (hε : 0 < ε) :
    ∃ δ : Rat, 0 < δ ∧ c * δ ≤ ε := by
  have h : 0 < (c + 1)⁻¹ := inv_pos_iff.mpr (by grind)
  have hδ := Rat.mul_pos hε h
  have : (c + 1) * (ε * (c + 1)⁻¹) = ε := by
    rw [mul_left_comm, Rat.mul_inv_cancel _ (Rat.ne_of_gt (inv_pos_iff.mp h)), Rat.mul_one]
  refine ⟨ε * (c + 1)⁻¹, hδ, ?_⟩
  generalize ε * (c + 1)⁻¹ = δ at *
  clear hc h hε
  grind

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
  obtain ⟨N₁, h₁⟩ := h₁ (ε / 2) (rat_half_pos hε)
  obtain ⟨N₂, h₂⟩ := h₂ (ε / 2) (rat_half_pos hε)
  exact ⟨N₁ + N₂, fun n hn => rat_le_add_halves (h₁ n (by omega)) (h₂ n (by omega))⟩

/-- Where `a ≤ b` fails, `a` is above `b` by a positive margin from some term on. -/
theorem exists_pos_add_le {a b : CauSeq} (h : ¬le a b) :
    ∃ c, 0 < c ∧ ∃ N, ∀ n, N ≤ n → b.seq n + c ≤ a.seq n := by
  simp only [le, Classical.not_forall, not_exists] at h
  obtain ⟨ε, hε, h⟩ := h
  have hε' : 0 < ε / 3 := by grind
  obtain ⟨N₁, h₁⟩ := a.cauchy (ε / 3) hε'
  obtain ⟨N₂, h₂⟩ := b.cauchy (ε / 3) hε'
  obtain ⟨k, hk, h⟩ := h (N₁ + N₂)
  refine ⟨ε / 3, hε', N₁ + N₂, fun n hn => ?_⟩
  replace h₁ := h₁ k n (by omega) (by omega)
  replace h₂ := h₂ n k (by omega) (by omega)
  clear hk hn hε hε'
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
  obtain ⟨N₁, H⟩ := H (c / 2) (rat_half_pos hc)
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
    obtain ⟨N₁, h₁⟩ := a.cauchy (ε / 2) (rat_half_pos hε)
    obtain ⟨N₂, h₂⟩ := b.cauchy (ε / 2) (rat_half_pos hε)
    exact ⟨N₁ + N₂, fun m n hm hn =>
      rat_add_le_add (h₁ m n (by omega) (by omega)) (h₂ m n (by omega) (by omega))⟩

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
    obtain ⟨δ, hδ, hAB⟩ := rat_exists_pos_mul_le (Rat.add_nonneg hA hB) hε
    obtain ⟨N₃, h₃⟩ := a.cauchy δ hδ
    obtain ⟨N₄, h₄⟩ := b.cauchy δ hδ
    refine ⟨N₁ + N₂ + N₃ + N₄, fun m n hm hn => ?_⟩
    have near {x : CauSeq} {N}
        (h : ∀ m n, N ≤ m → N ≤ n → x.seq m ≤ x.seq n + δ) (hm : N ≤ m) (hn : N ≤ n) :=
      rat_sub_bounds (h m n hm hn) (h n m hn hm)
    exact Std.le_trans (rat_mul_le_add (h₁ m (by omega)) (h₂ n (by omega))
      (near h₃ (by omega) (by omega)) (near h₄ (by omega) (by omega)))
      (Rat.add_le_add_left.mpr hAB)

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
  have := rat_mul_le (hc n (by omega)) (rat_sub_bounds (h₁ n (by omega)) (h₂ n (by omega)))
  clear hn hC hδ hε hc h₁ h₂
  simp only [mul]
  grind

/-- A sequence that stays above a positive rational has a reciprocal. -/
theorem exists_inv {a : CauSeq} {c : Rat} (hc : 0 < c) (h : ∃ N, ∀ n, N ≤ n → c ≤ a.seq n) :
    ∃ b : CauSeq, a.mul b ≈ const 1 := by
  obtain ⟨N, h⟩ := h
  have hc' := inv_pos_iff.mpr hc
  have cancel (n) (hn : N ≤ n) : a.seq n * (a.seq n)⁻¹ = 1 := (rat_inv_le hc (h n hn)).2.1
  refine ⟨⟨fun n => (a.seq n)⁻¹, fun ε hε => ?_⟩, le_of_exists ⟨N, fun n hn => ?_⟩,
    le_of_exists ⟨N, fun n hn => ?_⟩⟩
  · obtain ⟨δ, hδ, hcδ⟩ := rat_exists_pos_mul_le (Std.le_of_lt (Rat.mul_pos hc' hc')) hε
    obtain ⟨M, hM⟩ := a.cauchy δ hδ
    exact ⟨N + M, fun m n hm hn => Std.le_trans
      (rat_inv_le_add hc (h m (by omega)) (h n (by omega)) (hM m n (by omega) (by omega))
        (hM n m (by omega) (by omega))) (Rat.add_le_add_left.mpr hcδ)⟩
  · exact cancel n hn ▸ Rat.le_refl
  · exact (cancel n hn).symm ▸ Rat.le_refl

end CauSeq

end Proofs.Autograd.Real
