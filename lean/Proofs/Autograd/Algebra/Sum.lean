module

public import Proofs.Autograd.Algebra.Scalar

/-!
# Finite sums

`sum f` adds up `f i` over `i : Fin n`. Main results: linearity (`sum_add`, `mul_sum`), exchange of two sums (`sum_comm`), sums
against a Kronecker delta (`sum_ite_eq`), and the row-major splitting of a sum over `Fin (m * n)` (`sum_mul`).
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

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
  | succ n ih => simp only [sum, ih]; grind

theorem sum_add {n : Nat} (f g : Fin n → R) : (sum fun i => f i + g i) = sum f + sum g := by
  induction n with
  | zero => simp only [sum]; grind
  | succ n ih => simp only [sum, ih]; grind

theorem mul_sum {n : Nat} (c : R) (f : Fin n → R) : c * sum f = sum fun i => c * f i := by
  induction n with
  | zero => simp only [sum]; grind
  | succ n ih => simp only [sum, ← ih]; grind

theorem sum_mul {n : Nat} (f : Fin n → R) (c : R) : sum f * c = sum fun i => f i * c := by
  induction n with
  | zero => simp only [sum]; grind
  | succ n ih => simp only [sum, ← ih]; grind

theorem sum_neg {n : Nat} (f : Fin n → R) : (sum fun i => -f i) = -sum f := by
  induction n with
  | zero => simp only [sum]; grind
  | succ n ih => simp only [sum, ih]; grind

theorem sum_sub {n : Nat} (f g : Fin n → R) : (sum fun i => f i - g i) = sum f - sum g := by
  induction n with
  | zero => simp only [sum]; grind
  | succ n ih => simp only [sum, ih]; grind

/-- Two finite sums may be exchanged. -/
theorem sum_comm {m n : Nat} (f : Fin m → Fin n → R) :
    (sum fun i => sum fun j => f i j) = sum fun j => sum fun i => f i j := by
  induction m with
  | zero => simp only [sum, sum_zero]
  | succ m ih => simp only [sum, ih, sum_add]

end Proofs.Autograd
