module

public import Proofs.Autograd.Nodes.LayerNorm

/-!
# Root mean square normalisation as one node

Every row of a matrix is divided by `√(mean of its squares + ε)` and its columns are multiplied by
`γ`. As of layer normalisation, JVP and VJP are closed forms in the normalised rows and the factors
by which rows were multiplied, and are adjoint for arbitrary values of these two.

References: Zhang and Sennrich, *Root mean square layer normalization*, 2019; PyTorch, `nn.RMSNorm`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec Shape Laws LayerNorm

variable {R : Type} [ScalarOps R] {m n : Nat}

namespace RmsNorm

noncomputable section

/-- The inverse root mean square of every row, `1/√(mean of squares + ε)`. -/
def invRms (ε : R) (x : Tensor R (mat m n)) : Tensor R (vec m) :=
  ((((x.mul x).rowMean).map (· + ε)).map ScalarOps.sqrt).map (·⁻¹)

/-- The rows with mean square 1, up to `ε`. -/
def normalized (ε : R) (x : Tensor R (mat m n)) : Tensor R (mat m n) :=
  x.mul ((invRms ε x).broadcastRow n)

/-- What `v` keeps after its mean along `z` is taken out, `v − z ⊙ mean (z ⊙ v)`. -/
def rejection (z v : Tensor R (mat m n)) : Tensor R (mat m n) := v.sub (z.mul (rowMeans (z.mul v)))

/-- The derivative of `normalized`, from inverse root mean squares `r` and normalised rows `z`:
`r ⊙ (v − z ⊙ mean (z ⊙ v))`. -/
def normalizedDeriv (r : Tensor R (vec m)) (z v : Tensor R (mat m n)) : Tensor R (mat m n) :=
  (r.broadcastRow n).mul (rejection z v)

end

private theorem rejection_dot (z v w : Tensor R (mat m n)) :
    (rejection z v).dot w = v.dot (rejection z w) := by
  simp only [rejection, Tensor.sub_dot, Tensor.dot_sub, Tensor.mul_dot, rowMeans_dot]

private theorem rejection_mul (r : Tensor R (vec m)) (z v : Tensor R (mat m n)) :
    rejection z ((r.broadcastRow n).mul v) = (r.broadcastRow n).mul (rejection z v) := by
  simp only [rejection, Tensor.mul_sub, rowMeans_mul, Tensor.mul_left_comm z]

/-- The derivative of `normalized` is symmetric, whatever `r` and `z` are. -/
theorem normalizedDeriv_dot (r : Tensor R (vec m)) (z v w : Tensor R (mat m n)) :
    (normalizedDeriv r z v).dot w = v.dot (normalizedDeriv r z w) := by
  simp only [normalizedDeriv, Tensor.mul_dot, rejection_dot, rejection_mul]

end RmsNorm

noncomputable section

/-- The root mean square normalisation of the rows of `x` with factors `γ`, on operands `x`, `γ`. -/
def Op.rmsNorm (m n : Nat) (ε : R) : Op R [mat m n, vec n] (mat m n) where
  forward x := (RmsNorm.normalized ε x.1).mul (x.2.1.broadcastCol m)
  jvp x dx :=
    let z := RmsNorm.normalized ε x.1
    (x.2.1.broadcastCol m).mul (RmsNorm.normalizedDeriv (RmsNorm.invRms ε x.1) z dx.1) +
      z.mul (dx.2.1.broadcastCol m)
  vjp x δ :=
    let z := RmsNorm.normalized ε x.1
    (RmsNorm.normalizedDeriv (RmsNorm.invRms ε x.1) z ((x.2.1.broadcastCol m).mul δ),
      (z.mul δ).colSum, ())
  correct x dx δ := by
    simp [dotList, RmsNorm.normalizedDeriv_dot, add_zero]

/-- The rows of the matrix at `x`, divided by their root mean squares, times the factors at `γ`. -/
def TapeNodes.rmsNorm {Γ : List Shape} (x : Idx Γ (mat m n)) (γ : Idx Γ (vec n)) (ε : R) :
    Node R Γ (mat m n) where
  args := _
  op := .rmsNorm m n ε
  operands := .cons x (.cons γ .nil)

end

end Proofs.Autograd
