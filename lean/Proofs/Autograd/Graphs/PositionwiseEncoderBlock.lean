module

public import Proofs.Autograd.Graphs.EncoderBlock

/-!
# Post-norm encoder block with all parameters as inputs

The encoder block whose feed-forward network is two dense layers applied at each position, as in PyTorch, with their weights
and biases among the inputs: reverse mode gives them cotangents. Up to the first normalisation it is the graph of
`encoderBlockGraph`, weakened by the four new inputs. Main definitions: `positionwiseEncoderBlockGraph`, and
`positionwiseEncoderBlockBareReshapeGraph` with upstream's head split.

References: Vaswani et al., *Attention is all you need*, 2017, section 3; PyTorch, `nn.TransformerEncoderLayer`.
-/

@[expose] public section

set_option autoImplicit false

namespace Proofs.Autograd.Transformer

open Spec LayerNorm

noncomputable section

/-- The inputs: those of `encoderBlockGraph`, then weights and bias of each dense layer. -/
abbrev ΓPositionwiseEncoderBlock (seqLen dModel numHeads headDim dFF : Nat) : List Shape :=
  ΓEncoderBlock seqLen dModel numHeads headDim ++ ffnParameters dModel dFF

variable {R : Type} [ScalarOps R] {seqLen dModel numHeads headDim dFF : Nat}

/-- What the second normalisation reads. -/
def positionwiseEncoderNorm2Inputs :
    Inputs (ΓPositionwiseEncoderBlock seqLen dModel numHeads headDim dFF ++
      ssEncoderFfnResidual seqLen dModel numHeads headDim dFF) seqLen dModel where
  x := .pos 32 rfl
  gamma := .pos 7 rfl
  beta := .pos 8 rfl

/-- A graph up to the first normalisation, then the network and its residual sum, over the inputs of the block. -/
def positionwiseEncoderFfnResidualGraphWith
    (norm1 : Graph R (ΓEncoderBlock seqLen dModel numHeads headDim) (ssEncoderAfterNorm1 seqLen dModel numHeads headDim))
    (κ : R) :
    Graph R (ΓPositionwiseEncoderBlock seqLen dModel numHeads headDim dFF)
      (ssEncoderFfnResidual seqLen dModel numHeads headDim dFF) :=
  norm1.weakenContext (ffnParameters dModel dFF)
    |>.snoc (TapeNodes.dense (n := seqLen) (i := dModel) (o := dFF) (.pos 28 rfl) (.pos 9 rfl) (.pos 10 rfl))
    |>.snoc (TapeNodes.gelu (s := SeqFFNHiddenShape seqLen dFF) (.pos 29 rfl) κ)
    |>.snoc (TapeNodes.dense (n := seqLen) (i := dFF) (o := dModel) (.pos 30 rfl) (.pos 11 rfl) (.pos 12 rfl))
    |>.snoc (TapeNodes.add (s := SeqFFNModelShape seqLen dModel) (.pos 28 rfl) (.pos 31 rfl))

/-- The block up to the second residual sum. -/
def positionwiseEncoderFfnResidualGraph (κ c ε₁ : R) :
    Graph R (ΓPositionwiseEncoderBlock seqLen dModel numHeads headDim dFF)
      (ssEncoderFfnResidual seqLen dModel numHeads headDim dFF) :=
  positionwiseEncoderFfnResidualGraphWith (encoderAfterNorm1Graph c ε₁) κ

/-- The same graph with every head split replaced by a bare row-major reshape, as upstream has it. -/
def positionwiseEncoderFfnResidualBareReshapeGraph (κ c ε₁ : R) :
    Graph R (ΓPositionwiseEncoderBlock seqLen dModel numHeads headDim dFF)
      (ssEncoderFfnResidual seqLen dModel numHeads headDim dFF) :=
  positionwiseEncoderFfnResidualGraphWith (encoderAfterNorm1BareReshapeGraph c ε₁) κ

/-- The encoder block with all parameters as inputs. -/
def positionwiseEncoderBlockGraph (κ c ε₁ ε₂ : R) :
    Graph R (ΓPositionwiseEncoderBlock seqLen dModel numHeads headDim dFF)
      (ssEncoderBlock seqLen dModel numHeads headDim dFF) :=
  (positionwiseEncoderFfnResidualGraph κ c ε₁).snoc (wholeNode positionwiseEncoderNorm2Inputs ε₂)

/-- The same graph with every head split replaced by a bare row-major reshape, as upstream has it. -/
def positionwiseEncoderBlockBareReshapeGraph (κ c ε₁ ε₂ : R) :
    Graph R (ΓPositionwiseEncoderBlock seqLen dModel numHeads headDim dFF)
      (ssEncoderBlock seqLen dModel numHeads headDim dFF) :=
  (positionwiseEncoderFfnResidualBareReshapeGraph κ c ε₁).snoc (wholeNode positionwiseEncoderNorm2Inputs ε₂)

/-- The names of inputs and saved tensors. -/
def positionwiseEncoderFfnResidualGraph.names : List String :=
  encoderFfnResidualGraph.names.take 9 ++ ["W1", "b1", "W2", "b2"] ++ encoderFfnResidualGraph.names.drop 9

/-- The names of inputs and saved tensors. -/
def positionwiseEncoderFfnResidualBareReshapeGraph.names : List String := positionwiseEncoderFfnResidualGraph.names

/-- The names of inputs and saved tensors. -/
def positionwiseEncoderBlockGraph.names : List String := positionwiseEncoderFfnResidualGraph.names ++ ["norm2"]

/-- The names of inputs and saved tensors. -/
def positionwiseEncoderBlockBareReshapeGraph.names : List String := positionwiseEncoderBlockGraph.names

end

end Proofs.Autograd.Transformer
