module

public import Proofs.Autograd.Nodes.LayerNorm
public import Proofs.Autograd.Tape.Graph

/-!
# Layer normalisation, step by step

The graph that saves every intermediate value of a layer normalisation of the rows of an `m × n` matrix: inputs `X, γ, β`, 14
saved tensors, the last of them the output. The variance is biased, and `ε` is added to it before the square root is taken.

Main definitions: `layerNormGraph` and its prefixes `layerNormPrefix6` and `layerNormPrefix7`. Main result:
`getIdx_eval_idxY`, the last saved tensor is the value of the op that does it all at once.

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
  ssPrefix7 m n ++ [VecShape m, MatShape m n, MatShape m n, MatShape m n, MatShape m n, MatShape m n]

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
def nodeCentered : Node R (ΓLN m n ++ (ssLayerNorm m n).take 2) (MatShape m n) := TapeNodes.sub idxX (.pos 4 rfl)

/-- The squares of the centred entries. -/
def nodeCenteredSq : Node R (ΓLN m n ++ (ssLayerNorm m n).take 3) (MatShape m n) :=
  TapeNodes.mul (.pos 5 rfl) (.pos 5 rfl)

/-- The biased variance of every row. -/
def nodeVar : Node R (ΓLN m n ++ (ssLayerNorm m n).take 4) (VecShape m) := TapeNodes.rowMean (n := n) (.pos 6 rfl)

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
def nodeGammaB : Node R (ΓLN m n ++ (ssLayerNorm m n).take 10) (MatShape m n) := TapeNodes.broadcastCol m idxGamma

/-- The normalised rows times the factors. -/
def nodeScaled : Node R (ΓLN m n ++ (ssLayerNorm m n).take 11) (MatShape m n) :=
  TapeNodes.mul (.pos 12 rfl) (.pos 13 rfl)

/-- The shifts, one for each entry. -/
def nodeBetaB : Node R (ΓLN m n ++ (ssLayerNorm m n).take 12) (MatShape m n) := TapeNodes.broadcastCol m idxBeta

/-- The output. -/
def nodeY : Node R (ΓLN m n ++ ssBeforeY m n) (MatShape m n) := TapeNodes.add (.pos 14 rfl) (.pos 15 rfl)

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
def layerNormPrefix7 (ε : R) : Graph R (ΓLN m n) (ssPrefix7 m n) := (layerNormPrefix6 ε).snoc nodeStd

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
  layerNormPrefix7.names ++ ["inv_std", "inv_std_b", "normalized", "gamma_b", "scaled", "beta_b", "y"]

/-- The last saved tensor is the value of the op that normalises in one step. -/
theorem getIdx_eval_idxY (ε : R) (x : TList R (ΓLN m n)) :
    getIdx ((layerNormGraph ε).eval x) idxY = (Op.layerNorm m n ε).forward x :=
  (rfl)

end

end Proofs.Autograd.LayerNorm
