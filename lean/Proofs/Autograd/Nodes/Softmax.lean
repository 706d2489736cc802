module

public import Proofs.Autograd.Tape.Node

/-!
# Softmax along the last axis

With `y = softmax x`, tangents and cotangents are both multiplied by the symmetric matrix
`diag(y) − y yᵀ`. The symmetry holds for every vector `y`, so adjointness needs nothing about `exp`.

References: Vaswani et al., *Attention is all you need*, 2017, section 3.2.1.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec Shape Laws

variable {R : Type} [ScalarOps R]

noncomputable section

namespace Tensor

/-- The softmax of a vector, `exp x_i / Σ_j exp x_j`, with no shift by the maximum. -/
def softmax {n : Nat} (x : Tensor R (vec n)) : Tensor R (vec n) :=
  fun i => ScalarOps.exp (x i) / sum fun j => ScalarOps.exp (x (j, ()))

/-- The matrix `diag(y) − y yᵀ` applied to `v`. -/
def softmaxJacobian {n : Nat} (y v : Tensor R (vec n)) : Tensor R (vec n) :=
  fun i => y i * (v i - y.dot v)

/-- A function of vectors applied to every last-axis row of two batches of matrices. -/
def mapRows {h m n : Nat} (f : Tensor R (vec n) → Tensor R (vec n) → Tensor R (vec n))
    (a b : Tensor R (cube h m n)) :
    Tensor R (cube h m n) :=
  stack fun g => stack fun i => f ((a.slice g).slice i) ((b.slice g).slice i)

/-- The softmax of every last-axis row. -/
def softmaxRows {h m n : Nat} (x : Tensor R (cube h m n)) : Tensor R (cube h m n) :=
  stack fun g => stack fun i => softmax ((x.slice g).slice i)

end Tensor

end

namespace Tensor

/-- The matrix `diag(y) − y yᵀ` is symmetric, whatever `y` is. -/
theorem softmaxJacobian_dot {n : Nat} (y v w : Tensor R (vec n)) :
    (softmaxJacobian y v).dot w = v.dot (softmaxJacobian y w) := by
  have expand (a b : Tensor R (vec n)) :
      (softmaxJacobian y a).dot b =
          (sumIndex (vec n) fun i => y i * a i * b i) - y.dot a * y.dot b := by
    have split : (softmaxJacobian y a).dot b =
        sumIndex (vec n) fun i => y i * a i * b i + -y.dot a * (y i * b i) :=
      sumIndex_congr fun i => by simp only [softmaxJacobian]; grind
    rw [split, sumIndex_add, ← mul_sumIndex]
    simp only [dot]
    grind
  rw [expand, dot_comm v, expand, mul_comm (y.dot v)]
  exact congrArg (· - _) (sumIndex_congr fun i => by grind)

end Tensor

noncomputable section

namespace Op

/-- The softmax of every last-axis row. -/
def softmaxLast (h m n : Nat) : Op R [cube h m n] (cube h m n) where
  forward x := x.1.softmaxRows
  jvp x dx := .mapRows .softmaxJacobian x.1.softmaxRows dx.1
  vjp x δ := (.mapRows .softmaxJacobian x.1.softmaxRows δ, ())
  correct x dx δ := by
    simp only [dotList, add_zero, Tensor.mapRows, Tensor.dot_stack]
    rw [Tensor.dot_dim dx.1]
    refine sum_congr fun g => ?_
    rw [Tensor.dot_dim (dx.1.slice g)]
    exact sum_congr fun i => Tensor.softmaxJacobian_dot _ _ _

end Op

namespace TapeNodes

/-- The softmax of every last-axis row of the batch of matrices at `a`. -/
def Batched.softmaxLast {Γ : List Shape} {h m n : Nat} (a : Idx Γ (cube h m n)) :
    Node R Γ (cube h m n) where
  args := _
  op := .softmaxLast h m n
  operands := .cons a .nil

end TapeNodes

end

end Proofs.Autograd
