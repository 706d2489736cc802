module

public import Proofs.Autograd.Nodes.Certified.LayerNorm

/-!
# Layer normalisation, step by step

The graph that saves every intermediate value of a layer normalisation of the rows of an `m × n`
matrix: inputs `X, γ, β`, 14 saved tensors, the last of them the output. The variance is biased, and
`ε` is added to it before the square root is taken.

Main definitions: `layerNormGraph` and its prefixes `layerNormPrefix6` and `layerNormPrefix7`. Main
result: `getIdx_eval_idxY`, the last saved tensor is the value of the op that does it all at once.

References: Ba, Kiros and Hinton, *Layer normalization*, 2016; PyTorch, `nn.LayerNorm`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.LayerNorm

open Spec Shape

noncomputable section

/-- The inputs: the matrix, and the factors and shifts of its columns. -/
abbrev ΓLN (m n : Nat) : List Shape := [MatShape m n, VecShape n, VecShape n]

/-- The saved tensors up to the variance with `ε` added. -/
abbrev ssPrefix6 (m n : Nat) : List Shape :=
  [VecShape m, MatShape m n, MatShape m n, MatShape m n, VecShape m, VecShape m]

/-- The saved tensors up to the standard deviation. -/
abbrev ssPrefix7 (m n : Nat) : List Shape := ssPrefix6 m n ++ [VecShape m]

/-- The saved tensors before the output. -/
abbrev ssBeforeY (m n : Nat) : List Shape :=
  ssPrefix7 m n ++
    [VecShape m, MatShape m n, MatShape m n, MatShape m n, MatShape m n, MatShape m n]

/-- The saved tensors, in execution order. -/
abbrev ssLayerNorm (m n : Nat) : List Shape := ssBeforeY m n ++ [MatShape m n]

variable {R : Type} [ScalarOps R] {m n : Nat} {ss : List Shape}

/-! ### Positions -/

/-- The matrix. -/
def idxX : Idx (ΓLN m n ++ ss) (MatShape m n) := .pos 0 rfl

/-- The factors of the columns. -/
def idxGamma : Idx (ΓLN m n ++ ss) (VecShape n) := .pos 1 rfl

/-- The shifts of the columns. -/
def idxBeta : Idx (ΓLN m n ++ ss) (VecShape n) := .pos 2 rfl

/-- The variance of every row, with `ε` added. -/
def idxVarEps : Idx (ΓLN m n ++ ssPrefix6 m n) (VecShape m) := .pos 8 rfl

/-- The standard deviation of every row. -/
def idxStd : Idx (ΓLN m n ++ ssPrefix7 m n) (VecShape m) := .pos 9 rfl

/-- The output. -/
def idxY : Idx (ΓLN m n ++ ssLayerNorm m n) (MatShape m n) := .pos 16 rfl

/-! ### Nodes, each in the context of the tensors saved before it -/

/-- The mean of every row. -/
def nodeMean : Node R (ΓLN m n ++ []) (VecShape m) := TapeNodes.rowMean idxX

/-- The row means, one for each entry. -/
def nodeMeanB : Node R (ΓLN m n ++ (ssLayerNorm m n).take 1) (MatShape m n) :=
  TapeNodes.broadcastRow n (.pos 3 rfl)

/-- The matrix minus its row means. -/
def nodeCentered : Node R (ΓLN m n ++ (ssLayerNorm m n).take 2) (MatShape m n) :=
  TapeNodes.sub idxX (.pos 4 rfl)

/-- The squares of the centred entries. -/
def nodeCenteredSq : Node R (ΓLN m n ++ (ssLayerNorm m n).take 3) (MatShape m n) :=
  TapeNodes.mul (.pos 5 rfl) (.pos 5 rfl)

/-- The biased variance of every row. -/
def nodeVar : Node R (ΓLN m n ++ (ssLayerNorm m n).take 4) (VecShape m) :=
  TapeNodes.rowMean (n := n) (.pos 6 rfl)

/-- The variances with `ε` added. -/
def nodeVarEps (ε : R) : Node R (ΓLN m n ++ (ssLayerNorm m n).take 5) (VecShape m) :=
  TapeNodes.addConst (.pos 7 rfl) ε

/-- The standard deviation of every row. -/
def nodeStd : Node R (ΓLN m n ++ ssPrefix6 m n) (VecShape m) := TapeNodes.sqrtClamp idxVarEps

/-- The inverse standard deviation of every row. -/
def nodeInvStd : Node R (ΓLN m n ++ ssPrefix7 m n) (VecShape m) := TapeNodes.inv idxStd

/-- The inverse standard deviations, one for each entry. -/
def nodeInvStdB : Node R (ΓLN m n ++ (ssLayerNorm m n).take 8) (MatShape m n) :=
  TapeNodes.broadcastRow n (.pos 10 rfl)

/-- The normalised rows. -/
def nodeNorm : Node R (ΓLN m n ++ (ssLayerNorm m n).take 9) (MatShape m n) :=
  TapeNodes.mul (.pos 5 rfl) (.pos 11 rfl)

/-- The factors, one for each entry. -/
def nodeGammaB : Node R (ΓLN m n ++ (ssLayerNorm m n).take 10) (MatShape m n) :=
  TapeNodes.broadcastCol m idxGamma

/-- The normalised rows times the factors. -/
def nodeScaled : Node R (ΓLN m n ++ (ssLayerNorm m n).take 11) (MatShape m n) :=
  TapeNodes.mul (.pos 12 rfl) (.pos 13 rfl)

/-- The shifts, one for each entry. -/
def nodeBetaB : Node R (ΓLN m n ++ (ssLayerNorm m n).take 12) (MatShape m n) :=
  TapeNodes.broadcastCol m idxBeta

/-- The output. -/
def nodeY : Node R (ΓLN m n ++ ssBeforeY m n) (MatShape m n) :=
  TapeNodes.add (.pos 14 rfl) (.pos 15 rfl)

/-! ### Graphs -/

/-- Layer normalisation up to the variance with `ε` added. -/
def layerNormPrefix6 (ε : R) : Graph R (ΓLN m n) (ssPrefix6 m n) :=
  Graph.nil
    |>.snoc nodeMean
    |>.snoc nodeMeanB
    |>.snoc nodeCentered
    |>.snoc nodeCenteredSq
    |>.snoc nodeVar
    |>.snoc (nodeVarEps ε)

/-- Layer normalisation up to the standard deviation. -/
def layerNormPrefix7 (ε : R) : Graph R (ΓLN m n) (ssPrefix7 m n) :=
  (layerNormPrefix6 ε).snoc nodeStd

/-- Layer normalisation. -/
def layerNormGraph (ε : R) : Graph R (ΓLN m n) (ssLayerNorm m n) :=
  layerNormPrefix7 ε
    |>.snoc nodeInvStd
    |>.snoc nodeInvStdB
    |>.snoc nodeNorm
    |>.snoc nodeGammaB
    |>.snoc nodeScaled
    |>.snoc nodeBetaB
    |>.snoc nodeY

/-- The names of inputs and saved tensors. -/
def layerNormPrefix6.names : List String :=
  ["x", "γ", "β", "mean", "mean_b", "centered", "centered_sq", "var", "var_eps"]

/-- The names of inputs and saved tensors. -/
def layerNormPrefix7.names : List String := layerNormPrefix6.names ++ ["std"]

/-- The names of inputs and saved tensors. -/
def layerNormGraph.names : List String :=
  layerNormPrefix7.names ++
    ["inv_std", "inv_std_b", "normalized", "gamma_b", "scaled", "beta_b", "y"]

/-- The last saved tensor is the value of the op that normalises in one step. -/
theorem getIdx_eval_idxY (ε : R) (x : TList R (ΓLN m n)) :
    getIdx ((layerNormGraph ε).eval x) idxY = (Op.layerNorm m n ε).forward x :=
  (rfl)

end

/-! ### Certificates -/

section

variable {R : Type} [AnalyticScalar R] {m n : Nat} (ε : R) (xV : CtxVec R (ΓLN m n))

/-- The variance of every row, with `ε` added, is positive. -/
abbrev VarEpsPos : Prop := ∀ i, 0 < CtxVec.get idxVarEps ((layerNormPrefix6 ε).evalVec xV) i

/-- The standard deviation of no row is 0. -/
abbrev StdNe0 : Prop := ∀ i, CtxVec.get idxStd ((layerNormPrefix7 ε).evalVec xV) i ≠ 0

variable {ε xV}

theorem varEpsPos_iff : VarEpsPos ε xV ↔ ∀ i, 0 < varEps ε (unflattenCtx xV).1 i := by
  have h : CtxVec.get idxVarEps ((layerNormPrefix6 ε).evalVec xV) =
      toVecT (varEps ε (unflattenCtx xV).1) :=
    CtxVec.get_flattenCtx _ _
  rw [VarEpsPos, h]
  exact ⟨fun h i => by have := h (flat i); rwa [toVecT, unflat_flat] at this,
    fun h k => h (unflat k)⟩

/-- For `ε > 0` no variance is a problem. -/
theorem varEpsPos (hε : 0 < ε) : VarEpsPos ε xV := varEpsPos_iff.mpr (varEps_pos hε _)

/-- A positive variance has a square root other than 0. -/
theorem VarEpsPos.stdNe0 (hpos : VarEpsPos ε xV) : StdNe0 ε xV := by
  have h : CtxVec.get idxStd ((layerNormPrefix7 ε).evalVec xV) =
      toVecT ((varEps ε (unflattenCtx xV).1).map sqrt) :=
    CtxVec.get_flattenCtx _ _
  rw [StdNe0, h]
  exact fun k => ne_of_pos (sqrt_pos (varEpsPos_iff.mp hpos (unflat k)))

variable (ε xV) (seedV : CtxVec R (ΓLN m n ++ ssLayerNorm m n))

noncomputable section

/-- The certificate of layer normalisation up to the variance, everywhere. -/
def layerNormPrefix6FderivCorrect : GraphFDerivCorrect (layerNormPrefix6 (m := m) (n := n) ε) :=
  GraphFDerivCorrect.nil
    |>.snoc (TapeNodes.rowMeanFderiv _)
    |>.snoc (TapeNodes.broadcastRowFderiv ..)
    |>.snoc (TapeNodes.subFderiv ..)
    |>.snoc (TapeNodes.mulFderiv ..)
    |>.snoc (TapeNodes.rowMeanFderiv _)
    |>.snoc (TapeNodes.addConstFderiv ..)

/-- The certificate of layer normalisation up to the standard deviation, at a point where the square
root is differentiable. -/
def layerNormPrefix7FderivCorrectAt (hVarEpsPos : VarEpsPos ε xV) :
    GraphFDerivCorrectAt (layerNormPrefix7 ε) xV :=
  ((layerNormPrefix6FderivCorrect ε).at xV).snoc
    (TapeNodes.sqrtClampFderivAt idxVarEps _ hVarEpsPos)

/-- The certificate of layer normalisation at a point where the square root and the inverse are
differentiable. -/
def layerNormGraphFderivCorrectAt (hVarEpsPos : VarEpsPos ε xV) (hStdNe0 : StdNe0 ε xV) :
    GraphFDerivCorrectAt (layerNormGraph ε) xV :=
  layerNormPrefix7FderivCorrectAt ε xV hVarEpsPos
    |>.snoc (TapeNodes.invFderivAt idxStd _ hStdNe0)
    |>.snoc ((TapeNodes.broadcastRowFderiv ..).at _)
    |>.snoc ((TapeNodes.mulFderiv ..).at _)
    |>.snoc ((TapeNodes.broadcastColFderiv ..).at _)
    |>.snoc ((TapeNodes.mulFderiv ..).at _)
    |>.snoc ((TapeNodes.broadcastColFderiv ..).at _)
    |>.snoc ((TapeNodes.addFderiv ..).at _)

end

/-- Layer normalisation is differentiable where the square root and the inverse are, and the
derivative is its JVP. -/
theorem layerNorm_hasFDerivAt_at (hVarEpsPos : VarEpsPos ε xV) (hStdNe0 : StdNe0 ε xV) :
    HasFDerivAt (layerNormGraph ε).evalVec ((layerNormGraph ε).jvpCLM xV) xV :=
  Graph.hasFDerivAt_evalVec_at (layerNormGraphFderivCorrectAt ε xV hVarEpsPos hStdNe0)

/-- For `ε > 0` that is everywhere. -/
theorem layerNorm_hasFDerivAt {ε : R} (hε : 0 < ε) :
    HasFDerivAt (layerNormGraph ε).evalVec ((layerNormGraph ε).jvpCLM xV) xV :=
  layerNorm_hasFDerivAt_at ε xV (varEpsPos hε) (varEpsPos hε).stdNe0

/-- The reverse pass of layer normalisation is the adjoint of its derivative where that exists. -/
theorem backprop_eq_adjoint_fderiv_layerNorm_at (hVarEpsPos : VarEpsPos ε xV)
    (hStdNe0 : StdNe0 ε xV) :
    (layerNormGraph ε).backpropVec xV seedV =
        (fderiv R (layerNormGraph ε).evalVec xV).adjoint seedV :=
  Graph.backpropVec_eq_adjoint_fderiv_at
    (layerNormGraphFderivCorrectAt ε xV hVarEpsPos hStdNe0) seedV

/-- For `ε > 0` that is everywhere. -/
theorem backprop_eq_adjoint_fderiv_layerNorm {ε : R} (hε : 0 < ε) :
    (layerNormGraph ε).backpropVec xV seedV =
        (fderiv R (layerNormGraph ε).evalVec xV).adjoint seedV :=
  backprop_eq_adjoint_fderiv_layerNorm_at ε xV seedV (varEpsPos hε) (varEpsPos hε).stdNe0

end

/-! ### The node that does it all at once -/

section

variable {R : Type} [AnalyticScalar R] {m n : Nat} {Γ : List Shape} (inputs : Inputs Γ m n) (ε : R)
  (v dv : CtxVec R Γ)

noncomputable section

/-- The coordinates of the matrix, the factors and the shifts, as a linear map. -/
def packInputsCLM (R : Type) [AnalyticScalar R] (inputs : Inputs Γ m n) :
    CLM R (ctxSize Γ) (ctxSize (ΓLN m n)) :=
  Operands.gatherCLM R (.cons inputs.x (.cons inputs.gamma (.cons inputs.beta .nil)))

/-- The coordinates of the output, as a linear map. -/
def outputCLM (R : Type) [AnalyticScalar R] (m n : Nat) :
    CLM R (ctxSize (ΓLN m n ++ ssLayerNorm m n)) (MatShape m n).size :=
  CtxVec.getCLM R idxY

/-- The node computes the output of the graph. -/
theorem wholeNode_forwardVec :
    (wholeNode inputs ε).forwardVec v =
        outputCLM R m n ((layerNormGraph ε).evalVec (packInputsCLM R inputs v)) := by
  have h : CtxVec.get idxY ((layerNormGraph ε).evalVec (packInputsCLM R inputs v)) = _ :=
    CtxVec.get_flattenCtx _ _
  rw [getIdx_eval_idxY, packInputsCLM, unflattenCtx_gatherCLM] at h
  exact h.symm

/-- The certificate of the node at a point where the variance of every row, with `ε` added, is
positive; the second hypothesis follows from the first and is there because upstream has it. -/
def wholeNodeFDerivCorrectAt (hVarEpsPos : VarEpsPos ε (packInputsCLM R inputs v))
    (_hStdNe0 : StdNe0 ε (packInputsCLM R inputs v)) : NodeFDerivCorrectAt (wholeNode inputs ε) v :=
  .ofOp (Op.layerNorm_fderivCorrectOn ε) <| by
    rw [varEpsPos_iff, packInputsCLM, unflattenCtx_gatherCLM] at hVarEpsPos
    exact hVarEpsPos

end

/-- For `ε > 0` the closed form of the JVP is the derivative. -/
theorem wholeNode_jvpVec_eq_fderiv {ε : R} (hε : 0 < ε) :
    (wholeNode inputs ε).jvpVec v dv = fderiv R (wholeNode inputs ε).forwardVec v dv :=
  ((wholeNodeFDerivCorrect inputs hε).at v).jvpVec_eq_fderiv dv

/-- For `ε > 0` the closed form of the VJP is the adjoint of the derivative. -/
theorem wholeNode_vjpVec_eq_adjoint_fderiv {ε : R} (hε : 0 < ε) (δ : Vec R (MatShape m n).size) :
    (wholeNode inputs ε).vjpVec v δ = (fderiv R (wholeNode inputs ε).forwardVec v).adjoint δ :=
  ((wholeNodeFDerivCorrect inputs hε).at v).vjpVec_eq_adjoint_fderiv δ

end

end Proofs.Autograd.LayerNorm
