module

public import Proofs.Autograd.Tensor.Flat
public import Proofs.Autograd.Tape.Node
public import Proofs.Autograd.Nodes.MatMul

/-!
# Re-indexing ops

Ops that move coordinates and compute nothing: transposes, the bare reshape and the head split. All
are linear, and the adjoint of each moves the coordinates back.

Two ops turn an `n × (H·D)` matrix into `H × n × D`. `splitHeads` gives head `h` the columns
`h·D, …, h·D + D − 1` of every row, as `view` and `transpose` do in PyTorch. A bare `reshape` keeps
the row-major order of the coordinates instead, and mixes rows of different tokens into one head as
soon as `H ≥ 2` and `n ≥ 2`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec Shape Laws

variable {R : Type} [ScalarOps R]

noncomputable section

namespace Tensor

/-- The batch of transposed matrices, `y[g,j,i] = x[g,i,j]`. -/
def transposeLast2 {a b c : Nat} (x : Tensor R (cube a b c)) : Tensor R (cube a c b) :=
  stack fun g => (x.slice g).transpose

/-- The tensor with its two outermost axes exchanged, `y[j,i,…] = x[i,j,…]`. -/
def swap01 {m n : Nat} {s : Shape} (x : Tensor R (.dim m (.dim n s))) :
    Tensor R (.dim n (.dim m s)) :=
  stack fun j => stack fun i => (x.slice i).slice j

/-- The columns of each row dealt out to heads, `y[h,i,k] = x[i, h·D + k]`. -/
def splitHeads {n H D : Nat} (x : Tensor R (mat n (H * D))) : Tensor R (cube H n D) :=
  fun j => x (j.2.1, ⟨j.1 * D + j.2.2.1, mul_add_lt j.1 j.2.2.1⟩, ())

/-- The heads' columns side by side, `y[i, h·D + k] = x[h,i,k]`; inverse of `splitHeads`. -/
def mergeHeads {n H D : Nat} (x : Tensor R (cube H n D)) : Tensor R (mat n (H * D)) :=
  fun j => x (⟨j.2.1 / D, Nat.div_lt_of_lt_mul (Nat.mul_comm H D ▸ j.2.1.isLt)⟩, j.1,
    ⟨j.2.1 % D, Nat.mod_lt _ (Nat.pos_of_ne_zero fun h => by have := j.2.1.isLt; simp [h] at this)⟩,
      ())

end Tensor

end

namespace Tensor

theorem dot_transpose {m n : Nat} (a : Tensor R (mat m n)) (b : Tensor R (mat n m)) :
    a.transpose.dot b = a.dot b.transpose := by
  simp only [dot_mat, transpose]
  exact sum_comm _

theorem dot_transposeLast2 {a b c : Nat} (x : Tensor R (cube a b c)) (y : Tensor R (cube a c b)) :
    x.transposeLast2.dot y = x.dot y.transposeLast2 :=
  sum_congr fun g => dot_transpose (x.slice g) (y.slice g)

theorem dot_swap01 {m n : Nat} {s : Shape} (x : Tensor R (.dim m (.dim n s)))
    (y : Tensor R (.dim n (.dim m s))) :
    x.swap01.dot y = x.dot y.swap01 :=
  sum_comm fun j i => ((x.slice i).slice j).dot ((y.slice j).slice i)

theorem dot_splitHeads {n H D : Nat} (x : Tensor R (mat n (H * D))) (y : Tensor R (cube H n D)) :
    x.splitHeads.dot y = x.dot y.mergeHeads := by
  rw [dot_mat]
  refine (sum_comm fun h i => sum fun k : Fin D =>
    x (i, ⟨h * D + k, mul_add_lt h k⟩, ()) * y (h, i, k, ())).trans (sum_congr fun i => ?_)
  rw [sum_prod]
  refine sum_congr fun h => sum_congr fun k => ?_
  have quot : (h * D + k : Nat) / D = h := by
    rw [Nat.mul_comm, Nat.mul_add_div (Nat.lt_of_le_of_lt (Nat.zero_le _) k.isLt),
      Nat.div_eq_of_lt k.isLt, Nat.add_zero]
  have rem : (h * D + k : Nat) % D = k := by
    rw [Nat.mul_add_mod_self_right, Nat.mod_eq_of_lt k.isLt]
  simp only [mergeHeads, quot, rem]

end Tensor

noncomputable section

namespace Op

/-- The same coordinates in row-major order, in another shape. -/
def reshape (s₁ s₂ : Shape) (h : s₁.size = s₂.size) : Op R [s₁] s₂ where
  forward x := x.1.reshape h
  jvp _ dx := dx.1.reshape h
  vjp _ δ := (δ.reshape h.symm, ())
  correct x dx δ := by simp [Tensor.dot_reshape]

/-- The transpose of every matrix of a batch. -/
def transposeLast2 (a b c : Nat) : Op R [cube a b c] (cube a c b) where
  forward x := x.1.transposeLast2
  jvp _ dx := dx.1.transposeLast2
  vjp _ δ := (δ.transposeLast2, ())
  correct x dx δ := by simp [Tensor.dot_transposeLast2]

/-- The exchange of the two outermost axes. -/
def swap01 (m n : Nat) (s : Shape) : Op R [.dim m (.dim n s)] (.dim n (.dim m s)) where
  forward x := x.1.swap01
  jvp _ dx := dx.1.swap01
  vjp _ δ := (δ.swap01, ())
  correct x dx δ := by simp [Tensor.dot_swap01]

/-- The head split that keeps tokens apart, faithful to PyTorch. -/
def splitHeads (n H D : Nat) : Op R [mat n (H * D)] (cube H n D) where
  forward x := x.1.splitHeads
  jvp _ dx := dx.1.splitHeads
  vjp _ δ := (δ.mergeHeads, ())
  correct x dx δ := by simp [Tensor.dot_splitHeads]

end Op

namespace TapeNodes

variable {Γ : List Shape}

/-- The tensor at `a` with the same row-major coordinates, in another shape. -/
def ShapeOps.reshape {s₁ s₂ : Shape} (a : Idx Γ s₁) (h : s₁.size = s₂.size) : Node R Γ s₂ where
  args := _
  op := .reshape s₁ s₂ h
  operands := .cons a .nil

/-- The batch of matrices at `a`, each transposed. -/
def ShapeOps.transpose3dLastTwo {a b c : Nat} (x : Idx Γ (cube a b c)) : Node R Γ (cube a c b) where
  args := _
  op := .transposeLast2 a b c
  operands := .cons x .nil

/-- The tensor at `a` with its two outermost axes exchanged. -/
def ShapeOps.swapFirstTwo3d {m n : Nat} {s : Shape} (a : Idx Γ (.dim m (.dim n s))) :
    Node R Γ (.dim n (.dim m s)) where
  args := _
  op := .swap01 m n s
  operands := .cons a .nil

/-- The matrix at `a` split into heads, faithful to PyTorch. -/
def ShapeOps.splitHeads {n H D : Nat} (a : Idx Γ (mat n (H * D))) : Node R Γ (cube H n D) where
  args := _
  op := .splitHeads n H D
  operands := .cons a .nil

end TapeNodes

end

end Proofs.Autograd
