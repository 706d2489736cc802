module

public import Proofs.Autograd.Tape.Node

/-!
# Matrix products

The product of two matrices, and the product of two batches of matrices. Both are bilinear; the
cotangents are `w · Bᵀ` and `Aᵀ · w`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec Shape Laws

variable {R : Type} [ScalarOps R]

noncomputable section

namespace Tensor

/-- The transpose of a matrix. -/
def transpose {m n : Nat} (a : Tensor R (mat m n)) : Tensor R (mat n m) :=
  fun i => a (i.2.1, i.1, ())

/-- The matrix product, `C[i,k] = Σ_j A[i,j] · B[j,k]`. -/
def mulMat {m n p : Nat} (a : Tensor R (mat m n)) (b : Tensor R (mat n p)) : Tensor R (mat m p) :=
  fun i => sum fun j => a (i.1, j, ()) * b (j, i.2.1, ())

/-- The matrix product of each pair of slices, `C[g,i,k] = Σ_j A[g,i,j] · B[g,j,k]`. -/
def mulBatch {h m n p : Nat} (a : Tensor R (cube h m n)) (b : Tensor R (cube h n p)) :
    Tensor R (cube h m p) :=
  stack fun g => (a.slice g).mulMat (b.slice g)

end Tensor

end

namespace Tensor

theorem dot_mat {m n : Nat} (a b : Tensor R (mat m n)) :
    a.dot b = sum fun i => sum fun j => a (i, j, ()) * b (i, j, ()) :=
  rfl

/-- Multiplying by `B` on the right is adjoint to multiplying by `Bᵀ` on the right. -/
theorem mulMat_dot_left {m n p : Nat} (a : Tensor R (mat m n)) (b : Tensor R (mat n p))
    (w : Tensor R (mat m p)) :
    (a.mulMat b).dot w = a.dot (w.mulMat b.transpose) := by
  simp only [dot_mat, mulMat, transpose, sum_mul, mul_sum]
  refine sum_congr fun i => ?_
  rw [sum_comm]
  exact sum_congr fun j => sum_congr fun k => by grind

/-- Multiplying by `A` on the left is adjoint to multiplying by `Aᵀ` on the left. -/
theorem mulMat_dot_right {m n p : Nat} (a : Tensor R (mat m n)) (b : Tensor R (mat n p))
    (w : Tensor R (mat m p)) :
    (a.mulMat b).dot w = b.dot (a.transpose.mulMat w) := by
  simp only [dot_mat, mulMat, transpose, sum_mul, mul_sum]
  rw [sum_comm]
  have swap (k : Fin p) :
      (sum fun i => sum fun j => a (i, j, ()) * b (j, k, ()) * w (i, k, ())) =
        sum fun j => sum fun i => b (j, k, ()) * (a (i, j, ()) * w (i, k, ())) := by
    rw [sum_comm]
    exact sum_congr fun j => sum_congr fun i => by grind
  rw [sum_congr swap, sum_comm]

end Tensor

noncomputable section

namespace Op

/-- The matrix product. -/
def matmul (m n p : Nat) : Op R [mat m n, mat n p] (mat m p) where
  forward x := x.1.mulMat x.2.1
  jvp x dx := dx.1.mulMat x.2.1 + x.1.mulMat dx.2.1
  vjp x δ := (δ.mulMat x.2.1.transpose, x.1.transpose.mulMat δ, ())
  correct x dx δ := by
    simp only [Tensor.add_dot, dotList]
    rw [Tensor.mulMat_dot_left, Tensor.mulMat_dot_right]
    grind

/-- The matrix products of two batches. -/
def bmatmul (h m n p : Nat) : Op R [cube h m n, cube h n p] (cube h m p) where
  forward x := x.1.mulBatch x.2.1
  jvp x dx := dx.1.mulBatch x.2.1 + x.1.mulBatch dx.2.1
  vjp x δ :=
    (.stack fun g => (δ.slice g).mulMat (x.2.1.slice g).transpose,
      .stack fun g => (x.1.slice g).transpose.mulMat (δ.slice g), ())
  correct x dx δ := by
    simp only [Tensor.add_dot, dotList, Tensor.mulBatch, Tensor.dot_stack]
    rw [Tensor.dot_dim dx.1, Tensor.dot_dim dx.2.1]
    rw [sum_congr fun g => Tensor.mulMat_dot_left (dx.1.slice g) (x.2.1.slice g) (δ.slice g),
      sum_congr fun g => Tensor.mulMat_dot_right (x.1.slice g) (dx.2.1.slice g) (δ.slice g)]
    exact (congrArg _ (add_zero _)).symm

end Op

namespace TapeNodes

variable {Γ : List Shape}

/-- The product of the matrices at `a` and `b`. -/
def matmul {m n p : Nat} (a : Idx Γ (mat m n)) (b : Idx Γ (mat n p)) : Node R Γ (mat m p) where
  args := _
  op := .matmul m n p
  operands := .cons a (.cons b .nil)

/-- The products of the batches of matrices at `a` and `b`. -/
def Batched.matmul {h m n p : Nat} (a : Idx Γ (cube h m n)) (b : Idx Γ (cube h n p)) :
    Node R Γ (cube h m p) where
  args := _
  op := .bmatmul h m n p
  operands := .cons a (.cons b .nil)

end TapeNodes

end

end Proofs.Autograd
