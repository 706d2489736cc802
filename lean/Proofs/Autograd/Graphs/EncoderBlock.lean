module

public import Proofs.Autograd.Graphs.PostNorm

/-!
# Post-norm encoder block

The map `x ↦ LN₂(FFN(LN₁(MHA(x) + x)) + LN₁(MHA(x) + x))` as one graph of 21 saved tensors, the last
of them the block's output. Attention and both normalisations have their parameters among the
inputs; the feed-forward network consists of two fixed affine maps of the whole sequence. Main
definitions: `encoderBlockGraph`, and `encoderBlockBareReshapeGraph` with upstream's head split.

References: Vaswani et al., *Attention is all you need*, 2017, section 3.1; PyTorch,
`nn.TransformerEncoderLayer`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.Transformer

open Spec MultiHeadAttention LayerNorm

noncomputable section

/-! ### Contexts -/

/-- The inputs: those of attention, then `γ` and `β` of each normalisation. -/
abbrev ΓEncoderBlock (seqLen dModel numHeads headDim : Nat) : List Shape :=
  ΓMHAWithNorm seqLen dModel numHeads headDim ++ [VecShape dModel, VecShape dModel]

/-- The saved tensors up to the first normalisation. -/
abbrev ssEncoderAfterNorm1 (seqLen dModel numHeads headDim : Nat) : List Shape :=
  ssMHAResidual seqLen dModel numHeads headDim ++ [SeqFFNModelShape seqLen dModel]

/-- The saved tensors up to the second residual sum. -/
abbrev ssEncoderFfnResidual (seqLen dModel numHeads headDim dFF : Nat) : List Shape :=
  ssEncoderAfterNorm1 seqLen dModel numHeads headDim ++ ssSeqFFNResidual seqLen dModel dFF

/-- The saved tensors: attention and residual sum, normalisation, network and residual sum,
normalisation. -/
abbrev ssEncoderBlock (seqLen dModel numHeads headDim dFF : Nat) : List Shape :=
  ssEncoderFfnResidual seqLen dModel numHeads headDim dFF ++ [SeqFFNModelShape seqLen dModel]

variable {R : Type} [ScalarOps R] {seqLen dModel numHeads headDim dFF : Nat} {ss : List Shape}

/-! ### Positions -/

/-- The factors of the first normalisation. -/
def idxEncoderNorm1Gamma :
    Idx (ΓEncoderBlock seqLen dModel numHeads headDim ++ ss) (VecShape dModel) := .pos 5 rfl

/-- The shifts of the first normalisation. -/
def idxEncoderNorm1Beta :
    Idx (ΓEncoderBlock seqLen dModel numHeads headDim ++ ss) (VecShape dModel) := .pos 6 rfl

/-- The factors of the second normalisation. -/
def idxEncoderNorm2Gamma :
    Idx (ΓEncoderBlock seqLen dModel numHeads headDim ++ ss) (VecShape dModel) := .pos 7 rfl

/-- The shifts of the second normalisation. -/
def idxEncoderNorm2Beta :
    Idx (ΓEncoderBlock seqLen dModel numHeads headDim ++ ss) (VecShape dModel) := .pos 8 rfl

/-- The residual sum of attention. -/
def idxEncoderMhaResidual :
    Idx (ΓEncoderBlock seqLen dModel numHeads headDim ++
        ssMHAResidual seqLen dModel numHeads headDim) (XShape seqLen dModel) :=
  .pos 23 rfl

/-- What the first normalisation reads. -/
def encoderNorm1Inputs :
    Inputs (ΓEncoderBlock seqLen dModel numHeads headDim ++
        ssMHAResidual seqLen dModel numHeads headDim) seqLen dModel where
  x := idxEncoderMhaResidual
  gamma := idxEncoderNorm1Gamma
  beta := idxEncoderNorm1Beta

/-- The output of the first normalisation. -/
def idxEncoderNorm1Out :
    Idx (ΓEncoderBlock seqLen dModel numHeads headDim ++
      ssEncoderAfterNorm1 seqLen dModel numHeads headDim)
      (SeqFFNModelShape seqLen dModel) :=
  .pos 24 rfl

/-- The output of the first normalisation, where the second residual sum reads it. -/
def idxEncoderNorm1OutAfterFfn :
    Idx (ΓEncoderBlock seqLen dModel numHeads headDim ++
      (ssEncoderAfterNorm1 seqLen dModel numHeads headDim ++
      [SeqFFNHiddenShape seqLen dFF, SeqFFNHiddenShape seqLen dFF, SeqFFNModelShape seqLen dModel]))
      (SeqFFNModelShape seqLen dModel) :=
  .pos 24 rfl

/-- The hidden layers before GELU. -/
def idxEncoderFfnHiddenPre :
    Idx (ΓEncoderBlock seqLen dModel numHeads headDim ++
      (ssEncoderAfterNorm1 seqLen dModel numHeads headDim ++
      [SeqFFNHiddenShape seqLen dFF]))
      (SeqFFNHiddenShape seqLen dFF) :=
  .pos 25 rfl

/-- The hidden layers after GELU. -/
def idxEncoderFfnHiddenAct :
    Idx (ΓEncoderBlock seqLen dModel numHeads headDim ++
      (ssEncoderAfterNorm1 seqLen dModel numHeads headDim ++
      [SeqFFNHiddenShape seqLen dFF, SeqFFNHiddenShape seqLen dFF]))
      (SeqFFNHiddenShape seqLen dFF) :=
  .pos 26 rfl

/-- The projected hidden layers. -/
def idxEncoderFfnProjected :
    Idx (ΓEncoderBlock seqLen dModel numHeads headDim ++
      (ssEncoderAfterNorm1 seqLen dModel numHeads headDim ++
      [SeqFFNHiddenShape seqLen dFF, SeqFFNHiddenShape seqLen dFF, SeqFFNModelShape seqLen dModel]))
      (SeqFFNModelShape seqLen dModel) :=
  .pos 27 rfl

/-- The second residual sum. -/
def idxEncoderFfnResidual :
    Idx (ΓEncoderBlock seqLen dModel numHeads headDim ++
      ssEncoderFfnResidual seqLen dModel numHeads headDim dFF)
      (SeqFFNModelShape seqLen dModel) :=
  .pos 28 rfl

/-- What the second normalisation reads. -/
def encoderNorm2Inputs :
    Inputs (ΓEncoderBlock seqLen dModel numHeads headDim ++
      ssEncoderFfnResidual seqLen dModel numHeads headDim dFF)
      seqLen dModel where
  x := idxEncoderFfnResidual
  gamma := idxEncoderNorm2Gamma
  beta := idxEncoderNorm2Beta

/-! ### The block up to the first normalisation, over either head split -/

/-- An attention graph with its residual sum, over the inputs of the block, then the first
normalisation. -/
def encoderAfterNorm1GraphWith
    (residual : Graph R (ΓMHA seqLen dModel numHeads headDim)
      (ssMHAResidual seqLen dModel numHeads headDim)) (ε₁ : R) :
    Graph R (ΓEncoderBlock seqLen dModel numHeads headDim)
        (ssEncoderAfterNorm1 seqLen dModel numHeads headDim) :=
  (residual.weakenContext [VecShape dModel, VecShape dModel, VecShape dModel, VecShape dModel]).snoc
    (wholeNode encoderNorm1Inputs ε₁)

/-- The block up to the first normalisation. -/
def encoderAfterNorm1Graph (c ε₁ : R) :
    Graph R (ΓEncoderBlock seqLen dModel numHeads headDim)
        (ssEncoderAfterNorm1 seqLen dModel numHeads headDim) :=
  encoderAfterNorm1GraphWith (mhaResidualGraph c) ε₁

/-- The same graph with every head split replaced by a bare row-major reshape, as upstream has
it. -/
def encoderAfterNorm1BareReshapeGraph (c ε₁ : R) :
    Graph R (ΓEncoderBlock seqLen dModel numHeads headDim)
        (ssEncoderAfterNorm1 seqLen dModel numHeads headDim) :=
  encoderAfterNorm1GraphWith (mhaResidualBareReshapeGraph c) ε₁

/-! ### The block with fixed affine maps -/

section Fixed

variable (fc1 : CLM R (SeqFFNModelShape seqLen dModel).size (SeqFFNHiddenShape seqLen dFF).size)
  (b1 : Vec R (SeqFFNHiddenShape seqLen dFF).size)
  (fc2 : CLM R (SeqFFNHiddenShape seqLen dFF).size (SeqFFNModelShape seqLen dModel).size)
  (b2 : Vec R (SeqFFNModelShape seqLen dModel).size) (κ c ε₁ ε₂ : R)

/-- A graph up to the first normalisation, then the network and its residual sum. -/
def encoderFfnResidualGraphWith
    (norm1 : Graph R (ΓEncoderBlock seqLen dModel numHeads headDim)
      (ssEncoderAfterNorm1 seqLen dModel numHeads headDim)) :
    Graph R (ΓEncoderBlock seqLen dModel numHeads headDim)
        (ssEncoderFfnResidual seqLen dModel numHeads headDim dFF) :=
  norm1
    |>.snoc (TapeNodes.affine idxEncoderNorm1Out fc1 b1)
    |>.snoc (TapeNodes.gelu idxEncoderFfnHiddenPre κ)
    |>.snoc (TapeNodes.affine idxEncoderFfnHiddenAct fc2 b2)
    |>.snoc (TapeNodes.add idxEncoderNorm1OutAfterFfn idxEncoderFfnProjected)

/-- The block up to the second residual sum. -/
def encoderFfnResidualGraph :
    Graph R (ΓEncoderBlock seqLen dModel numHeads headDim)
        (ssEncoderFfnResidual seqLen dModel numHeads headDim dFF) :=
  encoderFfnResidualGraphWith fc1 b1 fc2 b2 κ (encoderAfterNorm1Graph c ε₁)

/-- The same graph with every head split replaced by a bare row-major reshape, as upstream has
it. -/
def encoderFfnResidualBareReshapeGraph :
    Graph R (ΓEncoderBlock seqLen dModel numHeads headDim)
        (ssEncoderFfnResidual seqLen dModel numHeads headDim dFF) :=
  encoderFfnResidualGraphWith fc1 b1 fc2 b2 κ (encoderAfterNorm1BareReshapeGraph c ε₁)

/-- The encoder block. -/
def encoderBlockGraph :
    Graph R (ΓEncoderBlock seqLen dModel numHeads headDim)
        (ssEncoderBlock seqLen dModel numHeads headDim dFF) :=
  (encoderFfnResidualGraph fc1 b1 fc2 b2 κ c ε₁).snoc (wholeNode encoderNorm2Inputs ε₂)

/-- The same graph with every head split replaced by a bare row-major reshape, as upstream has
it. -/
def encoderBlockBareReshapeGraph :
    Graph R (ΓEncoderBlock seqLen dModel numHeads headDim)
        (ssEncoderBlock seqLen dModel numHeads headDim dFF) :=
  (encoderFfnResidualBareReshapeGraph fc1 b1 fc2 b2 κ c ε₁).snoc (wholeNode encoderNorm2Inputs ε₂)

end Fixed

/-! ### Names of inputs and saved tensors -/

/-- The names of inputs and saved tensors. -/
def encoderMhaResidualDGraph.names : List String :=
  mhaResidualDGraph.names.take 5 ++ ["γ₁", "β₁", "γ₂", "β₂"] ++ mhaResidualDGraph.names.drop 5

/-- The names of inputs and saved tensors. -/
def encoderMhaResidualBareReshapeDGraph.names : List String := encoderMhaResidualDGraph.names

/-- The names of inputs and saved tensors. -/
def encoderAfterNorm1Graph.names : List String := encoderMhaResidualDGraph.names ++ ["norm1"]

/-- The names of inputs and saved tensors. -/
def encoderAfterNorm1BareReshapeGraph.names : List String := encoderAfterNorm1Graph.names

/-- The names of inputs and saved tensors. -/
def encoderFfnResidualGraph.names : List String :=
  encoderAfterNorm1Graph.names ++ ["pre", "act", "proj", "ffnResidual"]

/-- The names of inputs and saved tensors. -/
def encoderFfnResidualBareReshapeGraph.names : List String := encoderFfnResidualGraph.names

/-- The names of inputs and saved tensors. -/
def encoderBlockGraph.names : List String := encoderFfnResidualGraph.names ++ ["norm2"]

/-- The names of inputs and saved tensors. -/
def encoderBlockBareReshapeGraph.names : List String := encoderBlockGraph.names

end

end Proofs.Autograd.Transformer
