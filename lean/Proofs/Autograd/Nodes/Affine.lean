module

public import Proofs.Autograd.Calculus.Adjoint
public import Proofs.Autograd.Nodes.Reduce
public import Proofs.Autograd.Nodes.Reindex

/-!
# Affine ops

Linear maps and a bias. In `affine` and `linear` they are fixed and get no cotangent; in `dense`,
the layer applied to every position of a sequence, weights and bias are operands. Weights are laid
out as in PyTorch, one row for each output feature.

References: PyTorch, `nn.Linear`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec Shape Laws

variable {R : Type} [ScalarOps R]

noncomputable section

namespace Tensor

/-- A linear map applied to the row-major coordinates of a tensor. -/
def mapVec {sIn sOut : Shape} (A : CLM R sIn.size sOut.size) (x : Tensor R sIn) : Tensor R sOut :=
  ofVecT (A (toVecT x))

/-- A matrix applied to a vector, `y[i] = Σ_j A[i,j] · x[j]`. -/
def mulVec {m n : Nat} (A : Tensor R (mat m n)) (x : Tensor R (vec n)) : Tensor R (vec m) :=
  fun i => sum fun j => A (i.1, j, ()) * x (j, ())

end Tensor

end

namespace Tensor

theorem mapVec_dot {sIn sOut : Shape} (A : CLM R sIn.size sOut.size) (x : Tensor R sIn)
    (w : Tensor R sOut) :
    (x.mapVec A).dot w = x.dot (w.mapVec A.adjoint) := by
  simp only [dot_eq_inner, mapVec, toVecT_ofVecT, CLM.adjoint_inner_right]

theorem mulVec_dot {m n : Nat} (A : Tensor R (mat m n)) (x : Tensor R (vec n))
    (w : Tensor R (vec m)) :
    (A.mulVec x).dot w = x.dot (A.transpose.mulVec w) := by
  simp only [dot_vec, mulVec, transpose, sum_mul, mul_sum]
  rw [sum_comm]
  exact sum_congr fun j => sum_congr fun i => by grind

theorem mulMat_transpose_dot_left {n i o : Nat} (x : Tensor R (mat n i)) (W : Tensor R (mat o i))
    (w : Tensor R (mat n o)) :
    (x.mulMat W.transpose).dot w = x.dot (w.mulMat W) :=
  mulMat_dot_left x W.transpose w

theorem mulMat_transpose_dot_right {n i o : Nat} (x : Tensor R (mat n i)) (W : Tensor R (mat o i))
    (w : Tensor R (mat n o)) :
    (x.mulMat W.transpose).dot w = W.dot (w.transpose.mulMat x) := by
  rw [mulMat_dot_right, dot_transpose]
  exact congrArg _ (funext fun k => sum_congr fun t => mul_comm ..)

end Tensor

noncomputable section

namespace Op

/-- A fixed linear map on row-major coordinates, and a fixed bias. -/
def affine (sIn sOut : Shape) (A : CLM R sIn.size sOut.size) (b : Vec R sOut.size) :
    Op R [sIn] sOut where
  forward x := x.1.mapVec A + ofVecT b
  jvp _ dx := dx.1.mapVec A
  vjp _ δ := (δ.mapVec A.adjoint, ())
  correct x dx δ := by simp [Tensor.mapVec_dot]

/-- A fixed matrix applied to a vector, and a fixed bias, `y[k] = Σ_j W[k,j] · x[j] + b[k]`. -/
def linear (i o : Nat) (W : Tensor R (mat o i)) (b : Tensor R (vec o)) : Op R [vec i] (vec o) where
  forward x := W.mulVec x.1 + b
  jvp _ dx := W.mulVec dx.1
  vjp _ δ := (W.transpose.mulVec δ, ())
  correct x dx δ := by simp [Tensor.mulVec_dot]

/-- The dense layer at each of `n` positions, `y[t,k] = Σ_j x[t,j] · W[k,j] + b[k]`, on operands
`x`, `W`, `b`. -/
def dense (n i o : Nat) : Op R [mat n i, mat o i, vec o] (mat n o) where
  forward x := x.1.mulMat x.2.1.transpose + x.2.2.1.broadcastCol n
  jvp x dx :=
    dx.1.mulMat x.2.1.transpose + x.1.mulMat dx.2.1.transpose + dx.2.2.1.broadcastCol n
  vjp x δ := (δ.mulMat x.2.1, δ.transpose.mulMat x.1, δ.colSum, ())
  correct x dx δ := by
    simp only [Tensor.add_dot, dotList, Tensor.broadcastCol_dot, add_zero, add_assoc]
    rw [Tensor.mulMat_transpose_dot_left, Tensor.mulMat_transpose_dot_right]

end Op

namespace TapeNodes

variable {Γ : List Shape}

/-- A fixed linear map applied to the row-major coordinates of the tensor at `a`, and a fixed
bias. -/
def affine {sIn sOut : Shape} (a : Idx Γ sIn) (A : CLM R sIn.size sOut.size) (b : Vec R sOut.size) :
    Node R Γ sOut where
  args := _
  op := .affine sIn sOut A b
  operands := .cons a .nil

/-- A fixed matrix applied to the vector at `a`, and a fixed bias. -/
def linear {i o : Nat} (a : Idx Γ (vec i)) (W : Tensor R (mat o i)) (b : Tensor R (vec o)) :
    Node R Γ (vec o) where
  args := _
  op := .linear i o W b
  operands := .cons a .nil

/-- The dense layer with the weights at `W` and the bias at `b`, at each position of the sequence at
`x`. -/
def dense {n i o : Nat} (x : Idx Γ (mat n i)) (W : Idx Γ (mat o i)) (b : Idx Γ (vec o)) :
    Node R Γ (mat n o) where
  args := _
  op := .dense n i o
  operands := .cons x (.cons W (.cons b .nil))

end TapeNodes

end

end Proofs.Autograd
