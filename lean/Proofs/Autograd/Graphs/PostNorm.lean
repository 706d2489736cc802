module

public import Proofs.Autograd.Graphs.FeedForward
public import Proofs.Autograd.Graphs.LayerNorm
public import Proofs.Autograd.Graphs.ResidualAttention

/-!
# Post-norm sublayers

A sublayer of a post-norm transformer block: a residual connection followed by layer normalisation, saved as one node. Main
definitions: `postNormGraph`, the normalisation alone and step by step; `mhaPostNormGraph`, `LN(x + MHA(x))`, with its
variant `mhaPostNormBareReshapeGraph`; `seqFfnPostNormGraph`, `LN(x + FFN(x))`.

The prefix of a sublayer is a graph of its own, weakened by the normalisation's parameters `γ` and `β`.

References: Vaswani et al., *Attention is all you need*, 2017, section 3.1; PyTorch, `nn.TransformerEncoderLayer`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.Transformer

open Spec MultiHeadAttention LayerNorm

noncomputable section

variable {R : Type} [ScalarOps R] {n seqLen dModel numHeads headDim dFF : Nat}

/-! ### The normalisation alone -/

/-- The inputs: the residual stream, `γ` and `β`. -/
abbrev ΓPostNorm (seqLen dModel : Nat) : List Shape := ΓLN seqLen dModel

/-- The saved tensors of the normalisation. -/
abbrev ssPostNorm (seqLen dModel : Nat) : List Shape := ssLayerNorm seqLen dModel

/-- The normalisation of a residual stream, step by step. -/
def postNormGraph (ε : R) : Graph R (ΓPostNorm seqLen dModel) (ssPostNorm seqLen dModel) := layerNormGraph ε

/-- The names of inputs and saved tensors. -/
def postNormGraph.names : List String := layerNormGraph.names

/-! ### Attention -/

/-- The inputs of attention, `γ` and `β`. -/
abbrev ΓMHAWithNorm (n dModel numHeads headDim : Nat) : List Shape :=
  ΓMHA n dModel numHeads headDim ++ [VecShape dModel, VecShape dModel]

/-- The saved tensors of attention with its residual sum, then the normalised sum. -/
abbrev ssMHAWithPostNorm (n dModel numHeads headDim : Nat) : List Shape :=
  ssMHAResidual n dModel numHeads headDim ++ [XShape n dModel]

/-- The factors of the normalisation. -/
def idxMhaPostNormGamma :
    Idx (ΓMHAWithNorm n dModel numHeads headDim ++ ssMHAResidual n dModel numHeads headDim) (VecShape dModel) :=
  .pos 5 rfl

/-- The shifts of the normalisation. -/
def idxMhaPostNormBeta :
    Idx (ΓMHAWithNorm n dModel numHeads headDim ++ ssMHAResidual n dModel numHeads headDim) (VecShape dModel) :=
  .pos 6 rfl

/-- The residual sum. -/
def idxMhaResidualForPostNorm :
    Idx (ΓMHAWithNorm n dModel numHeads headDim ++ ssMHAResidual n dModel numHeads headDim) (XShape n dModel) :=
  .pos 21 rfl

/-- What the normalisation reads. -/
def mhaPostNormInputs : Inputs (ΓMHAWithNorm n dModel numHeads headDim ++ ssMHAResidual n dModel numHeads headDim) n dModel where
  x := idxMhaResidualForPostNorm
  gamma := idxMhaPostNormGamma
  beta := idxMhaPostNormBeta

/-- An attention graph with its residual sum, then the normalisation of that sum. -/
def addPostNorm (residual : Graph R (ΓMHA n dModel numHeads headDim) (ssMHAResidual n dModel numHeads headDim)) (ε : R) :
    Graph R (ΓMHAWithNorm n dModel numHeads headDim) (ssMHAWithPostNorm n dModel numHeads headDim) :=
  (residual.weakenContext [VecShape dModel, VecShape dModel]).snoc (wholeNode mhaPostNormInputs ε)

/-- `LN(x + MHA(x))`; heads are split as PyTorch splits them. -/
def mhaPostNormGraph (c ε : R) :
    Graph R (ΓMHAWithNorm n dModel numHeads headDim) (ssMHAWithPostNorm n dModel numHeads headDim) :=
  addPostNorm (mhaResidualGraph c) ε

/-- The same graph with every head split replaced by a bare row-major reshape, as upstream has it. -/
def mhaPostNormBareReshapeGraph (c ε : R) :
    Graph R (ΓMHAWithNorm n dModel numHeads headDim) (ssMHAWithPostNorm n dModel numHeads headDim) :=
  addPostNorm (mhaResidualBareReshapeGraph c) ε

/-- The names of inputs and saved tensors. -/
def mhaResidualWithNormParamsDGraph.names : List String :=
  mhaResidualDGraph.names.take 5 ++ ["γ", "β"] ++ mhaResidualDGraph.names.drop 5

/-- The names of inputs and saved tensors. -/
def mhaPostNormGraph.names : List String := mhaResidualWithNormParamsDGraph.names ++ ["norm"]

/-- The names of inputs and saved tensors. -/
def mhaPostNormBareReshapeGraph.names : List String := mhaPostNormGraph.names

/-! ### Feed-forward network -/

/-- The tokens, `γ` and `β`. -/
abbrev ΓSeqFFNWithNorm (seqLen dModel : Nat) : List Shape := ΓSeqFFN seqLen dModel ++ [VecShape dModel, VecShape dModel]

/-- The saved tensors of the network with its residual sum, then the normalised sum. -/
abbrev ssSeqFFNWithPostNorm (seqLen dModel dFF : Nat) : List Shape :=
  ssSeqFFNResidual seqLen dModel dFF ++ [SeqFFNModelShape seqLen dModel]

/-- The factors of the normalisation. -/
def idxSeqFfnPostNormGamma : Idx (ΓSeqFFNWithNorm seqLen dModel ++ ssSeqFFNResidual seqLen dModel dFF) (VecShape dModel) :=
  .pos 1 rfl

/-- The shifts of the normalisation. -/
def idxSeqFfnPostNormBeta : Idx (ΓSeqFFNWithNorm seqLen dModel ++ ssSeqFFNResidual seqLen dModel dFF) (VecShape dModel) :=
  .pos 2 rfl

/-- The residual sum. -/
def idxSeqFfnResidualForPostNorm :
    Idx (ΓSeqFFNWithNorm seqLen dModel ++ ssSeqFFNResidual seqLen dModel dFF) (SeqFFNModelShape seqLen dModel) :=
  .pos 6 rfl

/-- What the normalisation reads. -/
def seqFfnPostNormInputs : Inputs (ΓSeqFFNWithNorm seqLen dModel ++ ssSeqFFNResidual seqLen dModel dFF) seqLen dModel where
  x := idxSeqFfnResidualForPostNorm
  gamma := idxSeqFfnPostNormGamma
  beta := idxSeqFfnPostNormBeta

/-- `LN(x + FFN(x))` with fixed affine maps. -/
def seqFfnPostNormGraph (fc1 : CLM R (SeqFFNModelShape seqLen dModel).size (SeqFFNHiddenShape seqLen dFF).size)
    (b1 : Vec R (SeqFFNHiddenShape seqLen dFF).size)
    (fc2 : CLM R (SeqFFNHiddenShape seqLen dFF).size (SeqFFNModelShape seqLen dModel).size)
    (b2 : Vec R (SeqFFNModelShape seqLen dModel).size) (κ ε : R) :
    Graph R (ΓSeqFFNWithNorm seqLen dModel) (ssSeqFFNWithPostNorm seqLen dModel dFF) :=
  ((seqFfnResidualGraph fc1 b1 fc2 b2 κ).weakenContext [VecShape dModel, VecShape dModel]).snoc
    (wholeNode seqFfnPostNormInputs ε)

/-- The names of inputs and saved tensors. -/
def seqFfnResidualWithNormParamsDGraph.names : List String := ["x", "γ", "β"] ++ ssSeqFFNResidual.names

/-- The names of inputs and saved tensors. -/
def seqFfnPostNormGraph.names : List String := seqFfnResidualWithNormParamsDGraph.names ++ ["norm"]

/-! ### Declarations -/

/-- Attention with its residual sum, over the inputs of `mhaPostNormGraph`. -/
def mhaResidualWithNormParamsDGraph (c : R) :
    DGraph R (ΓMHAWithNorm n dModel numHeads headDim) (ssMHAResidual n dModel numHeads headDim) :=
  (mhaResidualDGraph c).weakenContext [VecShape dModel, VecShape dModel]

/-- The network with its residual sum, over the inputs of `seqFfnPostNormGraph`. -/
def seqFfnResidualWithNormParamsDGraph
    (fc1 : CLM R (SeqFFNModelShape seqLen dModel).size (SeqFFNHiddenShape seqLen dFF).size)
    (b1 : Vec R (SeqFFNHiddenShape seqLen dFF).size)
    (fc2 : CLM R (SeqFFNHiddenShape seqLen dFF).size (SeqFFNModelShape seqLen dModel).size)
    (b2 : Vec R (SeqFFNModelShape seqLen dModel).size) (κ : R) :
    DGraph R (ΓSeqFFNWithNorm seqLen dModel) (ssSeqFFNResidual seqLen dModel dFF) :=
  (seqFfnResidualDGraph fc1 b1 fc2 b2 κ).weakenContext [VecShape dModel, VecShape dModel]

end

end Proofs.Autograd.Transformer
