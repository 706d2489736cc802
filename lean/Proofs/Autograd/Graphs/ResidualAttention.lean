module

public import Proofs.Autograd.Graphs.MultiHeadAttention

/-!
# Attention with its residual connection

The map `x ↦ x + MHA(x)`, the argument of the first LayerNorm of a post-norm transformer block: the attention graph and one
more node. Main definitions: `mhaResidualGraph`, and `mhaResidualBareReshapeGraph` over the variant with bare reshapes;
`mhaResidualDGraph` and `mhaResidualBareReshapeDGraph` declare them.

References: Vaswani et al., *Attention is all you need*, 2017; PyTorch, `nn.TransformerEncoderLayer`.
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
def residualIdxX : Idx (ΓMHA n dModel numHeads headDim ++ ssMHA n dModel numHeads headDim) (XShape n dModel) := idxX

/-- The output of attention, the last saved tensor. -/
def residualIdxAttnOut : Idx (ΓMHA n dModel numHeads headDim ++ ssMHA n dModel numHeads headDim) (XShape n dModel) :=
  .pos 18 rfl

/-- An attention graph followed by the sum of its input and its output. -/
def addResidual (attention : Graph R (ΓMHA n dModel numHeads headDim) (ssMHA n dModel numHeads headDim)) :
    Graph R (ΓMHA n dModel numHeads headDim) (ssMHAResidual n dModel numHeads headDim) :=
  attention.snoc (TapeNodes.add residualIdxX residualIdxAttnOut)

/-- `x + MHA(x)`; heads are split as PyTorch splits them, scores are multiplied by `c`. -/
def mhaResidualGraph (c : R) : Graph R (ΓMHA n dModel numHeads headDim) (ssMHAResidual n dModel numHeads headDim) :=
  addResidual (mhaGraph c)

/-- The same graph with every head split replaced by a bare row-major reshape, as upstream has it. -/
def mhaResidualBareReshapeGraph (c : R) : Graph R (ΓMHA n dModel numHeads headDim) (ssMHAResidual n dModel numHeads headDim) :=
  addResidual (mhaBareReshapeGraph c)

/-- `mhaResidualGraph` as a declaration. -/
def mhaResidualDGraph (c : R) : DGraph R (ΓMHA n dModel numHeads headDim) (ssMHAResidual n dModel numHeads headDim) :=
  ⟨mhaResidualGraph c⟩

/-- `mhaResidualBareReshapeGraph` as a declaration. -/
def mhaResidualBareReshapeDGraph (c : R) :
    DGraph R (ΓMHA n dModel numHeads headDim) (ssMHAResidual n dModel numHeads headDim) :=
  ⟨mhaResidualBareReshapeGraph c⟩

/-- The names of inputs and saved tensors. -/
def mhaResidualDGraph.names : List String := mhaDGraph.names ++ ["residual"]

/-- The names of inputs and saved tensors. -/
def mhaResidualBareReshapeDGraph.names : List String := mhaResidualDGraph.names

end

end Proofs.Autograd.Transformer
