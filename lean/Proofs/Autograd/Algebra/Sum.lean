module

public import Proofs.Autograd.Algebra.Scalar

/-!
# Finite sums

`sum f` adds up `f i` over `i : Fin n`. Main results: linearity (`sum_add`, `mul_sum`), exchange of
two sums (`sum_comm`), sums against a Kronecker delta (`sum_ite_eq`), and the splitting of a sum
over `Fin (m + n)` into two (`sum_append`) and over `Fin (m * n)` into rows (`sum_prod`).
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Laws

variable {R : Type} [ScalarOps R]

noncomputable section

/-- The sum of `f i` over `i : Fin n`. -/
def sum : {n : Nat} → (Fin n → R) → R
  | 0, _ => 0
  | _ + 1, f => f 0 + sum fun i => f i.succ

end

theorem sum_congr {n : Nat} {f g : Fin n → R} (h : ∀ i, f i = g i) : sum f = sum g :=
  congrArg sum (funext h)

theorem sum_zero (n : Nat) : (sum fun _ : Fin n => (0 : R)) = 0 := by
  induction n with
  | zero => rfl
  | succ n ih => simp only [sum, ih, add_zero]

theorem sum_add {n : Nat} (f g : Fin n → R) : (sum fun i => f i + g i) = sum f + sum g := by
  induction n with
  | zero => exact (add_zero 0).symm
  | succ n ih =>
    simp only [sum, ih, add_assoc]
    rw [add_left_comm (g 0)]

theorem mul_sum {n : Nat} (c : R) (f : Fin n → R) : c * sum f = sum fun i => c * f i := by
  induction n with
  | zero => exact mul_zero c
  | succ n ih => simp only [sum, left_distrib, ih]

theorem sum_mul {n : Nat} (f : Fin n → R) (c : R) : sum f * c = sum fun i => f i * c := by
  simp only [mul_comm _ c, mul_sum]

theorem sum_neg {n : Nat} (f : Fin n → R) : (sum fun i => -f i) = -sum f := by
  induction n with
  | zero => exact neg_zero.symm
  | succ n ih => simp only [sum, ih, neg_add]

theorem sum_sub {n : Nat} (f g : Fin n → R) : (sum fun i => f i - g i) = sum f - sum g := by
  simp only [sub_eq_add_neg, sum_add, sum_neg]

/-- Two finite sums may be exchanged. -/
theorem sum_comm {m n : Nat} (f : Fin m → Fin n → R) :
    (sum fun i => sum fun j => f i j) = sum fun j => sum fun i => f i j := by
  induction m with
  | zero => simp only [sum, sum_zero]
  | succ m ih => simp only [sum, ih, sum_add]

/-- A sum against a Kronecker delta is the one term it keeps. -/
theorem sum_ite_eq {n : Nat} (i : Fin n) (f : Fin n → R) :
    (sum fun j => if j = i then f j else 0) = f i := by
  induction n with
  | zero => exact i.elim0
  | succ n ih =>
    cases i using Fin.cases with
    | zero => simp only [sum, if_true, Fin.succ_ne_zero, if_false, sum_zero, add_zero]
    | succ i =>
      simp only [sum, Fin.succ_inj, ih i fun j => f j.succ, (Fin.succ_ne_zero i).symm, if_false,
        zero_add]

/-- A sum over `Fin (m + n)` is the sum over the first `m` positions plus the sum over the last
`n`. -/
theorem sum_append {m n k : Nat} (h : m + n = k) (f : Fin k → R) :
    sum f = (sum fun i : Fin m => f ⟨i, by omega⟩) + sum fun j : Fin n => f ⟨m + j, by omega⟩ := by
  induction m generalizing k with
  | zero =>
    obtain rfl : n = k := by omega
    simp only [Nat.zero_add]
    exact (zero_add _).symm
  | succ m ih =>
    obtain ⟨k, rfl⟩ : ∃ l, k = l + 1 := ⟨m + n, by omega⟩
    simp only [sum, ih (by omega : m + n = k), add_assoc, Nat.add_right_comm m 1]
    rfl

/-- Row-major positions of `(i, j)` among `m` rows of `n` are in range. -/
theorem mul_add_lt {m n : Nat} (i : Fin m) (j : Fin n) : i.val * n + j.val < m * n :=
  calc i.val * n + j.val < i.val * n + n := Nat.add_lt_add_left j.isLt _
    _ = (i.val + 1) * n := (Nat.succ_mul _ _).symm
    _ ≤ m * n := Nat.mul_le_mul_right n i.isLt

/-- A sum over `Fin (m * n)` is the sum over `m` rows of `n` in row-major order. -/
theorem sum_prod {m n : Nat} (f : Fin (m * n) → R) :
    sum f = sum fun i : Fin m => sum fun j : Fin n => f ⟨i * n + j, mul_add_lt i j⟩ := by
  induction m with
  | zero =>
    have h (k : Fin (0 * n)) : f k = 0 :=
      absurd (Nat.lt_of_lt_of_eq k.isLt (Nat.zero_mul n)) (Nat.not_lt_zero k)
    exact (sum_congr h).trans (sum_zero (0 * n))
  | succ m ih =>
    rw [sum_append (by rw [Nat.succ_mul, Nat.add_comm] : n + m * n = (m + 1) * n), ih]
    refine congr (congrArg HAdd.hAdd (sum_congr fun j => congrArg f (Fin.ext ?_)))
      (sum_congr fun i => sum_congr fun j => congrArg f (Fin.ext ?_))
    · simp only [Fin.val_zero, Nat.zero_mul, Nat.zero_add]
    · simp only [Fin.val_succ, Nat.succ_mul, Nat.add_comm, Nat.add_left_comm]

end Proofs.Autograd
