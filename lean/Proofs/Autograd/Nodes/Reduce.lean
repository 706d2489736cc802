module

public import Proofs.Autograd.Nodes.MatMul
public import Proofs.Autograd.Nodes.Pointwise

/-!
# Row means and broadcasts

Linear ops between matrices and vectors. Summing the rows of a matrix is adjoint to giving every
entry of a row the same value; the mean of a row of length `n` is its sum times `n⁻¹`, of which
nothing is used.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec Shape Laws

variable {R : Type} [ScalarOps R] {m n : Nat}

attribute [local instance] natCast

noncomputable section

namespace Tensor

/-- The sum of every row, `y[i] = Σ_j x[i,j]`. -/
def rowSum (x : Tensor R (mat m n)) : Tensor R (vec m) := fun i => sum fun j => x (i.1, j, ())

/-- The sum of every column, `y[j] = Σ_i x[i,j]`. -/
def colSum (x : Tensor R (mat m n)) : Tensor R (vec n) := fun j => sum fun i => x (i, j)

/-- The mean of every row, `y[i] = n⁻¹ · Σ_j x[i,j]`. -/
def rowMean (x : Tensor R (mat m n)) : Tensor R (vec m) := (n : R)⁻¹ • x.rowSum

/-- The matrix with constant rows, `y[i,j] = v[i]`. -/
def broadcastRow (n : Nat) (v : Tensor R (vec m)) : Tensor R (mat m n) := fun i => v (i.1, ())

/-- The matrix with constant columns, `y[i,j] = v[j]`. -/
def broadcastCol (m : Nat) (v : Tensor R (vec n)) : Tensor R (mat m n) := fun i => v i.2

end Tensor

end

namespace Tensor

theorem dot_vec (a b : Tensor R (vec n)) : a.dot b = sum fun i => a (i, ()) * b (i, ()) :=
  rfl

theorem broadcastRow_dot (v : Tensor R (vec m)) (w : Tensor R (mat m n)) :
    (v.broadcastRow n).dot w = v.dot w.rowSum := by
  simp only [dot_mat, dot_vec, broadcastRow, rowSum, mul_sum]

@[simp] theorem broadcastCol_dot (v : Tensor R (vec n)) (w : Tensor R (mat m n)) :
    (v.broadcastCol m).dot w = v.dot w.colSum := by
  simp only [dot_mat, dot_vec, broadcastCol, colSum, mul_sum]
  exact sum_comm _

theorem rowMean_apply (x : Tensor R (mat m n)) (i : (vec m).Index) :
    x.rowMean i = (n : R)⁻¹ * sum fun j => x (i.1, j, ()) :=
  rfl

theorem rowMean_dot (x : Tensor R (mat m n)) (w : Tensor R (vec m)) :
    x.rowMean.dot w = x.dot (((n : R)⁻¹ • w).broadcastRow n) := by
  rw [rowMean, smul_dot, dot_comm, ← broadcastRow_dot, dot_comm]

end Tensor

noncomputable section

namespace Op

/-- The mean of every row. -/
def rowMean (m n : Nat) : Op R [mat m n] (vec m) where
  forward x := x.1.rowMean
  jvp _ dx := dx.1.rowMean
  vjp _ δ := (((n : R)⁻¹ • δ).broadcastRow n, ())
  correct x dx δ := by simp [Tensor.rowMean_dot]

/-- The matrix with constant rows. -/
def broadcastRow (m n : Nat) : Op R [vec m] (mat m n) where
  forward x := x.1.broadcastRow n
  jvp _ dx := dx.1.broadcastRow n
  vjp _ δ := (δ.rowSum, ())
  correct x dx δ := by simp [Tensor.broadcastRow_dot]

/-- The matrix with constant columns. -/
def broadcastCol (m n : Nat) : Op R [vec n] (mat m n) where
  forward x := x.1.broadcastCol m
  jvp _ dx := dx.1.broadcastCol m
  vjp _ δ := (δ.colSum, ())
  correct x dx δ := by simp [Tensor.broadcastCol_dot]

end Op

namespace TapeNodes

variable {Γ : List Shape}

/-- The mean of every row of the matrix at `a`. -/
def rowMean (a : Idx Γ (mat m n)) : Node R Γ (vec m) where
  args := _
  op := .rowMean m n
  operands := .cons a .nil

/-- The matrix whose row `i` is constantly entry `i` of the vector at `a`. -/
def broadcastRow (n : Nat) (a : Idx Γ (vec m)) : Node R Γ (mat m n) where
  args := _
  op := .broadcastRow m n
  operands := .cons a .nil

/-- The matrix whose column `j` is constantly entry `j` of the vector at `a`. -/
def broadcastCol (m : Nat) (a : Idx Γ (vec n)) : Node R Γ (mat m n) where
  args := _
  op := .broadcastCol m n
  operands := .cons a .nil

end TapeNodes

end

end Proofs.Autograd
