module

public import Proofs.Autograd.Nodes.Certified.Activations
public import Proofs.Autograd.Nodes.Certified.Axes
public import Proofs.Autograd.Nodes.Certified.RmsNorm

/-!
# Root mean square normalisation

Every row of an `m × n` matrix is divided by the square root of the mean of its squares, to which
`ε` is added, and its columns are multiplied by `γ`: inputs `X, γ`, 9 saved tensors, the last of
them the output. No row is centred, and there is no shift.

Main results, for `ε > 0` at every point: `rmsNorm_hasFDerivAt`,
`rmsNorm_backpropVec_eq_adjoint_fderiv`; and what the output is,
`rmsNormGraph_output_eq_textbook`.

References: Zhang and Sennrich, *Root mean square layer normalization*, 2019; PyTorch, `nn.RMSNorm`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.RmsNorm

open Spec Shape

attribute [local instance] Laws.natCast

noncomputable section

variable {R : Type} [ScalarOps R] {m n : Nat}

/-- The inputs: the matrix, and the factors of its columns. -/
abbrev ΓRmsNorm (m n : Nat) : List Shape := [mat m n, vec n]

/-- The saved tensors up to the mean square of every row with `ε` added. -/
abbrev ssMeanSquare (m n : Nat) : List Shape := [mat m n, vec m, vec m]

/-- The saved tensors, in execution order: the squares, the mean square of every row, without and
with `ε`, its root, the inverse of that and one of it for each entry, the normalised rows, the
factors, one for each entry, and the output. -/
abbrev ssRmsNorm (m n : Nat) : List Shape :=
  ssMeanSquare m n ++ [vec m] ++ [vec m, mat m n, mat m n, mat m n, mat m n]

/-- The position of the mean squares with `ε` added. -/
def rmsNormIdxMeanSquareEps : Idx (ΓRmsNorm m n ++ ssMeanSquare m n) (vec m) := .pos 4 rfl

/-- The position of their roots. -/
def rmsNormIdxRms : Idx (ΓRmsNorm m n ++ (ssMeanSquare m n ++ [vec m])) (vec m) := .pos 5 rfl

/-- The position of the output. -/
def rmsNormIdxY : Idx (ΓRmsNorm m n ++ ssRmsNorm m n) (mat m n) := .pos 10 rfl

/-- Root mean square normalisation up to the mean squares with `ε` added. -/
def meanSquareGraph (ε : R) : Graph R (ΓRmsNorm m n) (ssMeanSquare m n) :=
  Graph.nil
    |>.snoc (TapeNodes.square (s := mat m n) (.pos 0 rfl))
    |>.snoc (TapeNodes.meanAxis (vec m) (n := n) (s := .scalar) (.pos 2 rfl))
    |>.snoc (TapeNodes.addConst (s := vec m) (.pos 3 rfl) ε)

/-- Root mean square normalisation up to the roots of the mean squares. -/
def rmsGraph (ε : R) : Graph R (ΓRmsNorm m n) (ssMeanSquare m n ++ [vec m]) :=
  (meanSquareGraph ε).snoc (TapeNodes.sqrtClamp rmsNormIdxMeanSquareEps)

/-- Root mean square normalisation. -/
def rmsNormGraph (ε : R) : Graph R (ΓRmsNorm m n) (ssRmsNorm m n) :=
  rmsGraph ε
    |>.snoc (TapeNodes.inv rmsNormIdxRms)
    |>.snoc (TapeNodes.expandAxis (vec m) n (s := .scalar) (.pos 6 rfl))
    |>.snoc (TapeNodes.mul (s := mat m n) (.pos 0 rfl) (.pos 7 rfl))
    |>.snoc (TapeNodes.expandAxis .scalar m (s := vec n) (.pos 1 rfl))
    |>.snoc (TapeNodes.mul (s := mat m n) (.pos 8 rfl) (.pos 9 rfl))

/-- The names of inputs and saved tensors. -/
def rmsNormGraph.names : List String :=
  ["x", "γ", "squares", "mean_square", "mean_square_eps", "rms", "inv_rms", "inv_rms_b",
    "normalized", "gamma_b", "y"]

/-! ### The textbook -/

/-- Root mean square normalisation,
`y[t,k] = x[t,k] · (√(n⁻¹ · Σ_j x[t,j]² + ε))⁻¹ · γ[k]`. -/
def textbookRmsNorm (ε : R) (x : Tensor R (mat m n)) (γ : Tensor R (vec n)) : Tensor R (mat m n) :=
  fun (t, k, _) =>
    x (t, k, ()) *
      (ScalarOps.sqrt ((n : R)⁻¹ * sum (fun j => x (t, j, ()) * x (t, j, ())) + ε))⁻¹ *
      γ (k, ())

end

/-- The graph's last entry is root mean square normalisation. -/
theorem rmsNormGraph_output_eq_textbook {R : Type} [ScalarOps R] {m n : Nat} (ε : R)
    (x : Tensor R (mat m n)) (γ : Tensor R (vec n)) :
    getIdx ((rmsNormGraph ε).eval (x, γ, ())) rmsNormIdxY = textbookRmsNorm ε x γ :=
  (rfl)

/-- So is what the op of that name computes. -/
theorem rmsNorm_forward_eq_textbook {R : Type} [ScalarOps R] {m n : Nat} (ε : R)
    (x : Tensor R (mat m n)) (γ : Tensor R (vec n)) :
    (Op.rmsNorm m n ε).forward (x, γ, ()) = textbookRmsNorm ε x γ :=
  (rfl)

/-! ### Certificates -/

section

variable {R : Type} [AnalyticScalar R] {m n : Nat} {ε : R}

variable (xV : CtxVec R (ΓRmsNorm m n))

/-- For `ε > 0` the mean squares that the graph saves are positive, -/
theorem get_meanSquareEps_pos (hε : 0 < ε) (k : Fin (vec m).size) :
    0 < CtxVec.get rmsNormIdxMeanSquareEps ((meanSquareGraph ε).evalVec xV) k := by
  have h : CtxVec.get rmsNormIdxMeanSquareEps ((meanSquareGraph ε).evalVec xV) =
      toVecT (meanSquareEps ε (unflattenCtx xV).1) :=
    CtxVec.get_flattenCtx _ _
  rw [h]
  exact meanSquareEps_pos hε _ _

/-- and their roots are not 0. -/
theorem get_rms_ne_zero (hε : 0 < ε) (k : Fin (vec m).size) :
    CtxVec.get rmsNormIdxRms ((rmsGraph ε).evalVec xV) k ≠ 0 := by
  have h : CtxVec.get rmsNormIdxRms ((rmsGraph ε).evalVec xV) =
      toVecT ((meanSquareEps ε (unflattenCtx xV).1).map sqrt) :=
    CtxVec.get_flattenCtx _ _
  rw [h]
  exact ne_of_pos (sqrt_pos (meanSquareEps_pos hε _ _))

noncomputable section

/-- The certificate of root mean square normalisation for `ε > 0`. -/
def rmsNormGraphFderivCorrectAt (hε : 0 < ε) : GraphFDerivCorrectAt (rmsNormGraph ε) xV :=
  (GraphFDerivCorrect.nil
    |>.snoc (TapeNodes.squareFderiv ..)
    |>.snoc (TapeNodes.meanAxisFderiv ..)
    |>.snoc (TapeNodes.addConstFderiv ..)).at xV
    |>.snoc (TapeNodes.sqrtClampFderivAt _ _ (get_meanSquareEps_pos xV hε))
    |>.snoc (TapeNodes.invFderivAt _ _ (get_rms_ne_zero xV hε))
    |>.snoc ((TapeNodes.expandAxisFderiv ..).at _)
    |>.snoc ((TapeNodes.mulFderiv ..).at _)
    |>.snoc ((TapeNodes.expandAxisFderiv ..).at _)
    |>.snoc ((TapeNodes.mulFderiv ..).at _)

end

/-- For `ε > 0` root mean square normalisation is differentiable, and the derivative is its JVP. -/
theorem rmsNorm_hasFDerivAt (hε : 0 < ε) :
    HasFDerivAt (rmsNormGraph ε).evalVec ((rmsNormGraph ε).jvpCLM xV) xV :=
  Graph.hasFDerivAt_evalVec_at (rmsNormGraphFderivCorrectAt xV hε)

/-- For `ε > 0` the reverse pass of root mean square normalisation is the adjoint of its
derivative. -/
theorem rmsNorm_backpropVec_eq_adjoint_fderiv (hε : 0 < ε)
    (seedV : CtxVec R (ΓRmsNorm m n ++ ssRmsNorm m n)) :
    (rmsNormGraph ε).backpropVec xV seedV =
      (fderiv R (rmsNormGraph ε).evalVec xV).adjoint seedV :=
  Graph.backpropVec_eq_adjoint_fderiv_at (rmsNormGraphFderivCorrectAt xV hε) seedV

end

end Proofs.Autograd.RmsNorm
