module

public import Proofs.Autograd.Nodes.Elementwise
public import Proofs.Autograd.Nodes.Reduce

/-!
# Layer normalisation as one node

Every row of a matrix is centred, divided by `√(var + ε)` with the biased variance, multiplied by
`γ` and shifted by `β`. JVP and VJP are closed forms in the normalised rows and the inverse standard
deviations; that they are adjoint is algebra and holds for arbitrary values of these two, so nothing
about `√` or the inverse is used.

Main definitions: `Op.layerNorm`, `LayerNorm.Inputs`, `LayerNorm.wholeNode`.

References: Ba, Kiros and Hinton, *Layer normalization*, 2016; PyTorch, `nn.LayerNorm`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd

open Spec Shape Laws

variable {R : Type} [ScalarOps R] {m n : Nat}

namespace LayerNorm

/-- The shape of a matrix of `m` rows to normalise. -/
abbrev MatShape (m n : Nat) : Shape := mat m n

/-- The shape of the parameters of a normalisation, and of a value for each row. -/
abbrev VecShape (k : Nat) : Shape := vec k

noncomputable section

/-- Every entry replaced by the mean of its row. -/
def rowMeans (x : Tensor R (mat m n)) : Tensor R (mat m n) := x.rowMean.broadcastRow n

/-- The matrix minus its row means. -/
def centered (x : Tensor R (mat m n)) : Tensor R (mat m n) := x.sub (rowMeans x)

/-- The inverse standard deviation of every row, `1/√(var + ε)`. -/
def invStd (ε : R) (x : Tensor R (mat m n)) : Tensor R (vec m) :=
  (((((centered x).mul (centered x)).rowMean).map (· + ε)).map ScalarOps.sqrt).map (·⁻¹)

/-- The rows with mean 0 and variance 1, up to `ε`. -/
def normalized (ε : R) (x : Tensor R (mat m n)) : Tensor R (mat m n) :=
  (centered x).mul ((invStd ε x).broadcastRow n)

/-- What `v` keeps after its row means and its mean along `z` are taken out,
`v − mean v − z ⊙ mean (z ⊙ v)`. -/
def rejection (z v : Tensor R (mat m n)) : Tensor R (mat m n) :=
  (v.sub (rowMeans v)).sub (z.mul (rowMeans (z.mul v)))

/-- The derivative of `normalized`, from inverse standard deviations `r` and normalised rows `z`:
`r ⊙ (v − mean v − z ⊙ mean (z ⊙ v))`. -/
def normalizedDeriv (r : Tensor R (vec m)) (z v : Tensor R (mat m n)) : Tensor R (mat m n) :=
  (r.broadcastRow n).mul (rejection z v)

end

theorem rowMeans_dot (v w : Tensor R (mat m n)) : (rowMeans v).dot w = v.dot (rowMeans w) := by
  rw [rowMeans, Tensor.broadcastRow_dot, Tensor.rowMean_dot]
  rfl

/-- A factor that is constant along each row comes out of the row means. -/
theorem rowMeans_mul (r : Tensor R (vec m)) (v : Tensor R (mat m n)) :
    rowMeans ((r.broadcastRow n).mul v) = (r.broadcastRow n).mul (rowMeans v) := by
  funext i
  simp only [rowMeans, Tensor.broadcastRow, Tensor.rowMean_apply, Tensor.mul_apply, ← mul_sum]
  exact mul_left_comm ..

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

end LayerNorm

noncomputable section

/-- The normalisation of the rows of `x` with parameters `γ` and `β`, on operands `x`, `γ`, `β`. -/
def Op.layerNorm (m n : Nat) (ε : R) : Op R [mat m n, vec n, vec n] (mat m n) where
  forward x :=
    (LayerNorm.normalized ε x.1).mul (x.2.1.broadcastCol m) + x.2.2.1.broadcastCol m
  jvp x dx :=
    let z := LayerNorm.normalized ε x.1
    (x.2.1.broadcastCol m).mul (LayerNorm.normalizedDeriv (LayerNorm.invStd ε x.1) z dx.1) +
      z.mul (dx.2.1.broadcastCol m) + dx.2.2.1.broadcastCol m
  vjp x δ :=
    let z := LayerNorm.normalized ε x.1
    (LayerNorm.normalizedDeriv (LayerNorm.invStd ε x.1) z ((x.2.1.broadcastCol m).mul δ),
      (z.mul δ).colSum, δ.colSum, ())
  correct x dx δ := by
    simp [dotList, LayerNorm.normalizedDeriv_dot, add_zero, add_assoc]

namespace LayerNorm

/-- Where a normalisation finds its operands. -/
structure Inputs (Γ : List Shape) (m n : Nat) where
  /-- The matrix to normalise, row by row. -/
  x : Idx Γ (MatShape m n)
  /-- The factors of the columns. -/
  gamma : Idx Γ (VecShape n)
  /-- The shifts of the columns. -/
  beta : Idx Γ (VecShape n)

/-- Layer normalisation that saves its result only. -/
def wholeNode {Γ : List Shape} (inputs : Inputs Γ m n) (ε : R) : Node R Γ (MatShape m n) where
  args := _
  op := .layerNorm m n ε
  operands := .cons inputs.x (.cons inputs.gamma (.cons inputs.beta .nil))

end LayerNorm

end

end Proofs.Autograd
