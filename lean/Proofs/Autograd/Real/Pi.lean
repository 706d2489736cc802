module

public import Proofs.Autograd.Real.Sqrt
public import Proofs.Autograd.Real.Compound

/-!
# π, by Archimedes

`Real.pi` is half the length of the unit circle: the least upper bound of the half-perimeters of the
regular polygons of 4, 8, 16, … sides inscribed in it, and the greatest lower bound of those of the
circumscribed ones (`Real.isLUB_pi`, `Real.isGLB_pi`).

The polygon of `2 ^ (n + 2)` sides has the half central angle `θ = π / 2 ^ (n + 2)`. Its cosine and
sine are `halfCos n` and `halfSin n`, found from those of the square by the half-angle formulas.
That they are what they are called is proved: `(halfCos n, halfSin n)` lies on the unit circle in
the open first quadrant (`halfCos_sq_add_halfSin_sq`), doubling its angle gives the point before
(`halfCos_eq`, `halfSin_eq`), and doubling that of the first gives a right angle (`halfCos_zero`). A
side of the inscribed polygon is the chord `2 * sin θ` (`chord_sq`), one of the circumscribed
polygon is `2 * tan θ`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.Real

open Laws

noncomputable section

/-- The cosine of half the central angle of a side of the regular polygon of `2 ^ (n + 2)` sides. -/
def halfCos : Nat → Real
  | 0 => sqrt (1 / 2)
  | n + 1 => sqrt ((1 + halfCos n) / 2)

/-- The sine of half the central angle of a side of the regular polygon of `2 ^ (n + 2)` sides. -/
def halfSin : Nat → Real
  | 0 => sqrt (1 / 2)
  | n + 1 => sqrt ((1 - halfCos n) / 2)

/-- Half the perimeter of the regular polygon of `2 ^ (n + 2)` sides that is inscribed in the unit
circle. -/
def inscribed (n : Nat) : Real := 2 ^ (n + 2) * halfSin n

/-- Half the perimeter of the regular polygon of `2 ^ (n + 2)` sides that is circumscribed about the
unit circle. -/
def circumscribed (n : Nat) : Real := 2 ^ (n + 2) * (halfSin n / halfCos n)

/-- Half the length of the unit circle: the least upper bound of the half-perimeters of inscribed
polygons. -/
def pi : Real := sSup fun x => ∃ n, x = inscribed n

end

variable {n : Nat}

/-! ### The vertices -/

theorem halfCos_pos_lt_one (n : Nat) : 0 < halfCos n ∧ halfCos n < 1 := by
  have of_sq {x y : Real} (hx : 0 ≤ x) (h : x * x = y) (h₀ : 0 < y) (h₁ : y < 1) :
      0 < x ∧ x < 1 := by
    refine ⟨?_, ?_⟩
    · have : x ≠ 0 := by intro e; rw [e] at h; grind
      grind
    · refine Std.not_le.mp fun h' => ?_
      have := mul_nonneg (sub_nonneg_of_le h') (by clear h h₀ h₁; grind : 0 ≤ x + 1)
      grind
  induction n with
  | zero => exact of_sq (sqrt_nonneg _) (mul_self_sqrt (by grind)) (by grind) (by grind)
  | succ n ih => exact of_sq (sqrt_nonneg _) (mul_self_sqrt (by grind)) (by grind) (by grind)

theorem halfCos_pos (n : Nat) : 0 < halfCos n := (halfCos_pos_lt_one n).1

theorem halfCos_lt_one (n : Nat) : halfCos n < 1 := (halfCos_pos_lt_one n).2

theorem halfCos_mul_self (n : Nat) : halfCos (n + 1) * halfCos (n + 1) = (1 + halfCos n) / 2 :=
  mul_self_sqrt (by have := halfCos_pos n; grind)

theorem halfSin_mul_self (n : Nat) : halfSin (n + 1) * halfSin (n + 1) = (1 - halfCos n) / 2 :=
  mul_self_sqrt (by have := halfCos_lt_one n; grind)

/-- The vertices lie on the unit circle. -/
theorem halfCos_sq_add_halfSin_sq (n : Nat) : halfCos n ^ 2 + halfSin n ^ 2 = 1 := by
  cases n with
  | zero =>
      have := mul_self_sqrt (by grind : (0 : Real) ≤ 1 / 2); simp only [halfCos, halfSin]; grind
  | succ n => have := halfCos_mul_self n; have := halfSin_mul_self n; grind

theorem halfSin_nonneg (n : Nat) : 0 ≤ halfSin n := by
  cases n <;> exact sqrt_nonneg _

theorem halfSin_pos (n : Nat) : 0 < halfSin n := by
  have h₁ := halfSin_nonneg n
  have h₂ := halfCos_sq_add_halfSin_sq n
  have h₃ := mul_pos (by have := halfCos_lt_one n; grind : 0 < 1 - halfCos n)
    (by have := halfCos_pos n; grind : 0 < 1 + halfCos n)
  have : halfSin n ≠ 0 := by intro e; rw [e] at h₂; grind
  grind

/-- The first vertex has the half of a right angle: cosine and sine of its double are 0 and 1. -/
theorem halfCos_zero : halfCos 0 ^ 2 - halfSin 0 ^ 2 = 0 ∧ 2 * halfSin 0 * halfCos 0 = 1 := by
  have := mul_self_sqrt (by grind : (0 : Real) ≤ 1 / 2)
  simp only [halfCos, halfSin]
  exact ⟨by grind, by grind⟩

/-- The cosine of the double angle. -/
theorem halfCos_eq (n : Nat) : halfCos n = halfCos (n + 1) ^ 2 - halfSin (n + 1) ^ 2 := by
  have := halfCos_mul_self n
  have := halfSin_mul_self n
  grind

/-- The sine of the double angle. -/
theorem halfSin_eq (n : Nat) : halfSin n = 2 * halfSin (n + 1) * halfCos (n + 1) := by
  refine mul_self_inj (halfSin_nonneg n) ?_ ?_
  · have := mul_nonneg (halfSin_nonneg (n + 1)) (Std.le_of_lt (halfCos_pos (n + 1)))
    grind
  · have h₁ := halfCos_mul_self n
    have h₂ := halfSin_mul_self n
    have h₃ := halfCos_sq_add_halfSin_sq n
    have e : 2 * halfSin (n + 1) * halfCos (n + 1) * (2 * halfSin (n + 1) * halfCos (n + 1)) =
        4 * (halfSin (n + 1) * halfSin (n + 1)) * (halfCos (n + 1) * halfCos (n + 1)) := by
          clear h₁ h₂ h₃; grind
    rw [e, h₁, h₂]
    grind

/-- The chord from `(1, 0)` to the point of the double angle, a side of the inscribed polygon, has
the length `2 * halfSin`. -/
theorem chord_sq (n : Nat) :
    (1 - halfCos n) ^ 2 + (0 - halfSin n) ^ 2 = (2 * halfSin (n + 1)) ^ 2 := by
  have h₁ := halfCos_sq_add_halfSin_sq n
  have h₂ := halfSin_mul_self n
  grind

/-! ### The perimeters -/

theorem inscribed_pos (n : Nat) : 0 < inscribed n :=
  mul_pos (by have := one_le_two_pow (n + 2); grind) (halfSin_pos n)

theorem circumscribed_mul_halfCos (n : Nat) : circumscribed n * halfCos n = inscribed n := by
  have := halfCos_pos n
  have e : halfSin n / halfCos n * halfCos n = halfSin n := by grind
  simp only [circumscribed, inscribed]
  rw [mul_assoc, e]

theorem inscribed_eq (n : Nat) : inscribed n = inscribed (n + 1) * halfCos (n + 1) := by
  have h := halfSin_eq n
  simp only [inscribed]
  rw [h, Nat.add_right_comm, two_pow_succ]
  grind

theorem inscribed_le_succ (n : Nat) : inscribed n ≤ inscribed (n + 1) := by
  have h₁ := inscribed_eq n
  have h₂ := mul_nonneg (Std.le_of_lt (inscribed_pos (n + 1)))
    (by have := halfCos_lt_one (n + 1); grind : 0 ≤ 1 - halfCos (n + 1))
  grind

theorem inscribed_le_circumscribed_self (n : Nat) : inscribed n ≤ circumscribed n := by
  have h₁ := circumscribed_mul_halfCos n
  have h₂ := halfCos_pos n
  have h₃ := halfCos_lt_one n
  have h₄ := inscribed_pos n
  refine Std.not_lt.mp fun h' => ?_
  by_cases h : 0 ≤ circumscribed n
  · have := mul_nonneg h (sub_nonneg_of_le (Std.le_of_lt h₃) : 0 ≤ 1 - halfCos n)
    grind
  · have := mul_nonneg (neg_nonneg_of_nonpos (Std.le_of_lt (Std.not_le.mp h)))
      (Std.le_of_lt h₂)
    grind

theorem circumscribed_succ_le (n : Nat) : circumscribed (n + 1) ≤ circumscribed n := by
  have h₁ := circumscribed_mul_halfCos n
  have h₂ := circumscribed_mul_halfCos (n + 1)
  have h₃ := inscribed_eq n
  have h₄ := halfCos_mul_self n
  have h₅ := halfCos_pos n
  have h₆ := halfCos_lt_one n
  have h₇ := inscribed_le_circumscribed_self (n + 1)
  have h₈ := inscribed_pos (n + 1)
  have h₉ :=
    mul_nonneg (by grind : 0 ≤ circumscribed (n + 1))
    (by grind : 0 ≤ (1 + halfCos n) / 2 - halfCos n)
  have e : circumscribed n * halfCos n = circumscribed (n + 1) * ((1 + halfCos n) / 2) := by
    rw [h₁, h₃, ← h₂, ← h₄]
    clear h₁ h₂ h₃ h₄ h₅ h₆ h₇ h₈ h₉
    grind
  refine Std.not_lt.mp fun h => ?_
  have := mul_pos h₅ (sub_pos_of_lt h)
  clear h h₁ h₂ h₃ h₄ h₅ h₆ h₇ h₈
  grind

private theorem inscribed_le_add (n k : Nat) : inscribed n ≤ inscribed (n + k) := by
  induction k with
  | zero => exact Std.le_refl _
  | succ k ih => exact Std.le_trans ih (inscribed_le_succ (n + k))

private theorem circumscribed_add_le (n k : Nat) : circumscribed (n + k) ≤ circumscribed n := by
  induction k with
  | zero => exact Std.le_refl _
  | succ k ih => exact Std.le_trans (circumscribed_succ_le (n + k)) ih

/-- Every inscribed polygon is shorter than every circumscribed one. -/
theorem inscribed_le_circumscribed (m n : Nat) : inscribed m ≤ circumscribed n := by
  have h := circumscribed_add_le n m
  rw [Nat.add_comm] at h
  exact Std.le_trans (inscribed_le_add m n)
    (Std.le_trans (inscribed_le_circumscribed_self (m + n)) h)

/-! ### The number between them -/

/-- `pi` is the least upper bound of the half-perimeters of inscribed polygons. -/
theorem isLUB_pi : IsLUB (fun x => ∃ n, x = inscribed n) pi :=
  isLUB_sSup ⟨_, 0, rfl⟩ ⟨circumscribed 0, fun _ ⟨n, e⟩ => e ▸ inscribed_le_circumscribed n 0⟩

theorem inscribed_le_pi (n : Nat) : inscribed n ≤ pi := isLUB_pi.1 _ ⟨n, rfl⟩

theorem pi_le_circumscribed (n : Nat) : pi ≤ circumscribed n :=
  isLUB_pi.2 _ fun _ ⟨m, e⟩ => e ▸ inscribed_le_circumscribed m n

theorem pi_pos : 0 < pi := by
  have h₁ := inscribed_pos 0
  have h₂ := inscribed_le_pi 0
  grind

private theorem two_pow_mul_one_sub_halfCos_le (n : Nat) : 2 ^ n * (1 - halfCos n) ≤ 1 := by
  induction n with
  | zero => have := halfCos_pos 0; rw [pow_zero]; grind
  | succ n ih =>
    have h₁ := halfCos_mul_self n
    have h₂ := halfCos_pos (n + 1)
    have h₃ := halfCos_lt_one (n + 1)
    have h₄ := mul_nonneg (sub_nonneg_of_le (Std.le_of_lt h₃)) (Std.le_of_lt h₂)
    have h₅ := mul_nonneg (Std.le_of_lt (two_pow_pos n))
      (by clear ih h₂ h₃; grind : 0 ≤ 1 - halfCos n - 2 * (1 - halfCos (n + 1)))
    rw [two_pow_succ]
    clear h₁ h₂ h₃ h₄
    grind

/-- `pi` is the greatest lower bound of the half-perimeters of circumscribed polygons. -/
theorem isGLB_pi : (∀ n, pi ≤ circumscribed n) ∧ ∀ b, (∀ n, b ≤ circumscribed n) → b ≤ pi := by
  refine ⟨pi_le_circumscribed, fun b hb => ?_⟩
  by_cases h₀ : 0 ≤ b
  · have := nonpos_of_two_pow_mul_le (N := 0) (d := b - pi) (a := b) fun n _ => by
      have h₁ := inscribed_le_pi n
      have h₂ := circumscribed_mul_halfCos n
      have h₃ :=
        mul_nonneg (by have := hb n; grind : 0 ≤ circumscribed n - b) (Std.le_of_lt (halfCos_pos n))
      have h₄ := two_pow_mul_one_sub_halfCos_le n
      have h₆ := mul_nonneg (Std.le_of_lt (two_pow_pos n))
        (by clear hb h₀ h₄; grind : 0 ≤ pi - b * halfCos n)
      have h₇ := mul_nonneg h₀ (sub_nonneg_of_le h₄ : 0 ≤ 1 - 2 ^ n * (1 - halfCos n))
      generalize (2 : Real) ^ n = t at *
      grind
    grind
  · have := pi_pos
    grind

end Proofs.Autograd.Real
