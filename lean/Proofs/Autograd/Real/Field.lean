module

public import Proofs.Autograd.Real.Basic

/-!
# The field of real numbers

The inverse of `x` is *the* number whose product with `x` is 1 (`Real.exists_mul_eq_one`), and 0 for
`x = 0`. Main results: `Field Real`, the Archimedean property `Real.exists_nat_gt`,
`Real.exists_rat_btwn`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.Real

open Laws

noncomputable section

/-! ### The field -/

/-- The inverse; that of 0 is 0. -/
instance : Inv Real where
  inv x := open Classical in if h : ∃ y, x * y = 1 then h.choose else 0

instance : Div Real where
  div x y := x * y⁻¹

theorem zero_ne_one : (0 : Real) ≠ 1 := by
  have : (0 : Real) < 1 := zero_lt_one
  grind

theorem mul_inv_cancel {x : Real} (hx : x ≠ 0) : x * x⁻¹ = 1 := by
  have h := exists_mul_eq_one hx
  have e : x⁻¹ = h.choose := dif_pos h
  rw [e, h.choose_spec]

theorem inv_zero : (0 : Real)⁻¹ = 0 := dif_neg fun ⟨y, h⟩ => zero_ne_one (by grind)

/-- The inverse is determined by its product. -/
theorem inv_eq_of_mul_eq_one {x y : Real} (h : x * y = 1) : x⁻¹ = y := by
  have : x ≠ 0 := by
    intro h₀
    have := zero_ne_one
    grind
  have := mul_inv_cancel this
  have e : x⁻¹ = x * y * x⁻¹ := by grind
  grind

theorem inv_inv (x : Real) : x⁻¹⁻¹ = x := by
  by_cases hx : x = 0
  · rw [hx, inv_zero, inv_zero]
  · exact inv_eq_of_mul_eq_one (by have := mul_inv_cancel hx; grind)

/-- Powers with an integer for exponent. -/
def zpow (x : Real) : Int → Real
  | .ofNat n => x ^ n
  | .negSucc n => (x ^ (n + 1))⁻¹

instance : HPow Real Int Real where
  hPow := zpow

theorem zpow_neg (x : Real) : (i : Int) → x ^ (-i) = (x ^ i)⁻¹
  | .ofNat 0 => (inv_eq_of_mul_eq_one (by grind : (1 : Real) * 1 = 1)).symm
  | .ofNat (n + 1) => rfl
  | .negSucc n => (inv_inv _).symm

instance : Field Real where
  div_eq_mul_inv _ _ := rfl
  zero_ne_one := by exact zero_ne_one
  inv_zero := by exact inv_zero
  mul_inv_cancel h := by exact mul_inv_cancel h
  zpow_zero _ := rfl
  zpow_succ _ _ := rfl
  zpow_neg := by exact zpow_neg

theorem add_halves (x : Real) : x / 2 + x / 2 = x := by grind

theorem half_pos {x : Real} (hx : 0 < x) : 0 < x / 2 := by grind

theorem inv_pos {x : Real} (hx : 0 < x) : 0 < x⁻¹ := inv_pos_iff.mpr hx

theorem mul_nonneg {x y : Real} (hx : 0 ≤ x) (hy : 0 ≤ y) : 0 ≤ x * y :=
  Laws.mul_nonneg hx hy

theorem mul_self_nonneg (x : Real) : 0 ≤ x * x := by
  rcases Std.le_total (a := 0) (b := x) with h | h
  · exact mul_nonneg h h
  · have := mul_nonneg (by grind : 0 ≤ -x) (by grind : 0 ≤ -x)
    grind

theorem mul_le_mul {x y z w : Real} (hxy : x ≤ y) (hzw : z ≤ w) (hz : 0 ≤ z) (hy : 0 ≤ y) :
    x * z ≤ y * w :=
  Std.le_trans (mul_le_mul_of_nonneg_right hxy hz) (mul_le_mul_of_nonneg_left hzw hy)

theorem ne_of_gt {x : Real} (hx : 0 < x) : x ≠ 0 := by grind

theorem le_mul_inv_iff₀ {x y z : Real} (hz : 0 < z) : x ≤ y * z⁻¹ ↔ x * z ≤ y :=
  le_mul_inv_iff_mul_le x y hz

theorem lt_mul_inv_iff₀ {x y z : Real} (hz : 0 < z) : x < y * z⁻¹ ↔ x * z < y :=
  lt_mul_inv_iff_mul_lt x y hz

theorem mul_inv_lt_iff₀ {x y z : Real} (hz : 0 < z) : x * z⁻¹ < y ↔ x < y * z :=
  mul_inv_lt_iff_lt_mul x y hz

theorem mul_inv_le_iff₀ {x y z : Real} (hz : 0 < z) : x * z⁻¹ ≤ y ↔ x ≤ y * z :=
  Std.not_lt.symm.trans ((not_congr (lt_mul_inv_iff₀ hz)).trans Std.not_lt)

/-! ### The Archimedean property -/

theorem natCast_add (m n : Nat) : ((m + n : Nat) : Real) = m + n :=
  Laws.natCast_add m n

theorem natCast_le {m n : Nat} : (m : Real) ≤ n ↔ m ≤ n := ofRat_le.trans Rat.natCast_le_natCast

/-- Every real number is below a natural number. -/
theorem exists_nat_gt (x : Real) : ∃ n : Nat, x < n := by
  obtain ⟨a, rfl⟩ := exists_mk x
  obtain ⟨B, _, N, h⟩ := a.exists_bound
  obtain ⟨k, hk⟩ := rat_exists_nat_gt B
  refine ⟨k + 1, mk_lt.mpr ⟨1, by decide, N, fun n hn => ?_⟩⟩
  replace h := (h n hn).2
  simp only [CauSeq.const, Rat.natCast_add]
  generalize (k : Rat) = q at *
  grind

/-- A positive real number is above the inverse of a positive natural number. -/
theorem exists_nat_inv_le {x : Real} (hx : 0 < x) : ∃ n : Nat, ((n : Real) + 1)⁻¹ ≤ x := by
  obtain ⟨n, hn⟩ := exists_nat_gt x⁻¹
  refine ⟨n, ?_⟩
  have h₁ := inv_pos hx
  generalize (n : Real) = ν at *
  have h₂ : 0 < ν + 1 := by grind
  rw [← one_mul (ν + 1)⁻¹, mul_inv_le_iff₀ h₂, ← mul_inv_cancel (ne_of_gt hx)]
  exact mul_le_mul_of_nonneg_left (by clear hx h₂; grind) (Std.le_of_lt hx)

/-- What is at most every positive real is at most 0. -/
theorem le_of_forall_pos_le_add {x y : Real} (h : ∀ ε : Real, 0 < ε → x ≤ y + ε) : x ≤ y := by
  refine Std.not_lt.mp fun h' => ?_
  have := h ((x - y) / 2) (half_pos (sub_pos_of_lt h'))
  clear h
  grind

/-- A Cauchy sequence of rationals comes as close to its limit as one likes. -/
theorem exists_ofRat_near (a : CauSeq) {ε : Rat} (hε : 0 < ε) :
    ∃ N, ∀ n, N ≤ n → ofRat (a.seq n) ≤ mk a + ofRat ε ∧ mk a ≤ ofRat (a.seq n) + ofRat ε := by
  obtain ⟨N, h⟩ := a.cauchy ε hε
  exact ⟨N, fun n hn => ⟨CauSeq.le_of_exists ⟨N, fun k hk => h n k hn hk⟩,
    CauSeq.le_of_exists ⟨N, fun k hk => h k n hk hn⟩⟩⟩

/-- Between two real numbers there is a rational. -/
theorem exists_rat_btwn {x y : Real} (h : x < y) : ∃ q : Rat, x < ofRat q ∧ ofRat q < y := by
  obtain ⟨a, rfl⟩ := exists_mk x
  obtain ⟨b, rfl⟩ := exists_mk y
  obtain ⟨c, hc, N, hab⟩ := mk_lt.mp h
  obtain ⟨d, rfl⟩ : ∃ d, c = d + d + (d + d) := ⟨c / 4, by grind⟩
  replace hc : 0 < d := by grind
  obtain ⟨M, hM⟩ := exists_ofRat_near a hc
  obtain ⟨K, hK⟩ := exists_ofRat_near b hc
  refine ⟨a.seq (N + M + K) + (d + d), ?_⟩
  have hab := ofRat_le.mpr (hab (N + M + K) (by omega))
  replace hM := (hM (N + M + K) (by omega)).2
  replace hK := (hK (N + M + K) (by omega)).1
  replace hc : 0 < ofRat d := ofRat_lt.mpr hc
  simp only [ofRat_add] at *
  generalize ofRat d = δ at *
  generalize ofRat (a.seq (N + M + K)) = p at *
  generalize ofRat (b.seq (N + M + K)) = q at *
  clear h
  exact ⟨by grind, by grind⟩

end

end Proofs.Autograd.Real
