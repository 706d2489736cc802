module

public import Proofs.Autograd.Real.Field

/-!
# Completeness

A set of real numbers is given by its membership predicate. Main results: a set that is not empty
and is bounded above has a least upper bound (`Real.exists_isLUB`), and every Cauchy sequence of
real numbers has a limit (`Real.cauchySeq_tendsto_of_complete`). `Real.sSup` is the least upper
bound where there is one, else 0, as Mathlib's.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.Real

open Laws

variable {s : Real → Prop}

/-- `b` is an upper bound of the set `s`. -/
def IsUpperBound (s : Real → Prop) (b : Real) : Prop := ∀ x, s x → x ≤ b

/-- `b` is the least upper bound of the set `s`. -/
def IsLUB (s : Real → Prop) (b : Real) : Prop := IsUpperBound s b ∧ ∀ c, IsUpperBound s c → b ≤ c

theorem IsLUB.unique {a b : Real} (ha : IsLUB s a) (hb : IsLUB s b) : a = b := by
  exact Std.le_antisymm (ha.2 b hb.1) (hb.2 a ha.1)

/-! ### Least upper bounds -/

/-- Where a property of numbers fails at 0 and holds at `k` it begins somewhere. -/
private theorem exists_step {p : Nat → Prop} (h₀ : ¬p 0) : (k : Nat) → p k → ∃ j, ¬p j ∧ p (j + 1)
  | 0, h => absurd h h₀
  | k + 1, h => (Classical.em (p k)).elim (exists_step h₀ k) fun hk => ⟨k, hk, h⟩

/-- The inverses of the positive natural numbers tend to 0. -/
private theorem exists_nat_inv (n : Nat) : ∃ δ : Rat, 0 < δ ∧ ((n : Rat) + 1) * δ = 1 := by
  have := Rat.natCast_nonneg (a := n)
  generalize (n : Rat) = ν at *
  exact ⟨(ν + 1)⁻¹, inv_pos_iff.mpr (by grind), by grind⟩

/-- A rational upper bound that stops being one when it is lowered by `δ = 1 / (n + 1)`. -/
private theorem exists_rat_isUpperBound {x b : Real} (hx : s x) (hb : IsUpperBound s b)
    {n : Nat} {δ : Rat}
    (hδ : ((n : Rat) + 1) * δ = 1) :
    ∃ q : Rat, IsUpperBound s (ofRat q) ∧ ¬IsUpperBound s (ofRat (q - δ)) := by
  obtain ⟨l, hl⟩ := exists_nat_gt (-x)
  obtain ⟨m, hm⟩ := exists_nat_gt b
  have hl : ofRat (-l) < x := by
    have : -(l : Real) < x := by grind
    exact this
  have low : ¬IsUpperBound s (ofRat (-l + (0 : Nat) * δ)) := fun h => by
    have := h x hx
    have e : -(l : Rat) + (0 : Nat) * δ = -l :=
      (congrArg (-(l : Rat) + ·) (Rat.zero_mul δ)).trans (Rat.add_zero _)
    rw [e] at this
    generalize ofRat (-l) = r at *
    grind
  have high : IsUpperBound s (ofRat (-l + ((l + m) * (n + 1) : Nat) * δ)) := fun y hy => by
    have := hb y hy
    have e : -(l : Rat) + ((l + m) * (n + 1) : Nat) * δ = m := by
      have e₁ : ((n + 1 : Nat) : Rat) * δ = 1 := by rw [Rat.natCast_add]; exact hδ
      rw [Rat.natCast_mul, Rat.mul_assoc, e₁, Rat.mul_one, Rat.natCast_add, ← Rat.add_assoc,
        Rat.neg_add_cancel, Rat.zero_add]
    rw [e]
    exact Std.le_of_lt (Std.lt_of_le_of_lt this hm)
  obtain ⟨j, hj, hj'⟩ := exists_step (p := fun k => IsUpperBound s (ofRat (-l + k * δ))) low _ high
  refine ⟨_, hj', ?_⟩
  have e : -(l : Rat) + (j + 1 : Nat) * δ - δ = -l + j * δ := by
    rw [Rat.natCast_add]
    generalize (j : Rat) = t
    generalize (l : Rat) = u
    have : ((1 : Nat) : Rat) = 1 := rfl
    rw [this]
    grind
  rwa [e]

private theorem exists_le_of_mul_eq_one {δ : Nat → Rat}
    (hδ : ∀ n, 0 < δ n ∧ ((n : Rat) + 1) * δ n = 1) {ε : Rat}
    (hε : 0 < ε) : ∃ N : Nat, ∀ n, N ≤ n → δ n ≤ ε := by
  obtain ⟨N, hN⟩ := rat_exists_nat_gt ε⁻¹
  refine ⟨N, fun n hn => ?_⟩
  have hn := Std.lt_of_lt_of_le hN (Rat.natCast_le_natCast.mpr hn)
  obtain ⟨h₁, h₂⟩ := hδ n
  generalize (n : Rat) = ν at *
  generalize δ n = d at *
  clear hN
  rw [← Rat.one_mul ε⁻¹, mul_inv_lt_iff_lt_mul _ _ hε] at hn
  have h₃ := Rat.mul_le_mul_of_nonneg_left (Std.le_of_lt hn) (Std.le_of_lt h₁)
  have e : d * (ν * ε) = (ν + 1) * d * ε - d * ε := by clear h₃ hn h₂; grind
  have h₄ := Rat.mul_pos h₁ hε
  rw [e, h₂] at h₃
  clear hn e h₂
  grind

/-- A set of real numbers that is not empty and is bounded above has a least upper bound. -/
theorem exists_isLUB (hne : ∃ x, s x) (hbdd : ∃ b, IsUpperBound s b) : ∃ b, IsLUB s b := by
  obtain ⟨x, hx⟩ := hne
  obtain ⟨b, hb⟩ := hbdd
  have ⟨δ, hδ⟩ := Classical.axiomOfChoice exists_nat_inv
  have ⟨q, hq⟩ := Classical.axiomOfChoice fun n => exists_rat_isUpperBound hx hb (hδ n).2
  have small {ε : Rat} (hε : 0 < ε) := exists_le_of_mul_eq_one hδ hε
  clear hδ hx hb
  have lowered (n : Nat) : ∃ y, s y ∧ ofRat (q n - δ n) < y := by
    obtain ⟨_, h⟩ := hq n
    simp only [IsUpperBound, Classical.not_forall] at h
    obtain ⟨y, hy, h⟩ := h
    exact ⟨y, hy, by grind⟩
  have close (m n : Nat) : q m - δ m ≤ q n := by
    obtain ⟨y, hy, h⟩ := lowered m
    exact Std.le_of_lt (ofRat_lt.mp (Std.lt_of_lt_of_le h ((hq n).1 y hy)))
  obtain ⟨a, rfl⟩ : ∃ a : CauSeq, a.seq = q := ⟨⟨q, fun ε hε => by
    obtain ⟨N, hN⟩ := small hε
    refine ⟨N, fun m n hm _ => ?_⟩
    have h₁ := hN m hm
    have h₂ := close m n
    clear hN close small lowered hq
    grind⟩, rfl⟩
  refine ⟨mk a, fun y hy => ?_, fun c hc => ?_⟩
  · refine le_of_forall_pos_le_add fun ε hε => ?_
    obtain ⟨r, hr₀, hr⟩ := exists_rat_btwn hε
    obtain ⟨N, hN⟩ := exists_ofRat_near a (ofRat_lt.mp hr₀)
    have h₁ := (hN N (Nat.le_refl N)).1
    have h₂ := (hq N).1 y hy
    clear hN close small lowered hq
    grind
  · refine le_of_forall_pos_le_add fun ε hε => ?_
    obtain ⟨r, hr₀, hr⟩ := exists_rat_btwn (half_pos hε)
    obtain ⟨N, hN⟩ := exists_ofRat_near a (ofRat_lt.mp hr₀)
    obtain ⟨M, hM⟩ := small (ofRat_lt.mp hr₀)
    have h₁ := (hN (N + M) (by omega)).2
    have h₂ := hM (N + M) (by omega)
    obtain ⟨y, hy, h⟩ := lowered (N + M)
    have h₃ := hc y hy
    have h₄ := ofRat_le.mpr (by grind : a.seq (N + M) ≤ a.seq (N + M) - δ (N + M) + r)
    rw [ofRat_add] at h₄
    clear hN hM close small lowered hq hc
    grind

noncomputable section

/-- The least upper bound of a set that has one, else 0. -/
def sSup (s : Real → Prop) : Real := open Classical in if h : ∃ b, IsLUB s b then h.choose else 0

end

theorem isLUB_sSup (hne : ∃ x, s x) (hbdd : ∃ b, IsUpperBound s b) : IsLUB s (sSup s) := by
  have h := exists_isLUB hne hbdd
  have e : sSup s = h.choose := dif_pos h
  exact e ▸ h.choose_spec

theorem IsLUB.sSup_eq {b : Real} (h : IsLUB s b) : sSup s = b :=
  (isLUB_sSup (Classical.byContradiction fun H => by
    have := h.2 (b - 1) fun x hx => absurd ⟨x, hx⟩ H
    grind) ⟨b, h.1⟩).unique h

theorem sSup_empty : sSup (fun _ => False) = 0 :=
  dif_neg fun ⟨b, h⟩ => by
    have := h.2 (b - 1) fun _ hx => hx.elim
    grind

/-! ### Cauchy sequences -/

/-- Terms far out are close to each other. -/
def CauchySeq (x : Nat → Real) : Prop := ∀ ε, 0 < ε → ∃ N, ∀ m n, N ≤ m → N ≤ n → x m ≤ x n + ε

/-- The sequence `x` has the limit `l`. -/
def Tendsto (x : Nat → Real) (l : Real) : Prop :=
  ∀ ε, 0 < ε → ∃ N, ∀ n, N ≤ n → l - ε ≤ x n ∧ x n ≤ l + ε

theorem Tendsto.unique {x : Nat → Real} {l l' : Real} (h : Tendsto x l) (h' : Tendsto x l') :
    l = l' := by
  have le {l l' : Real} (h : Tendsto x l) (h' : Tendsto x l') : l ≤ l' :=
    le_of_forall_pos_le_add fun ε hε => by
    obtain ⟨N, h⟩ := h (ε / 2) (half_pos hε)
    obtain ⟨M, h'⟩ := h' (ε / 2) (half_pos hε)
    replace h := h (N + M) (by omega)
    replace h' := h' (N + M) (by omega)
    clear hε
    grind
  exact Std.le_antisymm (le h h') (le h' h)

/-- The real numbers are complete: every Cauchy sequence has a limit. -/
theorem cauchySeq_tendsto_of_complete {x : Nat → Real} (h : CauchySeq x) : ∃ l, Tendsto x l := by
  have upper {ε N} (hN : ∀ m n, N ≤ m → N ≤ n → x m ≤ x n + ε) :
      IsUpperBound (fun y => ∃ N, ∀ n, N ≤ n → y ≤ x n) (x N + ε) := fun y ⟨M, hM⟩ => by
    have h₁ := hM (N + M) (by omega)
    have h₂ := hN (N + M) N (by omega) (by omega)
    exact Std.le_trans h₁ h₂
  obtain ⟨N₁, h₁⟩ := h 1 zero_lt_one
  obtain ⟨l, hl⟩ := exists_isLUB (s := fun y => ∃ N, ∀ n, N ≤ n → y ≤ x n)
    ⟨x N₁ - 1, N₁, fun n hn => by have := h₁ N₁ n (Nat.le_refl _) hn; grind⟩ ⟨_, upper h₁⟩
  refine ⟨l, fun ε hε => ?_⟩
  obtain ⟨N, hN⟩ := h (ε / 2) (half_pos hε)
  have h₂ := hl.1 (x N - ε / 2) ⟨N, fun n hn => by have := hN N n (Nat.le_refl _) hn; grind⟩
  have h₃ := hl.2 _ (upper hN)
  refine ⟨N, fun n hn => ?_⟩
  have h₄ := hN N n (Nat.le_refl _) hn
  have h₅ := hN n N hn (Nat.le_refl _)
  clear hl hN upper h h₁ hn
  exact ⟨by grind, by grind⟩

end Proofs.Autograd.Real
