module

public import Proofs.Autograd.Graphs.MultiHeadAttention

/-!
# Attention with its residual connection

The map `x ↦ x + MHA(x)`, the argument of the first LayerNorm of a post-norm transformer block: the
attention graph and one more node. Main definitions: `mhaResidualGraph`, and
`mhaResidualBareReshapeGraph` over the variant with bare reshapes; `mhaResidualDGraph` and
`mhaResidualBareReshapeDGraph` have their certificates. Main result:
`mhaResidual_backpropVec_eq_adjoint_fderiv`, the reverse pass is the adjoint of the derivative, with
no hypothesis.

References: Vaswani et al., *Attention is all you need*, 2017; PyTorch,
`nn.TransformerEncoderLayer`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.Transformer

open Spec MultiHeadAttention

noncomputable section

/-- The saved tensors of attention, then the residual sum. -/
abbrev ssMHAResidual (n dModel numHeads headDim : Nat) : List Shape :=
  ssMHA n dModel numHeads headDim ++ [XShape n dModel]

variable {R : Type} [ScalarOps R] {n dModel numHeads headDim : Nat}

/-- The tokens. -/
def residualIdxX :
    Idx (ΓMHA n dModel numHeads headDim ++ ssMHA n dModel numHeads headDim) (XShape n dModel) :=
  idxX

/-- The output of attention, the last saved tensor. -/
def residualIdxAttnOut :
    Idx (ΓMHA n dModel numHeads headDim ++ ssMHA n dModel numHeads headDim) (XShape n dModel) :=
  .pos 18 rfl

/-- An attention graph followed by the sum of its input and its output. -/
def addResidual
    (attention : Graph R (ΓMHA n dModel numHeads headDim) (ssMHA n dModel numHeads headDim)) :
    Graph R (ΓMHA n dModel numHeads headDim) (ssMHAResidual n dModel numHeads headDim) :=
  attention.snoc (TapeNodes.add residualIdxX residualIdxAttnOut)

/-- `x + MHA(x)`; heads are split as PyTorch splits them, scores are multiplied by `c`. -/
def mhaResidualGraph (c : R) :
    Graph R (ΓMHA n dModel numHeads headDim) (ssMHAResidual n dModel numHeads headDim) :=
  addResidual (mhaGraph c)

/-- The same graph with every head split replaced by a bare row-major reshape, as upstream has
it. -/
def mhaResidualBareReshapeGraph (c : R) :
    Graph R (ΓMHA n dModel numHeads headDim) (ssMHAResidual n dModel numHeads headDim) :=
  addResidual (mhaBareReshapeGraph c)

/-- The names of inputs and saved tensors. -/
def mhaResidualDGraph.names : List String := mhaDGraph.names ++ ["residual"]

/-- The names of inputs and saved tensors. -/
def mhaResidualBareReshapeDGraph.names : List String := mhaResidualDGraph.names

end

/-! ### Certificates -/

variable {R : Type} [AnalyticScalar R] {n dModel numHeads headDim : Nat}

noncomputable section

/-- `mhaResidualGraph` and its certificate. -/
def mhaResidualDGraph (c : R) :
    DGraph R (ΓMHA n dModel numHeads headDim) (ssMHAResidual n dModel numHeads headDim) where
  g := mhaResidualGraph c
  hg := (mhaDGraph c).hg.snoc (TapeNodes.addFderiv ..)

/-- `mhaResidualBareReshapeGraph` and its certificate. -/
def mhaResidualBareReshapeDGraph (c : R) :
    DGraph R (ΓMHA n dModel numHeads headDim) (ssMHAResidual n dModel numHeads headDim) where
  g := mhaResidualBareReshapeGraph c
  hg := (mhaBareReshapeDGraph c).hg.snoc (TapeNodes.addFderiv ..)

end

/-! ### Theorems -/

variable (c : R) (xV : CtxVec R (ΓMHA n dModel numHeads headDim))
  (seedV : CtxVec R (ΓMHA n dModel numHeads headDim ++ ssMHAResidual n dModel numHeads headDim))

/-- Attention with its residual connection is differentiable, and the derivative is its JVP. -/
theorem mhaResidual_hasFDerivAt :
    HasFDerivAt (mhaResidualDGraph c).g.evalVec ((mhaResidualDGraph c).g.jvpCLM xV) xV :=
  (mhaResidualDGraph c).hasFDerivAt_evalVec xV

/-- The same for the variant with bare reshapes. -/
theorem mhaResidualBareReshape_hasFDerivAt :
    HasFDerivAt (mhaResidualBareReshapeDGraph c).g.evalVec
        ((mhaResidualBareReshapeDGraph c).g.jvpCLM xV) xV :=
  (mhaResidualBareReshapeDGraph c).hasFDerivAt_evalVec xV

/-- The reverse pass of attention with its residual connection is the adjoint of its derivative. -/
theorem mhaResidual_backpropVec_eq_adjoint_fderiv :
    (mhaResidualDGraph c).g.backpropVec xV seedV =
        (fderiv R (mhaResidualDGraph c).g.evalVec xV).adjoint seedV :=
  (mhaResidualDGraph c).backpropVec_eq_adjoint_fderiv xV seedV

/-- The same for the variant with bare reshapes. -/
theorem mhaResidualBareReshape_backpropVec_eq_adjoint_fderiv :
    (mhaResidualBareReshapeDGraph c).g.backpropVec xV seedV =
      (fderiv R (mhaResidualBareReshapeDGraph c).g.evalVec xV).adjoint seedV :=
  (mhaResidualBareReshapeDGraph c).backpropVec_eq_adjoint_fderiv xV seedV

end Proofs.Autograd.Transformer
